use std::fmt;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use bytes::{Buf, Bytes};
use gqlwire_proto::GraphQLError;
use gqlwire_proto::{multipart, sse};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::StreamKind;
use super::incoming::{Incoming, Silence};
use crate::error::summary;
use crate::{Error, ErrorKind};

/// What a stream says.
#[derive(Debug)]
pub(super) enum Said {
    /// What [`Messages::text`] holds.
    Next,
    /// There will be no more.
    Complete,
    /// The stream ended before that.
    Lost(Error),
    /// The server ended it, or what it sends is no stream of GraphQL: another request would end the same way.
    Failed(Error),
}

/// What the messages are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Content {
    /// Events of a subscription, which Apollo's protocol wraps in a `payload`.
    Events,
    /// Payloads of one answer.
    Pieces,
    /// Events of many subscriptions: which, and whether it is the last, is for the reader to find out.
    Shared,
}

/// The messages of a stream.
pub(super) struct Messages {
    incoming: Incoming,
    decoder: Decoder,
    content: Content,
    /// What has come and not been taken apart.
    chunk: Bytes,
    /// The message, where it is not in the decoder.
    text: String,
}

enum Decoder {
    Multipart(multipart::Decoder),
    Sse(sse::Decoder),
}

/// A part of Apollo's subscription protocol, or of those that send results as they are.
#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    payload: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    errors: Option<serde_json::Value>,
}

impl Messages {
    /// The messages of an answer, each at most so long, in bytes.
    pub(super) fn new(
        response: reqwest::Response,
        kind: &StreamKind,
        content: Content,
        silence: Silence,
        limit: usize,
    ) -> Self {
        Self {
            incoming: Incoming::new(response, silence),
            decoder: match kind {
                StreamKind::Multipart(boundary) => Decoder::Multipart(multipart::Decoder::new(boundary, limit)),
                StreamKind::Sse => Decoder::Sse(sse::Decoder::new(limit)),
            },
            content,
            chunk: Bytes::new(),
            text: String::new(),
        }
    }

    /// The message that came last.
    pub(super) fn text(&self) -> &str {
        match &self.decoder {
            Decoder::Sse(decoder) => decoder.event().data,
            Decoder::Multipart(_) => &self.text,
        }
    }

    /// The name of the event that came last.
    pub(super) fn name(&self) -> &str {
        match &self.decoder {
            Decoder::Sse(decoder) => decoder.event().name,
            Decoder::Multipart(_) => "",
        }
    }

    /// The id of the last event that had one; empty if none had.
    pub(super) fn last_event_id(&self) -> &str {
        match &self.decoder {
            Decoder::Sse(decoder) => decoder.last_event_id(),
            Decoder::Multipart(_) => "",
        }
    }

    /// How long the server wants a client to wait that comes again.
    pub(super) fn retry(&self) -> Option<Duration> {
        match &self.decoder {
            Decoder::Sse(decoder) => decoder.retry(),
            Decoder::Multipart(_) => None,
        }
    }

    /// When the last byte came.
    pub(super) fn last_heard(&self) -> SystemTime {
        self.incoming.last()
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Said> {
        loop {
            if let Some(said) = self.take_apart() {
                return Poll::Ready(said);
            }
            match ready!(self.incoming.poll(cx)) {
                Some(Ok(chunk)) => self.chunk = chunk,
                Some(Err(error)) => return Poll::Ready(Said::Lost(error)),
                None => return Poll::Ready(self.at_the_end()),
            }
        }
    }

    /// What the chunk says, or `None` if all of it has been taken.
    fn take_apart(&mut self) -> Option<Said> {
        while !self.chunk.is_empty() {
            let mut rest = &self.chunk[..];
            let said = match &mut self.decoder {
                Decoder::Sse(decoder) => {
                    let comments = decoder.comments();
                    let read = decoder.read(&mut rest);
                    if decoder.comments() != comments {
                        self.incoming.beats();
                    }
                    match read {
                        Ok(true) => of_event(decoder.event(), self.content),
                        Ok(false) => None,
                        Err(error) => Some(Said::Failed(protocol(&error))),
                    }
                }
                Decoder::Multipart(decoder) => match decoder.read(&mut rest) {
                    Ok(true) => of_part(decoder.part(), self.content, &mut self.text, &mut self.incoming),
                    Ok(false) => decoder.is_over().then_some(Said::Complete),
                    Err(error) => Some(Said::Failed(protocol(&error))),
                },
            };
            let taken = self.chunk.len() - rest.len();
            self.chunk.advance(taken);
            if said.is_some() {
                return said;
            }
        }
        None
    }

    fn at_the_end(&self) -> Said {
        let what = match &self.decoder {
            Decoder::Multipart(decoder) if decoder.is_over() => return Said::Complete,
            Decoder::Multipart(_) => "the stream ended without its last boundary",
            Decoder::Sse(_) => "the stream ended without a `complete`",
        };
        Said::Lost(Error::new(ErrorKind::Disconnected, what))
    }
}

/// `next` and `complete` are those of graphql-sse; servers without a protocol send events without a name.
fn of_event(event: sse::Event<'_>, content: Content) -> Option<Said> {
    match event.name {
        "complete" if content == Content::Shared => Some(Said::Next),
        "complete" => Some(Said::Complete),
        "error" => {
            let errors = serde_json::from_str(event.data).map(GraphQLError::list_from_value);
            Some(Said::Failed(ended(errors.unwrap_or_default())))
        }
        "next" | "message" | "" if !event.data.trim().is_empty() => Some(Said::Next),
        _ => None,
    }
}

fn of_part(part: multipart::Part<'_>, content: Content, text: &mut String, incoming: &mut Incoming) -> Option<Said> {
    if let Some(content_type) = part.header("content-type")
        && !is_json(content_type)
    {
        let shown: String = content_type.chars().take(60).collect();
        let message = format!("a part of the answer is {shown}, and not JSON");
        return Some(Said::Failed(Error::new(ErrorKind::Protocol, message)));
    }
    let body = String::from_utf8_lossy(part.body);
    let body = body.trim();
    let is_empty = body.strip_prefix('{').and_then(|body| body.strip_suffix('}'));
    if is_empty.is_some_and(|inside| inside.trim().is_empty()) {
        incoming.beats();
        return None;
    }
    text.clear();
    let event = match content {
        Content::Pieces | Content::Shared => body,
        Content::Events => match serde_json::from_str::<Part<'_>>(body) {
            // What cannot be read is an event that the consumer is told of as such: it may have been one.
            Err(_) => body,
            Ok(part) => match (part.payload, part.errors) {
                (Some(payload), _) if payload.get() != "null" => payload.get(),
                (_, Some(errors)) if part.data.is_none() => {
                    return Some(Said::Failed(ended(GraphQLError::list_from_value(errors))));
                }
                (Some(_), _) => return None,
                (None, _) => body,
            },
        },
    };
    text.push_str(event);
    Some(Said::Next)
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json") || essence.to_ascii_lowercase().ends_with("+json")
}

/// An end that is no completion.
pub(super) fn ended(errors: Vec<GraphQLError>) -> Error {
    let message = format!("the server ended the stream: {}", summary(&errors, "it gave no reason"));
    Error::new(ErrorKind::GraphQL, message).with_errors(errors)
}

fn protocol(error: &dyn fmt::Display) -> Error {
    Error::new(ErrorKind::Protocol, error.to_string())
}

fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages").finish_non_exhaustive()
    }
}
