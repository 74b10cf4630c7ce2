use std::time::Duration;

use gqlwire_proto::session::{ConnectionState, OpenFailureKind, ReconnectPolicy, SessionOptions, SubscribeOptions};

use super::world::{Got, HOUR, MS, SECOND, World};

const BODY: &str = r#"{"query":"subscription { s }"}"#;

fn world() -> World {
    World::new(SessionOptions::default(), 7)
}

fn with(policy: ReconnectPolicy) -> World {
    let mut options = SessionOptions::default();
    options.reconnect = policy;
    World::new(options, 7)
}

#[test]
fn a_subscription_opens_a_connection_and_is_acknowledged() {
    let mut world = world();
    let handle = world.subscribe(BODY);
    assert!(matches!(world.worst(), ConnectionState::Connecting));
    world.pass(SECOND);
    assert!(world.acknowledged(handle));
    assert!(matches!(world.worst(), ConnectionState::Connected));
    world.publish("1");
    world.pass(SECOND);
    assert_eq!(world.got[&handle], [Got::Acknowledged, Got::Data("1".to_owned())]);
}

#[test]
fn a_dropped_socket_resubscribes_and_reports_the_gap_before_the_next_data() {
    let mut world = world();
    let handle = world.subscribe(BODY);
    world.pass(SECOND);
    world.publish("1");
    world.pass(SECOND);
    let since = Duration::from_millis(1020);
    let socket = world.open_sockets()[0];
    world.cut(socket);
    assert!(matches!(world.worst(), ConnectionState::Reconnecting { .. }));
    world.pass(2 * SECOND);
    world.publish("2");
    world.pass(SECOND);
    assert_eq!(world.data(handle), ["1", "2"]);
    let gaps = world.gaps(handle);
    assert_eq!(gaps.len(), 1);
    let (from, until, cause) = gaps[0];
    assert_eq!((from, cause), (since, "the connection broke: reset by peer"));
    assert!(until > 2 * SECOND && until < 4 * SECOND, "{until:?}");
    assert!(matches!(world.got[&handle][2], Got::Gap { .. }));
    assert_eq!(world.session.counters().reconnects, 1);
    assert_eq!(world.opens.len(), 2);
}

#[test]
fn a_connection_that_lived_longer_than_a_minute_is_replaced_at_once() {
    let mut world = world();
    world.subscribe(BODY);
    world.pass(100 * SECOND);
    let socket = world.open_sockets()[0];
    let now = world.now();
    world.cut(socket);
    assert_eq!(world.opens, [Duration::ZERO, now]);
}

#[test]
fn what_is_never_acknowledged_backs_off_and_the_state_says_so() {
    let mut world = world();
    world.server.reachable = false;
    let handle = world.subscribe(BODY);
    world.pass(59 * SECOND);
    let attempts = world.opens.len();
    assert!((5..40).contains(&attempts), "{attempts}");
    let ConnectionState::Reconnecting { attempt, cause, .. } = world.worst() else {
        panic!("{:?}", world.worst());
    };
    assert_eq!((attempt as usize, cause.to_string().as_str()), (attempts, "no socket"));
    assert_eq!(world.ended(handle), None);
    world.pass(SECOND);
    let why = world.ended(handle).unwrap();
    assert!(
        why.starts_with("NotAcknowledged { waited: 60s, cause: Some(Open"),
        "{why}"
    );
    // Nobody wants the connection any more.
    world.pass(60 * SECOND);
    assert_eq!(world.session.deadline(), None);
}

#[test]
fn subscribing_while_offline_succeeds_when_the_network_is_back() {
    let mut world = world();
    world.server.reachable = false;
    let handle = world.subscribe(BODY);
    world.pass(20 * SECOND);
    world.server.reachable = true;
    world.pass(30 * SECOND);
    assert_eq!(world.got[&handle], [Got::Acknowledged]);
}

#[test]
fn no_reconnection_ends_each_subscription_with_its_connection() {
    let mut world = with(ReconnectPolicy::never());
    let (one, two) = (world.subscribe(BODY), world.subscribe(BODY));
    world.pass(SECOND);
    let socket = world.open_sockets()[0];
    world.server_closes(socket, 1001);
    world.pass(SECOND);
    for handle in [one, two] {
        let why = world.ended(handle).unwrap();
        assert_eq!(
            why,
            "Disconnected after 0: the server closed the connection (code 1001)"
        );
    }
    assert_eq!(world.opens.len(), 1);
}

#[test]
fn attempts_run_out_and_a_later_subscription_begins_anew() {
    let mut world = with(ReconnectPolicy::default().attempts(3));
    let handle = world.subscribe(BODY);
    world.pass(SECOND);
    world.server.reachable = false;
    let socket = world.open_sockets()[0];
    world.cut(socket);
    world.pass(30 * SECOND);
    assert_eq!(world.ended(handle), Some("Disconnected after 3: no socket"));
    assert_eq!(world.opens.len(), 4);
    world.server.reachable = true;
    let again = world.subscribe(BODY);
    world.pass(SECOND);
    assert!(world.acknowledged(again));
}

#[test]
fn a_final_failure_to_open_ends_what_waits_for_it() {
    let mut world = world();
    world.server.open_failure = Some(OpenFailureKind::Final);
    let handle = world.subscribe(BODY);
    world.pass(SECOND);
    assert_eq!(world.ended(handle), Some("Final: no socket"));
    assert_eq!(world.opens.len(), 1);
}

#[test]
fn an_ack_followed_by_a_refusal_does_not_reset_the_ladder() {
    let mut world = world();
    world.subscribe(BODY);
    for _ in 0..12 {
        while world.open_sockets().is_empty() {
            world.pass(100 * MS);
        }
        world.pass(100 * MS);
        let socket = world.open_sockets()[0];
        world.say(
            socket,
            r#"{"type":"connection_error","payload":{"message":"busy"}}"#.to_owned(),
        );
        world.pass(100 * MS);
    }
    let longest = world.opens.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
    assert!(longest > 2 * SECOND, "{longest:?}");
}

#[test]
fn no_connection_ack_is_a_failed_attempt() {
    let mut world = world();
    world.server.acknowledges = false;
    let handle = world.subscribe(BODY);
    world.pass(20 * SECOND);
    world.server.acknowledges = true;
    world.pass(30 * SECOND);
    assert!(world.acknowledged(handle));
}

#[test]
fn dropped_before_the_ack_it_sends_stop() {
    let mut world = world();
    world.server.acknowledges_starts = false;
    let handle = world.subscribe(BODY);
    world.pass(SECOND);
    assert_eq!(world.registered(), 1);
    world.stop(handle);
    world.pass(SECOND);
    assert_eq!(world.registered(), 0);
    assert_eq!(world.ended(handle), Some("Stopped"));
}

#[test]
fn a_start_without_ack_is_sent_again_and_the_first_ack_wins() {
    let mut world = world();
    world.server.acknowledges_starts = false;
    let handle = world.subscribe(BODY);
    world.pass(SECOND);
    let socket = world.open_sockets()[0];
    world.say(socket, r#"{"type":"ka"}"#.to_owned());
    world.pass(15 * SECOND);
    let ids = world.ids_on(socket);
    assert_eq!(ids.len(), 2, "{ids:?}");
    // Both are registered, and the older is acknowledged first.
    world.say(socket, format!(r#"{{"type":"start_ack","id":"{}"}}"#, ids[0]));
    world.pass(SECOND);
    assert!(world.acknowledged(handle));
    assert_eq!(world.registered(), 1);
    world.publish("once");
    world.pass(SECOND);
    assert_eq!(world.data(handle), ["once"]);
    world.pass(60 * SECOND);
    assert_eq!(world.ids_on(socket).len(), 2);
}

#[test]
fn a_socket_that_dies_unheard_before_start_ack_is_replaced_when_that_is_overdue() {
    for (policy, sockets) in [(ReconnectPolicy::default(), 2), (ReconnectPolicy::never(), 1)] {
        let mut world = with(policy);
        world.server.acknowledges_starts = false;
        let handles = [world.subscribe(BODY), world.subscribe(BODY)];
        world.pass(SECOND);
        let dead = world.open_sockets()[0];
        world.fall_silent(dead);
        world.server.acknowledges_starts = true;
        world.pass(16 * SECOND);
        assert_eq!(world.opens.len(), sockets);
        if sockets == 1 {
            continue;
        }
        assert!(handles.iter().all(|handle| world.acknowledged(*handle)));
        world.publish("1");
        world.pass(SECOND);
        for handle in handles {
            assert_eq!(world.data(handle), ["1"]);
            assert_eq!(world.gaps(handle), []);
        }
        world.pass(20 * SECOND);
        assert!(!world.open_sockets().contains(&dead));
    }
}

#[test]
fn data_for_an_id_that_nobody_has_is_answered_with_one_stop() {
    let mut world = world();
    world.subscribe(BODY);
    world.pass(SECOND);
    let socket = world.open_sockets()[0];
    for _ in 0..3 {
        world.say(socket, r#"{"id":"77","type":"data","payload":{"data":"?"}}"#.to_owned());
    }
    world.pass(SECOND);
    let stops = world
        .sent
        .iter()
        .filter(|(_, text)| text == r#"{"type":"stop","id":"77"}"#);
    assert_eq!(stops.count(), 1);
}

#[test]
fn closing_stops_everything_and_says_when_it_is_done() {
    let mut world = world();
    let handle = world.subscribe(BODY);
    world.pass(SECOND);
    world.close();
    assert_eq!(world.ended(handle), Some("Closed"));
    assert!(!world.is_closed);
    world.pass(SECOND);
    assert!(world.is_closed);
    assert_eq!(world.registered(), 0);
    assert!(matches!(world.worst(), ConnectionState::Closed));
    let late = world.subscribe(BODY);
    assert_eq!(world.ended(late), Some("Closed"));
    assert_eq!(world.session.deadline(), None);
}

#[test]
fn closing_does_not_wait_for_a_server_that_does_not_answer() {
    let mut world = world();
    world.subscribe(BODY);
    world.pass(SECOND);
    let socket = world.open_sockets()[0];
    world.fall_silent(socket);
    world.close();
    world.pass(9 * SECOND);
    assert!(!world.is_closed);
    world.pass(SECOND);
    assert!(world.is_closed);
}

#[test]
fn closing_while_a_socket_is_being_opened_is_immediate() {
    let mut world = world();
    world.subscribe(BODY);
    world.close();
    assert!(world.is_closed);
}

#[test]
fn a_connection_that_nobody_uses_is_closed_after_a_while() {
    let mut world = world();
    let handle = world.subscribe(BODY);
    world.pass(SECOND);
    world.stop(handle);
    world.pass(4 * SECOND);
    assert_eq!(world.open_sockets().len(), 1);
    world.pass(2 * SECOND);
    assert_eq!(world.open_sockets().len(), 0);
    assert_eq!(world.session.deadline(), None);
    let again = world.subscribe(BODY);
    world.pass(SECOND);
    assert!(world.acknowledged(again));
}

#[test]
fn an_invalidated_subscription_ends_alone_and_the_others_are_restored() {
    let mut world = world();
    let (one, two) = (world.subscribe(BODY), world.subscribe(BODY));
    world.pass(SECOND);
    let socket = world.open_sockets()[0];
    let id = world.ids_on(socket)[0].clone();
    let frame = format!(r#"{{"id":"{id}","type":"error","payload":{{"message":"Subscription complete."}}}}"#);
    world.say(socket, frame);
    world.server_closes(socket, 1000);
    world.pass(3 * SECOND);
    assert!(world.ended(one).unwrap().starts_with("Invalidated"));
    assert_eq!(world.ended(two), None);
    assert_eq!(world.gaps(two).len(), 1);
    assert_eq!(world.registered(), 1);
}

#[test]
fn a_catch_up_comes_after_each_acknowledgement_and_before_what_came_meanwhile() {
    let mut world = world();
    let mut options = SubscribeOptions::new(BODY);
    options.catch_up = true;
    let handle = world.subscribe_with(options);
    world.pass(SECOND);
    world.publish("1");
    world.pass(SECOND);
    assert_eq!(world.data(handle).len(), 0);
    world.pass(SECOND);
    world.publish("2");
    world.pass(SECOND);
    let socket = world.open_sockets()[0];
    world.cut(socket);
    world.pass(2 * SECOND);
    world.publish("3");
    world.pass(10 * SECOND);
    let got: Vec<_> = world.got[&handle]
        .iter()
        .map(|got| match got {
            Got::Acknowledged => "ack",
            Got::Data(data) | Got::Snapshot(data) => data,
            Got::Gap { .. } => "gap",
            Got::Dropped(_) => "dropped",
            Got::Ended(why) => why,
        })
        .collect();
    assert_eq!(got, ["ack", "list", "1", "2", "gap", "list", "3"]);
}

#[test]
fn a_catch_up_that_holds_too_much_says_what_is_missing() {
    let mut options = SessionOptions::default();
    options.held_events = 2;
    let mut world = World::new(options, 7);
    let mut options = SubscribeOptions::new(BODY);
    options.catch_up = true;
    let handle = world.subscribe_with(options);
    world.pass(SECOND);
    for number in ["1", "2", "3", "4"] {
        world.publish(number);
        world.pass(MS);
    }
    world.pass(10 * SECOND);
    assert_eq!(world.data(handle), ["3", "4"]);
    assert_eq!(
        world.got[&handle][1..3],
        [Got::Snapshot("list".into()), Got::Dropped(2)]
    );
    let counters = world.session.counters();
    assert_eq!((counters.drops, counters.gaps), (2, 0));
}

#[test]
fn all_catch_ups_together_hold_no_more_than_they_may() {
    let mut options = SessionOptions::default();
    let event = r#"{"data":"1"}"#.len();
    options.held_bytes_in_all = 3 * event;
    let mut world = World::new(options, 7);
    let mut options = SubscribeOptions::new(BODY);
    options.catch_up = true;
    let handles = [
        world.subscribe_with(options.clone()),
        world.subscribe_with(options.clone()),
    ];
    world.pass(SECOND);
    world.publish("1");
    world.publish("2");
    world.stop(handles[0]);
    world.pass(10 * SECOND);
    assert_eq!(world.data(handles[1]), ["1", "2"]);
    // What was held has been given back, also where nobody got it.
    let handle = world.subscribe_with(options);
    world.pass(SECOND);
    for number in ["3", "4", "5", "6"] {
        world.publish(number);
    }
    world.pass(10 * SECOND);
    assert_eq!(world.data(handle), ["4", "5", "6"]);
    assert_eq!(world.data(handles[1]), ["1", "2", "3", "4", "5", "6"]);
    assert_eq!(world.session.counters().drops, 1);
}

#[test]
fn a_connection_is_not_tried_again_for_those_who_have_gone() {
    let mut options = SessionOptions::default();
    options.reconnect = ReconnectPolicy::default().delays(4 * SECOND, 4 * SECOND);
    for wakes in [false, true] {
        let mut world = World::new(options.clone(), 7);
        world.server.reachable = false;
        let handle = world.subscribe(BODY);
        world.pass(50 * MS);
        assert!(matches!(
            world.worst(),
            ConnectionState::Reconnecting { next: Some(_), .. }
        ));
        let opens = world.opens.len();
        world.stop(handle);
        if wakes {
            world.sleeps(HOUR);
        }
        world.pass(60 * SECOND);
        assert_eq!(world.opens.len(), opens, "nobody needs a socket");
        assert!(matches!(world.worst(), ConnectionState::Idle));
        assert_eq!(world.session.deadline(), None);
        world.server.reachable = true;
        let again = world.subscribe(BODY);
        world.pass(5 * SECOND);
        assert!(world.acknowledged(again));
    }
}

#[test]
fn a_catch_up_that_fails_ends_its_subscription_after_what_came() {
    let mut world = world();
    world.server.catch_up = Err("no list");
    let mut options = SubscribeOptions::new(BODY);
    options.catch_up = true;
    let handle = world.subscribe_with(options);
    world.pass(SECOND);
    world.publish("1");
    world.pass(HOUR / 60);
    assert_eq!(world.data(handle), ["1"]);
    assert!(world.ended(handle).unwrap().contains("no list"));
    assert_eq!(world.registered(), 0);
}

#[test]
fn a_snapshot_from_before_a_loss_is_not_taken_for_the_one_after_it() {
    let mut world = world();
    world.server.catch_up_takes = 5 * SECOND;
    let mut options = SubscribeOptions::new(BODY);
    options.catch_up = true;
    let handle = world.subscribe_with(options);
    world.pass(3 * SECOND);
    let socket = world.open_sockets()[0];
    world.cut(socket);
    world.pass(20 * SECOND);
    let snapshots = world.got[&handle].iter().filter(|got| matches!(got, Got::Snapshot(_)));
    assert_eq!(snapshots.count(), 1);
}
