use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use super::budget::{Budget, Charge};
use crate::{Dropped, Gap};

/// Longer payloads are held in the frame that they came in: a copy would cost more than what the frame has beside them.
pub(crate) const LONGEST_COPY: usize = 4096;

/// As much of an emptied buffer as is kept for what comes next, in bytes; a hundred events of a usual size.
const KEPT: usize = 16 * 1024;
/// The same in items.
const KEPT_ITEMS: usize = 256;

/// Something that takes room in a queue.
#[derive(Debug)]
pub(crate) enum Payload<'f> {
    /// An event, to be copied.
    Text(&'f str),
    /// An event in a frame of its own.
    Frame(Frame),
    /// The answer to a catch-up.
    Snapshot(String),
}

/// A frame that is kept for the payload in it.
#[derive(Debug)]
pub(crate) struct Frame {
    text: String,
    payload: Range<usize>,
}

impl Payload<'_> {
    /// As many bytes as it keeps from being used for something else.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Frame(frame) => frame.text.capacity(),
            Self::Snapshot(text) => text.capacity(),
        }
    }
}

impl Frame {
    pub(crate) fn new(text: String, payload: Range<usize>) -> Self {
        Self { text, payload }
    }

    /// A payload without anything around it.
    pub(crate) fn whole(text: String) -> Self {
        let payload = 0..text.len();
        Self { text, payload }
    }

    pub(super) fn payload(&self) -> &str {
        self.text.get(self.payload.clone()).unwrap_or_default()
    }

    pub(super) fn weight(&self) -> usize {
        self.text.capacity()
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// What waits, in order: short payloads one after the other in one `String`, everything else by itself.
#[derive(Debug)]
pub(super) struct Batch {
    text: String,
    /// Where the first short payload begins that has not been taken.
    start: usize,
    items: VecDeque<Item>,
    /// How many events there are.
    events: usize,
    /// What they weigh.
    bytes: usize,
    snapshots: usize,
    charge: Charge,
}

#[derive(Debug)]
enum Item {
    Text(usize),
    Frame(Box<Frame>),
    Snapshot(Box<Frame>),
    Mark(Box<Mark>),
}

/// What is said between payloads, and takes none of their room.
#[derive(Debug)]
pub(super) enum Mark {
    Gap(Gap),
    Dropped(Dropped),
}

impl Item {
    fn is_event(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Frame(_))
    }

    fn is_mark(&self) -> bool {
        matches!(self, Self::Mark(_))
    }

    fn into_mark(self) -> Option<Mark> {
        match self {
            Self::Mark(mark) => Some(*mark),
            _ => None,
        }
    }
}

/// The next thing in a batch.
pub(super) enum Taken {
    /// Its place is given to [`Batch::text`].
    Text(Range<usize>),
    Frame(Box<Frame>),
    Snapshot(Box<Frame>),
    Mark(Box<Mark>),
}

impl Batch {
    pub(super) fn new(budget: &Arc<Budget>) -> Self {
        Self {
            text: String::new(),
            start: 0,
            items: VecDeque::new(),
            events: 0,
            bytes: 0,
            snapshots: 0,
            charge: Charge::new(Arc::clone(budget)),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether it has never held a short payload since its buffers were given back.
    pub(super) fn is_bare(&self) -> bool {
        self.text.capacity() == 0
    }

    pub(super) fn events(&self) -> usize {
        self.events
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn has_snapshot(&self) -> bool {
        self.snapshots > 0
    }

    /// Appends a payload, unless the client as a whole has no room for it.
    #[inline]
    pub(super) fn push<'f>(&mut self, payload: Payload<'f>) -> Result<(), Payload<'f>> {
        let weight = payload.weight();
        if !self.charge.take(weight) {
            return Err(payload);
        }
        let item = match payload {
            Payload::Text(text) => {
                self.text.push_str(text);
                Item::Text(text.len())
            }
            Payload::Frame(frame) => Item::Frame(Box::new(frame)),
            Payload::Snapshot(text) => Item::Snapshot(Box::new(Frame::whole(text))),
        };
        match item.is_event() {
            true => {
                self.events += 1;
                self.bytes += weight;
            }
            false => self.snapshots += 1,
        }
        self.items.push_back(item);
        Ok(())
    }

    /// Says something after what waits.
    pub(super) fn push_mark(&mut self, mark: Mark) {
        let end = self.items.len();
        let first = self.first_mark_before(end);
        if let Some(mark) = self.merge(first..end, mark) {
            self.items.push_back(Item::Mark(Box::new(mark)));
        }
    }

    /// Drops the event that has waited longest, and says so in its place. `false` if there is none.
    pub(super) fn drop_oldest_event(&mut self, dropped: Dropped) -> bool {
        self.drop_first(Item::is_event, dropped)
    }

    /// The same for a snapshot.
    pub(super) fn drop_snapshot(&mut self, dropped: Dropped) -> bool {
        self.drop_first(|item| matches!(item, Item::Snapshot(_)), dropped)
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<Taken> {
        let item = self.items.pop_front()?;
        Some(match self.forget(item) {
            Item::Text(len) => Taken::Text(self.start - len..self.start),
            Item::Frame(frame) => Taken::Frame(frame),
            Item::Snapshot(frame) => Taken::Snapshot(frame),
            Item::Mark(mark) => Taken::Mark(mark),
        })
    }

    pub(super) fn text(&self, place: Range<usize>) -> &str {
        self.text.get(place).unwrap_or_default()
    }

    /// A frame that was taken is no longer held.
    pub(super) fn let_go(&mut self, frame: &Frame) {
        self.charge.give_back(frame.weight());
    }

    /// Everything has been taken and read.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.items.clear();
        (self.start, self.events, self.bytes, self.snapshots) = (0, 0, 0, 0);
        self.charge.give_back_all();
    }

    /// Gives back the buffers of an empty batch that have grown beyond what is usual.
    pub(super) fn shrink(&mut self) {
        if self.text.capacity() > KEPT {
            self.text = String::new();
        }
        if self.items.capacity() > KEPT_ITEMS {
            self.items = VecDeque::new();
        }
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.text.capacity()
    }

    /// Takes an item out of the counts.
    #[inline]
    fn forget(&mut self, item: Item) -> Item {
        let weight = match &item {
            Item::Text(len) => {
                self.start += len;
                *len
            }
            Item::Frame(frame) => frame.weight(),
            Item::Snapshot(_) => {
                self.snapshots -= 1;
                return item;
            }
            Item::Mark(_) => return item,
        };
        self.events -= 1;
        self.bytes -= weight;
        item
    }

    fn drop_first(&mut self, which: impl Fn(&Item) -> bool, dropped: Dropped) -> bool {
        // Nothing but marks and one snapshot can lie before the first event.
        let Some(at) = self.items.iter().position(which) else {
            return false;
        };
        let Some(item) = self.items.remove(at) else {
            return false;
        };
        match self.forget(item) {
            Item::Text(len) => self.charge.give_back(len),
            Item::Frame(frame) | Item::Snapshot(frame) => self.charge.give_back(frame.weight()),
            Item::Mark(_) => {}
        }
        self.reclaim();
        // The marks before it and those behind it are at one place now.
        let first = self.first_mark_before(at);
        let mut end = at;
        let mut later = Some(Mark::Dropped(dropped));
        while let Some(mark) = later {
            if let Some(mark) = self.merge(first..end, mark) {
                self.items.insert(end, Item::Mark(Box::new(mark)));
                end += 1;
            }
            later = match self.items.get(end) {
                Some(Item::Mark(_)) => self.items.remove(end).and_then(Item::into_mark),
                _ => None,
            };
        }
        true
    }

    /// Where the marks begin that have nothing but marks between them and this place.
    fn first_mark_before(&self, end: usize) -> usize {
        let marks = self.items.range(..end).rev().take_while(|item| item.is_mark());
        end - marks.count()
    }

    /// Lets one of these marks, which have no payload between them, stand for another of its kind that follows it: so
    /// there are never more than two marks for each payload, and nothing grows that nobody reads.
    fn merge(&mut self, marks: Range<usize>, later: Mark) -> Option<Mark> {
        for item in self.items.range_mut(marks) {
            let Item::Mark(earlier) = item else { continue };
            match (&mut **earlier, &later) {
                (Mark::Gap(earlier), Mark::Gap(later)) => {
                    (earlier.until, earlier.cause) = (later.until, later.cause.clone());
                    return None;
                }
                (Mark::Dropped(earlier), Mark::Dropped(later)) => {
                    earlier.extend(*later);
                    return None;
                }
                _ => {}
            }
        }
        Some(later)
    }

    /// What was dropped at the front is cut off once it is the greater part.
    fn reclaim(&mut self) {
        if self.start > LONGEST_COPY && self.start > self.text.len() / 2 {
            self.text.drain(..self.start);
            self.start = 0;
        }
    }
}
