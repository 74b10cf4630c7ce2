//! `--meta`: lines that say what happened, when, and to which operation.

use serde_json::Value;

use crate::support::{Canned, Cli, Local, Scripted};

const ACK: &str = r#"{"type":"start_ack","id":"$ID"}"#;
const COMPLETE: &str = r#"{"type":"complete","id":"$ID"}"#;
const ERROR: &str =
    r#"{"type":"error","id":"$ID","payload":{"errors":[{"errorType":"SomeException","message":"over"}]}}"#;
const GOOD: &str = r#"{"type":"data","id":"$ID","payload":{"data":{"n": 1e3, "a": 12345678901234567890}}}"#;
const HALF: &str =
    r#"{"type":"data","id":"$ID","payload":{"data":{"n":null},"errors":[{"message":"no n","path":["n"]}]}}"#;
const ODD: &str = r#"{"type":"data","id":"$ID","payload":{"neither":1}}"#;

fn meta(server: &Scripted) -> Cli {
    Cli::new()
        .arg(server.url())
        .args(["--api-key", "k", "--meta", "-q", "subscription { n }"])
}

/// The lines, each with its times checked and cut out.
#[track_caller]
fn timeless(stdout: &str) -> Vec<String> {
    stdout.lines().map(without_times).collect()
}

#[track_caller]
fn without_times(line: &str) -> String {
    serde_json::from_str::<Value>(line).unwrap();
    let mut line = line.to_owned();
    for name in ["received_at", "since", "until"] {
        let Some((before, rest)) = line.split_once(&format!(",\"{name}\":\"")) else {
            continue;
        };
        let (time, after) = rest.split_once('"').unwrap();
        assert!(
            time.len() == 27 && time.as_bytes()[10] == b'T' && time.ends_with('Z'),
            "{time}"
        );
        line = format!("{before}{after}");
    }
    line
}

#[test]
fn everything_that_happens_is_a_line() {
    let server = Scripted::start(&[ACK, GOOD, HALF, ODD, GOOD, COMPLETE]);
    let run = meta(&server).run().status(3).stderr("");
    let lines = timeless(&run.stdout);
    assert_eq!(
        lines[..2],
        [
            r#"{"event":"next","operation":"n","data":{"n":1e3,"a":12345678901234567890}}"#,
            r#"{"event":"next","operation":"n","data":{"n":null},"errors":[{"message":"no n","path":["n"]}]}"#,
        ]
    );
    assert!(
        lines[2].starts_with(r#"{"event":"error","operation":"n","message":""#),
        "{run:#?}"
    );
    assert_eq!(lines[3], lines[0]);
    assert_eq!(lines[4..], [r#"{"event":"end","operation":"n"}"#]);
}

#[test]
fn an_end_by_an_error_has_its_cause_on_the_line_and_on_stderr() {
    let run = meta(&Scripted::start(&[ACK, ERROR])).run().status(8);
    let line: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(line["event"], "end");
    assert!(line["cause"].as_str().unwrap().contains("over"), "{run:#?}");
    run.stderr_contains("error: ").stderr_contains("over");
}

#[test]
fn a_server_that_is_cut_and_comes_back_leaves_a_gap_with_its_times() {
    let run = meta(&Scripted::start(&[ACK, GOOD, "close"]))
        .args(["--count", "2"])
        .run()
        .status(0)
        .stderr_contains("warning: the connection is lost; reconnecting: ")
        .never_says("connected again");
    let lines: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let events: Vec<_> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["next", "gap", "next"]);
    let time = |line: usize, name: &str| lines[line][name].as_str().unwrap();
    let times = [time(0, "received_at"), time(1, "until"), time(2, "received_at")];
    assert!(times.is_sorted(), "{times:?}");
    assert!(time(1, "since") < time(1, "until"));
    assert_eq!(lines[1]["operation"], "n");
    assert!(!lines[1]["cause"].as_str().unwrap().is_empty());
}

#[test]
fn several_subscriptions_are_told_apart() {
    let server = Scripted::by_document(&[("subscription A", &[ACK, GOOD, COMPLETE]), ("", &[ACK, COMPLETE])]);
    let run = Cli::new()
        .arg(server.url())
        .args([
            "--api-key",
            "k",
            "--meta",
            "-q",
            "subscription A { a } subscription { mine: b }",
        ])
        .run()
        .status(0)
        .stderr("");
    let mut lines = timeless(&run.stdout);
    lines.sort();
    assert_eq!(
        lines,
        [
            r#"{"event":"end","operation":"A"}"#,
            r#"{"event":"end","operation":"mine"}"#,
            r#"{"event":"next","operation":"A","data":{"n":1e3,"a":12345678901234567890}}"#,
        ]
    );
}

#[test]
fn queries_and_mutations_have_the_same_line() {
    let body =
        r#"{"data": {"b": 1.0, "a": null}, "errors": [{"message": "no a", "path": ["a"]}], "extensions": {"cost": 3}}"#;
    let server = Canned::json("200 OK", body);
    let run = Cli::new()
        .arg(server.url())
        .args(["--meta", "-q", "{ b a }"])
        .run()
        .status(3)
        .stderr("");
    assert_eq!(
        timeless(&run.stdout),
        [
            r#"{"event":"next","operation":"b","data":{"b":1.0,"a":null},"errors":[{"message":"no a","path":["a"]}],"extensions":{"cost":3}}"#
        ]
    );
    let server = Canned::json("200 OK", r#"{"errors":[{"message":"nothing"}]}"#);
    let run = Cli::new()
        .arg(server.url())
        .args(["--meta", "-q", "mutation M { m }"])
        .run()
        .status(1)
        .stderr("");
    assert_eq!(
        timeless(&run.stdout),
        [r#"{"event":"next","operation":"M","data":null,"errors":[{"message":"nothing"}]}"#]
    );
}

#[test]
fn a_schema_has_no_lines_to_wrap() {
    let local = Local::start();
    let cli = Cli::new()
        .arg(local.url())
        .args(["--api-key", local.key(), "--print-schema"]);
    cli.arg("--meta")
        .run()
        .status(2)
        .stdout("")
        .stderr_contains("cannot be used with");
}
