use gqlwire::ErrorKind;

use super::{COUNT, SSE, all, client, next, parts, refusal};
use crate::support::{Server, response};

#[tokio::test]
async fn all_ways_are_offered_and_the_servers_choice_is_taken() {
    for answer in [
        format!("{SSE}{}event: complete\n\n", next(1)),
        parts(&[r#"{"payload":{"data":{"count":1}}}"#]),
        String::from_utf8(response("200 OK", &[], r#"{"data":{"count":1}}"#)).unwrap(),
    ] {
        let server = Server::answering(answer).await;
        let subscription = client(&server).build().unwrap().subscribe(COUNT).await.unwrap();
        assert_eq!(all(subscription).await, [r#"{"count":1}"#]);
        let accept = "text/event-stream, multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0, \
                      application/graphql-response+json, application/json";
        assert_eq!(server.requests()[0].header("accept"), Some(accept));
    }
}

#[tokio::test]
async fn a_server_that_knows_only_events_is_asked_for_them_alone() {
    for status in ["404 Not Found", "406 Not Acceptable"] {
        let server = Server::start(move |request, stream| async move {
            if request.header("accept") == Some("text/event-stream") {
                stream.send(format!("{SSE}{}event: complete\n\n", next(1))).await;
            } else {
                stream
                    .send(response(status, &[], r#"{"errors":[{"message":"Stream not found"}]}"#))
                    .await;
            }
        })
        .await;
        let subscription = client(&server).build().unwrap().subscribe(COUNT).await.unwrap();
        assert_eq!(all(subscription).await, [r#"{"count":1}"#]);
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_server_without_streams_is_refused_with_its_first_words() {
    let server = Server::start(|request, stream| async move {
        let first = request.header("accept") != Some("text/event-stream");
        let body = if first { "no such page" } else { "still none" };
        stream.send(response("404 Not Found", &[], body)).await;
    })
    .await;
    let error = refusal(&server).await;
    assert_eq!((error.kind(), error.body()), (ErrorKind::Status, Some("no such page")));
}

#[tokio::test]
async fn a_redirect_is_refused() {
    let server = Server::answering(response(
        "307 Temporary Redirect",
        &[("location", "https://other.example/")],
        "",
    ))
    .await;
    let error = refusal(&server).await;
    assert_eq!(error.kind(), ErrorKind::Status);
    assert!(error.to_string().contains("redirects are not followed"), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_query_is_no_subscription() {
    let server = Server::answering(response("200 OK", &[], "{}")).await;
    let error = client(&server).build().unwrap().subscribe("{ a }").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert!(server.requests().is_empty());
}
