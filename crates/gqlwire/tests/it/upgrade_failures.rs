use std::time::Duration;

use gqlwire::{Error, ErrorKind};

use crate::support::{Peer, SUBSCRIPTION, Server, accept_key, appsync_client, presentable, response};

async fn subscribe(server: &Server) -> Error {
    let client = appsync_client(server).build().unwrap();
    let error = client.subscribe(SUBSCRIPTION).await.unwrap_err();
    assert_eq!(server.requests().len(), 1, "{error}");
    assert!(presentable(&error).contains(server.address()), "{error}");
    error
}

async fn refused(status: &str, headers: &[(&str, &str)], body: &str) -> Error {
    subscribe(&Server::answering(response(status, headers, body)).await).await
}

#[tokio::test]
async fn a_refused_upgrade_keeps_status_body_and_the_error_type_of_the_header() {
    let headers = [("x-amzn-ErrorType", "UnauthorizedException")];
    let body = r#"{"errors":[{"errorType":"UnauthorizedException","message":"Token has expired."}]}"#;
    let error = refused("401 Unauthorized", &headers, body).await;
    assert!(error.is_auth());
    assert_eq!(error.status().unwrap(), 401);
    assert_eq!(error.body(), Some(body));
    assert_eq!(error.errors()[0].message, "Token has expired.");
    let message = error.to_string();
    assert!(
        message.contains("Token has expired.") && message.contains("API key"),
        "{message}"
    );

    let error = refused("401 Unauthorized", &headers, "").await;
    assert!(error.to_string().contains("UnauthorizedException"), "{error}");
}

#[tokio::test]
async fn other_refusals_of_the_upgrade_are_told_apart() {
    let error = refused("403 Forbidden", &[], "").await;
    assert!(error.is_auth());
    let error = refused("404 Not Found", &[], "<html>nothing here</html>").await;
    assert!(error.is_connect() && !error.is_retryable());
    assert!(error.to_string().contains("nothing here"), "{error}");
    let error = refused("503 Service Unavailable", &[("retry-after", "3")], "").await;
    assert!(error.is_connect() && error.is_retryable());
    assert_eq!(error.headers()["retry-after"], "3");
    let error = refused("200 OK", &[], "hello").await;
    assert!(error.is_connect());
    assert!(error.to_string().contains("no websocket endpoint"), "{error}");
}

#[tokio::test]
async fn a_redirected_upgrade_names_where_it_points_and_sends_nothing_there() {
    for status in [
        "301 Moved",
        "302 Found",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let elsewhere = Server::answering(response("200 OK", &[], "")).await;
        let target = elsewhere.url("/realtime");
        let error = refused(status, &[("location", &target)], "").await;
        assert_eq!(error.kind(), ErrorKind::Status);
        assert!(error.to_string().contains(&target), "{error}");
        assert!(elsewhere.requests().is_empty());
    }
}

#[tokio::test]
async fn a_switch_of_protocols_must_answer_the_handshake() {
    let switch = |headers: String| {
        format!("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n{headers}\r\n")
    };
    for headers in ["", "sec-websocket-accept: d3Jvbmc=\r\n"] {
        let error = subscribe(&Server::answering(switch(headers.to_owned())).await).await;
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(error.to_string().contains("Sec-WebSocket-Accept"), "{error}");
    }
}

#[tokio::test]
async fn another_subprotocol_is_refused_and_named() {
    let server = Server::start(|request, stream| async move {
        let mut peer = Peer::accept(&request, stream, Some("graphql-transport-ws")).await;
        peer.drain().await;
    })
    .await;
    let error = subscribe(&server).await;
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("\"graphql-transport-ws\""), "{error}");
}

#[tokio::test]
async fn no_subprotocol_is_taken_for_the_right_one() {
    let server = Server::start(|request, stream| async move {
        let mut peer = Peer::accept(&request, stream, None).await;
        peer.ack().await;
        peer.start_and_ack().await;
        peer.drain().await;
    })
    .await;
    appsync_client(&server)
        .build()
        .unwrap()
        .subscribe(SUBSCRIPTION)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_server_that_does_not_answer_the_handshake_is_left_after_the_timeout() {
    for sent in ["", "HTTP/1.1 101 Switching"] {
        let server = Server::start(move |_, stream| stream.send_and_hang(sent)).await;
        let client = appsync_client(&server)
            .connect_timeout(Duration::from_millis(200))
            .build()
            .unwrap();
        let error = client.subscribe(SUBSCRIPTION).await.unwrap_err();
        assert!(error.is_timeout());
        assert!(error.is_retryable());
        assert!(presentable(&error).contains("connecting to ws://127.0.0.1"), "{error}");
    }
}

#[tokio::test]
async fn a_frame_that_comes_with_the_switch_is_not_lost() {
    let server = Server::start(|request, mut stream| async move {
        use tokio::io::AsyncWriteExt;
        let ack = br#"{"type":"connection_ack","payload":{}}"#;
        let mut bytes = format!(
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: {}\r\n\r\n",
            accept_key(&request)
        )
        .into_bytes();
        bytes.extend([0x81, ack.len() as u8]);
        bytes.extend(ack);
        stream.0.write_all(&bytes).await.unwrap();
        let role = tokio_tungstenite::tungstenite::protocol::Role::Server;
        let socket = tokio_tungstenite::WebSocketStream::from_raw_socket(stream.0, role, None).await;
        let mut peer = Peer { socket };
        peer.expect("connection_init").await;
        peer.start_and_ack().await;
        peer.drain().await;
    })
    .await;
    appsync_client(&server)
        .build()
        .unwrap()
        .subscribe(SUBSCRIPTION)
        .await
        .unwrap();
}

#[tokio::test]
async fn nobody_there_is_a_connect_error() {
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let client = gqlwire::Client::builder(&format!("http://{address}/graphql"))
        .appsync()
        .auth(gqlwire::appsync::ApiKey::new("da2-key"))
        .build()
        .unwrap();
    let error = client.subscribe(SUBSCRIPTION).await.unwrap_err();
    assert!(error.is_connect() && error.is_retryable());
    assert!(error.to_string().contains("is the server running?"), "{error}");
}
