//! A subscription on AWS AppSync, authorised by an API key.
//!
//! ```sh
//! export AWS_GRAPHQL_API_ENDPOINT=…
//! export AWS_GRAPHQL_API_KEY=da2-…
//! cargo run -p gqlwire --example subscription_api_key -- 1    # ends after one event; without a number, never
//! ```

use std::env;

use futures_util::StreamExt;
use gqlwire::{Client, Request, appsync, gql};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    on_create_message: Option<Message>,
}

#[derive(Deserialize)]
struct Message {
    message: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let endpoint = env::var("AWS_GRAPHQL_API_ENDPOINT")?;
    let count = env::args().nth(1).map_or(Ok(usize::MAX), |count| count.parse())?;

    let key = env::var("AWS_GRAPHQL_API_KEY")?;
    let client = Client::builder(&endpoint)
        .appsync()
        .auth(appsync::ApiKey::new(key))
        .build()?;

    let subscription = Request::<Data>::new(gql!("subscription { onCreateMessage { message } }"));
    let mut events = client.subscribe(subscription).await?.data().take(count);
    // The server has acknowledged the subscription: from here on, mutations reach it.
    eprintln!("subscribed");
    while let Some(data) = events.next().await {
        // A field that the mutation did not select is null.
        if let Some(text) = data?.on_create_message.and_then(|event| event.message) {
            println!("{text}");
        }
    }
    client.close().await;
    Ok(())
}
