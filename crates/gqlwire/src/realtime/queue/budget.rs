use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Notify;

/// What all queues of one client may hold together, in bytes.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: usize,
    used: AtomicUsize,
    /// Whether its being full has had a pause of the read loop already. One for all: with a pause for each of its
    /// queues, a thousand stalled subscriptions would hold up the connection a thousand times.
    graced: AtomicBool,
    /// Told when a consumer has taken something.
    freed: Notify,
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit,
            used: AtomicUsize::new(0),
            graced: AtomicBool::new(false),
            freed: Notify::new(),
        })
    }

    #[cfg(test)]
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::SeqCst)
    }

    pub(super) fn may_wait(&self) -> bool {
        !self.graced.swap(true, Ordering::Relaxed)
    }

    pub(super) fn taken(&self) {
        self.freed.notify_one();
    }

    pub(super) async fn freed(&self) {
        self.freed.notified().await;
    }

    /// Where nothing is held, one message may be of any size.
    fn take(&self, bytes: usize) -> bool {
        let before = self.used.fetch_add(bytes, Ordering::Relaxed);
        let fits = before == 0 || before.saturating_add(bytes) <= self.limit;
        if !fits {
            self.used.fetch_sub(bytes, Ordering::Relaxed);
        }
        fits
    }

    fn give_back(&self, bytes: usize) {
        let before = self.used.fetch_sub(bytes, Ordering::Relaxed);
        if before.saturating_sub(bytes) <= self.limit / 2 {
            self.graced.store(false, Ordering::Relaxed);
        }
        self.freed.notify_one();
    }
}

/// One holder's part of a budget, given back at the latest when it is dropped.
#[derive(Debug)]
pub(super) struct Charge {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Charge {
    pub(super) fn new(budget: Arc<Budget>) -> Self {
        Self { budget, bytes: 0 }
    }

    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let taken = self.budget.take(bytes);
        if taken {
            self.bytes += bytes;
        }
        taken
    }

    pub(super) fn give_back(&mut self, bytes: usize) {
        let bytes = bytes.min(self.bytes);
        if bytes > 0 {
            self.bytes -= bytes;
            self.budget.give_back(bytes);
        }
    }

    pub(super) fn give_back_all(&mut self) {
        self.give_back(self.bytes);
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.give_back_all();
    }
}
