use std::collections::VecDeque;
use std::time::Instant;

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
    pub(super) dropped: Option<Dropped>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum CatchUpPhase {
    Settling { until: Instant },
    Running { run: u32 },
}

/// Held events that found no room.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dropped {
    pub(super) count: u64,
    pub(super) since: Instant,
    pub(super) until: Instant,
}

impl CatchUp {
    pub(super) fn settling(until: Instant) -> Self {
        Self {
            phase: CatchUpPhase::Settling { until },
            held: VecDeque::new(),
            bytes: 0,
            dropped: None,
        }
    }

    /// Holds an event back. Returns how many others it has cost.
    pub(super) fn hold(&mut self, payload: String, most: usize, most_bytes: usize, now: Instant) -> u64 {
        self.bytes += payload.len();
        self.held.push_back(payload);
        let mut lost = 0;
        while self.held.len() > most || (self.bytes > most_bytes && self.held.len() > 1) {
            let Some(oldest) = self.held.pop_front() else { break };
            self.bytes -= oldest.len();
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

    pub(super) fn into_held(self) -> VecDeque<String> {
        self.held
    }
}
