use gqlwire_schema::Schema;
use serde_json::{Value, json};

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
    let schema = Schema::from_sdl(SDL).expect("the schema is valid");
    let document = schema.parse(QUERY).expect("the query is valid");
    let operation = document.operation(None).expect("there is one operation");
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
