//! The events of one subscription between the task that reads the socket and the one that consumes them.
//!
//! ```text
//!   driver ──push──▶ waiting batch ──the whole of it, swapped──▶ reader's batch ──▶ one event after the other
//!                      │ full: a grace, then the policy
//!                      └── charged, as the reader's is, to the budget of the client
//! ```
//!
//! Short payloads lie one after the other in one `String`. The consumer swaps the whole batch against its own empty
//! one: one lock for a batch, and no allocation once both have grown. A batch that the consumer has taken no longer
//! counts against the limits of the queue, so that as much again may be in the consumer's hands; the budget counts both.

mod batch;
mod budget;
#[cfg(test)]
mod tests;

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;

use self::batch::{Batch, Mark, Taken};
use crate::transport::RawEvent;
use crate::{Dropped, Error, ErrorKind, Gap};

pub(crate) use self::batch::{Frame, LONGEST_COPY, Payload};
pub(crate) use self::budget::Budget;

/// How much may wait for a consumer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capacity {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

/// How a subscription ended.
#[derive(Clone, Debug)]
pub(crate) enum Ending {
    Completed,
    Failed(Error),
}

/// A payload that found no room.
#[derive(Debug)]
pub(crate) struct Full<'f> {
    pub(crate) payload: Payload<'f>,
    /// Whether it is the client's budget that is used up, and not the queue.
    pub(crate) by_budget: bool,
}

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Waiting>,
    capacity: Capacity,
    budget: Arc<Budget>,
}

#[derive(Debug)]
struct Waiting {
    batch: Batch,
    /// The consumer's own batch, an empty one, while it waits.
    spare: Batch,
    /// Whether a batch has been taken since the last look at what buffers are kept.
    used: bool,
    ending: Option<Ending>,
    consumer: Option<Waker>,
    /// Whether the read loop has waited for the consumer since that took everything.
    graced: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing that runs under the lock can panic half way through a change.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn queue(capacity: Capacity, budget: &Arc<Budget>) -> (QueueWriter, QueueReader) {
    let waiting = Waiting {
        batch: Batch::new(budget),
        spare: Batch::new(budget),
        used: false,
        ending: None,
        consumer: None,
        graced: false,
    };
    let shared = Arc::new(Shared {
        waiting: Mutex::new(waiting),
        capacity,
        budget: Arc::clone(budget),
    });
    let reader = QueueReader {
        shared: Arc::clone(&shared),
        batch: Batch::new(budget),
        current: None,
    };
    (QueueWriter { shared }, reader)
}

/// The end of the queue that the connection's task holds.
///
/// Dropped without [`end`](Self::end), it tells the consumer that the connection's task is gone: a subscription never
/// waits for a task that no longer runs.
#[derive(Debug)]
pub(crate) struct QueueWriter {
    shared: Arc<Shared>,
}

impl QueueWriter {
    /// Queues a payload, or gives it back. An empty queue takes any for which the client has room.
    ///
    /// A consumer that waits for it is to be woken by the caller, who may have more for it.
    #[inline]
    pub(crate) fn push<'f>(&self, payload: Payload<'f>) -> Result<Option<Waker>, Full<'f>> {
        let mut waiting = self.shared.lock();
        if waiting.ending.is_some() {
            return Ok(None);
        }
        if !self.fits(&waiting.batch, &payload) {
            return Err(Full {
                payload,
                by_budget: false,
            });
        }
        waiting.batch.push(payload).map_err(|payload| Full {
            payload,
            by_budget: true,
        })?;
        Ok(waiting.consumer.take())
    }

    /// Queues a payload in the place of those that have waited longest. Returns how many were dropped.
    pub(crate) fn push_over_oldest(&self, mut payload: Payload<'_>, now: SystemTime) -> u64 {
        let one = Dropped::new(1, now, now);
        let mut waiting = self.shared.lock();
        let mut dropped = 0;
        while waiting.ending.is_none() {
            if self.fits(&waiting.batch, &payload) {
                match waiting.batch.push(payload) {
                    Ok(()) => break,
                    Err(unqueued) => payload = unqueued,
                }
            }
            dropped += 1;
            let replaces = matches!(payload, Payload::Snapshot(_));
            let gone = (replaces && waiting.batch.drop_snapshot(one)) || waiting.batch.drop_oldest_event(one);
            if !gone {
                // Other queues hold all that there is.
                waiting.batch.push_mark(Mark::Dropped(one));
                break;
            }
        }
        wake(waiting);
        dropped
    }

    /// Says that a payload was dropped that came after everything which waits.
    pub(crate) fn drop_newest(&self, now: SystemTime) {
        self.push_dropped(Dropped::new(1, now, now));
    }

    /// Says that payloads were dropped. It takes no room that payloads need.
    pub(crate) fn push_dropped(&self, dropped: Dropped) {
        self.push_mark(Mark::Dropped(dropped));
    }

    /// Says that payloads may be missing; no room is taken by that either.
    pub(crate) fn push_gap(&self, gap: Gap) {
        self.push_mark(Mark::Gap(gap));
    }

    fn push_mark(&self, mark: Mark) {
        let mut waiting = self.shared.lock();
        if waiting.ending.is_none() {
            waiting.batch.push_mark(mark);
            wake(waiting);
        }
    }

    /// Ends the subscription; what waits is delivered first, and what comes later is not.
    pub(crate) fn end(&self, ending: Ending) {
        let mut waiting = self.shared.lock();
        waiting.ending.get_or_insert(ending);
        wake(waiting);
    }

    /// Whether the read loop may pause for what is full: once, until a consumer has taken all that waited for it, or
    /// until the client's queues are drained to half of what they may hold together.
    pub(crate) fn may_wait(&self, full: &Full<'_>) -> bool {
        match full.by_budget {
            true => self.shared.budget.may_wait(),
            false => !mem::replace(&mut self.shared.lock().graced, true),
        }
    }

    /// Waits until a payload has been queued. Cancelled, it leaves the payload where it is.
    pub(crate) async fn push_when_freed<'f>(&self, unsent: &mut Option<Full<'f>>) {
        let _waiting = WaitingFor::new(&self.shared.budget);
        while let Some(full) = unsent.take() {
            match self.push(full.payload) {
                Ok(consumer) => consumer.into_iter().for_each(Waker::wake),
                Err(full) => {
                    *unsent = Some(full);
                    self.shared.budget.freed().await;
                }
            }
        }
    }

    /// Gives back the buffers of a burst that is over: to be called now and then.
    pub(crate) fn sweep(&self) {
        let mut waiting = self.shared.lock();
        if !mem::take(&mut waiting.used) && waiting.batch.is_empty() {
            waiting.batch.shrink();
            waiting.spare.shrink();
        }
    }

    pub(crate) fn capacity(&self) -> Capacity {
        self.shared.capacity
    }

    /// One snapshot may wait, whatever its size: it is the first of what the user wants to see. Everything else is
    /// bounded by number and by size.
    fn fits(&self, batch: &Batch, payload: &Payload<'_>) -> bool {
        if let Payload::Snapshot(_) = payload {
            return !batch.has_snapshot();
        }
        let Capacity { messages, bytes } = self.shared.capacity;
        let fits = batch.events() < messages && batch.bytes().saturating_add(payload.weight()) <= bytes;
        batch.events() == 0 || fits
    }
}

fn wake(mut waiting: MutexGuard<'_, Waiting>) {
    let consumer = waiting.consumer.take();
    drop(waiting);
    if let Some(consumer) = consumer {
        consumer.wake();
    }
}

/// The read loop's waiting for room, which consumers have to know of.
struct WaitingFor<'b>(&'b Budget);

impl<'b> WaitingFor<'b> {
    fn new(budget: &'b Budget) -> Self {
        budget.wait_for(true);
        Self(budget)
    }
}

impl Drop for WaitingFor<'_> {
    fn drop(&mut self) {
        self.0.wait_for(false);
    }
}

impl Drop for QueueWriter {
    fn drop(&mut self) {
        self.end(Ending::Failed(Error::new(
            ErrorKind::Disconnected,
            "the task that runs the connection is gone: its runtime was shut down",
        )));
    }
}

/// The end of the queue that the subscription holds.
#[derive(Debug)]
pub(crate) struct QueueReader {
    shared: Arc<Shared>,
    batch: Batch,
    /// What was handed out last, where it is not in the batch's text.
    current: Option<Box<Frame>>,
}

impl QueueReader {
    #[inline]
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<RawEvent<'_>, Ending>> {
        if let Some(read) = self.current.take() {
            self.batch.let_go(&read);
            self.shared.budget.spares.put(read.into_text());
        }
        if self.batch.is_empty() {
            self.batch.clear();
            let mut waiting = self.shared.lock();
            if waiting.batch.is_empty() {
                if let Some(ending) = &waiting.ending {
                    return Poll::Ready(Err(ending.clone()));
                }
                waiting.consumer = Some(cx.waker().clone());
                // Where it can be swept, while nobody wakes this end.
                if !self.batch.is_bare() {
                    mem::swap(&mut waiting.spare, &mut self.batch);
                }
                return Poll::Pending;
            }
            let shared = &mut *waiting;
            mem::swap(&mut shared.batch, &mut self.batch);
            if shared.batch.is_bare() {
                mem::swap(&mut shared.batch, &mut shared.spare);
            }
            (waiting.graced, waiting.used) = (false, true);
            drop(waiting);
            self.shared.budget.taken();
        }
        let Some(taken) = self.batch.pop() else {
            return Poll::Pending;
        };
        Poll::Ready(Ok(match taken {
            Taken::Text(place) => RawEvent::Next(self.batch.text(place)),
            Taken::Frame(frame) => RawEvent::Next(self.current.insert(frame).payload()),
            Taken::Snapshot(frame) => RawEvent::Snapshot(self.current.insert(frame).payload()),
            Taken::Mark(mark) => match *mark {
                Mark::Gap(gap) => RawEvent::Gap(gap),
                Mark::Dropped(dropped) => RawEvent::Dropped(dropped),
            },
        }))
    }
}
