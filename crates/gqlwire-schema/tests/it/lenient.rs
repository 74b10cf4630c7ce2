//! Broken schemas of servers that work all the same.

use gqlwire_schema::{Diagnostic, IntrospectionOptions, Schema, Severity};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::messages;

fn messages_of(forgiven: &[Diagnostic]) -> Vec<&str> {
    assert!(forgiven.iter().all(|found| found.severity() == Severity::Warning));
    forgiven.iter().map(Diagnostic::message).collect()
}

fn lenient(sdl: &str) -> (Schema, Vec<Diagnostic>) {
    assert!(Schema::from_sdl(sdl).is_err(), "{sdl}");
    Schema::from_sdl_lenient(sdl).unwrap_or_else(|errors| panic!("{sdl}\n{errors}"))
}

#[test]
fn a_valid_schema_needs_no_forgiveness() {
    let (schema, forgiven) = Schema::from_sdl_lenient(&messages().to_sdl()).unwrap();
    assert_eq!(forgiven, []);
    assert_eq!(schema, messages());
    let json = messages().to_introspection(&IntrospectionOptions::all());
    assert_eq!(Schema::from_introspection_lenient(&json).unwrap().1, []);
}

#[test]
fn each_fault_of_sdl_is_forgiven_and_named() {
    for (sdl, document, expected) in [
        (
            "type Query { at(z: Zone): DateTime }",
            "{ at(z: UTC) }",
            &[
                "The type DateTime is used, but not defined; it is taken for a scalar.",
                "The type Zone is used, but not defined; it is taken for a scalar.",
            ][..],
        ),
        (
            "type Query { a: Int } type Query { b: Int }",
            "{ a }",
            &["The type Query is defined twice; the first counts."],
        ),
        (
            "type Query { a: Int a: String b(c: Int, c: Int): E } enum E { A A }",
            "{ a b(c: 1) }",
            &[
                "Query.a is defined twice; the first counts.",
                "Query.b(c:) is defined twice; the first counts.",
                "E.A is defined twice; the first counts.",
            ],
        ),
        (
            "type Query implements Query & Nope & I & I { a: Int } interface I { a: Int }",
            "{ a }",
            &[
                "Query cannot be a interface of Query, or is one already; it is left out there.",
                "Nope cannot be a interface of Query, or is one already; it is left out there.",
                "I cannot be a interface of Query, or is one already; it is left out there.",
            ],
        ),
        (
            "type Query { a: In b(c: Query, d: In): Int } input In { x: Int }",
            "{ b(d: {x: 1}) }",
            &[
                "Query.a returns the input object In; it is left out.",
                "Query.b(c:) takes Query, which is no input type; it is left out.",
            ],
        ),
        (
            "type Query @join__type(graph: A) { a: Int @unknown @deprecated @deprecated }",
            "{ a }",
            &[
                "@unknown on Query.a is not defined; it is left out.",
                "@deprecated stands twice on Query.a; the first counts.",
                "@join__type on Query is not defined; it is left out.",
            ],
        ),
        (
            "schema { query: Query subscription: U } type Query { a: U } union U = Query | E enum E { A }",
            "{ a { ... on Query { a { __typename } } } }",
            &[
                "U cannot be the subscription type; it is left out as such.",
                "E cannot be a member of U, or is one already; it is left out there.",
            ],
        ),
        (
            "type Query { a: Int } query Q { a }",
            "{ a }",
            &["An operation or fragment is no part of a schema; it is left out."],
        ),
    ] {
        let (schema, forgiven) = lenient(sdl);
        let mut found = messages_of(&forgiven);
        let mut expected = expected.to_vec();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{sdl}");
        if let Err(errors) = schema.parse(document) {
            panic!("{document}\n{errors}");
        }
        assert!(Schema::from_sdl(&schema.to_sdl()).is_ok(), "{}", schema.to_sdl());
    }
}

#[test]
fn faults_that_do_no_harm_stay_as_they_are() {
    for (sdl, document, rule) in [
        (
            "type Query { a: Empty } interface Empty",
            "{ a { __typename } }",
            "EmptyFieldSet",
        ),
        (
            "type Query { a: Empty } interface Empty {}",
            "{ a { __typename } }",
            "EmptyFieldSet",
        ),
        ("type Query { a: U } union U", "{ a { __typename } }", "EmptyMemberSet"),
        (
            "type Query { a(b: In): Int } input In { x: In! y: Int }",
            "{ a(b: null) b: a }",
            "RecursiveInputObjectDefinition",
        ),
        (
            "directive @d(a: Int @d) on ARGUMENT_DEFINITION type Query { a: Int }",
            "{ a }",
            "RecursiveDirectiveDefinition",
        ),
        ("type Mutation { a: Int }", "mutation { a }", "QueryRootOperationType"),
        (
            "type Query { a: T } interface I { x: Int y: Int } type T implements I { x: Int }",
            "{ a { x } }",
            "MissingInterfaceField",
        ),
        ("type Query { a(b: Int = \"x\"): Int }", "{ a }", "UnsupportedValueType"),
    ] {
        let outcome = Schema::from_sdl_lenient(sdl);
        let (schema, forgiven) = outcome.unwrap_or_else(|errors| panic!("{sdl}\n{errors}"));
        // The compiler does not look at all defaults.
        if Schema::from_sdl(sdl).is_err() {
            assert!(forgiven.iter().any(|found| found.rule() == rule), "{sdl}: {forgiven:?}");
        }
        assert!(schema.parse(document).is_ok(), "{document}");
    }
}

#[test]
fn names_with_two_underscores_are_kept() {
    let json = json!({ "__schema": {
        "queryType": { "name": "__root" },
        "types": [
            { "kind": "OBJECT", "name": "__root", "fields": [
                { "name": "__cost", "args": [], "type": { "kind": "OBJECT", "name": "__edges__post" } },
            ], "interfaces": [] },
            { "kind": "OBJECT", "name": "__edges__post", "fields": [
                { "name": "__v", "args": [], "type": { "kind": "SCALAR", "name": "Int" } },
            ] },
            { "kind": "SCALAR", "name": "Int" },
        ],
    } });
    let schema = Schema::from_introspection(&json).unwrap_or_else(|error| panic!("{error}"));
    assert!(schema.parse("{ __cost { __v } }").is_ok());
    assert_eq!(schema.types().filter(|found| !found.is_built_in()).count(), 2);
}

#[test]
fn each_fault_of_an_introspection_result_is_forgiven_and_named() {
    let int = json!({ "kind": "SCALAR", "name": "Int" });
    let json = json!({ "data": { "__schema": {
        "queryType": { "name": "Query" },
        "mutationType": { "name": null },
        "subscriptionType": null,
        "types": [
            { "kind": "OBJECT", "name": "Query", "description": "", "interfaces": null, "fields": [
                { "name": "good", "args": null, "type": int, "description": "" },
                { "name": "bad-name", "args": [], "type": int },
                { "name": "cut", "args": [], "type": { "kind": "NON_NULL", "name": null, "ofType": { "kind": "LIST" } } },
                { "name": "none", "args": [] },
                { "name": "good", "args": [], "type": int },
                { "name": "args", "type": int, "args": [
                    { "name": "", "type": int },
                    { "name": "lost", "type": null },
                    { "name": "gone", "type": { "kind": "SCALAR", "name": "Gone" }, "defaultValue": "oops(" },
                    { "name": "old", "isDeprecated": true, "type": { "kind": "NON_NULL", "ofType": int } },
                ] },
                { "name": "enumeration", "args": [], "type": { "kind": "ENUM", "name": "Flags" } },
                { "name": "empty", "args": [], "type": { "kind": "ENUM", "name": "Empty" } },
            ] },
            { "kind": "ENUM", "name": "Flags", "enumValues": [{ "name": "true" }, { "name": "ON" }, { "name": "3d" }] },
            { "kind": "ENUM", "name": "Empty", "enumValues": [] },
            { "kind": "THING", "name": "Thing" },
            { "kind": "OBJECT", "name": "a b", "fields": [] },
            null,
        ],
        "directives": [{ "name": null }, { "name": "d", "locations": ["FIELD"], "args": [{ "name": "x" }] }],
    } } });
    assert!(Schema::from_introspection(&json).is_err());
    let (schema, forgiven) = Schema::from_introspection_lenient(&json).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        messages_of(&forgiven),
        [
            r#"Something in Query is named "bad-name"; it is left out."#,
            "The type of Query.cut cannot be read; it is left out.",
            "The type of Query.none cannot be read; it is left out.",
            "Query.good is listed twice; the first counts.",
            r#"Something in Query.args is named ""; it is left out."#,
            "The type of Query.args(lost:) cannot be read; it is left out.",
            "The value true is not allowed in an enum; it is left out of Flags.",
            r#"Something in Flags is named "3d"; it is left out."#,
            "The type Empty has no values; it is taken for a scalar.",
            r#"The type Thing is of the kind "THING", which does not exist; it is left out."#,
            r#"A type is named "a b"; it is left out."#,
            "A type is named null; it is left out.",
            "A directive is named null; it is left out.",
            "The type of @d(x:) cannot be read; it is left out.",
            "The mutationType has no name; it is left out.",
            "The type Gone is used, but not defined; it is taken for a scalar.",
        ]
    );
    assert!(forgiven.iter().all(|found| found.line() == 0));
    let document = "{ good args(old: 1, gone: 2) @d enumeration empty }";
    if let Err(errors) = schema.parse(document) {
        panic!("{errors}");
    }
}

#[test]
fn what_is_no_schema_at_all_is_an_error() {
    for sdl in ["type", "{ a }", "type Query { a: Int", "hello", "type Query { a }"] {
        assert!(Schema::from_sdl_lenient(sdl).is_err(), "{sdl}");
    }
    for json in [
        json!(null),
        json!({}),
        json!({ "__schema": {} }),
        json!({ "errors": [{ "message": "no" }] }),
    ] {
        assert!(Schema::from_introspection_lenient(&json).is_err(), "{json}");
    }
}

/// A result with something replaced or taken out somewhere.
fn damaged() -> impl Strategy<Value = Value> {
    let values = prop::sample::select(vec![
        json!(null),
        json!(7),
        json!("x"),
        json!([]),
        json!({}),
        json!("__x"),
    ]);
    (prop::collection::vec(any::<prop::sample::Index>(), 1..8), values).prop_map(|(path, value)| {
        let mut json = messages().to_introspection(&IntrospectionOptions::all());
        let mut pointer = "/__schema".to_owned();
        for index in path {
            match json.pointer(&pointer).expect("a place") {
                Value::Array(items) if !items.is_empty() => {
                    pointer = format!("{pointer}/{}", index.index(items.len()));
                }
                Value::Object(members) if !members.is_empty() => {
                    let name = members.keys().nth(index.index(members.len())).expect("a member");
                    pointer = format!("{pointer}/{name}");
                }
                _ => break,
            }
        }
        *json.pointer_mut(&pointer).expect("a place") = value;
        json
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_damage_panics(json in damaged()) {
        if let Ok((schema, _)) = Schema::from_introspection_lenient(&json) {
            let _ = schema.parse("{ __typename status getMessage(id: 1) { id } }");
            let _ = schema.to_introspection(&IntrospectionOptions::all());
        }
    }

    #[test]
    fn no_sdl_panics(words in prop::collection::vec(prop::sample::select(vec![
        "type", "Query", "{", "}", "a", ":", "Int", "!", "[", "]", "(", ")", "=", "1", "implements", "&", "I", "interface",
        "union", "U", "|", "enum", "E", "input", "@", "d", "directive", "on", "FIELD", "schema", "query", "extend", "\"x\"",
    ]), 0..40)) {
        let sdl = words.join(" ");
        if let Ok((schema, _)) = Schema::from_sdl_lenient(&sdl) {
            let _ = schema.parse("{ a }");
            let _ = schema.to_sdl();
        }
    }
}
