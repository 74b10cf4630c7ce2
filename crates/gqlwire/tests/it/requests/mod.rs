//! What a request can be over HTTP, byte for byte.

mod answers;
mod batches;
mod batching;
mod get;
mod persisted;
#[cfg(feature = "upload")]
mod site;
#[cfg(feature = "upload")]
mod uploads;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gqlwire::{Client, ClientBuilder, RetryPolicy};

use crate::support::{Request, Server, response};

const OK: &str = "200 OK";

/// Answers each request by what it is, and how many came before it.
async fn server(answer: impl Fn(usize, &Request) -> (&'static str, String) + Send + Sync + 'static) -> Server {
    let (count, answer) = (AtomicUsize::new(0), Arc::new(answer));
    Server::start(move |request, stream| {
        let (status, body) = answer(count.fetch_add(1, Ordering::SeqCst), &request);
        async move { stream.send(response(status, &[], &body)).await }
    })
    .await
}

fn client(server: &Server) -> ClientBuilder {
    let hasty = RetryPolicy::default().delays(Duration::from_millis(1), Duration::from_millis(1));
    Client::builder(&server.url("/graphql")).retry(hasty)
}

fn data(n: impl std::fmt::Display) -> String {
    format!(r#"{{"data":{{"n":{n}}}}}"#)
}
