//! What exactly goes out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use gqlwire::appsync::{ApiKey, Cognito, Credentials, HeaderCarrier, Iam, Lambda, Oidc};
use gqlwire::{AuthProvider, Client, ClientBuilder};
use gqlwire_proto::appsync::HeaderObject;
use gqlwire_proto::sigv4::{SignableRequest, Verifier};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use url::Url;

use crate::support::{KEY, MUTATION, Peer, Request, SUBSCRIPTION, Server, appsync_client, response};

const OK: &str = r#"{"data":{"createMessage":{"id":"1"}}}"#;

fn credentials() -> Credentials {
    Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY").with_session_token("TESTSESSIONTOKEN")
}

/// Checks a signature as AppSync would.
fn verify(url: &str, headers: &[(&str, &str)], body: &str) {
    let url = Url::parse(url).unwrap();
    let verifier = Verifier::new().region("eu-west-1").service("appsync");
    let lookup = |id: &str| (id == "AKIDEXAMPLE").then(credentials);
    let verified = verifier.verify(
        &SignableRequest::post(&url, headers, body.as_bytes()),
        lookup,
        SystemTime::now(),
    );
    let verified = verified.unwrap();
    assert!(verified.signed_headers.contains(&"x-amz-security-token".to_owned()));
}

fn pairs(object: &HeaderObject) -> Vec<(&str, &str)> {
    object.iter().collect()
}

/// A server for both endpoints: acknowledges, and tells each start.
async fn both() -> (Server, mpsc::UnboundedReceiver<Value>) {
    let (tell, starts) = mpsc::unbounded_channel();
    let server = Server::start(move |request, stream| {
        let tell = tell.clone();
        async move {
            if request.method == "POST" {
                return stream.send(response("200 OK", &[], OK)).await;
            }
            let mut peer = Peer::accept(&request, stream, Some("graphql-ws")).await;
            peer.ack().await;
            let start = peer.start_and_ack().await;
            let _ = tell.send(start);
            peer.drain().await;
        }
    })
    .await;
    (server, starts)
}

fn object_of(request: &Request) -> (HeaderCarrier, HeaderObject) {
    let headers: http::HeaderMap = request
        .headers
        .iter()
        .map(|(name, value)| (name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap()))
        .collect();
    let query = request.target.split_once('?').map(|(_, query)| query);
    HeaderCarrier::read_handshake(query, &headers).unwrap().unwrap()
}

#[tokio::test]
async fn a_mutation_is_one_post_of_json_with_the_key_in_its_header() {
    let (server, _) = both().await;
    let client = appsync_client(&server)
        .header("x-tenant", "client")
        .header("x-all", "1")
        .build()
        .unwrap();
    client.execute(MUTATION).header("X-Tenant", "call").await.unwrap();
    let [request] = &server.requests()[..] else {
        panic!("not one request");
    };
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/graphql"));
    assert_eq!(request.header("host"), Some(server.address()));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(
        request.header("accept"),
        Some("application/graphql-response+json, application/json;q=0.9")
    );
    assert_eq!(request.header("x-api-key"), Some(KEY));
    assert_eq!(request.header("x-tenant"), Some("call"));
    assert_eq!(request.header("x-all"), Some("1"));
    let agent = request.header("x-amz-user-agent").unwrap();
    assert!(agent.starts_with("gqlwire/"), "{agent}");
    assert_eq!(request.header("user-agent"), Some(agent));
    assert_eq!(
        serde_json::from_str::<Value>(&request.body).unwrap(),
        json!({"query": MUTATION})
    );
}

#[tokio::test]
async fn variables_keep_their_digits_and_their_order() {
    let (server, _) = both().await;
    let number: Box<serde_json::value::RawValue> = serde_json::from_str("123456789012345678901234567890.10").unwrap();
    let request = gqlwire::Request::<Value>::new("mutation($z: N, $a: N) { f(z: $z, a: $a) }");
    let request = request.variable("z", &number).variable("a", 1);
    appsync_client(&server).build().unwrap().execute(request).await.unwrap();
    let body = &server.requests()[0].body;
    assert!(
        body.contains(r#""variables":{"z":123456789012345678901234567890.10,"a":1}"#),
        "{body}"
    );
}

#[tokio::test]
async fn by_default_no_url_holds_credentials_on_this_machine_either() {
    let (server, _starts) = both().await;
    let client = appsync_client(&server).build().unwrap();
    let _subscription = client.subscribe(SUBSCRIPTION).await.unwrap();
    let request = &server.requests()[0];
    assert_eq!(request.target, "/graphql/realtime");
    let (carrier, object) = object_of(request);
    assert_eq!(carrier, HeaderCarrier::Subprotocol);
    assert_eq!(object.get("x-api-key"), Some(KEY));
}

#[tokio::test]
async fn the_key_travels_in_each_of_the_three_carriers_and_in_the_start() {
    for carrier in [HeaderCarrier::Subprotocol, HeaderCarrier::Query, HeaderCarrier::Headers] {
        let (server, mut starts) = both().await;
        let client = appsync_client(&server)
            .header_carrier(carrier)
            .header("x-all", "1")
            .build()
            .unwrap();
        let _subscription = client.subscribe(SUBSCRIPTION).header("x-one", "2").await.unwrap();
        let request = &server.requests()[0];
        let path = request.target.split('?').next().unwrap();
        assert_eq!((request.method.as_str(), path), ("GET", "/graphql/realtime"));
        assert_eq!(request.header("x-all"), Some("1"));
        assert!(
            request
                .header("sec-websocket-protocol")
                .unwrap()
                .starts_with("graphql-ws")
        );
        let (found, object) = object_of(request);
        assert_eq!(found, carrier);
        assert_eq!(object.get("x-api-key"), Some(KEY));
        assert_eq!(object.host(), Some(server.address()));
        if carrier == HeaderCarrier::Query {
            assert!(request.target.ends_with("&payload=e30%3D"), "{}", request.target);
        } else {
            assert!(!request.target.contains('?'));
        }

        let start = starts.recv().await.unwrap();
        let object = &start["payload"]["extensions"]["authorization"];
        assert_eq!(object["host"], server.address());
        assert_eq!(object["x-api-key"], KEY);
        assert_eq!((&object["x-all"], &object["x-one"]), (&json!("1"), &json!("2")));
        assert!(object["x-amz-user-agent"].as_str().unwrap().starts_with("gqlwire/"));
    }
}

#[tokio::test]
async fn iam_signs_exactly_what_is_sent_over_http_at_connect_and_at_start() {
    for carrier in [HeaderCarrier::Subprotocol, HeaderCarrier::Query, HeaderCarrier::Headers] {
        let (server, mut starts) = both().await;
        let client = Client::builder(&server.url("/graphql"))
            .region("eu-west-1")
            .header_carrier(carrier)
            .auth(Iam::with_credentials(credentials()))
            .build()
            .unwrap();
        client.execute(MUTATION).await.unwrap();
        let _subscription = client.subscribe(SUBSCRIPTION).await.unwrap();

        let requests = server.requests();
        let headers: Vec<_> = requests[0]
            .headers
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        verify(&server.url("/graphql"), &headers, &requests[0].body);

        let (_, object) = object_of(&requests[1]);
        verify(&server.url("/graphql/connect"), &pairs(&object), "{}");

        let start = starts.recv().await.unwrap();
        let object = start["payload"]["extensions"]["authorization"].to_string();
        let object = HeaderObject::from_json(object.as_bytes()).unwrap();
        verify(
            &server.url("/graphql"),
            &pairs(&object),
            start["payload"]["data"].as_str().unwrap(),
        );
    }
}

#[tokio::test]
async fn a_vpc_endpoint_is_reached_by_its_own_name_and_told_the_apis() {
    let (server, mut starts) = both().await;
    let api = "abcdefghijklmnopqrstuvwxyz.appsync-api.eu-west-1.amazonaws.com";
    let client = Client::builder(&server.url("/graphql"))
        .api_host(api)
        .realtime_url(server.url("/graphql").replace("http", "ws"))
        .region("eu-west-1")
        .auth(Iam::with_credentials(credentials()))
        .build()
        .unwrap();
    client.execute(MUTATION).await.unwrap();
    let _subscription = client.subscribe(SUBSCRIPTION).await.unwrap();
    let requests = server.requests();
    assert_eq!(requests[0].header("host"), Some(api));
    let headers: Vec<_> = requests[0]
        .headers
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    verify(&format!("http://{api}/graphql"), &headers, &requests[0].body);
    assert_eq!(
        requests[1].header("host"),
        Some("abcdefghijklmnopqrstuvwxyz.appsync-realtime-api.eu-west-1.amazonaws.com")
    );
    assert_eq!(object_of(&requests[1]).1.host(), Some(api));
    assert_eq!(
        starts.recv().await.unwrap()["payload"]["extensions"]["authorization"]["host"],
        api
    );
}

#[tokio::test]
async fn tokens_travel_bare_in_authorization() {
    async fn check(auth: impl AuthProvider) {
        let (server, mut starts) = both().await;
        let client = Client::builder(&server.url("/graphql"))
            .appsync()
            .auth(auth)
            .build()
            .unwrap();
        client.execute(MUTATION).await.unwrap();
        let _subscription = client.subscribe(SUBSCRIPTION).await.unwrap();
        let requests = server.requests();
        assert_eq!(requests[0].header("authorization"), Some("ey.token"));
        assert_eq!(object_of(&requests[1]).1.get("Authorization"), Some("ey.token"));
        let object = &starts.recv().await.unwrap()["payload"]["extensions"]["authorization"];
        assert_eq!(object["Authorization"], "ey.token");
    }
    check(Cognito::new("ey.token\n")).await;
    check(Oidc::new("ey.token")).await;
    check(Lambda::from_fn(|| async { Ok("ey.token".to_owned()) })).await;
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_and_never_again() {
    for (refusals, requests) in [(1, 2), (9, 2)] {
        let left = Arc::new(AtomicUsize::new(refusals));
        let server = Server::start(move |_, stream| {
            let refuse = left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
                .is_ok();
            async move {
                let refusal = r#"{"errors":[{"errorType":"UnauthorizedException","message":"Token has expired."}]}"#;
                let (status, body) = if refuse {
                    ("401 Unauthorized", refusal)
                } else {
                    ("200 OK", OK)
                };
                stream.send(response(status, &[], body)).await;
            }
        })
        .await;
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let auth = Oidc::from_fn(move || {
            let number = counter.fetch_add(1, Ordering::SeqCst) + 1;
            async move { Ok(format!("token-number-{number}")) }
        });
        let client = Client::builder(&server.url("/graphql"))
            .appsync()
            .auth(auth)
            .build()
            .unwrap();
        let answer = client.execute(MUTATION).await;
        assert_eq!(answer.is_ok(), refusals == 1);
        let sent = server.requests();
        assert_eq!((sent.len(), asked.load(Ordering::SeqCst)), (requests, 2));
        assert_eq!(sent[1].header("authorization"), Some("token-number-2"));
        assert_eq!(sent[0].body, sent[1].body);
    }
}

#[tokio::test]
async fn no_answer_makes_a_mutation_go_out_twice() {
    for answer in [
        response("500 Internal Server Error", &[], ""),
        response("503 Service Unavailable", &[], ""),
        response("429 Too Many Requests", &[("retry-after", "0")], ""),
        response("408 Request Timeout", &[], ""),
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n{".to_vec(),
        Vec::new(),
    ] {
        let server = Server::answering(answer).await;
        let client = Client::builder(&server.url("/graphql"))
            .appsync()
            .auth(ApiKey::new(KEY))
            .build()
            .unwrap();
        client.execute(MUTATION).await.unwrap_err();
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_realtime_url_of_ones_own_is_taken_as_it_stands() {
    let (server, _starts) = both().await;
    let client: ClientBuilder = Client::builder(&server.url("/graphql")).auth(ApiKey::new(KEY));
    let client = client
        .realtime_url(server.url("/elsewhere?stage=1").replace("http", "ws"))
        .build()
        .unwrap();
    let _subscription = client.subscribe(SUBSCRIPTION).await.unwrap();
    assert_eq!(server.requests()[0].target, "/elsewhere?stage=1");
}

#[tokio::test]
async fn timeouts_beyond_all_measure_are_no_timeouts() {
    let (server, _starts) = both().await;
    let ever = std::time::Duration::MAX;
    let client = appsync_client(&server).timeout(ever).connect_timeout(ever);
    let client = client
        .ack_timeout(ever)
        .start_ack_timeout(ever)
        .close_timeout(ever)
        .build()
        .unwrap();
    client.execute(MUTATION).timeout(ever).await.unwrap();
    let subscription = client.subscribe(SUBSCRIPTION).timeout(ever).await.unwrap();
    drop(subscription);
}
