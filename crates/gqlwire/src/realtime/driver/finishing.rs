//! What providers and handshakes have come to.

use std::sync::Arc;

use gqlwire_proto::session::{
    AuthSource, ConnectionId, Failure, OpenFailure, OpenFailureKind, Opening, SubscriptionHandle, Ticket,
};

use super::{Driver, now};
use crate::Error;
use crate::realtime::credentials::Answer;
use crate::realtime::link::Link;
use crate::realtime::work::{Done, Opened};
use crate::redact::Secrets;

impl Driver {
    pub(super) fn finish(&mut self, done: Done) {
        match done {
            Done::Abandoned => {}
            Done::Authorized {
                ticket,
                subscription,
                source,
                outcome,
            } => self.authorized(ticket, subscription, source, outcome),
            Done::CaughtUp {
                subscription,
                run,
                outcome,
            } => {
                let outcome = outcome.map_err(|error| Arc::new(error) as Failure);
                self.session.catch_up_done(subscription, run, outcome, now());
            }
            Done::LastWords { connection, why } => self.session.lost(connection, &why, now()),
            Done::Opened { connection, outcome } => self.opened(connection, outcome),
            Done::Refreshed {
                source,
                generation,
                better,
            } => {
                if better {
                    self.sources.refreshed(source, generation);
                }
                self.session.refreshed(source, generation, better, now());
            }
        }
    }

    fn authorized(
        &mut self,
        ticket: Ticket,
        subscription: SubscriptionHandle,
        source: AuthSource,
        outcome: Result<(Answer, Box<serde_json::value::RawValue>), Error>,
    ) {
        let Some(entry) = self.entries.find(subscription) else {
            return;
        };
        match outcome {
            Ok((answer, object)) => {
                entry.secrets = Secrets::of(&answer.authorization.headers)
                    .and_of(&entry.headers)
                    .and_of(&self.shared.options.headers);
                let what = format!("waiting for start_ack from {}", self.shared.endpoint);
                entry.progress.before_sending(what);
                let issued = answer.issued(now(), self.sources.correct_time(self.wall()));
                self.sources.issued(source, answer.authorization);
                self.session.authorized(ticket, &object, issued, now());
            }
            Err(error) => {
                let temporary = self.shared.may_pass(&error, entry.is_established());
                let why: Failure = Arc::new(error);
                self.session.authorization_failed(ticket, why, temporary, now());
            }
        }
    }

    fn opened(&mut self, connection: ConnectionId, outcome: Result<Opened, Error>) {
        if self.opening.remove(&connection).is_none() {
            return;
        }
        let wall = self.sources.correct_time(self.wall());
        let (kind, error) = match outcome {
            Ok(Opened {
                answer,
                protocol,
                init,
                secrets,
                socket,
            }) => {
                let issued = answer.issued(now(), wall);
                self.sources.remember(secrets);
                self.sources.issued(AuthSource::CLIENT, answer.authorization);
                match socket {
                    Ok(socket) => {
                        for progress in self.entries.waiting() {
                            let what = format!("waiting for connection_ack from {}", self.shared.endpoint);
                            progress.before_sending(what);
                        }
                        self.links.add(Link::new(connection, socket));
                        let mut opening = Opening::new(protocol, issued);
                        opening.init = init.map(|init| Box::<str>::from(init).into());
                        return self.session.opened(connection, opening, now());
                    }
                    Err(error) if error.is_auth() => {
                        let date = error
                            .headers()
                            .get(http::header::DATE)
                            .and_then(|date| date.to_str().ok());
                        let date = date.and_then(|date| httpdate::parse_http_date(date).ok());
                        let kind = OpenFailureKind::Unauthorized {
                            generation: issued.generation,
                            dates: date.map(|date| (date, wall)),
                        };
                        (kind, error.refusing(self.shared.options.auth.as_ref()))
                    }
                    Err(error) => (self.kind_of_failure(&error), error),
                }
            }
            Err(error) => (self.kind_of_failure(&error), error),
        };
        tracing::debug!(endpoint = %self.shared.endpoint, %error, "no connection");
        let cause: Failure = Arc::new(error);
        self.session.open_failed(connection, OpenFailure { kind, cause }, now());
    }

    fn kind_of_failure(&self, error: &Error) -> OpenFailureKind {
        match self.shared.may_pass(error, self.shared.has_worked()) {
            true => OpenFailureKind::Temporary,
            false => OpenFailureKind::Final,
        }
    }
}
