use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use gqlwire::appsync::{Cognito, Credentials, HeaderCarrier, Iam, Lambda};
use gqlwire::{Client, ClientBuilder, Error, Request, RetryPolicy};
use tracing::Level;
use tracing::subscriber::DefaultGuard;

use crate::support::{KEY, MUTATION, Peer, SUBSCRIPTION, Server, appsync_client, realtime, response};

const TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJub2JvZHkifQ.c2lnbmF0dXJl";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const SESSION: &str = "FwoGZXIvYXdzEXAMPLESESSIONTOKEN";
const COOKIE: &str = "session=0123456789abcdef";

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// What this thread logs from now on, at every level.
    pub(crate) fn capture() -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// Has everything logged that may be. A place in the code that another test comes by for the first time, just while this
    /// one begins to capture, would otherwise be taken for one in which nobody is interested.
    pub(crate) fn listen() {
        tracing::callsite::rebuild_interest_cache();
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn ways(server: &Server) -> Vec<ClientBuilder> {
    let plain = || {
        Client::builder(&format!("{}?token={KEY}", server.url("/graphql")))
            .appsync()
            .header("cookie", COOKIE)
    };
    let iam = Credentials::new("AKIDEXAMPLE", SECRET).with_session_token(SESSION);
    vec![
        appsync_client(server).header("cookie", COOKIE),
        plain().auth(Cognito::new(TOKEN)),
        plain().region("eu-west-1").auth(Iam::with_credentials(iam)),
    ]
}

/// Everything of a request that proves who asks, and what it is wrapped into.
fn is_clean(shown: &str, requests: &[crate::support::Request]) {
    let mut secrets = vec![
        KEY.to_owned(),
        TOKEN.into(),
        SECRET.into(),
        SESSION.into(),
        COOKIE.into(),
    ];
    for request in requests {
        for name in ["authorization", "sec-websocket-protocol"] {
            if let Some(value) = request.header(name) {
                secrets.extend(
                    value
                        .split(['=', ' '])
                        .filter(|part| part.len() > 20)
                        .map(str::to_owned),
                );
            }
        }
        if let Some((_, query)) = request.target.split_once("header=") {
            secrets.push(query.chars().take(60).collect());
        }
    }
    for secret in secrets {
        assert!(!shown.contains(&secret), "{secret} is in {shown}");
    }
}

#[tokio::test]
async fn nothing_shows_credentials_even_where_the_server_repeats_all_it_was_sent() {
    let (log, _guard) = Log::capture();

    let mut shown = String::new();
    for status in [
        "200 OK",
        "401 Unauthorized",
        "400 Bad Request",
        "500 Internal Server Error",
    ] {
        // A gateway that repeats the request in its page.
        let server = Server::start(move |request, stream| async move {
            let page = format!("<pre>{request:?}</pre>");
            stream.send(response(status, &[("x-echo", "no")], &page)).await;
        })
        .await;
        for builder in ways(&server) {
            for carrier in [HeaderCarrier::Subprotocol, HeaderCarrier::Query, HeaderCarrier::Headers] {
                let builder = builder.clone().header_carrier(carrier);
                shown += &format!("{builder:?}\n");
                let client = builder.build().unwrap();
                shown += &format!("{client:?}\n{:?}\n", client.execute(MUTATION));
                for error in [
                    client.execute(MUTATION).await.unwrap_err(),
                    client.subscribe(SUBSCRIPTION).await.unwrap_err(),
                ] {
                    shown += &all_of(&error);
                }
            }
        }
        is_clean(&shown, &server.requests());
    }
    assert!(log.text().contains("execute"), "nothing was logged");
    is_clean(&log.text(), &[]);
}

#[tokio::test]
async fn everything_that_a_client_does_is_told_in_spans_and_none_holds_a_secret_or_a_payload() {
    const VARIABLE: &str = "a-value-that-is-nobody-elses-business";
    const PAYLOAD: &str = "an-event-that-is-nobody-elses-business";

    let (log, _guard) = Log::capture();
    let server = Server::start(|request, stream| async move {
        if request.header("upgrade").is_none() {
            // Unavailable at first, and then repeating what it was asked.
            static ASKED: AtomicUsize = AtomicUsize::new(0);
            let answer = match ASKED.fetch_add(1, Ordering::SeqCst) % 2 {
                0 => response("503 Service Unavailable", &[("retry-after", "0")], &request.body),
                _ => response("200 OK", &[], &serde_json::json!({"data": request.body}).to_string()),
            };
            return stream.send(answer).await;
        }
        let offered = request.header("sec-websocket-protocol").map(|_| "graphql-ws");
        let mut peer = Peer::accept(&request, stream, offered).await;
        peer.ack().await;
        let start = peer.start_and_ack().await;
        peer.data(&start, serde_json::json!({"n": PAYLOAD})).await;
        peer.drain().await;
    })
    .await;
    let cached = Lambda::cached(|| async { Ok(TOKEN) });
    let mut builders = ways(&server);
    builders.push(appsync_client(&server).auth(cached));
    for builder in builders {
        Log::listen();
        let hasty = RetryPolicy::default().delays(Duration::ZERO, Duration::ZERO);
        let client = builder
            .retry(hasty)
            .close_timeout(Duration::from_millis(50))
            .build()
            .unwrap();
        let query = Request::<serde_json::Value>::new("query Asked($v: String) { a(v: $v) }");
        client.execute(query.variable("v", VARIABLE)).await.unwrap();
        let follow = Request::<serde_json::Value>::new("subscription Followed($v: String) { a(v: $v) }");
        let mut subscription = client.subscribe(follow.variable("v", VARIABLE)).await.unwrap();
        subscription.next().await.unwrap().unwrap();
        client.close().await;
    }
    let text = log.text();
    is_clean(&text, &server.requests());
    for secret in [VARIABLE, PAYLOAD] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    for told in [
        "execute{kind=query operation=\"Asked\" attempts=1 attempts=2}",
        "trying again",
        "subscribe{operation=\"Followed\"}",
        &format!(
            "connect{{endpoint=ws://{}/graphql/realtime attempt=1}}",
            server.address()
        ),
        "credentials fetched",
    ] {
        assert!(text.contains(told), "{told} is not in {text}");
    }
}

#[tokio::test]
async fn a_subscription_that_works_logs_no_credentials_at_any_level() {
    let (log, _guard) = Log::capture();
    let server = realtime(|mut peer: Peer| async move {
        peer.ack().await;
        let start = peer.start_and_ack().await;
        peer.data(&start, serde_json::json!({"n": 1})).await;
        peer.drain().await;
    })
    .await;
    for builder in ways(&server) {
        Log::listen();
        let client = builder.close_timeout(Duration::from_millis(50)).build().unwrap();
        let mut subscription = client.subscribe(SUBSCRIPTION).await.unwrap();
        subscription.next().await.unwrap().unwrap();
        is_clean(&format!("{client:?} {subscription:?}"), &server.requests());
        client.close().await;
    }
    assert!(log.text().contains("subscribe"), "nothing was logged");
    is_clean(&log.text(), &server.requests());
}

fn all_of(error: &Error) -> String {
    let sources = std::iter::successors(std::error::Error::source(error), |error| error.source());
    let sources: Vec<_> = sources.map(|source| format!("{source} {source:?}")).collect();
    format!(
        "{error}\n{error:?}\n{:?}\n{:?}\n{sources:?}\n",
        error.body(),
        error.errors()
    )
}

#[tokio::test]
async fn a_server_that_selects_the_whole_offer_does_not_get_it_into_the_error() {
    let server = Server::start(|request, stream| async move {
        let offer = request.header("sec-websocket-protocol").unwrap().to_owned();
        Peer::accept(&request, stream, Some(&offer)).await.drain().await;
    })
    .await;
    let client = appsync_client(&server)
        .header_carrier(HeaderCarrier::Subprotocol)
        .build()
        .unwrap();
    let error = client.subscribe(SUBSCRIPTION).await.unwrap_err();
    is_clean(&all_of(&error), &server.requests());
    assert!(error.to_string().contains("graphql-ws"), "{error}");
}

#[test]
fn urls_with_credentials_are_not_repeated() {
    for url in [
        "http://user:veryverysecret@localhost/",
        "http//user:veryverysecret@localhost/",
        "ftp://localhost/?token=veryverysecret",
        "ws://localhost/?token=veryverysecret",
    ] {
        for builder in [Client::builder(url), Client::builder(url).appsync()] {
            let shown = format!("{builder:?} {:?}", builder.clone().build());
            assert!(!shown.contains("veryverysecret"), "{shown}");
        }
    }
}
