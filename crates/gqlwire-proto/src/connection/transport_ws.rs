use std::time::Instant;

use super::beat::{Beat, Beaten};
use super::ledger::Ledger;
use super::protocol::{about, connection_init, operation};
use super::{Action, Data, Disconnect, End, Envelope, Protocol, Refusal, Settings, Start, SubscriptionId};
use crate::response::excerpt;

/// One connection that speaks `graphql-transport-ws`, the protocol of the library `graphql-ws`.
///
/// ```text
///  opened ──connection_init──▶ AwaitingAck ──connection_ack──▶ Ready ──────────────▶ Closed
///                                   │                            │                     ▲
///                                   └────────────────────────────┴─────────────────────┘
///       from each of them:  a frame that breaks the protocol (4400), closed by the peer, lost, close()
///       from AwaitingAck:   no ack in time (4504)
///       from Ready:         a ping, and nothing after it for too long (4499)
///
///  start_in() ──subscribe──▶ Active, acknowledged ──complete──▶ ended: Completed
///                              │ └─ error: Failed
///                              └──stop()──complete──▶ ended: Stopped
/// ```
///
/// There is no acknowledgement of an operation: it counts as acknowledged when it is sent. A ping of the server is
/// answered at any time, with what it carried. What comes for an operation that is over is ignored, but for an event,
/// which shows that the server has not heard of it: it is told, once a second at most.
#[derive(Debug)]
pub struct TransportWs {
    ledger: Ledger<()>,
    beat: Beat,
}

impl TransportWs {
    const PING: &'static str = r#"{"type":"ping"}"#;

    /// A connection whose socket has just opened: says `connection_init` with this JSON.
    pub fn opened(settings: &Settings, init: Option<&str>, now: Instant) -> Self {
        Self {
            ledger: Ledger::opened(connection_init(init), settings.timeouts.ack, now),
            beat: Beat::new(settings.pings),
        }
    }

    /// Starts an operation, which is acknowledged at once.
    pub fn start_in(&mut self, slot: u16, start: Start<'_>) -> SubscriptionId {
        let (id, ready) = self.ledger.begin(slot, ());
        if ready {
            self.ledger.send(operation("subscribe", id, start.body));
            self.ledger.push(Action::Acknowledged(id));
        }
        id
    }

    /// Stops an operation; one that is over is left alone. It ends at once: the server does not answer.
    pub fn stop(&mut self, id: SubscriptionId) {
        if self.ledger.over(id, End::Stopped).is_some() {
            self.tell(id);
        }
    }

    /// An operation has all that is wanted of it, and the server is about to complete it.
    pub fn finish(&mut self, id: SubscriptionId) {
        self.ledger.over(id, End::Completed);
    }

    /// Closes the connection, and with it everything on it.
    pub fn close(&mut self) {
        self.ledger.end(Disconnect::Requested);
    }

    /// A text frame arrived. Returns the event, if it is one for an operation that wants it.
    pub fn frame<'f>(&mut self, frame: &'f str, now: Instant) -> Option<Data<'f>> {
        if self.ledger.is_closed() {
            return None;
        }
        self.ledger.heard(now);
        let message = match Envelope::parse(frame) {
            Ok(message) => message,
            Err(malformed) => {
                self.ledger.end(malformed.into());
                return None;
            }
        };
        let named = message.id.is_some();
        let id = message.id.as_deref().and_then(SubscriptionId::from_wire);
        match &*message.kind {
            "ping" => self.ledger.send(pong(message.payload)),
            "pong" => {}
            "connection_ack" => self.acknowledged(message.payload, now),
            kind @ ("next" | "error" | "complete") if self.ledger.is_awaiting_ack() => {
                self.violation(format!("a message of type {kind} before connection_ack"));
            }
            kind @ ("next" | "error" | "complete") if !named => {
                self.violation(format!("a message of type {kind} without an id"));
            }
            "next" => return self.next(id?, message.payload.unwrap_or("null")),
            "error" => {
                let refusal = message.payload.map(Refusal::from_json).unwrap_or_default();
                self.ledger.over(id?, End::Failed(refusal));
            }
            "complete" => {
                self.ledger.over(id?, End::Completed);
            }
            "ka" => self.violation("a message of type ka, which belongs to the legacy graphql-ws protocol".to_owned()),
            other => self.violation(format!("a message of the unknown type {}", excerpt(other))),
        }
        None
    }

    /// When [`tick`](Self::tick) has to be called at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        let beat = self.beat.deadline().filter(|_| self.ledger.is_ready());
        self.ledger.deadline().or(beat)
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Instant) {
        self.ledger.tick(now);
        if !self.ledger.is_ready() {
            return;
        }
        let last = self.ledger.last_frame();
        match self.beat.tick(last, now) {
            Beaten::Ask => self.ledger.send(Self::PING.to_owned()),
            Beaten::Dead => self.ledger.end(Disconnect::Silent(now.saturating_duration_since(last))),
            Beaten::Nothing => {}
        }
    }

    pub(super) fn ledger(&self) -> &Ledger<()> {
        &self.ledger
    }

    pub(super) fn ledger_mut(&mut self) -> &mut Ledger<()> {
        &mut self.ledger
    }

    fn acknowledged(&mut self, payload: Option<&str>, now: Instant) {
        if self.ledger.acknowledged(payload) {
            self.beat.start(now);
        }
    }

    fn next<'f>(&mut self, id: SubscriptionId, payload: &'f str) -> Option<Data<'f>> {
        if self.ledger.live(id).is_none() {
            self.tell(id);
            return None;
        }
        Some(Data { id, payload })
    }

    fn tell(&mut self, id: SubscriptionId) {
        if self.ledger.tell(id) {
            self.ledger.send(about("complete", id));
        }
    }

    fn violation(&mut self, why: String) {
        let protocol = Protocol::TransportWs;
        self.ledger.end(Disconnect::Violation { protocol, why });
    }
}

fn pong(payload: Option<&str>) -> String {
    match payload {
        Some(payload) => format!(r#"{{"type":"pong","payload":{payload}}}"#),
        None => r#"{"type":"pong"}"#.to_owned(),
    }
}
