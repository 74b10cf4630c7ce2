use std::time::{Duration, SystemTime};

use gqlwire_proto::session::{AuthSource, OpenFailureKind, SessionOptions, SubscribeOptions};

use super::world::{SECOND, World};

const BODY: &str = r#"{"query":"subscription { s }"}"#;

fn world(per_connection: usize) -> World {
    let mut options = SessionOptions::default();
    options.subscriptions_per_connection = per_connection;
    World::new(options, 3)
}

#[test]
fn refused_credentials_are_refreshed_once_and_then_good() {
    let mut world = world(200);
    world.server.accepts = 1;
    let handle = world.subscribe(BODY);
    world.pass(SECOND);
    assert!(world.acknowledged(handle));
    assert_eq!((world.refreshes, world.opens.len()), (1, 2));
}

#[test]
fn ten_connections_refresh_once() {
    let mut world = world(1);
    let handles: Vec<_> = (0..10).map(|_| world.subscribe(BODY)).collect();
    world.server.accepts = 1;
    world.pass(2 * SECOND);
    assert!(handles.iter().all(|handle| world.acknowledged(*handle)));
    assert_eq!(world.refreshes, 1);
    // And again, in the life of the connections: each start is refused, and one asks.
    world.server.accepts = 2;
    for socket in world.open_sockets() {
        world.cut(socket);
    }
    world.pass(5 * SECOND);
    assert_eq!(world.registered(), 10);
    assert_eq!(world.refreshes, 2);
}

#[test]
fn credentials_that_nobody_can_better_end_what_waits() {
    let mut world = world(200);
    world.server.accepts = 1;
    world.server.refreshes = false;
    let handle = world.subscribe(BODY);
    world.pass(SECOND);
    assert_eq!(world.ended(handle), Some("Final: no socket"));
    assert_eq!((world.refreshes, world.opens.len()), (1, 1));
}

#[test]
fn credentials_that_stay_refused_are_final_after_one_refresh() {
    let mut world = world(200);
    world.server.open_failure = Some(OpenFailureKind::Unauthorized {
        generation: 0,
        dates: None,
    });
    let handle = world.subscribe(BODY);
    world.pass(10 * SECOND);
    assert_eq!(world.ended(handle), Some("Final: no socket"));
    assert_eq!(world.refreshes, 1);
    assert!(world.opens.len() <= 3, "{}", world.opens.len());
}

#[test]
fn a_start_that_is_refused_with_old_credentials_is_made_again_with_fresh_ones() {
    let mut world = world(200);
    let first = world.subscribe(BODY);
    world.pass(SECOND);
    world.server.accepts = 1;
    let second = world.subscribe(BODY);
    world.pass(SECOND);
    assert!(world.acknowledged(first) && world.acknowledged(second));
    assert_eq!(world.refreshes, 1);
    assert_eq!(world.opens.len(), 1);
}

#[test]
fn a_denied_subscription_ends_alone_with_its_cause_and_does_not_loop() {
    for refusal in [
        r#"{"errorType":"Unauthorized","message":"Not Authorized to access s on type Subscription"}"#,
        r#"{"errorType":"UnauthorizedException","message":"Permission denied"}"#,
        r#"{"message":"Validation error of type FieldUndefined"}"#,
        r#"{"errorType":"BadRequestException","message":"no"}"#,
    ] {
        let mut world = world(200);
        world.server.refuses.insert("secret", refusal);
        let good = world.subscribe(BODY);
        let denied = world.subscribe(r#"{"query":"subscription { secret }"}"#);
        world.pass(60 * SECOND);
        assert!(world.ended(denied).unwrap().starts_with("Final: "), "{refusal}");
        assert_eq!(world.ended(good), None);
        let starts = world.sent.iter().filter(|(_, text)| text.contains("secret"));
        assert_eq!(starts.count(), 1);
        assert_eq!((world.refreshes, world.opens.len()), (0, 1));
    }
}

#[test]
fn a_refusal_without_a_word_of_denial_costs_one_refresh_and_is_final() {
    let mut world = world(200);
    let refusal = r#"{"errorType":"UnauthorizedException","message":"Token has expired."}"#;
    world.server.refuses.insert("secret", refusal);
    let denied: Vec<_> = (0..20)
        .map(|_| world.subscribe(r#"{"query":"subscription { secret }"}"#))
        .collect();
    world.pass(60 * SECOND);
    assert!(
        denied
            .iter()
            .all(|handle| world.ended(*handle).unwrap().starts_with("Final: "))
    );
    assert!(world.refreshes <= 2, "{}", world.refreshes);
}

#[test]
fn each_provider_is_asked_for_its_own() {
    let mut world = world(200);
    world.subscribe(BODY);
    let mut options = SubscribeOptions::new(BODY);
    options.source = AuthSource(5);
    world.pass(SECOND);
    world.server.accepts = 1;
    let own = world.subscribe_with(options);
    world.pass(SECOND);
    assert!(world.acknowledged(own));
    assert_eq!(world.refreshes, 1);
    assert_eq!(world.opens.len(), 1);
}

#[test]
fn a_skewed_clock_is_corrected_once() {
    let mut world = world(200);
    world.server.ahead = 600;
    let local = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    world.server.open_failure = Some(OpenFailureKind::Unauthorized {
        generation: 0,
        dates: Some((local + 600 * SECOND, local)),
    });
    let handle = world.subscribe(BODY);
    world.pass(30 * 1_000_000 * Duration::from_nanos(1));
    world.server.open_failure = None;
    world.pass(SECOND);
    assert_eq!(world.corrections, [600]);
    assert_eq!(world.refreshes, 0);
    assert!(world.acknowledged(handle));
}

#[test]
fn starts_that_are_signed_by_a_wrong_clock_correct_it_where_the_connection_has_no_date() {
    let mut world = world(200);
    world.server.ahead = -900;
    let handles: Vec<_> = (0..3).map(|_| world.subscribe(BODY)).collect();
    world.pass(SECOND);
    assert_eq!((&world.corrections[..], world.opens.len()), (&[-900][..], 1));
    assert!(handles.iter().all(|handle| world.acknowledged(*handle)));
}

#[test]
fn a_malformed_start_is_sent_once_where_the_clock_is_right_and_twice_where_it_is_not() {
    for (ahead, starts) in [(0, 1), (30, 1), (900, 2)] {
        let mut world = world(200);
        world.server.ahead = ahead;
        let refusal = r#"{"errorType":"BadRequestException","message":"no such field"}"#;
        world.server.refuses.insert("subscription", refusal);
        let handle = world.subscribe(BODY);
        world.pass(SECOND);
        assert!(world.ended(handle).is_some(), "{ahead}");
        assert_eq!(world.server.starts_this_second.1, starts, "{ahead}");
    }
}

#[test]
fn a_clock_that_stays_wrong_is_corrected_no_second_time() {
    let mut world = world(200);
    let local = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    world.server.open_failure = Some(OpenFailureKind::Unauthorized {
        generation: 0,
        dates: Some((local, local + 600 * SECOND)),
    });
    let handle = world.subscribe(BODY);
    world.pass(30 * SECOND);
    assert_eq!(world.corrections, [-600]);
    assert!(world.ended(handle).is_some());
}

#[test]
fn credentials_that_expire_again_in_an_outage_are_refreshed_again() {
    let mut world = world(200);
    world.server.accepts = 1;
    let handle = world.subscribe(BODY);
    // Refused, refreshed, and then there is no network.
    world.pass(30 * std::time::Duration::from_millis(1));
    world.server.reachable = false;
    world.pass(20 * SECOND);
    world.server.accepts = 2;
    world.server.reachable = true;
    world.pass(35 * SECOND);
    assert!(world.acknowledged(handle), "{:?}", world.got);
    assert_eq!(world.refreshes, 2);
}
