use std::time::Duration;

use gqlwire::{ErrorKind, Request};
use serde_json::{Value, json};

use super::{OK, client, data, server};
use crate::support::{MUTATION, Server, appsync_client, presentable, response};

#[tokio::test]
async fn a_batch_is_one_array_and_each_operation_has_its_own_outcome() {
    let answer = format!(r#"[{},{{"errors":[{{"message":"no"}}]}},null,{}]"#, data(1), data(4));
    let server = server(move |_, _| (OK, answer.clone())).await;
    let client = client(&server).header("x-all", "1").build().unwrap();
    let operations = (1..=4).map(|n| Request::<Value>::new("query($n: Int) { n(n: $n) }").variable("n", n));
    let outcomes = client.execute_batch(operations).header("x-batch", "2").await.unwrap();
    let [first, second, third, fourth] = &outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(first.as_ref().unwrap().data, Some(json!({"n": 1})));
    assert_eq!(second.as_ref().unwrap().errors[0].message, "no");
    let error = third.as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.may_have_been_executed(), "{}", presentable(error));
    assert_eq!(fourth.as_ref().unwrap().data, Some(json!({"n": 4})));
    let [request] = &server.requests()[..] else {
        panic!("not one")
    };
    let one = |n| format!(r#"{{"query":"query($n: Int) {{ n(n: $n) }}","variables":{{"n":{n}}}}}"#);
    assert_eq!(request.body, format!("[{},{},{},{}]", one(1), one(2), one(3), one(4)));
    assert_eq!(
        (request.header("x-all"), request.header("x-batch")),
        (Some("1"), Some("2"))
    );
}

/// What each of two queries is told.
async fn refused(status: &'static str, body: &'static str) -> (gqlwire::Error, usize) {
    let server = server(move |_, _| (status, body.to_owned())).await;
    let outcomes = client(&server)
        .build()
        .unwrap()
        .execute_batch(["{ a }", "{ b }"])
        .await
        .unwrap();
    let errors: Vec<_> = outcomes.into_iter().map(Result::unwrap_err).collect();
    assert_eq!(errors.len(), 2);
    assert_eq!(errors[0].to_string(), errors[1].to_string());
    presentable(&errors[0]);
    (errors[0].clone(), server.requests().len())
}

#[tokio::test]
async fn what_befalls_the_whole_batch_is_the_error_of_each() {
    let (error, _) = refused(OK, r#"[{"data":{"a":1}}]"#).await;
    assert!(error.to_string().contains("1 responses to a batch of 2"), "{error}");
    assert!(error.kind() == ErrorKind::Protocol && error.may_have_been_executed());
    let (error, _) = refused(OK, r#"{"data":{"a":1}}"#).await;
    assert!(error.to_string().contains("one response to a batch of 2"), "{error}");
    let (error, _) = refused(
        "400 Bad Request",
        r#"{"errors":[{"message":"Operation batching disabled."}]}"#,
    )
    .await;
    assert!(error.to_string().contains("Operation batching disabled."), "{error}");
    assert!(!error.may_have_been_executed());
    assert_eq!(error.errors().len(), 1);
    let (error, requests) = refused("503 Service Unavailable", "").await;
    assert_eq!((error.kind(), error.attempts(), requests), (ErrorKind::Status, 3, 3));
    let (error, _) = refused("401 Unauthorized", r#"[{"errors":[{"message":"who?"}]},{"errors":[]}]"#).await;
    assert!(error.is_auth() && error.to_string().contains("who?"), "{error}");
    let (error, _) = refused(OK, "<html>").await;
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn a_batch_with_a_mutation_in_it_is_not_repeated() {
    let server = server(|_, _| ("503 Service Unavailable", String::new())).await;
    let client = client(&server).build().unwrap();
    let outcomes = client.execute_batch(["{ a }", "mutation { b }"]).await.unwrap();
    assert!(outcomes.iter().all(Result::is_err));
    assert_eq!(server.requests().len(), 1);
    client.execute_batch(["{ a }", "{ b }"]).no_retry().await.unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn an_operation_that_cannot_be_sent_stops_the_batch_and_is_named() {
    let server = Server::answering("").await;
    let client = client(&server).build().unwrap();
    for wrong in ["subscription { a }", "{ a"] {
        let error = client.execute_batch(["{ a }", wrong]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request);
        assert!(error.to_string().ends_with("(operation 2 of the batch)"), "{error}");
    }
    assert!(client.execute_batch([""; 0]).await.unwrap().is_empty());
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_batch_of_one_is_no_array() {
    let server = server(|_, _| (OK, data(1))).await;
    let outcomes = client(&server).build().unwrap().execute_batch(["{ n }"]).await.unwrap();
    assert!(outcomes[0].is_ok());
    assert_eq!(server.requests()[0].body, r#"{"query":"{ n }"}"#);
}

#[tokio::test]
async fn a_batch_that_takes_too_long_is_given_up_with_an_error_for_each() {
    let server = Server::start(|_, stream| stream.send_and_hang("")).await;
    let client = client(&server).build().unwrap();
    let calling = client
        .execute_batch(["{ a }", "{ b }"])
        .timeout(Duration::from_millis(100));
    let outcomes = calling.await.unwrap();
    assert_eq!(outcomes.len(), 2);
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        assert!(error.is_timeout() && error.may_have_been_executed(), "{error}");
    }
}

#[tokio::test]
async fn on_appsync_which_takes_no_arrays_each_goes_for_itself() {
    let server = Server::answering(response(OK, &[], &data(1))).await;
    let client = appsync_client(&server).build().unwrap();
    let outcomes = client.execute_batch(["{ a }", MUTATION]).await.unwrap();
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(server.requests().len(), 2);
    assert!(server.requests().iter().all(|request| request.body.starts_with('{')));
}
