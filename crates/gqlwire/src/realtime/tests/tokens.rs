use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tokio::time::Instant;

use super::double::{Setup, next, subscribe, wall};
use crate::appsync::{Cognito, Token};

const LIFETIME: Duration = Duration::from_secs(3600);

/// A client with numbered tokens that live for an hour each, and how many were fetched.
fn with_tokens() -> (Setup, Arc<AtomicUsize>) {
    let fetched = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&fetched);
    let tokens = Cognito::cached(move || {
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        let end = wall() + LIFETIME;
        async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(Token::new(format!("token-number-{number}")).expires_at(end))
        }
    });
    let setup = Setup {
        provider: Some(Arc::new(tokens)),
        ..Setup::default()
    };
    (setup, fetched)
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_replaced_before_its_token_ends_and_the_new_one_has_the_next_token() {
    let (setup, fetched) = with_tokens();
    let (client, mut network) = setup.build();
    let began = Instant::now();
    let starting = subscribe(&client);
    let mut peer = network.accept_and_ack().await;
    assert_eq!(peer.authorization.get("Authorization"), Some("token-number-1"));
    let (id, start) = peer.start().await;
    assert_eq!(
        start["payload"]["extensions"]["authorization"]["Authorization"],
        "token-number-1"
    );
    peer.send(json!({"type": "start_ack", "id": id}));
    let mut subscription = starting.await.unwrap().unwrap();
    let mut old = Vec::new();
    for number in 2..5 {
        // Keeps the connection from being doubted.
        let mut newer = loop {
            tokio::select! {
                biased;
                newer = network.accept() => break newer,
                () = tokio::time::sleep(Duration::from_secs(60)) => peer.send(json!({"type": "ka"})),
            }
        };
        let token = format!("token-number-{number}");
        assert_eq!(newer.authorization.get("Authorization"), Some(token.as_str()));
        newer.ack().await;
        newer.start_and_ack().await;
        old.push(std::mem::replace(&mut peer, newer));
    }
    assert!(
        began.elapsed() < 3 * LIFETIME && began.elapsed() > 2 * LIFETIME,
        "{:?}",
        began.elapsed()
    );
    assert_eq!((fetched.load(Ordering::SeqCst), network.connects()), (4, 4));
    client.close().await;
    assert!(next(&mut subscription).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn subscriptions_that_are_refused_together_have_one_token_fetched() {
    let (setup, fetched) = with_tokens();
    let (client, mut network) = setup.build();
    let starting: Vec<_> = (0..20).map(|_| subscribe(&client)).collect();
    let mut peer = network.accept_and_ack().await;
    let mut acknowledged = 0;
    while acknowledged < 20 {
        let (id, start) = peer.start().await;
        let token = &start["payload"]["extensions"]["authorization"]["Authorization"];
        if token == "token-number-1" {
            peer.error(
                &id,
                json!({"errorType": "UnauthorizedException", "message": "Token has expired."}),
            );
        } else {
            assert_eq!(token, "token-number-2");
            peer.send(json!({"type": "start_ack", "id": id}));
            acknowledged += 1;
        }
    }
    assert!(
        join_all(starting)
            .await
            .into_iter()
            .all(|started| started.unwrap().is_ok())
    );
    assert_eq!((fetched.load(Ordering::SeqCst), network.connects()), (2, 1));
}
