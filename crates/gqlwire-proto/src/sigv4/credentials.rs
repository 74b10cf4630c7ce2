use std::time::SystemTime;

use secrecy::SecretString;

/// An AWS access key. `Debug` redacts the secrets.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Credentials {
    /// The public half, `AKIA…` or, for temporary credentials, `ASIA…`.
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: SecretString,
    /// The session token of temporary credentials.
    pub session_token: Option<SecretString>,
    /// When temporary credentials end; `None` if they do not, or if it is not known.
    pub expires_at: Option<SystemTime>,
}

impl Credentials {
    /// A key pair without a session token and without an end.
    pub fn new(access_key_id: impl Into<String>, secret_access_key: impl Into<SecretString>) -> Self {
        Self {
            access_key_id: access_key_id.into(),
            secret_access_key: secret_access_key.into(),
            session_token: None,
            expires_at: None,
        }
    }

    /// The session token that goes with temporary credentials.
    #[must_use]
    pub fn with_session_token(mut self, token: impl Into<SecretString>) -> Self {
        self.session_token = Some(token.into());
        self
    }

    /// The end of temporary credentials.
    #[must_use]
    pub fn with_expiry(mut self, expires_at: SystemTime) -> Self {
        self.expires_at = Some(expires_at);
        self
    }

    /// True once the end has come.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}
