use std::time::Instant;

use gqlwire_proto::session::{Pacer, SessionOptions, SubscriptionLimit};

use super::world::{HOUR, MS, SECOND, World};

const BODY: &str = r#"{"query":"subscription { s }"}"#;

#[test]
fn subscriptions_beyond_the_limit_open_further_connections() {
    let mut options = SessionOptions::default();
    options.subscriptions_per_connection = 10;
    let mut world = World::new(options, 5);
    let handles: Vec<_> = (0..35).map(|_| world.subscribe(BODY)).collect();
    world.pass(SECOND);
    assert!(handles.iter().all(|handle| world.acknowledged(*handle)));
    assert_eq!(world.open_sockets().len(), 4);
    world.publish("1");
    world.pass(SECOND);
    assert!(handles.iter().all(|handle| world.data(*handle) == ["1"]));
    for handle in &handles[..10] {
        world.stop(*handle);
    }
    world.pass(10 * SECOND);
    assert_eq!(world.open_sockets().len(), 3);
    let counters = world.session.counters();
    assert_eq!((counters.subscriptions, counters.connections), (25, 3));
}

#[test]
fn the_limit_is_learnt_from_the_server() {
    let mut world = World::new(SessionOptions::default(), 5);
    world.server.most = 10;
    let handles: Vec<_> = (0..35).map(|_| world.subscribe(BODY)).collect();
    world.pass(20 * SECOND);
    assert!(handles.iter().all(|handle| world.acknowledged(*handle)));
    assert!(handles.iter().all(|handle| world.gaps(*handle).is_empty()));
    assert_eq!(world.open_sockets().len(), 4);
}

#[test]
fn a_server_that_takes_none_is_not_asked_without_end() {
    let mut world = World::new(SessionOptions::default(), 5);
    world.server.most = 0;
    let handle = world.subscribe(BODY);
    world.pass(60 * SECOND);
    assert!(world.ended(handle).unwrap().starts_with("NotAcknowledged"));
    assert!(world.sent.len() < 60, "{}", world.sent.len());
    assert_eq!(world.opens.len(), 1);
}

#[test]
fn a_rate_limit_ends_nothing_and_slows_starts_down() {
    let mut world = World::new(SessionOptions::default(), 5);
    let steady = world.subscribe(BODY);
    world.pass(SECOND);
    world.server.refuses.insert(
        "late",
        r#"{"errorType":"LimitExceededError","message":"Rate limit exceeded"}"#,
    );
    let late: Vec<_> = (0..20)
        .map(|_| world.subscribe(r#"{"query":"subscription { late }"}"#))
        .collect();
    world.pass(SECOND);
    world.server.refuses.clear();
    world.publish("1");
    world.pass(40 * SECOND);
    assert_eq!(world.data(steady), ["1"]);
    assert!(late.iter().all(|handle| world.acknowledged(*handle)));
    assert_eq!(world.registered(), 21);
}

#[test]
fn ten_thousand_subscriptions_share_fifty_connections() {
    let mut world = World::new(SessionOptions::default(), 5);
    let handles: Vec<_> = (0..10_000).map(|_| world.subscribe(BODY)).collect();
    world.pass(2 * SECOND);
    assert_eq!(world.open_sockets().len(), 50);
    assert_eq!(world.registered(), 10_000);
    world.publish("1");
    world.pass(SECOND);
    assert!(handles.iter().all(|handle| world.data(*handle) == ["1"]));
    world.close();
    world.pass(SECOND);
    assert!(world.is_closed);
}

#[test]
fn ten_thousand_starts_find_the_pace_that_the_server_takes() {
    let mut world = World::new(SessionOptions::default(), 5);
    world.server.starts_a_second = 1000;
    let handles: Vec<_> = (0..10_000).map(|_| world.subscribe(BODY)).collect();
    world.pass(40 * SECOND);
    assert!(handles.iter().all(|handle| world.acknowledged(*handle)));
    // Within reason: all at first, and then hardly more than are taken.
    assert!(world.sent.len() < 35_000, "{}", world.sent.len());
}

#[test]
fn a_pacer_goes_faster_with_each_start_that_is_taken_a_while_after_the_last_refusal() {
    let now = Instant::now();
    let mut pacer = Pacer::default();
    pacer.accepted(now);
    pacer.slow_down(now);
    pacer.accepted(now + 500 * MS);
    let next = |pacer: &mut Pacer, at| {
        pacer.started(at);
        pacer.next_start(at) - at
    };
    let later = now + 2 * SECOND;
    assert_eq!(next(&mut pacer, later), 150 * MS);
    (0..20).for_each(|_| pacer.accepted(later));
    let faster = next(&mut pacer, later);
    assert!(50 * MS < faster && faster < 60 * MS, "{faster:?}");
    pacer.slow_down(later);
    assert_eq!(next(&mut pacer, later), faster * 2);
    let later = later + 2 * SECOND;
    (0..1000).for_each(|_| pacer.accepted(later));
    assert_eq!(next(&mut pacer, later), MS);
}

#[test]
fn a_pacer_spaces_starts_until_a_minute_of_calm() {
    let now = Instant::now();
    let mut pacer = Pacer::default();
    pacer.started(now);
    assert_eq!(pacer.next_start(now), now);
    pacer.slow_down(now);
    // One burst is one refusal.
    pacer.slow_down(now + 10 * MS);
    assert_eq!(pacer.next_start(now), now + 150 * MS);
    pacer.slow_down(now + SECOND);
    assert_eq!(pacer.next_start(now), now + 300 * MS);
    let later = now + 62 * SECOND;
    pacer.started(later);
    assert_eq!(pacer.next_start(later), later);
    let mut pacer = Pacer::default();
    for seconds in 0..100 {
        pacer.slow_down(now + seconds * SECOND);
    }
    pacer.started(now + 100 * SECOND);
    assert_eq!(pacer.next_start(now + 100 * SECOND), now + 100 * SECOND + 2400 * MS);
    assert!(pacer.next_start(now + HOUR) == now + HOUR);
}

#[test]
fn a_limit_is_at_least_one() {
    let mut limit = SubscriptionLimit::new(0);
    assert_eq!(limit.most(), 1);
    limit = SubscriptionLimit::new(200);
    assert!(limit.learn(100) && limit.learn(150));
    assert_eq!(limit.most(), 100);
    assert!(!limit.learn(0));
    assert_eq!(limit.most(), 100);
}
