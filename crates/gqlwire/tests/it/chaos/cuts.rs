use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use gqlwire::{AuthProvider, Authorization, Client, ClientBuilder, Error, ErrorKind, Subscription, Target, appsync};
use serde_json::Value;

use super::{impatient, ticks};
use crate::support::{Account, Fault, FaultyProxy, Got, KEY, Plan, Rng, Ticker, next};

/// The environment variable that makes a run the same again, as far as the machine allows.
const SEED: &str = "CHAOS_SEED";

/// How many bytes there are at random points of a connection: up to its `start_ack`, and some events more.
#[derive(Clone, Copy)]
struct Sizes {
    up: usize,
    down: usize,
}

const PLAIN: Sizes = Sizes { up: 1200, down: 1200 };
#[cfg(any(feature = "ring", feature = "rustls"))]
const TLS: Sizes = Sizes { up: 2500, down: 4000 };

struct Run {
    clients: usize,
    cuts_of_each: usize,
    subscriptions_of_each: usize,
    subscriptions_of_a_connection: usize,
    every: Duration,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_a_thousand_cuts_every_number_comes_once_or_lies_in_a_gap() {
    let run = Run {
        clients: 4,
        cuts_of_each: 250,
        subscriptions_of_each: 1,
        subscriptions_of_a_connection: 1,
        every: Duration::from_millis(2),
    };
    plain(run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_the_cuts_of_a_shared_connection_each_subscription_misses_nothing_unsaid() {
    let run = Run {
        clients: 2,
        cuts_of_each: 75,
        subscriptions_of_each: 10,
        subscriptions_of_a_connection: 10,
        every: Duration::from_millis(4),
    };
    plain(run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_the_cuts_of_a_pool_each_subscription_misses_nothing_unsaid() {
    let run = Run {
        clients: 1,
        cuts_of_each: 150,
        subscriptions_of_each: 12,
        subscriptions_of_a_connection: 3,
        every: Duration::from_millis(4),
    };
    plain(run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_cuts_in_the_middle_of_long_events_every_number_comes_once_or_lies_in_a_gap() {
    let ticker = Ticker::start().await.padded(70_000);
    let upstream = ticker.server.address();
    let run = Run {
        clients: 1,
        cuts_of_each: 40,
        subscriptions_of_each: 1,
        subscriptions_of_a_connection: 1,
        every: Duration::from_millis(20),
    };
    let sizes = Sizes { down: 400_000, ..PLAIN };
    survive(&ticker, upstream, sizes, run, |address| impatient("http", address)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_cuts_with_credentials_that_are_slow_and_now_and_then_not_to_be_had_none_is_missing_unsaid() {
    let ticker = Ticker::start().await;
    let upstream = ticker.server.address();
    let run = Run {
        clients: 1,
        cuts_of_each: 60,
        subscriptions_of_each: 4,
        subscriptions_of_a_connection: 2,
        every: Duration::from_millis(4),
    };
    survive(&ticker, upstream, PLAIN, run, |address| {
        impatient("http", address).auth(Moody::default())
    })
    .await;
}

/// The key, after a while; each fifth time none, once something has worked.
#[derive(Debug, Default)]
struct Moody {
    asked: AtomicUsize,
}

impl AuthProvider for Moody {
    fn authorize<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, Result<Authorization, Error>> {
        Box::pin(async move {
            let asked = self.asked.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(asked as u64 * 7 % 20)).await;
            if asked > 20 && asked.is_multiple_of(5) {
                return Err(Error::new(ErrorKind::Auth, "the vault is asleep"));
            }
            appsync::ApiKey::new(KEY).authorize(target).await
        })
    }
}

#[cfg(any(feature = "ring", feature = "rustls"))]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_the_cuts_of_a_connection_in_tls_every_number_comes_once_or_lies_in_a_gap() {
    let run = Run {
        clients: 2,
        cuts_of_each: 125,
        subscriptions_of_each: 1,
        subscriptions_of_a_connection: 1,
        every: Duration::from_millis(2),
    };
    in_tls(run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn over_ten_thousand_cuts_every_number_comes_once_or_lies_in_a_gap() {
    let run = |cuts_of_each| Run {
        clients: 3,
        cuts_of_each,
        subscriptions_of_each: 7,
        subscriptions_of_a_connection: 3,
        every: Duration::from_millis(4),
    };
    plain(run(2400)).await;
    #[cfg(any(feature = "ring", feature = "rustls"))]
    in_tls(run(1000)).await;
}

async fn plain(run: Run) {
    let ticker = Ticker::start().await;
    let upstream = ticker.server.address();
    survive(&ticker, upstream, PLAIN, run, |address| impatient("http", address)).await;
}

#[cfg(any(feature = "ring", feature = "rustls"))]
async fn in_tls(run: Run) {
    let ticker = Ticker::start().await;
    let front = crate::support::TlsFront::start(ticker.server.address()).await;
    let client = |address| {
        let builder = impatient("https", address);
        builder.add_root_certificate(front.authority())
    };
    survive(&ticker, front.address(), TLS, run, client).await;
}

/// Each client has its connections cut again and again, and then no more; what its subscriptions yielded must hold
/// every number, or a gap in its place.
async fn survive(
    ticker: &Ticker,
    upstream: SocketAddr,
    sizes: Sizes,
    run: Run,
    client: impl Fn(SocketAddr) -> ClientBuilder,
) {
    let began = Instant::now();
    let mut seeds = Rng::from_env(SEED);
    let mut ticking = ticker.keep_ticking(run.every);
    let seeds: Vec<u64> = (0..run.clients).map(|_| seeds.next()).collect();
    let survivors = seeds.into_iter().map(async |seed| {
        let mut rng = Rng::new(seed);
        let proxy = FaultyProxy::start(upstream, move |number| match number {
            // Garbage that comes before anything has worked is for the user to look at.
            0 => Plan {
                at: Some((Duration::from_millis(150), Fault::Reset)),
                ..Plan::default()
            },
            _ => plan(&mut rng, sizes),
        });
        let proxy = proxy.await;
        let client = client(proxy.address()).subscriptions_per_connection(run.subscriptions_of_a_connection);
        survive_behind(ticker, &proxy, &run, client.build().unwrap()).await
    });
    let mut sum = Account::default();
    for account in join_all(survivors).await {
        sum += account;
    }
    ticking.shutdown().await;
    ticker.abandoned().await;
    assert!(sum.gaps > 0);
    println!("{:?}: {sum:?}", began.elapsed());
}

async fn survive_behind(ticker: &Ticker, proxy: &FaultyProxy, run: &Run, client: Client) -> Account {
    let subscriptions = join_all((0..run.subscriptions_of_each).map(|_| ticks(&client))).await;
    let from = ticker.first_after_now();
    let stop_at = Arc::new(AtomicUsize::new(usize::MAX));
    let followers: Vec<_> = subscriptions
        .into_iter()
        .map(|subscription| tokio::spawn(follow(subscription, Arc::clone(&stop_at))))
        .collect();
    while proxy.cuts() < run.cuts_of_each {
        let failed = followers.iter().any(tokio::task::JoinHandle::is_finished);
        assert!(!failed, "a subscription ended after {} cuts", proxy.cuts());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    proxy.heal();
    stop_at.store(ticker.count() + 20, Ordering::SeqCst);
    let mut sum = Account::default();
    let mut subscriptions = Vec::new();
    for follower in followers {
        let (log, subscription) = follower.await.unwrap();
        sum += ticker.check(from, &log);
        subscriptions.push(subscription);
    }
    let counters = client.counters().await.unwrap();
    assert!(counters.reconnects > 0, "{counters:?}");
    assert_eq!(counters.possible_duplicates, 0);
    sum.cuts = proxy.cuts();
    sum.reconnects = counters.reconnects;
    client.close().await;
    sum
}

/// Subscriptions come and go all the time, many of them before they are acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_cuts_subscriptions_that_come_and_go_leave_nothing_behind() {
    let ticker = Ticker::start().await;
    let mut rng = Rng::from_env(SEED);
    let mut cuts = Rng::new(rng.next());
    let proxy = FaultyProxy::start(ticker.server.address(), move |number| match number {
        0 => Plan::default(),
        _ => plan(&mut cuts, PLAIN),
    });
    let proxy = proxy.await;
    let client = impatient("http", proxy.address()).subscriptions_per_connection(3);
    let client = client.build().unwrap();
    let mut held = vec![ticks(&client).await];
    let mut ticking = ticker.keep_ticking(Duration::from_millis(4));
    while proxy.cuts() < 150 {
        let patience = Duration::from_millis(rng.below(60) as u64);
        match rng.below(3) {
            // The first one stays: the connection that it is on is not cut.
            0 if held.len() > 1 => drop(held.swap_remove(1 + rng.below(held.len() - 1))),
            _ if held.len() > 10 => held.truncate(5),
            _ => {
                if let Ok(started) = tokio::time::timeout(patience, ticks(&client)).await {
                    held.push(started);
                }
            }
        }
        for subscription in &mut held {
            while next(subscription).now_or_never().is_some() {}
        }
        tokio::time::sleep(Duration::from_millis(rng.below(5) as u64)).await;
    }
    proxy.heal();
    let last = ticker.first_after_now();
    for subscription in &mut held {
        while !matches!(next(subscription).await, Got::Number(number) if number >= last) {}
    }
    let began = Instant::now();
    while ticker.server.stats().subscriptions != held.len() {
        let stats = ticker.server.stats();
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "{} held: {stats:?}",
            held.len()
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(client.counters().await.unwrap().subscriptions, held.len());
    ticking.shutdown().await;
    drop((held, client));
    ticker.abandoned().await;
}

async fn follow(mut subscription: Subscription<Value>, stop_at: Arc<AtomicUsize>) -> (Vec<Got>, Subscription<Value>) {
    let mut log = Vec::new();
    loop {
        let got = next(&mut subscription).await;
        let is_last = matches!(got, Got::Number(number) if number >= stop_at.load(Ordering::SeqCst));
        log.push(got);
        if is_last {
            return (log, subscription);
        }
    }
}

/// A connection that will not live long: it may end anywhere, and in any way.
fn plan(rng: &mut Rng, sizes: Sizes) -> Plan {
    let mut plan = Plan {
        // Whatever else is planned; a stalled connection, and one that is not used enough, end by this alone.
        at: Some((Duration::from_millis(rng.below(150) as u64), Fault::Reset)),
        ..Plan::default()
    };
    let fault = match rng.below(8) {
        0..=2 => Fault::Fin,
        3..=5 => Fault::Reset,
        6 => Fault::Garbage((0..600).map(|_| 0xF0 | rng.next() as u8).collect()),
        _ => Fault::Stall,
    };
    match rng.below(10) {
        // A server that gets garbage may well say that the request is wrong, which is final.
        0..=1 if matches!(fault, Fault::Garbage(_)) => {}
        0..=1 => plan.up.after = Some((rng.below(sizes.up), fault)),
        2..=7 => plan.down.after = Some((rng.below(sizes.down), fault)),
        _ => {}
    }
    match rng.below(10) {
        0 => plan.up.byte_by_byte = true,
        1 => plan.down.byte_by_byte = true,
        2 => plan.down.delay = Duration::from_millis(rng.below(4) as u64),
        _ => {}
    }
    plan
}
