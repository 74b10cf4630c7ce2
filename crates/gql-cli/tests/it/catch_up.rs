//! `--catch-up`: a list before the events that go on from it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use crate::support::{Canned, Cli, Local, Scripted};

/// A file that is gone when the test is.
struct File(PathBuf);

impl File {
    fn new(text: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("gql-cli-catch-up-{}-{number}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn catching_up(cli: Cli, file: &Path) -> Cli {
    cli.args(["--settle-time", "0", "--catch-up"]).arg(file)
}

fn create(local: &Local, message: &str) {
    let mutation = "mutation($m: String!) { createMessage(input: {message: $m}) { message } }";
    let cli = Cli::new().arg(local.url()).args(["--api-key", local.key()]);
    cli.args(["-q", mutation, "-V", &format!("m:{message}")])
        .run()
        .status(0);
}

#[test]
fn the_list_comes_before_the_events_that_go_on_from_it() {
    let local = Local::start();
    create(&local, "before");
    let list = File::new("query List { listMessages { items { message } } }");
    let cli = Cli::new()
        .arg(local.url())
        .args(["--api-key", local.key(), "--count", "1"]);
    let cli = cli.args(["-q", "subscription { onCreateMessage { message } }"]);
    let mut running = catching_up(cli, &list.0).spawn();
    assert_eq!(
        running.line(),
        r#"{"snapshot":{"listMessages":{"items":[{"message":"before"}]}}}"#
    );
    create(&local, "after");
    assert_eq!(running.line(), r#"{"onCreateMessage":{"message":"after"}}"#);
    running.end().status(0).stdout("").stderr("");
}

const ACK: &str = r#"{"type":"start_ack","id":"$ID"}"#;
const COMPLETE: &str = r#"{"type":"complete","id":"$ID"}"#;
const GOOD: &str = r#"{"type":"data","id":"$ID","payload":{"data":{"n":1e3}}}"#;

/// Subscribes at one server and queries another.
fn apart(realtime: &Scripted, http: &Canned, file: &File) -> Cli {
    let cli = Cli::new()
        .arg(realtime.url())
        .args(["--api-key", "k", "--http-url", &http.url()]);
    catching_up(cli, &file.0)
}

#[test]
fn a_lost_connection_is_followed_by_a_gap_and_another_list() {
    let realtime = Scripted::start(&[ACK, GOOD, "close"]);
    let http = Canned::json("200 OK", r#"{"data":{"list":[1.0]}}"#);
    let list = File::new("{ list }");
    let run = apart(&realtime, &http, &list)
        .args(["--meta", "--count", "2", "-q", "subscription { n }"])
        .run()
        .status(0);
    let lines: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let gap = lines.iter().position(|line| line["event"] == "gap");
    let list = lines.iter().rposition(|line| line["event"] == "snapshot");
    assert!(gap < list, "{run:#?}");
    assert!(lines.iter().all(|line| line["operation"] == "n"));
    assert_eq!(lines[list.unwrap()]["data"]["list"].to_string(), "[1.0]");
}

#[test]
fn several_subscriptions_catch_up_each_and_name_themselves() {
    let realtime = Scripted::start(&[ACK, GOOD]);
    let http = Canned::json("200 OK", r#"{"data":{"list":[]},"errors":[{"message":"not all"}]}"#);
    let list = File::new("{ list }");
    let run = apart(&realtime, &http, &list)
        .args(["--count", "2", "-q", "subscription A { a } subscription B { b }"])
        .run()
        .status(3)
        .stderr_contains("error: list: not all");
    for operation in ["A", "B"] {
        let lines: Vec<&str> = run.stdout.lines().filter(|line| line.contains(operation)).collect();
        let expected = [
            format!("{{\"operation\":\"{operation}\",\"snapshot\":{{\"list\":[]}}}}"),
            format!("{{\"operation\":\"{operation}\",\"data\":{{\"n\":1e3}}}}"),
        ];
        assert_eq!(lines, expected, "{run:#?}");
    }
}

#[test]
fn the_query_gets_the_variables_that_it_declares() {
    let realtime = Scripted::start(&[ACK, GOOD]);
    let http = Canned::json("200 OK", r#"{"data":{"list":[]}}"#);
    let list = File::new("query($limit: Int) { list(limit: $limit) }");
    apart(&realtime, &http, &list)
        .args(["-V", "room:x", "limit:10", "nobody:1", "--count", "1"])
        .args(["-q", "subscription($room: ID) { n(room: $room) }"])
        .run()
        .status(0)
        .stderr("warning: no operation declares a variable $nobody\n");
    assert!(http.request().ends_with(r#""variables":{"limit":10}}"#));
    realtime.message();
    let start = realtime.message()["payload"]["data"].as_str().unwrap().to_owned();
    assert!(start.ends_with(r#""variables":{"room":"x"}}"#), "{start}");
}

#[test]
fn a_list_that_is_refused_ends_the_subscription() {
    let realtime = Scripted::start(&[ACK]);
    let http = Canned::json(
        "401 Unauthorized",
        r#"{"errors":[{"errorType":"UnauthorizedException","message":"not for you"}]}"#,
    );
    let list = File::new("{ list }");
    apart(&realtime, &http, &list)
        .args(["-q", "subscription { n }"])
        .run()
        .status(8)
        .stdout("")
        .stderr_contains("not for you")
        .stderr_contains("list-api-keys");
}

#[test]
fn a_file_that_holds_no_query_is_refused_before_anything_is_sent() {
    let appsync = ["--api-key", "k", "-q", "subscription { n }"];
    for (text, code, said) in [
        ("", 2, "is empty"),
        ("{ list", 7, "given with --catch-up"),
        ("mutation { list }", 2, "holds a mutation"),
        ("subscription { list }", 2, "holds a subscription"),
        ("query A { a } query B { b }", 7, "given with --catch-up"),
    ] {
        let file = File::new(text);
        let cli = Cli::new().args(["http://127.0.0.1:1/"]).args(appsync);
        catching_up(cli, &file.0)
            .run()
            .status(code)
            .stdout("")
            .stderr_contains(said)
            .stderr_contains(file.0.to_str().unwrap())
            .never_says("-o NAME");
    }
    let cli = Cli::new().args(["http://127.0.0.1:1/"]).args(appsync);
    catching_up(cli, Path::new("/nonexistent.graphql"))
        .run()
        .status(2)
        .stderr_contains("cannot open /nonexistent.graphql");
}

#[test]
fn what_does_not_go_with_it_is_refused() {
    let list = File::new("{ list }");
    for (args, said) in [
        (&["-q", "{ a }"][..], "before the events of a subscription"),
        (
            &["--transport", "appsync_websockets", "-q", "subscription { a }"],
            "use --transport appsync",
        ),
        (&["--print-schema"], "cannot be used with"),
    ] {
        let cli = Cli::new()
            .args(["http://127.0.0.1:1/", "--api-key", "k"])
            .args(args.iter().copied());
        catching_up(cli, &list.0)
            .run()
            .status(2)
            .stdout("")
            .stderr_contains(said);
    }
}

#[test]
fn a_server_that_completes_meanwhile_is_waited_out() {
    let realtime = Scripted::start(&[ACK, GOOD, COMPLETE]);
    let http = Canned::json("200 OK", r#"{"data":{"list":[]}}"#);
    let list = File::new("{ list }");
    let run = apart(&realtime, &http, &list)
        .args(["-q", "subscription { n }"])
        .run()
        .status(0);
    assert!(run.stdout.contains("{\"n\":1e3}\n"), "{run:#?}");
}
