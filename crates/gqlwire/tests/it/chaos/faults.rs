use std::time::{Duration, Instant};

use appsync_local::Limits;
use futures_util::future::join_all;
use gqlwire::{Client, ConnectionState, ErrorKind, Gap, Subscription, appsync};
use serde_json::Value;

use super::{impatient, ticks};
use crate::support::{Fault, FaultyProxy, Got, KEY, Plan, TICKS, Ticker, Way, next, presentable};

/// Longer than the head of the server's answer to the upgrade and its `connection_ack`; shorter than with a few events.
const ACKNOWLEDGED: usize = 700;

/// The first connection is broken so, all others are as they should be.
async fn first_broken(ticker: &Ticker, plan: Plan) -> (FaultyProxy, Client) {
    let mut first = Some(plan);
    let proxy = FaultyProxy::start(ticker.server.address(), move |_| first.take().unwrap_or_default()).await;
    let client = impatient("http", proxy.address()).build().unwrap();
    (proxy, client)
}

fn down(after: usize, fault: Fault) -> Plan {
    Plan {
        down: Way {
            after: Some((after, fault)),
            ..Way::default()
        },
        ..Plan::default()
    }
}

/// Sends numbers until the first one comes after a gap; that gap.
async fn gap(ticker: &Ticker, subscription: &mut Subscription<Value>) -> Gap {
    let from = ticker.first_after_now();
    let _ticking = ticker.keep_ticking(Duration::from_millis(2));
    let mut log = Vec::new();
    let mut found = None;
    loop {
        let got = next(subscription).await;
        log.push(got.clone());
        match got {
            Got::Gap(gap) => found = Some(gap),
            Got::Number(_) => {
                if let Some(gap) = found {
                    ticker.check(from, &log);
                    return gap;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_reset_and_an_end_are_gaps_that_say_so() {
    for (fault, says) in [(Fault::Reset, "reset"), (Fault::Fin, "without a close frame")] {
        let ticker = Ticker::start().await;
        let (_proxy, client) = first_broken(&ticker, down(ACKNOWLEDGED, fault)).await;
        let mut subscription = ticks(&client).await;
        let gap = gap(&ticker, &mut subscription).await;
        assert!(presentable(&gap.cause).contains(says), "{}", gap.cause);
    }
}

#[tokio::test]
async fn garbage_between_frames_is_left_for_another_connection() {
    let ticker = Ticker::start().await;
    let plan = down(ACKNOWLEDGED, Fault::Garbage(vec![0xFF; 600]));
    let (proxy, client) = first_broken(&ticker, plan).await;
    let mut subscription = ticks(&client).await;
    let gap = gap(&ticker, &mut subscription).await;
    presentable(&gap.cause);
    assert_eq!(proxy.connections(), 2);
}

#[tokio::test]
async fn garbage_in_place_of_an_answer_to_the_upgrade_is_tried_again_where_there_was_a_server() {
    let ticker = Ticker::start().await;
    for after in [0, 5, 40] {
        let garbage = move || down(after, Fault::Garbage(vec![0xFF; 600]));
        let (_proxy, client) = first_broken(&ticker, garbage()).await;
        let error = client.subscribe(TICKS).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        presentable(&error);

        let (proxy, client) = first_broken(&ticker, down(ACKNOWLEDGED, Fault::Reset)).await;
        let mut subscription = ticks(&client).await;
        proxy.plan(move |number| if number == 1 { garbage() } else { Plan::default() });
        gap(&ticker, &mut subscription).await;
        assert_eq!(proxy.connections(), 3);
    }
}

#[tokio::test]
async fn a_reset_in_the_upgrade_executed_nothing_and_may_be_tried_again() {
    let ticker = Ticker::start().await;
    let proxy = FaultyProxy::start(ticker.server.address(), |_| down(20, Fault::Reset)).await;
    let url = format!("http://{}/graphql", proxy.address());
    let client = Client::builder(&url).appsync().auth(appsync::ApiKey::new(KEY));
    let error = client.build().unwrap().subscribe(TICKS).await.unwrap_err();
    assert!(error.is_retryable() && !error.may_have_been_executed(), "{error:?}");
    presentable(&error);
}

#[tokio::test]
async fn a_reset_anywhere_in_the_upgrade_is_tried_again() {
    let ticker = Ticker::start().await;
    for after in [0, 1, 20, 60, 100, 140] {
        let (proxy, client) = first_broken(&ticker, down(after, Fault::Reset)).await;
        let _subscription = ticks(&client).await;
        assert_eq!((proxy.connections(), proxy.cuts()), (2, 1), "after {after} bytes");
        let plan = Plan {
            up: down(after, Fault::Reset).down,
            ..Plan::default()
        };
        let (proxy, client) = first_broken(&ticker, plan).await;
        let _subscription = ticks(&client).await;
        assert_eq!((proxy.connections(), proxy.cuts()), (2, 1), "after {after} bytes");
    }
}

#[tokio::test]
async fn bytes_that_come_one_by_one_are_the_same_events() {
    let ticker = Ticker::start().await;
    let byte_by_byte = || Way {
        byte_by_byte: true,
        ..Way::default()
    };
    let plan = Plan {
        up: byte_by_byte(),
        down: byte_by_byte(),
        at: None,
    };
    let (proxy, client) = first_broken(&ticker, plan).await;
    let mut subscription = ticks(&client).await;
    for _ in 0..50 {
        let number = ticker.tick().await;
        assert!(matches!(next(&mut subscription).await, Got::Number(got) if got == number));
    }
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test]
async fn a_slow_network_is_no_fault() {
    let ticker = Ticker::start().await;
    let slow = || Way {
        delay: Duration::from_millis(30),
        ..Way::default()
    };
    let plan = Plan {
        up: slow(),
        down: slow(),
        at: None,
    };
    let (proxy, client) = first_broken(&ticker, plan).await;
    let mut subscription = ticks(&client).await;
    for _ in 0..5 {
        let number = ticker.tick().await;
        assert!(matches!(next(&mut subscription).await, Got::Number(got) if got == number));
    }
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test]
async fn a_server_that_refuses_connections_for_a_while_is_found_again() {
    let ticker = Ticker::start().await;
    let (proxy, client) = first_broken(&ticker, down(ACKNOWLEDGED, Fault::Reset)).await;
    let mut subscription = ticks(&client).await;
    proxy.refuse(true).await;
    let mut state = client.state().unwrap();
    let ticking = ticker.keep_ticking(Duration::from_millis(2));
    let refused = state
        .wait_for(|state| match state.worst() {
            ConnectionState::Reconnecting { attempt, cause, .. } => attempt > 3 && cause.kind() == ErrorKind::Connect,
            _ => false,
        })
        .await;
    presentable(&match refused.unwrap().worst() {
        ConnectionState::Reconnecting { cause, .. } => cause,
        other => panic!("{other:?}"),
    });
    drop(ticking);
    proxy.refuse(false).await;
    gap(&ticker, &mut subscription).await;
    let connected = state.wait_for(|state| matches!(state.worst(), ConnectionState::Connected));
    connected.await.unwrap();
}

#[tokio::test]
async fn a_stall_before_start_ack_ends_at_the_deadline_and_another_connection_is_tried() {
    let ticker = Ticker::start().await;
    // In the answer to the upgrade, in `connection_ack`, and wherever `start_ack` is.
    for after in [0, 100].into_iter().chain((160..300).step_by(20)) {
        let mut first = Some(down(after, Fault::Stall));
        let proxy = FaultyProxy::start(ticker.server.address(), move |_| first.take().unwrap_or_default()).await;
        let client = impatient("http", proxy.address())
            .connect_timeout(Duration::from_millis(300))
            .ack_timeout(Duration::from_millis(300))
            .start_ack_timeout(Duration::from_millis(300))
            .build()
            .unwrap();
        let began = Instant::now();
        let mut subscription = ticks(&client).await;
        assert!(
            began.elapsed() >= Duration::from_millis(300),
            "{:?} after {after}",
            began.elapsed()
        );
        let number = ticker.tick().await;
        assert!(matches!(next(&mut subscription).await, Got::Number(got) if got == number));
        assert_eq!(proxy.connections(), 2, "after {after} bytes");
    }
}

#[tokio::test]
async fn a_server_that_restarts_is_found_again() {
    let ticker = Ticker::start().await;
    let client = impatient("http", ticker.server.address()).build().unwrap();
    let mut subscriptions = [ticks(&client).await, ticks(&client).await];
    let ticker = ticker.restart().await;
    for subscription in &mut subscriptions {
        let gap = gap(&ticker, subscription).await;
        assert!(presentable(&gap.cause).contains("1001"), "{}", gap.cause);
    }
}

#[tokio::test]
async fn a_server_that_closes_each_connection_at_an_age_is_followed_from_one_to_the_next() {
    let mut limits = Limits::default();
    limits.connection_lifetime = Duration::from_millis(50);
    let ticker = Ticker::with_limits(limits).await;
    let client = impatient("http", ticker.server.address()).build().unwrap();
    let mut subscription = ticks(&client).await;
    let from = ticker.first_after_now();
    let _ticking = ticker.keep_ticking(Duration::from_millis(2));
    let mut log = Vec::new();
    let mut gaps = 0;
    while gaps < 20 {
        let got = next(&mut subscription).await;
        gaps += usize::from(matches!(got, Got::Gap(_)));
        log.push(got);
    }
    ticker.check(from, &log);
    assert!(client.counters().await.unwrap().reconnects >= 20);
}

#[tokio::test]
async fn a_server_that_takes_fewer_subscriptions_on_a_connection_gets_more_connections() {
    let mut limits = Limits::default();
    limits.subscriptions = 5;
    let ticker = Ticker::with_limits(limits).await;
    let client = impatient("http", ticker.server.address()).build().unwrap();
    let mut subscriptions = join_all((0..23).map(|_| ticks(&client))).await;
    let number = ticker.tick().await;
    for subscription in &mut subscriptions {
        assert!(matches!(next(subscription).await, Got::Number(got) if got == number));
    }
    assert_eq!(ticker.server.stats().subscriptions, 23);
    let connections = ticker.server.stats().realtime_connections;
    assert!((5..=6).contains(&connections), "{connections}");
    client.close().await;
    ticker.abandoned().await;
}
