use std::time::{Duration, Instant};

use gqlwire::ConnectionState;

use super::{impatient, ticks};
use crate::support::{Fault, FaultyProxy, PATIENCE, Plan, Ticker, next};

/// What a busy machine may add to a deadline.
const SLACK: Duration = Duration::from_secs(3);

fn short_lived(ms: u64) -> Plan {
    Plan {
        at: Some((Duration::from_millis(ms), Fault::Reset)),
        ..Plan::default()
    }
}

#[tokio::test]
async fn closing_under_chaos_is_over_within_its_deadline_and_ends_every_stream() {
    let ticker = Ticker::start().await;
    let _ticking = ticker.keep_ticking(Duration::from_millis(2));
    for round in 0..20 {
        let proxy = FaultyProxy::start(ticker.server.address(), |number| {
            short_lived(if number == 0 { 200 } else { 30 })
        })
        .await;
        let deadline = Duration::from_millis(500);
        let client = impatient("http", proxy.address())
            .close_timeout(deadline)
            .build()
            .unwrap();
        let mut subscriptions = [ticks(&client).await, ticks(&client).await];
        tokio::time::sleep(Duration::from_millis(round * 13)).await;
        let began = Instant::now();
        client.close().await;
        assert!(began.elapsed() < deadline + SLACK, "{:?}", began.elapsed());
        for subscription in &mut subscriptions {
            let over = async { while futures_util::StreamExt::next(subscription).await.is_some() {} };
            tokio::time::timeout(SLACK, over)
                .await
                .expect("a stream goes on after close");
        }
        let state = client.state().unwrap();
        assert!(matches!(state.borrow().worst(), ConnectionState::Closed));
        ticker.abandoned().await;
    }
}

#[tokio::test]
async fn closing_does_not_wait_longer_than_it_may_for_a_server_that_has_fallen_silent() {
    let ticker = Ticker::start().await;
    let proxy = FaultyProxy::start(ticker.server.address(), |_| Plan {
        at: Some((Duration::from_millis(300), Fault::HalfOpen)),
        ..Plan::default()
    })
    .await;
    let deadline = Duration::from_millis(300);
    let client = impatient("http", proxy.address())
        .close_timeout(deadline)
        .build()
        .unwrap();
    let _subscription = ticks(&client).await;
    while proxy.cuts() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let began = Instant::now();
    client.close().await;
    assert!(began.elapsed() < deadline + SLACK, "{:?}", began.elapsed());
    ticker.abandoned().await;
}

#[tokio::test]
async fn dropping_every_handle_under_chaos_leaves_nothing_on_the_server() {
    let ticker = Ticker::start().await;
    let _ticking = ticker.keep_ticking(Duration::from_millis(2));
    let mut proxies = Vec::new();
    for round in 0..20 {
        let proxy = FaultyProxy::start(ticker.server.address(), |number| {
            short_lived(if number == 0 { 200 } else { 30 })
        })
        .await;
        let client = impatient("http", proxy.address()).build().unwrap();
        let subscriptions = [ticks(&client).await, ticks(&client).await];
        tokio::time::sleep(Duration::from_millis(round * 13)).await;
        // Whichever goes last.
        match round % 2 {
            0 => drop((client, subscriptions)),
            _ => drop((subscriptions, client)),
        }
        proxies.push(proxy);
    }
    ticker.abandoned().await;
    // What was given up in the middle of connecting may lie with a proxy that has yet to accept it.
    let connections = || proxies.iter().map(FaultyProxy::connections).collect::<Vec<_>>();
    let began = Instant::now();
    let mut before = connections();
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = connections();
        if now == before {
            break;
        }
        assert!(
            began.elapsed() < PATIENCE,
            "something goes on connecting: {before:?}, {now:?}"
        );
        before = now;
    }
}

#[tokio::test]
async fn a_healthy_client_that_is_dropped_hangs_up() {
    let ticker = Ticker::start().await;
    let proxy = FaultyProxy::start(ticker.server.address(), |_| Plan::default()).await;
    let client = impatient("http", proxy.address()).build().unwrap();
    let mut subscription = ticks(&client).await;
    ticker.tick().await;
    next(&mut subscription).await;
    drop(client);
    ticker.tick().await;
    next(&mut subscription).await;
    drop(subscription);
    ticker.abandoned().await;
    while proxy.open() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn closed_or_dropped_under_chaos_a_client_leaves_no_task_behind() {
    let ticker = Ticker::start().await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for round in 0..10 {
        let proxy = FaultyProxy::start(ticker.server.address(), |number| {
            short_lived(if number == 0 { 200 } else { 30 })
        })
        .await;
        let client = impatient("http", proxy.address()).build().unwrap();
        let subscriptions = [ticks(&client).await, ticks(&client).await];
        tokio::time::sleep(Duration::from_millis(round * 31)).await;
        if round % 2 == 0 {
            client.close().await;
        }
        drop((client, subscriptions));
    }
    ticker.abandoned().await;
    let began = Instant::now();
    while tasks() > before {
        assert!(began.elapsed() < PATIENCE, "{} tasks are left", tasks() - before);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_client_that_is_closed_under_chaos_can_be_used_again_each_time() {
    let ticker = Ticker::start().await;
    let _ticking = ticker.keep_ticking(Duration::from_millis(2));
    let proxy = FaultyProxy::start(ticker.server.address(), |number| {
        short_lived(if number == 0 { 200 } else { 60 })
    })
    .await;
    let client = impatient("http", proxy.address()).build().unwrap();
    for round in 0..30 {
        let mut subscription = ticks(&client).await;
        next(&mut subscription).await;
        tokio::time::sleep(Duration::from_millis(round * 5)).await;
        client.close().await;
        while futures_util::StreamExt::next(&mut subscription).await.is_some() {}
    }
    ticker.abandoned().await;
}
