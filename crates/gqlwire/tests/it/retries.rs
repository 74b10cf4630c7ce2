use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use gqlwire::{AuthProvider, Authorization, Client, Error, ErrorKind, RetryPolicy, Target, appsync};
use http::{HeaderMap, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{MUTATION, Server, appsync_client, presentable, response};

const QUERY: &str = "{ getMessage(id: 1) { id } }";
const DATA: &str = r#"{"data":{"getMessage":null}}"#;

/// Three attempts, in no time.
fn hasty() -> RetryPolicy {
    RetryPolicy::default().delays(Duration::from_millis(1), Duration::from_millis(1))
}

/// Answers the first requests with these bytes each, and all further ones with data.
async fn failing(failures: Vec<Vec<u8>>) -> Server {
    let count = Arc::new(AtomicUsize::new(0));
    Server::start(move |_, stream| {
        let failure = failures.get(count.fetch_add(1, Ordering::SeqCst)).cloned();
        async move {
            stream
                .send(failure.unwrap_or_else(|| response("200 OK", &[], DATA)))
                .await
        }
    })
    .await
}

/// What a server may do to a request that it has read, and that is worth another attempt at a query.
fn passing() -> Vec<Vec<u8>> {
    let status = |status: &str, headers: &[(&str, &str)]| response(status, headers, "not now");
    vec![
        Vec::new(),
        b"HTTP/1.1 200 O".to_vec(),
        b"HTTP/1.1 200 OK\r\ncontent-length: 28\r\n\r\n{\"data\":".to_vec(),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\n{\"data\":\r\n".to_vec(),
        status("429 Too Many Requests", &[]),
        status("502 Bad Gateway", &[]),
        status("503 Service Unavailable", &[("retry-after", "0")]),
        status(
            "503 Service Unavailable",
            &[("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT")],
        ),
        status("504 Gateway Timeout", &[]),
    ]
}

#[tokio::test]
async fn a_query_survives_two_failures_of_any_kind_that_may_pass() {
    for failure in passing() {
        let server = failing(vec![failure.clone(), failure.clone()]).await;
        let client = appsync_client(&server).retry(hasty()).build().unwrap();
        client.execute(QUERY).await.unwrap();
        assert_eq!(server.requests().len(), 3, "{}", String::from_utf8_lossy(&failure));
    }
}

#[tokio::test]
async fn a_mutation_that_was_sent_is_sent_once_whatever_the_server_does() {
    for failure in passing() {
        let server = failing(vec![failure]).await;
        let client = appsync_client(&server).retry(hasty().attempts(9)).build().unwrap();
        let error = client.execute(MUTATION).await.unwrap_err();
        assert_eq!(server.requests().len(), 1, "{error}");
        assert_eq!(error.attempts(), 1);
        presentable(&error);
    }
}

#[tokio::test]
async fn a_mutation_is_repeated_where_the_user_says_that_it_may() {
    for failure in passing() {
        let server = failing(vec![failure]).await;
        let client = appsync_client(&server)
            .retry(hasty().repeat_mutations())
            .build()
            .unwrap();
        client.execute(MUTATION).await.unwrap();
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn attempts_end_and_the_error_is_that_of_the_last() {
    let unavailable = response("503 Service Unavailable", &[], "not now");
    let server = failing(vec![Vec::new(), Vec::new(), unavailable.clone(), unavailable]).await;
    let client = appsync_client(&server).retry(hasty()).build().unwrap();
    let error = client.execute(QUERY).await.unwrap_err();
    assert_eq!((server.requests().len(), error.attempts()), (3, 3));
    assert_eq!(
        (error.kind(), error.status().unwrap().as_u16()),
        (ErrorKind::Status, 503)
    );
    assert!(presentable(&error).ends_with("not now (attempt 3)"), "{error}");
    // One of the first two may have run.
    assert!(error.may_have_been_executed() && !error.is_retryable());
}

#[tokio::test]
async fn a_call_may_want_one_attempt_or_a_policy_of_its_own() {
    let server = Server::answering(response("503 Service Unavailable", &[], "")).await;
    let client = appsync_client(&server).retry(hasty()).build().unwrap();
    assert_eq!(client.execute(QUERY).no_retry().await.unwrap_err().attempts(), 1);
    assert_eq!(
        client
            .execute(QUERY)
            .retry(hasty().attempts(5))
            .await
            .unwrap_err()
            .attempts(),
        5
    );
    let client = appsync_client(&server).retry(RetryPolicy::never()).build().unwrap();
    assert_eq!(client.execute(QUERY).await.unwrap_err().attempts(), 1);
    assert_eq!(server.requests().len(), 7);
}

#[tokio::test]
async fn graphql_errors_and_refusals_are_not_repeated() {
    let errors = r#"{"errors":[{"errorType":"GraphQLSchemaException","message":"No schema definition exists."}]}"#;
    for answer in [
        response("200 OK", &[], r#"{"data":null,"errors":[{"message":"no"}]}"#),
        response("400 Bad Request", &[], errors),
        response("401 Unauthorized", &[], errors),
        response("502 Bad Gateway", &[], errors),
        response("500 Internal Server Error", &[], ""),
    ] {
        let server = Server::answering(answer).await;
        let client = appsync_client(&server).retry(hasty()).build().unwrap();
        let _ = client.execute(QUERY).await;
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_server_that_asks_for_more_time_than_there_is_gets_no_second_request_and_the_error_says_so() {
    for (seconds, timeout, why) in [
        ("3600", 30, "the retry policy allows 10s"),
        ("5", 2, "is left of the timeout"),
    ] {
        let answer = response("503 Service Unavailable", &[("retry-after", seconds)], "");
        let server = Server::answering(answer).await;
        let client = appsync_client(&server).retry(hasty()).build().unwrap();
        let calling = client.execute(QUERY).timeout(Duration::from_secs(timeout));
        let error = calling.await.unwrap_err();
        assert_eq!((server.requests().len(), error.attempts()), (1, 1));
        assert!(presentable(&error).contains(why), "{error}");
        assert!(
            error
                .to_string()
                .contains(&format!("it asks to wait {seconds} s; not repeated")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_second_attempt_that_hangs_ends_with_the_timeout_and_tells_of_the_first() {
    let count = AtomicUsize::new(0);
    let server = Server::start(move |_, stream| {
        let first = count.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            match first {
                true => stream.send("").await,
                false => stream.send_and_hang("").await,
            }
        }
    })
    .await;
    let client = appsync_client(&server)
        .retry(hasty())
        .timeout(Duration::from_secs(2))
        .build()
        .unwrap();
    let error = client.execute(QUERY).await.unwrap_err();
    assert_eq!((server.requests().len(), error.attempts()), (2, 2));
    assert!(error.is_timeout() && error.may_have_been_executed());
    let shown = presentable(&error);
    assert!(
        shown.contains("took longer than 2s; the attempt before failed: the connection to"),
        "{shown}"
    );
}

/// Authorises each attempt with its number, and opens the server with the second one.
#[derive(Debug)]
struct Opening {
    address: std::net::SocketAddr,
    asked: AtomicUsize,
}

impl AuthProvider for Opening {
    fn authorize<'a>(&'a self, _target: Target<'a>) -> BoxFuture<'a, Result<Authorization, Error>> {
        Box::pin(async {
            let attempt = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
            if attempt == 2 {
                let listener = tokio::net::TcpListener::bind(self.address).await.unwrap();
                tokio::spawn(async move {
                    let (mut stream, _) = listener.accept().await.unwrap();
                    let mut head = vec![0; 4096];
                    let length = stream.read(&mut head).await.unwrap();
                    assert!(String::from_utf8_lossy(&head[..length]).contains("x-attempt: 2"));
                    stream.write_all(&response("200 OK", &[], DATA)).await.unwrap();
                });
            }
            let headers = HeaderMap::from_iter([("x-attempt".parse().unwrap(), HeaderValue::from(attempt))]);
            Ok(Authorization::new(headers))
        })
    }
}

#[tokio::test]
async fn even_a_mutation_goes_once_more_to_a_server_that_was_not_there_with_credentials_of_its_own() {
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let opening = Arc::new(Opening {
        address,
        asked: AtomicUsize::new(0),
    });
    let client = Client::builder(&format!("http://{address}/graphql")).auth(Arc::clone(&opening));
    let client = client.retry(hasty()).build().unwrap();
    client.execute(MUTATION).await.unwrap();
    assert_eq!(opening.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn nobody_there_is_asked_three_times() {
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let client = Client::builder(&format!("http://{address}/graphql"))
        .retry(hasty())
        .build()
        .unwrap();
    let error = client.execute(MUTATION).await.unwrap_err();
    assert!(error.is_connect() && error.is_retryable() && !error.may_have_been_executed());
    assert_eq!(error.attempts(), 3);
}

/// Has something better each time it is asked.
#[derive(Debug, Default)]
struct Renewing {
    refused: AtomicUsize,
}

impl AuthProvider for Renewing {
    fn authorize<'a>(&'a self, _target: Target<'a>) -> BoxFuture<'a, Result<Authorization, Error>> {
        Box::pin(async { Ok(Authorization::default()) })
    }

    fn refused<'a>(&'a self, _sent: &'a Authorization, _why: &'a Error) -> BoxFuture<'a, bool> {
        self.refused.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { true })
    }
}

#[tokio::test]
async fn credentials_are_renewed_once_a_call_and_that_is_no_attempt() {
    let refusal = || response("401 Unauthorized", &[], "no");
    let unavailable = || response("503 Service Unavailable", &[], "not now");
    let server = failing(vec![refusal(), unavailable(), refusal(), refusal()]).await;
    let renewing = Arc::new(Renewing::default());
    let client = appsync_client(&server)
        .auth(Arc::clone(&renewing))
        .retry(hasty())
        .build()
        .unwrap();
    let error = client.execute(QUERY).await.unwrap_err();
    assert!(error.is_auth());
    assert_eq!((server.requests().len(), error.attempts()), (3, 2));
    assert_eq!(renewing.refused.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn calls_that_are_refused_together_have_one_token_fetched_and_all_go_on() {
    let server = Server::start(|request, stream| async move {
        let answer = match request.header("authorization").unwrap() {
            "token-number-1" => response("401 Unauthorized", &[], "Token has expired."),
            _ => response("200 OK", &[], DATA),
        };
        stream.send(answer).await;
    })
    .await;
    let fetched = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&fetched);
    let tokens = appsync::Oidc::cached(move || {
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        async move { Ok(format!("token-number-{number}")) }
    });
    let client = appsync_client(&server).auth(tokens).build().unwrap();
    let calls = join_all((0..20).map(|_| client.execute(MUTATION).into_future())).await;
    assert!(calls.iter().all(Result::is_ok), "{calls:?}");
    assert_eq!(fetched.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_fixed_token_that_has_expired_is_named_with_its_end_when_it_is_refused() {
    let server = Server::answering(response("401 Unauthorized", &[], "Token has expired.")).await;
    // {"exp":1700000000}
    let token = "e30.eyJleHAiOjE3MDAwMDAwMDB9.c2lnbmF0dXJl";
    let client = appsync_client(&server)
        .auth(appsync::Cognito::new(token))
        .build()
        .unwrap();
    let error = client.execute(QUERY).await.unwrap_err();
    assert_eq!(server.requests().len(), 1);
    let shown = presentable(&error);
    assert!(
        shown.contains("user pool, which expired at Tue, 14 Nov 2023 22:13:20 GMT"),
        "{shown}"
    );
}
