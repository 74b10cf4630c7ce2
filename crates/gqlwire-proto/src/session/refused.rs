//! Starts that the server refuses: what can be mended, and what is final.

use std::time::Instant;

use super::action::{Action, Cause, ConnectionId, Ending};
use super::clock::clock_correction;
use super::credentials::{AuthSource, Remedy};
use super::lane::Place;
use super::session::Session;
use super::subscription::{Attempt, Which};
use crate::connection::{Refusal, RefusalKind};

impl Session {
    /// An error about nobody in particular. It never ends what is acknowledged.
    pub(super) fn refused_without_id(&mut self, connection: ConnectionId, refusal: Refusal, now: Instant) {
        let ConnectionId { lane, epoch } = connection;
        let Some(socket) = self.lanes[lane as usize].socket_mut(epoch) else {
            return;
        };
        socket.hint = Some(refusal.clone());
        if refusal.kind() == RefusalKind::LimitExceeded {
            return self.pacer.slow_down(now);
        }
        let slots = (0_u16..).zip(&socket.slots);
        let mut unanswered = slots.filter(|(_, slot)| slot.wire.is_some() && !slot.acknowledged);
        // Where it can be the answer to one start only, it is.
        if let (Some((slot, only)), None) = (unanswered.next(), unanswered.next())
            && let Some(index) = only.subscription
        {
            let place = Place { epoch, slot };
            self.stop_place(index, lane, place, now);
            self.refused(index, place, refusal, now);
        }
    }

    pub(super) fn refused(&mut self, index: u32, place: Place, refusal: Refusal, now: Instant) {
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return;
        };
        let was_serving = subscription.serving == Some(place);
        if !was_serving && self.lanes[subscription.lane as usize].next_epoch() == Some(place.epoch) {
            return match refusal.kind() {
                RefusalKind::LimitExceeded => {
                    self.pacer.slow_down(now);
                    self.try_again(index, Which::Next, Cause::Refused(refusal), now);
                }
                _ => self.stays(index, now),
            };
        }
        if !self.options.sign_starts {
            // The connection's credentials are the operation's, and the server has taken them: it means what it says.
            return self.over(index, Ending::Final(Cause::Refused(refusal)), now);
        }
        if refusal
            .errors()
            .iter()
            .any(|error| error.message.starts_with("Subscription complete"))
        {
            return self.over(index, Ending::Invalidated(refusal), now);
        }
        let (kind, denied) = (refusal.kind(), is_denial(&refusal));
        let cause = Cause::Refused(refusal);
        subscription.cause = Some(cause.clone());
        if was_serving {
            subscription.serving = None;
            subscription.outage.get_or_insert((now, cause.clone()));
        }
        match kind {
            RefusalKind::LimitExceeded => {
                self.pacer.slow_down(now);
                self.drop_next(index, now);
                self.try_again(index, Which::Main, cause, now);
            }
            RefusalKind::MaxSubscriptions => self.move_elsewhere(index, place, cause, now),
            // What AppSync calls a bad request may be a signature that has expired.
            RefusalKind::BadRequest | RefusalKind::TokenExpired | RefusalKind::Unauthorized
                if !denied && self.has_right_time(index, place) =>
            {
                self.drop_next(index, now);
                if let Some(subscription) = self.subscriptions.get_mut(index) {
                    subscription.attempt = Attempt::Waiting;
                }
                self.kick(index, now);
            }
            RefusalKind::TokenExpired | RefusalKind::Unauthorized if !denied => {
                self.drop_next(index, now);
                self.reauthorize_start(index, cause, now);
            }
            _ => self.over(index, Ending::Final(cause), now),
        }
    }

    /// Whether the clock may be why a start was refused, and is right by now. A connection that was opened with something
    /// that has no date, such as an API key, does not find out.
    fn has_right_time(&mut self, index: u32, place: Place) -> bool {
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return false;
        };
        let (lane, signed_after) = (subscription.lane, subscription.corrections);
        let Some(socket) = self.lanes[lane as usize].socket(place.epoch) else {
            return false;
        };
        // What the server said of its time is compared with our clock as it was when it said so.
        let dates = socket.issued.dates.filter(|_| socket.corrections == self.corrections);
        let off = dates.and_then(|(server, local)| clock_correction(server, local));
        if (off.is_none() && signed_after == self.corrections) || !subscription.remedies.allow_right_time() {
            return false;
        }
        if let Some(seconds) = off {
            self.corrections += 1;
            self.actions.push_back(Action::CorrectClock(seconds));
        }
        true
    }

    fn reauthorize_start(&mut self, index: u32, cause: Cause, now: Instant) {
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return;
        };
        let (source, generation) = (subscription.source, subscription.generation);
        let remedy = self.credentials.refused(source, generation);
        if !subscription.remedies.allow(remedy) {
            return self.over(index, Ending::Final(cause), now);
        }
        if remedy == Remedy::Retry {
            subscription.attempt = Attempt::Waiting;
            return self.kick(index, now);
        }
        subscription.attempt = Attempt::Refreshing { generation };
        if remedy == Remedy::Refresh {
            self.ask_for_better(source, generation, cause);
        }
    }

    pub(super) fn starts_refreshed(&mut self, source: AuthSource, generation: u64, better: bool, now: Instant) {
        for index in self.subscriptions.indices() {
            let Some(subscription) = self.subscriptions.get_mut(index) else {
                continue;
            };
            let waits = match subscription.attempt {
                Attempt::Refreshing { generation: refused } => refused <= generation && subscription.source == source,
                _ => false,
            };
            if waits && better {
                subscription.attempt = Attempt::Waiting;
                self.kick(index, now);
            } else if waits && let Some(cause) = subscription.cause.clone() {
                self.over(index, Ending::Final(cause), now);
            }
        }
    }

    /// The connection is full, whatever its limit was thought to be.
    fn move_elsewhere(&mut self, index: u32, place: Place, cause: Cause, now: Instant) {
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return;
        };
        let lane = subscription.lane;
        let socket = self.lanes[lane as usize].socket(place.epoch);
        let held = socket.map_or(0, |socket| socket.started_slots());
        if !self.limit.learn(held) {
            return self.try_again(index, Which::Main, cause, now);
        }
        self.drop_next(index, now);
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return;
        };
        subscription.attempt = Attempt::Waiting;
        for other in std::mem::take(&mut subscription.lingering) {
            self.stop_place(index, lane, other, now);
        }
        let elsewhere = self.place(Some(lane));
        self.leave(index, lane, now);
        if let Some(subscription) = self.subscriptions.get_mut(index) {
            subscription.lane = elsewhere;
        }
        self.join(index, elsewhere, now);
    }
}

/// Whether the server knows who is asking and says no: better credentials of the same person change nothing.
fn is_denial(refusal: &Refusal) -> bool {
    let denies = |message: &str| message.starts_with("Not Authorized to access") || message == "Permission denied";
    refusal.errors().iter().any(|error| denies(&error.message))
}
