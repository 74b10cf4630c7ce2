use std::time::Duration;

use futures_util::StreamExt;
use gqlwire::{Client, ConnectionState, ErrorKind, Event, Protocol, ReconnectPolicy, WebSocketOptions};
use serde_json::json;

use super::{BOTH, TICKS, data, ending, event, next, request, speaking};
use crate::support::{GraphqlServer, Peer, presentable, realtime_speaking};

#[tokio::test]
async fn subscriptions_outlive_their_connection_and_the_gap_is_told() {
    for protocol in BOTH {
        let server = GraphqlServer::start().await;
        let client = speaking(&server, protocol).build().unwrap();
        let mut ticks = client.subscribe(request(TICKS)).await.unwrap();
        let mut others = client.subscribe(request(TICKS)).await.unwrap();
        server.subscribers(2).await;
        server.publish(1);
        for ticks in [&mut ticks, &mut others] {
            assert_eq!(next(ticks).await, json!({"ticks": 1}));
        }
        for round in 2..5 {
            server.cut();
            for ticks in [&mut ticks, &mut others] {
                let Event::Gap(gap) = event(ticks).await.unwrap() else {
                    panic!("no gap")
                };
                assert!(gap.since <= gap.until);
                assert_eq!(gap.cause.kind(), ErrorKind::Disconnected);
                presentable(&gap.cause);
            }
            server.subscribers(2).await;
            server.publish(round);
            for ticks in [&mut ticks, &mut others] {
                assert_eq!(next(ticks).await, json!({"ticks": round}));
            }
        }
        assert_eq!(client.counters().await.unwrap().reconnects, 3);
    }
}

#[tokio::test]
async fn without_reconnecting_the_stream_ends_with_the_cause() {
    for protocol in BOTH {
        let server = GraphqlServer::start().await;
        let client = speaking(&server, protocol)
            .reconnect(ReconnectPolicy::never())
            .build()
            .unwrap();
        let mut ticks = client.subscribe(request(TICKS)).await.unwrap();
        server.subscribers(1).await;
        server.cut();
        assert_eq!(ending(&mut ticks).await.kind(), ErrorKind::Disconnected);
    }
}

#[tokio::test]
async fn a_catch_up_runs_over_the_socket_at_first_and_after_each_gap() {
    let server = GraphqlServer::start().await;
    let client = speaking(&server, Protocol::TransportWs)
        .settle_time(Duration::ZERO)
        .build()
        .unwrap();
    let ticks = client.subscribe(request(TICKS)).catch_up(request("{ bumped }"));
    let mut ticks = ticks.await.unwrap();
    let mut snapshots = Vec::new();
    while snapshots.len() < 2 {
        match ticks.next().await.unwrap().unwrap() {
            Event::Snapshot(answer) => {
                snapshots.push(answer.into_data().unwrap());
                if snapshots.len() == 1 {
                    data(&client, "mutation { bump }").await.unwrap();
                    server.cut();
                }
            }
            Event::Gap(_) => assert_eq!(snapshots.len(), 1),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(snapshots, [json!({"bumped": 0}), json!({"bumped": 1})]);
}

/// A server that acknowledges the first connection, takes a subscription, and closes with this code; a second connection
/// serves.
async fn closing(code: u16) -> crate::support::Server {
    let connections = std::sync::atomic::AtomicUsize::new(0);
    realtime_speaking("graphql-transport-ws", move |mut peer: Peer| {
        let first = connections.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        async move {
            peer.expect("connection_init").await;
            peer.send(json!({"type": "connection_ack"})).await;
            let start = peer.expect("subscribe").await;
            if first {
                return peer.close(code, "as the test says").await;
            }
            let payload = json!({"data": {"n": 1}});
            peer.send(json!({"type": "next", "id": start["id"], "payload": payload}))
                .await;
            peer.drain().await;
        }
    })
    .await
}

#[tokio::test]
async fn close_codes_that_say_no_end_the_stream_and_others_are_tried_again() {
    for code in [4400, 4406, 4409, 4429, 4500, 4004, 1002] {
        let server = closing(code).await;
        let client = Client::new(&format!("ws://{}/graphql", server.address())).unwrap();
        let mut stream = client.subscribe(request(TICKS)).await.unwrap();
        let error = ending(&mut stream).await;
        assert_eq!(error.close_code(), Some(code), "{error:?}");
        assert_eq!(error.close_reason(), Some("as the test says"));
        assert!(presentable(&error).contains(&code.to_string()), "{error}");
    }
    for code in [1000, 1001, 1005, 1011, 1012, 1013, 4408, 4499, 4504, 4123] {
        // 1005 is never sent: it stands for none.
        let server = closing(if code == 1005 { 1001 } else { code }).await;
        let client = Client::new(&format!("ws://{}/graphql", server.address())).unwrap();
        let mut stream = client.subscribe(request(TICKS)).await.unwrap();
        assert!(matches!(event(&mut stream).await.unwrap(), Event::Gap(_)), "{code}");
        assert_eq!(next(&mut stream).await, json!({"n": 1}));
    }
}

#[tokio::test]
async fn a_socket_that_is_open_to_nobody_is_found_out_by_pings() {
    for (protocol, name) in [
        (Protocol::TransportWs, "graphql-transport-ws"),
        (Protocol::LegacyWs, "graphql-ws"),
    ] {
        let connections = std::sync::atomic::AtomicUsize::new(0);
        let server = realtime_speaking(name, move |mut peer: Peer| {
            let first = connections.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
            async move {
                peer.expect("connection_init").await;
                peer.send(json!({"type": "connection_ack"})).await;
                let start = peer.receive().await.unwrap();
                if first {
                    // Nothing is read any more, and so no ping is answered.
                    std::future::pending::<()>().await;
                }
                let kind = if name == "graphql-ws" { "data" } else { "next" };
                let payload = json!({"data": {"n": 1}});
                peer.send(json!({"type": kind, "id": start["id"], "payload": payload}))
                    .await;
                peer.drain().await;
            }
        })
        .await;
        let options = WebSocketOptions::new()
            .protocols([protocol])
            .ping_interval(Duration::from_millis(50))
            .pong_timeout(Duration::from_millis(100));
        let client = Client::builder(&format!("ws://{}/graphql", server.address()))
            .websocket(options)
            .build()
            .unwrap();
        let mut stream = client.subscribe(request(TICKS)).await.unwrap();
        match event(&mut stream).await.unwrap() {
            Event::Gap(gap) => assert!(presentable(&gap.cause).contains("nothing came"), "{}", gap.cause),
            other => panic!("{other:?}"),
        }
        assert_eq!(next(&mut stream).await, json!({"n": 1}));
    }
}

#[tokio::test]
async fn a_server_that_answers_pings_keeps_its_connection_however_silent_it_is() {
    for protocol in BOTH {
        let server = GraphqlServer::start().await;
        let options = WebSocketOptions::new()
            .protocols([protocol])
            .ping_interval(Duration::from_millis(20))
            .pong_timeout(Duration::from_millis(500));
        let client = Client::builder(&server.ws_url()).websocket(options).build().unwrap();
        let mut ticks = client.subscribe(request(TICKS)).await.unwrap();
        server.subscribers(1).await;
        // Longer than a pong may take.
        tokio::time::sleep(Duration::from_millis(800)).await;
        server.publish(1);
        assert_eq!(next(&mut ticks).await, json!({"ticks": 1}));
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn the_state_tells_of_a_connection_that_is_being_made_again() {
    let server = GraphqlServer::start().await;
    let client = Client::new(&server.ws_url()).unwrap();
    let mut state = client.state().unwrap();
    let mut ticks = client.subscribe(request(TICKS)).await.unwrap();
    server.subscribers(1).await;
    server.cut();
    let lost = state
        .wait_for(|state| matches!(state.worst(), ConnectionState::Reconnecting { .. }))
        .await
        .unwrap()
        .clone();
    assert_eq!(lost.protocol, Some(Protocol::TransportWs));
    let again = state.wait_for(|state| matches!(state.worst(), ConnectionState::Connected));
    again.await.unwrap();
    assert!(matches!(event(&mut ticks).await.unwrap(), Event::Gap(_)));
}
