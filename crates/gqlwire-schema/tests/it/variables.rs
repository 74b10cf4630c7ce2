// A helper may unwrap as the tests may; clippy knows only functions marked `#[test]`.
#![allow(clippy::unwrap_used)]

use gqlwire_schema::{Conversions, Schema, root_field};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::support::object;

const SDL: &str = "
    type Query { find(filter: Filter!, limit: Int = 10, kind: Kind, ids: [ID!], since: AWSDateTime, extra: AWSJSON): Int }
    input Filter { title: String!, tags: [String!], near: Filter, by: Key }
    input Key @oneOf { id: ID, name: String }
    enum Kind { POST COMMENT }
";

const QUERY: &str =
    "query Q($filter: Filter!, $limit: Int = 10, $kind: Kind, $ids: [ID!], $since: AWSDateTime, $extra: AWSJSON) {
    find(filter: $filter, limit: $limit, kind: $kind, ids: $ids, since: $since, extra: $extra)
}";

fn check(variables: Value) -> Result<(), String> {
    let schema = Schema::from_sdl(SDL).unwrap();
    let document = schema.parse(QUERY).unwrap();
    let operation = document.operation(None).unwrap();
    operation
        .check_variables(&schema, &object(variables))
        .map_err(|errors| errors.to_string())
}

#[test]
fn variables_that_fit_pass_as_leniently_as_servers_take_them() {
    for variables in [
        json!({"filter": {"title": "a"}}),
        json!({"filter": {"title": "a", "tags": "one"}, "limit": 3.0, "ids": [1, "b"], "kind": "POST"}),
        json!({"filter": {"title": "a", "near": null, "by": {"id": 7}}, "limit": null}),
        json!({"filter": {"title": "a"}, "since": "2026-11-24T07:56Z", "extra": "[1]"}),
    ] {
        assert_eq!(check(variables.clone()), Ok(()), "{variables}");
    }
}

#[test]
fn each_variable_that_does_not_fit_is_named_with_its_place_and_without_its_value() {
    for (variables, said) in [
        (json!({}), "$filter: required (Filter!), and not given"),
        (json!({"filter": null}), "$filter: must not be null (Filter!)"),
        (
            json!({"filter": {}}),
            "$filter.title: required (String!), and not given",
        ),
        (json!({"filter": "secret"}), "$filter: expected Filter, found a string"),
        (
            json!({"filter": {"title": "a", "tgas": []}}),
            "$filter.tgas: Filter has no such field; did you mean \"tags\"?",
        ),
        (
            json!({"filter": {"title": "a", "tags": ["x", 5]}}),
            "$filter.tags[1]: expected String, found a number",
        ),
        (
            json!({"filter": {"title": "a", "by": {"id": 1, "name": "b"}}}),
            "$filter.by: exactly one field of Key must be given, and not null",
        ),
        (
            json!({"filter": {"title": "a"}, "limit": 3_000_000_000_i64}),
            "$limit: the number is not a valid Int",
        ),
        (
            json!({"filter": {"title": "a"}, "kind": "POTS"}),
            "$kind: the string is not a value of the enum Kind; did you mean \"POST\"?",
        ),
        (
            json!({"filter": {"title": "a"}, "since": "secret"}),
            "$since: the string is not a valid AWSDateTime",
        ),
        (
            json!({"filter": {"title": "a"}, "extra": {"a": 1}}),
            "$extra: expected AWSJSON, which is JSON written into a string, found an object",
        ),
        (
            json!({"filter": {"title": "a"}, "limt": 1}),
            "$limt: the operation declares no such variable; did you mean \"limit\"?",
        ),
    ] {
        assert_eq!(check(variables.clone()).unwrap_err(), said, "{variables}");
    }
}

#[test]
fn all_that_is_wrong_is_reported_at_once_and_a_flood_is_cut() {
    let said = check(json!({"limit": "x", "other": 1})).unwrap_err();
    assert_eq!(said.lines().count(), 3, "{said}");
    let said = check(json!({"filter": {"title": "a", "tags": vec![1; 5000]}})).unwrap_err();
    assert_eq!(said.lines().count(), 100);
}

#[test]
fn values_that_nest_without_end_are_refused() {
    let mut filter = json!({"title": "a"});
    for _ in 0..100 {
        filter = json!({"title": "a", "near": filter});
    }
    let said = check(json!({"filter": filter})).unwrap_err();
    assert!(said.ends_with("nested deeper than 64 levels"), "{said}");
}

/// JSON that is mostly near to what the operation takes.
fn near() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-5_i32..5).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec!["POST", "2026-11-24T07:56Z", "{\"a\":1}", "x", ""]).prop_map(Value::from),
    ];
    let names = || prop::sample::select(vec!["title", "tags", "near", "by", "id", "name", "other"]);
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::hash_map(names(), inner, 0..4).prop_map(|members| {
                let members = members.into_iter().map(|(name, value)| (name.to_owned(), value));
                Value::Object(members.collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_refused_is_exactly_what_an_execution_refuses(
        mut filter in near(), titled in any::<bool>(), rest in prop::collection::hash_map(
            prop::sample::select(vec!["limit", "kind", "ids", "since", "extra"]), near(), 0..4,
        ),
    ) {
        let schema = Schema::from_sdl(SDL).unwrap();
        let document = schema.parse(QUERY).unwrap();
        let mut given: Map<String, Value> = rest.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if let (true, Some(members)) = (titled, filter.as_object_mut()) {
            members.insert("title".to_owned(), json!("x"));
            members.remove("other");
        }
        given.insert("filter".to_owned(), filter);
        let operation = document.operation(None).unwrap();
        let checked = operation.check_variables(&schema, &given);
        let executed = root_field(&schema, &document, None, &given);
        prop_assert_eq!(checked.is_ok(), executed.is_ok(), "{:?} {:?}", checked, executed);
        let _ = Conversions::new(&schema).serialize_variables(&operation, &given);
        let _ = Conversions::new(&schema).parse_result(&operation, Value::Object(given));
    }
}
