use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::response::{JSON_SPACE, describe, excerpt, is_object};

/// A server's message with its payload still text.
///
/// Reading the payload is left to whoever wants it; most frames are routed by id alone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Envelope<'a> {
    /// The type of the message.
    pub kind: Cow<'a, str>,
    /// The subscription that the message is about. An empty or `null` id is no id.
    pub id: Option<Cow<'a, str>>,
    /// The JSON text of an id that is not a readable string. The message is about one subscription all the same, but
    /// about none that a client started: a client's ids are strings, and come back as it sent them.
    pub foreign_id: Option<&'a str>,
    /// The text of `payload`, if there is one and it is not `null`.
    pub payload: Option<&'a str>,
}

impl<'a> Envelope<'a> {
    /// Takes a frame apart.
    ///
    /// The orders in which servers write the members of an event (`data` or `next`; `id`, `type`, `payload`, as AppSync
    /// and `graphql-ws` do, or `type`, `id`, `payload`, as Apollo did; no spaces) are recognised by their prefix, and
    /// the payload then taken as the rest of the frame without looking into it: whoever reads the payload finds out
    /// whether it is JSON, with [`payload_of`]. Any other order is read by a JSON parser.
    ///
    /// # Errors
    ///
    /// The frame is not a JSON object with one `type` that is a string, or has a second `id` or `payload`.
    pub fn parse(frame: &'a str) -> Result<Self, MalformedFrame> {
        match Self::event_in_order(frame) {
            Some(envelope) => Ok(envelope),
            None => Self::parse_any(frame),
        }
    }

    fn event_in_order(frame: &'a str) -> Option<Self> {
        let (kind, id, rest) = match frame.strip_prefix(r#"{"id":""#) {
            Some(rest) => {
                let (id, rest) = split_plain_string(rest)?;
                match rest.strip_prefix(r#","type":"data","payload":"#) {
                    Some(rest) => ("data", id, rest),
                    None => ("next", id, rest.strip_prefix(r#","type":"next","payload":"#)?),
                }
            }
            None => {
                let (kind, rest) = match frame.strip_prefix(r#"{"type":"data","id":""#) {
                    Some(rest) => ("data", rest),
                    None => ("next", frame.strip_prefix(r#"{"type":"next","id":""#)?),
                };
                let (id, rest) = split_plain_string(rest)?;
                (kind, id, rest.strip_prefix(r#","payload":"#)?)
            }
        };
        let payload = rest.strip_suffix('}')?;
        // A response is an object. Whatever else stands there (`null` is no payload) is left to the parser.
        (!id.is_empty() && payload.starts_with('{')).then_some(Self {
            kind: Cow::Borrowed(kind),
            id: Some(Cow::Borrowed(id)),
            foreign_id: None,
            payload: Some(payload),
        })
    }

    fn parse_any(frame: &'a str) -> Result<Self, MalformedFrame> {
        let members: Members<'a> = match serde_json::from_str(frame) {
            Err(error) if !error.is_data() => return Err(MalformedFrame::new(frame, describe(&error))),
            // A struct may also be read from a list of its members' values, which no message is.
            _ if !is_object(frame) => return Err(MalformedFrame::new(frame, "it is not an object".to_owned())),
            Err(error) => return Err(MalformedFrame::new(frame, describe(&error))),
            Ok(members) => members,
        };
        let kind = match members.kind.map(|kind| serde_json::from_str::<Text<'a>>(kind.get())) {
            Some(Ok(Text(kind))) => kind,
            Some(Err(_)) => return Err(MalformedFrame::new(frame, "its type is not a string".to_owned())),
            None => return Err(MalformedFrame::new(frame, "it has no type".to_owned())),
        };
        let (id, foreign_id) = match members
            .id
            .map(|id| (id.get(), serde_json::from_str::<Text<'a>>(id.get())))
        {
            None => (None, None),
            Some((_, Ok(Text(id)))) => (Some(id).filter(|id| !id.is_empty()), None),
            Some((text, Err(_))) => (None, Some(text)),
        };
        Ok(Self {
            kind,
            id,
            foreign_id,
            payload: members.payload.map(RawValue::get).filter(|payload| *payload != "null"),
        })
    }
}

/// The payload of a frame whose payload was taken as the rest of the frame: without whatever members follow it.
///
/// Whoever reads the payload into a type may try the rest itself first, and ask here only when that fails: text that
/// is read to its end holds nothing but the payload.
///
/// `None` when the text is not JSON followed by the end of an object, or when a second `id`, `type` or `payload`
/// follows: the frame was malformed.
pub fn payload_of(rest: &str) -> Option<&str> {
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
    let payload = values.next()?.ok()?.get();
    let end = values.byte_offset();
    let tail = &rest[end..];
    if tail.trim_start_matches(JSON_SPACE).is_empty() {
        return Some(payload);
    }
    // `{"id":"1","type":"data","payload":{…},"more":1}`: what follows must be members, as if an object went on.
    let as_object = format!(r#"{{"id":"","type":"","payload":null{tail}}}"#);
    serde_json::from_str::<Members<'_>>(&as_object).ok().map(|_| payload)
}

/// A frame that is not a message of the protocol.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the server sent a frame that is not a message ({why}): {excerpt}")]
pub struct MalformedFrame {
    why: String,
    excerpt: String,
}

impl MalformedFrame {
    fn new(frame: &str, why: String) -> Self {
        Self {
            why,
            excerpt: excerpt(frame),
        }
    }
}

/// Splits at the closing quote of a string without escapes.
fn split_plain_string(text: &str) -> Option<(&str, &str)> {
    let end = text.bytes().position(|byte| matches!(byte, b'"' | b'\\' | ..=0x1f))?;
    (text.as_bytes()[end] == b'"').then(|| (&text[..end], &text[end + 1..]))
}

#[derive(Deserialize)]
struct Members<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

/// A string that is borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
