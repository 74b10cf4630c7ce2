//! A schema of async-graphql in this process, and a client on it: no socket, no port.
//!
//! ```text
//! cargo run --example async_graphql
//! ```

use std::error::Error as StdError;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_graphql::{Object, Schema, Subscription};
use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt, stream};
use gqlwire::{Client, Error, ErrorKind, EventSource, RawEvent, RawRequest, RawResponse, Request, Transport};
use serde_json::{Value, json};

type Messages = Schema<Queries, Mutations, Subscriptions>;

/// Requests are executed by the schema, where another client would send them.
#[derive(Clone)]
struct InProcess(Messages);

impl Transport for InProcess {
    fn execute<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<RawResponse, Error>> {
        Box::pin(async move { Ok(RawResponse::new(text(&self.0.execute(read(request)?).await)?)) })
    }

    fn subscribe(&self, request: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>> {
        Box::pin(async move {
            let events = Box::pin(self.0.execute_stream(read(&request)?));
            Ok(Box::new(Events {
                events: Some(events),
                text: String::new(),
            }) as Box<dyn EventSource>)
        })
    }
}

/// What the client wrote is what every GraphQL server reads.
fn read(request: &RawRequest) -> Result<async_graphql::Request, Error> {
    serde_json::from_str(request.body())
        .map_err(|error| Error::new(ErrorKind::Request, "the request cannot be read").with_source(error))
}

fn text(response: &async_graphql::Response) -> Result<String, Error> {
    serde_json::to_string(response)
        .map_err(|error| Error::new(ErrorKind::Protocol, "the answer cannot be written").with_source(error))
}

struct Events {
    /// `None` once the subscription is over.
    events: Option<Pin<Box<dyn Stream<Item = async_graphql::Response> + Send>>>,
    /// What was yielded last: events are seen where they lie.
    text: String,
}

impl EventSource for Events {
    fn poll_event<'s>(&'s mut self, cx: &mut Context<'_>) -> Poll<Option<Result<RawEvent<'s>, Error>>> {
        let Some(events) = &mut self.events else {
            return Poll::Ready(None);
        };
        let Some(response) = ready!(events.poll_next_unpin(cx)) else {
            return Poll::Ready(None);
        };
        match text(&response) {
            Ok(text) => self.text = text,
            Err(error) => {
                // After an error comes nothing more.
                self.stop();
                return Poll::Ready(Some(Err(error)));
            }
        }
        Poll::Ready(Some(Ok(RawEvent::Next(&self.text))))
    }

    fn stop(&mut self) {
        self.events = None;
    }
}

impl std::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InProcess")
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events").field("over", &self.events.is_none()).finish()
    }
}

struct Queries;

#[Object]
impl Queries {
    async fn greeting(&self, name: String) -> String {
        format!("Hello, {name}!")
    }
}

struct Mutations;

#[Object]
impl Mutations {
    async fn post(&self, text: String) -> async_graphql::Result<usize> {
        match text.len() {
            0 => Err("there is nothing in it".into()),
            length => Ok(length),
        }
    }
}

struct Subscriptions;

#[Subscription]
impl Subscriptions {
    async fn countdown(&self, from: u32) -> impl Stream<Item = u32> {
        stream::iter((0..=from).rev())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn StdError>> {
    let client = Client::with_transport(InProcess(Schema::new(Queries, Mutations, Subscriptions)));

    let greeting = Request::<Value>::new("query($name: String!) { greeting(name: $name) }").variable("name", "you");
    let greeted = client.execute(greeting).await?.into_data()?;
    println!("{greeted}");
    assert_eq!(greeted, json!({"greeting": "Hello, you!"}));

    let refused = client.execute("mutation { post(text: \"\") }").await?;
    println!("{}", refused.errors[0]);
    assert_eq!(refused.errors[0].message, "there is nothing in it");

    let invalid = client.execute("{ nothing }").await?;
    assert!(!invalid.errors.is_empty());

    let countdown = client.subscribe("subscription { countdown(from: 2) }").await?;
    let numbers: Vec<Value> = countdown
        .data()
        .map(|data| data.map(|data| data["countdown"].clone()))
        .collect::<Vec<_>>()
        .await
        .into_iter()
        .collect::<Result<_, _>>()?;
    println!("{numbers:?}");
    assert_eq!(numbers, [2, 1, 0]);
    Ok(())
}
