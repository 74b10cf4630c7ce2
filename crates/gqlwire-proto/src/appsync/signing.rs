//! IAM authorization on AppSync: what is signed for a connect, a `start` and an HTTP request.

use std::time::SystemTime;

use url::{Position, Url};

use super::authorization::{HOST, HeaderObject};
use super::header_carrier::CONNECT_BODY;
use crate::sigv4::{Credentials, SignError, SignableRequest, Signed, SigningScope, sign};

/// AppSync's name in signatures.
pub const SERVICE: &str = "appsync";

/// The media type of HTTP requests.
pub const CONTENT_TYPE_HTTP: &str = "application/json";

/// The headers that AWS documents for connect and `start`, apart from `host`; they exist only inside the signature.
const REALTIME_HEADERS: [(&str, &str); 3] = [
    ("accept", "application/json, text/javascript"),
    ("content-encoding", "amz-1.0"),
    ("content-type", "application/json; charset=UTF-8"),
];

/// Signs for one region at one time.
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    /// Whose signature it is.
    pub credentials: &'a Credentials,
    /// The region of the API.
    pub region: &'a str,
    /// The time of signing. Signatures are good for some five minutes.
    pub time: SystemTime,
}

impl Signer<'_> {
    /// Signs a connect: a `POST` of `{}` to `url`, which is [`Endpoint::signing_url_connect`].
    ///
    /// # Errors
    ///
    /// When `url` has no host, or a part of the credentials or the region cannot stand in a header.
    ///
    /// [`Endpoint::signing_url_connect`]: super::Endpoint::signing_url_connect
    pub fn sign_connect(&self, url: &Url) -> Result<Signed, SignError> {
        self.sign_realtime(url, CONNECT_BODY)
    }

    /// Signs a `start`: `data` is `payload.data` exactly as it is sent, `url` is [`Endpoint::signing_url_start`]. On
    /// Events, `data` is the JSON of channel and events.
    ///
    /// # Errors
    ///
    /// As [`sign_connect`](Self::sign_connect).
    ///
    /// [`Endpoint::signing_url_start`]: super::Endpoint::signing_url_start
    pub fn sign_start(&self, url: &Url, data: &str) -> Result<Signed, SignError> {
        self.sign_realtime(url, data)
    }

    /// Signs a `POST` of `body` to `url`, which is [`Endpoint::signing_url_http`]: `content-type`, `host`,
    /// `x-amz-date` and the session token. Other headers may be added afterwards; `content-type` must be sent as it
    /// was signed.
    ///
    /// # Errors
    ///
    /// As [`sign_connect`](Self::sign_connect).
    ///
    /// [`Endpoint::signing_url_http`]: super::Endpoint::signing_url_http
    pub fn sign_http(&self, url: &Url, content_type: &str, body: &[u8]) -> Result<Signed, SignError> {
        self.sign(url, &[("content-type", content_type)], body)
    }

    /// Signs a `GET` of `url` without a body, as the service's control plane wants it: `host`, `x-amz-date` and the session
    /// token.
    ///
    /// # Errors
    ///
    /// As [`sign_connect`](Self::sign_connect).
    pub fn sign_get(&self, url: &Url) -> Result<Signed, SignError> {
        self.sign_as("GET", url, &[], b"")
    }

    fn sign_realtime(&self, url: &Url, body: &str) -> Result<Signed, SignError> {
        self.sign(url, &REALTIME_HEADERS, body.as_bytes())
    }

    fn sign(&self, url: &Url, headers: &[(&str, &str)], body: &[u8]) -> Result<Signed, SignError> {
        self.sign_as("POST", url, headers, body)
    }

    fn sign_as(&self, method: &str, url: &Url, headers: &[(&str, &str)], body: &[u8]) -> Result<Signed, SignError> {
        let host = authority(url);
        if host.is_empty() {
            return Err(SignError::MissingHost);
        }
        let mut headers = headers.to_vec();
        headers.push((HOST, host));
        let scope = SigningScope {
            region: self.region,
            service: SERVICE,
        };
        let request = SignableRequest {
            method,
            ..SignableRequest::post(url, &headers, body)
        };
        sign(&request, self.credentials, scope, self.time)
    }
}

/// All the signed headers and `Authorization`: the header object of IAM.
impl From<Signed> for HeaderObject {
    fn from(signed: Signed) -> Self {
        HeaderObject::from_pairs(signed.into_headers())
    }
}

/// Host and port as the `Host` header has them: the port only when it is not the scheme's own.
pub(super) fn authority(url: &Url) -> &str {
    &url[Position::BeforeHost..Position::AfterPort]
}
