use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use gqlwire::{AuthProvider, Authorization, Error, Event, Request, Target};
use http::HeaderMap;
use serde_json::{Value, json};

use super::{COUNT, SSE, all, client, next};
use crate::support::{Server, response};

/// Answers the requests with these, one after the other, and the last one from then on.
async fn answering(answers: Vec<Vec<u8>>) -> Server {
    let count = Arc::new(AtomicUsize::new(0));
    Server::start(move |_, stream| {
        let at = count.fetch_add(1, Ordering::Relaxed).min(answers.len() - 1);
        let answer = answers[at].clone();
        async move { stream.send(answer).await }
    })
    .await
}

fn sse(events: &str) -> Vec<u8> {
    format!("{SSE}{events}").into_bytes()
}

fn done(n: u32) -> Vec<u8> {
    sse(&format!("{}event: complete\n\n", next(n)))
}

async fn said(server: &Server) -> Vec<String> {
    all(client(server).build().unwrap().subscribe(COUNT).await.unwrap()).await
}

#[tokio::test]
async fn a_lost_stream_is_requested_again_with_a_gap_and_the_last_id() {
    let server = answering(vec![sse(&format!("id: a7\n{}", next(1))), done(2)]).await;
    assert_eq!(
        said(&server).await,
        [r#"{"count":1}"#, "gap: Disconnected", r#"{"count":2}"#]
    );
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].header("last-event-id"), None);
    assert_eq!(requests[1].header("last-event-id"), Some("a7"));
    assert_eq!(requests[0].body, requests[1].body);
}

#[tokio::test]
async fn a_gap_has_its_times_and_its_cause() {
    let server = answering(vec![sse(&next(1)), done(2)]).await;
    let mut subscription = client(&server).build().unwrap().subscribe(COUNT).await.unwrap();
    subscription.next().await.unwrap().unwrap();
    let Some(Ok(Event::Gap(gap))) = subscription.next().await else {
        panic!("no gap");
    };
    assert!(gap.since <= gap.until);
    assert!(
        gap.cause.to_string().contains("the stream ended without a `complete`"),
        "{}",
        gap.cause
    );
}

#[tokio::test]
async fn the_server_says_how_long_to_wait() {
    let server = answering(vec![sse(&format!("retry: 120\n\n{}", next(1))), done(2)]).await;
    let began = Instant::now();
    said(&server).await;
    assert!(began.elapsed() >= Duration::from_millis(120));

    let busy = response("503 Service Unavailable", &[("retry-after", "1")], "busy");
    let server = answering(vec![sse(&next(1)), busy, done(2)]).await;
    let began = Instant::now();
    assert_eq!(
        said(&server).await,
        [r#"{"count":1}"#, "gap: Disconnected", r#"{"count":2}"#]
    );
    assert!(began.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn what_will_not_pass_is_final() {
    for (status, kind) in [
        ("400 Bad Request", "Status"),
        ("403 Forbidden", "Auth"),
        ("410 Gone", "Status"),
    ] {
        let server = answering(vec![sse(&next(1)), response(status, &[], "no")]).await;
        let said = said(&server).await;
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[1].starts_with(&format!("error: {kind}: ")), "{said:?}");
        assert_eq!(server.requests().len(), 2);
    }
    let errors = response("200 OK", &[], r#"{"errors":[{"message":"schema changed"}]}"#);
    let server = answering(vec![sse(&next(1)), errors]).await;
    assert!(said(&server).await[1].contains("refused the subscription: schema changed"));
}

#[tokio::test]
async fn a_server_that_is_gone_is_given_up_after_as_many_attempts_as_the_policy_has() {
    let server = answering(vec![sse(&next(1)), response("502 Bad Gateway", &[], "gone")]).await;
    let said = said(&server).await;
    assert!(said[1].ends_with("given up after 2 more attempts"), "{said:?}");
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn no_content_says_not_to_come_again() {
    let server = answering(vec![sse(&next(1)), b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()]).await;
    assert_eq!(said(&server).await, [r#"{"count":1}"#]);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn the_first_request_is_repeated_as_a_query_is() {
    let server = answering(vec![response("503 Service Unavailable", &[], "busy"), done(1)]).await;
    assert_eq!(said(&server).await, [r#"{"count":1}"#]);
}

/// Gives out token after token.
#[derive(Debug, Default)]
struct Tokens {
    given: AtomicUsize,
    refused: Mutex<Vec<u64>>,
}

impl AuthProvider for Tokens {
    fn authorize<'a>(&'a self, _: Target<'a>) -> BoxFuture<'a, Result<Authorization, Error>> {
        let given = self.given.fetch_add(1, Ordering::Relaxed);
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("token-{given}").parse().unwrap());
        Box::pin(async move { Ok(Authorization::new(headers).generation(given as u64)) })
    }

    fn refused<'a>(&'a self, sent: &'a Authorization, _: &'a Error) -> BoxFuture<'a, bool> {
        self.refused.lock().unwrap().push(sent.generation);
        Box::pin(async { true })
    }
}

#[tokio::test]
async fn credentials_are_asked_for_each_time_and_once_more_when_refused() {
    let no = response("401 Unauthorized", &[], "expired");
    let server = answering(vec![sse(&next(1)), no, done(2)]).await;
    let tokens = Arc::new(Tokens::default());
    let client = client(&server).auth(Arc::clone(&tokens)).build().unwrap();
    let said = all(client.subscribe(COUNT).await.unwrap()).await;
    assert_eq!(said, [r#"{"count":1}"#, "gap: Disconnected", r#"{"count":2}"#]);
    let sent: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.header("authorization").unwrap().to_owned())
        .collect();
    assert_eq!(sent, ["token-0", "token-1", "token-2"]);
    assert_eq!(*tokens.refused.lock().unwrap(), [1]);

    let server = Server::answering(response("401 Unauthorized", &[], "no")).await;
    let error = super::client(&server)
        .auth(Tokens::default())
        .build()
        .unwrap()
        .subscribe(COUNT)
        .await
        .unwrap_err();
    assert!(error.is_auth());
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_catch_up_runs_before_the_events_of_each_stream() {
    let streams = Arc::new(AtomicUsize::new(0));
    let server = Server::start(move |request, stream| {
        let streams = Arc::clone(&streams);
        async move {
            if request.body.contains("list") {
                stream.send(response("200 OK", &[], r#"{"data":{"list":[]}}"#)).await;
            } else if streams.fetch_add(1, Ordering::Relaxed) == 0 {
                stream.send(sse(&next(1))).await;
            } else {
                stream.send(done(2)).await;
            }
        }
    })
    .await;
    let client = client(&server).build().unwrap();
    let mut events = client
        .subscribe(COUNT)
        .catch_up(Request::<Value>::new("{ list }"))
        .await
        .unwrap();
    let mut said = Vec::new();
    while let Some(event) = events.next().await {
        said.push(match event.unwrap() {
            Event::Snapshot(answer) => answer.into_data().unwrap(),
            Event::Next(event) => event.into_data().unwrap(),
            Event::Gap(_) => json!("gap"),
            other => panic!("{other:?}"),
        });
    }
    let list = json!({"list": []});
    assert_eq!(
        said,
        [
            list.clone(),
            json!({"count": 1}),
            json!("gap"),
            list,
            json!({"count": 2})
        ]
    );
}
