//! How events get from the sockets into the queues of their subscribers.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

use gqlwire_proto::session::{self, ConnectionId, Event, SubscriptionHandle};

use super::{BURST, Done, Driver, Random, now};
use crate::realtime::connect::Incoming;
use crate::realtime::entry::Offer;
use crate::realtime::failure;
use crate::realtime::queue::{Capacity, Ending, Frame, Full, LONGEST_COPY, Payload};
use crate::{Dropped, Error, ErrorKind, Gap};

/// How many bytes of a message count as another message, when a socket is to let others have their turn.
const LONG: usize = 512;

/// How many bytes may wait to be written on a socket that is read from.
const STUFFED: usize = 64 * 1024 * 1024;

/// From when on a burst that waited for a consumer is over.
const HELD_UP: Duration = Duration::from_millis(1);

impl Driver {
    /// Takes from a socket what it has, as long as it is its turn.
    ///
    /// This is the way of every event: it waits for nothing, reads the clock once, and wakes each consumer once, unless the
    /// session has something to do or a queue is full.
    pub(super) async fn read(&mut self, connection: ConnectionId) {
        let Some(mut lent) = self.links.lend(connection) else {
            return;
        };
        let mut moment = now();
        while self.burst < BURST
            && let Poll::Ready(incoming) = lent.receive()
        {
            let text = match incoming {
                Incoming::Text(text) => text,
                other => {
                    self.burst += 1;
                    self.end_of_input(connection, other);
                    continue;
                }
            };
            self.burst += 1 + text.len() / LONG;
            let event = self.session.frame(connection, &text, moment);
            let place = event.map(|event| (event.subscription, place_of(event.payload, &text)));
            if self.session.has_actions() {
                self.wake();
                self.carry_out().await;
                moment = now();
                self.drop_if_stuffed(connection);
            }
            let Some((subscription, place)) = place else { continue };
            let Some(entry) = self.entries.find(subscription) else {
                continue;
            };
            let payload = match &text {
                Cow::Borrowed(text) if place.len() <= LONGEST_COPY => Payload::Text(&text[place]),
                Cow::Owned(text) if place.len() <= LONGEST_COPY => Payload::Text(&text[place]),
                _ => Payload::Frame(Frame::new(text.into_owned(), place)),
            };
            match entry.writer.push(payload) {
                Ok(consumer) => self.woken.extend(consumer),
                Err(full) => {
                    self.deliver_late(subscription, full).await;
                    let before = std::mem::replace(&mut moment, now());
                    if moment.saturating_duration_since(before) >= HELD_UP {
                        // Everything else has waited for a consumer, and goes first.
                        self.burst = BURST;
                    }
                }
            }
        }
        self.wake();
    }

    /// A peer that says much that is to be answered, and takes no answers, is not answered without end.
    fn drop_if_stuffed(&mut self, connection: ConnectionId) {
        let backlog = self.links.find(connection).map_or(0, |link| link.backlog());
        if backlog > STUFFED {
            let why = format!("the server takes nothing, and {backlog} bytes wait for it");
            self.session.lost(connection, &why, now());
        }
    }

    fn wake(&mut self) {
        self.woken.drain(..).for_each(Waker::wake);
    }

    /// What the session has for a subscriber besides what a frame brings.
    pub(super) async fn hand_on(&mut self, subscription: SubscriptionHandle, event: Event) {
        match event {
            Event::Dropped(dropped) => {
                let (since, until) = (self.wall_time(dropped.since), self.wall_time(dropped.until));
                if let Some(entry) = self.entries.find(subscription) {
                    entry.writer.push_dropped(Dropped::new(dropped.count, since, until));
                }
            }
            Event::Gap(gap) => self.gap(subscription, gap),
            Event::Next(text) if text.len() <= LONGEST_COPY => {
                self.deliver(subscription, Payload::Text(&text)).await;
            }
            Event::Next(text) => self.deliver(subscription, Payload::Frame(Frame::whole(text))).await,
            Event::Snapshot(text) => self.deliver(subscription, Payload::Snapshot(text)).await,
        }
    }

    async fn deliver(&mut self, subscription: SubscriptionHandle, payload: Payload<'_>) {
        let Some(entry) = self.entries.find(subscription) else {
            return;
        };
        match entry.writer.push(payload) {
            Ok(consumer) => self.woken.extend(consumer),
            Err(full) => self.deliver_late(subscription, full).await,
        }
        self.wake();
    }

    /// Does what is to be done with a payload that found no room.
    #[cold]
    async fn deliver_late(&mut self, subscription: SubscriptionHandle, full: Full<'_>) {
        self.wake();
        let Some(entry) = self.entries.find(subscription) else {
            return;
        };
        let offered = entry.insist(full, &mut self.patience, self.shared.options.wall).await;
        let dropped = match offered {
            Offer::Queued { dropped: 0 } => return,
            Offer::Queued { dropped } => dropped,
            Offer::Lagged { by_budget } => {
                let full = match by_budget {
                    true => format!(
                        "the queues of this client hold {} bytes, which is as much as they may (`queue_bytes_in_all`)",
                        self.shared.options.delivery.bytes_in_all
                    ),
                    false => {
                        let Capacity { messages, bytes } = entry.writer.capacity();
                        format!(
                            "its queue was full, which holds {messages} messages or {bytes} bytes (`queue_messages`, \
                             `queue_bytes`)"
                        )
                    }
                };
                let lagged = format!(
                    "the subscription was read too slowly: {full}; 1 event was dropped, and what came after it is lost \
                     too, unless `overflow` says otherwise"
                );
                entry.writer.end(Ending::Failed(Error::new(ErrorKind::Lagged, lagged)));
                self.session.stop(subscription, now());
                1
            }
        };
        self.session.count_drops(dropped);
    }

    fn gap(&mut self, subscription: SubscriptionHandle, gap: session::Gap) {
        let (since, until) = (self.wall_time(gap.since), self.wall_time(gap.until));
        let Some(entry) = self.entries.find(subscription) else {
            return;
        };
        let cause = failure::of_cause(gap.cause, true, self.shared.server());
        let cause = self.sources.redact(cause).without_secrets(&entry.secrets);
        entry.writer.push_gap(Gap::new(since, until, cause));
    }

    /// Runs the catch-up of a subscription; one that still runs is of no more use.
    pub(super) fn catch_up(&mut self, subscription: SubscriptionHandle, run: u32) {
        let random = Random::new(self.random.roll());
        let Some(entry) = self.entries.find(subscription) else {
            return;
        };
        if let Some(earlier) = entry.catching_up.take() {
            earlier.abort();
        }
        let Some(request) = entry.catch_up.clone() else { return };
        // Without a handle nobody is left to be told.
        let Some(session) = self.handle.upgrade() else { return };
        let shared = Arc::clone(&self.shared);
        let abort = self.abortable(async move {
            let outcome = shared.catch_up(session, &request, random).await;
            Done::CaughtUp {
                subscription,
                run,
                outcome,
            }
        });
        if let Some(entry) = self.entries.find(subscription) {
            entry.catching_up = Some(abort);
        }
    }

    fn wall_time(&self, moment: Instant) -> SystemTime {
        let wall = self.wall();
        wall.checked_sub(now().saturating_duration_since(moment))
            .unwrap_or(wall)
    }
}

/// Where in a frame its payload lies.
fn place_of(payload: &str, frame: &str) -> Range<usize> {
    let start = (payload.as_ptr() as usize).saturating_sub(frame.as_ptr() as usize);
    start..start + payload.len()
}
