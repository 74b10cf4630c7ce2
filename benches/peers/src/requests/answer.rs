//! The query, and its answer of about a kilobyte, as a program would declare it.

use std::hint::black_box;

use serde::{Deserialize, Serialize};

use crate::Failure;

pub(super) const QUERY: &str = "query Messages($first: Int!, $room: String!) { \
    messages(first: $first, room: $room) { id author text likes edited } }";

pub(super) const COUNT: usize = 8;

#[derive(Clone, Debug, Serialize)]
pub(super) struct Variables {
    pub(super) first: usize,
    pub(super) room: &'static str,
}

pub(super) const VARIABLES: Variables = Variables {
    first: COUNT,
    room: "general",
};

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Data {
    messages: Vec<Message>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Message {
    id: String,
    author: String,
    text: String,
    likes: u32,
    edited: Option<bool>,
}

/// The response as JSON.
pub(super) fn json() -> Result<String, serde_json::Error> {
    let message = |number: usize| Message {
        id: format!("01J9ZK4Q8W3V7M2N6B5C{number:04}"),
        author: format!("author-{number}"),
        text: "A text as long as what people write to each other".to_owned(),
        likes: 3,
        edited: None,
    };
    let messages: Vec<_> = (0..COUNT).map(message).collect();
    serde_json::to_string(&serde_json::json!({ "data": Data { messages } }))
}

/// Uses an answer, and says if it is not the right one.
pub(super) fn check(data: Option<Data>) -> Result<(), Failure> {
    match black_box(data) {
        Some(data) if data.messages.len() == COUNT => Ok(()),
        _ => Err("the answer is not the one that was sent".into()),
    }
}
