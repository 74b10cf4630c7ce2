use std::time::Instant;

use serde_json::value::RawValue;

use super::{Action, Data, Disconnect, LegacyWs, Phoenix, Protocol, Refusal, Settings, SubscriptionId, TransportWs};
use crate::appsync::Realtime;

/// A connection, whatever it speaks.
///
/// It opens no socket and reads no clock. Whoever holds the socket tells it what arrived and what time it is, and
/// carries out what [`poll`](Self::poll) says.
#[derive(Debug)]
#[non_exhaustive]
pub enum Connection {
    /// AppSync's realtime protocol.
    AppSync(Box<Realtime>),
    /// Apollo's legacy protocol.
    LegacyWs(LegacyWs),
    /// Absinthe over Phoenix channels.
    Phoenix(Box<Phoenix>),
    /// The protocol of `graphql-ws`.
    TransportWs(TransportWs),
}

/// An operation that is to be started.
#[derive(Clone, Copy)]
pub struct Start<'a> {
    /// The JSON of its request.
    pub body: &'a str,
    /// The authorization object that was made for that text, where operations are signed.
    pub authorization: Option<&'a RawValue>,
    /// Whether it is a query or a mutation, which has one result.
    pub once: bool,
}

/// Hides the body, which holds the variables, and the authorization.
impl std::fmt::Debug for Start<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Start")
            .field("body_len", &self.body.len())
            .field("once", &self.once)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// A connection whose socket has just opened. `init` is the JSON that goes with `connection_init`, or with
    /// `phx_join`; AppSync takes none.
    pub fn opened(protocol: Protocol, settings: &Settings, init: Option<&str>, now: Instant) -> Self {
        match protocol {
            Protocol::AppSync => Self::AppSync(Box::new(Realtime::opened(settings.timeouts.clone(), now).shared())),
            Protocol::LegacyWs => Self::LegacyWs(LegacyWs::opened(settings, init, now)),
            Protocol::Phoenix => Self::Phoenix(Box::new(Phoenix::opened(settings, init, now))),
            Protocol::TransportWs => Self::TransportWs(TransportWs::opened(settings, init, now)),
        }
    }

    /// What it speaks.
    pub fn protocol(&self) -> Protocol {
        match self {
            Self::AppSync(_) => Protocol::AppSync,
            Self::LegacyWs(_) => Protocol::LegacyWs,
            Self::Phoenix(_) => Protocol::Phoenix,
            Self::TransportWs(_) => Protocol::TransportWs,
        }
    }

    /// What the server said with its acknowledgement, as JSON.
    pub fn ack_payload(&self) -> Option<&str> {
        match self {
            Self::AppSync(realtime) => realtime.ack_payload(),
            Self::LegacyWs(machine) => machine.ledger().ack_payload(),
            Self::Phoenix(machine) => machine.ledger().ack_payload(),
            Self::TransportWs(machine) => machine.ledger().ack_payload(),
        }
    }

    /// Whether operations may be started.
    pub fn is_ready(&self) -> bool {
        match self {
            Self::AppSync(realtime) => realtime.is_ready(),
            Self::LegacyWs(machine) => machine.ledger().is_ready(),
            Self::Phoenix(machine) => machine.ledger().is_ready(),
            Self::TransportWs(machine) => machine.ledger().is_ready(),
        }
    }

    /// How many operations the server holds for this connection, as far as the client knows.
    pub fn operations(&self) -> usize {
        match self {
            Self::AppSync(realtime) => realtime.subscriptions(),
            Self::LegacyWs(machine) => machine.ledger().len(),
            Self::Phoenix(machine) => machine.ledger().len(),
            Self::TransportWs(machine) => machine.ledger().len(),
        }
    }

    /// Starts an operation with an id that names a slot, so that whoever keeps operations in slots finds an event's by
    /// index.
    ///
    /// On a connection that is not ready it ends at once, with the reason.
    pub fn start_in(&mut self, slot: u16, start: Start<'_>, now: Instant) -> SubscriptionId {
        match self {
            Self::AppSync(realtime) => match start.authorization {
                Some(authorization) => realtime.start_in(slot, start.body, authorization, now),
                None => realtime.start_in(slot, start.body, unsigned(), now),
            },
            Self::LegacyWs(machine) => machine.start_in(slot, start),
            Self::Phoenix(machine) => machine.start_in(slot, start),
            Self::TransportWs(machine) => machine.start_in(slot, start),
        }
    }

    /// Stops an operation; one that is over is left alone.
    pub fn stop(&mut self, id: SubscriptionId, now: Instant) {
        match self {
            Self::AppSync(realtime) => realtime.stop(id, now),
            Self::LegacyWs(machine) => machine.stop(id),
            Self::Phoenix(machine) => machine.stop(id),
            Self::TransportWs(machine) => machine.stop(id),
        }
    }

    /// A query or mutation has its result. What ends it by itself on the server is not told to stop.
    pub fn finish(&mut self, id: SubscriptionId, now: Instant) {
        match self {
            Self::AppSync(realtime) => realtime.stop(id, now),
            Self::LegacyWs(machine) => machine.finish(id),
            Self::Phoenix(machine) => machine.finish(id),
            Self::TransportWs(machine) => machine.finish(id),
        }
    }

    /// Stops every operation and closes the connection: at once, unless the protocol answers a stop.
    pub fn close(&mut self, now: Instant) {
        match self {
            Self::AppSync(realtime) => realtime.close(now),
            Self::LegacyWs(machine) => machine.close(),
            Self::Phoenix(machine) => machine.close(),
            Self::TransportWs(machine) => machine.close(),
        }
    }

    /// A text frame arrived. Returns the event, if it is one for an operation that wants it.
    ///
    /// The event comes after whatever [`poll`](Self::poll) has to say.
    pub fn frame<'f>(&mut self, frame: &'f str, now: Instant) -> Option<Data<'f>> {
        match self {
            Self::AppSync(realtime) => realtime.frame(frame, now),
            Self::LegacyWs(machine) => machine.frame(frame, now),
            Self::Phoenix(machine) => machine.frame(frame, now),
            Self::TransportWs(machine) => machine.frame(frame, now),
        }
    }

    /// A binary frame arrived.
    pub fn binary(&mut self, len: usize) {
        self.end(Disconnect::Binary(len));
    }

    /// The server closed the connection.
    pub fn closed(&mut self, code: Option<u16>, reason: impl Into<String>) {
        let reason = reason.into();
        self.end(Disconnect::Closed { code, reason });
    }

    /// The connection broke.
    pub fn lost(&mut self, why: impl Into<String>) {
        self.end(Disconnect::Lost(why.into()));
    }

    /// A pong (or another control frame) of the websocket arrived.
    pub fn pong(&mut self, now: Instant) {
        match self {
            Self::AppSync(realtime) => realtime.pong(now),
            Self::LegacyWs(machine) => machine.ledger_mut().heard(now),
            Self::Phoenix(machine) => machine.ledger_mut().heard(now),
            Self::TransportWs(machine) => machine.ledger_mut().heard(now),
        }
    }

    /// When [`tick`](Self::tick) has to be called at the latest, unless a frame comes first.
    pub fn deadline(&self) -> Option<Instant> {
        match self {
            Self::AppSync(realtime) => realtime.deadline(),
            Self::LegacyWs(machine) => machine.deadline(),
            Self::Phoenix(machine) => machine.deadline(),
            Self::TransportWs(machine) => machine.deadline(),
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Instant) {
        match self {
            Self::AppSync(realtime) => realtime.tick(now),
            Self::LegacyWs(machine) => machine.tick(now),
            Self::Phoenix(machine) => machine.tick(now),
            Self::TransportWs(machine) => machine.tick(now),
        }
    }

    /// The next thing to do, if there is one. To be asked until there is none, after every other call.
    pub fn poll(&mut self) -> Option<Action> {
        match self {
            Self::AppSync(realtime) => realtime.poll(),
            Self::LegacyWs(machine) => machine.ledger_mut().poll(),
            Self::Phoenix(machine) => machine.ledger_mut().poll(),
            Self::TransportWs(machine) => machine.ledger_mut().poll(),
        }
    }

    /// When the last frame came; before the first, when the socket opened.
    pub fn last_frame(&self) -> Instant {
        match self {
            Self::AppSync(realtime) => realtime.last_frame(),
            Self::LegacyWs(machine) => machine.ledger().last_frame(),
            Self::Phoenix(machine) => machine.ledger().last_frame(),
            Self::TransportWs(machine) => machine.ledger().last_frame(),
        }
    }

    /// Whether [`poll`](Self::poll) or [`take_refusal`](Self::take_refusal) has something to say.
    pub fn has_news(&self) -> bool {
        match self {
            Self::AppSync(realtime) => realtime.has_news(),
            Self::LegacyWs(machine) => machine.ledger().has_actions() || machine.has_refusals(),
            Self::Phoenix(machine) => machine.ledger().has_actions(),
            Self::TransportWs(machine) => machine.ledger().has_actions(),
        }
    }

    /// What the server said without saying about which operation.
    pub fn take_refusal(&mut self) -> Option<Refusal> {
        match self {
            Self::AppSync(realtime) => realtime.take_refusal(),
            Self::LegacyWs(machine) => machine.take_refusal(),
            Self::Phoenix(_) | Self::TransportWs(_) => None,
        }
    }

    fn end(&mut self, cause: Disconnect) {
        match (self, cause) {
            (Self::AppSync(realtime), Disconnect::Binary(len)) => realtime.binary(len),
            (Self::AppSync(realtime), Disconnect::Closed { code, reason }) => realtime.closed(code, reason),
            (Self::AppSync(realtime), Disconnect::Lost(why)) => realtime.lost(why),
            (Self::AppSync(_), _) => {}
            (Self::LegacyWs(machine), cause) => machine.ledger_mut().end(cause),
            (Self::Phoenix(machine), cause) => machine.end(cause),
            (Self::TransportWs(machine), cause) => machine.ledger_mut().end(cause),
        }
    }
}

/// The authorization of a start that nobody signs.
fn unsigned() -> &'static RawValue {
    serde_json::from_str("{}").expect("an empty object is JSON")
}
