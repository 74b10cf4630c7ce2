use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use gqlwire_proto::session::{Backoff, Random};
use tokio::time::{Instant, Sleep, sleep_until};

use super::messages::{Messages, Said};
use super::open::{Opened, Wanted, refusal};
use super::pieces::nothing;
use crate::http::HttpTransport;
use crate::http::times::retry_after;
use crate::http::transport::roll;
use crate::transport::{EventSource, RawEvent, RawRequest, RawResponse, Transport};
use crate::{Error, ErrorKind, Gap};

/// The longest wait that a server is granted, by `Retry-After` or by `retry:`.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

impl HttpTransport {
    /// Starts a subscription on a stream of its own.
    pub(super) async fn own_events(&self, request: RawRequest) -> Result<Box<dyn EventSource>, Error> {
        let mut wanted = Wanted::events(self.options.streams.carrier);
        let mut closing = self.streams.closing.subscribe();
        let opened = self.open_first(&request, &mut wanted).await?;
        if let Opened::Whole(answer) = &opened
            && let Some(refusal) = refusal(answer, &self.shown)
        {
            return Err(refusal);
        }
        if let Opened::Nothing = opened {
            return Err(nothing(&self.shown));
        }
        if closing.has_changed().unwrap_or(true) {
            return Err(super::closed());
        }
        let keep = Arc::clone(&self.streams);
        let mut source = StreamSource {
            transport: self.clone(),
            request: Arc::new(request),
            wanted,
            stage: Stage::Over,
            backoff: Backoff::default(),
            random: Random::new((roll() * u64::MAX as f64) as u64),
            last_event_id: String::new(),
            retry: None,
            opened_at: Instant::now(),
            gap: None,
            text: String::new(),
            // The sender is kept alive: a client that is dropped ends no subscription.
            closed: Box::pin(async move {
                let _ = closing.changed().await;
                drop(keep);
            }),
        };
        source.opened(opened);
        Ok(Box::new(source))
    }
}

/// A subscription with a stream of its own.
///
/// ```text
///                 ┌──── catch-up, if it has one ────┐
///                 │                                 ▼
///   opened ───────┴──────────────────────────▶ Reading ──complete──▶ Over
///     ▲ └─ an answer as a whole: one event, then Over  │
///     │                                              lost
///     └── Opening ◀── Waiting ◀────────────────────────┘
///            │ └── what may pass ──▲
///            └── what will not: an error, then Over
/// ```
struct StreamSource {
    transport: HttpTransport,
    request: Arc<RawRequest>,
    wanted: Wanted,
    stage: Stage,
    backoff: Backoff,
    random: Random,
    last_event_id: String,
    retry: Option<Duration>,
    opened_at: Instant,
    /// Since when events may be missing, and why, until a stream is open again.
    gap: Option<(SystemTime, Error)>,
    /// What was yielded last, where no stream holds it.
    text: String,
    /// Ready when the client is closed.
    closed: BoxFuture<'static, ()>,
}

enum Stage {
    CatchingUp(BoxFuture<'static, Result<RawResponse, Error>>, Box<Messages>),
    /// An answer as a whole, which is the only event.
    Last(String),
    Opening(BoxFuture<'static, (Wanted, Result<Opened, Error>)>),
    Over,
    Reading(Box<Messages>),
    Waiting(Pin<Box<Sleep>>),
}

/// What there is to yield.
enum Step {
    End,
    Error(Error),
    Gap(Gap),
    Next,
    Snapshot,
    /// An event that no stream holds.
    Text,
}

impl StreamSource {
    fn opened(&mut self, opened: Opened) {
        self.opened_at = Instant::now();
        self.stage = match opened {
            Opened::Nothing => Stage::Over,
            Opened::Whole(answer) => Stage::Last(answer.body),
            Opened::Stream(messages, _) => match self.request.catch_up() {
                None => Stage::Reading(messages),
                Some(query) => {
                    let (transport, query) = (self.transport.clone(), query.clone());
                    // Events wait on the connection meanwhile.
                    let running = Box::pin(async move { transport.execute(&query).await });
                    Stage::CatchingUp(running, messages)
                }
            },
        };
    }

    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        loop {
            if !matches!(self.stage, Stage::Over) && self.closed.poll_unpin(cx).is_ready() {
                self.stage = Stage::Over;
            }
            let opens = matches!(self.stage, Stage::CatchingUp(..) | Stage::Last(_) | Stage::Reading(_));
            if opens && let Some((since, cause)) = self.gap.take() {
                return Poll::Ready(Step::Gap(Gap::new(since, SystemTime::now(), cause)));
            }
            match &mut self.stage {
                Stage::Over => return Poll::Ready(Step::End),
                Stage::Last(text) => {
                    self.text = std::mem::take(text);
                    self.stage = Stage::Over;
                    return Poll::Ready(Step::Text);
                }
                Stage::CatchingUp(running, _) => {
                    let answer = ready!(running.poll_unpin(cx));
                    let Stage::CatchingUp(_, messages) = std::mem::replace(&mut self.stage, Stage::Over) else {
                        continue;
                    };
                    match answer {
                        Ok(answer) => {
                            self.text = answer.body;
                            self.stage = Stage::Reading(messages);
                            return Poll::Ready(Step::Snapshot);
                        }
                        Err(error) => {
                            let what = format!(
                                "{}: the subscription ends because its catch-up failed",
                                self.transport.shown
                            );
                            return Poll::Ready(Step::Error(error.prefixed(&what)));
                        }
                    }
                }
                Stage::Reading(messages) => match ready!(messages.poll(cx)) {
                    Said::Next => return Poll::Ready(Step::Next),
                    Said::Complete => self.stage = Stage::Over,
                    Said::Failed(error) => return Poll::Ready(Step::Error(self.end(error))),
                    Said::Lost(error) => {
                        let since = messages.last_heard();
                        if let Some(end) = self.lost(since, error) {
                            return Poll::Ready(Step::Error(end));
                        }
                    }
                },
                Stage::Waiting(timer) => {
                    ready!(timer.poll_unpin(cx));
                    self.stage = Stage::Opening(self.open());
                }
                Stage::Opening(opening) => {
                    let (wanted, opened) = ready!(opening.poll_unpin(cx));
                    self.wanted = wanted;
                    match opened {
                        Ok(Opened::Whole(answer)) if refusal(&answer, &self.transport.shown).is_some() => {
                            let error = refusal(&answer, &self.transport.shown);
                            self.stage = Stage::Over;
                            return Poll::Ready(error.map_or(Step::End, Step::Error));
                        }
                        Ok(opened) => self.opened(opened),
                        Err(error) => {
                            if let Some(end) = self.not_opened(error) {
                                return Poll::Ready(Step::Error(end));
                            }
                        }
                    }
                }
            }
        }
    }

    /// Requests the stream again. Cut short, it has sent a request for nothing, which executes nothing.
    fn open(&self) -> BoxFuture<'static, (Wanted, Result<Opened, Error>)> {
        let (transport, request) = (self.transport.clone(), Arc::clone(&self.request));
        let (mut wanted, id) = (self.wanted, self.last_event_id.clone());
        Box::pin(async move {
            let limit = transport.options.timeout;
            let opened = tokio::time::timeout(limit, transport.open(&request, &mut wanted, &id)).await;
            let opened = opened.unwrap_or_else(|_| Err(crate::execute::timed_out(&request, limit)));
            (wanted, opened)
        })
    }

    /// A stream is lost: when another is requested, or the error that ends the subscription.
    fn lost(&mut self, since: SystemTime, cause: Error) -> Option<Error> {
        if let Stage::Reading(messages) = &self.stage {
            messages.last_event_id().clone_into(&mut self.last_event_id);
            self.retry = messages.retry().or(self.retry);
        }
        let cause = cause.prefixed(&self.transport.shown.to_string());
        let (now, lived) = (Instant::now(), self.opened_at.elapsed());
        let policy = &self.transport.options.streams.reconnect;
        let at = self.backoff.dropped(policy, lived, now.into_std(), self.random.roll());
        let Some(at) = at else {
            return Some(self.end(cause));
        };
        tracing::warn!(%cause, "the stream of a subscription is lost, and requested again");
        self.gap = Some((since, cause));
        self.wait(Instant::from_std(at), Duration::ZERO);
        None
    }

    /// A stream could not be requested again: when the next attempt is made, or the error that ends the subscription.
    fn not_opened(&mut self, error: Error) -> Option<Error> {
        if !may_pass(&error) {
            return Some(self.end(error));
        }
        let policy = &self.transport.options.streams.reconnect;
        let at = self
            .backoff
            .failed(policy, Instant::now().into_std(), self.random.roll());
        let Some(at) = at else {
            let attempts = self.backoff.attempts();
            return Some(self.end(error.suffixed(&format!("; given up after {attempts} more attempts"))));
        };
        tracing::debug!(%error, "the stream of a subscription could not be requested again");
        let asked = retry_after(error.headers(), SystemTime::now()).unwrap_or_default();
        self.wait(Instant::from_std(at), asked);
        None
    }

    /// `Retry-After` comes on top of the random wait, for all clients are asked to come back in the same moment; `retry:`
    /// is the least that the server wants.
    fn wait(&mut self, at: Instant, asked: Duration) {
        let least = Instant::now() + self.retry.unwrap_or_default().min(LONGEST_WAIT);
        let at = at.max(least) + asked.min(LONGEST_WAIT);
        self.stage = Stage::Waiting(Box::pin(sleep_until(at)));
    }

    fn end(&mut self, error: Error) -> Error {
        self.stage = Stage::Over;
        error
    }
}

impl EventSource for StreamSource {
    fn poll_event<'s>(&'s mut self, cx: &mut Context<'_>) -> Poll<Option<Result<RawEvent<'s>, Error>>> {
        let step = ready!(self.poll_step(cx));
        Poll::Ready(match step {
            Step::End => None,
            Step::Error(error) => Some(Err(error)),
            Step::Gap(gap) => Some(Ok(RawEvent::Gap(gap))),
            Step::Snapshot => Some(Ok(RawEvent::Snapshot(&self.text))),
            Step::Text => Some(Ok(RawEvent::Next(&self.text))),
            Step::Next => match &self.stage {
                Stage::Reading(messages) => Some(Ok(RawEvent::Next(messages.text()))),
                _ => None,
            },
        })
    }

    fn stop(&mut self) {
        self.stage = Stage::Over;
        self.gap = None;
    }
}

/// Whether another request for the same stream may do better later. It executes nothing, so that this says more than
/// [`Error::is_retryable`].
pub(super) fn may_pass(error: &Error) -> bool {
    if let Some(status) = error.status() {
        let passes = matches!(status.as_u16(), 408 | 425 | 429);
        return status.is_server_error() || (status.is_client_error() && passes);
    }
    matches!(
        error.kind(),
        ErrorKind::Connect | ErrorKind::Disconnected | ErrorKind::Timeout
    )
}

impl fmt::Debug for StreamSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.stage {
            Stage::CatchingUp(..) => "catching up",
            Stage::Last(_) | Stage::Reading(_) => "reading",
            Stage::Opening(_) => "opening",
            Stage::Over => "over",
            Stage::Waiting(_) => "waiting",
        };
        f.debug_struct("StreamSource")
            .field("stage", &stage)
            .finish_non_exhaustive()
    }
}
