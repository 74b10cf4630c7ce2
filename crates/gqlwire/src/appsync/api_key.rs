use std::fmt;

use futures_util::future::BoxFuture;
use gqlwire_proto::appsync::X_API_KEY;
use http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};

use super::token::secret_header;
use crate::Error;
use crate::auth::{AuthProvider, Authorization, Target};

/// An API key of AppSync (`da2-…`).
///
/// Keys end: seven days after they were made, unless told otherwise, and at most a year.
pub struct ApiKey(SecretString);

impl ApiKey {
    /// Authorises with this key.
    pub fn new(key: impl Into<SecretString>) -> Self {
        Self(key.into())
    }
}

impl AuthProvider for ApiKey {
    fn authorize<'a>(&'a self, _target: Target<'a>) -> BoxFuture<'a, Result<Authorization, Error>> {
        Box::pin(async {
            let mut headers = HeaderMap::new();
            headers.insert(X_API_KEY, secret_header("the API key", self.0.expose_secret())?);
            Ok(Authorization::new(headers))
        })
    }

    fn describe(&self) -> &str {
        "the API key (keys expire, by default after 7 days)"
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey([redacted])")
    }
}
