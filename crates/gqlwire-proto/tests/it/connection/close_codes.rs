use gqlwire_proto::connection::{CloseCode, CloseMeaning, Disconnect, Protocol};

#[test]
fn each_code_is_named_in_what_a_person_reads() {
    let closed = |code, reason: &str| Disconnect::Closed {
        code: Some(code),
        reason: reason.to_owned(),
    };
    let text = |code, reason| closed(code, reason).to_string();
    assert_eq!(
        text(4408, ""),
        "the server closed the connection (code 4408, connection initialisation timeout)"
    );
    assert_eq!(
        text(4403, "no way"),
        "the server closed the connection (code 4403, forbidden): no way"
    );
    assert_eq!(
        text(4403, "Forbidden"),
        "the server closed the connection (code 4403): Forbidden"
    );
    assert_eq!(text(4123, "mine"), "the server closed the connection (code 4123): mine");
}

#[test]
fn codes_are_told_apart_by_what_another_attempt_would_bring() {
    let meaning = |code| CloseMeaning::of(Some(code));
    for code in [1002, 1003, 1007, 1009, 4004, 4005, 4400, 4406, 4409, 4429, 4500] {
        assert_eq!(meaning(code), CloseMeaning::Final, "{code}");
    }
    for code in [4401, 4403] {
        assert_eq!(meaning(code), CloseMeaning::Unauthorized, "{code}");
    }
    for code in [1000, 1001, 1008, 1011, 1012, 1013, 1014, 3008, 4000, 4408, 4499, 4504] {
        assert_eq!(meaning(code), CloseMeaning::Retry, "{code}");
    }
    assert_eq!(CloseMeaning::of(None), CloseMeaning::Retry);
}

#[test]
fn a_code_is_known_again_by_its_number() {
    for number in 0..=u16::MAX {
        if let Some(code) = CloseCode::from_code(number) {
            assert_eq!(code.code(), number);
        }
    }
    assert_eq!(CloseCode::from_code(4409), Some(CloseCode::SubscriberAlreadyExists));
}

#[test]
fn only_servers_that_know_these_codes_are_told_them() {
    let silent = Disconnect::Silent(std::time::Duration::from_secs(1));
    assert_eq!(silent.close_code(Protocol::TransportWs), Some(4499));
    assert_eq!(silent.close_code(Protocol::LegacyWs), Some(1000));
    assert_eq!(Disconnect::Lost(String::new()).close_code(Protocol::TransportWs), None);
}
