//! What is spoken with an endpoint, and how that is found out.

use serde_json::json;

use crate::support::handler::{self, Handler};
use crate::support::socket::{Socket, Speaks};
use crate::support::{Cli, Folder, closed_port};

const SUBSCRIPTION: &str = "subscription { tick }";
const TICKS: &str = "{\"tick\":1}\n{\"tick\":2}\n";

fn ask(url: &str, document: &str) -> Cli {
    Cli::new().arg(url).args(["-q", document])
}

#[test]
fn a_websocket_carries_everything_in_the_protocol_that_the_server_selects() {
    for (speaks, event) in [(Speaks::TransportWs, "subscribe"), (Speaks::Legacy, "start")] {
        let server = Socket::start(speaks);
        for (document, expected) in [
            ("{ ok }", "{\"ok\":true}\n"),
            ("mutation { ok }", "{\"ok\":true}\n"),
            (SUBSCRIPTION, TICKS),
        ] {
            ask(&server.ws_url(), document)
                .run()
                .status(0)
                .stdout(expected)
                .stderr("");
            assert_eq!(server.handshake()["offers"], "graphql-transport-ws, graphql-ws");
            assert_eq!(server.message()["type"], "connection_init");
            assert_eq!(server.message()["type"], event);
        }
    }
}

#[test]
fn the_transport_of_the_option_is_obeyed_whatever_the_scheme() {
    let server = Socket::start(Speaks::Legacy);
    for name in ["ws-legacy", "ws", "websockets", "aiohttp_websockets"] {
        for url in [server.http_url(), server.ws_url()] {
            for (document, expected) in [("{ ok }", "{\"ok\":true}\n"), (SUBSCRIPTION, TICKS)] {
                ask(&url, document)
                    .args(["--transport", name])
                    .run()
                    .status(0)
                    .stdout(expected);
                let expected = match name {
                    "ws-legacy" => "graphql-ws",
                    _ => "graphql-transport-ws, graphql-ws",
                };
                assert_eq!(server.handshake()["offers"], expected);
            }
        }
    }
}

#[test]
fn a_websocket_begins_with_the_payload_of_the_options() {
    let server = Socket::start(Speaks::TransportWs);
    let folder = Folder::with(&[("init.json", "{\"token\": \"hush\", \"n\": 1}\n")]);
    let file = format!("@{}", folder.path("init.json"));
    for (words, expected) in [
        (
            &["--init-payload", "{\"token\": \"hush\"}"][..],
            json!({"token": "hush"}),
        ),
        (
            &["--init-payload", &file, "--init", "n: 2"],
            json!({"token": "hush", "n": "2"}),
        ),
        (
            &["--init", "Authorization: Bearer hush"],
            json!({"Authorization": "Bearer hush"}),
        ),
    ] {
        let cli = ask(&server.ws_url(), "{ ok }").args(words.iter().copied()).args(["-d"]);
        cli.run().status(0).never_says("hush");
        server.handshake();
        assert_eq!(
            server.message(),
            json!({"type": "connection_init", "payload": expected})
        );
    }
    for (words, said) in [
        (&["--init-payload", "hush"][..], "--init-payload is not JSON"),
        (&["--init", "hush"], "--init wants NAME:VALUE"),
        (&["--init", "a:b", "--transport", "sse"], "--transport sse has none"),
        (
            &["--init", "a:b", "--transport", "appsync", "--api-key", "k"],
            "--transport appsync has none",
        ),
    ] {
        let cli = ask(&server.http_url(), "{ ok }").args(words.iter().copied());
        cli.run().status(2).stderr_contains(said).never_says("hush");
    }
}

#[test]
fn headers_are_those_of_the_handshake() {
    let server = Socket::start(Speaks::TransportWs);
    let cli = ask(&server.ws_url(), "{ ok }").args(["-H", "Authorization: Bearer x"]);
    cli.run().status(0);
    assert_eq!(server.handshake()["authorization"], "Bearer x");
}

#[test]
fn phoenix_joins_the_channel_and_carries_everything() {
    let server = Socket::start(Speaks::Phoenix);
    let count = ["--count", "2"];
    for (document, words, expected) in [("{ ok }", &[][..], "{\"ok\":true}\n"), (SUBSCRIPTION, &count, TICKS)] {
        for url in [server.http_url(), server.ws_url()] {
            let cli = ask(&url, document).args(words.iter().copied());
            cli.args(["--transport", "phoenix"]).run().status(0).stdout(expected);
            assert!(
                server.handshake()["uri"]
                    .as_str()
                    .unwrap()
                    .contains("/websocket?vsn=2.0.0")
            );
            assert_eq!(server.message()[2], "__absinthe__:control");
        }
    }
    ask(&server.ws_url(), "{ ok }")
        .args(["--channel", "room:1", "--init", "token:x"])
        .run()
        .status(0);
    server.handshake();
    let join = server.message();
    assert_eq!((&join[2], &join[4]), (&json!("room:1"), &json!({"token": "x"})));
    let cli = ask(&server.ws_url(), "{ ok }").args(["--channel", "room:1", "--transport", "ws"]);
    cli.run().status(2).stderr_contains("--channel is for Phoenix");
}

#[test]
fn a_schema_is_asked_for_over_the_websocket() {
    let server = Socket::start(Speaks::TransportWs);
    for words in [&["schema", "fetch"][..], &["--print-schema"]] {
        let cli = Cli::new().args(words.iter().copied()).arg(server.ws_url());
        cli.run().status(1).stdout("");
        server.handshake();
        server.message();
        let message = server.message();
        assert!(
            message["payload"]["query"].as_str().unwrap().contains("__schema"),
            "{message}"
        );
    }
}

#[test]
fn a_payload_for_websockets_sends_subscriptions_there_and_requests_over_http() {
    let server = Socket::beside(Speaks::TransportWs, |_| {
        handler::json("200 OK", r#"{"data":{"ok":"http"}}"#)
    });
    ask(&server.http_url(), "{ ok }")
        .args(["--init", "a:b"])
        .run()
        .status(0)
        .stdout("{\"ok\":\"http\"}\n");
    assert!(server.so_far().is_empty());
    ask(&server.http_url(), SUBSCRIPTION)
        .args(["--init", "a:b"])
        .run()
        .status(0)
        .stdout(TICKS);
    server.handshake();
    assert_eq!(server.message()["payload"], json!({"a": "b"}));
}

const EVENTS: &str = "event: next\ndata: {\"data\":{\"tick\":1}}\n\nevent: next\ndata: {\"data\":{\"tick\":2}}\n\n\
                      event: complete\ndata:\n\n";
const PARTS: &str = "--graphql\r\ncontent-type: application/json\r\n\r\n{\"payload\":{\"data\":{\"tick\":1}}}\r\n\
                     --graphql\r\ncontent-type: application/json\r\n\r\n{\"payload\":{\"data\":{\"tick\":2}}}\r\n\
                     --graphql--\r\n";

/// Streams in the form that is wanted most.
fn streaming() -> Handler {
    Handler::start(|request| match request.header("accept").unwrap_or_default() {
        accept if accept.starts_with("text/event-stream") => {
            let events = match request.body.contains("subscription") {
                true => EVENTS,
                false => "event: next\ndata: {\"data\":{\"ok\":true}}\n\nevent: complete\ndata:\n\n",
            };
            handler::answer("200 OK", "text/event-stream", events)
        }
        accept if accept.starts_with("multipart/mixed") => handler::answer(
            "200 OK",
            "multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0",
            PARTS,
        ),
        _ => handler::json("200 OK", r#"{"data":{"ok":true}}"#),
    })
}

#[test]
fn a_subscription_over_http_takes_what_the_server_streams() {
    let server = streaming();
    for (name, accept) in [
        ("auto", "text/event-stream, multipart/mixed"),
        ("http", "text/event-stream, multipart/mixed"),
        ("sse", "text/event-stream"),
        ("multipart", "multipart/mixed"),
    ] {
        let cli = |document| ask(&server.url(), document).args(["--transport", name]);
        cli(SUBSCRIPTION).run().status(0).stdout(TICKS).stderr("");
        assert!(server.request().header("accept").unwrap().starts_with(accept), "{name}");
        cli("{ ok }").run().status(0).stdout("{\"ok\":true}\n");
        cli("mutation { ok }").run().status(0).stdout("{\"ok\":true}\n");
        server.so_far();
    }
}

#[test]
fn one_stream_for_all_is_reserved_first() {
    let server = Handler::start(|request| match request.line().split(' ').next() {
        Some("PUT") => handler::answer("201 Created", "text/plain", "token-1"),
        _ => handler::json("404 Not Found", "{}"),
    });
    let cli = ask(&server.url(), SUBSCRIPTION).args(["--transport", "sse-single", "--no-reconnect"]);
    let run = cli.args(["--timeout", "5"]).run();
    assert!(run.stderr.contains("error: "), "{run:#?}");
    assert!(server.request().line().starts_with("PUT "));
    assert_eq!(server.request().header("x-graphql-event-stream-token"), Some("token-1"));
}

#[test]
fn an_answer_in_pieces_is_printed_when_it_is_whole_and_piece_by_piece_with_meta() {
    let parts = "---\r\ncontent-type: application/json\r\n\r\n\
                 {\"data\":{\"a\":1,\"b\":{}},\"pending\":[{\"id\":\"0\",\"path\":[\"b\"]}],\"hasNext\":true}\r\n\
                 ---\r\ncontent-type: application/json\r\n\r\n\
                 {\"incremental\":[{\"id\":\"0\",\"data\":{\"c\":2}}],\"completed\":[{\"id\":\"0\"}],\"hasNext\":false}\r\n\
                 -----\r\n";
    let server = Handler::start(move |_| handler::answer("200 OK", "multipart/mixed; boundary=\"-\"", parts));
    let query = "{ a b { ... @defer { c } } }";
    ask(&server.url(), query)
        .run()
        .status(0)
        .stdout("{\"a\":1,\"b\":{\"c\":2}}\n")
        .stderr("");
    assert!(server.request().header("accept").unwrap().contains("multipart/mixed"));
    let run = ask(&server.url(), query).args(["--meta"]).run().status(0);
    let lines = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let lines: Vec<_> = lines
        .map(|line| (line["event"].clone(), line["data"].clone()))
        .collect();
    assert_eq!(
        lines,
        [
            (json!("increment"), json!({"a": 1, "b": {}})),
            (json!("next"), json!({"a": 1, "b": {"c": 2}}))
        ]
    );
}

#[test]
fn a_subscription_that_http_does_not_stream_is_tried_as_a_websocket() {
    let refusals = [
        ("405 Method Not Allowed", "{}"),
        ("406 Not Acceptable", "{}"),
        (
            "400 Bad Request",
            r#"{"errors":[{"message":"Subscriptions are not supported over HTTP"}]}"#,
        ),
        ("200 OK", r#"{"errors":[{"message":"use websockets instead"}]}"#),
    ];
    for (status, body) in refusals {
        let server = Socket::beside(Speaks::TransportWs, move |_| handler::json(status, body));
        ask(&server.http_url(), SUBSCRIPTION)
            .args(["-v"])
            .run()
            .status(0)
            .stdout(TICKS)
            .stderr_contains("transport ws for the subscription: the server does not stream over HTTP");
        ask(&server.http_url(), SUBSCRIPTION)
            .args(["--transport", "http"])
            .run()
            .stdout("");
    }
}

#[test]
fn what_another_transport_would_not_mend_is_told_as_it_is() {
    for (status, body, said, code) in [
        (
            "401 Unauthorized",
            r#"{"errors":[{"message":"who are you"}]}"#,
            "who are you",
            4,
        ),
        (
            "400 Bad Request",
            r#"{"errors":[{"message":"no field tick"}]}"#,
            "no field tick",
            4,
        ),
        ("404 Not Found", "{}", "404", 4),
    ] {
        let server = Socket::beside(Speaks::TransportWs, move |_| handler::json(status, body));
        let run = ask(&server.http_url(), SUBSCRIPTION)
            .args(["-v"])
            .run()
            .status(code)
            .stderr_contains(said);
        assert!(!run.stderr.contains("transport ws"), "{run:#?}");
        assert!(server.so_far().is_empty());
    }
    // Neither way leads anywhere.
    let server = Handler::start(|_| handler::json("405 Method Not Allowed", "{}"));
    ask(&server.url(), SUBSCRIPTION)
        .run()
        .status(4)
        .stdout("")
        .stderr_contains("405")
        .stderr_contains("and as a websocket: ")
        .stderr_contains("--transport");
}

#[test]
fn a_guess_at_a_websocket_sends_no_credentials_of_the_environment() {
    let server = Socket::start(Speaks::TransportWs);
    let cli = ask(&server.ws_url(), "{ ok }")
        .args(["-v"])
        .env("AWS_GRAPHQL_API_KEY", "da2-environment");
    cli.run().status(0).stderr_contains("is set, and not sent");
    assert!(
        !server
            .so_far()
            .iter()
            .any(|message| message.to_string().contains("da2-environment"))
    );
}

#[test]
fn nobody_there_is_code_5_on_every_transport() {
    let port = closed_port();
    for name in ["http", "ws", "ws-legacy", "phoenix"] {
        for document in ["{ ok }", SUBSCRIPTION] {
            let cli = ask(&format!("http://127.0.0.1:{port}/"), document).args(["--transport", name, "--retry", "0"]);
            cli.args(["--no-reconnect"]).run().status(5).stdout("");
        }
    }
}

#[test]
fn whoever_wants_a_stream_asks_for_the_schema_and_queries_as_one() {
    let server = Handler::start(|request| match request.header("accept") {
        Some("text/event-stream") => handler::answer(
            "200 OK",
            "text/event-stream",
            "event: next\ndata: {\"data\":{\"ok\":true,\"__schema\":{\"queryType\":{\"name\":\"Query\"},\"types\":[{\"kind\":\"OBJECT\",\
             \"name\":\"Query\",\"interfaces\":[],\"fields\":[{\"name\":\"ok\",\"args\":[],\"type\":{\"kind\":\"SCALAR\",\
             \"name\":\"Boolean\"}}]},{\"kind\":\"SCALAR\",\"name\":\"Boolean\"}],\"directives\":[]}}}\n\nevent: complete\ndata:\n\n",
        ),
        _ => handler::json("404 Not Found", r#"{"errors":[{"message":"Stream not found"}]}"#),
    });
    let url = server.url();
    for words in [
        &[url.as_str(), "--print-schema"][..],
        &["schema", "fetch", &url],
        &[&url, "-q", "{ ok }"],
    ] {
        let cli = || Cli::new().args(words.iter().copied());
        let run = cli().args(["--transport", "sse"]).run().status(0);
        assert!(run.stdout.contains("ok"), "{run:#?}");
        let run = cli().run();
        run.stderr_contains("Stream not found")
            .stderr_contains("hint: the server seems to answer by event streams alone: use --transport sse");
    }
}

#[test]
fn a_server_that_has_no_such_form_is_told_of_with_what_else_there_is() {
    let server = Handler::start(|_| handler::answer("406 Not Acceptable", "text/plain", ""));
    let cli = ask(&server.url(), SUBSCRIPTION).args(["--transport", "multipart"]);
    cli.run()
        .status(4)
        .stderr_contains("hint: the server does not answer in this form");
}

#[test]
fn the_older_protocol_is_advised_only_where_it_was_not_chosen() {
    for (name, is_advised) in [("ws", true), ("ws-legacy", false)] {
        let server = Socket::start(Speaks::Phoenix);
        let cli = ask(&server.ws_url(), "{ ok }").args(["--transport", name, "--timeout", "500ms", "--retry", "0"]);
        let run = cli.run();
        assert!(run.stderr.contains("error: "), "{run:#?}");
        assert_eq!(run.stderr.contains("say --transport ws-legacy"), is_advised, "{run:#?}");
    }
}
