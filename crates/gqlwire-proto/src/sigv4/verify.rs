//! Verifying a signed request.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, SystemTime};

use hmac::Mac as _;
use secrecy::ExposeSecret as _;
use subtle::ConstantTimeEq as _;
use thiserror::Error;

use super::canonical::{self, SignableRequest, SignedHeaders};
use super::credentials::Credentials;
use super::timestamp::{self, DAY_LENGTH};
use super::{ALGORITHM, AUTHORIZATION, HOST, TERMINATOR, X_AMZ_DATE, X_AMZ_SECURITY_TOKEN, mac, scope, string_to_sign};

/// Checks signatures for one region and service, or for any.
#[derive(Clone, Debug)]
pub struct Verifier {
    max_skew: Duration,
    region: Option<String>,
    service: Option<String>,
}

impl Verifier {
    /// How far the time of signing may lie from the server's, before or after: the five minutes that the IAM user
    /// guide gives for most services (*Elements of an AWS API request signature*); a few allow fifteen.
    pub const MAX_SKEW: Duration = Duration::from_secs(5 * 60);

    /// Any region and service, a skew of [`MAX_SKEW`](Self::MAX_SKEW).
    pub fn new() -> Self {
        Self {
            max_skew: Self::MAX_SKEW,
            region: None,
            service: None,
        }
    }

    /// Accepts only signatures for this region.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Accepts only signatures for this service.
    #[must_use]
    pub fn service(mut self, service: impl Into<String>) -> Self {
        self.service = Some(service.into());
        self
    }

    /// How far the time of signing may lie from `now`, before or after.
    #[must_use]
    pub fn max_skew(mut self, max_skew: Duration) -> Self {
        self.max_skew = max_skew;
        self
    }

    /// Verifies the `Authorization` header of `request` with the credentials that `lookup` has for its access key id.
    ///
    /// `host` and `x-amz-date` must be signed. A header that is listed as signed but did not arrive counts as empty,
    /// so that it shows in the canonical request of a [`Mismatch`]. Credentials with a session token demand it in
    /// `x-amz-security-token`, signed or not; credentials without one refuse any.
    ///
    /// # Errors
    ///
    /// See [`VerifyError`]; the checks are made in this order: form, scope, time, access key, session token,
    /// signature. The signature is compared in constant time.
    pub fn verify<C: Borrow<Credentials>>(
        &self,
        request: &SignableRequest<'_>,
        lookup: impl FnOnce(&str) -> Option<C>,
        now: SystemTime,
    ) -> Result<Verified, VerifyError> {
        let authorization = parse_authorization(only_header(request, AUTHORIZATION)?)?;
        let date = only_header(request, X_AMZ_DATE)?.trim();
        let signed_at = timestamp::parse(date).ok_or(VerifyError::MalformedDate)?;
        let headers = signed_headers(request, &authorization)?;

        self.check_scope(&authorization, date)?;
        self.check_time(signed_at, now)?;

        let unknown = || VerifyError::UnknownAccessKey {
            access_key_id: authorization.access_key_id.to_owned(),
        };
        let credentials = lookup(authorization.access_key_id).ok_or_else(unknown)?;
        let credentials = credentials.borrow();
        check_session(request, credentials, now)?;

        let canonical_request = canonical::canonical_request(request, &headers);
        let Authorization {
            access_key_id,
            day,
            region,
            service,
            signature,
            ..
        } = authorization;
        let string_to_sign = string_to_sign(date, &scope(day, region, service), &canonical_request);
        mac(&credentials.secret_access_key, day, region, service, &string_to_sign)
            .verify_slice(&signature)
            .map_err(|_| {
                VerifyError::Mismatch(Box::new(Mismatch {
                    canonical_request,
                    string_to_sign,
                }))
            })?;
        Ok(Verified {
            access_key_id: access_key_id.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            signed_at,
            signed_headers: headers.into_keys().collect(),
        })
    }

    fn check_scope(&self, authorization: &Authorization<'_>, date: &str) -> Result<(), VerifyError> {
        let day = Some(&date[..DAY_LENGTH]);
        for (part, found, expected) in [
            ("date", authorization.day, day),
            ("region", authorization.region, self.region.as_deref()),
            ("service", authorization.service, self.service.as_deref()),
        ] {
            if let Some(expected) = expected.filter(|expected| *expected != found) {
                return Err(VerifyError::WrongScope {
                    part,
                    found: found.to_owned(),
                    expected: expected.to_owned(),
                });
            }
        }
        Ok(())
    }

    fn check_time(&self, signed_at: SystemTime, now: SystemTime) -> Result<(), VerifyError> {
        let max_skew = self.max_skew;
        if now.duration_since(signed_at).is_ok_and(|age| age > max_skew) {
            return Err(VerifyError::Expired {
                signed_at,
                now,
                max_skew,
            });
        }
        if signed_at.duration_since(now).is_ok_and(|lead| lead > max_skew) {
            return Err(VerifyError::NotYetCurrent {
                signed_at,
                now,
                max_skew,
            });
        }
        Ok(())
    }
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new()
    }
}

/// Who signed, and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// The access key of the caller.
    pub access_key_id: String,
    /// The region of the scope.
    pub region: String,
    /// The service of the scope.
    pub service: String,
    /// The time of signing, to the second.
    pub signed_at: SystemTime,
    /// The names of the headers that the signature covers, in lower case. Nothing else about the headers is vouched
    /// for.
    pub signed_headers: Vec<String>,
}

/// What the server computed for a request whose signature does not fit.
#[derive(Clone, PartialEq, Eq)]
pub struct Mismatch {
    canonical_request: String,
    string_to_sign: String,
}

impl Mismatch {
    /// The canonical request as the server built it. It may hold the session token.
    pub fn canonical_request(&self) -> &str {
        &self.canonical_request
    }

    /// The string to sign as the server built it.
    pub fn string_to_sign(&self) -> &str {
        &self.string_to_sign
    }
}

/// Without the canonical request, which may hold the session token.
impl fmt::Debug for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mismatch")
            .field("string_to_sign", &self.string_to_sign)
            .finish_non_exhaustive()
    }
}

/// Why a signature is refused. `Display` and `Debug` hold no secrets.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// The credentials themselves have ended.
    #[error("the credentials have expired")]
    CredentialsExpired,
    /// Signed longer ago than the skew allows.
    #[error(
        "signature expired: {} is more than {} s before {}",
        timestamp::format(*signed_at), max_skew.as_secs(), timestamp::format(*now)
    )]
    Expired {
        /// The time of signing.
        signed_at: SystemTime,
        /// The server's time.
        now: SystemTime,
        /// What is allowed between them.
        max_skew: Duration,
    },
    /// A header that must be signed is not.
    #[error("the header {name} must be signed")]
    HeaderNotSigned {
        /// `host` or `x-amz-date`.
        name: &'static str,
    },
    /// The `Authorization` header does not have the form of a SigV4 signature.
    #[error("the Authorization header is not a Signature Version 4: {reason}")]
    MalformedAuthorization {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// `x-amz-date` is not `YYYYMMDDTHHMMSSZ`.
    #[error("the header x-amz-date does not have the form YYYYMMDDTHHMMSSZ")]
    MalformedDate,
    /// A signed header holds a control character, or one that may occur once occurs more often.
    #[error("the header {name:?} is malformed")]
    MalformedHeader {
        /// The name of the header.
        name: String,
    },
    /// The signature is not that of this request under this access key.
    #[error("the request signature that the server calculated does not match the one provided")]
    Mismatch(Box<Mismatch>),
    /// A header without which there is nothing to verify.
    #[error("the header {name} is missing")]
    MissingHeader {
        /// `Authorization`, `host` or `x-amz-date`.
        name: &'static str,
    },
    /// Signed further in the future than the skew allows.
    #[error(
        "signature not yet current: {} is more than {} s after {}",
        timestamp::format(*signed_at), max_skew.as_secs(), timestamp::format(*now)
    )]
    NotYetCurrent {
        /// The time of signing.
        signed_at: SystemTime,
        /// The server's time.
        now: SystemTime,
        /// What is allowed between them.
        max_skew: Duration,
    },
    /// The session token is not the one of this access key.
    #[error("the security token is not the one of this access key")]
    SessionTokenInvalid,
    /// The access key is a temporary one and needs its session token.
    #[error("the header x-amz-security-token is missing: the access key is a temporary one")]
    SessionTokenMissing,
    /// No such access key.
    #[error("the access key {access_key_id:?} is unknown")]
    UnknownAccessKey {
        /// What the request named.
        access_key_id: String,
    },
    /// Signed for another day, region or service.
    #[error("the credential is scoped to the {part} {found:?} instead of {expected:?}")]
    WrongScope {
        /// `date`, `region` or `service`.
        part: &'static str,
        /// What the request says.
        found: String,
        /// What it would have to say.
        expected: String,
    },
}

struct Authorization<'a> {
    access_key_id: &'a str,
    day: &'a str,
    region: &'a str,
    service: &'a str,
    signed_headers: BTreeSet<String>,
    signature: [u8; 32],
}

fn parse_authorization(header: &str) -> Result<Authorization<'_>, VerifyError> {
    let malformed = |reason| VerifyError::MalformedAuthorization { reason };
    let rest = header
        .trim()
        .strip_prefix(ALGORITHM)
        .filter(|rest| rest.starts_with([' ', '\t']))
        .ok_or(malformed("it does not begin with AWS4-HMAC-SHA256"))?;

    let (mut credential, mut signed_headers, mut signature) = (None, None, None);
    for part in rest.split(',') {
        let (name, value) = part
            .trim()
            .split_once('=')
            .ok_or(malformed("a part of it is not name=value"))?;
        let place = match name {
            "Credential" => &mut credential,
            "SignedHeaders" => &mut signed_headers,
            "Signature" => &mut signature,
            _ => {
                return Err(malformed(
                    "it has a part that is neither Credential, SignedHeaders nor Signature",
                ));
            }
        };
        if place.replace(value).is_some() {
            return Err(malformed("a part of it occurs twice"));
        }
    }
    let credential = credential.ok_or(malformed("Credential is missing"))?;
    let signed_headers = signed_headers.ok_or(malformed("SignedHeaders is missing"))?;
    let signature = signature.ok_or(malformed("Signature is missing"))?;

    let parts: Vec<&str> = credential.split('/').take(6).collect();
    let [access_key_id, day, region, service, TERMINATOR] = parts[..] else {
        return Err(malformed("Credential is not KEY/DATE/REGION/SERVICE/aws4_request"));
    };
    Ok(Authorization {
        access_key_id,
        day,
        region,
        service,
        signed_headers: signed_headers.split(';').map(str::to_ascii_lowercase).collect(),
        signature: parse_signature(signature).ok_or(malformed("Signature is not 64 lower-case hexadecimal digits"))?,
    })
}

fn parse_signature(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if text.len() != 64 {
        return None;
    }
    let mut signature = [0; 32];
    for (byte, pair) in signature.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(signature)
}

/// The value of a header that must be there exactly once.
fn only_header<'a>(request: &SignableRequest<'a>, name: &'static str) -> Result<&'a str, VerifyError> {
    let mut values = values(request, name);
    match (values.next(), values.next()) {
        (None, _) => Err(VerifyError::MissingHeader { name }),
        (Some(value), None) => Ok(value),
        (Some(_), Some(_)) => Err(VerifyError::MalformedHeader { name: name.to_owned() }),
    }
}

fn values<'a>(request: &SignableRequest<'a>, name: &str) -> impl Iterator<Item = &'a str> {
    request
        .headers
        .iter()
        .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| *value)
}

/// The canonical values of the headers that the signature lists.
fn signed_headers(
    request: &SignableRequest<'_>,
    authorization: &Authorization<'_>,
) -> Result<SignedHeaders, VerifyError> {
    let listed = &authorization.signed_headers;
    for name in [HOST, X_AMZ_DATE] {
        if !listed.contains(name) {
            return Err(VerifyError::HeaderNotSigned { name });
        }
    }
    only_header(request, HOST)?;
    let mut headers = SignedHeaders::new();
    for (name, value) in request.headers {
        if !listed.contains(&name.to_ascii_lowercase()) {
            continue;
        }
        // A line break inside a value, possible where headers come as JSON, would let two different sets of headers
        // have the same canonical form.
        if value
            .chars()
            .any(|character| character.is_control() && character != '\t')
        {
            return Err(VerifyError::MalformedHeader {
                name: (*name).to_owned(),
            });
        }
        canonical::add_header(&mut headers, name, value);
    }
    for name in listed {
        headers.entry(name.clone()).or_default();
    }
    Ok(headers)
}

fn check_session(request: &SignableRequest<'_>, credentials: &Credentials, now: SystemTime) -> Result<(), VerifyError> {
    let sent = values(request, X_AMZ_SECURITY_TOKEN).next();
    match (&credentials.session_token, sent) {
        (None, None) => {}
        (None, Some(_)) => return Err(VerifyError::SessionTokenInvalid),
        (Some(_), None) => return Err(VerifyError::SessionTokenMissing),
        (Some(token), Some(sent)) => {
            if !bool::from(token.expose_secret().as_bytes().ct_eq(sent.trim().as_bytes())) {
                return Err(VerifyError::SessionTokenInvalid);
            }
        }
    }
    match credentials.is_expired(now) {
        true => Err(VerifyError::CredentialsExpired),
        false => Ok(()),
    }
}
