use std::future::IntoFuture;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::double::{DOCUMENT, Setup, event, next, subscribe, subscribed};
use crate::realtime::Delivery;
use crate::realtime::connect::Incoming;
use crate::realtime::queue::Capacity;
use crate::{ErrorKind, Event, Overflow, Subscription};

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

fn with(overflow: Overflow) -> Setup {
    let mut setup = small();
    setup.delivery.overflow = overflow;
    setup
}

/// Everything that waits, in a few words.
async fn drain(subscription: &mut Subscription<Value>) -> Vec<String> {
    let mut all = Vec::new();
    while let Ok(event) = timeout(Duration::from_millis(1), event(subscription)).await {
        all.push(match event {
            None => "over".to_owned(),
            Some(Err(error)) => format!("error: {:?}", error.kind()),
            Some(Ok(Event::Next(response))) => response.data.unwrap()["n"].to_string(),
            Some(Ok(Event::Dropped(dropped))) => {
                assert!(dropped.since <= dropped.until);
                format!("{} dropped", dropped.count)
            }
            Some(Ok(other)) => format!("{other:?}"),
        });
        if all.last().is_some_and(|last| last == "over") {
            break;
        }
    }
    all
}

async fn settle() {
    sleep(Duration::from_millis(100)).await;
}

#[tokio::test(start_paused = true)]
async fn dropping_the_oldest_keeps_the_latest_and_tells_in_their_place_how_many_went() {
    let (client, _network, peer, id, mut subscription) = subscribed(with(Overflow::DropOldest)).await;
    for n in 0..10 {
        peer.data(&id, n);
    }
    settle().await;
    assert_eq!(drain(&mut subscription).await, ["6 dropped", "6", "7", "8", "9"]);
    for n in 10..16 {
        peer.data(&id, n);
        settle().await;
    }
    assert_eq!(drain(&mut subscription).await, ["2 dropped", "12", "13", "14", "15"]);
    assert_eq!(client.counters().await.unwrap().drops, 8);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_newest_keeps_what_waits_and_tells_in_their_place_how_many_went() {
    let (client, _network, peer, id, mut subscription) = subscribed(with(Overflow::DropNewest)).await;
    for n in 0..10 {
        peer.data(&id, n);
    }
    settle().await;
    assert_eq!(drain(&mut subscription).await, ["0", "1", "2", "3", "6 dropped"]);
    peer.data(&id, 10);
    assert_eq!(drain(&mut subscription).await, ["10"]);
    assert_eq!(client.counters().await.unwrap().drops, 6);
}

#[tokio::test(start_paused = true)]
async fn a_call_has_a_policy_and_limits_of_its_own() {
    let (client, mut network) = with(Overflow::Fail).build();
    let call = client.subscribe(DOCUMENT).overflow(Overflow::DropOldest);
    let starting = tokio::spawn(call.queue_messages(2).queue_bytes(1 << 20).into_future());
    let mut peer = network.accept_and_ack().await;
    let id = peer.start_and_ack().await;
    let mut subscription = starting.await.unwrap().unwrap();
    for n in 0..5 {
        peer.data(&id, n);
    }
    settle().await;
    assert_eq!(drain(&mut subscription).await, ["3 dropped", "3", "4"]);
}

#[tokio::test(start_paused = true)]
async fn a_gap_and_what_was_dropped_keep_their_order_and_do_not_pile_up() {
    let setup = with(Overflow::DropOldest);
    let (_client, mut network, mut peer, mut id, mut subscription) = subscribed(setup).await;
    for round in 0..20 {
        for n in 0..5 {
            peer.data(&id, round * 10 + n);
        }
        settle().await;
        peer.push(Incoming::Lost("reset by peer".to_owned()));
        peer = network.accept_and_ack().await;
        id = peer.start_and_ack().await;
        settle().await;
    }
    let all = drain(&mut subscription).await;
    let kinds: Vec<_> = all
        .iter()
        .map(|item| item.split(['(', ' ']).next_back().unwrap_or_default())
        .collect();
    assert_eq!(all[0], "96 dropped", "{kinds:?}");
    assert!(all[1].starts_with("Gap"), "{kinds:?}");
    assert_eq!(all[2..6], ["191", "192", "193", "194"]);
    assert!(all[6].starts_with("Gap"), "{kinds:?}");
    assert_eq!(all.len(), 7);
}

#[tokio::test(start_paused = true)]
async fn one_that_drops_delays_its_siblings_by_one_grace_until_it_has_caught_up() {
    for overflow in [Overflow::DropOldest, Overflow::DropNewest] {
        let (client, _network, mut peer, slow, mut lagging) = subscribed(with(overflow)).await;
        let starting = subscribe(&client);
        let quick = peer.start_and_ack().await;
        let mut sibling = starting.await.unwrap().unwrap();
        let mut graces = Vec::new();
        for _ in 0..3 {
            let before = Instant::now();
            for n in 0..500 {
                peer.data(&slow, n);
            }
            peer.data(&quick, 1);
            assert_eq!(next(&mut sibling).await.unwrap().unwrap(), 1);
            graces.push(before.elapsed().as_millis());
        }
        assert!(graces[0] <= 11 && graces[1..] == [0, 0], "{graces:?}");
        drain(&mut lagging).await;
        let before = Instant::now();
        for n in 0..500 {
            peer.data(&slow, n);
        }
        peer.data(&quick, 1);
        assert_eq!(next(&mut sibling).await.unwrap().unwrap(), 1);
        assert!(
            (10..=11).contains(&before.elapsed().as_millis()),
            "{:?}",
            before.elapsed()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn where_the_client_as_a_whole_has_no_room_each_queue_is_full() {
    let mut setup = Setup::default();
    setup.delivery.bytes_in_all = 900;
    let (client, _network, mut peer, first, mut one) = subscribed(setup).await;
    let starting = tokio::spawn(client.subscribe(DOCUMENT).overflow(Overflow::DropNewest).into_future());
    let second = peer.start_and_ack().await;
    let mut other = starting.await.unwrap().unwrap();
    // 18 bytes each: there is room for 50 of them.
    for n in 100..145 {
        peer.data(&first, n);
    }
    settle().await;
    let before = Instant::now();
    for n in 200..210 {
        peer.data(&second, n);
    }
    peer.send(json!({"type": "ka"}));
    settle().await;
    // One grace for all that find it full.
    assert!(before.elapsed() <= Duration::from_millis(111));
    let got = drain(&mut other).await;
    assert_eq!(got, ["200", "201", "202", "203", "204", "5 dropped"]);
    // A subscription that gave room up by being read makes others' room.
    assert_eq!(drain(&mut one).await.len(), 45);
    for n in 200..210 {
        peer.data(&second, n);
    }
    assert_eq!(drain(&mut other).await.len(), 10);
}

#[tokio::test(start_paused = true)]
async fn many_that_find_the_client_full_cost_one_grace_together() {
    let mut setup = Setup::default();
    setup.delivery.bytes_in_all = 100;
    setup.delivery.overflow = Overflow::DropNewest;
    let (client, _network, mut peer, first, _one) = subscribed(setup).await;
    let mut others = Vec::new();
    for _ in 0..50 {
        let starting = subscribe(&client);
        let id = peer.start_and_ack().await;
        others.push((id, starting.await.unwrap().unwrap()));
    }
    for n in 10..20 {
        peer.data(&first, n);
    }
    let before = Instant::now();
    for (id, _) in &others {
        peer.data(id, 1);
    }
    // The server hears of the next one when everything before it has been dealt with.
    let starting = subscribe(&client);
    peer.start_and_ack().await;
    assert!(before.elapsed() <= Duration::from_millis(21), "{:?}", before.elapsed());
    starting.await.unwrap().unwrap();
    assert_eq!(client.counters().await.unwrap().drops, 55);
}

#[tokio::test(start_paused = true)]
async fn many_that_stall_at_once_hold_the_others_up_for_a_tenth_of_the_time() {
    let mut setup = small();
    setup.delivery.overflow = Overflow::DropOldest;
    let (client, _network, mut peer, quick, mut sibling) = subscribed(setup).await;
    let mut stalled = Vec::new();
    for _ in 0..150 {
        let starting = subscribe(&client);
        let id = peer.start_and_ack().await;
        stalled.push((id, starting.await.unwrap().unwrap()));
    }
    sleep(Duration::from_secs(2)).await;
    let before = Instant::now();
    for (id, _) in &stalled {
        for n in 0..5 {
            peer.data(id, n);
        }
    }
    peer.data(&quick, 1);
    assert_eq!(next(&mut sibling).await.unwrap().unwrap(), 1);
    assert!(
        (100..=115).contains(&before.elapsed().as_millis()),
        "{:?}",
        before.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn long_payloads_arrive_whole_and_are_charged_with_what_they_pin() {
    let mut setup = small();
    setup.delivery.capacity = Capacity {
        messages: 100,
        bytes: 50_000,
    };
    setup.delivery.overflow = Overflow::DropNewest;
    let (_client, _network, peer, id, mut subscription) = subscribed(setup).await;
    let long = |n: u64| json!({"n": n, "x": "ü".repeat(4096)});
    for n in 0..10 {
        peer.send(json!({"type": "data", "id": id, "payload": {"data": long(n)}}));
        // Members behind the payload are a part of what is kept.
        peer.send_raw(&format!(
            r#"{{"payload":{{"data":{}}},"type":"data","id":"{id}","more":[]}}"#,
            long(n)
        ));
    }
    settle().await;
    let mut got = 0;
    while let Ok(event) = timeout(Duration::from_millis(1), event(&mut subscription)).await {
        match event.unwrap().unwrap() {
            Event::Next(response) => assert_eq!(response.data.unwrap(), long(got / 2)),
            Event::Dropped(dropped) => assert_eq!(dropped.count + got, 20),
            other => panic!("{other:?}"),
        }
        got += 1;
    }
    assert_eq!(got, 50_000 / 8300 + 1);
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_fails_says_what_was_full_and_what_it_cost() {
    let (client, _network, peer, id, mut subscription) = subscribed(small()).await;
    for n in 0..6 {
        peer.data(&id, n);
    }
    settle().await;
    for _ in 0..4 {
        next(&mut subscription).await.unwrap().unwrap();
    }
    let error = next(&mut subscription).await.unwrap().unwrap_err().to_string();
    assert!(
        error.contains("4 messages") && error.contains("1 event was dropped"),
        "{error}"
    );
    assert_eq!(client.counters().await.unwrap().drops, 1);
}
