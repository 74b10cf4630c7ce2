use std::collections::VecDeque;
use std::future::IntoFuture;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::double::{DOCUMENT, Keys, Network, Peer, Setup};
use crate::realtime::Delivery;
use crate::realtime::connect::Incoming;
use crate::realtime::queue::Capacity;
use crate::transport::{EventSource, RawRequest, RawResponse, Transport};
use crate::{Client, Error, ErrorKind, ReconnectPolicy, Request, Subscription};

type Listed = Subscription<Value, Value>;

/// The HTTP side: answers each query, after a while, with the next of its answers, or with how many there were before.
#[derive(Debug, Default)]
struct Http {
    answers: Mutex<VecDeque<Result<&'static str, Error>>>,
    asked: Mutex<Vec<RawRequest>>,
    /// How many are asked now, and how many at most.
    now: Mutex<(usize, usize)>,
    takes: Duration,
}

impl Http {
    fn answering(answers: impl IntoIterator<Item = Result<&'static str, Error>>) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answers.into_iter().collect()),
            ..Self::default()
        })
    }

    fn slow(takes: Duration) -> Arc<Self> {
        Arc::new(Self {
            takes,
            ..Self::default()
        })
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl Transport for Arc<Http> {
    fn execute<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<RawResponse, Error>> {
        Box::pin(async move {
            let number = {
                let mut asked = self.asked.lock().unwrap();
                asked.push(request.clone());
                asked.len()
            };
            {
                let (now, most) = &mut *self.now.lock().unwrap();
                *now += 1;
                *most = (*now).max(*most);
            }
            sleep(self.takes).await;
            self.now.lock().unwrap().0 -= 1;
            let answer = self.answers.lock().unwrap().pop_front();
            match answer {
                Some(answer) => answer.map(RawResponse::new),
                None => Ok(RawResponse::new(json!({"data": {"list": number}}).to_string())),
            }
        })
    }

    fn subscribe(&self, _: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>> {
        Box::pin(async { Err(Error::new(ErrorKind::Request, "nothing but queries here")) })
    }
}

fn with(http: &Arc<Http>) -> Setup {
    Setup {
        queries: Some(Arc::new(Arc::clone(http))),
        ..Setup::default()
    }
}

fn subscribe(client: &Client) -> JoinHandle<Result<Listed, Error>> {
    tokio::spawn(client.subscribe(DOCUMENT).catch_up("{ list }").into_future())
}

async fn subscribed(setup: Setup) -> (Client, Network, Peer, String, Listed) {
    let (client, mut network) = setup.build();
    let starting = subscribe(&client);
    let mut peer = network.accept_and_ack().await;
    let id = peer.start_and_ack().await;
    let subscription = starting.await.unwrap().unwrap();
    (client, network, peer, id, subscription)
}

fn cut(peer: &Peer) {
    peer.push(Incoming::Lost("reset by peer".to_owned()));
}

/// What comes next, in a few words.
async fn next(subscription: &mut Listed) -> String {
    use crate::Event::{Dropped, Gap, Next, Snapshot};

    let event = timeout(Duration::from_secs(3600), subscription.next()).await;
    match event.expect("nothing arrives") {
        None => "over".to_owned(),
        Some(Err(error)) => format!("error: {error}"),
        Some(Ok(Next(response))) => format!("next {}", response.data.unwrap()["n"]),
        Some(Ok(Snapshot(response))) => format!("snapshot {}", response.data.unwrap()["list"]),
        Some(Ok(Gap(_))) => "gap".to_owned(),
        Some(Ok(Dropped(dropped))) => format!("{} dropped", dropped.count),
    }
}

async fn all(subscription: &mut Listed, wanted: &[&str]) {
    for wanted in wanted {
        assert_eq!(next(subscription).await, *wanted);
    }
}

#[tokio::test(start_paused = true)]
async fn the_snapshot_comes_first_and_what_came_meanwhile_follows_it() {
    let http = Http::slow(Duration::from_millis(300));
    let (_client, _network, peer, id, mut subscription) = subscribed(with(&http)).await;
    let before = Instant::now();
    peer.data(&id, 1);
    sleep(Duration::from_secs(2)).await;
    peer.data(&id, 2);
    all(&mut subscription, &["snapshot 1", "next 1", "next 2"]).await;
    // AppSync has acknowledged a little before it delivers.
    assert_eq!(before.elapsed().as_millis() / 10, 230);
    peer.data(&id, 3);
    all(&mut subscription, &["next 3"]).await;
    assert_eq!(http.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn after_a_gap_there_is_another_snapshot() {
    let http = Http::slow(Duration::from_millis(300));
    let (_client, mut network, peer, id, mut subscription) = subscribed(with(&http)).await;
    peer.data(&id, 1);
    all(&mut subscription, &["snapshot 1", "next 1"]).await;
    cut(&peer);
    let mut fresh = network.accept_and_ack().await;
    let id = fresh.start_and_ack().await;
    fresh.data(&id, 2);
    all(&mut subscription, &["gap", "snapshot 2", "next 2"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_catch_up_that_is_overtaken_by_a_gap_is_run_again_and_told_once() {
    let http = Http::slow(Duration::from_secs(3));
    let (_client, mut network, peer, id, mut subscription) = subscribed(with(&http)).await;
    peer.data(&id, 1);
    sleep(Duration::from_secs(3)).await;
    assert_eq!(http.asked(), 1);
    cut(&peer);
    let mut fresh = network.accept_and_ack().await;
    let id = fresh.start_and_ack().await;
    fresh.data(&id, 2);
    all(&mut subscription, &["next 1", "gap", "snapshot 2", "next 2"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_comes_back_is_not_asked_by_all_subscriptions_at_once() {
    let http = Http::slow(Duration::from_millis(100));
    let (client, mut network) = with(&http).build();
    let starting: Vec<_> = (0..100).map(|_| subscribe(&client)).collect();
    let mut peer = network.accept_and_ack().await;
    for _ in &starting {
        peer.start_and_ack().await;
    }
    for starting in starting {
        let mut subscription = starting.await.unwrap().unwrap();
        assert!(next(&mut subscription).await.starts_with("snapshot"));
    }
    assert_eq!((http.asked(), http.now.lock().unwrap().1), (100, 32));
}

#[tokio::test(start_paused = true)]
async fn the_settle_time_can_be_set() {
    let http = Http::slow(Duration::ZERO);
    let setup = Setup {
        delivery: Delivery {
            settle: Some(Duration::ZERO),
            ..Delivery::default()
        },
        ..with(&http)
    };
    let before = Instant::now();
    let (_client, _network, _peer, _, mut subscription) = subscribed(setup).await;
    all(&mut subscription, &["snapshot 1"]).await;
    assert!(before.elapsed() < Duration::from_millis(10), "{:?}", before.elapsed());
}

fn unavailable() -> Error {
    Error::new(ErrorKind::Status, "503").with_answer(StatusCode::SERVICE_UNAVAILABLE, HeaderMap::new())
}

#[tokio::test(start_paused = true)]
async fn a_catch_up_that_fails_for_a_while_is_tried_again() {
    let http = Http::answering([
        Err(Error::new(ErrorKind::Connect, "no route to host")),
        Err(unavailable()),
        Err(Error::new(ErrorKind::Timeout, "too slow").after_sending()),
        Err(Error::new(ErrorKind::Auth, "the vault cannot be reached")),
    ]);
    let (_client, _network, peer, id, mut subscription) = subscribed(with(&http)).await;
    peer.data(&id, 1);
    let before = Instant::now();
    all(&mut subscription, &["snapshot 5", "next 1"]).await;
    let most = Duration::from_millis(2000 + 200 + 400 + 800 + 1600 + 10);
    assert!(before.elapsed() < most, "{:?}", before.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_catch_up_waits_for_as_long_as_the_server_asks_up_to_a_minute() {
    for (asked, waited) in [("7", 7), ("3600", 60), ("18446744073709551615", 60), ("soon", 0)] {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, asked.parse().unwrap())]);
        let busy = Error::new(ErrorKind::Status, "503").with_answer(StatusCode::SERVICE_UNAVAILABLE, headers);
        let http = Http::answering([Err(busy)]);
        let (_client, _network, _peer, _, mut subscription) = subscribed(with(&http)).await;
        let before = Instant::now();
        all(&mut subscription, &["snapshot 2"]).await;
        let waited = Duration::from_secs(2 + waited);
        let took = before.elapsed();
        assert!(
            took >= waited && took < waited + Duration::from_millis(210),
            "{asked}: {took:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_catch_up_that_hangs_is_given_up_and_tried_again() {
    let http = Http::slow(Duration::from_secs(100_000));
    let (_client, _network, _peer, _, _subscription) = subscribed(with(&http)).await;
    sleep(Duration::from_secs(2 + 35 + 1)).await;
    assert_eq!(http.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_catch_up_that_fails_for_good_ends_its_subscription_after_what_came() {
    let refused = Error::new(ErrorKind::Auth, "403").with_answer(StatusCode::FORBIDDEN, HeaderMap::new());
    let http = Http::answering([Err(refused)]);
    let (client, network, mut peer, id, mut subscription) = subscribed(with(&http)).await;
    let starting = tokio::spawn(client.subscribe(DOCUMENT).into_future());
    let other = peer.start_and_ack().await;
    let mut sibling = starting.await.unwrap().unwrap();
    peer.data(&id, 1);
    all(&mut subscription, &["next 1"]).await;
    let error = subscription.next().await.unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "wss://api.example.com/graphql/realtime: the subscription ends because its catch-up failed: 403"
    );
    assert!(error.is_auth());
    all(&mut subscription, &["over"]).await;
    assert_eq!(peer.expect("stop").await["id"], id.as_str());
    peer.data(&other, 1);
    assert_eq!(super::double::next(&mut sibling).await.unwrap().unwrap(), 1);
    assert_eq!((http.asked(), network.connects()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn attempts_at_a_catch_up_run_out_as_those_at_a_connection_do() {
    let http = Http::answering((0..3).map(|_| Err(unavailable())));
    let setup = Setup {
        reconnect: ReconnectPolicy::default().attempts(2),
        ..with(&http)
    };
    let (_client, _network, _peer, _, mut subscription) = subscribed(setup).await;
    let error = next(&mut subscription).await;
    assert!(error.ends_with("503; given up after 2 more attempts"), "{error}");
    assert_eq!(http.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_answer_with_graphql_errors_is_a_snapshot_and_one_that_does_not_fit_ends_nothing() {
    let http = Http::answering([Ok(r#"{"data":null,"errors":[{"message":"throttled"}]}"#), Ok("null")]);
    let (_client, mut network, peer, _, mut subscription) = subscribed(with(&http)).await;
    let crate::Event::Snapshot(answer) = subscription.next().await.unwrap().unwrap() else {
        panic!("no snapshot");
    };
    assert_eq!(answer.into_data().unwrap_err().errors[0].message, "throttled");
    cut(&peer);
    let mut fresh = network.accept_and_ack().await;
    let id = fresh.start_and_ack().await;
    all(&mut subscription, &["gap"]).await;
    assert_eq!(
        subscription.next().await.unwrap().unwrap_err().kind(),
        ErrorKind::Protocol
    );
    fresh.data(&id, 2);
    all(&mut subscription, &["next 2"]).await;
}

#[tokio::test(start_paused = true)]
async fn more_than_is_held_back_drops_the_oldest_and_says_so_after_the_snapshot() {
    let http = Http::slow(Duration::ZERO);
    let setup = Setup {
        delivery: Delivery {
            held: Capacity {
                messages: 2,
                bytes: 1 << 20,
            },
            ..Delivery::default()
        },
        ..with(&http)
    };
    let (client, _network, peer, id, mut subscription) = subscribed(setup).await;
    for n in 1..=5 {
        peer.data(&id, n);
    }
    all(&mut subscription, &["snapshot 1", "3 dropped", "next 4", "next 5"]).await;
    assert_eq!(client.counters().await.unwrap().drops, 3);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_longer_than_the_queue_takes_no_room_from_the_events_behind_it() {
    let http = Http::answering([Ok(
        Box::leak(json!({"data": {"list": "x".repeat(5000)}}).to_string().into_boxed_str()) as &str,
    )]);
    let setup = Setup {
        delivery: Delivery {
            capacity: Capacity {
                messages: 4,
                bytes: 200,
            },
            ..Delivery::default()
        },
        ..with(&http)
    };
    let (_client, _network, peer, id, mut subscription) = subscribed(setup).await;
    for n in 1..=4 {
        peer.data(&id, n);
    }
    // Nobody reads for a while.
    sleep(Duration::from_secs(10)).await;
    assert!(next(&mut subscription).await.starts_with("snapshot"));
    all(&mut subscription, &["next 1", "next 2", "next 3", "next 4"]).await;
}

#[tokio::test(start_paused = true)]
async fn dropping_the_subscription_gives_its_catch_up_up() {
    let http = Http::slow(Duration::from_secs(30));
    let (client, _network, mut peer, id, subscription) = subscribed(with(&http)).await;
    sleep(Duration::from_secs(3)).await;
    let weak = Arc::downgrade(&http);
    drop((client, subscription, http));
    peer.expect("stop").await;
    peer.complete(&id);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
    assert!(weak.upgrade().is_none(), "the client is kept by something of its own");
}

#[tokio::test(start_paused = true)]
async fn a_catch_up_has_the_headers_and_the_credentials_of_its_subscription() {
    let http = Http::slow(Duration::ZERO);
    let (client, mut network) = with(&http).build();
    let own = Arc::<Keys>::default();
    let call = client.subscribe(DOCUMENT).header("x-tenant", "a");
    let call = call.catch_up("query Q { list }").auth(Arc::clone(&own));
    let starting = tokio::spawn(call.header("x-trace", "b").into_future());
    let mut peer = network.accept_and_ack().await;
    peer.start_and_ack().await;
    let mut subscription = starting.await.unwrap().unwrap();
    all(&mut subscription, &["snapshot 1"]).await;
    let asked = http.asked.lock().unwrap().pop().unwrap();
    assert_eq!(asked.body(), r#"{"query":"query Q { list }"}"#);
    assert_eq!((asked.name(), asked.headers().len()), (Some("Q"), 2));
    assert!(asked.auth().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_catch_up_that_is_no_query_or_that_nothing_runs_is_refused_before_anything_is_sent() {
    let (client, network) = with(&Http::slow(Duration::ZERO)).build();
    let (without, _) = Setup::default().build();
    let queries = |client: &Client, operation: &'static str| client.subscribe(DOCUMENT).catch_up(operation);
    for (call, word) in [
        (queries(&client, "mutation { m }"), "this is a mutation"),
        (queries(&client, "subscription { s }"), "this is a subscription"),
        (queries(&client, "{ list"), "syntax error"),
        (queries(&without, "{ list }"), "runs no catch-ups"),
    ] {
        let error = call.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request);
        assert!(error.to_string().contains(word), "{error}");
    }
    assert_eq!(network.connects(), 0);
    // The type of a snapshot is the query's.
    let typed = Request::<Vec<u8>>::new("{ list }");
    let _: crate::Subscribe<Value, Vec<u8>> = client.subscribe(DOCUMENT).catch_up(typed);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_panics_in_a_catch_up_ends_that_subscription_alone() {
    #[derive(Debug)]
    struct Panics;

    impl Transport for Panics {
        fn execute<'a>(&'a self, _: &'a RawRequest) -> BoxFuture<'a, Result<RawResponse, Error>> {
            Box::pin(async { panic!("a provider that panics") })
        }

        fn subscribe(&self, _: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>> {
            Box::pin(std::future::pending())
        }
    }

    let setup = Setup {
        queries: Some(Arc::new(Panics)),
        ..Setup::default()
    };
    let (client, _network, mut peer, _, mut subscription) = subscribed(setup).await;
    let error = next(&mut subscription).await;
    assert!(error.ends_with("what runs it panicked"), "{error}");
    peer.expect("stop").await;
    let starting = tokio::spawn(client.subscribe(DOCUMENT).into_future());
    peer.start_and_ack().await;
    starting.await.unwrap().unwrap();
}
