use std::time::Duration;

use gqlwire_proto::GraphQLError;
use gqlwire_proto::appsync::{ClientMessage, Envelope, Refusal, ServerMessage, payload_of};
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::scenario::authorization;

fn parse(text: &str) -> ClientMessage {
    ClientMessage::parse(text).unwrap()
}

fn raw(text: &str) -> Box<RawValue> {
    serde_json::from_str(text).unwrap()
}

#[test]
fn what_a_client_writes_it_reads() {
    assert!(matches!(
        parse(ClientMessage::CONNECTION_INIT),
        ClientMessage::ConnectionInit
    ));
    assert!(matches!(parse(&ClientMessage::stop(7)), ClientMessage::Stop { id } if id == "7"));
    let data = "{\"query\":\"subscription { a(b: \\\"ü\\u0000\\\") }\"}\n";
    let ClientMessage::Start {
        id,
        data: read,
        authorization: object,
    } = parse(&ClientMessage::start(u64::MAX, data, authorization()))
    else {
        panic!("not a start")
    };
    assert_eq!((id.as_str(), read.as_str()), ("18446744073709551615", data));
    assert_eq!(object.unwrap().get(), authorization().get());
}

#[test]
fn a_start_reads_the_same_in_any_order() {
    let ClientMessage::Start {
        id,
        data,
        authorization,
    } = parse(
        r#" { "payload" : { "extensions" : {"more":1, "authorization": {"a" :1}}, "data" : "{\"q\":1}", "x":[] },
             "more" : [1], "type" : "st\u0061rt", "id" : "a b" } "#,
    )
    else {
        panic!("not a start")
    };
    assert_eq!((id.as_str(), data.as_str()), ("a b", r#"{"q":1}"#));
    assert_eq!(authorization.unwrap().get(), r#"{"a" :1}"#);
}

#[test]
fn a_start_may_lack_an_authorization() {
    for extensions in [
        "",
        r#","extensions":null"#,
        r#","extensions":{}"#,
        r#","extensions":{"authorization":null}"#,
    ] {
        let text = format!(r#"{{"id":"1","type":"start","payload":{{"data":""{extensions}}}}}"#);
        assert!(
            matches!(
                parse(&text),
                ClientMessage::Start {
                    authorization: None,
                    ..
                }
            ),
            "{text}"
        );
    }
}

#[test]
fn unknown_types_are_told_as_they_came() {
    for (text, kind, id) in [
        (r#"{"type":"connection_terminate"}"#, "connection_terminate", None),
        (r#"{"type":"","id":null}"#, "", None),
        (r#"{"type":"Start","id":"1","payload":7}"#, "Start", Some("1")),
    ] {
        let ClientMessage::Unknown { kind: k, id: i } = parse(text) else {
            panic!("{text}")
        };
        assert_eq!((k.as_str(), i.as_deref()), (kind, id));
    }
}

#[test]
fn malformed_messages_say_what_is_wrong() {
    for (text, why, id) in [
        ("", "EOF while parsing", None),
        ("[]", "not an object", None),
        (r#"["connection_init",null,null]"#, "not an object", None),
        (r#"["stop","1",null]"#, "not an object", None),
        ("null", "not an object", None),
        ("{}", "no type", None),
        (r#"{"type":null}"#, "not a string", None),
        (r#"{"type":"stop"}"#, "stop needs an id", None),
        (r#"{"type":"stop","id":""}"#, "stop needs an id", None),
        (r#"{"type":"stop","id":7}"#, "id that is not a string", None),
        (r#"{"type":"stop","id":"1","id":"2"}"#, "twice", None),
        (r#"{"type":"stop","id":"1"} x"#, "trailing characters", None),
        (r#"{"type":"start","payload":{"data":""}}"#, "start needs an id", None),
        (r#"{"type":"start","id":"1"}"#, "payload of start is missing", Some("1")),
        (r#"{"type":"start","id":"1","payload":null}"#, "is missing", Some("1")),
        (
            r#"{"type":"start","id":"1","payload":[""]}"#,
            "is not an object",
            Some("1"),
        ),
        (
            r#"{"type":"start","id":"1","payload":["",null]}"#,
            "is not an object",
            Some("1"),
        ),
        (
            r#"{"type":"start","id":"1","payload":"x"}"#,
            "is not an object",
            Some("1"),
        ),
        (r#"{"type":"start","id":"1","payload":{}}"#, "has no data", Some("1")),
        (
            r#"{"type":"start","id":"1","payload":{"data":{}}}"#,
            "not a string",
            Some("1"),
        ),
        (
            r#"{"type":"start","id":"1","payload":{"data":"\ud800"}}"#,
            "not a string",
            Some("1"),
        ),
        (
            r#"{"type":"start","id":"1","payload":{"data":"","data":""}}"#,
            "twice",
            Some("1"),
        ),
        (
            r#"{"type":"start","id":"1","payload":{"data":"","extensions":[{}]}}"#,
            "extensions that are not an object",
            Some("1"),
        ),
    ] {
        let error = ClientMessage::parse(text).unwrap_err();
        assert!(error.why().contains(why), "{text}: {}", error.why());
        assert_eq!(error.id(), id, "{text}");
        assert_eq!(error.to_string(), format!("malformed message: {}", error.why()));
    }
}

#[test]
fn credentials_never_show() {
    let secret = "da2-s3cret";
    for text in [
        format!(r#""{secret}""#),
        format!(r#"["{secret}"]"#),
        format!(r#"{{"type":["{secret}"]}}"#),
        format!(r#"{{"type":"start","id":"1","payload":"{secret}"}}"#),
        format!(r#"{{"type":"start","id":"1","payload":{{"data":["{secret}"]}}}}"#),
        format!(r#"{{"type":"start","id":"1","payload":{{"data":"","extensions":"{secret}"}}}}"#),
        format!(r#"{{"type":"start","id":"1","payload":{{"data":"","extensions":{{"authorization":"{secret}}}}}}}"#),
        format!(r#"{{"type":"start","id":"1","payload":{{"data":"","extensions":{{"authorization":{secret}}}}}}}"#),
    ] {
        let error = ClientMessage::parse(&text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret), "{error:?}");
    }
    let object = raw(&format!(r#"{{"x-api-key":"{secret}"}}"#));
    let start = parse(&ClientMessage::start(1, r#"{"variables":{"p":"da2-s3cret"}}"#, &object));
    let shown = format!("{start:?}");
    assert!(!shown.contains("s3cret") && shown.contains(r#"id: "1""#), "{shown}");
}

#[test]
fn a_server_writes_its_members_in_appsyncs_order() {
    let errors = [GraphQLError::new("no").with_error_type("Unauthorized")];
    let payload = raw(r#"{"data":{"z":1.0,"a":2}}"#);
    let one = r#"{"message":"no","errorType":"Unauthorized"}"#;
    for (message, text) in [
        (
            ServerMessage::ConnectionAck {
                timeout: Duration::from_secs(300),
            },
            r#"{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}"#.to_owned(),
        ),
        (ServerMessage::KeepAlive, r#"{"type":"ka"}"#.to_owned()),
        (
            ServerMessage::StartAck { id: "a\"b" },
            r#"{"id":"a\"b","type":"start_ack"}"#.to_owned(),
        ),
        (
            ServerMessage::Complete { id: "1" },
            r#"{"id":"1","type":"complete"}"#.to_owned(),
        ),
        (
            ServerMessage::Data {
                id: "1",
                payload: &payload,
            },
            r#"{"id":"1","type":"data","payload":{"data":{"z":1.0,"a":2}}}"#.to_owned(),
        ),
        (
            ServerMessage::Error {
                id: Some("1"),
                errors: &errors,
                as_object: false,
            },
            format!(r#"{{"id":"1","type":"error","payload":{{"errors":[{one}]}}}}"#),
        ),
        (
            ServerMessage::Error {
                id: None,
                errors: &errors,
                as_object: true,
            },
            format!(r#"{{"type":"error","payload":{{"errors":{one}}}}}"#),
        ),
        (
            ServerMessage::Error {
                id: None,
                errors: &[],
                as_object: true,
            },
            r#"{"type":"error","payload":{"errors":[]}}"#.to_owned(),
        ),
        (
            ServerMessage::ConnectionError { errors: &errors },
            format!(r#"{{"type":"connection_error","payload":{{"errors":[{one}]}}}}"#),
        ),
    ] {
        assert_eq!(message.to_text(), text);
    }
}

proptest! {
    #[test]
    fn what_a_client_starts_a_server_reads(id: u64, data in ".{0,60}") {
        match parse(&ClientMessage::start(id, &data, authorization())) {
            ClientMessage::Start { id: read, data: text, .. } => {
                prop_assert_eq!(read, id.to_string());
                prop_assert_eq!(text, data);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn what_a_server_says_a_client_reads(id in ".{1,10}", text in ".{0,40}", as_object: bool) {
        let payload = raw(&serde_json::to_string(&serde_json::json!({ "data": text })).unwrap());
        let frame = ServerMessage::Data { id: &id, payload: &payload }.to_text();
        let envelope = Envelope::parse(&frame).unwrap();
        prop_assert_eq!((&*envelope.kind, envelope.id.as_deref()), ("data", Some(&*id)));
        prop_assert_eq!(envelope.payload.and_then(payload_of), Some(payload.get()));

        let errors = [GraphQLError::new(text)];
        let frame = ServerMessage::Error { id: Some(&id), errors: &errors, as_object }.to_text();
        let envelope = Envelope::parse(&frame).unwrap();
        prop_assert_eq!((&*envelope.kind, envelope.id.as_deref()), ("error", Some(&*id)));
        let refusal = Refusal::from_json(envelope.payload.unwrap());
        prop_assert_eq!(refusal.errors(), errors);
        let whole = Refusal::from_json(&frame);
        prop_assert_eq!(whole.errors(), refusal.errors());
    }

    #[test]
    fn no_text_makes_it_panic(text in prop_oneof![
        ".{0,60}",
        r#"\{"(type|id|payload)":[0-9a-zé"{}\[\],:\\]{0,40}\}?"#,
        r#"\{"id":"1","type":"start","payload":[0-9a-zé"{}\[\],:\\]{0,40}\}"#,
    ]) {
        match ClientMessage::parse(&text) {
            Ok(message) => prop_assert!(serde_json::from_str::<IgnoredAny>(&text).is_ok(), "{:?}", message),
            Err(error) => prop_assert!(error.to_string().len() < 300),
        }
    }
}
