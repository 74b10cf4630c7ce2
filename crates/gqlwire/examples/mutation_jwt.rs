//! A mutation on AWS AppSync, authorised by the JWT of a Cognito user pool.
//!
//! ```sh
//! export AWS_GRAPHQL_API_ENDPOINT=…
//! export AWS_GRAPHQL_JWT=…
//! cargo run -p gqlwire --example mutation_jwt -- "Hello world!"
//! ```

use std::env;

use gqlwire::{Client, Request, appsync, gql};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    create_message: Message,
}

#[derive(Deserialize)]
struct Message {
    id: String,
    message: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let endpoint = env::var("AWS_GRAPHQL_API_ENDPOINT")?;
    let text = env::args().nth(1).unwrap_or_else(|| "Hello world!".to_owned());

    // For a token that has to be renewed, `Cognito::from_fn` takes a function that gets one.
    let token = env::var("AWS_GRAPHQL_JWT")?;
    let client = Client::builder(&endpoint)
        .appsync()
        .auth(appsync::Cognito::new(token))
        .build()?;

    // Checked for syntax when this program is compiled.
    let create =
        gql!("mutation Create($message: String!) { createMessage(input: { message: $message }) { id message } }");
    let response = client
        .execute(Request::<Data>::new(create).variable("message", text))
        .await?;
    let created = response.into_data()?.create_message;
    println!("created {}: {}", created.id, created.message);
    Ok(())
}
