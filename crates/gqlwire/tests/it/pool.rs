//! Ten thousand subscriptions over fifty connections, each to events of its own.

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::{Duration, Instant};

use appsync_local::{Api, Server};
use futures_util::{FutureExt, StreamExt, stream};
use gqlwire::{Client, ConnectionState, Event, Request, Subscription, appsync};
use serde_json::{Map, Value, json};

use crate::support::{KEY, abandoned};

const SUBSCRIPTIONS: usize = 10_000;
const CONNECTIONS: usize = 50;
const ROUNDS: usize = 3;

/// How many fields of the API the subscriptions are spread over: the server asks all those of a field about each event.
const FIELDS: usize = 500;

/// How many mutations go into one request.
const BATCH: usize = 20;

/// For this many starts and acknowledgements, unoptimised, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_ten_thousand_subscriptions_gets_its_own_events_and_nobody_elses() {
    let server = serve().await;
    let client = client(&server.http_url());
    let began = Instant::now();
    let mut subscriptions = subscribe(&client, SUBSCRIPTIONS).await;
    println!("{SUBSCRIPTIONS} starts in {:?}", began.elapsed());
    let stats = server.stats();
    assert_eq!(
        (stats.realtime_connections, stats.subscriptions),
        (CONNECTIONS, SUBSCRIPTIONS)
    );

    let began = Instant::now();
    let publishing = tokio::spawn(publish(Arc::clone(&server)));
    receive(&mut subscriptions).await;
    publishing.await.unwrap();
    println!("{} events in {:?}", SUBSCRIPTIONS * ROUNDS, began.elapsed());
    for subscription in &mut subscriptions {
        assert!(subscription.next().now_or_never().is_none(), "more than its own events");
    }
    let counters = client.counters().await.unwrap();
    assert_eq!(counters.events, (SUBSCRIPTIONS * ROUNDS) as u64);
    assert_eq!(
        (counters.connections, counters.subscriptions),
        (CONNECTIONS, SUBSCRIPTIONS)
    );
    assert_eq!((counters.gaps, counters.reconnects), (0, 0));

    let began = Instant::now();
    close(&client).await;
    println!("closed in {:?}", began.elapsed());
    abandoned(&server).await;
    for subscription in &mut subscriptions {
        assert!(subscription.next().await.is_none(), "a stream goes on after close");
    }
}

/// The client is a process of its own, so that nothing of the server is counted.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "for its figures, which are those of a release build"]
async fn the_cost_of_each_of_ten_thousand_subscriptions() {
    let server = serve().await;
    let mut client = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "pool::subscriber", "--ignored", "--nocapture"])
        .env(SUBSCRIBER, server.http_url())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    while server.stats().subscriptions < SUBSCRIPTIONS {
        assert!(client.try_wait().unwrap().is_none(), "the client is gone");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    publish(Arc::clone(&server)).await;
    assert!(client.wait().await.unwrap().success());
    abandoned(&server).await;
}

/// The server's address, for the process that subscribes.
#[cfg(target_os = "linux")]
const SUBSCRIBER: &str = "POOL_SUBSCRIBES_AT";

#[cfg(target_os = "linux")]
#[tokio::test]
#[ignore = "a part of another test"]
async fn subscriber() {
    let Ok(url) = std::env::var(SUBSCRIBER) else { return };
    let client = client(&url);
    // What is allocated once, whatever the number.
    drop(client.subscribe("subscription { on0(to: -1) { n } }").await.unwrap());
    let before = resident();
    let began = Instant::now();
    let mut subscriptions = subscribe(&client, SUBSCRIPTIONS / CONNECTIONS).await;
    let started = resident();
    println!(
        "{SUBSCRIPTIONS} starts in {:?}, {:?} of CPU so far",
        began.elapsed(),
        cpu()
    );
    receive(&mut subscriptions).await;
    let received = resident();
    println!("{} events, {:?} of CPU so far", SUBSCRIPTIONS * ROUNDS, cpu());
    let [of_start, of_events] = [started, received].map(|now| now.saturating_sub(before) / SUBSCRIPTIONS);
    println!("{of_start} bytes a subscription, {of_events} after its first events, connections included");
    assert!(of_events < 6_000);
    close(&client).await;
}

/// How much memory this process holds, in bytes.
#[cfg(target_os = "linux")]
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

/// How long this process has computed.
#[cfg(target_os = "linux")]
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // The name, which may hold anything, is in parentheses; user and system time are the 12th and 13th after it, in
    // hundredths of a second.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
    let ticks: u64 = fields[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

async fn serve() -> Arc<Server> {
    let field = |field| (format!("send{field}"), format!("on{field}"));
    let (mutations, subscriptions): (String, String) = (0..FIELDS)
        .map(field)
        .map(|(send, on)| {
            let mutation = format!("{send}(to: Int!, n: Int!): Item\n");
            (
                mutation,
                format!("{on}(to: Int!): Item @aws_subscribe(mutations: [\"{send}\"])\n"),
            )
        })
        .unzip();
    let sdl = format!(
        "type Item {{ to: Int! n: Int! }}\n type Query {{ none: Item }}\n\
         type Mutation {{ {mutations} }}\n type Subscription {{ {subscriptions} }}"
    );
    let server = Server::builder().api(Api::from_sdl(&sdl).unwrap()).api_key(KEY);
    Arc::new(server.bind("127.0.0.1:0").await.unwrap())
}

fn client(url: &str) -> Client {
    Client::builder(url)
        .appsync()
        .auth(appsync::ApiKey::new(KEY))
        .subscriptions_per_connection(SUBSCRIPTIONS / CONNECTIONS)
        .connect_timeout(PATIENCE)
        .ack_timeout(PATIENCE)
        .start_ack_timeout(PATIENCE)
        .subscribe_deadline(PATIENCE)
        .close_timeout(PATIENCE)
        .build()
        .unwrap()
}

/// So many at once.
async fn subscribe(client: &Client, at_once: usize) -> Vec<Subscription<Value>> {
    let starts = (0..SUBSCRIPTIONS).map(|number| {
        let document = format!(
            "subscription($to: Int!) {{ on{}(to: $to) {{ to n }} }}",
            number % FIELDS
        );
        let started = client.subscribe(Request::<Value>::new(document).variable("to", number));
        started.into_future().map(Result::unwrap)
    });
    stream::iter(starts).buffered(at_once).collect().await
}

/// An event for each subscription, round after round.
async fn publish(server: Arc<Server>) {
    for round in 0..ROUNDS {
        let numbers: Vec<usize> = (0..SUBSCRIPTIONS).collect();
        for batch in numbers.chunks(BATCH) {
            let fields = batch.iter().map(|to| {
                let field = to % FIELDS;
                format!("a{to}: send{field}(to: {to}, n: {round}) {{ to n }}\n")
            });
            let document = format!("mutation {{ {} }}", fields.collect::<String>());
            let answer = server.execute(document, Map::new()).await;
            assert!(!answer.contains("errors"), "{answer}");
        }
    }
}

async fn receive(subscriptions: &mut [Subscription<Value>]) {
    for round in 0..ROUNDS {
        for (number, subscription) in subscriptions.iter_mut().enumerate() {
            let event = tokio::time::timeout(PATIENCE, subscription.next()).await;
            let Event::Next(response) = event.expect("nothing comes").unwrap().unwrap() else {
                panic!("a gap without a cut");
            };
            let wanted = json!({format!("on{}", number % FIELDS): {"to": number, "n": round}});
            assert_eq!(response.into_data().unwrap(), wanted);
        }
    }
}

async fn close(client: &Client) {
    let state = client.state().unwrap();
    let states = state.borrow().connections.clone();
    assert_eq!(states.len(), CONNECTIONS);
    assert!(
        states.iter().all(|state| matches!(state, ConnectionState::Connected)),
        "{states:?}"
    );
    client.close().await;
    assert!(matches!(state.borrow().worst(), ConnectionState::Closed));
}
