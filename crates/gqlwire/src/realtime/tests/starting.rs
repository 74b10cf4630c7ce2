use std::future::IntoFuture;
use std::time::Duration;

use futures_util::FutureExt;
use serde_json::json;
use tokio::time::Instant;

use super::double::{DOCUMENT, Setup, next, subscribe, subscribed};
use crate::realtime::connect::Incoming;
use crate::{Error, ErrorKind};

#[tokio::test(start_paused = true)]
async fn a_subscription_is_ready_when_it_is_acknowledged_and_not_before() {
    let (client, mut network) = Setup::default().build();
    let starting = subscribe(&client);
    let mut peer = network.accept_and_ack().await;
    let (id, start) = peer.start().await;
    assert_eq!(start["payload"]["data"], r#"{"query":"subscription { n }"}"#);
    assert_eq!(
        start["payload"]["extensions"]["authorization"],
        json!({"host": "api.example.com", "x-api-key": "secret-key-2"})
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!starting.is_finished());
    peer.send(json!({"type": "start_ack", "id": id, "payload": {}}));
    let mut subscription = starting.await.unwrap().unwrap();
    peer.data(&id, 7);
    assert_eq!(next(&mut subscription).await.unwrap().unwrap(), 7);
}

#[tokio::test(start_paused = true)]
async fn data_before_the_ack_is_an_ack_and_is_kept() {
    let (client, mut network) = Setup::default().build();
    let starting = subscribe(&client);
    let mut peer = network.accept_and_ack().await;
    let (id, _) = peer.start().await;
    peer.data(&id, 1);
    let mut subscription = starting.await.unwrap().unwrap();
    peer.send(json!({"type": "start_ack", "id": id}));
    peer.data(&id, 2);
    assert_eq!(next(&mut subscription).await.unwrap().unwrap(), 1);
    assert_eq!(next(&mut subscription).await.unwrap().unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn subscriptions_that_start_together_share_one_connection() {
    let (client, mut network) = Setup::default().build();
    let starting: Vec<_> = (0..20).map(|_| subscribe(&client)).collect();
    let mut peer = network.accept_and_ack().await;
    for _ in 0..20 {
        peer.start_and_ack().await;
    }
    for starting in starting {
        starting.await.unwrap().unwrap();
    }
    assert_eq!(network.connects(), 1);
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_for_a_connection_that_fails_share_its_failure() {
    let (client, network) = Setup::default().build();
    let starting: Vec<_> = (0..20).map(|_| subscribe(&client)).collect();
    for _ in 0..20 {
        network.refuse(Error::new(ErrorKind::Connect, "nobody there"));
    }
    for starting in starting {
        assert_eq!(starting.await.unwrap().unwrap_err().to_string(), "nobody there");
    }
    assert_eq!(network.connects(), 1);
    // Whoever comes later tries anew.
    assert!(subscribe(&client).await.unwrap().unwrap_err().is_connect());
    assert_eq!(network.connects(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_refused_ends_itself_alone() {
    let (client, _network, mut peer, first, mut subscription) = subscribed(Setup::default()).await;
    let starting = subscribe(&client);
    let (second, _) = peer.start().await;
    peer.error(
        &second,
        json!({"errorType": "DuplicatedOperationError", "message": "Duplicated operation"}),
    );
    let error = starting.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::GraphQL);
    assert!(error.to_string().contains("Duplicated operation"), "{error}");
    assert_eq!(error.errors()[0].error_type(), Some("DuplicatedOperationError"));
    peer.data(&first, 1);
    assert_eq!(next(&mut subscription).await.unwrap().unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_is_worth_another_attempt_later() {
    let (client, mut network) = Setup::default().build();
    let starting = subscribe(&client);
    let mut peer = network.accept_and_ack().await;
    let _ = peer.start().await;
    peer.send(json!({"type": "error", "payload": {"errors": {"errorType": "LimitExceededError", "message": "Rate limit exceeded"}}}));
    let error = starting.await.unwrap().unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_never_acknowledged_times_out_and_is_stopped() {
    let (client, mut network) = Setup::once().build();
    let starting = subscribe(&client);
    let mut peer = network.accept_and_ack().await;
    let (id, _) = peer.start().await;
    let error = starting.await.unwrap().unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert!(error.to_string().contains("15s"), "{error}");
    assert_eq!(peer.expect("stop").await["id"], id.as_str());
}

#[tokio::test(start_paused = true)]
async fn the_call_can_set_its_own_time_to_start() {
    let (client, mut network) = Setup::default().build();
    let before = Instant::now();
    let starting = tokio::spawn(client.subscribe(DOCUMENT).timeout(Duration::from_secs(3)).into_future());
    let mut peer = network.accept_and_ack().await;
    let (id, _) = peer.start().await;
    let error = starting.await.unwrap().unwrap_err();
    assert!(error.is_timeout());
    let expected = "waiting for start_ack from wss://api.example.com/graphql/realtime took longer than 3s";
    assert_eq!(error.to_string(), expected);
    assert_eq!(before.elapsed(), Duration::from_secs(3));
    assert_eq!(peer.expect("stop").await["id"], id.as_str());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_too_long_says_what_it_waits_for() {
    let (client, mut network) = Setup::default().build();
    let first = tokio::spawn(client.subscribe(DOCUMENT).timeout(Duration::from_secs(3)).into_future());
    let mut peer = network.accept().await;
    let second = tokio::spawn(client.subscribe(DOCUMENT).timeout(Duration::from_secs(2)).into_future());
    for (call, waits_for) in [
        (
            second,
            "waiting for the connection to wss://api.example.com/graphql/realtime that another subscription opens",
        ),
        (
            first,
            "waiting for connection_ack from wss://api.example.com/graphql/realtime",
        ),
    ] {
        let error = call.await.unwrap().unwrap_err();
        assert!(error.is_timeout() && error.is_retryable(), "{error:?}");
        assert!(
            error.to_string().starts_with(&format!("{waits_for} took longer than")),
            "{error}"
        );
    }

    let auth = crate::appsync::Lambda::from_fn(std::future::pending::<Result<String, Error>>);
    let starting = client.subscribe(DOCUMENT).auth(auth).timeout(Duration::from_secs(3));
    let starting = tokio::spawn(starting.into_future());
    // The connection is still on its way, and serves whoever comes next.
    peer.ack().await;
    let error = starting.await.unwrap().unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("getting credentials for a subscription on wss://"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_never_acknowledged_times_out_and_is_closed() {
    let (client, mut network) = Setup::default().build();
    let starting = subscribe(&client);
    let peer = network.accept().await;
    let error = starting.await.unwrap().unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert!(error.to_string().contains("no connection_ack within 15s"), "{error}");
    assert_eq!(peer.close_code().await, 1000);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_call_before_the_ack_stops_the_subscription() {
    let (client, mut network) = Setup::default().build();
    let starting = subscribe(&client);
    let mut peer = network.accept_and_ack().await;
    let (id, _) = peer.start().await;
    starting.abort();
    assert_eq!(peer.expect("stop").await["id"], id.as_str());
}

#[tokio::test(start_paused = true)]
async fn dropping_the_call_while_it_connects_leaves_the_connection_to_the_others() {
    let (client, mut network) = Setup::default().build();
    let first = subscribe(&client);
    let mut peer = network.accept().await;
    let second = subscribe(&client);
    first.abort();
    peer.ack().await;
    peer.start_and_ack().await;
    second.await.unwrap().unwrap();
    assert!(peer.says_nothing());
    assert_eq!(network.connects(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_start_that_meets_a_dying_connection_is_sent_on_a_new_one() {
    let (client, mut network, peer, _, _subscription) = subscribed(Setup::default()).await;
    // Both lie in front of the task at once, the end of the connection first.
    peer.push(Incoming::Closed {
        code: Some(1001),
        reason: String::new(),
    });
    let starting = subscribe(&client);
    let mut fresh = network.accept_and_ack().await;
    // The one that was there is started again, too.
    fresh.start_and_ack().await;
    fresh.start_and_ack().await;
    starting.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_start_after_close_opens_a_new_connection_while_the_old_one_is_still_saying_goodbye() {
    let (client, mut network, mut peer, _, _subscription) = subscribed(Setup::default()).await;
    let closing = tokio::spawn({
        let client = client.clone();
        async move { client.close().await }
    });
    peer.expect("stop").await;
    let starting = subscribe(&client);
    let mut fresh = network.accept_and_ack().await;
    fresh.start_and_ack().await;
    starting.await.unwrap().unwrap();
    assert!(!closing.is_finished());
}

#[tokio::test(start_paused = true)]
async fn headers_of_client_and_call_go_into_the_start_and_the_calls_win() {
    let mut setup = Setup::default();
    setup.headers.insert("x-tenant", "client".parse().unwrap());
    setup.headers.insert("x-everywhere", "yes".parse().unwrap());
    let (client, mut network) = setup.build();
    let _starting = tokio::spawn(client.subscribe(DOCUMENT).header("X-Tenant", "call").into_future());
    let mut peer = network.accept_and_ack().await;
    let (_, start) = peer.start().await;
    let object = &start["payload"]["extensions"]["authorization"];
    assert_eq!(object["x-tenant"], "call");
    assert_eq!(object["x-everywhere"], "yes");
    assert_eq!(peer.authorization.get("x-tenant"), None);
}

#[test]
fn outside_a_runtime_there_is_an_error_and_no_panic() {
    let (client, _network) = Setup::default().build();
    let starting = client.subscribe(DOCUMENT).timeout(Duration::from_secs(1)).into_future();
    let error = starting.now_or_never().unwrap().unwrap_err();
    assert!(error.to_string().contains("tokio runtime"), "{error}");
    client.close().now_or_never().unwrap();
}
