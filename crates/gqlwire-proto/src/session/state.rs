use std::time::Instant;

use super::Cause;

/// How a session is: each of its connections, and the worst of them.
#[derive(Clone, Debug)]
pub struct SessionState {
    /// One for each connection, a rotation's two sockets being one connection.
    pub connections: Vec<ConnectionState>,
    pub(super) closed: bool,
}

impl SessionState {
    /// The state that needs attention most.
    pub fn worst(&self) -> ConnectionState {
        if self.closed {
            return ConnectionState::Closed;
        }
        let worst = self.connections.iter().max_by_key(|state| state.weight());
        worst.cloned().unwrap_or(ConnectionState::Idle)
    }
}

/// How one connection is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ConnectionState {
    /// Closed for good.
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
        cause: Cause,
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

/// What a session has done since it began, and what it holds now.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Counters {
    /// Text frames received.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Events handed on to the queues of subscribers.
    pub events: u64,
    /// Connections opened in place of one that was lost.
    pub reconnects: u64,
    /// Connections replaced by another while they were open.
    pub rotations: u64,
    /// Gaps reported.
    pub gaps: u64,
    /// Events lost because they found no room: in the queue of a subscriber, or while a catch-up ran.
    pub drops: u64,
    /// Events delivered in a rotation though an equal one had been.
    pub possible_duplicates: u64,
    /// Subscriptions held now.
    pub subscriptions: usize,
    /// Sockets held now.
    pub connections: usize,
}
