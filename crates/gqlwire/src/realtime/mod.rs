//! Sessions over websockets: what is subscribed to, and what is executed, where the protocol has it.

mod catch_up;
mod connect;
mod credentials;
mod delivery;
mod driver;
mod entry;
mod failure;
mod link;
mod patience;
mod queue;
mod requests;
mod service;
mod websocket;
mod work;

#[cfg(test)]
#[cfg(feature = "appsync")]
mod tests;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use gqlwire_proto::connection::Timeouts;
use gqlwire_proto::scan::OperationKind;
use gqlwire_proto::session::ReconnectPolicy;
use gqlwire_proto::websocket::Spares;
use http::HeaderMap;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::timeout;

use self::connect::Connect;
use self::driver::Driver;
use self::queue::{Budget, Capacity, Ending, QueueReader, QueueWriter, queue};
use crate::auth::AuthProvider;
use crate::http::{ServerClock, Shown};
use crate::progress::Progress;
use crate::transport::{EventSource, RawEvent, RawRequest, Transport};
use crate::{Counters, Error, ErrorKind, Overflow, RetryBudget, RetryPolicy, SessionState};

pub(crate) use self::delivery::Delivery;
#[cfg(feature = "appsync")]
pub(crate) use self::service::AppSync;
pub(crate) use self::service::{Channel, Graphql, NoCredentials, Service};
pub(crate) use self::websocket::WebSockets;

/// How often a start is handed to another session because the one that had it was leaving.
const ATTEMPTS: u32 = 3;

/// What the realtime client is told once, when it is built.
#[derive(Debug)]
pub(crate) struct RealtimeOptions {
    pub(crate) service: Box<dyn Service>,
    pub(crate) headers: HeaderMap,
    pub(crate) auth: Arc<dyn AuthProvider>,
    pub(crate) clock: Arc<ServerClock>,
    /// How long an auth provider may think.
    pub(crate) auth_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) close_timeout: Duration,
    pub(crate) timeouts: Timeouts,
    pub(crate) delivery: Delivery,
    /// What runs catch-ups; `None` for the session itself.
    pub(crate) queries: Option<Arc<dyn Transport>>,
    /// How long a query or mutation may take, and one attempt at a catch-up.
    pub(crate) query_timeout: Duration,
    /// When a query or mutation on the socket is tried again.
    pub(crate) retry: RetryPolicy,
    /// How many such attempts there may be in all.
    pub(crate) retry_budget: RetryBudget,
    pub(crate) reconnect: ReconnectPolicy,
    /// For how long a subscription is tried to be started; `None` for what is usual.
    pub(crate) subscribe_deadline: Option<Duration>,
    /// `None` for what is usual with the protocol.
    pub(crate) subscriptions_per_connection: Option<usize>,
    /// The wall clock, which tests let go with the runtime's.
    pub(crate) wall: fn() -> SystemTime,
}

/// Keeps one session, begun by the first subscription, and again by the next one after it was closed.
#[derive(Debug)]
pub(crate) struct RealtimeClient {
    shared: Arc<Shared>,
    session: Mutex<Option<Handle>>,
}

/// What the client and its session's task both need.
#[derive(Debug)]
struct Shared {
    options: RealtimeOptions,
    connect: Box<dyn Connect>,
    /// Where connections go to, for errors.
    endpoint: Arc<str>,
    /// Whether a connection has ever been acknowledged.
    worked: AtomicBool,
    /// How many handshakes have been tried since one succeeded.
    handshakes: AtomicU32,
    state: watch::Sender<SessionState>,
    /// Whether what is spoken is a guess, as the server did not say.
    guessed: AtomicBool,
    next_token: AtomicU64,
    /// What the queues of all subscriptions share.
    budget: Arc<Budget>,
    /// How many catch-ups may run at once.
    catch_ups: Semaphore,
    /// What the repeated attempts of all queries and mutations may still be.
    retries: crate::http::Budget,
}

/// Where a session's task takes its commands.
type Handle = mpsc::UnboundedSender<Command>;

/// A subscription as the rest of the client names it, from before it is started.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
struct Token(u64);

/// What the rest of the client asks of the task.
#[derive(Debug)]
enum Command {
    /// Stop everything and close; answered when that is done, at the latest when the task is gone.
    Close(oneshot::Sender<()>),
    Count(oneshot::Sender<Counters>),
    Stop(Token),
    Subscribe(Subscribe),
}

#[derive(Debug)]
struct Subscribe {
    token: Token,
    /// A subscription, or what has one answer.
    kind: OperationKind,
    body: Arc<str>,
    headers: HeaderMap,
    auth: Option<Arc<dyn AuthProvider>>,
    deadline: Option<Duration>,
    progress: Progress,
    writer: QueueWriter,
    overflow: Overflow,
    catch_up: Option<Arc<RawRequest>>,
    /// Dropped without an answer if the session was leaving.
    acknowledged: oneshot::Sender<Result<(), Error>>,
}

impl RealtimeClient {
    pub(crate) fn new(options: RealtimeOptions, connect: WebSockets) -> Self {
        let spares = connect.spares();
        Self::over(options, Box::new(connect), spares)
    }

    fn over(options: RealtimeOptions, connect: Box<dyn Connect>, spares: Arc<Spares>) -> Self {
        Self {
            shared: Arc::new(Shared {
                endpoint: Shown::of(options.service.url()).to_string().into(),
                budget: Budget::new(options.delivery.bytes_in_all, spares),
                catch_ups: Semaphore::new(catch_up::AT_ONCE),
                retries: crate::http::Budget::new(options.retry_budget),
                options,
                connect,
                worked: AtomicBool::new(false),
                handshakes: AtomicU32::new(0),
                state: watch::Sender::default(),
                guessed: AtomicBool::new(false),
                next_token: AtomicU64::new(0),
            }),
            session: Mutex::default(),
        }
    }

    pub(crate) async fn subscribe(&self, request: &RawRequest) -> Result<Box<dyn EventSource>, Error> {
        Ok(Box::new(self.start(request).await?))
    }

    /// Ready when the server has acknowledged it; where it does not do so, when it has been sent.
    async fn start(&self, request: &RawRequest) -> Result<Source, Error> {
        self.shared.options.service.accepts(request)?;
        for _ in 0..ATTEMPTS {
            if let Some(source) = self.shared.begin(self.session()?, request).await? {
                return Ok(source);
            }
        }
        Err(self.shared.leaving())
    }

    pub(crate) async fn close(&self) {
        if crate::runtime::current().is_err() {
            return;
        }
        let handle = self.lock().take();
        let Some(handle) = handle else { return };
        self.shared.state.send_replace(SessionState {
            closed: true,
            ..SessionState::default()
        });
        let (done, closed) = oneshot::channel();
        if handle.send(Command::Close(done)).is_ok() {
            let _ = timeout(self.shared.options.close_timeout, closed).await;
        }
    }

    /// Whether there is something to run catch-ups with.
    pub(crate) fn catches_up(&self) -> bool {
        self.shared.options.queries.is_some() || self.shared.options.service.carries_requests()
    }

    pub(crate) fn state(&self) -> watch::Receiver<SessionState> {
        self.shared.state.subscribe()
    }

    /// What the session has done; nothing where there is none.
    pub(crate) async fn counters(&self) -> Counters {
        let (count, counted) = oneshot::channel();
        // Where there is no task, or none any more, the question is dropped, which is an answer.
        let _ = self
            .lock()
            .as_ref()
            .is_some_and(|handle| handle.send(Command::Count(count)).is_ok());
        counted.await.unwrap_or_default()
    }

    /// The session, begun if there is none.
    fn session(&self) -> Result<Handle, Error> {
        let runtime = crate::runtime::current()?;
        let mut session = self.lock();
        if let Some(handle) = session.as_ref().filter(|handle| !handle.is_closed()) {
            return Ok(handle.clone());
        }
        let (handle, commands) = mpsc::unbounded_channel();
        let driver = Driver::new(Arc::clone(&self.shared), commands, handle.downgrade());
        runtime.spawn(driver.run());
        *session = Some(handle.clone());
        Ok(handle)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Handle>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Starts an operation on this session; nothing if that was leaving, or its runtime is gone.
    async fn begin(&self, handle: Handle, request: &RawRequest) -> Result<Option<Source>, Error> {
        let token = Token(self.next_token.fetch_add(1, Ordering::Relaxed));
        let delivery = &self.options.delivery;
        let capacity = Capacity {
            messages: request.queue_messages().unwrap_or(delivery.capacity.messages),
            bytes: request.queue_bytes().unwrap_or(delivery.capacity.bytes),
        };
        let (writer, reader) = queue(capacity, &self.budget);
        // From here on, dropping the source tells the task to stop.
        let source = Source {
            reader,
            stop: StopOnDrop {
                handle: handle.clone(),
                token,
            },
        };
        let (acknowledged, acknowledgement) = oneshot::channel();
        let start = Subscribe {
            token,
            kind: request.kind(),
            body: request.shared_body(),
            headers: request.headers().clone(),
            auth: request.auth.clone(),
            deadline: request.timeout(),
            progress: request.progress.clone(),
            writer,
            overflow: request.overflow().unwrap_or(delivery.overflow),
            catch_up: request.catch_up.clone().map(|mut query| {
                // It is repeated for as long as a connection is, and not beneath that again.
                Arc::make_mut(&mut query).retry = Some(RetryPolicy::never());
                query
            }),
            acknowledged,
        };
        if handle.send(Command::Subscribe(start)).is_err() {
            return Ok(None);
        }
        match acknowledgement.await {
            Ok(Ok(())) => {
                tracing::debug!(endpoint = %self.endpoint, "acknowledged");
                Ok(Some(source))
            }
            Ok(Err(refusal)) => Err(refusal),
            Err(_) => Ok(None),
        }
    }

    fn leaving(&self) -> Error {
        let message = format!("the session with {} ended again and again", self.endpoint);
        Error::new(ErrorKind::Disconnected, message)
    }
}

/// One subscription's events.
struct Source {
    reader: QueueReader,
    stop: StopOnDrop,
}

impl EventSource for Source {
    fn poll_event<'s>(&'s mut self, cx: &mut Context<'_>) -> Poll<Option<Result<RawEvent<'s>, Error>>> {
        self.reader.poll_next(cx).map(|next| match next {
            Ok(event) => Some(Ok(event)),
            Err(Ending::Completed) => None,
            Err(Ending::Failed(cause)) => Some(Err(cause)),
        })
    }

    fn stop(&mut self) {
        self.stop.stop();
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RealtimeSource")
            .field("token", &self.stop.token)
            .finish_non_exhaustive()
    }
}

struct StopOnDrop {
    handle: Handle,
    token: Token,
}

impl StopOnDrop {
    fn stop(&self) {
        // A task that is gone has nothing left to stop.
        let _ = self.handle.send(Command::Stop(self.token));
    }
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.stop();
    }
}
