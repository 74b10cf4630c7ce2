use std::future::Future;
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;

use super::{Request, Server, Stream};

/// The server's end of one websocket.
pub(crate) struct Peer {
    pub(crate) socket: WebSocketStream<TcpStream>,
}

/// A server that accepts every handshake and then does what the test says.
pub(crate) async fn realtime<F, Fut>(serve: F) -> Server
where
    F: Fn(Peer) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    realtime_speaking("graphql-ws", serve).await
}

/// The same, which selects this subprotocol, or none.
pub(crate) async fn realtime_speaking<F, Fut>(subprotocol: impl Into<Option<&'static str>>, serve: F) -> Server
where
    F: Fn(Peer) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let (serve, subprotocol) = (Arc::new(serve), subprotocol.into());
    Server::start(move |request, stream| {
        let serve = Arc::clone(&serve);
        async move {
            serve(Peer::accept(&request, stream, subprotocol).await).await;
        }
    })
    .await
}

pub(crate) fn accept_key(request: &Request) -> String {
    derive_accept_key(request.header("sec-websocket-key").unwrap().as_bytes())
}

impl Peer {
    pub(crate) async fn accept(request: &Request, stream: Stream, subprotocol: Option<&str>) -> Self {
        Self::accept_at(request, stream, subprotocol, None).await
    }

    /// The same, with a `Date`.
    pub(crate) async fn accept_at(
        request: &Request,
        mut stream: Stream,
        subprotocol: Option<&str>,
        date: Option<SystemTime>,
    ) -> Self {
        let mut head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: {}\r\n",
            accept_key(request)
        );
        if let Some(subprotocol) = subprotocol {
            head.push_str(&format!("sec-websocket-protocol: {subprotocol}\r\n"));
        }
        if let Some(date) = date {
            head.push_str(&format!("date: {}\r\n", httpdate::fmt_http_date(date)));
        }
        stream.0.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
        let socket = WebSocketStream::from_raw_socket(stream.0, Role::Server, None).await;
        Self { socket }
    }

    /// The next text message; `None` once the client has closed.
    pub(crate) async fn receive(&mut self) -> Option<Value> {
        while let Some(Ok(message)) = self.socket.next().await {
            if let Message::Text(text) = message {
                return Some(serde_json::from_str(&text).unwrap());
            }
        }
        None
    }

    pub(crate) async fn expect(&mut self, kind: &str) -> Value {
        let message = self.receive().await.expect("the client is gone");
        assert_eq!(message["type"], kind, "{message}");
        message
    }

    pub(crate) async fn send(&mut self, message: Value) {
        self.push(Message::text(message.to_string())).await;
    }

    pub(crate) async fn push(&mut self, message: Message) {
        let _ = self.socket.send(message).await;
    }

    pub(crate) async fn ack(&mut self) {
        self.expect("connection_init").await;
        self.send(json!({"type": "connection_ack", "payload": {"connectionTimeoutMs": 300_000}}))
            .await;
    }

    /// Takes a start and acknowledges it; the start.
    pub(crate) async fn start_and_ack(&mut self) -> Value {
        let start = self.expect("start").await;
        self.send(json!({"type": "start_ack", "id": start["id"]})).await;
        start
    }

    pub(crate) async fn data(&mut self, start: &Value, data: Value) {
        self.send(json!({"type": "data", "id": start["id"], "payload": {"data": data}}))
            .await;
    }

    pub(crate) async fn close(&mut self, code: u16, reason: &str) {
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.to_owned().into(),
        };
        let _ = self.socket.close(Some(frame)).await;
        self.drain().await;
    }

    /// Reads until the client has closed.
    pub(crate) async fn drain(&mut self) {
        while self.receive().await.is_some() {}
    }
}
