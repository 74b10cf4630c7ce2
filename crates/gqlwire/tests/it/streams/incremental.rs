use std::time::Duration;

use futures_util::StreamExt;
use gqlwire::{Change, ErrorKind, Request};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{GRAPHQL, SSE, client, part, parts};
use crate::support::{Server, response};

const QUERY: &str = "{ me { id ... @defer { name } } }";
const FIRST: &str = r#"{"data":{"me":{"id":1}},"pending":[{"id":"0","path":["me"],"label":"slow"}],"hasNext":true}"#;
const REST: &str = r#"{"incremental":[{"id":"0","data":{"name":"Ada"}}],"completed":[{"id":"0"}],"hasNext":false}"#;

#[derive(Debug, Deserialize, PartialEq)]
struct Me {
    id: u32,
    name: Option<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Data {
    me: Me,
}

#[tokio::test]
async fn the_answer_grows_and_its_pieces_are_shown() {
    let server = Server::answering(parts(&[FIRST, REST])).await;
    let client = client(&server).build().unwrap();
    let mut answer = client.incremental(Request::<Data>::new(QUERY)).await.unwrap();
    let first = answer.next().await.unwrap().unwrap();
    assert!(first.has_next && answer.has_next() && first.patches.is_empty());
    assert_eq!(first.pending[0].label.as_deref(), Some("slow"));
    assert_eq!(first.response.data.unwrap().me, Me { id: 1, name: None });
    let last = answer.next().await.unwrap().unwrap();
    assert!(!last.has_next && !answer.has_next());
    assert!(matches!(&last.patches[0].change, Change::Data(data) if data.get() == r#"{"name":"Ada"}"#));
    assert_eq!(last.response.status().unwrap(), 200);
    assert_eq!(last.response.into_data().unwrap().me.name.as_deref(), Some("Ada"));
    assert_eq!(answer.raw(), r#"{"data":{"me":{"id":1,"name":"Ada"}}}"#);
    assert!(answer.next().await.is_none());
    let accept = "multipart/mixed;incrementalSpec=v0.2, multipart/mixed;deferSpec=20220824, multipart/mixed, \
                  text/event-stream, application/graphql-response+json, application/json";
    assert_eq!(server.requests()[0].header("accept"), Some(accept));
}

#[tokio::test]
async fn pieces_come_as_events_too_and_execute_puts_either_together() {
    let events = format!("{SSE}event: next\ndata: {FIRST}\n\nevent: next\ndata: {REST}\n\nevent: complete\n\n");
    let whole = json!({"me": {"id": 1, "name": "Ada"}});
    for answer in [events, parts(&[FIRST, REST])] {
        let server = Server::answering(answer).await;
        let client = client(&server).build().unwrap();
        let answer = client.incremental(QUERY).await.unwrap();
        assert_eq!(answer.last().await.unwrap().into_data().unwrap(), whole);
        assert_eq!(client.execute(QUERY).await.unwrap().into_data().unwrap(), whole);
        let accepted: Vec<_> = server
            .requests()
            .iter()
            .map(|request| request.header("accept").unwrap().to_owned())
            .collect();
        assert_eq!(accepted[0], accepted[1], "execute asks for pieces as well");
    }
}

#[tokio::test]
async fn execute_asks_for_pieces_only_if_the_document_does() {
    let server = Server::answering(response("200 OK", &[], r#"{"data":{}}"#)).await;
    let client = client(&server).build().unwrap();
    for (query, in_pieces) in [
        ("{ me { id } }", false),
        ("{ me { id friends @stream(initialCount: 1) { id } } }", true),
    ] {
        client
            .execute(Request::<Value>::new(query).variable("text", "@defer"))
            .await
            .unwrap();
        let accept = server.requests().last().unwrap().header("accept").unwrap().to_owned();
        assert_eq!(accept.contains("multipart/mixed"), in_pieces, "{accept}");
    }
}

#[tokio::test]
async fn a_server_without_pieces_gives_one_item() {
    let server = Server::answering(response(
        "200 OK",
        &[("x-id", "7")],
        r#"{"data":{"me":{"id":1,"name":"Ada"}}}"#,
    ))
    .await;
    let mut answer = client(&server).build().unwrap().incremental(QUERY).await.unwrap();
    let only = answer.next().await.unwrap().unwrap();
    assert!(!only.has_next);
    assert_eq!(only.response.headers()["x-id"], "7");
    assert_eq!(only.response.into_data().unwrap()["me"]["name"], "Ada");
    assert!(answer.next().await.is_none());
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_an_error_and_what_came_is_kept() {
    let cut = format!("{GRAPHQL}{}\r\n--graphql\r\n", part(FIRST));
    let ended = parts(&[FIRST]);
    for (answer, kind, says) in [
        (cut, ErrorKind::Disconnected, "without its last boundary"),
        (ended, ErrorKind::Protocol, "without what it had announced: \"slow\""),
    ] {
        let server = Server::answering(answer).await;
        let client = client(&server).build().unwrap();
        let mut answer = client.incremental(QUERY).await.unwrap();
        answer.next().await.unwrap().unwrap();
        let error = answer.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.may_have_been_executed() && !error.is_retryable());
        assert_eq!(answer.raw(), r#"{"data":{"me":{"id":1}}}"#);
        assert!(answer.next().await.is_none());
        assert_eq!(server.requests().len(), 1);
        let error = client.execute("mutation { a ... @defer { b } }").await.unwrap_err();
        assert!(error.may_have_been_executed(), "{error:?}");
        assert_eq!(server.requests().len(), 2, "a mutation is not repeated");
    }
}

#[tokio::test]
async fn data_that_does_not_fit_yet_is_no_error_and_at_the_end_it_is() {
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Whole {
        me: Named,
    }
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Named {
        name: String,
    }
    let server = Server::answering(parts(&[FIRST, REST])).await;
    let client = client(&server).build().unwrap();
    let mut answer = client.incremental(Request::<Whole>::new(QUERY)).await.unwrap();
    let first = answer.next().await.unwrap().unwrap();
    assert!(first.response.data.is_none());
    assert_eq!(first.response.raw_data().unwrap().get(), r#"{"me":{"id":1}}"#);
    assert_eq!(
        answer.next().await.unwrap().unwrap().response.data.unwrap().me.name,
        "Ada"
    );

    let failed = r#"{"completed":[{"id":"0","errors":[{"message":"no"}]}],"hasNext":false}"#;
    let server = Server::answering(parts(&[FIRST, failed])).await;
    let answer = super::client(&server)
        .build()
        .unwrap()
        .incremental(Request::<Whole>::new(QUERY))
        .await
        .unwrap();
    let partial = answer.last().await.unwrap().into_data().unwrap_err();
    assert_eq!(partial.errors[0].message, "no");
}

#[tokio::test]
async fn pieces_for_nowhere_and_too_many_of_them_are_errors() {
    let nowhere = r#"{"incremental":[{"path":["you"],"data":{}}],"hasNext":false}"#;
    let server = Server::answering(parts(&[FIRST, nowhere])).await;
    let mut answer = client(&server).build().unwrap().incremental(QUERY).await.unwrap();
    answer.next().await.unwrap().unwrap();
    let error = answer.next().await.unwrap().unwrap_err();
    assert!(
        error.to_string().contains("for you, and there is no such field"),
        "{error}"
    );

    let server = Server::start(|_, stream| async move {
        let piece = part(r#"{"incremental":[{"path":["l",0],"items":[1]}],"hasNext":true}"#);
        let head = format!("{GRAPHQL}{}", part(r#"{"data":{"l":[]},"hasNext":true}"#));
        stream.send_without_end(head, piece.as_bytes()).await;
    })
    .await;
    let client = client(&server).max_response_size(10_000).build().unwrap();
    let error = client.incremental(QUERY).await.unwrap().last().await.unwrap_err();
    assert!(error.to_string().contains("max_response_size"), "{error}");
    let error = client.execute(QUERY).await.unwrap_err();
    assert!(error.to_string().contains("longer than 10000 bytes"), "{error}");
}

#[tokio::test]
async fn a_server_that_goes_silent_between_pieces_is_not_waited_for_without_end() {
    let server = Server::start(|_, stream| async move {
        stream
            .send_and_hang(format!("{GRAPHQL}{}\r\n--graphql", part(FIRST)))
            .await;
    })
    .await;
    let second = Duration::from_secs(1);
    let short = client(&server).timeout(second).build().unwrap();
    let of_call = client(&server).build().unwrap();
    for call in [short.incremental(QUERY), of_call.incremental(QUERY).timeout(second)] {
        let mut answer = call.await.unwrap();
        answer.next().await.unwrap().unwrap();
        let error = answer.next().await.unwrap().unwrap_err();
        assert!(error.is_timeout(), "{error:?}");
        assert!(error.to_string().contains("1s"), "{error}");
    }
}

#[tokio::test]
async fn refusals_are_those_of_execute() {
    let server = Server::answering(response("401 Unauthorized", &[], "no")).await;
    let error = client(&server).build().unwrap().incremental(QUERY).await.unwrap_err();
    assert!(error.is_auth());
    let body = r#"{"errors":[{"message":"bad document"}]}"#;
    let server = Server::answering(response("400 Bad Request", &[], body)).await;
    let mut answer = client(&server)
        .build()
        .unwrap()
        .incremental(Request::<Value>::new(QUERY))
        .await
        .unwrap();
    let only = answer.next().await.unwrap().unwrap();
    assert_eq!(only.response.errors[0].message, "bad document");
    let error = client(&server)
        .build()
        .unwrap()
        .incremental("subscription { a }")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
}
