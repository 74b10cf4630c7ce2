use std::time::{Duration, Instant, SystemTime};

use gqlwire_proto::scan::OperationKind;
use http::StatusCode;

use super::times::{LONGEST, retry_after};
use crate::{Error, ErrorKind, RetryPolicy};

/// The attempts at one call. It is told the time and the dice, and has neither.
#[derive(Debug)]
pub(crate) struct Attempts<'p> {
    policy: &'p RetryPolicy,
    kind: OperationKind,
    /// When the call runs out of time; `None` for never.
    deadline: Option<Instant>,
    failed: u32,
    may_have_been_executed: bool,
}

/// What follows from a failure.
#[derive(Debug)]
pub(crate) enum Next {
    /// Another attempt, after this wait.
    Again(Duration),
    /// None, and where the server asked for one, why.
    Over(Option<String>),
}

impl<'p> Attempts<'p> {
    pub(crate) fn new(policy: &'p RetryPolicy, kind: OperationKind, deadline: Option<Instant>) -> Self {
        Self {
            policy,
            kind,
            deadline,
            failed: 0,
            may_have_been_executed: false,
        }
    }

    /// Which attempt is being made, from 1 on.
    pub(crate) fn current(&self) -> u32 {
        self.failed + 1
    }

    /// What to do about an attempt that began then and failed now. `roll` is a share of the longest wait, below 1.
    pub(crate) fn failed(&mut self, error: &Error, began: Instant, now: Instant, wall: SystemTime, roll: f64) -> Next {
        self.failed += 1;
        self.may_have_been_executed |= error.may_have_been_executed();
        if self.failed >= self.policy.attempts || !self.is_worth_another(error) {
            return Next::Over(None);
        }
        let asked = retry_after(error.headers(), wall);
        let limit = self.policy.greatest_retry_after;
        if let Some(asked) = asked.filter(|asked| *asked > limit) {
            return Next::Over(Some(format!(
                "; not repeated, for it asks for a wait of {asked:?}, and the retry policy allows {limit:?}"
            )));
        }
        let delay = asked.unwrap_or_default() + self.longest_delay().mul_f64(roll.clamp(0.0, 1.0));
        let Some(deadline) = self.deadline else {
            return Next::Again(delay);
        };
        let left = deadline.saturating_duration_since(now);
        if let Some(asked) = asked.filter(|asked| *asked >= left) {
            return Next::Over(Some(format!(
                "; not repeated, for it asks for a wait of {asked:?}, and {left:.1?} is left of the timeout"
            )));
        }
        // The next attempt is likely to take as long as this one did.
        match left.checked_sub(delay) {
            Some(left) if left > now.saturating_duration_since(began) => Next::Again(delay),
            _ => Next::Over(None),
        }
    }

    /// The error of the call, made of that of its last attempt.
    pub(crate) fn conclude(&self, last: Error, why: Option<String>) -> Error {
        let last = match why {
            Some(why) => last.suffixed(&why),
            None => last,
        };
        let last = last.after_attempts(self.failed);
        if self.may_have_been_executed {
            last.after_sending()
        } else {
            last
        }
    }

    fn is_worth_another(&self, error: &Error) -> bool {
        let nothing_was_sent = !error.may_have_been_executed() && error.status().is_none();
        if nothing_was_sent && error.is_retryable() {
            return true;
        }
        if error.is_final() || (self.kind == OperationKind::Mutation && !self.policy.repeat_mutations) {
            return false;
        }
        match (error.kind(), error.status()) {
            (ErrorKind::Disconnected, _) => true,
            (ErrorKind::Status, Some(StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)) => true,
            // AppSync answers 502 with an error for an API that has no schema, which lasts.
            (ErrorKind::Status, Some(StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT)) => {
                error.errors().is_empty()
            }
            _ => false,
        }
    }

    fn longest_delay(&self) -> Duration {
        let doublings = 2u32.saturating_pow(self.failed.saturating_sub(1));
        let delay = self.policy.first_delay.saturating_mul(doublings);
        delay.min(self.policy.greatest_delay).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use http::header::{DATE, RETRY_AFTER};
    use http::{HeaderMap, HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    const DATE_LATER: &str = "Fri, 31 Dec 1999 23:59:59 GMT";

    fn wall() -> SystemTime {
        httpdate::parse_http_date(DATE_LATER).unwrap() - Duration::from_secs(7)
    }

    fn status(status: u16, headers: &[(HeaderName, &'static str)]) -> Error {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect();
        let error = Error::new(ErrorKind::Status, "no").with_answer(StatusCode::from_u16(status).unwrap(), headers);
        if status == 503 || status < 500 {
            error
        } else {
            error.after_sending()
        }
    }

    fn refused() -> Error {
        Error::new(ErrorKind::Connect, "refused")
    }

    fn lost() -> Error {
        Error::new(ErrorKind::Disconnected, "lost").after_sending()
    }

    /// The wait after a first failure that took a millisecond, of a call that has 35 s; nothing if it is over.
    fn wait(kind: OperationKind, policy: &RetryPolicy, error: &Error) -> Result<Duration, Option<String>> {
        let began = Instant::now();
        let mut attempts = Attempts::new(policy, kind, Some(began + Duration::from_secs(35)));
        match attempts.failed(error, began, began + Duration::from_millis(1), wall(), 0.5) {
            Next::Again(wait) => Ok(wait),
            Next::Over(why) => Err(why),
        }
    }

    #[test]
    fn a_query_is_repeated_after_what_may_pass_and_a_mutation_only_if_nothing_was_sent() {
        let policy = RetryPolicy::default();
        let timeout = Error::new(ErrorKind::Timeout, "connecting took too long");
        let with_errors = {
            let error = gqlwire_proto::GraphQLError::from_value(serde_json::json!({"message": "no schema"}));
            status(502, &[]).with_errors(vec![error])
        };
        for (error, query, mutation) in [
            (refused(), true, true),
            (timeout.clone(), true, true),
            (timeout.after_sending(), false, false),
            (lost(), true, false),
            (lost().retryable(false), false, false),
            (lost().with_answer(StatusCode::OK, HeaderMap::new()), true, false),
            (status(429, &[]), true, false),
            (status(502, &[]), true, false),
            (status(503, &[]), true, false),
            (status(504, &[]), true, false),
            (with_errors, false, false),
            (status(500, &[]), false, false),
            (status(400, &[]), false, false),
            (status(302, &[]), false, false),
            (Error::new(ErrorKind::Auth, "no"), false, false),
            (Error::new(ErrorKind::Protocol, "no").after_sending(), false, false),
            (Error::new(ErrorKind::Request, "no"), false, false),
        ] {
            assert_eq!(wait(OperationKind::Query, &policy, &error).is_ok(), query, "{error:?}");
            assert_eq!(
                wait(OperationKind::Mutation, &policy, &error).is_ok(),
                mutation,
                "{error:?}"
            );
            let repeating = policy.clone().repeat_mutations();
            assert_eq!(
                wait(OperationKind::Mutation, &repeating, &error).is_ok(),
                query,
                "{error:?}"
            );
            assert!(wait(OperationKind::Query, &RetryPolicy::never(), &error).is_err());
        }
    }

    #[test]
    fn waits_double_up_to_the_greatest_and_attempts_end() {
        let policy = RetryPolicy::default()
            .attempts(5)
            .delays(Duration::from_secs(1), Duration::from_secs(3));
        let mut attempts = Attempts::new(&policy, OperationKind::Query, None);
        let now = Instant::now();
        let mut waits = Vec::new();
        let why = loop {
            match attempts.failed(&refused(), now, now, wall(), 0.5) {
                Next::Again(wait) => waits.push(wait.as_millis()),
                Next::Over(why) => break why,
            }
        };
        assert_eq!(waits, [500, 1000, 1500, 1500]);
        let error = attempts.conclude(refused(), why);
        assert_eq!(error.attempts(), 5);
        assert_eq!(error.to_string(), "refused (attempt 5)");
        assert!(!error.may_have_been_executed());
    }

    #[test]
    fn what_any_attempt_may_have_executed_may_have_been_executed() {
        let policy = RetryPolicy::default().attempts(2);
        let mut attempts = Attempts::new(&policy, OperationKind::Query, None);
        let now = Instant::now();
        assert!(matches!(
            attempts.failed(&lost(), now, now, wall(), 0.0),
            Next::Again(_)
        ));
        assert!(matches!(
            attempts.failed(&refused(), now, now, wall(), 0.0),
            Next::Over(None)
        ));
        let error = attempts.conclude(refused(), None);
        assert!(error.may_have_been_executed() && !error.is_retryable());
    }

    #[test]
    fn a_server_is_given_the_time_it_asks_for_in_seconds_or_by_date() {
        let policy = RetryPolicy::default();
        let wait = |headers: &[_]| wait(OperationKind::Query, &policy, &status(503, headers)).unwrap();
        assert_eq!(wait(&[(RETRY_AFTER, "3")]), Duration::from_millis(3100));
        assert_eq!(wait(&[(RETRY_AFTER, "0")]), Duration::from_millis(100));
        assert_eq!(wait(&[(RETRY_AFTER, DATE_LATER)]), Duration::from_millis(7100));
        // By the server's clock these are two seconds, and this machine's is wrong.
        let headers = [(RETRY_AFTER, DATE_LATER), (DATE, "Fri, 31 Dec 1999 23:59:57 GMT")];
        assert_eq!(wait(&headers), Duration::from_millis(2100));
        assert_eq!(
            wait(&[(RETRY_AFTER, "Fri, 31 Dec 1998 23:59:59 GMT")]),
            Duration::from_millis(100)
        );
        assert_eq!(wait(&[(RETRY_AFTER, "soon")]), Duration::from_millis(100));
    }

    #[test]
    fn a_server_that_asks_for_too_much_time_is_not_waited_for_and_the_error_says_so() {
        let policy = RetryPolicy::default();
        let error = status(503, &[(RETRY_AFTER, "11")]);
        let why = wait(OperationKind::Query, &policy, &error).unwrap_err().unwrap();
        assert!(why.contains("a wait of 11s, and the retry policy allows 10s"), "{why}");
        let patient = policy.greatest_retry_after(Duration::MAX);
        let error = status(429, &[(RETRY_AFTER, "18446744073709551615")]);
        let why = wait(OperationKind::Query, &patient, &error).unwrap_err().unwrap();
        assert!(why.contains("is left of the timeout"), "{why}");
    }

    #[test]
    fn an_attempt_that_took_longer_than_is_left_is_not_begun_again() {
        let policy = RetryPolicy::default();
        let began = Instant::now();
        let deadline = Some(began + Duration::from_secs(35));
        let after = |seconds| {
            let mut attempts = Attempts::new(&policy, OperationKind::Query, deadline);
            let now = began + Duration::from_secs(seconds);
            matches!(
                attempts.failed(&status(504, &[]), began, now, wall(), 0.5),
                Next::Again(_)
            )
        };
        assert!(after(1) && after(17));
        assert!(!after(18) && !after(30) && !after(40));
    }

    proptest! {
        #[test]
        fn no_policy_and_no_answer_makes_it_panic(
            text in "\\PC{0,40}", first in any::<u64>(), greatest in any::<u64>(), attempts in any::<u32>(), roll in 0.0..1.0f64,
        ) {
            let policy = RetryPolicy::default()
                .attempts(attempts)
                .delays(Duration::from_secs(first), Duration::from_secs(greatest))
                .greatest_retry_after(Duration::MAX);
            let mut error = refused();
            if let Ok(value) = HeaderValue::from_str(&text) {
                error = error.with_answer(StatusCode::SERVICE_UNAVAILABLE, HeaderMap::from_iter([(RETRY_AFTER, value)]));
            }
            let now = Instant::now();
            let mut state = Attempts::new(&policy, OperationKind::Query, now.checked_add(Duration::from_secs(first)));
            for _ in 0..40 {
                let _ = state.failed(&error, now, now, wall(), roll);
            }
        }
    }
}
