use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// A snapshot of what the server has done so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Stats {
    /// Sockets open now, HTTP and realtime.
    pub connections: usize,
    /// Realtime connections open now.
    pub realtime_connections: usize,
    /// Subscriptions registered now.
    pub subscriptions: usize,
    /// Connections turned away because the limit was reached.
    pub refused_connections: u64,
    /// GraphQL requests answered over HTTP.
    pub requests: u64,
    /// Events handed to subscribers.
    pub events: u64,
    /// Events dropped because their payload was larger than the quota.
    pub oversized_events: u64,
    /// Realtime connections closed because their reader was too slow.
    pub slow_readers: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) connections: AtomicUsize,
    pub(crate) realtime_connections: AtomicUsize,
    pub(crate) refused_connections: AtomicU64,
    pub(crate) requests: AtomicU64,
    pub(crate) events: AtomicU64,
    pub(crate) oversized_events: AtomicU64,
    pub(crate) slow_readers: AtomicU64,
}

impl Counters {
    pub(crate) fn snapshot(&self, subscriptions: usize) -> Stats {
        Stats {
            connections: self.connections.load(Relaxed),
            realtime_connections: self.realtime_connections.load(Relaxed),
            subscriptions,
            refused_connections: self.refused_connections.load(Relaxed),
            requests: self.requests.load(Relaxed),
            events: self.events.load(Relaxed),
            oversized_events: self.oversized_events.load(Relaxed),
            slow_readers: self.slow_readers.load(Relaxed),
        }
    }
}

/// Counts one while it lives.
#[derive(Debug)]
pub(crate) struct Gauge<'a>(&'a AtomicUsize);

impl<'a> Gauge<'a> {
    pub(crate) fn up(counter: &'a AtomicUsize) -> Self {
        counter.fetch_add(1, Relaxed);
        Self(counter)
    }
}

impl Drop for Gauge<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
