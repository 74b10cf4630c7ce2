//! The client for code that is not async: against a server on a runtime of its own, from everywhere it may be called.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use appsync_local::{Api, Server};
use futures_util::future::BoxFuture;
use gqlwire::{
    AuthProvider, Authorization, Client, Error, ErrorKind, Event, EventSource, RawRequest, RawResponse, Request,
    RetryPolicy, Target, Transport, appsync, blocking,
};
use serde_json::{Value, json};

use crate::support::{KEY, PATIENCE, SUBSCRIPTION};

/// It selects what the subscription does, without which AppSync delivers nothing but nulls.
const MUTATION: &str = "mutation { createMessage(input: {message: \"x\"}) { id message } }";

/// A server on a thread of its own, which goes with this.
struct Elsewhere {
    url: String,
    count: mpsc::Sender<mpsc::Sender<usize>>,
}

impl Elsewhere {
    fn start() -> Self {
        let (tell, url) = mpsc::channel();
        let (count, asked) = mpsc::channel::<mpsc::Sender<usize>>();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .unwrap();
            let server = runtime.block_on(async {
                let server = Server::builder().api(Api::messages()).api_key(KEY);
                server.bind("127.0.0.1:0").await.unwrap()
            });
            tell.send(server.http_url()).unwrap();
            while let Ok(answer) = asked.recv() {
                let _ = answer.send(server.stats().subscriptions);
            }
        });
        Self {
            url: url.recv().unwrap(),
            count,
        }
    }

    fn client(&self) -> blocking::Client {
        let builder = Client::builder(&self.url).appsync().auth(appsync::ApiKey::new(KEY));
        builder.settle_time(Duration::ZERO).build_blocking().unwrap()
    }

    /// Waits until so many subscriptions run.
    fn wait_for_subscriptions(&self, wanted: usize) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (answer, answered) = mpsc::channel();
            self.count.send(answer).unwrap();
            if answered.recv().unwrap() == wanted {
                return;
            }
            assert!(Instant::now() < deadline, "there are not {wanted} subscriptions");
            thread::yield_now();
        }
    }
}

/// A query, a mutation and a subscription, begun and ended.
fn all_of_it(server: &Elsewhere) {
    let client = server.client();
    let listed = client.execute("{ listMessages { items { id } } }").send().unwrap();
    assert!(listed.into_data().is_ok());

    let mut events = client.subscribe(SUBSCRIPTION).start().unwrap();
    server.wait_for_subscriptions(1);
    client
        .execute(MUTATION)
        .timeout(PATIENCE)
        .send()
        .unwrap()
        .into_data()
        .unwrap();
    let Some(Ok(Event::Next(event))) = events.next() else {
        panic!("no event came");
    };
    assert_eq!(event.into_data().unwrap()["onCreateMessage"]["message"], "x");

    let waited = events.next_timeout(Duration::from_millis(10)).unwrap().unwrap_err();
    assert!(waited.is_timeout() && !events.is_over(), "{waited}");
    client.execute(MUTATION).send().unwrap();
    assert!(matches!(events.next_timeout(PATIENCE), Some(Ok(Event::Next(_)))));

    drop(events);
    server.wait_for_subscriptions(0);
    client.close();
}

#[test]
fn it_works_outside_of_a_runtime() {
    all_of_it(&Elsewhere::start());
}

#[test]
fn it_works_inside_of_a_runtime_of_one_thread_and_of_many() {
    let server = Elsewhere::start();
    let current = tokio::runtime::Builder::new_current_thread().build().unwrap();
    current.block_on(async { all_of_it(&server) });

    let many = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    many.block_on(async {
        all_of_it(&server);
    });
    many.block_on(many.spawn(async move {
        all_of_it(&server);
        // More operations on tokio's resources than a task may make before it yields.
        let client = server.client();
        for _ in 0..200 {
            client.execute("{ __typename }").send().unwrap();
        }
    }))
    .unwrap();
}

#[test]
fn many_threads_share_a_client() {
    let server = Elsewhere::start();
    let client = server.client();
    thread::scope(|threads| {
        for number in 0..16 {
            let client = client.clone();
            threads.spawn(move || {
                for _ in 0..10 {
                    let create = Request::<Value>::new(
                        "mutation($m: String!) { createMessage(input: {message: $m}) { message } }",
                    );
                    let text = format!("from {number}");
                    let answer = client.execute(create.variable("m", &text)).send().unwrap();
                    assert_eq!(answer.into_data().unwrap()["createMessage"]["message"], text);
                }
            });
        }
    });
    assert_eq!(
        client.execute("{ __typename }").send().unwrap().into_data().unwrap()["__typename"],
        "Query"
    );
}

#[test]
fn closing_ends_an_iterator_that_another_thread_waits_on() {
    let server = Elsewhere::start();
    let client = server.client();
    let mut events = client.subscribe(SUBSCRIPTION).start().unwrap();
    let waiting = thread::spawn(move || events.next().is_none() && events.is_over());
    client.close();
    assert!(waiting.join().unwrap());
}

#[test]
fn a_subscription_outlives_its_client_and_is_dropped_after_it() {
    let server = Elsewhere::start();
    let client = server.client();
    let events = client.subscribe(SUBSCRIPTION).start().unwrap().data();
    server.wait_for_subscriptions(1);
    let creator = server.client();
    drop(client);
    creator.execute(MUTATION).send().unwrap();
    let first = events.take(1).next().unwrap().unwrap();
    assert_eq!(first["onCreateMessage"]["message"], "x");
    server.wait_for_subscriptions(0);
}

#[test]
fn client_and_subscription_can_be_dropped_in_async_code() {
    let server = Elsewhere::start();
    let client = server.client();
    let events = client.subscribe(SUBSCRIPTION).start().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async move {
        drop(client);
        drop(events);
    });
    server.wait_for_subscriptions(0);
    drop(runtime);
}

#[test]
fn a_catch_up_comes_as_a_snapshot() {
    let server = Elsewhere::start();
    let client = server.client();
    client.execute(MUTATION).send().unwrap();
    let follow = client
        .subscribe(SUBSCRIPTION)
        .catch_up("{ listMessages { items { message } } }");
    let mut events = follow.start().unwrap();
    let Some(Ok(Event::Snapshot(snapshot))) = events.next() else {
        panic!("no snapshot came");
    };
    assert_eq!(
        snapshot.into_data().unwrap()["listMessages"]["items"][0]["message"],
        "x"
    );
    events.stop();
    assert!(events.next().is_none());
}

#[test]
fn a_batch_has_an_outcome_for_each() {
    let server = Elsewhere::start();
    let outcomes = server
        .client()
        .execute_batch(["{ __typename }", "{ nothing }"])
        .send()
        .unwrap();
    assert!(outcomes[0].as_ref().is_ok_and(|answer| answer.errors.is_empty()));
    assert!(outcomes[1].as_ref().is_ok_and(|answer| !answer.errors.is_empty()));
}

#[test]
fn a_timeout_ends_a_call_to_a_server_that_says_nothing() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let client = blocking::Client::new(&format!("http://{}/graphql", listener.local_addr().unwrap())).unwrap();
    let call = client.execute("{ a }").timeout(Duration::from_millis(50)).no_retry();
    let error = call.send().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
}

#[test]
fn options_without_a_mirror_are_set_on_the_call_itself() {
    let client = blocking::Client::new("http://127.0.0.1:1/graphql").unwrap();
    let call = client.execute("{ a }").with(|call| call.retry(RetryPolicy::never()));
    assert_eq!(call.send().unwrap_err().kind(), ErrorKind::Connect);
    let error = blocking::wait(client.as_async().execute("{ a }").no_retry()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
}

/// A transport whose every call panics, until it is told not to.
#[derive(Debug)]
struct Panicking;

impl Transport for Panicking {
    fn execute<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<RawResponse, Error>> {
        Box::pin(async move {
            assert_ne!(request.name(), Some("Panic"), "as asked for");
            tokio::time::sleep(Duration::from_millis(1)).await;
            Ok(RawResponse::new(json!({"data": {"ok": true}}).to_string()))
        })
    }

    fn subscribe(&self, _: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>> {
        Box::pin(std::future::pending())
    }
}

#[test]
fn a_panic_in_a_call_reaches_its_caller_and_harms_no_other() {
    let client = blocking::Client::with_transport(Panicking);
    let other = client.clone();
    let panicked = thread::spawn(move || drop(other.execute("query Panic { a }").send())).join();
    assert!(panicked.is_err());
    assert!(client.execute("{ a }").send().is_ok());
}

/// Asks a blocking client for its token, on whatever thread it is asked.
#[derive(Debug)]
struct AsksAClient(blocking::Client);

impl AuthProvider for AsksAClient {
    fn authorize<'a>(&'a self, _: Target<'a>) -> BoxFuture<'a, Result<Authorization, Error>> {
        Box::pin(async {
            self.0.execute("{ token }").send()?;
            Ok(Authorization::default())
        })
    }
}

#[test]
fn waiting_on_the_thread_that_all_wait_for_is_an_error_and_no_deadlock() {
    let server = Elsewhere::start();
    let auth = AsksAClient(blocking::Client::with_transport(Panicking));
    let client = Client::builder(&server.url)
        .appsync()
        .auth(auth)
        .build_blocking()
        .unwrap();
    // The websocket belongs to a task of the runtime, and so the provider is asked there.
    let error = client.subscribe(SUBSCRIPTION).timeout(PATIENCE).start().unwrap_err();
    assert!(
        error
            .to_string()
            .contains("on the thread that all blocking calls rely on"),
        "{error}"
    );
}
