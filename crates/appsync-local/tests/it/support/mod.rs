//! Clients that send exactly what a test says, and waits that cannot hang.

mod http;
mod socket;

use std::future::Future;
use std::time::Duration;

use appsync_local::{Builder, Server};

pub(crate) use self::http::{Request, read_answer};
pub(crate) use self::socket::{Connect, Socket};

pub(crate) const KEY: &str = "da2-abcdefghijklmnopqrstuvwxyz";
pub(crate) const CREATE: &str = r#"mutation { createMessage(input: {message: "hi"}) { id message createdAt } }"#;

/// Long enough for a busy machine; nothing that works waits this long.
const PATIENCE: Duration = Duration::from_secs(20);

/// Fails the test instead of hanging it.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(done) => done,
        Err(_) => panic!("{what} took longer than {PATIENCE:?}"),
    }
}

/// A server that takes [`KEY`].
pub(crate) async fn server() -> Server {
    start(Server::builder().api_key(KEY)).await
}

pub(crate) async fn start(builder: Builder) -> Server {
    builder.bind("127.0.0.1:0").await.unwrap()
}

/// Whatever happened before, the server does its work.
pub(crate) async fn assert_alive(server: &Server) {
    let mut socket = Connect::api_key(server).open().await;
    socket.init().await;
    socket
        .subscribe("alive", "subscription { onCreateMessage { message } }")
        .await;
    let answer = Request::graphql(CREATE).send(server).await;
    assert_eq!(answer.json()["data"]["createMessage"]["message"], "hi");
    let event = socket.data("alive").await;
    assert_eq!(event["data"]["onCreateMessage"]["message"], "hi");
}
