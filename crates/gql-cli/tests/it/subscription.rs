//! How a subscription ends.

use crate::support::{Cli, Local, Running};

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
fn ctrl_c_and_sigterm_stop_the_subscription_and_are_code_130() {
    let local = Local::start();
    for signal in ["INT", "TERM"] {
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
fn a_server_that_goes_away_is_code_8() {
    let local = Local::start();
    let mut running = subscribe(&local, &[]);
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
