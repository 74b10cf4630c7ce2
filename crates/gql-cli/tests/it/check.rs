//! `check`, and the checks before an operation is sent.

use serde_json::Value;

use crate::support::{Canned, Cli, Folder};

const SDL: &str = "type Query { message(id: ID): Message old: Int @deprecated }
type Message { id: ID! }
type Mutation { post(text: String!, n: Int, color: Color, at: AWSDateTime, json: AWSJSON, input: In): Message }
type Subscription { onPost(id: ID): Message }
enum Color { RED GREEN }
input In { id: ID! }
";

#[test]
fn files_and_folders_are_checked_together() {
    let folder = Folder::with(&[
        ("schema.graphql", SDL),
        ("a.graphql", "query A { message { ...M } }"),
        ("deep/er/b.gql", "fragment M on Message { id }"),
        ("deep/node_modules/x.graphql", "nonsense"),
        ("deep/.hidden/x.graphql", "nonsense"),
        ("deep/notes.txt", "nonsense"),
    ]);
    let schema = folder.path("schema.graphql");
    let check = |files: &[&str]| {
        let files: Vec<String> = files.iter().map(|file| folder.path(file)).collect();
        Cli::new()
            .args(["check", "--schema", &schema])
            .args(files.iter().map(String::as_str))
            .run()
    };
    for files in [
        &[""][..],
        &["a.graphql", "deep"],
        &["a.graphql", "deep/er/b.gql", "schema.graphql"],
    ] {
        check(files)
            .status(0)
            .stdout("")
            .stderr("2 files, 1 operation, 1 fragment: 0 errors, 0 warnings\n");
    }
    check(&["a.graphql"]).status(7).stdout_contains("a.graphql:1:");
    check(&["schema.graphql"])
        .status(2)
        .stderr_contains("there are no .graphql");
    check(&["absent"]).status(2).stderr_contains("cannot open");
    Cli::new().args(["check", "--schema", &schema]).run().status(2);
}

#[test]
fn findings_have_the_form_that_was_asked_for_and_warnings_fail_on_request() {
    let folder = Folder::with(&[
        ("schema.graphql", SDL),
        ("bad.graphql", "{ mesage { id } }"),
        ("odd.graphql", "{ old } fragment F on Message { id }"),
    ]);
    let schema = folder.path("schema.graphql");
    let check = |file: &str, words: &[&str]| {
        let cli = Cli::new().args(["check", "--schema", &schema]).arg(folder.path(file));
        cli.args(words.iter().copied()).run()
    };
    check("bad.graphql", &[])
        .status(7)
        .stdout_contains("error[UndefinedField]")
        .stdout_contains("did you mean \"message\"?")
        .never_says("\u{1b}[");
    check("bad.graphql", &["--output", "github"])
        .status(7)
        .stdout_contains("::error file=");
    let json = check("bad.graphql", &["--output", "json"]).status(7).stdout;
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["errors"], 1);
    let sarif = check("bad.graphql", &["--output", "sarif"]).status(7).stdout;
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    assert_eq!(sarif["runs"][0]["tool"]["driver"]["name"], "gql-cli");
    check("odd.graphql", &[])
        .status(0)
        .stdout_contains("DeprecatedUse")
        .stdout_contains("UnusedFragment");
    check("odd.graphql", &["--fail-on", "warning"]).status(7);
    let forced = Cli::new()
        .args(["check", "--schema", &schema])
        .arg(folder.path("bad.graphql"));
    forced
        .env("CLICOLOR_FORCE", "1")
        .run()
        .status(7)
        .stdout_contains("\u{1b}[");
}

fn run(server: &Canned, folder: &Folder, words: &[&str]) -> crate::support::Run {
    Cli::new()
        .arg(server.url())
        .args(["--schema", &folder.path("schema.graphql")])
        .args(words.iter().copied())
        .run()
}

#[test]
fn an_operation_that_the_schema_forbids_is_not_sent() {
    let folder = Folder::with(&[("schema.graphql", SDL)]);
    let server = Canned::json("200 OK", r#"{"data":{"ok":1}}"#);
    run(&server, &folder, &["-q", "{ mesage { id } message { nme } }"])
        .status(7)
        .stdout("")
        .stderr_contains("1 | { mesage { id } message { nme } }")
        .stderr_contains("^^^^^^")
        .stderr_contains("did you mean \"message\"?")
        .stderr_contains("2 errors; nothing was sent");
    run(&server, &folder, &["-q", "{ message { id } }", "-V", "idd:1"])
        .status(7)
        .stderr_contains("$idd");
    run(
        &server,
        &folder,
        &["-q", "query($id: ID) { message(id: $id) { id } }", "-V", "idd:1"],
    )
    .status(7)
    .stderr_contains("did you mean $id?");
    for (types, given) in [
        ("$n: Int", "n:one"),
        ("$color: Color", "color:RAD"),
        ("$at: AWSDateTime", "at:never"),
    ] {
        let name = given.split(':').next().unwrap();
        let query = format!("mutation({types}) {{ post(text: \"\", {name}: ${name}) {{ id }} }}");
        run(&server, &folder, &["-q", &query, "-V", given])
            .status(7)
            .stdout("")
            .stderr_contains(&format!("${name}: "));
    }
    run(
        &server,
        &folder,
        &["-q", "mutation($t: String!) { post(text: $t) { id } }"],
    )
    .status(7)
    .stderr_contains("$t: required");
    // The first that arrives is the one that nobody checked.
    run(&server, &folder, &["-q", "{ mesage }", "--no-validate"])
        .status(0)
        .stdout("{\"ok\":1}\n");
    assert!(server.request().contains("{ mesage }"));
}

#[test]
fn variables_have_the_types_that_the_operation_declares() {
    let folder = Folder::with(&[("schema.graphql", SDL)]);
    let server = Canned::json("200 OK", r#"{"data":{"ok":1}}"#);
    let query = "mutation($t: String!, $n: Int, $color: Color, $json: AWSJSON, $input: In, $at: AWSDateTime) {
        post(text: $t, n: $n, color: $color, json: $json, input: $input, at: $at) { id } }";
    let words = [
        "-q",
        query,
        "-V",
        "t:1",
        "n:1",
        "color:RED",
        r#"json:{"a": 1}"#,
        r#"input:{"id": 7}"#,
    ];
    run(&server, &folder, &[&words[..], &["at:2026-11-24T12:00:00Z"]].concat())
        .status(0)
        .stderr("");
    let request = server.request();
    let sent = r#""variables":{"t":"1","n":1,"color":"RED","json":"{\"a\": 1}","input":{"id": 7},"at":"2026-11-24T12:00:00Z"}"#;
    assert!(request.contains(sent), "{request}");
    let untyped = Cli::new().arg(server.url()).args(words[..4].iter().copied());
    untyped.run().status(0);
    assert!(server.request().contains(r#""variables":{"t":1}"#));
}

#[test]
fn what_is_deprecated_is_sent_with_a_warning() {
    let folder = Folder::with(&[("schema.graphql", SDL)]);
    let server = Canned::json("200 OK", r#"{"data":{"old":1}}"#);
    run(&server, &folder, &["-q", "{ old }"])
        .status(0)
        .stdout("{\"old\":1}\n")
        .stderr_contains("DeprecatedUse");
}

#[test]
fn subscriptions_and_what_they_catch_up_with_are_checked_too() {
    let folder = Folder::with(&[("schema.graphql", SDL), ("list.graphql", "{ list }")]);
    let server = Canned::silent();
    let appsync = ["--api-key", "k", "-q"];
    run(
        &server,
        &folder,
        &[
            &appsync[..],
            &["subscription A { onPots { id } } subscription B { onPost { id } }"],
        ]
        .concat(),
    )
    .status(7)
    .stderr_contains("did you mean \"onPost\"?");
    let catch_up = [
        "subscription { onPost { id } }",
        "--catch-up",
        &folder.path("list.graphql"),
    ];
    run(&server, &folder, &[&appsync[..], &catch_up].concat())
        .status(7)
        .stderr_contains("\"list\"");
}

#[test]
fn a_schema_to_check_with_is_one_in_hand() {
    let server = Canned::silent();
    for (schema, said) in [
        ("descriptions:true", "--schema-download"),
        ("https://example.com/", "schema fetch"),
        ("/nonexistent", "cannot open"),
        ("cached", "no cached schema"),
    ] {
        let cli = Cli::new().arg(server.url()).args(["--schema", schema, "-q", "{ a }"]);
        cli.run().status(2).stdout("").stderr_contains(said);
    }
    let cli = Cli::new().arg(server.url()).args(["--no-validate", "-q", "{ a }"]);
    cli.run().status(2).stderr_contains("--schema");
}
