use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use gqlwire::{Client, Error, ErrorKind, Event, ReconnectPolicy, Subscription, appsync};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::support::{Peer, SUBSCRIPTION, Server, appsync_client, presentable, realtime};

async fn started(server: &Server) -> Subscription<Value> {
    let client = appsync_client(server)
        .reconnect(ReconnectPolicy::never())
        .build()
        .unwrap();
    client.subscribe(SUBSCRIPTION).await.unwrap()
}

async fn not_started(server: &Server) -> Error {
    let client = appsync_client(server)
        .reconnect(ReconnectPolicy::never())
        .ack_timeout(Duration::from_millis(200))
        .start_ack_timeout(Duration::from_millis(200))
        .build()
        .unwrap();
    let error = client.subscribe(SUBSCRIPTION).await.unwrap_err();
    assert!(presentable(&error).contains(server.address()), "{error}");
    error
}

async fn ending(subscription: &mut Subscription<Value>) -> Error {
    let error = subscription.next().await.unwrap().unwrap_err();
    presentable(&error);
    assert!(subscription.next().await.is_none());
    error
}

async fn data(subscription: &mut Subscription<Value>) -> Value {
    match subscription.next().await.unwrap().unwrap() {
        Event::Next(response) => response.into_data().unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_ack_that_is_missing_times_out() {
    let server = realtime(|mut peer: Peer| async move { peer.drain().await }).await;
    let error = not_started(&server).await;
    assert!(error.is_timeout());
    assert!(error.to_string().contains("connection_ack"), "{error}");
}

#[tokio::test]
async fn an_ack_that_comes_late_but_in_time_is_an_ack() {
    let server = realtime(|mut peer: Peer| async move {
        peer.send(json!({"type": "ka"})).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        peer.ack().await;
        let start = peer.start_and_ack().await;
        peer.data(&start, json!({"n": 1})).await;
        peer.drain().await;
    })
    .await;
    assert_eq!(data(&mut started(&server).await).await, json!({"n": 1}));
}

#[tokio::test]
async fn a_start_ack_that_is_missing_times_out_with_what_the_server_said_meanwhile() {
    let server = realtime(|mut peer: Peer| async move {
        peer.ack().await;
        peer.drain().await;
    })
    .await;
    let error = not_started(&server).await;
    assert!(error.is_timeout());
    assert!(
        error.to_string().contains("did not acknowledge the subscription"),
        "{error}"
    );
}

#[tokio::test]
async fn a_connection_error_is_told_in_whatever_shape_it_comes() {
    for (errors, kind, words) in [
        (
            json!([{"errorType": "com.amazonaws.deepdish.graphql.auth#UnauthorizedException", "message": "You are not authorized to make this call.", "errorCode": 400}]),
            ErrorKind::Auth,
            "You are not authorized",
        ),
        (
            json!([{"errorType": "UnauthorizedException", "errorCode": 401}]),
            ErrorKind::Auth,
            "UnauthorizedException",
        ),
        (
            json!({"message": "Required headers are missing.", "errorCode": 400}),
            ErrorKind::Auth,
            "Required headers are missing.",
        ),
        (
            json!([{"message": "NoProtocolError", "errorCode": 400}]),
            ErrorKind::Auth,
            "NoProtocolError",
        ),
        (json!("on fire"), ErrorKind::Connect, "on fire"),
    ] {
        let server = realtime(move |mut peer: Peer| {
            let errors = errors.clone();
            async move {
                peer.expect("connection_init").await;
                peer.send(json!({"type": "connection_error", "payload": {"errors": errors}}))
                    .await;
                peer.drain().await;
            }
        })
        .await;
        let error = not_started(&server).await;
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(error.errors().len(), 1);
    }
}

#[tokio::test]
async fn an_error_without_an_id_answers_the_only_pending_start() {
    for id in [json!(null), json!("")] {
        let server = realtime(move |mut peer: Peer| {
            let id = id.clone();
            async move {
                peer.ack().await;
                peer.expect("start").await;
                peer.send(json!({"type": "error", "id": id, "payload": {"errors": {"errorType": "UnsupportedOperation", "message": "unknown not supported through the realtime channel"}}})).await;
                peer.drain().await;
            }
        })
        .await;
        let error = not_started(&server).await;
        assert_eq!(error.kind(), ErrorKind::GraphQL);
        assert!(
            error.to_string().contains("not supported through the realtime channel"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn an_error_without_an_id_ends_nothing_that_is_acknowledged() {
    let server = realtime(|mut peer: Peer| async move {
        peer.ack().await;
        let start = peer.start_and_ack().await;
        peer.send(json!({"type": "error", "payload": {"errors": [{"errorType": "LimitExceededError"}]}}))
            .await;
        peer.send(json!({"type": "surprise", "id": start["id"]})).await;
        peer.send(json!({"type": "data", "id": "999", "payload": {"data": {}}}))
            .await;
        peer.data(&start, json!({"n": 1})).await;
        peer.drain().await;
    })
    .await;
    assert_eq!(data(&mut started(&server).await).await, json!({"n": 1}));
}

#[tokio::test]
async fn what_is_no_message_is_a_breach_of_protocol_that_is_quoted() {
    for (message, words) in [
        (Message::text("<html>"), "<html>"),
        (Message::text("[]"), "[]"),
        (Message::text("{\"id\":\"1\"}"), "type"),
        (Message::text(""), "realtime"),
        (Message::binary(vec![0; 7]), "7 bytes"),
    ] {
        let server = realtime(move |mut peer: Peer| {
            let message = message.clone();
            async move {
                peer.ack().await;
                peer.start_and_ack().await;
                peer.push(message).await;
                peer.drain().await;
            }
        })
        .await;
        let error = ending(&mut started(&server).await).await;
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_close_at_any_step_tells_code_and_reason() {
    for step in 0..4 {
        let server = realtime(move |mut peer: Peer| async move {
            if step >= 1 {
                peer.ack().await;
            }
            if step == 2 {
                peer.expect("start").await;
            }
            if step >= 3 {
                let start = peer.start_and_ack().await;
                peer.data(&start, json!({"n": 1})).await;
            }
            peer.close(4400 + step, "no longer served").await;
        })
        .await;
        let error = match step {
            0..=2 => not_started(&server).await,
            _ => {
                let mut subscription = started(&server).await;
                assert_eq!(data(&mut subscription).await, json!({"n": 1}));
                ending(&mut subscription).await
            }
        };
        assert_eq!(error.kind(), ErrorKind::Disconnected, "{step}: {error}");
        assert_eq!(error.close_code(), Some(4400 + step), "{error}");
        assert_eq!(error.close_reason(), Some("no longer served"));
        assert!(error.to_string().contains("no longer served"), "{error}");
    }
}

#[tokio::test]
async fn a_socket_that_is_cut_without_a_close_frame_is_lost() {
    let server = realtime(|mut peer: Peer| async move {
        peer.ack().await;
        peer.start_and_ack().await;
        drop(peer);
    })
    .await;
    let error = ending(&mut started(&server).await).await;
    assert_eq!(error.kind(), ErrorKind::Disconnected);
    assert_eq!(error.close_code(), None);
    assert!(error.to_string().contains("without a close frame"), "{error}");
}

#[tokio::test]
async fn a_message_beyond_the_limit_ends_the_connection_and_names_the_option() {
    let server = realtime(|mut peer: Peer| async move {
        peer.ack().await;
        let start = peer.start_and_ack().await;
        peer.data(&start, json!({"n": "x".repeat(100_000)})).await;
        peer.drain().await;
    })
    .await;
    let client = appsync_client(&server)
        .reconnect(ReconnectPolicy::never())
        .max_message_size(10_000)
        .build()
        .unwrap();
    let mut subscription = client.subscribe(SUBSCRIPTION).await.unwrap();
    let error = ending(&mut subscription).await;
    assert!(error.to_string().contains("max_message_size"), "{error}");
}

#[tokio::test]
async fn pings_are_answered_and_fragments_put_together() {
    let server = realtime(|mut peer: Peer| async move {
        peer.ack().await;
        let start = peer.start_and_ack().await;
        peer.push(Message::Ping(b"are you there"[..].into())).await;
        let pong = peer.socket.next().await.unwrap().unwrap();
        assert_eq!(pong, Message::Pong(b"are you there"[..].into()));
        let text = json!({"type": "data", "id": start["id"], "payload": {"data": {"n": "für"}}}).to_string();
        let bytes = text.as_bytes();
        // In the middle of a character.
        let cut = text.find('ü').unwrap() + 1;
        let frame = |bytes: &[u8], kind, last| Frame::message(bytes.to_vec(), OpCode::Data(kind), last);
        peer.push(Message::Frame(frame(&bytes[..5], Data::Text, false))).await;
        peer.push(Message::Frame(frame(&bytes[5..cut], Data::Continue, false)))
            .await;
        peer.push(Message::Ping(b""[..].into())).await;
        peer.push(Message::Frame(frame(&bytes[cut..], Data::Continue, true)))
            .await;
        peer.drain().await;
    })
    .await;
    assert_eq!(data(&mut started(&server).await).await, json!({"n": "für"}));
}

#[tokio::test]
async fn a_cut_socket_is_replaced_and_the_gap_comes_before_the_next_event() {
    let connections = AtomicU32::new(0);
    let server = realtime(move |mut peer: Peer| {
        let number = connections.fetch_add(1, Ordering::SeqCst) + 1;
        async move {
            peer.ack().await;
            let start = peer.start_and_ack().await;
            peer.data(&start, json!({"n": number})).await;
            if number < 3 {
                return drop(peer);
            }
            peer.drain().await;
        }
    })
    .await;
    let client = appsync_client(&server).build().unwrap();
    let mut subscription = client.subscribe(SUBSCRIPTION).await.unwrap();
    for number in 1..=3 {
        assert_eq!(data(&mut subscription).await, json!({"n": number}));
        if number < 3 {
            let Event::Gap(gap) = subscription.next().await.unwrap().unwrap() else {
                panic!("no gap");
            };
            assert!(gap.since <= gap.until);
            assert!(
                presentable(&gap.cause).contains("without a close frame"),
                "{}",
                gap.cause
            );
        }
    }
}

#[tokio::test]
async fn a_host_that_is_not_there_is_told_at_once_and_tried_only_when_that_is_wanted() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let url = format!("http://{address}/graphql");
    let builder = || Client::builder(&url).appsync().auth(appsync::ApiKey::new("da2-key"));
    let client = builder().build().unwrap();
    let error = client.subscribe(SUBSCRIPTION).await.unwrap_err();
    assert!(!error.is_timeout(), "{error}");
    let client = builder()
        .subscribe_deadline(Duration::from_millis(700))
        .build()
        .unwrap();
    let error = client.subscribe(SUBSCRIPTION).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert!(error.to_string().contains("longer than 700ms"), "{error}");
}

#[tokio::test]
async fn dropping_everything_says_stop_and_goodbye() {
    let (done, finished) = tokio::sync::oneshot::channel();
    let done = std::sync::Mutex::new(Some(done));
    let server = realtime(move |mut peer: Peer| {
        let done = done.lock().unwrap().take().unwrap();
        async move {
            peer.ack().await;
            let start = peer.start_and_ack().await;
            let stop = peer.expect("stop").await;
            assert_eq!(stop["id"], start["id"]);
            peer.send(json!({"type": "complete", "id": stop["id"]})).await;
            let goodbye = peer.socket.next().await.unwrap().unwrap();
            let _ = done.send(goodbye);
        }
    })
    .await;
    drop(started(&server).await);
    let Message::Close(Some(frame)) = finished.await.unwrap() else {
        panic!("no close frame");
    };
    assert_eq!(u16::from(frame.code), 1000);
}
