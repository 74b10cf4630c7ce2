use std::time::SystemTime;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// An API key that the server accepts, with the time at which it stops to.
#[derive(Clone, Debug)]
pub struct ApiKey {
    key: SecretString,
    expires: Option<SystemTime>,
}

impl ApiKey {
    /// A key that never expires.
    pub fn new(key: impl Into<String>) -> Self {
        Self {
            key: SecretString::from(key.into()),
            expires: None,
        }
    }

    /// A new random key in AppSync's form: `da2-` and 26 lower-case letters and digits.
    pub fn generate() -> Self {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        // Two random UUIDs hold 244 random bits; 26 characters of 5 bits need 130.
        let bytes = [*uuid::Uuid::new_v4().as_bytes(), *uuid::Uuid::new_v4().as_bytes()].concat();
        let tail = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
        Self::new("da2-".chars().chain(tail.take(26)).collect::<String>())
    }

    /// The key is refused from this time on.
    #[must_use]
    pub fn expires(mut self, at: SystemTime) -> Self {
        self.expires = Some(at);
        self
    }

    /// The key itself.
    pub fn expose(&self) -> &str {
        self.key.expose_secret()
    }

    pub(crate) fn accepts(&self, presented: &str, now: SystemTime) -> bool {
        let same = bool::from(self.expose().as_bytes().ct_eq(presented.as_bytes()));
        same && self.expires.is_none_or(|expires| now < expires)
    }
}

/// A key that never expires.
impl From<&str> for ApiKey {
    fn from(key: &str) -> Self {
        Self::new(key)
    }
}

/// A key that never expires.
impl From<String> for ApiKey {
    fn from(key: String) -> Self {
        Self::new(key)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_key_is_refused_from_its_expiry_on() {
        let now = SystemTime::now();
        let key = ApiKey::new("da2-a").expires(now);
        assert!(key.accepts("da2-a", now - Duration::from_secs(1)));
        assert!(!key.accepts("da2-a", now));
        assert!(!key.accepts("da2-b", now - Duration::from_secs(1)));
    }

    #[test]
    fn generated_keys_have_the_form_of_appsync_and_differ() {
        let (one, other) = (ApiKey::generate(), ApiKey::generate());
        assert_eq!(one.expose().len(), 30);
        assert!(one.expose().starts_with("da2-"));
        assert_ne!(one.expose(), other.expose());
    }

    #[test]
    fn debug_hides_the_key() {
        assert!(!format!("{:?}", ApiKey::new("da2-secret")).contains("da2-secret"));
    }
}
