use std::time::Duration;

use tokio::time::Instant;

/// How long the read loop may wait for consumers that do not come.
///
/// One that is merely busy comes soon, and being waited for costs nobody anything: without it, the loop would have
/// nowhere to put what it reads. One that has stalled costs the whole grace; a hundred that stall at once would hold up
/// everything else for a second. So what is spent in vain is bounded: a tenth of the time.
#[derive(Debug)]
pub(super) struct Patience {
    grace: Duration,
    since: Instant,
    in_vain: Duration,
}

impl Patience {
    const WINDOW: Duration = Duration::from_secs(1);
    const MOST: Duration = Duration::from_millis(100);

    pub(super) fn new(grace: Duration) -> Self {
        Self {
            grace,
            since: Instant::now(),
            in_vain: Duration::ZERO,
        }
    }

    /// How long to wait for the next one.
    pub(super) fn left(&mut self) -> Duration {
        let now = Instant::now();
        if now.saturating_duration_since(self.since) >= Self::WINDOW {
            (self.since, self.in_vain) = (now, Duration::ZERO);
        }
        self.grace.min(Self::MOST.saturating_sub(self.in_vain))
    }

    pub(super) fn waited_in_vain(&mut self, time: Duration) {
        self.in_vain = self.in_vain.saturating_add(time);
    }
}
