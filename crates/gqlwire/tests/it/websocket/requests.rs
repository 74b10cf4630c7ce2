use std::future::IntoFuture;
use std::time::Duration;

use gqlwire::{Client, ErrorKind, Protocol, RetryBudget, RetryPolicy};
use serde_json::json;

use super::{BOTH, data, request, speaking};
use crate::support::{GraphqlServer, Peer, presentable};

#[tokio::test]
async fn queries_and_mutations_are_answered_over_the_socket() {
    for protocol in BOTH {
        let server = GraphqlServer::start().await;
        let client = speaking(&server, protocol).build().unwrap();
        let hello = request("query Q($name: String) { hello(name: $name) }").variable("name", "wörld \"x\"");
        let answer = client.execute(hello).await.unwrap();
        assert_eq!(answer.status().unwrap(), 200);
        assert!(answer.headers().is_empty());
        assert_eq!(answer.into_data().unwrap(), json!({"hello": "hello wörld \"x\""}));
        assert_eq!(data(&client, "mutation { bump }").await.unwrap(), json!({"bump": 1}));
        assert_eq!(server.bumped(), 1);
        assert_eq!(server.requests().len(), 1, "one socket, and nothing else");
    }
}

#[tokio::test]
async fn many_queries_at_once_each_get_their_own_answer() {
    for protocol in BOTH {
        let server = GraphqlServer::start().await;
        let client = speaking(&server, protocol).build().unwrap();
        let asked = (0..200).map(|n| {
            let query = request("query($name: String) { hello(name: $name) }").variable("name", n.to_string());
            client.execute(query).into_future()
        });
        let answers = futures_util::future::join_all(asked).await;
        for (n, answer) in answers.into_iter().enumerate() {
            assert_eq!(
                answer.unwrap().into_data().unwrap(),
                json!({"hello": format!("hello {n}")})
            );
        }
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn the_errors_of_an_answer_are_in_the_response_as_over_http() {
    for protocol in BOTH {
        let server = GraphqlServer::start().await;
        let client = speaking(&server, protocol).build().unwrap();
        let answer = client.execute(request("{ fails hello }")).await.unwrap();
        assert_eq!(answer.errors[0].message, "it is broken");
        assert_eq!(answer.data.unwrap()["hello"], "hello ");
        let answer = client.execute(request("{ nonsense }")).await.unwrap();
        assert!(answer.errors[0].message.contains("nonsense"), "{answer:?}");
        assert_eq!(data(&client, "{ hello }").await.unwrap(), json!({"hello": "hello "}));
    }
}

#[tokio::test]
async fn an_answer_of_a_megabyte_comes_whole_and_one_that_is_too_long_says_which_limit() {
    let server = GraphqlServer::start().await;
    let client = Client::new(&server.ws_url()).unwrap();
    let long = data(&client, "{ long(bytes: 2000000) }").await.unwrap();
    assert_eq!(long["long"].as_str().unwrap().len(), 2_000_000);
    let client = Client::builder(&server.ws_url())
        .max_message_size(1000)
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let error = data(&client, "{ long(bytes: 2000) }").await.unwrap_err();
    assert!(presentable(&error).contains("max_message_size"), "{error}");
}

#[tokio::test]
async fn a_query_is_repeated_when_its_connection_is_lost() {
    for protocol in BOTH {
        let server = GraphqlServer::start().await;
        let client = speaking(&server, protocol).build().unwrap();
        let asking = tokio::spawn({
            let client = client.clone();
            async move { client.execute(request("{ hangs }")).await }
        });
        server.hanging(1).await;
        server.cut();
        let answer = asking.await.unwrap().unwrap();
        assert_eq!(answer.into_data().unwrap(), json!({"hangs": 2}));
    }
}

#[tokio::test]
async fn a_query_is_not_repeated_when_the_retry_budget_is_used_up() {
    let server = GraphqlServer::start().await;
    let client = speaking(&server, Protocol::TransportWs)
        .retry_budget(RetryBudget::new(0.0, 0.0))
        .build()
        .unwrap();
    let asking = tokio::spawn({
        let client = client.clone();
        async move { client.execute(request("{ hangs }")).await }
    });
    server.hanging(1).await;
    server.cut();
    let error = asking.await.unwrap().unwrap_err();
    assert_eq!(error.attempts(), 1);
    assert!(presentable(&error).contains("retry budget"), "{error}");
}

#[tokio::test]
async fn a_mutation_is_not_repeated_once_it_has_been_written() {
    for protocol in BOTH {
        let server = GraphqlServer::start().await;
        let client = speaking(&server, protocol).build().unwrap();
        let asking = tokio::spawn({
            let client = client.clone();
            async move { client.execute(request("mutation { bumpAndHang }")).await }
        });
        server.hanging(1).await;
        server.cut();
        let error = asking.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Disconnected, "{error}");
        assert!(error.may_have_been_executed() && !error.is_retryable(), "{error:?}");
        assert_eq!(error.attempts(), 1);
        assert_eq!(data(&client, "{ bumped }").await.unwrap(), json!({"bumped": 1}));
    }
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_given_up_and_the_server_is_told() {
    let server = GraphqlServer::start().await;
    let client = Client::builder(&server.ws_url())
        .timeout(Duration::from_millis(300))
        .build()
        .unwrap();
    let error = data(&client, "{ hangs }").await.unwrap_err();
    assert!(error.is_timeout() && error.may_have_been_executed(), "{error:?}");
    presentable(&error);
    let error = client
        .execute(request("mutation { bumpAndHang bump }"))
        .timeout(Duration::ZERO)
        .await
        .unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(data(&client, "{ hello }").await.unwrap(), json!({"hello": "hello "}));
}

#[tokio::test]
async fn nobody_there_is_an_error_of_connecting_and_nothing_was_sent() {
    let client = Client::builder("ws://127.0.0.1:1/graphql")
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let error = data(&client, "mutation { bump }").await.unwrap_err();
    assert!(
        error.is_connect() && error.is_retryable() && !error.may_have_been_executed(),
        "{error:?}"
    );
    assert!(presentable(&error).contains("127.0.0.1:1"), "{error}");
}

#[tokio::test]
async fn a_completion_without_an_answer_is_an_error() {
    let server = crate::support::realtime_speaking("graphql-transport-ws", |mut peer: Peer| async move {
        peer.expect("connection_init").await;
        peer.send(json!({"type": "connection_ack"})).await;
        let start = peer.expect("subscribe").await;
        peer.send(json!({"type": "complete", "id": start["id"]})).await;
        peer.drain().await;
    })
    .await;
    let client = Client::new(&format!("ws://{}/graphql", server.address())).unwrap();
    let error = data(&client, "mutation { bump }").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.may_have_been_executed());
    assert!(
        presentable(&error).contains("completed the mutation without an answer"),
        "{error}"
    );
}

#[tokio::test]
async fn what_goes_with_one_operation_alone_is_refused_where_no_message_has_a_place_for_it() {
    let server = GraphqlServer::start().await;
    let client = Client::new(&server.ws_url()).unwrap();
    let asked = client.execute(request("{ hello }")).header("x-tenant", "a");
    let error = asked.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert!(presentable(&error).contains("x-tenant"), "{error}");
    assert!(server.requests().is_empty());
}
