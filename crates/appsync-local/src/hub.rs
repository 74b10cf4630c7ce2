//! Who listens to what, and the way of an event to them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde_json::value::RawValue;

use crate::api::Listening;
use crate::realtime::Outbox;

/// Every registered subscription, by the subscription field it listens to.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Numbered, so that an event goes out in the order in which subscribers came.
    fields: HashMap<String, BTreeMap<u64, Arc<Subscriber>>>,
    next: u64,
    len: usize,
}

/// One registered subscription.
#[derive(Debug)]
pub(crate) struct Subscriber {
    pub(crate) id: String,
    pub(crate) listening: Listening,
    outbox: Outbox,
    /// Whether events may still be sent. Held while one is queued, so that none follows `complete`.
    open: Mutex<bool>,
}

/// A subscription's place in the hub; dropping it gives it up.
#[derive(Debug)]
pub(crate) struct Registration {
    hub: Arc<Hub>,
    number: u64,
    subscriber: Arc<Subscriber>,
}

impl Hub {
    /// Registers a subscription and queues `acknowledgement` before any event of it.
    pub(crate) fn register(
        self: &Arc<Self>,
        id: String,
        listening: Listening,
        outbox: Outbox,
        acknowledgement: String,
    ) -> Registration {
        let subscriber = Arc::new(Subscriber {
            id,
            listening,
            outbox,
            open: Mutex::new(true),
        });
        // An event that finds the subscriber between these two steps waits here.
        let open = subscriber.open.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.insert(Arc::clone(&subscriber));
        subscriber.outbox.push(acknowledgement);
        drop(open);
        Registration {
            hub: Arc::clone(self),
            number,
            subscriber,
        }
    }

    /// The subscriptions that listen to a field now.
    pub(crate) fn listeners(&self, field: &str) -> Vec<Arc<Subscriber>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let known = state.fields.get(field);
        known.map_or_else(Vec::new, |known| known.values().cloned().collect())
    }

    /// How many subscriptions there are.
    pub(crate) fn len(&self) -> usize {
        self.state.read().unwrap_or_else(PoisonError::into_inner).len
    }

    fn insert(&self, subscriber: Arc<Subscriber>) -> u64 {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let number = state.next;
        state.next += 1;
        state.len += 1;
        let field = subscriber.listening.field().to_owned();
        state.fields.entry(field).or_default().insert(number, subscriber);
        number
    }

    fn remove(&self, field: &str, number: u64) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = state.fields.get_mut(field) else {
            return;
        };
        if known.remove(&number).is_some() {
            if known.is_empty() {
                state.fields.remove(field);
            }
            state.len -= 1;
        }
    }
}

impl Subscriber {
    /// Queues an event, unless the subscription has ended meanwhile.
    pub(crate) fn deliver(&self, payload: &RawValue) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if *open {
            let data = gqlwire_proto::appsync::ServerMessage::Data { id: &self.id, payload };
            self.outbox.push(data.to_text());
        }
    }
}

impl Registration {
    /// Ends the subscription and queues `last`, which no event follows.
    pub(crate) fn finish(self, last: String) {
        let mut open = self.subscriber.open.lock().unwrap_or_else(PoisonError::into_inner);
        *open = false;
        self.subscriber.outbox.push(last);
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.hub.remove(self.subscriber.listening.field(), self.number);
    }
}
