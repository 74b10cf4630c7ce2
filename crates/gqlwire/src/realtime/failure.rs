//! What the session reports, in the words and kinds of this crate's errors.

use std::fmt;

use gqlwire_proto::connection::{CloseMeaning, Disconnect, Refusal, RefusalKind};
use gqlwire_proto::session::{Cause, Ending, Failure};

use crate::error::summary;
use crate::{Error, ErrorKind};

/// Who is at the other end.
#[derive(Clone, Copy)]
pub(super) struct Server<'s> {
    pub(super) endpoint: &'s str,
    /// Whether its close codes mean what `graphql-transport-ws` has them mean.
    pub(super) uses_codes: bool,
}

impl Server<'_> {
    /// What a close says of the next attempt, as far as its code tells.
    pub(super) fn meaning(&self, code: Option<u16>) -> CloseMeaning {
        match self.uses_codes {
            true => CloseMeaning::of(code),
            false => CloseMeaning::Retry,
        }
    }
}

impl fmt::Display for Server<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.endpoint)
    }
}

/// Why a subscription ended; `None` if it ended well. Its words differ by whether it had been established.
pub(super) fn of_ending(ending: Ending, established: bool, endpoint: Server<'_>) -> Option<Error> {
    match ending {
        Ending::CatchUp(failure) => {
            let what = format!("{endpoint}: the subscription ends because its catch-up failed");
            Some(of_failure(&failure).prefixed(&what))
        }
        Ending::Closed if !established => Some(Error::new(
            ErrorKind::Closed,
            format!("{endpoint}: the client was closed before the subscription was acknowledged"),
        )),
        Ending::Closed | Ending::Completed | Ending::Stopped => None,
        Ending::Disconnected { attempts: 0, cause } | Ending::Final(cause) => {
            Some(of_cause(cause, established, endpoint))
        }
        Ending::Disconnected { attempts, cause } => {
            let error = of_cause(cause, established, endpoint);
            Some(error.suffixed(&format!("; given up after {attempts} more attempts")))
        }
        Ending::Unanswered(cause) => Some(of_cause(cause, established, endpoint).after_sending()),
        Ending::Invalidated(refusal) => Some(ended(refusal, endpoint)),
        Ending::NotAcknowledged { waited, cause } => {
            let cause = cause.map(|cause| of_cause(cause, established, endpoint));
            let said = cause.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default();
            let message = format!("{endpoint} did not acknowledge the subscription within {waited:?}{said}");
            let errors = cause.as_ref().map(|cause| cause.errors().to_vec()).unwrap_or_default();
            Some(Error::new(ErrorKind::Timeout, message).with_errors(errors))
        }
        other => Some(Error::new(ErrorKind::Disconnected, format!("{endpoint}: {other:?}"))),
    }
}

/// What happened to a connection, to an attempt at one, or to a start.
pub(super) fn of_cause(cause: Cause, established: bool, endpoint: Server<'_>) -> Error {
    match cause {
        Cause::Auth(failure) | Cause::Open(failure) => of_failure(&failure),
        Cause::Disconnected(Disconnect::Refused(refusal)) if established => {
            let what = format!("{endpoint} ended the connection");
            of_refusal(refusal, &what, ErrorKind::Disconnected)
        }
        Cause::Disconnected(disconnect) => of_connection(disconnect, endpoint),
        Cause::NoStartAck { waited, hint } => {
            let said = hint
                .as_ref()
                .map(|hint| format!("; it said: {}", said(hint)))
                .unwrap_or_default();
            let message = format!("{endpoint} did not acknowledge the subscription within {waited:?}{said}");
            let errors = hint.map(Refusal::into_errors).unwrap_or_default();
            Error::new(ErrorKind::Timeout, message).with_errors(errors)
        }
        Cause::Refused(refusal) if established => ended(refusal, endpoint),
        Cause::Refused(refusal) => {
            let what = format!("{endpoint} refused the subscription");
            of_refusal(refusal, &what, ErrorKind::GraphQL)
        }
        other => Error::new(ErrorKind::Disconnected, format!("{endpoint}: {other}")),
    }
}

/// Why a connection ended.
pub(super) fn of_connection(cause: Disconnect, endpoint: Server<'_>) -> Error {
    let message = format!("{endpoint}: {cause}");
    match cause {
        Disconnect::Refused(refusal) => {
            // AppSync says what is wrong; what others refuse a connection for is its payload.
            let kind = match endpoint.uses_codes {
                true => ErrorKind::Auth,
                false => ErrorKind::Connect,
            };
            of_refusal(refusal, &format!("{endpoint} refused the connection"), kind)
        }
        Disconnect::NoAck(_) => Error::new(ErrorKind::Timeout, message),
        Disconnect::Closed { code, reason } => {
            let error = |kind| Error::new(kind, message).with_close(code, reason);
            match endpoint.meaning(code) {
                CloseMeaning::Final => error(ErrorKind::Disconnected).retryable(false),
                CloseMeaning::Retry => error(ErrorKind::Disconnected),
                CloseMeaning::Unauthorized => error(ErrorKind::Auth),
            }
        }
        Disconnect::Binary(_) | Disconnect::Malformed(_) | Disconnect::Violation { .. } => {
            Error::new(ErrorKind::Protocol, message)
        }
        Disconnect::Requested => Error::new(ErrorKind::Closed, message),
        _ => Error::new(ErrorKind::Disconnected, message),
    }
}

/// What went wrong here comes back as it was handed in.
fn of_failure(failure: &Failure) -> Error {
    match failure.downcast_ref::<Error>() {
        Some(error) => error.clone(),
        None => Error::new(ErrorKind::Disconnected, failure.to_string()),
    }
}

fn ended(refusal: Refusal, endpoint: Server<'_>) -> Error {
    let what = format!("{endpoint} ended the subscription");
    of_refusal(refusal, &what, ErrorKind::GraphQL)
}

fn of_refusal(refusal: Refusal, what: &str, otherwise: ErrorKind) -> Error {
    let (kind, advice) = match refusal.kind() {
        RefusalKind::Unauthorized | RefusalKind::BadRequest => (ErrorKind::Auth, ""),
        RefusalKind::TokenExpired => (ErrorKind::Auth, "; get a fresh token"),
        RefusalKind::Duplicated => (otherwise, "; a subscription may have only one root field"),
        RefusalKind::LimitExceeded => (otherwise, "; start subscriptions more slowly"),
        _ => (otherwise, ""),
    };
    let later = refusal.kind() == RefusalKind::LimitExceeded;
    let error = Error::new(kind, format!("{what}: {}{advice}", said(&refusal))).with_errors(refusal.into_errors());
    if later { error.retryable(true) } else { error }
}

fn said(refusal: &Refusal) -> String {
    summary(refusal.errors(), "the server gave no reason")
}
