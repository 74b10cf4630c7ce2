//! Signing a request.

use std::fmt;
use std::time::SystemTime;

use hmac::Mac as _;
use http::header::{HeaderName, HeaderValue};
use secrecy::ExposeSecret as _;
use thiserror::Error;

use super::canonical::{self, SignableRequest, SignedHeaders};
use super::credentials::Credentials;
use super::timestamp::{self, DAY_LENGTH};
use super::{ALGORITHM, AUTHORIZATION, HOST, X_AMZ_DATE, X_AMZ_SECURITY_TOKEN, mac, scope, string_to_sign};

/// Where a signature is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigningScope<'a> {
    /// The region, such as `eu-central-1`.
    pub region: &'a str,
    /// The service's name in signatures, such as `appsync`.
    pub service: &'a str,
}

/// Signs `request`: all of its headers, `x-amz-date` for `time`, and the session token if the credentials have one.
///
/// `Authorization`, `x-amz-date` and `x-amz-security-token` among the headers of `request` are replaced, so that a
/// request can be signed again.
///
/// # Errors
///
/// When `host` is not among the headers, or a part cannot stand in a header.
pub fn sign(
    request: &SignableRequest<'_>,
    credentials: &Credentials,
    scope_of: SigningScope<'_>,
    time: SystemTime,
) -> Result<Signed, SignError> {
    check(request, credentials, scope_of)?;
    let date = timestamp::format(time);
    let day = &date[..DAY_LENGTH];

    let mut headers: Vec<(String, String)> = request
        .headers
        .iter()
        .filter(|(name, _)| !is_ours(name))
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    headers.push((X_AMZ_DATE.to_owned(), date.clone()));
    if let Some(token) = &credentials.session_token {
        headers.push((X_AMZ_SECURITY_TOKEN.to_owned(), token.expose_secret().to_owned()));
    }
    let mut signed = SignedHeaders::new();
    for (name, value) in &headers {
        canonical::add_header(&mut signed, name, value);
    }

    let canonical_request = canonical::canonical_request(request, &signed);
    let scope = scope(day, scope_of.region, scope_of.service);
    let string_to_sign = string_to_sign(&date, &scope, &canonical_request);
    let mac = mac(
        &credentials.secret_access_key,
        day,
        scope_of.region,
        scope_of.service,
        &string_to_sign,
    );
    let signature = canonical::hex(&mac.finalize().into_bytes());
    let authorization = format!(
        "{ALGORITHM} Credential={}/{scope}, SignedHeaders={}, Signature={signature}",
        credentials.access_key_id,
        canonical::names(&signed),
    );
    headers.push((AUTHORIZATION.to_owned(), authorization));
    Ok(Signed {
        headers,
        canonical_request,
        string_to_sign,
        signature,
    })
}

/// A signed request's headers, and what was signed. `Debug` shows no values of headers.
#[derive(Clone)]
pub struct Signed {
    headers: Vec<(String, String)>,
    canonical_request: String,
    string_to_sign: String,
    signature: String,
}

impl Signed {
    /// The headers to send: those that were signed, in their order and spelling, then `x-amz-date`,
    /// `x-amz-security-token` if there is a session token, and `Authorization`.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The headers to send, by value.
    pub fn into_headers(self) -> Vec<(String, String)> {
        self.headers
    }

    /// The canonical request, for comparison with what a server reports. It holds the session token.
    pub fn canonical_request(&self) -> &str {
        &self.canonical_request
    }

    /// The string to sign, for comparison with what a server reports.
    pub fn string_to_sign(&self) -> &str {
        &self.string_to_sign
    }

    /// The signature, 64 hexadecimal digits.
    pub fn signature(&self) -> &str {
        &self.signature
    }
}

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Signed")
            .field("headers", &names)
            .field("string_to_sign", &self.string_to_sign)
            .finish_non_exhaustive()
    }
}

/// Why a request cannot be signed. No variant repeats a secret.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignError {
    /// `host` is not among the headers to sign.
    #[error("a request without a host cannot be signed")]
    MissingHost,
    /// The access key id or the session token holds a character that cannot be sent.
    #[error("the {part} is empty or holds a character that cannot be sent; check for blanks and line breaks")]
    UnfitCredentials {
        /// `access key id` or `session token`.
        part: &'static str,
    },
    /// A header's name or value cannot be sent.
    #[error("the header {name:?} cannot be signed: its name or value cannot be sent over HTTP")]
    UnfitHeader {
        /// The name of the header.
        name: String,
    },
    /// The region or the service is empty or holds a character that it cannot have.
    #[error("{value:?} is not a {part} to sign for")]
    UnfitScope {
        /// `region` or `service`.
        part: &'static str,
        /// What was given.
        value: String,
    },
}

fn check(request: &SignableRequest<'_>, credentials: &Credentials, scope: SigningScope<'_>) -> Result<(), SignError> {
    for (part, value) in [("region", scope.region), ("service", scope.service)] {
        if !is_scope_part(value) {
            return Err(SignError::UnfitScope {
                part,
                value: value.to_owned(),
            });
        }
    }
    if !is_scope_part(&credentials.access_key_id) {
        return Err(SignError::UnfitCredentials { part: "access key id" });
    }
    let token = credentials
        .session_token
        .as_ref()
        .map_or("-", |token| token.expose_secret());
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(SignError::UnfitCredentials { part: "session token" });
    }
    if !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(HOST)) {
        return Err(SignError::MissingHost);
    }
    let unfit = request.headers.iter().find(|(name, value)| {
        HeaderName::from_bytes(name.as_bytes()).is_err() || HeaderValue::from_str(value).is_err()
    });
    match unfit {
        Some((name, _)) => Err(SignError::UnfitHeader {
            name: (*name).to_owned(),
        }),
        None => Ok(()),
    }
}

/// True for what can stand between the slashes of a credential scope.
fn is_scope_part(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'/' | b','))
}

fn is_ours(name: &str) -> bool {
    [AUTHORIZATION, X_AMZ_DATE, X_AMZ_SECURITY_TOKEN]
        .iter()
        .any(|ours| ours.eq_ignore_ascii_case(name))
}
