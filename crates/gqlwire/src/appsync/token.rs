use std::fmt;
use std::future::Future;
use std::time::SystemTime;

use futures_util::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::cached_token::{CachedToken, Token};
use super::jwt;
use crate::auth::{AuthProvider, Authorization, Target};
use crate::{Error, ErrorKind};

macro_rules! token_auth {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        pub struct $name(Source);

        impl $name {
            /// Authorises with this token, for as long as it lasts.
            ///
            /// It is sent as it is: AppSync wants a bare token, without `Bearer`. Where it is a JWT that has ended, it is
            /// sent all the same, for the server's clock counts; when it is refused, the error says so.
            pub fn new(token: impl Into<SecretString>) -> Self {
                Self(Source::Fixed(Fixed::new(concat!("the ", $what), token.into())))
            }

            /// Authorises with a token that this function fetches, and that is kept until shortly before its end; see
            /// [`CachedToken`].
            pub fn cached<F, Fut, T>(fetch: F) -> Self
            where
                F: Fn() -> Fut + Send + Sync + 'static,
                Fut: Future<Output = Result<T, Error>> + Send + 'static,
                T: Into<Token>,
            {
                Self::from_cache(CachedToken::new(fetch))
            }

            /// Authorises with the token that is kept there.
            pub fn from_cache(token: CachedToken) -> Self {
                Self(Source::Cached(token))
            }

            /// Authorises with what this function gives.
            ///
            /// It is called before every attempt: each request, each connection, each subscription. For one that asks a
            /// server there is [`cached`](Self::cached). When a token is refused the function is called once more, and
            /// the attempt repeated with what it gives then. Connections that were opened with a JWT are replaced before
            /// that ends, and the function is expected to give a newer one from 5 minutes before on.
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
            fn authorize<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, Result<Authorization, Error>> {
                Box::pin(self.0.authorize(concat!("the ", $what), target.now()))
            }

            fn describe(&self) -> &str {
                match &self.0 {
                    Source::Fixed(token) => token.describe(),
                    Source::Cached(_) | Source::Function(_) => concat!("the ", $what),
                }
            }

            fn refused<'a>(&'a self, sent: &'a Authorization, _why: &'a Error) -> BoxFuture<'a, bool> {
                Box::pin(async {
                    match &self.0 {
                        Source::Cached(token) => token.refused(sent.generation).await,
                        Source::Fixed(_) => false,
                        Source::Function(_) => true,
                    }
                })
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
    Cached(CachedToken),
    Fixed(Fixed),
    Function(Box<dyn Fn() -> BoxFuture<'static, Result<SecretString, Error>> + Send + Sync>),
}

impl Source {
    async fn authorize(&self, what: &str, now: SystemTime) -> Result<Authorization, Error> {
        Ok(match self {
            Self::Cached(token) => {
                let kept = token.get(now).await?;
                bearing(what, &kept.value)?
                    .expires_at(kept.expires_at)
                    .generation(kept.generation)
            }
            // Without its end, though it may be known: a connection that is replaced before that gets the same token.
            Self::Fixed(fixed) => bearing(what, &fixed.token)?,
            Self::Function(token) => {
                let token = token().await?;
                let end = jwt::expiry(token.expose_secret()).filter(|end| *end > now);
                bearing(what, &token)?.expires_at(end)
            }
        })
    }
}

/// A token that cannot be replaced.
struct Fixed {
    token: SecretString,
    what: &'static str,
    /// Its end, and what it is called before and after that.
    end: Option<(SystemTime, [String; 2])>,
}

impl Fixed {
    fn new(what: &'static str, token: SecretString) -> Self {
        let end = jwt::expiry(token.expose_secret()).map(|end| {
            let date = httpdate::fmt_http_date(end);
            let good = format!("{what}, which says that it is good until {date}");
            let over = format!("{what}, which expired at {date}");
            (end, [good, over])
        });
        Self { token, what, end }
    }

    fn describe(&self) -> &str {
        match &self.end {
            Some((end, [_, over])) if SystemTime::now() >= *end => over,
            Some((_, [good, _])) => good,
            None => self.what,
        }
    }
}

fn bearing(what: &str, token: &SecretString) -> Result<Authorization, Error> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, secret_header(what, token.expose_secret())?);
    Ok(Authorization::new(headers))
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
