use super::*;

#[test]
fn a_start_ack_makes_it_active() {
    for payload in ["", r#","payload":{}"#, r#","payload":null"#] {
        Scenario::ready()
            .pending("1")
            .next_deadline_in(START_ACK)
            .server(&format!(r#"{{"type":"start_ack","id":"1"{payload}}}"#))
            .acknowledges("1")
            .next_deadline_in(SILENCE)
            .done();
    }
}

#[test]
fn an_event_stands_in_for_the_start_ack() {
    Scenario::ready()
        .pending("1")
        .server(r#"{"id":"1","type":"data","payload":{"data":1}}"#)
        .acknowledges("1")
        .delivers("1", r#"{"data":1}"#)
        .server(r#"{"id":"1","type":"start_ack"}"#)
        .nothing()
        .passes(START_ACK)
        .done();
}

#[test]
fn a_missing_start_ack_ends_it_at_its_deadline_and_tells_the_server() {
    Scenario::ready()
        .active("1")
        .passes(Duration::from_secs(1))
        .pending("2")
        .waits_exactly(START_ACK)
        .sends(r#"{"type":"stop","id":"2"}"#)
        .ends("2", no_start_ack(None))
        .holds(1)
        // What comes late is for nobody.
        .server(r#"{"id":"2","type":"start_ack"}"#)
        .server(r#"{"id":"2","type":"data","payload":{"data":1}}"#)
        .server(r#"{"id":"2","type":"error","payload":{"message":"no"}}"#)
        .server(r#"{"id":"2","type":"complete"}"#)
        .done();
}

#[test]
fn an_error_refuses_it_and_no_other() {
    for payload in [
        r#"{"errors":[{"errorType":"UnauthorizedException","message":"Permission denied"}]}"#,
        r#"{"errors":{"errorType":"MaxSubscriptionsReachedError","message":"Max number of 100 subscriptions reached"}}"#,
        r#"{"errorType":"MaxSubscriptionsReachedException"}"#,
        r#"{"message":"Validation error of type FieldUndefined: no"}"#,
    ] {
        Scenario::ready()
            .active("1")
            .pending("2")
            .pending("3")
            .server(&format!(r#"{{"id":"3","type":"error","payload":{payload}}}"#))
            .ends("3", End::Refused(refusal(payload)))
            .holds(2)
            .done();
    }
}

#[test]
fn an_error_beside_an_empty_payload_is_read() {
    for payload in [
        "",
        r#","payload":{}"#,
        r#","payload":null"#,
        r#","payload":{"errors":[]}"#,
    ] {
        Scenario::ready()
            .pending("1")
            .server(&format!(
                r#"{{"type":"error","id":"1"{payload},"errors":[{{"message":"no"}}]}}"#
            ))
            .ends("1", End::Refused(refusal(r#"{"message":"no"}"#)))
            .done();
    }
}

#[test]
fn an_error_that_says_nothing_refuses_too() {
    Scenario::ready()
        .pending("1")
        .server(r#"{"type":"error","id":"1"}"#)
        .ends("1", End::Refused(Refusal::default()))
        .done();
}

#[test]
fn a_complete_ends_it() {
    Scenario::ready()
        .pending("1")
        .server(r#"{"type":"complete","id":"1","payload":{}}"#)
        .ends("1", End::Completed)
        .done();
}

#[test]
fn an_error_without_id_refuses_the_only_one_and_spares_what_is_active() {
    for id in ["", r#","id":"""#, r#","id":null"#] {
        Scenario::ready()
            .active("1")
            .pending("2")
            .server(&format!(r#"{{"type":"error"{id},"payload":{RATE}}}"#))
            .ends("2", End::Refused(refusal(RATE)))
            .holds(1)
            .done();
    }
    assert_eq!(refusal(RATE).kind(), RefusalKind::LimitExceeded);
}

#[test]
fn an_error_without_id_among_several_is_the_hint_of_those_that_are_never_acknowledged() {
    Scenario::ready()
        .active("1")
        .pending("2")
        .pending("3")
        .server(&format!(r#"{{"type":"error","payload":{RATE}}}"#))
        .nothing()
        .server(r#"{"id":"2","type":"start_ack"}"#)
        .acknowledges("2")
        .waits_exactly(START_ACK)
        .sends(r#"{"type":"stop","id":"3"}"#)
        .ends("3", no_start_ack(Some(RATE)))
        .holds(2)
        .done();
}

#[test]
fn such_a_hint_is_none_for_what_was_started_later() {
    Scenario::ready()
        .pending("1")
        .pending("2")
        .server(&format!(r#"{{"type":"error","payload":{RATE}}}"#))
        .server(r#"{"id":"1","type":"start_ack"}"#)
        .server(r#"{"id":"2","type":"start_ack"}"#)
        .acknowledges("1")
        .acknowledges("2")
        .pending("3")
        .passes(START_ACK)
        .sends(r#"{"type":"stop","id":"3"}"#)
        .ends("3", no_start_ack(None))
        .done();
}

#[test]
fn an_error_without_id_may_be_about_a_start_that_the_user_has_given_up() {
    Scenario::ready()
        .pending("1")
        .stopping("1")
        .pending("2")
        .server(&format!(r#"{{"type":"error","payload":{RATE}}}"#))
        .nothing()
        .server(r#"{"id":"2","type":"start_ack"}"#)
        .acknowledges("2")
        .done();
}

#[test]
fn an_error_without_id_is_not_about_a_stop() {
    Scenario::ready()
        .active("1")
        .stopping("1")
        .pending("2")
        .server(&format!(r#"{{"type":"error","payload":{RATE}}}"#))
        .ends("2", End::Refused(refusal(RATE)))
        .done();
}

#[test]
fn ids_that_only_resemble_ours_are_not_ours() {
    for id in [
        "1",
        "1.0",
        "true",
        "{}",
        r#"["1"]"#,
        r#""+1""#,
        r#""01""#,
        r#"" 1""#,
        r#""1 ""#,
        r#""1.0""#,
        r#""0x1""#,
        r#""0""#,
        r#""-1""#,
        r#""١""#,
        r#""18446744073709551617""#,
        r#""\ud800""#,
        r#""one""#,
    ] {
        let scenario = Scenario::ready().pending("1").holds(1);
        let scenario = scenario
            .server(&format!(r#"{{"id":{id},"type":"start_ack"}}"#))
            .server(&format!(r#"{{"id":{id},"type":"data","payload":{{"data":1}}}}"#))
            .server(&format!(r#"{{"id":{id},"type":"error","payload":{RATE}}}"#))
            .server(&format!(r#"{{"id":{id},"type":"complete"}}"#));
        scenario.nothing().holds(1).done();
    }
}

#[test]
fn an_id_may_be_written_with_escapes() {
    Scenario::ready()
        .pending("1")
        .server(r#"{"type":"start_\u0061ck","id":"\u0031"}"#)
        .acknowledges("1")
        .done();
}

#[test]
fn a_stop_before_the_ack_waits_for_the_complete() {
    Scenario::ready()
        .pending("1")
        .passes(Duration::from_secs(3))
        .stopping("1")
        .next_deadline_in(STOP)
        .server(r#"{"id":"1","type":"start_ack"}"#)
        .server(r#"{"id":"1","type":"data","payload":{"data":1}}"#)
        .nothing()
        .server(r#"{"id":"1","type":"complete"}"#)
        .ends("1", End::Stopped)
        .done();
}

#[test]
fn a_message_without_id_is_about_nobody() {
    Scenario::ready()
        .pending("1")
        .server(r#"{"type":"data","payload":{"data":1}}"#)
        .server(r#"{"type":"start_ack"}"#)
        .server(r#"{"type":"complete","id":""}"#)
        .nothing()
        .holds(1)
        .done();
}
