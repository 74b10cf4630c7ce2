use std::fmt;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value};

use super::Refusal;

/// Keys that tokens are verified with.
///
/// A key belongs to one algorithm, and only that one is tried with it; what the token's header claims is never
/// trusted. So a token that says `none`, or `HS256` over a public RSA key, is refused.
#[derive(Clone)]
pub struct JwtKeys(Vec<Key>);

/// Why a JWKS document gives no keys to verify with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JwtKeysError {
    /// The text is not a JWKS document.
    #[error("this is not a JWKS document: {0}")]
    Malformed(#[source] serde_json::Error),
    /// One key's parameters do not hold.
    #[error("key {index} of the JWKS document is not usable: {source}")]
    Key {
        /// Its position, from 0.
        index: usize,
        /// What is wrong with it.
        source: jsonwebtoken::errors::Error,
    },
    /// There is no signature key for RS, PS, ES (256, 384) or HS among them.
    #[error("the JWKS document holds no signature key of a supported kind (RSA, EC P-256 or P-384, oct)")]
    Empty,
}

#[derive(Clone)]
struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

impl JwtKeys {
    /// One shared secret, for tokens signed with HS256.
    pub fn hs256(secret: impl AsRef<[u8]>) -> Self {
        Self(vec![Key {
            id: None,
            algorithm: Algorithm::HS256,
            key: DecodingKey::from_secret(secret.as_ref()),
        }])
    }

    /// The signature keys of a JWKS document. A key without `alg` means RS256, or the ES algorithm of its curve.
    ///
    /// # Errors
    ///
    /// When the text is not a JWKS document, a key's parameters do not decode, or no key is of a supported kind.
    pub fn jwks(json: &str) -> Result<Self, JwtKeysError> {
        let set: JwkSet = serde_json::from_str(json).map_err(JwtKeysError::Malformed)?;
        let mut keys = Vec::with_capacity(set.keys.len());
        for (index, jwk) in set.keys.iter().enumerate() {
            let Some(algorithm) = signature_algorithm(jwk) else {
                continue;
            };
            keys.push(Key {
                id: jwk.common.key_id.clone(),
                algorithm,
                key: DecodingKey::from_jwk(jwk).map_err(|source| JwtKeysError::Key { index, source })?,
            });
        }
        if keys.is_empty() {
            return Err(JwtKeysError::Empty);
        }
        Ok(Self(keys))
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

impl fmt::Debug for JwtKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.0.iter().map(|key| (key.algorithm, key.id.as_deref()));
        f.debug_list().entries(named).finish()
    }
}

/// Verifies tokens: signature, `exp` (which must be there), `nbf`, and `iss` and `aud` where they are configured.
#[derive(Clone, Debug)]
pub(crate) struct JwtVerifier {
    pub(crate) keys: JwtKeys,
    pub(crate) issuers: Vec<String>,
    pub(crate) audiences: Vec<String>,
}

impl JwtVerifier {
    pub(crate) fn verify(&self, token: &str) -> Result<Map<String, Value>, Refusal> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refusal::UnparsableToken)?;
        let mut refusal = Refusal::NotAuthorized;
        for key in self
            .keys
            .0
            .iter()
            .filter(|key| key.may_have_signed(header.kid.as_deref()))
        {
            match jsonwebtoken::decode::<Map<String, Value>>(token, &key.key, &self.validation(key.algorithm)) {
                Ok(token) => return Ok(token.claims),
                Err(error) => refusal = said_as_appsync(error.kind(), refusal),
            }
        }
        Err(refusal)
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        // Tokens for a local server are made on the same clock.
        validation.leeway = 0;
        validation.validate_nbf = true;
        let mut required = vec!["exp"];
        if !self.issuers.is_empty() {
            validation.set_issuer(&self.issuers);
            required.push("iss");
        }
        if self.audiences.is_empty() {
            validation.validate_aud = false;
        } else {
            validation.set_audience(&self.audiences);
            required.push("aud");
        }
        validation.set_required_spec_claims(&required);
        validation
    }
}

impl Key {
    fn may_have_signed(&self, kid: Option<&str>) -> bool {
        match (kid, self.id.as_deref()) {
            (Some(wanted), Some(id)) => wanted == id,
            _ => true,
        }
    }
}

/// Whether an `Authorization` value has the shape of a JWT: three parts of base64url, the first of them a JSON object.
pub(crate) fn looks_like_jwt(token: &str) -> bool {
    let base64url = |part: &str| {
        part.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'='))
    };
    // `{"` in base64 is `eyJ`, `{ "` is `eyA`.
    token.starts_with("ey") && token.split('.').count() == 3 && token.split('.').all(base64url)
}

/// The token itself, from an `Authorization` value with or without `Bearer`.
pub(crate) fn bare_token(authorization: &str) -> &str {
    let value = authorization.trim();
    match value.split_at_checked(7) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer ") => token.trim_start(),
        _ => value,
    }
}

fn signature_algorithm(jwk: &Jwk) -> Option<Algorithm> {
    if jwk.common.public_key_use == Some(PublicKeyUse::Encryption) {
        return None;
    }
    let by_kind = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(curve) => match curve.curve {
            EllipticCurve::P256 => Algorithm::ES256,
            EllipticCurve::P384 => Algorithm::ES384,
            _ => return None,
        },
        AlgorithmParameters::OctetKey(_) => Algorithm::HS256,
        _ => return None,
    };
    let Some(named) = jwk.common.key_algorithm else {
        return Some(by_kind);
    };
    use Algorithm::*;
    // `alg` chooses within the key's family and never leads out of it.
    match (by_kind, named) {
        (RS256, KeyAlgorithm::RS256) => Some(RS256),
        (RS256, KeyAlgorithm::RS384) => Some(RS384),
        (RS256, KeyAlgorithm::RS512) => Some(RS512),
        (RS256, KeyAlgorithm::PS256) => Some(PS256),
        (RS256, KeyAlgorithm::PS384) => Some(PS384),
        (RS256, KeyAlgorithm::PS512) => Some(PS512),
        (ES256, KeyAlgorithm::ES256) => Some(ES256),
        (ES384, KeyAlgorithm::ES384) => Some(ES384),
        (HS256, KeyAlgorithm::HS256) => Some(HS256),
        (HS256, KeyAlgorithm::HS384) => Some(HS384),
        (HS256, KeyAlgorithm::HS512) => Some(HS512),
        _ => None,
    }
}

/// A later key's complaint about the signature must not hide that an earlier key verified an expired token.
fn said_as_appsync(kind: &ErrorKind, before: Refusal) -> Refusal {
    match kind {
        ErrorKind::ExpiredSignature => Refusal::ExpiredToken,
        ErrorKind::InvalidToken | ErrorKind::Base64(_) | ErrorKind::Json(_) | ErrorKind::Utf8(_) => {
            Refusal::UnparsableToken
        }
        _ => before,
    }
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use jsonwebtoken::{EncodingKey, Header};
    use serde_json::json;

    use super::*;

    fn verifier() -> JwtVerifier {
        JwtVerifier {
            keys: JwtKeys::hs256("secret"),
            issuers: vec![],
            audiences: vec![],
        }
    }

    fn now() -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
    }

    fn signed(algorithm: Algorithm, secret: &str, claims: &Value) -> String {
        jsonwebtoken::encode(
            &Header::new(algorithm),
            claims,
            &EncodingKey::from_secret(secret.as_bytes()),
        )
        .unwrap()
    }

    #[test]
    fn a_token_without_exp_is_refused() {
        let token = signed(Algorithm::HS256, "secret", &json!({"sub": "a"}));
        assert_eq!(verifier().verify(&token), Err(Refusal::NotAuthorized));
    }

    #[test]
    fn a_token_that_expired_a_second_ago_is_refused_and_says_so() {
        let token = signed(Algorithm::HS256, "secret", &json!({"exp": now() - 1}));
        assert_eq!(verifier().verify(&token), Err(Refusal::ExpiredToken));
    }

    #[test]
    fn an_expired_token_of_another_secret_does_not_learn_that_it_expired() {
        let token = signed(Algorithm::HS256, "other", &json!({"exp": now() - 1}));
        assert_eq!(verifier().verify(&token), Err(Refusal::NotAuthorized));
    }

    #[test]
    fn a_token_from_the_future_is_refused() {
        let token = signed(
            Algorithm::HS256,
            "secret",
            &json!({"exp": now() + 60, "nbf": now() + 30}),
        );
        assert_eq!(verifier().verify(&token), Err(Refusal::NotAuthorized));
    }

    #[test]
    fn the_algorithm_comes_from_the_key() {
        let token = signed(Algorithm::HS512, "secret", &json!({"exp": now() + 60}));
        assert_eq!(verifier().verify(&token), Err(Refusal::NotAuthorized));
        // {"alg":"none","typ":"JWT"} . {"exp":9999999999} . nothing
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJleHAiOjk5OTk5OTk5OTl9.";
        assert!(verifier().verify(none).is_err());
    }

    #[test]
    fn issuer_and_audience_must_be_present_and_right_when_configured() {
        let strict = JwtVerifier {
            issuers: vec!["me".into()],
            audiences: vec!["app".into()],
            ..verifier()
        };
        let good = json!({"exp": now() + 60, "iss": "me", "aud": ["x", "app"]});
        assert!(strict.verify(&signed(Algorithm::HS256, "secret", &good)).is_ok());
        for claims in [
            json!({"exp": now() + 60, "iss": "me"}),
            json!({"exp": now() + 60, "aud": "app"}),
            json!({"exp": now() + 60, "iss": "you", "aud": "app"}),
            json!({"exp": now() + 60, "iss": "me", "aud": "other"}),
        ] {
            let token = signed(Algorithm::HS256, "secret", &claims);
            assert_eq!(strict.verify(&token), Err(Refusal::NotAuthorized), "{claims}");
        }
    }

    #[test]
    fn bearer_is_tolerated_in_any_case() {
        assert_eq!(bare_token("Bearer a.b.c"), "a.b.c");
        assert_eq!(bare_token("bearer  a.b.c"), "a.b.c");
        assert_eq!(bare_token("a.b.c"), "a.b.c");
        assert_eq!(bare_token("béarer a"), "béarer a");
    }

    #[test]
    fn a_jwks_document_without_usable_keys_is_an_error() {
        assert!(matches!(JwtKeys::jwks("{}"), Err(JwtKeysError::Malformed(_))));
        assert!(matches!(JwtKeys::jwks(r#"{"keys":[]}"#), Err(JwtKeysError::Empty)));
        let for_encryption = r#"{"keys":[{"kty":"RSA","use":"enc","n":"AQAB","e":"AQAB"}]}"#;
        assert!(matches!(JwtKeys::jwks(for_encryption), Err(JwtKeysError::Empty)));
    }

    #[test]
    fn debug_hides_the_secret() {
        assert_eq!(format!("{:?}", JwtKeys::hs256("secret")), "[(HS256, None)]");
    }
}
