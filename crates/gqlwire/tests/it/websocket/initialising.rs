use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use gqlwire::{
    AuthProvider, Authorization, Client, Error, ErrorKind, Event, Protocol, RetryPolicy, Target, TargetKind,
    WebSocketOptions,
};
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::{BOTH, TICKS, data, event, next, request};
use crate::support::{GraphqlServer, Peer, Server, accept_key, presentable, realtime_speaking, response};

/// `token-1`, `token-2`, …
fn numbered(protocol: Protocol) -> (WebSocketOptions, Arc<AtomicUsize>) {
    let asked = Arc::<AtomicUsize>::default();
    let counter = Arc::clone(&asked);
    let options = WebSocketOptions::new().protocols([protocol]).init_payload(move || {
        let number = counter.fetch_add(1, Ordering::SeqCst) + 1;
        async move { Ok(json!({"token": format!("token-{number}")})) }
    });
    (options, asked)
}

#[tokio::test]
async fn the_init_payload_is_asked_for_anew_at_each_connect() {
    for protocol in BOTH {
        let server = GraphqlServer::start().await;
        let (options, asked) = numbered(protocol);
        let client = Client::builder(&server.ws_url()).websocket(options).build().unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), 0, "nothing is asked before it is needed");
        let mut ticks = client.subscribe(request(TICKS)).await.unwrap();
        server.subscribers(1).await;
        server.cut();
        assert!(matches!(event(&mut ticks).await.unwrap(), Event::Gap(_)));
        server.subscribers(1).await;
        server.publish(1);
        assert_eq!(next(&mut ticks).await, json!({"ticks": 1}));
        assert_eq!(
            server.inits(),
            [json!({"token": "token-1"}), json!({"token": "token-2"})]
        );
    }
}

#[tokio::test]
async fn a_payload_that_is_always_the_same_needs_no_closure_and_none_is_none() {
    let server = GraphqlServer::start().await;
    let options = WebSocketOptions::new().init_payload_value(json!({"token": "fixed"}));
    let client = Client::builder(&server.ws_url()).websocket(options).build().unwrap();
    data(&client, "{ hello }").await.unwrap();
    let client = Client::new(&server.ws_url()).unwrap();
    data(&client, "{ hello }").await.unwrap();
    assert_eq!(server.inits(), [json!({"token": "fixed"}), Value::Null]);
}

#[tokio::test]
async fn a_payload_that_is_refused_ends_the_call_with_the_servers_words_and_without_the_secret() {
    for protocol in BOTH {
        let server = GraphqlServer::start().await;
        let options = WebSocketOptions::new()
            .protocols([protocol])
            .init_payload_value(json!({"token": "wrong-and-very-secret"}));
        let client = Client::builder(&server.ws_url()).websocket(options).build().unwrap();
        for _ in 0..2 {
            let error = data(&client, "mutation { bump }").await.unwrap_err();
            let said = presentable(&error);
            assert!(said.contains("no entry with [redacted]"), "{protocol}: {said}");
            assert!(!format!("{error:?}").contains("very-secret"), "{error:?}");
            assert!(!error.may_have_been_executed());
        }
        let error = client.subscribe(request(TICKS)).await.unwrap_err();
        assert!(presentable(&error).contains("no entry with"), "{error}");
        assert_eq!(server.bumped(), 0);
    }
}

/// A server that lets in whoever has the right token; what it says to others is its protocol's own.
async fn choosy(protocol: Protocol) -> Server {
    let subprotocol = protocol.subprotocol().unwrap();
    realtime_speaking(subprotocol, move |mut peer: Peer| async move {
        let init = peer.expect("connection_init").await;
        if init["payload"]["token"] != "right-token" {
            return match protocol {
                Protocol::LegacyWs => {
                    let refusal = json!({"type": "connection_error", "payload": {"message": "who are you?"}});
                    peer.send(refusal).await;
                    peer.drain().await;
                }
                _ => peer.close(4403, "Forbidden").await,
            };
        }
        peer.send(json!({"type": "connection_ack"})).await;
        let start = peer.receive().await.unwrap();
        let kind = if protocol == Protocol::LegacyWs { "data" } else { "next" };
        peer.send(json!({"type": kind, "id": start["id"], "payload": {"data": {"n": 1}}}))
            .await;
        peer.drain().await;
    })
    .await
}

#[tokio::test]
async fn a_payload_that_is_refused_is_asked_for_once_more_since_there_may_be_a_better_one() {
    for protocol in BOTH {
        for good in [2, usize::MAX] {
            let server = choosy(protocol).await;
            let asked = Arc::<AtomicUsize>::default();
            let counter = Arc::clone(&asked);
            let options = WebSocketOptions::new().protocols([protocol]).init_payload(move || {
                let number = counter.fetch_add(1, Ordering::SeqCst) + 1;
                let token = if number < good { "wrong-token" } else { "right-token" };
                async move { Ok(json!({"token": token})) }
            });
            let client = Client::builder(&format!("ws://{}/graphql", server.address()));
            let client = client.websocket(options).build().unwrap();
            let answer = data(&client, "mutation { bump }").await;
            assert_eq!(answer.is_ok(), good == 2, "{protocol}: {answer:?}");
            assert_eq!(asked.load(Ordering::SeqCst), 2, "{protocol}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_payload_that_cannot_be_made_ends_what_waits_for_the_first_connection() {
    let server = GraphqlServer::start().await;
    let options = WebSocketOptions::new()
        .init_payload(async || Err::<Value, _>(Error::new(ErrorKind::Auth, "the vault is locked")));
    let client = Client::builder(&server.ws_url()).websocket(options).build().unwrap();
    let error = client.subscribe(request(TICKS)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(presentable(&error).contains("the vault is locked"));
    let error = data(&client, "{ hello }").await.unwrap_err();
    assert!(presentable(&error).contains("the vault is locked"));
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_payload_closure_that_panics_harms_nobody_else() {
    let server = GraphqlServer::start().await;
    let asked = AtomicUsize::new(0);
    let options = WebSocketOptions::new().init_payload(move || {
        let first = asked.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            assert!(!first, "the first time is a bad time");
            Ok(json!({}))
        }
    });
    let client = Client::builder(&server.ws_url())
        .websocket(options)
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let error = data(&client, "{ hello }").await.unwrap_err();
    assert!(presentable(&error).contains("panicked"), "{error}");
    assert!(data(&client, "{ hello }").await.is_ok());
}

#[tokio::test]
async fn what_the_server_says_with_its_acknowledgement_can_be_read() {
    let server = realtime_speaking("graphql-transport-ws", |mut peer: Peer| async move {
        peer.expect("connection_init").await;
        peer.send(json!({"type": "connection_ack", "payload": {"user": "anna"}}))
            .await;
        let start = peer.expect("subscribe").await;
        peer.send(json!({"type": "next", "id": start["id"], "payload": {"data": {}}}))
            .await;
        peer.drain().await;
    })
    .await;
    let client = Client::new(&format!("ws://{}/graphql", server.address())).unwrap();
    data(&client, "{ hello }").await.unwrap();
    let state = client.state().unwrap().borrow().clone();
    assert_eq!(state.ack_payload(), Some(r#"{"user":"anna"}"#));
    assert!(!format!("{state:?}").contains("anna"));
}

#[tokio::test]
async fn headers_and_origin_go_with_the_handshake() {
    let server = GraphqlServer::start().await;
    let options = WebSocketOptions::new().origin("https://app.example.com");
    let client = Client::builder(&server.ws_url())
        .websocket(options)
        .header("x-tenant", "blue")
        .build()
        .unwrap();
    data(&client, "{ hello }").await.unwrap();
    let handshake = &server.requests()[0];
    assert_eq!(handshake.header("x-tenant"), Some("blue"));
    assert_eq!(handshake.header("origin"), Some("https://app.example.com"));
    assert_eq!(
        handshake.header("host"),
        Some(server.ws_url().split('/').nth(2).unwrap())
    );
}

/// Tokens that get better when they are refused.
#[derive(Debug, Default)]
struct Tokens {
    issued: AtomicUsize,
    refused: AtomicUsize,
}

impl AuthProvider for Tokens {
    fn authorize<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, Result<Authorization, Error>> {
        assert_eq!(target.kind(), TargetKind::Connect);
        self.issued.fetch_add(1, Ordering::SeqCst);
        let generation = self.refused.load(Ordering::SeqCst) as u64;
        Box::pin(async move {
            let mut value = HeaderValue::from_str(&format!("Bearer secret-token-{generation}")).unwrap();
            value.set_sensitive(true);
            let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, value)]);
            Ok(Authorization::new(headers).generation(generation))
        })
    }

    fn refused<'a>(&'a self, _: &'a Authorization, _: &'a Error) -> BoxFuture<'a, bool> {
        let before = self.refused.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move { before == 0 })
    }
}

fn with(server: &Server, tokens: &Arc<Tokens>) -> Client {
    Client::builder(&format!("ws://{}/graphql", server.address()))
        .auth(Arc::clone(tokens))
        .retry(RetryPolicy::never())
        .build()
        .unwrap()
}

/// Answers one operation with what was sent as authorization.
async fn answer(peer: &mut Peer, authorization: &str) {
    peer.expect("connection_init").await;
    peer.send(json!({"type": "connection_ack"})).await;
    let start = peer.expect("subscribe").await;
    let payload = json!({"data": {"token": authorization}});
    peer.send(json!({"type": "next", "id": start["id"], "payload": payload}))
        .await;
    peer.drain().await;
}

#[tokio::test]
async fn a_handshake_that_is_refused_is_tried_once_more_with_better_credentials() {
    for status in ["401 Unauthorized", "403 Forbidden"] {
        let server = Server::start(move |request, stream| async move {
            let authorization = request.header("authorization").unwrap().to_owned();
            if authorization.ends_with("-0") {
                return stream.send(response(status, &[], &format!("no {authorization}"))).await;
            }
            let _ = accept_key(&request);
            let mut peer = Peer::accept(&request, stream, Some("graphql-transport-ws")).await;
            answer(&mut peer, &authorization).await;
        })
        .await;
        let tokens = Arc::<Tokens>::default();
        let client = with(&server, &tokens);
        let answer = data(&client, "mutation { bump }").await.unwrap();
        assert_eq!(answer, json!({"token": "Bearer secret-token-1"}));
        assert_eq!(tokens.refused.load(Ordering::SeqCst), 1);
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_close_that_refuses_the_credentials_asks_the_provider_once_and_then_ends() {
    for code in [4401, 4403] {
        let server = realtime_speaking("graphql-transport-ws", move |mut peer: Peer| async move {
            peer.expect("connection_init").await;
            peer.close(code, "no entry for secret-token-0").await;
        })
        .await;
        let tokens = Arc::<Tokens>::default();
        let client = with(&server, &tokens);
        let error = data(&client, "{ hello }").await.unwrap_err();
        assert_eq!(error.close_code(), Some(code));
        assert!(error.is_auth(), "{error:?}");
        assert!(!presentable(&error).contains("secret-token"), "{error}");
        assert!(tokens.refused.load(Ordering::SeqCst) >= 1);
        assert_eq!(
            server.requests().len(),
            2,
            "once with what it had, once with better ones"
        );
    }
}

#[test]
fn secrets_do_not_go_unencrypted_to_another_machine() {
    let options = WebSocketOptions::new().init_payload_value(json!({"token": "x"}));
    let error = Client::builder("ws://example.com/graphql")
        .websocket(options.clone())
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(presentable(&error).contains("wss"), "{error}");
    let allowed = Client::builder("ws://example.com/graphql").websocket(options.clone());
    assert!(allowed.danger_allow_plaintext_credentials().build().is_ok());
    assert!(
        Client::builder("wss://example.com/graphql")
            .websocket(options)
            .build()
            .is_ok()
    );
    assert!(Client::builder("ws://example.com/graphql").build().is_ok());
}
