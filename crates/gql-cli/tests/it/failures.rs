//! What servers do wrong: each has a message, and a code of its own.

use crate::support::{Canned, Cli, Local, closed_port};

const QUERY: &str = "{ continent }";

fn ask(server: &Canned) -> Cli {
    Cli::new().arg(server.url()).stdin(QUERY)
}

#[test]
fn errors_alone_are_code_1_with_their_message_as_it_is() {
    let message = r#"Cannot query field \"bloh\" on type \"Continent\""#;
    let body = format!("{{\"errors\":[{{\"message\":\"{message}\"}}]}}");
    for status in ["200 OK", "400 Bad Request"] {
        let run = ask(&Canned::json(status, &body)).run();
        run.status(1)
            .stdout("")
            .stderr_contains(r#"error: Cannot query field "bloh" on type "Continent""#);
    }
}

#[test]
fn no_data_and_no_errors_is_code_1() {
    let run = ask(&Canned::json("200 OK", r#"{"data":null}"#)).run();
    run.status(1)
        .stdout("")
        .stderr_contains("without data and without errors");
}

#[test]
fn a_status_and_a_body_that_is_no_graphql_are_told() {
    for (server, code, said) in [
        (
            Canned::body("500 Internal Server Error", "text/html", "<html>oops</html>"),
            5,
            "500",
        ),
        (Canned::body("503 Service Unavailable", "text/plain", ""), 5, "503"),
        (
            Canned::body("404 Not Found", "text/html", "<html>no</html>"),
            4,
            "ends in /graphql",
        ),
        (
            Canned::json("429 Too Many Requests", r#"{"message":"slow down"}"#),
            4,
            "slow down",
        ),
        (
            Canned::json("403 Forbidden", r#"{"message":"Forbidden"}"#),
            4,
            "Forbidden",
        ),
        (Canned::json("200 OK", r#"{"message":"no route"}"#), 5, "no route"),
        (Canned::json("200 OK", "{}"), 5, "not a GraphQL response"),
        (Canned::body("200 OK", "text/html", "<html>hi</html>"), 5, "not JSON"),
        (
            Canned::bytes(
                "HTTP/1.1 307 Temporary Redirect\r\nlocation: https://elsewhere.example/\r\ncontent-length: 0\r\n\r\n",
            ),
            5,
            "https://elsewhere.example/",
        ),
        (
            Canned::bytes("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"data\":"),
            5,
            "broke off",
        ),
        (Canned::bytes("nonsense\r\n\r\n"), 5, "error: "),
        (Canned::bytes(""), 5, "error: "),
    ] {
        let run = ask(&server).run();
        run.status(code)
            .stdout("")
            .stderr_contains(said)
            .stderr_contains(&server.url()[7..20]);
    }
}

#[test]
fn a_refusal_by_appsync_is_code_4_with_advice_for_the_credentials() {
    let body =
        r#"{"errors":[{"errorType":"UnauthorizedException","message":"You are not authorized to make this call."}]}"#;
    let server = Canned::json("401 Unauthorized", body);
    for (args, said) in [
        (&["--api-key", "da2-wrong"][..], "list-api-keys"),
        (&["--jwt", "wrong-token"], "fresh token"),
        (&["--lambda-token", "wrong-token"], "Lambda"),
    ] {
        let run = ask(&server).args(args.iter().copied()).run();
        run.status(4)
            .stdout("")
            .stderr_contains("You are not authorized to make this call.")
            .stderr_contains(said)
            .never_says(args[1]);
    }
    ask(&server).run().status(4).stderr_contains("-H 'Authorization");
}

#[test]
fn nobody_listening_is_code_5() {
    let url = format!("http://127.0.0.1:{}/graphql", closed_port());
    let run = Cli::new().arg(&url).stdin(QUERY).run();
    run.status(5).stdout("").stderr_contains("is the server running?");
    let run = Cli::new()
        .arg(&url)
        .args(["--api-key", "k", "-q", "subscription { a }"])
        .run();
    run.status(5).stdout("").stderr_contains("is the server running?");
}

#[test]
fn a_server_without_tls_is_told_so() {
    let server = Canned::bytes("HTTP/1.1 400 Bad Request\r\n\r\n");
    let run = Cli::new()
        .arg(server.url().replace("http:", "https:"))
        .stdin(QUERY)
        .run();
    run.status(5).stdout("").stderr_contains("error: ");
}

#[test]
fn a_timeout_is_code_6_on_every_transport() {
    let server = Canned::silent();
    for args in [
        &["--execute-timeout", "0.1"][..],
        &["--execute-timeout=0.1", "--api-key", "k"],
        &["--execute-timeout=0.1", "--api-key", "k", "-q", "subscription { a }"],
        &["--execute-timeout=0.1", "--print-schema"],
    ] {
        let run = ask(&server).args(args.iter().copied()).run();
        run.status(6).stdout("").stderr_contains("--execute-timeout");
    }
}

#[test]
fn a_syntax_error_is_code_7_and_sends_nothing() {
    let run = Cli::new().args(["http://127.0.0.1:1/"]).stdin("{\n  a(\n}").run();
    run.status(7).stdout("").stderr_contains("3 | }").stderr_contains("^");
    for document in [
        "query A { a } query B { b }",
        "fragment f on Query { a }",
        "type Query { a: Int }",
    ] {
        Cli::new()
            .args(["http://127.0.0.1:1/"])
            .stdin(document)
            .run()
            .status(7)
            .stdout("");
    }
}

#[test]
fn several_root_fields_in_a_subscription_are_code_7() {
    let cli = Cli::new().args(["http://127.0.0.1:1/", "--api-key", "k", "-q", "subscription { a b }"]);
    cli.run().status(7).stderr_contains("root field");
}

#[test]
fn a_websocket_that_is_refused_is_code_4() {
    for (status, body) in [
        (
            "401 Unauthorized",
            r#"{"errors":[{"errorType":"UnauthorizedException","message":"no"}]}"#,
        ),
        ("404 Not Found", "nothing here"),
    ] {
        let server = Canned::body(status, "text/plain", body);
        let cli = Cli::new()
            .arg(server.url())
            .args(["--api-key", "k", "-q", "subscription { a }"]);
        cli.run().status(4).stdout("").stderr_contains(&status[..3]);
    }
}

#[test]
fn missing_aws_settings_are_named() {
    let server = Canned::json("200 OK", r#"{"data":{"a":1}}"#);
    let iam = || ask(&server).args(["--transport", "appsync_http"]);
    let keys = |cli: Cli| {
        cli.env("AWS_ACCESS_KEY_ID", "AKID")
            .env("AWS_SECRET_ACCESS_KEY", "hush-hush")
    };
    iam()
        .args(["--region", "eu-west-1"])
        .run()
        .status(4)
        .stderr_contains("AWS_ACCESS_KEY_ID")
        .stderr_contains("--api-key");
    keys(iam())
        .run()
        .status(2)
        .stderr_contains("AWS_REGION")
        .never_says("hush-hush");
    keys(iam())
        .args(["--region", "eu-west-1"])
        .run()
        .status(0)
        .stdout("{\"a\":1}\n");
}

#[test]
fn what_is_no_schema_is_never_printed_as_one() {
    for (server, code) in [
        (
            Canned::json(
                "200 OK",
                r#"{"errors":[{"message":"GraphQL introspection is not allowed"}]}"#,
            ),
            1,
        ),
        (Canned::json("200 OK", r#"{"data":{"__schema":null}}"#), 1),
        (Canned::json("200 OK", r#"{"data":{"__schema":{"types":[]}}}"#), 5),
        (Canned::body("200 OK", "text/html", "<html>"), 5),
    ] {
        let run = Cli::new().arg(server.url()).args(["--print-schema"]).run();
        run.status(code).stdout("").stderr_contains("error: ");
    }
}

#[test]
fn advice_about_credentials_is_for_refused_credentials_alone() {
    for (status, error_type) in [
        ("404 Not Found", "BadRequestException"),
        ("413 Payload Too Large", "BadRequestException"),
        ("400 Bad Request", "MalformedHttpRequestException"),
    ] {
        let body = format!(r#"{{"errors":[{{"errorType":"{error_type}","message":"no such thing"}}]}}"#);
        let length = body.len();
        let server = Canned::bytes(format!(
            "HTTP/1.1 {status}\r\nx-amzn-errortype: {error_type}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        ));
        ask(&server)
            .args(["--api-key", "k"])
            .run()
            .status(4)
            .stdout("")
            .stderr_contains(&server.url())
            .stderr_contains("no such thing")
            .never_says("check the API key");
    }
}

#[test]
fn a_key_that_was_not_sent_is_named_when_appsync_refuses() {
    let body = r#"{"errors":[{"errorType":"UnauthorizedException","message":"no"}]}"#;
    let server = Canned::json("401 Unauthorized", body);
    ask(&server)
        .env("AWS_GRAPHQL_API_KEY", "da2-environment")
        .run()
        .status(4)
        .stderr_contains("AWS_GRAPHQL_API_KEY was not sent: use --transport appsync")
        .never_says("da2-environment");
}

#[test]
fn a_missing_region_names_the_option() {
    let server = Canned::json("200 OK", r#"{"data":{"a":1}}"#);
    let iam = ask(&server).args(["--iam"]).env("AWS_ACCESS_KEY_ID", "AKID");
    iam.env("AWS_SECRET_ACCESS_KEY", "hush-hush")
        .run()
        .status(2)
        .stderr_contains("--region REGION");
}

#[test]
fn a_profile_that_wants_a_login_names_the_command_for_it() {
    let path = std::env::temp_dir().join(format!("gql-cli-sso-{}", std::process::id()));
    let profile = "[profile dev]\nsso_start_url = https://x.example/start\nsso_region = us-east-1\n\
                   sso_account_id = 123456789012\nsso_role_name = dev\nregion = us-east-1\n";
    std::fs::write(&path, profile).unwrap();
    let server = Canned::json("200 OK", r#"{"data":{"a":1}}"#);
    ask(&server)
        .args(["-v", "--aws-profile", "dev"])
        .env("AWS_CONFIG_FILE", path.to_str().unwrap())
        .run()
        .status(4)
        .stderr_contains("asking the AWS SDK's chain")
        .stderr_contains("aws sso login --profile dev")
        .never_says("aws_default_chain");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn an_answer_that_is_too_long_names_the_option() {
    let server = Canned::json("200 OK", r#"{"data":{"a":"a long story"}}"#);
    let run = ask(&server).args(["--max-response-size", "10"]).run();
    run.status(5).stdout("").stderr_contains("raise --max-response-size");
}

#[test]
fn many_errors_are_a_screen_and_all_with_debug() {
    let long = "x".repeat(1000);
    let errors = vec![format!(r#"{{"message":"{long}"}}"#); 40].join(",");
    let server = Canned::json("200 OK", &format!(r#"{{"errors":[{errors}]}}"#));
    let run = ask(&server).run().status(1).stderr_contains("and 20 more errors");
    assert!(run.stderr.len() < 15_000, "{}", run.stderr.len());
    let run = ask(&server).args(["-d"]).run().status(1);
    assert_eq!(run.stderr.matches(&long).count(), 40);
}

#[test]
fn tls_where_there_is_none_names_the_scheme_to_use() {
    let server = Canned::json("200 OK", "{}");
    for scheme in ["https", "wss"] {
        let url = server.url().replacen("http", scheme, 1);
        let cli = Cli::new().arg(url).args(["--api-key", "k", "-q", "subscription { a }"]);
        // A subscription goes to the websocket that follows from either.
        cli.run()
            .status(5)
            .stderr_contains("does not speak TLS on this port: was ws:// meant?");
    }
}

#[test]
fn a_request_that_is_too_large_for_the_server_is_told_so() {
    let local = Local::start();
    // Larger than what the sockets take: the server answers while the client is still sending.
    let document = format!(
        "# {}\n{{ listMessages {{ items {{ id }} }} }}",
        "x".repeat(8 * 1024 * 1024)
    );
    let path = std::env::temp_dir().join(format!("gql-cli-large-{}", std::process::id()));
    std::fs::write(&path, document).unwrap();
    for _ in 0..5 {
        let cli = Cli::new()
            .arg(local.url())
            .args(["--api-key", local.key(), "-f"])
            .arg(&path);
        cli.run()
            .status(4)
            .stdout("")
            .stderr_contains(&local.url())
            .stderr_contains("larger than 1048576 bytes")
            .never_says("check the API key");
    }
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_signature_that_is_refused_without_a_word_is_known_by_its_status() {
    let body = r#"{"errors":[{"errorType":"BadRequestException"}]}"#;
    let iam = |status: &str| {
        ask(&Canned::json(status, body))
            .args(["--iam", "--region", "eu-west-1"])
            .env("AWS_ACCESS_KEY_ID", "AKID")
            .env("AWS_SECRET_ACCESS_KEY", "hush-hush")
            .run()
    };
    iam("400 Bad Request")
        .status(4)
        .stderr_contains("hint: check the AWS credentials");
    iam("413 Payload Too Large").never_says("check the AWS credentials");
}

#[test]
fn what_may_be_a_secret_does_not_go_unencrypted_unless_the_user_insists() {
    for header in ["x-functions-key: hush-hush", "Authorization: hush-hush"] {
        let run = Cli::new()
            .args(["http://example.com/graphql", "-H", header, "-q", "{ a }"])
            .run();
        run.status(2)
            .stdout("")
            .stderr_contains("would go unencrypted to example.com")
            .stderr_contains("hint: use https (or wss), or insist with --allow-plaintext")
            .never_says("danger")
            .never_says("hush-hush");
    }
}
