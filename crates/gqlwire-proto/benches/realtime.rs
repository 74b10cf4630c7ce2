//! The two things that a realtime connection does all day: write a `start`, and read a `data` frame.
//!
//! `cargo bench -p gqlwire-proto --bench realtime`

// A benchmark's entry points are public inside a private binary.
#![allow(missing_docs)]

use std::fmt::Write;
use std::hint::black_box;
use std::time::{Instant, SystemTime};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gqlwire_proto::appsync::{ClientMessage, Envelope, Realtime, Signer, Timeouts, payload_of};
use gqlwire_proto::sigv4::Credentials;
use gqlwire_proto::{Request, Response};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;

const SIGNED: &str = r#"{"accept":"application/json, text/javascript","content-encoding":"amz-1.0","content-type":"application/json; charset=UTF-8","host":"abcdefghijklmnopqrstuvwxyz.appsync-api.us-east-1.amazonaws.com","x-amz-date":"20250102T030405Z","authorization":"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20250102/us-east-1/appsync/aws4_request, SignedHeaders=accept;content-encoding;content-type;host;x-amz-date, Signature=56344a16ca3709fd5588de8df38343c121741e4bcdc007cfd4d81e05b032f34f"}"#;

fn start(c: &mut Criterion) {
    let document = "subscription OnMessage($room: ID!) { onCreateMessage(room: $room) { id message createdAt } }";
    let request = Request::<Value>::new(document).variable("room", "7");
    let data = request.to_json().expect("the variables are JSON");
    let authorization: &RawValue = serde_json::from_str(SIGNED).expect("it is JSON");
    let mut group = c.benchmark_group("start");
    group.bench_function("request to JSON", |b| b.iter(|| black_box(&request).to_json()));
    group.bench_function("message around it", |b| {
        b.iter(|| ClientMessage::start(black_box(7), black_box(&data), black_box(authorization)));
    });
    let credentials = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    let signer = Signer {
        credentials: &credentials,
        region: "us-east-1",
        time: SystemTime::now(),
    };
    let url = Url::parse("https://abcdefghijklmnopqrstuvwxyz.appsync-api.us-east-1.amazonaws.com/graphql")
        .expect("it is a URL");
    group.bench_function("signature by IAM", |b| {
        b.iter(|| signer.sign_start(&url, black_box(&data)))
    });
    group.finish();
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    on_create_message: Vec<Message>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    id: String,
    message: String,
    created_at: String,
}

/// A frame as AppSync writes it, of exactly this many bytes.
fn frame(len: usize) -> String {
    const HEAD: &str = r#"{"id":"1","type":"data","payload":{"data":{"onCreateMessage":["#;
    const TAIL: &str = "]}}}";
    let item = |out: &mut String, number: usize, text: &str| {
        let comma = if number == 0 { "" } else { "," };
        write!(
            out,
            r#"{comma}{{"id":"{number:04}","message":"{text}","createdAt":"2025-01-02T03:04"}}"#
        )
        .expect("a String takes everything");
    };
    let mut out = HEAD.to_owned();
    let mut number = 0;
    while out.len() + TAIL.len() + 400 < len {
        item(&mut out, number, "Hello world! How \\\"are\\\" you? Grüße");
        number += 1;
    }
    let mut last = String::new();
    item(&mut last, number, "");
    let padding = len - out.len() - last.len() - TAIL.len();
    item(&mut out, number, &"x".repeat(padding));
    out.push_str(TAIL);
    assert_eq!(out.len(), len);
    out
}

fn data(c: &mut Criterion) {
    for len in [150, 4 * 1024, 64 * 1024] {
        let frame = frame(len);
        let mut group = c.benchmark_group(format!("data frame of {len} bytes"));
        group.throughput(Throughput::Bytes(len as u64));
        group.bench_function(BenchmarkId::from_parameter("prefix scan"), |b| {
            b.iter(|| Envelope::parse(black_box(&frame)).map(|envelope| envelope.payload.map(str::len)));
        });
        let other_order = frame.replacen(r#""id":"1","type":"data""#, r#""type":"data","id":"1""#, 1);
        group.bench_function(BenchmarkId::from_parameter("whole scan"), |b| {
            b.iter(|| Envelope::parse(black_box(&other_order)).map(|envelope| envelope.payload.map(str::len)));
        });

        let now = Instant::now();
        let mut connection = subscribed(now);
        group.bench_function(BenchmarkId::from_parameter("through Realtime"), |b| {
            b.iter(|| connection.frame(black_box(&frame), now).map(|data| data.payload.len()));
        });

        let rest = Envelope::parse(&frame)
            .ok()
            .and_then(|envelope| envelope.payload)
            .expect("it has a payload");
        group.bench_function(BenchmarkId::from_parameter("payload_of"), |b| {
            b.iter(|| payload_of(black_box(rest)).map(str::len));
        });
        group.bench_function(BenchmarkId::from_parameter("typed Response"), |b| {
            b.iter(|| {
                let response = Response::<Data>::from_json(black_box(rest)).expect("it fits");
                let messages = response.data.map(|data| data.on_create_message).unwrap_or_default();
                let used = |message: &Message| message.id.len() + message.message.len() + message.created_at.len();
                messages.iter().map(used).sum::<usize>()
            });
        });
        group.finish();
    }
}

/// A connection on which subscription 1 of 200 is the one that gets the frames.
fn subscribed(now: Instant) -> Realtime {
    let authorization: &RawValue = serde_json::from_str("{}").expect("it is JSON");
    let mut connection = Realtime::opened(Timeouts::default(), now);
    connection.frame(r#"{"type":"connection_ack"}"#, now);
    for _ in 0..200 {
        let id = connection.start("{}", authorization, now);
        connection.frame(&format!(r#"{{"type":"start_ack","id":"{id}"}}"#), now);
    }
    while connection.poll().is_some() {}
    connection
}

criterion_group!(benches, start, data);
criterion_main!(benches);
