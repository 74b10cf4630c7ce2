use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant, SystemTime};

use super::action::{Action, ConnectionId, Deliver, Ending, SubscribeOptions, SubscriptionHandle};
use super::clock::ClockWatch;
use super::credentials::Credentials;
use super::lane::{Lane, LanePhase, Place};
use super::pool::{Pacer, SubscriptionLimit};
use super::random::Random;
use super::slab::{Handle, Slab};
use super::state::{ConnectionState, Counters, SessionState};
use super::subscription::{Attempt, Subscription};
use super::timers::{Timer, Timers};
use super::{Backoff, SessionOptions};

/// Subscriptions over as many connections as they need, for as long as they are wanted: events and time in, actions
/// out.
///
/// It opens no socket, reads no clock and rolls no dice of its own. Whoever holds the sockets tells it what happened
/// and what time it is, and carries out what [`poll`](Self::poll) says, in order.
///
/// ```text
///            subscribe, stop, close                              poll: Open, Send, Close; Authorize, Refresh;
///            opened, frame, closed …    ┌──────────────────┐     CatchUp; Event, Acknowledged, Ended
///  driver ──▶ authorized, refreshed  ──▶│     Session      │──▶  frame: Deliver (borrowed from the frame)
///            catch_up_done              │  lanes ── sockets│     deadline: when to call tick
///            tick                       │    │        │    │
///                                       │ subscriptions    │     a socket's own protocol: Connection
///                                       └──────────────────┘
/// ```
///
/// The diagrams of its parts stand with them: a connection that outlives its sockets, a subscription, a take-over, a
/// catch-up, the back-off.
pub struct Session {
    pub(super) options: SessionOptions,
    pub(super) random: Random,
    pub(super) subscriptions: Slab<Subscription>,
    pub(super) lanes: Vec<Lane>,
    pub(super) timers: Timers,
    pub(super) actions: VecDeque<Action>,
    pub(super) credentials: Credentials,
    pub(super) limit: SubscriptionLimit,
    pub(super) pacer: Pacer,
    /// Subscriptions whose start is due, in turn.
    pub(super) starts: VecDeque<Handle>,
    /// The lane whose socket is being replaced by plan.
    pub(super) rotating: Option<u32>,
    /// How often the clock has been corrected.
    pub(super) corrections: u32,
    pub(super) counters: Counters,
    /// The bytes that wait for catch-ups.
    pub(super) held_in_all: Arc<AtomicUsize>,
    pub(super) state_changed: bool,
    clock: ClockWatch,
    closing: Closing,
    /// Sockets that may have something to say, and what has to be armed anew.
    pub(super) touched: Vec<ConnectionId>,
    dirty_lanes: BTreeSet<u32>,
    dirty_subscriptions: BTreeSet<u32>,
}

/// Shows no request and no payload.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("state", &self.state())
            .field("counters", &self.counters())
            .field("deadline", &self.deadline())
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Closing {
    No,
    Asked,
    Done,
}

impl Session {
    /// A session without subscriptions or connections. The seed is to come from the system's randomness.
    pub fn new(options: SessionOptions, seed: u64) -> Self {
        let limit = SubscriptionLimit::new(options.subscriptions_per_connection);
        Self {
            options,
            random: Random::new(seed),
            subscriptions: Slab::new(),
            lanes: Vec::new(),
            timers: Timers::default(),
            actions: VecDeque::new(),
            credentials: Credentials::default(),
            limit,
            pacer: Pacer::default(),
            starts: VecDeque::new(),
            rotating: None,
            corrections: 0,
            counters: Counters::default(),
            held_in_all: Arc::default(),
            state_changed: false,
            clock: ClockWatch::default(),
            closing: Closing::No,
            touched: Vec::new(),
            dirty_lanes: BTreeSet::new(),
            dirty_subscriptions: BTreeSet::new(),
        }
    }

    /// The next thing to do, if there is one. To be asked until there is none, after every other call, and before what
    /// [`frame`](Self::frame) returned is handed on.
    pub fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Whether [`poll`](Self::poll) has something to say.
    pub fn has_actions(&self) -> bool {
        !self.actions.is_empty()
    }

    /// When [`tick`](Self::tick) has to be called at the latest.
    ///
    /// A frame never makes it earlier unless [`poll`](Self::poll) has something to say too.
    pub fn deadline(&self) -> Option<Instant> {
        self.timers.first()
    }

    /// Time has passed. The wall clock is compared with the monotonic one, to see whether the machine has slept.
    pub fn tick(&mut self, now: Instant, wall: SystemTime) {
        if self.clock.jumped(now, wall) {
            self.probe_all(now);
        }
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Clock => self.arm_clock(now),
                Timer::Pace => {}
                Timer::Lane(lane) => self.lane_tick(lane, now),
                Timer::Socket(lane, epoch) => self.socket_tick(lane, epoch, now),
                Timer::Subscription(index) => self.subscription_tick(index, now),
            }
            self.settle(now);
        }
        self.settle(now);
    }

    /// Starts a subscription. It is acknowledged later, or ends with a cause, or is stopped.
    pub fn subscribe(&mut self, options: SubscribeOptions, now: Instant) -> SubscriptionHandle {
        let wait = options.connect_deadline.or(self.options.connect_deadline);
        // A person who writes `Duration::MAX` means no limit, which no clock can add.
        let connect_by = wait.and_then(|wait| Some((now.checked_add(wait)?, wait)));
        let lane = self.place(None);
        let handle = self.subscriptions.insert(Subscription {
            body: options.body,
            source: options.source,
            wants_catch_up: options.catch_up && options.once.is_none(),
            once: options.once,
            acknowledged: false,
            connect_by,
            repeat_by: connect_by,
            lane,
            attempt: Attempt::Waiting,
            next: None,
            serving: None,
            taking: None,
            takeover: None,
            counted: 0,
            gap_told: false,
            lingering: Vec::new(),
            outage: None,
            catch_up: None,
            runs: 0,
            tickets: 0,
            generation: 0,
            corrections: 0,
            backoff: Backoff::default(),
            next_backoff: Backoff::default(),
            remedies: super::credentials::Remedies::default(),
            cause: None,
        });
        self.credentials.joined(self.source_of(handle.index));
        self.join(handle.index, lane, now);
        if self.closing != Closing::No {
            self.over(handle.index, Ending::Closed, now);
        }
        self.settle(now);
        SubscriptionHandle(handle)
    }

    /// Stops a subscription; one that is over is left alone.
    pub fn stop(&mut self, subscription: SubscriptionHandle, now: Instant) {
        if let Some(index) = self.subscriptions.resolve(subscription.0) {
            self.over(index, Ending::Stopped, now);
            self.settle(now);
        }
    }

    /// Ends every subscription, then closes every connection: at once where it is not open yet, and otherwise when
    /// the server has answered each `stop`, or the time for that has run out.
    pub fn close(&mut self, now: Instant) {
        if self.closing != Closing::No {
            return;
        }
        self.closing = Closing::Asked;
        self.state_changed = true;
        for index in self.subscriptions.indices() {
            self.over(index, Ending::Closed, now);
        }
        for lane in 0..self.lanes.len() as u32 {
            self.shut(lane, now);
        }
        self.settle(now);
    }

    /// How each connection is.
    pub fn state(&self) -> SessionState {
        let connections = self.lanes.iter().filter_map(|lane| {
            let state = match (lane.phase, &lane.cause) {
                (LanePhase::Idle, _) if lane.sockets.is_empty() => return None,
                (LanePhase::Idle, _) => ConnectionState::Idle,
                (LanePhase::Ready { .. }, _) => match lane.next {
                    None => ConnectionState::Connected,
                    Some(next) if next.probe => ConnectionState::Degraded,
                    Some(_) => ConnectionState::Rotating,
                },
                (_, None) => ConnectionState::Connecting,
                (phase, Some(cause)) => ConnectionState::Reconnecting {
                    attempt: lane.backoff.attempts(),
                    next: match phase {
                        LanePhase::Waiting { until } => Some(until),
                        _ => None,
                    },
                    cause: cause.clone(),
                },
            };
            Some(state)
        });
        SessionState {
            connections: connections.collect(),
            closed: self.closing != Closing::No,
        }
    }

    /// What it has done so far.
    pub fn counters(&self) -> Counters {
        Counters {
            subscriptions: self.subscriptions.len(),
            connections: self.lanes.iter().map(|lane| lane.sockets.len()).sum(),
            ..self.counters
        }
    }

    /// Counts events that whoever hands them on had no room for.
    pub fn count_drops(&mut self, count: u64) {
        self.counters.drops += count;
    }

    /// A text frame arrived. Returns the event, if it is one that is to be handed on at once: after what
    /// [`poll`](Self::poll) has to say.
    pub fn frame<'f>(&mut self, connection: ConnectionId, frame: &'f str, now: Instant) -> Option<Deliver<'f>> {
        let socket = self
            .lanes
            .get_mut(connection.lane as usize)?
            .socket_mut(connection.epoch)?;
        let machine = socket.machine.as_mut()?;
        self.counters.frames += 1;
        self.counters.bytes += frame.len() as u64;
        let data = machine.frame(frame, now);
        if machine.has_news() {
            self.touched.push(connection);
            self.settle(now);
        }
        let data = data?;
        let socket = self.lanes[connection.lane as usize].socket_mut(connection.epoch)?;
        let first = !std::mem::replace(&mut socket.works, true);
        let index = socket.slot_of(data.id).and_then(|slot| slot.subscription);
        if first {
            self.lane_works(connection.lane);
        }
        let index = index?;
        let place = Place {
            epoch: connection.epoch,
            slot: data.id.slot(),
        };
        let subscription = self.subscriptions.get(index)?;
        let deliver = match subscription.is_plain() {
            true => subscription.serving == Some(place),
            false if subscription.once.is_some() => {
                self.answer(index, place, data.payload, now);
                false
            }
            false => self.compare(index, place, data.payload, now),
        };
        if !deliver {
            return None;
        }
        self.counters.events += 1;
        Some(Deliver {
            subscription: SubscriptionHandle(self.subscriptions.handle(index)),
            payload: data.payload,
        })
    }

    /// Does what follows from what has just happened, until nothing does.
    pub(super) fn settle(&mut self, now: Instant) {
        loop {
            if let Some(connection) = self.touched.pop() {
                self.pump(connection, now);
                continue;
            }
            self.pump_starts(now);
            if self.touched.is_empty() {
                break;
            }
        }
        while let Some(index) = self.dirty_subscriptions.pop_first() {
            let deadline = self.subscriptions.get(index).and_then(Subscription::deadline);
            self.timers.set(Timer::Subscription(index), deadline);
        }
        while let Some(lane) = self.dirty_lanes.pop_first() {
            self.arm_lane(lane);
        }
        if std::mem::take(&mut self.state_changed) {
            self.arm_clock(now);
            self.actions.push_back(Action::StateChanged);
        }
        let no_sockets = || self.lanes.iter().all(|lane| lane.sockets.is_empty());
        if self.closing == Closing::Asked && no_sockets() {
            self.closing = Closing::Done;
            self.actions.push_back(Action::Closed);
        }
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing != Closing::No
    }

    pub(super) fn touch_lane(&mut self, lane: u32) {
        self.dirty_lanes.insert(lane);
    }

    pub(super) fn touch_all_lanes(&mut self) {
        self.dirty_lanes.extend(0..self.lanes.len() as u32);
    }

    pub(super) fn touch_subscription(&mut self, index: u32) {
        self.dirty_subscriptions.insert(index);
    }

    pub(super) fn roll(&mut self) -> u64 {
        self.random.roll()
    }

    fn arm_clock(&mut self, now: Instant) {
        let open = self.lanes.iter().any(|lane| lane.ready_epoch().is_some());
        self.timers.set(
            Timer::Clock,
            open.then(|| now + self.options.clock_check.max(Duration::from_secs(1))),
        );
    }
}
