use std::sync::Arc;
use std::time::Duration;

use futures_util::future::AbortHandle;
use gqlwire_proto::session::{AuthSource, SubscriptionHandle};
use http::HeaderMap;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::Token;
use super::queue::QueueWriter;
use crate::Error;
use crate::redact::Secrets;
use crate::transport::Progress;

/// One subscription as the driver sees it.
pub(super) struct Entry {
    pub(super) handle: SubscriptionHandle,
    pub(super) token: Token,
    pub(super) body: Arc<str>,
    pub(super) headers: Arc<HeaderMap>,
    pub(super) source: AuthSource,
    pub(super) writer: QueueWriter,
    /// Who waits for the first acknowledgement; nobody once it has come.
    pub(super) starting: Option<oneshot::Sender<Result<(), Error>>>,
    /// What the call that starts it is told to be waiting for.
    pub(super) progress: Progress,
    /// The provider's answer that is waited for.
    pub(super) asking: Option<AbortHandle>,
    /// What its last start was authorised with.
    pub(super) secrets: Secrets,
    /// Whether its consumer has had its grace since it last kept up.
    pub(super) graced: bool,
}

impl Entry {
    pub(super) fn is_established(&self) -> bool {
        self.starting.is_none()
    }

    /// Queues a payload. A consumer that is merely busy gets its grace, once until it keeps up again; `false` means
    /// that it is too slow.
    pub(super) async fn offer(&mut self, payload: &str, grace: Duration) -> bool {
        if !self.writer.has_room(payload.len()) && !self.make_room(payload.len(), grace).await {
            return false;
        }
        self.writer.push(payload);
        true
    }

    async fn make_room(&mut self, bytes: usize, grace: Duration) -> bool {
        if self.graced {
            return false;
        }
        self.graced = true;
        // The consumer may share this very thread.
        tokio::task::yield_now().await;
        let roomy = timeout(grace, async {
            while !self.writer.has_room(bytes) {
                self.writer.taken().await;
            }
        });
        let roomy = roomy.await.is_ok();
        // It has taken a whole batch, so it keeps up again.
        self.graced = !roomy;
        roomy
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
