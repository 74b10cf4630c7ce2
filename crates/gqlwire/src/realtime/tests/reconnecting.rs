use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::double::{Keys, Peer, Setup, event, gap, next, subscribe, subscribed, wall};
use crate::realtime::connect::Incoming;
use crate::{ConnectionState, Error, ErrorKind, ReconnectPolicy, SessionState};

fn unauthorized() -> serde_json::Value {
    json!({"errorType": "UnauthorizedException", "message": "Token is old."})
}

fn cut(peer: &Peer) {
    peer.push(Incoming::Lost("reset by peer".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_socket_is_replaced_with_fresh_credentials_and_the_gap_comes_before_the_next_data() {
    let (_client, mut network, peer, id, mut subscription) = subscribed(Setup::default()).await;
    peer.data(&id, 1);
    assert_eq!(next(&mut subscription).await.unwrap().unwrap(), 1);
    let since = wall();
    tokio::time::sleep(Duration::from_secs(20)).await;
    cut(&peer);
    let mut fresh = network.accept_and_ack().await;
    assert_eq!(fresh.authorization.get("x-api-key"), Some("secret-key-3"));
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (id, start) = fresh.start().await;
    assert_eq!(start["payload"]["data"], r#"{"query":"subscription { n }"}"#);
    let authorization = &start["payload"]["extensions"]["authorization"];
    assert_eq!(authorization["x-api-key"], "secret-key-4");
    fresh.send(json!({"type": "start_ack", "id": id}));
    fresh.data(&id, 2);
    let gap = gap(&mut subscription).await;
    assert_eq!(next(&mut subscription).await.unwrap().unwrap(), 2);
    let off = |a: std::time::SystemTime, b: std::time::SystemTime| {
        a.duration_since(b).unwrap_or_else(|error| error.duration())
    };
    assert!(off(gap.since, since) < Duration::from_millis(10), "{gap:?}");
    assert!(off(gap.until, wall()) < Duration::from_millis(10), "{gap:?}");
    assert!(gap.cause.to_string().contains("reset by peer"), "{}", gap.cause);
    assert_eq!(network.connects(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_data_alone_passes_over_gaps() {
    let (_client, mut network, peer, _, subscription) = subscribed(Setup::default()).await;
    let mut data = subscription.data();
    cut(&peer);
    let mut fresh = network.accept_and_ack().await;
    let id = fresh.start_and_ack().await;
    fresh.data(&id, 2);
    let value: serde_json::Value = futures_util::StreamExt::next(&mut data).await.unwrap().unwrap();
    assert_eq!(value, json!({"n": 2}));
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_is_refused_after_a_reconnect_ends_alone() {
    let (client, mut network, peer, _, mut denied) = subscribed(Setup::default()).await;
    let mut peer = peer;
    let starting = subscribe(&client);
    peer.start_and_ack().await;
    let mut other = starting.await.unwrap().unwrap();
    cut(&peer);
    let mut fresh = network.accept_and_ack().await;
    let (first, _) = fresh.start().await;
    let second = fresh.start_and_ack().await;
    fresh.error(
        &first,
        json!({"errorType": "Unauthorized", "message": "Not Authorized to access n on type Subscription"}),
    );
    let error = event(&mut denied).await.unwrap().unwrap_err();
    assert!(error.to_string().contains("Not Authorized to access n"), "{error}");
    assert!(event(&mut denied).await.is_none());
    let _ = gap(&mut other).await;
    fresh.data(&second, 1);
    assert_eq!(next(&mut other).await.unwrap().unwrap(), 1);
    assert_eq!(network.connects(), 2);
}

#[tokio::test(start_paused = true)]
async fn attempts_that_fail_go_on_until_the_network_is_back() {
    let (_client, mut network, peer, _, mut subscription) = subscribed(Setup::default()).await;
    for _ in 0..8 {
        network.refuse(Error::new(ErrorKind::Connect, "no route to host"));
    }
    let before = Instant::now();
    cut(&peer);
    let mut fresh = network.accept_and_ack().await;
    assert!(before.elapsed() < Duration::from_secs(70), "{:?}", before.elapsed());
    assert_eq!(network.connects(), 10);
    let id = fresh.start_and_ack().await;
    fresh.data(&id, 1);
    let _ = gap(&mut subscription).await;
    assert_eq!(next(&mut subscription).await.unwrap().unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn attempts_that_run_out_end_the_subscription_with_what_happened_last() {
    let setup = Setup {
        reconnect: ReconnectPolicy::default().attempts(3),
        ..Setup::default()
    };
    let (_client, network, peer, _, mut subscription) = subscribed(setup).await;
    for _ in 0..3 {
        network.refuse(Error::new(ErrorKind::Connect, "no route to host"));
    }
    cut(&peer);
    let error = next(&mut subscription).await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "no route to host; given up after 3 more attempts");
    assert!(error.is_connect());
    assert!(next(&mut subscription).await.is_none());
    assert_eq!(network.connects(), 4);
}

#[tokio::test(start_paused = true)]
async fn subscribing_while_offline_waits_for_the_network_where_it_once_was() {
    let (client, mut network, peer, _, _subscription) = subscribed(Setup::default()).await;
    for _ in 0..4 {
        network.refuse(Error::new(ErrorKind::Connect, "no route to host"));
    }
    cut(&peer);
    let starting = subscribe(&client);
    let mut fresh = network.accept_and_ack().await;
    fresh.start_and_ack().await;
    fresh.start_and_ack().await;
    starting.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_told_to_waits_for_its_first_connection_too() {
    let setup = Setup {
        subscribe_deadline: Some(Duration::from_secs(20)),
        ..Setup::default()
    };
    let (client, mut network) = setup.build();
    for _ in 0..3 {
        network.refuse(Error::new(ErrorKind::Connect, "no route to host"));
    }
    let starting = subscribe(&client);
    let mut peer = network.accept_and_ack().await;
    peer.start_and_ack().await;
    starting.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn credentials_that_expired_during_the_outage_are_refreshed_once_for_all() {
    let keys = Keys::with_better_ones();
    let setup = Setup {
        auth: Arc::clone(&keys),
        ..Setup::default()
    };
    let (client, mut network, mut peer, _, mut one) = subscribed(setup).await;
    let mut others = Vec::new();
    for _ in 0..9 {
        let starting = subscribe(&client);
        peer.start_and_ack().await;
        others.push(starting.await.unwrap().unwrap());
    }
    cut(&peer);
    let mut fresh = network.accept().await;
    fresh.expect("connection_init").await;
    fresh.send(json!({"type": "connection_error", "payload": {"errors": [unauthorized()]}}));
    let mut fresh = network.accept_and_ack().await;
    for _ in 0..10 {
        let id = fresh.start_and_ack().await;
        fresh.data(&id, 7);
    }
    for subscription in others.iter_mut().chain([&mut one]) {
        let _ = gap(subscription).await;
        assert_eq!(next(subscription).await.unwrap().unwrap(), 7);
    }
    assert_eq!((keys.refusals(), network.connects()), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_never_counts_gets_one_refresh_and_one_further_attempt() {
    let keys = Keys::uncounted();
    let setup = Setup {
        auth: Arc::clone(&keys),
        ..Setup::default()
    };
    let (client, mut network) = setup.build();
    let starting = subscribe(&client);
    for _ in 0..2 {
        let mut peer = network.accept().await;
        peer.expect("connection_init").await;
        peer.send(json!({"type": "connection_error", "payload": {"errors": [unauthorized()]}}));
    }
    assert!(starting.await.unwrap().unwrap_err().is_auth());
    assert_eq!((network.connects(), keys.asked(), keys.refusals()), (2, 2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_second_connection_is_opened_for_what_the_first_has_no_room_for() {
    let setup = Setup {
        subscriptions_per_connection: 2,
        ..Setup::default()
    };
    let (client, mut network, mut peer, first, mut one) = subscribed(setup).await;
    let starting = subscribe(&client);
    peer.start_and_ack().await;
    let _two = starting.await.unwrap().unwrap();
    let starting = subscribe(&client);
    let mut second = network.accept_and_ack().await;
    let third = second.start_and_ack().await;
    let mut three = starting.await.unwrap().unwrap();
    for n in 0..200 {
        peer.data(&first, n);
        second.data(&third, n);
    }
    for n in 0..200 {
        assert_eq!(next(&mut one).await.unwrap().unwrap(), n);
        assert_eq!(next(&mut three).await.unwrap().unwrap(), n);
    }
    // The loss of one is nothing to the other.
    cut(&second);
    peer.data(&first, 1);
    assert_eq!(next(&mut one).await.unwrap().unwrap(), 1);
    let mut third = network.accept_and_ack().await;
    third.start_and_ack().await;
    let _ = gap(&mut three).await;
    assert_eq!(network.connects(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_state_and_the_counters_tell_what_happens() {
    let (client, mut network) = Setup::default().build();
    let mut state = client.state().unwrap();
    let worst =
        |state: &mut tokio::sync::watch::Receiver<SessionState>| format!("{:?}", state.borrow_and_update().worst());
    assert_eq!(worst(&mut state), "Idle");
    let starting = subscribe(&client);
    let mut peer = network.accept().await;
    assert_eq!(worst(&mut state), "Connecting");
    peer.ack().await;
    let id = peer.start_and_ack().await;
    let mut subscription = starting.await.unwrap().unwrap();
    assert_eq!(worst(&mut state), "Connected");
    peer.data(&id, 1);
    next(&mut subscription).await.unwrap().unwrap();
    network.refuse(Error::new(ErrorKind::Connect, "no route to host"));
    cut(&peer);
    state.changed().await.unwrap();
    let ConnectionState::Reconnecting { attempt: 1, cause, .. } = state.borrow_and_update().worst() else {
        panic!("{:?}", state.borrow());
    };
    assert!(cause.to_string().contains("reset by peer"), "{cause}");
    let mut fresh = network.accept_and_ack().await;
    fresh.start_and_ack().await;
    let _ = gap(&mut subscription).await;
    assert_eq!(worst(&mut state), "Connected");
    let counters = client.counters().await.unwrap();
    assert_eq!((counters.events, counters.reconnects, counters.gaps), (1, 1, 1));
    assert_eq!((counters.subscriptions, counters.connections), (1, 1));
    client.close().await;
    assert_eq!(worst(&mut state), "Closed");
    assert_eq!(client.counters().await.unwrap().subscriptions, 0);
}

#[tokio::test(start_paused = true)]
async fn closing_while_reconnecting_is_immediate_and_ends_the_stream() {
    let (client, network, peer, _, mut subscription) = subscribed(Setup::default()).await;
    for _ in 0..1000 {
        network.refuse(Error::new(ErrorKind::Connect, "no route to host"));
    }
    cut(&peer);
    tokio::time::sleep(Duration::from_secs(60)).await;
    let before = Instant::now();
    client.close().await;
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert!(next(&mut subscription).await.is_none());
    let connects = network.connects();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(network.connects(), connects);
}

#[tokio::test(start_paused = true)]
async fn dropping_everything_while_reconnecting_leaves_no_task() {
    let (client, network, peer, _, subscription) = subscribed(Setup::default()).await;
    for _ in 0..1000 {
        network.refuse(Error::new(ErrorKind::Connect, "no route to host"));
    }
    cut(&peer);
    tokio::time::sleep(Duration::from_secs(60)).await;
    drop((client, subscription));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let metrics = tokio::runtime::Handle::current().metrics();
    assert_eq!(metrics.num_alive_tasks(), 0);
    let connects = network.connects();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(network.connects(), connects);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_nobody_uses_is_closed_and_opened_again_when_needed() {
    let (client, mut network, mut peer, id, subscription) = subscribed(Setup::default()).await;
    drop(subscription);
    peer.expect("stop").await;
    peer.complete(&id);
    assert_eq!(peer.close_code().await, 1000);
    let starting = subscribe(&client);
    let mut fresh = network.accept_and_ack().await;
    fresh.start_and_ack().await;
    starting.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_replaced_by_one_that_speaks() {
    let (_client, mut network, peer, _, mut subscription) = subscribed(Setup::default()).await;
    let before = Instant::now();
    let mut second = network.accept_and_ack().await;
    assert_eq!(before.elapsed().as_secs(), 90);
    let id = second.start_and_ack().await;
    let gap = gap(&mut subscription).await;
    assert!(gap.cause.to_string().contains("nothing came"), "{}", gap.cause);
    second.data(&id, 1);
    assert_eq!(next(&mut subscription).await.unwrap().unwrap(), 1);
    drop(peer);
}
