use std::future::IntoFuture;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::future::join_all;
use gqlwire::{Client, HttpVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Barrier;

const QUERY: &str = "{ hello }";
const DATA: &str = r#"{"data":{"hello":"world"}}"#;

/// Answers every request of every connection; how many connections there were.
async fn http1() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, connections) = (listener.local_addr().unwrap(), Arc::<AtomicUsize>::default());
    let seen = Arc::clone(&connections);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            seen.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut bytes = Vec::new();
                loop {
                    // The document is the end of what a request of this test sends.
                    while !bytes.ends_with(b"hello }\"}") {
                        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                            return;
                        }
                    }
                    bytes.clear();
                    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{DATA}", DATA.len());
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    (address, connections)
}

/// HTTP/2 without TLS, which answers only when this many requests are there at once.
async fn http2(together: usize) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, connections) = (listener.local_addr().unwrap(), Arc::<AtomicUsize>::default());
    let (seen, all) = (Arc::clone(&connections), Arc::new(Barrier::new(together)));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            seen.fetch_add(1, Ordering::SeqCst);
            let all = Arc::clone(&all);
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                while let Some(Ok((_, mut respond))) = connection.accept().await {
                    let all = Arc::clone(&all);
                    tokio::spawn(async move {
                        all.wait().await;
                        let mut body = respond.send_response(http::Response::new(()), false).unwrap();
                        body.send_data(Bytes::from_static(DATA.as_bytes()), true).unwrap();
                    });
                }
            });
        }
    });
    (address, connections)
}

#[tokio::test]
async fn fifty_queries_one_after_the_other_take_one_connection() {
    let (address, connections) = http1().await;
    for version in [HttpVersion::Auto, HttpVersion::Http1] {
        connections.store(0, Ordering::SeqCst);
        let client = Client::builder(&format!("http://{address}/graphql"))
            .http_version(version)
            .build()
            .unwrap();
        for _ in 0..50 {
            client.execute(QUERY).await.unwrap();
        }
        assert_eq!(connections.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn fifty_queries_at_once_take_one_connection_with_http_2() {
    let (address, connections) = http2(50).await;
    let client = Client::builder(&format!("http://{address}/graphql"))
        .http_version(HttpVersion::Http2PriorKnowledge)
        .build()
        .unwrap();
    for answer in join_all((0..50).map(|_| client.execute(QUERY).into_future())).await {
        answer.unwrap();
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}
