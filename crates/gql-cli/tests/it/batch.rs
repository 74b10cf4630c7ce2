//! One operation for each line of a file.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use serde_json::{Value, json};

use crate::support::handler::{self, Handler, Request};
use crate::support::{Cli, Folder};

const QUERY: &str = "query($id: ID!, $n: Int, $on: Boolean, $tags: [String!]) { ok }";

/// Answers with the variables.
fn echo(request: &Request) -> String {
    let body = json!({"data": {"ok": request.json()["variables"]}});
    handler::json("200 OK", &body.to_string())
}

fn batch(server: &Handler, file: &str, query: &str) -> Cli {
    Cli::new().arg(server.url()).args(["-q", query, "--batch", file])
}

#[test]
fn the_lines_of_a_csv_file_are_variables_of_the_declared_types() {
    let folder = Folder::with(&[(
        "rows.csv",
        "id,n,on,tags\n7,1,TRUE,\"[\"\"a\"\"]\"\n008,,,b\n\"a\nb\",-2,false,\n",
    )]);
    let server = Handler::start(echo);
    batch(&server, &folder.path("rows.csv"), QUERY)
        .run()
        .status(0)
        .stderr("")
        .stdout(concat!(
            "{\"line\":2,\"data\":{\"ok\":{\"id\":\"7\",\"n\":1,\"on\":true,\"tags\":[\"a\"]}}}\n",
            "{\"line\":3,\"data\":{\"ok\":{\"id\":\"008\",\"tags\":[\"b\"]}}}\n",
            "{\"line\":4,\"data\":{\"ok\":{\"id\":\"a\\nb\",\"n\":-2,\"on\":false}}}\n",
        ));
}

#[test]
fn the_lines_of_a_jsonl_file_are_variables_over_those_of_the_command_line() {
    let folder = Folder::with(&[("rows", "{\"id\": 1}\n\n{\"n\": 12345678901234567890}\n")]);
    let server = Handler::start(echo);
    let cli = batch(&server, &folder.path("rows"), QUERY).args(["-V", "id:shared", "n:5"]);
    cli.run().status(0).stdout(concat!(
        "{\"line\":1,\"data\":{\"ok\":{\"id\":1,\"n\":5}}}\n",
        "{\"line\":3,\"data\":{\"ok\":{\"id\":\"shared\",\"n\":12345678901234567890}}}\n",
    ));
    let cli = Cli::new().arg(server.url()).args(["-q", QUERY, "--batch", "-"]);
    cli.stdin("{\"id\":\"in\"}")
        .run()
        .status(0)
        .stdout("{\"line\":1,\"data\":{\"ok\":{\"id\":\"in\"}}}\n");
}

#[test]
fn a_line_that_fails_is_told_by_its_number_and_the_others_run() {
    let folder = Folder::with(&[("rows.jsonl", "{\"id\":1}\nnonsense\n{\"id\":3}\n{\"id\":4}\n")]);
    let server = Handler::start(|request| match request.json()["variables"]["id"].as_u64() {
        Some(3) => handler::json("200 OK", r#"{"errors":[{"message":"not three"}]}"#),
        Some(4) => handler::json("500 Oh no", "{}"),
        _ => echo(request),
    });
    let cli = || batch(&server, &folder.path("rows.jsonl"), QUERY);
    cli()
        .run()
        .status(7)
        .stdout(concat!(
            "{\"line\":1,\"data\":{\"ok\":{\"id\":1}}}\n",
            "{\"line\":2,\"data\":null}\n",
            "{\"line\":3,\"data\":null}\n",
            "{\"line\":4,\"data\":null}\n",
        ))
        .stderr_contains("error: line 2: it is not JSON (column")
        .stderr_contains("error: line 3: not three")
        .stderr_contains("error: line 4: ");
    let run = cli().args(["--meta"]).run().status(7);
    let lines: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!((&lines[0]["event"], &lines[0]["line"]), (&json!("next"), &json!(1)));
    assert_eq!((&lines[1]["event"], &lines[1]["line"]), (&json!("error"), &json!(2)));
    assert_eq!(lines[2]["errors"][0]["message"], "not three");
    assert_eq!(run.stderr, "");
}

#[test]
fn what_is_wrong_with_all_lines_is_told_before_anything_is_sent() {
    let folder = Folder::with(&[
        ("rows.csv", "di,n\n1,2\n"),
        ("twice.csv", "id,id\n1,2\n"),
        ("bad.csv", "id,n\n1,x\n"),
    ]);
    let server = Handler::start(echo);
    let cli = |file: &str| batch(&server, &folder.path(file), QUERY);
    cli("rows.csv")
        .run()
        .status(2)
        .stdout("")
        .stderr_contains("needs $id")
        .stderr_contains("did you mean id?");
    cli("twice.csv").run().status(2).stderr_contains("twice");
    cli("absent.csv").run().status(2).stderr_contains("cannot open");
    batch(&server, &folder.path("rows.csv"), "subscription { a }")
        .run()
        .status(2)
        .stderr_contains("for each line");
    batch(&server, &folder.path("rows.csv"), "query A { a } query B { b }")
        .run()
        .status(7);
    Cli::new()
        .arg(server.url())
        .args(["--batch", "-"])
        .run()
        .status(2)
        .stderr_contains("standard input cannot be both");
    cli("bad.csv")
        .run()
        .status(7)
        .stderr_contains("error: line 2: n: \"x\" is no Int");
    assert!(server.so_far().is_empty());
}

#[test]
fn a_schema_types_and_checks_each_line() {
    let sdl = "type Query { ok(c: Color!): Int } enum Color { RED }";
    let folder = Folder::with(&[("s.graphql", sdl), ("rows.csv", "c\nRED\nBLUE\n")]);
    let server = Handler::start(echo);
    let cli = batch(&server, &folder.path("rows.csv"), "query($c: Color!) { ok(c: $c) }");
    cli.args(["--schema", &folder.path("s.graphql")])
        .run()
        .status(7)
        .stdout("{\"line\":2,\"data\":{\"ok\":{\"c\":\"RED\"}}}\n{\"line\":3,\"data\":null}\n")
        .stderr_contains("error: line 3: the variables do not fit");
    assert_eq!(server.so_far().len(), 1);
}

/// Holds up answers until a number of them are wanted at once.
#[derive(Default)]
struct Barrier {
    waiting: Mutex<usize>,
    changed: Condvar,
}

impl Barrier {
    fn wait_for(&self, count: usize) {
        let mut waiting = self.waiting.lock().unwrap();
        *waiting += 1;
        self.changed.notify_all();
        drop(self.changed.wait_while(waiting, |waiting| *waiting < count).unwrap());
    }
}

#[test]
fn concurrency_is_how_many_run_at_once_and_the_output_is_in_order() {
    let lines: String = (1..=6).map(|id| format!("{{\"id\":{id}}}\n")).collect();
    let folder = Folder::with(&[("rows.jsonl", &lines)]);
    let barrier = Arc::new(Barrier::default());
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let peak = Arc::clone(&most);
    let server = Handler::start(move |request| {
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        // None of the first three is answered before all of them are here.
        barrier.wait_for(3);
        now.fetch_sub(1, Ordering::SeqCst);
        echo(request)
    });
    let cli = batch(&server, &folder.path("rows.jsonl"), QUERY).args(["--concurrency", "3"]);
    let run = cli.run().status(0);
    let order: Vec<u64> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["line"].as_u64().unwrap())
        .collect();
    assert_eq!(order, [1, 2, 3, 4, 5, 6]);
    assert_eq!(peak.load(Ordering::SeqCst), 3);
}

#[test]
fn several_lines_go_in_one_request_if_that_is_asked_for() {
    let folder = Folder::with(&[(
        "rows.jsonl",
        "{\"id\":1}\n{\"id\":2}\nnonsense\n{\"id\":4}\n{\"id\":5}\n",
    )]);
    let server = Handler::start(|request| {
        let Value::Array(items) = request.json() else {
            return handler::json("400 Bad Request", r#"{"errors":[{"message":"no array"}]}"#);
        };
        let answers: Vec<Value> = items
            .iter()
            .map(|item| json!({"data": {"ok": item["variables"]["id"]}}))
            .collect();
        handler::json("200 OK", &Value::from(answers).to_string())
    });
    let cli = batch(&server, &folder.path("rows.jsonl"), QUERY).args(["--batch-size", "3"]);
    cli.run().status(7).stdout(concat!(
        "{\"line\":1,\"data\":{\"ok\":1}}\n",
        "{\"line\":2,\"data\":{\"ok\":2}}\n",
        "{\"line\":3,\"data\":null}\n",
        "{\"line\":4,\"data\":{\"ok\":4}}\n",
        "{\"line\":5,\"data\":{\"ok\":5}}\n",
    ));
    let sizes: Vec<usize> = server
        .so_far()
        .iter()
        .map(|request| request.json().as_array().unwrap().len())
        .collect();
    assert_eq!(sizes.iter().sum::<usize>(), 4);
    assert_eq!(sizes.len(), 2);
}

#[test]
fn a_mutation_is_sent_once_for_each_line_whatever_happens() {
    let folder = Folder::with(&[("rows.jsonl", "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n")]);
    let server = Handler::start(|_| handler::json("503 Service Unavailable", "{}"));
    let cli = batch(
        &server,
        &folder.path("rows.jsonl"),
        "mutation($id: ID!) { ok(id: $id) }",
    );
    cli.run().status(5);
    let sent: Vec<String> = server
        .so_far()
        .iter()
        .map(|request| request.json()["variables"]["id"].to_string())
        .collect();
    assert_eq!(sent.len(), 3, "{sent:?}");
    assert_eq!(sent.iter().collect::<HashSet<_>>().len(), 3);
}

#[test]
fn ctrl_c_lets_the_running_ones_end_and_starts_no_more() {
    let lines: String = (1..=100).map(|id| format!("{{\"id\":{id}}}\n")).collect();
    let folder = Folder::with(&[("rows.jsonl", &lines)]);
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let opened = Arc::clone(&gate);
    let server = Handler::start(move |request| {
        let (is_open, changed) = &*gate;
        drop(
            changed
                .wait_while(is_open.lock().unwrap(), |is_open| !*is_open)
                .unwrap(),
        );
        echo(request)
    });
    let cli = batch(&server, &folder.path("rows.jsonl"), QUERY).args(["--concurrency", "2"]);
    let running = cli.spawn();
    let (_, _) = (server.request(), server.request());
    running.signal("INT");
    let running = running.until_stderr_says("interrupted: waiting");
    *opened.0.lock().unwrap() = true;
    opened.1.notify_all();
    let run = running.end().status(130);
    assert_eq!(run.stdout.lines().count(), 2, "{run:#?}");
    assert!(server.so_far().is_empty());
}

#[test]
fn a_second_ctrl_c_does_not_wait() {
    let folder = Folder::with(&[("rows.jsonl", "{\"id\":1}\n")]);
    let server = Handler::start(|_| String::new());
    let running = batch(
        &server,
        &folder.path("rows.jsonl"),
        "mutation($id: ID!) { ok(id: $id) }",
    )
    .spawn();
    server.request();
    running.signal("INT");
    let running = running.until_stderr_says("interrupted: waiting");
    running.signal("INT");
    running
        .end()
        .status(130)
        .stdout("")
        .stderr_contains("may have been executed");
    server.hang_up();
}

#[test]
fn a_reader_that_is_gone_ends_it_quietly() {
    let lines: String = (1..=1000).map(|id| format!("{{\"id\":{id}}}\n")).collect();
    let folder = Folder::with(&[("rows.jsonl", &lines)]);
    let server = Handler::start(echo);
    let mut running = batch(&server, &folder.path("rows.jsonl"), QUERY).spawn();
    running.line();
    running.close_stdout();
    running.end().status(0).stderr("");
    assert!(server.so_far().len() < 1000);
}

#[test]
fn a_header_that_commas_do_not_separate_is_refused() {
    let folder = Folder::with(&[("rows.csv", "n;on\n1;true\n"), ("tabs.tsv", "n\ton\n1\ttrue\n")]);
    let server = Handler::start(echo);
    for (file, said) in [
        ("rows.csv", "is a comma, not ';'"),
        ("tabs.tsv", "is a comma, not '\\t'"),
    ] {
        batch(&server, &folder.path(file), "mutation($n: Int, $on: Boolean) { ok }")
            .run()
            .status(2)
            .stdout("")
            .stderr_contains(said);
    }
    assert!(server.so_far().is_empty());
}

#[test]
fn without_an_operation_the_lines_are_not_passed_over_in_silence() {
    let folder = Folder::with(&[("rows.jsonl", "{}\n")]);
    Cli::new()
        .args(["http://127.0.0.1:1/graphql", "--batch", &folder.path("rows.jsonl")])
        .stdin(" \n")
        .run()
        .status(2)
        .stderr_contains("--batch has no operation");
}

#[test]
fn a_server_that_takes_no_arrays_is_explained() {
    let folder = Folder::with(&[("rows.jsonl", "{}\n{}\n")]);
    let server = Handler::start(|_| handler::json("400 Bad Request", r#"{"errors":[{"message":"Missing query"}]}"#));
    batch(&server, &folder.path("rows.jsonl"), "{ ok }")
        .args(["--batch-size", "2"])
        .run()
        .stderr_contains("hint: does the server take arrays?");
}
