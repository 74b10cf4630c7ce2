//! How connections come to an end, and what is done about it.

use std::time::{Duration, Instant, SystemTime};

use super::action::{Action, Cause, ConnectionId, Ending};
use super::clock::clock_correction;
use super::credentials::{AuthSource, Remedy};
use super::lane::{LanePhase, Socket};
use super::session::Session;
use super::timers::Timer;
use crate::connection::{CloseMeaning, Connection, Disconnect, Protocol, Refusal, RefusalKind};

/// How an attempt, or a connection, came to its end.
pub(super) enum Fate {
    /// It was acknowledged, and lived for so long.
    Dropped(Duration),
    /// It was never acknowledged, or it was and then refused.
    Failed,
    /// Another attempt will fail in the same way.
    Final,
    /// Its credentials, of this generation, were refused.
    Unauthorized(u64),
}

impl Session {
    pub(super) fn socket_closed(&mut self, connection: ConnectionId, cause: Disconnect, now: Instant) {
        self.timers.set(Timer::Socket(connection.lane, connection.epoch), None);
        let taken = self.lanes[connection.lane as usize].take_socket(connection.epoch);
        let protocol = taken.as_ref().and_then(|socket| socket.machine.as_ref());
        let protocol = protocol.map_or(Protocol::AppSync, Connection::protocol);
        self.actions.push_back(Action::Close {
            connection,
            code: cause.close_code(protocol),
            cause: cause.clone(),
        });
        let Some(socket) = taken else { return };
        if protocol != Protocol::AppSync {
            let fate = self.fate(connection.lane, &socket, &cause, now);
            return self.socket_gone(connection, cause.into(), fate, now);
        }
        // AppSync opens the socket before it looks at the signature, and calls one that has expired a bad request.
        if let Disconnect::Refused(refusal) = &cause
            && matches!(refusal.kind(), RefusalKind::BadRequest | RefusalKind::Unauthorized)
            && socket.acknowledged.is_none()
        {
            // Compared with a clock that has been corrected since, they would correct it twice.
            let dates = socket.issued.dates.filter(|_| socket.corrections == self.corrections);
            if self.correct_clock(connection.lane, socket.corrections, dates) {
                return self.again(connection, now);
            }
        }
        let fate = match (&cause, socket.acknowledged) {
            (Disconnect::Refused(refusal), _) => match refusal.kind() {
                RefusalKind::Unauthorized | RefusalKind::TokenExpired => Fate::Unauthorized(socket.issued.generation),
                RefusalKind::BadRequest | RefusalKind::UnsupportedOperation => Fate::Final,
                _ => Fate::Failed,
            },
            (_, Some(at)) => Fate::Dropped(now.saturating_duration_since(at)),
            (_, None) => Fate::Failed,
        };
        self.socket_gone(connection, cause.into(), fate, now);
    }

    /// How a connection came to its end, on any protocol but AppSync's.
    pub(super) fn fate(&mut self, lane: u32, socket: &Socket, cause: &Disconnect, now: Instant) -> Fate {
        let lived = socket.acknowledged.map(|at| now.saturating_duration_since(at));
        if lived.is_some_and(|lived| lived >= self.options.reconnect.healthy_after) {
            // What was good for so long and is refused now has expired.
            self.lane_works(lane);
        }
        let meaning = match cause {
            Disconnect::Refused(refusal) if is_a_crash(refusal) => return Fate::Failed,
            Disconnect::Refused(_) => CloseMeaning::Unauthorized,
            Disconnect::Closed { code, .. } => CloseMeaning::of(*code),
            // A server that does so once will do it again: not without end, and not at once.
            Disconnect::Binary(_) | Disconnect::Malformed(_) | Disconnect::Violation { .. } => return Fate::Failed,
            _ => CloseMeaning::Retry,
        };
        match (meaning, lived) {
            (CloseMeaning::Final, _) => Fate::Final,
            (CloseMeaning::Unauthorized, _) => Fate::Unauthorized(socket.issued.generation),
            (CloseMeaning::Retry, Some(lived)) => Fate::Dropped(lived),
            (CloseMeaning::Retry, None) => Fate::Failed,
        }
    }

    /// A socket is gone, and every subscription that it served knows.
    pub(super) fn socket_gone(&mut self, connection: ConnectionId, cause: Cause, fate: Fate, now: Instant) {
        let ConnectionId { lane, epoch } = connection;
        self.state_changed = true;
        self.touch_lane(lane);
        let home = &mut self.lanes[lane as usize];
        if home.next_epoch() == Some(epoch) {
            if let Fate::Unauthorized(generation) = fate
                && self.credentials.refused(AuthSource::CLIENT, generation) == Remedy::Refresh
            {
                self.ask_for_better(AuthSource::CLIENT, generation, cause);
            }
            return self.next_gone(lane, now);
        }
        if home.main_epoch() != Some(epoch) {
            return;
        }
        home.cause = Some(cause.clone());
        if let Some(next) = home.next.take() {
            home.phase = match next.ready {
                true => LanePhase::Ready { epoch: next.epoch },
                false => LanePhase::Opening { epoch: next.epoch },
            };
            if next.ready {
                home.cause = None;
                self.counters.reconnects += 1;
            }
            self.rotation_over(lane);
            return self.kick_all(lane, now);
        }
        home.phase = LanePhase::Idle;
        if home.members.is_empty() {
            home.cause = None;
            return;
        }
        let roll = self.roll();
        let policy = &self.options.reconnect;
        let home = &mut self.lanes[lane as usize];
        if !matches!(cause, Cause::Disconnected(Disconnect::Refused(_)))
            && matches!(fate, Fate::Dropped(_) | Fate::Failed)
        {
            // Only refusals in a row are final: after an outage, what was fresh before it may have expired in it.
            home.remedies = super::credentials::Remedies::default();
        }
        let until = match fate {
            Fate::Final => return self.give_up(lane, true, now),
            Fate::Unauthorized(generation) => return self.reauthorize(lane, generation, cause, now),
            Fate::Failed => home.backoff.failed(policy, now, roll),
            Fate::Dropped(lived) => home.backoff.dropped(policy, lived, now, roll),
        };
        match until {
            Some(until) if until <= now => self.open(lane),
            Some(until) => home.phase = LanePhase::Waiting { until },
            None => self.give_up(lane, false, now),
        }
    }

    pub(super) fn reauthorize(&mut self, lane: u32, generation: u64, cause: Cause, now: Instant) {
        // Better credentials are no second attempt at what has never begun; what had begun ends with its connection.
        let begun = |index: &u32| self.subscriptions.get(*index).is_some_and(|s| s.acknowledged);
        if self.options.reconnect.attempts == Some(0) && self.lanes[lane as usize].members.iter().any(begun) {
            return self.give_up(lane, true, now);
        }
        let remedy = self.credentials.refused(AuthSource::CLIENT, generation);
        let home = &mut self.lanes[lane as usize];
        if !home.remedies.allow(remedy) {
            return self.give_up(lane, true, now);
        }
        match remedy {
            Remedy::Retry => self.open(lane),
            Remedy::Wait => home.phase = LanePhase::Refreshing { generation },
            Remedy::Refresh => {
                home.phase = LanePhase::Refreshing { generation };
                self.ask_for_better(AuthSource::CLIENT, generation, cause);
            }
        }
    }

    pub(super) fn ask_for_better(&mut self, source: AuthSource, generation: u64, why: Cause) {
        self.credentials.refreshing(source, generation);
        self.actions.push_back(Action::Refresh {
            source,
            generation,
            why,
        });
    }

    /// Corrects the clock if that may be why a handshake was refused, once until one is not: whether to try it again.
    pub(super) fn correct_clock(
        &mut self,
        lane: u32,
        corrections: u32,
        dates: Option<(SystemTime, SystemTime)>,
    ) -> bool {
        let skew = dates.and_then(|(server, local)| clock_correction(server, local));
        // Another connection's answer may have corrected the clock since this one was signed.
        let corrected = corrections < self.corrections;
        let home = &mut self.lanes[lane as usize];
        if home.clock_corrected || (skew.is_none() && !corrected) {
            return false;
        }
        home.clock_corrected = true;
        if let Some(seconds) = skew {
            self.corrections += 1;
            self.actions.push_back(Action::CorrectClock(seconds));
        }
        true
    }

    /// The same attempt once more, at once.
    pub(super) fn again(&mut self, connection: ConnectionId, now: Instant) {
        let home = &mut self.lanes[connection.lane as usize];
        if home.next_epoch() == Some(connection.epoch) {
            return self.next_gone(connection.lane, now);
        }
        if home.main_epoch() == Some(connection.epoch) {
            self.open(connection.lane);
        }
    }

    /// Ends what this lane cannot serve, with what happened last.
    pub(super) fn give_up(&mut self, lane: u32, last: bool, now: Instant) {
        let home = &mut self.lanes[lane as usize];
        home.phase = LanePhase::Idle;
        let attempts = home.backoff.attempts();
        home.backoff.recovered();
        home.remedies = super::credentials::Remedies::default();
        home.clock_corrected = false;
        self.state_changed = true;
        let Some(cause) = home.cause.take() else { return };
        let members: Vec<u32> = home.members.iter().copied().collect();
        for index in members {
            if self
                .subscriptions
                .get(index)
                .is_none_or(|subscription| subscription.serving.is_some())
            {
                continue;
            }
            let cause = cause.clone();
            let ending = match last {
                true => Ending::Final(cause),
                false => Ending::Disconnected { attempts, cause },
            };
            self.over(index, ending, now);
        }
        self.touch_lane(lane);
    }
}

/// What Phoenix answers to a `phx_join` that the server has failed to carry out: not a refusal.
fn is_a_crash(refusal: &Refusal) -> bool {
    refusal.errors().iter().any(|error| error.message == "join crashed")
}
