//! The task that owns one socket.
//!
//! It carries frames into the state machine and the machine's actions out to the socket, to the queues of the
//! subscriptions and to whoever waits for an acknowledgement. Nothing else touches the socket, and the task never
//! waits without bound: not for a consumer (see [`Entry::offer`]), not for a peer that takes no bytes.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use gqlwire_proto::appsync::{Action, Disconnect, End, Realtime, SubscriptionId, Timeouts};
use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Sleep, sleep_until, timeout};

use super::connect::{Incoming, Socket};
use super::failure;
use super::queue::{Ending, QueueWriter};
use crate::{Error, ErrorKind};

/// How many frames are read before commands and timers get their turn.
const BURST: u32 = 64;

/// How long the read half is drained for the cause after the write half broke.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A subscription as the rest of the client names it, from before it is started.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Token(pub(super) u64);

/// What the rest of the client asks of the task.
#[derive(Debug)]
pub(super) enum Command {
    Start(Start),
    Stop(Token),
    /// Stop everything and close; answered when that is done, at the latest when the task is gone.
    Close(oneshot::Sender<()>),
}

#[derive(Debug)]
pub(super) struct Start {
    pub(super) token: Token,
    /// The exact text that the authorization was made for.
    pub(super) data: Arc<str>,
    pub(super) authorization: Box<RawValue>,
    pub(super) writer: QueueWriter,
    /// Dropped without an answer if the start was not sent.
    pub(super) acknowledged: oneshot::Sender<Result<(), Error>>,
}

pub(super) struct Connection {
    socket: Box<dyn Socket>,
    machine: Realtime,
    commands: mpsc::UnboundedReceiver<Command>,
    commands_over: bool,
    ready: Option<oneshot::Sender<Result<(), Error>>>,
    entries: HashMap<SubscriptionId, Entry>,
    ids: HashMap<Token, SubscriptionId>,
    closers: Vec<oneshot::Sender<()>>,
    outbox: VecDeque<String>,
    timer: Pin<Box<Sleep>>,
    burst: u32,
    grace: Duration,
    /// Where the connection goes to, for errors.
    endpoint: Arc<str>,
}

/// One subscription as the task sees it.
struct Entry {
    token: Token,
    writer: QueueWriter,
    acknowledged: Option<oneshot::Sender<Result<(), Error>>>,
    /// Whether its consumer has had its grace since it last kept up.
    graced: bool,
}

enum Wake {
    Incoming(Incoming),
    Command(Command),
    CommandsOver,
    SendFailed(String),
    Tick,
}

impl Connection {
    pub(super) fn new(
        socket: Box<dyn Socket>,
        timeouts: Timeouts,
        grace: Duration,
        endpoint: Arc<str>,
        commands: mpsc::UnboundedReceiver<Command>,
        ready: oneshot::Sender<Result<(), Error>>,
    ) -> Self {
        Self {
            socket,
            machine: Realtime::opened(timeouts, now()),
            commands,
            commands_over: false,
            ready: Some(ready),
            entries: HashMap::new(),
            ids: HashMap::new(),
            closers: Vec::new(),
            outbox: VecDeque::new(),
            timer: Box::pin(sleep_until(tokio::time::Instant::now())),
            burst: 0,
            grace,
            endpoint,
        }
    }

    pub(super) async fn run(mut self) {
        loop {
            if let Some(cause) = self.carry_out() {
                return self.leave(cause).await;
            }
            self.arm();
            match poll_fn(|cx| self.poll_wake(cx)).await {
                Wake::Incoming(Incoming::Text(text)) => self.receive(&text).await,
                Wake::Incoming(other) => self.end_of_input(other),
                Wake::Command(command) => self.obey(command),
                Wake::CommandsOver => {
                    // Every client and every subscription is gone.
                    self.commands_over = true;
                    self.machine.close(now());
                }
                Wake::SendFailed(why) => self.last_words(why).await,
                Wake::Tick => self.machine.tick(now()),
            }
            if self.burst >= BURST {
                self.burst = 0;
                tokio::task::yield_now().await;
            }
        }
    }

    fn poll_wake(&mut self, cx: &mut Context<'_>) -> Poll<Wake> {
        if let Poll::Ready(Err(why)) = self.poll_write(cx) {
            return Poll::Ready(Wake::SendFailed(why));
        }
        // Commands come first: after a burst of frames they must not wait behind the next one.
        if !self.commands_over
            && let Poll::Ready(command) = self.commands.poll_recv(cx)
        {
            return Poll::Ready(command.map_or(Wake::CommandsOver, Wake::Command));
        }
        if self.timer.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Wake::Tick);
        }
        self.socket.poll_receive(cx).map(Wake::Incoming)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>> {
        while let Some(text) = self.outbox.pop_front() {
            let mut text = Some(text);
            let sent = self.socket.poll_send(cx, &mut text);
            if let Some(unsent) = text {
                self.outbox.push_front(unsent);
            }
            std::task::ready!(sent)?;
        }
        self.socket.poll_flush(cx)
    }

    async fn receive(&mut self, frame: &str) {
        self.burst += 1;
        let Some(data) = self.machine.frame(frame, now()) else {
            return;
        };
        let Some(entry) = self.entries.get_mut(&data.id) else {
            return;
        };
        if entry.offer(data.payload, self.grace).await {
            return;
        }
        let lagged = Error::new(
            ErrorKind::Lagged,
            "the subscription was read too slowly: its queue was full, and what came after it is lost",
        );
        entry.writer.end(Ending::Failed(lagged));
        self.machine.stop(data.id, now());
    }

    fn end_of_input(&mut self, input: Incoming) {
        match input {
            Incoming::Text(_) => {}
            Incoming::Binary(len) => self.machine.binary(len),
            Incoming::Closed { code, reason } => self.machine.closed(code, reason),
            Incoming::Lost(why) => self.machine.lost(why),
        }
    }

    fn obey(&mut self, command: Command) {
        let now = now();
        match command {
            // Being closed; whoever wants to start opens a new connection.
            Command::Start(start) if !self.machine.is_ready() => drop(start),
            Command::Start(start) => {
                let id = self.machine.start(&start.data, &start.authorization, now);
                self.ids.insert(start.token, id);
                let entry = Entry {
                    token: start.token,
                    writer: start.writer,
                    acknowledged: Some(start.acknowledged),
                    graced: false,
                };
                self.entries.insert(id, entry);
            }
            Command::Stop(token) => {
                if let Some(id) = self.ids.get(&token) {
                    self.machine.stop(*id, now);
                }
            }
            Command::Close(done) => {
                self.closers.push(done);
                self.machine.close(now);
            }
        }
    }

    /// The write half is broken, but the server may have said why before it cut: read what is there.
    async fn last_words(&mut self, why: String) {
        let drained = timeout(LAST_WORDS, async {
            while self.machine.deadline().is_some() {
                match poll_fn(|cx| self.socket.poll_receive(cx)).await {
                    Incoming::Text(text) => self.receive(&text).await,
                    other => return self.end_of_input(other),
                }
            }
        });
        let _ = drained.await;
        self.outbox.clear();
        // Changes nothing where the read half has named a cause.
        self.machine.lost(why);
    }

    /// Does what the machine says; answers with the cause once it says that the connection is over.
    fn carry_out(&mut self) -> Option<Disconnect> {
        while let Some(action) = self.machine.poll() {
            match action {
                Action::Send(text) => self.outbox.push_back(text),
                Action::Ready => {
                    tracing::debug!(endpoint = %self.endpoint, "connected");
                    if let Some(ready) = self.ready.take() {
                        let _ = ready.send(Ok(()));
                    }
                }
                Action::Acknowledged(id) => {
                    let acknowledged = self.entries.get_mut(&id).and_then(|entry| entry.acknowledged.take());
                    if let Some(acknowledged) = acknowledged {
                        let _ = acknowledged.send(Ok(()));
                    }
                }
                Action::Ended(id, end) => self.ended(id, end),
                Action::Close(cause) => return Some(cause),
            }
        }
        None
    }

    fn ended(&mut self, id: SubscriptionId, end: End) {
        let Some(entry) = self.entries.remove(&id) else { return };
        self.ids.remove(&entry.token);
        let ending = match failure::of_subscription(end, &self.endpoint) {
            None => Ending::Completed,
            Some(error) => Ending::Failed(error),
        };
        if let Some(acknowledged) = entry.acknowledged {
            let _ = acknowledged.send(match &ending {
                Ending::Completed => Ok(()),
                Ending::Failed(error) => Err(error.clone()),
            });
        }
        entry.writer.end(ending);
    }

    fn arm(&mut self) {
        let Some(deadline) = self.machine.deadline() else {
            return;
        };
        let deadline = tokio::time::Instant::from_std(deadline);
        // A deadline that moved away, as each frame moves it, is looked at when the timer fires.
        if deadline < self.timer.deadline() || self.timer.is_elapsed() {
            self.timer.as_mut().reset(deadline);
        }
    }

    async fn leave(mut self, cause: Disconnect) {
        // The cause may be in the server's words, which may repeat credentials: errors have them taken out, logs cannot.
        tracing::debug!(endpoint = %self.endpoint, "connection over");
        // What comes from here on is not sent, and must not wait for the goodbye.
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            if let Command::Close(done) = command {
                self.closers.push(done);
            }
        }
        if let Some(ready) = self.ready.take() {
            let _ = ready.send(Err(failure::of_connection(cause.clone(), &self.endpoint)));
        }
        // What the last actions wrote (a `stop`, say) leaves as far as the socket takes it at once.
        let _ = poll_fn(|cx| Poll::Ready(self.poll_write(cx))).await;
        if let Some(code) = close_code(&cause) {
            self.socket.close(code).await;
        }
        for done in self.closers {
            let _ = done.send(());
        }
    }
}

impl Entry {
    /// Queues a payload. A consumer that is merely busy gets its grace, once until it keeps up again; `false` means
    /// that it is too slow.
    async fn offer(&mut self, payload: &str, grace: Duration) -> bool {
        if !self.writer.has_room(payload.len()) && !self.make_room(payload.len(), grace).await {
            return false;
        }
        self.writer.push(payload);
        true
    }

    async fn make_room(&mut self, bytes: usize, grace: Duration) -> bool {
        if self.graced {
            return false;
        }
        self.graced = true;
        // The consumer may share this very thread.
        tokio::task::yield_now().await;
        let roomy = timeout(grace, async {
            while !self.writer.has_room(bytes) {
                self.writer.taken().await;
            }
        });
        let roomy = roomy.await.is_ok();
        // It has taken a whole batch, so it keeps up again.
        self.graced = !roomy;
        roomy
    }
}

/// The runtime's time, which tests can stop.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The close code to leave with; none where there is nobody left to tell.
fn close_code(cause: &Disconnect) -> Option<u16> {
    match cause {
        Disconnect::Lost(_) => None,
        Disconnect::Binary(_) => Some(1003),
        Disconnect::Malformed(_) => Some(1002),
        _ => Some(1000),
    }
}
