//! Documents of several files against a schema.

use gqlwire_schema::{
    CheckReport, SarifTool, Schema, Severity, SourceFile, TextOptions, render_github, render_json, render_sarif,
    render_text,
};
use proptest::prelude::*;

use crate::support::messages;

fn check(schema: &Schema, files: &[(&str, &str)]) -> CheckReport {
    let files: Vec<_> = files.iter().map(|(name, text)| SourceFile { name, text }).collect();
    schema.check(&files)
}

/// `file:line:column severity rule`
fn lines(report: &CheckReport) -> Vec<String> {
    let found = report.diagnostics.iter();
    let line = found.map(|found| {
        let file = found.file().unwrap_or("-");
        format!(
            "{file}:{}:{} {} {}",
            found.line(),
            found.column(),
            found.severity(),
            found.rule()
        )
    });
    line.collect()
}

#[test]
fn files_share_fragments_and_each_error_is_told_once_and_where_it_is() {
    let report = check(
        &messages(),
        &[
            ("a.graphql", "query A {\n  getMessage(id: 1) { ...M }\n}"),
            ("b.graphql", "query B { listMessages { ...M nope } }"),
            ("m.graphql", "fragment M on Message {\n  id ...Who wrong\n}"),
            ("who.graphql", "fragment Who on Message { author { name } }"),
        ],
    );
    assert_eq!(
        lines(&report),
        [
            "b.graphql:1:31 error UndefinedField",
            "m.graphql:2:13 error UndefinedField"
        ]
    );
    assert_eq!((report.operations, report.fragments), (2, 2));
    assert!(report.has_errors());
}

#[test]
fn a_fragment_that_no_operation_reaches_is_a_warning() {
    let report = check(
        &messages(),
        &[
            ("a.graphql", "query A { status ...Used }"),
            (
                "b.graphql",
                "fragment Used on Query { status }\nfragment Lost on Message { ...OnlyByLost }",
            ),
            ("c.graphql", "fragment OnlyByLost on Message { id nope }"),
        ],
    );
    assert_eq!(
        lines(&report),
        [
            "b.graphql:2:10 warning UnusedFragment",
            "c.graphql:1:10 warning UnusedFragment",
            "c.graphql:1:37 error UndefinedField",
        ]
    );
}

#[test]
fn a_files_own_fragment_comes_first_and_differing_ones_of_others_are_ambiguous() {
    let schema = messages();
    let files = [
        ("a.graphql", "query A { ...F } fragment F on Query { status }"),
        ("b.graphql", "query B { ...F } fragment F on Query { now }"),
    ];
    assert_eq!(lines(&check(&schema, &files)), [""; 0]);
    let with_third = [files[0], files[1], ("c.graphql", "query C { ...F }")];
    assert_eq!(
        lines(&check(&schema, &with_third)),
        ["c.graphql:1:14 error AmbiguousFragment"]
    );
    let same = [files[0], ("b.graphql", files[0].1), with_third[2]];
    assert_eq!(lines(&check(&schema, &same)), [""; 0]);
}

#[test]
fn deprecated_use_is_found_in_every_place() {
    let schema = Schema::from_sdl(
        "type Query { old: Int @deprecated(reason: \"Use new.\") f(a: Int @deprecated, i: In, e: E): Query i: I }
         input In { x: Int @deprecated y: In e: E }
         enum E { A B @deprecated }
         interface I { gone: Int @deprecated }
         directive @d(a: Int @deprecated) on FIELD | QUERY",
    )
    .unwrap();
    let report = check(
        &schema,
        &[(
            "a.graphql",
            "query Q($i: In = {x: 1, e: B}) @d(a: 1) {
  old
  f(a: 1, i: {y: {x: 2, e: B}}, e: B) { old @d(a: 2) ...F }
  g: f(e: A, i: $i) { i { gone } }
}
fragment F on Query { old }",
        )],
    );
    let found: Vec<_> = report
        .diagnostics
        .iter()
        .map(|found| format!("{}:{} {}", found.line(), found.column(), found.coordinate().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            "1:19 In.x",
            "1:28 E.B",
            "1:35 @d(a:)",
            "2:3 Query.old",
            "3:5 Query.f(a:)",
            "3:19 In.x",
            "3:28 E.B",
            "3:36 E.B",
            "3:41 Query.old",
            "3:48 @d(a:)",
            "4:27 I.gone",
            "6:23 Query.old",
        ]
    );
    assert_eq!(report.count(Severity::Warning), found.len());
    let message = report.diagnostics[3].message();
    assert_eq!(message, "The field Query.old is deprecated. Use new.");
    let document = schema.parse("{ old }").unwrap();
    assert_eq!(document.deprecated_use(&schema).len(), 1);
}

#[test]
fn a_file_of_wrong_syntax_does_not_stop_the_others() {
    let report = check(
        &messages(),
        &[
            ("a.graphql", "{ status"),
            ("b.graphql", "{ nope }"),
            ("c.graphql", ""),
            ("<stdin>", "{ nope }"),
        ],
    );
    let mut lines = lines(&report);
    lines.dedup();
    assert_eq!(
        lines,
        [
            "-:1:3 error UndefinedField",
            "a.graphql:1:9 error SyntaxError",
            "b.graphql:1:3 error UndefinedField",
            "c.graphql:1:1 error SyntaxError",
        ]
    );
}

#[test]
fn suggestions_and_coordinates_come_with_errors() {
    let schema = messages();
    for (document, coordinate, help) in [
        ("{ stats }", "Query.stats", r#"did you mean "status"?"#),
        ("{ getMessage(idd: 1) { id } }", "Query.getMessage(id:)", ""),
        ("{ now(zon: \"\") }", "Query.now(zon:)", r#"did you mean "zone"?"#),
        (
            "{ search(text: \"\") { message } }",
            "Found.message",
            r#"did you mean to use an inline fragment on "Message"?"#,
        ),
        ("{ status @skp(if: true) }", "@skp", r#"did you mean "@skip"?"#),
        ("{ ... on Mesage { id } }", "Mesage", r#"did you mean "Message"?"#),
        ("query($l: Itn) { status }", "Itn", r#"did you mean "Int" or "ID"?"#),
        (
            "query($limit: Int) { listMessages(limit: $limt) { id } }",
            "",
            r#"did you mean "$limit"?"#,
        ),
        (
            "{ ...Fo } fragment Foo on Query { status }",
            "",
            r#"did you mean "Foo"?"#,
        ),
        (
            "mutation { createMessage(input: {mesage: \"\"}) { id } }",
            "CreateMessageInput.mesage",
            r#"did you mean "message"?"#,
        ),
        (
            "mutation { createMessage(input: {message: \"\", status: ACTIV}) { id } }",
            "Status.ACTIV",
            r#"did you mean "ACTIVE" or "INACTIVE"?"#,
        ),
        (
            "mutation { createMessage(input: {}) { id } }",
            "CreateMessageInput.message",
            "",
        ),
    ] {
        let errors = schema.parse(document).expect_err(document);
        let told: Vec<_> = errors
            .iter()
            .map(|error| {
                let coordinate = error.coordinate().map(ToString::to_string);
                (coordinate.unwrap_or_default(), error.help().unwrap_or_default())
            })
            .collect();
        assert!(
            told.contains(&(coordinate.to_owned(), help.to_owned())),
            "{document}: {told:?}"
        );
    }
}

/// Words of documents, in any order.
fn any_document() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "query",
        "mutation",
        "subscription",
        "fragment",
        "on",
        "Q",
        "F",
        "G",
        "Message",
        "Author",
        "Found",
        "Query",
        "{",
        "}",
        "(",
        ")",
        ":",
        "$",
        "$a",
        "@",
        "skip",
        "if",
        "...",
        "!",
        "[",
        "]",
        "=",
        "1",
        "null",
        "\"é\\n\"",
        "getMessage",
        "createMessage",
        "input",
        "message",
        "status",
        "author",
        "id",
        "nope",
        "Int",
        "ID",
        "#x\n",
        "\"\"\"b\nc\"\"\"",
    ]);
    prop::collection::vec(words, 0..40).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn no_files_panic(first in any_document(), second in any_document(), third in "\\PC{0,40}") {
        let third = format!("query T($a: ID!) {{ getMessage(id: $a) {{ ...F ...G }} }} {third}");
        let files = [("a.graphql", first.as_str()), ("b.graphql", &second), ("c.graphql", &third)];
        let report = check(&messages(), &files);
        for found in &report.diagnostics {
            prop_assert!(found.file().is_some());
            let (start, end) = ((found.line(), found.column()), (found.end_line(), found.end_column()));
            prop_assert!(start <= end, "{start:?} {end:?}");
        }
        render_text(&report.diagnostics, &TextOptions::colored());
        render_github(&report.diagnostics);
        render_json(&report.diagnostics);
        render_sarif(&report.diagnostics, SarifTool { name: "t", version: "1" });
    }
}
