//! The events of one scripted or replayed subscription.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};
use tokio::time::Sleep;

use super::Events;
use super::events::Step;
use crate::Error;
use crate::transport::{EventSource, RawEvent, RawResponse};

/// Asks the query that a subscription catches up with.
pub(super) type CatchUp = Box<dyn Fn() -> BoxFuture<'static, Result<RawResponse, Error>> + Send>;

/// ```text
///  CatchingUp ── its answer ──> Playing ── a wait ──> Sleeping
///             <──── a gap ────          <── time ────
/// ```
pub(super) struct ScriptedSource {
    stage: Stage,
    steps: VecDeque<Step>,
    fed: Option<mpsc::UnboundedReceiver<Step>>,
    catch_up: Option<CatchUp>,
    over: bool,
    stopped: Arc<AtomicBool>,
    /// Ready when the transport is closed.
    closed: BoxFuture<'static, ()>,
    /// What was yielded last.
    text: String,
}

enum Stage {
    CatchingUp(BoxFuture<'static, Result<RawResponse, Error>>),
    Playing,
    Sleeping(Pin<Box<Sleep>>),
}

impl ScriptedSource {
    pub(super) fn new(
        events: Events,
        catch_up: Option<CatchUp>,
        stopped: Arc<AtomicBool>,
        closing: &watch::Sender<()>,
    ) -> Self {
        // The sender is kept alive: a client that is dropped ends no subscription.
        let (keep, mut receiver) = (closing.clone(), closing.subscribe());
        Self {
            stage: catch_up.as_ref().map_or(Stage::Playing, |ask| Stage::CatchingUp(ask())),
            steps: events.steps,
            fed: events.feed.map(|feed| feed.subscribe()),
            catch_up,
            over: false,
            stopped,
            closed: Box::pin(async move {
                let _ = receiver.changed().await;
                drop(keep);
            }),
            text: String::new(),
        }
    }

    /// The next step; pending for ever once the script is through.
    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        if let Some(step) = self.steps.pop_front() {
            return Poll::Ready(step);
        }
        match &mut self.fed {
            None => Poll::Pending,
            Some(fed) => match ready!(fed.poll_recv(cx)) {
                Some(step) => Poll::Ready(step),
                // Nobody has the feed any more, and so nobody will say anything.
                None => {
                    self.fed = None;
                    Poll::Pending
                }
            },
        }
    }
}

impl EventSource for ScriptedSource {
    fn poll_event<'s>(&'s mut self, cx: &mut Context<'_>) -> Poll<Option<Result<RawEvent<'s>, Error>>> {
        loop {
            if self.over {
                return Poll::Ready(None);
            }
            if self.closed.poll_unpin(cx).is_ready() {
                self.stop();
                continue;
            }
            match &mut self.stage {
                Stage::CatchingUp(answer) => {
                    let answer = ready!(answer.poll_unpin(cx));
                    self.stage = Stage::Playing;
                    match answer {
                        Err(error) => {
                            self.over = true;
                            return Poll::Ready(Some(Err(error)));
                        }
                        Ok(response) => {
                            self.text = response.body;
                            return Poll::Ready(Some(Ok(RawEvent::Snapshot(&self.text))));
                        }
                    }
                }
                Stage::Sleeping(time) => {
                    ready!(time.as_mut().poll(cx));
                    self.stage = Stage::Playing;
                }
                Stage::Playing => match ready!(self.poll_step(cx)) {
                    Step::Dropped(dropped) => return Poll::Ready(Some(Ok(RawEvent::Dropped(dropped)))),
                    Step::End(cause) => {
                        self.over = true;
                        return Poll::Ready(cause.map(Err));
                    }
                    Step::Gap(gap) => {
                        if let Some(ask) = &self.catch_up {
                            self.stage = Stage::CatchingUp(ask());
                        }
                        return Poll::Ready(Some(Ok(RawEvent::Gap(gap))));
                    }
                    Step::Next(text) => {
                        self.text = text;
                        return Poll::Ready(Some(Ok(RawEvent::Next(&self.text))));
                    }
                    Step::Snapshot(text) => {
                        self.text = text;
                        return Poll::Ready(Some(Ok(RawEvent::Snapshot(&self.text))));
                    }
                    Step::Wait(time) => {
                        if let Err(error) = crate::runtime::current() {
                            self.over = true;
                            return Poll::Ready(Some(Err(error)));
                        }
                        self.stage = Stage::Sleeping(Box::pin(tokio::time::sleep(time)));
                    }
                },
            }
        }
    }

    fn stop(&mut self) {
        self.over = true;
        self.stopped.store(true, Ordering::Release);
        self.fed = None;
    }
}

impl Drop for ScriptedSource {
    fn drop(&mut self) {
        if !self.over {
            self.stop();
        }
    }
}

impl fmt::Debug for ScriptedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedSource")
            .field("next", &self.steps.front())
            .field("over", &self.over)
            .finish_non_exhaustive()
    }
}
