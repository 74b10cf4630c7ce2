use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::response::excerpt;

/// One entry of a response's `errors`.
///
/// Parsing is tolerant, because servers are not careful: a missing or `null` `message`, a `null` `path`, a bare
/// string instead of an object, are all accepted. Members that the GraphQL specification does not know are kept in
/// [`other`](Self::other); that is where AppSync puts `errorType`, `errorInfo` and `data`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GraphQLError {
    /// What went wrong, in the server's words; empty when the server gave none.
    pub message: String,
    /// Where in the document the error belongs; empty when the server gave no place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<Location>,
    /// Which part of the response failed, if the error belongs to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Vec<PathSegment>>,
    /// The specification's own place for what servers add.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extensions: Map<String, Value>,
    /// Every other member, as the server sent it.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl GraphQLError {
    /// An error with a message and nothing else.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..Self::default()
        }
    }

    /// Sets AppSync's `errorType`.
    #[must_use]
    pub fn with_error_type(mut self, error_type: impl Into<String>) -> Self {
        self.other
            .insert("errorType".to_owned(), Value::String(error_type.into()));
        self
    }

    /// Sets the response path that the error belongs to.
    #[must_use]
    pub fn with_path(mut self, path: Vec<PathSegment>) -> Self {
        self.path = Some(path);
        self
    }

    /// The kind of error as the server names it: AppSync's `errorType` without its namespace
    /// (`pkg#UnauthorizedException` is `UnauthorizedException`), else `extensions.code`, `extensions.errorType` or
    /// `extensions.classification`.
    pub fn error_type(&self) -> Option<&str> {
        fn named<'m>(members: &'m Map<String, Value>, key: &str) -> Option<&'m str> {
            members.get(key)?.as_str().filter(|text| !text.is_empty())
        }
        named(&self.other, "errorType")
            .and_then(|text| text.rsplit('#').find(|part| !part.is_empty()))
            .or_else(|| {
                ["code", "errorType", "classification"]
                    .iter()
                    .find_map(|key| named(&self.extensions, key))
            })
    }

    /// AppSync's `errorInfo`: whatever the resolver attached, not filtered by the selection set.
    pub fn error_info(&self) -> Option<&Value> {
        self.other.get("errorInfo").filter(|value| !value.is_null())
    }

    /// AppSync's `data` of an error, filtered by the selection set.
    pub fn data(&self) -> Option<&Value> {
        self.other.get("data").filter(|value| !value.is_null())
    }

    /// AppSync's numeric `errorCode`, which realtime errors carry. It may disagree with the error's meaning
    /// (an `UnauthorizedException` with code 400 is common).
    pub fn error_code(&self) -> Option<u64> {
        self.other.get("errorCode").and_then(Value::as_u64)
    }

    /// Reads one entry of `errors` from whatever JSON stands there.
    ///
    /// Anything that is not an object becomes an error whose message is that value's text.
    pub fn from_value(value: Value) -> Self {
        let mut members = match value {
            Value::Object(members) => members,
            Value::String(message) => return Self::new(message),
            other => return Self::new(other.to_string()),
        };
        let message = match members.remove("message") {
            Some(Value::String(text)) => without_session_token(text),
            None | Some(Value::Null) => String::new(),
            Some(other) => other.to_string(),
        };
        let locations = match members.remove("locations") {
            Some(Value::Array(items)) => items.into_iter().filter_map(Location::from_value).collect(),
            _ => Vec::new(),
        };
        let path = match members.remove("path") {
            Some(Value::Array(items)) => Some(items.into_iter().map(PathSegment::from_value).collect()),
            _ => None,
        };
        let extensions = match members.remove("extensions") {
            Some(Value::Object(extensions)) => extensions,
            None | Some(Value::Null) => Map::new(),
            Some(other) => Map::from_iter([("value".to_owned(), other)]),
        };
        Self {
            message,
            locations,
            path,
            extensions,
            other: members,
        }
    }

    /// Reads `errors` in any shape that servers send it: a list, one bare object, a string, `null`.
    pub fn list_from_value(value: Value) -> Vec<Self> {
        match value {
            Value::Null => Vec::new(),
            Value::Array(items) => items.into_iter().map(Self::from_value).collect(),
            single => vec![Self::from_value(single)],
        }
    }

    /// The same from text. JSON may be valid and still more than a [`Value`] holds (`1e999`, half a surrogate pair,
    /// nested too deeply): an error is an error all the same, and its text becomes the message.
    pub(crate) fn list_from_raw(raw: &RawValue) -> Vec<Self> {
        let readable = |raw: &RawValue| serde_json::from_str::<Value>(raw.get()).ok();
        if let Some(value) = readable(raw) {
            return Self::list_from_value(value);
        }
        let items = serde_json::from_str::<Vec<&RawValue>>(raw.get()).unwrap_or_else(|_| vec![raw]);
        items
            .into_iter()
            .map(|item| readable(item).map_or_else(|| Self::new(excerpt(item.get())), Self::from_value))
            .collect()
    }
}

impl<'de> Deserialize<'de> for GraphQLError {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from_value)
    }
}

/// Message first, then what the server calls it and where it happened: `Not Authorized to access secret on type
/// Query (Unauthorized) at secret`.
impl fmt::Display for GraphQLError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error_type = self.error_type();
        match (self.message.is_empty(), error_type) {
            (false, _) => f.write_str(&self.message)?,
            (true, Some(error_type)) => f.write_str(error_type)?,
            (true, None) => f.write_str("the server gave an error without a message")?,
        }
        if let (false, Some(error_type)) = (self.message.is_empty(), error_type) {
            write!(f, " ({error_type})")?;
        }
        if let Some(path) = self.path.as_deref().filter(|path| !path.is_empty()) {
            f.write_str(" at ")?;
            for (index, segment) in path.iter().enumerate() {
                match segment {
                    PathSegment::Field(name) if index == 0 => f.write_str(name)?,
                    PathSegment::Field(name) => write!(f, ".{name}")?,
                    PathSegment::Index(position) => write!(f, "[{position}]")?,
                }
            }
        }
        Ok(())
    }
}

impl std::error::Error for GraphQLError {}

/// A refused signature is answered with the canonical request that the server arrived at, session token included. That
/// helps whoever wrote the signer, but the token is a credential, and messages end up in logs.
fn without_session_token(message: String) -> String {
    const NAME: &str = "x-amz-security-token:";
    if !message.contains(NAME) {
        return message;
    }
    let mut parts = message.split(NAME);
    let mut redacted = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // The value goes on to the end of its line, which AppSync writes as a line break or, twice escaped, as `\n`.
        let end = part.find(['\n', '\r', '\\', '\'', '"']).unwrap_or(part.len());
        redacted.push_str(NAME);
        redacted.push_str("[redacted]");
        redacted.push_str(&part[end..]);
    }
    redacted
}

/// A place in the document, counted from 1.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Location {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

impl Location {
    fn from_value(value: Value) -> Option<Self> {
        let number = |key| {
            value
                .get(key)
                .and_then(Value::as_u64)
                .and_then(|n| u32::try_from(n).ok())
        };
        Some(Self {
            line: number("line")?,
            column: number("column")?,
        })
    }
}

/// One step of a response path.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(untagged)]
pub enum PathSegment {
    /// A response key: the field's alias, or its name.
    Field(String),
    /// A position in a list, from 0.
    Index(u64),
}

impl PathSegment {
    fn from_value(value: Value) -> Self {
        match value {
            Value::String(name) => Self::Field(name),
            other => match other.as_u64() {
                Some(position) => Self::Index(position),
                None => Self::Field(other.to_string()),
            },
        }
    }
}
