//! A machine whose clock is wrong, or rather a server whose clock is another.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use gqlwire::{Client, RetryPolicy, appsync};

use crate::support::{MUTATION, Server, presentable, response};

const DATA: &str = r#"{"data":{"createMessage":null}}"#;
const EXPIRED: &str = r#"{"errors":[{"errorType":"InvalidSignatureException","message":"Signature expired"}]}"#;
const BAD_REQUEST: &str =
    r#"{"errors":[{"errorType":"com.amazonaws.auth#BadRequestException","message":"Signature expired: …"}]}"#;

/// The ways in which AppSync says that a signature is no good.
const REFUSALS: [(&str, &str); 3] = [
    ("400 Bad Request", BAD_REQUEST),
    ("401 Unauthorized", EXPIRED),
    ("403 Forbidden", EXPIRED),
];

/// What AWS forgives.
const TOLERANCE: Duration = Duration::from_secs(300);

fn client(server: &Server) -> Client {
    let credentials = appsync::Credentials::new("AKIDEXAMPLE", "secret");
    Client::builder(&server.url("/graphql"))
        .appsync()
        .region("us-east-1")
        .auth(appsync::Iam::with_credentials(credentials))
        .retry(RetryPolicy::never())
        .build()
        .unwrap()
}

/// Verifies when a request was signed, by this clock.
async fn server(clock: fn() -> SystemTime, refusal: (&'static str, &'static str)) -> Server {
    Server::start(move |request, stream| {
        let now = clock();
        let date = httpdate::fmt_http_date(now);
        let signed = signed_at(request.header("x-amz-date").unwrap());
        let off = now.duration_since(signed).unwrap_or_else(|early| early.duration());
        let (status, body) = match off > TOLERANCE {
            true => refusal,
            false => ("200 OK", DATA),
        };
        async move { stream.send(response(status, &[("date", &date)], body)).await }
    })
    .await
}

/// `20261124T120000Z`
fn signed_at(date: &str) -> SystemTime {
    let parsed = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", date).unwrap();
    let timestamp = jiff::tz::TimeZone::UTC.to_timestamp(parsed).unwrap();
    SystemTime::UNIX_EPOCH + Duration::from_secs(timestamp.as_second().unsigned_abs())
}

fn ahead() -> SystemTime {
    SystemTime::now() + Duration::from_secs(3600)
}

fn behind() -> SystemTime {
    SystemTime::now() - Duration::from_secs(86_400)
}

#[tokio::test]
async fn a_wrong_clock_costs_one_refusal_and_later_requests_none() {
    let clocks: [fn() -> SystemTime; 2] = [ahead, behind];
    for (clock, refusal) in clocks
        .into_iter()
        .flat_map(|clock| REFUSALS.map(|refusal| (clock, refusal)))
    {
        let server = server(clock, refusal).await;
        let client = client(&server);
        client.execute(MUTATION).await.unwrap();
        assert_eq!(server.requests().len(), 2);
        client.execute(MUTATION).await.unwrap();
        client.execute("{ a }").await.unwrap();
        assert_eq!(server.requests().len(), 4);
    }
}

#[tokio::test]
async fn a_date_that_lies_costs_one_more_request_and_is_not_believed_afterwards() {
    let refuse = std::sync::Arc::new(AtomicUsize::new(2));
    let left = refuse.clone();
    let server = Server::start(move |_, stream| {
        let refused = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        let date = httpdate::fmt_http_date(ahead());
        let answer = match refused {
            Ok(_) => response("403 Forbidden", &[("date", &date)], EXPIRED),
            Err(_) => response("200 OK", &[], DATA),
        };
        async move { stream.send(answer).await }
    })
    .await;
    let client = client(&server);
    let error = client.execute(MUTATION).await.unwrap_err();
    assert!(error.is_auth());
    presentable(&error);
    client.execute(MUTATION).await.unwrap();
    let requests = server.requests();
    let off: Vec<_> = requests
        .iter()
        .map(|request| signed_at(request.header("x-amz-date").unwrap()))
        .map(|signed| {
            signed
                .duration_since(SystemTime::now())
                .unwrap_or_default()
                .as_secs()
                .div_ceil(60)
        })
        .collect();
    assert_eq!(off, [0, 60, 0]);
}

#[tokio::test]
async fn a_refusal_by_a_clock_that_agrees_is_not_repeated() {
    let date = httpdate::fmt_http_date(SystemTime::now());
    let server = Server::answering(response("403 Forbidden", &[("date", &date)], EXPIRED)).await;
    assert!(client(&server).execute(MUTATION).await.unwrap_err().is_auth());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn an_answer_that_refuses_something_else_is_not_repeated() {
    let date = httpdate::fmt_http_date(ahead());
    let invalid =
        r#"{"errors":[{"errorType":"MalformedHttpRequestException","message":"Unable to parse GraphQL query."}]}"#;
    let server = Server::answering(response("400 Bad Request", &[("date", &date)], invalid)).await;
    let response = client(&server).execute(MUTATION).await.unwrap();
    assert_eq!((response.errors.len(), server.requests().len()), (1, 1));
}
