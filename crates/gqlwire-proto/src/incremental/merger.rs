use std::collections::BTreeMap;

use serde_json::Map;
use serde_json::value::RawValue;

use super::node::{Members, Node};
use super::wire::{self, WirePayload, WirePiece};
use super::{Change, Completed, IncrementalError, Patch, Payload, Pending, Place};
use crate::PathSegment;

/// Adds the payloads of an answer up.
///
/// ```text
///  push: data ──▶ first payload ──hasNext──▶ pieces, merged where they belong ──hasNext: false──▶ over
///                      └────────────── no hasNext: the whole answer ──────────────────────────────▲
/// ```
///
/// Errors and extensions of all payloads are collected. What nothing is merged into stays the text that came, with its
/// numbers and the order of its members. After an error it is as far as it had come.
#[derive(Clone, Debug)]
pub struct Merger {
    limit: usize,
    length: usize,
    data: Option<Node>,
    errors: Vec<Box<RawValue>>,
    extensions: Members,
    pending: BTreeMap<String, Pending>,
    begun: bool,
    has_next: bool,
}

impl Merger {
    /// A merger for an answer whose payloads may be so long together, in bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            length: 0,
            data: None,
            errors: Vec::new(),
            extensions: Members::default(),
            pending: BTreeMap::new(),
            begun: false,
            has_next: true,
        }
    }

    /// Merges the next payload, and says what it brought.
    ///
    /// # Errors
    ///
    /// It is malformed, has a piece for a place that the answer does not have, or is more than the limit allows.
    pub fn push(&mut self, text: &str) -> Result<Payload, IncrementalError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if !self.has_next {
            return Err(IncrementalError::AfterTheEnd);
        }
        self.length = self.length.saturating_add(text.len());
        if self.length > self.limit {
            return Err(IncrementalError::TooLong { limit: self.limit });
        }
        let mut wire = WirePayload::read(text)?;
        let mut payload = Payload::default();
        self.announce(wire.pending.take().unwrap_or_default(), &mut payload);
        let own = wire.piece();
        match own.path {
            Some(_) => self.piece(own, text, &mut payload)?,
            None => self.whole(own),
        }
        for piece in wire.incremental.take().unwrap_or_default() {
            self.piece(piece, text, &mut payload)?;
        }
        for completed in wire.completed.take().unwrap_or_default() {
            let id = completed.id.into_id();
            let pending = self.pending.remove(&id);
            let pending = pending.ok_or(IncrementalError::NotPending { id })?;
            self.keep_errors(completed.errors);
            let errors = wire::errors(completed.errors);
            payload.completed.push(Completed { pending, errors });
        }
        self.begun = true;
        // An answer that is not in pieces says nothing of more; one that is says so each time.
        self.has_next = wire.has_next.unwrap_or(false);
        payload.has_next = self.has_next;
        Ok(payload)
    }

    /// Whether more is to come.
    pub fn has_next(&self) -> bool {
        self.has_next
    }

    /// Whether a payload has come.
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// What the server has announced and not completed; only the current dialect announces.
    pub fn pending(&self) -> impl Iterator<Item = &Pending> {
        self.pending.values()
    }

    /// The JSON of the answer so far: `data`, and `errors` and `extensions` where there are any.
    pub fn to_json(&self) -> String {
        let mut json = String::with_capacity(self.length);
        json.push('{');
        if let Some(data) = &self.data {
            json.push_str("\"data\":");
            data.write(&mut json);
        }
        if !self.errors.is_empty() {
            json.push_str(if json.len() > 1 {
                ",\"errors\":["
            } else {
                "\"errors\":["
            });
            for (position, error) in self.errors.iter().enumerate() {
                json.push_str(if position > 0 { "," } else { "" });
                json.push_str(error.get());
            }
            json.push(']');
        }
        if !self.extensions.is_empty() {
            json.push_str(if json.len() > 1 {
                ",\"extensions\":"
            } else {
                "\"extensions\":"
            });
            Node::Object(self.extensions.clone()).write(&mut json);
        }
        json.push('}');
        json
    }

    fn announce(&mut self, pending: Vec<wire::WirePending>, payload: &mut Payload) {
        for announced in pending {
            let pending = Pending {
                id: announced.id.into_id(),
                path: wire::path(announced.path),
                label: announced.label,
            };
            payload.pending.push(pending.clone());
            self.pending.insert(pending.id.clone(), pending);
        }
    }

    /// Data without a path is all of it.
    fn whole(&mut self, piece: WirePiece<'_>) {
        if let Some(data) = piece.data {
            self.data = Some(Node::Text(data.to_owned()));
        }
        self.keep_errors(piece.errors);
        self.keep_extensions(piece.extensions);
    }

    fn piece(&mut self, piece: WirePiece<'_>, text: &str, payload: &mut Payload) -> Result<(), IncrementalError> {
        let (mut path, label, announced) = match (piece.id, piece.path) {
            (Some(id), _) => {
                let id = id.into_id();
                let Some(pending) = self.pending.get(&id) else {
                    return Err(IncrementalError::NotPending { id });
                };
                (pending.path.clone(), pending.label.clone(), true)
            }
            (None, Some(path)) => (wire::path(path), piece.label, false),
            (None, None) => return Err(wire::malformed(text, "a piece has neither an id nor a path")),
        };
        path.extend(wire::path(piece.sub_path.unwrap_or_default()));
        let change = match (piece.items, piece.data) {
            (Some(items), _) if items.get() != "null" => {
                let items: Vec<Box<RawValue>> =
                    serde_json::from_str(items.get()).map_err(|_| wire::malformed(text, "its items are no list"))?;
                self.append(&mut path, &items, announced)?;
                Change::Items(items)
            }
            (None, Some(data)) if data.get() != "null" || matches!(path.last(), Some(PathSegment::Index(_))) => {
                self.merge(&path, data)?;
                Change::Data(data.to_owned())
            }
            // What failed on its way is null in the older dialects.
            _ => Change::Nothing,
        };
        self.keep_errors(piece.errors);
        self.keep_extensions(piece.extensions);
        payload.patches.push(Patch {
            path,
            label,
            change,
            errors: wire::errors(piece.errors),
            extensions: extensions(piece.extensions),
        });
        Ok(())
    }

    /// Adds items to a list: behind what is there if they were announced, otherwise from the index on with which the
    /// path ends.
    fn append(
        &mut self,
        path: &mut Vec<PathSegment>,
        items: &[Box<RawValue>],
        announced: bool,
    ) -> Result<(), IncrementalError> {
        let first = match path.last() {
            Some(PathSegment::Index(index)) if !announced => Some(*index),
            _ => None,
        };
        let list_path = &path[..path.len() - usize::from(first.is_some())];
        let list = self.root(path)?.at(list_path)?.items(list_path)?;
        let first = match first {
            Some(first) => first,
            None => {
                path.push(PathSegment::Index(list.len() as u64));
                list.len() as u64
            }
        };
        let first = usize::try_from(first).unwrap_or(usize::MAX);
        if first > list.len() {
            return Err(no_item(path));
        }
        for (offset, item) in items.iter().enumerate() {
            match list.get_mut(first + offset) {
                Some(known) => known.merge(item, path.len())?,
                None => list.push(Node::Text(item.clone())),
            }
        }
        Ok(())
    }

    /// Merges members into an object; or in the first dialect an item into a list, whose path ends with its index.
    fn merge(&mut self, path: &[PathSegment], data: &RawValue) -> Result<(), IncrementalError> {
        let root = self.root(path)?;
        if let Some((PathSegment::Index(index), list_path)) = path.split_last()
            && let Ok(list) = root.at(list_path)?.items(list_path)
            && *index == list.len() as u64
        {
            list.push(Node::Text(data.to_owned()));
            return Ok(());
        }
        let node = root.at(path)?;
        let is_item = matches!(path.last(), Some(PathSegment::Index(_)));
        if !is_item && !node.is_object() {
            return Err(IncrementalError::NoPlace {
                place: Place(path).to_string(),
                found: node.describe(),
            });
        }
        node.merge(data, path.len())
    }

    fn root(&mut self, path: &[PathSegment]) -> Result<&mut Node, IncrementalError> {
        self.data.as_mut().ok_or_else(|| IncrementalError::NoPlace {
            place: Place(path).to_string(),
            found: "no data yet",
        })
    }

    fn keep_errors(&mut self, errors: Option<&RawValue>) {
        let Some(errors) = errors.filter(|errors| errors.get() != "null") else {
            return;
        };
        match serde_json::from_str::<Vec<Box<RawValue>>>(errors.get()) {
            Ok(errors) => self.errors.extend(errors),
            Err(_) => self.errors.push(errors.to_owned()),
        }
    }

    fn keep_extensions(&mut self, extensions: Option<&RawValue>) {
        let extensions = extensions
            .and_then(|extensions| serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(extensions.get()).ok());
        for (name, value) in extensions.unwrap_or_default() {
            self.extensions.push(name, Node::Text(value));
        }
    }
}

fn extensions(raw: Option<&RawValue>) -> Map<String, serde_json::Value> {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
        .unwrap_or_default()
}

fn no_item(path: &[PathSegment]) -> IncrementalError {
    IncrementalError::NoPlace {
        place: Place(path).to_string(),
        found: "no item before it",
    }
}
