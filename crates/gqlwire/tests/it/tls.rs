use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use gqlwire::{Client, ErrorKind};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocket};

use crate::support::{KEY, MUTATION, SUBSCRIPTION, presentable};

/// A server of both endpoints whose certificate, for this name, is signed by an authority of its own; that is given in
/// PEM and in DER.
fn serve(name: &str) -> (u16, String, Vec<u8>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([name.to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let config = Arc::clone(&config);
            thread::spawn(move || {
                let connection = ServerConnection::new(config).unwrap();
                answer(StreamOwned::new(connection, stream.unwrap()))
            });
        }
    });
    (port, authority.pem(), authority.der().to_vec())
}

fn answer(mut stream: impl Read + Write) -> Option<()> {
    let mut request = Vec::new();
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).ok()? {
            0 => return None,
            n => request.extend_from_slice(&chunk[..n]),
        }
    }
    let head = String::from_utf8_lossy(&request).into_owned();
    let key = head.lines().find_map(|line| line.strip_prefix("sec-websocket-key: "));
    let Some(key) = key else {
        let body = r#"{"data":{"createMessage":{"id":"1"}}}"#;
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all((head + body).as_bytes()).ok()?;
        return stream.flush().ok();
    };
    let accept = derive_accept_key(key.as_bytes());
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: {accept}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).ok()?;
    let mut socket = WebSocket::from_raw_socket(stream, Role::Server, None);
    loop {
        let Message::Text(text) = socket.read().ok()? else {
            continue;
        };
        let message: Value = serde_json::from_str(&text).unwrap();
        let answer = match message["type"].as_str().unwrap() {
            "connection_init" => json!({"type": "connection_ack"}),
            "start" => json!({"type": "start_ack", "id": message["id"]}),
            _ => json!({"type": "complete", "id": message["id"]}),
        };
        socket.send(Message::text(answer.to_string())).ok()?;
    }
}

fn client(port: u16, authority: Option<&[u8]>) -> Client {
    let mut builder = Client::builder(&format!("https://localhost:{port}/graphql"))
        .appsync()
        .auth(gqlwire::appsync::ApiKey::new(KEY));
    if let Some(authority) = authority {
        builder = builder.add_root_certificate(authority);
    }
    builder.build().unwrap()
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_over_https_and_wss_when_it_is_added() {
    let (port, pem, der) = serve("localhost");
    for authority in [pem.as_bytes(), &der] {
        let client = client(port, Some(authority));
        client.execute(MUTATION).await.unwrap();
        let subscription = client.subscribe(SUBSCRIPTION).await.unwrap();
        drop(subscription);
        client.close().await;
    }
}

#[tokio::test]
async fn an_unknown_authority_is_a_connect_error_that_says_so() {
    let (port, _, _) = serve("localhost");
    let client = client(port, None);
    for error in [
        client.execute(MUTATION).await.unwrap_err(),
        client.subscribe(SUBSCRIPTION).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
        assert!(!error.is_retryable());
        assert!(!error.may_have_been_executed());
        let message = presentable(&error);
        assert!(
            message.contains("UnknownIssuer") && message.contains("add_root_certificate"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (port, pem, _) = serve("elsewhere.example.com");
    let error = client(port, Some(pem.as_bytes())).execute(MUTATION).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
    let message = presentable(&error);
    assert!(message.contains("not valid for name"), "{message}");
}

#[tokio::test]
async fn plain_http_where_tls_is_expected_and_the_other_way_round_is_said() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        let _ = stream.read(&mut [0; 1024]);
    });
    let error = client(port, None).execute(MUTATION).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
    assert!(presentable(&error).contains("TLS"), "{error}");

    let (port, _, _) = serve("localhost");
    let client = Client::new(&format!("http://localhost:{port}/")).unwrap();
    let error = client.execute(MUTATION).await.unwrap_err();
    presentable(&error);
    assert!(
        matches!(error.kind(), ErrorKind::Protocol | ErrorKind::Disconnected),
        "{error:?}"
    );
}

#[test]
fn what_is_no_certificate_is_refused_when_the_client_is_built() {
    for bytes in [
        &b"nonsense"[..],
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN",
    ] {
        let error = Client::builder("https://localhost/")
            .add_root_certificate(bytes)
            .build()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(presentable(&error).contains("root certificate"), "{error}");
    }
}
