use gqlwire::{Client, Error, ErrorKind, Response, RetryPolicy};
use serde_json::Value;

use crate::support::{Server, response};

const GRAPHQL: &str = "application/graphql-response+json; charset=utf-8";
const JSON: &str = "application/json";
const ERRORS: &str = r#"{"errors":[{"message":"no"}]}"#;

async fn ask(answer: Vec<u8>) -> Result<Response<Value>, Error> {
    let server = Server::answering(answer).await;
    let client = Client::builder(&server.url("/graphql")).retry(RetryPolicy::never());
    client.build().unwrap().execute("{ n }").await
}

#[tokio::test]
async fn a_graphql_server_is_believed_whatever_its_status_and_any_other_only_if_it_answers_in_graphql() {
    // What comes of a body of this type under this status; `None` is a response.
    for (status, media_type, body, expected) in [
        ("200 OK", GRAPHQL, ERRORS, None),
        ("200 OK", JSON, ERRORS, None),
        ("200 OK", "text/html", ERRORS, None),
        ("203 Non-Authoritative Information", GRAPHQL, ERRORS, None),
        ("400 Bad Request", GRAPHQL, ERRORS, None),
        ("400 Bad Request", JSON, ERRORS, None),
        ("422 Unprocessable Content", JSON, ERRORS, None),
        ("400 Bad Request", JSON, r#"{"message":"no"}"#, Some(ErrorKind::Status)),
        ("400 Bad Request", "text/html", "<html>", Some(ErrorKind::Status)),
        ("500 Internal Server Error", GRAPHQL, ERRORS, None),
        ("504 Gateway Timeout", GRAPHQL, ERRORS, None),
        ("500 Internal Server Error", JSON, ERRORS, Some(ErrorKind::Status)),
        ("500 Internal Server Error", JSON, r#"{"data":{"n":1}}"#, None),
        ("500 Internal Server Error", GRAPHQL, "oops", Some(ErrorKind::Status)),
        ("200 OK", GRAPHQL, "oops", Some(ErrorKind::Protocol)),
        ("200 OK", JSON, r#"{"message":"hello"}"#, Some(ErrorKind::Protocol)),
        ("204 No Content", JSON, "", Some(ErrorKind::Protocol)),
        // These ask for something that the client may have, and are errors for that.
        ("401 Unauthorized", GRAPHQL, ERRORS, Some(ErrorKind::Auth)),
        ("403 Forbidden", GRAPHQL, ERRORS, Some(ErrorKind::Auth)),
        ("429 Too Many Requests", GRAPHQL, ERRORS, Some(ErrorKind::Status)),
        ("503 Service Unavailable", GRAPHQL, ERRORS, Some(ErrorKind::Status)),
    ] {
        let answer = ask(response(status, &[("content-type", media_type)], body)).await;
        let kind = answer.as_ref().err().map(Error::kind);
        assert_eq!(kind, expected, "{status} {media_type} {body}: {answer:?}");
        match answer {
            Ok(response) => assert_eq!(response.headers()["content-type"], media_type),
            Err(error) => assert_eq!(error.headers()["content-type"], media_type),
        }
    }
}

#[tokio::test]
async fn bytes_that_are_no_utf_8_are_read_as_latin_1_where_that_is_announced() {
    let answer = |media_type: &str, text: &[u8]| {
        let mut answer = response("200 OK", &[("content-type", media_type)], &"x".repeat(text.len()));
        answer.truncate(answer.len() - text.len());
        answer.extend_from_slice(text);
        answer
    };
    let latin = b"{\"data\":{\"n\":\"\xe4\"}}";
    let data = ask(answer("application/json; charset=ISO-8859-1", latin))
        .await
        .unwrap()
        .data;
    assert_eq!(data.unwrap()["n"], "ä");
    let utf_8 = "{\"data\":{\"n\":\"ä\"}}".as_bytes();
    let data = ask(answer("application/json; charset=ISO-8859-1", utf_8))
        .await
        .unwrap()
        .data;
    assert_eq!(data.unwrap()["n"], "ä");
    let marked = "\u{feff}{\"data\":{\"n\":\"ä\"}}".as_bytes();
    let data = ask(answer("application/json", marked)).await.unwrap().data;
    assert_eq!(data.unwrap()["n"], "ä");
}
