use std::time::{Duration, Instant};

use super::random::share;

/// When to try again, and when no more.
///
/// The default never gives up: a subscriber that runs for weeks outlives any outage. [`never`](Self::never) ends each
/// subscription with its connection.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ReconnectPolicy {
    /// How many attempts are made in a row after the first, or after a loss; `None`, the default, for no limit.
    pub attempts: Option<u32>,
    /// The longest wait after the first failure, doubled with each further one; 200 ms.
    pub first_delay: Duration,
    /// The longest wait of all; 30 s.
    pub greatest_delay: Duration,
    /// The longest wait after the loss of a connection that did not live for [`healthy_after`](Self::healthy_after);
    /// 1 s. It spreads the clients of a server that restarts.
    pub short_life_delay: Duration,
    /// From which age on a connection that is lost is replaced at once; a minute.
    pub healthy_after: Duration,
    /// How long an outage may last; `None`, the default, for no limit.
    pub deadline: Option<Duration>,
}

impl Default for ReconnectPolicy {
    fn default() -> Self {
        Self {
            attempts: None,
            first_delay: Duration::from_millis(200),
            greatest_delay: Duration::from_secs(30),
            short_life_delay: Duration::from_secs(1),
            healthy_after: Duration::from_secs(60),
            deadline: None,
        }
    }
}

impl ReconnectPolicy {
    /// No second attempt, ever.
    pub fn never() -> Self {
        Self {
            attempts: Some(0),
            ..Self::default()
        }
    }

    /// At most this many attempts in a row.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(attempts);
        self
    }

    /// The longest waits: after the first failure, and of all.
    #[must_use]
    pub fn delays(mut self, first: Duration, greatest: Duration) -> Self {
        (self.first_delay, self.greatest_delay) = (first, greatest);
        self
    }

    /// The longest wait after the loss of a young connection.
    #[must_use]
    pub fn short_life_delay(mut self, delay: Duration) -> Self {
        self.short_life_delay = delay;
        self
    }

    /// At most this long an outage.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }
}

/// Where on its ladder something stands that is tried again and again: a connection, or the start of a subscription.
///
/// ```text
///            dropped: was acknowledged, no refusal                  failed: no ack, or an ack and then a refusal
///           ┌─────────────────────────────────────┐                ┌──────────────────────────────────────────┐
///           ▼                                     │                ▼                                          │
///  first rung: up to 200 ms ──failed──▶ up to 400 ms ──failed──▶ … up to 30 s ────────────────────────────────┘
///
///  dropped in its first minute: waits up to 1 s;   dropped later: waits for nothing
/// ```
///
/// Each wait is a random share of its rung ("full jitter"): ten thousand clients that lost one server come back
/// evenly.
#[derive(Clone, Debug, Default)]
pub struct Backoff {
    failures: u32,
    attempts: u32,
    since: Option<Instant>,
}

impl Backoff {
    /// How many attempts have been scheduled since things were last well.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// An attempt failed: it was never acknowledged, or acknowledged and then refused. When the next one may be made;
    /// `None` if there is to be no other.
    pub fn failed(&mut self, policy: &ReconnectPolicy, now: Instant, roll: u64) -> Option<Instant> {
        self.failures = self.failures.saturating_add(1);
        let doubled = policy
            .first_delay
            .saturating_mul(1_u32.checked_shl(self.failures - 1).unwrap_or(u32::MAX));
        self.after(share(doubled.min(policy.greatest_delay), roll), policy, now)
    }

    /// Something that worked for so long is lost. When to replace it; `None` if it is not to be replaced.
    pub fn dropped(&mut self, policy: &ReconnectPolicy, lived: Duration, now: Instant, roll: u64) -> Option<Instant> {
        self.recovered();
        let delay = match lived < policy.healthy_after {
            true => share(policy.short_life_delay, roll),
            false => Duration::ZERO,
        };
        self.after(delay, policy, now)
    }

    /// Things are well again.
    pub fn recovered(&mut self) {
        *self = Self::default();
    }

    fn after(&mut self, delay: Duration, policy: &ReconnectPolicy, now: Instant) -> Option<Instant> {
        if policy.attempts.is_some_and(|most| self.attempts >= most) {
            return None;
        }
        let since = *self.since.get_or_insert(now);
        let at = now + delay;
        if policy.deadline.is_some_and(|deadline| at - since > deadline) {
            return None;
        }
        self.attempts = self.attempts.saturating_add(1);
        Some(at)
    }
}
