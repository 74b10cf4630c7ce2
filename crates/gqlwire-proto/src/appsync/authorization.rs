//! The header object: what AppSync wants to know about the caller, as JSON inside a connect or a `start` message, or
//! as plain headers of an HTTP request.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use thiserror::Error;

use crate::sigv4::{AUTHORIZATION, X_AMZ_DATE};

/// The member that names the HTTP host of the API; every header object has it, whatever the authorization mode.
pub const HOST: &str = "host";
/// The header of an API key.
pub const X_API_KEY: &str = "x-api-key";
/// The header in which a client of AppSync names itself: browsers may not set `User-Agent`.
pub const X_AMZ_USER_AGENT: &str = "x-amz-user-agent";
/// The header that names the API's own host when the connection goes to a VPC endpoint.
pub const X_APPSYNC_DOMAIN: &str = "x-appsync-domain";

/// The longest header object that is read, in bytes of JSON. AppSync documents no limit; a session token or JWT takes
/// one or two KiB, and HTTP servers seldom accept a header line beyond 16 KiB.
pub const MAX_HEADER_OBJECT_BYTES: usize = 64 * 1024;
/// The most members that a header object may have when it is read.
pub const MAX_HEADER_OBJECT_MEMBERS: usize = 64;

/// Either alphabet is first mapped to the standard one, hence a single engine; padding is optional since each client
/// does as it likes.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The authorization of a connect, a `start` or an HTTP request: (name, value) pairs in order, names compared without
/// regard to case.
///
/// `host` is always the host of the *HTTP* endpoint, also when the object goes to the realtime endpoint. `Debug` shows
/// all names but only the values that hold no secret.
///
/// ```
/// use gqlwire_proto::appsync::HeaderObject;
///
/// let object = HeaderObject::api_key("api.example.com", "da2-secret");
/// assert_eq!(object.to_json(), r#"{"host":"api.example.com","x-api-key":"da2-secret"}"#);
/// assert_eq!(object.get("X-Api-Key"), Some("da2-secret"));
/// assert_eq!(format!("{object:?}"), r#"{"host": "api.example.com", "x-api-key": [redacted]}"#);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderObject {
    pairs: Vec<(String, String)>,
}

impl HeaderObject {
    /// An object with nothing but the HTTP host of the API (with its port when it is not the default one).
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            pairs: vec![(HOST.to_owned(), host.into())],
        }
    }

    /// Authorization by API key.
    pub fn api_key(host: impl Into<String>, key: impl Into<String>) -> Self {
        Self::new(host).with(X_API_KEY, key)
    }

    /// Authorization by a token of Cognito, OpenID Connect or a Lambda authorizer. The token is sent as it is: AppSync
    /// wants a bare JWT, without `Bearer`.
    pub fn token(host: impl Into<String>, token: impl Into<String>) -> Self {
        Self::new(host).with(AUTHORIZATION, token)
    }

    /// An object of these pairs, for instance all the headers of a SigV4 signature. A name that occurs again replaces
    /// the value before it.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        pairs
            .into_iter()
            .fold(Self { pairs: Vec::new() }, |object, (name, value)| {
                object.with(name, value)
            })
    }

    /// Adds a member at the end, or replaces the value of the member of that name where it stands.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        match self
            .pairs
            .iter_mut()
            .find(|(known, _)| known.eq_ignore_ascii_case(&name))
        {
            Some(member) => member.1 = value,
            None => self.pairs.push((name, value)),
        }
        self
    }

    /// The value of a member; the case of `name` does not matter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The HTTP host that the object names.
    pub fn host(&self) -> Option<&str> {
        self.get(HOST)
    }

    /// Compact JSON, members in order. It holds the secrets.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a map of strings always serialises")
    }

    /// Reads the JSON object of a connect or a `start` message.
    ///
    /// # Errors
    ///
    /// When the text is longer than [`MAX_HEADER_OBJECT_BYTES`], is not a JSON object, has more than
    /// [`MAX_HEADER_OBJECT_MEMBERS`] members, or has a member that is not a string or occurs twice. No error repeats a
    /// value.
    pub fn from_json(json: &[u8]) -> Result<Self, HeaderObjectError> {
        if json.len() > MAX_HEADER_OBJECT_BYTES {
            return Err(HeaderObjectError::TooLong);
        }
        serde_json::from_slice(json).map_err(|error| HeaderObjectError::Json(error.to_string()))
    }

    /// Reads the JSON object from Base64, standard or URL-safe, padded or not.
    ///
    /// # Errors
    ///
    /// As [`from_json`](Self::from_json), and when the text is not Base64.
    pub fn from_base64(text: &str) -> Result<Self, HeaderObjectError> {
        if text.len() > MAX_HEADER_OBJECT_BYTES.div_ceil(3) * 4 {
            return Err(HeaderObjectError::TooLong);
        }
        let standard: Vec<u8> = text
            .bytes()
            .map(|byte| match byte {
                b'-' => b'+',
                b'_' => b'/',
                other => other,
            })
            .collect();
        Self::from_json(&LENIENT.decode(standard).map_err(|_| HeaderObjectError::NotBase64)?)
    }

    /// The members as HTTP headers, secrets marked as sensitive.
    ///
    /// `host` is among them: a request to a VPC endpoint needs it, and elsewhere it equals what the HTTP client sends.
    ///
    /// # Errors
    ///
    /// When a member cannot stand in an HTTP header, for instance a token with a line break in it.
    pub fn to_header_map(&self) -> Result<HeaderMap, HeaderObjectError> {
        let mut headers = HeaderMap::with_capacity(self.pairs.len());
        for (name, value) in self.iter() {
            let unfit = || HeaderObjectError::UnfitForHttp { name: excerpt(name) };
            let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
            let mut header = HeaderValue::from_str(value).map_err(|_| unfit())?;
            header.set_sensitive(!is_public(name));
            headers.insert(key, header);
        }
        Ok(headers)
    }

    /// The object that plain HTTP headers amount to, or `None` if they authorize nothing (neither `x-api-key` nor
    /// `Authorization`).
    ///
    /// Headers of the connection and of the WebSocket handshake are left out; a header that occurs several times
    /// becomes one member, joined by commas as SigV4 prescribes.
    ///
    /// # Errors
    ///
    /// When a value is not UTF-8 or all of them together are too long.
    pub fn from_header_map(headers: &HeaderMap) -> Result<Option<Self>, HeaderObjectError> {
        if !headers.contains_key(X_API_KEY) && !headers.contains_key(http::header::AUTHORIZATION) {
            return Ok(None);
        }
        let mut pairs = Vec::with_capacity(headers.keys_len());
        let mut length = 0;
        for name in headers.keys().filter(|name| !belongs_to_the_connection(name)) {
            let mut joined = String::new();
            for (at, value) in headers.get_all(name).iter().enumerate() {
                let value = std::str::from_utf8(value.as_bytes()).map_err(|_| HeaderObjectError::NotUtf8 {
                    name: excerpt(name.as_str()),
                })?;
                if at > 0 {
                    joined.push(',');
                }
                joined.push_str(value);
            }
            length += name.as_str().len() + joined.len();
            pairs.push((name.as_str().to_owned(), joined));
        }
        if length > MAX_HEADER_OBJECT_BYTES {
            return Err(HeaderObjectError::TooLong);
        }
        Ok(Some(Self { pairs }))
    }
}

/// Names as they are, values only where they hold no secret.
impl fmt::Debug for HeaderObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in self.iter() {
            match is_public(name) {
                true => map.entry(&name, &value),
                false => map.entry(&name, &format_args!("[redacted]")),
            };
        }
        map.finish()
    }
}

impl Serialize for HeaderObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.pairs.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for HeaderObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Members)
    }
}

/// Why a header object cannot be read or sent. No variant repeats a value.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderObjectError {
    /// The text is not JSON, or not an object of strings.
    #[error("the authorization header object cannot be read: {0}")]
    Json(String),
    /// The text is not Base64.
    #[error("the authorization header object is not Base64")]
    NotBase64,
    /// A plain header is not UTF-8.
    #[error("the header {name:?} is not UTF-8")]
    NotUtf8 {
        /// The name of the header.
        name: String,
    },
    /// The object stands there more than once.
    #[error("the handshake carries more than one authorization header object")]
    Repeated,
    /// The object is longer than [`MAX_HEADER_OBJECT_BYTES`].
    #[error("the authorization header object is longer than {MAX_HEADER_OBJECT_BYTES} bytes")]
    TooLong,
    /// A member cannot be sent as an HTTP header.
    #[error(
        "the member {name:?} cannot be sent as an HTTP header: it holds a line break or another forbidden character"
    )]
    UnfitForHttp {
        /// The name of the member.
        name: String,
    },
}

/// True for the members whose values may be shown.
fn is_public(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(name.as_str(), HOST | "accept" | X_AMZ_DATE) || name.starts_with("content-")
}

fn belongs_to_the_connection(name: &HeaderName) -> bool {
    matches!(name.as_str(), "connection" | "upgrade") || name.as_str().starts_with("sec-websocket-")
}

/// A name from outside, short enough for an error message.
fn excerpt(name: &str) -> String {
    name.chars().take(64).collect()
}

/// Reads an object of strings. A value of another kind never appears in the error, since it may be a secret in the
/// wrong place.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = HeaderObject;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of strings")
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<HeaderObject, E> {
        Err(E::custom("it is a string, not an object"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<HeaderObject, A::Error> {
        let mut object = HeaderObject { pairs: Vec::new() };
        let mut length = 0;
        while let Some(name) = map.next_key::<String>()? {
            let Text(Some(value)) = map.next_value()? else {
                return Err(A::Error::custom(format!(
                    "the member {:?} is not a string",
                    excerpt(&name)
                )));
            };
            if object.get(&name).is_some() {
                return Err(A::Error::custom(format!(
                    "the member {:?} occurs twice",
                    excerpt(&name)
                )));
            }
            length += name.len() + value.len();
            if length > MAX_HEADER_OBJECT_BYTES {
                return Err(A::Error::custom(format!(
                    "it is longer than {MAX_HEADER_OBJECT_BYTES} bytes"
                )));
            }
            if object.pairs.len() == MAX_HEADER_OBJECT_MEMBERS {
                return Err(A::Error::custom(format!(
                    "it has more than {MAX_HEADER_OBJECT_MEMBERS} members"
                )));
            }
            object.pairs.push((name, value));
        }
        Ok(object)
    }
}

/// A JSON value, kept only if it is a string.
struct Text(Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        Ok(Text(Some(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Text, E> {
        Ok(Text(Some(text)))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_unit<E>(self) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Text, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }
}
