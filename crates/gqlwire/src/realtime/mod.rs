//! Subscriptions over AppSync's realtime websocket.

mod connect;
mod connection;
mod failure;
mod queue;
mod websocket;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use gqlwire_proto::appsync::{CONNECT_BODY, Endpoint, HeaderObject, Timeouts};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::value::RawValue;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::timeout;
use url::Url;

use self::connect::{Connect, Upgrade};
use self::connection::{Command, Connection, Start, Token};
use self::queue::{Ending, QueueReader, queue};
use crate::auth::{AuthProvider, Authorization, Target, TargetKind};
use crate::http::Shown;
use crate::redact::Secrets;
use crate::transport::{EventSource, RawRequest};
use crate::{Error, ErrorKind};

pub(crate) use self::queue::Capacity;
pub(crate) use self::websocket::WebSockets;

/// How long the read loop waits for a consumer whose queue is full, before the subscription fails.
pub(crate) const GRACE: Duration = Duration::from_millis(10);

/// How often a start is tried again because the connection ended before the start could be sent.
const RECONNECTS: u32 = 2;

/// What the realtime client is told once, when it is built.
#[derive(Debug)]
pub(crate) struct RealtimeOptions {
    pub(crate) endpoint: Endpoint,
    pub(crate) headers: HeaderMap,
    pub(crate) auth: Arc<dyn AuthProvider>,
    /// How long an auth provider may think.
    pub(crate) auth_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) close_timeout: Duration,
    pub(crate) timeouts: Timeouts,
    pub(crate) grace: Duration,
    pub(crate) capacity: Capacity,
}

/// Keeps one connection, opened by the first subscription, and again by the next one after it was lost.
#[derive(Debug)]
pub(crate) struct RealtimeClient {
    options: RealtimeOptions,
    connect: Box<dyn Connect>,
    endpoint: Arc<str>,
    /// Held while a connection is being opened, so that subscriptions that start together open one.
    current: Mutex<Current>,
    /// How many attempts to connect have failed.
    failures: AtomicU64,
    next_token: AtomicU64,
}

#[derive(Debug, Default)]
struct Current {
    handle: Option<Handle>,
    last_failure: Option<Error>,
}

/// Where an open connection's task takes its commands.
type Handle = mpsc::UnboundedSender<Command>;

/// What became of a start.
enum Started {
    Acknowledged(Box<dyn EventSource>),
    /// The connection ended before the start was sent.
    NotSent,
}

impl RealtimeClient {
    pub(crate) fn new(options: RealtimeOptions, connect: WebSockets) -> Self {
        Self::over(options, Box::new(connect))
    }

    fn over(options: RealtimeOptions, connect: Box<dyn Connect>) -> Self {
        Self {
            endpoint: Shown::of(options.endpoint.realtime_url()).to_string().into(),
            options,
            connect,
            current: Mutex::default(),
            failures: AtomicU64::new(0),
            next_token: AtomicU64::new(0),
        }
    }

    pub(crate) async fn subscribe(&self, request: &RawRequest) -> Result<Box<dyn EventSource>, Error> {
        crate::runtime::current()?;
        let auth = request.auth.as_ref().unwrap_or(&self.options.auth);
        let url = self.options.endpoint.signing_url_start();
        let mut refused = false;
        let mut reconnects = 0;
        loop {
            // Connected first, signed last: a slow handshake must not age the signature.
            let handle = self.connection().await?;
            let target = self.target(TargetKind::Subscribe, &url, request.body());
            let sent = self.authorize(auth.as_ref(), target).await?;
            match self.start(&handle, request, &sent).await {
                Ok(Started::Acknowledged(source)) => return Ok(source),
                Ok(Started::NotSent) if reconnects < RECONNECTS => reconnects += 1,
                Ok(Started::NotSent) => {
                    let message = format!("the connection to {} ended again and again", self.endpoint);
                    return Err(Error::new(ErrorKind::Disconnected, message));
                }
                Err(error) if !error.is_auth() => return Err(error),
                Err(error) if !refused && self.has_better(auth.as_ref(), &sent, &error).await => refused = true,
                Err(error) => return Err(error.refusing(auth.as_ref())),
            }
        }
    }

    pub(crate) async fn close(&self) {
        if crate::runtime::current().is_err() {
            return;
        }
        let closing = async {
            let Some(handle) = self.current.lock().await.handle.take() else {
                return;
            };
            let (done, closed) = oneshot::channel();
            if handle.send(Command::Close(done)).is_ok() {
                let _ = closed.await;
            }
        };
        let _ = timeout(self.options.close_timeout, closing).await;
    }

    async fn start(
        &self,
        handle: &Handle,
        request: &RawRequest,
        authorization: &Authorization,
    ) -> Result<Started, Error> {
        let object = self.object(authorization, &[request.headers(), &self.options.headers])?;
        let token = Token(self.next_token.fetch_add(1, Ordering::Relaxed));
        let (writer, reader) = queue(self.options.capacity);
        // From here on, dropping the source tells the task to stop.
        let source = Source {
            reader,
            stop: StopOnDrop {
                handle: handle.clone(),
                token,
            },
        };
        let (acknowledged, acknowledgement) = oneshot::channel();
        let start = Start {
            token,
            data: request.shared_body(),
            authorization: RawValue::from_string(object.to_json()).expect("a header object is JSON"),
            writer,
            acknowledged,
        };
        if handle.send(Command::Start(start)).is_err() {
            return Ok(Started::NotSent);
        }
        match acknowledgement.await {
            Ok(Ok(())) => Ok(Started::Acknowledged(Box::new(source))),
            Ok(Err(refusal)) => Err(refusal.without_secrets(&Secrets::of(&authorization.headers))),
            // Every start that is sent is answered.
            Err(_) => Ok(Started::NotSent),
        }
    }

    /// The connection, opened if there is none.
    async fn connection(&self) -> Result<Handle, Error> {
        let seen = self.failures.load(Ordering::Acquire);
        let mut current = self.current.lock().await;
        if let Some(handle) = current.handle.as_ref().filter(|handle| !handle.is_closed()) {
            return Ok(handle.clone());
        }
        // Whoever waited while another's attempt failed shares its failure: a hundred of them, one after the other,
        // would each wait for a server that does not answer.
        if let Some(failure) = &current.last_failure
            && self.failures.load(Ordering::Acquire) != seen
        {
            return Err(failure.clone());
        }
        match self.connect().await {
            Ok(handle) => {
                current.handle = Some(handle.clone());
                Ok(handle)
            }
            Err(failure) => {
                *current = Current {
                    handle: None,
                    last_failure: Some(failure.clone()),
                };
                self.failures.fetch_add(1, Ordering::Release);
                Err(failure)
            }
        }
    }

    async fn connect(&self) -> Result<Handle, Error> {
        let auth = self.options.auth.as_ref();
        let url = self.options.endpoint.signing_url_connect();
        let target = || self.target(TargetKind::Connect, &url, CONNECT_BODY);
        let sent = self.authorize(auth, target()).await?;
        let opened = match self.open(&sent).await {
            Err(refusal) if refusal.is_auth() && self.has_better(auth, &sent, &refusal).await => {
                self.open(&self.authorize(auth, target()).await?).await
            }
            opened => opened,
        };
        opened.map_err(|error| match error.is_auth() {
            true => error.refusing(auth),
            false => error,
        })
    }

    async fn open(&self, authorization: &Authorization) -> Result<Handle, Error> {
        let secrets = Secrets::of(&authorization.headers);
        let runtime = crate::runtime::current()?;
        let limit = self.options.connect_timeout;
        let opening = self.connect.connect(self.upgrade(authorization)?);
        let socket = match timeout(limit, opening).await {
            Ok(socket) => socket.map_err(|error| error.without_secrets(&secrets))?,
            Err(_) => return Err(Error::timeout(&format!("connecting to {}", self.endpoint), limit)),
        };
        let (handle, commands) = mpsc::unbounded_channel();
        let (ready, readiness) = oneshot::channel();
        let options = &self.options;
        let connection = Connection::new(
            socket,
            options.timeouts.clone(),
            options.grace,
            Arc::clone(&self.endpoint),
            commands,
            ready,
        );
        runtime.spawn(connection.run());
        let ready = readiness.await.unwrap_or_else(|_| {
            let message = "the task that runs the connection is gone: its runtime was shut down";
            Err(Error::new(ErrorKind::Disconnected, message))
        });
        ready.map_err(|error| error.without_secrets(&secrets))?;
        Ok(handle)
    }

    async fn authorize(&self, auth: &dyn AuthProvider, target: Target<'_>) -> Result<Authorization, Error> {
        let limit = self.options.auth_timeout;
        let what = || format!("getting credentials for {}", self.endpoint);
        timeout(limit, auth.authorize(target))
            .await
            .map_err(|_| Error::timeout(&what(), limit))?
    }

    /// Tells a provider that what it gave was refused; whether it has something better, as far as it says so in time.
    async fn has_better(&self, auth: &dyn AuthProvider, sent: &Authorization, refusal: &Error) -> bool {
        let asked = timeout(self.options.auth_timeout, auth.refused(sent, refusal)).await;
        asked.unwrap_or(false)
    }

    fn target<'a>(&'a self, kind: TargetKind, url: &'a Url, body: &'a str) -> Target<'a> {
        static NONE: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);
        Target {
            kind,
            url,
            host: self.options.endpoint.host(),
            region: self.options.endpoint.region(),
            headers: &NONE,
            body,
            now: SystemTime::now(),
        }
    }

    fn upgrade(&self, authorization: &Authorization) -> Result<Upgrade, Error> {
        let object = self.object(authorization, &[])?;
        let handshake = self.options.endpoint.handshake(&object);
        let handshake = handshake.map_err(|error| Error::config(error.to_string()))?;
        let mut headers = self.options.headers.clone();
        headers.extend(handshake.headers);
        Ok(Upgrade {
            url: handshake.url,
            headers,
        })
    }

    /// The authorization object: host, what proves who is asking, and headers that resolvers may want to see.
    ///
    /// The latter come last: they are not signed, and must not replace what is.
    fn object(&self, authorization: &Authorization, extra: &[&HeaderMap]) -> Result<HeaderObject, Error> {
        let mut object = HeaderObject::new(self.options.endpoint.host());
        for (name, value) in &authorization.headers {
            object = object.with(spelt(name), text(name, value)?);
        }
        for (name, value) in extra.iter().copied().flatten() {
            if object.get(name.as_str()).is_none() {
                object = object.with(name.as_str(), text(name, value)?);
            }
        }
        Ok(object)
    }
}

/// The names in the object are looked up by AppSync, and documented with capitals.
fn spelt(name: &HeaderName) -> &str {
    match name.as_str() {
        "authorization" => "Authorization",
        "x-amz-security-token" => "X-Amz-Security-Token",
        other => other,
    }
}

fn text<'v>(name: &HeaderName, value: &'v HeaderValue) -> Result<&'v str, Error> {
    value.to_str().map_err(|_| {
        Error::config(format!(
            "the header {name} holds characters that JSON objects of headers cannot"
        ))
    })
}

/// One subscription's events.
struct Source {
    reader: QueueReader,
    stop: StopOnDrop,
}

impl EventSource for Source {
    fn poll_event<'s>(&'s mut self, cx: &mut Context<'_>) -> Poll<Option<Result<&'s str, Error>>> {
        self.reader.poll_next(cx).map(|next| match next {
            Ok(payload) => Some(Ok(payload)),
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
