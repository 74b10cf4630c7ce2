use gqlwire_proto::connection::{Action, Disconnect, End, Protocol, Refusal};

use super::story::{BODY, SECOND, Story};

const PROTOCOL: Protocol = Protocol::LegacyWs;
const KA: &str = r#"{"type":"ka"}"#;

fn ready() -> Story {
    Story::opened(PROTOCOL, None)
        .sends(r#"{"type":"connection_init"}"#)
        .server(KA)
        .server(r#"{"type":"connection_ack"}"#)
        .becomes_ready()
}

fn start(id: &str) -> String {
    format!(r#"{{"id":"{id}","type":"start","payload":{BODY}}}"#)
}

#[test]
fn a_keep_alive_may_come_before_the_ack() {
    let story = Story::opened(PROTOCOL, Some(r#"{"token":"t"}"#))
        .sends(r#"{"type":"connection_init","payload":{"token":"t"}}"#)
        .server(KA)
        .nothing()
        .server(r#"{"type":"connection_ack","payload":{"user":"me"}}"#)
        .becomes_ready();
    assert_eq!(story.connection.ack_payload(), Some(r#"{"user":"me"}"#));
}

#[test]
fn a_connection_error_has_an_object_and_is_a_refusal() {
    let refusal = Refusal::from_json(r#"{"message":"no token"}"#);
    let _ = Story::opened(PROTOCOL, None)
        .sends(r#"{"type":"connection_init"}"#)
        .server(r#"{"type":"connection_error","payload":{"message":"no token"}}"#)
        .closes(Disconnect::Refused(refusal));
}

#[test]
fn events_errors_and_completes_are_for_one_operation() {
    let mut story = ready();
    let (bad, listed, done) = (story.start(0, false), story.start(1, false), story.start(2, false));
    let one = || Refusal::from_json(r#"[{"message":"one"}]"#);
    let _ = story
        .sends(&start("65536"))
        .expect(&Action::Acknowledged(bad))
        .sends(&start("131073"))
        .expect(&Action::Acknowledged(listed))
        .sends(&start("196610"))
        .expect(&Action::Acknowledged(done))
        .server(r#"{"type":"data","id":"196610","payload":{"data":1}}"#)
        .delivers(done, r#"{"data":1}"#)
        .server(r#"{"type":"error","id":"65536","payload":{"message":"one"}}"#)
        .ends(bad, End::Failed(one()))
        .server(r#"{"type":"error","id":"131073","payload":[{"message":"one"}]}"#)
        .ends(listed, End::Failed(one()))
        .server(r#"{"type":"complete","id":"196610"}"#)
        .ends(done, End::Completed)
        .nothing();
}

#[test]
fn a_stop_is_told_and_not_waited_for() {
    let mut story = ready();
    let id = story.start(0, false);
    let _ = story
        .sends(&start("65536"))
        .expect(&Action::Acknowledged(id))
        .stop(id)
        .ends(id, End::Stopped)
        .sends(r#"{"id":"65536","type":"stop"}"#)
        .server(r#"{"type":"data","id":"65536","payload":{"data":1}}"#)
        .server(r#"{"type":"complete","id":"65536"}"#)
        .nothing();
}

#[test]
fn what_goes_on_although_it_was_stopped_is_stopped_again_once_the_server_must_have_heard() {
    let data = r#"{"type":"data","id":"65536","payload":{"data":1}}"#;
    let stop = r#"{"id":"65536","type":"stop"}"#;
    let mut story = ready();
    let id = story.start(0, false);
    let _ = story
        .sends(&start("65536"))
        .expect(&Action::Acknowledged(id))
        .stop(id)
        .ends(id, End::Stopped)
        .sends(stop)
        .passes(SECOND)
        .server(data)
        .sends(stop)
        .server(data)
        .nothing()
        .passes(SECOND)
        .server(data)
        .sends(stop)
        .nothing();
}

#[test]
fn it_says_goodbye() {
    let mut story = ready();
    let id = story.start(0, false);
    let _ = story
        .sends(&start("65536"))
        .expect(&Action::Acknowledged(id))
        .close()
        .sends(r#"{"type":"connection_terminate"}"#)
        .ends(id, End::Stopped)
        .closes(Disconnect::Requested);
}

#[test]
fn without_keep_alives_the_socket_is_pinged() {
    let _ = ready()
        .waits_exactly(20 * SECOND)
        .expect(&Action::Ping)
        .passes(10 * SECOND)
        .pong()
        .passes(10 * SECOND)
        .expect(&Action::Ping)
        .waits_exactly(15 * SECOND)
        .closes(Disconnect::Silent(25 * SECOND));
}

#[test]
fn three_missed_keep_alives_are_the_end() {
    let _ = ready()
        .server(KA)
        .passes(10 * SECOND)
        .server(KA)
        // One is late, and the next comes too soon after it.
        .passes(12 * SECOND)
        .server(KA)
        .passes(8 * SECOND)
        .server(KA)
        .waits_exactly(36 * SECOND)
        .closes(Disconnect::Silent(36 * SECOND));
}

#[test]
fn frequent_keep_alives_leave_time_for_a_hiccup_and_rare_ones_are_not_waited_for() {
    let _ = ready()
        .server(KA)
        .passes(SECOND)
        .server(KA)
        .waits_exactly(10 * SECOND)
        .closes(Disconnect::Silent(10 * SECOND));
    let _ = ready()
        .server(KA)
        .passes(20 * SECOND)
        .expect(&Action::Ping)
        .pong()
        .passes(20 * SECOND)
        .expect(&Action::Ping)
        .server(KA)
        .passes(20 * SECOND)
        .expect(&Action::Ping)
        .nothing();
}

#[test]
fn an_error_about_nobody_ends_nothing_that_runs() {
    let mut story = ready()
        .server(r#"{"type":"error","payload":{"message":"odd"}}"#)
        .nothing();
    assert!(story.connection.has_news());
    let refusal = story.connection.take_refusal().unwrap();
    assert_eq!(refusal.errors()[0].message, "odd");
    let refusal = Refusal::from_json(r#"{"message":"odd"}"#);
    let _ = Story::opened(PROTOCOL, None)
        .sends(r#"{"type":"connection_init"}"#)
        .server(r#"{"type":"error","payload":{"message":"odd"}}"#)
        .closes(Disconnect::Refused(refusal));
}

#[test]
fn types_that_are_not_known_are_ignored() {
    let _ = ready()
        .server(r#"{"type":"keepalive"}"#)
        .server(r#"{"type":"start_ack","id":"1"}"#)
        .nothing();
    let _ = ready().server("[]").closes_for("not an object", 1002);
}
