use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::{Duration, Instant};

use super::{Action, Disconnect, End, SubscriptionId, after};

/// What the machines of all protocols but AppSync's keep: the phase of their connection, what is live on it, and what
/// is to be done.
///
/// ```text
///  opened ──first words──▶ AwaitingAck ──ack──▶ Ready ──▶ Closed
///                               └──────────────────────────▲
///       closed by the peer, lost, a frame that breaks the protocol, close(), silence, no ack in time
///
///  begin ──▶ live ──over()──▶ ended, once
///             └──end()──▶ ended: Disconnected, with all others
/// ```
pub(super) struct Ledger<S> {
    phase: Phase,
    ack_timeout: Duration,
    /// What came with the acknowledgement.
    ack: Option<String>,
    last_frame: Instant,
    begun: u64,
    // Ordered, so that what happens to all happens in the order of their start.
    live: BTreeMap<SubscriptionId, S>,
    /// What the server has been told to stop, and may not have heard yet, and when.
    told: BTreeMap<SubscriptionId, Instant>,
    actions: VecDeque<Action>,
}

/// Shows neither what came with the acknowledgement nor what is sent: both may hold credentials.
impl<S> fmt::Debug for Ledger<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger")
            .field("phase", &self.phase)
            .field("live", &self.live.len())
            .field("actions", &self.actions)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
enum Phase {
    AwaitingAck { until: Instant },
    Ready,
    Closed { cause: Disconnect },
}

impl<S> Ledger<S> {
    /// A connection whose socket has just opened.
    pub(super) fn opened(first_words: String, ack_timeout: Duration, now: Instant) -> Self {
        Self {
            phase: Phase::AwaitingAck {
                until: after(now, ack_timeout),
            },
            ack_timeout,
            ack: None,
            last_frame: now,
            begun: 0,
            live: BTreeMap::new(),
            told: BTreeMap::new(),
            actions: VecDeque::from([Action::Send(first_words)]),
        }
    }

    pub(super) fn is_awaiting_ack(&self) -> bool {
        matches!(self.phase, Phase::AwaitingAck { .. })
    }

    pub(super) fn is_ready(&self) -> bool {
        matches!(self.phase, Phase::Ready)
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed { .. })
    }

    pub(super) fn ack_payload(&self) -> Option<&str> {
        self.ack.as_deref()
    }

    pub(super) fn last_frame(&self) -> Instant {
        self.last_frame
    }

    pub(super) fn heard(&mut self, now: Instant) {
        self.last_frame = now;
    }

    pub(super) fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    pub(super) fn has_actions(&self) -> bool {
        !self.actions.is_empty()
    }

    pub(super) fn push(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    pub(super) fn send(&mut self, text: String) {
        self.push(Action::Send(text));
    }

    /// When the acknowledgement has to have come.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::AwaitingAck { until } => Some(until),
            Phase::Ready | Phase::Closed { .. } => None,
        }
    }

    pub(super) fn tick(&mut self, now: Instant) {
        if self.deadline().is_some_and(|until| until <= now) {
            self.end(Disconnect::NoAck(self.ack_timeout));
        }
    }

    /// The connection is acknowledged. Returns whether it was not before.
    pub(super) fn acknowledged(&mut self, payload: Option<&str>) -> bool {
        let first = self.is_awaiting_ack();
        if first {
            self.phase = Phase::Ready;
            self.ack = payload.map(str::to_owned);
            self.push(Action::Ready);
        }
        first
    }

    /// A new operation in this slot, and whether it may be sent. On a connection that is not ready it ends at once.
    pub(super) fn begin(&mut self, slot: u16, state: S) -> (SubscriptionId, bool) {
        self.begun += 1;
        let id = SubscriptionId::in_slot(self.begun, slot);
        let why = match &self.phase {
            Phase::Ready => {
                self.live.insert(id, state);
                return (id, true);
            }
            Phase::AwaitingAck { .. } => Disconnect::NotReady,
            Phase::Closed { cause } => cause.clone(),
        };
        let end = Action::Ended(id, End::Disconnected(why));
        // Whoever reads actions may stop at `Close`, so as long as nobody has read it, it stays the last.
        let at = match self.actions.back() {
            Some(Action::Close(_)) => self.actions.len() - 1,
            _ => self.actions.len(),
        };
        self.actions.insert(at, end);
        (id, false)
    }

    pub(super) fn live(&self, id: SubscriptionId) -> Option<&S> {
        self.live.get(&id)
    }

    pub(super) fn live_mut(&mut self, id: SubscriptionId) -> Option<&mut S> {
        self.live.get_mut(&id)
    }

    /// How many operations the server holds, as far as the client knows.
    pub(super) fn len(&self) -> usize {
        self.live.len()
    }

    /// Ends one operation, if it is live. Returns its state.
    pub(super) fn over(&mut self, id: SubscriptionId, end: End) -> Option<S> {
        let state = self.live.remove(&id)?;
        self.push(Action::Ended(id, end));
        Some(state)
    }

    /// Whether the server is to be told to stop what is not live (any more).
    ///
    /// Once for each, and again where events of it still come when it must have heard: `subscriptions-transport-ws` forgets
    /// a stop that overtakes the beginning of its operation, and would go on for as long as the connection lives.
    pub(super) fn tell(&mut self, id: SubscriptionId) -> bool {
        const REMEMBERED: usize = 256;
        const HEARD: Duration = Duration::from_secs(1);
        let now = self.last_frame;
        let again = |told: &Instant| now.saturating_duration_since(*told) >= HEARD;
        if id.number() >> 16 > self.begun || !self.told.get(&id).is_none_or(again) {
            return false;
        }
        self.told.insert(id, now);
        if self.told.len() > REMEMBERED {
            self.told.pop_first();
        }
        true
    }

    /// The connection is over, and everything on it.
    pub(super) fn end(&mut self, cause: Disconnect) {
        if self.is_closed() {
            return;
        }
        self.phase = Phase::Closed { cause: cause.clone() };
        for (id, _) in std::mem::take(&mut self.live) {
            let end = match cause {
                Disconnect::Requested => End::Stopped,
                _ => End::Disconnected(cause.clone()),
            };
            self.push(Action::Ended(id, end));
        }
        self.push(Action::Close(cause));
    }
}
