//! What one client may not cost another.

use std::time::Duration;

use appsync_local::{Limits, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::{Connect, KEY, Request, assert_alive, read_answer, start, within};

const SUBSCRIPTION: &str = "subscription { onCreateMessage { message } }";

async fn limited(change: impl FnOnce(&mut Limits)) -> Server {
    let mut limits = Limits::default();
    change(&mut limits);
    start(Server::builder().api_key(KEY).limits(limits)).await
}

#[tokio::test]
async fn one_connection_too_many_is_turned_away_and_the_next_one_is_not() {
    let server = limited(|limits| limits.connections = 20).await;
    let mut held = Vec::new();
    for _ in 0..19 {
        held.push(TcpStream::connect(server.address()).await.unwrap());
    }
    // The last of those that fit answers, so all before it were accepted.
    let mut last = Connect::api_key(&server).open().await;
    last.init().await;
    for _ in 0..5 {
        let mut turned_away = TcpStream::connect(server.address()).await.unwrap();
        let answer = read_answer(&mut turned_away).await;
        assert_eq!(answer.status, 503);
    }
    assert_eq!(server.stats().refused_connections, 5);
    held.truncate(10);
    within("room", async {
        while server.stats().connections > 11 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_alive(&server).await;
}

#[tokio::test]
async fn a_head_that_does_not_end_is_cut_off_at_its_deadline() {
    let server = limited(|limits| limits.head_deadline = Duration::from_millis(100)).await;
    let mut silent = TcpStream::connect(server.address()).await.unwrap();
    let mut half = TcpStream::connect(server.address()).await.unwrap();
    half.write_all(b"POST /graphql HTTP/1.1\r\nhost: x\r\nx-a")
        .await
        .unwrap();
    let mut half_upgrade = TcpStream::connect(server.address()).await.unwrap();
    half_upgrade
        .write_all(b"GET /graphql HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade\r\n")
        .await
        .unwrap();
    assert_alive(&server).await;
    for stream in [&mut silent, &mut half, &mut half_upgrade] {
        let mut rest = Vec::new();
        within("the end", stream.read_to_end(&mut rest)).await.unwrap();
    }
    within("no connection", async {
        while server.stats().connections > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_head_that_drips_is_cut_off_too() {
    let server = limited(|limits| limits.head_deadline = Duration::from_millis(200)).await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let drip = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(10));
        while writer.write_all(b"a").await.is_ok() {
            ticks.tick().await;
        }
    };
    let mut rest = Vec::new();
    within("the end", async {
        tokio::select! {
            () = drip => {}
            _ = reader.read_to_end(&mut rest) => {}
        }
    })
    .await;
    assert_alive(&server).await;
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let server = limited(|limits| limits.head_bytes = 8192).await;
    let long = "x".repeat(20_000);
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = format!("GET /ping HTTP/1.1\r\nhost: x\r\nx-long: {long}\r\n\r\n");
    // The server may close before it has read all of this.
    _ = stream.write_all(head.as_bytes()).await;
    let mut start = [0; 12];
    if within("the answer", stream.read_exact(&mut start)).await.is_ok() {
        assert_eq!(&start, b"HTTP/1.1 431");
    }
    assert_alive(&server).await;
}

#[tokio::test]
async fn a_body_that_does_not_end_is_answered_at_its_deadline() {
    let server = limited(|limits| limits.body_deadline = Duration::from_millis(100)).await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = b"POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 100\r\n\r\n{\"query\":";
    stream.write_all(head).await.unwrap();
    assert_alive(&server).await;
    assert_eq!(read_answer(&mut stream).await.status, 408);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_whether_it_says_so_or_not() {
    let server = limited(|limits| limits.body_bytes = 1000).await;
    let answer = Request::post("x".repeat(1001)).key().send(&server).await;
    assert_eq!(answer.status, 413);
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = b"POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head).await.unwrap();
    let chunk = format!("{:x}\r\n{}\r\n", 600, "x".repeat(600));
    stream.write_all(chunk.repeat(2).as_bytes()).await.unwrap();
    assert_eq!(read_answer(&mut stream).await.status, 413);
    assert_alive(&server).await;
}

/// Sends all of it before it reads, as most clients do, and gets the status.
async fn status_after_sending_all(server: &Server, head: &str, length: usize) -> u16 {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = vec![b'x'; 64 * 1024];
    for _ in 0..length / chunk.len() {
        within("room to send", stream.write_all(&chunk)).await.unwrap();
    }
    read_answer(&mut stream).await.status
}

#[tokio::test]
async fn an_early_answer_reaches_a_client_that_is_still_sending() {
    const LENGTH: usize = 8 * 1024 * 1024;
    let server = limited(|limits| limits.body_bytes = 1000).await;
    let post = format!("POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: {LENGTH}\r\n\r\n");
    let nowhere = format!("POST /nowhere HTTP/1.1\r\nhost: x\r\ncontent-length: {LENGTH}\r\n\r\n");
    for (head, status) in [
        (post.as_str(), 413),
        (&nowhere, 404),
        ("nonsense\r\n\r\n", 400),
        ("GET /ping HTTP/1.1\r\nhost: x\r\nx-long: ", 431),
    ] {
        assert_eq!(
            status_after_sending_all(&server, head, LENGTH).await,
            status,
            "{head:?}"
        );
    }
    let server = limited(|limits| limits.body_deadline = Duration::from_millis(1)).await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 200000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut start = [0; 12];
    within("the answer", stream.peek(&mut start)).await.unwrap();
    stream.write_all(&vec![b'x'; 200_000]).await.unwrap();
    assert_eq!(read_answer(&mut stream).await.status, 408);
    assert_alive(&server).await;
}

#[tokio::test]
async fn a_client_that_goes_on_sending_after_the_answer_is_cut_off() {
    let server = limited(|limits| limits.body_bytes = 1000).await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n";
    stream.write_all(head).await.unwrap();
    let chunk = vec![b'x'; 64 * 1024];
    within("the end", async { while stream.write_all(&chunk).await.is_ok() {} }).await;
    assert_alive(&server).await;
}

#[tokio::test]
async fn a_frame_that_is_too_large_closes_its_connection() {
    let server = limited(|limits| limits.frame_bytes = 10_000).await;
    let mut socket = Connect::api_key(&server).open().await;
    socket.init().await;
    socket.send_text("x".repeat(20_000)).await;
    assert_eq!(u16::from(socket.closed().await.unwrap().code), 1009);
    assert_alive(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_is_too_slow_loses_its_connection_and_delays_nobody() {
    let server = limited(|limits| limits.queued_bytes = 1024 * 1024).await;
    let mut slow = Connect::api_key(&server).open().await;
    slow.init().await;
    slow.subscribe("1", SUBSCRIPTION).await;
    let mut quick = Connect::api_key(&server).open().await;
    quick.init().await;
    quick.subscribe("1", SUBSCRIPTION).await;

    let message = "x".repeat(100_000);
    let mutation = format!(r#"mutation {{ createMessage(input: {{message: "{message}"}}) {{ message }} }}"#);
    let mut sent = 0;
    while server.stats().slow_readers == 0 {
        assert!(sent < 1000, "100 MB were queued for a client that does not read");
        let answer = Request::graphql(&mutation).send(&server).await;
        assert_eq!(answer.status, 200);
        quick.data("1").await;
        sent += 1;
    }
    slow.closed().await;
    assert_alive(&server).await;
}

#[tokio::test]
async fn a_full_store_says_so() {
    use appsync_local::{Api, MemoryStore};

    let api = Api::messages().with_store(MemoryStore::new(1, 10_000));
    let server = start(Server::builder().api(api).api_key(KEY)).await;
    let create = || Request::graphql(crate::support::CREATE).send(&server);
    assert!(create().await.json().get("errors").is_none());
    let answer = create().await.json();
    assert_eq!(answer["errors"][0]["errorType"], "DynamoDB:LimitExceededException");
}

#[tokio::test]
async fn a_short_document_cannot_ask_for_a_long_value_a_thousand_times() {
    let server = limited(|limits| limits.response_bytes = 1024 * 1024).await;
    let mut socket = Connect::api_key(&server).open().await;
    socket.init().await;
    let aliases: String = (0..4000).map(|n| format!("a{n}: message ")).collect();
    socket
        .subscribe("1", &format!("subscription {{ onCreateMessage {{ {aliases} }} }}"))
        .await;

    let long = "x".repeat(100_000);
    let mutation = format!(r#"mutation {{ createMessage(input: {{message: "{long}"}}) {{ message }} }}"#);
    assert_eq!(Request::graphql(&mutation).send(&server).await.status, 200);
    assert_eq!(server.stats().oversized_events, 1);
    let lists: String = (0..2000)
        .map(|n| format!("l{n}: listMessages {{ nextToken }} "))
        .collect();
    for document in [
        format!("{{ listMessages {{ items {{ {aliases} }} }} }}"),
        format!("{{ {lists} }}"),
    ] {
        let answer = Request::graphql(&document).send(&server).await;
        assert!(answer.body.len() < 3 * 1024 * 1024);
        assert_eq!(answer.json()["errors"][0]["errorType"], "ResponseSizeLimitReached");
    }
    assert_alive(&server).await;
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_is_cut_off() {
    let server = limited(|limits| {
        limits.write_deadline = Duration::from_millis(100);
        limits.response_bytes = 100 * 1024 * 1024;
    })
    .await;
    // With the small buffer below, more than the sockets take without being read.
    let long = "x".repeat(900_000);
    let mutation = format!(r#"mutation {{ createMessage(input: {{message: "{long}"}}) {{ message }} }}"#);
    for _ in 0..9 {
        assert_eq!(Request::graphql(&mutation).send(&server).await.status, 200);
    }
    let body = r#"{"query":"{ listMessages { items { message } } }"}"#;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(8192).unwrap();
    let mut stream = socket.connect(server.address()).await.unwrap();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    within("the end of all connections", async {
        while server.stats().connections > 0 || server.stats().requests < 10 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_alive(&server).await;
}

#[tokio::test]
async fn a_duration_without_end_means_never() {
    let server = limited(|limits| {
        limits.head_deadline = Duration::MAX;
        limits.body_deadline = Duration::MAX;
        limits.execution = Duration::MAX;
        limits.init_deadline = Duration::MAX;
        limits.write_deadline = Duration::MAX;
        limits.keep_alive = Duration::MAX;
        limits.connection_lifetime = Duration::MAX;
        limits.shutdown_grace = Duration::MAX;
    })
    .await;
    assert_alive(&server).await;
    within("the shutdown", server.shutdown()).await;
}
