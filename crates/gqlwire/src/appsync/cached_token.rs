use std::fmt;
use std::future::Future;
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret, SecretString};

use super::cache::{Cache, Ends, Fetched, Kept};
use super::jwt;
use crate::Error;

/// A token that was fetched, and how long it is good for.
///
/// Where nothing says so, it is what the `exp` of a JWT says; any other token is good until it is refused.
#[derive(Clone, Debug)]
pub struct Token {
    secret: SecretString,
    ends: Ends,
}

impl Token {
    /// This token.
    pub fn new(token: impl Into<SecretString>) -> Self {
        Self {
            secret: token.into(),
            ends: Ends::Unknown,
        }
    }

    /// Sets when it ends.
    #[must_use]
    pub fn expires_at(mut self, at: SystemTime) -> Self {
        self.ends = Ends::At(at);
        self
    }

    /// Sets how long it is good for, counted from when it was asked for: the `expires_in` of OAuth.
    #[must_use]
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.ends = Ends::In(lifetime);
        self
    }
}

impl From<&str> for Token {
    fn from(token: &str) -> Self {
        Self::new(token)
    }
}

impl From<String> for Token {
    fn from(token: String) -> Self {
        Self::new(token)
    }
}

impl From<SecretString> for Token {
    fn from(token: SecretString) -> Self {
        Self::new(token)
    }
}

/// Keeps a token that a function fetches, and has it fetched again before it ends: by the first who needs one from
/// [`refresh_early`](Self::refresh_early) before that on, while all others go on with what there is.
///
/// However many calls and connections want a token at once, it is fetched once, and a caller that is dropped meanwhile
/// does not stop that for the others. A fetch that fails or panics is an error for those who have no token; one that
/// was early is tried again after half a minute, and the token used until its end. A fetch may take 30 s.
///
/// When a token is refused, it is fetched anew, once for all who were refused, and their requests repeated with the new
/// one; if that is refused as well, or is the same, it ends there.
///
/// Clones share the token: give them to several clients, or as credentials of single calls.
///
/// ```
/// use std::time::Duration;
///
/// use gqlwire::Error;
/// use gqlwire::appsync::{CachedToken, Oidc, Token};
///
/// async fn log_in() -> Result<Token, Error> {
///     // Ask your token endpoint here.
///     Ok(Token::new("token").expires_in(Duration::from_secs(3600)))
/// }
///
/// let token = CachedToken::new(log_in).refresh_early(Duration::from_secs(10 * 60));
/// let auth = Oidc::from_cache(token);
/// ```
#[derive(Clone)]
pub struct CachedToken(Cache<SecretString>);

impl CachedToken {
    /// Keeps what this function fetches. It is called when a token is needed first.
    pub fn new<F, Fut, T>(fetch: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T, Error>> + Send + 'static,
        T: Into<Token>,
    {
        let fetch = move || {
            let fetching = fetch();
            let fetched: futures_util::future::BoxFuture<'static, _> = Box::pin(async move {
                let token: Token = fetching.await?.into();
                let ends = match (token.ends, jwt::expiry(token.secret.expose_secret())) {
                    (Ends::Unknown, Some(end)) => Ends::At(end),
                    (ends, _) => ends,
                };
                Ok(Fetched {
                    value: token.secret,
                    ends,
                })
            });
            fetched
        };
        Self(Cache::new(fetch, |one, other| {
            one.expose_secret() == other.expose_secret()
        }))
    }

    /// How long before its end a token is replaced, for all clones; default 6 minutes, and at most a quarter of the
    /// time that it lives.
    ///
    /// Sessions replace their connections up to 5 minutes before their credentials end: with less than that, the new
    /// connection may get the old token, and is soon replaced in turn.
    #[must_use]
    pub fn refresh_early(self, margin: Duration) -> Self {
        self.0.set_early(margin);
        self
    }

    pub(super) async fn get(&self, now: SystemTime) -> Result<std::sync::Arc<Kept<SecretString>>, Error> {
        self.0.get(now).await
    }

    pub(super) async fn refused(&self, generation: u64) -> bool {
        self.0.refused(generation).await
    }
}

impl fmt::Debug for CachedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CachedToken([redacted])")
    }
}
