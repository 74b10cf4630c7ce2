use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

use super::handler;

/// A GraphQL server that takes websockets of one protocol, and answers anything else as the test says.
///
/// Queries and mutations answer `{"ok":true}`, subscriptions send `{"tick":1}` and `{"tick":2}` and end.
#[derive(Debug)]
pub(crate) struct Socket {
    port: u16,
    received: Receiver<Value>,
    _runtime: Runtime,
}

/// What is spoken on the websocket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Speaks {
    Legacy,
    Phoenix,
    TransportWs,
}

/// Answers a request that is no websocket.
type Http = dyn Fn(&handler::Request) -> String + Send + Sync;

impl Socket {
    pub(crate) fn start(speaks: Speaks) -> Self {
        Self::beside(speaks, |_| handler::json("404 Not Found", "{}"))
    }

    /// With this beside it, at the same URL.
    pub(crate) fn beside(speaks: Speaks, http: impl Fn(&handler::Request) -> String + Send + Sync + 'static) -> Self {
        let http: Arc<Http> = Arc::new(http);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, received) = channel();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (http, sender) = (Arc::clone(&http), sender.clone());
                tokio::spawn(async move {
                    let heard = move |message| drop(sender.send(message));
                    match wants_socket(&stream).await {
                        true => converse(stream, speaks, heard).await,
                        false => respond(stream, http.as_ref()).await,
                    }
                });
            }
        });
        Self {
            port,
            received,
            _runtime: runtime,
        }
    }

    /// With the scheme `http`.
    pub(crate) fn http_url(&self) -> String {
        format!("http://127.0.0.1:{}/graphql", self.port)
    }

    /// With the scheme `ws`.
    pub(crate) fn ws_url(&self) -> String {
        format!("ws://127.0.0.1:{}/graphql", self.port)
    }

    /// The next of what the client sends: first `{"offers":…}`, the protocols, and then its messages.
    pub(crate) fn message(&self) -> Value {
        self.received.recv().expect("the client sends one more message")
    }

    /// The next handshake, whatever the one before still had to say.
    pub(crate) fn handshake(&self) -> Value {
        loop {
            let message = self.message();
            if message.get("offers").is_some() {
                return message;
            }
        }
    }

    /// All of it so far.
    pub(crate) fn so_far(&self) -> Vec<Value> {
        self.received.try_iter().collect()
    }
}

async fn wants_socket(stream: &TcpStream) -> bool {
    let mut head = [0; 4096];
    loop {
        let length = stream.peek(&mut head).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&head[..length]).to_ascii_lowercase();
        if text.contains("\r\n\r\n") || length == 0 {
            return text.contains("\r\nupgrade: websocket");
        }
        tokio::task::yield_now().await;
    }
}

async fn respond(mut stream: TcpStream, http: &Http) {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(request) = handler::read(&mut bytes.as_slice()) {
            let _ = stream.write_all(http(&request).as_bytes()).await;
            let _ = stream.shutdown().await;
            return;
        }
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}

#[allow(clippy::result_large_err)]
async fn converse(stream: TcpStream, speaks: Speaks, heard: impl Fn(Value)) {
    let name = match speaks {
        Speaks::Legacy => Some("graphql-ws"),
        Speaks::Phoenix => None,
        Speaks::TransportWs => Some("graphql-transport-ws"),
    };
    let mut offers = Value::Null;
    let select = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        let offered = request.headers().get("sec-websocket-protocol");
        let authorization = request.headers().get("authorization");
        let text = |value: Option<&tokio_tungstenite::tungstenite::http::HeaderValue>| {
            value.map(|value| value.to_str().unwrap().to_owned())
        };
        offers = json!({
            "offers": text(offered),
            "uri": request.uri().to_string(),
            "authorization": text(authorization),
        });
        if let Some(name) = name {
            response
                .headers_mut()
                .insert("sec-websocket-protocol", name.parse().unwrap());
        }
        Ok(response)
    };
    let accepted = accept_hdr_async(stream, select).await;
    heard(offers);
    let Ok(mut socket) = accepted else { return };
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let message: Value = serde_json::from_str(&text).unwrap();
        let answers = match speaks {
            Speaks::Phoenix => on_channel(&message),
            _ => on_websocket(&message, speaks),
        };
        heard(message);
        for answer in answers {
            if socket.send(Message::text(answer.to_string())).await.is_err() {
                return;
            }
        }
    }
}

fn data(document: &str) -> Vec<Value> {
    match document.trim_start().starts_with("subscription") {
        true => vec![json!({"data": {"tick": 1}}), json!({"data": {"tick": 2}})],
        false => vec![json!({"data": {"ok": true}})],
    }
}

fn on_websocket(message: &Value, speaks: Speaks) -> Vec<Value> {
    let (id, next) = (&message["id"], if speaks == Speaks::Legacy { "data" } else { "next" });
    match message["type"].as_str() {
        Some("connection_init") => vec![json!({"type": "connection_ack"})],
        Some("ping") => vec![json!({"type": "pong"})],
        Some("subscribe" | "start") => {
            let payloads = data(message["payload"]["query"].as_str().unwrap_or_default());
            let events = payloads
                .into_iter()
                .map(|payload| json!({"type": next, "id": id, "payload": payload}));
            events.chain([json!({"type": "complete", "id": id})]).collect()
        }
        _ => Vec::new(),
    }
}

fn on_channel(message: &Value) -> Vec<Value> {
    let [join, reference, topic, event, payload] = [0, 1, 2, 3, 4].map(|index| message[index].clone());
    let reply = |response: Value| json!([join, reference, topic, "phx_reply", {"status": "ok", "response": response}]);
    match event.as_str() {
        Some("doc") => {
            let document = payload["query"].as_str().unwrap_or_default();
            let mut events = data(document);
            if events.len() == 1 {
                return vec![reply(events.remove(0))];
            }
            let push = |result: Value| json!([null, null, "s1", "subscription:data", {"subscriptionId": "s1", "result": result}]);
            let pushed = events.into_iter().map(push);
            [reply(json!({"subscriptionId": "s1"}))]
                .into_iter()
                .chain(pushed)
                .collect()
        }
        _ => vec![reply(json!({}))],
    }
}
