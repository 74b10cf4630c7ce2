//! The commands beside operations.

use serde_json::Value;

use crate::support::{Cli, Running, ignores_hangup};

fn announced(running: &mut Running) -> Value {
    serde_json::from_str(&running.line()).unwrap()
}

#[test]
fn version_and_help_end_well() {
    Cli::new()
        .args(["--version"])
        .run()
        .status(0)
        .stdout(concat!("v", env!("CARGO_PKG_VERSION"), "\n"))
        .stderr("");
    Cli::new()
        .args(["-h"])
        .run()
        .status(0)
        .stdout_contains("Usage: gql-cli")
        .stderr("");
    Cli::new()
        .args(["--help"])
        .run()
        .status(0)
        .stdout_contains("Exit codes:")
        .stdout_contains("--header-carrier")
        .stderr("");
    let short = Cli::new().args(["-h"]).run().stdout;
    assert!(
        short.lines().count() < 50 && !short.contains("--header-carrier"),
        "{short}"
    );
    let fetch = Cli::new().args(["help", "schema", "fetch"]).run().status(0).stdout;
    assert!(
        fetch.contains("--cacert") && fetch.contains("--init-payload"),
        "{fetch}"
    );
    for option in ["--no-reconnect", "--settle-time", "--overflow", "--batch", "--catch-up"] {
        assert!(!fetch.contains(option), "{option} is for operations: {fetch}");
    }
    Cli::new()
        .args(["help", "serve"])
        .run()
        .status(0)
        .stdout_contains("--jwks")
        .stderr("");
}

#[test]
fn completions_and_the_man_page_come_from_the_same_definition() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        Cli::new()
            .args(["completions", shell])
            .run()
            .status(0)
            .stdout_contains("print-schema")
            .stdout_contains("from-api-id")
            .stderr("");
    }
    Cli::new()
        .args(["man"])
        .run()
        .status(0)
        .stdout_contains(".TH gql-cli 1")
        .stdout_contains(".SH COMMAND SERVE")
        .stdout_contains(".SH COMMAND SCHEMA FETCH")
        .stdout_contains("\\-\\-from\\-api\\-id")
        .stdout_contains("\\-\\-jwks")
        .stderr("");
}

#[test]
fn the_demo_prints_three_events() {
    let run = Cli::new().args(["demo"]).run().status(0);
    let messages: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let texts: Vec<_> = messages
        .iter()
        .map(|event| &event["onCreateMessage"]["message"])
        .collect();
    assert_eq!(texts, ["Hello world!", "Hello again!", "Goodbye!"]);
}

#[cfg(unix)]
#[test]
fn the_demo_goes_on_silently_when_nobody_reads() {
    let mut running = Cli::new().args(["demo"]).spawn();
    running.close_stdout();
    let run = running.end().status(0);
    assert!(!run.stderr.contains("All three"), "{run:#?}");
}

#[test]
fn serve_says_where_it_is_and_makes_a_key() {
    let mut running = Cli::new().args(["serve"]).spawn();
    let said = announced(&mut running);
    let text = |name: &str| said[name].as_str().unwrap().to_owned();
    assert!(text("realtime").starts_with("ws://127.0.0.1:"));
    let query =
        Cli::new()
            .arg(text("http"))
            .args(["--api-key", &text("api_key"), "-q", "{ listMessages { items { id } } }"]);
    query.run().status(0).stdout("{\"listMessages\":{\"items\":[]}}\n");
    running.signal("INT");
    running.end().status(0).stdout("");
}

#[test]
fn serve_takes_a_schema_and_credentials() {
    let path = std::env::temp_dir().join(format!("gql-cli-schema-{}", std::process::id()));
    std::fs::write(&path, "type Query { note: String }").unwrap();
    let mut running = Cli::new()
        .arg("serve")
        .arg(&path)
        .args(["--access-key", "AKID:hush-hush", "--jwt-secret", "secret"])
        .spawn();
    let said = announced(&mut running);
    assert_eq!(said.get("api_key"), None);
    let query = Cli::new()
        .arg(said["http"].as_str().unwrap())
        .args(["--iam", "--region", "us-east-1", "-q", "{ note }"])
        .env("AWS_ACCESS_KEY_ID", "AKID")
        .env("AWS_SECRET_ACCESS_KEY", "hush-hush");
    query.run().status(0).stdout("{\"note\":null}\n");
    running.signal("TERM");
    running.end().status(0).never_says("hush-hush");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn serve_refuses_what_it_cannot_serve() {
    let path = std::env::temp_dir().join(format!("gql-cli-bad-schema-{}", std::process::id()));
    std::fs::write(&path, "type Query { note: Nonsense }").unwrap();
    Cli::new()
        .arg("serve")
        .arg(&path)
        .run()
        .status(7)
        .stdout("")
        .stderr_contains("Nonsense");
    std::fs::remove_file(path).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    Cli::new()
        .args(["serve", "--port", &port])
        .run()
        .status(2)
        .stdout("")
        .stderr_contains("--port");
    Cli::new()
        .args(["serve", "/nonexistent.graphql"])
        .run()
        .status(2)
        .stderr_contains("/nonexistent.graphql");
    Cli::new()
        .args(["serve", "--access-key", "half"])
        .run()
        .status(2)
        .stderr_contains("colon");
}

#[test]
fn serve_gives_the_advice_that_fits_what_is_wrong() {
    for (args, said) in [
        (&["--issuer", "x"][..], "--jwt-secret"),
        (&["--audience", "x"], "--jwks"),
        (&["--host", "192.0.2.1"], "--host is an address of this machine"),
        (&["--host", "nonsense"], "`localhost`"),
        (
            &["--access-key", "AKID:a", "--access-key", "AKID:b"],
            "with the id AKID",
        ),
    ] {
        let run = Cli::new()
            .arg("serve")
            .args(args.iter().copied())
            .run()
            .status(2)
            .stdout("");
        assert!(!run.stderr.contains("another --port"), "{run:#?}");
        run.stderr_contains(said);
    }
}

#[test]
fn serve_names_an_address_that_can_be_reached_and_warns_if_others_can() {
    for (host, shown, warns) in [
        ("localhost", "http://127.0.0.1:", false),
        ("[::1]", "http://[::1]:", false),
        ("0.0.0.0", "http://127.0.0.1:", true),
    ] {
        let mut running = Cli::new().args(["serve", "--host", host]).spawn();
        let said = announced(&mut running);
        assert!(said["http"].as_str().unwrap().starts_with(shown), "{said}");
        running.signal("TERM");
        let run = running.end().status(0);
        assert_eq!(
            run.stderr.contains("other machines can reach this server"),
            warns,
            "{run:#?}"
        );
        run.stderr_contains(&format!("Try: gql-cli {shown}"));
    }
}

#[test]
fn a_hangup_ends_a_server_well() {
    if ignores_hangup() {
        return;
    }
    let mut running = Cli::new().args(["serve"]).spawn();
    announced(&mut running);
    running.signal("HUP");
    running.end().status(0);
}
