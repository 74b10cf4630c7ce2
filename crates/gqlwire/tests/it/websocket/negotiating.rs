use gqlwire::{Client, ErrorKind, Protocol, ReconnectPolicy, RetryPolicy, WebSocketOptions};
use serde_json::json;

use super::{TICKS, data, ending, request};
use crate::support::{GraphqlServer, Peer, presentable, realtime_speaking};

#[tokio::test]
async fn both_protocols_are_offered_and_what_the_server_selects_is_spoken() {
    for (speaks, spoken) in [
        (vec!["graphql-transport-ws"], Protocol::TransportWs),
        (vec!["graphql-ws"], Protocol::LegacyWs),
        (vec!["graphql-ws", "graphql-transport-ws"], Protocol::LegacyWs),
    ] {
        let server = GraphqlServer::speaking(Some(speaks)).await;
        let client = Client::new(&server.ws_url()).unwrap();
        assert_eq!(client.state().unwrap().borrow().protocol, None);
        assert_eq!(data(&client, "{ hello }").await.unwrap(), json!({"hello": "hello "}));
        let offered = server.requests()[0].header("sec-websocket-protocol").map(str::to_owned);
        assert_eq!(offered.as_deref(), Some("graphql-transport-ws, graphql-ws"));
        assert_eq!(client.state().unwrap().borrow().protocol, Some(spoken));
    }
}

#[tokio::test]
async fn a_server_that_selects_nothing_is_spoken_to_in_the_first_protocol_offered() {
    let server = GraphqlServer::speaking(None).await;
    let client = Client::new(&server.ws_url()).unwrap();
    assert_eq!(data(&client, "{ hello }").await.unwrap(), json!({"hello": "hello "}));
    assert_eq!(client.state().unwrap().borrow().protocol, Some(Protocol::TransportWs));

    let server = realtime_speaking(None, |mut peer: Peer| async move {
        peer.expect("connection_init").await;
        peer.send(json!({"type": "connection_ack"})).await;
        let start = peer.expect("start").await;
        peer.data(&start, json!({"hello": 1})).await;
        peer.drain().await;
    })
    .await;
    let options = WebSocketOptions::new().protocols([Protocol::LegacyWs]);
    let client = Client::builder(&format!("ws://{}/graphql", server.address())).websocket(options);
    let client = client.build().unwrap();
    assert_eq!(data(&client, "{ hello }").await.unwrap(), json!({"hello": 1}));
}

#[tokio::test]
async fn where_the_protocol_was_a_guess_an_error_says_so_and_what_to_do() {
    let legacy = realtime_speaking(None, |mut peer: Peer| async move {
        peer.expect("connection_init").await;
        peer.send(json!({"type": "connection_ack"})).await;
        peer.send(json!({"type": "ka"})).await;
        peer.drain().await;
    })
    .await;
    let unacceptable = realtime_speaking(None, |mut peer: Peer| async move {
        peer.close(4406, "Subprotocol not acceptable").await;
    })
    .await;
    for server in [legacy, unacceptable] {
        let client = Client::builder(&format!("ws://{}/graphql", server.address()))
            .reconnect(ReconnectPolicy::never())
            .build()
            .unwrap();
        let error = match client.subscribe(request(TICKS)).await {
            Err(error) => error,
            Ok(mut subscription) => ending(&mut subscription).await,
        };
        let said = presentable(&error);
        assert!(
            said.contains("graphql-transport-ws") && said.contains("`protocols`"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_server_that_selects_what_was_not_offered_is_not_spoken_to() {
    let server = realtime_speaking("soap", |mut peer: Peer| async move { peer.drain().await }).await;
    let client = Client::builder(&format!("ws://{}/graphql", server.address()))
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let error = data(&client, "{ hello }").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let said = presentable(&error);
    assert!(
        said.contains("\"soap\"") && said.contains("graphql-transport-ws, graphql-ws"),
        "{said}"
    );
}

#[test]
fn options_that_cannot_be_are_refused_when_the_client_is_built() {
    let options = WebSocketOptions::new;
    for options in [
        options().protocols([]),
        options().protocols([Protocol::Phoenix]),
        options().protocols([Protocol::TransportWs, Protocol::AppSync]),
        options().origin("a\nb"),
        options().url("ftp://example.com"),
        options().url("nowhere"),
    ] {
        let shown = format!("{options:?}");
        let error = Client::builder("wss://example.com")
            .websocket(options)
            .build()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{shown}");
        presentable(&error);
    }
}
