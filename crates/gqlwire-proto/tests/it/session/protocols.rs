//! Sessions that speak something else than AppSync's protocol.

use gqlwire_proto::connection::Protocol;
use gqlwire_proto::session::{Action, ConnectionState, Issued, Opening, Session, SessionOptions, SubscribeOptions};

use super::world::{Got, MS, SECOND, World};

const ALL: [Protocol; 3] = [Protocol::LegacyWs, Protocol::Phoenix, Protocol::TransportWs];
const BODY: &str = r#"{"query":"subscription { s }"}"#;

fn world(protocol: Protocol) -> World {
    World::speaking(protocol, SessionOptions::of(protocol), 7)
}

#[test]
fn events_arrive_and_a_stop_is_told() {
    for protocol in ALL {
        let mut world = world(protocol);
        let handle = world.subscribe(BODY);
        world.pass(SECOND);
        world.publish("1");
        world.publish("2");
        world.pass(SECOND);
        assert_eq!(
            world.got[&handle],
            [Got::Acknowledged, Got::Data("1".into()), Got::Data("2".into())],
            "{protocol}"
        );
        world.stop(handle);
        world.pass(SECOND);
        assert_eq!(
            (world.registered(), world.ended(handle)),
            (0, Some("Stopped")),
            "{protocol}"
        );
        world.pass(60 * SECOND);
        assert!(
            world.open_sockets().is_empty(),
            "{protocol}: an idle connection is closed"
        );
    }
}

#[test]
fn a_connection_cut_at_any_moment_is_replaced_and_the_gap_told() {
    for protocol in ALL {
        for moment in 0..300_u32 {
            let mut world = world(protocol);
            let handle = world.subscribe(BODY);
            world.pass(moment * MS);
            let established = world.acknowledged(handle);
            for socket in world.open_sockets() {
                world.cut(socket);
            }
            world.pass(10 * SECOND);
            world.publish("after");
            world.pass(SECOND);
            assert_eq!(world.data(handle), ["after"], "{protocol} at {moment} ms");
            assert_eq!(
                world.gaps(handle).len(),
                usize::from(established),
                "{protocol} at {moment} ms"
            );
            assert_eq!(world.registered(), 1);
        }
    }
}

#[test]
fn a_subscription_is_acknowledged_after_it_is_sent_where_the_server_does_not_say_so() {
    for protocol in [Protocol::LegacyWs, Protocol::TransportWs] {
        let now = std::time::Instant::now();
        let mut session = Session::new(SessionOptions::of(protocol), 1);
        session.subscribe(SubscribeOptions::new(BODY), now);
        let Some(Action::Open(connection)) = session.poll() else {
            panic!("nothing is opened");
        };
        session.opened(connection, Opening::new(protocol, Issued::default()), now);
        session.frame(connection, r#"{"type":"connection_ack","payload":{"a":1}}"#, now);
        assert_eq!(session.ack_payload(connection), Some(r#"{"a":1}"#));
        let said: Vec<String> = std::iter::from_fn(|| session.poll())
            .map(|action| format!("{action:?}"))
            .filter(|action| action != "StateChanged")
            .map(|action| action.split('(').next().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(said, ["Send", "Ready", "Send", "Acknowledged"]);
    }
}

#[test]
fn a_refused_subscription_ends_alone() {
    for protocol in ALL {
        let mut world = world(protocol);
        world
            .server
            .refuses
            .insert("secret", r#"{"message":"not this one","errorType":"Unauthorized"}"#);
        let good = world.subscribe(BODY);
        let bad = world.subscribe(r#"{"query":"subscription { secret }"}"#);
        world.pass(SECOND);
        world.publish("1");
        world.pass(SECOND);
        assert_eq!(
            world.ended(bad),
            Some("Final: not this one (Unauthorized)"),
            "{protocol}"
        );
        assert_eq!(world.data(good), ["1"], "{protocol}");
        assert_eq!((world.opens.len(), world.refreshes), (1, 0), "{protocol}");
    }
}

#[test]
fn fatal_close_codes_end_what_is_on_the_connection_and_the_others_do_not() {
    for protocol in [Protocol::LegacyWs, Protocol::TransportWs] {
        for code in [1002, 1003, 1007, 1009, 4004, 4005, 4400, 4406, 4409, 4429, 4500] {
            let mut world = world(protocol);
            let handle = world.subscribe(BODY);
            world.pass(SECOND);
            world.server_closes(world.open_sockets()[0], code);
            world.pass(60 * SECOND);
            let why = world.ended(handle).unwrap_or_else(|| panic!("{code} is not fatal"));
            assert!(why.starts_with("Final: ") && why.contains(&code.to_string()), "{why}");
            assert_eq!((world.opens.len(), world.refreshes), (1, 0));
        }
        for code in [1000, 1001, 1008, 1011, 1012, 1013, 3008, 4000, 4408, 4499, 4504] {
            let mut world = world(protocol);
            let handle = world.subscribe(BODY);
            world.pass(SECOND);
            world.server_closes(world.open_sockets()[0], code);
            world.pass(10 * SECOND);
            world.publish("1");
            world.pass(SECOND);
            assert_eq!(world.data(handle), ["1"], "{code}");
            assert_eq!((world.gaps(handle).len(), world.refreshes), (1, 0), "{code}");
        }
    }
}

#[test]
fn refused_credentials_are_refreshed_once_and_a_second_refusal_is_final() {
    for (protocol, code) in [
        (Protocol::TransportWs, 4401),
        (Protocol::TransportWs, 4403),
        (Protocol::LegacyWs, 4403),
        (Protocol::Phoenix, 0),
    ] {
        let mut world = world(protocol);
        (world.server.accepts, world.server.refusal_code) = (1, code);
        let handle = world.subscribe(BODY);
        world.pass(SECOND);
        assert!(world.acknowledged(handle), "{protocol} {code}");
        assert_eq!((world.opens.len(), world.refreshes), (2, 1), "{protocol} {code}");

        // Nothing that the provider has is good enough.
        let mut world = self::world(protocol);
        (world.server.accepts, world.server.refusal_code) = (1, code);
        world.server.refreshes = false;
        let handle = world.subscribe(BODY);
        world.pass(60 * SECOND);
        assert!(
            world.ended(handle).is_some_and(|why| why.starts_with("Final: ")),
            "{protocol} {code}"
        );
        assert_eq!((world.opens.len(), world.refreshes), (1, 1), "{protocol} {code}");
    }
}

#[test]
fn a_server_that_takes_every_connection_and_then_refuses_its_operations_with_a_close_is_left() {
    let mut world = world(Protocol::TransportWs);
    let handle = world.subscribe(BODY);
    for _ in 0..4 {
        world.pass(SECOND);
        if let Some(socket) = world.open_sockets().first() {
            world.server_closes(*socket, 4403);
        }
    }
    world.pass(SECOND);
    assert!(world.ended(handle).is_some_and(|why| why.contains("4403, forbidden")));
    assert_eq!(world.refreshes, 1);
}

#[test]
fn credentials_that_expire_after_a_while_are_refreshed_each_time() {
    let mut world = world(Protocol::TransportWs);
    let handle = world.subscribe(BODY);
    for _ in 0..5 {
        world.pass(120 * SECOND);
        world.server.accepts += 1;
        world.server_closes(world.open_sockets()[0], 4401);
    }
    world.pass(10 * SECOND);
    assert_eq!((world.ended(handle), world.gaps(handle).len()), (None, 5));
}

#[test]
fn a_connection_that_falls_silent_is_found_dead_and_replaced() {
    for (protocol, keep_alive, within) in [
        (Protocol::TransportWs, None, 36),
        (Protocol::LegacyWs, None, 36),
        // Three of these.
        (Protocol::LegacyWs, Some(5 * SECOND), 16),
        (Protocol::Phoenix, None, 46),
    ] {
        let mut world = world(protocol);
        world.server.keep_alive = keep_alive;
        let handle = world.subscribe(BODY);
        world.pass(100 * SECOND);
        assert_eq!(
            (world.opens.len(), world.gaps(handle).len()),
            (1, 0),
            "{protocol} lives"
        );
        world.fall_silent(world.open_sockets()[0]);
        world.pass(within * SECOND);
        assert_eq!((world.opens.len(), world.gaps(handle).len()), (2, 1), "{protocol}");
        assert!(world.gaps(handle)[0].2.contains("not even a keep-alive"));
        world.publish("1");
        world.pass(SECOND);
        assert_eq!(world.data(handle), ["1"], "{protocol}");
    }
}

#[test]
fn a_busy_connection_is_pinged_all_the_same() {
    let mut world = world(Protocol::TransportWs);
    world.subscribe(BODY);
    for _ in 0..600 {
        world.publish("1");
        world.pass(100 * MS);
    }
    let pings = world.sent.iter().filter(|(_, text)| text.contains("ping")).count();
    assert_eq!(pings, 2, "in a minute less the first seconds");
}

#[test]
fn a_server_that_breaks_the_protocol_is_tried_ever_more_seldom() {
    for protocol in ALL {
        let mut world = world(protocol);
        let handle = world.subscribe(BODY);
        for _ in 0..400 {
            world.pass(SECOND / 2);
            if let Some(socket) = world.open_sockets().first() {
                world.say(*socket, "[".to_owned());
            }
        }
        assert_eq!(world.ended(handle), None);
        assert!(
            world.opens.len() < 40,
            "{protocol}: {} connections in 200 s",
            world.opens.len()
        );
        assert!(!matches!(world.worst(), ConnectionState::Closed));
    }
}

#[test]
fn before_its_credentials_expire_a_connection_is_replaced_without_a_gap() {
    for protocol in ALL {
        let mut world = world(protocol);
        world.server.credentials_live = Some(600 * SECOND);
        let handle = world.subscribe(BODY);
        let mut published = 0;
        while world.now() < 1000 * SECOND {
            world.publish(&published.to_string());
            published += 1;
            world.pass(SECOND);
        }
        assert!(world.opens.len() > 1, "{protocol}: nothing was replaced");
        assert_eq!(world.gaps(handle), [], "{protocol}");
        let expected: Vec<String> = (1..published - 1).map(|number| number.to_string()).collect();
        let came: Vec<_> = world.data(handle).iter().map(|data| (*data).to_owned()).collect();
        assert!(
            came.windows(expected.len()).any(|came| came == expected),
            "{protocol}: {came:?}"
        );
    }
}

#[test]
fn many_subscriptions_share_one_connection() {
    for protocol in ALL {
        let mut world = world(protocol);
        for _ in 0..1000 {
            world.subscribe(BODY);
        }
        world.pass(10 * SECOND);
        assert_eq!((world.opens.len(), world.registered()), (1, 1000), "{protocol}");
    }
}
