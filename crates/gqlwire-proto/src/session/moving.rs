//! From one socket to the next: what is lost with a socket, rotations, probes, catch-ups.

use std::time::{Duration, Instant};

use super::action::{Action, Cause, ConnectionId, Ending, Event, Failure, Gap, SubscriptionHandle};
use super::catch_up::{CatchUp, CatchUpPhase};
use super::lane::{Lane, LanePhase, Next, Place};
use super::session::Session;
use super::subscription::Attempt;
use super::{Backoff, ReconnectPolicy};
use crate::connection::Disconnect;

impl Session {
    /// The catch-up operation has its answer, or failed: a subscription that cannot catch up ends.
    pub fn catch_up_done(
        &mut self,
        subscription: SubscriptionHandle,
        run: u32,
        answer: Result<String, Failure>,
        now: Instant,
    ) {
        let Some(index) = self.subscriptions.resolve(subscription.0) else {
            return;
        };
        let current = self.subscriptions.get_mut(index).and_then(|subscription| {
            let running = subscription.catch_up.as_ref()?.phase == CatchUpPhase::Running { run };
            running.then(|| subscription.catch_up.take()).flatten()
        });
        // The answer to a run from before the last gap has that gap as its hole.
        let Some(catch_up) = current else { return };
        match answer {
            Ok(snapshot) => {
                self.event(index, Event::Snapshot(snapshot));
                self.hand_on(index, *catch_up);
            }
            Err(failure) => {
                self.hand_on(index, *catch_up);
                self.over(index, Ending::CatchUp(failure), now);
            }
        }
        self.settle(now);
    }

    pub(super) fn begin_catch_up(&mut self, index: u32, acknowledged: Instant, now: Instant) {
        self.flush_catch_up(index);
        let until = (acknowledged + self.options.takeover.settle).max(now);
        if let Some(subscription) = self.subscriptions.get_mut(index) {
            subscription.catch_up = Some(Box::new(CatchUp::settling(until, &self.held_in_all)));
        }
        self.touch_subscription(index);
    }

    pub(super) fn catch_up_tick(&mut self, index: u32, now: Instant) {
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return;
        };
        let Some(catch_up) = &mut subscription.catch_up else {
            return;
        };
        if catch_up.settled_at().is_some_and(|at| at <= now) {
            subscription.runs = subscription.runs.wrapping_add(1);
            let run = subscription.runs;
            catch_up.phase = CatchUpPhase::Running { run };
            let subscription = SubscriptionHandle(self.subscriptions.handle(index));
            self.actions.push_back(Action::CatchUp { subscription, run });
        }
    }

    fn flush_catch_up(&mut self, index: u32) {
        let catch_up = self
            .subscriptions
            .get_mut(index)
            .and_then(|subscription| subscription.catch_up.take());
        if let Some(catch_up) = catch_up {
            self.hand_on(index, *catch_up);
        }
    }

    /// Hands on what was held back, after saying what is missing from it.
    fn hand_on(&mut self, index: u32, catch_up: CatchUp) {
        if let Some(dropped) = catch_up.dropped {
            self.event(index, Event::Dropped(dropped));
        }
        for payload in catch_up.into_held() {
            self.counters.events += 1;
            self.event(index, Event::Next(payload));
        }
    }

    /// Hands on everything that waits: for a pair, or for a catch-up.
    pub(super) fn flush(&mut self, index: u32, now: Instant) {
        if let Some(takeover) = self
            .subscriptions
            .get_mut(index)
            .and_then(|subscription| subscription.takeover.as_mut())
        {
            takeover.old_is_gone(now);
            self.drain_takeover(index, now);
        }
        self.flush_catch_up(index);
    }

    fn emit(&mut self, index: u32, payload: String, now: Instant) {
        if !self.hold(index, &payload, now) {
            self.counters.events += 1;
            self.event(index, Event::Next(payload));
        }
    }

    /// Whether the event waits for a catch-up.
    fn hold(&mut self, index: u32, payload: &str, now: Instant) -> bool {
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return false;
        };
        let Some(catch_up) = &mut subscription.catch_up else {
            return false;
        };
        self.counters.drops += catch_up.hold(payload.to_owned(), &self.options, now);
        true
    }

    /// An event of a subscription that is not just handed on: compared with another socket's, or held back. Returns
    /// whether it is to be handed on now.
    pub(super) fn compare(&mut self, index: u32, place: Place, payload: &str, now: Instant) -> bool {
        self.compare_by_time(index, now);
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return false;
        };
        let (serving, taking) = (subscription.serving == Some(place), subscription.taking == Some(place));
        let deliver = match &mut subscription.takeover {
            None => serving,
            Some(takeover) if taking || (serving && takeover.is_cut()) => takeover.on_new(payload, now),
            Some(takeover) => serving && takeover.on_old(payload, now),
        };
        if deliver && taking {
            self.tell_gap(index, now);
        }
        self.drain_takeover(index, now);
        let deliver = deliver && !self.hold(index, payload, now);
        self.settle(now);
        deliver
    }

    pub(super) fn compare_by_time(&mut self, index: u32, now: Instant) {
        self.wait_for_the_old(index, now);
        let takeover = self
            .subscriptions
            .get_mut(index)
            .and_then(|subscription| subscription.takeover.as_mut());
        if let Some(takeover) = takeover {
            takeover.tick(now);
            self.drain_takeover(index, now);
        }
    }

    /// Puts the cut off while the old socket may be alive and quiet, or dead: a frame after the new one's `start_ack`
    /// shows that everything before has come, and silence for too long that it may not have.
    fn wait_for_the_old(&mut self, index: u32, now: Instant) {
        const STEP: Duration = Duration::from_secs(1);
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return;
        };
        let Some(takeover) = &mut subscription.takeover else {
            return;
        };
        let (Some(old), Some(acknowledged)) = (subscription.serving, takeover.acknowledged_at()) else {
            return;
        };
        if takeover.cut_at().is_none_or(|cut| cut > now) {
            return;
        }
        let socket = self.lanes[subscription.lane as usize].socket(old.epoch);
        let last = socket
            .and_then(|socket| socket.machine.as_ref())
            .map(|machine| machine.last_frame());
        if last.is_some_and(|last| last < acknowledged && now < last + self.options.patience()) {
            takeover.put_off(now + STEP);
        }
    }

    fn drain_takeover(&mut self, index: u32, now: Instant) {
        self.touch_subscription(index);
        loop {
            let Some(subscription) = self.subscriptions.get_mut(index) else {
                return;
            };
            let Some(takeover) = &mut subscription.takeover else {
                return;
            };
            if let Some(payload) = takeover.due() {
                self.tell_gap(index, now);
                self.emit(index, payload, now);
                continue;
            }
            let counted = takeover.possible_duplicates();
            self.counters.possible_duplicates += counted - subscription.counted;
            subscription.counted = counted;
            let cut = takeover.is_cut() && subscription.taking.is_some() && subscription.serving.is_some();
            if takeover.is_over(now) {
                subscription.takeover = None;
            }
            if cut {
                self.cut_over(index, now);
            }
            return;
        }
    }

    /// From here on, the new socket serves.
    fn cut_over(&mut self, index: u32, now: Instant) {
        self.tell_gap(index, now);
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return;
        };
        let lane = subscription.lane;
        let old = std::mem::replace(&mut subscription.serving, subscription.taking.take());
        (subscription.attempt, subscription.next) = (Attempt::Active, None);
        if let Some(old) = old {
            self.stop_place(index, lane, old, now);
        }
        self.check_rotation(lane, now);
    }

    /// The old socket may have been dead since its last frame. If it has not spoken since the new one's `start_ack`,
    /// nobody can say that it was not.
    fn tell_gap(&mut self, index: u32, now: Instant) {
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return;
        };
        let acknowledged = subscription
            .takeover
            .as_ref()
            .and_then(|takeover| takeover.acknowledged_at());
        let (Some(old), Some(until)) = (subscription.serving, acknowledged) else {
            return;
        };
        let home = &self.lanes[subscription.lane as usize];
        let old = home.socket(old.epoch).and_then(|socket| socket.machine.as_ref());
        let since = old.map(|machine| machine.last_frame());
        if subscription.gap_told {
            return;
        }
        let Some(since) = since.filter(|since| *since < until) else {
            return;
        };
        subscription.gap_told = true;
        let wants_catch_up = subscription.wants_catch_up;
        let cause = Disconnect::Silent(until - since).into();
        self.gap(index, Gap { since, until, cause });
        if wants_catch_up {
            self.begin_catch_up(index, until, now);
        }
    }

    /// A socket is gone on which this subscription had a place.
    pub(super) fn place_lost(&mut self, index: u32, place: Place, since: Instant, cause: Cause, now: Instant) {
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return;
        };
        let home = &self.lanes[subscription.lane as usize];
        let was_main = home.main_epoch() == Some(place.epoch);
        let starting_at = |attempt: Option<Attempt>| match attempt {
            Some(Attempt::Starting { place: at, .. }) => at == place,
            _ => false,
        };
        subscription.remedies = super::credentials::Remedies::default();
        if subscription.serving == Some(place) {
            subscription.serving = None;
            let heir = subscription.next.take().filter(|_| was_main && home.next.is_some());
            match heir {
                Some(Attempt::Active) => return self.taken_over_early(index, since, cause, now),
                Some(Attempt::Stays) | None => subscription.attempt = Attempt::Waiting,
                // On its way on the socket that becomes the lane's.
                Some(attempt) => subscription.attempt = attempt,
            }
            subscription.taking = None;
            subscription.outage.get_or_insert((since, cause));
            self.flush(index, now);
            if let Some(subscription) = self.subscriptions.get_mut(index) {
                subscription.takeover = None;
            }
        } else if subscription.taking == Some(place) || starting_at(subscription.next) {
            self.drop_next(index, now);
        } else if starting_at(Some(subscription.attempt)) {
            subscription.attempt = Attempt::Waiting;
            subscription.cause = Some(cause);
        }
        // The lane's own socket is about to be replaced; any other leaves the lane as ready as it was.
        if !was_main && self.is_waiting(index) {
            self.kick(index, now);
        }
    }

    /// The old socket died between the new one's `start_ack` and the cut.
    fn taken_over_early(&mut self, index: u32, since: Instant, cause: Cause, now: Instant) {
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return;
        };
        subscription.serving = subscription.taking.take();
        subscription.attempt = Attempt::Active;
        let wants_catch_up = subscription.wants_catch_up;
        let told = subscription.gap_told;
        if let Some(takeover) = &mut subscription.takeover {
            let acknowledged = takeover.acknowledged_at().unwrap_or(now);
            // Until it has settled, the new socket may have missed what the old one could not deliver any more.
            if !takeover.is_settled(since) && !told {
                let until = acknowledged.max(since);
                takeover.old_is_gone(now);
                self.gap(index, Gap { since, until, cause });
                if wants_catch_up {
                    self.begin_catch_up(index, acknowledged, now);
                }
            } else {
                takeover.old_is_gone(now);
            }
        }
        self.drain_takeover(index, now);
    }

    /// Refused by the socket that takes over: served by the old one until that closes.
    pub(super) fn stays(&mut self, index: u32, now: Instant) {
        self.drop_next(index, now);
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return;
        };
        subscription.next = Some(Attempt::Stays);
        let lane = subscription.lane;
        self.check_rotation(lane, now);
    }

    /// Leaves the socket that was to take over; the old one goes on.
    pub(super) fn drop_next(&mut self, index: u32, now: Instant) {
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return;
        };
        let lane = subscription.lane;
        let mut places: Vec<Place> = subscription.taking.take().into_iter().collect();
        if let Some(Attempt::Starting { place, .. }) = subscription.next.take() {
            places.push(place);
        }
        let next_epoch = self.lanes[lane as usize].next_epoch();
        let (there, elsewhere) = std::mem::take(&mut subscription.lingering)
            .into_iter()
            .partition(|place| Some(place.epoch) == next_epoch);
        let there: Vec<Place> = there;
        subscription.lingering = elsewhere;
        if let Some(takeover) = &mut subscription.takeover {
            takeover.new_is_gone(now);
        }
        for place in places.into_iter().chain(there) {
            self.stop_place(index, lane, place, now);
        }
        self.drain_takeover(index, now);
    }

    pub(super) fn may_rotate(&self, lane: &Lane) -> bool {
        lane.next.is_none() && !lane.members.is_empty() && (self.rotating.is_none() || lane.probe_again)
    }

    /// Opens a socket beside the lane's own. By plan, one lane at a time does so; a probe waits for nobody.
    pub(super) fn begin_rotation(&mut self, lane: u32, probe: bool, now: Instant) {
        let home = &self.lanes[lane as usize];
        if home.members.is_empty() || (!probe && self.rotating.is_some()) {
            return;
        }
        if let Some(next) = &mut self.lanes[lane as usize].next {
            next.probe |= probe;
            return;
        }
        if !probe {
            self.rotating = Some(lane);
        }
        let epoch = self.add_socket(lane);
        let home = &mut self.lanes[lane as usize];
        home.probe_again = false;
        home.next = Some(Next {
            epoch,
            ready: false,
            begun: now,
            probe,
        });
        self.actions.push_back(Action::Open(ConnectionId { lane, epoch }));
        self.state_changed = true;
        self.touch_lane(lane);
    }

    pub(super) fn next_ready(&mut self, lane: u32, now: Instant) {
        let home = &mut self.lanes[lane as usize];
        let Some(next) = &mut home.next else { return };
        next.ready = true;
        let next = *next;
        let main = home.main_epoch().and_then(|epoch| home.socket(epoch));
        let spoke = main
            .and_then(|socket| socket.machine.as_ref())
            .is_some_and(|machine| machine.last_frame() > next.begun);
        if next.probe && self.rotating != Some(lane) && spoke {
            // The first one has found its voice: there is nothing to replace.
            home.next = None;
            self.retire_unused(lane, now);
            return self.rotation_over(lane);
        }
        let members: Vec<u32> = home.members.iter().copied().collect();
        for index in members {
            let active = self
                .subscriptions
                .get(index)
                .is_some_and(|subscription| subscription.serving.is_some() && subscription.once.is_none());
            if active {
                self.queue_next(index);
            }
        }
        self.check_rotation(lane, now);
    }

    /// The socket that was to take over is gone; every subscription on it knows. Another is tried later.
    pub(super) fn next_gone(&mut self, lane: u32, now: Instant) {
        let roll = self.roll();
        let home = &mut self.lanes[lane as usize];
        let Some(next) = home.next.take() else { return };
        home.probe_again = next.probe;
        let at = home.next_backoff.failed(&ReconnectPolicy::default(), now, roll);
        let at = at.map_or(now, |at| at.max(now + Duration::from_secs(1)));
        if let Some(socket) = home.main_epoch().and_then(|epoch| home.socket_mut(epoch)) {
            socket.rotate_at = Some(at);
        }
        let members: Vec<u32> = home.members.iter().copied().collect();
        for index in members {
            self.drop_next(index, now);
        }
        self.rotation_over(lane);
    }

    pub(super) fn rotation_over(&mut self, lane: u32) {
        self.state_changed = true;
        self.touch_lane(lane);
        if self.rotating == Some(lane) {
            self.rotating = None;
            // Others may have waited for their turn.
            self.touch_all_lanes();
        }
    }

    /// Lets the new socket be the lane's own once it serves everything that it can.
    pub(super) fn check_rotation(&mut self, lane: u32, now: Instant) {
        let home = &self.lanes[lane as usize];
        let Some(next) = home.next.filter(|next| next.ready) else {
            return;
        };
        let moved = |index: &u32| {
            self.subscriptions.get(*index).is_none_or(|subscription| {
                let elsewhere = subscription.serving.is_none_or(|place| place.epoch == next.epoch);
                // A query or mutation ends where it was sent.
                elsewhere || subscription.next == Some(Attempt::Stays) || subscription.once.is_some()
            })
        };
        if !home.members.iter().all(moved) {
            return;
        }
        let home = &mut self.lanes[lane as usize];
        let old = home.main_epoch();
        home.next = None;
        home.next_backoff = Backoff::default();
        home.phase = LanePhase::Ready { epoch: next.epoch };
        self.counters.rotations += 1;
        let members: Vec<u32> = home.members.iter().copied().collect();
        for index in members {
            self.leave_old(index, lane, old, now);
        }
        self.rotation_over(lane);
        self.retire_unused(lane, now);
    }

    /// What was still on its way on the old socket starts over on the new one.
    fn leave_old(&mut self, index: u32, lane: u32, old: Option<u32>, now: Instant) {
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return;
        };
        subscription.next = None;
        let lingering = std::mem::take(&mut subscription.lingering);
        let (mut places, elsewhere): (Vec<_>, _) = lingering.into_iter().partition(|place| Some(place.epoch) == old);
        subscription.lingering = elsewhere;
        let on_its_way = match subscription.attempt {
            Attempt::Starting { place, .. } if Some(place.epoch) == old && subscription.once.is_none() => {
                places.push(place);
                true
            }
            Attempt::Authorizing { epoch, .. } => Some(epoch) == old,
            _ => false,
        };
        if on_its_way {
            subscription.attempt = Attempt::Waiting;
        }
        for place in places {
            self.stop_place(index, lane, place, now);
        }
        self.kick(index, now);
    }
}
