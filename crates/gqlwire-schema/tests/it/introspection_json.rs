//! A schema as an introspection result.

use std::fmt::{self, Write as _};

use gqlwire_schema::{IntrospectionOptions, Schema, introspection_query};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{MESSAGES, messages, run, with};

#[test]
fn it_is_what_the_executor_answers() {
    // AppSync's directives are listed by the executor, as AppSync lists them.
    let schema = messages();
    for options in [IntrospectionOptions::all(), IntrospectionOptions::default()] {
        let resolver = with(|_| unreachable!("introspection asks no resolver"));
        let answer = run(
            &schema,
            &introspection_query(&options),
            json!({}),
            &Value::Null,
            &resolver,
        );
        let mut asked = answer.data.expect("data").to_value();
        let mut printed = schema.to_introspection(&options);
        // The query asks no further where a type has a name.
        for value in [&mut asked, &mut printed] {
            without_empty_of_type(value);
        }
        assert_eq!(printed["__schema"]["types"], asked["__schema"]["types"]);
        for root in ["queryType", "mutationType", "subscriptionType"] {
            assert_eq!(printed["__schema"][root], asked["__schema"][root]);
        }
        let directives = asked["__schema"]["directives"].as_array().unwrap();
        for directive in printed["__schema"]["directives"].as_array().unwrap() {
            assert!(directives.contains(directive), "{directive}");
        }
    }
}

fn without_empty_of_type(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_empty_of_type),
        Value::Object(members) => {
            members.retain(|name, value| name != "ofType" || !value.is_null());
            members.values_mut().for_each(without_empty_of_type);
        }
        _ => {}
    }
}

#[test]
fn options_leave_out_what_they_say() {
    let schema = Schema::from_sdl(
        "\"s\" schema { query: Query } \"q\" type Query { a(b: Int @deprecated): S } scalar S @specifiedBy(url: \"u\")",
    )
    .unwrap();
    let all = schema.to_introspection(&IntrospectionOptions::all()).to_string();
    let mut options = IntrospectionOptions::default();
    options.descriptions = false;
    options.input_value_deprecation = false;
    let least = schema.to_introspection(&options).to_string();
    for word in [
        "description\":",
        "specifiedByURL\":",
        "isRepeatable\":",
        "isOneOf\":",
        "\"s\"",
        "\"u\"",
    ] {
        assert!(all.contains(word) && !least.contains(word), "{word}");
    }
}

#[test]
fn sdl_survives_the_way_through_json() {
    // What an introspection result cannot say, applied directives, is not in here.
    let sdl = Schema::from_sdl(
        r#"
        "Described." schema { query: Root mutation: Mutation }
        directive @d("an argument" a: [Int!]! = [1, 2], e: E = A @deprecated) repeatable on FIELD | QUERY
        "The root." type Root implements Node { id: ID! f(i: In = {a: "x", b: {c: [1.5, null]}}): [[String!]!] @deprecated }
        type Mutation { "multi\nline \"\"\" text" m(a: Int @deprecated(reason: "no")): U }
        type Query { only: Named }
        enum Named { LIKE THE @deprecated(reason: "no \\ more") ROOT }
        interface Node { id: ID! }
        interface Deep implements Node { id: ID! }
        union U = Root | Mutation
        enum E { A B }
        input In { a: String = "q\"\\\n", b: More }
        input More { c: [Float] }
        input One @oneOf { a: Int b: String }
        scalar S @specifiedBy(url: "https://example.com/s")
        "#,
    )
    .unwrap()
    .to_sdl();
    let schema = Schema::from_sdl(&sdl).unwrap();
    let json = schema.to_introspection(&IntrospectionOptions::all());
    let back = Schema::from_introspection(&json).unwrap();
    assert_eq!(back.to_sdl(), sdl);
    assert_eq!(back.to_introspection(&IntrospectionOptions::all()), json);
    assert!(schema.diff(&back).is_empty());
}

#[test]
fn appsync_schemas_lose_only_their_directives() {
    let schema = messages();
    let back = Schema::from_introspection(&schema.to_introspection(&IntrospectionOptions::all())).unwrap();
    let lost = schema.diff(&back);
    assert!(!lost.is_empty());
    for change in lost {
        assert!(
            change.code().as_str().starts_with("AUTH_") || change.code().as_str().starts_with("SUBSCRIPTION_SOURCE")
        );
    }
    assert!(MESSAGES.contains("AWSDateTime"));
}

fn write_line(text: &mut String, line: fmt::Arguments<'_>) {
    text.write_fmt(line).expect("a string takes everything");
    text.push('\n');
}

/// A schema of objects, inputs and enums that refer to one another.
fn any_schema() -> impl Strategy<Value = String> {
    let wrapper = prop::sample::select(vec!["_", "_!", "[_]", "[_!]", "[_]!", "[[_!]!]!"]);
    let text = prop::option::of("[ -~\\n\\té😀]{0,30}");
    let field = (text.clone(), wrapper.clone(), 0..6_usize, prop::bool::ANY, text.clone());
    let types = prop::collection::vec((text, prop::collection::vec(field, 1..5)), 1..5);
    (types, wrapper).prop_map(|(types, wrapper)| {
        let quoted = |text: &str| json!(text).to_string();
        let described = |text: &Option<String>| text.as_deref().map(quoted).unwrap_or_default();
        let outputs = ["Int", "String", "ID", "E", "T0", "Boolean"];
        let mut sdl = String::from("enum E { A B @deprecated }\n");
        for (index, (description, fields)) in types.iter().enumerate() {
            write_line(&mut sdl, format_args!("{} type T{index} {{", described(description)));
            for (number, (description, wrapper, ty, deprecated, default)) in fields.iter().enumerate() {
                let default = default
                    .as_deref()
                    .map(|text| format!(" = {}", quoted(text)))
                    .unwrap_or_default();
                let mark = if *deprecated { " @deprecated" } else { "" };
                let ty = wrapper.replace('_', outputs[*ty]);
                write_line(
                    &mut sdl,
                    format_args!("{} f{number}(a: String{default}): {ty}{mark}", described(description)),
                );
            }
            sdl.push_str("}\n");
        }
        write_line(
            &mut sdl,
            format_args!("type Query {{ a(i: In): {} }}", wrapper.replace('_', "T0")),
        );
        sdl.push_str("input In { e: E = A, l: [[Int!]] = [[1], null] next: In }\n");
        sdl
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_schema_survives_the_way_through_json(sdl in any_schema()) {
        let schema = match Schema::from_sdl(&sdl) {
            Ok(schema) => schema,
            Err(errors) => panic!("{sdl}\n{errors}"),
        };
        let json = schema.to_introspection(&IntrospectionOptions::all());
        let back = Schema::from_introspection(&json).unwrap();
        prop_assert_eq!(back.to_sdl(), schema.to_sdl());
        prop_assert_eq!(schema.diff(&back), vec![]);
    }
}
