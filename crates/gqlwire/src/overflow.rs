use std::time::SystemTime;

/// What becomes of events for which a subscriber's queue has no room: [`Subscribe::overflow`](crate::Subscribe::overflow).
///
/// A subscriber that is merely busy is waited for first, 10 ms at most, and once until it has kept up again: the
/// connection is shared, and others are not to wait for it.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Overflow {
    /// The subscription ends with [`ErrorKind::Lagged`](crate::ErrorKind::Lagged), after what was queued.
    #[default]
    Fail,
    /// The events that came last are dropped: those that wait stay.
    DropNewest,
    /// The events that have waited longest are dropped: what arrives is the latest.
    DropOldest,
}

/// Events that found no room, in a row.
///
/// Times are the wall clock's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Dropped {
    /// How many.
    pub count: u64,
    /// When the first of them was dropped.
    pub since: SystemTime,
    /// When the last of them was dropped.
    pub until: SystemTime,
}

impl Dropped {
    /// A run of dropped events, for an [`EventSource`](crate::EventSource) of one's own.
    pub fn new(count: u64, since: SystemTime, until: SystemTime) -> Self {
        Self { count, since, until }
    }

    /// One run with another that follows it.
    #[cfg_attr(not(feature = "websocket"), allow(dead_code))]
    pub(crate) fn extend(&mut self, later: Self) {
        self.count = self.count.saturating_add(later.count);
        self.until = later.until;
    }
}
