use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use serde_json::value::RawValue;

use super::limits;
use super::message::ClientMessage;
use crate::connection::{Action, Data, Disconnect, End, Envelope, Refusal, SubscriptionId, Timeouts, after};

/// One connection to AppSync's realtime endpoint: frames and time in, actions out.
///
/// It opens no socket and reads no clock. Whoever holds the socket tells it what arrived and what time it is, and
/// carries out what [`poll`](Self::poll) says.
///
/// ```text
///  opened ──connection_init──▶ AwaitingAck ──connection_ack──▶ Ready ──close()──▶ Closing ──all ended──▶ Closed
///                                   │                            │                   │                     ▲
///                                   └────────────────────────────┴───────────────────┴─────────────────────┘
///       from each of them:  connection_error, a frame that is no message, closed by the peer, lost
///       from AwaitingAck:   no ack in time, an error without id, close()
///       from Ready:         silent too long
///       from Closing:       the time for stop has run out
///
///  start() ──start──▶ Pending ──start_ack, or data──▶ Active ──complete──▶ ended: Completed
///                       │ └─ error: Refused             │  └─ error: Failed
///                       │ └─ no start_ack in time       └──stop()──stop──▶ Stopping ──complete, or time──▶ ended: Stopped
///                       └──────stop()──────stop──▶ Stopping
/// ```
///
/// An error with an id ends that subscription and no other. An error without one ends nothing that the server has
/// acknowledged: it is taken as the answer to a pending start where that is the only one it can answer, and otherwise
/// remembered as the likely reason for a `start_ack` that never comes.
#[derive(Debug)]
pub struct Realtime {
    timeouts: Timeouts,
    phase: Phase,
    /// The payload of `connection_ack`.
    ack: Option<String>,
    last_frame: Instant,
    next_id: u64,
    // Ordered, so that what happens to all happens in the order of their start; and at 200 at most, faster than a hash.
    subscriptions: BTreeMap<SubscriptionId, State>,
    deadlines: BTreeSet<(Instant, SubscriptionId)>,
    without_id: Option<(Refusal, SubscriptionId)>,
    shared: Option<Shared>,
    actions: VecDeque<Action>,
}

/// What a connection remembers for a session that shares it out among many.
#[derive(Debug, Default)]
struct Shared {
    refusals: VecDeque<Refusal>,
    strays: BTreeSet<SubscriptionId>,
}

#[derive(Debug)]
enum Phase {
    AwaitingAck { until: Instant },
    Ready { timeout: Duration },
    Closing { until: Instant },
    Closed { cause: Disconnect },
}

#[derive(Clone, Copy, Debug)]
enum State {
    Pending { until: Instant },
    Active,
    Stopping { until: Instant, acknowledged: bool },
}

impl State {
    fn deadline(self) -> Option<Instant> {
        match self {
            Self::Active => None,
            Self::Pending { until } | Self::Stopping { until, .. } => Some(until),
        }
    }
}

impl Realtime {
    /// A connection whose socket has just opened: says `connection_init`.
    pub fn opened(timeouts: Timeouts, now: Instant) -> Self {
        let until = after(now, timeouts.ack);
        Self {
            timeouts,
            phase: Phase::AwaitingAck { until },
            ack: None,
            last_frame: now,
            next_id: 1,
            subscriptions: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            without_id: None,
            shared: None,
            actions: VecDeque::from([Action::Send(ClientMessage::CONNECTION_INIT.to_owned())]),
        }
    }

    /// The same, for a session, which knows what else it has asked for and so decides more itself.
    ///
    /// An error without id ends nothing: [`take_refusal`](Self::take_refusal) has it. An event for a subscription that
    /// is not known (any more) is answered with one `stop`.
    #[must_use]
    pub fn shared(mut self) -> Self {
        self.shared = Some(Shared::default());
        self
    }

    /// What the server said without saying about which subscription, on a [`shared`](Self::shared) connection.
    pub fn take_refusal(&mut self) -> Option<Refusal> {
        self.shared.as_mut()?.refusals.pop_front()
    }

    /// Whether [`poll`](Self::poll) or [`take_refusal`](Self::take_refusal) has something to say.
    pub fn has_news(&self) -> bool {
        !self.actions.is_empty() || self.shared.as_ref().is_some_and(|shared| !shared.refusals.is_empty())
    }

    /// What the server said with `connection_ack`, as JSON.
    pub fn ack_payload(&self) -> Option<&str> {
        self.ack.as_deref()
    }

    /// The socket shows a sign of life that is no message.
    pub fn pong(&mut self, now: Instant) {
        self.last_frame = now;
    }

    /// When the last frame came; before the first, when the socket opened.
    pub fn last_frame(&self) -> Instant {
        self.last_frame
    }

    /// The next thing to do, if there is one. To be asked until there is none, after every other call.
    pub fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Whether subscriptions may be started.
    pub fn is_ready(&self) -> bool {
        matches!(self.phase, Phase::Ready { .. })
    }

    /// How many subscriptions the server holds for this connection, as far as the client knows.
    pub fn subscriptions(&self) -> usize {
        self.subscriptions.len()
    }

    /// Starts a subscription: the exact text of its request, and the authorization object made for that text.
    ///
    /// On a connection that is not ready the subscription ends at once, with the reason.
    pub fn start(&mut self, data: &str, authorization: &RawValue, now: Instant) -> SubscriptionId {
        self.start_as(SubscriptionId::numbered(self.next_id), data, authorization, now)
    }

    /// The same, with an id that names a slot, so that whoever keeps subscriptions in slots finds an event's by index.
    ///
    /// A connection on which one subscription is started in a slot has all of them started so.
    pub fn start_in(&mut self, slot: u16, data: &str, authorization: &RawValue, now: Instant) -> SubscriptionId {
        let id = SubscriptionId::in_slot(self.next_id, slot);
        self.start_as(id, data, authorization, now)
    }

    fn start_as(&mut self, id: SubscriptionId, data: &str, authorization: &RawValue, now: Instant) -> SubscriptionId {
        self.next_id += 1;
        if let Some(why) = self.not_ready() {
            let end = Action::Ended(id, End::Disconnected(why));
            // Whoever reads actions may stop at `Close`, so as long as nobody has read it, it stays the last.
            let at = match self.actions.back() {
                Some(Action::Close(_)) => self.actions.len() - 1,
                _ => self.actions.len(),
            };
            self.actions.insert(at, end);
            return id;
        }
        self.actions
            .push_back(Action::Send(ClientMessage::start(id.number(), data, authorization)));
        self.set(
            id,
            State::Pending {
                until: after(now, self.timeouts.start_ack),
            },
        );
        id
    }

    /// Stops a subscription; one that is over, or being stopped, is left alone.
    ///
    /// What still arrives for it is ignored. It ends as [`End::Stopped`] when the server completes it.
    pub fn stop(&mut self, id: SubscriptionId, now: Instant) {
        let acknowledged = match self.subscriptions.get(&id) {
            Some(State::Pending { .. }) => false,
            Some(State::Active) => true,
            Some(State::Stopping { .. }) | None => return,
        };
        self.actions.push_back(Action::Send(ClientMessage::stop(id.number())));
        let until = after(now, self.timeouts.stop);
        self.set(id, State::Stopping { until, acknowledged });
    }

    /// Stops every subscription, then closes the connection, at the latest when `stop` has run out.
    pub fn close(&mut self, now: Instant) {
        match self.phase {
            Phase::Ready { .. } => {}
            Phase::AwaitingAck { .. } => return self.end(Disconnect::Requested),
            Phase::Closing { .. } | Phase::Closed { .. } => return,
        }
        let live: Vec<_> = self.subscriptions.keys().copied().collect();
        for id in live {
            self.stop(id, now);
        }
        self.phase = Phase::Closing {
            until: after(now, self.timeouts.stop),
        };
        self.close_if_drained();
    }

    /// A text frame arrived. Returns the event, if it is one for a subscription that wants it.
    ///
    /// The event comes after whatever [`poll`](Self::poll) has to say: the first may stand in for a `start_ack`.
    pub fn frame<'f>(&mut self, frame: &'f str, now: Instant) -> Option<Data<'f>> {
        if matches!(self.phase, Phase::Closed { .. }) {
            return None;
        }
        self.last_frame = now;
        let message = match Envelope::parse(frame) {
            Ok(message) => message,
            Err(malformed) => {
                // What the frame was about cannot be known, so an event may be lost: nobody may believe otherwise.
                self.end(malformed.into());
                return None;
            }
        };
        let id = message.id.as_deref().and_then(SubscriptionId::from_wire);
        match &*message.kind {
            "data" => return self.data(id?, message.payload.unwrap_or("null")),
            "connection_ack" => self.acknowledged(message.payload),
            "start_ack" => self.started(id),
            "complete" => self.completed(id),
            "error" => {
                let about_one = message.id.is_some() || message.foreign_id.is_some();
                self.error(about_one, id, refusal(message.payload, frame));
            }
            "connection_error" => self.end(Disconnect::Refused(refusal(message.payload, frame))),
            // `ka` has done its work by arriving. Types that this version does not know are ignored, as the protocol
            // may grow: they are alive all the same.
            _ => {}
        }
        None
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

    /// When [`tick`](Self::tick) has to be called at the latest, unless a frame comes first.
    pub fn deadline(&self) -> Option<Instant> {
        let phase = match self.phase {
            Phase::AwaitingAck { until } | Phase::Closing { until } => until,
            Phase::Ready { timeout } => self.last_frame + timeout,
            Phase::Closed { .. } => return None,
        };
        match self.deadlines.first() {
            Some((first, _)) => Some(phase.min(*first)),
            None => Some(phase),
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Instant) {
        while let Some((until, id)) = self.deadlines.first().copied().filter(|(until, _)| *until <= now) {
            self.deadlines.remove(&(until, id));
            self.overdue(id, now);
        }
        match self.phase {
            Phase::AwaitingAck { until } if until <= now => self.end(Disconnect::NoAck(self.timeouts.ack)),
            Phase::Ready { timeout } if self.last_frame + timeout <= now => self.end(Disconnect::Silent(timeout)),
            Phase::Closing { until } if until <= now => self.end(Disconnect::Requested),
            _ => {}
        }
    }

    fn acknowledged(&mut self, payload: Option<&str>) {
        // A second ack changes nothing.
        if let Phase::AwaitingAck { .. } = self.phase {
            self.ack = payload.map(str::to_owned);
            self.phase = Phase::Ready {
                timeout: connection_timeout(payload),
            };
            self.actions.push_back(Action::Ready);
        }
    }

    fn data<'f>(&mut self, id: SubscriptionId, payload: &'f str) -> Option<Data<'f>> {
        let Some(state) = self.subscriptions.get(&id) else {
            self.stray(id);
            return None;
        };
        match state {
            State::Active => {}
            // An event proves that the subscription is registered, whether or not its `start_ack` ever comes.
            State::Pending { .. } => self.started(Some(id)),
            State::Stopping { .. } => return None,
        }
        Some(Data { id, payload })
    }

    /// An event for nobody: the server has missed a `stop`, or never knew the start to be given up.
    fn stray(&mut self, id: SubscriptionId) {
        const REMEMBERED: usize = 256;
        let Some(shared) = &mut self.shared else { return };
        if shared.strays.len() < REMEMBERED && shared.strays.insert(id) {
            self.actions.push_back(Action::Send(ClientMessage::stop(id.number())));
        }
    }

    fn started(&mut self, id: Option<SubscriptionId>) {
        let Some(id) = id else { return };
        if let Some(State::Pending { .. }) = self.subscriptions.get(&id) {
            self.set(id, State::Active);
            self.actions.push_back(Action::Acknowledged(id));
        }
    }

    fn completed(&mut self, id: Option<SubscriptionId>) {
        let Some(id) = id else { return };
        let end = match self.subscriptions.get(&id) {
            Some(State::Stopping { .. }) => End::Stopped,
            Some(State::Pending { .. } | State::Active) => End::Completed,
            None => return,
        };
        self.over(id, end);
    }

    fn error(&mut self, about_one: bool, id: Option<SubscriptionId>, refusal: Refusal) {
        let Some(id) = id else {
            // An id that is not one of ours: not for us.
            if !about_one {
                self.error_without_id(refusal);
            }
            return;
        };
        let end = match self.subscriptions.get(&id) {
            Some(State::Pending { .. }) => End::Refused(refusal),
            Some(State::Active) => End::Failed(refusal),
            Some(State::Stopping { .. }) => End::Stopped,
            None => return,
        };
        self.over(id, end);
    }

    fn error_without_id(&mut self, refusal: Refusal) {
        if let Phase::AwaitingAck { .. } = self.phase {
            return self.end(Disconnect::Refused(refusal));
        }
        if let Some(shared) = &mut self.shared {
            const REMEMBERED: usize = 16;
            if shared.refusals.len() < REMEMBERED {
                shared.refusals.push_back(refusal);
            }
            return;
        }
        let mut unanswered = self.subscriptions.iter().filter_map(|(id, state)| match state {
            State::Pending { .. } => Some((*id, true)),
            // The user has lost interest, but the server may still answer the start.
            State::Stopping { acknowledged, .. } => (!acknowledged).then_some((*id, false)),
            State::Active => None,
        });
        match (unanswered.next(), unanswered.next()) {
            // A rate limit is not an answer to this start in particular, but there is no other that it could stop.
            (Some((only, true)), None) => self.over(only, End::Refused(refusal)),
            (Some(_), Some(_)) => self.without_id = Some((refusal, SubscriptionId::numbered(self.next_id))),
            _ => {}
        }
    }

    fn overdue(&mut self, id: SubscriptionId, now: Instant) {
        match self.subscriptions.get(&id) {
            Some(State::Pending { .. }) => {
                // The server may register it yet: whoever gives up must say so.
                self.stop(id, now);
                // What was started later cannot have been meant.
                let hint = self.without_id.as_ref().filter(|(_, before)| id < *before);
                let hint = hint.map(|(refusal, _)| refusal.clone());
                let waited = self.timeouts.start_ack;
                self.actions
                    .push_back(Action::Ended(id, End::NoStartAck { waited, hint }));
                self.forget(id);
            }
            Some(State::Stopping { .. }) => self.over(id, End::Stopped),
            Some(State::Active) | None => {}
        }
    }

    fn over(&mut self, id: SubscriptionId, end: End) {
        self.forget(id);
        self.actions.push_back(Action::Ended(id, end));
        self.close_if_drained();
    }

    fn close_if_drained(&mut self) {
        if matches!(self.phase, Phase::Closing { .. }) && self.subscriptions.is_empty() {
            self.end(Disconnect::Requested);
        }
    }

    fn end(&mut self, cause: Disconnect) {
        let cause_of_close = match self.phase {
            Phase::Closed { .. } => return,
            Phase::Closing { .. } => Disconnect::Requested,
            Phase::AwaitingAck { .. } | Phase::Ready { .. } => cause.clone(),
        };
        self.phase = Phase::Closed {
            cause: cause_of_close.clone(),
        };
        self.deadlines.clear();
        for (id, state) in std::mem::take(&mut self.subscriptions) {
            let end = match state {
                State::Stopping { .. } => End::Stopped,
                _ => End::Disconnected(cause.clone()),
            };
            self.actions.push_back(Action::Ended(id, end));
        }
        self.actions.push_back(Action::Close(cause_of_close));
    }

    /// Why nothing can be started, if that is so.
    fn not_ready(&self) -> Option<Disconnect> {
        match &self.phase {
            Phase::AwaitingAck { .. } => Some(Disconnect::NotReady),
            Phase::Ready { .. } => None,
            Phase::Closing { .. } => Some(Disconnect::Requested),
            Phase::Closed { cause } => Some(cause.clone()),
        }
    }

    fn set(&mut self, id: SubscriptionId, state: State) {
        let before = self.subscriptions.insert(id, state).and_then(State::deadline);
        if let Some(before) = before {
            self.deadlines.remove(&(before, id));
        }
        if let Some(until) = state.deadline() {
            self.deadlines.insert((until, id));
        }
    }

    fn forget(&mut self, id: SubscriptionId) {
        if let Some(until) = self.subscriptions.remove(&id).and_then(State::deadline) {
            self.deadlines.remove(&(until, id));
        }
    }
}

/// What an error says, wherever in its message it stands: in the payload, or, with some emulators, beside it.
fn refusal(payload: Option<&str>, frame: &str) -> Refusal {
    match payload.map(Refusal::from_json) {
        Some(refusal) if !refusal.errors().is_empty() => refusal,
        _ => Refusal::from_json(frame),
    }
}

/// The server's `connectionTimeoutMs`, where it is a number that a server can mean.
fn connection_timeout(payload: Option<&str>) -> Duration {
    payload
        .and_then(|payload| serde_json::from_str::<serde_json::Value>(payload).ok())
        .and_then(|payload| payload.get("connectionTimeoutMs")?.as_u64())
        .map(Duration::from_millis)
        .filter(|timeout| (limits::LEAST_CONNECTION_TIMEOUT..=limits::GREATEST_CONNECTION_TIMEOUT).contains(timeout))
        .unwrap_or(limits::DEFAULT_CONNECTION_TIMEOUT)
}
