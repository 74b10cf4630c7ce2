use std::time::Instant;

use gqlwire_proto::appsync::{Action, Realtime, RefusalKind};

use super::*;
use crate::scenario::authorization;

fn ready(now: Instant) -> Realtime {
    let mut connection = Realtime::opened(Timeouts::default(), now).shared();
    connection.frame(r#"{"type":"connection_ack"}"#, now);
    while connection.poll().is_some() {}
    connection
}

#[test]
fn an_error_without_id_is_kept_for_whoever_asks_and_ends_nothing() {
    let now = Instant::now();
    let mut connection = ready(now);
    connection.start_in(0, "{}", authorization(), now);
    let _ = connection.poll();
    connection.frame(&format!(r#"{{"type":"error","payload":{RATE}}}"#), now);
    assert!(connection.has_news());
    assert_eq!(connection.poll(), None);
    assert_eq!(connection.take_refusal().unwrap().kind(), RefusalKind::LimitExceeded);
    assert_eq!(connection.take_refusal(), None);
    assert!(!connection.has_news());
    assert_eq!(connection.subscriptions(), 1);
}

#[test]
fn what_nobody_takes_of_them_is_bounded() {
    let now = Instant::now();
    let mut connection = ready(now);
    for _ in 0..1000 {
        connection.frame(&format!(r#"{{"type":"error","payload":{RATE}}}"#), now);
    }
    assert!(std::iter::from_fn(|| connection.take_refusal()).count() <= 16);
}

#[test]
fn an_event_for_nobody_is_answered_with_one_stop_and_that_is_bounded_too() {
    let now = Instant::now();
    let mut connection = ready(now);
    for id in (1..1000).chain(1..1000) {
        let frame = format!(r#"{{"id":"{id}","type":"data","payload":{{"data":1}}}}"#);
        assert_eq!(connection.frame(&frame, now), None);
    }
    assert_eq!(
        connection.poll(),
        Some(Action::Send(r#"{"type":"stop","id":"1"}"#.to_owned()))
    );
    assert!(std::iter::from_fn(|| connection.poll()).count() < 300);
}

#[test]
fn an_id_names_its_slot_and_is_used_once() {
    let now = Instant::now();
    let mut connection = ready(now);
    let ids: Vec<_> = [3, 3, 0, 65_534]
        .map(|slot| connection.start_in(slot, "{}", authorization(), now))
        .into();
    assert_eq!(ids.iter().map(|id| id.slot()).collect::<Vec<_>>(), [3, 3, 0, 65_534]);
    assert_ne!(ids[0], ids[1]);
    let frame = format!(r#"{{"id":"{}","type":"data","payload":{{"data":1}}}}"#, ids[1]);
    assert_eq!(connection.frame(&frame, now).unwrap().id, ids[1]);
}
