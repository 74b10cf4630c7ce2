//! async-graphql behind a websocket of either protocol, and behind HTTP: a server that nobody here wrote, on a socket
//! that the test can cut.

use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_graphql::http::{WebSocket, WebSocketProtocols, WsMessage};
use async_graphql::{Context, Data, Object, Schema, Subscription};
use futures_util::{SinkExt, Stream as Events, StreamExt, stream};
use serde_json::Value;
use tokio::sync::{Notify, broadcast, watch};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;

use super::{Peer, Request, Server, Stream, response};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct GraphqlServer {
    server: Server,
    world: Arc<World>,
}

/// What the resolvers and the test share.
pub(crate) struct World {
    ticks: broadcast::Sender<u32>,
    subscribers: watch::Sender<usize>,
    sockets: watch::Sender<usize>,
    hanging: watch::Sender<usize>,
    cut: Notify,
    bumped: AtomicU32,
    inits: Mutex<Vec<Value>>,
    /// The names that the server selects, the best first; `None` for one that selects none and speaks transport-ws.
    speaks: Option<Vec<&'static str>>,
}

impl GraphqlServer {
    /// One that speaks both protocols.
    pub(crate) async fn start() -> Self {
        Self::speaking(Some(vec!["graphql-transport-ws", "graphql-ws"])).await
    }

    /// One that speaks these.
    pub(crate) async fn speaking(speaks: Option<Vec<&'static str>>) -> Self {
        let world = Arc::new(World {
            ticks: broadcast::channel(4096).0,
            subscribers: watch::Sender::default(),
            sockets: watch::Sender::default(),
            hanging: watch::Sender::default(),
            cut: Notify::new(),
            bumped: AtomicU32::new(0),
            inits: Mutex::default(),
            speaks,
        });
        let schema = Schema::build(Queries, Mutations, Subscriptions)
            .data(Arc::clone(&world))
            .finish();
        let shared = Arc::clone(&world);
        let server = Server::start(move |request, stream| {
            let (schema, world) = (schema.clone(), Arc::clone(&shared));
            async move {
                match request.header("upgrade") {
                    Some(_) => serve_socket(&request, stream, schema, &world).await,
                    None => serve_request(&request, stream, &schema).await,
                }
            }
        })
        .await;
        Self { server, world }
    }

    pub(crate) fn http_url(&self) -> String {
        self.server.url("/graphql")
    }

    pub(crate) fn ws_url(&self) -> String {
        format!("ws://{}/graphql", self.server.address())
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.server.requests()
    }

    /// Sends a tick to all subscribers.
    pub(crate) fn publish(&self, tick: u32) {
        let _ = self.world.ticks.send(tick);
    }

    /// Ready when so many subscriptions to `ticks` are live.
    pub(crate) async fn subscribers(&self, number: usize) {
        wait_for(&self.world.subscribers, number).await;
    }

    /// Ready when so many sockets are open.
    pub(crate) async fn sockets(&self, number: usize) {
        wait_for(&self.world.sockets, number).await;
    }

    /// Ready when so many operations have begun that never end.
    pub(crate) async fn hanging(&self, number: usize) {
        wait_for(&self.world.hanging, number).await;
    }

    /// Cuts every socket, without a word.
    pub(crate) fn cut(&self) {
        self.world.cut.notify_waiters();
    }

    pub(crate) fn bumped(&self) -> u32 {
        self.world.bumped.load(Ordering::SeqCst)
    }

    /// What the connections were begun with.
    pub(crate) fn inits(&self) -> Vec<Value> {
        self.world.inits.lock().unwrap().clone()
    }
}

async fn wait_for(count: &watch::Sender<usize>, number: usize) {
    let mut count = count.subscribe();
    let waiting = count.wait_for(|count| *count == number);
    let reached = tokio::time::timeout(PATIENCE, waiting).await.map(|_| ());
    assert!(reached.is_ok(), "{} and not {number}", *count.borrow());
}

/// Counted for as long as it lives.
struct Counted(watch::Sender<usize>);

impl Counted {
    fn new(count: &watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

type Served = Schema<Queries, Mutations, Subscriptions>;

async fn serve_request(request: &Request, stream: Stream, schema: &Served) {
    let query: async_graphql::Request = serde_json::from_str(&request.body).unwrap();
    let answer = serde_json::to_string(&schema.execute(query).await).unwrap();
    let headers = [("content-type", "application/json")];
    stream.send(response("200 OK", &headers, &answer)).await;
}

async fn serve_socket(request: &Request, stream: Stream, schema: Served, world: &Arc<World>) {
    let offered: Vec<_> = request
        .header("sec-websocket-protocol")
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .collect();
    let speaks = world.speaks.as_ref();
    let selected = speaks.map(|speaks| {
        *speaks
            .iter()
            .find(|name| offered.contains(name))
            .expect("nothing in common")
    });
    let protocol: WebSocketProtocols = selected.unwrap_or("graphql-transport-ws").parse().unwrap();
    let peer = Peer::accept(request, stream, selected).await;
    let _counted = Counted::new(&world.sockets);
    let (mut sink, stream) = peer.socket.split();
    let texts = stream.filter_map(async |message| match message {
        Ok(Message::Text(text)) => Some(text.as_str().to_owned()),
        _ => None,
    });
    let inits = Arc::clone(world);
    let mut answers = Box::pin(WebSocket::new(schema, Box::pin(texts), protocol).on_connection_init(
        async move |init: Value| {
            inits.inits.lock().unwrap().push(init.clone());
            match init["token"].as_str() {
                Some(token) if token.starts_with("wrong") => Err(format!("no entry with {token}").into()),
                _ => Ok(Data::default()),
            }
        },
    ));
    let serving = async {
        while let Some(message) = answers.next().await {
            let message = match message {
                WsMessage::Text(text) => Message::text(text),
                WsMessage::Close(code, reason) => Message::Close(Some(CloseFrame {
                    code: code.into(),
                    reason: reason.into(),
                })),
            };
            if sink.send(message).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = serving => {}
        () = world.cut.notified() => {}
    }
}

struct Queries;

#[Object]
impl Queries {
    async fn hello(&self, name: Option<String>) -> String {
        format!("hello {}", name.unwrap_or_default())
    }

    async fn bumped(&self, context: &Context<'_>) -> u32 {
        context.data_unchecked::<Arc<World>>().bumped.load(Ordering::SeqCst)
    }

    async fn fails(&self) -> async_graphql::Result<Option<u32>> {
        Err("it is broken".into())
    }

    /// Answers when it is asked again.
    async fn hangs(&self, context: &Context<'_>) -> u32 {
        hang(context).await
    }

    async fn long(&self, bytes: usize) -> String {
        "x".repeat(bytes)
    }
}

struct Mutations;

#[Object]
impl Mutations {
    async fn bump(&self, context: &Context<'_>) -> u32 {
        context
            .data_unchecked::<Arc<World>>()
            .bumped
            .fetch_add(1, Ordering::SeqCst)
            + 1
    }

    async fn bump_and_hang(&self, context: &Context<'_>) -> u32 {
        context
            .data_unchecked::<Arc<World>>()
            .bumped
            .fetch_add(1, Ordering::SeqCst);
        hang(context).await
    }
}

/// The first of them never ends; every other one finds that there was one before, and answers.
async fn hang(context: &Context<'_>) -> u32 {
    let world = context.data_unchecked::<Arc<World>>();
    world.hanging.send_modify(|count| *count += 1);
    if *world.hanging.borrow() == 1 {
        std::future::pending::<()>().await;
    }
    2
}

struct Subscriptions;

#[Subscription]
impl Subscriptions {
    /// What the test publishes.
    async fn ticks(&self, context: &Context<'_>) -> impl Events<Item = u32> {
        let world = context.data_unchecked::<Arc<World>>();
        let ticks = world.ticks.subscribe();
        let counted = Counted::new(&world.subscribers);
        stream::unfold((ticks, counted), |(mut ticks, counted)| async move {
            let tick = ticks.recv().await.ok()?;
            Some((tick, (ticks, counted)))
        })
    }

    async fn count(&self, to: u32) -> impl Events<Item = u32> {
        stream::iter(1..=to)
    }

    async fn refused(&self) -> async_graphql::Result<Pin<Box<dyn Events<Item = u32> + Send>>> {
        Err("not for you".into())
    }
}
