use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use gqlwire_proto::sigv4;
use tokio::net::{TcpListener, ToSocketAddrs};

use crate::api::Api;
use crate::auth::{ApiKey, Authorizer, Credentials, JwtKeys, JwtVerifier};
use crate::hub::Hub;
use crate::limits::Limits;
use crate::server::{Core, Server};
use crate::stats::Counters;

/// Describes a [`Server`].
///
/// Without any credential every call is refused; an API for anybody needs [`allow_anonymous`](Self::allow_anonymous).
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until it is bound"]
pub struct Builder {
    api: Option<Api>,
    api_keys: Vec<ApiKey>,
    credentials: Credentials,
    jwt_keys: Option<JwtKeys>,
    issuers: Vec<String>,
    audiences: Vec<String>,
    authorizer: Option<Box<dyn Authorizer>>,
    limits: Limits,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The address is taken, not this machine's, or not an address.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address as it was given.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// An issuer or audience is demanded, but there is no key to verify a token with.
    #[error("an issuer or audience needs a key that tokens are verified with: give a secret or a JWKS document")]
    NoTokenKey,
}

impl Builder {
    /// The API to serve. Default: [`Api::messages`].
    pub fn api(mut self, api: Api) -> Self {
        self.api = Some(api);
        self
    }

    /// Accepts an API key. May be repeated.
    pub fn api_key(mut self, key: impl Into<ApiKey>) -> Self {
        self.api_keys.push(key.into());
        self
    }

    /// Makes an API key and accepts it; [`Server::api_keys`] tells which.
    pub fn generate_api_key(self) -> Self {
        self.api_key(ApiKey::generate())
    }

    /// Accepts signatures of an access key. May be repeated.
    pub fn access_key(self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.aws_credentials(sigv4::Credentials::new(id, secret.into()))
    }

    /// Accepts signatures of an access key that may have a session token and an end. May be repeated.
    pub fn aws_credentials(mut self, credentials: sigv4::Credentials) -> Self {
        self.credentials.access_keys.insert(credentials);
        self
    }

    /// Accepts tokens that one of these keys verifies. May be repeated.
    pub fn jwt(mut self, keys: JwtKeys) -> Self {
        match &mut self.jwt_keys {
            Some(known) => known.extend(keys),
            none => *none = Some(keys),
        }
        self
    }

    /// Demands that a token's `iss` is this, or another one that was given.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuers.push(issuer.into());
        self
    }

    /// Demands that a token's `aud` is or holds this, or another one that was given.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Allows calls that carry no credential at all. A credential that is sent must still be right.
    pub fn allow_anonymous(mut self) -> Self {
        self.credentials.anonymous = true;
        self
    }

    /// Asks this authorizer instead of looking at the credentials given above. A connection without any credential is
    /// refused before it is asked, unless anonymous calls are allowed.
    pub fn authorizer(mut self, authorizer: impl Authorizer) -> Self {
        self.authorizer = Some(Box::new(authorizer));
        self
    }

    /// Other limits than the default ones.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Starts the server on an address such as `127.0.0.1:0`, where port 0 means a free one.
    ///
    /// Only loopback is out of reach of other machines: name another address only on purpose.
    ///
    /// # Errors
    ///
    /// When the address cannot be listened on, or the configuration contradicts itself.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with time and IO enabled.
    pub async fn bind(mut self, address: impl ToSocketAddrs + fmt::Display) -> Result<Server, BindError> {
        let failed = |source| BindError::Listen {
            address: address.to_string(),
            source,
        };
        self.credentials.jwt = self.token_verifier()?;
        let listener = TcpListener::bind(&address).await.map_err(failed)?;
        let bound: SocketAddr = listener.local_addr().map_err(failed)?;
        if !bound.ip().is_loopback() {
            tracing::warn!(address = %bound, "other machines can reach this server");
        }
        self.credentials.api_keys.clone_from(&self.api_keys);
        let core = Core {
            anonymous: self.credentials.anonymous,
            api: self.api.unwrap_or_else(Api::messages),
            authorizer: self.authorizer.unwrap_or_else(|| Box::new(self.credentials)),
            hub: Arc::new(Hub::default()),
            limits: self.limits.bounded(),
            counters: Counters::default(),
        };
        Ok(Server::start(core, self.api_keys, listener, bound))
    }

    fn token_verifier(&mut self) -> Result<Option<JwtVerifier>, BindError> {
        let Some(keys) = self.jwt_keys.take() else {
            return match self.issuers.is_empty() && self.audiences.is_empty() {
                true => Ok(None),
                false => Err(BindError::NoTokenKey),
            };
        };
        Ok(Some(JwtVerifier {
            keys,
            issuers: std::mem::take(&mut self.issuers),
            audiences: std::mem::take(&mut self.audiences),
        }))
    }
}
