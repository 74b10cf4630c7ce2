use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use gqlwire_proto::session::{Backoff, Random};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::{Command, Lasting, Start};
use crate::http::HttpTransport;
use crate::http::stream::messages::{Messages, Said};
use crate::http::stream::queue::QueueWriter;
use crate::http::stream::source::may_pass;
use crate::http::times::retry_after;
use crate::http::transport::roll;
use crate::progress::Progress;
use crate::transport::RawRequest;
use crate::{Error, ErrorKind, Gap};

/// How many messages are read before other tasks have their turn.
const BURST: usize = 64;

/// How long the stream waits for a consumer whose queue is full, once until that has kept up again.
const GRACE: Duration = Duration::from_millis(10);

/// How long a server may take to answer a stop.
const STOP: Duration = Duration::from_secs(10);

/// The longest wait that a server is granted by `Retry-After`.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// Holds the stream, and hands its events to the subscriptions.
pub(super) struct Task {
    transport: HttpTransport,
    /// A request without a body, headers and credentials of its own.
    blank: Arc<RawRequest>,
    commands: mpsc::UnboundedReceiver<Command>,
    subscriptions: HashMap<u64, Subscription>,
    link: Link,
    calls: FuturesUnordered<BoxFuture<'static, Called>>,
    closed: BoxFuture<'static, ()>,
    backoff: Backoff,
    random: Random,
    retry: Option<Duration>,
    been_open: bool,
    /// The subscription whose queue is full while the message for it waits.
    stalled: Option<(u64, Pin<Box<Sleep>>)>,
}

enum Link {
    Opening(BoxFuture<'static, Result<(HeaderValue, Box<Messages>), Error>>),
    Open {
        token: HeaderValue,
        messages: Box<Messages>,
        since: Instant,
    },
    Waiting(Pin<Box<Sleep>>),
}

struct Subscription {
    request: Arc<RawRequest>,
    writer: QueueWriter,
    acknowledged: Option<oneshot::Sender<Result<(), Error>>>,
    lasting: Lasting,
    backoff: Backoff,
    /// Since when events may be missing, and why.
    gap: Option<(SystemTime, Error)>,
    /// Which of its posts is meant by an answer: the stream may have been opened again meanwhile.
    post: u64,
    /// Whether the server has said once that it does not know the stream.
    missed: bool,
}

/// What is wanted of an answer to a post.
struct Posted {
    id: u64,
    post: u64,
    request: Arc<RawRequest>,
    outcome: Result<(), Error>,
}

/// What came of a request beside the stream.
enum Called {
    Posted(Posted),
    Released,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    id: String,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

impl Task {
    pub(super) fn new(
        transport: HttpTransport,
        request: &RawRequest,
        commands: mpsc::UnboundedReceiver<Command>,
    ) -> Self {
        let mut blank = request.with_body("");
        (blank.headers, blank.auth, blank.progress) = (HeaderMap::new(), None, Progress::default());
        let blank = Arc::new(blank);
        let mut closing = transport.streams.closing.subscribe();
        Self {
            link: open(&transport, &blank),
            blank,
            commands,
            subscriptions: HashMap::new(),
            calls: FuturesUnordered::new(),
            closed: Box::pin(async move {
                let _ = closing.changed().await;
            }),
            backoff: Backoff::default(),
            random: Random::new((roll() * u64::MAX as f64) as u64),
            retry: None,
            been_open: false,
            stalled: None,
            transport,
        }
    }

    fn start(&mut self, start: Start) {
        let subscription = Subscription {
            request: start.request,
            writer: start.writer,
            acknowledged: Some(start.acknowledged),
            lasting: start.lasting,
            backoff: Backoff::default(),
            gap: None,
            post: 0,
            missed: false,
        };
        self.subscriptions.insert(start.id, subscription);
        if let Link::Open { .. } = self.link {
            self.post(start.id, Instant::now());
        }
    }

    /// Solicits an operation on the stream that is open now.
    fn post(&mut self, id: u64, at: Instant) {
        let (Link::Open { token, .. }, Some(subscription)) = (&self.link, self.subscriptions.get_mut(&id)) else {
            return;
        };
        subscription.post += 1;
        let (transport, request) = (self.transport.clone(), Arc::clone(&subscription.request));
        let (token, post) = (token.clone(), subscription.post);
        let limit = self.transport.options.timeout;
        self.calls.push(Box::pin(async move {
            sleep_until(at).await;
            let posted = tokio::time::timeout(limit, transport.solicit(&request, &token, id)).await;
            let outcome = posted.unwrap_or_else(|_| Err(crate::execute::timed_out(&request, limit)));
            Called::Posted(Posted {
                id,
                post,
                request,
                outcome,
            })
        }));
    }

    fn stop(&mut self, id: u64) {
        let Some(subscription) = self.subscriptions.remove(&id) else {
            return;
        };
        subscription.writer.end(None);
        self.release(subscription.request, id);
    }

    fn release(&mut self, request: Arc<RawRequest>, id: u64) {
        if let Link::Open { token, .. } = &self.link {
            let (transport, token) = (self.transport.clone(), token.clone());
            self.calls.push(Box::pin(async move {
                let released = transport.release(&request, &token, id);
                let _ = tokio::time::timeout(STOP, released).await;
                Called::Released
            }));
        }
    }

    fn posted(&mut self, posted: Posted) {
        let Posted { id, post, .. } = posted;
        let Some(subscription) = self.subscriptions.get_mut(&id) else {
            // It was stopped meanwhile. The two requests may have overtaken each other, and then it has begun after all.
            if posted.outcome.is_ok() && !self.subscriptions.is_empty() {
                self.release(posted.request, id);
            }
            return;
        };
        if subscription.post != post {
            return;
        }
        let error = match posted.outcome {
            Ok(()) => {
                subscription.backoff.recovered();
                if let Some((since, cause)) = subscription.gap.take() {
                    subscription.writer.push_gap(Gap::new(since, SystemTime::now(), cause));
                }
                if let Some(acknowledged) = subscription.acknowledged.take() {
                    // Whoever no longer waits for it has stopped it.
                    let _ = acknowledged.send(Ok(()));
                }
                return;
            }
            Err(error) => error,
        };
        if error.status() == Some(StatusCode::NOT_FOUND)
            && let Link::Open { messages, since, .. } = &self.link
            && !std::mem::replace(&mut subscription.missed, true)
        {
            // graphql-sse forgets the whole stream when the source of one subscription breaks, and leaves it open and
            // silent for all others.
            let (last, lived) = (messages.last_heard(), since.elapsed());
            return self.lost(last, lived, error);
        }
        let now = Instant::now().into_std();
        let policy = &self.transport.options.streams.reconnect;
        let again = match subscription.acknowledged.is_none() && may_pass(&error) {
            true => subscription.backoff.failed(policy, now, self.random.roll()),
            false => None,
        };
        match again {
            Some(at) => {
                let asked = retry_after(error.headers(), SystemTime::now()).unwrap_or_default();
                self.post(id, Instant::from_std(at) + asked.min(LONGEST_WAIT));
            }
            None => {
                if let Some(subscription) = self.subscriptions.remove(&id) {
                    subscription.fail(error);
                }
            }
        }
    }

    /// Whether anything happened.
    fn poll_link(&mut self, cx: &mut Context<'_>) -> bool {
        match &mut self.link {
            Link::Waiting(timer) => {
                if timer.poll_unpin(cx).is_pending() {
                    return false;
                }
                self.link = open(&self.transport, &self.blank);
                true
            }
            Link::Opening(opening) => {
                let Poll::Ready(opened) = opening.poll_unpin(cx) else {
                    return false;
                };
                match opened {
                    Ok((token, messages)) => {
                        self.been_open = true;
                        let since = Instant::now();
                        self.link = Link::Open { token, messages, since };
                        let ids: Vec<_> = self.subscriptions.keys().copied().collect();
                        ids.into_iter().for_each(|id| self.post(id, since));
                    }
                    Err(error) => self.not_opened(error),
                }
                true
            }
            Link::Open { .. } => self.poll_messages(cx),
        }
    }

    fn poll_messages(&mut self, cx: &mut Context<'_>) -> bool {
        for _ in 0..BURST {
            let Link::Open { messages, since, .. } = &mut self.link else {
                return true;
            };
            let stalled = self.stalled.take();
            if stalled.is_none() {
                match messages.poll(cx) {
                    Poll::Pending => return false,
                    Poll::Ready(Said::Next) => {}
                    // The protocol has no end of the stream as such.
                    Poll::Ready(Said::Lost(error) | Said::Failed(error)) => {
                        let (last, lived) = (messages.last_heard(), since.elapsed());
                        self.retry = messages.retry().or(self.retry);
                        self.lost(last, lived, error);
                        return true;
                    }
                    Poll::Ready(Said::Complete) => continue,
                }
            }
            // What is no message of the protocol says nothing to anybody.
            let Ok(envelope) = serde_json::from_str::<Envelope<'_>>(messages.text()) else {
                continue;
            };
            let Ok(id) = envelope.id.parse::<u64>() else { continue };
            let Some(subscription) = self.subscriptions.get(&id) else {
                continue;
            };
            if messages.name() == "complete" {
                subscription.writer.end(None);
                if let Some(subscription) = self.subscriptions.remove(&id) {
                    subscription.complete();
                }
                continue;
            }
            let Some(payload) = envelope.payload else { continue };
            let writer = &subscription.writer;
            if !writer.has_room(payload.get().len()) {
                let timer = match stalled {
                    Some((_, timer)) => Some(timer),
                    None => writer.may_wait(cx).then(|| Box::pin(sleep(GRACE))),
                };
                if let Some(mut timer) = timer
                    && timer.poll_unpin(cx).is_pending()
                {
                    self.stalled = Some((id, timer));
                    return false;
                }
            }
            writer.push(payload.get());
            if writer.has_ended() {
                self.stop(id);
            }
        }
        // Others want to run as well.
        cx.waker().wake_by_ref();
        false
    }

    fn lost(&mut self, last: SystemTime, lived: Duration, cause: Error) {
        let cause = cause.prefixed(&self.transport.shown.to_string());
        // Each has been posted, since the stream was open.
        self.fail_requests(&cause.clone().after_sending());
        let now = Instant::now();
        let policy = &self.transport.options.streams.reconnect;
        let at = self.backoff.dropped(policy, lived, now.into_std(), self.random.roll());
        let Some(at) = at else {
            return self.fail_all(&cause);
        };
        tracing::warn!(%cause, "the stream of all subscriptions is lost, and opened again");
        self.stalled = None;
        for subscription in self.subscriptions.values_mut() {
            subscription.post += 1;
            if subscription.acknowledged.is_none() {
                subscription.gap.get_or_insert_with(|| (last, cause.clone()));
            }
        }
        let least = now + self.retry.unwrap_or_default().min(LONGEST_WAIT);
        self.link = Link::Waiting(Box::pin(sleep_until(Instant::from_std(at).max(least))));
    }

    fn not_opened(&mut self, error: Error) {
        // Where there has never been a stream, a mistake in the URL is more likely than an outage.
        if !self.been_open || !may_pass(&error) {
            return self.fail_all(&error);
        }
        let policy = &self.transport.options.streams.reconnect;
        let at = self
            .backoff
            .failed(policy, Instant::now().into_std(), self.random.roll());
        let Some(at) = at else {
            let attempts = self.backoff.attempts();
            return self.fail_all(&error.suffixed(&format!("; given up after {attempts} more attempts")));
        };
        let asked = retry_after(error.headers(), SystemTime::now()).unwrap_or_default();
        let at = Instant::from_std(at) + asked.min(LONGEST_WAIT);
        self.link = Link::Waiting(Box::pin(sleep_until(at)));
    }

    /// Ends queries and mutations, and no subscription.
    fn fail_requests(&mut self, error: &Error) {
        let requests = self
            .subscriptions
            .extract_if(|_, operation| operation.lasting == Lasting::Once);
        for (_, request) in requests {
            request.fail(error.clone());
        }
    }

    /// Ends every operation; the task ends with the last.
    fn fail_all(&mut self, error: &Error) {
        self.been_open = false;
        self.stalled = None;
        self.calls.clear();
        // For those who come in this very moment.
        self.link = Link::Waiting(Box::pin(sleep(Duration::ZERO)));
        for (_, subscription) in self.subscriptions.drain() {
            subscription.fail(error.clone());
        }
    }
}

impl Subscription {
    fn complete(mut self) {
        if let Some(acknowledged) = self.acknowledged.take() {
            let _ = acknowledged.send(Ok(()));
        }
    }

    fn fail(mut self, error: Error) {
        match self.acknowledged.take() {
            Some(acknowledged) => {
                let _ = acknowledged.send(Err(error));
            }
            None => self.writer.end(Some(error)),
        }
    }
}

fn open(transport: &HttpTransport, blank: &Arc<RawRequest>) -> Link {
    let (transport, blank) = (transport.clone(), Arc::clone(blank));
    Link::Opening(Box::pin(async move {
        let limit = transport.options.timeout;
        let opened = tokio::time::timeout(limit, transport.reserve(&blank)).await;
        let opened = opened.unwrap_or_else(|_| Err(crate::execute::timed_out(&blank, limit)));
        opened.map_err(Error::without_effect)
    }))
}

impl Future for Task {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if this.closed.poll_unpin(cx).is_ready() {
            let what = "the client was closed before the answer came";
            this.fail_requests(&Error::new(ErrorKind::Closed, what).after_sending());
            for (_, subscription) in this.subscriptions.drain() {
                subscription.writer.end(None);
                subscription.fail(super::super::closed());
            }
            return Poll::Ready(());
        }
        let mut was_started = !this.subscriptions.is_empty();
        loop {
            let mut happened = false;
            while let Poll::Ready(Some(command)) = this.commands.poll_recv(cx) {
                happened = true;
                match command {
                    Command::Start(start) => {
                        was_started = true;
                        this.start(start);
                    }
                    Command::Stop(id) => this.stop(id),
                }
            }
            while let Poll::Ready(Some(called)) = this.calls.poll_next_unpin(cx) {
                happened = true;
                if let Called::Posted(posted) = called {
                    this.posted(posted);
                }
            }
            happened |= this.poll_link(cx);
            if !happened {
                break;
            }
        }
        match this.subscriptions.is_empty() && this.calls.is_empty() && (was_started || this.been_open) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}
