//! The verbs about schemas in hand.

use serde_json::Value;

use crate::support::{Cli, Folder};

const SDL: &str = "\
\"The API.\"
type Query { listMessages(limit: Int): [Message] old: Int @deprecated(reason: \"use listMessages\") }
type Message { id: ID! }
type lonely { a: Int }
";

fn folder() -> Folder {
    Folder::with(&[
        ("schema.graphql", SDL),
        ("broken.graphql", "type Query { a: Nowhere }"),
        ("no.graphql", "type {"),
    ])
}

fn schema(verb: &str, path: &str) -> Cli {
    Cli::new().args(["schema", verb, "--schema", path])
}

#[test]
fn a_search_finds_names_and_descriptions() {
    let folder = folder();
    let path = folder.path("schema.graphql");
    let search = |words: &[&str]| schema("search", &path).args(words.iter().copied()).run().status(0);
    search(&["list", "messages"])
        .stdout(
            "Query.listMessages (field)
    listMessages(limit: Int): [Message]
\
             Query.listMessages(limit:) (argument)
    limit: Int
",
        )
        .stderr("");
    search(&["old"]).stdout_contains("Query.old (field, deprecated)");
    search(&["nothing-like-it-at-all"])
        .stdout("")
        .stderr_contains("nothing like");
    let hits = search(&["message", "--output", "json", "--limit", "1"]).stdout;
    let hit: Value = serde_json::from_str(&hits).unwrap();
    assert_eq!(hit["coordinate"], "Message");
}

#[test]
fn a_description_is_of_a_coordinate() {
    let folder = folder();
    let path = folder.path("schema.graphql");
    let describe = |words: &[&str]| schema("describe", &path).args(words.iter().copied()).run();
    describe(&["Query", "Query.listMessages(limit:)"])
        .status(0)
        .stdout_contains("The API.")
        .stdout_contains("Query.listMessages(limit:) (argument): Int\n");
    let described = describe(&["Message", "--output", "json"]).status(0).stdout;
    assert_eq!(
        serde_json::from_str::<Value>(&described).unwrap()["returnedBy"][0],
        "Query.listMessages"
    );
    describe(&["Mesage"])
        .status(7)
        .stdout("")
        .stderr_contains("did you mean");
    describe(&["list messages"])
        .status(2)
        .stdout("")
        .stderr_contains("schema search");
    schema("describe", &path).run().status(2);
}

#[test]
fn a_schema_comes_from_a_file_or_standard_input_and_its_faults_are_pointed_out() {
    let folder = folder();
    schema("search", "-")
        .arg("lonely")
        .stdin(SDL)
        .run()
        .status(0)
        .stdout_contains("lonely (object type)");
    let broken = folder.path("broken.graphql");
    schema("search", &broken)
        .arg("a")
        .run()
        .status(0)
        .stdout_contains("Query.a")
        .stderr_contains("warning: ");
    schema("search", &broken)
        .args(["a", "--strict"])
        .run()
        .status(7)
        .stdout("")
        .stderr_contains("Nowhere");
    schema("search", &folder.path("no.graphql"))
        .arg("a")
        .run()
        .status(7)
        .stdout("");
    schema("search", &folder.path("absent"))
        .arg("a")
        .run()
        .status(2)
        .stderr_contains("cannot open");
    Cli::new()
        .args(["schema", "search", "a"])
        .run()
        .status(2)
        .stderr_contains("there is no schema");
}

#[test]
fn the_code_of_a_diff_says_how_bad_the_changes_are() {
    let folder = Folder::with(&[
        ("old", "type Query { a: Int b: Int } enum E { A } type T { e: E }"),
        ("breaking", "type Query { a: Int } enum E { A } type T { e: E }"),
        (
            "dangerous",
            "type Query { a: Int b: Int } enum E { A B } type T { e: E }",
        ),
        (
            "safe",
            "type Query { a: Int b: Int c: Int } enum E { A } type T { e: E }",
        ),
    ]);
    for (new, fail_on, code) in [
        ("old", "safe", 0),
        ("breaking", "breaking", 9),
        ("breaking", "none", 0),
        ("dangerous", "breaking", 0),
        ("dangerous", "dangerous", 9),
        ("safe", "dangerous", 0),
        ("safe", "safe", 9),
    ] {
        let run = Cli::new()
            .args([
                "schema",
                "diff",
                &folder.path("old"),
                &folder.path(new),
                "--fail-on",
                fail_on,
            ])
            .run()
            .status(code);
        assert_eq!(run.stdout.lines().count(), usize::from(new != "old"), "{run:#?}");
    }
    let diff = |output: &str| {
        let run = Cli::new().args(["schema", "diff", &folder.path("old"), "-", "--output", output]);
        run.stdin("type Query { a: Int } enum E { A } type T { e: E }")
            .run()
            .status(9)
    };
    diff("text")
        .stdout("breaking FIELD_REMOVED: Query.b was removed\n")
        .stderr_contains("1 breaking");
    let json: Value = serde_json::from_str(&diff("json").stdout).unwrap();
    assert_eq!(
        (&json["breaking"], &json["changes"][0]["code"]),
        (&1.into(), &"FIELD_REMOVED".into())
    );
    diff("github").stdout_contains("::error title=FIELD_REMOVED");
    diff("sarif").stdout_contains("2.1.0");
    Cli::new()
        .args(["schema", "diff", "-", "-"])
        .run()
        .status(2)
        .stderr_contains("both");
}

#[test]
fn a_lint_fails_at_the_severity_that_was_asked_for() {
    let folder = folder();
    let path = folder.path("schema.graphql");
    let lint = |words: &[&str]| schema("lint", &path).args(words.iter().copied()).run();
    lint(&[])
        .status(0)
        .stdout_contains("warning[type-name-case]")
        .stdout_contains("schema.graphql:4:6")
        .stderr_contains("0 errors, 2 warnings");
    lint(&["--fail-on", "warning"]).status(7);
    lint(&[
        "--fail-on",
        "warning",
        "--off",
        "type-name-case",
        "--off",
        "unused-type",
    ])
    .status(0);
    lint(&["--off", "unused-typ"])
        .status(2)
        .stdout("")
        .stderr_contains("did you mean unused-type?");
    lint(&["--off", "nonsense"]).status(2).stderr_contains("type-name-case");
    lint(&["--output", "github"]).stdout_contains("::warning file=");
}
