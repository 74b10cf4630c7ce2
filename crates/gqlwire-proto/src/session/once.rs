//! Queries and mutations over a socket: one result, and no second home.

use std::time::Instant;

use super::action::{Cause, ConnectionId, Ending, Event, Once};
use super::lane::Place;
use super::session::Session;
use super::subscription::{Attempt, Which};
use crate::connection::Disconnect;

impl Session {
    pub(super) fn is_once(&self, index: u32) -> bool {
        let subscription = self.subscriptions.get(index);
        subscription.is_some_and(|subscription| subscription.once.is_some())
    }

    /// The result has come. It goes by way of the actions, so that the end can follow it.
    pub(super) fn answer(&mut self, index: u32, place: Place, payload: &str, now: Instant) {
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return;
        };
        if subscription.serving != Some(place) {
            return;
        }
        subscription.serving = None;
        let lane = subscription.lane;
        let payload = payload.to_owned();
        self.counters.events += 1;
        self.event(index, Event::Next(payload));
        self.let_finish(index, lane, place, now);
        self.over(index, Ending::Completed, now);
        self.settle(now);
    }

    /// The server is not told to stop what it is about to complete.
    fn let_finish(&mut self, index: u32, lane: u32, place: Place, now: Instant) {
        let Some(socket) = self.lanes[lane as usize].socket_mut(place.epoch) else {
            return;
        };
        let Some(slot) = socket.slots.get_mut(usize::from(place.slot)) else {
            return;
        };
        if slot.subscription == Some(index) {
            slot.subscription = None;
            if let (Some(wire), Some(machine)) = (slot.wire, &mut socket.machine) {
                machine.finish(wire, now);
                self.touched.push(ConnectionId {
                    lane,
                    epoch: place.epoch,
                });
            }
        }
    }

    /// The connection was lost after it had been sent, and before its result came.
    pub(super) fn unanswered(&mut self, index: u32, place: Place, cause: Disconnect, now: Instant) {
        let Some(subscription) = self.subscriptions.get_mut(index) else {
            return;
        };
        let starting = matches!(subscription.attempt, Attempt::Starting { place: at, .. } if at == place);
        if subscription.serving != Some(place) && !starting {
            return;
        }
        let cause: Cause = cause.into();
        subscription.serving = None;
        if subscription.once == Some(Once::Mutation) {
            return self.over(index, Ending::Unanswered(cause), now);
        }
        subscription.attempt = Attempt::Waiting;
        subscription.connect_by = subscription.repeat_by;
        if let Some((at, waited)) = subscription.connect_by
            && at <= now
        {
            let cause = Some(cause);
            return self.over(index, Ending::NotAcknowledged { waited, cause }, now);
        }
        // A server that it brings down is not to be brought down as often as it comes back.
        self.try_again(index, Which::Main, cause, now);
    }
}
