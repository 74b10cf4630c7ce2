use super::*;

#[test]
fn a_complete_ends_it() {
    Scenario::ready()
        .active("1")
        .stopping("1")
        .stop("1")
        .nothing()
        .server(r#"{"id":"1","type":"data","payload":{"data":1}}"#)
        .nothing()
        .server(r#"{"id":"1","type":"complete"}"#)
        .ends("1", End::Stopped)
        .done();
}

#[test]
fn an_error_ends_it_as_stopped() {
    Scenario::ready()
        .active("1")
        .stopping("1")
        .server(r#"{"id":"1","type":"error","payload":{"message":"no"}}"#)
        .ends("1", End::Stopped)
        .done();
}

#[test]
fn a_missing_complete_ends_it_at_its_deadline() {
    Scenario::ready()
        .active("1")
        .stopping("1")
        .waits_exactly(STOP)
        .ends("1", End::Stopped)
        .server(r#"{"id":"1","type":"complete"}"#)
        .done();
}

#[test]
fn the_end_of_the_connection_ends_it_as_stopped() {
    Scenario::ready()
        .active("1")
        .stopping("1")
        .peer_closes(Some(1001), "going away")
        .ends("1", End::Stopped)
        .closes(closed())
        .done();
}
