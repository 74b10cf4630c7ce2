//! The members of a payload, in all dialects.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::IncrementalError;
use crate::response::{describe, excerpt, is_object};
use crate::{GraphQLError, PathSegment};

/// In the first dialect it is a piece as well, with the members of one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WirePayload<'a> {
    #[serde(default)]
    pub(super) pending: Option<Vec<WirePending>>,
    #[serde(borrow, default)]
    pub(super) incremental: Option<Vec<WirePiece<'a>>>,
    #[serde(borrow, default)]
    pub(super) completed: Option<Vec<WireCompleted<'a>>>,
    pub(super) has_next: Option<bool>,
    path: Option<Vec<Segment>>,
    label: Option<String>,
    #[serde(borrow, default, deserialize_with = "present")]
    data: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    items: Option<&'a RawValue>,
    #[serde(borrow)]
    errors: Option<&'a RawValue>,
    #[serde(borrow)]
    extensions: Option<&'a RawValue>,
}

/// A piece of the answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WirePiece<'a> {
    pub(super) id: Option<Segment>,
    pub(super) path: Option<Vec<Segment>>,
    pub(super) sub_path: Option<Vec<Segment>>,
    pub(super) label: Option<String>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) data: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) items: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) errors: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) extensions: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WirePending {
    pub(super) id: Segment,
    #[serde(default)]
    pub(super) path: Vec<Segment>,
    pub(super) label: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireCompleted<'a> {
    pub(super) id: Segment,
    #[serde(borrow)]
    pub(super) errors: Option<&'a RawValue>,
}

/// A step of a path, or an id: some servers write those as numbers.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Segment {
    Index(u64),
    Field(String),
}

impl<'a> WirePayload<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, IncrementalError> {
        if !is_object(text) {
            return Err(malformed(text, "it is no object"));
        }
        serde_json::from_str(text).map_err(|error| malformed(text, describe(&error)))
    }

    /// What it says itself, apart from its lists.
    pub(super) fn piece(&mut self) -> WirePiece<'a> {
        WirePiece {
            id: None,
            path: self.path.take(),
            sub_path: None,
            label: self.label.take(),
            data: self.data.take(),
            items: self.items.take(),
            errors: self.errors.take(),
            extensions: self.extensions.take(),
        }
    }
}

impl Segment {
    pub(super) fn into_id(self) -> String {
        match self {
            Self::Index(number) => number.to_string(),
            Self::Field(text) => text,
        }
    }
}

pub(super) fn path(segments: Vec<Segment>) -> Vec<PathSegment> {
    let segment = |segment| match segment {
        Segment::Index(index) => PathSegment::Index(index),
        Segment::Field(name) => PathSegment::Field(name),
    };
    segments.into_iter().map(segment).collect()
}

pub(super) fn errors(raw: Option<&RawValue>) -> Vec<GraphQLError> {
    raw.map(GraphQLError::list_from_raw).unwrap_or_default()
}

pub(super) fn malformed(text: &str, why: impl Into<String>) -> IncrementalError {
    IncrementalError::Malformed {
        why: why.into(),
        excerpt: excerpt(text),
    }
}

/// `null` is a value, and something else than nothing.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}
