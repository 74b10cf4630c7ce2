use std::sync::mpsc::{Receiver, Sender, channel};

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;

/// A realtime server that answers the start of a subscription with frames of the test's choice. `$ID` in them is the
/// subscription's id; after the last one it listens on, or closes if that one is `close`. One that is `report` is not
/// sent, and is among the messages of the client when it is its turn.
#[derive(Debug)]
pub(crate) struct Scripted {
    port: u16,
    received: Receiver<Value>,
    _runtime: Runtime,
}

impl Scripted {
    pub(crate) fn start(frames: &[&str]) -> Self {
        Self::by_document(&[("", frames)])
    }

    /// The frames depend on the document: those beside the first text that it contains.
    pub(crate) fn by_document(scripts: &[(&str, &[&str])]) -> Self {
        let owned = |frames: &[&str]| frames.iter().map(|frame| (*frame).to_owned()).collect();
        let scripts: Scripts = scripts
            .iter()
            .map(|(text, frames)| ((*text).to_owned(), owned(frames)))
            .collect();
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
                tokio::spawn(converse(stream, scripts.clone(), sender.clone()));
            }
        });
        Self {
            port,
            received,
            _runtime: runtime,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://127.0.0.1:{}/graphql/realtime", self.port)
    }

    /// The next message from the client.
    pub(crate) fn message(&self) -> Value {
        self.received.recv().expect("the client sends one more message")
    }
}

/// Frames, and the text of the documents that they are for.
type Scripts = Vec<(String, Vec<String>)>;

async fn converse(stream: TcpStream, scripts: Scripts, received: Sender<Value>) {
    let mut socket = accept_hdr_async(stream, select_subprotocol).await.unwrap();
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let message: Value = serde_json::from_str(&text).unwrap();
        let id = message["id"].as_str().unwrap_or_default().to_owned();
        let answers = match message["type"].as_str() {
            Some("connection_init") => {
                vec![r#"{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}"#.to_owned()]
            }
            Some("start") => {
                let document = message["payload"]["data"].as_str().unwrap_or_default();
                let script = scripts.iter().find(|(text, _)| document.contains(text));
                script.map(|(_, frames)| frames.clone()).unwrap_or_default()
            }
            Some("stop") => vec![r#"{"type":"complete","id":"$ID"}"#.to_owned()],
            _ => Vec::new(),
        };
        let _ = received.send(message);
        for answer in answers {
            let sent = match answer.as_str() {
                "report" => {
                    let _ = received.send(serde_json::json!({"type": "report"}));
                    continue;
                }
                "close" => socket.close(None).await,
                text => socket.send(Message::text(text.replace("$ID", &id))).await,
            };
            if sent.is_err() {
                return;
            }
        }
    }
}

#[allow(clippy::result_large_err)]
fn select_subprotocol(_: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    let protocol = HeaderValue::from_static("graphql-ws");
    response.headers_mut().insert("sec-websocket-protocol", protocol);
    Ok(response)
}
