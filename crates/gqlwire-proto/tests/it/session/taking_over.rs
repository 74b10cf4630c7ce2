use std::time::Duration;

use gqlwire_proto::session::{ConnectionState, SessionOptions, SubscribeOptions};

use super::world::{Got, HOUR, MS, SECOND, World};

const BODY: &str = r#"{"query":"subscription { s }"}"#;

fn world() -> World {
    World::new(SessionOptions::default(), 11)
}

/// Passes time until a second socket is open beside the first.
fn until_two_sockets(world: &mut World) {
    for _ in 0..100_000 {
        if world.open_sockets().len() == 2 {
            return;
        }
        world.pass(SECOND);
    }
    panic!("no second socket");
}

fn numbered(world: &mut World, count: u32, apart: Duration) {
    for number in 0..count {
        world.publish(&number.to_string());
        world.pass(apart);
    }
}

fn expected(count: u32) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

#[test]
fn a_day_passes_without_a_gap_and_with_one_rotation() {
    let mut world = world();
    let handle = world.subscribe(BODY);
    world.pass(SECOND);
    let minutes = 25 * 60;
    numbered(&mut world, minutes, 60 * SECOND);
    world.pass(60 * SECOND);
    assert_eq!(world.data(handle), expected(minutes));
    assert_eq!(world.gaps(handle), []);
    let counters = world.session.counters();
    assert_eq!((counters.rotations, counters.reconnects), (1, 0));
    assert_eq!(counters.possible_duplicates, 0);
    assert_eq!(world.open_sockets().len(), 1);
    assert_eq!(world.opens.len(), 2);
    assert!(
        world.opens[1] < 24 * HOUR && world.opens[1] > 23 * HOUR,
        "{:?}",
        world.opens[1]
    );
}

#[test]
fn a_stream_goes_through_a_rotation_whole_and_once() {
    let mut options = SessionOptions::default();
    options.greatest_age = Some(100 * SECOND);
    let mut world = World::new(options, 11);
    let handles: Vec<_> = (0..5).map(|_| world.subscribe(BODY)).collect();
    world.pass(SECOND);
    numbered(&mut world, 30_000, 10 * MS);
    world.pass(SECOND);
    for handle in handles {
        assert_eq!(world.data(handle), expected(30_000));
        assert_eq!(world.gaps(handle), []);
    }
    assert!(world.session.counters().rotations >= 3);
    assert_eq!(world.session.counters().possible_duplicates, 0);
}

#[test]
fn a_connection_is_replaced_before_its_credentials_expire() {
    let mut world = world();
    world.server.credentials_live = Some(HOUR);
    let handle = world.subscribe(BODY);
    world.pass(SECOND);
    numbered(&mut world, 6 * 60, 60 * SECOND);
    world.pass(SECOND);
    assert_eq!(world.data(handle), expected(6 * 60));
    assert_eq!(world.gaps(handle), []);
    let apart: Vec<_> = world.opens.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(apart.len(), 6);
    assert!(
        apart.iter().all(|apart| *apart > 50 * 60 * SECOND && *apart < HOUR),
        "{apart:?}"
    );
}

#[test]
fn credentials_that_expire_at_once_do_not_rotate_without_end() {
    let mut world = world();
    world.server.credentials_live = Some(SECOND);
    world.subscribe(BODY);
    world.pass(600 * SECOND);
    assert!(world.opens.len() < 12, "{}", world.opens.len());
}

#[test]
fn one_socket_rotates_at_a_time() {
    let mut options = SessionOptions::default();
    options.subscriptions_per_connection = 1;
    let mut world = World::new(options, 11);
    for _ in 0..5 {
        world.subscribe(BODY);
    }
    world.server.credentials_live = Some(HOUR);
    let mut most = 0;
    for _ in 0..2 * 3600 {
        world.pass(SECOND);
        most = most.max(world.open_sockets().len());
    }
    // The one that has been left may still be closing when the next begins.
    assert!(most <= 7, "{most}");
    assert!(world.session.counters().rotations >= 5);
    assert_eq!(world.registered(), 5);
}

#[test]
fn a_subscription_that_the_new_socket_refuses_stays_on_the_old_one_until_that_closes() {
    let mut world = world();
    world.server.credentials_live = Some(HOUR);
    let moves = world.subscribe(BODY);
    let stays = world.subscribe(r#"{"query":"subscription { odd }"}"#);
    world.pass(SECOND);
    world.server.refuses.insert("odd", r#"{"message":"not now"}"#);
    until_two_sockets(&mut world);
    world.pass(90 * SECOND);
    let sockets = world.open_sockets();
    assert_eq!(sockets.len(), 2);
    assert_eq!(
        [world.subscriptions_on(sockets[0]), world.subscriptions_on(sockets[1])],
        [1, 1]
    );
    world.publish("both");
    world.pass(SECOND);
    assert_eq!((world.data(moves), world.data(stays)), (vec!["both"], vec!["both"]));
    world.server_closes(sockets[0], 1000);
    world.pass(SECOND);
    assert_eq!(world.ended(stays), Some("Final: not now"));
    assert_eq!(world.ended(moves), None);
    assert_eq!(world.gaps(moves), []);
}

#[test]
fn a_silent_socket_is_replaced_after_ninety_seconds_and_the_gap_is_told() {
    let mut world = world();
    let handle = world.subscribe(BODY);
    world.pass(SECOND);
    world.publish("1");
    world.pass(SECOND);
    let socket = world.open_sockets()[0];
    world.fall_silent(socket);
    let since = Duration::from_millis(1020);
    world.pass(since + 90 * SECOND - world.now() - MS);
    assert_eq!(world.opens.len(), 1);
    world.publish("lost");
    world.pass(MS);
    assert_eq!(world.opens.len(), 2);
    assert!(matches!(world.worst(), ConnectionState::Degraded));
    world.pass(SECOND);
    world.publish("2");
    world.pass(20 * SECOND);
    world.publish("3");
    world.pass(SECOND);
    let got = &world.got[&handle];
    assert_eq!(world.data(handle), ["1", "2", "3"]);
    assert!(
        matches!(&got[2], Got::Gap { since: from, .. } if *from == since),
        "{got:?}"
    );
    assert!(matches!(world.worst(), ConnectionState::Connected));
}

#[test]
fn a_socket_that_finds_its_voice_is_kept() {
    let mut world = world();
    world.server.latency = 200 * MS;
    let handle = world.subscribe(BODY);
    world.pass(SECOND);
    let first = world.open_sockets()[0];
    // No keep-alive for a while.
    let mut options = SessionOptions::default();
    options.probe_after = Some(50 * SECOND);
    let mut quick = World::new(options, 1);
    quick.server.latency = 200 * MS;
    let other = quick.subscribe(BODY);
    quick.pass(51 * SECOND + 200 * MS);
    assert_eq!(quick.opens.len(), 2);
    quick.publish("alive");
    quick.pass(30 * SECOND);
    assert_eq!(quick.open_sockets().len(), 1);
    assert_eq!(quick.data(other), ["alive"]);
    assert_eq!(quick.gaps(other), []);
    assert_eq!(quick.session.counters().rotations, 0);
    assert_eq!(world.open_sockets(), [first]);
    assert_eq!(world.ended(handle), None);
}

#[test]
fn a_silent_socket_without_a_second_one_is_dead_at_the_servers_deadline() {
    let mut world = world();
    let handle = world.subscribe(BODY);
    world.pass(SECOND);
    world.server.reachable = false;
    let socket = world.open_sockets()[0];
    world.fall_silent(socket);
    world.pass(280 * SECOND);
    assert_eq!(world.open_sockets(), [socket]);
    assert!(world.opens.len() > 3);
    world.pass(30 * SECOND);
    assert!(world.open_sockets().is_empty());
    world.server.reachable = true;
    world.pass(60 * SECOND);
    assert_eq!(world.registered(), 1);
    assert_eq!(world.gaps(handle).len(), 1);
}

#[test]
fn a_machine_that_slept_probes_at_once() {
    let mut world = world();
    let handle = world.subscribe(BODY);
    world.pass(20 * SECOND);
    let socket = world.open_sockets()[0];
    world.fall_silent(socket);
    world.sleeps(HOUR);
    world.pass(16 * SECOND);
    assert_eq!(world.opens.len(), 2);
    world.publish("1");
    world.pass(120 * SECOND);
    assert_eq!(world.data(handle), ["1"]);
    assert_eq!(world.gaps(handle).len(), 1);
    assert_eq!(world.open_sockets().len(), 1);
}

#[test]
fn a_clock_that_is_set_finds_a_healthy_socket_and_tells_no_gap() {
    let mut world = world();
    let handle = world.subscribe(BODY);
    world.pass(20 * SECOND);
    world.sleeps(HOUR);
    for number in 0..100 {
        world.publish(&number.to_string());
        world.pass(SECOND);
    }
    assert_eq!(world.data(handle), expected(100));
    assert_eq!(world.gaps(handle), []);
}

#[test]
fn an_old_socket_that_dies_in_a_rotation_loses_nothing_once_the_new_one_has_settled() {
    let mut world = world();
    world.server.credentials_live = Some(HOUR);
    let handle = world.subscribe(BODY);
    until_two_sockets(&mut world);
    numbered(&mut world, 30, 100 * MS);
    let old = world.open_sockets()[0];
    world.cut(old);
    world.publish("end");
    world.pass(5 * SECOND);
    let mut all = expected(30);
    all.push("end".to_owned());
    assert_eq!(world.data(handle), all);
    assert_eq!(world.gaps(handle), []);
    assert_eq!(world.opens.len(), 2);
}

#[test]
fn an_old_socket_that_dies_before_the_new_one_is_acknowledged_is_an_outage() {
    let mut world = world();
    world.server.credentials_live = Some(HOUR);
    let handle = world.subscribe(BODY);
    world.pass(SECOND);
    world.server.acknowledges_starts = false;
    until_two_sockets(&mut world);
    let old = world.open_sockets()[0];
    world.server.acknowledges_starts = true;
    world.cut(old);
    world.pass(30 * SECOND);
    world.publish("1");
    world.pass(SECOND);
    assert_eq!(world.data(handle), ["1"]);
    assert_eq!(world.gaps(handle).len(), 1);
}

#[test]
fn a_new_socket_that_dies_in_a_rotation_harms_nobody_and_is_tried_again() {
    let mut world = world();
    world.server.credentials_live = Some(HOUR);
    let handle = world.subscribe(BODY);
    until_two_sockets(&mut world);
    numbered(&mut world, 20, 100 * MS);
    let new = world.open_sockets()[1];
    world.cut(new);
    for number in 20..200 {
        world.publish(&number.to_string());
        world.pass(100 * MS);
    }
    world.pass(60 * SECOND);
    assert_eq!(world.data(handle), expected(200));
    assert_eq!(world.gaps(handle), []);
    assert_eq!(world.session.counters().rotations, 1);
}

#[test]
fn a_subscription_that_begins_during_a_rotation_moves_along() {
    let mut world = world();
    world.server.credentials_live = Some(HOUR);
    world.subscribe(BODY);
    until_two_sockets(&mut world);
    let late = world.subscribe(BODY);
    world.pass(120 * SECOND);
    assert!(world.acknowledged(late));
    assert_eq!(world.open_sockets().len(), 1);
    assert_eq!(world.registered(), 2);
    world.publish("1");
    world.pass(SECOND);
    assert_eq!(world.data(late), ["1"]);
}

#[test]
fn a_probe_that_finds_a_dead_socket_catches_up() {
    let mut world = world();
    let mut options = SubscribeOptions::new(BODY);
    options.catch_up = true;
    let handle = world.subscribe_with(options);
    world.pass(10 * SECOND);
    let socket = world.open_sockets()[0];
    world.fall_silent(socket);
    world.pass(200 * SECOND);
    let kinds: Vec<_> = world.got[&handle].iter().map(std::mem::discriminant).collect();
    let snapshot = std::mem::discriminant(&Got::Snapshot(String::new()));
    assert_eq!(kinds.iter().filter(|kind| **kind == snapshot).count(), 2);
    assert_eq!(world.gaps(handle).len(), 1);
}

#[test]
fn a_probe_whose_socket_is_lost_too_is_made_again_and_ends() {
    let mut world = world();
    let handle = world.subscribe(BODY);
    world.pass(10 * SECOND);
    let first = world.open_sockets()[0];
    world.fall_silent(first);
    until_two_sockets(&mut world);
    numbered(&mut world, 20, 100 * MS);
    let second = world.open_sockets()[1];
    world.cut(second);
    world.pass(5 * SECOND);
    world.publish("end");
    world.pass(30 * SECOND);
    assert_eq!(world.data(handle).last(), Some(&"end"));
    assert_eq!(world.open_sockets().len(), 1);
    assert_eq!(world.registered(), 1);
    assert!(matches!(world.worst(), ConnectionState::Connected));
}
