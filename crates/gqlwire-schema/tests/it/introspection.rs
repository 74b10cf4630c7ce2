//! SDL to introspection result and back.

use std::sync::LazyLock;

use gqlwire_schema::{
    IntrospectionError, IntrospectionOptions, PropertyResolver, Schema, introspection_query, sdl_from_introspection,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{MESSAGES, run};

fn introspect(schema: &Schema) -> Value {
    let query = introspection_query(&IntrospectionOptions::all());
    let execution = run(schema, &query, json!({}), &Value::Null, &PropertyResolver);
    assert_eq!(execution.errors, []);
    serde_json::from_str(&execution.to_json()).expect("a response is JSON")
}

const RICH: &str = r#"
"""
The schema
itself
"""
schema { query: Root mutation: Changes }

"Says \"hi\" and \"\"\" too"
directive @thing("of it" a: Int = 1 @deprecated, b: [In!] = [{x: "é", e: A}]) repeatable on FIELD | OBJECT

type Root implements Leaf & Tree {
  """
    indented
  less
  """
  id: ID!
  old(a: Int = -1, b: String = "q\"\n", c: Float = 1.5e3, d: [E!]! = [A, B], f: In = {x: "y", n: null}): [[Int!]!]! @deprecated
  older: String @deprecated(reason: "use \"id\"\nplease \\")
  child: Tree
  any: Any
  when: AWSDateTime
}

type Changes { a: Boolean }
"Only looks like a root"
type Mutation { a: Int }
interface Leaf { id: ID! }
interface Tree implements Leaf { id: ID! child: Tree }
union Any = Root | Changes
enum E { "first" A B @deprecated C @deprecated(reason: "") }
input In { x: String = "a", e: E = A, n: Int @deprecated(reason: "no"), deep: In, o: One }
input One @oneOf { a: Int, b: Int }
scalar Url @specifiedBy(url: "https://example.com/\"x\"")
"#;

#[test]
fn a_round_trip_gives_the_same_introspection_result_and_the_same_sdl() {
    for sdl in [MESSAGES, RICH] {
        let original = introspect(&Schema::from_sdl(sdl).unwrap());
        let printed = sdl_from_introspection(&original).unwrap();
        let schema = Schema::from_sdl(&printed).unwrap_or_else(|errors| panic!("{errors}\n{printed}"));
        let again = introspect(&schema);
        assert_eq!(again, original, "{printed}");
        assert_eq!(sdl_from_introspection(&again).unwrap(), printed);
        assert_eq!(Schema::from_sdl(&schema.to_sdl()).unwrap(), schema);
    }
}

#[test]
fn printed_sdl_reads_well() {
    let schema = Schema::from_sdl(
        "schema { query: Root } \"Where it starts\" type Root { \"One\" a(\"how many\" n: Int = 1, e: [E]): [Int!]! @deprecated(reason: \"old\") }
         enum E { A } scalar Url @specifiedBy(url: \"https://example.com\") directive @d repeatable on FIELD | QUERY",
    )
    .unwrap();
    let result = introspect(&schema);
    let kept = sdl_from_introspection(&result).unwrap();
    let own = kept.split("directive @aws").next().unwrap().to_owned()
        + kept.rsplit_once("@renamed").map_or("", |(_, rest)| rest);
    assert_eq!(
        own,
        "schema {\n  query: Root\n}\n\ndirective @d repeatable on FIELD | QUERY\n\n(to: String!) on OBJECT | FIELD_DEFINITION\n
\"\"\"Where it starts\"\"\"\ntype Root {\n  \"\"\"One\"\"\"\n  a(\n    \"\"\"how many\"\"\"\n    n: Int = 1\n    e: [E]\n  ): [Int!]! @deprecated(reason: \"old\")\n}\n
enum E {\n  A\n}\n\nscalar Url @specifiedBy(url: \"https://example.com\")\n"
    );
}

#[test]
fn a_schema_comes_from_any_part_of_the_response() {
    let response = introspect(&Schema::from_sdl(RICH).unwrap());
    let whole = Schema::from_introspection(&response).unwrap();
    assert_eq!(Schema::from_introspection(&response["data"]).unwrap(), whole);
    assert_eq!(
        Schema::from_introspection(&response["data"]["__schema"]).unwrap(),
        whole
    );
}

#[test]
fn members_that_old_servers_lack_may_be_missing() {
    let old = json!({"__schema": {
        "queryType": {"name": "Query"},
        "types": [
            {"kind": "OBJECT", "name": "Query", "fields": [
                {"name": "a", "type": {"kind": "SCALAR", "name": "Int"}},
                {"name": "b", "args": [{"name": "x", "type": {"kind": "SCALAR", "name": "String"}, "defaultValue": "unquoted text"}],
                 "type": {"kind": "LIST", "ofType": {"kind": "ENUM", "name": "E"}}},
            ]},
            {"kind": "ENUM", "name": "E", "enumValues": [{"name": "A"}]},
            {"kind": "INTERFACE", "name": "I", "fields": [{"name": "a", "type": {"kind": "SCALAR", "name": "Int"}}], "interfaces": null},
            {"kind": "OBJECT", "name": "__Type", "fields": []},
        ],
        "directives": [
            {"name": "include", "args": []},
            {"name": "old", "onOperation": true, "onField": true, "onFragment": false},
            {"name": "strange", "locations": ["NOWHERE"]},
        ],
    }});
    let sdl = sdl_from_introspection(&old).unwrap();
    assert_eq!(
        sdl,
        "directive @old on QUERY | MUTATION | SUBSCRIPTION | FIELD\n
type Query {\n  a: Int\n  b(x: String = \"unquoted text\"): [E]\n}\n
enum E {\n  A\n}\n
interface I {\n  a: Int\n}\n"
    );
    assert!(Schema::from_sdl(&sdl).is_ok());
}

#[test]
fn what_is_no_introspection_result_is_refused_with_the_reason() {
    let field =
        |ty: Value| json!({"types": [{"kind": "OBJECT", "name": "Query", "fields": [{"name": "a", "type": ty}]}]});
    for (value, expected) in [
        (json!(null), "not an introspection result"),
        (json!({"data": {"x": 1}}), "not an introspection result"),
        (json!([]), "not an introspection result"),
        (json!({"errors": [{"message": "no key"}], "data": null}), "no key"),
        (
            json!({"types": [{"kind": "OBJECT", "name": "a b"}]}),
            "\"a b\" is not a name",
        ),
        (
            json!({"types": [{"kind": "STRANGE", "name": "A"}]}),
            "'STRANGE' is not a kind",
        ),
        (field(json!(null)), "Query.a: its type is missing"),
        (
            field(json!({"kind": "NON_NULL", "ofType": {"kind": "LIST"}})),
            "nested deeper than the query asked",
        ),
        (
            json!({"types": [{"kind": "OBJECT", "name": "Query } type Evil {", "fields": []}]}),
            "is not a name",
        ),
    ] {
        let error = Schema::from_introspection(&value).unwrap_err();
        assert!(error.to_string().contains(expected), "{value}: {error}");
    }
    let invalid = field(json!({"kind": "OBJECT", "name": "Nope"}));
    assert!(matches!(
        Schema::from_introspection(&invalid),
        Err(IntrospectionError::InvalidSchema(_))
    ));
}

#[test]
fn a_default_value_cannot_smuggle_definitions_in() {
    let hostile = json!({"types": [{"kind": "OBJECT", "name": "Query", "fields": [{
        "name": "a", "type": {"kind": "SCALAR", "name": "Int"},
        "args": [{"name": "x", "type": {"kind": "SCALAR", "name": "String"}, "defaultValue": "1): Int } type Evil { b(x: Int = 1"}],
    }]}]});
    let schema = Schema::from_introspection(&hostile);
    assert!(schema.is_err() || schema.unwrap().type_named("Evil").is_none());
}

fn with_text(text: &str) -> Value {
    json!({"types": [{"kind": "OBJECT", "name": "Query", "description": text, "fields": [{
        "name": "a", "description": text, "isDeprecated": true, "deprecationReason": text,
        "type": {"kind": "SCALAR", "name": "Int"}, "args": [{
            "name": "x", "description": text, "type": {"kind": "SCALAR", "name": "Int"}, "defaultValue": "1",
        }],
    }]}], "queryType": {"name": "Query"}})
}

/// Puts `damage` in place of the part of `value` that comes `steps` parts after its beginning.
fn damaged(value: &mut Value, steps: &mut usize, damage: &Value) {
    if *steps == 0 {
        *value = damage.clone();
        *steps = usize::MAX;
        return;
    }
    *steps -= 1;
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| damaged(item, steps, damage)),
        Value::Object(members) => members.values_mut().for_each(|member| damaged(member, steps, damage)),
        _ => {}
    }
}

static SMALL: LazyLock<Value> = LazyLock::new(|| {
    let sdl = "type Query { a(x: In = {y: 1}): [E!] } input In { y: Int } enum E { A }";
    introspect(&Schema::from_sdl(sdl).expect("a valid schema"))
});

proptest! {
    #[test]
    fn no_damage_to_an_introspection_result_panics(
        mut steps in 0..1500_usize,
        damage in prop_oneof![
            Just(json!(null)), Just(json!([])), Just(json!({})), Just(json!("x y")), Just(json!("Query")), Just(json!(true)), Just(json!([null, 1])),
        ],
    ) {
        let mut result = SMALL.clone();
        damaged(&mut result, &mut steps, &damage);
        if let Err(error) = Schema::from_introspection(&result) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn any_text_survives_as_description_and_reason(text in r#"([ \t\n\r"\\#a-b\u{0}\u{7f}é😀]|"""|\\""")*"#) {
        let schema = Schema::from_introspection(&with_text(&text)).unwrap();
        let result = introspect(&schema);
        let types = result["data"]["__schema"]["types"].as_array().unwrap();
        let query = types.iter().find(|found| found["name"] == "Query").unwrap();
        let field = &query["fields"][0];
        prop_assert_eq!(query["description"].as_str(), Some(&*text));
        prop_assert_eq!(field["description"].as_str(), Some(&*text));
        prop_assert_eq!(field["args"][0]["description"].as_str(), Some(&*text));
        prop_assert_eq!(field["deprecationReason"].as_str(), Some(&*text));
        prop_assert_eq!(Schema::from_sdl(&schema.to_sdl()).unwrap().to_sdl(), schema.to_sdl());
    }
}
