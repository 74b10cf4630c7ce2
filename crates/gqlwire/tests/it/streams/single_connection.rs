use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use gqlwire::{Client, ErrorKind, Event, Overflow, Request, SseOptions};
use serde_json::Value;
use tokio::sync::{Notify, mpsc};

use super::{COUNT, SSE, all, client};
use crate::support::{Server, response};

/// A server of the single connection mode, whose stream says what the test writes.
pub(super) struct Double {
    pub(super) server: Server,
    pub(super) streams: mpsc::UnboundedReceiver<mpsc::UnboundedSender<String>>,
    pub(super) posts: mpsc::UnboundedReceiver<Value>,
    pub(super) stops: mpsc::UnboundedReceiver<String>,
    /// Lets the answer to a slow subscription go.
    answer: Arc<Notify>,
}

impl Double {
    pub(super) async fn start() -> Self {
        let (opened, streams) = mpsc::unbounded_channel();
        let (posted, posts) = mpsc::unbounded_channel();
        let (stopped, stops) = mpsc::unbounded_channel();
        let reserved = Arc::new(Mutex::new(0));
        let answer = Arc::new(Notify::new());
        let answers = Arc::clone(&answer);
        let server = Server::start(move |request, mut stream| {
            let (opened, posted, stopped) = (opened.clone(), posted.clone(), stopped.clone());
            let (reserved, answer) = (Arc::clone(&reserved), Arc::clone(&answers));
            async move {
                let token = request.header("x-graphql-event-stream-token");
                let expected = format!("secret-token-{}", *reserved.lock().unwrap());
                if request.method != "PUT" && token != Some(&expected) {
                    return stream.send(response("404 Not Found", &[], "no such stream")).await;
                }
                match request.method.as_str() {
                    "PUT" => {
                        *reserved.lock().unwrap() += 1;
                        let token = format!("secret-token-{}", *reserved.lock().unwrap());
                        stream.send(response("201 Created", &[], &token)).await;
                    }
                    "GET" => {
                        assert_eq!(request.header("accept"), Some("text/event-stream"));
                        let (writer, mut written) = mpsc::unbounded_channel::<String>();
                        opened.send(writer).unwrap();
                        let write = tokio::io::AsyncWriteExt::write_all;
                        write(&mut stream.0, format!("{SSE}:\n\n").as_bytes()).await.unwrap();
                        let (mut reading, mut writing) = stream.0.into_split();
                        let gone = async {
                            let _ = tokio::io::AsyncReadExt::read(&mut reading, &mut [0; 1]).await;
                        };
                        let writing = async {
                            while let Some(text) = written.recv().await {
                                tokio::io::AsyncWriteExt::write_all(&mut writing, text.as_bytes())
                                    .await
                                    .unwrap();
                            }
                        };
                        // Until the client has closed it, or the test.
                        tokio::select! { () = gone => {}, () = writing => {} }
                    }
                    "POST" if request.body.contains("forgotten") && expected.ends_with("-1") => {
                        stream.send(response("404 Not Found", &[], "no such stream")).await;
                    }
                    "POST" if request.body.contains("refuse") => {
                        let errors = r#"{"errors":[{"message":"no such field"}]}"#;
                        stream.send(response("400 Bad Request", &[], errors)).await;
                    }
                    "POST" => {
                        posted.send(serde_json::from_str(&request.body).unwrap()).unwrap();
                        if request.body.contains("slow") {
                            answer.notified().await;
                        }
                        stream.send(response("202 Accepted", &[], "")).await;
                    }
                    _ => {
                        stopped.send(request.target).unwrap();
                        stream.send(response("200 OK", &[], "")).await;
                    }
                }
            }
        })
        .await;
        Self {
            server,
            streams,
            posts,
            stops,
            answer,
        }
    }

    fn client(&self) -> Client {
        client(&self.server)
            .sse(SseOptions::new().single_connection())
            .build()
            .unwrap()
    }

    async fn posted(&mut self) -> String {
        let post = self.posts.recv().await.unwrap();
        assert_eq!(post["query"], COUNT);
        post["extensions"]["operationId"].as_str().unwrap().to_owned()
    }
}

fn event(id: &str, n: u32) -> String {
    format!("event: next\ndata: {{\"id\":\"{id}\",\"payload\":{{\"data\":{{\"count\":{n}}}}}}}\n\n")
}

pub(super) fn complete(id: &str) -> String {
    format!("event: complete\ndata: {{\"id\":\"{id}\"}}\n\n")
}

#[tokio::test]
async fn subscriptions_share_a_stream_and_each_gets_its_own_events() {
    let mut double = Double::start().await;
    let client = double.client();
    let one = client.subscribe(COUNT).await.unwrap();
    let first = double.posted().await;
    let two = client.subscribe(COUNT).await.unwrap();
    let second = double.posted().await;
    let stream = double.streams.recv().await.unwrap();
    let odd = "event: next\ndata: {oops\n\nevent: next\ndata: {\"id\":\"99\",\"payload\":1}\n\n";
    stream
        .send(odd.to_owned() + &event(&second, 2) + &event(&first, 1) + &complete(&first))
        .unwrap();
    stream.send(complete(&second)).unwrap();
    assert_eq!(all(one).await, [r#"{"count":1}"#]);
    assert_eq!(all(two).await, [r#"{"count":2}"#]);
    let methods: Vec<_> = double
        .server
        .requests()
        .iter()
        .map(|request| request.method.clone())
        .collect();
    assert_eq!(methods, ["PUT", "GET", "POST", "POST"]);
}

#[tokio::test]
async fn dropping_one_tells_the_server_and_the_others_go_on() {
    let mut double = Double::start().await;
    let client = double.client();
    let one = client.subscribe(COUNT).await.unwrap();
    let first = double.posted().await;
    let two = client.subscribe(COUNT).await.unwrap();
    let second = double.posted().await;
    drop(one);
    assert_eq!(
        double.stops.recv().await.unwrap(),
        format!("/graphql?operationId={first}")
    );
    let stream = double.streams.recv().await.unwrap();
    stream
        .send(event(&first, 1) + &event(&second, 2) + &complete(&second))
        .unwrap();
    assert_eq!(all(two).await, [r#"{"count":2}"#]);
    // Nobody is left, and so the stream is closed.
    stream.closed().await;
}

#[tokio::test]
async fn one_that_is_given_up_while_it_is_posted_is_stopped_once_the_server_has_it() {
    let mut double = Double::start().await;
    let client = double.client();
    let kept = client.subscribe(COUNT).await.unwrap();
    let _ = double.posted().await;
    let slow = tokio::spawn(client.subscribe("subscription { slow }").into_future());
    let post = double.posts.recv().await.unwrap();
    assert_eq!(post["query"], "subscription { slow }");
    slow.abort();
    let stop = double.stops.recv().await.unwrap();
    // The server may have read the stop first, or has it again after its answer to the post.
    double.answer.notify_one();
    assert_eq!(double.stops.recv().await.unwrap(), stop);
    drop(kept);
}

#[tokio::test]
async fn a_lost_stream_is_opened_again_for_all_with_a_gap() {
    let mut double = Double::start().await;
    let client = double.client();
    let one = client.subscribe(COUNT).await.unwrap();
    let first = double.posted().await;
    let stream = double.streams.recv().await.unwrap();
    stream.send(event(&first, 1)).unwrap();
    drop(stream);
    let again = double.posted().await;
    let stream = double.streams.recv().await.unwrap();
    stream.send(event(&again, 2) + &complete(&again)).unwrap();
    let said = all(one).await;
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said.contains(&"gap: Disconnected".to_owned()), "{said:?}");
}

#[tokio::test]
async fn a_stream_that_the_server_has_forgotten_is_opened_again_for_all() {
    let mut double = Double::start().await;
    let client = double.client();
    let one = client.subscribe(COUNT).await.unwrap();
    let first = double.posted().await;
    let silent = double.streams.recv().await.unwrap();
    let two = client.subscribe("subscription { forgotten }").await.unwrap();
    silent.closed().await;
    let stream = double.streams.recv().await.unwrap();
    stream.send(event(&first, 2) + &complete(&first)).unwrap();
    let said = all(one).await;
    assert!(said.contains(&r#"{"count":2}"#.to_owned()), "{said:?}");
    drop(two);
}

#[tokio::test]
async fn a_refused_operation_fails_alone() {
    let mut double = Double::start().await;
    let client = double.client();
    let one = client.subscribe(COUNT).await.unwrap();
    let first = double.posted().await;
    let error = client.subscribe("subscription { refuse }").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::GraphQL);
    assert!(error.to_string().contains("no such field"), "{error}");
    let stream = double.streams.recv().await.unwrap();
    stream.send(complete(&first)).unwrap();
    assert!(all(one).await.is_empty());
}

#[tokio::test]
async fn a_server_without_the_mode_is_told_apart() {
    let server = Server::answering(response("200 OK", &[], r#"{"data":{}}"#)).await;
    let client = client(&server)
        .sse(SseOptions::new().single_connection())
        .build()
        .unwrap();
    let error = client.subscribe(COUNT).await.unwrap_err();
    assert!(error.to_string().contains("single connection mode"), "{error}");
    // And another call tries anew.
    assert!(client.subscribe(COUNT).await.is_err());
    let catching_up = client
        .subscribe(COUNT)
        .catch_up(Request::<Value>::new("{ a }"))
        .await
        .unwrap_err();
    assert_eq!(catching_up.kind(), ErrorKind::Request);
}

#[tokio::test]
async fn a_slow_subscriber_does_what_its_policy_says_and_harms_no_other() {
    let mut double = Double::start().await;
    let client = double.client();
    let slow = client
        .subscribe(COUNT)
        .queue_messages(2)
        .overflow(Overflow::DropOldest)
        .await
        .unwrap();
    let first = double.posted().await;
    let failing = client.subscribe(COUNT).queue_messages(2).await.unwrap();
    let second = double.posted().await;
    let quick = client.subscribe(COUNT).await.unwrap();
    let third = double.posted().await;
    let stream = double.streams.recv().await.unwrap();
    for n in 0..5 {
        stream.send(event(&first, n) + &event(&second, n)).unwrap();
    }
    stream
        .send(event(&third, 9) + &complete(&third) + &complete(&first))
        .unwrap();
    assert_eq!(all(quick).await, [r#"{"count":9}"#]);
    assert_eq!(all(slow).await, ["dropped 3", r#"{"count":3}"#, r#"{"count":4}"#]);
    let failed = all(failing).await;
    assert_eq!(failed[..2], [r#"{"count":0}"#, r#"{"count":1}"#]);
    assert!(failed[2].starts_with("error: Lagged"), "{failed:?}");
    assert_eq!(
        double.stops.recv().await.unwrap(),
        format!("/graphql?operationId={second}")
    );
}

#[tokio::test]
async fn closing_the_client_ends_all_and_the_stream() {
    let mut double = Double::start().await;
    let client = double.client();
    let one = client.subscribe(COUNT).await.unwrap();
    let stream = double.streams.recv().await.unwrap();
    let waiting = tokio::spawn(all(one));
    client.close().await;
    assert!(waiting.await.unwrap().is_empty());
    stream.closed().await;
}

#[tokio::test]
async fn the_token_shows_nowhere() {
    let double = Double::start().await;
    let client = double.client();
    let subscription = client.subscribe(COUNT).await.unwrap();
    assert!(!format!("{client:?} {subscription:?}").contains("secret-token"));
}

#[tokio::test]
async fn a_subscriber_that_gives_up_before_the_acknowledgement_is_forgotten() {
    let server = Server::start(|request, stream| async move {
        match request.method.as_str() {
            "PUT" => stream.send(response("201 Created", &[], "t")).await,
            "GET" => stream.send_and_hang(SSE).await,
            _ => std::future::pending().await,
        }
    })
    .await;
    let client = client(&server)
        .sse(SseOptions::new().single_connection())
        .build()
        .unwrap();
    let error = client
        .subscribe(COUNT)
        .timeout(Duration::from_millis(100))
        .await
        .unwrap_err();
    assert!(error.is_timeout(), "{error}");
    let mut again = client
        .subscribe(COUNT)
        .timeout(Duration::from_millis(100))
        .await
        .map(|mut s| {
            s.stop();
            s
        });
    if let Ok(subscription) = &mut again {
        assert!(matches!(subscription.next().await, None | Some(Ok(Event::Gap(_)))));
    }
}
