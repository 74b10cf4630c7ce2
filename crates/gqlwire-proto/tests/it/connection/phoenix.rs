use gqlwire_proto::connection::{Action, Disconnect, End, PhoenixVersion, Protocol, Refusal};

use super::story::{SECOND, Story, settings};

const PROTOCOL: Protocol = Protocol::Phoenix;
const JOIN: &str = r#"["1","1","__absinthe__:control","phx_join",{}]"#;
const DOC: &str = r#"["1","2","__absinthe__:control","doc",{"query":"q","variables":{"a":1}}]"#;

fn reply(reference: u64, status: &str, response: &str) -> String {
    format!(r#"["1","{reference}","__absinthe__:control","phx_reply",{{"status":"{status}","response":{response}}}]"#)
}

fn event(name: &str, data: &str) -> String {
    format!(r#"[null,null,"{name}","subscription:data",{{"result":{data},"subscriptionId":"{name}"}}]"#)
}

fn ready() -> Story {
    Story::opened(PROTOCOL, None)
        .sends(JOIN)
        .server(&reply(1, "ok", "{}"))
        .becomes_ready()
}

#[test]
fn it_joins_with_parameters_and_keeps_the_reply() {
    let story = Story::opened(PROTOCOL, Some(r#"{"token":"t"}"#))
        .sends(r#"["1","1","__absinthe__:control","phx_join",{"token":"t"}]"#)
        .server(&reply(1, "ok", r#"{"user":"me"}"#))
        .becomes_ready();
    assert_eq!(story.connection.ack_payload(), Some(r#"{"user":"me"}"#));
}

#[test]
fn a_join_that_is_refused_or_not_answered_is_the_end() {
    let refusal = Refusal::from_json(r#"{"message":"unauthorized"}"#);
    let _ = Story::opened(PROTOCOL, None)
        .sends(JOIN)
        .server(&reply(1, "error", r#"{"reason":"unauthorized"}"#))
        .closes(Disconnect::Refused(refusal));
    let _ = Story::opened(PROTOCOL, None)
        .sends(JOIN)
        .waits_exactly(15 * SECOND)
        .closes(Disconnect::NoAck(15 * SECOND));
}

#[test]
fn the_old_form_is_spoken_when_asked_for_and_understood_in_any_case() {
    let mut settings = settings();
    settings.phoenix.version = PhoenixVersion::V1;
    settings.phoenix.channel = "my:channel".to_owned();
    assert_eq!((PhoenixVersion::V1.vsn(), PhoenixVersion::V2.vsn()), ("1.0.0", "2.0.0"));
    let mut story = Story::opened_with(PROTOCOL, &settings, None)
        .sends(r#"{"topic":"my:channel","event":"phx_join","join_ref":"1","ref":"1","payload":{}}"#)
        .server(r#"{"topic":"my:channel","event":"phx_reply","payload":{"status":"ok","response":{}},"ref":1}"#)
        .becomes_ready();
    let id = story.start(0, false);
    let _ = story
        .sends(r#"{"topic":"my:channel","event":"doc","join_ref":"1","ref":"2","payload":{"query":"q","variables":{"a":1}}}"#)
        .server(r#"{"topic":"my:channel","event":"phx_reply","payload":{"status":"ok","response":{"subscriptionId":"d"}},"ref":"2"}"#)
        .expect(&Action::Acknowledged(id))
        .server(r#"{"topic":"d","event":"subscription:data","payload":{"result":{"data":1}},"ref":null}"#)
        .delivers(id, r#"{"data":1}"#)
        .server(&event("d", r#"{"data":2}"#))
        .delivers(id, r#"{"data":2}"#)
        .nothing();
}

#[test]
fn a_subscription_is_named_by_its_reply_and_unsubscribed_by_that_name() {
    let mut story = ready();
    let id = story.start(0, false);
    let _ = story
        .sends(DOC)
        .server(&reply(2, "ok", r#"{"subscriptionId":"d"}"#))
        .expect(&Action::Acknowledged(id))
        .server(&event("d", r#"{"data":1}"#))
        .delivers(id, r#"{"data":1}"#)
        .server(&event("other", r#"{"data":1}"#))
        .stop(id)
        .ends(id, End::Stopped)
        .sends(r#"["1","3","__absinthe__:control","unsubscribe",{"subscriptionId":"d"}]"#)
        .server(&event("d", r#"{"data":2}"#))
        .server(&reply(3, "ok", r#"{"subscriptionId":"d"}"#))
        .nothing();
}

#[test]
fn an_event_that_overtakes_the_only_reply_that_is_waited_for_is_delivered() {
    let mut story = ready();
    let id = story.start(0, false);
    let _ = story
        .sends(DOC)
        .server(&event("d", r#"{"data":0}"#))
        .expect(&Action::Acknowledged(id))
        .delivers(id, r#"{"data":0}"#)
        .server(&reply(2, "ok", r#"{"subscriptionId":"d"}"#))
        .nothing()
        .server(&event("d", r#"{"data":1}"#))
        .delivers(id, r#"{"data":1}"#)
        .nothing();
}

#[test]
fn an_event_without_a_name_that_is_known_is_nobodys_where_two_may_own_it() {
    let mut story = ready();
    let (first, _) = (story.start(0, false), story.start(1, false));
    let _ = story
        .sends(DOC)
        .sends(&DOC.replace(r#""2""#, r#""3""#))
        .server(&event("d", r#"{"data":0}"#))
        .nothing()
        .server(&reply(2, "ok", r#"{"subscriptionId":"d"}"#))
        .expect(&Action::Acknowledged(first))
        .nothing();
}

#[test]
fn what_is_stopped_before_its_reply_is_unsubscribed_after_it() {
    let mut story = ready();
    let id = story.start(0, false);
    let _ = story
        .sends(DOC)
        .stop(id)
        .ends(id, End::Stopped)
        .nothing()
        .server(&reply(2, "ok", r#"{"subscriptionId":"d"}"#))
        .sends(r#"["1","3","__absinthe__:control","unsubscribe",{"subscriptionId":"d"}]"#)
        .nothing();
}

#[test]
fn a_query_is_complete_with_its_reply() {
    for once in [true, false] {
        let mut story = ready();
        let id = story.start(0, once);
        let mut story = story.sends(DOC);
        if once {
            story = story.expect(&Action::Acknowledged(id)).nothing();
        }
        story = story.server(&reply(2, "ok", r#"{"data":{"a":1}}"#));
        if !once {
            story = story.expect(&Action::Acknowledged(id));
        }
        let story = story.delivers(id, r#"{"data":{"a":1}}"#).nothing();
        let _ = story.passes(SECOND).ends(id, End::Completed).nothing();
    }
}

#[test]
fn an_error_ends_one_operation_with_what_was_said() {
    for (response, message) in [
        (r#"{"errors":[{"message":"bad field"}]}"#, "bad field"),
        (r#"{"reason":"unmatched topic"}"#, "unmatched topic"),
        (
            r#"{"error":"Could not parse variables as map"}"#,
            "Could not parse variables as map",
        ),
        (r#""text""#, "text"),
    ] {
        let mut story = ready();
        let id = story.start(0, false);
        let mut story = story.sends(DOC).server(&reply(2, "error", response));
        let Some(Action::Ended(ended, End::Refused(refusal))) = story.connection.poll() else {
            panic!("{response} is no refusal");
        };
        assert_eq!((ended, refusal.errors()[0].message.as_str()), (id, message));
        let _ = story.nothing();
    }
}

#[test]
fn a_channel_that_crashes_or_is_closed_takes_everything_along() {
    for name in ["phx_error", "phx_close"] {
        let mut story = ready();
        let id = story.start(0, false);
        let cause = Disconnect::ChannelClosed { event: name };
        let _ = story
            .sends(DOC)
            // Of another topic, or of a join before this one.
            .server(&format!(r#"["7","7","room","{name}",{{}}]"#))
            .server(&format!(r#"["0","0","__absinthe__:control","{name}",{{}}]"#))
            .nothing()
            .server(&format!(r#"["1","1","__absinthe__:control","{name}",{{}}]"#))
            .ends(id, End::Disconnected(cause.clone()))
            .closes(cause);
    }
}

#[test]
fn it_beats_and_finds_out_when_nobody_listens() {
    let _ = ready()
        .waits_exactly(30 * SECOND)
        .sends(r#"[null,"2","phoenix","heartbeat",{}]"#)
        .server(r#"[null,"2","phoenix","phx_reply",{"status":"ok","response":{}}]"#)
        .passes(30 * SECOND)
        .sends(r#"[null,"3","phoenix","heartbeat",{}]"#)
        .waits_exactly(15 * SECOND)
        .closes(Disconnect::Silent(45 * SECOND));
}

#[test]
fn it_leaves() {
    let mut story = ready();
    let id = story.start(0, false);
    let _ = story
        .sends(DOC)
        .close()
        .sends(r#"["1","3","__absinthe__:control","phx_leave",{}]"#)
        .ends(id, End::Stopped)
        .closes(Disconnect::Requested);
}

#[test]
fn a_name_given_twice_is_the_first_ones() {
    let mut story = ready();
    let (first, second) = (story.start(0, false), story.start(1, false));
    let mut story = story
        .sends(DOC)
        .sends(&DOC.replace(r#""2""#, r#""3""#))
        .server(&reply(2, "ok", r#"{"subscriptionId":"d"}"#))
        .expect(&Action::Acknowledged(first))
        .server(&reply(3, "ok", r#"{"subscriptionId":"d"}"#));
    assert!(matches!(story.connection.poll(), Some(Action::Ended(id, End::Refused(_))) if id == second));
    let _ = story
        .server(&event("d", r#"{"data":1}"#))
        .delivers(first, r#"{"data":1}"#)
        .nothing();
}

#[test]
fn what_was_stopped_does_not_take_along_another_of_its_name() {
    let mut story = ready();
    let (first, second) = (story.start(0, false), story.start(1, false));
    let _ = story
        .sends(DOC)
        .sends(&DOC.replace(r#""2""#, r#""3""#))
        .server(&reply(2, "ok", r#"{"subscriptionId":"d"}"#))
        .expect(&Action::Acknowledged(first))
        .stop(second)
        .ends(second, End::Stopped)
        .server(&reply(3, "ok", r#"{"subscriptionId":"d"}"#))
        .nothing();
}

#[test]
fn frames_that_are_no_messages_are_named() {
    for frame in [
        "",
        "1",
        "{}",
        "[1,2,3]",
        r#"["1","2","t","phx_reply"]"#,
        r#"{"topic":1,"event":"e"}"#,
    ] {
        let _ = ready().server(frame).closes_for("not a message", 1002);
    }
    let _ = ready()
        .server(r#"[null,null,"d","subscription:data",[]]"#)
        .closes_for("subscription:data without", 1002);
}
