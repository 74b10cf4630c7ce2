//! Queries and mutations as event streams.

use std::time::Duration;

use gqlwire::{Client, ErrorKind, RetryPolicy, SseOptions};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use super::single_connection::{Double, complete};
use super::{SSE, all, client, next};
use crate::support::{Server, response};

const FIRST: &str = r#"{"data":{"a":1},"pending":[{"id":"0","path":[]}],"hasNext":true}"#;
const REST: &str = r#"{"incremental":[{"id":"0","data":{"b":2}}],"completed":[{"id":"0"}],"hasNext":false}"#;

fn carrying(server: &Server) -> Client {
    let soon = RetryPolicy::default().delays(Duration::from_millis(1), Duration::from_millis(1));
    let options = SseOptions::new().carry_requests();
    client(server).sse(options).retry(soon).build().unwrap()
}

fn sharing(double: &Double) -> Client {
    let soon = RetryPolicy::default().delays(Duration::from_millis(1), Duration::from_millis(1));
    let options = SseOptions::new().carry_requests().single_connection();
    client(&double.server).sse(options).retry(soon).build().unwrap()
}

/// A server that sends a whole answer as a stream, but only to those who ask for nothing else.
async fn exacting(answer: impl Into<Vec<u8>>) -> Server {
    let answer = answer.into();
    Server::start(move |request, stream| {
        let answer = match request.header("accept") {
            Some("text/event-stream") => answer.clone(),
            _ => response("404 Not Found", &[], r#"{"errors":[{"message":"Stream not found"}]}"#),
        };
        async move { stream.send(answer).await }
    })
    .await
}

/// An event of an operation on the shared stream.
fn result(id: &str, payload: &str) -> String {
    format!("event: next\ndata: {{\"id\":\"{id}\",\"payload\":{payload}}}\n\n")
}

async fn posted(double: &mut Double) -> (String, Value) {
    let post = double.posts.recv().await.unwrap();
    let id = post["extensions"]["operationId"].as_str().unwrap().to_owned();
    (id, post)
}

#[tokio::test]
async fn queries_and_mutations_ask_for_a_stream_and_nothing_else() {
    let server = exacting(format!("{SSE}:\n\n{}event: complete\ndata:\n\n", next(1))).await;
    let client = carrying(&server);
    for operation in ["{ count }", "mutation { count }"] {
        let response = client.execute(operation).await.unwrap();
        assert_eq!(response.into_data().unwrap(), json!({"count": 1}));
    }
    client.execute("{ count }").get().await.unwrap();
    let methods: Vec<_> = server.requests().into_iter().map(|request| request.method).collect();
    assert_eq!(methods, ["POST", "POST", "GET"]);
}

#[tokio::test]
async fn errors_are_answers_whether_streamed_or_not() {
    let errors = r#"{"errors":[{"message":"no field"}]}"#;
    let streamed = format!("{SSE}event: next\ndata: {errors}\n\nevent: complete\n\n");
    for answer in [streamed.into_bytes(), response("400 Bad Request", &[], errors)] {
        let server = exacting(answer).await;
        let answer = carrying(&server).execute("{ nope }").await.unwrap();
        assert_eq!(answer.errors[0].message, "no field");
    }
}

#[tokio::test]
async fn pieces_are_asked_for_as_events_alone() {
    let events = format!("{SSE}event: next\ndata: {FIRST}\n\nevent: next\ndata: {REST}\n\nevent: complete\n\n");
    let server = exacting(events).await;
    let client = carrying(&server);
    let query = "{ a ... @defer { b } }";
    let whole = json!({"a": 1, "b": 2});
    assert_eq!(client.execute(query).await.unwrap().into_data().unwrap(), whole);
    let last = client.incremental(query).await.unwrap().last().await.unwrap();
    assert_eq!(last.into_data().unwrap(), whole);
}

#[tokio::test]
async fn a_stream_cut_before_the_result_repeats_a_query_and_no_mutation() {
    let server = exacting(format!("{SSE}:\n\n")).await;
    let client = carrying(&server);
    for (operation, requests) in [("{ count }", 3), ("mutation { count }", 4)] {
        let error = client.execute(operation).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Disconnected, "{error}");
        assert!(error.may_have_been_executed());
        assert_eq!(server.requests().len(), requests, "{operation}");
    }
}

#[tokio::test]
async fn a_stream_without_a_result_runs_out_of_time() {
    let server = Server::start(|_, stream| async move { stream.send_and_hang(SSE).await }).await;
    let limit = Duration::from_millis(50);
    let error = carrying(&server)
        .execute("mutation { count }")
        .timeout(limit)
        .await
        .unwrap_err();
    assert!(error.is_timeout() && error.may_have_been_executed(), "{error:?}");
}

#[tokio::test]
async fn a_list_of_requests_stays_json() {
    let server = Server::answering(response("200 OK", &[], r#"[{"data":{"n":1}},{"data":{"n":2}}]"#)).await;
    let answers = carrying(&server).execute_batch(["{ n }", "{ n }"]).await.unwrap();
    assert_eq!(answers.len(), 2);
    assert!(
        server.requests()[0]
            .header("accept")
            .unwrap()
            .contains("application/json")
    );
}

#[tokio::test]
async fn requests_share_the_stream_with_subscriptions() {
    let mut double = Double::start().await;
    let client = sharing(&double);
    let subscription = client.subscribe("subscription { count }").await.unwrap();
    let (watched, _) = posted(&mut double).await;
    let stream = double.streams.recv().await.unwrap();
    let query = tokio::spawn(client.execute("query Q { n }").into_future());
    let (first, post) = posted(&mut double).await;
    assert_eq!(post["query"], "query Q { n }");
    let mutation = tokio::spawn(client.execute("mutation { m }").into_future());
    let (second, _) = posted(&mut double).await;
    let answers = result(&second, r#"{"data":{"m":2}}"#) + &result(&first, r#"{"data":{"n":12345678901234567890}}"#);
    stream.send(answers + &complete(&second) + &complete(&first)).unwrap();
    assert_eq!(
        query.await.unwrap().unwrap().into_data().unwrap()["n"].to_string(),
        "12345678901234567890"
    );
    assert_eq!(mutation.await.unwrap().unwrap().into_data().unwrap(), json!({"m": 2}));
    stream.send(complete(&watched)).unwrap();
    assert!(all(subscription).await.is_empty());
    let methods: Vec<_> = double
        .server
        .requests()
        .into_iter()
        .map(|request| request.method)
        .collect();
    assert_eq!(
        methods,
        ["PUT", "GET", "POST", "POST", "POST"],
        "one stream, and nothing was stopped"
    );
}

#[tokio::test]
async fn pieces_on_the_shared_stream_are_put_together() {
    let mut double = Double::start().await;
    let client = sharing(&double);
    let query = tokio::spawn(client.execute("{ a ... @defer { b } }").into_future());
    let (id, _) = posted(&mut double).await;
    let stream = double.streams.recv().await.unwrap();
    stream
        .send(result(&id, FIRST) + &result(&id, REST) + &complete(&id))
        .unwrap();
    assert_eq!(
        query.await.unwrap().unwrap().into_data().unwrap(),
        json!({"a": 1, "b": 2})
    );
    // Nobody is left, and so the stream is closed.
    stream.closed().await;
}

#[tokio::test]
async fn a_refused_request_is_an_answer_and_one_without_result_an_error() {
    let mut double = Double::start().await;
    let client = sharing(&double);
    let refused = client.execute("{ refuse }").await.unwrap();
    assert_eq!(refused.errors[0].message, "no such field");
    assert_eq!(refused.status().unwrap(), 400);
    double.streams.recv().await.unwrap();

    let empty = tokio::spawn(client.execute("mutation { m }").into_future());
    let (id, _) = posted(&mut double).await;
    let stream = double.streams.recv().await.unwrap();
    stream.send(complete(&id)).unwrap();
    let error = empty.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.may_have_been_executed(), "{error:?}");
}

#[tokio::test]
async fn a_lost_stream_fails_a_mutation_repeats_a_query_and_resumes_a_subscription() {
    let mut double = Double::start().await;
    let client = sharing(&double);
    let subscription = client.subscribe("subscription { count }").await.unwrap();
    posted(&mut double).await;
    let stream = double.streams.recv().await.unwrap();
    let mutation = tokio::spawn(client.execute("mutation { m }").into_future());
    let (_, post) = posted(&mut double).await;
    assert_eq!(post["query"], "mutation { m }");
    let query = tokio::spawn(client.execute("{ n }").into_future());
    posted(&mut double).await;
    drop(stream);
    let error = mutation.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error}");
    assert!(error.may_have_been_executed());

    let stream = double.streams.recv().await.unwrap();
    for _ in 0..2 {
        let (id, post) = posted(&mut double).await;
        let answer = match post["query"].as_str().unwrap() {
            "{ n }" => result(&id, r#"{"data":{"n":1}}"#),
            "subscription { count }" => result(&id, r#"{"data":{"count":7}}"#),
            other => panic!("{other} was sent again"),
        };
        stream.send(answer + &complete(&id)).unwrap();
    }
    assert_eq!(query.await.unwrap().unwrap().into_data().unwrap(), json!({"n": 1}));
    let said = all(subscription).await;
    assert!(
        said.contains(&"gap: Disconnected".to_owned()) && said.len() == 2,
        "{said:?}"
    );
}

#[tokio::test]
async fn giving_up_tells_the_server_and_closing_the_client_the_caller() {
    let mut double = Double::start().await;
    let client = sharing(&double);
    let limit = Duration::from_millis(100);
    let error = client.execute("mutation { m }").timeout(limit).await.unwrap_err();
    assert!(error.is_timeout() && error.may_have_been_executed(), "{error:?}");
    let (id, _) = posted(&mut double).await;
    assert_eq!(double.stops.recv().await.unwrap(), format!("/graphql?operationId={id}"));

    let waiting = tokio::spawn(client.execute("mutation { m }").into_future());
    posted(&mut double).await;
    client.close().await;
    let error = waiting.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
    assert!(error.may_have_been_executed());
}

#[tokio::test]
async fn a_mutation_that_no_stream_was_reserved_for_may_go_again() {
    let (reserved, mut reservations) = mpsc::unbounded_channel();
    let server = Server::start(move |_, mut stream| {
        let reserved = reserved.clone();
        async move {
            reserved.send(()).unwrap();
            // Cut in the middle of the answer.
            let _ = stream.0.write_all(b"HTTP/1.1 201").await;
        }
    })
    .await;
    let options = SseOptions::new().carry_requests().single_connection();
    let soon = RetryPolicy::default().delays(Duration::from_millis(1), Duration::from_millis(1));
    let client = client(&server).sse(options).retry(soon.attempts(2)).build().unwrap();
    let error = client.execute("mutation { m }").await.unwrap_err();
    assert!(!error.may_have_been_executed(), "{error:?}");
    assert!(server.requests().iter().all(|request| request.method == "PUT"));
    reservations.recv().await.unwrap();
    reservations.recv().await.unwrap();
}
