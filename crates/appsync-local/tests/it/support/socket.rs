use appsync_local::Server;
use futures_util::{SinkExt, StreamExt};
use gqlwire_proto::appsync::{HeaderCarrier, HeaderObject};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderMap, Request};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

use super::{KEY, within};

/// A handshake that is about to be made.
pub(crate) struct Connect<'a> {
    server: &'a Server,
    request: Request<()>,
}

/// A realtime connection, frame by frame.
pub(crate) struct Socket {
    stream: WebSocketStream<TcpStream>,
    pub(crate) handshake: HeaderMap,
    /// What each `start` carries.
    pub(crate) authorization: Value,
}

impl<'a> Connect<'a> {
    /// Nothing but an upgrade, to a path and query.
    pub(crate) fn bare(server: &'a Server, target: &str) -> Self {
        let url = format!("ws://{}{target}", server.address());
        Self {
            server,
            request: url.into_client_request().unwrap(),
        }
    }

    pub(crate) fn carrying(server: &'a Server, path: &str, carrier: HeaderCarrier, object: &HeaderObject) -> Self {
        let url = format!("ws://{}{path}", server.address()).parse().unwrap();
        let handshake = carrier.handshake(&url, "graphql-ws", object).unwrap();
        let mut request = handshake.url.as_str().into_client_request().unwrap();
        request.headers_mut().extend(handshake.headers);
        Self { server, request }
    }

    /// With the API key in the subprotocol.
    pub(crate) fn api_key(server: &'a Server) -> Self {
        let object = HeaderObject::api_key(server.address().to_string(), KEY);
        Self::carrying(server, "/graphql/realtime", HeaderCarrier::Subprotocol, &object)
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.request.headers_mut().insert(name, value.parse().unwrap());
        self
    }

    pub(crate) async fn open(self) -> Socket {
        self.try_open().await.unwrap()
    }

    pub(crate) async fn try_open(self) -> Result<Socket, Error> {
        let stream = TcpStream::connect(self.server.address()).await?;
        let opened = tokio_tungstenite::client_async(self.request, stream);
        let (stream, response) = within("the handshake", opened).await?;
        Ok(Socket {
            stream,
            handshake: response.headers().clone(),
            authorization: json!({"host": self.server.address().to_string(), "x-api-key": KEY}),
        })
    }

    /// The one entry of `connection_error` that a refused connection gets before it is closed.
    pub(crate) async fn refusal(self) -> Value {
        let mut socket = self.open().await;
        // Clients do so before they read; the reason must reach them all the same.
        socket.send(json!({"type": "connection_init"})).await;
        let frame = socket.read().await;
        assert_eq!(frame["type"], "connection_error", "{frame}");
        let errors = frame["payload"]["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{frame}");
        let error = errors[0].clone();
        assert_eq!(u16::from(socket.closed().await.unwrap().code), 1000);
        error
    }
}

impl Socket {
    pub(crate) async fn send(&mut self, message: Value) {
        self.send_text(message.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: impl Into<String>) {
        let sent = self.stream.send(Message::text(text.into()));
        within("sending", sent).await.unwrap();
    }

    pub(crate) async fn send_binary(&mut self, bytes: &'static [u8]) {
        let message = Message::Binary(Bytes::from_static(bytes));
        within("sending", self.stream.send(message)).await.unwrap();
    }

    /// The next frame, whatever it is.
    pub(crate) async fn read(&mut self) -> Value {
        loop {
            let message = within("a frame", self.stream.next()).await;
            match message.expect("a frame, not the end").expect("a frame, not an error") {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?} instead of a frame"),
            }
        }
    }

    /// The next frame that is no `ka`.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            let frame = self.read().await;
            if frame["type"] != "ka" {
                return frame;
            }
        }
    }

    /// Reads to the close, and returns what it said, if it was in due form.
    pub(crate) async fn closed(&mut self) -> Option<CloseFrame> {
        let mut said = None;
        loop {
            match within("the close", self.stream.next()).await {
                Some(Ok(Message::Close(frame))) => said = frame,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return said,
            }
        }
    }

    pub(crate) async fn init(&mut self) {
        self.send(json!({"type": "connection_init"})).await;
        let ack = self.read().await;
        assert_eq!(
            ack,
            json!({"type": "connection_ack", "payload": {"connectionTimeoutMs": 300_000}})
        );
        assert_eq!(self.read().await, json!({"type": "ka"}));
    }

    pub(crate) async fn start(&mut self, id: &str, data: &str) {
        let authorization = self.authorization.clone();
        self.send(json!({
            "id": id, "type": "start",
            "payload": {"data": data, "extensions": {"authorization": authorization}},
        }))
        .await;
    }

    /// Starts a document and expects that it is taken.
    pub(crate) async fn subscribe(&mut self, id: &str, query: &str) {
        self.subscribe_with(id, query, json!({})).await;
    }

    pub(crate) async fn subscribe_with(&mut self, id: &str, query: &str, variables: Value) {
        let data = json!({"query": query, "variables": variables}).to_string();
        self.start(id, &data).await;
        assert_eq!(self.next().await, json!({"id": id, "type": "start_ack"}));
    }

    /// Starts a document and expects that it is taken, after the server has said what it had to say before.
    pub(crate) async fn subscribe_after_errors(&mut self, id: &str, query: &str) {
        self.start(id, &json!({ "query": query }).to_string()).await;
        loop {
            let frame = self.next().await;
            if frame == json!({"id": id, "type": "start_ack"}) {
                return;
            }
            assert_ne!(frame["id"], id, "{frame}");
        }
    }

    /// Starts a document and expects that it is refused; returns `payload.errors`.
    pub(crate) async fn refused(&mut self, id: &str, query: &str) -> Value {
        self.start(id, &json!({ "query": query }).to_string()).await;
        self.error(Some(id)).await
    }

    /// The next frame, which is an error; returns `payload.errors`.
    pub(crate) async fn error(&mut self, id: Option<&str>) -> Value {
        let frame = self.next().await;
        assert_eq!(frame["type"], "error", "{frame}");
        assert_eq!(frame["id"].as_str(), id, "{frame}");
        frame["payload"]["errors"].clone()
    }

    /// The payload of the next frame, which is an event.
    pub(crate) async fn data(&mut self, id: &str) -> Value {
        let frame = self.next().await;
        assert_eq!((&frame["type"], &frame["id"]), (&json!("data"), &json!(id)), "{frame}");
        frame["payload"].clone()
    }

    /// Reads whatever the server has said up to now.
    pub(crate) async fn settle(&mut self) {
        self.send(json!({"type": "stop", "id": "settled"})).await;
        while self.next().await != json!({"id": "settled", "type": "complete"}) {}
    }

    /// That nothing was sent up to now: the answer to an unknown `stop` comes first.
    pub(crate) async fn assert_silent(&mut self) {
        self.send(json!({"type": "stop", "id": "nothing-before-this"})).await;
        assert_eq!(
            self.next().await,
            json!({"id": "nothing-before-this", "type": "complete"})
        );
    }
}
