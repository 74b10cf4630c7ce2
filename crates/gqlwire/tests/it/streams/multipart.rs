use gqlwire::{ErrorKind, ReconnectPolicy};
use proptest::prelude::*;
use serde_json::Value;

use super::{COUNT, GRAPHQL, all, all_of, client, part, parts, send_slowly};
use crate::support::{Server, response};

const ONE: &str = r#"{"payload":{"data":{"count":1}}}"#;
const TWO: &str = r#"{"payload":{"data":{"count":2}}}"#;
const READ: [&str; 2] = [r#"{"count":1}"#, r#"{"count":2}"#];

#[tokio::test]
async fn events_come_until_the_last_boundary_and_heartbeats_are_none() {
    let server = Server::answering(parts(&["{}", ONE, "{}", "{ }", TWO])).await;
    let client = client(&server)
        .multipart_subscriptions()
        .header("x-tenant", "t")
        .build()
        .unwrap();
    assert_eq!(all(client.subscribe(COUNT).await.unwrap()).await, READ);
    let request = &server.requests()[0];
    let accept = "multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0, application/json";
    assert_eq!(
        (request.header("accept"), request.header("x-tenant")),
        (Some(accept), Some("t"))
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn any_boundary_and_any_line_break_will_do() {
    let text = parts(&[ONE, TWO]);
    for (from, to) in [
        ("graphql", "-"),
        ("graphql", "a b'c"),
        ("boundary=\"graphql\"", "boundary=graphql"),
    ] {
        assert_eq!(all_of(text.replace(from, to)).await, READ, "{to}");
    }
    assert_eq!(
        all_of(text.replace(";boundary=\"graphql\"", "").replace("--graphql", "---")).await,
        READ
    );
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert_eq!(
        all_of(format!("{head}\r\n\r\n{}", body.replace("\r\n", "\n"))).await,
        READ,
        "LF alone"
    );
    // Parts need no specification in the content type, and results need no envelope.
    let plain = text
        .replace(";subscriptionSpec=1.0", "")
        .replace("{\"payload\":", "")
        .replace("}}}", "}}");
    assert_eq!(all_of(plain).await, READ);
}

#[tokio::test]
async fn it_matters_not_how_the_bytes_are_cut() {
    let text = parts(&["{}", ONE, TWO]);
    for size in [1, 2, 3, 7, 100] {
        let text = text.clone();
        let server = Server::start(move |_, stream| {
            let pieces: Vec<Vec<u8>> = text.as_bytes().chunks(size).map(<[u8]>::to_vec).collect();
            async move { send_slowly(stream, pieces).await }
        })
        .await;
        let client = client(&server).build().unwrap();
        assert_eq!(all(client.subscribe(COUNT).await.unwrap()).await, READ, "{size}");
    }
}

#[tokio::test]
async fn an_empty_part_in_the_end_is_nothing() {
    let text = parts(&[ONE, TWO]).replace("--graphql--", "--graphql\r\n--graphql--");
    assert_eq!(all_of(text).await, READ);
}

#[tokio::test]
async fn a_transport_error_ends_the_stream_with_its_errors() {
    let fatal =
        r#"{"payload":null,"errors":[{"message":"subgraph gone","extensions":{"code":"X"}},{"message":"and"}]}"#;
    for fatal in [fatal, r#"{"errors":[{"message":"subgraph gone"},{"message":"and"}]}"#] {
        let server = Server::answering(parts(&[ONE, fatal, TWO])).await;
        let said = all(client(&server).build().unwrap().subscribe(COUNT).await.unwrap()).await;
        let ended = "error: GraphQL: the server ended the stream: subgraph gone";
        assert!(
            said[1].starts_with(ended) && said[1].ends_with("(and 1 more)"),
            "{said:?}"
        );
        assert_eq!(said.len(), 2);
        assert_eq!(server.requests().len(), 1, "the server said that it is over");
    }
}

#[tokio::test]
async fn errors_of_an_event_are_the_events() {
    let event = r#"{"payload":{"data":{"count":null},"errors":[{"message":"one failed"}]}}"#;
    assert_eq!(all_of(parts(&[event, ONE])).await, ["errors: one failed", READ[0]]);
}

#[tokio::test]
async fn a_payload_of_null_alone_says_nothing() {
    assert_eq!(all_of(parts(&[ONE, r#"{"payload":null}"#, TWO])).await, READ);
}

#[tokio::test]
async fn a_part_that_cannot_be_read_is_told_and_ends_nothing() {
    for odd in ["{oops", "[1]", r#"{"other":1}"#, "{\"payload\":1}"] {
        let said = all_of(parts(&[odd, ONE, TWO])).await;
        assert!(said[0].starts_with("error: Protocol: "), "{odd}: {said:?}");
        assert_eq!(said[1..], READ, "{odd}");
    }
    let mut bytes = parts(&["{\"payload\":{\"data\":{\"count\":\"?\"}}}", ONE]).into_bytes();
    let at = bytes.iter().position(|byte| *byte == b'?').unwrap();
    bytes[at] = 0xff;
    assert_eq!(all_of(bytes).await, ["{\"count\":\"\u{fffd}\"}", READ[0]]);
}

#[tokio::test]
async fn a_part_that_is_not_json_ends_the_stream() {
    let text = parts(&[ONE]).replace("content-type: application/json", "content-type: text/plain");
    assert_eq!(
        all_of(text).await,
        ["error: Protocol: a part of the answer is text/plain, and not JSON"]
    );
}

#[tokio::test]
async fn a_part_without_content_type_is_taken_as_json() {
    let text = parts(&[ONE, TWO]).replace("content-type: application/json\r\n\r\n{", "\r\n{");
    assert_eq!(all_of(text).await, READ);
}

#[tokio::test]
async fn one_result_as_json_is_one_event() {
    for content_type in ["application/json", "application/graphql-response+json"] {
        let answer = response("200 OK", &[("content-type", content_type)], r#"{"data":{"count":1}}"#);
        assert_eq!(all_of(answer).await, [READ[0]]);
    }
}

#[tokio::test]
async fn errors_with_a_status_keep_status_body_and_graphql_errors() {
    let body = r#"{"errors":[{"message":"no such field","extensions":{"code":"BAD"}}]}"#;
    let server = Server::answering(response("400 Bad Request", &[("x-id", "7")], body)).await;
    let error = super::refusal(&server).await;
    assert_eq!(error.kind(), ErrorKind::GraphQL);
    assert_eq!(
        (error.status().unwrap().as_u16(), error.errors()[0].error_type()),
        (400, Some("BAD"))
    );
    assert_eq!(error.headers()["x-id"], "7");
    assert!(
        error.to_string().contains("refused the subscription: no such field"),
        "{error}"
    );

    let server = Server::answering(response("500 Internal Server Error", &[], "out of memory")).await;
    let error = super::refusal(&server).await;
    assert_eq!((error.kind(), error.body()), (ErrorKind::Status, Some("out of memory")));
}

#[tokio::test]
async fn a_stream_without_its_last_boundary_is_lost() {
    let text = format!("{GRAPHQL}{}\r\n--graphql\r\n", part(ONE));
    let said = all_of(text).await;
    assert_eq!(said[0], READ[0]);
    assert!(
        said[1].ends_with("the stream ended without its last boundary"),
        "{said:?}"
    );
}

#[tokio::test]
async fn a_part_without_end_is_refused() {
    let server = Server::start(|_, stream| async move {
        let head = format!("{GRAPHQL}--graphql\r\n\r\n");
        stream.send_without_end(head, &[b'x'; 10_000]).await;
    })
    .await;
    let client = client(&server).max_response_size(100_000).build().unwrap();
    let said = all(client.subscribe(COUNT).await.unwrap()).await;
    assert_eq!(
        said,
        ["error: Protocol: a part of the multipart answer is longer than 100000 bytes"]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_answer_makes_it_panic_or_hang(bytes in proptest::collection::vec(any::<u8>(), 0..200), multipart in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let head = if multipart { GRAPHQL } else { super::SSE };
            let server = Server::answering([head.as_bytes(), &bytes].concat()).await;
            let client = client(&server).reconnect(ReconnectPolicy::never()).build().unwrap();
            if let Ok(subscription) = client.subscribe(COUNT).await {
                all(subscription).await;
            }
            let _ = client.execute("{ a }").await.map(|response: gqlwire::Response<Value>| response.into_data());
        });
    }
}
