//! Subscriptions on their way to `start_ack`, and what becomes of them when they end there.

use std::time::{Duration, Instant};

use serde_json::value::RawValue;

use super::action::{
    Action, Cause, ConnectionId, Ending, Event, Failure, Gap, Issued, Once, SubscriptionHandle, Ticket,
};
use super::credentials::AuthSource;
use super::lane::{LanePhase, Place};
use super::session::Session;
use super::subscription::{Attempt, Which};
use super::timers::Timer;
use super::{Backoff, Takeover};
use crate::connection::{End, RefusalKind, Start, SubscriptionId};

/// How long to wait for a slot on a socket that has none left.
const FULL: Duration = Duration::from_millis(100);

/// How many starts without an answer stay known; older ones are stopped.
const LINGERING: usize = 3;

impl Session {
    /// What the provider says to the question of [`Action::Authorize`]: the JSON of the authorization object for the
    /// start.
    pub fn authorized(&mut self, ticket: Ticket, authorization: &RawValue, issued: Issued, now: Instant) {
        if let Some((index, which, epoch)) = self.redeem(ticket) {
            self.start(index, which, epoch, Some((authorization, issued)), now);
        }
        self.settle(now);
    }

    /// The provider has no credentials: for now, or for good.
    pub fn authorization_failed(&mut self, ticket: Ticket, why: Failure, temporary: bool, now: Instant) {
        if let Some((index, which, _)) = self.redeem(ticket) {
            let cause = Cause::Auth(why);
            match (temporary, which) {
                (true, _) => self.try_again(index, which, cause, now),
                (false, Which::Main) => self.over(index, Ending::Final(cause), now),
                (false, Which::Next) => self.stays(index, now),
            }
        }
        self.settle(now);
    }

    /// Whether the answer to this question is still waited for; if not, an attempt to get one may be given up.
    pub fn awaits(&self, ticket: Ticket) -> bool {
        self.find_ticket(ticket).is_some()
    }

    fn redeem(&mut self, ticket: Ticket) -> Option<(u32, Which, u32)> {
        self.find_ticket(ticket)
    }

    fn find_ticket(&self, ticket: Ticket) -> Option<(u32, Which, u32)> {
        let index = self.subscriptions.resolve(ticket.subscription)?;
        let subscription = self.subscriptions.get(index)?;
        [Which::Main, Which::Next]
            .into_iter()
            .find_map(|which| match subscription.attempt(which) {
                Some(Attempt::Authorizing { ticket: number, epoch }) if number == ticket.number => {
                    Some((index, which, epoch))
                }
                _ => None,
            })
    }

    /// Puts a subscription in the queue for its start, if its lane is ready for it.
    pub(super) fn kick(&mut self, index: u32, now: Instant) {
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return;
        };
        if subscription.attempt != Attempt::Waiting {
            return;
        }
        let lane = subscription.lane;
        match self.lanes[lane as usize].phase {
            LanePhase::Ready { .. } => {
                subscription.attempt = Attempt::Queued;
                self.starts.push_back(self.subscriptions.handle(index));
                self.touch_subscription(index);
            }
            LanePhase::Idle if !self.is_closing() => self.open(lane),
            LanePhase::Waiting { until } if until <= now => self.open(lane),
            _ => {}
        }
    }

    pub(super) fn queue_next(&mut self, index: u32) {
        if let Some(subscription) = self.subscriptions.get_mut(index) {
            subscription.next = Some(Attempt::Queued);
            self.starts.push_back(self.subscriptions.handle(index));
        }
    }

    /// Asks for the authorization of as many starts as pacing allows.
    pub(super) fn pump_starts(&mut self, now: Instant) {
        while let Some(handle) = self.starts.front().copied() {
            let Some((index, which, epoch)) = self.startable(handle) else {
                self.starts.pop_front();
                continue;
            };
            let at = self.pacer.next_start(now);
            if at > now {
                return self.timers.set(Timer::Pace, Some(at));
            }
            self.starts.pop_front();
            self.pacer.started(now);
            if !self.options.sign_starts {
                self.start(index, which, epoch, None, now);
                continue;
            }
            let Some(subscription) = self.subscriptions.get_mut(index) else {
                continue;
            };
            subscription.tickets = subscription.tickets.wrapping_add(1);
            let ticket = subscription.tickets;
            subscription.set_attempt(which, Attempt::Authorizing { ticket, epoch });
            subscription.corrections = self.corrections;
            self.actions.push_back(Action::Authorize {
                ticket: Ticket {
                    subscription: handle,
                    number: ticket,
                },
                subscription: SubscriptionHandle(handle),
                source: subscription.source,
            });
        }
        self.timers.set(Timer::Pace, None);
    }

    fn startable(&mut self, handle: super::slab::Handle) -> Option<(u32, Which, u32)> {
        let index = self.subscriptions.resolve(handle)?;
        let subscription = self.subscriptions.get_mut(index)?;
        let lane = &self.lanes[subscription.lane as usize];
        if subscription.attempt == Attempt::Queued {
            let Some(epoch) = lane.ready_epoch() else {
                subscription.attempt = Attempt::Waiting;
                return None;
            };
            return Some((index, Which::Main, epoch));
        }
        let next = lane.next.filter(|next| next.ready)?;
        (subscription.next == Some(Attempt::Queued)).then_some((index, Which::Next, next.epoch))
    }

    /// Sends a start, with what the provider has issued for it; without, what its connection was opened with counts.
    fn start(&mut self, index: u32, which: Which, epoch: u32, signed: Option<(&RawValue, Issued)>, now: Instant) {
        let source = self.source_of(index);
        if let Some((_, issued)) = signed {
            self.credentials.issued(source, issued.generation);
        }
        let (timeout, rule, seed) = (
            self.options.timeouts.start_ack,
            self.options.takeover.clone(),
            self.roll(),
        );
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return;
        };
        let lane = subscription.lane;
        let slot = self.lanes[lane as usize].socket_mut(epoch).and_then(|socket| {
            let generation = signed.map_or(socket.issued.generation, |(_, issued)| issued.generation);
            socket.machine.as_ref()?;
            let slot = socket.take_slot(index)?;
            let machine = socket.machine.as_mut()?;
            let start = Start {
                body: &subscription.body,
                authorization: signed.map(|(authorization, _)| authorization),
                once: subscription.once.is_some(),
            };
            let wire = machine.start_in(slot, start, now);
            socket.slots[usize::from(slot)].wire = Some(wire);
            Some((slot, generation))
        });
        let Some((slot, generation)) = slot else {
            // The socket is gone, or full of what is being stopped.
            let until = now + FULL;
            subscription.set_attempt(which, Attempt::Backoff { until });
            return self.touch_subscription(index);
        };
        let place = Place { epoch, slot };
        subscription.generation = generation;
        // A wait that no clock can add is for ever.
        let until = now.checked_add(timeout).unwrap_or(now + super::FOREVER);
        subscription.set_attempt(which, Attempt::Starting { place, until });
        if which == Which::Next {
            subscription.taking = Some(place);
            match &mut subscription.takeover {
                Some(takeover) if !takeover.is_cut() => takeover.again(),
                // The last one is over but for its last second.
                Some(_) | None => {
                    subscription.takeover = Some(Box::new(Takeover::new(rule, seed)));
                    subscription.counted = 0;
                }
            }
            subscription.gap_told = false;
        }
        self.touch_subscription(index);
        self.touched.push(ConnectionId { lane, epoch });
    }

    pub(super) fn acknowledged(&mut self, connection: ConnectionId, id: SubscriptionId, now: Instant) {
        let ConnectionId { lane, epoch } = connection;
        let home = &mut self.lanes[lane as usize];
        let (main, next) = (home.main_epoch(), home.next_epoch());
        let Some(socket) = home.socket_mut(epoch) else { return };
        socket.hint = None;
        // Where nothing is acknowledged, that something was sent shows nothing.
        let socket_says_so = socket
            .machine
            .as_ref()
            .is_some_and(|machine| machine.protocol().acknowledges_starts());
        let Some(slot) = socket.slot_mut(id) else { return };
        slot.acknowledged = true;
        let Some(index) = slot.subscription else { return };
        let place = Place { epoch, slot: id.slot() };
        if socket_says_so {
            self.lane_works(lane);
            self.pacer.accepted(now);
        }
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return;
        };
        let which = match Some(epoch) {
            epoch if epoch == main && subscription.serving.is_none() => Which::Main,
            epoch if epoch == next && subscription.next.is_some() => Which::Next,
            // It is served elsewhere by now.
            _ => return self.stop_place(index, lane, place, now),
        };
        // Whichever start is acknowledged first wins; the others are stopped.
        let mut others = std::mem::take(&mut subscription.lingering);
        if let Some(Attempt::Starting { place, .. }) = subscription.attempt(which) {
            others.push(place);
        }
        others.retain(|other| *other != place);
        let (keep, stop): (Vec<_>, Vec<_>) = others.into_iter().partition(|other| other.epoch != epoch);
        subscription.lingering = keep;
        subscription.set_attempt(which, Attempt::Active);
        subscription.remedies = super::credentials::Remedies::default();
        match which {
            Which::Main => {
                // What is acknowledged by being sent has shown nothing yet.
                if subscription.once.is_none() {
                    subscription.backoff = Backoff::default();
                }
                subscription.serving = Some(place);
            }
            Which::Next => {
                subscription.next_backoff = Backoff::default();
                subscription.taking = Some(place);
                if let Some(takeover) = &mut subscription.takeover {
                    takeover.acknowledged(now);
                }
            }
        }
        for other in stop {
            self.stop_place(index, lane, other, now);
        }
        self.touch_subscription(index);
        if which == Which::Main {
            self.restored(index, now);
        }
    }

    /// The server sends events again, or for the first time.
    fn restored(&mut self, index: u32, now: Instant) {
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return;
        };
        (subscription.connect_by, subscription.cause) = (None, None);
        let first = !std::mem::replace(&mut subscription.acknowledged, true);
        let (outage, wants_catch_up) = (subscription.outage.take(), subscription.wants_catch_up);
        let lane = subscription.lane;
        if first {
            let handle = SubscriptionHandle(self.subscriptions.handle(index));
            self.actions.push_back(Action::Acknowledged(handle));
        }
        if let Some((since, cause)) = outage {
            self.gap(
                index,
                Gap {
                    since,
                    until: now,
                    cause,
                },
            );
        }
        if wants_catch_up {
            self.begin_catch_up(index, now, now);
        }
        let next = self.lanes[lane as usize].next.is_some_and(|next| next.ready);
        if next && !self.is_once(index) {
            self.queue_next(index);
        }
    }

    pub(super) fn gap(&mut self, index: u32, gap: Gap) {
        self.counters.gaps += 1;
        self.event(index, Event::Gap(gap));
    }

    pub(super) fn event(&mut self, index: u32, event: Event) {
        let handle = SubscriptionHandle(self.subscriptions.handle(index));
        self.actions.push_back(Action::Event(handle, event));
    }

    pub(super) fn ended(&mut self, connection: ConnectionId, id: SubscriptionId, end: End, now: Instant) {
        let ConnectionId { lane, epoch } = connection;
        let Some(socket) = self.lanes[lane as usize].socket_mut(epoch) else {
            return;
        };
        let since = socket.machine.as_ref().map_or(now, |machine| machine.last_frame());
        let Some(slot) = socket.free_slot(id) else { return };
        let Some(index) = slot.subscription else { return };
        let place = Place { epoch, slot: id.slot() };
        self.touch_subscription(index);
        if matches!(end, End::Completed | End::Failed(_)) {
            self.lane_works(lane);
        }
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return;
        };
        let lingered = subscription.lingering.iter().position(|lingering| *lingering == place);
        if let Some(lingered) = lingered {
            subscription.lingering.remove(lingered);
        }
        match end {
            End::Disconnected(cause) if subscription.once.is_some() => self.unanswered(index, place, cause, now),
            End::Disconnected(cause) => self.place_lost(index, place, since, cause.into(), now),
            // An older start was refused for its pace; the newer one will have its own answer.
            End::Refused(refusal) if lingered.is_some() && refusal.kind() == RefusalKind::LimitExceeded => {}
            // What the server completes on the socket that takes over, it will complete on the first one too.
            End::Completed if lingered.is_some() => {}
            End::Completed if subscription.taking == Some(place) => self.stays(index, now),
            End::Completed => self.over(index, Ending::Completed, now),
            End::Refused(refusal) | End::Failed(refusal) => self.refused(index, place, refusal, now),
            End::NoStartAck { .. } | End::Stopped => {}
        }
    }

    /// Another attempt when the ladder says so, or none.
    pub(super) fn try_again(&mut self, index: u32, which: Which, cause: Cause, now: Instant) {
        let roll = self.roll();
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return;
        };
        subscription.cause = Some(cause.clone());
        let backoff = match which {
            Which::Main => &mut subscription.backoff,
            Which::Next => &mut subscription.next_backoff,
        };
        let until = backoff.failed(&self.options.reconnect, now, roll);
        let attempts = backoff.attempts();
        match (until, which) {
            (Some(until), _) => subscription.set_attempt(which, Attempt::Backoff { until }),
            (None, Which::Main) => self.over(index, Ending::Disconnected { attempts, cause }, now),
            (None, Which::Next) => self.stays(index, now),
        }
        self.touch_subscription(index);
    }

    pub(super) fn subscription_tick(&mut self, index: u32, now: Instant) {
        self.touch_subscription(index);
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return;
        };
        if let Some((_, waited)) = subscription.connect_by.filter(|(at, _)| *at <= now) {
            let lane = &self.lanes[subscription.lane as usize];
            // What the server said without saying to whom may have been the answer to this start.
            let hint = || {
                lane.sockets
                    .iter()
                    .find_map(|socket| socket.hint.clone())
                    .map(Cause::Refused)
            };
            let cause = subscription.cause.clone().or_else(hint).or_else(|| lane.cause.clone());
            return self.over(index, Ending::NotAcknowledged { waited, cause }, now);
        }
        for which in [Which::Main, Which::Next] {
            let attempt = self
                .subscriptions
                .get(index)
                .and_then(|subscription| subscription.attempt(which));
            match (attempt, which) {
                (Some(Attempt::Backoff { until }), Which::Main) if until <= now => {
                    if let Some(subscription) = self.subscriptions.get_mut(index) {
                        subscription.attempt = Attempt::Waiting;
                    }
                    self.kick(index, now);
                }
                (Some(Attempt::Backoff { until }), Which::Next) if until <= now => self.queue_next(index),
                (Some(Attempt::Starting { place, until }), _) if until <= now => {
                    self.start_overdue(index, which, place, now);
                }
                _ => {}
            }
        }
        self.compare_by_time(index, now);
        self.catch_up_tick(index, now);
    }

    fn start_overdue(&mut self, index: u32, which: Which, place: Place, now: Instant) {
        let waited = self.options.timeouts.start_ack;
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return;
        };
        let lane = subscription.lane;
        if subscription.once == Some(Once::Mutation) {
            let cause = Cause::NoStartAck { waited, hint: None };
            return self.over(index, Ending::Unanswered(cause), now);
        }
        let socket = self.lanes[lane as usize].socket(place.epoch);
        let hint = socket.and_then(|socket| socket.hint.clone());
        let machine = socket.and_then(|socket| socket.machine.as_ref());
        let silent = machine.is_some_and(|machine| machine.last_frame() + waited <= now);
        subscription.lingering.push(place);
        let oldest = (subscription.lingering.len() > LINGERING).then(|| subscription.lingering.remove(0));
        if let Some(oldest) = oldest {
            self.stop_place(index, lane, oldest, now);
        }
        self.try_again(index, which, Cause::NoStartAck { waited, hint }, now);
        // Not an answer, nor anything else: more likely than a server that forgets is a socket that is dead.
        if silent && which == Which::Main && self.options.reconnect.attempts != Some(0) {
            self.begin_rotation(lane, true, now);
        }
    }

    /// Tells the server that nothing is wanted at this place any more.
    pub(super) fn stop_place(&mut self, index: u32, lane: u32, place: Place, now: Instant) {
        let Some(socket) = self.lanes[lane as usize].socket_mut(place.epoch) else {
            return;
        };
        let Some(slot) = socket.slots.get_mut(usize::from(place.slot)) else {
            return;
        };
        if slot.subscription != Some(index) {
            return;
        }
        slot.subscription = None;
        let wire = slot.wire;
        if let (Some(wire), Some(machine)) = (wire, &mut socket.machine) {
            machine.stop(wire, now);
            self.touched.push(ConnectionId {
                lane,
                epoch: place.epoch,
            });
        }
    }

    /// A subscription is over. What has been received for it is handed on first, unless it is its user's wish.
    pub(super) fn over(&mut self, index: u32, ending: Ending, now: Instant) {
        if !matches!(ending, Ending::Closed | Ending::Stopped) {
            self.flush(index, now);
        }
        let Some(subscription) = self.subscriptions.get(index) else {
            return;
        };
        let (lane, source) = (subscription.lane, subscription.source);
        for place in subscription.places() {
            self.stop_place(index, lane, place, now);
        }
        let handle = SubscriptionHandle(self.subscriptions.handle(index));
        self.subscriptions.remove(index);
        self.timers.set(Timer::Subscription(index), None);
        self.credentials.left(source);
        self.actions.push_back(Action::Ended(handle, ending));
        self.leave(index, lane, now);
    }

    pub(super) fn source_of(&self, index: u32) -> AuthSource {
        self.subscriptions
            .get(index)
            .map_or(AuthSource::CLIENT, |subscription| subscription.source)
    }
}
