use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::header::DATE;
use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::double::{DOCUMENT, Keys, Setup, next, subscribe, subscribed, wall};
use crate::{AuthProvider, Authorization, Error, ErrorKind, Target};

fn unauthorized() -> serde_json::Value {
    json!({"errorType": "UnauthorizedException", "message": "You are not authorized to make this call."})
}

fn with(auth: &Arc<Keys>) -> Setup {
    Setup {
        auth: Arc::clone(auth),
        ..Setup::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_connection_is_tried_once_more_with_new_credentials_and_never_again() {
    let keys = Keys::with_better_ones();
    let (client, mut network) = with(&keys).build();
    let starting = subscribe(&client);
    for attempt in ["secret-key-1", "secret-key-2"] {
        let mut peer = network.accept().await;
        assert_eq!(peer.authorization.get("x-api-key"), Some(attempt));
        peer.expect("connection_init").await;
        peer.send(json!({"type": "connection_error", "payload": {"errors": [unauthorized()]}}));
    }
    let error = starting.await.unwrap().unwrap_err();
    assert!(error.is_auth());
    assert!(!error.is_retryable());
    assert_eq!(error.errors().len(), 1);
    assert_eq!((network.connects(), keys.asked(), keys.refusals()), (2, 2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_refused_connection_goes_on_with_better_credentials() {
    let keys = Keys::with_better_ones();
    let (client, mut network) = with(&keys).build();
    network.refuse(Error::new(ErrorKind::Auth, "401"));
    let starting = subscribe(&client);
    let mut peer = network.accept_and_ack().await;
    assert_eq!(peer.authorization.get("x-api-key"), Some("secret-key-2"));
    peer.start_and_ack().await;
    starting.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_is_corrected_by_the_date_of_the_refusal_without_a_refresh() {
    let keys = Arc::<Keys>::default();
    let (client, mut network) = with(&keys).build();
    let hour = Duration::from_secs(3600);
    let mut headers = HeaderMap::new();
    let date = httpdate::fmt_http_date(wall() + hour);
    headers.insert(DATE, date.parse().unwrap());
    network.refuse(Error::new(ErrorKind::Auth, "Signature expired").with_answer(StatusCode::FORBIDDEN, headers));
    let starting = subscribe(&client);
    let mut peer = network.accept_and_ack().await;
    peer.start_and_ack().await;
    starting.await.unwrap().unwrap();
    let ahead: Vec<_> = keys
        .times()
        .iter()
        .map(|time| time.duration_since(wall()).unwrap_or_default().as_secs().div_ceil(60))
        .collect();
    assert_eq!(ahead, [0, 60, 60], "the connection, the same again, and the start");
    assert_eq!((network.connects(), keys.refusals()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn better_credentials_are_no_reconnection() {
    let keys = Keys::with_better_ones();
    let setup = Setup {
        auth: Arc::clone(&keys),
        ..Setup::once()
    };
    let (client, mut network) = setup.build();
    network.refuse(Error::new(ErrorKind::Auth, "401"));
    let starting = subscribe(&client);
    let mut peer = network.accept_and_ack().await;
    peer.start_and_ack().await;
    let mut subscription = starting.await.unwrap().unwrap();
    peer.send(json!({"type": "connection_error", "payload": {"errors": [unauthorized()]}}));
    assert!(next(&mut subscription).await.unwrap().unwrap_err().is_auth());
    assert_eq!((network.connects(), keys.refusals()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_refused_start_is_tried_once_more_on_the_same_connection_and_never_again() {
    let keys = Keys::with_better_ones();
    let (client, mut network) = with(&keys).build();
    let starting = subscribe(&client);
    let mut peer = network.accept_and_ack().await;
    for attempt in ["secret-key-2", "secret-key-3"] {
        let (id, start) = peer.start().await;
        assert_eq!(start["payload"]["extensions"]["authorization"]["x-api-key"], attempt);
        peer.error(&id, unauthorized());
    }
    let error = starting.await.unwrap().unwrap_err();
    assert!(error.is_auth());
    assert!(
        error.to_string().ends_with("what it refused is the credentials"),
        "{error}"
    );
    assert_eq!((network.connects(), keys.asked(), keys.refusals()), (1, 3, 1));
}

#[tokio::test(start_paused = true)]
async fn a_provider_without_better_credentials_is_asked_once_and_not_again() {
    let keys = Arc::<Keys>::default();
    let (client, mut network) = with(&keys).build();
    let starting = subscribe(&client);
    let mut peer = network.accept_and_ack().await;
    let (id, _) = peer.start().await;
    peer.error(&id, unauthorized());
    assert!(starting.await.unwrap().unwrap_err().is_auth());
    assert_eq!((keys.asked(), keys.refusals()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_subscription_of_its_own_credentials_starts_with_them_on_a_connection_of_the_clients() {
    let (clients, own) = (Arc::<Keys>::default(), Arc::<Keys>::default());
    let (client, mut network) = with(&clients).build();
    let starting = tokio::spawn(client.subscribe(DOCUMENT).auth(Arc::clone(&own)).into_future());
    let mut peer = network.accept_and_ack().await;
    peer.start_and_ack().await;
    starting.await.unwrap().unwrap();
    assert_eq!((clients.asked(), own.asked()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_a_provider_fails_with_is_what_the_subscription_fails_with() {
    let keys = Keys::failing();
    let (client, network) = with(&keys).build();
    let error = subscribe(&client).await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the vault is locked");
    assert_eq!((network.connects(), keys.refusals()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_panics_harms_its_own_call_alone() {
    let keys = Arc::<Keys>::default();
    let (client, mut network) = with(&keys).build();
    keys.panics.store(true, Ordering::SeqCst);
    let error = subscribe(&client).await.unwrap().unwrap_err();
    assert!(error.to_string().contains("the provider panicked"), "{error}");
    let starting = subscribe(&client);
    let mut peer = network.accept_and_ack().await;
    peer.start_and_ack().await;
    starting.await.unwrap().unwrap();
}

/// Never answers, or never says whether it has better ones.
#[derive(Debug)]
struct Stuck {
    authorizes: bool,
}

impl AuthProvider for Stuck {
    fn authorize<'a>(&'a self, _: Target<'a>) -> BoxFuture<'a, Result<Authorization, Error>> {
        match self.authorizes {
            true => Box::pin(async { Ok(Authorization::default()) }),
            false => Box::pin(std::future::pending()),
        }
    }

    fn refused<'a>(&'a self, _: &'a Authorization, _: &'a Error) -> BoxFuture<'a, bool> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_never_says_whether_it_has_better_credentials_has_none() {
    let (client, _network, mut peer, _, _subscription) = subscribed(Setup::default()).await;
    let starting = tokio::spawn(
        client
            .subscribe(DOCUMENT)
            .auth(Stuck { authorizes: true })
            .into_future(),
    );
    let (id, _) = peer.start().await;
    peer.error(&id, unauthorized());
    assert!(starting.await.unwrap().unwrap_err().is_auth());
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_never_answers_is_not_waited_for_without_end() {
    let (client, _network, mut peer, id, mut subscription) = subscribed(Setup::default()).await;
    let error = client
        .subscribe(DOCUMENT)
        .auth(Stuck { authorizes: false })
        .await
        .unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert!(error.to_string().starts_with("getting credentials"), "{error}");
    assert!(peer.says_nothing());
    peer.data(&id, 1);
    assert_eq!(next(&mut subscription).await.unwrap().unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_repeats_the_credentials_does_not_get_them_into_an_error() {
    let keys = Arc::<Keys>::default();
    let (client, mut network) = with(&keys).build();
    let starting = subscribe(&client);
    let mut peer = network.accept_and_ack().await;
    let (id, start) = peer.start().await;
    let sent = &start["payload"]["extensions"]["authorization"]["x-api-key"];
    peer.error(
        &id,
        json!({"message": format!("bad key {}", sent.as_str().unwrap()), "errorInfo": [sent]}),
    );
    let error = starting.await.unwrap().unwrap_err();
    let shown = format!("{error} {error:?} {:?}", error.errors());
    assert!(!shown.contains("secret-key"), "{shown}");
    assert!(shown.contains("bad key [redacted]"), "{shown}");
}
