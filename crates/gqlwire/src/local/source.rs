//! The events of one subscription, each executed when it is asked for.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};
use serde_json::Value;
use tokio::sync::watch;

use super::{Engine, Events, Prepared};
use crate::Error;
use crate::transport::{EventSource, RawEvent};

/// ```text
///  CatchingUp ── its answer ──> Waiting ── an event ──> Executing
///      (the first event                 <── its answer ──
///       waits meanwhile)
/// ```
pub(super) struct LocalSource {
    engine: Engine,
    prepared: Arc<Prepared>,
    /// `None` once the subscription is over.
    events: Option<Events>,
    /// What came while a catch-up ran: at most one, for then the stream is not asked for more.
    held: Option<Option<Result<Value, Error>>>,
    stage: Stage,
    /// Ready when the transport is closed.
    closed: BoxFuture<'static, ()>,
    /// What was yielded last.
    text: String,
}

enum Stage {
    CatchingUp(BoxFuture<'static, Result<String, Error>>),
    Waiting,
    Executing(BoxFuture<'static, String>),
}

impl LocalSource {
    pub(super) fn new(
        engine: Engine,
        prepared: Prepared,
        events: Events,
        catch_up: Option<BoxFuture<'static, Result<String, Error>>>,
        closing: &watch::Sender<()>,
    ) -> Self {
        // The sender is kept alive: a client that is dropped ends no subscription.
        let (keep, mut receiver) = (closing.clone(), closing.subscribe());
        Self {
            engine,
            prepared: Arc::new(prepared),
            events: Some(events),
            held: None,
            stage: catch_up.map_or(Stage::Waiting, Stage::CatchingUp),
            closed: Box::pin(async move {
                let _ = receiver.changed().await;
                drop(keep);
            }),
            text: String::new(),
        }
    }

    fn run(&self, event: Value) -> BoxFuture<'static, String> {
        let (engine, prepared) = (self.engine.clone(), Arc::clone(&self.prepared));
        Box::pin(async move { engine.run(&prepared, &event).await.to_json() })
    }
}

impl EventSource for LocalSource {
    fn poll_event<'s>(&'s mut self, cx: &mut Context<'_>) -> Poll<Option<Result<RawEvent<'s>, Error>>> {
        loop {
            let Some(events) = &mut self.events else {
                return Poll::Ready(None);
            };
            if self.closed.poll_unpin(cx).is_ready() {
                self.stop();
                return Poll::Ready(None);
            }
            match &mut self.stage {
                Stage::CatchingUp(answer) => {
                    // First the stream, which may only begin to listen when it is asked for the first time.
                    if self.held.is_none()
                        && let Poll::Ready(first) = events.poll_next_unpin(cx)
                    {
                        self.held = Some(first);
                    }
                    match ready!(answer.poll_unpin(cx)) {
                        Ok(answer) => {
                            self.stage = Stage::Waiting;
                            self.text = answer;
                            return Poll::Ready(Some(Ok(RawEvent::Snapshot(&self.text))));
                        }
                        Err(error) => {
                            self.stop();
                            return Poll::Ready(Some(Err(error)));
                        }
                    }
                }
                Stage::Waiting => {
                    let next = match self.held.take() {
                        Some(held) => held,
                        None => ready!(events.poll_next_unpin(cx)),
                    };
                    match next {
                        Some(Ok(event)) => self.stage = Stage::Executing(self.run(event)),
                        Some(Err(error)) => {
                            self.stop();
                            return Poll::Ready(Some(Err(error)));
                        }
                        None => {
                            self.stop();
                            return Poll::Ready(None);
                        }
                    }
                }
                Stage::Executing(answer) => {
                    self.text = ready!(answer.poll_unpin(cx));
                    self.stage = Stage::Waiting;
                    return Poll::Ready(Some(Ok(RawEvent::Next(&self.text))));
                }
            }
        }
    }

    fn stop(&mut self) {
        self.events = None;
        self.held = None;
        self.stage = Stage::Waiting;
    }
}

impl fmt::Debug for LocalSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSource")
            .field("over", &self.events.is_none())
            .finish_non_exhaustive()
    }
}
