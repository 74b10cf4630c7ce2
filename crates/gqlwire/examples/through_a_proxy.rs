//! A mutation and a subscription on AWS AppSync, through a proxy.
//!
//! ```sh
//! export AWS_GRAPHQL_API_ENDPOINT=…
//! export AWS_GRAPHQL_API_KEY=da2-…
//! cargo run -p gqlwire --example through_a_proxy -- http://user:password@proxy.example.com:3128
//! HTTPS_PROXY=proxy.example.com:3128 cargo run -p gqlwire --example through_a_proxy
//! ```
//!
//! `CA_FILE` names certificates of authorities of one's own; `ALLOW_PLAINTEXT=1` lets the key travel unencrypted.

use std::env;

use futures_util::StreamExt;
use gqlwire::{Client, Request, appsync, gql};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let key = env::var("AWS_GRAPHQL_API_KEY")?;
    let mut builder = Client::builder(&env::var("AWS_GRAPHQL_API_ENDPOINT")?)
        .appsync()
        .auth(appsync::ApiKey::new(key));
    if let Some(proxy) = env::args().nth(1) {
        builder = builder.proxy(proxy);
    }
    #[cfg(any(feature = "ring", feature = "rustls"))]
    if let Ok(file) = env::var("CA_FILE") {
        builder = builder.add_root_certificate(std::fs::read(file)?);
    }
    if env::var("ALLOW_PLAINTEXT").is_ok() {
        builder = builder.danger_allow_plaintext_credentials();
    }
    let client = builder.build()?;

    let subscription = Request::<Value>::new(gql!("subscription { onCreateMessage { message } }"));
    let mut events = client.subscribe(subscription).await?.data();
    let mutation = Request::<Value>::new(gql!(
        "mutation($m: String!) { createMessage(input: {message: $m}) { id message } }"
    ));
    client.execute(mutation.variable("m", "hello")).await?.into_data()?;
    if let Some(event) = events.next().await {
        println!("{}", event?);
    }
    drop(events);
    client.close().await;
    Ok(())
}
