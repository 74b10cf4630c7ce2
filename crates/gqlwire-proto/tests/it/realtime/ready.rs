use super::*;

fn acked(payload: &str) -> Scenario {
    Scenario::opened()
        .server(&format!(r#"{{"type":"connection_ack","payload":{payload}}}"#))
        .becomes_ready()
}

#[test]
fn the_servers_timeout_is_believed_where_a_server_can_mean_it() {
    acked(r#"{"connectionTimeoutMs":1000}"#)
        .next_deadline_in(Duration::from_secs(1))
        .done();
    acked(r#"{"more":1,"connectionTimeoutMs":86400000}"#)
        .next_deadline_in(Duration::from_secs(86400))
        .done();
}

#[test]
fn any_other_timeout_falls_back_to_five_minutes() {
    for payload in [
        "null",
        "{}",
        "[]",
        "5",
        r#"{"connectionTimeout":300000}"#,
        r#"{"connectionTimeout":5000}"#,
        r#"{"connectionTimeoutMs":null}"#,
        r#"{"connectionTimeoutMs":"5000"}"#,
        r#"{"connectionTimeoutMs":0}"#,
        r#"{"connectionTimeoutMs":999}"#,
        r#"{"connectionTimeoutMs":-5000}"#,
        r#"{"connectionTimeoutMs":5000.5}"#,
        r#"{"connectionTimeoutMs":86400001}"#,
        r#"{"connectionTimeoutMs":18446744073709551615}"#,
        r#"{"connectionTimeoutMs":1e300}"#,
        r#"{"connectionTimeoutMs":1e999}"#,
    ] {
        acked(payload).next_deadline_in(SILENCE).done();
    }
    Scenario::opened()
        .server(r#"{"type":"connection_ack"}"#)
        .becomes_ready()
        .next_deadline_in(SILENCE)
        .done();
}

#[test]
fn a_second_ack_changes_nothing() {
    Scenario::ready()
        .server(r#"{"type":"connection_ack","payload":{"connectionTimeoutMs":2000}}"#)
        .nothing()
        .next_deadline_in(SILENCE)
        .done();
}

#[test]
fn silence_closes_at_its_deadline_and_not_before() {
    let silent = Disconnect::Silent(SILENCE);
    Scenario::ready()
        .active("1")
        .waits_exactly(SILENCE)
        .ends("1", End::Disconnected(silent.clone()))
        .closes(silent)
        .done();
}

#[test]
fn any_frame_is_a_sign_of_life() {
    for frame in [
        r#"{"type":"ka"}"#,
        r#"{"type":"never heard of"}"#,
        r#"{"id":"1","type":"start_ack"}"#,
        r#"{"id":"77","type":"data","payload":{"data":1}}"#,
        r#"{"type":"error","payload":{"errors":[]}}"#,
    ] {
        Scenario::ready()
            .active("1")
            .passes(SILENCE - INSTANT)
            .server(frame)
            .nothing()
            .next_deadline_in(SILENCE)
            .done();
    }
}

#[test]
fn a_connection_error_ends_every_subscription_with_it() {
    let refused = Disconnect::Refused(refusal(r#"{"message":"no"}"#));
    Scenario::ready()
        .active("1")
        .pending("2")
        .active("3")
        .stopping("3")
        .server(r#"{"type":"connection_error","payload":{"errors":[{"message":"no"}]}}"#)
        .ends("1", End::Disconnected(refused.clone()))
        .ends("2", End::Disconnected(refused.clone()))
        .ends("3", End::Stopped)
        .closes(refused)
        .done();
}

#[test]
fn a_close_by_the_peer_ends_every_subscription_with_the_cause() {
    Scenario::ready()
        .active("1")
        .pending("2")
        .peer_closes(Some(1001), "going away")
        .ends("1", End::Disconnected(closed()))
        .ends("2", End::Disconnected(closed()))
        .closes(closed())
        .done();
}

#[test]
fn a_broken_connection_ends_every_subscription_with_the_cause() {
    let lost = Disconnect::Lost("reset by peer".to_owned());
    Scenario::ready()
        .active("1")
        .breaks("reset by peer")
        .ends("1", End::Disconnected(lost.clone()))
        .closes(lost)
        .done();
}

#[test]
fn a_binary_frame_closes() {
    Scenario::ready()
        .active("1")
        .binary(7)
        .ends("1", End::Disconnected(Disconnect::Binary(7)))
        .closes(Disconnect::Binary(7))
        .done();
}

#[test]
fn a_frame_that_is_no_message_closes() {
    for frame in [
        "",
        " ",
        "hello",
        "null",
        "true",
        "5",
        r#""data""#,
        "[]",
        // What serde would take for the members of a struct in order.
        r#"["data","1",{"data":1}]"#,
        r#"["ka",null,null]"#,
        "{}",
        r#"{"id":"1"}"#,
        r#"{"type":null}"#,
        r#"{"type":5}"#,
        r#"{"type":["data"]}"#,
        r#"{"type":"ka","type":"ka"}"#,
        r#"{"type":"ka"}{"type":"ka"}"#,
        r#"{"type":"ka""#,
        "\u{feff}{\"type\":\"ka\"}",
    ] {
        Scenario::ready()
            .active("1")
            .server(frame)
            .ends("1", End::Disconnected(malformed(frame)))
            .closes(malformed(frame))
            .done();
    }
}

#[test]
fn nothing_follows_the_close() {
    let scenario = Scenario::ready().active("1").peer_closes(None, "");
    let cause = Disconnect::Closed {
        code: None,
        reason: String::new(),
    };
    scenario
        .ends("1", End::Disconnected(cause.clone()))
        .closes(cause)
        .server(r#"{"id":"1","type":"data","payload":{"data":1}}"#)
        .server(r#"{"type":"connection_error"}"#)
        .server("garbage")
        .stop("1")
        .close()
        .binary(1)
        .peer_closes(Some(1000), "")
        .breaks("again")
        .passes(Duration::from_secs(86400))
        .done();
}

#[test]
fn a_start_after_the_end_of_the_connection_ends_with_its_cause_and_before_the_close() {
    Scenario::ready()
        .peer_closes(Some(1001), "going away")
        .start("1")
        .start("2")
        .ends("1", End::Disconnected(closed()))
        .ends("2", End::Disconnected(closed()))
        .closes(closed())
        .start("3")
        .ends("3", End::Disconnected(closed()))
        .done();
}
