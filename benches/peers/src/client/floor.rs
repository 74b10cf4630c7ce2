//! What reading the frames costs at least: tokio-tungstenite alone, in AppSync's dialect.

use std::hint::black_box;
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::event::{Data, SUBSCRIPTION, sent_at};
use super::meter::Meter;
use super::{Job, all};
use crate::Failure;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What is done with the text of a message. Returns when its event was sent, if that is known by then.
type Read = fn(&str) -> Result<Option<u64>, Failure>;

pub(super) async fn run(job: &Job, meter: &Arc<Meter>, read: Read) -> Result<(), Failure> {
    let mut consumers = super::Consumers::new();
    for _ in 0..job.connections {
        let socket = subscribe(job).await?;
        let (meter, count) = (Arc::clone(meter), job.subscriptions * (job.each + 1));
        consumers.spawn(consume(socket, count, meter, read, job.each));
    }
    all(consumers, job).await
}

/// Nothing but reading.
pub(super) fn look_at(text: &str) -> Result<Option<u64>, Failure> {
    black_box(text);
    Ok(None)
}

/// What one writes by hand who wants structs and nothing else.
pub(super) fn deserialise(text: &str) -> Result<Option<u64>, Failure> {
    let whole: Whole<'_> = serde_json::from_str(text)?;
    black_box((whole.id, whole.r#type));
    let at = whole.payload.data.event.at;
    black_box(whole.payload);
    Ok(Some(at))
}

#[derive(Debug, Deserialize)]
struct Whole<'a> {
    id: &'a str,
    r#type: &'a str,
    payload: Payload,
}

#[derive(Debug, Deserialize)]
struct Payload {
    data: Data,
}

async fn subscribe(job: &Job) -> Result<Socket, Failure> {
    let mut request = job.url.as_str().into_client_request()?;
    let subprotocol = HeaderValue::from_static("graphql-ws");
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, subprotocol);
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await?;
    socket.send(Message::text(r#"{"type":"connection_init"}"#)).await?;
    socket.next().await.ok_or("hung up before connection_ack")??;
    for number in 0..job.subscriptions {
        let data = json!({ "query": SUBSCRIPTION }).to_string();
        let start = json!({"type": "start", "id": number.to_string(), "payload": {"data": data}});
        socket.send(Message::text(start.to_string())).await?;
        socket.next().await.ok_or("hung up before start_ack")??;
    }
    Ok(socket)
}

/// Reads so many events of all subscriptions of a connection, and returns as many as one of them has got by then: which
/// event is whose, nobody looks at here.
async fn consume(mut socket: Socket, count: u64, meter: Arc<Meter>, read: Read, each: u64) -> Result<u64, Failure> {
    for _ in 0..count {
        let Message::Text(text) = socket.next().await.ok_or("hung up")?? else {
            return Err("a message that is not text".into());
        };
        let at = read(&text)?;
        meter.event(|| at.or_else(|| sent_at(&text)));
    }
    Ok(each + 1)
}
