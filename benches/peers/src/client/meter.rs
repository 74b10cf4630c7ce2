//! What one client got, and what it cost: from the last event of the warming to the last of the flood.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;

use crate::{allocations, clock, peak_bytes};

/// Counts events. Shared by tasks of one thread: it loads and stores where threads would have to add.
#[derive(Debug)]
pub(super) struct Meter {
    /// Events of the warming, which are not counted: one for each subscription.
    warming: u64,
    expected: u64,
    timed: bool,
    got: AtomicU64,
    /// The number of the event at which something has to be noted.
    next_mark: AtomicU64,
    marks: Mutex<Marks>,
    /// In nanoseconds.
    latencies: Mutex<Vec<u64>>,
}

#[derive(Debug, Default)]
struct Marks {
    start: Option<Spent>,
    first: Option<u64>,
    end: Option<(u64, Spent)>,
}

#[derive(Clone, Copy, Debug)]
struct Spent {
    cpu: u64,
    allocations: u64,
}

impl Spent {
    fn now() -> Self {
        Self {
            cpu: clock::cpu(),
            allocations: allocations::count(),
        }
    }
}

/// What a client prints. All of them print the same, in whatever language they are written.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    expected: u64,
    got: u64,
    wall_s: f64,
    cpu_s: f64,
    peak_bytes: Option<u64>,
    allocations: Option<u64>,
    latency: Option<Latency>,
    error: Option<String>,
}

/// In microseconds.
#[derive(Debug, Serialize)]
struct Latency {
    p50: f64,
    p99: f64,
    max: f64,
}

impl Meter {
    pub(super) fn new(subscriptions: u64, each: u64, timed: bool) -> Self {
        let expected = subscriptions * each;
        // Of its final size at once: it must not grow while latencies are measured.
        let latencies = Vec::with_capacity(if timed { expected as usize } else { 0 });
        Self {
            warming: subscriptions,
            expected,
            timed,
            got: AtomicU64::new(0),
            next_mark: AtomicU64::new(subscriptions),
            marks: Mutex::default(),
            latencies: Mutex::new(latencies),
        }
    }

    /// Counts an event; `sent_at` says when it was sent, and is asked only where that matters.
    pub(super) fn event(&self, sent_at: impl FnOnce() -> Option<u64>) {
        let number = self.got.load(Relaxed) + 1;
        self.got.store(number, Relaxed);
        if number == self.next_mark.load(Relaxed) {
            self.mark(number);
        }
        if self.timed && number > self.warming {
            let latency = sent_at().map_or(u64::MAX, |at| clock::now().saturating_sub(at));
            lock(&self.latencies).push(latency);
        }
    }

    #[cold]
    fn mark(&self, number: u64) {
        let mut marks = lock(&self.marks);
        if number == self.warming {
            marks.start = Some(Spent::now());
            self.next_mark.store(number + 1, Relaxed);
            return;
        }
        if number == self.warming + 1 {
            marks.first = Some(clock::now());
            self.next_mark.store(self.warming + self.expected, Relaxed);
        }
        if number == self.warming + self.expected {
            marks.end = Some((clock::now(), Spent::now()));
        }
    }

    pub(super) fn outcome(&self, error: Option<String>) -> Outcome {
        let marks = lock(&self.marks);
        // Without all events, the end is now.
        let (last, end) = marks.end.unwrap_or_else(|| (clock::now(), Spent::now()));
        let start = marks.start.unwrap_or(end);
        let seconds = |nanoseconds: u64| nanoseconds as f64 / 1e9;
        let counting = end.allocations > 0;
        Outcome {
            expected: self.expected,
            got: self.got.load(Relaxed).saturating_sub(self.warming),
            wall_s: seconds(last - marks.first.unwrap_or(last)),
            cpu_s: seconds(end.cpu - start.cpu),
            peak_bytes: peak_bytes(),
            allocations: counting.then_some(end.allocations - start.allocations),
            latency: self.timed.then(|| latency(&mut lock(&self.latencies))).flatten(),
            error,
        }
    }
}

fn latency(nanoseconds: &mut [u64]) -> Option<Latency> {
    nanoseconds.sort_unstable();
    let at = |share: f64| {
        let place = (nanoseconds.len() as f64 * share) as usize;
        let value = nanoseconds.get(place.min(nanoseconds.len().checked_sub(1)?));
        value.map(|&value| value as f64 / 1e3)
    };
    Some(Latency {
        p50: at(0.5)?,
        p99: at(0.99)?,
        max: at(1.0)?,
    })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic elsewhere has ended the run anyway.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_the_warming_are_not_counted() {
        let meter = Meter::new(2, 3, false);
        for _ in 0..5 {
            meter.event(|| None);
        }
        let outcome = meter.outcome(None);
        assert_eq!((outcome.expected, outcome.got), (6, 3));
    }

    #[test]
    fn latencies_are_of_each_counted_event() {
        let meter = Meter::new(1, 2, true);
        for _ in 0..3 {
            meter.event(|| Some(clock::now()));
        }
        assert_eq!(lock(&meter.latencies).len(), 2);
        assert!(
            meter
                .outcome(None)
                .latency
                .is_some_and(|latency| latency.p50 <= latency.max)
        );
    }
}
