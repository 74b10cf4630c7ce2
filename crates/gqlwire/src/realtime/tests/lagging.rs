use std::time::Duration;

use tokio::time::Instant;

use super::double::{Setup, next, subscribe, subscribed};
use crate::ErrorKind;
use crate::realtime::Delivery;
use crate::realtime::queue::Capacity;

fn small() -> Setup {
    Setup {
        delivery: Delivery {
            capacity: Capacity {
                messages: 4,
                bytes: 1024,
            },
            ..Delivery::default()
        },
        ..Setup::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_lags_gets_what_was_queued_and_then_the_error() {
    let (_client, _network, mut peer, id, mut subscription) = subscribed(small()).await;
    for n in 0..6 {
        peer.data(&id, n);
    }
    assert_eq!(peer.expect("stop").await["id"], id.as_str());
    for n in 0..4 {
        assert_eq!(next(&mut subscription).await.unwrap().unwrap(), n);
    }
    let error = next(&mut subscription).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Lagged);
    assert!(error.is_retryable());
    assert!(next(&mut subscription).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_lags_delays_its_siblings_by_one_grace_at_most() {
    let (client, _network, mut peer, slow, mut lagging) = subscribed(small()).await;
    let starting = subscribe(&client);
    let quick = peer.start_and_ack().await;
    let mut sibling = starting.await.unwrap().unwrap();
    let before = Instant::now();
    for n in 0..50 {
        peer.data(&slow, n);
    }
    for n in 0..3 {
        peer.data(&quick, n);
    }
    for n in 0..3 {
        assert_eq!(next(&mut sibling).await.unwrap().unwrap(), n);
    }
    assert!(before.elapsed() <= Duration::from_millis(11), "{:?}", before.elapsed());
    for _ in 0..4 {
        next(&mut lagging).await.unwrap().unwrap();
    }
    assert_eq!(next(&mut lagging).await.unwrap().unwrap_err().kind(), ErrorKind::Lagged);
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_is_merely_busy_loses_nothing() {
    let (_client, _network, peer, id, mut subscription) = subscribed(small()).await;
    for n in 0..1000 {
        peer.data(&id, n);
    }
    for n in 0..1000 {
        assert_eq!(next(&mut subscription).await.unwrap().unwrap(), n);
    }
}
