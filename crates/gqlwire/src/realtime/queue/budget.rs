use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use gqlwire_proto::websocket::Spares;
use tokio::sync::Notify;

/// What all queues of one client may hold together, in bytes.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: usize,
    /// Where the memory of long messages goes that have been read.
    pub(super) spares: Arc<Spares>,
    used: AtomicUsize,
    /// Whether its being full has had a pause of the read loop already. One for all: with a pause for each of its
    /// queues, a thousand stalled subscriptions would hold up the connection a thousand times.
    graced: AtomicBool,
    /// Whether the read loop waits for room.
    is_waited_for: AtomicBool,
    /// Told when a consumer has taken something while the read loop waits.
    freed: Notify,
}

impl Budget {
    pub(crate) fn new(limit: usize, spares: Arc<Spares>) -> Arc<Self> {
        Arc::new(Self {
            limit,
            spares,
            used: AtomicUsize::new(0),
            graced: AtomicBool::new(false),
            is_waited_for: AtomicBool::new(false),
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

    /// From here on [`freed`](Self::freed) is told of what consumers take; to be called before the last attempt to find
    /// room without waiting.
    pub(super) fn wait_for(&self, is_waited_for: bool) {
        self.is_waited_for.store(is_waited_for, Ordering::SeqCst);
    }

    pub(super) async fn freed(&self) {
        self.freed.notified().await;
    }

    pub(super) fn taken(&self) {
        if self.is_waited_for.load(Ordering::SeqCst) {
            self.freed.notify_one();
        }
    }

    /// Where nothing is held, one message may be of any size.
    fn take(&self, bytes: usize) -> bool {
        self.take_if(bytes, |before, after| before == 0 || after <= self.limit)
    }

    fn take_within(&self, bytes: usize) -> bool {
        self.take_if(bytes, |_, after| after <= self.limit)
    }

    fn take_if(&self, bytes: usize, fits: impl FnOnce(usize, usize) -> bool) -> bool {
        let before = self.used.fetch_add(bytes, Ordering::SeqCst);
        let fits = fits(before, before.saturating_add(bytes));
        if !fits {
            self.used.fetch_sub(bytes, Ordering::SeqCst);
        }
        fits
    }

    fn give_back(&self, bytes: usize) {
        let before = self.used.fetch_sub(bytes, Ordering::SeqCst);
        if before.saturating_sub(bytes) <= self.limit / 2 {
            self.graced.store(false, Ordering::Relaxed);
        }
        self.taken();
    }
}

/// One holder's part of a budget, given back at the latest when it is dropped.
///
/// What is taken for short payloads is taken in larger pieces, where there is room for them: the budget is shared by
/// threads, and asking it for each payload would cost as much as queueing it.
#[derive(Debug)]
pub(super) struct Charge {
    budget: Arc<Budget>,
    /// What has been taken from the budget.
    reserved: usize,
    /// What is in use of it.
    bytes: usize,
}

/// How much is taken at once for short payloads, in bytes.
const PIECE: usize = 4096;

impl Charge {
    pub(super) fn new(budget: Arc<Budget>) -> Self {
        Self {
            budget,
            reserved: 0,
            bytes: 0,
        }
    }

    #[inline]
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let wanted = self.bytes + bytes;
        if wanted > self.reserved {
            let missing = wanted - self.reserved;
            let piece = missing.max(PIECE);
            let piece = match self.budget.take_within(piece) {
                true => piece,
                false if self.budget.take(missing) => missing,
                false => return false,
            };
            self.reserved += piece;
        }
        self.bytes = wanted;
        true
    }

    pub(super) fn give_back(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
        if self.reserved - self.bytes > 2 * PIECE {
            let surplus = self.reserved - self.bytes - PIECE;
            self.reserved -= surplus;
            self.budget.give_back(surplus);
        }
    }

    pub(super) fn give_back_all(&mut self) {
        self.bytes = 0;
        if self.reserved > 0 {
            self.budget.give_back(std::mem::take(&mut self.reserved));
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.give_back_all();
    }
}
