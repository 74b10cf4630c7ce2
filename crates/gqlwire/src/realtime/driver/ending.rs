//! How sockets and subscriptions end, and what their users are told.

use std::sync::atomic::Ordering;

use gqlwire_proto::connection::{CloseMeaning, Disconnect, RefusalKind};
use gqlwire_proto::session::{AuthSource, Cause, ConnectionId, Ending, SubscriptionHandle};

use super::{Driver, OperationKind, now};

use crate::realtime::{failure, queue};
use crate::{Error, ErrorKind};

/// What to try where the server did not say what it speaks.
const GUESSED: &str = "; the server named no subprotocol, and so was taken to speak the first one offered, as \
                       graphql-transport-ws: if it speaks the older graphql-ws, let `protocols` offer that alone";

impl Driver {
    pub(super) fn close_link(&mut self, connection: ConnectionId, code: Option<u16>, cause: Disconnect) {
        if let Some(opening) = self.opening.remove(&connection) {
            opening.abort();
        }
        let Some(link) = self.links.take(connection) else {
            return;
        };
        // The cause may be in the server's words, which may repeat credentials: errors have them taken out, logs cannot.
        tracing::debug!(endpoint = %self.shared.endpoint, "connection over");
        self.goodbyes.push(link.close(code));
        // With better credentials, or the right time, another connection may do: the session knows.
        let server = self.shared.server();
        let may_have_a_remedy = match &cause {
            // What is wrong stands in words alone elsewhere.
            Disconnect::Refused(_) if server.uses_codes => true,
            Disconnect::Refused(refusal) => matches!(
                refusal.kind(),
                RefusalKind::BadRequest | RefusalKind::Unauthorized | RefusalKind::TokenExpired
            ),
            Disconnect::Closed { code, .. } => server.meaning(*code) == CloseMeaning::Unauthorized,
            Disconnect::Requested => true,
            _ => false,
        };
        if may_have_a_remedy || self.shared.has_worked() || self.shared.options.subscribe_deadline.is_some() {
            return;
        }
        // The first connection of all did not come about: most likely there is nothing to connect to.
        for subscription in self.entries.starting() {
            let ending = Ending::Disconnected {
                attempts: 0,
                cause: cause.clone().into(),
            };
            self.ended(subscription, ending);
            self.session.stop(subscription, now());
        }
    }

    pub(super) fn ended(&mut self, subscription: SubscriptionHandle, ending: Ending) {
        let Some(entry) = self.entries.remove(subscription) else {
            return;
        };
        self.handles.remove(&entry.token);
        for work in [&entry.asking, &entry.catching_up].into_iter().flatten() {
            work.abort();
        }
        let guessed = self.shared.guessed.load(Ordering::Relaxed) && is_about_the_connection(&ending);
        let refused_connection = matches!(
            &ending,
            Ending::Disconnected { cause, .. } | Ending::Final(cause)
                if matches!(cause, Cause::Disconnected(Disconnect::Refused(_)))
        );
        // Whose credentials the server refused, if it did; a handshake's refusal says so itself.
        let refused = match &ending {
            Ending::Disconnected { cause, .. } | Ending::Final(cause) | Ending::Unanswered(cause) => match cause {
                Cause::Refused(_) => self.sources.provider(entry.source),
                Cause::Disconnected(_) => self.sources.provider(AuthSource::CLIENT),
                _ => None,
            },
            _ => None,
        };
        let error = match ending {
            Ending::NotAcknowledged { waited, cause } if !entry.is_established() => {
                let late = entry.progress.timed_out(waited);
                let late = late.unwrap_or_else(|| Error::timeout("starting the subscription", waited));
                // Attempts were made, and this is what came of the last. A refusal is what matters then, and not that time
                // ran out over trying again.
                let last = cause.map(|cause| failure::of_cause(cause, false, self.shared.server()));
                Some(match last {
                    Some(last) if !last.errors().is_empty() => last.prefixed(&late.to_string()),
                    Some(last) => late.suffixed(&format!(": {last}")),
                    None => late,
                })
            }
            Ending::Closed if entry.kind != OperationKind::Subscription && entry.is_established() => {
                let message = format!(
                    "the client was closed before {} had answered the {}",
                    self.shared.endpoint, entry.kind
                );
                Some(Error::new(ErrorKind::Closed, message).after_sending())
            }
            ending => failure::of_ending(ending, entry.is_established(), self.shared.server()),
        };
        let error = error.map(
            |error| match refused_connection && entry.kind != OperationKind::Subscription {
                // Whatever the server does not like, it will not like in a moment either.
                true => error.retryable(false),
                false => error,
            },
        );
        let error = error.map(|error| match guessed {
            true => error.suffixed(GUESSED),
            false => error,
        });
        let error = error.map(|error| self.sources.redact(error).without_secrets(&entry.secrets));
        let error = error.map(|error| match refused {
            Some(provider) if error.is_auth() => error.refusing(provider),
            _ => error,
        });
        self.sources.remove(entry.source);
        if let Some(starting) = entry.starting {
            let _ = starting.send(error.clone().map_or(Ok(()), Err));
        }
        entry.writer.end(match error {
            None => queue::Ending::Completed,
            Some(error) => queue::Ending::Failed(error),
        });
    }
}

/// Whether a server that was misunderstood might have ended it so.
fn is_about_the_connection(ending: &Ending) -> bool {
    match ending {
        Ending::Disconnected { cause, .. } | Ending::Final(cause) | Ending::Unanswered(cause) => matches!(
            cause,
            Cause::Disconnected(
                Disconnect::Closed { .. }
                    | Disconnect::Malformed(_)
                    | Disconnect::NoAck(_)
                    | Disconnect::Refused(_)
                    | Disconnect::Violation { .. }
            )
        ),
        _ => false,
    }
}
