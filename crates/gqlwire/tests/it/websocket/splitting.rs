use std::time::Duration;

use futures_util::StreamExt;
use gqlwire::{Client, Event, WebSocketOptions};
use serde_json::json;

use super::{TICKS, data, next, request};
use crate::support::GraphqlServer;

fn upgrades(server: &GraphqlServer) -> Vec<bool> {
    let requests = server.requests();
    requests
        .iter()
        .map(|request| request.header("upgrade").is_some())
        .collect()
}

#[tokio::test]
async fn with_an_http_url_requests_go_over_http_and_subscriptions_over_a_socket_at_the_same_place() {
    let server = GraphqlServer::start().await;
    let client = Client::builder(&server.http_url())
        .websocket(WebSocketOptions::new())
        .build()
        .unwrap();
    data(&client, "{ hello }").await.unwrap();
    let mut ticks = client.subscribe(request(TICKS)).await.unwrap();
    data(&client, "mutation { bump }").await.unwrap();
    assert_eq!(upgrades(&server), [false, true, false]);
    server.subscribers(1).await;
    server.publish(3);
    assert_eq!(next(&mut ticks).await, json!({"ticks": 3}));
}

#[tokio::test]
async fn a_catch_up_goes_over_http_too() {
    let server = GraphqlServer::start().await;
    let client = Client::builder(&server.http_url())
        .websocket(WebSocketOptions::new())
        .settle_time(Duration::ZERO)
        .build()
        .unwrap();
    let ticks = client.subscribe(request(TICKS)).catch_up(request("{ bumped }"));
    let mut ticks = ticks.await.unwrap();
    match ticks.next().await.unwrap().unwrap() {
        Event::Snapshot(answer) => assert_eq!(answer.into_data().unwrap(), json!({"bumped": 0})),
        other => panic!("{other:?}"),
    }
    assert_eq!(upgrades(&server), [true, false]);
}

#[tokio::test]
async fn everything_goes_over_the_socket_where_that_is_wanted() {
    let server = GraphqlServer::start().await;
    let client = Client::builder(&server.http_url())
        .websocket(WebSocketOptions::new().carry_requests())
        .build()
        .unwrap();
    data(&client, "{ hello }").await.unwrap();
    data(&client, "mutation { bump }").await.unwrap();
    assert_eq!(upgrades(&server), [true]);
}

#[tokio::test]
async fn sockets_may_be_somewhere_else() {
    let server = GraphqlServer::start().await;
    let sockets = GraphqlServer::start().await;
    let client = Client::builder(&server.http_url())
        .websocket(WebSocketOptions::new().url(sockets.ws_url()))
        .build()
        .unwrap();
    data(&client, "{ hello }").await.unwrap();
    let _ticks = client.subscribe(request(TICKS)).await.unwrap();
    assert_eq!(upgrades(&server), [false]);
    assert_eq!(upgrades(&sockets), [true]);
}
