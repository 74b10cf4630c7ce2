use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use crate::{Error, Protocol};

/// How the connections of a client's subscriptions are: what [`Client::state`](crate::Client::state) watches.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct SessionState {
    /// One for each connection; while one takes over from another, the two are one.
    pub connections: Vec<ConnectionState>,
    /// Whether the client was closed, and not used since.
    pub closed: bool,
    /// What is spoken on the connection that was acknowledged last; `None` before the first.
    pub protocol: Option<Protocol>,
    pub(crate) ack_payload: Option<Arc<str>>,
}

impl SessionState {
    /// The JSON that the server sent along when it acknowledged that connection; `None` if it sent nothing.
    pub fn ack_payload(&self) -> Option<&str> {
        self.ack_payload.as_deref()
    }

    /// The state that needs attention most: from idle over connected, rotating, connecting, degraded and reconnecting to
    /// closed.
    pub fn worst(&self) -> ConnectionState {
        if self.closed {
            return ConnectionState::Closed;
        }
        let worst = self.connections.iter().max_by_key(|state| state.weight());
        worst.cloned().unwrap_or(ConnectionState::Idle)
    }
}

/// Without the payload, which may hold secrets.
impl fmt::Debug for SessionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionState")
            .field("connections", &self.connections)
            .field("closed", &self.closed)
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}

/// How one connection is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ConnectionState {
    /// Closed by the user.
    Closed,
    /// Open and acknowledged.
    Connected,
    /// Being opened for the first time.
    Connecting,
    /// Silent for too long, or the machine slept: another is being opened beside it.
    Degraded,
    /// Not open, and nobody needs it to be.
    Idle,
    /// Lost, or refused so far.
    Reconnecting {
        /// Which attempt comes next, or is being made.
        attempt: u32,
        /// When it is made; `None` while it is being made.
        next: Option<Instant>,
        /// What happened.
        cause: Error,
    },
    /// Open, and being replaced before it has to end.
    Rotating,
}

impl ConnectionState {
    fn weight(&self) -> u8 {
        match self {
            Self::Idle => 0,
            Self::Connected => 1,
            Self::Rotating => 2,
            Self::Connecting => 3,
            Self::Degraded => 4,
            Self::Reconnecting { .. } => 5,
            Self::Closed => 6,
        }
    }
}
