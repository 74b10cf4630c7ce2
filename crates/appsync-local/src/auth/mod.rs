//! Who may call: the seam, the modes behind it, and how a refusal is worded.
//!
//! The same [`Authorizer`] is asked for an HTTP request, for a realtime connection and for each `start` on it. Those
//! three are independent: a connection opened with one credential may carry subscriptions of another.

mod api_key;
mod credentials;
mod jwt;
mod refusal;
mod signature;

use std::fmt;
use std::time::SystemTime;

use futures_util::future::BoxFuture;
use gqlwire_proto::appsync::HeaderObject;

pub use self::api_key::ApiKey;
pub(crate) use self::credentials::Credentials;
pub(crate) use self::jwt::JwtVerifier;
pub use self::jwt::{JwtKeys, JwtKeysError};
pub use self::refusal::Refusal;

/// Decides whether a call may be made.
///
/// The server's own implementation verifies API keys, signatures and tokens. An implementation must not block; its
/// answer is awaited for at most the execution limit.
pub trait Authorizer: fmt::Debug + Send + Sync + 'static {
    /// Answers who makes this call, or why it is refused.
    fn authorize<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Identity, Refusal>>;
}

/// A call that asks for permission, in the form in which its sender would have signed it.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Call<'a> {
    /// Which of AppSync's three doors the caller stands at.
    pub occasion: Occasion,
    /// The HTTP method; `POST` for what comes over the socket.
    pub method: &'a str,
    /// The path, percent-encoded as it was sent; `/graphql/connect` for a connection, `/graphql` for a `start`.
    pub path: &'a str,
    /// The query string without `?`, percent-encoded as it was sent; empty if there is none.
    pub query: &'a str,
    /// The HTTP headers, or the members of the header object; `None` if there are no credentials among them.
    pub credentials: Option<&'a HeaderObject>,
    /// The exact bytes that a signature covers: the HTTP body, `{}` for a connection, the data string of a `start`.
    pub body: &'a [u8],
    /// The time to compare expiry with.
    pub now: SystemTime,
}

/// Which door a [`Call`] stands at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Occasion {
    /// Opening a realtime connection.
    Connect,
    /// A query or mutation over HTTP.
    Http,
    /// Starting one subscription.
    Start,
}

/// Who made a call that was allowed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Identity {
    /// Nobody in particular: the server was told to allow that.
    Anonymous,
    /// The bearer of an API key.
    ApiKey,
    /// The holder of an access key pair.
    Iam {
        /// The access key's id.
        access_key_id: String,
    },
    /// The subject of a verified token.
    Token {
        /// Every claim of the token.
        claims: serde_json::Map<String, serde_json::Value>,
    },
}

/// Credentials and body stay out.
impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("occasion", &self.occasion)
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
