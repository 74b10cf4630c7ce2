//! Subscriptions over a network that breaks: each fault by itself, and a thousand of them at random.

mod cuts;
mod endings;
mod faults;

use std::net::SocketAddr;
use std::time::Duration;

use gqlwire::{Client, ClientBuilder, ReconnectPolicy, Subscription, appsync};
use serde_json::Value;

use crate::support::{KEY, TICKS};

/// A client behind this address that tries again soon, and from its first connection on.
fn impatient(scheme: &str, address: SocketAddr) -> ClientBuilder {
    let ms = Duration::from_millis;
    let policy = ReconnectPolicy::default()
        .delays(ms(5), ms(20))
        .short_life_delay(ms(20));
    Client::builder(&format!("{scheme}://{address}/graphql"))
        .appsync()
        .auth(appsync::ApiKey::new(KEY))
        .reconnect(policy)
        .subscribe_deadline(Duration::from_secs(60))
}

async fn ticks(client: &Client) -> Subscription<Value> {
    client.subscribe(TICKS).await.unwrap()
}
