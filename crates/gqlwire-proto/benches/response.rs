//! A typed answer of 300 items, beside `serde_json` alone on the same bytes and types.
//!
//! `cargo bench -p gqlwire-proto --bench response`
//!
//! `plain` has strings and numbers only; `typed` has a date, an enum that may grow and JSON inside of a string.
//! `serde_json` reads the envelope too, as a struct with `data` alone, which drops errors in silence: the floor.

// A benchmark's entry points are public inside a private binary.
#![allow(missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gqlwire_proto::appsync::scalar::{AwsDateTime, AwsJson};
use gqlwire_proto::{MaybeKnown, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const ITEMS: usize = 300;

#[derive(Deserialize)]
struct Floor<T> {
    data: T,
}

#[derive(Deserialize)]
struct List<T> {
    #[serde(rename = "listMessages")]
    _messages: Items<T>,
}

#[derive(Deserialize)]
struct Items<T> {
    #[serde(rename = "items")]
    _items: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Plain {
    #[serde(rename = "id")]
    _id: String,
    #[serde(rename = "message")]
    _message: String,
    #[serde(rename = "likes")]
    _likes: i64,
    #[serde(rename = "createdAt")]
    _created_at: String,
    #[serde(rename = "kind")]
    _kind: String,
    #[serde(rename = "extra")]
    _extra: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typed {
    #[serde(rename = "id")]
    _id: String,
    #[serde(rename = "message")]
    _message: String,
    #[serde(rename = "likes")]
    _likes: i64,
    #[serde(rename = "createdAt")]
    _created_at: AwsDateTime,
    #[serde(rename = "kind")]
    _kind: MaybeKnown<Kind>,
    #[serde(rename = "extra")]
    _extra: AwsJson<Vec<u8>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Kind {
    Note,
    Alert,
}

fn answer() -> String {
    let items: Vec<Value> = (0..ITEMS)
        .map(|number| {
            json!({
                "id": format!("3f2c9a1e-0000-4000-8000-{number:012}"),
                "message": "The quick brown fox jumps over the lazy dog, and then once more.",
                "likes": number * 7919,
                "createdAt": format!("2026-11-24T07:{:02}:{:02}.123Z", number / 60 % 60, number % 60),
                "kind": if number % 3 == 0 { "ALERT" } else { "NOTE" },
                "extra": "[1,2,3]",
            })
        })
        .collect();
    json!({"data": {"listMessages": {"items": items}}}).to_string()
}

fn compare<T: DeserializeOwned>(c: &mut Criterion, name: &str) {
    let answer = answer();
    let response = Response::<T>::from_json(&answer).map(Response::into_data);
    assert!(matches!(response, Ok(Ok(_))), "the answer fits");
    let mut group = c.benchmark_group(format!("{ITEMS} items, {name}"));
    group.throughput(Throughput::Bytes(answer.len() as u64));
    group.bench_function("serde_json", |b| {
        b.iter(|| serde_json::from_str::<Floor<T>>(black_box(&answer)).map(|floor| floor.data))
    });
    group.bench_function("gqlwire", |b| {
        b.iter(|| Response::<T>::from_json(black_box(&answer)).map(Response::into_data))
    });
    group.finish();
}

fn responses(c: &mut Criterion) {
    compare::<List<Plain>>(c, "plain");
    compare::<List<Typed>>(c, "typed");
    compare::<Value>(c, "untyped");
}

criterion_group!(benches, responses);
criterion_main!(benches);
