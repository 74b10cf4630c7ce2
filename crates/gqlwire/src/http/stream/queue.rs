//! The events of one subscription on a shared stream, between the task that reads that and the consumer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;

use crate::transport::RawEvent;
use crate::{Dropped, Error, ErrorKind, Gap, Overflow};

/// How much may wait for a consumer, and what becomes of the rest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Capacity {
    pub(super) messages: usize,
    pub(super) bytes: usize,
    pub(super) overflow: Overflow,
}

#[derive(Debug)]
enum Item {
    Event(String),
    Dropped(Dropped),
    Gap(Gap),
}

#[derive(Debug)]
struct Waiting {
    items: VecDeque<Item>,
    /// Of the events alone.
    events: usize,
    bytes: usize,
    /// `None` in it for an end that is no error.
    ending: Option<Option<Error>>,
    consumer: Option<Waker>,
    /// The reading task, while it waits for room.
    reader: Option<Waker>,
    /// Whether it has waited since the consumer took everything.
    graced: bool,
}

type Shared = Arc<(Mutex<Waiting>, Capacity)>;

fn lock(shared: &Shared) -> MutexGuard<'_, Waiting> {
    // Nothing that runs under the lock can panic half way through a change.
    shared.0.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn queue(capacity: Capacity) -> (QueueWriter, QueueReader) {
    let waiting = Waiting {
        items: VecDeque::new(),
        events: 0,
        bytes: 0,
        ending: None,
        consumer: None,
        reader: None,
        graced: false,
    };
    let shared = Arc::new((Mutex::new(waiting), capacity));
    let reader = QueueReader {
        shared: Arc::clone(&shared),
        current: String::new(),
    };
    (QueueWriter { shared }, reader)
}

/// Dropped without an end, it tells the consumer that the reading task is gone.
#[derive(Debug)]
pub(super) struct QueueWriter {
    shared: Shared,
}

impl QueueWriter {
    /// Whether there is room for an event of this length. An empty queue has room for any.
    pub(super) fn has_room(&self, length: usize) -> bool {
        fits(&lock(&self.shared), &self.shared.1, length)
    }

    /// Whether to wait for room: once, until the consumer has taken everything. It is told when there is some.
    pub(super) fn may_wait(&self, cx: &Context<'_>) -> bool {
        let mut waiting = lock(&self.shared);
        waiting.reader = Some(cx.waker().clone());
        !std::mem::replace(&mut waiting.graced, true)
    }

    /// Queues an event, or does with it what the policy says.
    pub(super) fn push(&self, event: &str) {
        let mut waiting = lock(&self.shared);
        let capacity = &self.shared.1;
        if waiting.ending.is_some() {
            return;
        }
        let now = SystemTime::now();
        while !fits(&waiting, capacity, event.len()) {
            match capacity.overflow {
                Overflow::Fail => {
                    let most = format!("{} events or {} bytes", capacity.messages, capacity.bytes);
                    let message = format!("the subscriber read too slowly: its queue of {most} is full");
                    waiting.ending = Some(Some(Error::new(ErrorKind::Lagged, message)));
                    return wake(waiting);
                }
                Overflow::DropNewest => {
                    waiting.mark_dropped(Dropped::new(1, now, now), false);
                    return wake(waiting);
                }
                Overflow::DropOldest => waiting.drop_oldest(now),
            }
        }
        waiting.events += 1;
        waiting.bytes += event.len();
        waiting.items.push_back(Item::Event(event.to_owned()));
        wake(waiting);
    }

    pub(super) fn push_gap(&self, gap: Gap) {
        let mut waiting = lock(&self.shared);
        if waiting.ending.is_none() {
            waiting.mark_gap(gap);
            wake(waiting);
        }
    }

    /// Ends the subscription; what waits is delivered first.
    pub(super) fn end(&self, error: Option<Error>) {
        let mut waiting = lock(&self.shared);
        waiting.ending.get_or_insert(error);
        wake(waiting);
    }

    /// Whether it has ended, by its policy or otherwise.
    pub(super) fn has_ended(&self) -> bool {
        lock(&self.shared).ending.is_some()
    }
}

impl Drop for QueueWriter {
    fn drop(&mut self) {
        self.end(Some(Error::new(
            ErrorKind::Disconnected,
            "the task that reads the stream is gone: its runtime was shut down",
        )));
    }
}

impl Waiting {
    /// Behind what waits. A gap before it with no event between the two goes on, so that a consumer that reads nothing does
    /// not collect one for each connection that is lost.
    fn mark_gap(&mut self, gap: Gap) {
        let since_event = self.items.iter_mut().rev();
        let mut marks = since_event.take_while(|item| !matches!(item, Item::Event(_)));
        let known = marks.find_map(|item| match item {
            Item::Gap(known) => Some(known),
            Item::Dropped(_) | Item::Event(_) => None,
        });
        match known {
            Some(known) => (known.until, known.cause) = (gap.until, gap.cause),
            None => self.items.push_back(Item::Gap(gap)),
        }
    }

    fn drop_oldest(&mut self, now: SystemTime) {
        let mut dropped = Dropped::new(0, now, now);
        while let Some(item) = self.items.pop_front() {
            match item {
                Item::Event(event) => {
                    self.events -= 1;
                    self.bytes -= event.len();
                    dropped.extend(Dropped::new(1, now, now));
                    break;
                }
                Item::Dropped(earlier) => {
                    dropped.since = earlier.since;
                    dropped.extend(earlier);
                }
                // It says the same of a time before, and has to stay; once, for the events between two are gone.
                Item::Gap(gap) => {
                    if !self.items.iter().any(|item| matches!(item, Item::Gap(_))) {
                        self.items.push_front(Item::Gap(gap));
                        self.drop_behind_gap(&mut dropped, now);
                        break;
                    }
                }
            }
        }
        dropped.until = now;
        if dropped.count > 0 {
            self.mark_dropped(dropped, true);
        }
    }

    fn drop_behind_gap(&mut self, dropped: &mut Dropped, now: SystemTime) {
        if let Some(at) = self.items.iter().position(|item| matches!(item, Item::Event(_)))
            && let Some(Item::Event(event)) = self.items.remove(at)
        {
            self.events -= 1;
            self.bytes -= event.len();
            dropped.extend(Dropped::new(1, now, now));
        }
    }

    /// In front of what waits, or behind it.
    fn mark_dropped(&mut self, dropped: Dropped, in_front: bool) {
        let beside = match in_front {
            true => self.items.front_mut(),
            false => self.items.back_mut(),
        };
        match beside {
            Some(Item::Dropped(known)) => known.extend(dropped),
            _ if in_front => self.items.push_front(Item::Dropped(dropped)),
            _ => self.items.push_back(Item::Dropped(dropped)),
        }
    }
}

fn fits(waiting: &Waiting, capacity: &Capacity, length: usize) -> bool {
    let fits = waiting.events < capacity.messages && waiting.bytes.saturating_add(length) <= capacity.bytes;
    waiting.events == 0 || fits
}

fn wake(mut waiting: MutexGuard<'_, Waiting>) {
    let consumer = waiting.consumer.take();
    drop(waiting);
    if let Some(consumer) = consumer {
        consumer.wake();
    }
}

#[derive(Debug)]
pub(super) struct QueueReader {
    shared: Shared,
    current: String,
}

impl QueueReader {
    pub(super) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<RawEvent<'_>, Error>>> {
        let mut waiting = lock(&self.shared);
        let Some(item) = waiting.items.pop_front() else {
            waiting.graced = false;
            // Told once: what follows an error is `None`.
            return match &mut waiting.ending {
                Some(ending) => Poll::Ready(ending.take().map(Err)),
                None => {
                    waiting.consumer = Some(cx.waker().clone());
                    Poll::Pending
                }
            };
        };
        if let Item::Event(event) = &item {
            waiting.events -= 1;
            waiting.bytes -= event.len();
        }
        let reader = waiting.reader.take();
        drop(waiting);
        if let Some(reader) = reader {
            reader.wake();
        }
        Poll::Ready(Some(Ok(match item {
            Item::Event(event) => {
                self.current = event;
                RawEvent::Next(&self.current)
            }
            Item::Dropped(dropped) => RawEvent::Dropped(dropped),
            Item::Gap(gap) => RawEvent::Gap(gap),
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capacity(overflow: Overflow) -> Capacity {
        Capacity {
            messages: 2,
            bytes: 10,
            overflow,
        }
    }

    fn read(reader: &mut QueueReader) -> Vec<String> {
        let mut cx = Context::from_waker(Waker::noop());
        let mut read = Vec::new();
        loop {
            read.push(match reader.poll_event(&mut cx) {
                Poll::Pending => return read,
                Poll::Ready(None) => {
                    read.push("end".to_owned());
                    return read;
                }
                Poll::Ready(Some(Ok(RawEvent::Next(text)))) => text.to_owned(),
                Poll::Ready(Some(Ok(RawEvent::Dropped(dropped)))) => format!("dropped {}", dropped.count),
                Poll::Ready(Some(Ok(RawEvent::Gap(_)))) => "gap".to_owned(),
                Poll::Ready(Some(Ok(other))) => format!("{other:?}"),
                Poll::Ready(Some(Err(error))) => format!("{:?}", error.kind()),
            });
        }
    }

    #[test]
    fn a_full_queue_does_what_its_policy_says_and_tells() {
        for (overflow, expected) in [
            (Overflow::Fail, vec!["a", "b", "Lagged", "end"]),
            (Overflow::DropNewest, vec!["a", "b", "dropped 2"]),
            (Overflow::DropOldest, vec!["dropped 2", "c", "d"]),
        ] {
            let (writer, mut reader) = queue(capacity(overflow));
            for event in ["a", "b", "c", "d"] {
                writer.push(event);
            }
            assert_eq!(read(&mut reader), expected, "{overflow:?}");
        }
    }

    #[test]
    fn a_gap_survives_the_events_around_it() {
        let (writer, mut reader) = queue(capacity(Overflow::DropOldest));
        let now = SystemTime::now();
        writer.push_gap(Gap::new(now, now, Error::new(ErrorKind::Disconnected, "x")));
        for event in ["a", "b", "c", "d"] {
            writer.push(event);
        }
        let read = read(&mut reader);
        assert!(read.contains(&"gap".to_owned()), "{read:?}");
        assert_eq!(&read[read.len() - 2..], ["c", "d"], "{read:?}");
    }

    #[test]
    fn gaps_of_which_nothing_lies_between_are_one() {
        let (writer, mut reader) = queue(capacity(Overflow::DropNewest));
        let now = SystemTime::now();
        for event in ["a", "b", "c", "d", "e"] {
            writer.push(event);
            writer.push_gap(Gap::new(now, now, Error::new(ErrorKind::Disconnected, "x")));
        }
        assert_eq!(read(&mut reader), ["a", "gap", "b", "gap", "dropped 3"]);
    }

    #[test]
    fn an_empty_queue_takes_any_event_and_bytes_count() {
        let (writer, mut reader) = queue(capacity(Overflow::Fail));
        writer.push(&"x".repeat(1000));
        assert!(!writer.has_room(1));
        assert_eq!(read(&mut reader).len(), 1);
        assert!(writer.has_room(1000));
    }

    #[test]
    fn a_writer_that_is_gone_ends_the_stream_with_an_error() {
        let (writer, mut reader) = queue(capacity(Overflow::Fail));
        writer.push("a");
        drop(writer);
        assert_eq!(read(&mut reader), ["a", "Disconnected", "end"]);
    }
}
