use super::*;

fn closing() -> Scenario {
    Scenario::ready()
        .active("1")
        .pending("2")
        .active("3")
        .stopping("3")
        .close()
        .sends(r#"{"type":"stop","id":"1"}"#)
        .sends(r#"{"type":"stop","id":"2"}"#)
        .nothing()
}

#[test]
fn without_subscriptions_it_closes_at_once() {
    Scenario::ready().close().closes(Disconnect::Requested).done();
}

#[test]
fn it_waits_for_each_complete() {
    closing()
        .close()
        .server(r#"{"id":"2","type":"complete"}"#)
        .ends("2", End::Stopped)
        .server(r#"{"id":"1","type":"data","payload":{"data":1}}"#)
        .nothing()
        .server(r#"{"id":"1","type":"error","payload":{"message":"no"}}"#)
        .ends("1", End::Stopped)
        .server(r#"{"id":"3","type":"complete"}"#)
        .ends("3", End::Stopped)
        .closes(Disconnect::Requested)
        .done();
}

#[test]
fn it_waits_no_longer_than_a_stop_may_take() {
    closing()
        .next_deadline_in(STOP)
        .waits_exactly(STOP)
        .ends("1", End::Stopped)
        .ends("2", End::Stopped)
        .ends("3", End::Stopped)
        .closes(Disconnect::Requested)
        .done();
}

#[test]
fn whatever_ends_it_earlier_it_was_asked_for() {
    for end in [
        |scenario: Scenario| scenario.peer_closes(Some(1011), "oops"),
        |scenario: Scenario| scenario.breaks("reset"),
        |scenario: Scenario| scenario.server("garbage"),
        |scenario: Scenario| scenario.server(r#"{"type":"connection_error"}"#),
        |scenario: Scenario| scenario.binary(3),
    ] {
        end(closing())
            .ends("1", End::Stopped)
            .ends("2", End::Stopped)
            .ends("3", End::Stopped)
            .closes(Disconnect::Requested)
            .done();
    }
}

#[test]
fn a_late_ack_or_an_error_without_id_changes_nothing() {
    closing()
        .server(r#"{"type":"connection_ack"}"#)
        .server(&format!(r#"{{"type":"error","payload":{RATE}}}"#))
        .server(r#"{"id":"2","type":"start_ack"}"#)
        .nothing()
        .holds(3)
        .done();
}

#[test]
fn a_start_ends_at_once() {
    closing()
        .start("4")
        .ends("4", End::Disconnected(Disconnect::Requested))
        .holds(3)
        .done();
}
