//! Walks the diagram above [`gqlwire_proto::appsync::Realtime`] edge by edge.

mod active;
mod awaiting_ack;
mod closing;
mod pending;
mod properties;
mod ready;
mod shared;
mod stopping;

use std::time::Duration;

use gqlwire_proto::appsync::{Action, Disconnect, End, Envelope, Refusal, RefusalKind, Timeouts};

use crate::scenario::{ACK, INSTANT, START_ACK, STOP, Scenario};

const SILENCE: Duration = Duration::from_secs(300);

const RATE: &str = r#"{"errors":[{"errorType":"LimitExceededError","message":"Rate limit exceeded"}]}"#;

fn refusal(payload: &str) -> Refusal {
    let refusal = Refusal::from_json(payload);
    assert!(!refusal.errors().is_empty());
    refusal
}

fn malformed(frame: &str) -> Disconnect {
    Envelope::parse(frame).unwrap_err().into()
}

fn closed() -> Disconnect {
    Disconnect::Closed {
        code: Some(1001),
        reason: "going away".to_owned(),
    }
}

fn no_start_ack(hint: Option<&str>) -> End {
    End::NoStartAck {
        waited: START_ACK,
        hint: hint.map(refusal),
    }
}

#[test]
fn timeouts_without_end_never_come() {
    let mut timeouts = Timeouts::default();
    timeouts.ack = Duration::MAX;
    timeouts.start_ack = Duration::MAX;
    timeouts.stop = Duration::MAX;
    let day = Duration::from_secs(86400);
    Scenario::opened_with(timeouts)
        .passes(day)
        .server(r#"{"type":"connection_ack"}"#)
        .becomes_ready()
        .pending("1")
        .active("2")
        .stopping("2")
        .next_deadline_in(SILENCE)
        .close()
        .sends(r#"{"type":"stop","id":"1"}"#)
        .passes(day)
        .done();
}

#[test]
fn timeouts_of_nothing_come_with_the_next_tick() {
    let mut timeouts = Timeouts::default();
    timeouts.start_ack = Duration::ZERO;
    timeouts.stop = Duration::ZERO;
    let no_start_ack = End::NoStartAck {
        waited: Duration::ZERO,
        hint: None,
    };
    Scenario::opened_with(timeouts)
        .server(r#"{"type":"connection_ack"}"#)
        .becomes_ready()
        .pending("1")
        .passes(Duration::ZERO)
        .sends(r#"{"type":"stop","id":"1"}"#)
        .ends("1", no_start_ack)
        .done();
}

#[test]
fn the_debug_form_of_an_action_hides_what_is_secret() {
    let start = Action::Send(crate::scenario::start_text("1"));
    let shown = format!("{start:?}");
    assert!(!shown.contains("da2-secret") && !shown.contains("query"), "{shown}");
    assert!(shown.contains(r#""id":"1","type":"start""#), "{shown}");
    let stop = Action::Send(crate::scenario::stop_text("1"));
    assert_eq!(format!("{stop:?}"), r#"Send({"type":"stop","id":"1"})"#);
}

#[test]
fn a_cause_speaks_to_the_person() {
    let refused = Disconnect::Refused(refusal(r#"{"errors":[{"errorType":"a#Unauthorized","message":"no"}]}"#));
    for (cause, text) in [
        (closed(), "the server closed the connection (code 1001): going away"),
        (
            Disconnect::Closed {
                code: None,
                reason: String::new(),
            },
            "the server closed the connection without a close code",
        ),
        (refused, "the server refused the connection: no (Unauthorized)"),
        (Disconnect::NoAck(ACK), "no connection_ack within 15s"),
    ] {
        assert_eq!(cause.to_string(), text);
    }
}
