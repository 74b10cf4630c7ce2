//! What servers do wrong: each has a message, and a code of its own.

use crate::support::{Canned, Cli, closed_port};

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
