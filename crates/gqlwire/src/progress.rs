use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gqlwire_proto::scan::OperationKind;

use crate::Error;

/// What a call is busy with, so that a timeout around it can say where it hung. Clones of a request share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress(Arc<Mutex<Option<Stage>>>);

/// What that is; a call that is in time never writes it out.
#[derive(Debug)]
pub(crate) enum Doing {
    /// Getting credentials for a request to this place.
    #[cfg_attr(not(feature = "http"), allow(dead_code))]
    Authorising(OperationKind, Arc<str>),
    Other(String),
    /// A request to this place.
    #[cfg_attr(not(feature = "http"), allow(dead_code))]
    Sending(OperationKind, Arc<str>),
}

impl From<String> for Doing {
    fn from(what: String) -> Self {
        Self::Other(what)
    }
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authorising(kind, place) => write!(f, "getting credentials for the {kind} to {place}"),
            Self::Other(what) => f.write_str(what),
            Self::Sending(kind, place) => write!(f, "the {kind} to {place}"),
        }
    }
}

#[derive(Debug)]
struct Stage {
    what: Doing,
    /// Whether the request may have been executed.
    sent: bool,
    /// How many attempts have failed, and how the last of them did.
    failed: Option<(u32, Error)>,
}

impl Progress {
    /// Notes what it is busy with before anything is sent.
    #[cfg_attr(not(feature = "http"), allow(dead_code))]
    pub(crate) fn before_sending(&self, what: impl Into<Doing>) {
        self.set(what.into(), false);
    }

    /// Notes what it is busy with once the server may be executing the request.
    #[cfg_attr(not(feature = "http"), allow(dead_code))]
    pub(crate) fn after_sending(&self, what: impl Into<Doing>) {
        self.set(what.into(), true);
    }

    /// The error of a call that took too long; `None` if its transport says nothing of its progress.
    pub(crate) fn timed_out(&self, limit: Duration) -> Option<Error> {
        let stage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let stage = stage.as_ref()?;
        let error = Error::timeout(&stage.what.to_string(), limit);
        let error = if stage.sent { error.after_sending() } else { error };
        Some(match &stage.failed {
            None => error,
            Some((attempts, last)) => {
                let error = error.suffixed(&format!("; the attempt before failed: {last}"));
                let error = error.after_attempts(attempts + 1);
                if last.may_have_been_executed() {
                    error.after_sending()
                } else {
                    error
                }
            }
        })
    }

    /// Notes that attempts have failed, and that there will be another.
    #[cfg_attr(not(feature = "http"), allow(dead_code))]
    pub(crate) fn failed(&self, what: String, attempts: u32, last: Error) {
        self.set(what.into(), false);
        if let Some(stage) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            stage.failed = Some((attempts, last));
        }
    }

    #[cfg_attr(not(feature = "http"), allow(dead_code))]
    fn set(&self, what: Doing, sent: bool) {
        let mut stage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = stage.take().and_then(|before| before.failed);
        *stage = Some(Stage { what, sent, failed });
    }
}
