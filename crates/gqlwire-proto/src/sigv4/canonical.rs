//! The canonical request: the one spelling of a request that both sides hash.

use std::collections::BTreeMap;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode, utf8_percent_encode};
use sha2::{Digest as _, Sha256};
use url::Url;

/// All but the unreserved characters of RFC 3986.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: &AsciiSet = &QUERY.remove(b'/');

/// What is signed, or what arrived with a signature.
#[derive(Clone, Copy)]
pub struct SignableRequest<'a> {
    /// The HTTP method in upper case.
    pub method: &'a str,
    /// The path as it goes over the wire, percent-encoded.
    pub path: &'a str,
    /// The query as it goes over the wire, without `?`; empty if there is none.
    pub query: &'a str,
    /// Headers in any order; a name may occur several times and in any case. When signing: those to sign, `host`
    /// among them. When verifying: all that arrived.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body, exactly.
    pub body: &'a [u8],
}

impl<'a> SignableRequest<'a> {
    /// A `POST` to the path and query of `url`.
    pub fn post(url: &'a Url, headers: &'a [(&'a str, &'a str)], body: &'a [u8]) -> Self {
        Self {
            method: "POST",
            path: url.path(),
            query: url.query().unwrap_or_default(),
            headers,
            body,
        }
    }
}

/// Header names and the length of the body; values and query may hold secrets.
impl fmt::Debug for SignableRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("SignableRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("headers", &names)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish_non_exhaustive()
    }
}

/// The headers that are signed: lower-case names in order, each with its canonical value.
pub(super) type SignedHeaders = BTreeMap<String, String>;

/// Adds a header; further values of the same name follow after a comma.
pub(super) fn add_header(headers: &mut SignedHeaders, name: &str, value: &str) {
    let value = collapse_spaces(value);
    headers
        .entry(name.to_ascii_lowercase())
        .and_modify(|joined| {
            joined.push(',');
            joined.push_str(&value);
        })
        .or_insert(value);
}

/// The names as they stand in `SignedHeaders=`.
pub(super) fn names(headers: &SignedHeaders) -> String {
    headers.keys().map(String::as_str).collect::<Vec<_>>().join(";")
}

/// The canonical request over `headers`; those of `request` are not looked at.
pub(super) fn canonical_request(request: &SignableRequest<'_>, headers: &SignedHeaders) -> String {
    let mut text = format!(
        "{}\n{}\n{}\n",
        request.method,
        canonical_path(request.path),
        canonical_query(request.query)
    );
    for (name, value) in headers {
        text.push_str(name);
        text.push(':');
        text.push_str(value);
        text.push('\n');
    }
    text.push('\n');
    text.push_str(&names(headers));
    text.push('\n');
    text.push_str(&sha256_hex(request.body));
    text
}

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

/// Dot segments and empty segments removed, then encoded once more: every service but S3 wants the path, which is
/// percent-encoded already, encoded twice.
fn canonical_path(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut last = "";
    for segment in path.split('/') {
        last = segment;
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            other => kept.push(other),
        }
    }
    let mut normal = format!("/{}", kept.join("/"));
    if matches!(last, "" | "." | "..") && !normal.ends_with('/') {
        normal.push('/');
    }
    utf8_percent_encode(&normal, PATH).to_string()
}

/// Pairs decoded, encoded in the one canonical way, then sorted: the order is that of the encoded form.
fn canonical_query(query: &str) -> String {
    let encode = |part: &str| {
        let spaced = part.replace('+', " ");
        let bytes: Vec<u8> = percent_decode_str(&spaced).collect();
        percent_encode(&bytes, QUERY).to_string()
    };
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    pairs.sort();
    pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("&")
}

/// Trimmed, and every run of blanks inside one space.
fn collapse_spaces(value: &str) -> String {
    value
        .split([' ', '\t'])
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
