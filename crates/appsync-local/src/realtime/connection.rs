use std::collections::HashMap;
use std::io::ErrorKind;
use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use gqlwire_proto::GraphQLError;
use gqlwire_proto::appsync::{ClientMessage, ServerMessage};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep, sleep_until};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::handshake::Upgrade;
use super::outbox::{Outbox, Outgoing};
use super::socket::{Incoming, Socket};
use super::start;
use crate::hub::Registration;
use crate::server::Core;
use crate::stats::Gauge;
use crate::stop::Stop;

/// How many frames go out with one flush.
const BATCH: usize = 64;

/// How long a refused client may take to send what it has to send first.
const REFUSAL_PATIENCE: Duration = Duration::from_secs(1);

/// Serves one realtime connection to its end.
///
/// ```text
///  upgrade ─▶ refused ── connection_error ─▶ closed
///     │
///     ▼     connection_init / connection_ack, ka
///   Quiet ─────────────────────────────────────▶ Live ─ ka each minute, start / start_ack, data, stop / complete
///     │  ╰── start / start_ack (init is optional) ─▲ │
///     ▼                                              ▼
///   closed after the init deadline                 closed: by the client, a day old, too slow, shutdown
/// ```
///
/// AppSync ignores what comes between `connection_init` and its answer. Here the answer is queued before the next frame
/// is read, so there is no such time.
pub(crate) async fn run(core: &Arc<Core>, upgrade: Upgrade, mut stop: Stop) {
    let Some(mut socket) = Socket::open(upgrade.socket, &core.limits).await else {
        return;
    };
    let _open = Gauge::up(&core.counters.realtime_connections);
    if let Some(refusal) = upgrade.refusal {
        let patience = core.limits.init_deadline.min(REFUSAL_PATIENCE);
        return refuse(socket, &refusal, patience, stop).await;
    }
    let (outbox, outgoing) = Outbox::new(&core.limits);
    let mut connection = Connection {
        core,
        outbox,
        subscriptions: HashMap::new(),
        live: false,
        keep_alive: keep_alive(core),
    };
    if let Break(Some((code, reason))) = connection.serve(&mut socket, outgoing, &mut stop).await {
        tracing::debug!(?code, reason, "closing a realtime connection");
        drop(connection);
        socket.close(code, reason).await;
    }
}

/// Says why the connection is refused, and closes it once the client has had its say.
///
/// Most clients send `connection_init` before they read anything, and one that finds the socket closed by then reports
/// that instead of the reason (Python's gql does).
async fn refuse(mut socket: Socket, refusal: &GraphQLError, patience: Duration, mut stop: Stop) {
    let errors = std::slice::from_ref(refusal);
    let text = ServerMessage::ConnectionError { errors }.to_text();
    if socket.write(vec![text]).await.is_err() {
        return;
    }
    tokio::select! {
        _ = socket.read() => {}
        () = sleep(patience) => {}
        () = stop.asked() => {}
    }
    socket.close(CloseCode::Normal, "connection_error").await;
}

/// Why a connection ends: with a code and reason to send, or without a word because the client is gone.
type End = Option<(CloseCode, &'static str)>;

#[derive(Debug)]
pub(super) struct Connection<'a> {
    pub(super) core: &'a Arc<Core>,
    pub(super) outbox: Outbox,
    pub(super) subscriptions: HashMap<String, Registration>,
    live: bool,
    keep_alive: Interval,
}

impl Connection<'_> {
    async fn serve(&mut self, socket: &mut Socket, mut outgoing: Outgoing, stop: &mut Stop) -> ControlFlow<End> {
        let opened = Instant::now();
        let init_deadline = opened + self.core.limits.init_deadline;
        let oldest = opened + self.core.limits.connection_lifetime;
        loop {
            tokio::select! {
                () = stop.asked() => return away(),
                () = self.outbox.overflow() => return self.too_slow(),
                () = sleep_until(init_deadline), if !self.live => {
                    return Break(Some((CloseCode::Policy, "no connection_init in time")));
                }
                () = sleep_until(oldest) => return Break(Some((CloseCode::Normal, "the connection is too old"))),
                _ = self.keep_alive.tick(), if self.live => self.outbox.push(ServerMessage::KeepAlive.to_text()),
                Some(frame) = outgoing.next() => self.write(socket, frame, &mut outgoing, stop).await?,
                incoming = socket.read() => self.take(incoming).await?,
            }
        }
    }

    /// Writes a frame and what waits behind it, for as long as nobody gives up on this client.
    async fn write(
        &self,
        socket: &mut Socket,
        frame: String,
        outgoing: &mut Outgoing,
        stop: &mut Stop,
    ) -> ControlFlow<End> {
        let mut frames = vec![frame];
        while frames.len() < BATCH
            && let Some(frame) = outgoing.ready()
        {
            frames.push(frame);
        }
        tokio::select! {
            written = socket.write(frames) => match written {
                Ok(()) => Continue(()),
                Err(Error::Io(error)) if error.kind() == ErrorKind::TimedOut => self.too_slow(),
                Err(error) => {
                    tracing::debug!(%error, "a realtime client is gone");
                    Break(None)
                }
            },
            () = self.outbox.overflow() => self.too_slow(),
            () = stop.asked() => away(),
        }
    }

    async fn take(&mut self, incoming: Incoming) -> ControlFlow<End> {
        let text = match incoming {
            Incoming::Text(text) => text,
            Incoming::Binary => {
                self.error(
                    None,
                    bad_request("Binary frames are not part of the protocol: send JSON as text."),
                );
                return Continue(());
            }
            Incoming::End => return Break(None),
            Incoming::Violation(code, reason) => return Break(Some((code, reason))),
        };
        match ClientMessage::parse(&text) {
            Ok(ClientMessage::ConnectionInit) => {
                let timeout = self.core.limits.connection_timeout;
                self.outbox.push(ServerMessage::ConnectionAck { timeout }.to_text());
                self.outbox.push(ServerMessage::KeepAlive.to_text());
                self.go_live();
            }
            Ok(ClientMessage::Start {
                id,
                data,
                authorization,
            }) => {
                self.go_live();
                start::start(self, id, data, authorization.as_deref()).await;
            }
            // An id that is not there was refused at its start, or is over already: its client waits for the same word.
            Ok(ClientMessage::Stop { id }) => {
                let complete = ServerMessage::Complete { id: &id }.to_text();
                match self.subscriptions.remove(&id) {
                    Some(registration) => registration.finish(complete),
                    None => self.outbox.push(complete),
                }
            }
            Ok(ClientMessage::Unknown { kind, id: _ }) if kind == "connection_terminate" => {
                return Break(Some((CloseCode::Normal, "connection_terminate")));
            }
            Ok(ClientMessage::Unknown { id, .. }) => self.error(id.as_deref(), unsupported("unknown")),
            Ok(_) => self.error(None, unsupported("unknown")),
            Err(error) => match error.id() {
                Some(id) => self.error(Some(id), unsupported("unknown")),
                None => self.error(None, bad_request(error.why())),
            },
        }
        Continue(())
    }

    fn go_live(&mut self) {
        if !self.live {
            self.live = true;
            self.keep_alive.reset();
        }
    }

    pub(super) fn error(&self, id: Option<&str>, error: GraphQLError) {
        self.errors(id, &[error], false);
    }

    pub(super) fn errors(&self, id: Option<&str>, errors: &[GraphQLError], as_object: bool) {
        self.outbox
            .push(ServerMessage::Error { id, errors, as_object }.to_text());
    }

    fn too_slow(&self) -> ControlFlow<End> {
        self.core.counters.slow_readers.fetch_add(1, Relaxed);
        tracing::warn!("a realtime client reads too slowly: closing its connection");
        Break(Some((CloseCode::Policy, "the client reads too slowly")))
    }
}

/// What AppSync says to anything that is not a subscription.
pub(super) fn unsupported(what: &str) -> GraphQLError {
    GraphQLError::new(format!("{what} not supported through the realtime channel"))
        .with_error_type("UnsupportedOperation")
}

pub(super) fn bad_request(message: &str) -> GraphQLError {
    GraphQLError::new(message).with_error_type("BadRequestException")
}

fn away() -> ControlFlow<End> {
    Break(Some((CloseCode::Away, "the server is shutting down")))
}

fn keep_alive(core: &Core) -> Interval {
    // tokio has no interval of nothing.
    let period = core.limits.keep_alive.max(Duration::from_millis(1));
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
