use std::time::Duration;

use futures_util::SinkExt;
use gqlwire::{Client, Error, ErrorKind, ReconnectPolicy, RetryPolicy};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::{TICKS, data, ending, event, next, request};
use crate::support::{Peer, Server, presentable, realtime_speaking};

const TRANSPORT_WS: &str = "graphql-transport-ws";

fn client(server: &Server) -> Client {
    Client::builder(&format!("ws://{}/graphql", server.address()))
        .reconnect(ReconnectPolicy::never())
        .retry(RetryPolicy::never())
        .ack_timeout(Duration::from_millis(200))
        .build()
        .unwrap()
}

async fn acknowledge(peer: &mut Peer, start: &str) -> Value {
    peer.expect("connection_init").await;
    peer.send(json!({"type": "connection_ack"})).await;
    peer.expect(start).await
}

/// How a subscription ends that is answered with this.
async fn answered(subprotocol: &'static str, answer: Message) -> Error {
    let server = realtime_speaking(subprotocol, move |mut peer: Peer| {
        let answer = answer.clone();
        async move {
            let start = if subprotocol == TRANSPORT_WS {
                "subscribe"
            } else {
                "start"
            };
            acknowledge(&mut peer, start).await;
            peer.push(answer).await;
            peer.drain().await;
        }
    })
    .await;
    let mut stream = client(&server).subscribe(request(TICKS)).await.unwrap();
    let error = ending(&mut stream).await;
    assert!(presentable(&error).contains(server.address()), "{error}");
    error
}

#[tokio::test]
async fn what_is_no_message_ends_the_connection_with_what_it_was() {
    for subprotocol in [TRANSPORT_WS, "graphql-ws"] {
        for text in [
            "",
            "nonsense",
            "[]",
            "{}",
            "null",
            r#"{"type":7}"#,
            "{\"type\":\"next\"",
        ] {
            let error = answered(subprotocol, Message::text(text)).await;
            assert_eq!(error.kind(), ErrorKind::Protocol, "{subprotocol} {text:?}: {error:?}");
        }
        let error = answered(subprotocol, Message::binary(vec![1, 2, 3])).await;
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(error.to_string().contains("binary"), "{error}");
    }
}

#[tokio::test]
async fn a_message_without_an_id_breaks_the_protocol() {
    for kind in ["next", "error", "complete"] {
        let error = answered(TRANSPORT_WS, Message::text(format!(r#"{{"type":"{kind}"}}"#))).await;
        assert_eq!(error.kind(), ErrorKind::Protocol, "{kind}: {error:?}");
    }
}

#[tokio::test]
async fn messages_for_nobody_are_ignored() {
    let server = realtime_speaking(TRANSPORT_WS, |mut peer: Peer| async move {
        let start = acknowledge(&mut peer, "subscribe").await;
        for id in [json!("999999"), json!("x"), json!("-1")] {
            for kind in ["next", "complete"] {
                peer.send(json!({"type": kind, "id": id, "payload": {"data": {"n": 0}}}))
                    .await;
            }
        }
        peer.send(json!({"type": "pong"})).await;
        let payload = json!({"data": {"n": 1}});
        peer.send(json!({"type": "next", "id": start["id"], "payload": payload}))
            .await;
        peer.drain().await;
    })
    .await;
    let mut stream = client(&server).subscribe(request(TICKS)).await.unwrap();
    assert_eq!(next(&mut stream).await, json!({"n": 1}));
}

#[tokio::test]
async fn an_acknowledgement_that_never_comes_times_out() {
    for subprotocol in [TRANSPORT_WS, "graphql-ws"] {
        let server = realtime_speaking(subprotocol, move |mut peer: Peer| async move {
            peer.expect("connection_init").await;
            peer.send(json!({"type": if subprotocol == TRANSPORT_WS { "pong" } else { "ka" }}))
                .await;
            peer.drain().await;
        })
        .await;
        let error = client(&server).subscribe(request(TICKS)).await.unwrap_err();
        assert!(error.is_timeout(), "{error:?}");
        assert!(presentable(&error).contains("connection_ack"), "{error}");
        let error = data(&client(&server), "mutation { bump }").await.unwrap_err();
        assert!(!error.may_have_been_executed(), "{error:?}");
    }
}

#[tokio::test]
async fn a_ping_is_answered_with_what_it_carried_also_before_the_acknowledgement() {
    let server = realtime_speaking(TRANSPORT_WS, |mut peer: Peer| async move {
        peer.expect("connection_init").await;
        peer.send(json!({"type": "ping", "payload": {"n": [1, "x"]}})).await;
        assert_eq!(
            peer.expect("pong").await,
            json!({"type": "pong", "payload": {"n": [1, "x"]}})
        );
        peer.send(json!({"type": "connection_ack"})).await;
        let start = peer.expect("subscribe").await;
        peer.send(json!({"type": "ping"})).await;
        assert_eq!(peer.expect("pong").await, json!({"type": "pong"}));
        let payload = json!({"data": {"n": 1}});
        peer.send(json!({"type": "next", "id": start["id"], "payload": payload}))
            .await;
        peer.drain().await;
    })
    .await;
    let mut stream = client(&server).subscribe(request(TICKS)).await.unwrap();
    assert_eq!(next(&mut stream).await, json!({"n": 1}));
}

#[tokio::test]
async fn an_event_before_the_acknowledgement_breaks_the_protocol() {
    let server = realtime_speaking(TRANSPORT_WS, |mut peer: Peer| async move {
        peer.expect("connection_init").await;
        peer.send(json!({"type": "next", "id": "1", "payload": {"data": {}}}))
            .await;
        peer.drain().await;
    })
    .await;
    let error = client(&server).subscribe(request(TICKS)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error:?}");
}

#[tokio::test]
async fn errors_of_one_operation_end_it_and_no_other() {
    for (subprotocol, start, payload) in [
        (
            TRANSPORT_WS,
            "subscribe",
            json!([{"message": "not for you", "extensions": {"code": "FORBIDDEN"}}]),
        ),
        (
            "graphql-ws",
            "start",
            json!({"message": "not for you", "extensions": {"code": "FORBIDDEN"}}),
        ),
    ] {
        let server = realtime_speaking(subprotocol, move |mut peer: Peer| {
            let payload = payload.clone();
            async move {
                let one = acknowledge(&mut peer, start).await;
                let other = peer.expect(start).await;
                peer.send(json!({"type": "error", "id": one["id"], "payload": payload}))
                    .await;
                // What comes after the end of one is not for it.
                let kind = if start == "start" { "data" } else { "next" };
                for start in [&one, &other] {
                    let payload = json!({"data": {"n": 1}});
                    peer.send(json!({"type": kind, "id": start["id"], "payload": payload}))
                        .await;
                }
                peer.drain().await;
            }
        })
        .await;
        let client = client(&server);
        let mut one = client.subscribe(request(TICKS)).await.unwrap();
        let mut other = client.subscribe(request(TICKS)).await.unwrap();
        let error = ending(&mut one).await;
        assert_eq!(error.kind(), ErrorKind::GraphQL, "{error:?}");
        assert_eq!(error.errors()[0].message, "not for you");
        assert_eq!(error.errors()[0].error_type(), Some("FORBIDDEN"));
        assert_eq!(next(&mut other).await, json!({"n": 1}));
    }
}

#[tokio::test]
async fn the_error_message_of_a_query_is_a_response_with_errors() {
    for (subprotocol, start, payload) in [
        (TRANSPORT_WS, "subscribe", json!([{"message": "not for you"}])),
        ("graphql-ws", "start", json!({"message": "not for you"})),
    ] {
        let server = realtime_speaking(subprotocol, move |mut peer: Peer| {
            let payload = payload.clone();
            async move {
                let start = acknowledge(&mut peer, start).await;
                peer.send(json!({"type": "error", "id": start["id"], "payload": payload}))
                    .await;
                peer.drain().await;
            }
        })
        .await;
        let answer = client(&server).execute(request("{ hello }")).await.unwrap();
        assert_eq!(answer.data, None);
        assert_eq!(answer.errors[0].message, "not for you");
    }
}

#[tokio::test]
async fn a_message_that_is_too_long_ends_the_connection_and_says_which_limit_it_was() {
    let server = realtime_speaking(TRANSPORT_WS, |mut peer: Peer| async move {
        acknowledge(&mut peer, "subscribe").await;
        peer.push(Message::text("x".repeat(100_000))).await;
        peer.drain().await;
    })
    .await;
    let client = Client::builder(&format!("ws://{}/graphql", server.address()))
        .reconnect(ReconnectPolicy::never())
        .max_message_size(10_000)
        .build()
        .unwrap();
    let mut stream = client.subscribe(request(TICKS)).await.unwrap();
    let error = ending(&mut stream).await;
    assert!(presentable(&error).contains("max_message_size"), "{error}");
}

#[tokio::test]
async fn a_payload_that_is_no_response_is_an_error_of_that_event_and_the_stream_goes_on() {
    let server = realtime_speaking(TRANSPORT_WS, |mut peer: Peer| async move {
        let start = acknowledge(&mut peer, "subscribe").await;
        for payload in [json!(null), json!("x"), json!([1]), json!({"data": {"n": 1}})] {
            peer.send(json!({"type": "next", "id": start["id"], "payload": payload}))
                .await;
        }
        peer.drain().await;
    })
    .await;
    let mut stream = client(&server).subscribe(request(TICKS)).await.unwrap();
    let mut errors = 0;
    loop {
        match event(&mut stream).await {
            Ok(gqlwire::Event::Next(response)) if response.data.is_some() => break,
            Ok(_) => panic!("a response out of nothing"),
            Err(error) => {
                presentable(&error);
                errors += 1;
            }
        }
    }
    assert_eq!(errors, 3);
}

#[tokio::test]
async fn a_server_that_floods_with_pings_and_pongs_keeps_nobody_from_being_served() {
    let server = realtime_speaking(TRANSPORT_WS, |mut peer: Peer| async move {
        let start = acknowledge(&mut peer, "subscribe").await;
        for _ in 0..5000 {
            let _ = peer.socket.feed(Message::Ping(vec![0; 100].into())).await;
            let _ = peer.socket.feed(Message::Pong(vec![0; 100].into())).await;
        }
        let payload = json!({"data": {"n": 1}});
        peer.send(json!({"type": "next", "id": start["id"], "payload": payload}))
            .await;
        peer.drain().await;
    })
    .await;
    let mut stream = client(&server).subscribe(request(TICKS)).await.unwrap();
    assert_eq!(next(&mut stream).await, json!({"n": 1}));
}

#[tokio::test]
async fn a_server_that_asks_without_end_and_takes_no_answers_is_left() {
    let server = realtime_speaking(TRANSPORT_WS, |mut peer: Peer| async move {
        acknowledge(&mut peer, "subscribe").await;
        // Nothing is read from here on.
        let payload = "x".repeat(4 * 1024 * 1024);
        let ping = Message::text(json!({"type": "ping", "payload": payload}).to_string());
        while peer.socket.send(ping.clone()).await.is_ok() {}
    })
    .await;
    let mut stream = client(&server).subscribe(request(TICKS)).await.unwrap();
    let error = ending(&mut stream).await;
    assert!(presentable(&error).contains("takes nothing"), "{error}");
}
