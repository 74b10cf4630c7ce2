//! The realtime protocol, frame by frame.

use appsync_local::{Limits, Server};
use serde_json::json;
use std::time::Duration;

use crate::support::{CREATE, Connect, KEY, Request, Socket, assert_alive, server, start, within};

const SUBSCRIPTION: &str = "subscription { onCreateMessage { message } }";

async fn connected(server: &Server) -> Socket {
    let mut socket = Connect::api_key(server).open().await;
    socket.init().await;
    socket
}

#[tokio::test]
async fn init_is_optional() {
    let server = server().await;
    let mut socket = Connect::api_key(&server).open().await;
    socket.subscribe("1", SUBSCRIPTION).await;
    Request::graphql(CREATE).send(&server).await;
    assert_eq!(socket.data("1").await["data"]["onCreateMessage"]["message"], "hi");
}

#[tokio::test]
async fn keep_alives_follow_at_their_interval() {
    let mut limits = Limits::default();
    limits.keep_alive = Duration::from_millis(20);
    let server = start(Server::builder().api_key(KEY).limits(limits)).await;
    let mut socket = connected(&server).await;
    for _ in 0..3 {
        assert_eq!(socket.read().await, json!({"type": "ka"}));
    }
}

#[tokio::test]
async fn an_id_may_be_used_again_only_after_its_stop() {
    let server = server().await;
    let mut socket = connected(&server).await;
    socket.subscribe("1", SUBSCRIPTION).await;
    assert_eq!(
        socket.refused("1", SUBSCRIPTION).await,
        json!([{"errorType": "DuplicatedOperationError", "message": "Duplicated operation with id 1"}])
    );
    Request::graphql(CREATE).send(&server).await;
    socket.data("1").await;
    socket.send(json!({"type": "stop", "id": "1"})).await;
    assert_eq!(socket.next().await, json!({"id": "1", "type": "complete"}));
    socket.subscribe("1", SUBSCRIPTION).await;
}

#[tokio::test]
async fn a_document_with_several_root_fields_is_a_duplicated_operation() {
    let server = server().await;
    let mut socket = connected(&server).await;
    for document in [
        "subscription { onCreateMessage { id } onUpdateMessage { id } }",
        "subscription { a: onCreateMessage { id } b: onCreateMessage { id } }",
        "subscription { ...F } fragment F on Subscription { onCreateMessage { id } onUpdateMessage { id } }",
    ] {
        let errors = socket.refused("1", document).await;
        assert_eq!(
            errors,
            json!([{"errorType": "DuplicatedOperationError", "message": "Duplicated operation with id 1"}])
        );
    }
}

#[tokio::test]
async fn queries_and_mutations_are_not_supported() {
    let server = server().await;
    let mut socket = connected(&server).await;
    for (document, kind) in [("{ __typename }", "query"), (CREATE, "mutation")] {
        assert_eq!(
            socket.refused("1", document).await,
            json!([{
                "errorType": "UnsupportedOperation",
                "message": format!("{kind} not supported through the realtime channel"),
            }])
        );
    }
    let listed = Request::graphql("{ listMessages { items { id } } }")
        .send(&server)
        .await
        .json();
    assert_eq!(
        listed["data"]["listMessages"]["items"],
        json!([]),
        "the mutation did not run"
    );
}

#[tokio::test]
async fn what_is_invalid_is_said_on_its_id() {
    let server = server().await;
    let mut socket = connected(&server).await;
    let errors = socket.refused("1", "subscription { onNothing }").await;
    let message = errors[0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("Validation error of type FieldUndefined"),
        "{message}"
    );
    assert!(errors[0].get("errorType").is_none());
    assert!(socket.refused("2", "subscription {").await[0]["message"].is_string());
    assert!(socket.refused("3", "").await[0]["message"].is_string());

    let required = "subscription($id: ID!) { onCreateMessage(id: $id) { id } }";
    let errors = socket.refused("4", required).await;
    assert_eq!(
        errors[0]["message"],
        "Variable 'id' has coerced Null value for NonNull type 'ID!'"
    );
    socket
        .start(
            "5",
            &json!({"query": SUBSCRIPTION, "operationName": "Other"}).to_string(),
        )
        .await;
    assert!(socket.error(Some("5")).await[0]["message"].is_string());
    socket.subscribe("6", SUBSCRIPTION).await;
}

#[tokio::test]
async fn data_that_is_no_request_is_unsupported() {
    let server = server().await;
    let mut socket = connected(&server).await;
    let unsupported = json!([{
        "errorType": "UnsupportedOperation",
        "message": "unknown not supported through the realtime channel",
    }]);
    for data in [
        "",
        "meow",
        "{}",
        "[]",
        "null",
        r#"{"query": 1}"#,
        "subscription { onCreateMessage { id } }",
    ] {
        socket.start("1", data).await;
        assert_eq!(socket.error(Some("1")).await, unsupported, "{data}");
    }
    for payload in [
        json!({}),
        json!(null),
        json!({"data": {"query": SUBSCRIPTION}}),
        json!([]),
    ] {
        socket
            .send(json!({"id": "1", "type": "start", "payload": payload}))
            .await;
        assert_eq!(socket.error(Some("1")).await, unsupported);
    }
}

#[tokio::test]
async fn the_last_subscription_too_many_is_refused_with_an_object() {
    let mut limits = Limits::default();
    limits.subscriptions = 3;
    let server = start(Server::builder().api_key(KEY).limits(limits)).await;
    let mut socket = connected(&server).await;
    for id in ["1", "2", "3"] {
        socket.subscribe(id, SUBSCRIPTION).await;
    }
    assert_eq!(
        socket.refused("4", SUBSCRIPTION).await,
        json!({"errorType": "MaxSubscriptionsReachedError", "message": "Max number of 3 subscriptions reached"})
    );
    socket.send(json!({"type": "stop", "id": "2"})).await;
    socket.next().await;
    socket.subscribe("4", SUBSCRIPTION).await;
    assert_eq!(server.stats().subscriptions, 3);
}

#[tokio::test]
async fn two_hundred_subscriptions_fit_and_each_gets_the_event() {
    let server = server().await;
    let mut socket = connected(&server).await;
    for id in 0..200 {
        socket.subscribe(&id.to_string(), SUBSCRIPTION).await;
    }
    assert_eq!(
        socket.refused("200", SUBSCRIPTION).await["errorType"],
        "MaxSubscriptionsReachedError"
    );
    Request::graphql(CREATE).send(&server).await;
    for id in 0..200 {
        socket.data(&id.to_string()).await;
    }
}

#[tokio::test]
async fn what_is_no_message_is_answered_and_harms_nothing() {
    let server = server().await;
    let mut socket = connected(&server).await;
    for text in [
        "",
        "meow",
        "{",
        "[]",
        "null",
        "1",
        "{}",
        r#"{"type":1}"#,
        r#"{"type":"start"}"#,
        r#"{"type":"stop"}"#,
    ] {
        socket.send_text(text).await;
        assert_eq!(
            socket.error(None).await[0]["errorType"],
            "BadRequestException",
            "{text}"
        );
    }
    socket.send_binary(&[0, 1, 2]).await;
    assert_eq!(socket.error(None).await[0]["errorType"], "BadRequestException");
    socket.send(json!({"type": "dance", "id": "7"})).await;
    assert_eq!(socket.error(Some("7")).await[0]["errorType"], "UnsupportedOperation");
    socket.send_text("[".repeat(10_000)).await;
    socket.error(None).await;
    socket.start(&"i".repeat(300), "{}").await;
    socket.error(Some(&"i".repeat(300))).await;
    socket.subscribe("1", SUBSCRIPTION).await;
}

#[tokio::test]
async fn a_client_that_says_nothing_is_closed_after_the_init_deadline() {
    let mut limits = Limits::default();
    limits.init_deadline = Duration::from_millis(50);
    let server = start(Server::builder().api_key(KEY).limits(limits)).await;
    let mut silent = Connect::api_key(&server).open().await;
    let close = silent.closed().await.unwrap();
    assert_eq!(u16::from(close.code), 1008);
    // Whoever said hello stays.
    let mut socket = connected(&server).await;
    within("twice the deadline", tokio::time::sleep(Duration::from_millis(100))).await;
    socket.subscribe("1", SUBSCRIPTION).await;
}

#[tokio::test]
async fn a_connection_is_closed_when_it_is_too_old() {
    let mut limits = Limits::default();
    limits.connection_lifetime = Duration::from_millis(50);
    let server = start(Server::builder().api_key(KEY).limits(limits)).await;
    let mut socket = connected(&server).await;
    assert_eq!(u16::from(socket.closed().await.unwrap().code), 1000);
}

#[tokio::test]
async fn a_connection_that_ends_leaves_nothing_behind() {
    let server = server().await;
    let mut socket = connected(&server).await;
    socket.subscribe("1", SUBSCRIPTION).await;
    assert_eq!(server.stats().realtime_connections, 1);
    drop(socket);
    within("the connection's end", async {
        while server.stats().realtime_connections > 0 || server.stats().connections > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(server.stats().subscriptions, 0);
    assert_alive(&server).await;
}

#[tokio::test]
async fn shutdown_closes_connections_and_frees_the_port() {
    let server = server().await;
    let address = server.address();
    let mut socket = connected(&server).await;
    let (close, ()) = tokio::join!(socket.closed(), within("the shutdown", server.shutdown()));
    assert_eq!(u16::from(close.unwrap().code), 1001);
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn dropping_the_server_ends_everything() {
    let server = server().await;
    let mut socket = connected(&server).await;
    drop(server);
    socket.closed().await;
}

#[tokio::test]
async fn a_refused_client_that_says_nothing_is_closed_all_the_same() {
    let mut limits = Limits::default();
    limits.init_deadline = Duration::from_millis(50);
    let server = start(Server::builder().api_key("da2-another").limits(limits)).await;
    let mut silent = Connect::api_key(&server).open().await;
    assert_eq!(silent.read().await["type"], "connection_error");
    assert_eq!(u16::from(silent.closed().await.unwrap().code), 1000);
}
