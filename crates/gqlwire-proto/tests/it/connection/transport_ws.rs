use gqlwire_proto::connection::{Action, Disconnect, End, Protocol, Refusal};

use super::story::{BODY, SECOND, Story, lost};

const PROTOCOL: Protocol = Protocol::TransportWs;

fn ready() -> Story {
    Story::opened(PROTOCOL, None)
        .sends(r#"{"type":"connection_init"}"#)
        .server(r#"{"type":"connection_ack"}"#)
        .becomes_ready()
}

fn subscribe(id: &str) -> String {
    format!(r#"{{"id":"{id}","type":"subscribe","payload":{BODY}}}"#)
}

#[test]
fn what_goes_with_connection_init_is_sent_and_what_comes_with_the_ack_kept() {
    let story = Story::opened(PROTOCOL, Some(r#"{"token":"t"}"#))
        .sends(r#"{"type":"connection_init","payload":{"token":"t"}}"#)
        .server(r#"{"type":"connection_ack","payload":{"user":"me"}}"#)
        .becomes_ready();
    assert_eq!(story.connection.ack_payload(), Some(r#"{"user":"me"}"#));
    // A second one changes nothing.
    let story = story.server(r#"{"type":"connection_ack","payload":2}"#).nothing();
    assert_eq!(story.connection.ack_payload(), Some(r#"{"user":"me"}"#));
}

#[test]
fn pings_are_answered_with_what_they_carried_before_the_ack_too() {
    let _ = Story::opened(PROTOCOL, None)
        .sends(r#"{"type":"connection_init"}"#)
        .server(r#"{"type":"ping","payload":{"n":1.0}}"#)
        .sends(r#"{"type":"pong","payload":{"n":1.0}}"#)
        .server(r#"{"type":"pong"}"#)
        .server(r#"{"type":"connection_ack"}"#)
        .becomes_ready()
        .server(r#"{"type":"ping"}"#)
        .sends(r#"{"type":"pong"}"#)
        .nothing();
}

#[test]
fn no_ack_in_time_is_the_end() {
    let story = Story::opened(PROTOCOL, None).sends(r#"{"type":"connection_init"}"#);
    let cause = Disconnect::NoAck(15 * SECOND);
    assert_eq!(cause.close_code(PROTOCOL), Some(4504));
    let _ = story.waits_exactly(15 * SECOND).closes(cause);
}

#[test]
fn an_operation_is_acknowledged_after_it_is_sent() {
    let mut story = ready();
    let id = story.start(3, false);
    assert_eq!((id.slot(), id.to_string()), (3, (65536 + 3).to_string()));
    let _ = story
        .sends(&subscribe("65539"))
        .expect(&Action::Acknowledged(id))
        .server(r#"{"id":"65539","type":"next","payload":{"data":1}}"#)
        .delivers(id, r#"{"data":1}"#)
        .server(r#"{"type":"next","id":"65539","payload":{"data":2}}"#)
        .delivers(id, r#"{"data":2}"#)
        .server(r#"{"payload":{"data":3},"type":"next","id":"65539"}"#)
        .delivers(id, r#"{"data":3}"#)
        .server(r#"{"id":"65539","type":"complete"}"#)
        .ends(id, End::Completed)
        .server(r#"{"id":"65539","type":"complete"}"#)
        .nothing();
}

#[test]
fn an_error_has_a_list_and_ends_one_operation_only() {
    let mut story = ready();
    let (bad, good) = (story.start(0, false), story.start(1, false));
    let refusal = Refusal::from_json(r#"[{"message":"one"},{"message":"two"}]"#);
    assert_eq!(refusal.errors().len(), 2);
    let _ = story
        .sends(&subscribe("65536"))
        .expect(&Action::Acknowledged(bad))
        .sends(&subscribe("131073"))
        .expect(&Action::Acknowledged(good))
        .server(r#"{"id":"65536","type":"error","payload":[{"message":"one"},{"message":"two"}]}"#)
        .ends(bad, End::Failed(refusal))
        .server(r#"{"id":"131073","type":"next","payload":{"data":1}}"#)
        .delivers(good, r#"{"data":1}"#)
        .nothing();
}

#[test]
fn a_stop_is_told_once_and_what_still_comes_is_ignored() {
    let mut story = ready();
    let id = story.start(0, false);
    let _ = story
        .sends(&subscribe("65536"))
        .expect(&Action::Acknowledged(id))
        .stop(id)
        .ends(id, End::Stopped)
        .sends(r#"{"id":"65536","type":"complete"}"#)
        .server(r#"{"id":"65536","type":"next","payload":{"data":1}}"#)
        .stop(id)
        .nothing();
}

#[test]
fn what_is_finished_is_told_to_stop_only_when_it_goes_on() {
    let mut story = ready();
    let id = story.start(0, true);
    let story = story.sends(&subscribe("65536")).expect(&Action::Acknowledged(id));
    let event = r#"{"id":"65536","type":"next","payload":{"data":1}}"#;
    let _ = story
        .server(event)
        .delivers(id, r#"{"data":1}"#)
        .finish(id)
        .ends(id, End::Completed)
        .nothing()
        .server(event)
        .sends(r#"{"id":"65536","type":"complete"}"#)
        .server(event)
        .server(r#"{"id":"65536","type":"complete"}"#)
        .nothing();
}

#[test]
fn a_quiet_server_is_pinged_and_a_dead_one_found_out() {
    let story = ready()
        .waits_exactly(20 * SECOND)
        .sends(r#"{"type":"ping"}"#)
        .server(r#"{"type":"pong"}"#)
        .passes(19 * SECOND)
        .nothing()
        .passes(SECOND)
        .sends(r#"{"type":"ping"}"#)
        .nothing()
        .waits_exactly(15 * SECOND);
    let _ = story.closes(Disconnect::Silent(35 * SECOND));
}

#[test]
fn any_frame_is_a_sign_of_life() {
    let mut story = ready();
    let id = story.start(0, false);
    let _ = story
        .sends(&subscribe("65536"))
        .expect(&Action::Acknowledged(id))
        .passes(20 * SECOND)
        .sends(r#"{"type":"ping"}"#)
        .passes(14 * SECOND)
        .server(r#"{"id":"65536","type":"next","payload":{"data":1}}"#)
        .delivers(id, r#"{"data":1}"#)
        .passes(2 * SECOND)
        .nothing();
    let _ = ready()
        .passes(20 * SECOND)
        .sends(r#"{"type":"ping"}"#)
        .passes(14 * SECOND)
        .pong()
        .passes(2 * SECOND)
        .nothing();
}

#[test]
fn a_server_that_breaks_the_protocol_is_told_so() {
    for (frame, why) in [
        (r#"{"type":"ka"}"#, "legacy"),
        (r#"{"type":"hello"}"#, "unknown type hello"),
        (r#"{"type":"next","payload":{"data":1}}"#, "next without an id"),
        (r#"{"type":"complete"}"#, "complete without an id"),
        (r#"["next"]"#, "not an object"),
        (r#"{"id":"1"}"#, "no type"),
        ("", "not a message"),
    ] {
        let _ = ready().server(frame).closes_for(why, 4400);
    }
    let _ = Story::opened(PROTOCOL, None)
        .sends(r#"{"type":"connection_init"}"#)
        .server(r#"{"id":"1","type":"next","payload":{"data":1}}"#)
        .closes_for("before connection_ack", 4400);
}

#[test]
fn what_is_for_nobody_is_ignored() {
    let _ = ready()
        .server(r#"{"id":"x","type":"next","payload":{"data":1}}"#)
        .server(r#"{"id":"065536","type":"next","payload":{"data":1}}"#)
        .server(r#"{"id":"65536","type":"next","payload":{"data":1}}"#)
        .server(r#"{"id":"65536","type":"error","payload":[]}"#)
        .server(r#"{"id":"65536","type":"complete"}"#)
        .nothing();
}

#[test]
fn the_end_of_a_connection_is_the_end_of_everything_on_it() {
    let mut story = ready();
    let id = story.start(0, false);
    let mut story = story.sends(&subscribe("65536")).expect(&Action::Acknowledged(id));
    story.connection.lost("cut");
    let mut story = story.ends(id, End::Disconnected(lost())).closes(lost());
    let late = story.start(0, false);
    let _ = story.ends(late, End::Disconnected(lost())).nothing();
}

#[test]
fn closing_ends_everything_at_once() {
    let mut story = ready();
    let id = story.start(0, false);
    let _ = story
        .sends(&subscribe("65536"))
        .expect(&Action::Acknowledged(id))
        .close()
        .ends(id, End::Stopped)
        .closes(Disconnect::Requested);
}

#[test]
fn nothing_is_started_before_the_ack() {
    let mut story = Story::opened(PROTOCOL, None).sends(r#"{"type":"connection_init"}"#);
    let id = story.start(0, false);
    let _ = story.ends(id, End::Disconnected(Disconnect::NotReady)).nothing();
}

#[test]
fn secrets_are_not_shown() {
    let mut story = Story::opened(PROTOCOL, Some(r#"{"token":"s3cret"}"#));
    assert!(!format!("{:?}", story.connection).contains("s3cret"));
    assert!(!format!("{:?}", story.connection.poll()).contains("s3cret"));
    let story = story.server(r#"{"type":"connection_ack","payload":{"session":"s3cret"}}"#);
    assert!(!format!("{:?}", story.connection).contains("s3cret"));
}
