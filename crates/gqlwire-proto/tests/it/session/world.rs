//! A server, a network and a driver on a virtual clock.

mod elsewhere;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use gqlwire_proto::appsync::ClientMessage;
use gqlwire_proto::connection::Protocol;
use gqlwire_proto::session::{
    Action, AuthSource, ConnectionId, ConnectionState, Ending, Event, Failure, Issued, OpenFailure, OpenFailureKind,
    Opening, Session, SessionOptions, SubscribeOptions, SubscriptionHandle, Ticket,
};
use serde_json::value::RawValue;

pub(crate) const MS: Duration = Duration::from_millis(1);
pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

#[derive(Debug)]
pub(crate) struct Said(pub(crate) &'static str);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Said {}

pub(crate) fn failure(what: &'static str) -> Failure {
    Arc::new(Said(what))
}

/// What a subscriber got, in order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Got {
    Dropped(u64),
    Acknowledged,
    Data(String),
    Snapshot(String),
    Gap {
        since: Duration,
        until: Duration,
        cause: String,
    },
    Ended(String),
}

#[derive(Debug)]
enum Pending {
    Open(ConnectionId),
    ToServer(ConnectionId, String),
    ToClient(ConnectionId, String),
    Lost(ConnectionId),
    Closed(ConnectionId, u16),
    Authorized(Ticket, AuthSource),
    Refreshed(AuthSource, u64),
    CaughtUp(SubscriptionHandle, u32),
    KeepAlive(ConnectionId),
    Pong(ConnectionId),
}

#[derive(Debug, Default)]
struct Peer {
    subscriptions: BTreeMap<String, String>,
    started: BTreeSet<String>,
    dead: bool,
    silent: bool,
    frames_until: Duration,
}

/// How the server and the provider behave.
#[derive(Debug)]
pub(crate) struct Behaviour {
    pub(crate) protocol: Protocol,
    /// How often the legacy protocol's `ka` comes; never, if it does not.
    pub(crate) keep_alive: Option<Duration>,
    /// The code to close with when the credentials in `connection_init` are too old, outside AppSync.
    pub(crate) refusal_code: u16,
    /// Whether queries and mutations are answered, and what has been executed.
    pub(crate) answers: bool,
    pub(crate) executed: Vec<String>,
    pub(crate) reachable: bool,
    pub(crate) latency: Duration,
    pub(crate) acknowledges: bool,
    pub(crate) acknowledges_starts: bool,
    pub(crate) most: usize,
    /// How many starts it looks at in a second; it says so without an id.
    pub(crate) starts_a_second: usize,
    pub(crate) starts_this_second: (u64, usize),
    /// The oldest generation of credentials that is accepted.
    pub(crate) accepts: u64,
    pub(crate) refreshes: bool,
    pub(crate) credentials_live: Option<Duration>,
    /// How many seconds its clock is ahead of the client's. It tells its time with each handshake, and takes signatures of
    /// starts that are not older than five minutes; connections are opened with something that has no date.
    pub(crate) ahead: i64,
    /// What a start whose body contains this is refused with.
    pub(crate) refuses: BTreeMap<&'static str, &'static str>,
    /// The answer to every open, if not a socket.
    pub(crate) open_failure: Option<OpenFailureKind>,
    pub(crate) catch_up: Result<&'static str, &'static str>,
    pub(crate) catch_up_takes: Duration,
}

pub(crate) struct World {
    pub(crate) session: Session,
    zero: Instant,
    now: Duration,
    wall_ahead: Duration,
    queue: BTreeMap<(Duration, u64), Pending>,
    queued: u64,
    peers: BTreeMap<ConnectionId, Peer>,
    pub(crate) server: Behaviour,
    generations: BTreeMap<AuthSource, u64>,
    pub(crate) got: BTreeMap<SubscriptionHandle, Vec<Got>>,
    pub(crate) opens: Vec<Duration>,
    pub(crate) refreshes: u64,
    pub(crate) sent: Vec<(ConnectionId, String)>,
    pub(crate) corrections: Vec<i64>,
    pub(crate) is_closed: bool,
}

impl World {
    pub(crate) fn new(options: SessionOptions, seed: u64) -> Self {
        Self {
            session: Session::new(options, seed),
            zero: Instant::now(),
            now: Duration::ZERO,
            wall_ahead: Duration::ZERO,
            queue: BTreeMap::new(),
            queued: 0,
            peers: BTreeMap::new(),
            server: Behaviour {
                protocol: Protocol::AppSync,
                keep_alive: None,
                refusal_code: 4403,
                answers: true,
                executed: Vec::new(),
                reachable: true,
                latency: 20 * MS,
                acknowledges: true,
                acknowledges_starts: true,
                most: 1000,
                starts_a_second: usize::MAX,
                starts_this_second: (0, 0),
                accepts: 0,
                refreshes: true,
                credentials_live: None,
                ahead: 0,
                refuses: BTreeMap::new(),
                open_failure: None,
                catch_up: Ok("list"),
                catch_up_takes: 100 * MS,
            },
            generations: BTreeMap::new(),
            got: BTreeMap::new(),
            opens: Vec::new(),
            refreshes: 0,
            sent: Vec::new(),
            corrections: Vec::new(),
            is_closed: false,
        }
    }

    pub(crate) fn speaking(protocol: Protocol, options: SessionOptions, seed: u64) -> Self {
        let mut world = Self::new(options, seed);
        world.server.protocol = protocol;
        world
    }

    pub(crate) fn now(&self) -> Duration {
        self.now
    }

    pub(crate) fn instant(&self) -> Instant {
        self.zero + self.now
    }

    pub(crate) fn subscribe(&mut self, body: &str) -> SubscriptionHandle {
        self.subscribe_with(SubscribeOptions::new(body))
    }

    pub(crate) fn subscribe_with(&mut self, options: SubscribeOptions) -> SubscriptionHandle {
        let handle = self.session.subscribe(options, self.instant());
        self.got.insert(handle, Vec::new());
        self.carry_out();
        handle
    }

    pub(crate) fn stop(&mut self, handle: SubscriptionHandle) {
        self.session.stop(handle, self.instant());
        self.carry_out();
    }

    pub(crate) fn close(&mut self) {
        self.session.close(self.instant());
        self.carry_out();
    }

    pub(crate) fn acknowledged(&self, handle: SubscriptionHandle) -> bool {
        self.got[&handle].contains(&Got::Acknowledged)
    }

    pub(crate) fn ended(&self, handle: SubscriptionHandle) -> Option<&str> {
        self.got[&handle].iter().find_map(|got| match got {
            Got::Ended(why) => Some(why.as_str()),
            _ => None,
        })
    }

    pub(crate) fn data(&self, handle: SubscriptionHandle) -> Vec<&str> {
        let mut all = Vec::new();
        for got in &self.got[&handle] {
            if let Got::Data(data) = got {
                all.push(data.as_str());
            }
        }
        all
    }

    pub(crate) fn gaps(&self, handle: SubscriptionHandle) -> Vec<(Duration, Duration, &str)> {
        let mut all = Vec::new();
        for got in &self.got[&handle] {
            if let Got::Gap { since, until, cause } = got {
                all.push((*since, *until, cause.as_str()));
            }
        }
        all
    }

    pub(crate) fn worst(&self) -> ConnectionState {
        self.session.state().worst()
    }

    /// The sockets that the server takes for open.
    pub(crate) fn open_sockets(&self) -> Vec<ConnectionId> {
        let open = |(id, peer): (&ConnectionId, &Peer)| (!peer.dead).then_some(*id);
        self.peers.iter().filter_map(open).collect()
    }

    pub(crate) fn subscriptions_on(&self, connection: ConnectionId) -> usize {
        self.peers[&connection].subscriptions.len()
    }

    pub(crate) fn registered(&self) -> usize {
        let live = self.peers.values().filter(|peer| !peer.dead);
        live.map(|peer| peer.subscriptions.len()).sum()
    }

    /// An event for everything that is registered.
    pub(crate) fn publish(&mut self, data: &str) {
        let sockets: Vec<_> = self.open_sockets();
        for socket in sockets {
            let ids: Vec<_> = self.peers[&socket].subscriptions.keys().cloned().collect();
            for id in ids {
                let frame = self.event(&id, data);
                self.say(socket, frame);
            }
        }
    }

    /// The server says this on the socket, unless it has fallen silent.
    pub(crate) fn say(&mut self, socket: ConnectionId, frame: String) {
        let latency = self.server.latency;
        let now = self.now;
        let Some(peer) = self.peers.get_mut(&socket).filter(|peer| !peer.silent && !peer.dead) else {
            return;
        };
        let at = peer.frames_until.max(now + latency);
        peer.frames_until = at;
        self.queue_at(at, Pending::ToClient(socket, frame));
    }

    /// Every id that was ever started on this socket, the first one first.
    pub(crate) fn ids_on(&self, socket: ConnectionId) -> Vec<String> {
        let mut ids: Vec<_> = self.peers[&socket].started.iter().cloned().collect();
        ids.sort_by_key(|id| id.parse::<u64>().unwrap());
        ids
    }

    /// The connection breaks: what is under way to the client is lost.
    pub(crate) fn cut(&mut self, socket: ConnectionId) {
        self.hang_up(socket);
        self.queue
            .retain(|_, pending| !matches!(pending, Pending::ToClient(id, _) if *id == socket));
        self.queue_at(self.now, Pending::Lost(socket));
        self.step_to(self.now);
    }

    /// The server closes: what it has said still arrives.
    pub(crate) fn server_closes(&mut self, socket: ConnectionId, code: u16) {
        let at = self.peers[&socket].frames_until.max(self.now + self.server.latency);
        self.hang_up(socket);
        self.queue_at(at, Pending::Closed(socket, code));
    }

    /// Nothing comes any more, and nobody is told.
    pub(crate) fn fall_silent(&mut self, socket: ConnectionId) {
        if let Some(peer) = self.peers.get_mut(&socket) {
            peer.silent = true;
        }
    }

    fn hang_up(&mut self, socket: ConnectionId) {
        if let Some(peer) = self.peers.get_mut(&socket) {
            peer.dead = true;
            peer.subscriptions.clear();
        }
    }

    pub(crate) fn sleeps(&mut self, time: Duration) {
        self.wall_ahead += time;
    }

    fn queue_at(&mut self, at: Duration, pending: Pending) {
        self.queued += 1;
        self.queue.insert((at, self.queued), pending);
    }

    /// Lets time pass, and everything happen that happens in it.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.step_to(self.now + time);
        self.now = self.now.max(self.now);
    }

    fn step_to(&mut self, end: Duration) {
        let mut steps = 0_u64;
        loop {
            steps += 1;
            assert!(steps < 5_000_000, "time stands still");
            let timer = self
                .session
                .deadline()
                .map(|at| at.saturating_duration_since(self.zero));
            let first = self.queue.keys().next().copied();
            let (at, from_queue) = match (first, timer) {
                (Some((at, _)), timer) if timer.is_none_or(|timer| at <= timer) => (at, true),
                (_, Some(timer)) => (timer, false),
                _ => break,
            };
            if at > end {
                break;
            }
            self.now = self.now.max(at);
            if from_queue {
                let (_, pending) = self.queue.pop_first().unwrap();
                self.happen(pending);
            } else {
                let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000) + self.now + self.wall_ahead;
                self.session.tick(self.instant(), wall);
                let after = self.session.deadline();
                assert!(
                    after.is_none_or(|after| after > self.instant()),
                    "a deadline was passed over"
                );
            }
            self.carry_out();
        }
        self.now = self.now.max(end);
    }

    fn happen(&mut self, pending: Pending) {
        let now = self.instant();
        match pending {
            Pending::Open(connection) => self.open(connection),
            Pending::ToServer(connection, text) => self.hear(connection, &text),
            Pending::ToClient(connection, frame) => {
                let delivered = self.session.frame(connection, &frame, now);
                let delivered = delivered.map(|event| (event.subscription, event.payload.to_owned()));
                self.carry_out();
                if let Some((subscription, payload)) = delivered {
                    self.note(subscription, Got::Data(plain(&payload)));
                }
            }
            Pending::Lost(connection) => self.session.lost(connection, "reset by peer", now),
            Pending::Closed(connection, code) => self.session.closed(connection, Some(code), "", now),
            Pending::Authorized(ticket, source) => {
                let issued = self.issued(source);
                let corrected: i64 = self.corrections.iter().sum();
                let text = format!(r#"{{"generation":{},"corrected":{corrected}}}"#, issued.generation);
                let object = RawValue::from_string(text).unwrap();
                self.session.authorized(ticket, &object, issued, now);
            }
            Pending::Refreshed(source, generation) => {
                let better = self.server.refreshes;
                let current = self.generations.entry(source).or_default();
                if better && *current <= generation {
                    *current = (generation + 1).max(self.server.accepts);
                }
                self.session.refreshed(source, generation, better, now);
            }
            Pending::CaughtUp(subscription, run) => {
                let answer = self.server.catch_up.map(str::to_owned).map_err(failure);
                self.session.catch_up_done(subscription, run, answer, now);
            }
            Pending::KeepAlive(connection) => {
                let interval = match self.server.protocol {
                    Protocol::AppSync => Some(60 * SECOND),
                    _ => self.server.keep_alive,
                };
                if let Some(interval) = interval
                    && self.peers.get(&connection).is_some_and(|peer| !peer.dead)
                {
                    self.say(connection, r#"{"type":"ka"}"#.to_owned());
                    self.queue_at(self.now + interval, Pending::KeepAlive(connection));
                }
            }
            Pending::Pong(connection) => {
                if self
                    .peers
                    .get(&connection)
                    .is_some_and(|peer| !peer.dead && !peer.silent)
                {
                    self.session.pong(connection, now);
                }
            }
        }
    }

    fn issued(&mut self, source: AuthSource) -> Issued {
        Issued {
            generation: *self.generations.entry(source).or_default(),
            expires_at: self.server.credentials_live.map(|live| self.instant() + live),
            ..Issued::default()
        }
    }

    fn open(&mut self, connection: ConnectionId) {
        let mut issued = self.issued(AuthSource::CLIENT);
        let now = self.instant();
        let wall = |ahead: i64| {
            SystemTime::UNIX_EPOCH + self.now + Duration::from_secs(1_000_000_u64.saturating_add_signed(ahead))
        };
        issued.dates = Some((wall(self.server.ahead), wall(self.corrections.iter().sum())));
        let kind = match self.server.open_failure {
            Some(kind) => Some(kind),
            None if !self.server.reachable => Some(OpenFailureKind::Temporary),
            None if self.server.protocol == Protocol::AppSync && issued.generation < self.server.accepts => {
                Some(OpenFailureKind::Unauthorized {
                    generation: issued.generation,
                    dates: None,
                })
            }
            None => None,
        };
        if let Some(kind) = kind {
            let cause = failure("no socket");
            return self.session.open_failed(connection, OpenFailure { kind, cause }, now);
        }
        self.peers.insert(connection, Peer::default());
        let mut opening = Opening::new(self.server.protocol, issued);
        if self.server.protocol != Protocol::AppSync {
            opening.init = Some(format!(r#"{{"generation":{}}}"#, issued.generation));
        }
        self.session.opened(connection, opening, now);
    }

    fn hear(&mut self, connection: ConnectionId, text: &str) {
        let Some(peer) = self
            .peers
            .get_mut(&connection)
            .filter(|peer| !peer.dead && !peer.silent)
        else {
            return;
        };
        if self.server.protocol != Protocol::AppSync {
            return self.hear_elsewhere(connection, text);
        }
        match ClientMessage::parse(text).unwrap() {
            ClientMessage::ConnectionInit if self.server.acknowledges => {
                self.say(
                    connection,
                    r#"{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}"#.into(),
                );
                self.queue_at(self.now, Pending::KeepAlive(connection));
            }
            ClientMessage::Start {
                id,
                data,
                authorization,
            } => {
                peer.started.insert(id.clone());
                let object: serde_json::Value = serde_json::from_str(authorization.unwrap().get()).unwrap();
                let (second, starts) = &mut self.server.starts_this_second;
                *starts = if *second == self.now.as_secs() { *starts + 1 } else { 1 };
                *second = self.now.as_secs();
                let refusal = match object["generation"].as_u64().unwrap() < self.server.accepts {
                    true => Some(r#"{"errorType":"UnauthorizedException","message":"Token is old."}"#),
                    false if (self.server.ahead - object["corrected"].as_i64().unwrap()).abs() > 300 => {
                        Some(r#"{"errorType":"BadRequestException","message":"Signature expired"}"#)
                    }
                    false if *starts > self.server.starts_a_second => {
                        Some(r#"{"errorType":"LimitExceededError","message":"Rate limit exceeded"}"#)
                    }
                    false if peer.subscriptions.len() >= self.server.most => {
                        Some(r#"{"errorType":"MaxSubscriptionsReachedError"}"#)
                    }
                    false => self
                        .server
                        .refuses
                        .iter()
                        .find(|(key, _)| data.contains(**key))
                        .map(|(_, what)| *what),
                };
                if let Some(refusal) = refusal {
                    let id = match refusal.contains("LimitExceeded") {
                        true => String::new(),
                        false => format!(r#""id":"{id}","#),
                    };
                    return self.say(
                        connection,
                        format!(r#"{{{id}"type":"error","payload":{{"errors":[{refusal}]}}}}"#),
                    );
                }
                peer.subscriptions.insert(id.clone(), data);
                if self.server.acknowledges_starts {
                    self.say(connection, format!(r#"{{"type":"start_ack","id":"{id}"}}"#));
                }
            }
            ClientMessage::Stop { id } => {
                peer.subscriptions.remove(&id);
                self.say(connection, format!(r#"{{"type":"complete","id":"{id}"}}"#));
            }
            _ => {}
        }
    }

    fn note(&mut self, subscription: SubscriptionHandle, got: Got) {
        let log = self.got.get_mut(&subscription).expect("something for nobody");
        assert!(!matches!(log.last(), Some(Got::Ended(_))), "{got:?} after the end");
        log.push(got);
    }

    fn carry_out(&mut self) {
        while let Some(action) = self.session.poll() {
            let soon = self.now + self.server.latency;
            match action {
                Action::Acknowledged(subscription) => self.note(subscription, Got::Acknowledged),
                Action::Authorize { ticket, source, .. } => {
                    assert!(self.session.awaits(ticket));
                    self.queue_at(self.now + MS, Pending::Authorized(ticket, source));
                }
                Action::CatchUp { subscription, run } => {
                    let at = self.now + self.server.catch_up_takes;
                    self.queue_at(at, Pending::CaughtUp(subscription, run));
                }
                Action::Close { connection, .. } => self.hang_up(connection),
                Action::Closed => self.is_closed = true,
                Action::CorrectClock(seconds) => self.corrections.push(seconds),
                Action::Ended(subscription, ending) => {
                    let why = match &ending {
                        Ending::Disconnected { attempts, cause } => format!("Disconnected after {attempts}: {cause}"),
                        Ending::Final(cause) => format!("Final: {cause}"),
                        other => format!("{other:?}"),
                    };
                    // Nobody has the handle yet of what ends while it is being subscribed.
                    self.got.entry(subscription).or_default();
                    self.note(subscription, Got::Ended(why));
                }
                Action::Event(subscription, event) => {
                    let got = match event {
                        Event::Next(payload) => Got::Data(plain(&payload)),
                        Event::Snapshot(text) => Got::Snapshot(text),
                        Event::Dropped(dropped) => {
                            assert!(dropped.since <= dropped.until && dropped.until <= self.instant());
                            Got::Dropped(dropped.count)
                        }
                        Event::Gap(gap) => {
                            assert!(gap.since <= gap.until && gap.until <= self.instant());
                            Got::Gap {
                                since: gap.since.saturating_duration_since(self.zero),
                                until: gap.until.saturating_duration_since(self.zero),
                                cause: gap.cause.to_string(),
                            }
                        }
                    };
                    self.note(subscription, got);
                }
                Action::Open(connection) => {
                    self.opens.push(self.now);
                    self.queue_at(soon, Pending::Open(connection));
                }
                Action::Refresh { source, generation, .. } => {
                    self.refreshes += 1;
                    self.queue_at(soon, Pending::Refreshed(source, generation));
                }
                Action::Send { connection, text } => {
                    self.sent.push((connection, text.clone()));
                    self.queue_at(soon, Pending::ToServer(connection, text));
                }
                Action::Ping(connection) => {
                    assert_eq!(self.server.protocol, Protocol::LegacyWs);
                    self.queue_at(soon + self.server.latency, Pending::Pong(connection));
                }
                Action::Ready(connection) => {
                    // One that was opened for nothing is closed by now.
                    if let Some(protocol) = self.session.protocol(connection) {
                        assert_eq!(protocol, self.server.protocol);
                        assert!(self.session.ack_payload(connection).is_some());
                    }
                }
                Action::StateChanged => {
                    let _ = self.session.state();
                }
            }
        }
    }
}

fn plain(payload: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(payload).unwrap();
    value["data"].as_str().unwrap().to_owned()
}
