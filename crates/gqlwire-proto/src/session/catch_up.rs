use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::SessionOptions;
use super::action::Dropped;

/// A catch-up on its way, and the events that wait for it.
///
/// ```text
///  start_ack ──▶ Settling ──settle──▶ Running ──answer──▶ snapshot, what was dropped, what was held; then live
///                    └── events are held ────┘
/// ```
///
/// What is held is bounded; when it is full the oldest go, which the snapshot most likely contains. That they went is
/// told.
pub(super) struct CatchUp {
    pub(super) phase: CatchUpPhase,
    held: VecDeque<String>,
    bytes: usize,
    /// The bytes that all catch-ups of the session hold.
    in_all: Arc<AtomicUsize>,
    pub(super) dropped: Option<Dropped>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum CatchUpPhase {
    Settling { until: Instant },
    Running { run: u32 },
}

impl CatchUp {
    pub(super) fn settling(until: Instant, in_all: &Arc<AtomicUsize>) -> Self {
        Self {
            phase: CatchUpPhase::Settling { until },
            held: VecDeque::new(),
            bytes: 0,
            in_all: Arc::clone(in_all),
            dropped: None,
        }
    }

    /// Holds an event back. Returns how many others it has cost.
    pub(super) fn hold(&mut self, payload: String, options: &SessionOptions, now: Instant) -> u64 {
        self.bytes += payload.len();
        self.in_all.fetch_add(payload.len(), Ordering::Relaxed);
        self.held.push_back(payload);
        let mut lost = 0;
        while self.is_too_much(options) {
            let Some(oldest) = self.held.pop_front() else { break };
            self.bytes -= oldest.len();
            self.in_all.fetch_sub(oldest.len(), Ordering::Relaxed);
            lost += 1;
        }
        if lost > 0 {
            let dropped = self.dropped.get_or_insert(Dropped {
                count: 0,
                since: now,
                until: now,
            });
            dropped.count += lost;
            dropped.until = now;
        }
        lost
    }

    pub(super) fn settled_at(&self) -> Option<Instant> {
        match self.phase {
            CatchUpPhase::Settling { until } => Some(until),
            CatchUpPhase::Running { .. } => None,
        }
    }

    pub(super) fn into_held(mut self) -> VecDeque<String> {
        std::mem::take(&mut self.held)
    }

    fn is_too_much(&self, options: &SessionOptions) -> bool {
        let own =
            self.held.len() > options.held_events.max(1) || (self.bytes > options.held_bytes && self.held.len() > 1);
        own || self.in_all.load(Ordering::Relaxed) > options.held_bytes_in_all
    }
}

impl Drop for CatchUp {
    fn drop(&mut self) {
        self.in_all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
