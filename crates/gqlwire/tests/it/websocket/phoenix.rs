//! Absinthe over Phoenix channels, played as `absinthe_phoenix` does: a reply to each `doc`, named subscriptions whose
//! events come on a topic of their own name.

use std::time::Duration;

use futures_util::StreamExt;
use gqlwire::{Client, ErrorKind, Event, PhoenixOptions, PhoenixVersion, Protocol, ReconnectPolicy};
use serde_json::{Value, json};

use super::{TICKS, event, next, request};
use crate::support::{Peer, Server, presentable, realtime_speaking};

const CHANNEL: &str = "__absinthe__:control";

/// One message, however it is written.
#[derive(Debug)]
struct Message {
    join_reference: Value,
    reference: Value,
    topic: String,
    event: String,
    payload: Value,
}

struct Channel {
    peer: Peer,
    version: PhoenixVersion,
}

impl Channel {
    async fn receive(&mut self) -> Option<Message> {
        let message = self.peer.receive().await?;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Some(match self.version {
            PhoenixVersion::V1 => Message {
                join_reference: message["join_ref"].clone(),
                reference: message["ref"].clone(),
                topic: text(&message["topic"]),
                event: text(&message["event"]),
                payload: message["payload"].clone(),
            },
            _ => Message {
                join_reference: message[0].clone(),
                reference: message[1].clone(),
                topic: text(&message[2]),
                event: text(&message[3]),
                payload: message[4].clone(),
            },
        })
    }

    async fn expect(&mut self, event: &str) -> Message {
        let message = self.receive().await.expect("the client is gone");
        assert_eq!(message.event, event, "{message:?}");
        message
    }

    async fn send(&mut self, join: Value, reference: Value, topic: &str, event: &str, payload: Value) {
        let message = match self.version {
            PhoenixVersion::V1 => json!({"topic": topic, "event": event, "payload": payload, "ref": reference}),
            _ => json!([join, reference, topic, event, payload]),
        };
        self.peer.send(message).await;
    }

    async fn reply(&mut self, to: &Message, status: &str, response: Value) {
        let payload = json!({"status": status, "response": response});
        let (join, reference) = (to.join_reference.clone(), to.reference.clone());
        self.send(join, reference, &to.topic, "phx_reply", payload).await;
    }

    async fn join(&mut self) -> Message {
        let join = self.expect("phx_join").await;
        assert_eq!(join.topic, CHANNEL);
        self.reply(&join, "ok", json!({})).await;
        join
    }

    async fn tick(&mut self, name: &str, n: u32) {
        let payload = json!({"subscriptionId": name, "result": {"data": {"n": n}}});
        self.send(Value::Null, Value::Null, name, "subscription:data", payload)
            .await;
    }
}

async fn channel<F, Fut>(version: PhoenixVersion, serve: F) -> Server
where
    F: Fn(Channel) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    realtime_speaking(None, move |peer: Peer| serve.clone()(Channel { peer, version })).await
}

fn client(server: &Server, options: PhoenixOptions) -> Client {
    Client::builder(&format!("ws://{}/socket", server.address()))
        .phoenix(options)
        .build()
        .unwrap()
}

/// Answers whatever is asked.
async fn absinthe(mut channel: Channel) {
    channel.join().await;
    let mut subscribed = 0;
    while let Some(message) = channel.receive().await {
        match message.event.as_str() {
            "doc" => {
                let query = message.payload["query"].as_str().unwrap();
                if query.starts_with("subscription") {
                    subscribed += 1;
                    let name = format!("__absinthe__:doc:{subscribed}");
                    channel.reply(&message, "ok", json!({"subscriptionId": name})).await;
                    for n in 1..=3 {
                        channel.tick(&name, n).await;
                    }
                } else if query.contains("fails") {
                    channel
                        .reply(&message, "error", json!({"errors": [{"message": "it is broken"}]}))
                        .await;
                } else {
                    let response = json!({"data": {"echo": message.payload["variables"]}});
                    channel.reply(&message, "ok", response).await;
                }
            }
            "unsubscribe" => {
                let name = message.payload["subscriptionId"].clone();
                channel.reply(&message, "ok", json!({"subscriptionId": name})).await;
            }
            "heartbeat" => channel.reply(&message, "ok", json!({})).await,
            "phx_leave" => return,
            other => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn queries_and_subscriptions_go_over_the_channel_in_both_ways_of_writing() {
    for (version, vsn) in [(PhoenixVersion::V2, "2.0.0"), (PhoenixVersion::V1, "1.0.0")] {
        let server = channel(version, absinthe).await;
        let client = client(&server, PhoenixOptions::new().version(version));
        let query = request("query($a: Int) { echo }").variable("a", 7);
        let answer = client.execute(query).await.unwrap().into_data().unwrap();
        assert_eq!(answer, json!({"echo": {"a": 7}}));
        let mut one = client.subscribe(request(TICKS)).await.unwrap();
        let mut other = client.subscribe(request(TICKS)).await.unwrap();
        for n in 1..=3 {
            assert_eq!(next(&mut one).await, json!({"n": n}));
            assert_eq!(next(&mut other).await, json!({"n": n}));
        }
        let answer = client.execute(request("{ fails }")).await.unwrap();
        assert_eq!(answer.errors[0].message, "it is broken");
        assert_eq!(client.state().unwrap().borrow().protocol, Some(Protocol::Phoenix));
        let handshakes = server.requests();
        assert_eq!(handshakes.len(), 1);
        assert_eq!(handshakes[0].target, format!("/socket/websocket?vsn={vsn}"));
        assert_eq!(handshakes[0].header("sec-websocket-protocol"), None);
        client.close().await;
        assert!(one.next().await.is_none());
    }
}

#[tokio::test]
async fn joining_carries_its_payload_and_a_join_that_is_refused_says_why() {
    let server = channel(PhoenixVersion::V2, |mut channel: Channel| async move {
        let join = channel.expect("phx_join").await;
        assert_eq!(join.payload, json!({"token": "very-secret-token"}));
        channel
            .reply(&join, "error", json!({"reason": "no entry with very-secret-token"}))
            .await;
        channel.peer.drain().await;
    })
    .await;
    let options = PhoenixOptions::new().join_payload(async || Ok(json!({"token": "very-secret-token"})));
    let error = client(&server, options).subscribe(request(TICKS)).await.unwrap_err();
    let said = presentable(&error);
    assert!(said.contains("no entry with [redacted]"), "{said}");
}

#[tokio::test]
async fn a_channel_that_crashes_is_joined_again_and_the_gap_is_told() {
    let joins = std::sync::Arc::<std::sync::atomic::AtomicUsize>::default();
    let server = channel(PhoenixVersion::V2, move |mut channel: Channel| {
        let first = joins.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        async move {
            if !first {
                return absinthe(channel).await;
            }
            let join = channel.join().await;
            let doc = channel.expect("doc").await;
            channel.reply(&doc, "ok", json!({"subscriptionId": "x"})).await;
            channel
                .send(join.reference.clone(), join.reference, CHANNEL, "phx_error", json!({}))
                .await;
            channel.peer.drain().await;
        }
    })
    .await;
    let client = client(&server, PhoenixOptions::new());
    let mut ticks = client.subscribe(request(TICKS)).await.unwrap();
    assert!(matches!(event(&mut ticks).await.unwrap(), Event::Gap(_)));
    assert_eq!(next(&mut ticks).await, json!({"n": 1}));
}

#[tokio::test]
async fn heartbeats_keep_the_socket_and_find_out_one_that_is_dead() {
    let server = channel(PhoenixVersion::V2, |mut channel: Channel| async move {
        channel.join().await;
        let doc = channel.expect("doc").await;
        channel.reply(&doc, "ok", json!({"subscriptionId": "x"})).await;
        for _ in 0..3 {
            let heartbeat = channel.expect("heartbeat").await;
            assert_eq!(heartbeat.topic, "phoenix");
            channel.reply(&heartbeat, "ok", json!({})).await;
        }
        channel.tick("x", 9).await;
        channel.peer.drain().await;
    })
    .await;
    let options = PhoenixOptions::new().heartbeat(Duration::from_millis(30));
    let mut ticks = client(&server, options).subscribe(request(TICKS)).await.unwrap();
    assert_eq!(next(&mut ticks).await, json!({"n": 9}));
}

#[tokio::test]
async fn a_subscription_that_is_refused_says_why_when_it_is_started() {
    let server = channel(PhoenixVersion::V2, |mut channel: Channel| async move {
        channel.join().await;
        let doc = channel.expect("doc").await;
        let errors = json!({"errors": [{"message": "Cannot query field \"ticks\""}]});
        channel.reply(&doc, "error", errors).await;
        channel.peer.drain().await;
    })
    .await;
    let client = Client::builder(&format!("ws://{}/socket", server.address()))
        .phoenix(PhoenixOptions::new())
        .reconnect(ReconnectPolicy::never())
        .build()
        .unwrap();
    let error = client.subscribe(request(TICKS)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::GraphQL, "{error:?}");
    assert!(presentable(&error).contains("Cannot query field"), "{error}");
}

#[tokio::test]
async fn a_subscription_that_is_dropped_is_unsubscribed() {
    let (told, mut unsubscribed) = tokio::sync::mpsc::unbounded_channel();
    let server = channel(PhoenixVersion::V2, move |mut channel: Channel| {
        let told = told.clone();
        async move {
            channel.join().await;
            let doc = channel.expect("doc").await;
            channel.reply(&doc, "ok", json!({"subscriptionId": "x"})).await;
            let unsubscribe = channel.expect("unsubscribe").await;
            told.send(unsubscribe.payload).unwrap();
            channel.peer.drain().await;
        }
    })
    .await;
    let client = client(&server, PhoenixOptions::new());
    let ticks = client.subscribe(request(TICKS)).await.unwrap();
    drop(ticks);
    assert_eq!(unsubscribed.recv().await.unwrap(), json!({"subscriptionId": "x"}));
}
