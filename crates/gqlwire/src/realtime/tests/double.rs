//! A network in memory: every connect is a [`Peer`] in the hands of the test, and time is the runtime's own.

use std::collections::VecDeque;
use std::future::IntoFuture;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use gqlwire_proto::appsync::{Endpoint, HeaderObject};
use gqlwire_proto::connection::Timeouts;
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::auth::{AuthProvider, Authorization, Target, TargetKind};
use crate::realtime::connect::{Connect, Incoming, Socket, Upgrade};
use crate::realtime::{AppSync, Delivery, RealtimeClient, RealtimeOptions};
use crate::transport::{EventSource, RawRequest, RawResponse, Transport};
use crate::{Client, Counters, Error, ErrorKind, Event, Gap, ReconnectPolicy, RetryPolicy, SessionState, Subscription};

/// A wall clock that goes with the runtime's.
pub(super) fn wall() -> SystemTime {
    static ZERO: LazyLock<(Instant, SystemTime)> = LazyLock::new(|| (Instant::now(), SystemTime::now()));
    let (instant, wall) = *ZERO;
    wall + Instant::now().saturating_duration_since(instant)
}

/// Far longer than anything here takes: with the clock stopped it passes at once when nothing else can happen.
const NEVER: Duration = Duration::from_secs(3600);

pub(super) struct Network {
    peers: mpsc::UnboundedReceiver<Peer>,
    refusals: Arc<Mutex<VecDeque<Error>>>,
    connects: Arc<AtomicUsize>,
}

pub(super) struct Setup {
    pub(super) auth: Arc<Keys>,
    pub(super) delivery: Delivery,
    /// What answers catch-ups.
    pub(super) queries: Option<Arc<dyn Transport>>,
    /// In place of `auth`.
    pub(super) provider: Option<Arc<dyn AuthProvider>>,
    pub(super) headers: HeaderMap,
    pub(super) reconnect: ReconnectPolicy,
    pub(super) subscribe_deadline: Option<Duration>,
    pub(super) subscriptions_per_connection: usize,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            auth: Arc::default(),
            delivery: Delivery::default(),
            queries: None,
            provider: None,
            headers: HeaderMap::new(),
            reconnect: ReconnectPolicy::default(),
            subscribe_deadline: None,
            subscriptions_per_connection: 200,
        }
    }
}

impl Setup {
    /// A client whose subscriptions end with their connection.
    pub(super) fn once() -> Self {
        Self {
            reconnect: ReconnectPolicy::never(),
            ..Self::default()
        }
    }

    pub(super) fn build(self) -> (Client, Network) {
        let (to_test, peers) = mpsc::unbounded_channel();
        let refusals = Arc::<Mutex<VecDeque<Error>>>::default();
        let connects = Arc::<AtomicUsize>::default();
        let connect = InMemory {
            to_test,
            refusals: Arc::clone(&refusals),
            connects: Arc::clone(&connects),
        };
        let options = RealtimeOptions {
            service: Box::new(AppSync(Endpoint::new("https://api.example.com/graphql").unwrap())),
            headers: self.headers,
            auth: self.provider.unwrap_or(self.auth),
            clock: Arc::default(),
            auth_timeout: Duration::from_secs(35),
            connect_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(10),
            timeouts: Timeouts::default(),
            delivery: self.delivery,
            queries: self.queries,
            query_timeout: Duration::from_secs(35),
            retry: RetryPolicy::default(),
            retry_budget: crate::RetryBudget::default(),
            reconnect: self.reconnect,
            subscribe_deadline: self.subscribe_deadline,
            subscriptions_per_connection: Some(self.subscriptions_per_connection),
            wall,
        };
        let client = Client::with_transport(Only(RealtimeClient::over(options, Box::new(connect), Arc::default())));
        let network = Network {
            peers,
            refusals,
            connects,
        };
        (client, network)
    }
}

impl Network {
    /// The next connection that the client opens, its handshake done.
    pub(super) async fn accept(&mut self) -> Peer {
        let peer = timeout(NEVER, self.peers.recv()).await;
        peer.expect("the client opens no connection")
            .expect("the client is gone")
    }

    /// The same, acknowledged.
    pub(super) async fn accept_and_ack(&mut self) -> Peer {
        let mut peer = self.accept().await;
        peer.ack().await;
        peer
    }

    /// Refuses the next handshake.
    pub(super) fn refuse(&self, error: Error) {
        self.refusals.lock().unwrap().push_back(error);
    }

    pub(super) fn connects(&self) -> usize {
        self.connects.load(Ordering::SeqCst)
    }
}

/// The server's end of one connection.
pub(super) struct Peer {
    pub(super) authorization: HeaderObject,
    received: mpsc::UnboundedReceiver<String>,
    to_client: mpsc::UnboundedSender<Incoming<'static>>,
    closed: oneshot::Receiver<u16>,
}

impl Peer {
    /// The next message of the client; `None` once it has let go of the socket.
    pub(super) async fn receive(&mut self) -> Option<Value> {
        let text = timeout(NEVER, self.received.recv()).await;
        let text = text.expect("the client says nothing")?;
        Some(serde_json::from_str(&text).unwrap())
    }

    pub(super) async fn expect(&mut self, kind: &str) -> Value {
        let message = self.receive().await.expect("the client is gone");
        assert_eq!(message["type"], kind, "{message}");
        message
    }

    /// A message that has arrived already.
    pub(super) fn try_receive(&mut self) -> Result<Value, mpsc::error::TryRecvError> {
        Ok(serde_json::from_str(&self.received.try_recv()?).unwrap())
    }

    /// Whether the client has let go of the socket.
    pub(super) fn is_closed(&self) -> bool {
        self.to_client.is_closed()
    }

    pub(super) fn says_nothing(&mut self) -> bool {
        self.received.try_recv().is_err()
    }

    pub(super) fn send(&self, message: Value) {
        self.send_raw(&message.to_string());
    }

    pub(super) fn send_raw(&self, text: &str) {
        self.push(Incoming::Text(text.to_owned().into()));
    }

    pub(super) fn push(&self, incoming: Incoming<'static>) {
        let _ = self.to_client.send(incoming);
    }

    pub(super) async fn ack(&mut self) {
        self.expect("connection_init").await;
        self.send(json!({"type": "connection_ack", "payload": {"connectionTimeoutMs": 300_000}}));
    }

    /// Takes a start without answering; the id, and the message.
    pub(super) async fn start(&mut self) -> (String, Value) {
        let message = self.expect("start").await;
        (message["id"].as_str().unwrap().to_owned(), message)
    }

    pub(super) async fn start_and_ack(&mut self) -> String {
        let (id, _) = self.start().await;
        self.send(json!({"type": "start_ack", "id": id}));
        id
    }

    pub(super) fn data(&self, id: &str, n: u64) {
        self.send(json!({"type": "data", "id": id, "payload": {"data": {"n": n}}}));
    }

    pub(super) fn error(&self, id: &str, error: Value) {
        self.send(json!({"type": "error", "id": id, "payload": {"errors": [error]}}));
    }

    pub(super) fn complete(&self, id: &str) {
        self.send(json!({"type": "complete", "id": id}));
    }

    /// The code with which the client closed, once it has.
    pub(super) async fn close_code(self) -> u16 {
        let code = timeout(NEVER, self.closed).await;
        code.expect("the client does not close")
            .expect("the client dropped the socket")
    }
}

#[derive(Debug)]
struct InMemory {
    to_test: mpsc::UnboundedSender<Peer>,
    refusals: Arc<Mutex<VecDeque<Error>>>,
    connects: Arc<AtomicUsize>,
}

impl Connect for InMemory {
    fn connect(&self, upgrade: Upgrade) -> BoxFuture<'_, Result<Box<dyn Socket>, Error>> {
        Box::pin(async move {
            self.connects.fetch_add(1, Ordering::SeqCst);
            // As a network does, let others run first.
            tokio::task::yield_now().await;
            if let Some(refusal) = self.refusals.lock().unwrap().pop_front() {
                return Err(refusal);
            }
            let carried = gqlwire_proto::appsync::HeaderCarrier::read_handshake(upgrade.url.query(), &upgrade.headers);
            let (to_peer, received) = mpsc::unbounded_channel();
            let (to_client, incoming) = mpsc::unbounded_channel();
            let (closing, closed) = oneshot::channel();
            let peer = Peer {
                authorization: carried.unwrap().unwrap().1,
                received,
                to_client,
                closed,
            };
            let _ = self.to_test.send(peer);
            let socket = InMemorySocket {
                to_peer,
                incoming,
                closing,
            };
            Ok(Box::new(socket) as Box<dyn Socket>)
        })
    }
}

struct InMemorySocket {
    to_peer: mpsc::UnboundedSender<String>,
    incoming: mpsc::UnboundedReceiver<Incoming<'static>>,
    closing: oneshot::Sender<u16>,
}

impl Socket for InMemorySocket {
    fn poll_receive<'s>(&'s mut self, cx: &mut Context<'_>) -> Poll<Incoming<'s>> {
        self.incoming
            .poll_recv(cx)
            .map(|incoming| incoming.unwrap_or_else(|| Incoming::Lost("the peer is gone".to_owned())))
    }

    fn poll_send(&mut self, _: &mut Context<'_>, text: &mut Option<String>) -> Poll<Result<(), String>> {
        let text = text.take().unwrap();
        Poll::Ready(self.to_peer.send(text).map_err(|_| "broken pipe".to_owned()))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), String>> {
        Poll::Ready(Ok(()))
    }

    fn close(self: Box<Self>, code: u16) -> BoxFuture<'static, ()> {
        let _ = self.closing.send(code);
        Box::pin(async {})
    }
}

/// A transport of the realtime client alone.
#[derive(Debug)]
struct Only(RealtimeClient);

impl Transport for Only {
    fn execute<'a>(&'a self, _: &'a RawRequest) -> BoxFuture<'a, Result<RawResponse, Error>> {
        Box::pin(async { Err(Error::new(ErrorKind::Request, "no HTTP here")) })
    }

    fn subscribe(&self, request: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>> {
        Box::pin(async move { self.0.subscribe(&request).await })
    }

    fn catches_up(&self) -> bool {
        self.0.catches_up()
    }

    fn state(&self) -> Option<watch::Receiver<SessionState>> {
        Some(self.0.state())
    }

    fn counters(&self) -> BoxFuture<'_, Option<Counters>> {
        Box::pin(async move { Some(self.0.counters().await) })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.0.close())
    }
}

/// Keys numbered in the order in which they are asked for, so that each attempt shows which it was made with.
#[derive(Debug, Default)]
pub(super) struct Keys {
    has_better: bool,
    fails: bool,
    uncounted: bool,
    pub(super) panics: AtomicBool,
    asked: AtomicUsize,
    refused: AtomicUsize,
    lives: Option<Duration>,
    /// For when it was asked.
    times: Mutex<Vec<SystemTime>>,
}

impl Keys {
    pub(super) fn with_better_ones() -> Arc<Self> {
        Arc::new(Self {
            has_better: true,
            ..Self::default()
        })
    }

    /// Has better ones, and calls them all the same.
    pub(super) fn uncounted() -> Arc<Self> {
        Arc::new(Self {
            has_better: true,
            uncounted: true,
            ..Self::default()
        })
    }

    /// Each good for so long.
    pub(super) fn that_live(time: Duration) -> Arc<Self> {
        Arc::new(Self {
            lives: Some(time),
            ..Self::default()
        })
    }

    pub(super) fn failing() -> Arc<Self> {
        Arc::new(Self {
            fails: true,
            ..Self::default()
        })
    }

    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// The times that it was to sign with.
    pub(super) fn times(&self) -> Vec<SystemTime> {
        self.times.lock().unwrap().clone()
    }

    pub(super) fn refusals(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }
}

impl AuthProvider for Keys {
    fn authorize<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, Result<Authorization, Error>> {
        Box::pin(async move {
            let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
            self.times.lock().unwrap().push(target.now());
            if self.panics.swap(false, Ordering::SeqCst) {
                panic!("a provider that panics");
            }
            if self.fails {
                return Err(Error::new(ErrorKind::Auth, "the vault is locked"));
            }
            match target.kind() {
                TargetKind::Connect => assert_eq!(target.body(), "{}"),
                _ => assert!(target.body().starts_with("{\"query\"")),
            }
            let mut headers = HeaderMap::new();
            let mut key = HeaderValue::from_str(&format!("secret-key-{number}")).unwrap();
            key.set_sensitive(true);
            headers.insert("x-api-key", key);
            let generation = if self.uncounted { 0 } else { number as u64 };
            let expires = self.lives.map(|lives| wall() + lives);
            Ok(Authorization::new(headers).generation(generation).expires_at(expires))
        })
    }

    fn refused<'a>(&'a self, _: &'a Authorization, _: &'a Error) -> BoxFuture<'a, bool> {
        self.refused.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { self.has_better })
    }
}

pub(super) const DOCUMENT: &str = "subscription { n }";

/// Starts a subscription in a task of its own.
pub(super) fn subscribe(client: &Client) -> JoinHandle<Result<Subscription<Value>, Error>> {
    tokio::spawn(client.subscribe(DOCUMENT).into_future())
}

/// A client with one subscription that is acknowledged.
pub(super) async fn subscribed(setup: Setup) -> (Client, Network, Peer, String, Subscription<Value>) {
    let (client, mut network) = setup.build();
    let starting = subscribe(&client);
    let mut peer = network.accept_and_ack().await;
    let id = peer.start_and_ack().await;
    let subscription = starting.await.unwrap().unwrap();
    (client, network, peer, id, subscription)
}

/// The number in the next event.
pub(super) async fn next(subscription: &mut Subscription<Value>) -> Option<Result<u64, Error>> {
    Some(event(subscription).await?.map(|event| match event {
        Event::Next(response) => response.data.unwrap()["n"].as_u64().unwrap(),
        other => panic!("{other:?}"),
    }))
}

/// The gap that comes next.
pub(super) async fn gap(subscription: &mut Subscription<Value>) -> Gap {
    match event(subscription).await.unwrap().unwrap() {
        Event::Gap(gap) => gap,
        other => panic!("{other:?}"),
    }
}

pub(super) async fn event(subscription: &mut Subscription<Value>) -> Option<Result<Event<Value>, Error>> {
    timeout(NEVER, subscription.next()).await.expect("nothing arrives")
}
