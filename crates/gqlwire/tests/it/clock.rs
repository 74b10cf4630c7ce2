//! A machine whose clock is wrong, or rather a server whose clock is another.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use gqlwire::{Client, RetryPolicy, appsync};
use gqlwire_proto::appsync::HeaderObject;
use serde_json::json;

use crate::support::{MUTATION, Peer, Request, SUBSCRIPTION, Server, presentable, response};

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

/// When a handshake was signed.
fn handshake_signed_at(request: &Request) -> SystemTime {
    let offer = request.header("sec-websocket-protocol").unwrap();
    let object = HeaderObject::from_subprotocols(offer.split(", ")).unwrap().unwrap();
    signed_at(object.get("x-amz-date").unwrap())
}

/// Opens every socket, as AppSync does, and then says what it thinks of the signature, by this clock.
async fn realtime_server(clock: fn() -> SystemTime, error_type: &'static str, is_good: fn(Duration) -> bool) -> Server {
    Server::start(move |request, stream| async move {
        let now = clock();
        let signed = handshake_signed_at(&request);
        let mut peer = Peer::accept_at(&request, stream, Some("graphql-ws"), Some(now)).await;
        let off = now.duration_since(signed).unwrap_or_else(|early| early.duration());
        if is_good(off) {
            peer.ack().await;
            peer.start_and_ack().await;
            while peer.receive().await.is_some() {}
            return;
        }
        peer.expect("connection_init").await;
        let error = json!({"errorType": error_type, "message": "Signature expired", "errorCode": 400});
        peer.send(json!({"type": "connection_error", "payload": {"errors": [error]}}))
            .await;
        while peer.receive().await.is_some() {}
    })
    .await
}

#[tokio::test]
async fn a_connection_that_is_refused_for_a_wrong_clock_is_made_again_by_the_servers() {
    let clocks: [fn() -> SystemTime; 2] = [ahead, behind];
    for clock in clocks {
        for error_type in ["BadRequestException", "UnauthorizedException"] {
            let server = realtime_server(clock, error_type, |off| off <= TOLERANCE).await;
            let client = client(&server);
            let _subscription = client.subscribe(SUBSCRIPTION).await.unwrap();
            assert_eq!(server.requests().len(), 2);
        }
    }
}

#[tokio::test]
async fn a_connection_that_stays_refused_by_the_servers_clock_is_not_made_a_third_time() {
    for (clock, requests) in [(ahead as fn() -> SystemTime, 2), (SystemTime::now, 1)] {
        let server = realtime_server(clock, "BadRequestException", |_| false).await;
        let error = client(&server).subscribe(SUBSCRIPTION).await.unwrap_err();
        assert!(error.is_auth());
        presentable(&error);
        assert_eq!(server.requests().len(), requests);
    }
}
