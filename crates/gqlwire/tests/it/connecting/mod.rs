//! How servers are reached: through proxies, by TLS, over sockets of all kinds, and what happens when they are not.

mod budget;
#[cfg(all(feature = "compression", any(feature = "ring", feature = "rustls")))]
mod compression;
#[cfg(feature = "cookies")]
mod cookies;
#[cfg(feature = "reqwest-0_13")]
mod given_client;
mod hostile;
mod http_proxies;
mod places;
mod reuse;
#[cfg(feature = "socks")]
mod socks;
#[cfg(any(feature = "ring", feature = "rustls"))]
mod tls;

use gqlwire::{Client, ClientBuilder, appsync};

use crate::support::{KEY, Peer, Server, response};

/// A name that resolves nowhere: who gets there went through the proxy, or was given the address.
const HOST: &str = "api.example.invalid";

/// Answers requests, and takes subscriptions.
async fn server() -> Server {
    Server::start(|request, stream| async move {
        if request.method == "POST" {
            let data = r#"{"data":{"createMessage":{"id":"1"}}}"#;
            return stream.send(response("200 OK", &[], data)).await;
        }
        let mut peer = Peer::accept(&request, stream, Some("graphql-ws")).await;
        peer.ack().await;
        peer.start_and_ack().await;
        stop(peer).await;
    })
    .await
}

/// Lets the one subscription be stopped.
async fn stop(mut peer: Peer) {
    if let Some(stop) = peer.receive().await {
        peer.send(serde_json::json!({"type": "complete", "id": stop["id"]}))
            .await;
        peer.drain().await;
    }
}

/// A client of both endpoints at this place.
fn client_of(scheme: &str, authority: &str) -> ClientBuilder {
    Client::builder(&format!("{scheme}://{authority}/graphql"))
        .appsync()
        .auth(appsync::ApiKey::new(KEY))
        .danger_allow_plaintext_credentials()
}
