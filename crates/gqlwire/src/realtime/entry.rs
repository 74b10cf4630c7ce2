use std::sync::Arc;
use std::time::SystemTime;

use futures_util::future::AbortHandle;
use gqlwire_proto::scan::OperationKind;
use gqlwire_proto::session::{AuthSource, SubscriptionHandle};
use http::HeaderMap;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::Token;
use super::patience::Patience;
use super::queue::{Full, QueueWriter};
use crate::progress::Progress;
use crate::redact::Secrets;
use crate::transport::RawRequest;
use crate::{Error, Overflow};

/// One subscription as the driver sees it.
pub(super) struct Entry {
    pub(super) handle: SubscriptionHandle,
    pub(super) token: Token,
    /// A subscription, or what has one answer.
    pub(super) kind: OperationKind,
    pub(super) body: Arc<str>,
    pub(super) headers: Arc<HeaderMap>,
    pub(super) source: AuthSource,
    pub(super) writer: QueueWriter,
    pub(super) overflow: Overflow,
    /// What runs after each acknowledgement.
    pub(super) catch_up: Option<Arc<RawRequest>>,
    /// Its run that has not ended.
    pub(super) catching_up: Option<AbortHandle>,
    /// Who waits for the first acknowledgement; nobody once it has come.
    pub(super) starting: Option<oneshot::Sender<Result<(), Error>>>,
    /// What the call that starts it is told to be waiting for.
    pub(super) progress: Progress,
    /// The provider's answer that is waited for.
    pub(super) asking: Option<AbortHandle>,
    /// What its last start was authorised with.
    pub(super) secrets: Secrets,
}

/// What became of a payload.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Offer {
    /// It waits for the consumer; this many have gone, it or others.
    Queued { dropped: u64 },
    /// There is no room, and none is to be made: the subscription has failed.
    Lagged {
        /// Whether it is the client as a whole that has none.
        by_budget: bool,
    },
}

impl Entry {
    pub(super) fn is_established(&self) -> bool {
        self.starting.is_none()
    }

    /// Queues a payload that found no room. A consumer that is merely busy is waited for, once until it keeps up again;
    /// then the policy of its subscription decides.
    pub(super) async fn insist(&mut self, full: Full<'_>, patience: &mut Patience, wall: fn() -> SystemTime) -> Offer {
        let queued = Offer::Queued { dropped: 0 };
        let may_wait = self.writer.may_wait(&full);
        let mut unsent = Some(full);
        if may_wait {
            // The consumer may share this very thread.
            tokio::task::yield_now().await;
            let grace = patience.left();
            if timeout(grace, self.writer.push_when_freed(&mut unsent)).await.is_err() {
                patience.waited_in_vain(grace);
            }
        }
        let Some(full) = unsent else { return queued };
        match self.overflow {
            Overflow::Fail => Offer::Lagged {
                by_budget: full.by_budget,
            },
            Overflow::DropNewest => {
                self.writer.drop_newest(wall());
                Offer::Queued { dropped: 1 }
            }
            Overflow::DropOldest => Offer::Queued {
                dropped: self.writer.push_over_oldest(full.payload, wall()),
            },
        }
    }
}

/// All subscriptions, by the session's small numbers.
#[derive(Default)]
pub(super) struct Entries(Vec<Option<Entry>>);

impl Entries {
    pub(super) fn insert(&mut self, entry: Entry) {
        let index = entry.handle.index();
        if self.0.len() <= index {
            self.0.resize_with(index + 1, || None);
        }
        self.0[index] = Some(entry);
    }

    pub(super) fn find(&mut self, handle: SubscriptionHandle) -> Option<&mut Entry> {
        let entry = self.0.get_mut(handle.index())?.as_mut();
        entry.filter(|entry| entry.handle == handle)
    }

    pub(super) fn remove(&mut self, handle: SubscriptionHandle) -> Option<Entry> {
        self.find(handle)?;
        self.0[handle.index()].take()
    }

    /// Gives back the buffers of bursts that are over.
    pub(super) fn sweep(&self) {
        self.0.iter().flatten().for_each(|entry| entry.writer.sweep());
    }

    /// What those are told who have not been acknowledged yet.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Progress> {
        let waiting = self.0.iter().flatten().filter(|entry| !entry.is_established());
        waiting.map(|entry| &entry.progress)
    }

    /// Those that have not been acknowledged yet.
    pub(super) fn starting(&self) -> Vec<SubscriptionHandle> {
        let starting = self.0.iter().flatten().filter(|entry| !entry.is_established());
        starting.map(|entry| entry.handle).collect()
    }
}
