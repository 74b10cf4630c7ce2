//! The command line, and which of its sources wins.

use crate::support::{Canned, Cli, Local};

const ANSWER: &str = r#"{"data":{"ok":true}}"#;

fn server() -> Canned {
    Canned::json("200 OK", ANSWER)
}

#[test]
fn the_operation_comes_from_stdin_an_option_or_files() {
    let server = server();
    let directory = std::env::temp_dir().join(format!("gql-cli-usage-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let (query, fragment) = (directory.join("query.graphql"), directory.join("fragment.graphql"));
    std::fs::write(&query, "{ ...f }").unwrap();
    std::fs::write(&fragment, "fragment f on Query { ok }").unwrap();

    let url = server.url();
    for (cli, sent) in [
        (Cli::new().arg(&url).stdin("{ ok }"), "{ ok }"),
        (Cli::new().arg(&url).args(["-q", "{ ok }"]), "{ ok }"),
        (Cli::new().arg(&url).args(["-f", "-"]).stdin("{ ok }"), "{ ok }"),
        (
            Cli::new().arg(&url).arg("-f").arg(&query).arg("-f").arg(&fragment),
            "{ ...f }\\nfragment f on Query { ok }",
        ),
    ] {
        cli.run().status(0).stdout("{\"ok\":true}\n").stderr("");
        let request = server.request();
        assert!(request.ends_with(&format!("{{\"query\":\"{sent}\"}}")), "{request}");
    }
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn variables_headers_and_the_operation_name_are_sent_as_written() {
    let server = server();
    let run = Cli::new()
        .args([
            "-H",
            "x-one: 1",
            "X-Two:2",
            "-o",
            "B",
            "-V",
            "big:12345678901234567890",
            "text:007",
            server.url().as_str(),
        ])
        .stdin("query A { a } query B($big: Int, $text: String) { b(big: $big, text: $text) }")
        .run();
    run.status(0);
    let request = server.request();
    assert!(
        request.contains("x-one: 1\r\n") && request.contains("x-two: 2\r\n"),
        "{request}"
    );
    assert!(
        request.contains(r#""variables":{"big":12345678901234567890,"text":"007"}"#),
        "{request}"
    );
    assert!(request.contains(r#""operationName":"B""#), "{request}");
}

#[test]
fn a_variable_that_the_operation_does_not_declare_is_pointed_out() {
    let server = server();
    let cli =
        Cli::new()
            .arg(server.url())
            .args(["-V", "mesage:hi", "-q", "query($message: String) { ok(m: $message) }"]);
    cli.run()
        .status(0)
        .stdout("{\"ok\":true}\n")
        .stderr_contains("warning: the query declares no variable $mesage");
}

#[test]
fn the_transport_names_of_python_run_over_http() {
    let server = server();
    for name in ["aiohttp", "httpx", "requests"] {
        let cli = Cli::new().arg(server.url()).args(["--transport", name]);
        cli.stdin("{ ok }").run().status(0).stdout("{\"ok\":true}\n");
    }
}

#[test]
fn an_option_beats_the_environment() {
    let (server, other) = (server(), Canned::json("200 OK", "{\"data\":{\"other\":1}}"));
    let base = || {
        Cli::new()
            .stdin("{ ok }")
            .env("AWS_GRAPHQL_API_ENDPOINT", &server.url())
    };
    base().run().status(0).stdout("{\"ok\":true}\n");
    base().arg(other.url()).run().status(0).stdout("{\"other\":1}\n");
    base()
        .args(["-V", "a:1", &other.url()])
        .run()
        .status(0)
        .stdout("{\"other\":1}\n");
}

#[test]
fn the_api_key_of_the_environment_goes_to_appsync_alone() {
    let server = server();
    let base = || {
        Cli::new()
            .stdin("{ ok }")
            .arg(server.url())
            .env("AWS_GRAPHQL_API_KEY", "da2-environment")
    };
    for (args, sent) in [
        (&[][..], None),
        (&["--transport", "http"], None),
        (&["--transport", "appsync"], Some("x-api-key: da2-environment")),
        (&["--transport", "appsync_http"], Some("x-api-key: da2-environment")),
        (&["--api-key", "da2-option"], Some("x-api-key: da2-option")),
        (
            &["--transport", "appsync", "--jwt", "ey.jwt"],
            Some("authorization: ey.jwt"),
        ),
    ] {
        base().args(args.iter().copied()).run().status(0);
        let request = server.request();
        assert_eq!(
            request.contains("da2-environment"),
            sent.is_some_and(|sent| sent.contains("environment")),
            "{args:?}"
        );
        if let Some(sent) = sent {
            assert!(request.contains(sent), "{args:?}: {request}");
        }
    }
}

#[test]
fn the_environment_gives_no_credentials_to_strangers() {
    for (url, args, said) in [
        (
            "https://api.example.com/graphql",
            &["--region", "eu-west-1"][..],
            "--transport appsync",
        ),
        (
            "https://api.example.com/graphql",
            &["--realtime-url", "wss://b.example/"],
            "--transport appsync",
        ),
    ] {
        let cli = Cli::new()
            .arg(url)
            .args(args.iter().copied())
            .args(["-q", "subscription { a }"]);
        cli.env("AWS_GRAPHQL_API_KEY", "da2-environment")
            .run()
            .status(2)
            .stdout("")
            .stderr_contains(said)
            .never_says("da2-environment");
    }
    // A path like that of AppSync's realtime endpoint makes nobody AppSync.
    let server = server();
    let url = format!("{}/realtime", server.url());
    let cli = Cli::new()
        .arg(url)
        .stdin("{ ok }")
        .env("AWS_GRAPHQL_API_KEY", "da2-environment");
    cli.arg("-v")
        .run()
        .status(0)
        .stderr_contains("AWS_GRAPHQL_API_KEY is set, and not sent");
    assert!(!server.request().contains("da2-environment"));
}

#[test]
fn verbose_names_the_source_of_each_setting() {
    let server = server();
    let verbose = || Cli::new().arg(server.url()).args(["-v", "-q", "{ ok }"]);
    verbose()
        .run()
        .status(0)
        .stderr_contains("of the command line")
        .stderr_contains("transport http: ");
    verbose()
        .args(["--iam"])
        .env("AWS_REGION", "eu-west-3")
        .env("AWS_ACCESS_KEY_ID", "AKID")
        .env("AWS_SECRET_ACCESS_KEY", "hush-hush")
        .run()
        .status(0)
        .stderr_contains("transport appsync: --iam is for AppSync")
        .stderr_contains("authorised by IAM: --iam")
        .stderr_contains("region eu-west-3, of AWS_REGION")
        .stderr_contains("AWS credentials: AWS_ACCESS_KEY_ID")
        .never_says("hush-hush");
    verbose()
        .args(["--transport", "appsync", "--api-key", "da2-option"])
        .run()
        .status(0)
        .stderr_contains("transport appsync: --transport says so")
        .stderr_contains("authorised by an API key: --api-key")
        .never_says("da2-option");
}

#[test]
fn debug_tells_of_requests_and_of_subscriptions_but_no_payload() {
    let local = Local::start();
    let debug = || Cli::new().arg(local.url()).args(["-d", "--api-key", local.key()]);
    debug()
        .args([
            "-q",
            "mutation { createMessage(input: {message: \"pay-load\"}) { id } }",
        ])
        .run()
        .status(0)
        .stderr_contains("sending the mutation: POST http://127.0.0.1:")
        .stderr_contains("bytes of data")
        .never_says("pay-load")
        .never_says(local.key());
    debug()
        .args(["--for", "0", "-q", "subscription { onCreateMessage { id } }"])
        .run()
        .status(0)
        .stderr_contains("start_ack")
        .stderr_contains("sending stop")
        .never_says(local.key());
}

#[test]
fn verbose_tells_where_things_come_from_but_no_secret() {
    let server = server();
    for flag in ["-v", "-d"] {
        let run = Cli::new()
            .stdin("{ ok }")
            .args([flag, "--transport", "appsync", "-H", "x-secret: hush-hush"])
            .env("AWS_GRAPHQL_API_ENDPOINT", &server.url())
            .env("AWS_GRAPHQL_API_KEY", "da2-environment")
            .run();
        run.status(0)
            .stdout("{\"ok\":true}\n")
            .stderr_contains("AWS_GRAPHQL_API_ENDPOINT")
            .stderr_contains("AWS_GRAPHQL_API_KEY")
            .never_says("da2-environment")
            .never_says("hush-hush");
    }
}

#[test]
fn a_secret_may_come_from_a_file_without_its_line_break() {
    let local = Local::start();
    let path = std::env::temp_dir().join(format!("gql-cli-key-{}", std::process::id()));
    std::fs::write(&path, format!("{}\n", local.key())).unwrap();
    let base = || {
        Cli::new()
            .arg(local.url())
            .stdin("{ listMessages { items { id } } }")
            .arg("--api-key")
    };
    base()
        .arg(format!("@{}", path.display()))
        .run()
        .status(0)
        .stdout("{\"listMessages\":{\"items\":[]}}\n");
    std::fs::remove_file(&path).unwrap();
    base()
        .arg(format!("@{}", path.display()))
        .run()
        .status(2)
        .stderr_contains("--api-key: cannot open");
}

#[test]
fn usage_errors_are_code_2_and_say_what_to_do() {
    let url = "https://example.com/graphql";
    for (args, said) in [
        (&[][..], "there is no endpoint"),
        (&[""], "the endpoint's URL is empty"),
        (
            &["ftp://example.com"],
            "URL protocol should be one of: http, https, ws, wss",
        ),
        (
            &["example.com/graphql"],
            "URL protocol should be one of: http, https, ws, wss",
        ),
        (&[url, url], "two endpoints"),
        (&[url, "-V", "novalue"], "Invalid variable: novalue"),
        (&[url, "-V", "a:stray\"quote"], "Invalid variable: a:stray\"quote"),
        (&[url, "-V", "m:a\"b"], "need a \\ before them"),
        (&[url, "-H", "novalue"], "Invalid header: novalue"),
        (&[url, "-H", "bad name:x"], "is not a name that HTTP allows"),
        (&[url, "-H", "a:x\ny"], "line break"),
        (
            &[url, "--api-key", "a\nb", "-q", "{ a }"],
            "--api-key holds a line break",
        ),
        (&[url, "--execute-timeout", "0"], "`none` is for no limit"),
        (&[url, "--execute-timeout", "-1"], "give seconds"),
        (
            &[url, "--transport", "http", "--region", "eu-west-1"],
            "--region is for AWS AppSync",
        ),
        (&[url, "-V", "a:1", url, url], "two endpoints"),
        (&["run", url], "the URL comes first"),
        (&[url, "--ver"], "--verbose"),
        (
            &[url, "--schema-download", "nonsense:true"],
            "Invalid schema_download: nonsense:true",
        ),
        (&[url, "--execute-timeout", "soon"], "`none`"),
        (&[url, "--api-key", "k", "--jwt", "t"], "cannot be used with"),
        (&[url, "-v", "-d"], "cannot be used with"),
        (&[url, "-q", ""], "is empty"),
        (
            &[url, "-q", "{ a }", "--count", "1"],
            "--count and --for end a subscription",
        ),
        (
            &[url, "-f", "/nonexistent/query.graphql"],
            "cannot open /nonexistent/query.graphql",
        ),
        (
            &[url, "--transport", "http", "--api-key", "k"],
            "--api-key is for AWS AppSync",
        ),
        (&["http://example.com/graphql", "--api-key", "k"], "--allow-plaintext"),
        (
            &["http://example.com/graphql", "-H", "Authorization: x"],
            "--allow-plaintext",
        ),
        (
            &[
                url,
                "--transport",
                "appsync_http",
                "--api-key",
                "k",
                "-q",
                "subscription { a }",
            ],
            "--transport appsync",
        ),
        (
            &[
                url,
                "--transport",
                "appsync_websockets",
                "--api-key",
                "k",
                "-q",
                "mutation { a }",
            ],
            "--transport appsync",
        ),
        (&[url, "--retry", "1000"], "--retry"),
        (&[url, "--queue", "0"], "--queue"),
        (&[url, "--overflow", "never"], "drop-oldest"),
        (&[url, "--connect-timeout", "soon"], "give a duration"),
        (&[url, "--batch", "x.csv", "--count", "1"], "cannot be used with"),
        (&[url, "--concurrency", "2"], "--batch"),
        (&[url, "--show-secrets"], "--curl"),
        (&[url, "--apq", "--persisted-id", "x"], "cannot be used with"),
        (&[url, "--kind", "query"], "--persisted-id"),
        (
            &[url, "--unix-socket", "/x", "--proxy", "http://x"],
            "cannot be used with",
        ),
        (
            &["schema", "fetch", "--from-api-id", "abc", "--proxy", "http://x"],
            "--proxy is for an endpoint",
        ),
        (&[url, "demo"], "two endpoints"),
        (&["--count", "1", "demo"], "comes first"),
        (&[url, "--nonsense"], "--nonsense"),
    ] {
        Cli::new()
            .args(args.iter().copied())
            .run()
            .status(2)
            .stdout("")
            .stderr_contains(said);
    }
}

#[test]
fn a_blank_operation_on_stdin_is_nothing_to_do() {
    for blank in ["", " \n\t\n"] {
        Cli::new()
            .args(["http://127.0.0.1:1/"])
            .stdin(blank)
            .run()
            .status(0)
            .stdout("")
            .stderr("");
    }
}
