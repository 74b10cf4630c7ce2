use super::*;

#[test]
fn a_missing_ack_closes_at_its_deadline_and_not_before() {
    Scenario::opened()
        .next_deadline_in(ACK)
        .waits_exactly(ACK)
        .closes(Disconnect::NoAck(ACK))
        .done();
}

#[test]
fn keep_alives_and_unknown_types_do_not_stand_in_for_the_ack() {
    Scenario::opened()
        .passes(Duration::from_secs(10))
        .server(r#"{"type":"ka"}"#)
        .server(r#"{"type":"starting"}"#)
        .waits_exactly(Duration::from_secs(5))
        .closes(Disconnect::NoAck(ACK))
        .done();
}

#[test]
fn an_ack_in_the_last_instant_is_in_time() {
    Scenario::opened()
        .passes(ACK - INSTANT)
        .server(r#"{"type":"connection_ack"}"#)
        .becomes_ready()
        .next_deadline_in(SILENCE)
        .done();
}

#[test]
fn a_connection_error_refuses_the_connection() {
    for payload in [
        r#"{"errors":[{"errorType":"com.amazonaws.deepdish.graphql.auth#UnauthorizedException","message":"You are not authorized to make this call.","errorCode":400}]}"#,
        r#"{"errors":[{"errorType":"Unauthorized","errorCode":401}]}"#,
        r#"{"errors":{"message":"NoProtocolError","errorCode":400}}"#,
        r#"{"errorType":"UnauthorizedException"}"#,
    ] {
        Scenario::opened()
            .server(&format!(r#"{{"type":"connection_error","payload":{payload}}}"#))
            .closes(Disconnect::Refused(refusal(payload)))
            .done();
    }
}

#[test]
fn a_connection_error_that_says_nothing_still_refuses() {
    for frame in [
        r#"{"type":"connection_error"}"#,
        r#"{"type":"connection_error","payload":null}"#,
        r#"{"type":"connection_error","payload":{}}"#,
    ] {
        Scenario::opened()
            .server(frame)
            .closes(Disconnect::Refused(Refusal::default()))
            .done();
    }
}

#[test]
fn an_error_without_id_refuses_the_connection() {
    Scenario::opened()
        .server(r#"{"type":"error","id":"","payload":{"errors":[{"message":"no"}]}}"#)
        .closes(Disconnect::Refused(refusal(r#"{"message":"no"}"#)))
        .done();
}

#[test]
fn messages_about_subscriptions_change_nothing() {
    Scenario::opened()
        .server(r#"{"id":"1","type":"data","payload":{"data":1}}"#)
        .server(r#"{"id":"1","type":"start_ack"}"#)
        .server(r#"{"id":"1","type":"complete"}"#)
        .server(r#"{"id":"1","type":"error","payload":{"errors":[{"message":"no"}]}}"#)
        .nothing()
        .server(r#"{"type":"connection_ack"}"#)
        .becomes_ready()
        .done();
}

#[test]
fn a_close_by_the_user_closes_at_once() {
    Scenario::opened().close().closes(Disconnect::Requested).done();
}

#[test]
fn a_close_by_the_peer_tells_code_and_reason() {
    Scenario::opened()
        .peer_closes(Some(1001), "going away")
        .closes(closed())
        .done();
}

#[test]
fn a_start_ends_at_once_because_the_connection_is_not_ready() {
    Scenario::opened()
        .start("1")
        .ends("1", End::Disconnected(Disconnect::NotReady))
        .server(r#"{"type":"connection_ack"}"#)
        .becomes_ready()
        .pending("2")
        .done();
}
