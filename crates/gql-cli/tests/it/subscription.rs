//! How a subscription ends.

use crate::support::{Canned, Cli, Local, Run, Running, Scripted, ignores_hangup};

const SUBSCRIPTION: &str = "subscription { onCreateMessage { message } }";

fn subscribe(local: &Local, args: &[&str]) -> Running {
    let cli = Cli::new()
        .arg(local.url())
        .args(["-v", "--api-key", local.key(), "-q", SUBSCRIPTION]);
    cli.args(args.iter().copied()).spawn().until_stderr_says("subscribed")
}

fn create(local: &Local, message: &str) {
    let mutation = "mutation($m: String!) { createMessage(input: {message: $m}) { message } }";
    let variable = format!("m:{message}");
    let cli = Cli::new()
        .arg(local.url())
        .args(["--api-key", local.key(), "-q", mutation, "-V", &variable]);
    cli.run().status(0);
}

fn event(message: &str) -> String {
    format!("{{\"onCreateMessage\":{{\"message\":\"{message}\"}}}}")
}

#[test]
fn each_event_is_a_line_that_can_be_read_at_once() {
    let local = Local::start();
    let mut running = subscribe(&local, &["--count", "3"]);
    for message in ["one", "two", "three"] {
        create(&local, message);
        assert_eq!(running.line(), event(message));
    }
    running.end().status(0).stdout("");
}

#[test]
fn a_time_that_is_up_ends_it_well() {
    let local = Local::start();
    subscribe(&local, &["--for", "50ms"]).end().status(0).stdout("");
    assert_eq!(local.stats().subscriptions, 0);
}

#[test]
fn ctrl_c_sigterm_and_sighup_stop_the_subscription_and_are_code_130() {
    let local = Local::start();
    let signals = match ignores_hangup() {
        true => &["INT", "TERM"][..],
        false => &["INT", "TERM", "HUP"],
    };
    for &signal in signals {
        let mut running = subscribe(&local, &[]);
        create(&local, "before");
        assert_eq!(running.line(), event("before"));
        running.signal(signal);
        running.end().status(130).stdout("");
        assert_eq!(local.stats().subscriptions, 0, "the server was told to stop");
    }
}

#[test]
fn a_reader_that_is_gone_ends_it_quietly() {
    let local = Local::start();
    let mut running = subscribe(&local, &[]);
    create(&local, "one");
    assert_eq!(running.line(), event("one"));
    running.close_stdout();
    create(&local, "two");
    let run = running.end().status(0);
    assert!(!run.stderr.to_lowercase().contains("error"), "{run:#?}");
    assert_eq!(local.stats().subscriptions, 0);
}

#[test]
fn a_reader_that_has_stopped_reading_holds_up_neither_a_signal_nor_the_connection() {
    // More than a pipe takes.
    let large = GOOD.replace("1e3", &format!("\"{}\"", "x".repeat(2000)));
    let mut frames = vec![ACK];
    frames.extend([large.as_str()].repeat(200));
    frames.push(ODD);
    for signal in ["INT", "TERM"] {
        let server = Scripted::start(&frames);
        let running = scripted(&server).spawn();
        // What follows all that nobody reads has arrived.
        let running = running.until_stderr_says("error: ");
        running.signal(signal);
        let run = running.end_unread().status(130);
        assert!(run.stdout.len() < 200 * 2000, "it waited for its reader");
        let kinds: Vec<_> = (0..3).map(|_| server.message()["type"].clone()).collect();
        assert_eq!(kinds, ["connection_init", "start", "stop"]);
    }
}

#[test]
fn a_reader_that_pauses_gets_every_line_in_order() {
    let line = |n: usize| format!("{{\"n\":{n},\"x\":\"{}\"}}", "x".repeat(2000));
    let frame = |n| format!(r#"{{"type":"data","id":"$ID","payload":{{"data":{}}}}}"#, line(n));
    let frames: Vec<String> = (0..200).map(frame).collect();
    let mut script = vec![ACK];
    script.extend(frames.iter().map(String::as_str));
    script.extend([ODD, COMPLETE]);
    let server = Scripted::start(&script);
    let running = scripted(&server).spawn().until_stderr_says("error: ");
    let run = running.end();
    let wanted: Vec<String> = (0..200).map(line).collect();
    assert_eq!(run.stdout.lines().collect::<Vec<_>>(), wanted);
}

#[test]
fn events_without_room_end_the_subscription_or_are_dropped_and_counted() {
    let large = GOOD.replace("1e3", &format!("\"{}\"", "x".repeat(200_000)));
    let mut frames = vec![ACK];
    frames.extend([large.as_str()].repeat(200));
    frames.extend(["report", COMPLETE]);
    for (options, code, said) in [
        (&["--queue", "2"][..], 8, "\"event\":\"end\""),
        (&["--queue", "2", "--overflow", "fail"], 8, "\"event\":\"end\""),
        (
            &["--queue", "2", "--overflow", "drop-oldest"],
            0,
            "\"event\":\"dropped\"",
        ),
        (
            &["--queue", "2", "--overflow", "drop-newest"],
            0,
            "\"event\":\"dropped\"",
        ),
    ] {
        let server = Scripted::start(&frames);
        let running = scripted(&server).args(options.iter().copied()).args(["--meta"]).spawn();
        while server.message()["type"] != "report" {}
        let run = running.end().status(code);
        assert!(run.stdout.lines().any(|line| line.contains(said)), "{options:?}");
        assert!(run.stdout.lines().count() < 200, "{options:?}");
    }
}

#[test]
fn a_server_that_goes_away_is_code_8_where_it_is_not_waited_for() {
    for options in [&["--no-reconnect"][..], &["--max-reconnects", "2"]] {
        goes_away(options);
    }
}

fn goes_away(options: &[&str]) {
    let local = Local::start();
    let mut running = subscribe(&local, options);
    create(&local, "one");
    assert_eq!(running.line(), event("one"));
    drop(local);
    running
        .end()
        .status(8)
        .stdout("")
        .stderr_contains("error: ")
        .stderr_contains("hint: ");
}

#[test]
fn a_subscription_that_the_server_refuses_is_code_4() {
    let local = Local::start();
    let cli = Cli::new()
        .arg(local.url())
        .args(["--api-key", local.key(), "-q", "subscription { onNonsense { id } }"]);
    cli.run().status(4).stdout("").stderr_contains("onNonsense");
    let cli = Cli::new()
        .arg(local.url())
        .args(["--api-key", "da2-wrong", "-q", SUBSCRIPTION]);
    cli.run().status(4).stdout("").stderr_contains("list-api-keys");
}

const ACK: &str = r#"{"type":"start_ack","id":"$ID"}"#;
const COMPLETE: &str = r#"{"type":"complete","id":"$ID"}"#;
const GOOD: &str = r#"{"type":"data","id":"$ID","payload":{"data":{"n": 1e3, "a": 12345678901234567890}}}"#;
const GOOD_LINE: &str = "{\"n\":1e3,\"a\":12345678901234567890}\n";
const HALF: &str =
    r#"{"type":"data","id":"$ID","payload":{"data":{"n":null},"errors":[{"message":"no n","path":["n"]}]}}"#;
const BARE: &str = r#"{"type":"data","id":"$ID","payload":{"errors":[{"message":"nothing"}]}}"#;
const ODD: &str = r#"{"type":"data","id":"$ID","payload":{"neither":1}}"#;
const ERROR: &str =
    r#"{"type":"error","id":"$ID","payload":{"errors":[{"errorType":"SomeException","message":"over"}]}}"#;

fn scripted(server: &Scripted) -> Cli {
    Cli::new()
        .arg(server.url())
        .args(["--api-key", "k", "-q", "subscription { n }"])
}

fn played(frames: &[&str]) -> Run {
    scripted(&Scripted::start(frames)).run()
}

#[test]
fn a_subscription_that_the_server_completes_is_code_0_or_3_if_an_event_had_errors() {
    played(&[ACK, GOOD, GOOD, COMPLETE])
        .status(0)
        .stdout(&GOOD_LINE.repeat(2))
        .stderr("");
    let run = played(&[ACK, HALF, GOOD, COMPLETE]).status(3);
    run.stdout(&format!("{{\"n\":null}}\n{GOOD_LINE}"))
        .stderr("error: no n\n  path: n\n");
    played(&[ACK, BARE, COMPLETE])
        .status(3)
        .stdout("")
        .stderr("error: nothing\n");
    played(&[ACK, ODD, GOOD, COMPLETE])
        .status(3)
        .stdout(GOOD_LINE)
        .stderr_contains("error: ");
    // Nothing between it and the end, which may both be there at once.
    for _ in 0..10 {
        played(&[ACK, ODD, COMPLETE]).status(3).stdout("");
    }
}

#[test]
fn a_count_that_is_reached_is_code_3_too_if_an_event_had_errors() {
    let server = Scripted::start(&[ACK, HALF, GOOD]);
    scripted(&server).args(["--count", "2"]).run().status(3);
    let server = Scripted::start(&[ACK, GOOD, HALF]);
    scripted(&server)
        .args(["--count", "1"])
        .run()
        .status(0)
        .stdout(GOOD_LINE);
}

#[test]
fn an_error_that_ends_a_running_subscription_is_code_8_after_what_came_before() {
    played(&[ACK, GOOD, ERROR])
        .status(8)
        .stdout(GOOD_LINE)
        .stderr_contains("over");
    let played = |frames: &[&str]| scripted(&Scripted::start(frames)).arg("--no-reconnect").run();
    played(&[ACK, GOOD, "close"])
        .status(8)
        .stdout(GOOD_LINE)
        .stderr_contains("error: ");
    played(&[ACK, GOOD, "nonsense"])
        .status(8)
        .stdout(GOOD_LINE)
        .stderr_contains("error: ");
}

#[test]
fn a_connection_that_is_lost_is_made_again_and_a_line_says_so() {
    let server = Scripted::start(&[ACK, GOOD, "close"]);
    scripted(&server)
        .args(["--count", "3"])
        .run()
        .status(0)
        .stdout(&GOOD_LINE.repeat(3))
        .stderr_contains("warning: connected again: the events of ");
}

#[test]
fn a_loss_and_its_end_are_a_line_each() {
    let server = Scripted::start(&[ACK, GOOD, "close"]);
    let run = scripted(&server).args(["--count", "3"]).run().status(0);
    assert_eq!(run.stderr.lines().count(), 4, "{run:#?}");
    for (line, beginning) in run.stderr.lines().zip(
        ["the connection is lost; reconnecting: ", "connected again: "]
            .into_iter()
            .cycle(),
    ) {
        assert!(line.starts_with(&format!("warning: {beginning}")), "{line}");
    }
}

#[test]
fn an_error_instead_of_the_acknowledgement_is_code_4() {
    played(&[ERROR]).status(4).stdout("").stderr_contains("over");
}

#[test]
fn an_acknowledgement_that_does_not_come_is_code_6() {
    let server = Scripted::start(&[]);
    scripted(&server)
        .args(["--execute-timeout", "0.1"])
        .run()
        .status(6)
        .stdout("")
        .stderr_contains("--execute-timeout");
}

#[test]
fn ctrl_c_sends_stop() {
    let server = Scripted::start(&[ACK, GOOD]);
    let mut running = scripted(&server).spawn();
    assert_eq!(running.line(), GOOD_LINE.trim_end());
    running.signal("INT");
    running.end().status(130);
    let kinds = [server.message(), server.message(), server.message()];
    let kinds = kinds.each_ref().map(|message| message["type"].as_str().unwrap());
    assert_eq!(kinds, ["connection_init", "start", "stop"]);
}

#[test]
fn ctrl_c_while_nothing_is_answered_is_code_130() {
    let server = Canned::silent();
    for operation in ["query { a }", "mutation { a }", "subscription { a }"] {
        let running = Cli::new()
            .arg(server.url())
            .args(["--api-key", "k", "-q", operation])
            .spawn();
        server.request();
        running.signal("INT");
        let run = running.end().status(130).stdout("");
        assert_eq!(
            run.stderr.contains("may have been executed"),
            operation.starts_with("mutation"),
            "{run:#?}"
        );
    }
}

#[test]
fn a_field_that_the_mutation_did_not_select_is_explained_once() {
    let event = r#"{"type":"data","id":"$ID","payload":{"data":null,"errors":[{"message":"Cannot return null for non-nullable type: 'ID' within parent 'Message' (/onCreateMessage/id)"}]}}"#;
    let run = played(&[ACK, event, event, COMPLETE]).status(3);
    assert_eq!(
        run.stderr.matches("only the fields that the mutation selected").count(),
        1,
        "{run:#?}"
    );
}
