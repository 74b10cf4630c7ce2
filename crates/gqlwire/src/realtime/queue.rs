//! The events of one subscription between the task that reads the socket and the one that consumes them.
//!
//! Payloads lie one after the other in one `String`, with a list of their lengths. The consumer swaps the whole of it
//! against its own empty one: one lock for a batch, and no allocation once both have grown. Gaps lie beside them, each
//! with its place.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::sync::Notify;

use crate::transport::RawEvent;
use crate::{Error, ErrorKind, Gap};

/// How much may wait for a consumer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capacity {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

impl Default for Capacity {
    fn default() -> Self {
        Self {
            messages: 1024,
            bytes: 4 * 1024 * 1024,
        }
    }
}

/// How a subscription ended.
#[derive(Clone, Debug)]
pub(crate) enum Ending {
    Completed,
    Failed(Error),
}

#[derive(Debug, Default)]
struct Batch {
    text: String,
    lengths: Vec<usize>,
    /// Each before the payload of that number.
    gaps: VecDeque<(usize, Gap)>,
}

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Waiting>,
    capacity: Capacity,
    /// Told when the consumer has taken a batch.
    taken: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    batch: Batch,
    ending: Option<Ending>,
    consumer: Option<Waker>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing that runs under the lock can panic half way through a change.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn queue(capacity: Capacity) -> (QueueWriter, QueueReader) {
    let shared = Arc::new(Shared {
        waiting: Mutex::default(),
        capacity,
        taken: Notify::new(),
    });
    let reader = QueueReader {
        shared: Arc::clone(&shared),
        batch: Batch::default(),
        next: 0,
        start: 0,
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
    /// Whether a payload of this many bytes fits. An empty queue takes any.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        let waiting = self.shared.lock();
        let Capacity { messages, bytes: most } = self.shared.capacity;
        let count = waiting.batch.lengths.len();
        count == 0 || (count < messages && waiting.batch.text.len() + bytes <= most)
    }

    pub(crate) fn push(&self, payload: &str) {
        let mut waiting = self.shared.lock();
        waiting.batch.text.push_str(payload);
        waiting.batch.lengths.push(payload.len());
        let consumer = waiting.consumer.take();
        drop(waiting);
        if let Some(consumer) = consumer {
            consumer.wake();
        }
    }

    /// A gap takes no room that payloads need: between two payloads there is at most one.
    pub(crate) fn push_gap(&self, gap: Gap) {
        let mut waiting = self.shared.lock();
        let at = waiting.batch.lengths.len();
        match waiting.batch.gaps.back_mut() {
            // Nothing came between: it is one gap, and longer.
            Some((place, earlier)) if *place == at => (earlier.until, earlier.cause) = (gap.until, gap.cause),
            _ => waiting.batch.gaps.push_back((at, gap)),
        }
        let consumer = waiting.consumer.take();
        drop(waiting);
        if let Some(consumer) = consumer {
            consumer.wake();
        }
    }

    /// Ends the subscription; what waits is delivered first.
    pub(crate) fn end(&self, ending: Ending) {
        let mut waiting = self.shared.lock();
        waiting.ending.get_or_insert(ending);
        let consumer = waiting.consumer.take();
        drop(waiting);
        if let Some(consumer) = consumer {
            consumer.wake();
        }
    }

    /// Ready when the consumer takes a batch after this was called.
    pub(crate) fn taken(&self) -> impl Future<Output = ()> + use<> {
        let shared = Arc::clone(&self.shared);
        async move { shared.taken.notified().await }
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
    next: usize,
    start: usize,
}

impl QueueReader {
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<RawEvent<'_>, Ending>> {
        if self.next == self.batch.lengths.len() && self.batch.gaps.is_empty() {
            self.batch.text.clear();
            self.batch.lengths.clear();
            (self.next, self.start) = (0, 0);
            let mut waiting = self.shared.lock();
            if waiting.batch.lengths.is_empty() && waiting.batch.gaps.is_empty() {
                if let Some(ending) = &waiting.ending {
                    return Poll::Ready(Err(ending.clone()));
                }
                waiting.consumer = Some(cx.waker().clone());
                return Poll::Pending;
            }
            mem::swap(&mut waiting.batch, &mut self.batch);
            drop(waiting);
            self.shared.taken.notify_one();
        }
        if let Some((_, gap)) = self.batch.gaps.pop_front_if(|(at, _)| *at == self.next) {
            return Poll::Ready(Ok(RawEvent::Gap(gap)));
        }
        let start = self.start;
        self.start += self.batch.lengths[self.next];
        self.next += 1;
        Poll::Ready(Ok(RawEvent::Next(&self.batch.text[start..self.start])))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::poll_fn;
    use futures_util::task::noop_waker;

    use super::*;

    fn poll(reader: &mut QueueReader) -> Poll<Result<String, String>> {
        let waker = noop_waker();
        reader
            .poll_next(&mut Context::from_waker(&waker))
            .map(|next| match next {
                Ok(RawEvent::Next(payload)) => Ok(payload.to_owned()),
                Ok(RawEvent::Gap(gap)) => Ok(format!("gap: {}", gap.cause)),
                Err(Ending::Completed) => Err("completed".to_owned()),
                Err(Ending::Failed(error)) => Err(error.to_string()),
            })
    }

    #[test]
    fn payloads_come_out_in_order_and_whole_whatever_their_length() {
        let (writer, mut reader) = queue(Capacity::default());
        for payload in ["one", "", "three ü"] {
            writer.push(payload);
        }
        assert_eq!(poll(&mut reader), Poll::Ready(Ok("one".to_owned())));
        writer.push("four");
        assert_eq!(poll(&mut reader), Poll::Ready(Ok(String::new())));
        assert_eq!(poll(&mut reader), Poll::Ready(Ok("three ü".to_owned())));
        assert_eq!(poll(&mut reader), Poll::Ready(Ok("four".to_owned())));
        assert_eq!(poll(&mut reader), Poll::Pending);
    }

    #[test]
    fn gaps_keep_their_places_and_those_with_nothing_between_are_one() {
        let (writer, mut reader) = queue(Capacity::default());
        let gap = |cause: &str| {
            let now = std::time::SystemTime::now();
            writer.push_gap(Gap::new(now, now, Error::new(ErrorKind::Disconnected, cause)));
        };
        gap("first");
        writer.push("one");
        writer.push("two");
        gap("second");
        gap("third");
        writer.push("three");
        gap("last");
        for wanted in ["gap: first", "one", "two", "gap: third", "three", "gap: last"] {
            assert_eq!(poll(&mut reader), Poll::Ready(Ok(wanted.to_owned())));
        }
        assert_eq!(poll(&mut reader), Poll::Pending);
    }

    #[test]
    fn what_waits_is_delivered_before_the_ending() {
        let (writer, mut reader) = queue(Capacity::default());
        writer.push("last");
        writer.end(Ending::Completed);
        writer.end(Ending::Failed(Error::config("a second ending is not the cause")));
        assert_eq!(poll(&mut reader), Poll::Ready(Ok("last".to_owned())));
        assert_eq!(poll(&mut reader), Poll::Ready(Err("completed".to_owned())));
        assert_eq!(poll(&mut reader), Poll::Ready(Err("completed".to_owned())));
    }

    #[test]
    fn a_writer_that_vanishes_is_an_ending_with_a_cause() {
        let (writer, mut reader) = queue(Capacity::default());
        drop(writer);
        let Poll::Ready(Err(cause)) = poll(&mut reader) else {
            panic!("still waiting for a writer that is gone");
        };
        assert!(cause.contains("runtime was shut down"), "{cause}");
    }

    #[test]
    fn a_queue_is_bounded_by_count_and_by_bytes_but_takes_any_single_payload() {
        let capacity = Capacity { messages: 2, bytes: 10 };
        let (writer, mut reader) = queue(capacity);
        assert!(writer.has_room(1000));
        writer.push("12345");
        assert!(writer.has_room(5));
        assert!(!writer.has_room(6));
        writer.push("1");
        assert!(!writer.has_room(0));
        let _ = poll(&mut reader);
        assert!(writer.has_room(1000));
    }

    #[tokio::test]
    async fn a_waiting_consumer_is_woken_by_the_first_payload() {
        let (writer, mut reader) = queue(Capacity::default());
        let consumer =
            tokio::spawn(async move { poll_fn(|cx| reader.poll_next(cx).map(|next| format!("{next:?}"))).await });
        tokio::task::yield_now().await;
        writer.push("hello");
        assert_eq!(consumer.await.unwrap(), r#"Ok(Next("hello"))"#);
    }
}
