use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Who wants to be woken.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Timer {
    /// To see whether the machine slept.
    Clock,
    /// A lane: back-off, rotation, idle close.
    Lane(u32),
    /// The next start that pacing allows.
    Pace,
    /// A socket: its protocol's deadlines and its silence. It may ring early, as frames move these on unseen.
    Socket(u32, u32),
    /// A subscription: its start, its take-over, its catch-up.
    Subscription(u32),
}

/// All timers; each owner has at most one.
#[derive(Debug, Default)]
pub(super) struct Timers {
    by_time: BTreeSet<(Instant, Timer)>,
    by_owner: BTreeMap<Timer, Instant>,
}

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Option<Instant>) {
        let before = match at {
            Some(at) => self.by_owner.insert(timer, at),
            None => self.by_owner.remove(&timer),
        };
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.by_time.remove(&(before, timer));
        }
        if let Some(at) = at {
            self.by_time.insert((at, timer));
        }
    }

    pub(super) fn first(&self) -> Option<Instant> {
        self.by_time.first().map(|(at, _)| *at)
    }

    pub(super) fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        let (at, timer) = self.by_time.first().copied()?;
        if at > now {
            return None;
        }
        self.by_time.remove(&(at, timer));
        self.by_owner.remove(&timer);
        Some(timer)
    }
}
