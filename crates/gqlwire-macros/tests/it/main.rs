//! The macro in the hands of the compiler.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod compiler;

use std::fs;
use std::time::Duration;

use compiler::Compiler;
use gqlwire_macros::checked;

const CONSTANT: &str = checked!("tests/ui/schema.graphql", "query Q { messages { id at } }");

#[test]
fn a_document_that_is_right_becomes_its_text() {
    assert_eq!(CONSTANT, "query Q { messages { id at } }");
    let from_json = checked!("tests/ui/schema.json", r#"{ message(id: "7") { text } }"#);
    assert_eq!(from_json, r#"{ message(id: "7") { text } }"#);
    let only_a_fragment = checked!("tests/ui/schema.graphql", "fragment Names on Message { id }",);
    assert!(only_a_fragment.starts_with("fragment"));
    let of_a_file = checked!("tests/ui/schema.graphql", file = "tests/ui/valid.graphql");
    assert_eq!(of_a_file, include_str!("../ui/valid.graphql"));
}

#[test]
fn every_error_is_told_with_its_place_and_a_suggestion() {
    Compiler::default().expect("errors");
}

#[test]
fn files_that_are_missing_or_something_else_are_named() {
    Compiler::default().expect("files");
}

#[test]
fn the_use_of_what_is_deprecated_is_a_warning() {
    Compiler::default().expect("deprecated");
}

#[test]
fn the_compiler_is_told_of_the_files_so_that_a_change_compiles_again() {
    let dependencies = Compiler::default().dependencies("tracked");
    assert!(dependencies.contains("schema.graphql"), "{dependencies}");
    assert!(dependencies.contains("valid.graphql"), "{dependencies}");
}

/// `cargo test -p gqlwire-macros -- --ignored --nocapture` tells what a large schema costs.
#[test]
#[ignore = "it takes seconds, and is a measurement"]
fn the_cost_of_a_schema_of_1500_types() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let schema = folder.join("large.graphql");
    fs::write(&schema, large_schema(1_500)).unwrap();
    let time = |uses: usize| {
        let mut program = String::new();
        for number in 0..uses {
            program.push_str(&format!(
                "pub const Q{number}: &str = gqlwire_macros::checked!({schema:?}, \"{{ t{number} {{ id next {{ id name }} }} }}\");\n"
            ));
        }
        let path = folder.join(format!("uses{uses}.rs"));
        fs::write(&path, program).unwrap();
        let mut times: Vec<Duration> = (0..5).map(|_| Compiler::default().time(&path)).collect();
        times.sort();
        times[2]
    };
    let (none, one, hundred) = (time(0), time(1), time(100));
    println!("no use {none:?}, one {one:?}, a hundred {hundred:?}");
}

fn large_schema(types: usize) -> String {
    let roots: String = (0..types).map(|n| format!("  t{n}: T{n}\n")).collect();
    let types = (0..types).map(|n| {
        let next = (n + 1) % types;
        let fields: String = (0..8)
            .map(|f| format!("  field{f}(first: Int, after: String): [T{next}!]\n"))
            .collect();
        format!("type T{n} {{\n  id: ID!\n  name: String\n  next: T{next}\n{fields}}}\n")
    });
    format!("type Query {{\n{roots}}}\n{}", types.collect::<String>())
}
