use std::fmt;
use std::future::Future;

use futures_util::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::auth::{AuthProvider, Authorization, Target};
use crate::{Error, ErrorKind};

macro_rules! token_auth {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        pub struct $name(Source);

        impl $name {
            /// Authorises with this token, for as long as it lasts.
            ///
            /// It is sent as it is: AppSync wants a bare token, without `Bearer`.
            pub fn new(token: impl Into<SecretString>) -> Self {
                Self(Source::Fixed(token.into()))
            }

            /// Authorises with what this function gives.
            ///
            /// It is called before every attempt: each request, each connection, each subscription. One that asks a
            /// server should keep its answer until it nears its end. When a token is refused the function is called
            /// once more, and the attempt repeated with what it gives then.
            pub fn from_fn<F, Fut>(token: F) -> Self
            where
                F: Fn() -> Fut + Send + Sync + 'static,
                Fut: Future<Output = Result<String, Error>> + Send + 'static,
            {
                Self(Source::Function(Box::new(move || {
                    let token = token();
                    Box::pin(async move { token.await.map(SecretString::from) })
                })))
            }
        }

        impl AuthProvider for $name {
            fn authorize<'a>(&'a self, _target: Target<'a>) -> BoxFuture<'a, Result<Authorization, Error>> {
                Box::pin(self.0.authorize(concat!("the ", $what)))
            }

            fn describe(&self) -> &str {
                concat!("the ", $what)
            }

            fn refused<'a>(&'a self, _sent: &'a Authorization, _why: &'a Error) -> BoxFuture<'a, bool> {
                Box::pin(async { matches!(self.0, Source::Function(_)) })
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    };
}

token_auth! {
    /// A JWT of an Amazon Cognito user pool: its ID token or its access token.
    Cognito, "JWT of the Cognito user pool"
}

token_auth! {
    /// A JWT of an OpenID Connect provider.
    Oidc, "JWT of the OIDC provider"
}

token_auth! {
    /// A token for a Lambda authorizer: whatever the function of the API understands.
    ///
    /// AppSync tells authorization modes apart by the look of the token. Where the API also takes IAM or JWTs, this one
    /// must not look like either; AWS suggests a prefix that the function strips.
    Lambda, "token for the Lambda authorizer"
}

enum Source {
    Fixed(SecretString),
    Function(Box<dyn Fn() -> BoxFuture<'static, Result<SecretString, Error>> + Send + Sync>),
}

impl Source {
    async fn authorize(&self, what: &str) -> Result<Authorization, Error> {
        let fresh;
        let token = match self {
            Self::Fixed(token) => token,
            Self::Function(token) => {
                fresh = token().await?;
                &fresh
            }
        };
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, secret_header(what, token.expose_secret())?);
        Ok(Authorization::new(headers))
    }
}

/// A header value that is never shown. A trailing line break, as files have one, is cut off.
pub(super) fn secret_header(what: &str, secret: &str) -> Result<HeaderValue, Error> {
    let secret = secret.trim();
    if secret.is_empty() {
        return Err(Error::new(ErrorKind::Auth, format!("{what} is empty")));
    }
    let mut value = HeaderValue::from_str(secret).map_err(|_| {
        let message = format!("{what} holds characters that HTTP headers cannot (a line break in its middle?)");
        Error::new(ErrorKind::Auth, message)
    })?;
    value.set_sensitive(true);
    Ok(value)
}
