//! Input that is meant to hurt.

use std::time::{Duration, Instant};

use gqlwire_schema::{
    APPSYNC_MAX_TOKENS, ExecutionOptions, ParseOptions, PropertyResolver, Resolution, Schema, execute_with,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{block_on, messages, object, run, with};

/// Far above what any of these takes, far below what a bomb would.
const QUICKLY: Duration = Duration::from_secs(10);

fn refused_quickly(schema: &Schema, document: &str) {
    let start = Instant::now();
    let shown: String = document.chars().take(60).collect();
    assert!(schema.parse(document).is_err(), "{shown}");
    assert!(start.elapsed() < QUICKLY, "{shown}: {:?}", start.elapsed());
}

#[test]
fn many_errors_that_follow_from_one_are_told_apart_quickly() {
    let schema = messages();
    let many = |word: &str, n: usize| -> String { (0..n).map(|at| word.replace('#', &at.to_string())).collect() };
    let n = 9_000;
    for document in [
        format!(
            "query({}) {{ nope(a: [{}]) }}",
            many("$v#: Int ", n / 2),
            many("$v# ", n / 2)
        ),
        format!(
            "query({}) {{ json(any: [{}]) nope }}",
            many("$v#: Int ", n / 2),
            many("$v# ", n / 2)
        ),
        format!(
            "{{ nope {{ {} }} }} {}",
            many("...F# ", n),
            many("fragment F# on Query { status } ", n)
        ),
        format!(
            "{{ {} }} {}",
            many("...F# ", n),
            many("fragment F# on Nope { status } ", n)
        ),
        many("query Q#($a: Int) { nope(a: $a) } ", 5_000),
    ] {
        let start = Instant::now();
        assert!(schema.parse(&document).is_err());
        assert!(start.elapsed() < QUICKLY, "{}: {:?}", &document[..60], start.elapsed());
    }
}

#[test]
fn a_megabyte_of_anything_is_refused_quickly() {
    let schema = messages();
    let n = 1_000_000;
    for document in [
        "{".repeat(n),
        "{a".repeat(n / 2),
        "[".repeat(n),
        "(".repeat(n),
        "query($a:".to_owned() + &"[".repeat(n),
        "{ a(b: ".to_owned() + &"[".repeat(n),
        "{ a(b: ".to_owned() + &"{c:".repeat(n / 3),
        "{ ".to_owned() + &"status ".repeat(n / 7) + "}",
        "{ ".to_owned() + &"status".repeat(n / 6) + " }",
        "\"".repeat(n),
        "\"\"\"".to_owned() + &"a".repeat(n),
        "#".repeat(n),
        "{ ".to_owned() + &"...F ".repeat(n / 5) + "}",
        "@".repeat(n),
        "\0".repeat(n),
        "é".repeat(n / 2),
    ] {
        refused_quickly(&schema, &document);
    }
}

#[test]
fn nesting_is_limited_through_fragments_too() {
    let schema = messages();
    let nested = |levels: usize| {
        format!(
            "{{ getMessage(id: 1) {}{{ id }} {} }}",
            "{ children ".repeat(levels),
            "}".repeat(levels)
        )
    };
    assert!(schema.parse(&nested(90)).is_ok());
    refused_quickly(&schema, &nested(110));
    refused_quickly(&schema, &nested(5000));

    let mut chain = String::from("{ getMessage(id: 1) { ...F0 } }");
    for index in 0..500 {
        chain += &format!(" fragment F{index} on Message {{ children {{ ...F{} }} }}", index + 1);
    }
    refused_quickly(&schema, &(chain + " fragment F500 on Message { id }"));

    let mut flat = String::from("{ getMessage(id: 1) { ...F0 } }");
    for index in 0..3000 {
        flat += &format!(" fragment F{index} on Message {{ ...F{} }}", index + 1);
    }
    refused_quickly(&schema, &(flat + " fragment F3000 on Message { id }"));

    let mut options = ParseOptions::default();
    options.max_depth = 2;
    let errors = schema
        .parse_with("{ getMessage(id: 1) { author { id } } }", &options)
        .unwrap_err();
    assert_eq!(errors.iter().next().unwrap().rule(), "MaximumDepth");
}

#[test]
fn appsyncs_token_limit_holds_to_the_token() {
    let options = ParseOptions::appsync();
    assert_eq!(options.max_tokens, APPSYNC_MAX_TOKENS);
    let schema = messages();
    let of = |fields: usize| format!("{{ {}}}", "status ".repeat(fields));
    assert!(schema.parse_with(&of(14_998), &options).is_ok());
    assert!(schema.parse_with(&of(14_999), &options).is_err());
}

/// Twenty levels that each select the next one twice: a million fields out of one kilobyte.
fn doubling(levels: usize) -> String {
    let mut document = String::from("{ getMessage(id: 1) { ...F0 } }");
    for level in 0..levels {
        let next = level + 1;
        document +=
            &format!(" fragment F{level} on Message {{ a: children {{ ...F{next} }} b: children {{ ...F{next} }} }}");
    }
    document + &format!(" fragment F{levels} on Message {{ id }}")
}

#[test]
fn exponential_fragments_are_bounded() {
    let schema = messages();
    let start = Instant::now();
    let document = schema.parse(&doubling(20)).unwrap();
    let mut options = ExecutionOptions::default();
    options.max_fields = 1000;
    // Every message has itself for a child, as far as the selection goes.
    let resolver = with(|field| match field.field_name {
        "id" => Resolution::from(json!(1)),
        "getMessage" => Resolution::from(json!({})),
        _ => Resolution::from(json!([{}])),
    });
    let variables = object(json!({}));
    let execution = block_on(execute_with(
        &schema,
        &document,
        None,
        &variables,
        &Value::Null,
        &resolver,
        &options,
    ));
    assert!(!execution.errors.is_empty());
    assert!(start.elapsed() < QUICKLY, "{:?}", start.elapsed());
}

#[test]
fn many_operations_that_share_large_fragments_are_refused_quickly() {
    let schema = messages();
    let operations: String = (0..5_000).map(|index| format!("query Q{index} {{ ...F }} ")).collect();
    let fields: String = (0..9_000).map(|index| format!("a{index}: status ")).collect();
    refused_quickly(&schema, &format!("{operations} fragment F on Query {{ {fields} }}"));
}

#[test]
fn resolvers_are_limited_in_number() {
    let schema = messages();
    let mut options = ExecutionOptions::default();
    options.max_resolvers = 2;
    let document = schema.parse("{ a: status b: status c: status }").unwrap();
    let resolver = with(|_| Resolution::from(json!("ACTIVE")));
    let variables = object(json!({}));
    let execution = block_on(execute_with(
        &schema,
        &document,
        None,
        &variables,
        &Value::Null,
        &resolver,
        &options,
    ));
    assert_eq!(
        execution.data.unwrap().to_json(),
        r#"{"a":"ACTIVE","b":"ACTIVE","c":null}"#
    );
    assert_eq!(execution.errors[0].error_type(), Some("ResolverExecutionLimitReached"));
}

#[test]
fn introspection_that_multiplies_is_refused() {
    let document = "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }";
    let execution = run(&messages(), document, json!({}), &Value::Null, &PropertyResolver);
    assert!(execution.errors[0].message.contains("asks for too much"));
}

#[test]
fn the_deepest_document_executes_on_a_small_stack() {
    let schema = messages();
    let levels = 95;
    let document = format!(
        "{{ getMessage(id: 1) {}{{ id }} {} }}",
        "{ children ".repeat(levels),
        "}".repeat(levels)
    );
    let worker = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(move || {
        let resolver = with(|field| match field.field_name {
            "id" => Resolution::from(json!(1)),
            "getMessage" => Resolution::from(json!({})),
            _ => Resolution::pending(async { Ok(json!([{}])) }),
        });
        run(&schema, &document, json!({}), &Value::Null, &resolver)
    });
    assert_eq!(worker.unwrap().join().unwrap().errors, []);
}

#[test]
fn input_objects_whose_defaults_never_end_are_an_error() {
    let schema = Schema::from_sdl("type Query { f(a: A): Int } input A { a: A = {} }").unwrap();
    let execution = run(&schema, "{ f(a: {}) }", json!({}), &Value::Null, &PropertyResolver);
    assert_eq!(execution.errors.len(), 1);
    let execution = run(
        &schema,
        "query($a: A) { f(a: $a) }",
        json!({"a": {}}),
        &Value::Null,
        &PropertyResolver,
    );
    assert_eq!(execution.data, None);
}

#[test]
fn hostile_schemas_are_refused_quickly() {
    let n = 50_000;
    let start = Instant::now();
    for sdl in [
        "type Query { a: ".to_owned() + &"[".repeat(n),
        "{".repeat(n),
        "type Query { a(b: Int = ".to_owned() + &"[".repeat(n),
        "\"".repeat(n),
        "type Query @a(b: ".to_owned() + &"{c:".repeat(n),
    ] {
        assert!(Schema::from_sdl(&sdl).is_err());
    }
    assert!(start.elapsed() < QUICKLY, "{:?}", start.elapsed());
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "[{}()\\[\\]:!$@.\"#a-c0-9é \n\\\\-]*") {
        let _ = messages().parse(&text);
        let _ = Schema::from_sdl(&text);
    }

    #[test]
    fn no_mutilated_document_panics(cut in 0..200_usize, with in "[{}()$@!\"a ]{0,3}") {
        let document = "query Q($id: ID! = \"1\", $l: [Int!]) @d { getMessage(id: $id) { ...F author { name @skip(if: true) } } } fragment F on Message { id }";
        let cut = cut.min(document.len());
        let text = format!("{}{with}{}", &document[..cut], &document[cut..]);
        if let Err(errors) = messages().parse(&text) {
            prop_assert!(!errors.to_string().is_empty());
        }
    }
}
