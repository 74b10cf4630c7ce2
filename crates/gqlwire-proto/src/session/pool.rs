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

/// Spaces starts once the server has said that they come too fast (`LimitExceededError`), and feels its way to the pace
/// that it takes: ten thousand subscriptions are not to wait for minutes because all of them came at once.
///
/// ```text
///  unpaced ──LimitExceeded──▶ one in 150 ms ──LimitExceeded, a second later: twice as long──▶ … one in 2.4 s
///     ▲                        │   ▲  each start_ack, from a second after the last refusal on: │
///     │                        │   └──a twentieth less, down to 1 ms ────────────────────────┘
///     └────────────────────────┴──────── a minute without a refusal
/// ```
#[derive(Clone, Debug, Default)]
pub struct Pacer {
    spacing: Duration,
    last_start: Option<Instant>,
    last_refusal: Option<Instant>,
}

impl Pacer {
    /// What AWS's own client for iOS has throttled starts to after such an error.
    const FIRST: Duration = Duration::from_millis(150);
    /// Timers are not finer.
    const LEAST: Duration = Duration::from_millis(1);
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

    /// The server has taken one.
    ///
    /// What it takes just after a refusal was sent before it, and says nothing about the pace that came of it.
    pub fn accepted(&mut self, now: Instant) {
        let since_refusal = self.last_refusal.map(|last| now - last);
        if !self.spacing.is_zero() && since_refusal.is_some_and(|since| since >= Self::BURST) {
            self.spacing = (self.spacing * 19 / 20).max(Self::LEAST);
        }
    }

    /// The server wants them slower.
    pub fn slow_down(&mut self, now: Instant) {
        let same_burst = self.last_refusal.is_some_and(|last| now - last < Self::BURST);
        if self.spacing.is_zero() {
            self.spacing = Self::FIRST;
        } else if !same_burst {
            self.spacing = (self.spacing * 2).min(Self::GREATEST);
        } else {
            return;
        }
        self.last_refusal = Some(now);
    }
}
