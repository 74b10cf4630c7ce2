//! Connections: opened, lost, opened again, closed when nobody needs them.

use std::time::{Duration, Instant};

use super::action::{Action, Cause, ConnectionId, OpenFailure, OpenFailureKind, Opening};
use super::credentials::AuthSource;
use super::lane::{Lane, LanePhase};
use super::lost::Fate;
use super::random::share;
use super::session::Session;
use super::subscription::Attempt;
use super::timers::Timer;
use crate::connection::{self, Connection, Disconnect, Protocol, Settings};

impl Session {
    /// The socket is open.
    pub fn opened(&mut self, connection: ConnectionId, opening: Opening, now: Instant) {
        let Opening { protocol, init, issued } = opening;
        self.credentials.issued(AuthSource::CLIENT, issued.generation);
        let mut settings = Settings {
            timeouts: self.options.timeouts.clone(),
            pings: self.options.pings,
            phoenix: self.options.phoenix.clone(),
        };
        // The session waits for `start_ack` itself: a start that is late may still be acknowledged.
        settings.timeouts.start_ack = Duration::MAX;
        let lane = self.lanes.get_mut(connection.lane as usize);
        if let Some(socket) = lane.and_then(|lane| lane.socket_mut(connection.epoch))
            && socket.machine.is_none()
        {
            socket.issued = issued;
            socket.machine = Some(Connection::opened(protocol, &settings, init.as_deref(), now));
            self.touched.push(connection);
        }
        self.settle(now);
    }

    /// The socket could not be opened.
    pub fn open_failed(&mut self, connection: ConnectionId, failure: OpenFailure, now: Instant) {
        let Some(lane) = self.lanes.get_mut(connection.lane as usize) else {
            return;
        };
        let opening = |lane: &&mut Lane| lane.socket(connection.epoch).is_some_and(|s| s.machine.is_none());
        let Some(socket) = Some(lane)
            .filter(opening)
            .and_then(|lane| lane.take_socket(connection.epoch))
        else {
            return;
        };
        let fate = match failure.kind {
            OpenFailureKind::Final => Fate::Final,
            OpenFailureKind::Temporary => Fate::Failed,
            OpenFailureKind::Unauthorized { generation, dates } => {
                self.credentials.issued(AuthSource::CLIENT, generation);
                if self.correct_clock(connection.lane, socket.corrections, dates) {
                    self.again(connection, now);
                    return self.settle(now);
                }
                Fate::Unauthorized(generation)
            }
        };
        self.socket_gone(connection, Cause::Open(failure.cause), fate, now);
        self.settle(now);
    }

    /// A binary frame arrived.
    pub fn binary(&mut self, connection: ConnectionId, len: usize, now: Instant) {
        self.tell(connection, now, |machine| machine.binary(len));
    }

    /// The server closed the connection; everything that it had sent has been given to [`frame`](Self::frame).
    pub fn closed(&mut self, connection: ConnectionId, code: Option<u16>, reason: &str, now: Instant) {
        self.tell(connection, now, |machine| machine.closed(code, reason));
    }

    /// The connection broke; everything that had arrived has been given to [`frame`](Self::frame).
    pub fn lost(&mut self, connection: ConnectionId, why: &str, now: Instant) {
        self.tell(connection, now, |machine| machine.lost(why));
    }

    /// A pong of the websocket arrived, or another of its control frames: a sign of life.
    pub fn pong(&mut self, connection: ConnectionId, now: Instant) {
        if let Some(machine) = self.machine(connection) {
            machine.pong(now);
        }
    }

    /// What is spoken on an open socket.
    pub fn protocol(&self, connection: ConnectionId) -> Option<Protocol> {
        Some(self.find_machine(connection)?.protocol())
    }

    /// What the server said with the acknowledgement of a connection, as JSON.
    pub fn ack_payload(&self, connection: ConnectionId) -> Option<&str> {
        self.find_machine(connection)?.ack_payload()
    }

    /// The provider has been asked for better credentials than this generation: whether it has them.
    pub fn refreshed(&mut self, source: AuthSource, generation: u64, better: bool, now: Instant) {
        self.credentials.refreshed(source, generation, better);
        if source == AuthSource::CLIENT {
            for lane in 0..self.lanes.len() as u32 {
                let refused = match self.lanes[lane as usize].phase {
                    LanePhase::Refreshing { generation: refused } => refused <= generation,
                    _ => false,
                };
                if refused && self.lanes[lane as usize].members.is_empty() {
                    self.shut(lane, now);
                } else if refused && better {
                    self.open(lane);
                } else if refused {
                    self.give_up(lane, true, now);
                }
            }
        }
        self.starts_refreshed(source, generation, better, now);
        self.settle(now);
    }

    fn tell(&mut self, connection: ConnectionId, now: Instant, what: impl FnOnce(&mut Connection)) {
        if let Some(machine) = self.machine(connection) {
            what(machine);
            self.touched.push(connection);
        }
        self.settle(now);
    }

    pub(super) fn machine(&mut self, connection: ConnectionId) -> Option<&mut Connection> {
        let lane = self.lanes.get_mut(connection.lane as usize)?;
        lane.socket_mut(connection.epoch)?.machine.as_mut()
    }

    fn find_machine(&self, connection: ConnectionId) -> Option<&Connection> {
        let lane = self.lanes.get(connection.lane as usize)?;
        lane.socket(connection.epoch)?.machine.as_ref()
    }

    /// A lane with room: open ones first, then any that has subscriptions, then any.
    pub(super) fn place(&mut self, except: Option<u32>) -> u32 {
        let most = self.limit.most();
        let roomy = |(index, lane): &(usize, &Lane)| lane.members.len() < most && except != Some(*index as u32);
        let preference = |(_, lane): &(usize, &Lane)| match (lane.ready_epoch(), lane.members.is_empty()) {
            (Some(_), _) => 0,
            (None, false) => 1,
            (None, true) => 2,
        };
        let best = self.lanes.iter().enumerate().filter(roomy).min_by_key(preference);
        if let Some((index, _)) = best {
            return index as u32;
        }
        self.lanes.push(Lane::default());
        self.lanes.len() as u32 - 1
    }

    pub(super) fn join(&mut self, index: u32, lane: u32, now: Instant) {
        let home = &mut self.lanes[lane as usize];
        home.members.insert(index);
        home.idle_at = None;
        if home.phase == LanePhase::Idle && !self.is_closing() {
            self.open(lane);
        }
        self.touch_lane(lane);
        self.touch_subscription(index);
        self.kick(index, now);
    }

    pub(super) fn leave(&mut self, index: u32, lane: u32, now: Instant) {
        let idle = now.checked_add(self.options.idle).filter(|_| !self.is_closing());
        let home = &mut self.lanes[lane as usize];
        home.members.remove(&index);
        if home.members.is_empty() {
            home.idle_at = idle;
        }
        self.touch_lane(lane);
        self.check_rotation(lane, now);
        self.retire_unused(lane, now);
    }

    /// Closes sockets that are neither the lane's own nor the next, once nothing is served by them.
    pub(super) fn retire_unused(&mut self, lane: u32, now: Instant) {
        let home = &mut self.lanes[lane as usize];
        let (main, next) = (home.main_epoch(), home.next_epoch());
        for socket in &mut home.sockets {
            let epoch = Some(socket.epoch);
            if epoch != main
                && epoch != next
                && !socket.is_used()
                && let Some(machine) = &mut socket.machine
            {
                machine.close(now);
                self.touched.push(ConnectionId {
                    lane,
                    epoch: socket.epoch,
                });
            }
        }
    }

    pub(super) fn open(&mut self, lane: u32) {
        let epoch = self.add_socket(lane);
        self.lanes[lane as usize].phase = LanePhase::Opening { epoch };
        self.state_changed = true;
        self.touch_lane(lane);
        self.actions.push_back(Action::Open(ConnectionId { lane, epoch }));
    }

    pub(super) fn add_socket(&mut self, lane: u32) -> u32 {
        let corrections = self.corrections;
        self.lanes[lane as usize].add_socket(corrections)
    }

    /// Lets go of a lane that nobody needs.
    pub(super) fn shut(&mut self, lane: u32, now: Instant) {
        let home = &mut self.lanes[lane as usize];
        (home.phase, home.next, home.idle_at, home.cause) = (LanePhase::Idle, None, None, None);
        let opening: Vec<u32> = home
            .sockets
            .iter()
            .filter(|s| s.machine.is_none())
            .map(|s| s.epoch)
            .collect();
        for epoch in opening {
            self.stop_opening(ConnectionId { lane, epoch });
        }
        self.retire_unused(lane, now);
        self.rotation_over(lane);
        self.state_changed = true;
        self.touch_lane(lane);
    }

    pub(super) fn stop_opening(&mut self, connection: ConnectionId) {
        if self.lanes[connection.lane as usize]
            .take_socket(connection.epoch)
            .is_some()
        {
            self.actions.push_back(Action::Close {
                connection,
                code: None,
                cause: Disconnect::Requested,
            });
        }
    }

    /// Carries out what a socket's protocol says.
    pub(super) fn pump(&mut self, connection: ConnectionId, now: Instant) {
        while let Some(machine) = self.machine(connection) {
            if let Some(refusal) = machine.take_refusal() {
                self.refused_without_id(connection, refusal, now);
                continue;
            }
            let Some(action) = machine.poll() else { break };
            match action {
                connection::Action::Send(text) => self.actions.push_back(Action::Send { connection, text }),
                connection::Action::Ping => self.actions.push_back(Action::Ping(connection)),
                connection::Action::Ready => self.ready(connection, now),
                connection::Action::Acknowledged(id) => self.acknowledged(connection, id, now),
                connection::Action::Ended(id, end) => self.ended(connection, id, end, now),
                connection::Action::Close(cause) => return self.socket_closed(connection, cause, now),
            }
        }
        self.arm_socket(connection, now);
    }

    fn ready(&mut self, connection: ConnectionId, now: Instant) {
        let roll = self.roll();
        let (options, lane) = (&self.options, &mut self.lanes[connection.lane as usize]);
        let Some(socket) = lane.socket_mut(connection.epoch) else {
            return;
        };
        socket.acknowledged = Some(now);
        let by_age = options.greatest_age.map(|age| {
            let lead = options.age_lead.min(age / 2);
            now + (age - lead) + share(lead, roll)
        });
        let by_expiry = socket.issued.expires_at.map(|expires| {
            let left = expires.saturating_duration_since(now);
            // Whoever hands out what expires at once would have connections replaced without end.
            (expires - options.expiry_lead.min(left / 5)).max(now + Duration::from_secs(60))
        });
        socket.rotate_at = by_age.into_iter().chain(by_expiry).min();
        self.actions.push_back(Action::Ready(connection));
        self.state_changed = true;
        self.touch_lane(connection.lane);
        if self.lanes[connection.lane as usize].next_epoch() == Some(connection.epoch) {
            return self.next_ready(connection.lane, now);
        }
        let lane = &mut self.lanes[connection.lane as usize];
        lane.phase = LanePhase::Ready {
            epoch: connection.epoch,
        };
        self.counters.reconnects += u64::from(lane.cause.take().is_some());
        self.kick_all(connection.lane, now);
    }

    pub(super) fn kick_all(&mut self, lane: u32, now: Instant) {
        let members: Vec<u32> = self.lanes[lane as usize].members.iter().copied().collect();
        for index in members {
            self.kick(index, now);
        }
    }

    pub(super) fn lane_tick(&mut self, lane: u32, now: Instant) {
        self.touch_lane(lane);
        let Some(home) = self.lanes.get(lane as usize) else {
            return;
        };
        if home.members.is_empty() && home.idle_at.is_some_and(|at| at <= now) {
            return self.shut(lane, now);
        }
        match home.phase {
            // Whoever it was to be tried again for has gone.
            LanePhase::Waiting { until } if until <= now && home.members.is_empty() => self.shut(lane, now),
            LanePhase::Waiting { until } if until <= now => self.open(lane),
            LanePhase::Ready { epoch } => {
                let due = home
                    .socket(epoch)
                    .and_then(|socket| socket.rotate_at)
                    .is_some_and(|at| at <= now);
                if due {
                    self.begin_rotation(lane, home.probe_again, now);
                }
            }
            _ => {}
        }
    }

    pub(super) fn arm_lane(&mut self, lane: u32) {
        let Some(home) = self.lanes.get(lane as usize) else {
            return;
        };
        let idle = home.idle_at.filter(|_| home.members.is_empty());
        let phase = match home.phase {
            LanePhase::Waiting { until } => Some(until),
            LanePhase::Ready { epoch } if self.may_rotate(home) => home.socket(epoch).and_then(|s| s.rotate_at),
            _ => None,
        };
        self.timers.set(Timer::Lane(lane), idle.into_iter().chain(phase).min());
    }

    pub(super) fn socket_tick(&mut self, lane: u32, epoch: u32, now: Instant) {
        let connection = ConnectionId { lane, epoch };
        let Some(machine) = self.machine(connection) else {
            return;
        };
        machine.tick(now);
        let silent = now.saturating_duration_since(machine.last_frame());
        self.touched.push(connection);
        let home = &self.lanes[lane as usize];
        if home.ready_epoch() == Some(epoch)
            && home.next.is_none()
            && self.options.probe_after.is_some_and(|probe| silent >= probe)
        {
            self.begin_rotation(lane, true, now);
        }
    }

    fn arm_socket(&mut self, connection: ConnectionId, now: Instant) {
        let ConnectionId { lane, epoch } = connection;
        let home = &self.lanes[lane as usize];
        let Some(machine) = home.socket(epoch).and_then(|socket| socket.machine.as_ref()) else {
            return;
        };
        let watched = home.ready_epoch() == Some(epoch) && home.next.is_none();
        let probe = self.options.probe_after.map(|probe| machine.last_frame() + probe);
        // A probe that has failed is made again by the lane.
        let probe = probe.filter(|probe| watched && *probe > now);
        let at = machine.deadline().into_iter().chain(probe).min();
        self.timers.set(Timer::Socket(lane, epoch), at);
    }

    /// The machine has slept: every socket may be dead, and every back-off has waited long enough.
    pub(super) fn probe_all(&mut self, now: Instant) {
        for lane in 0..self.lanes.len() as u32 {
            match self.lanes[lane as usize].phase {
                LanePhase::Ready { .. } => self.begin_rotation(lane, true, now),
                LanePhase::Waiting { .. } if self.lanes[lane as usize].members.is_empty() => self.shut(lane, now),
                LanePhase::Waiting { .. } => self.open(lane),
                _ => {}
            }
        }
    }

    /// Whether the server has accepted a connection's credentials is known once it has accepted a subscription.
    pub(super) fn lane_works(&mut self, lane: u32) {
        let home = &mut self.lanes[lane as usize];
        home.remedies = super::credentials::Remedies::default();
        home.clock_corrected = false;
    }

    pub(super) fn is_waiting(&self, index: u32) -> bool {
        self.subscriptions
            .get(index)
            .is_some_and(|subscription| subscription.attempt == Attempt::Waiting)
    }
}
