//! Queries and mutations over a socket.

use gqlwire_proto::connection::Protocol;
use gqlwire_proto::session::{Once, SessionOptions, SubscribeOptions};

use super::world::{Got, MS, SECOND, World};

const ALL: [Protocol; 3] = [Protocol::LegacyWs, Protocol::Phoenix, Protocol::TransportWs];
const QUERY: &str = r#"{"query":"query { q }"}"#;
const MUTATION: &str = r#"{"query":"mutation { m }"}"#;

fn world(protocol: Protocol) -> World {
    World::speaking(protocol, SessionOptions::of(protocol), 7)
}

#[test]
fn it_completes_with_its_first_result_and_the_server_is_not_told_to_stop() {
    for protocol in ALL {
        for (body, once) in [(QUERY, Once::Query), (MUTATION, Once::Mutation)] {
            let mut world = world(protocol);
            let handle = world.subscribe_with(SubscribeOptions::once(body, once));
            world.pass(SECOND);
            let expected = [
                Got::Acknowledged,
                Got::Data("done".into()),
                Got::Ended("Completed".into()),
            ];
            assert_eq!(world.got[&handle], expected, "{protocol}");
            assert_eq!(world.server.executed.len(), 1);
            let stops = ["complete", r#""stop""#, "unsubscribe"];
            let told = |(_, text): &(_, String)| stops.iter().any(|stop| text.contains(stop));
            assert!(!world.sent.iter().any(told), "{protocol}: {:?}", world.sent);
        }
    }
}

#[test]
fn a_mutation_that_was_cut_off_is_never_sent_again() {
    for protocol in ALL {
        for moment in 0..200_u32 {
            let mut world = world(protocol);
            let handle = world.subscribe_with(SubscribeOptions::once(MUTATION, Once::Mutation));
            world.pass(moment * MS);
            for socket in world.open_sockets() {
                world.cut(socket);
            }
            world.pass(30 * SECOND);
            let sent = world.sent.iter().filter(|(_, text)| text.contains("mutation")).count();
            assert_eq!(sent, 1, "{protocol} at {moment} ms");
            let ended = world.ended(handle).unwrap();
            let answered = world.data(handle) == ["done"];
            assert!(
                ended.starts_with("Unanswered") != answered,
                "{protocol} at {moment} ms: {ended}"
            );
        }
    }
}

#[test]
fn a_query_that_was_cut_off_is_sent_again() {
    for protocol in ALL {
        for moment in 0..200_u32 {
            let mut world = world(protocol);
            let handle = world.subscribe_with(SubscribeOptions::once(QUERY, Once::Query));
            world.pass(moment * MS);
            for socket in world.open_sockets() {
                world.cut(socket);
            }
            world.pass(30 * SECOND);
            let expected = [
                Got::Acknowledged,
                Got::Data("done".into()),
                Got::Ended("Completed".into()),
            ];
            assert_eq!(world.got[&handle], expected, "{protocol} at {moment} ms");
        }
    }
}

#[test]
fn a_query_is_not_sent_again_after_its_deadline() {
    for protocol in ALL {
        let mut world = world(protocol);
        world.server.answers = false;
        let mut options = SubscribeOptions::once(QUERY, Once::Query);
        options.connect_deadline = Some(10 * SECOND);
        let handle = world.subscribe_with(options);
        for _ in 0..3 {
            world.pass(4 * SECOND);
            assert_eq!(world.ended(handle), None);
            world.cut(world.open_sockets()[0]);
        }
        world.pass(30 * SECOND);
        assert!(
            world.ended(handle).unwrap().starts_with("NotAcknowledged"),
            "{protocol}"
        );
        assert_eq!(world.server.executed.len(), 3, "{protocol}");
    }
}

#[test]
fn a_query_that_brings_the_server_down_does_so_ever_more_seldom() {
    for protocol in ALL {
        let mut world = world(protocol);
        world.server.answers = false;
        let mut options = SubscribeOptions::once(QUERY, Once::Query);
        options.connect_deadline = Some(600 * SECOND);
        world.subscribe_with(options);
        for _ in 0..3000 {
            let before = world.server.executed.len();
            world.pass(100 * MS);
            if world.server.executed.len() > before {
                world.cut(world.open_sockets()[0]);
            }
        }
        let times = world.server.executed.len();
        assert!((5..40).contains(&times), "{protocol}: {times} times in five minutes");
    }
}

#[test]
fn a_slow_answer_is_waited_for_without_a_deadline_of_its_own() {
    for protocol in ALL {
        let mut world = world(protocol);
        world.server.answers = false;
        let handle = world.subscribe_with(SubscribeOptions::once(QUERY, Once::Query));
        world.pass(600 * SECOND);
        assert_eq!((world.ended(handle), world.opens.len()), (None, 1), "{protocol}");
        world.stop(handle);
        assert_eq!(world.ended(handle), Some("Stopped"));
    }
}

#[test]
fn a_rotation_leaves_it_on_its_socket() {
    for protocol in ALL {
        let mut world = world(protocol);
        world.server.credentials_live = Some(600 * SECOND);
        world.server.answers = false;
        let subscription = world.subscribe(r#"{"query":"subscription { s }"}"#);
        let mutation = world.subscribe_with(SubscribeOptions::once(MUTATION, Once::Mutation));
        world.pass(SECOND);
        let old = world.open_sockets()[0];
        let id = world.ids_on(old).pop().unwrap();
        world.pass(599 * SECOND);
        assert_eq!(
            world.open_sockets().len(),
            2,
            "{protocol}: the old socket waits for the answer"
        );
        assert_eq!((world.ended(subscription), world.ended(mutation)), (None, None));
        let answer = match protocol {
            Protocol::Phoenix => {
                format!(
                    r#"["1","{id}","__absinthe__:control","phx_reply",{{"status":"ok","response":{{"data":"late"}}}}]"#
                )
            }
            _ => world.event(&id, "late"),
        };
        world.say(old, answer);
        world.pass(SECOND);
        assert_eq!(world.data(mutation), ["late"], "{protocol}");
        assert_eq!(world.server.executed.len(), 1, "{protocol}");
        world.pass(10 * SECOND);
        assert_eq!(world.open_sockets().len(), 1, "{protocol}: the old socket has gone");
    }
}

#[test]
fn an_error_ends_it_with_what_the_server_said() {
    for protocol in ALL {
        let mut world = world(protocol);
        world.server.refuses.insert("query", r#"{"message":"no such field"}"#);
        let handle = world.subscribe_with(SubscribeOptions::once(QUERY, Once::Query));
        world.pass(SECOND);
        assert_eq!(world.ended(handle), Some("Final: no such field"), "{protocol}");
    }
}
