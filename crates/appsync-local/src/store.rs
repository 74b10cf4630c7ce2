//! Where the items of an API live.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

/// One stored object.
pub type Item = Map<String, Value>;

/// Keeps the items of each type under their ids.
///
/// Each operation is atomic. Calls happen on the server's own threads, so an implementation must answer quickly and
/// must not wait for anything slow.
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// Adds an item.
    ///
    /// # Errors
    ///
    /// [`StoreError::ConditionFailed`] if there is one of that id already, [`StoreError::Full`] if there is no room.
    fn insert(&self, collection: &str, id: &str, item: Item) -> Result<(), StoreError>;

    /// Sets members of an item, keeps the others, and returns the result.
    ///
    /// # Errors
    ///
    /// [`StoreError::ConditionFailed`] if there is no item of that id, [`StoreError::Full`] if there is no room.
    fn update(&self, collection: &str, id: &str, changes: Item) -> Result<Item, StoreError>;

    /// Takes an item out and returns it.
    ///
    /// # Errors
    ///
    /// [`StoreError::ConditionFailed`] if there is no item of that id.
    fn remove(&self, collection: &str, id: &str) -> Result<Item, StoreError>;

    /// The item of that id.
    ///
    /// # Errors
    ///
    /// Only what the implementation itself may run into.
    fn get(&self, collection: &str, id: &str) -> Result<Option<Item>, StoreError>;

    /// At most `limit` items in the order in which they were added, from `token` on, or from the first.
    ///
    /// # Errors
    ///
    /// [`StoreError::BadToken`] if the token is not one that an earlier page gave.
    fn page(&self, collection: &str, limit: usize, token: Option<&str>) -> Result<Page, StoreError>;
}

/// Some items, and how to get the next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The items.
    pub items: Vec<Item>,
    /// Where the next page begins; `None` after the last.
    pub next_token: Option<String>,
}

/// Why a store did not do it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The page token is not one of this store's.
    #[error("Invalid pagination token given.")]
    BadToken,
    /// An item that must exist does not, or the other way round. The words are DynamoDB's.
    #[error("The conditional request failed")]
    ConditionFailed,
    /// The store has reached its bound.
    #[error("the store is full ({limit}); delete something, or start the server with a larger store")]
    Full {
        /// The bound that was reached.
        limit: String,
    },
    /// Something of the implementation's own.
    #[error("{0}")]
    Other(String),
}

impl StoreError {
    /// AppSync's `errorType` for it.
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::BadToken => "DynamoDB:DynamoDbException",
            Self::ConditionFailed => "DynamoDB:ConditionalCheckFailedException",
            Self::Full { .. } => "DynamoDB:LimitExceededException",
            Self::Other(_) => "InternalFailure",
        }
    }
}

/// A store in memory, bounded in items and bytes.
#[derive(Debug)]
pub struct MemoryStore {
    max_items: usize,
    max_bytes: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    collections: HashMap<String, Collection>,
    items: usize,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Collection {
    /// By the number that each item got when it was added, which also is its place in a page.
    items: BTreeMap<u64, Item>,
    numbers: HashMap<String, u64>,
    next: u64,
}

impl MemoryStore {
    /// A store that refuses more than `max_items` items or roughly `max_bytes` bytes of JSON.
    pub fn new(max_items: usize, max_bytes: usize) -> Self {
        Self {
            max_items,
            max_bytes,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing below panics half-way through a change, so what a poisoned lock guards is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_room(&self, items: usize, bytes: usize) -> Result<(), StoreError> {
        if items > self.max_items {
            let limit = format!("{} items", self.max_items);
            return Err(StoreError::Full { limit });
        }
        if bytes > self.max_bytes {
            let limit = format!("{} bytes", self.max_bytes);
            return Err(StoreError::Full { limit });
        }
        Ok(())
    }
}

/// 100,000 items, 64 MiB.
impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(100_000, 64 * 1024 * 1024)
    }
}

impl Store for MemoryStore {
    fn insert(&self, collection: &str, id: &str, item: Item) -> Result<(), StoreError> {
        let mut state = self.state();
        let (items, bytes) = (state.items + 1, state.bytes + weight_of(&item));
        if state
            .collection(collection)
            .is_some_and(|known| known.numbers.contains_key(id))
        {
            return Err(StoreError::ConditionFailed);
        }
        self.has_room(items, bytes)?;
        let known = state.collections.entry(collection.to_owned()).or_default();
        let number = known.next;
        known.next += 1;
        known.numbers.insert(id.to_owned(), number);
        known.items.insert(number, item);
        (state.items, state.bytes) = (items, bytes);
        Ok(())
    }

    fn update(&self, collection: &str, id: &str, changes: Item) -> Result<Item, StoreError> {
        let mut state = self.state();
        let old = state.item(collection, id).ok_or(StoreError::ConditionFailed)?;
        let mut new = old.clone();
        new.extend(changes);
        let bytes = state.bytes - weight_of(old) + weight_of(&new);
        self.has_room(state.items, bytes)?;
        if let Some(slot) = state.item_mut(collection, id) {
            slot.clone_from(&new);
        }
        state.bytes = bytes;
        Ok(new)
    }

    fn remove(&self, collection: &str, id: &str) -> Result<Item, StoreError> {
        let mut state = self.state();
        let known = state
            .collections
            .get_mut(collection)
            .ok_or(StoreError::ConditionFailed)?;
        let number = known.numbers.remove(id).ok_or(StoreError::ConditionFailed)?;
        let item = known.items.remove(&number).ok_or(StoreError::ConditionFailed)?;
        state.items -= 1;
        state.bytes -= weight_of(&item);
        Ok(item)
    }

    fn get(&self, collection: &str, id: &str) -> Result<Option<Item>, StoreError> {
        Ok(self.state().item(collection, id).cloned())
    }

    fn page(&self, collection: &str, limit: usize, token: Option<&str>) -> Result<Page, StoreError> {
        let from: u64 = match token {
            Some(token) => token.parse().map_err(|_| StoreError::BadToken)?,
            None => 0,
        };
        let state = self.state();
        let Some(known) = state.collection(collection) else {
            return Ok(Page::default());
        };
        let mut rest = known.items.range(from..);
        let items = rest.by_ref().take(limit).map(|(_, item)| item.clone()).collect();
        Ok(Page {
            items,
            next_token: rest.next().map(|(number, _)| number.to_string()),
        })
    }
}

impl State {
    fn collection(&self, name: &str) -> Option<&Collection> {
        self.collections.get(name)
    }

    fn item(&self, collection: &str, id: &str) -> Option<&Item> {
        let known = self.collection(collection)?;
        known.items.get(known.numbers.get(id)?)
    }

    fn item_mut(&mut self, collection: &str, id: &str) -> Option<&mut Item> {
        let known = self.collections.get_mut(collection)?;
        known.items.get_mut(known.numbers.get(id)?)
    }
}

/// About how many bytes of memory a value takes.
pub(crate) fn weight(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(weight).sum(),
            Value::Object(members) => weight_of(members),
        }
}

fn weight_of(members: &Map<String, Value>) -> usize {
    members.iter().map(|(name, value)| name.len() + weight(value)).sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn item(value: Value) -> Item {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn items_are_paged_in_the_order_in_which_they_were_added() {
        let store = MemoryStore::default();
        for id in ["c", "a", "b"] {
            store.insert("T", id, item(json!({"id": id}))).unwrap();
        }
        let first = store.page("T", 2, None).unwrap();
        assert_eq!(first.items, [item(json!({"id": "c"})), item(json!({"id": "a"}))]);
        let second = store.page("T", 2, first.next_token.as_deref()).unwrap();
        assert_eq!((second.items.len(), second.next_token), (1, None));
    }

    #[test]
    fn a_page_continues_where_it_was_even_if_its_next_item_was_removed() {
        let store = MemoryStore::default();
        for id in ["a", "b", "c"] {
            store.insert("T", id, item(json!({"id": id}))).unwrap();
        }
        let first = store.page("T", 1, None).unwrap();
        store.remove("T", "b").unwrap();
        let second = store.page("T", 1, first.next_token.as_deref()).unwrap();
        assert_eq!(second.items, [item(json!({"id": "c"}))]);
    }

    #[test]
    fn an_update_keeps_what_it_does_not_name() {
        let store = MemoryStore::default();
        store
            .insert("T", "a", item(json!({"id": "a", "x": 1, "y": 2})))
            .unwrap();
        let updated = store.update("T", "a", item(json!({"y": 3}))).unwrap();
        assert_eq!(updated, item(json!({"id": "a", "x": 1, "y": 3})));
        assert_eq!(store.get("T", "a").unwrap(), Some(updated));
    }

    #[test]
    fn conditions_are_those_of_dynamodb() {
        let store = MemoryStore::default();
        store.insert("T", "a", item(json!({}))).unwrap();
        assert_eq!(
            store.insert("T", "a", item(json!({}))),
            Err(StoreError::ConditionFailed)
        );
        assert_eq!(
            store.update("T", "b", item(json!({}))),
            Err(StoreError::ConditionFailed)
        );
        assert_eq!(store.remove("U", "a"), Err(StoreError::ConditionFailed));
        assert_eq!(store.page("T", 1, Some("x")), Err(StoreError::BadToken));
    }

    #[test]
    fn a_full_store_refuses_and_has_room_again_after_a_removal() {
        let store = MemoryStore::new(1, 1000);
        store.insert("T", "a", item(json!({}))).unwrap();
        assert!(matches!(
            store.insert("T", "b", item(json!({}))),
            Err(StoreError::Full { .. })
        ));
        let long = "x".repeat(2000);
        assert!(matches!(
            store.update("T", "a", item(json!({"x": long}))),
            Err(StoreError::Full { .. })
        ));
        store.remove("T", "a").unwrap();
        store.insert("T", "b", item(json!({}))).unwrap();
    }
}
