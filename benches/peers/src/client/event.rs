//! The event that the server sends, as a program would declare it.

use serde::Deserialize;

pub(super) const SUBSCRIPTION: &str = "subscription { event { id at text } }";

#[derive(Debug, Deserialize)]
pub(super) struct Data {
    pub(super) event: Event,
}

#[derive(Debug, Deserialize)]
pub(super) struct Event {
    #[allow(dead_code)] // A program would read it.
    id: u64,
    /// When it was sent, in nanoseconds.
    pub(super) at: u64,
    #[allow(dead_code)] // As above.
    text: String,
}

/// When an event was sent, from its JSON, or a message with it.
pub(super) fn sent_at(json: &str) -> Option<u64> {
    let (_, at) = json.split_once(r#""at":"#)?;
    at.split_once(',')?.0.parse().ok()
}
