//! A JSON value that is opened only where something is merged into it: what nobody touches stays the text that came, with
//! its numbers and the order of its members.

use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{DEEPEST, IncrementalError, Place};
use crate::PathSegment;

#[derive(Clone, Debug)]
pub(super) enum Node {
    Text(Box<RawValue>),
    Object(Members),
    List(Vec<Node>),
}

/// In the order in which they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Members {
    entries: Vec<(String, Node)>,
    index: HashMap<String, usize>,
}

impl Node {
    pub(super) fn write(&self, to: &mut String) {
        match self {
            Self::Text(text) => to.push_str(text.get()),
            Self::Object(members) => {
                to.push('{');
                for (position, (name, node)) in members.entries.iter().enumerate() {
                    if position > 0 {
                        to.push(',');
                    }
                    // A text always becomes JSON.
                    to.push_str(&serde_json::to_string(name).unwrap_or_default());
                    to.push(':');
                    node.write(to);
                }
                to.push('}');
            }
            Self::List(items) => {
                to.push('[');
                for (position, item) in items.iter().enumerate() {
                    if position > 0 {
                        to.push(',');
                    }
                    item.write(to);
                }
                to.push(']');
            }
        }
    }

    /// What lies at a path.
    pub(super) fn at<'n>(&'n mut self, path: &[PathSegment]) -> Result<&'n mut Self, IncrementalError> {
        if path.len() > DEEPEST {
            return Err(IncrementalError::TooDeep);
        }
        let mut node = self;
        for (depth, segment) in path.iter().enumerate() {
            let nowhere = |found| IncrementalError::NoPlace {
                place: Place(&path[..=depth]).to_string(),
                found,
            };
            node.open();
            node = match (node, segment) {
                (Self::Object(members), PathSegment::Field(name)) => {
                    members.named(name).ok_or_else(|| nowhere("no such field"))?
                }
                (Self::List(items), PathSegment::Index(index)) => {
                    let index = usize::try_from(*index).unwrap_or(usize::MAX);
                    items.get_mut(index).ok_or_else(|| nowhere("no such item"))?
                }
                (other, _) => return Err(nowhere(other.describe())),
            };
        }
        Ok(node)
    }

    /// Merges a value into this one: members into members, items into items by their place; anything else is replaced.
    ///
    /// Pieces repeat what the answer has already, in the older dialects.
    pub(super) fn merge(&mut self, value: &RawValue, depth: usize) -> Result<(), IncrementalError> {
        if depth > DEEPEST {
            return Err(IncrementalError::TooDeep);
        }
        let mut value = Self::Text(value.to_owned());
        // What is no list and no object is not worth opening the other for.
        value.open();
        if !matches!(value, Self::Text(_)) {
            self.open();
        }
        match (&mut *self, value) {
            (Self::Object(members), Self::Object(more)) => {
                for (name, node) in more.entries {
                    match (members.named(&name), node) {
                        (Some(known), Self::Text(text)) => known.merge(&text, depth + 1)?,
                        (Some(known), node) => *known = node,
                        (None, node) => members.push(name, node),
                    }
                }
            }
            (Self::List(items), Self::List(more)) => {
                for (position, node) in more.into_iter().enumerate() {
                    match (items.get_mut(position), node) {
                        (Some(known), Self::Text(text)) => known.merge(&text, depth + 1)?,
                        (Some(known), node) => *known = node,
                        (None, node) => items.push(node),
                    }
                }
            }
            (_, value) => *self = value,
        }
        Ok(())
    }

    /// The list that this is.
    pub(super) fn items(&mut self, path: &[PathSegment]) -> Result<&mut Vec<Self>, IncrementalError> {
        self.open();
        match self {
            Self::List(items) => Ok(items),
            other => Err(IncrementalError::NoPlace {
                place: Place(path).to_string(),
                found: other.describe(),
            }),
        }
    }

    pub(super) fn is_object(&mut self) -> bool {
        self.open();
        matches!(self, Self::Object(_))
    }

    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::Object(_) => "an object",
            Self::List(_) => "a list",
            Self::Text(text) if text.get() == "null" => "null",
            Self::Text(_) => "a scalar",
        }
    }

    fn open(&mut self) {
        let Self::Text(text) = self else { return };
        let opened = match text.get().as_bytes().first() {
            Some(b'{') => serde_json::from_str(text.get()).map(Self::Object),
            Some(b'[') => {
                let items = serde_json::from_str::<Vec<Box<RawValue>>>(text.get());
                items.map(|items| Self::List(items.into_iter().map(Self::Text).collect()))
            }
            _ => return,
        };
        // It was read before, so this does not fail; half a surrogate pair in a name is what would.
        if let Ok(opened) = opened {
            *self = opened;
        }
    }
}

impl Members {
    pub(super) fn named(&mut self, name: &str) -> Option<&mut Node> {
        let at = *self.index.get(name)?;
        Some(&mut self.entries[at].1)
    }

    pub(super) fn push(&mut self, name: String, node: Node) {
        match self.named(&name) {
            Some(known) => *known = node,
            None => {
                self.index.insert(name.clone(), self.entries.len());
                self.entries.push((name, node));
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Members::default();
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    members.push(name, Node::Text(value));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
