use super::*;

#[test]
fn events_are_delivered_whatever_the_order_of_their_members() {
    Scenario::ready()
        .active("1")
        .active("2")
        .server(r#"{"id":"2","type":"data","payload":{"data":2}}"#)
        .server(r#"{"type":"data","id":"1","payload":{"data":1}}"#)
        .server(" { \"payload\" : {\"data\": 3} , \"id\" : \"2\",\n\"type\" : \"data\" } ")
        .delivers("2", r#"{"data":2}"#)
        .delivers("1", r#"{"data":1}"#)
        .delivers("2", r#"{"data": 3}"#)
        .done();
}

#[test]
fn an_event_without_payload_is_an_empty_one() {
    Scenario::ready()
        .active("1")
        .server(r#"{"id":"1","type":"data"}"#)
        .server(r#"{"id":"1","type":"data","payload":null}"#)
        .delivers("1", "null")
        .delivers("1", "null")
        .done();
}

#[test]
fn a_complete_ends_it_and_what_follows_is_for_nobody() {
    Scenario::ready()
        .active("1")
        .active("2")
        .server(r#"{"id":"1","type":"complete"}"#)
        .ends("1", End::Completed)
        .server(r#"{"id":"1","type":"data","payload":{"data":1}}"#)
        .server(r#"{"id":"1","type":"error","payload":{"message":"no"}}"#)
        .server(r#"{"id":"1","type":"complete"}"#)
        .stop("1")
        .nothing()
        .holds(1)
        .done();
}

#[test]
fn an_error_fails_it_and_no_other() {
    let payload = r#"{"errors":[{"errorType":"UnauthorizedException","message":"Token has expired."}]}"#;
    Scenario::ready()
        .active("1")
        .active("2")
        .server(&format!(r#"{{"id":"1","type":"error","payload":{payload}}}"#))
        .ends("1", End::Failed(refusal(payload)))
        .holds(1)
        .server(r#"{"id":"2","type":"data","payload":{"data":2}}"#)
        .delivers("2", r#"{"data":2}"#)
        .done();
}

#[test]
fn an_error_without_id_ends_nothing() {
    Scenario::ready()
        .active("1")
        .active("2")
        .server(&format!(r#"{{"type":"error","payload":{RATE}}}"#))
        .nothing()
        .holds(2)
        .done();
}
