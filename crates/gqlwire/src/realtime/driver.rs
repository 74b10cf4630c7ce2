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
mod finishing;

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
use gqlwire_proto::connection::Protocol;
use gqlwire_proto::scan::OperationKind;
use gqlwire_proto::session::{
    self, Action, AuthSource, Cause, ConnectionId, Once, Random, ReconnectPolicy, Session, SubscribeOptions,
    SubscriptionHandle, Ticket,
};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Sleep, sleep, sleep_until};

use super::connect::Incoming;
use super::credentials::Sources;
use super::entry::{Entries, Entry};
use super::link::{Links, Said};
use super::patience::Patience;
use super::work::Done;
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

pub(super) struct Driver {
    shared: Arc<Shared>,
    session: Session,
    /// For what is tried again outside the session.
    random: Random,
    patience: Patience,
    swept: Instant,
    sources: Sources,
    commands: mpsc::UnboundedReceiver<Command>,
    /// For catch-ups that go over the session itself; it keeps no session alive.
    handle: mpsc::WeakUnboundedSender<Command>,
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
    /// What is spoken on the connection that was acknowledged last, and what came with that.
    agreed: (Option<Protocol>, Option<Arc<str>>),
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
    pub(super) fn new(
        shared: Arc<Shared>,
        commands: mpsc::UnboundedReceiver<Command>,
        handle: mpsc::WeakUnboundedSender<Command>,
    ) -> Self {
        let options = &shared.options;
        let mut session = options.service.session();
        session.timeouts = options.timeouts.clone();
        session.reconnect = options.reconnect.clone();
        if let Some(most) = options.subscriptions_per_connection {
            session.subscriptions_per_connection = most;
        }
        if options.reconnect == ReconnectPolicy::never() {
            // Nothing is to take the place of a connection that has fallen silent.
            session.probe_after = None;
        }
        session.connect_deadline = options.subscribe_deadline.or(session.connect_deadline);
        session.takeover.settle = options.delivery.settle.unwrap_or(session.takeover.settle);
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
            handle,
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
            agreed: (None, None),
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
                Wake::Link(_, Said::Written(starts)) => starts.into_iter().for_each(|start| self.started(start)),
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
        // A query too: whoever asked knows how often it may be repeated, and when.
        options.once = (start.kind != OperationKind::Subscription).then_some(Once::Mutation);
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
            kind: start.kind,
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
            secrets: Secrets::of(&self.shared.options.headers).and_query_of(self.shared.options.service.url()),
        });
    }

    fn end_of_input(&mut self, connection: ConnectionId, input: Incoming<'_>) {
        match input {
            Incoming::Pong => self.session.pong(connection, now()),
            Incoming::Text(_) => {}
            Incoming::Binary(len) => self.session.binary(connection, len, now()),
            Incoming::Closed { code, reason } => self.session.closed(connection, code, &reason, now()),
            Incoming::Lost(why) => self.session.lost(connection, &why, now()),
        }
    }

    /// Does what the session says.
    async fn carry_out(&mut self) {
        let acknowledges = self.shared.options.service.acknowledges();
        // Where a start was sent that nobody acknowledges: what says so comes right behind it.
        let mut sent = None;
        while let Some(action) = self.session.poll() {
            let just_sent = std::mem::take(&mut sent).filter(|_| !acknowledges);
            match action {
                Action::Acknowledged(subscription) => self.acknowledged(subscription, just_sent),
                Action::Authorize {
                    ticket,
                    subscription,
                    source,
                } => self.authorize(ticket, subscription, source),
                Action::CatchUp { subscription, run } => self.catch_up(subscription, run),
                Action::Close {
                    connection,
                    code,
                    cause,
                } => self.close_link(connection, code, cause),
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
                Action::Ping(connection) => {
                    if let Some(link) = self.links.find(connection) {
                        link.ping();
                    }
                }
                Action::Ready(connection) => self.ready(connection),
                Action::Refresh {
                    source,
                    generation,
                    why,
                } => self.refresh(source, generation, why),
                Action::Send { connection, text } => {
                    if let Some(link) = self.links.find(connection) {
                        link.send(text);
                        sent = Some(connection);
                    }
                }
                Action::StateChanged => self.state_changed(),
            }
        }
    }

    /// An operation is registered with the server; or its start waits to be written on the socket `sent`, which is all
    /// that there will be to know.
    fn acknowledged(&mut self, subscription: SubscriptionHandle, sent: Option<ConnectionId>) {
        let Some(entry) = self.entries.find(subscription) else {
            return;
        };
        if entry.kind != OperationKind::Subscription {
            let what = format!("the {} to {}", entry.kind, self.shared.endpoint);
            entry.progress.after_sending(what);
            return self.started(subscription);
        }
        match sent.and_then(|connection| self.links.find(connection)) {
            Some(link) if !entry.is_established() => link.tell_when_written(subscription),
            _ => self.started(subscription),
        }
    }

    /// Whoever waits for the start of an operation need not wait any longer.
    fn started(&mut self, subscription: SubscriptionHandle) {
        let entry = self.entries.find(subscription);
        if let Some(starting) = entry.and_then(|entry| entry.starting.take()) {
            let _ = starting.send(Ok(()));
        }
    }

    /// A connection is acknowledged: what is spoken on it is what users are shown.
    fn ready(&mut self, connection: ConnectionId) {
        let protocol = self.session.protocol(connection);
        let ack_payload = self.session.ack_payload(connection).map(Into::into);
        tracing::debug!(
            endpoint = %self.shared.endpoint,
            protocol = protocol.map(tracing::field::display),
            "the connection is acknowledged"
        );
        self.agreed = (protocol, ack_payload);
        if !self.closing {
            self.shared.state.send_modify(|state| {
                (state.protocol, state.ack_payload) = self.agreed.clone();
            });
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
        let why = self.sources.redact(failure::of_cause(why, false, self.shared.server()));
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
                    .redact(failure::of_cause(cause, true, self.shared.server())),
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
        let (protocol, ack_payload) = self.agreed.clone();
        self.shared.state.send_replace(SessionState {
            connections,
            closed: false,
            protocol,
            ack_payload,
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
    fn server(&self) -> failure::Server<'_> {
        failure::Server {
            endpoint: &self.endpoint,
            uses_codes: self.options.service.protocol(None) != Protocol::AppSync,
        }
    }

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
