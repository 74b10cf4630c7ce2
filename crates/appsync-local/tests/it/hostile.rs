//! Probes that have stopped other servers of this kind. After each one the server does its work.

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::{Connect, KEY, Request, assert_alive, server};

const SUBSCRIPTION: &str = "subscription { onCreateMessage { message } }";

#[tokio::test]
async fn frames_that_are_wrong() {
    let server = server().await;
    let authorization = json!({"host": "x", "x-api-key": KEY});
    let start = |data: serde_json::Value| {
        let payload = json!({"data": data, "extensions": {"authorization": authorization}});
        json!({"id": "1", "type": "start", "payload": payload}).to_string()
    };
    let request = |query: &str| start(json!(json!({ "query": query }).to_string()));
    for frame in [
        "not json".to_owned(),
        "{".to_owned(),
        "\u{0}".to_owned(),
        r#"{"type":"start","id":"1"}"#.to_owned(),
        r#"{"type":"start","id":{},"payload":[]}"#.to_owned(),
        r#"{"type":"connection_init","payload":"x"}"#.to_owned(),
        start(json!(null)),
        start(json!({})),
        start(json!("not json")),
        start(json!(r#"{"query":"subscription","variables":[]}"#)),
        request("query { listMessages { nextToken } }"),
        request("subscription {"),
        request("subscription { unknown }"),
        request("subscription { ...F } fragment F on Subscription { ...F }"),
        request("\u{feff}\u{0}\"\"\""),
        json!({"id": "1", "type": "start", "payload": {"data": "{}", "extensions": {"authorization": "x"}}}).to_string(),
        json!({"id": "1", "type": "start", "payload": {"data": "{}", "extensions": {"authorization": {"x-api-key": 1}}}})
            .to_string(),
        json!({"id": "1", "type": "start", "payload": {"data": "{}", "extensions": {"authorization": {"x-api-key": "wrong"}}}})
            .to_string(),
    ] {
        let mut socket = Connect::api_key(&server).open().await;
        socket.send_text(frame.clone()).await;
        // The connection lives on, whatever it said to that.
        socket.subscribe_after_errors("ok", SUBSCRIPTION).await;
    }
    assert_alive(&server).await;
}

#[tokio::test]
async fn documents_that_are_deep_wide_or_circular() {
    let server = server().await;
    let deep = format!("{}{}", "{a".repeat(20_000), "}".repeat(20_000));
    let deep_list = format!(
        r#"{{ getMessage(id: {}1{}) {{ id }} }}"#,
        "[".repeat(20_000),
        "]".repeat(20_000)
    );
    let wide = format!("{{ {} }}", "__typename ".repeat(14_000));
    let same = format!("{{ {} }}", "listMessages { items { id } } ".repeat(2000));
    let aliases: String = (0..7000).map(|n| format!("a{n}: __typename ")).collect();
    let many_fields = format!("{{ {aliases} }}");
    let mut fan = "{ ...F0 } ".to_owned();
    for n in 0..30 {
        fan += &format!(
            "fragment F{n} on Query {{ ...F{m} ...F{m} x{n}: __typename }} ",
            m = n + 1
        );
    }
    fan += "fragment F30 on Query { __typename }";
    let mut introspection = "name".to_owned();
    for _ in 0..30 {
        introspection = format!("fields {{ type {{ {introspection} }} }}");
    }
    let introspection = format!("{{ __schema {{ types {{ {introspection} }} }} }}");
    for document in [
        deep,
        deep_list,
        wide,
        same,
        many_fields,
        fan,
        introspection,
        "#".repeat(900_000),
        "\"".repeat(9001),
    ] {
        let answer = Request::graphql(&document).send(&server).await;
        assert_eq!(answer.status, 200, "{}", &document[..40.min(document.len())]);
    }
    assert_alive(&server).await;
}

#[tokio::test]
async fn json_that_is_deep() {
    let server = server().await;
    let variables = format!(
        r#"{{"query":"{{ __typename }}","variables":{{"a":{}{}}}}}"#,
        "[".repeat(50_000),
        "]".repeat(50_000)
    );
    assert_eq!(Request::post(variables).key().send(&server).await.status, 400);
    let deep = "[".repeat(100_000);
    assert_eq!(Request::post(deep).key().send(&server).await.status, 400);
    assert_alive(&server).await;
}

#[tokio::test]
async fn bytes_that_are_no_http() {
    let server = server().await;
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\0\0\0\0",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\ncontent-length: 99999999999999999999\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"GET /graphql HTTP/1.1\r\nupgrade: websocket\r\n\r\n",
        b"GET /graphql HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 12\r\nsec-websocket-key: a\r\n\r\n",
        b"GET /graphql HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n\r\n",
        b"GET /graphql HTTP/1.0\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: a\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
    }
    assert_alive(&server).await;
}

#[tokio::test]
async fn bytes_that_are_no_websocket_after_the_upgrade() {
    let server = server().await;
    let head = format!(
        "GET /graphql HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-ws\r\nx-api-key: {KEY}\r\n\r\n"
    );
    for bytes in [
        b"GET / HTTP/1.1\r\n\r\n".as_slice(),
        // Not masked; reserved bits; a length beyond belief; text that is not UTF-8; half a frame.
        b"\x81\x02{}",
        b"\xf1\x80\0\0\0\0",
        b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0",
        b"\x81\x82\0\0\0\0\xff\xfe",
        b"\x81\xfe\x10\x00\0\0\0\0abc",
        b"",
    ] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
    }
    assert_alive(&server).await;
}

#[tokio::test]
async fn a_client_that_goes_in_the_middle_of_a_mutation() {
    let server = server().await;
    let body = json!({"query": crate::support::CREATE}).to_string();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        drop(stream);
    }
    assert_alive(&server).await;
}

/// Valid messages with a few bytes changed, the same ones in every run.
#[tokio::test]
async fn messages_that_are_almost_right() {
    let server = server().await;
    let data = json!({"query": SUBSCRIPTION, "variables": {"a": null}}).to_string();
    let authorization = json!({"host": "x", "x-api-key": KEY});
    let start =
        json!({"id": "1", "type": "start", "payload": {"data": data, "extensions": {"authorization": authorization}}});
    let seeds = [
        start.to_string(),
        json!({"type": "connection_init"}).to_string(),
        json!({"type": "stop", "id": "1"}).to_string(),
    ];
    let mut socket = Connect::api_key(&server).open().await;
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut below = |bound: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % bound as u64).unwrap()
    };
    for round in 0..1500 {
        let mut text: Vec<char> = seeds[below(seeds.len())].chars().collect();
        for _ in 0..=below(3) {
            let at = below(text.len());
            match below(3) {
                0 => drop(text.remove(at)),
                1 => text.insert(at, ['"', '{', '}', '\\', 'x', '\u{0}', '€', ','][below(8)]),
                _ => text[at] = ['"', '[', ']', '\\', '1', ' ', '\u{10ffff}', ':'][below(8)],
            }
        }
        socket.send_text(text.into_iter().collect::<String>()).await;
        if round % 100 == 99 {
            socket.settle().await;
        }
    }
    assert_alive(&server).await;
}
