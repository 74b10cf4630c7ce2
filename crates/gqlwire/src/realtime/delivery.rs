use std::time::Duration;

use gqlwire_proto::session::SessionOptions;

use super::queue::Capacity;
use crate::Overflow;
use crate::builder::{DEFAULT_QUEUE_BYTES, DEFAULT_QUEUE_BYTES_IN_ALL, DEFAULT_QUEUE_MESSAGES};

/// How long the read loop waits for a consumer whose queue is full.
const GRACE: Duration = Duration::from_millis(10);

/// How events get to subscribers: what may wait for one that is busy, and what becomes of the rest.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) capacity: Capacity,
    pub(crate) overflow: Overflow,
    /// What all queues of the client may hold, in bytes.
    pub(crate) bytes_in_all: usize,
    pub(crate) grace: Duration,
    /// How long after an acknowledgement the server may not deliver everything yet; `None` for what is usual with the
    /// protocol.
    pub(crate) settle: Option<Duration>,
    /// How far apart the copies of one event may arrive on two connections.
    pub(crate) skew: Duration,
    /// How many events wait for a catch-up, and how many bytes of them.
    pub(crate) held: Capacity,
}

impl Default for Delivery {
    fn default() -> Self {
        let session = SessionOptions::default();
        Self {
            capacity: Capacity {
                messages: DEFAULT_QUEUE_MESSAGES,
                bytes: DEFAULT_QUEUE_BYTES,
            },
            overflow: Overflow::default(),
            bytes_in_all: DEFAULT_QUEUE_BYTES_IN_ALL,
            grace: GRACE,
            settle: None,
            skew: session.takeover.skew,
            held: Capacity {
                messages: session.held_events,
                bytes: session.held_bytes,
            },
        }
    }
}
