//! What the state machine reports, in the words and kinds of this crate's errors.

use gqlwire_proto::appsync::{Disconnect, End, Refusal, RefusalKind};

use crate::{Error, ErrorKind};

/// Why a subscription ended; `None` if it ended well.
pub(super) fn of_subscription(end: End, endpoint: &str) -> Option<Error> {
    match end {
        End::Completed | End::Stopped => None,
        End::Disconnected(Disconnect::Refused(refusal)) => {
            let what = format!("{endpoint} ended the connection");
            Some(of_refusal(refusal, &what, ErrorKind::Disconnected))
        }
        End::Disconnected(cause) => Some(of_connection(cause, endpoint)),
        End::Failed(refusal) => {
            let what = format!("{endpoint} ended the subscription");
            Some(of_refusal(refusal, &what, ErrorKind::GraphQL))
        }
        End::Refused(refusal) => {
            let what = format!("{endpoint} refused the subscription");
            Some(of_refusal(refusal, &what, ErrorKind::GraphQL))
        }
        End::NoStartAck { waited, hint } => {
            let said = hint
                .as_ref()
                .map(|hint| format!("; it said: {hint}"))
                .unwrap_or_default();
            let message = format!("{endpoint} did not acknowledge the subscription within {waited:?}{said}");
            let errors = hint.map(Refusal::into_errors).unwrap_or_default();
            Some(Error::new(ErrorKind::Timeout, message).with_errors(errors))
        }
    }
}

/// Why a connection ended.
pub(super) fn of_connection(cause: Disconnect, endpoint: &str) -> Error {
    let message = format!("{endpoint}: {cause}");
    match cause {
        Disconnect::Refused(refusal) => of_refusal(
            refusal,
            &format!("{endpoint} refused the connection"),
            ErrorKind::Connect,
        ),
        Disconnect::NoAck(_) => Error::new(ErrorKind::Timeout, message),
        Disconnect::Closed { code, reason } => Error::new(ErrorKind::Disconnected, message).with_close(code, reason),
        Disconnect::Binary(_) | Disconnect::Malformed(_) => Error::new(ErrorKind::Protocol, message),
        Disconnect::Requested => Error::new(ErrorKind::Closed, message),
        _ => Error::new(ErrorKind::Disconnected, message),
    }
}

fn of_refusal(refusal: Refusal, what: &str, otherwise: ErrorKind) -> Error {
    let (kind, advice) = match refusal.kind() {
        RefusalKind::Unauthorized | RefusalKind::BadRequest => (ErrorKind::Auth, ""),
        RefusalKind::TokenExpired => (ErrorKind::Auth, "; get a fresh token"),
        RefusalKind::Duplicated => (otherwise, "; a subscription may have only one root field"),
        RefusalKind::LimitExceeded => (otherwise, "; start subscriptions more slowly"),
        RefusalKind::MaxSubscriptions => (otherwise, "; open another client for more"),
        _ => (otherwise, ""),
    };
    let later = refusal.kind() == RefusalKind::LimitExceeded;
    let error = Error::new(kind, format!("{what}: {refusal}{advice}")).with_errors(refusal.into_errors());
    if later { error.retryable(true) } else { error }
}
