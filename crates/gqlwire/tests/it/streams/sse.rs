use std::time::Duration;

use futures_util::StreamExt;
use gqlwire::{ErrorKind, ReconnectPolicy, SseOptions};
use serde_json::json;

use super::{COUNT, SSE, all, all_of, client, next, send_slowly};
use crate::support::{Server, response};

#[tokio::test]
async fn events_come_until_the_server_completes() {
    let server = Server::answering(format!("{SSE}:\n\n{}{}event: complete\ndata:\n\n", next(1), next(2))).await;
    let client = client(&server)
        .sse(SseOptions::new())
        .header("x-tenant", "t")
        .build()
        .unwrap();
    let subscription = client.subscribe(COUNT).header("x-call", "c").await.unwrap();
    assert_eq!(all(subscription).await, [r#"{"count":1}"#, r#"{"count":2}"#]);
    let request = &server.requests()[0];
    assert_eq!(request.method, "POST");
    assert_eq!(request.header("accept"), Some("text/event-stream"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(
        (request.header("x-tenant"), request.header("x-call")),
        (Some("t"), Some("c"))
    );
    assert_eq!(request.body, json!({"query": COUNT}).to_string());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn it_matters_not_how_the_bytes_are_cut() {
    let text = format!(
        "{SSE}\u{feff}: hi\r\n{}{}event: complete\r\n\r\n",
        next(1),
        next(2).replace('\n', "\r")
    );
    let server = Server::start(move |_, stream| {
        let bytes: Vec<[u8; 1]> = text.bytes().map(|byte| [byte]).collect();
        async move { send_slowly(stream, bytes).await }
    })
    .await;
    let client = client(&server).build().unwrap();
    let subscription = client.subscribe(COUNT).await.unwrap();
    assert_eq!(all(subscription).await, [r#"{"count":1}"#, r#"{"count":2}"#]);
}

#[tokio::test]
async fn errors_in_an_event_end_nothing_and_an_error_event_does() {
    let errors = "event: next\ndata: {\"errors\":[{\"message\":\"no field\"}]}\n\n";
    assert_eq!(
        all_of(format!("{SSE}{errors}{}event: complete\n\n", next(1))).await,
        ["errors: no field", r#"{"count":1}"#]
    );
    let broken = all_of(format!(
        "{SSE}event: next\ndata: {{oops\n\n{}event: complete\n\n",
        next(1)
    ))
    .await;
    assert!(
        broken[0].starts_with("error: Protocol: the answer is not JSON"),
        "{broken:?}"
    );
    assert_eq!(broken[1..], [r#"{"count":1}"#]);
    assert_eq!(
        all_of(format!(
            "{SSE}event: error\ndata: [{{\"message\":\"going down\"}}]\n\n{}",
            next(1)
        ))
        .await,
        ["error: GraphQL: the server ended the stream: going down"]
    );
}

#[tokio::test]
async fn a_stream_cut_in_an_event_is_lost_without_it() {
    let server = Server::answering(format!("{SSE}{}event: next\ndata: {{\"data\":", next(1))).await;
    let client = client(&server).reconnect(ReconnectPolicy::never()).build().unwrap();
    let said = all(client.subscribe(COUNT).await.unwrap()).await;
    let url = server.url("/graphql");
    let lost = format!("error: Disconnected: {url}: the stream ended without a `complete`");
    assert_eq!(said, [r#"{"count":1}"#.to_owned(), lost]);
}

#[tokio::test]
async fn an_event_without_end_is_refused() {
    let server = Server::start(|_, stream| async move {
        stream.send_without_end(format!("{SSE}data: "), &[b'x'; 10_000]).await;
    })
    .await;
    let client = client(&server).max_response_size(100_000).build().unwrap();
    let said = all(client.subscribe(COUNT).await.unwrap()).await;
    assert_eq!(
        said,
        ["error: Protocol: an event of the stream is longer than 100000 bytes"]
    );
    assert_eq!(server.requests().len(), 1, "it would end the same way again");
}

#[tokio::test]
async fn silence_ends_a_stream_where_the_server_beats_or_the_user_says_so() {
    let server =
        Server::start(|_, stream| async move { stream.send_and_hang(format!("{SSE}{}", next(1))).await }).await;
    let limit = Duration::from_millis(50);
    let idle = client(&server)
        .stream_idle_timeout(limit)
        .reconnect(ReconnectPolicy::never());
    let said = all(idle.build().unwrap().subscribe(COUNT).await.unwrap()).await;
    assert_eq!(said[0], r#"{"count":1}"#);
    assert!(said[1].ends_with("the stream was silent for 50ms"), "{said:?}");

    // Nothing that it sent was a heartbeat, and nobody set a limit: it may be silent.
    let patient = client(&server).build().unwrap();
    let mut subscription = patient.subscribe(COUNT).await.unwrap();
    subscription.next().await.unwrap().unwrap();
    assert!(tokio::time::timeout(2 * limit, subscription.next()).await.is_err());
}

#[tokio::test]
async fn heartbeats_keep_a_stream_and_there_is_no_total_timeout() {
    let server = Server::start(|_, stream| async move {
        let beats = std::iter::once(SSE.to_owned()).chain((0..20).map(|_| ":\n\n".to_owned()));
        let mut stream = stream.0;
        for beat in beats {
            tokio::io::AsyncWriteExt::write_all(&mut stream, beat.as_bytes())
                .await
                .unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::io::AsyncWriteExt::write_all(&mut stream, next(1).as_bytes())
            .await
            .unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    let client = client(&server)
        .timeout(Duration::from_millis(200))
        .stream_idle_timeout(Duration::from_millis(200));
    let mut subscription = client.build().unwrap().subscribe(COUNT).await.unwrap();
    subscription.next().await.unwrap().unwrap();
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_slow_consumer_holds_the_server_up_and_memory_does_not_grow() {
    let (sent, mut watched) = tokio::sync::watch::channel(0usize);
    let server = Server::start(move |_, mut stream| {
        let sent = sent.clone();
        async move {
            let event = format!(
                "event: next\ndata: {{\"data\":{{\"text\":\"{}\"}}}}\n\n",
                "x".repeat(60_000)
            );
            tokio::io::AsyncWriteExt::write_all(&mut stream.0, SSE.as_bytes())
                .await
                .unwrap();
            while tokio::io::AsyncWriteExt::write_all(&mut stream.0, event.as_bytes())
                .await
                .is_ok()
            {
                sent.send_modify(|sent| *sent += event.len());
            }
        }
    })
    .await;
    let client = client(&server).build().unwrap();
    let mut subscription = client.subscribe(COUNT).await.unwrap();
    subscription.next().await.unwrap().unwrap();
    // Until nothing more fits between it and us.
    while tokio::time::timeout(Duration::from_millis(200), watched.changed())
        .await
        .is_ok()
    {}
    let before = *watched.borrow();
    assert!(before < 64 << 20, "{before}");
    for _ in 0..2 * before / 60_000 {
        subscription.next().await.unwrap().unwrap();
    }
    assert!(*watched.borrow() > before);
}

#[tokio::test]
async fn dropping_or_stopping_it_abandons_the_request() {
    for stop in [false, true] {
        let (gone, mut watched) = tokio::sync::mpsc::unbounded_channel();
        let server = Server::start(move |_, mut stream| {
            let gone = gone.clone();
            async move {
                tokio::io::AsyncWriteExt::write_all(&mut stream.0, format!("{SSE}{}", next(1)).as_bytes())
                    .await
                    .unwrap();
                let _ = tokio::io::AsyncReadExt::read(&mut stream.0, &mut [0; 1]).await;
                gone.send(()).unwrap();
            }
        })
        .await;
        let client = client(&server).build().unwrap();
        let mut subscription = client.subscribe(COUNT).await.unwrap();
        subscription.next().await.unwrap().unwrap();
        if stop {
            subscription.stop();
            assert!(subscription.next().await.is_none());
        } else {
            drop(subscription);
        }
        watched.recv().await.unwrap();
    }
}

#[tokio::test]
async fn closing_the_client_ends_each_stream() {
    let server =
        Server::start(|_, stream| async move { stream.send_and_hang(format!("{SSE}{}", next(1))).await }).await;
    let client = client(&server).build().unwrap();
    let mut one = client.subscribe(COUNT).await.unwrap();
    one.next().await.unwrap().unwrap();
    let waiting = tokio::spawn(async move { one.next().await.is_none() });
    client.close().await;
    assert!(waiting.await.unwrap());
    client.subscribe(COUNT).await.unwrap().next().await.unwrap().unwrap();
}

#[tokio::test]
async fn a_query_answered_by_events_is_understood() {
    let answer = format!("{SSE}:\n\nevent: next\ndata: {{\"data\":{{\"n\":1}}}}\n\nevent: complete\n\n");
    let server = Server::answering(answer).await;
    let answer = client(&server).build().unwrap().execute("{ n }").await.unwrap();
    assert_eq!(answer.into_data().unwrap(), json!({"n": 1}));

    let server = Server::answering(format!("{SSE}event: complete\n\n")).await;
    let error = client(&server).build().unwrap().execute("{ n }").await.unwrap_err();
    assert!(
        error.to_string().ends_with("the stream is complete and had no result"),
        "{error}"
    );
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn an_answer_that_is_not_a_stream_says_what_it_is() {
    let html = response("200 OK", &[("content-type", "text/html")], "<h1>Welcome</h1>");
    let said = all_of(html).await;
    assert!(
        said[0].contains("the answer is not JSON") && said[0].contains("Welcome"),
        "{said:?}"
    );
    let said = all_of("HTTP/1.1 204 No Content\r\n\r\n").await;
    assert!(said[0].contains("204 No Content"), "{said:?}");
}
