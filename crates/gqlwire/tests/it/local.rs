//! A client over a schema in this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{FutureExt, StreamExt, stream};
use gqlwire::local::{LocalTransport, Resolvers};
use gqlwire::schema::{ExecutionOptions, FieldError, Schema};
use gqlwire::{Client, Error, ErrorKind, Event, Request};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

const SDL: &str = "
    type Query { messages: [Message!]!, add(a: Int!, b: Int! = 1): Int, broken: String, slow: Int }
    type Mutation { post(text: String!): Message! }
    type Subscription { onMessage(room: String): Message, onOther: Int }
    type Message { id: ID!, text: String, length: Int }
";

fn resolvers() -> Resolvers {
    Resolvers::new()
        .field("Query", "messages", |_| async {
            Ok(json!([{"id": 1, "text": "listed"}]))
        })
        .field("Query", "add", |field| async move {
            let number = |name: &str| field.arguments[name].as_i64().unwrap();
            Ok(json!(number("a") + number("b")))
        })
        .field("Query", "broken", |_| async {
            Err(FieldError::new("it broke").with_type("Broken"))
        })
        .field("Query", "slow", |_| std::future::pending())
        .field("Mutation", "post", |field| async move {
            Ok(json!({"id": "2", "text": field.arguments["text"]}))
        })
        .field("Message", "length", |field| async move {
            Ok(json!(field.source["text"].as_str().map(str::len)))
        })
}

fn transport() -> LocalTransport {
    LocalTransport::new(Schema::from_sdl(SDL).unwrap(), resolvers())
}

/// A client whose subscriptions to `onMessage` yield what is sent here, each to the subscription that started last.
fn fed() -> (
    Client,
    mpsc::UnboundedReceiver<mpsc::UnboundedSender<Result<Value, Error>>>,
) {
    let (tell, started) = mpsc::unbounded_channel();
    let transport = transport().subscription("onMessage", move |_| {
        let (sender, receiver) = mpsc::unbounded_channel();
        tell.send(sender).unwrap();
        stream::unfold(receiver, |mut receiver| async {
            let event = receiver.recv().await?;
            Some((event, receiver))
        })
    });
    (Client::with_transport(transport), started)
}

const ON_MESSAGE: &str = "subscription { onMessage { id text length } }";

#[tokio::test]
async fn queries_and_mutations_are_answered_by_resolvers() {
    let client = Client::with_transport(transport());
    let add = Request::<Value>::new("query($a: Int!) { add(a: $a) messages { text length } }").variable("a", 2);
    let data = client.execute(add).await.unwrap().into_data().unwrap();
    assert_eq!(data, json!({"add": 3, "messages": [{"text": "listed", "length": 6}]}));

    #[derive(Deserialize)]
    struct Posted {
        post: Message,
    }
    #[derive(Deserialize)]
    struct Message {
        id: String,
    }
    let post = Request::<Posted>::new("mutation { post(text: \"x\") { id } }");
    assert_eq!(client.execute(post).await.unwrap().into_data().unwrap().post.id, "2");
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_in_its_answer() {
    let client = Client::with_transport(transport());
    let failed = client.execute("{ broken }").await.unwrap();
    assert_eq!(failed.data, Some(json!({"broken": null})));
    assert_eq!(failed.errors[0].error_type(), Some("Broken"));

    let invalid = client.execute("{ nothing more }").await.unwrap();
    assert_eq!((invalid.data, invalid.errors.len()), (None, 2));

    let unfit = Request::<Value>::new("query($a: Int!) { add(a: $a) }").variable("a", "two");
    let unfit = client.execute(unfit).await.unwrap();
    assert_eq!((unfit.data, unfit.errors.len()), (None, 1));
}

#[tokio::test]
async fn one_of_several_operations_runs_by_its_name() {
    let client = Client::with_transport(transport());
    let request = Request::<Value>::new("query A { add(a: 1) } query B { add(a: 5) }").operation_name("B");
    assert_eq!(
        client.execute(request).await.unwrap().into_data().unwrap(),
        json!({"add": 6})
    );
}

#[tokio::test]
async fn an_execution_has_limits_and_a_call_its_timeout() {
    let mut options = ExecutionOptions::default();
    options.max_resolvers = 1;
    let client = Client::with_transport(transport().limits(options));
    let answer = client.execute("{ a: add(a: 1) b: add(a: 1) }").await.unwrap();
    assert_eq!(answer.errors[0].error_type(), Some("ResolverExecutionLimitReached"));

    let call = client.execute("{ slow }").timeout(Duration::from_millis(1));
    assert!(call.await.unwrap_err().is_timeout());
}

#[tokio::test]
async fn each_event_is_executed_with_the_selection_until_the_stream_ends() {
    let (client, mut started) = fed();
    let mut events = client.subscribe(ON_MESSAGE).await.unwrap().data();
    let feed = started.recv().await.unwrap();
    assert!(events.next().now_or_never().is_none(), "nothing has happened yet");
    feed.send(Ok(json!({"id": 7, "text": "hello"}))).unwrap();
    feed.send(Ok(json!(null))).unwrap();
    drop(feed);
    let first = events.next().await.unwrap().unwrap();
    assert_eq!(first, json!({"onMessage": {"id": "7", "text": "hello", "length": 5}}));
    assert_eq!(events.next().await.unwrap().unwrap(), json!({"onMessage": null}));
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn an_event_that_does_not_fit_the_schema_is_an_answer_with_errors_and_ends_nothing() {
    let (client, mut started) = fed();
    let mut events = client.subscribe(ON_MESSAGE).await.unwrap();
    let feed = started.recv().await.unwrap();
    feed.send(Ok(json!({"text": "no id"}))).unwrap();
    feed.send(Ok(json!({"id": 1}))).unwrap();
    let Event::Next(bad) = events.next().await.unwrap().unwrap() else {
        panic!("not an event");
    };
    assert_eq!(bad.errors.len(), 1);
    let Event::Next(good) = events.next().await.unwrap().unwrap() else {
        panic!("not an event");
    };
    assert!(good.errors.is_empty());
}

#[tokio::test]
async fn an_error_of_the_stream_ends_the_subscription_with_it() {
    let (client, mut started) = fed();
    let mut events = client.subscribe(ON_MESSAGE).await.unwrap();
    let feed = started.recv().await.unwrap();
    feed.send(Err(Error::new(ErrorKind::Disconnected, "the source is gone")))
        .unwrap();
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the source is gone");
    assert!(events.next().await.is_none());
    assert!(feed.is_closed());
}

#[tokio::test]
async fn a_subscription_that_is_stopped_or_dropped_lets_go_of_its_stream() {
    let (client, mut started) = fed();
    let mut stopped = client.subscribe(ON_MESSAGE).await.unwrap();
    let feed = started.recv().await.unwrap();
    stopped.stop();
    feed.closed().await;
    assert!(stopped.next().await.is_none());

    let dropped = client.subscribe(ON_MESSAGE).await.unwrap();
    let feed = started.recv().await.unwrap();
    drop(dropped);
    feed.closed().await;
}

#[tokio::test]
async fn closing_the_client_ends_every_subscription_and_dropping_it_ends_none() {
    let (client, mut started) = fed();
    let mut closed = client.subscribe(ON_MESSAGE).await.unwrap();
    let feed = started.recv().await.unwrap();
    let waiting = tokio::spawn(async move { closed.next().await.is_none() });
    tokio::task::yield_now().await;
    client.close().await;
    assert!(waiting.await.unwrap());
    assert!(feed.is_closed());

    let mut kept = client.subscribe(ON_MESSAGE).await.unwrap();
    let feed = started.recv().await.unwrap();
    drop(client);
    feed.send(Ok(json!({"id": 1}))).unwrap();
    assert!(kept.next().await.unwrap().is_ok());
}

#[tokio::test]
async fn a_subscription_that_does_not_fit_is_refused_before_its_stream_begins() {
    let (client, mut started) = fed();
    let error = client
        .subscribe("subscription { onMessage { nothing } }")
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.errors().len()), (ErrorKind::GraphQL, 1));
    let wrong = Request::<Value>::new("subscription($r: String) { onMessage(room: $r) { id } }").variable("r", 1);
    assert!(client.subscribe(wrong).await.unwrap_err().is_graphql());
    let error = client.subscribe("subscription { onOther }").await.unwrap_err();
    assert!(error.to_string().contains("no events for the field onOther"), "{error}");
    assert!(started.try_recv().is_err());
}

#[tokio::test]
async fn arguments_tell_what_is_left_out_from_what_is_null() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let client = Client::with_transport(transport().subscription("onMessage", move |started| {
        tell.send((started.arguments, started.headers)).unwrap();
        stream::empty()
    }));
    let document = "subscription($room: String) { onMessage(room: $room) { id } }";
    client.subscribe(document).header("x-room", "1").await.unwrap();
    let (arguments, headers) = told.recv().await.unwrap();
    assert!(arguments.is_empty());
    assert_eq!(headers["x-room"], "1");
    let null = Request::<Value>::new(document).variable("room", None::<String>);
    client.subscribe(null).await.unwrap();
    assert_eq!(told.recv().await.unwrap().0["room"], Value::Null);
}

#[tokio::test]
async fn a_catch_up_comes_first_and_the_stream_is_begun_before_it() {
    let asked = Arc::new(AtomicUsize::new(0));
    let polled = Arc::clone(&asked);
    let begun_before = Arc::clone(&asked);
    let resolvers = resolvers().field("Query", "messages", move |_| {
        let begun = begun_before.load(Ordering::SeqCst);
        async move { Ok(json!([{"id": begun}])) }
    });
    let transport =
        LocalTransport::new(Schema::from_sdl(SDL).unwrap(), resolvers).subscription("onMessage", move |_| {
            let polled = Arc::clone(&polled);
            stream::iter(2..4).map(move |id| {
                polled.fetch_add(1, Ordering::SeqCst);
                Ok(json!({"id": id}))
            })
        });
    let client = Client::with_transport(transport);
    let follow = client.subscribe("subscription { onMessage { id } }");
    let mut events = follow.catch_up("{ messages { id } }").await.unwrap();
    let Event::Snapshot(snapshot) = events.next().await.unwrap().unwrap() else {
        panic!("not the snapshot");
    };
    assert_eq!(snapshot.into_data().unwrap(), json!({"messages": [{"id": "1"}]}));
    for id in ["2", "3"] {
        let Event::Next(event) = events.next().await.unwrap().unwrap() else {
            panic!("not an event");
        };
        assert_eq!(event.into_data().unwrap(), json!({"onMessage": {"id": id}}));
    }
    assert!(events.next().await.is_none());
}
