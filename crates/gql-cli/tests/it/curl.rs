//! `--curl`: what it prints, and that it does the same.

use std::process::{Command, Output};

use appsync_local::{ApiKey, Server};
use gqlwire_proto::sigv4::Credentials;

use crate::support::handler::{self, Handler, Request};
use crate::support::{Cli, Folder, Local};

const QUERY: &str = "query Q($a: String) { ok(a: $a) } # it's \"$HOME\" `x`\n";

/// Runs a command as a person would who pastes it into a terminal.
fn shell(command: &str, environment: &[(&str, &str)]) -> Output {
    let script = format!("{} --silent --show-error", command.trim_end());
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &script])
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap());
    shell.envs(environment.iter().copied()).output().unwrap()
}

fn server() -> Handler {
    Handler::start(|_| handler::json("200 OK", r#"{"data":{"ok":true}}"#))
}

/// The parts of a request that matter, in an order of their own.
fn essence(request: &Request) -> (String, Vec<String>, String) {
    let same = |line: &&str| {
        let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        [
            "accept",
            "apollo-require-preflight",
            "authorization",
            "content-type",
            "x-one",
        ]
        .contains(&name.as_str())
    };
    let mut headers: Vec<String> = request
        .head
        .lines()
        .skip(1)
        .filter(same)
        .map(str::to_lowercase)
        .collect();
    headers.sort();
    (
        request.line().to_lowercase().replace('+', "%20"),
        headers,
        request.body.clone(),
    )
}

#[test]
fn the_command_sends_what_would_be_sent() {
    let server = server();
    for more in [&[][..], &["--get"]] {
        let cli = || {
            let words = [
                "-q",
                QUERY,
                "-V",
                "a:x y'z&$",
                "-H",
                "x-one: it's",
                "-H",
                "Authorization: Bearer hush",
            ];
            Cli::new().arg(server.url()).args(words).args(more.iter().copied())
        };
        cli().run().status(0);
        let sent = server.request();
        let printed = cli().args(["--curl", "--show-secrets"]).run().status(0).stderr("");
        assert!(server.so_far().is_empty(), "it sends nothing itself");
        let output = shell(&printed.stdout, &[]);
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            r#"{"data":{"ok":true}}"#,
            "{output:?}"
        );
        assert_eq!(essence(&server.request()), essence(&sent), "{}", printed.stdout);
    }
}

#[test]
fn secrets_are_variables_of_the_environment_unless_they_are_asked_for() {
    let server = server();
    let cli = || {
        let words = [
            "-q",
            "{ ok }",
            "--curl",
            "-H",
            "Authorization: Bearer hush",
            "-H",
            "x-one: 1",
            "X-Api-Key: hush",
        ];
        Cli::new().arg(format!("{}?token=hush&x=1", server.url())).args(words)
    };
    let printed = cli()
        .run()
        .status(0)
        .never_says("hush")
        .stdout_contains("-H \"Authorization: ${AUTHORIZATION}\"")
        .stdout_contains("${X_API_KEY}")
        .stdout_contains("${TOKEN}")
        .stdout_contains("x-one: 1");
    cli()
        .args(["--show-secrets"])
        .run()
        .status(0)
        .stdout_contains("Bearer hush")
        .stdout_contains("token=hush");
    shell(
        &printed.stdout,
        &[("AUTHORIZATION", "Bearer mine"), ("TOKEN", "t"), ("X_API_KEY", "k")],
    );
    let request = server.request();
    assert_eq!(request.header("authorization"), Some("Bearer mine"));
    assert!(request.line().contains("?token=t&x=1 "), "{}", request.line());
}

#[test]
fn files_are_forms() {
    let folder = Folder::with(&[("a b;c.txt", "content")]);
    let server = server();
    let file = format!("file=@@{};type=text/markdown", folder.path("a b;c.txt"));
    let cli = || {
        let mutation = "mutation($file: Upload!) { ok(file: $file) }";
        Cli::new().arg(server.url()).args(["-q", mutation, "-V", &file])
    };
    cli().run().status(0);
    let sent = server.request();
    let printed = cli().args(["--curl"]).run().status(0);
    let output = shell(&printed.stdout, &[]);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        r#"{"data":{"ok":true}}"#,
        "{output:?}"
    );
    let again = server.request();
    for request in [sent, again] {
        for part in [
            r#"{"query":"mutation($file: Upload!) { ok(file: $file) }","variables":{"file":null}}"#,
            r#"{"0":["variables.file"]}"#,
            r#"filename="a b;c.txt""#,
            "text/markdown",
            "content",
        ] {
            assert!(
                request.body.contains(part),
                "{part}\n{}\n{}",
                request.body,
                printed.stdout
            );
        }
        assert_eq!(request.header("apollo-require-preflight"), Some("true"));
    }
}

#[test]
fn connections_are_made_alike() {
    let run = Cli::new().arg("https://example.com/graphql").args([
        "-q",
        "{ ok }",
        "--curl",
        "--proxy",
        "http://127.0.0.1:1",
        "--resolve",
        "other.example:443:127.0.0.1",
        "--insecure",
        "--connect-timeout",
        "500ms",
        "--timeout",
        "7",
        "--compressed",
        "--http1.1",
    ]);
    run.run()
        .status(0)
        .stdout_contains("--proxy http://127.0.0.1:1")
        .stdout_contains("--resolve other.example:443:127.0.0.1")
        .stdout_contains("--insecure")
        .stdout_contains("--connect-timeout 0.5")
        .stdout_contains("--max-time 7")
        .stdout_contains("--compressed")
        .stdout_contains("--http1.1");
}

#[test]
fn appsync_takes_the_command_with_a_key_and_with_a_signature() {
    let (id, secret) = ("AKIDEXAMPLE", ApiKey::generate().expose().to_owned());
    let local = Local::with(
        Server::builder()
            .api_key("da2-localkey")
            .aws_credentials(Credentials::new(id, secret.clone())),
    );
    let cli = |words: &[&str]| {
        let query = "query($limit: Int) { listMessages(limit: $limit) { items { id } } }";
        let cli = Cli::new()
            .arg(local.url())
            .args(["-q", query, "-V", "limit:5", "--curl"]);
        cli.args(words.iter().copied())
            .env("AWS_ACCESS_KEY_ID", id)
            .env("AWS_SECRET_ACCESS_KEY", &secret)
    };
    let answer = r#"{"data":{"listMessages":{"items":[]}}}"#;
    let key = ["--api-key", local.key()];
    let iam = ["--iam", "--region", "us-east-1"];
    for (words, environment) in [
        (&key[..], &[("AWS_GRAPHQL_API_KEY", local.key())][..]),
        (&iam, &[("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", &secret)]),
    ] {
        let hidden = cli(words)
            .run()
            .status(0)
            .never_says(local.key())
            .never_says(&secret)
            .stdout;
        let output = shell(&hidden, environment);
        assert_eq!(String::from_utf8_lossy(&output.stdout), answer, "{hidden}{output:?}");
        let shown = cli(words).args(["--show-secrets"]).run().status(0).stdout;
        let output = shell(&shown, &[]);
        assert_eq!(String::from_utf8_lossy(&output.stdout), answer, "{shown}{output:?}");
    }
}

#[test]
fn a_hash_stands_beside_its_document() {
    let run = Cli::new()
        .arg("https://example.com/")
        .args(["-q", "{ ok }", "--curl", "--apq"])
        .run();
    run.status(0)
        .stdout_contains("persistedQuery")
        .stdout_contains("{ ok }");
}

#[test]
fn what_goes_over_a_websocket_has_no_command() {
    for (url, words) in [
        ("wss://example.com/graphql", &["-q", "{ ok }"][..]),
        (
            "https://example.com/graphql",
            &["-q", "{ ok }", "--transport", "phoenix"],
        ),
        (
            "https://example.com/graphql",
            &["-q", "subscription { a }", "--api-key", "k", "--transport", "appsync"],
        ),
    ] {
        let cli = Cli::new().arg(url).args(words.iter().copied()).args(["--curl"]);
        cli.run()
            .status(2)
            .stdout("")
            .stderr_contains("there is no curl command");
    }
    let cli =
        Cli::new()
            .arg("https://example.com/")
            .args(["-q", "subscription A { a } subscription B { b }", "--curl"]);
    cli.run().status(2).stderr_contains("several subscriptions");
}

#[test]
fn an_id_goes_in_the_url_too() {
    let server = server();
    for (words, name) in [(&[][..], "documentId"), (&["--id-as", "id"], "id")] {
        let cli = Cli::new()
            .arg(server.url())
            .args(["--persisted-id", "a b", "--get", "--curl"]);
        let run = cli.args(words.iter().copied()).run().status(0);
        assert!(shell(&run.stdout, &[]).status.success(), "{run:#?}");
        assert!(server.request().line().contains(&format!("?{name}=a")), "{run:#?}");
    }
}

#[test]
fn the_password_of_a_proxy_is_shown_only_with_the_secrets() {
    let cli = || {
        let proxy = ["--proxy", "http://user:hush@127.0.0.1:9", "--allow-plaintext"];
        Cli::new()
            .arg("http://server.example/")
            .args(["-q", "{ ok }", "--curl"])
            .args(proxy)
    };
    cli().run().status(0).never_says("hush");
    let run = cli().args(["--show-secrets"]).run().status(0);
    assert!(run.stdout.contains("user:hush@"), "{run:#?}");
}
