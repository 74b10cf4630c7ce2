//! The task that owns a session, its sockets and its time.
//!
//! ```text
//!   RealtimeClient, Source          ┌──────────────┐  Open, Send, Close        ┌─ Link ── Socket
//!     Subscribe, Stop, Close ──────▶│    Driver    │◀────────────────────────▶ ├─ Link ── Socket
//!                                   │   Session    │  frames, ends             └─ …
//!     queue, acknowledgement ◀──────│   one timer  │  Authorize, Refresh, Open
//!                                   └──────────────┘◀────────────────────────▶ work: providers, handshakes
//! ```
//!
//! All decisions are the session's. The task carries what happens to it, and carries out what it says. Nothing else
//! touches the sockets, and the task never waits without bound: not for a consumer (see [`Entry::offer`]), not for a
//! provider, not for a peer that takes no bytes. It is gone when every client and every subscription is gone, or when
//! the client is closed.

mod delivering;
mod ending;

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::future::poll_fn;
use std::hash::{BuildHasher, Hasher};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

use futures_util::future::{AbortHandle, Abortable, BoxFuture};
use futures_util::stream::{FuturesUnordered, StreamExt};
use gqlwire_proto::session::{
    self, Action, AuthSource, Cause, ConnectionId, Failure, OpenFailure, OpenFailureKind, Random, ReconnectPolicy,
    Session, SessionOptions, SubscribeOptions, SubscriptionHandle, Ticket,
};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Sleep, sleep, sleep_until};

use super::connect::Incoming;
use super::credentials::{Answer, Sources};
use super::entry::{Entries, Entry};
use super::link::{Link, Links, Said};
use super::patience::Patience;
use super::work::{Done, Opened};
use super::{Command, Shared, Subscribe, Token, failure};
use crate::metrics::Metered;
use crate::redact::Secrets;
use crate::{ConnectionState, Error, ErrorKind, SessionState};

/// How much is read from one socket before everything else gets its turn. Every message counts, and long ones more
/// so much that of a hundred subscriptions on the socket each is woken for several events and
/// not for every one, and less than the queue of one subscription holds.
const BURST: usize = 512;

/// How long the read half is drained for the cause after the write half broke.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How often to look for buffers that a burst has grown and nobody uses.
const SWEEP: Duration = Duration::from_secs(10);

const NEVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

pub(super) struct Driver {
    shared: Arc<Shared>,
    session: Session,
    /// For what is tried again outside the session.
    random: Random,
    patience: Patience,
    swept: Instant,
    sources: Sources,
    commands: mpsc::UnboundedReceiver<Command>,
    commands_over: bool,
    closing: bool,
    closed: bool,
    closers: Vec<oneshot::Sender<()>>,
    links: Links,
    opening: HashMap<ConnectionId, AbortHandle>,
    entries: Entries,
    handles: HashMap<Token, SubscriptionHandle>,
    work: FuturesUnordered<BoxFuture<'static, Done>>,
    goodbyes: FuturesUnordered<BoxFuture<'static, ()>>,
    timer: Pin<Box<Sleep>>,
    timer_is_set: bool,
    burst: usize,
    /// Consumers who are told at the end of a burst.
    woken: Vec<Waker>,
    metered: Metered,
}

enum Wake {
    Command(Command),
    CommandsOver,
    Done(Done),
    GoodbyeSaid,
    Link(ConnectionId, Said),
    Tick,
}

impl Driver {
    pub(super) fn new(shared: Arc<Shared>, commands: mpsc::UnboundedReceiver<Command>) -> Self {
        let options = &shared.options;
        let mut session = SessionOptions::default();
        session.timeouts = options.timeouts.clone();
        session.reconnect = options.reconnect.clone();
        session.subscriptions_per_connection = options.subscriptions_per_connection;
        if options.reconnect == ReconnectPolicy::never() {
            // Nothing is to take the place of a connection that has fallen silent.
            session.probe_after = NEVER;
        }
        session.connect_deadline = options.subscribe_deadline.or(session.connect_deadline);
        session.takeover.settle = options.delivery.settle;
        session.takeover.skew = options.delivery.skew;
        (session.held_events, session.held_bytes) = (options.delivery.held.messages, options.delivery.held.bytes);
        session.held_bytes_in_all = options.delivery.bytes_in_all;
        // The one source of randomness that the standard library has.
        let seed = RandomState::new().build_hasher().finish();
        Self {
            session: Session::new(session, seed),
            random: Random::new(!seed),
            patience: Patience::new(options.delivery.grace),
            swept: now(),
            sources: Sources::new(Arc::clone(&options.auth), Arc::clone(&options.clock)),
            shared,
            commands,
            commands_over: false,
            closing: false,
            closed: false,
            closers: Vec::new(),
            links: Links::default(),
            opening: HashMap::new(),
            entries: Entries::default(),
            handles: HashMap::new(),
            work: FuturesUnordered::new(),
            goodbyes: FuturesUnordered::new(),
            timer: Box::pin(sleep_until(tokio::time::Instant::now())),
            timer_is_set: false,
            burst: 0,
            woken: Vec::new(),
            metered: Metered::default(),
        }
    }

    pub(super) async fn run(mut self) {
        loop {
            self.carry_out().await;
            if self.closed && self.goodbyes.is_empty() {
                self.metered.report(|| self.session.counters());
                return self.leave();
            }
            self.arm();
            match poll_fn(|cx| self.poll_wake(cx)).await {
                Wake::Command(command) => self.obey(command),
                Wake::CommandsOver => {
                    // Every client and every subscription is gone.
                    self.commands_over = true;
                    self.close();
                }
                Wake::Done(done) => self.finish(done),
                Wake::GoodbyeSaid => {}
                Wake::Link(connection, Said::Ready) => self.read(connection).await,
                Wake::Link(connection, Said::SendFailed(why)) => self.work.push(Box::pin(async move {
                    // The server may have said why before it cut: read what is there.
                    sleep(LAST_WORDS).await;
                    Done::LastWords { connection, why }
                })),
                Wake::Tick => {
                    self.timer_is_set = false;
                    self.session.tick(now(), self.wall());
                    self.sweep();
                }
            }
            if self.burst >= BURST {
                self.burst = 0;
                self.metered.report(|| self.session.counters());
                self.links.pass();
                tokio::task::yield_now().await;
            }
        }
    }

    fn poll_wake(&mut self, cx: &mut Context<'_>) -> Poll<Wake> {
        // Commands come first: after a burst of frames they must not wait behind the next one.
        if !self.commands_over
            && let Poll::Ready(command) = self.commands.poll_recv(cx)
        {
            return Poll::Ready(command.map_or(Wake::CommandsOver, Wake::Command));
        }
        if self.timer_is_set && self.timer.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Wake::Tick);
        }
        if !self.work.is_empty()
            && let Poll::Ready(Some(done)) = self.work.poll_next_unpin(cx)
        {
            return Poll::Ready(Wake::Done(done));
        }
        if !self.goodbyes.is_empty()
            && let Poll::Ready(Some(())) = self.goodbyes.poll_next_unpin(cx)
        {
            return Poll::Ready(Wake::GoodbyeSaid);
        }
        let said = self.links.poll(cx);
        if said.is_pending() {
            self.metered.report(|| self.session.counters());
        }
        said.map(|(connection, said)| Wake::Link(connection, said))
    }

    fn arm(&mut self) {
        let Some(deadline) = self.session.deadline() else {
            return;
        };
        let deadline = tokio::time::Instant::from_std(deadline);
        // A deadline that moved away, as frames move it, is looked at when the timer fires.
        if !self.timer_is_set || deadline < self.timer.deadline() {
            self.timer.as_mut().reset(deadline);
            self.timer_is_set = true;
        }
    }

    /// The session has itself ticked some times a minute while a connection is open.
    fn sweep(&mut self) {
        let now = now();
        if now.saturating_duration_since(self.swept) >= SWEEP {
            self.swept = now;
            self.entries.sweep();
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            // Whoever wants to start has a new session opened.
            Command::Subscribe(start) if self.closing => drop(start),
            Command::Subscribe(start) => self.subscribe(start),
            Command::Stop(token) => {
                if let Some(handle) = self.handles.get(&token) {
                    self.session.stop(*handle, now());
                }
            }
            Command::Close(done) => {
                self.closers.push(done);
                self.close();
            }
            Command::Count(count) => {
                let _ = count.send(self.session.counters());
            }
        }
    }

    fn close(&mut self) {
        self.closing = true;
        self.session.close(now());
    }

    fn subscribe(&mut self, start: Subscribe) {
        let source = match start.auth {
            Some(provider) => self.sources.add(provider),
            None => AuthSource::CLIENT,
        };
        let mut options = SubscribeOptions::new(Arc::clone(&start.body));
        options.source = source;
        options.connect_deadline = start.deadline;
        options.catch_up = start.catch_up.is_some();
        start.progress.before_sending(format!(
            "waiting for the connection to {} that another subscription opens",
            self.shared.endpoint
        ));
        let handle = self.session.subscribe(options, now());
        self.handles.insert(start.token, handle);
        self.entries.insert(Entry {
            handle,
            token: start.token,
            body: start.body,
            headers: Arc::new(start.headers),
            source,
            writer: start.writer,
            overflow: start.overflow,
            catch_up: start.catch_up,
            catching_up: None,
            starting: Some(start.acknowledged),
            progress: start.progress,
            asking: None,
            secrets: Secrets::default(),
        });
    }

    fn end_of_input(&mut self, connection: ConnectionId, input: Incoming<'_>) {
        match input {
            // It has done its work by arriving.
            Incoming::Pong | Incoming::Text(_) => {}
            Incoming::Binary(len) => self.session.binary(connection, len, now()),
            Incoming::Closed { code, reason } => self.session.closed(connection, code, &reason, now()),
            Incoming::Lost(why) => self.session.lost(connection, &why, now()),
        }
    }

    /// Does what the session says.
    async fn carry_out(&mut self) {
        while let Some(action) = self.session.poll() {
            match action {
                Action::Acknowledged(subscription) => {
                    let entry = self.entries.find(subscription);
                    if let Some(starting) = entry.and_then(|entry| entry.starting.take()) {
                        let _ = starting.send(Ok(()));
                    }
                }
                Action::Authorize {
                    ticket,
                    subscription,
                    source,
                } => self.authorize(ticket, subscription, source),
                Action::CatchUp { subscription, run } => self.catch_up(subscription, run),
                Action::Close { connection, cause } => self.close_link(connection, cause),
                Action::Closed => self.closed = true,
                Action::CorrectClock(seconds) => {
                    tracing::warn!(
                        seconds,
                        "this machine's clock is wrong: signatures use the server's time"
                    );
                    self.sources.correct(seconds);
                }
                Action::Ended(subscription, ending) => self.ended(subscription, ending),
                Action::Event(subscription, event) => self.hand_on(subscription, event).await,
                Action::Open(connection) => self.open(connection),
                Action::Refresh {
                    source,
                    generation,
                    why,
                } => self.refresh(source, generation, why),
                Action::Send { connection, text } => {
                    if let Some(link) = self.links.find(connection) {
                        link.send(text);
                    }
                }
                Action::StateChanged => self.state_changed(),
            }
        }
    }

    fn open(&mut self, connection: ConnectionId) {
        let Some(question) = self.sources.question(AuthSource::CLIENT, self.wall()) else {
            return;
        };
        let shared = Arc::clone(&self.shared);
        let waiting: Vec<_> = self.entries.waiting().cloned().collect();
        let abort = self.abortable(async move {
            let outcome = shared.open(question, &waiting).await;
            Done::Opened { connection, outcome }
        });
        self.opening.insert(connection, abort);
    }

    fn authorize(&mut self, ticket: Ticket, subscription: SubscriptionHandle, source: AuthSource) {
        let question = self.sources.question(source, self.wall());
        let Some((entry, question)) = self.entries.find(subscription).zip(question) else {
            return;
        };
        let (body, headers) = (Arc::clone(&entry.body), Arc::clone(&entry.headers));
        entry.progress.before_sending(format!(
            "getting credentials for a subscription on {}",
            self.shared.endpoint
        ));
        let shared = Arc::clone(&self.shared);
        let abort = self.abortable(async move {
            let outcome = shared.start(question, &body, &headers).await;
            Done::Authorized {
                ticket,
                subscription,
                source,
                outcome,
            }
        });
        if let Some(entry) = self.entries.find(subscription) {
            entry.asking = Some(abort);
        }
    }

    fn refresh(&mut self, source: AuthSource, generation: u64, why: Cause) {
        let Some((provider, sent)) = self.sources.last_issued(source) else {
            return self.session.refreshed(source, generation, false, now());
        };
        let why = self
            .sources
            .redact(failure::of_cause(why, false, &self.shared.endpoint));
        let why = why.without_secrets(&Secrets::of(&sent.headers));
        let shared = Arc::clone(&self.shared);
        self.work.push(Box::pin(async move {
            let better = shared.has_better(provider.as_ref(), &sent, &why).await;
            Done::Refreshed {
                source,
                generation,
                better,
            }
        }));
    }

    fn abortable(&mut self, work: impl Future<Output = Done> + Send + 'static) -> AbortHandle {
        let (abort, registration) = AbortHandle::new_pair();
        let work = Abortable::new(work, registration);
        self.work
            .push(Box::pin(async move { work.await.unwrap_or(Done::Abandoned) }));
        abort
    }

    fn finish(&mut self, done: Done) {
        match done {
            Done::Abandoned => {}
            Done::Authorized {
                ticket,
                subscription,
                source,
                outcome,
            } => self.authorized(ticket, subscription, source, outcome),
            Done::CaughtUp {
                subscription,
                run,
                outcome,
            } => {
                let outcome = outcome.map_err(|error| Arc::new(error) as Failure);
                self.session.catch_up_done(subscription, run, outcome, now());
            }
            Done::LastWords { connection, why } => self.session.lost(connection, &why, now()),
            Done::Opened { connection, outcome } => self.opened(connection, outcome),
            Done::Refreshed {
                source,
                generation,
                better,
            } => {
                if better {
                    self.sources.refreshed(source, generation);
                }
                self.session.refreshed(source, generation, better, now());
            }
        }
    }

    fn authorized(
        &mut self,
        ticket: Ticket,
        subscription: SubscriptionHandle,
        source: AuthSource,
        outcome: Result<(Answer, Box<serde_json::value::RawValue>), Error>,
    ) {
        let Some(entry) = self.entries.find(subscription) else {
            return;
        };
        match outcome {
            Ok((answer, object)) => {
                entry.secrets = Secrets::of(&answer.authorization.headers)
                    .and_of(&entry.headers)
                    .and_of(&self.shared.options.headers);
                let what = format!("waiting for start_ack from {}", self.shared.endpoint);
                entry.progress.before_sending(what);
                let issued = answer.issued(now(), self.sources.correct_time(self.wall()));
                self.sources.issued(source, answer.authorization);
                self.session.authorized(ticket, &object, issued, now());
            }
            Err(error) => {
                let temporary = self.shared.may_pass(&error, entry.is_established());
                let why: Failure = Arc::new(error);
                self.session.authorization_failed(ticket, why, temporary, now());
            }
        }
    }

    fn opened(&mut self, connection: ConnectionId, outcome: Result<Opened, Error>) {
        if self.opening.remove(&connection).is_none() {
            return;
        }
        let wall = self.sources.correct_time(self.wall());
        let (kind, error) = match outcome {
            Ok(Opened { answer, socket }) => {
                let issued = answer.issued(now(), wall);
                self.sources.remember(&answer.authorization);
                self.sources.issued(AuthSource::CLIENT, answer.authorization);
                match socket {
                    Ok(socket) => {
                        for progress in self.entries.waiting() {
                            let what = format!("waiting for connection_ack from {}", self.shared.endpoint);
                            progress.before_sending(what);
                        }
                        self.links.add(Link::new(connection, socket));
                        return self.session.opened(connection, issued, now());
                    }
                    Err(error) if error.is_auth() => {
                        let date = error
                            .headers()
                            .get(http::header::DATE)
                            .and_then(|date| date.to_str().ok());
                        let date = date.and_then(|date| httpdate::parse_http_date(date).ok());
                        let kind = OpenFailureKind::Unauthorized {
                            generation: issued.generation,
                            dates: date.map(|date| (date, wall)),
                        };
                        (kind, error.refusing(self.shared.options.auth.as_ref()))
                    }
                    Err(error) => (self.kind_of_failure(&error), error),
                }
            }
            Err(error) => (self.kind_of_failure(&error), error),
        };
        tracing::debug!(endpoint = %self.shared.endpoint, %error, "no connection");
        let cause: Failure = Arc::new(error);
        self.session.open_failed(connection, OpenFailure { kind, cause }, now());
    }

    fn kind_of_failure(&self, error: &Error) -> OpenFailureKind {
        match self.shared.may_pass(error, self.shared.has_worked()) {
            true => OpenFailureKind::Temporary,
            false => OpenFailureKind::Final,
        }
    }

    fn state_changed(&mut self) {
        // The user's close has been told already, and another session may have begun since.
        if self.closing {
            return;
        }
        let state = self.session.state();
        let states = state.connections.into_iter().map(|state| match state {
            session::ConnectionState::Closed => ConnectionState::Closed,
            session::ConnectionState::Connected => ConnectionState::Connected,
            session::ConnectionState::Connecting => ConnectionState::Connecting,
            session::ConnectionState::Degraded => ConnectionState::Degraded,
            session::ConnectionState::Rotating => ConnectionState::Rotating,
            session::ConnectionState::Reconnecting { attempt, next, cause } => ConnectionState::Reconnecting {
                attempt,
                next,
                cause: self
                    .sources
                    .redact(failure::of_cause(cause, true, &self.shared.endpoint)),
            },
            _ => ConnectionState::Idle,
        });
        let connections: Vec<_> = states.collect();
        if connections
            .iter()
            .any(|state| matches!(state, ConnectionState::Connected))
        {
            self.shared.worked.store(true, Ordering::Release);
        }
        self.shared.state.send_replace(SessionState {
            connections,
            ..SessionState::default()
        });
    }

    /// Everything is closed. What comes from here on finds nobody.
    fn leave(mut self) {
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            if let Command::Close(done) = command {
                self.closers.push(done);
            }
        }
        for done in std::mem::take(&mut self.closers) {
            let _ = done.send(());
        }
    }

    fn wall(&self) -> SystemTime {
        (self.shared.options.wall)()
    }
}

/// A task that dies with its runtime leaves nothing that is open.
impl Drop for Driver {
    fn drop(&mut self) {
        if !self.closing {
            self.shared.state.send_replace(SessionState::default());
        }
    }
}

impl Shared {
    /// Whether a connection of this client has ever been acknowledged.
    fn has_worked(&self) -> bool {
        self.worked.load(Ordering::Acquire)
    }

    /// Whether what went wrong may pass by itself. What has never worked is given up at once, unless the user wants it
    /// tried: a name that was mistyped stays so.
    fn may_pass(&self, error: &Error, has_worked: bool) -> bool {
        let lasts = |status: http::StatusCode| status.is_client_error() && !matches!(status.as_u16(), 408 | 425 | 429);
        match error.kind() {
            ErrorKind::Config | ErrorKind::Request => false,
            _ if error.status().is_some_and(lasts) => false,
            _ if has_worked => true,
            _ => self.options.subscribe_deadline.is_some() && error.is_retryable(),
        }
    }
}

/// The runtime's time, which tests can stop.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
