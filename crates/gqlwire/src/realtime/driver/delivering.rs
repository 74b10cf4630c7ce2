//! How events get from the sockets into the queues of their subscribers.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use gqlwire_proto::session::{self, ConnectionId, Event, SubscriptionHandle};

use super::{Done, Driver, Random, now};
use crate::realtime::entry::Offer;
use crate::realtime::failure;
use crate::realtime::queue::{Capacity, Ending, Frame, LONGEST_COPY, Payload};
use crate::{Dropped, Error, ErrorKind, Gap};

impl Driver {
    pub(super) async fn receive(&mut self, connection: ConnectionId, frame: Cow<'_, str>) {
        self.burst += 1;
        let Some(event) = self.session.frame(connection, &frame, now()) else {
            return self.carry_out().await;
        };
        let (subscription, payload) = (event.subscription, event.payload);
        self.carry_out().await;
        if payload.len() <= LONGEST_COPY {
            return self.deliver(subscription, Payload::Text(payload)).await;
        }
        // The payload is a part of the frame.
        let start = (payload.as_ptr() as usize).saturating_sub(frame.as_ptr() as usize);
        let payload = start..start + payload.len();
        self.deliver(subscription, Payload::Frame(Frame::new(frame.into_owned(), payload)))
            .await;
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
        let offered = entry.offer(payload, &mut self.patience, self.shared.options.wall).await;
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
        let cause = failure::of_cause(gap.cause, true, &self.shared.endpoint);
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
        let shared = Arc::clone(&self.shared);
        let abort = self.abortable(async move {
            let outcome = shared.catch_up(&request, random).await;
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
