use std::future::IntoFuture;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use gqlwire::appsync::ApiKey;
use gqlwire::{
    AuthProvider, Authorization, Client, DataStream, Dropped, Error, ErrorKind, Event, EventSource, Execute,
    OperationKind, Overflow, RawEvent, RawRequest, RawResponse, Request, Subscribe, Subscription, Target, TargetKind,
    Transport,
};
use serde_json::Value;

fn is_send_and_sync<T: Send + Sync>() {}
fn is_send<T: Send>() {}
fn is_clone<T: Clone>() {}
fn is_spawnable<F: Future + Send + 'static>(_: F) {}

#[test]
fn what_is_shared_between_tasks_can_be() {
    is_send_and_sync::<Client>();
    is_clone::<Client>();
    is_send_and_sync::<Error>();
    is_clone::<Error>();
    is_send::<Execute<Value>>();
    is_send::<Subscribe<Value>>();
    is_send::<Subscription<Value>>();
    is_send::<DataStream<Value>>();
    is_clone::<Event<Value>>();
    is_send::<Subscribe<Value, Value>>();
    is_send::<Subscription<Value, Value>>();
    is_clone::<Event<Value, Value>>();
}

#[test]
fn calls_can_be_spawned_and_borrow_nothing() {
    let client = Client::new("http://127.0.0.1:1/graphql").unwrap();
    let query = String::from("{ a }");
    is_spawnable(client.execute(query.as_str()).into_future());
    is_spawnable(
        client
            .execute(Request::<Value>::new("{ a }").variable("v", &query))
            .into_future(),
    );
    is_spawnable(client.subscribe("subscription { a }").into_future());
    let client = Client::builder("http://127.0.0.1:1/graphql").appsync().build().unwrap();
    is_spawnable(client.subscribe("subscription { a }").catch_up("{ a }").into_future());
}

#[tokio::test]
async fn what_cannot_be_right_is_refused_before_anything_is_sent() {
    let client = Client::builder("http://127.0.0.1:1/graphql").appsync().build().unwrap();
    for (error, word) in [
        (client.execute("subscription { a }").await.unwrap_err(), "`subscribe`"),
        (client.execute("{ a").await.unwrap_err(), "syntax error at 1:4"),
        (client.subscribe("{ a }").await.unwrap_err(), "`execute`"),
        (client.subscribe("mutation { a }").await.unwrap_err(), "`execute`"),
        (
            client.subscribe("subscription { a b }").await.unwrap_err(),
            "root field",
        ),
        (
            client.execute("{ a }").header("bad name", "x").await.unwrap_err(),
            "bad name",
        ),
    ] {
        assert_eq!(error.kind(), gqlwire::ErrorKind::Request, "{error}");
        assert!(error.to_string().contains(word), "{error}");
        assert!(!error.may_have_been_executed());
    }
}

#[test]
fn outside_a_runtime_there_is_an_error_and_no_panic() {
    use futures_util::FutureExt;

    let client = Client::builder("http://127.0.0.1:1/graphql").appsync().build().unwrap();
    let error = client
        .execute("{ a }")
        .into_future()
        .now_or_never()
        .unwrap()
        .unwrap_err();
    assert!(error.to_string().contains("tokio runtime"), "{error}");
    client.close().now_or_never().unwrap();
}

#[test]
fn credentials_do_not_go_unencrypted_to_another_machine() {
    let plain = "http://api.example.com/graphql";
    let key = || gqlwire::appsync::ApiKey::new("da2-k");
    for builder in [
        Client::builder(plain).auth(key()),
        Client::builder(plain).appsync(),
        Client::builder(plain).header("Authorization", "x"),
        Client::builder(plain).header("x-hasura-admin-secret", "x"),
        Client::builder("https://api.example.com/graphql").realtime_url("ws://api.example.com/graphql/realtime"),
    ] {
        let error = builder.clone().build().unwrap_err();
        assert!(error.to_string().contains("unencrypted"), "{error}");
        assert!(builder.danger_allow_plaintext_credentials().build().is_ok());
    }
    assert!(Client::new(plain).is_ok());
    let harmless = Client::builder(plain)
        .header("Accept-Language", "de")
        .header("traceparent", "00-1-2-01");
    assert!(harmless.build().is_ok());
    assert!(Client::builder("http://localhost:4000/").auth(key()).build().is_ok());
}

/// Counts how often it is asked.
#[derive(Debug, Default)]
struct Counting(AtomicUsize);

impl AuthProvider for Counting {
    fn authorize<'a>(&'a self, _: Target<'a>) -> BoxFuture<'a, Result<Authorization, Error>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(Authorization::default()) })
    }
}

#[tokio::test]
async fn nor_do_the_credentials_and_the_headers_of_one_call() {
    let client = Client::new("http://10.0.0.1/graphql").unwrap();
    let auth = Arc::new(Counting::default());
    for call in [
        client.execute("{ a }").auth(Arc::clone(&auth)),
        client.execute("{ a }").header("x-internal", "0123456789"),
    ] {
        let error = call.await.unwrap_err();
        assert_eq!(error.kind(), gqlwire::ErrorKind::Request, "{error:?}");
        assert!(error.to_string().contains("unencrypted to 10.0.0.1"), "{error}");
        assert!(!error.may_have_been_executed());
    }
    assert_eq!(auth.0.load(Ordering::SeqCst), 0);
}

/// A transport of one's own that never answers, and keeps what it is asked.
#[derive(Clone, Debug, Default)]
struct Silent(Arc<Mutex<Vec<RawRequest>>>);

impl Transport for Silent {
    fn execute<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<RawResponse, Error>> {
        self.0.lock().unwrap().push(request.clone());
        Box::pin(std::future::pending())
    }

    fn subscribe(&self, request: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>> {
        self.0.lock().unwrap().push(request);
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_limit_of_a_call_holds_over_any_transport() {
    let transport = Silent::default();
    let client = Client::with_transport(transport.clone());
    let limit = Duration::from_secs(5);
    let error = client.execute("mutation { a }").timeout(limit).await.unwrap_err();
    assert_eq!(error.to_string(), "the mutation took longer than 5s");
    assert!(error.is_timeout() && error.may_have_been_executed());
    let error = client.subscribe("subscription { a }").timeout(limit).await.unwrap_err();
    assert_eq!(error.to_string(), "starting the subscription took longer than 5s");
}

#[tokio::test(start_paused = true)]
async fn a_transport_can_honour_the_credentials_of_a_call() {
    let transport = Silent::default();
    let client = Client::with_transport(transport.clone());
    let call = client.execute("{ a }").timeout(Duration::from_secs(5));
    call.auth(ApiKey::new("da2-k")).await.unwrap_err();
    let request = transport.0.lock().unwrap().pop().unwrap();
    let url = "https://api.example.com:8443/graphql".parse().unwrap();
    let target = Target::new(TargetKind::Http, &url, request.body()).with_region("eu-west-1");
    assert_eq!(
        (target.host(), target.region()),
        ("api.example.com:8443", Some("eu-west-1"))
    );
    let authorization = request.auth().unwrap().authorize(target).await.unwrap();
    assert_eq!(authorization.headers["x-api-key"], "da2-k");
}

/// A transport of one's own whose subscriptions yield all there is.
#[derive(Debug)]
struct Scripted {
    catches_up: bool,
}

#[derive(Debug)]
struct Script(u32);

impl Transport for Scripted {
    fn execute<'a>(&'a self, _: &'a RawRequest) -> BoxFuture<'a, Result<RawResponse, Error>> {
        Box::pin(std::future::pending())
    }

    fn subscribe(&self, request: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>> {
        let catch_up = request.catch_up().map(|catch_up| catch_up.kind());
        assert!(catch_up.is_none_or(|kind| kind == OperationKind::Query));
        assert_eq!(
            (request.overflow(), request.queue_bytes()),
            (Some(Overflow::DropNewest), None)
        );
        Box::pin(async { Ok(Box::new(Script(0)) as Box<dyn EventSource>) })
    }

    fn catches_up(&self) -> bool {
        self.catches_up
    }
}

impl EventSource for Script {
    fn poll_event<'s>(&'s mut self, _: &mut Context<'_>) -> Poll<Option<Result<RawEvent<'s>, Error>>> {
        self.0 += 1;
        let now = SystemTime::now();
        Poll::Ready(match self.0 {
            1 => Some(Ok(RawEvent::Snapshot(r#"{"data":[1]}"#))),
            2 => Some(Ok(RawEvent::Dropped(Dropped::new(3, now, now)))),
            3 => Some(Ok(RawEvent::Next(r#"{"data":"2"}"#))),
            _ => None,
        })
    }

    fn stop(&mut self) {}
}

#[tokio::test]
async fn a_transport_of_ones_own_can_catch_up_and_is_not_asked_to_where_it_does_not_say_so() {
    let client = Client::with_transport(Scripted { catches_up: true });
    let follow = || Request::<String>::new("subscription { a }");
    let list = || Request::<Vec<u32>>::new("{ a }");
    let call = client.subscribe(follow()).catch_up(list());
    let mut events = call.overflow(Overflow::DropNewest).await.unwrap();
    let Event::Snapshot(answer) = events.next().await.unwrap().unwrap() else {
        panic!("no snapshot");
    };
    assert_eq!(answer.into_data().unwrap(), [1]);
    assert!(matches!(
        events.next().await,
        Some(Ok(Event::Dropped(Dropped { count: 3, .. })))
    ));
    assert!(matches!(events.next().await, Some(Ok(Event::Next(_)))));
    assert!(events.next().await.is_none());

    // One that was not asked for is an error that ends nothing, and the data alone pass over what was dropped.
    let call = client.subscribe(follow()).overflow(Overflow::DropNewest);
    let mut data = call.await.unwrap().data();
    assert_eq!(data.next().await.unwrap().unwrap_err().kind(), ErrorKind::Protocol);
    assert_eq!(data.next().await.unwrap().unwrap(), "2");
    assert!(data.next().await.is_none());

    let client = Client::with_transport(Scripted { catches_up: false });
    let error = client.subscribe(follow()).catch_up(list()).await.unwrap_err();
    assert!(error.to_string().contains("runs no catch-ups"), "{error}");
}

#[test]
fn operations_of_one_name_cannot_be_told_apart_and_are_not_sent() {
    let request = Request::<Value>::new("query A { a } query A { b } query B { c }");
    let error = RawRequest::new(&request.clone().operation_name("A")).unwrap_err();
    assert!(error.to_string().contains("2 operations of the name A"), "{error}");
    let other = RawRequest::new(&request.operation_name("B")).unwrap();
    assert_eq!(other.name(), Some("B"));
    assert!(other.auth().is_none());
}
