//! Servers that mean no good: each call ends in bounded time, in bounded memory, and says why.

use std::time::{Duration, Instant};

use gqlwire::{Client, ErrorKind, RetryPolicy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Server, presentable};

const QUERY: &str = "{ hello }";

fn of(server: &Server) -> gqlwire::ClientBuilder {
    Client::builder(&server.url("/graphql")).retry(RetryPolicy::never())
}

#[tokio::test]
async fn a_server_that_sends_a_byte_now_and_then_is_left_after_the_timeout() {
    for head in [
        "",
        "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n",
    ] {
        let server = Server::start(move |_, mut stream| async move {
            let slow = if head.is_empty() {
                &b"HTTP/1.1 200 OK\r\nx: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"[..]
            } else {
                &[b' '; 4096]
            };
            stream.0.write_all(head.as_bytes()).await.unwrap();
            for byte in slow {
                if stream.0.write_all(&[*byte]).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        let began = Instant::now();
        let error = of(&server)
            .timeout(Duration::from_millis(300))
            .build()
            .unwrap()
            .execute(QUERY)
            .await
            .unwrap_err();
        assert!(error.is_timeout() && error.may_have_been_executed(), "{error:?}");
        assert!(presentable(&error).contains("took longer than 300ms"), "{error}");
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}

#[tokio::test]
async fn headers_without_end_are_cut_off() {
    let many = |server: Server| async move {
        let error = of(&server).build().unwrap().execute(QUERY).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error:?}");
        assert!(presentable(&error).contains("does not answer in HTTP"), "{error}");
    };
    // One that never ends, and ever more of them.
    many(Server::start(|_, stream| stream.send_without_end("HTTP/1.1 200 OK\r\nx: ", &[b'y'; 4096])).await).await;
    many(Server::start(|_, stream| stream.send_without_end("HTTP/1.1 200 OK\r\n", b"x: y\r\n")).await).await;
}

#[tokio::test]
async fn informational_answers_without_end_end_with_the_timeout() {
    let server = Server::start(|_, stream| stream.send_without_end("", b"HTTP/1.1 100 Continue\r\n\r\n")).await;
    let error = of(&server)
        .timeout(Duration::from_millis(300))
        .build()
        .unwrap()
        .execute(QUERY)
        .await
        .unwrap_err();
    assert!(error.is_timeout() || error.kind() == ErrorKind::Protocol, "{error:?}");
}

#[tokio::test]
async fn a_connection_that_is_taken_and_never_answered_is_left_after_the_timeout() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/graphql", listener.local_addr().unwrap());
    let client = Client::builder(&url)
        .timeout(Duration::from_millis(100))
        .build()
        .unwrap();
    let error = client.execute(QUERY).await.unwrap_err();
    assert!(error.is_timeout() && error.may_have_been_executed(), "{error:?}");
    presentable(&error);
}

#[tokio::test]
async fn a_chunk_that_announces_more_than_the_limit_is_not_waited_for() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7fffffffffffffff\r\n";
    let server = Server::start(move |_, stream| stream.send_without_end(head, &[b' '; 4096])).await;
    let client = of(&server).max_response_size(100_000).build().unwrap();
    let error = client.execute(QUERY).await.unwrap_err();
    assert!(presentable(&error).contains("longer than 100000 bytes"), "{error}");
}

#[tokio::test]
async fn a_server_that_closes_at_once_is_a_lost_connection() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/graphql", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 16]).await;
        }
    });
    let client = Client::builder(&url).retry(RetryPolicy::never()).build().unwrap();
    let error = client.execute(QUERY).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error:?}");
    presentable(&error);
}
