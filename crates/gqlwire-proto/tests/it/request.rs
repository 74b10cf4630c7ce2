use std::collections::{BTreeMap, HashMap};

use gqlwire_proto::Request;
use proptest::prelude::*;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

fn request() -> Request<Value> {
    Request::new("query Q { a }")
}

fn sent(request: &Request<Value>) -> String {
    request.to_json().unwrap()
}

#[test]
fn members_stand_in_order_and_empty_ones_are_left_out() {
    assert_eq!(sent(&request()), r#"{"query":"query Q { a }"}"#);
    assert_eq!(
        sent(&request().operation_name("").variables(())),
        r#"{"query":"query Q { a }"}"#
    );
    let full = request()
        .extension("trace", true)
        .operation_name("Q")
        .variable("z", 1)
        .variable("a", 2)
        .extension("b", "x");
    assert_eq!(
        sent(&full),
        r#"{"query":"query Q { a }","variables":{"z":1,"a":2},"operationName":"Q","extensions":{"trace":true,"b":"x"}}"#
    );
    assert_eq!(full.named_operation(), Some("Q"));
    assert_eq!(full.document(), "query Q { a }");
}

#[test]
fn null_and_omitted_differ() {
    assert_eq!(
        sent(&request().variable("a", None::<u8>)),
        r#"{"query":"query Q { a }","variables":{"a":null}}"#
    );

    #[derive(Serialize)]
    struct Variables {
        first: Option<u8>,
        #[serde(skip_serializing_if = "Option::is_none")]
        second: Option<u8>,
    }
    let variables = Variables {
        first: None,
        second: None,
    };
    assert_eq!(
        sent(&request().variables(&variables)),
        r#"{"query":"query Q { a }","variables":{"first":null}}"#
    );
}

#[test]
fn a_later_value_replaces_an_earlier_one_in_its_place() {
    let replaced = request()
        .variable("a", 1)
        .variable("b", 1)
        .variables(json!({"a": 2, "c": 2}))
        .variable("c", 3);
    assert_eq!(
        sent(&replaced),
        r#"{"query":"query Q { a }","variables":{"a":2,"b":1,"c":3}}"#
    );
}

#[test]
fn variables_keep_their_exact_text() {
    let raw: Box<RawValue> = serde_json::from_str(r#"{"z": 1.10, "a":123456789012345678901234567890}"#).unwrap();
    let exact = request()
        .variable("raw", &raw)
        .variable("big", u128::MAX)
        .variable("least", i64::MIN);
    assert_eq!(
        sent(&exact),
        r#"{"query":"query Q { a }","variables":{"raw":{"z": 1.10, "a":123456789012345678901234567890},"big":340282366920938463463374607431768211455,"least":-9223372036854775808}}"#
    );

    #[derive(Serialize)]
    struct Variables<'a> {
        z: &'a RawValue,
        a: u128,
    }
    let of_struct = request().variables(Variables { z: &raw, a: u128::MAX });
    assert_eq!(
        sent(&of_struct),
        r#"{"query":"query Q { a }","variables":{"z":{"z": 1.10, "a":123456789012345678901234567890},"a":340282366920938463463374607431768211455}}"#
    );
}

struct Failing;

impl Serialize for Failing {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("out of ink"))
    }
}

#[test]
fn what_cannot_be_json_is_named() {
    let no_key = HashMap::from([(vec![1], 1)]);
    for (request, message) in [
        (
            request().variable("a", Failing),
            "variable $a cannot be written as JSON: out of ink",
        ),
        (
            request().variable("m", &no_key),
            "variable $m cannot be written as JSON: key must be a string",
        ),
        (
            request().extension("e", Failing),
            "extension e cannot be written as JSON: out of ink",
        ),
        (
            request().variables(Failing),
            "the variables cannot be written as JSON: out of ink",
        ),
        // The first of several is told, and a good value afterwards does not hide it.
        (
            request().variable("a", Failing).variable("b", Failing).variable("a", 1),
            "variable $a cannot be written as JSON: out of ink",
        ),
    ] {
        assert_eq!(request.to_json().unwrap_err().to_string(), message);
        assert!(request.clone().typed::<()>().to_json().is_err());
    }
}

#[test]
fn variables_that_are_no_object_are_refused_without_showing_them() {
    for request in [
        request().variables("s3cret"),
        request().variables(["s3cret"]),
        request().variables(7),
        request().variables(vec![("s3cret", 1)]),
    ] {
        let message = request.to_json().unwrap_err().to_string();
        assert_eq!(
            message,
            "the variables cannot be written as JSON: they are not a struct or a map"
        );
    }
}

#[test]
fn no_variables_is_not_a_mistake() {
    for request in [
        request().variables(()),
        request().variables(None::<Value>),
        request().variables(Value::Null),
        request().variables(json!({})),
        request().variables(BTreeMap::<String, u8>::new()),
    ] {
        assert_eq!(sent(&request), r#"{"query":"query Q { a }"}"#);
    }
}

#[test]
fn the_debug_form_names_variables_and_hides_their_values() {
    let request = request()
        .variable("password", "s3cret")
        .variables(json!({"card": {"number": "s3cret"}}))
        .extension("token", "s3cret");
    let shown = format!("{request:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
    for name in ["password", "card", "token", "query Q { a }"] {
        assert!(shown.contains(name), "{shown}");
    }
}

#[test]
fn a_document_comes_from_text_of_either_kind() {
    assert_eq!(Request::<Value>::from("{ a }").document(), "{ a }");
    assert_eq!(Request::<Value>::from(String::from("{ a }")).document(), "{ a }");
}

proptest! {
    #[test]
    fn what_is_sent_reads_back(
        document in ".{0,30}",
        name in ".{0,6}",
        variables in prop::collection::vec((".{0,4}", any::<Option<i64>>()), 0..5),
    ) {
        let mut request = Request::<Value>::new(document.clone()).operation_name(name.clone());
        let mut expected = serde_json::Map::new();
        for (key, value) in variables {
            request = request.variable(key.clone(), value);
            expected.insert(key, json!(value));
        }
        let body: Value = serde_json::from_str(&sent(&request)).unwrap();
        prop_assert_eq!(&body["query"], &json!(document));
        let name = Some(json!(name)).filter(|name| name != "");
        prop_assert_eq!(body.get("operationName"), name.as_ref());
        let expected = Some(Value::Object(expected)).filter(|variables| *variables != json!({}));
        prop_assert_eq!(body.get("variables"), expected.as_ref());
    }
}
