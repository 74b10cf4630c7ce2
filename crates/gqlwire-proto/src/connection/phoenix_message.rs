use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::response::{describe, is_object};

/// How messages of Phoenix channels are written.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum PhoenixVersion {
    /// An object with `topic`, `event`, `payload`, `ref`: Phoenix before 1.4.
    V1,
    /// A list of `join_ref`, `ref`, topic, event, payload: what Phoenix's own client speaks since 1.4. Absinthe writes
    /// its events with whichever serializer the socket has, so that it takes both.
    #[default]
    V2,
}

impl PhoenixVersion {
    /// The value of `vsn` in the query of the URL.
    pub fn vsn(self) -> &'static str {
        match self {
            Self::V1 => "1.0.0",
            Self::V2 => "2.0.0",
        }
    }

    /// The text of a message; the payload is JSON already.
    pub(super) fn write(self, joined: Option<u64>, number: u64, topic: &str, event: &str, payload: &str) -> String {
        let topic = serde_json::Value::from(topic);
        match (self, joined) {
            (Self::V1, Some(joined)) => format!(
                r#"{{"topic":{topic},"event":"{event}","join_ref":"{joined}","ref":"{number}","payload":{payload}}}"#
            ),
            (Self::V1, None) => {
                format!(r#"{{"topic":{topic},"event":"{event}","ref":"{number}","payload":{payload}}}"#)
            }
            (Self::V2, Some(joined)) => format!(r#"["{joined}","{number}",{topic},"{event}",{payload}]"#),
            (Self::V2, None) => format!(r#"[null,"{number}",{topic},"{event}",{payload}]"#),
        }
    }
}

/// A message of the server, its payload still text.
#[derive(Debug)]
pub(super) struct PhoenixMessage<'f> {
    /// Of which join it speaks.
    pub(super) join_ref: Option<u64>,
    /// What it answers.
    pub(super) reference: Option<u64>,
    pub(super) topic: Cow<'f, str>,
    pub(super) event: Cow<'f, str>,
    pub(super) payload: Option<&'f RawValue>,
}

impl<'f> PhoenixMessage<'f> {
    /// Reads either version: they cannot be confused.
    pub(super) fn parse(frame: &'f str) -> Result<Self, String> {
        if is_object(frame) {
            let members: Members<'f> = serde_json::from_str(frame).map_err(|error| describe(&error))?;
            return Ok(Self {
                join_ref: number(members.join_ref),
                reference: number(members.reference),
                topic: members.topic.0,
                event: members.event.0,
                payload: members.payload,
            });
        }
        let list: List<'f> = serde_json::from_str(frame).map_err(|error| describe(&error))?;
        let List(join_ref, reference, topic, event, payload) = list;
        Ok(Self {
            join_ref: number(join_ref),
            reference: number(reference),
            topic: topic.0,
            event: event.0,
            payload: Some(payload),
        })
    }
}

/// A payload's members, as far as they are known; `None` when it is no object with members of these kinds.
pub(super) fn read<'f, T: Deserialize<'f>>(payload: Option<&'f RawValue>) -> Option<T> {
    let text = payload?.get();
    is_object(text).then(|| serde_json::from_str(text).ok()).flatten()
}

/// The payload of `phx_reply`.
#[derive(Deserialize)]
pub(super) struct Reply<'f> {
    #[serde(borrow)]
    pub(super) status: Text<'f>,
    #[serde(borrow)]
    pub(super) response: Option<&'f RawValue>,
}

/// What a reply to `doc` says of a subscription, and the payload of `unsubscribe`.
#[derive(Deserialize)]
pub(super) struct Subscribed {
    #[serde(rename = "subscriptionId")]
    pub(super) id: String,
}

/// The payload of `subscription:data`.
#[derive(Deserialize)]
pub(super) struct Event<'f> {
    #[serde(borrow)]
    pub(super) result: Option<&'f RawValue>,
    #[serde(rename = "subscriptionId", borrow)]
    pub(super) id: Option<Text<'f>>,
}

/// A string that is borrowed where it has no escapes.
#[derive(Debug, Deserialize)]
pub(super) struct Text<'f>(#[serde(borrow)] pub(super) Cow<'f, str>);

/// A reference that this client has given: a number, in a string or, with some servers, bare.
fn number(raw: Option<&RawValue>) -> Option<u64> {
    raw?.get().trim_matches('"').parse().ok()
}

#[derive(Deserialize)]
struct Members<'f> {
    #[serde(borrow)]
    topic: Text<'f>,
    #[serde(borrow)]
    event: Text<'f>,
    #[serde(borrow)]
    payload: Option<&'f RawValue>,
    #[serde(rename = "ref", borrow)]
    reference: Option<&'f RawValue>,
    #[serde(borrow)]
    join_ref: Option<&'f RawValue>,
}

#[derive(Deserialize)]
struct List<'f>(
    #[serde(borrow)] Option<&'f RawValue>,
    #[serde(borrow)] Option<&'f RawValue>,
    #[serde(borrow)] Text<'f>,
    #[serde(borrow)] Text<'f>,
    #[serde(borrow)] &'f RawValue,
);
