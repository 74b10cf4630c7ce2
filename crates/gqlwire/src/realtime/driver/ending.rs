//! How sockets and subscriptions end, and what their users are told.

use gqlwire_proto::appsync::{Disconnect, RefusalKind};
use gqlwire_proto::session::{AuthSource, Cause, ConnectionId, Ending, SubscriptionHandle};

use super::{Driver, now};
use crate::Error;
use crate::realtime::{failure, queue};

impl Driver {
    pub(super) fn close_link(&mut self, connection: ConnectionId, cause: Disconnect) {
        if let Some(opening) = self.opening.remove(&connection) {
            opening.abort();
        }
        let Some(link) = self.links.take(connection) else {
            return;
        };
        // The cause may be in the server's words, which may repeat credentials: errors have them taken out, logs cannot.
        tracing::debug!(endpoint = %self.shared.endpoint, "connection over");
        self.goodbyes.push(link.close(&cause));
        // With better credentials, or the right time, another connection may do: the session knows.
        let may_have_a_remedy = match &cause {
            Disconnect::Refused(refusal) => matches!(
                refusal.kind(),
                RefusalKind::BadRequest | RefusalKind::Unauthorized | RefusalKind::TokenExpired
            ),
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
        // Whose credentials the server refused, if it did; a handshake's refusal says so itself.
        let refused = match &ending {
            Ending::Disconnected { cause, .. } | Ending::Final(cause) => match cause {
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
                let last = cause.map(|cause| failure::of_cause(cause, false, &self.shared.endpoint));
                Some(match last {
                    Some(last) if !last.errors().is_empty() => last.prefixed(&late.to_string()),
                    Some(last) => late.suffixed(&format!(": {last}")),
                    None => late,
                })
            }
            ending => failure::of_ending(ending, entry.is_established(), &self.shared.endpoint),
        };
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
