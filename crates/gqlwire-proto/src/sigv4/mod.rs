//! AWS Signature Version 4: signing and verification, for any service that takes the signature in headers.
//!
//! ```text
//!  request ──► canonical request ──SHA-256──► string to sign ──HMAC──► signature ──► Authorization header
//!              method, path, query,           time, scope (day/region/service)
//!              signed headers, body hash
//! ```
//!
//! [`sign`] goes this way with the caller's secret; [`Verifier::verify`] goes it again with what arrived and compares.
//! The time is an argument of both.

mod canonical;
mod credentials;
mod sign;
mod timestamp;
mod verify;

pub use canonical::SignableRequest;
pub(crate) use canonical::sha256_hex;
pub use credentials::Credentials;
pub use sign::{SignError, Signed, SigningScope, sign};
pub use verify::{Mismatch, Verified, Verifier, VerifyError};

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// The header that carries a SigV4 signature (and, outside SigV4, a token). Spelled as AWS documents spell it; header
/// names are compared without regard to case.
pub const AUTHORIZATION: &str = "Authorization";
/// The only algorithm of Signature Version 4 that is in use for symmetric keys.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The header with the time of signing, `YYYYMMDDTHHMMSSZ`.
pub const X_AMZ_DATE: &str = "x-amz-date";
/// The header with the session token of temporary credentials.
pub const X_AMZ_SECURITY_TOKEN: &str = "x-amz-security-token";

const HOST: &str = "host";
/// What ends the credential scope.
const TERMINATOR: &str = "aws4_request";

/// The MAC of `string_to_sign` under the key that is derived from the secret for one day, region and service.
fn mac(secret: &SecretString, day: &str, region: &str, service: &str, string_to_sign: &str) -> Hmac<Sha256> {
    let seed = SecretString::from(format!("AWS4{}", secret.expose_secret()));
    let key = [region, service, TERMINATOR]
        .iter()
        .fold(hmac(seed.expose_secret().as_bytes(), day), |key, part| {
            hmac(&key.finalize().into_bytes(), part)
        });
    hmac(&key.finalize().into_bytes(), string_to_sign)
}

fn hmac(key: &[u8], message: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message.as_bytes());
    mac
}

/// The text that is signed: algorithm, time, scope and the hash of the canonical request.
fn string_to_sign(date: &str, scope: &str, canonical_request: &str) -> String {
    let hash = sha256_hex(canonical_request.as_bytes());
    format!("{ALGORITHM}\n{date}\n{scope}\n{hash}")
}

fn scope(day: &str, region: &str, service: &str) -> String {
    format!("{day}/{region}/{service}/{TERMINATOR}")
}
