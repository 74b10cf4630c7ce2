//! What a client without types of its own pays: validation, the check of variables, and conversions by name.
//!
//! `cargo bench -p gqlwire-schema --bench dynamic`

// A benchmark's entry points are public inside a private binary.
#![allow(missing_docs, clippy::expect_used)]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use gqlwire_schema::{Conversions, Schema};
use serde_json::{Value, json};

const SDL: &str = "
    scalar Money
    enum Kind { NOTE ALERT }
    type Query { listMessages(filter: Filter, limit: Int = 100): [Message!]! }
    type Subscription { onMessage: Message }
    input Filter { author: ID!, kinds: [Kind!], since: AWSDateTime }
    type Message { id: ID!, text: String, price: Money, kind: Kind, createdAt: AWSDateTime, tags: [String!] }
";

const QUERY: &str = "query List($filter: Filter, $limit: Int) {
    listMessages(filter: $filter, limit: $limit) { id text price kind createdAt tags }
}";

const SUBSCRIPTION: &str = "subscription { onMessage { id text price kind } }";

fn message(number: usize) -> Value {
    json!({
        "id": number.to_string(), "text": "The quick brown fox jumps over the lazy dog.", "price": 1250 + number,
        "kind": if number.is_multiple_of(3) { "ALERT" } else { "NOTE" }, "createdAt": "2026-11-24T07:56:59.123Z",
        "tags": ["a", "b", "c", "d", "e"],
    })
}

fn dynamic(c: &mut Criterion) {
    let schema = Schema::from_sdl(SDL).expect("the schema is valid");
    let document = schema.parse(QUERY).expect("the query is valid");
    let operation = document.operation(None).expect("there is one");
    let variables = json!({"filter": {"author": "7", "kinds": ["NOTE"], "since": "2026-11-24T07:56Z"}, "limit": 300});
    let variables = variables.as_object().expect("it is an object");
    let conversions = Conversions::new(&schema)
        .scalar(
            "Money",
            |value| Ok::<_, String>(value.clone()),
            |value| Ok(json!(value.as_f64().unwrap_or_default() / 100.0)),
        )
        .and_then(|conversions| conversions.enumeration("Kind", [("NOTE", json!(1)), ("ALERT", json!(2))]))
        .expect("the types exist");

    c.bench_function("a query is validated", |b| b.iter(|| schema.parse(black_box(QUERY))));
    c.bench_function("three variables are checked", |b| {
        b.iter(|| operation.check_variables(&schema, black_box(variables)))
    });
    let answer = json!({"listMessages": (0..300).map(message).collect::<Vec<_>>()});
    c.bench_function("300 items are converted", |b| {
        b.iter_batched(
            || answer.clone(),
            |answer| conversions.parse_result(&operation, answer),
            BatchSize::SmallInput,
        )
    });
    let document = schema.parse(SUBSCRIPTION).expect("the subscription is valid");
    let operation = document.operation(None).expect("there is one");
    let event = json!({"onMessage": message(7)});
    c.bench_function("an event is converted", |b| {
        b.iter_batched(
            || event.clone(),
            |event| conversions.parse_result(&operation, event),
            BatchSize::SmallInput,
        )
    });
}

criterion_group!(benches, dynamic);
criterion_main!(benches);
