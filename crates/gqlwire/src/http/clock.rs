//! The server's clock, as its refusals show it: a signature is good for minutes, and this machine's clock may be off.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use gqlwire_proto::session::clock_correction;
use gqlwire_proto::{GraphQLError, Response};
use http::header::AGE;
use http::{HeaderMap, StatusCode};
use serde_json::value::RawValue;

use super::times::date;
use crate::transport::RawResponse;

/// What a client has learnt of it, over HTTP or over a websocket.
#[derive(Debug, Default)]
pub(crate) struct ServerClock {
    /// How far it is ahead of this machine's, in seconds.
    ahead: AtomicI64,
}

impl ServerClock {
    pub(crate) fn ahead(&self) -> i64 {
        self.ahead.load(Ordering::Relaxed)
    }

    pub(crate) fn set_ahead(&self, seconds: i64) {
        self.ahead.store(seconds, Ordering::Relaxed);
    }

    /// The time as the server is believed to see it.
    #[cfg(feature = "websocket")]
    pub(crate) fn time(&self, wall: SystemTime) -> SystemTime {
        shifted(wall, self.ahead())
    }
}

/// The time by a clock that is so far ahead of this machine's.
pub(super) fn server_time(ahead: i64) -> SystemTime {
    shifted(SystemTime::now(), ahead)
}

/// How far the clock is ahead that a refusal shows, if it is another than the one that was `ahead` by so much. A session
/// decides by the same rule about its connections.
pub(super) fn better_time(headers: &HeaderMap, ahead: i64) -> Option<i64> {
    // What comes out of a cache tells the time when it went in.
    if headers.contains_key(AGE) {
        return None;
    }
    let off = clock_correction(date(headers)?, server_time(ahead))?;
    Some(ahead.saturating_add(off))
}

/// Whether an answer that is a GraphQL response says that the signature is no good. AppSync answers 400 to those that do
/// not match or have expired, by the same name as to a request that it cannot read, and executes neither.
pub(super) fn may_refuse_signature(answer: &RawResponse) -> bool {
    if answer.status != StatusCode::BAD_REQUEST {
        return false;
    }
    let is_one = |name: &str| matches!(name, "BadRequestException" | "InvalidSignatureException");
    match Response::<Box<RawValue>>::from_json(&answer.body) {
        Ok(response) if response.data.is_none() => {
            let mut types = response.errors.iter().filter_map(GraphQLError::error_type);
            // A namespace may come before the name.
            types.any(|error_type| is_one(error_type.rsplit('#').next().unwrap_or_default()))
        }
        _ => false,
    }
}

fn shifted(time: SystemTime, seconds: i64) -> SystemTime {
    let by = Duration::from_secs(seconds.unsigned_abs());
    let shifted = match seconds < 0 {
        true => time.checked_sub(by),
        false => time.checked_add(by),
    };
    shifted.unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::DATE;

    use super::*;

    fn at(time: SystemTime) -> HeaderMap {
        let date = HeaderValue::from_str(&httpdate::fmt_http_date(time)).unwrap();
        HeaderMap::from_iter([(DATE, date)])
    }

    #[test]
    fn a_date_that_is_far_off_shows_by_how_much() {
        let near = |seconds: Option<i64>, wanted: i64| seconds.is_some_and(|found| (found - wanted).abs() <= 2);
        let now = SystemTime::now();
        let hour = Duration::from_secs(3600);
        assert!(near(better_time(&at(now + hour), 0), 3600));
        assert!(near(better_time(&at(now - hour), 0), -3600));
        assert!(
            near(better_time(&at(now), 3600), 0),
            "a correction that was wrong is taken back"
        );
        assert_eq!(better_time(&at(now + hour), 3600), None);
        assert_eq!(better_time(&at(now + Duration::from_secs(55)), 0), None);
        assert_eq!(better_time(&at(now - Duration::from_secs(55)), 0), None);
    }

    #[test]
    fn an_answer_without_a_date_or_out_of_a_cache_shows_nothing() {
        let mut headers = at(SystemTime::UNIX_EPOCH);
        headers.insert(AGE, HeaderValue::from_static("7"));
        assert_eq!(better_time(&headers, 0), None);
        assert_eq!(better_time(&HeaderMap::new(), 0), None);
        let odd = HeaderMap::from_iter([(DATE, HeaderValue::from_static("yesterday"))]);
        assert_eq!(better_time(&odd, 0), None);
    }

    #[test]
    fn no_correction_makes_it_panic() {
        for ahead in [i64::MIN, i64::MAX] {
            server_time(ahead);
            better_time(&at(SystemTime::UNIX_EPOCH), ahead);
        }
    }
}
