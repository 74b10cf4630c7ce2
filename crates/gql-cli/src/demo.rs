//! `gql-cli demo`: the whole way of a subscription and of a mutation, over real sockets, with real authentication.

use std::time::Duration;

use appsync_local::{ApiKey, Server};
use futures_util::StreamExt;
use gqlwire::appsync::{self, Credentials, Iam};
use gqlwire::{Client, Error, Event, Request, Subscription};
use tokio::time::timeout;

use crate::exit::Exit;
use crate::failure::{Failure, Phase};
use crate::output::{Reader, Stdout};
use crate::report::say;
use crate::run::Raw;
use crate::runtime::block_on;

const SUBSCRIPTION: &str = "subscription { onCreateMessage { id message createdAt } }";
const MUTATION: &str =
    "mutation($message: String!) { createMessage(input: {message: $message}) { id message createdAt } }";
const MESSAGES: [&str; 3] = ["Hello world!", "Hello again!", "Goodbye!"];
const REGION: &str = "us-east-1";

/// On one machine everything takes milliseconds; what takes this long does not come.
const PATIENCE: Duration = Duration::from_secs(10);

/// Succeeds only if every event arrived.
pub(crate) fn demo() -> Result<Exit, Failure> {
    block_on(async {
        let access_key = Credentials::new("AKIDEXAMPLE", ApiKey::generate().expose().to_owned());
        let server = Server::builder()
            .generate_api_key()
            .aws_credentials(access_key.clone())
            .bind("127.0.0.1:0")
            .await
            .map_err(|error| Failure::new(Exit::Unreachable, error.to_string()))?;
        say(format_args!("A local AppSync is at {}", server.http_url()));
        let outcome = act(&server, access_key).await;
        server.shutdown().await;
        outcome
    })
}

async fn act(server: &Server, access_key: Credentials) -> Result<Exit, Failure> {
    let key = server
        .api_keys()
        .first()
        .map(|key| key.expose().to_owned())
        .unwrap_or_default();
    let subscriber = client(server, appsync::ApiKey::new(key))?;
    let publisher = client(server, Iam::with_credentials(access_key).region(REGION))?;

    let starting = subscriber
        .subscribe(Request::<Raw>::new(SUBSCRIPTION))
        .timeout(PATIENCE);
    let mut events = starting.await.map_err(failed(Phase::SubscriptionStart))?;
    say(format_args!(
        "Subscribed at {}, with an API key: {SUBSCRIPTION}",
        server.realtime_url()
    ));

    // A reader that is gone wants to hear no more; whether the events arrive still decides how this ends.
    let mut reader = Reader::Listening;
    let say = |reader: Reader, text: std::fmt::Arguments<'_>| match reader {
        Reader::Listening => say(text),
        Reader::Gone => {}
    };
    for message in MESSAGES {
        say(
            reader,
            format_args!("Sending a mutation over HTTP, signed with IAM: createMessage {message:?}"),
        );
        let mutation = Request::<Raw>::new(MUTATION).variable("message", message);
        let answer = publisher
            .execute(mutation)
            .timeout(PATIENCE)
            .await
            .map_err(failed(Phase::Request))?;
        answer
            .into_data()
            .map_err(|partial| failed(Phase::Request)(partial.into()))?;
        say(reader, format_args!("The event of it, over the websocket:"));
        if receive(&mut events, message).await? == Reader::Gone {
            reader = Reader::Gone;
        }
    }
    subscriber.close().await;
    say(reader, format_args!("All three events arrived."));
    Ok(Exit::Success)
}

fn client(server: &Server, auth: impl gqlwire::AuthProvider) -> Result<Client, Failure> {
    let builder = Client::builder(&server.http_url()).appsync().auth(auth);
    builder.build().map_err(failed(Phase::Request))
}

async fn receive(events: &mut Subscription<Raw>, message: &str) -> Result<Reader, Failure> {
    let missing = || Failure::new(Exit::Ended, format!("the event of {message:?} did not arrive"));
    let event = timeout(PATIENCE, events.next())
        .await
        .ok()
        .flatten()
        .ok_or_else(missing)?;
    let Event::Next(response) = event.map_err(failed(Phase::SubscriptionRun))? else {
        return Err(missing());
    };
    let data = response
        .into_data()
        .map_err(|partial| failed(Phase::SubscriptionRun)(partial.into()))?;
    let reader = Stdout::new().json(data.get())?;
    let received: serde_json::Value = serde_json::from_str(data.get()).unwrap_or_default();
    match received["onCreateMessage"]["message"] == message {
        true => Ok(reader),
        false => Err(missing()),
    }
}

fn failed(phase: Phase) -> impl Fn(Error) -> Failure {
    move |error| Failure::client(&error, phase)
}
