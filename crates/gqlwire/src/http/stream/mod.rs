//! Answers that come bit by bit: the events of a subscription, and answers in pieces.
//!
//! ```text
//!   incoming   bytes of the answer, and the silence between them
//!      ▼
//!   messages   server-sent events or multipart parts, taken apart by gqlwire-proto
//!      ▼
//!   source     a subscription: its stream, requested again when it is lost
//!   pieces     an answer with @defer or @stream: its payloads, once
//!   collect    the same for `execute`: the answer they add up to
//!   shared     all subscriptions on one stream (graphql-sse's single connection mode)
//! ```
//!
//! Nothing here reads ahead: bytes are taken from the connection when the consumer polls, and so one that is slow holds the
//! server up and nobody else. The shared stream is the exception, and has queues.

mod collect;
mod incoming;
mod messages;
mod open;
mod options;
mod pieces;
mod queue;
mod shared;
mod source;

use std::sync::Mutex;

use http::header::CONTENT_TYPE;
use tokio::sync::watch;

pub(crate) use self::collect::collect;
pub(super) use self::open::Wanted;
pub(crate) use self::options::{Carrier, StreamOptions};
pub use self::options::{DEFAULT_STREAM_IDLE_TIMEOUT, SseOptions};
use self::shared::SharedStream;
use crate::transport::{EventSource, RawRequest};
use crate::{Error, ErrorKind};

/// What kind of stream an answer is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum StreamKind {
    /// By its boundary.
    Multipart(String),
    Sse,
}

impl StreamKind {
    /// `None` for an answer that is none.
    pub(crate) fn of(response: &reqwest::Response) -> Option<Self> {
        let content_type = response.headers().get(CONTENT_TYPE)?.to_str().ok()?;
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("text/event-stream") {
            return Some(Self::Sse);
        }
        let is_multipart = essence.eq_ignore_ascii_case("multipart/mixed");
        is_multipart.then(|| Self::Multipart(gqlwire_proto::multipart::boundary(content_type)))
    }
}

/// What all streams of a client have in common.
#[derive(Debug)]
pub(crate) struct Streams {
    /// Tells them that the client was closed.
    closing: watch::Sender<()>,
    shared: Mutex<Option<SharedStream>>,
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            closing: watch::channel(()).0,
            shared: Mutex::default(),
        }
    }
}

impl Streams {
    pub(crate) fn close(&self) {
        self.closing.send_replace(());
        self.lock_shared().take();
    }

    fn lock_shared(&self) -> std::sync::MutexGuard<'_, Option<SharedStream>> {
        self.shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A client that was closed before a subscription of it began.
fn closed() -> Error {
    let message = "the client was closed before the subscription was acknowledged";
    Error::new(ErrorKind::Closed, message)
}

impl super::HttpTransport {
    /// Starts a subscription in the way that the client was built for.
    pub(super) async fn events(&self, request: RawRequest) -> Result<Box<dyn EventSource>, Error> {
        crate::runtime::current()?;
        match self.options.streams.carrier {
            Carrier::SingleConnection => self.shared_events(request).await,
            _ => self.own_events(request).await,
        }
    }
}
