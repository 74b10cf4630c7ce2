//! A client without a server: a schema whose fields are resolved by this program, also for subscriptions.
//!
//! ```sh
//! cargo run -p gqlwire --features schema --example local_execution
//! ```

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{StreamExt, stream};
use gqlwire::local::{LocalTransport, Resolvers};
use gqlwire::schema::{FieldError, Schema};
use gqlwire::{Client, Event, Request, gql};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::broadcast;

const SDL: &str = "
    type Query { listMessages: [Message!]! }
    type Mutation { createMessage(message: String!): Message! }
    type Subscription { onCreateMessage(contains: String): Message! }
    type Message { id: ID!, message: String!, shout: String! }
";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    on_create_message: Message,
}

#[derive(Debug, Deserialize)]
struct Message {
    id: String,
    shout: String,
}

/// The messages so far, and where new ones are announced.
#[derive(Clone)]
struct Messages {
    all: Arc<Mutex<Vec<Value>>>,
    news: broadcast::Sender<Value>,
}

impl Messages {
    fn list(&self) -> Value {
        json!(*self.all.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn create(&self, text: &Value) -> Result<Value, FieldError> {
        if text == "" {
            return Err(FieldError::new("a message has to say something").with_type("Validation"));
        }
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let message = json!({"id": all.len() + 1, "message": text});
        all.push(message.clone());
        // Nobody may be listening.
        let _ = self.news.send(message.clone());
        Ok(message)
    }
}

fn transport(messages: Messages) -> Result<LocalTransport, gqlwire::schema::Diagnostics> {
    let (listing, creating) = (messages.clone(), messages.clone());
    let resolvers = Resolvers::new()
        .field("Query", "listMessages", move |_| {
            let listed = listing.list();
            async { Ok(listed) }
        })
        .field("Mutation", "createMessage", move |field| {
            let created = creating.create(&field.arguments["message"]);
            async { created }
        })
        // `id` and `message` need no resolver: they are members of the message.
        .field("Message", "shout", |field| async move {
            Ok(json!(field.source["message"].as_str().map(str::to_uppercase)))
        });
    let transport = LocalTransport::new(Schema::from_sdl(SDL)?, resolvers);
    Ok(transport.subscription("onCreateMessage", move |started| {
        let wanted = started.arguments.get("contains").and_then(Value::as_str);
        let wanted = wanted.unwrap_or_default().to_owned();
        let news = stream::unfold(messages.news.subscribe(), |mut news| async {
            let message = news.recv().await.ok()?;
            Some((message, news))
        });
        news.filter(move |message| {
            let wanted = message["message"].as_str().is_some_and(|text| text.contains(&wanted));
            std::future::ready(wanted)
        })
        .map(Ok)
    }))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let messages = Messages {
        all: Arc::default(),
        news: broadcast::Sender::new(16),
    };
    let client = Client::with_transport(transport(messages)?);
    let create = gql!("mutation Create($text: String!) { createMessage(message: $text) { id } }");
    let create = |text: &'static str| client.execute(Request::<Value>::new(create).variable("text", text));
    create("the first").await?.into_data()?;

    let follow = Request::<Created>::new("subscription { onCreateMessage(contains: \"hello\") { id shout } }");
    let list = "{ listMessages { id message } }";
    let mut events = client.subscribe(follow).catch_up(list).await?;
    create("something else").await?.into_data()?;
    create("hello world").await?.into_data()?;
    for _ in 0..2 {
        match events.next().await.transpose()? {
            Some(Event::Snapshot(answer)) => println!("so far: {}", answer.into_data()?["listMessages"]),
            Some(Event::Next(event)) => {
                let Message { id, shout } = event.into_data()?.on_create_message;
                println!("message {id}: {shout}");
            }
            other => println!("{other:?}"),
        }
    }

    // What a server would say of it.
    let refused = create("").await?;
    println!("refused: {}", refused.errors[0]);
    let invalid = client.execute("{ listMessages { text } }").await?;
    println!("invalid: {}", invalid.errors[0]);
    Ok(())
}
