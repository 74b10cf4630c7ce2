//! All subscriptions on one stream, and requests too if they are carried: the "single connection mode" of the graphql-sse
//! protocol.
//!
//! ```text
//!   PUT ──201, a token──▶ GET, the stream ──▶ for each subscription: POST ──202──▶ its events come on the stream
//!    ▲                        │ lost                                     └── DELETE when it is stopped
//!    └──── after a wait ──────┘ then all of them are posted again, each with a gap
//! ```

mod answer;
mod calls;
mod task;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::sync::{mpsc, oneshot};

use self::task::Task;
use super::queue::{Capacity, QueueReader, QueueWriter, queue};
use crate::Error;
use crate::http::HttpTransport;
use crate::transport::{EventSource, RawEvent, RawRequest};

/// The way to the task that holds the stream. It ends when nobody is subscribed.
#[derive(Clone, Debug)]
pub(super) struct SharedStream {
    commands: mpsc::UnboundedSender<Command>,
    ids: Arc<AtomicU64>,
}

/// What subscribers tell the task. Each tells it two things at most, and so it needs no bound of its own.
enum Command {
    Start(Start),
    Stop(u64),
}

struct Start {
    id: u64,
    request: Arc<RawRequest>,
    writer: QueueWriter,
    acknowledged: oneshot::Sender<Result<(), Error>>,
    lasting: Lasting,
}

/// What becomes of an operation when the stream is lost.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Lasting {
    /// It fails: a query or a mutation that may have been executed, which is not for the stream to repeat.
    Once,
    /// It is started again on the next one.
    Resumed,
}

impl HttpTransport {
    /// Starts a subscription on the stream that all share, which the first one opens.
    pub(super) async fn shared_events(&self, request: RawRequest) -> Result<Box<dyn EventSource>, Error> {
        let limit = request.timeout().unwrap_or(self.options.timeout);
        let request = Arc::new(request);
        let options = &self.options.streams;
        let capacity = Capacity {
            messages: request.queue_messages().unwrap_or(options.queue_messages),
            bytes: request.queue_bytes().unwrap_or(options.queue_bytes),
            overflow: request.overflow().unwrap_or(options.overflow),
        };
        let starting = self.share(&request, capacity, Lasting::Resumed);
        let started = tokio::time::timeout(limit, starting).await;
        let source = started.unwrap_or_else(|_| Err(crate::execute::timed_out(&request, limit)))?;
        Ok(Box::new(source))
    }

    /// Starts an operation on that stream; ready when the server has taken it.
    async fn share(
        &self,
        request: &Arc<RawRequest>,
        capacity: Capacity,
        lasting: Lasting,
    ) -> Result<SharedSource, Error> {
        loop {
            let stream = self.shared_stream(request)?;
            let id = stream.ids.fetch_add(1, Ordering::Relaxed);
            let (writer, events) = queue(capacity);
            let (acknowledged, acknowledgement) = oneshot::channel();
            // Before the first wait, so that whoever gives up here stops it.
            let source = SharedSource {
                id,
                commands: stream.commands.clone(),
                events,
                stopped: false,
            };
            let start = Start {
                id,
                request: Arc::clone(request),
                writer,
                acknowledged,
                lasting,
            };
            // One that is not taken is dropped, and so is never acknowledged.
            let _ = stream.commands.send(Command::Start(start));
            match acknowledgement.await {
                Ok(outcome) => return outcome.map(|()| source),
                // It ended in this moment, because nobody was subscribed: there will be another.
                Err(_) => tokio::task::yield_now().await,
            }
        }
    }

    fn shared_stream(&self, request: &RawRequest) -> Result<SharedStream, Error> {
        let mut shared = self.streams.lock_shared();
        if let Some(stream) = shared.as_ref().filter(|stream| !stream.commands.is_closed()) {
            return Ok(stream.clone());
        }
        let runtime = crate::runtime::current()?;
        let (commands, receiver) = mpsc::unbounded_channel();
        let stream = SharedStream {
            commands,
            ids: Arc::new(AtomicU64::new(1)),
        };
        *shared = Some(stream.clone());
        runtime.spawn(Task::new(self.clone(), request, receiver));
        Ok(stream)
    }
}

/// A subscription on the shared stream.
struct SharedSource {
    id: u64,
    commands: mpsc::UnboundedSender<Command>,
    events: QueueReader,
    stopped: bool,
}

impl EventSource for SharedSource {
    fn poll_event<'s>(&'s mut self, cx: &mut Context<'_>) -> Poll<Option<Result<RawEvent<'s>, Error>>> {
        if self.stopped {
            return Poll::Ready(None);
        }
        self.events.poll_event(cx)
    }

    fn stop(&mut self) {
        if !std::mem::replace(&mut self.stopped, true) {
            // A task that is gone has nothing to stop.
            let _ = self.commands.send(Command::Stop(self.id));
        }
    }
}

impl Drop for SharedSource {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for SharedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedSource")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(start) => f.debug_tuple("Start").field(&start.id).finish(),
            Self::Stop(id) => f.debug_tuple("Stop").field(id).finish(),
        }
    }
}
