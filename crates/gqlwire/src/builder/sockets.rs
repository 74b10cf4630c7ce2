use std::time::Duration;

use gqlwire_proto::connection::Timeouts;

use super::{ClientBuilder, DEFAULT_CLOSE_TIMEOUT, DEFAULT_MAX_MESSAGE_SIZE, LONGEST};
use crate::realtime::Delivery;
use crate::{Overflow, ReconnectPolicy};

/// What all websockets are told, whatever is spoken on them.
#[derive(Clone, Debug)]
pub(super) struct Sockets {
    pub(super) timeouts: Timeouts,
    pub(super) close_timeout: Duration,
    pub(super) max_message_size: usize,
    pub(super) reconnect: ReconnectPolicy,
    pub(super) subscribe_deadline: Option<Duration>,
    /// `None` for what is usual with the protocol.
    pub(super) subscriptions_per_connection: Option<usize>,
    pub(super) delivery: Delivery,
}

impl Default for Sockets {
    fn default() -> Self {
        Self {
            timeouts: Timeouts::default(),
            close_timeout: DEFAULT_CLOSE_TIMEOUT,
            max_message_size: DEFAULT_MAX_MESSAGE_SIZE,
            reconnect: ReconnectPolicy::default(),
            subscribe_deadline: None,
            subscriptions_per_connection: None,
            delivery: Delivery::default(),
        }
    }
}

/// Options of every websocket. They change nothing for a client that has none.
impl ClientBuilder {
    /// How long to wait for `connection_ack` on a new websocket; default 15 s.
    pub fn ack_timeout(mut self, timeout: Duration) -> Self {
        self.sockets.timeouts.ack = timeout.min(LONGEST);
        self
    }

    /// How long to wait for the `start_ack` of a subscription; default 15 s.
    pub fn start_ack_timeout(mut self, timeout: Duration) -> Self {
        self.sockets.timeouts.start_ack = timeout.min(LONGEST);
        self
    }

    /// How long [`Client::close`](crate::Client::close) may wait for the server, and how long the server may take to confirm that a
    /// subscription is stopped; default [`DEFAULT_CLOSE_TIMEOUT`].
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.sockets.timeouts.stop = timeout.min(LONGEST);
        self.sockets.close_timeout = timeout;
        self
    }

    /// How long a message of the websocket may be, in bytes; default [`DEFAULT_MAX_MESSAGE_SIZE`].
    pub fn max_message_size(mut self, bytes: usize) -> Self {
        self.sockets.max_message_size = bytes;
        self
    }

    /// When a lost connection is made again; by default as often as it takes, with growing delays.
    ///
    /// A subscription then outlives its connections, and yields an [`Event::Gap`](crate::Event::Gap) where events
    /// may be missing. With [`ReconnectPolicy::never`] it ends with its connection.
    pub fn reconnect(mut self, mut policy: ReconnectPolicy) -> Self {
        for delay in [
            &mut policy.first_delay,
            &mut policy.greatest_delay,
            &mut policy.short_life_delay,
        ] {
            *delay = (*delay).min(LONGEST);
        }
        self.sockets.reconnect = policy;
        self
    }

    /// For how long a subscription is tried to be started while there is no connection, also where there has never
    /// been one.
    ///
    /// Without it, a client whose first connection fails says so at once, for then a host is mistyped more often
    /// than a network is down; once a connection has been acknowledged, a start is tried for a minute. The timeout
    /// of a call bounds either.
    pub fn subscribe_deadline(mut self, deadline: Duration) -> Self {
        self.sockets.subscribe_deadline = Some(deadline);
        self
    }

    /// How many subscriptions go on one websocket before another is opened; default 200, which is what AppSync
    /// takes. Where a server says that it takes fewer, fewer it is.
    pub fn subscriptions_per_connection(mut self, most: usize) -> Self {
        self.sockets.subscriptions_per_connection = Some(most);
        self
    }

    /// What becomes of events for which a subscriber's queue has no room, unless its call says something else; by
    /// default the subscription ends with [`ErrorKind::Lagged`](crate::ErrorKind::Lagged).
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.sockets.delivery.overflow = overflow;
        self
    }

    /// How many events may wait for one subscriber, unless its call says something else; default
    /// [`DEFAULT_QUEUE_MESSAGES`](crate::DEFAULT_QUEUE_MESSAGES). As many again may be in the hands of a subscriber that is reading.
    pub fn queue_messages(mut self, most: usize) -> Self {
        self.sockets.delivery.capacity.messages = most;
        self
    }

    /// How many bytes of events may wait for one subscriber, unless its call says something else; default
    /// [`DEFAULT_QUEUE_BYTES`](crate::DEFAULT_QUEUE_BYTES). An empty queue takes an event of any size, and one
    /// [`Event::Snapshot`](crate::Event::Snapshot) may always wait.
    pub fn queue_bytes(mut self, most: usize) -> Self {
        self.sockets.delivery.capacity.bytes = most;
        self
    }

    /// How many bytes may wait for all subscribers of this client, those included that they are reading; default
    /// [`DEFAULT_QUEUE_BYTES_IN_ALL`](crate::DEFAULT_QUEUE_BYTES_IN_ALL). As many again may be held back for catch-ups. Where that is used up, the next subscription that an event comes for is
    /// treated as if its own queue were full.
    pub fn queue_bytes_in_all(mut self, most: usize) -> Self {
        self.sockets.delivery.bytes_in_all = most;
        self
    }

    /// How long after its acknowledgement a subscription may still miss events; default 2 s, for AppSync
    /// acknowledges a subscription a little before it delivers.
    ///
    /// It is how long a [catch-up](crate::Subscribe::catch_up) waits before it runs, and how much longer a connection
    /// is kept that another takes over from.
    pub fn settle_time(mut self, time: Duration) -> Self {
        self.sockets.delivery.settle = Some(time.min(LONGEST));
        self
    }

    /// How far apart the two copies of an event may arrive when one connection takes over from another; default 1 s.
    ///
    /// Equal events closer together than twice this, just then, may be delivered twice. It lengthens the take-over by
    /// four times as much.
    pub fn takeover_skew(mut self, skew: Duration) -> Self {
        self.sockets.delivery.skew = skew.min(LONGEST);
        self
    }

    /// How many events of one subscription are held back while its [catch-up](crate::Subscribe::catch_up) runs;
    /// default 1,024. Beyond that the oldest go, which the snapshot most likely contains: an
    /// [`Event::Dropped`](crate::Event::Dropped) after it tells how many.
    pub fn held_events(mut self, most: usize) -> Self {
        self.sockets.delivery.held.messages = most;
        self
    }

    /// The same in bytes; default 4 MiB.
    pub fn held_bytes(mut self, most: usize) -> Self {
        self.sockets.delivery.held.bytes = most;
        self
    }
}
