//! Several subscriptions that run together.

use std::path::PathBuf;

use crate::support::{Cli, Local, Scripted};

const CREATED: &str = "subscription Created { onCreateMessage { ...Text } } ";
const DELETED: &str = "subscription { gone: onDeleteMessage { id } } ";
const TEXT: &str = "fragment Text on Message { message }";

fn local(local: &Local) -> Cli {
    Cli::new().arg(local.url()).args(["-v", "--api-key", local.key()])
}

/// Creates a message, deletes it, and gives its id.
fn create_and_delete(server: &Local, message: &str) -> String {
    let create = "mutation($m: String!) { createMessage(input: {message: $m}) { id message } }";
    let created = local(server)
        .args(["-q", create, "-V", &format!("m:{message}")])
        .run()
        .status(0);
    let created: serde_json::Value = serde_json::from_str(&created.stdout).unwrap();
    let id = created["createMessage"]["id"].as_str().unwrap().to_owned();
    let delete = "mutation($id: ID!) { deleteMessage(input: {id: $id}) { id } }";
    local(server)
        .args(["-q", delete, "-V", &format!("id:{id}")])
        .run()
        .status(0);
    id
}

#[test]
fn each_line_names_its_operation_in_the_order_of_the_events() {
    let server = Local::start();
    let document = format!("{CREATED}{DELETED}{TEXT}");
    let cli = local(&server).args(["--count", "4", "-q", &document]);
    let mut running = cli.spawn().until_stderr_says("subscribed");
    assert_eq!(server.stats().subscriptions, 2);
    for message in ["one", "two"] {
        let id = create_and_delete(&server, message);
        assert_eq!(
            running.line(),
            format!("{{\"operation\":\"Created\",\"data\":{{\"onCreateMessage\":{{\"message\":\"{message}\"}}}}}}")
        );
        assert_eq!(
            running.line(),
            format!("{{\"operation\":\"gone\",\"data\":{{\"gone\":{{\"id\":\"{id}\"}}}}}}")
        );
    }
    running.end().status(0).stdout("");
    assert_eq!(server.stats().subscriptions, 0, "the server was told to stop");
}

#[test]
fn several_files_may_share_fragments_or_bring_their_own() {
    let server = Local::start();
    let directory = std::env::temp_dir().join(format!("gql-cli-several-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = |name: &str, text: &str| -> PathBuf {
        let path = directory.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let files = [
        file("created.graphql", &format!("{CREATED}{TEXT}")),
        file(
            "deleted.graphql",
            "subscription { onDeleteMessage { ...Text } } fragment Text on Message { id }",
        ),
        file("updated.graphql", "subscription { onUpdateMessage { ...Both } }"),
        file("shared.graphql", "fragment Both on Message { id message }"),
    ];
    let mut cli = local(&server).args(["--count", "2"]);
    for path in &files {
        cli = cli.arg("-f").arg(path);
    }
    let mut running = cli.spawn().until_stderr_says("subscribed");
    let id = create_and_delete(&server, "one");
    assert!(
        running
            .line()
            .starts_with("{\"operation\":\"Created\",\"data\":{\"onCreateMessage\":{\"message\":\"one\"}}")
    );
    assert_eq!(
        running.line(),
        format!("{{\"operation\":\"onDeleteMessage\",\"data\":{{\"onDeleteMessage\":{{\"id\":\"{id}\"}}}}}}")
    );
    running.end().status(0);
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn the_operation_that_is_named_runs_alone() {
    let server = Local::start();
    let document = format!("{CREATED}{TEXT} subscription Other {{ onDeleteMessage {{ id }} }}");
    let cli = local(&server).args(["--count", "1", "-o", "Other", "-q", &document]);
    let mut running = cli.spawn().until_stderr_says("subscribed");
    let id = create_and_delete(&server, "one");
    assert_eq!(running.line(), format!("{{\"onDeleteMessage\":{{\"id\":\"{id}\"}}}}"));
    running.end().status(0);
}

const ACK: &str = r#"{"type":"start_ack","id":"$ID"}"#;
const COMPLETE: &str = r#"{"type":"complete","id":"$ID"}"#;
const ERROR: &str =
    r#"{"type":"error","id":"$ID","payload":{"errors":[{"errorType":"SomeException","message":"over"}]}}"#;
const GOOD: &str = r#"{"type":"data","id":"$ID","payload":{"data":{"n":1e3}}}"#;
const HALF: &str = r#"{"type":"data","id":"$ID","payload":{"data":{"n":null},"errors":[{"message":"no n"}]}}"#;
const NOTHING: &str = r#"{"type":"data","id":"$ID","payload":{"data":null,"errors":[{"message":"no data"}]}}"#;

fn scripted(server: &Scripted) -> Cli {
    let document = "subscription A($x: Int) { a(x: $x) } subscription B($y: Int) { b(y: $y) }";
    Cli::new().arg(server.url()).args(["--api-key", "k", "-q", document])
}

fn line(operation: &str, data: &str) -> String {
    format!("{{\"operation\":\"{operation}\",\"data\":{data}}}\n")
}

#[test]
fn one_that_ends_leaves_the_others_running_and_the_worst_end_is_the_exit_code() {
    let good = line("B", "{\"n\":1e3}");
    for (first, second, code) in [
        (&[ACK, COMPLETE][..], &[ACK, GOOD, COMPLETE][..], 0),
        (&[ACK, COMPLETE], &[ACK, GOOD, ERROR], 8),
        (&[ACK, ERROR], &[ACK, GOOD, COMPLETE], 8),
    ] {
        let server = Scripted::by_document(&[("subscription A", first), ("", second)]);
        scripted(&server).run().status(code).stdout(&good);
    }
    let server = Scripted::by_document(&[("subscription A", &[ACK, ERROR]), ("", &[ACK, HALF, COMPLETE])]);
    scripted(&server)
        .run()
        .status(8)
        .stdout(&line("B", "{\"n\":null}"))
        .stderr_contains("error: A: ")
        .stderr_contains("over")
        .stderr_contains("error: B: no n");
    let server = Scripted::by_document(&[("subscription A", &[ACK, COMPLETE]), ("", &[ACK, NOTHING, COMPLETE])]);
    scripted(&server)
        .run()
        .status(3)
        .stdout("")
        .stderr("error: B: no data\n");
}

#[test]
fn an_end_by_an_error_is_not_forgotten_when_the_time_is_up() {
    let server = Scripted::by_document(&[("subscription A", &[ACK, ERROR]), ("", &[ACK])]);
    scripted(&server).args(["--for", "200ms"]).run().status(8);
}

#[test]
fn one_that_is_refused_at_the_start_ends_them_all() {
    let server = Scripted::by_document(&[("subscription A", &[ACK]), ("", &[ERROR])]);
    scripted(&server)
        .run()
        .status(4)
        .stdout("")
        .stderr_contains("error: B: ")
        .stderr_contains("over");
}

#[test]
fn a_connection_that_several_shared_is_lost_and_back_in_a_line_each() {
    let server = Scripted::by_document(&[("subscription A", &[ACK]), ("", &[ACK, GOOD, "close"])]);
    let run = scripted(&server).args(["--count", "2"]).run().status(0);
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{run:#?}");
    assert!(
        lines[0].starts_with("warning: the connection is lost; reconnecting: "),
        "{run:#?}"
    );
    assert!(
        lines[1].starts_with("warning: connected again: the events of "),
        "{run:#?}"
    );
}

#[test]
fn ctrl_c_stops_them_all() {
    let server = Scripted::by_document(&[("", &[ACK, GOOD])]);
    let mut running = scripted(&server).spawn();
    let lines = [running.line(), running.line()];
    assert_ne!(lines[0], lines[1]);
    running.signal("INT");
    running.end().status(130);
    let messages: Vec<_> = (0..5)
        .map(|_| server.message()["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(messages, ["connection_init", "start", "start", "stop", "stop"]);
}

#[test]
fn each_gets_the_variables_that_it_declares() {
    let server = Scripted::by_document(&[("", &[ACK, COMPLETE])]);
    scripted(&server)
        .args(["-V", "x:1", "y:2", "z:3"])
        .run()
        .status(0)
        .stderr("warning: no operation declares a variable $z\n");
    server.message();
    let mut sent =
        [server.message(), server.message()].map(|start| start["payload"]["data"].as_str().unwrap().to_owned());
    sent.sort();
    assert_eq!(
        sent,
        [
            r#"{"query":"subscription A($x: Int) { a(x: $x) }","variables":{"x":1}}"#,
            r#"{"query":"subscription B($y: Int) { b(y: $y) }","variables":{"y":2}}"#,
        ]
    );
}

#[test]
fn what_cannot_run_together_is_code_7_and_says_what_to_do() {
    for (document, said) in [
        (
            "subscription A { a } query B { b }",
            "only subscriptions can run together",
        ),
        ("subscription A { a } mutation { b }", "choose one with -o NAME"),
        (
            "subscription { a(x: 1) } subscription { a(x: 2) }",
            "two of the subscriptions are called a",
        ),
    ] {
        let cli = Cli::new().args(["http://127.0.0.1:1/", "--api-key", "k", "-q", document]);
        cli.run().status(7).stdout("").stderr_contains(said);
    }
}
