use std::time::{Duration, Instant};

/// How many subscriptions a connection may hold: what is set, or less once a server has said so.
#[derive(Clone, Copy, Debug)]
pub struct SubscriptionLimit(usize);

impl SubscriptionLimit {
    /// This many, and at least one. More than 65,535 no connection holds.
    pub fn new(most: usize) -> Self {
        Self(most.clamp(1, usize::from(u16::MAX)))
    }

    /// How many.
    pub fn most(self) -> usize {
        self.0
    }

    /// A connection that held this many was refused one more. Returns whether that taught anything: a connection that
    /// holds nothing has room for one, whatever the server says.
    pub fn learn(&mut self, held: usize) -> bool {
        if held == 0 {
            return false;
        }
        self.0 = self.0.min(held);
        true
    }
}

/// Spaces starts once the server has said that they come too fast (`LimitExceededError`).
///
/// ```text
///  unpaced ──LimitExceeded──▶ one in 150 ms ──LimitExceeded, a second later──▶ 300 ms ──▶ … one in 2.4 s
///     ▲                            │                                              │
///     └────────────────────────────┴──────── a minute without one ────────────────┘
/// ```
#[derive(Clone, Debug, Default)]
pub struct Pacer {
    spacing: Duration,
    last_start: Option<Instant>,
    last_refusal: Option<Instant>,
}

impl Pacer {
    /// What AWS's own client for iOS has throttled starts to after such an error.
    const LEAST: Duration = Duration::from_millis(150);
    const GREATEST: Duration = Duration::from_millis(2400);
    /// Refusals closer together than this answer starts of one burst.
    const BURST: Duration = Duration::from_secs(1);
    const CALM: Duration = Duration::from_secs(60);

    /// The earliest time for the next start.
    pub fn next_start(&mut self, now: Instant) -> Instant {
        if self.last_refusal.is_none_or(|last| now - last >= Self::CALM) {
            self.spacing = Duration::ZERO;
        }
        self.last_start.map_or(now, |last| now.max(last + self.spacing))
    }

    /// One is started now.
    pub fn started(&mut self, now: Instant) {
        self.last_start = Some(now);
    }

    /// The server wants them slower.
    pub fn slow_down(&mut self, now: Instant) {
        let same_burst = self.last_refusal.is_some_and(|last| now - last < Self::BURST);
        if !same_burst || self.spacing.is_zero() {
            self.spacing = (self.spacing * 2).clamp(Self::LEAST, Self::GREATEST);
            self.last_refusal = Some(now);
        }
    }
}
