use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// The end of the year 9999, after which dates of HTTP cannot be written. What lives for longer does not expire.
const LAST: f64 = 253_402_300_800.0;

/// When a token says that it ends, if it is a JWT that says so. Nothing is verified: that is for the server.
pub(super) fn expiry(token: &str) -> Option<SystemTime> {
    #[derive(Deserialize)]
    struct Claims {
        exp: f64,
    }
    let mut parts = token.trim().rsplit(' ').next()?.split('.');
    let (_header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    let Claims { exp } = serde_json::from_slice(&claims).ok()?;
    if !(0.0..LAST).contains(&exp) {
        return None;
    }
    // Whole seconds: that is how the claim is written, and how servers compare it.
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(exp as u64))
}

#[cfg(test)]
pub(super) fn unsigned(claims: &str) -> String {
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", encode("{}"), encode(claims), encode("signature"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_claim_is_read_and_what_has_none_does_not_expire() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(expiry(&unsigned(r#"{"sub":"a","exp":1700000000}"#)), at(1_700_000_000));
        assert_eq!(expiry(&unsigned(r#"{"exp":1700000000.9}"#)), at(1_700_000_000));
        assert_eq!(expiry(&format!("Bearer {}\n", unsigned(r#"{"exp":1}"#))), at(1));
        for claims in ["{}", r#"{"exp":"1"}"#, r#"{"exp":-1}"#, r#"{"exp":1e300}"#, "[]", ""] {
            assert_eq!(expiry(&unsigned(claims)), None, "{claims}");
        }
        for token in ["", "opaque", "a.b", "a.b.c", "a.b.c.d", "..", "é.é.é"] {
            assert_eq!(expiry(token), None, "{token}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_looked_at_without_panic(token in "\\PC*", claims in "\\PC*", exp in any::<f64>()) {
            let _ = expiry(&token);
            let _ = expiry(&unsigned(&claims));
            if let Some(end) = expiry(&unsigned(&format!("{{\"exp\":{exp}}}"))) {
                let _ = httpdate::fmt_http_date(end);
            }
        }
    }
}
