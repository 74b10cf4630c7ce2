use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::beat::{Beat, Beaten};
use super::ledger::Ledger;
use super::protocol::{about, connection_init, operation};
use super::{Action, Data, Disconnect, End, Envelope, Refusal, Settings, Start, SubscriptionId, after};

/// One connection that speaks the protocol of Apollo's `subscriptions-transport-ws`, called `graphql-ws` on the wire.
///
/// ```text
///  opened ──connection_init──▶ AwaitingAck ──connection_ack──▶ Ready ──connection_terminate──▶ Closed
///                                   │                            │                               ▲
///                                   └────────────────────────────┴───────────────────────────────┘
///       from each of them:  connection_error, a frame that is no message, closed by the peer, lost, close()
///       from AwaitingAck:   no ack in time, an error without id
///       from Ready:         no `ka` (nor anything else) for three of its intervals, or, where the server sends none,
///                           a ping of the websocket, and nothing after it for too long
///
///  start_in() ──start──▶ Active, acknowledged ──complete──▶ ended: Completed
///                          │ └─ error: Failed
///                          └──stop()──stop──▶ ended: Stopped
/// ```
///
/// There is no acknowledgement of an operation: it counts as acknowledged when it is sent. Servers differ in whether
/// they answer a `stop`, so that nobody waits for it; an operation that goes on all the same is stopped again, once a
/// second at most. Types that this version does not know are ignored: the protocol
/// has never been written down completely.
#[derive(Debug)]
pub struct LegacyWs {
    ledger: Ledger<()>,
    beat: Beat,
    keep_alive: KeepAlive,
    refusals: VecDeque<Refusal>,
}

/// What is known of how often the server sends `ka`.
///
/// One comes before or with the acknowledgement, and says nothing of the interval. The longest that was seen counts, as
/// one that was held up on its way is followed by the next too soon.
#[derive(Debug, Default)]
struct KeepAlive {
    last: Option<Instant>,
    interval: Option<Duration>,
}

impl KeepAlive {
    const MISSED: u32 = 3;
    /// Less than this is no silence, however often a server speaks.
    const LEAST: Duration = Duration::from_secs(10);
    /// A server that speaks less often is pinged as one that does not speak at all.
    const RAREST: Duration = Duration::from_secs(30);

    fn came(&mut self, now: Instant) {
        let since = self.last.replace(now).map(|last| now.saturating_duration_since(last));
        self.interval = self.interval.max(since);
    }

    fn silence(&self) -> Option<Duration> {
        let interval = self.interval.filter(|interval| *interval <= Self::RAREST)?;
        Some((interval * Self::MISSED).max(Self::LEAST))
    }
}

impl LegacyWs {
    const TERMINATE: &'static str = r#"{"type":"connection_terminate"}"#;

    /// A connection whose socket has just opened: says `connection_init` with this JSON.
    pub fn opened(settings: &Settings, init: Option<&str>, now: Instant) -> Self {
        Self {
            ledger: Ledger::opened(connection_init(init), settings.timeouts.ack, now),
            beat: Beat::new(settings.pings),
            keep_alive: KeepAlive::default(),
            refusals: VecDeque::new(),
        }
    }

    /// What the server said without saying about which operation.
    pub fn take_refusal(&mut self) -> Option<Refusal> {
        self.refusals.pop_front()
    }

    /// Starts an operation, which is acknowledged at once.
    pub fn start_in(&mut self, slot: u16, start: Start<'_>) -> SubscriptionId {
        let (id, ready) = self.ledger.begin(slot, ());
        if ready {
            self.ledger.send(operation("start", id, start.body));
            self.ledger.push(Action::Acknowledged(id));
        }
        id
    }

    /// Stops an operation; one that is over is left alone.
    pub fn stop(&mut self, id: SubscriptionId) {
        if self.ledger.over(id, End::Stopped).is_some() {
            self.tell(id);
        }
    }

    /// An operation has all that is wanted of it, and the server is about to complete it.
    pub fn finish(&mut self, id: SubscriptionId) {
        self.ledger.over(id, End::Completed);
    }

    /// Says `connection_terminate`, closes the connection, and with it everything on it.
    pub fn close(&mut self) {
        if self.ledger.is_ready() {
            self.ledger.send(Self::TERMINATE.to_owned());
        }
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
        let about_one = message.id.is_some() || message.foreign_id.is_some();
        let id = message.id.as_deref().and_then(SubscriptionId::from_wire);
        match &*message.kind {
            "data" => return self.data(id?, message.payload.unwrap_or("null")),
            "ka" => self.kept_alive(now),
            "connection_ack" => self.acknowledged(message.payload, now),
            "connection_error" => self.ledger.end(Disconnect::Refused(refusal(message.payload, frame))),
            "error" => match id {
                Some(id) => {
                    self.ledger.over(id, End::Failed(refusal(message.payload, frame)));
                }
                None if !about_one => self.error_without_id(refusal(message.payload, frame)),
                None => {}
            },
            "complete" => {
                self.ledger.over(id?, End::Completed);
            }
            _ => {}
        }
        None
    }

    /// When [`tick`](Self::tick) has to be called at the latest, unless a frame comes first.
    pub fn deadline(&self) -> Option<Instant> {
        if !self.ledger.is_ready() {
            return self.ledger.deadline();
        }
        match self.keep_alive.silence() {
            Some(silence) => Some(after(self.ledger.last_frame(), silence)),
            None => self.beat.deadline(),
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Instant) {
        self.ledger.tick(now);
        if !self.ledger.is_ready() {
            return;
        }
        let last = self.ledger.last_frame();
        let silent = Disconnect::Silent(now.saturating_duration_since(last));
        if let Some(silence) = self.keep_alive.silence() {
            if after(last, silence) <= now {
                self.ledger.end(silent);
            }
            return;
        }
        match self.beat.tick(last, now) {
            Beaten::Ask => self.ledger.push(Action::Ping),
            Beaten::Dead => self.ledger.end(silent),
            Beaten::Nothing => {}
        }
    }

    pub(super) fn has_refusals(&self) -> bool {
        !self.refusals.is_empty()
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

    fn kept_alive(&mut self, now: Instant) {
        if self.ledger.is_ready() {
            self.keep_alive.came(now);
        }
    }

    fn data<'f>(&mut self, id: SubscriptionId, payload: &'f str) -> Option<Data<'f>> {
        if self.ledger.live(id).is_none() {
            self.tell(id);
            return None;
        }
        Some(Data { id, payload })
    }

    fn tell(&mut self, id: SubscriptionId) {
        if self.ledger.tell(id) {
            self.ledger.send(about("stop", id));
        }
    }

    fn error_without_id(&mut self, refusal: Refusal) {
        const REMEMBERED: usize = 16;
        if self.ledger.is_awaiting_ack() {
            return self.ledger.end(Disconnect::Refused(refusal));
        }
        if self.refusals.len() < REMEMBERED {
            self.refusals.push_back(refusal);
        }
    }
}

/// What an error says, wherever in its message it stands.
fn refusal(payload: Option<&str>, frame: &str) -> Refusal {
    match payload.map(Refusal::from_json) {
        Some(refusal) if !refusal.errors().is_empty() => refusal,
        _ => Refusal::from_json(frame),
    }
}
