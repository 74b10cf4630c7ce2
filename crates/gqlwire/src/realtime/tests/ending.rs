use std::time::Duration;

use futures_util::StreamExt;
use serde_json::json;
use tokio::time::Instant;

use super::double::{Setup, next, subscribe, subscribed};
use crate::ErrorKind;
use crate::realtime::connect::Incoming;

#[tokio::test(start_paused = true)]
async fn the_servers_complete_ends_the_stream_without_an_error() {
    let (_client, _network, peer, id, mut subscription) = subscribed(Setup::default()).await;
    peer.data(&id, 1);
    peer.complete(&id);
    assert_eq!(next(&mut subscription).await.unwrap().unwrap(), 1);
    assert!(next(&mut subscription).await.is_none());
    assert!(next(&mut subscription).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn dropping_a_subscription_stops_it_and_leaves_its_siblings_and_the_connection() {
    let (client, network, mut peer, first, subscription) = subscribed(Setup::default()).await;
    let starting = subscribe(&client);
    let second = peer.start_and_ack().await;
    let mut sibling = starting.await.unwrap().unwrap();
    drop(subscription);
    assert_eq!(peer.expect("stop").await["id"], first.as_str());
    peer.complete(&first);
    peer.data(&second, 2);
    assert_eq!(next(&mut sibling).await.unwrap().unwrap(), 2);
    assert_eq!(network.connects(), 1);
}

#[tokio::test(start_paused = true)]
async fn stop_ends_the_stream_at_once_and_is_sent_only_once() {
    let (_client, _network, mut peer, id, mut subscription) = subscribed(Setup::default()).await;
    subscription.stop();
    assert!(next(&mut subscription).await.is_none());
    assert_eq!(peer.expect("stop").await["id"], id.as_str());
    drop(subscription);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(peer.says_nothing());
}

#[tokio::test(start_paused = true)]
async fn close_stops_every_subscription_waits_for_the_completes_and_says_goodbye() {
    let (client, _network, mut peer, first, mut one) = subscribed(Setup::default()).await;
    let starting = subscribe(&client);
    let second = peer.start_and_ack().await;
    let mut other = starting.await.unwrap().unwrap();
    let closing = tokio::spawn(async move { client.close().await });
    assert_eq!(peer.expect("stop").await["id"], first.as_str());
    assert_eq!(peer.expect("stop").await["id"], second.as_str());
    peer.complete(&first);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!closing.is_finished());
    peer.complete(&second);
    closing.await.unwrap();
    assert!(next(&mut one).await.is_none());
    assert!(next(&mut other).await.is_none());
    assert_eq!(peer.close_code().await, 1000);
}

#[tokio::test(start_paused = true)]
async fn close_does_not_wait_longer_than_it_may() {
    let (client, _network, mut peer, _, mut subscription) = subscribed(Setup::default()).await;
    let before = Instant::now();
    client.close().await;
    assert_eq!(before.elapsed(), Duration::from_secs(10));
    assert!(next(&mut subscription).await.is_none());
    peer.expect("stop").await;
    // Nothing is open any more.
    client.close().await;
}

#[tokio::test(start_paused = true)]
async fn close_does_not_wait_for_a_connection_that_is_being_opened() {
    let (client, mut network) = Setup::default().build();
    let starting = subscribe(&client);
    let silent = network.accept().await;
    let before = Instant::now();
    client.close().await;
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert_eq!(silent.close_code().await, 1000);
    assert_eq!(starting.await.unwrap().unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_socket_ends_each_stream_with_the_cause_and_the_next_start_connects_anew() {
    let (client, mut network, mut peer, first, mut one) = subscribed(Setup::once()).await;
    let starting = subscribe(&client);
    peer.start_and_ack().await;
    let mut other = starting.await.unwrap().unwrap();
    peer.data(&first, 1);
    peer.push(Incoming::Closed {
        code: Some(1001),
        reason: "going away".to_owned(),
    });
    assert_eq!(next(&mut one).await.unwrap().unwrap(), 1);
    for subscription in [&mut one, &mut other] {
        let error = next(subscription).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Disconnected);
        assert_eq!(error.close_code(), Some(1001));
        assert_eq!(error.close_reason(), Some("going away"));
        assert!(
            error.to_string().contains("wss://api.example.com/graphql/realtime"),
            "{error}"
        );
        assert!(next(subscription).await.is_none());
    }
    let used = peer.authorization.get("x-api-key").map(str::to_owned);

    let starting = subscribe(&client);
    let mut fresh = network.accept_and_ack().await;
    assert_ne!(fresh.authorization.get("x-api-key").map(str::to_owned), used);
    fresh.start_and_ack().await;
    starting.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_ends_when_the_server_has_been_silent_too_long() {
    let (_client, _network, peer, _, mut subscription) = subscribed(Setup::once()).await;
    let before = Instant::now();
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_secs(200)).await;
        peer.send(json!({"type": "ka"}));
    }
    let error = next(&mut subscription).await.unwrap().unwrap_err();
    assert!(error.to_string().contains("keep-alive"), "{error}");
    assert_eq!(before.elapsed(), Duration::from_secs(900));
}

#[tokio::test(start_paused = true)]
async fn an_error_after_the_ack_ends_the_stream_with_the_servers_errors() {
    let (_client, _network, peer, id, mut subscription) = subscribed(Setup::default()).await;
    peer.error(
        &id,
        json!({"errorType": "UnauthorizedException", "message": "Token has expired."}),
    );
    let error = next(&mut subscription).await.unwrap().unwrap_err();
    assert!(error.is_auth());
    assert_eq!(error.errors()[0].message, "Token has expired.");
    assert!(next(&mut subscription).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_is_no_message_ends_the_connection_as_a_breach_of_protocol() {
    for (frame, code) in [(Incoming::Text("not json".into()), 1002), (Incoming::Binary(3), 1003)] {
        let (_client, _network, peer, id, mut subscription) = subscribed(Setup::once()).await;
        peer.push(frame);
        // What has arrived with it is not looked at.
        peer.data(&id, 1);
        let error = next(&mut subscription).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
        assert!(next(&mut subscription).await.is_none());
        assert_eq!(peer.close_code().await, code);
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_does_not_fit_ends_nothing() {
    let (_client, _network, peer, id, mut subscription) = subscribed(Setup::default()).await;
    peer.send_raw(&format!(r#"{{"id":"{id}","type":"data","payload":null}}"#));
    peer.send_raw(&format!(r#"{{"id":"{id}","type":"data"}}"#));
    peer.send_raw(&format!(
        r#"{{"payload":{{"data":{{"n":5}}}},"type":"data","id":"{id}","more":[]}}"#
    ));
    assert_eq!(
        next(&mut subscription).await.unwrap().unwrap_err().kind(),
        ErrorKind::Protocol
    );
    assert_eq!(
        next(&mut subscription).await.unwrap().unwrap_err().kind(),
        ErrorKind::Protocol
    );
    assert_eq!(next(&mut subscription).await.unwrap().unwrap(), 5);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_ends_a_subscription_is_told_from_one_that_does_not() {
    let (_client, _network, peer, id, mut subscription) = subscribed(Setup::once()).await;
    peer.send_raw(&format!(r#"{{"id":"{id}","type":"data","payload":null}}"#));
    peer.push(Incoming::Lost("reset by peer".to_owned()));
    assert!(!subscription.is_over());
    next(&mut subscription).await.unwrap().unwrap_err();
    assert!(!subscription.is_over(), "that was one event");
    next(&mut subscription).await.unwrap().unwrap_err();
    assert!(subscription.is_over());
    assert!(next(&mut subscription).await.is_none());

    let (_client, _network, peer, id, subscription) = subscribed(Setup::once()).await;
    let mut data = subscription.data();
    peer.send_raw(&format!(r#"{{"id":"{id}","type":"data","payload":null}}"#));
    peer.complete(&id);
    data.next().await.unwrap().unwrap_err();
    assert!(!data.is_over());
    assert!(data.next().await.is_none());
    assert!(data.is_over());
}

#[tokio::test(start_paused = true)]
async fn a_subscription_outlives_its_client_and_the_connection_ends_with_the_last_of_both() {
    let (client, _network, mut peer, id, mut subscription) = subscribed(Setup::default()).await;
    drop(client);
    peer.data(&id, 1);
    assert_eq!(next(&mut subscription).await.unwrap().unwrap(), 1);
    drop(subscription);
    assert_eq!(peer.expect("stop").await["id"], id.as_str());
    peer.complete(&id);
    assert_eq!(peer.close_code().await, 1000);
    let metrics = tokio::runtime::Handle::current().metrics();
    tokio::task::yield_now().await;
    assert_eq!(metrics.num_alive_tasks(), 0);
}

#[test]
fn a_runtime_that_is_shut_down_ends_the_stream_with_that_cause() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let first = runtime();
    let (client, network, peer, _, mut subscription) = first.block_on(subscribed(Setup::default()));
    drop(first);
    let second = runtime();
    let error = second.block_on(next(&mut subscription)).unwrap().unwrap_err();
    assert!(error.to_string().contains("runtime was shut down"), "{error}");
    assert_eq!(error.kind(), ErrorKind::Disconnected);
    drop(peer);
    // The client goes on with the runtime that it finds.
    second.block_on(async {
        let mut network = network;
        let starting = subscribe(&client);
        let mut peer = network.accept_and_ack().await;
        peer.start_and_ack().await;
        starting.await.unwrap().unwrap();
    });
}
