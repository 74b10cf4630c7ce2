//! Subscriptions and answers in pieces over HTTP.

mod carrying;
mod incremental;
mod multipart;
mod negotiation;
mod reconnecting;
mod single_connection;
mod sse;

use std::time::Duration;

use futures_util::StreamExt;
use gqlwire::{Client, ClientBuilder, Error, Event, ReconnectPolicy, Subscription};
use serde_json::Value;
use tokio::io::AsyncWriteExt;

use crate::support::{Server, Stream};

pub(super) const COUNT: &str = "subscription { count }";
pub(super) const SSE: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
pub(super) const GRAPHQL: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0\r\n\r\n";

/// A client that comes again at once, and twice at most.
pub(super) fn client(server: &Server) -> ClientBuilder {
    let soon = Duration::from_millis(1);
    let policy = ReconnectPolicy::default()
        .attempts(2)
        .delays(soon, soon)
        .short_life_delay(soon);
    Client::builder(&server.url("/graphql")).reconnect(policy)
}

pub(super) fn next(n: u32) -> String {
    format!("event: next\ndata: {{\"data\":{{\"count\":{n}}}}}\n\n")
}

pub(super) fn part(json: &str) -> String {
    format!("\r\n--graphql\r\ncontent-type: application/json\r\n\r\n{json}")
}

pub(super) fn parts(jsons: &[&str]) -> String {
    let parts: String = jsons.iter().map(|json| part(json)).collect();
    format!("{GRAPHQL}{parts}\r\n--graphql--\r\n")
}

/// Everything until the end, in words.
pub(super) async fn all(mut subscription: Subscription<Value>) -> Vec<String> {
    let mut said = Vec::new();
    while let Some(event) = subscription.next().await {
        said.push(match event {
            Ok(Event::Next(response)) => match response.into_data() {
                Ok(data) => data.to_string(),
                Err(partial) => format!("errors: {partial}"),
            },
            Ok(Event::Gap(gap)) => format!("gap: {:?}", gap.cause.kind()),
            Ok(Event::Dropped(dropped)) => format!("dropped {}", dropped.count),
            Ok(other) => format!("{other:?}"),
            Err(error) => format!("error: {:?}: {error}", error.kind()),
        });
    }
    said
}

/// What a subscription says to a server that answers each request with these bytes.
pub(super) async fn all_of(answer: impl Into<Vec<u8>>) -> Vec<String> {
    let server = Server::answering(answer).await;
    let never = client(&server).reconnect(ReconnectPolicy::never()).build().unwrap();
    match never.subscribe(COUNT).await {
        Ok(subscription) => all(subscription).await,
        Err(error) => vec![format!("refused: {:?}: {error}", error.kind())],
    }
}

pub(super) async fn refusal(server: &Server) -> Error {
    client(server).build().unwrap().subscribe(COUNT).await.unwrap_err()
}

/// Sends each of these and lets the other side read it before the next.
pub(super) async fn send_slowly(mut stream: Stream, pieces: impl IntoIterator<Item = impl AsRef<[u8]>>) {
    for piece in pieces {
        if stream.0.write_all(piece.as_ref()).await.is_err() {
            return;
        }
        stream.0.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    let _ = stream.0.shutdown().await;
}
