//! Queries and mutations over a socket, where the protocol has them.

use std::future::poll_fn;
use std::task::{Poll, ready};
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use gqlwire_proto::connection::payload_of;
use gqlwire_proto::scan::OperationKind;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::{Handle, RealtimeClient, Shared, Source};
use crate::execute::timed_out;
use crate::http::{Attempts, Next, roll};
use crate::transport::{EventSource, RawEvent, RawRequest, RawResponse, Transport};
use crate::{Counters, Error, ErrorKind, SessionState, metrics};

/// Everything goes over the socket.
impl Transport for RealtimeClient {
    fn execute<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<RawResponse, Error>> {
        Box::pin(async move {
            crate::runtime::current()?;
            if request.kind() == OperationKind::Subscription {
                return Err(Error::request("this is a subscription: use `subscribe`"));
            }
            // The caller's own limit is kept by the caller.
            if let Some(limit) = request.timeout() {
                return self.execute_within(request, limit).await;
            }
            let limit = self.shared.options.query_timeout;
            let answer = timeout(limit, self.execute_within(request, limit)).await;
            answer.unwrap_or_else(|_| Err(timed_out(request, limit)))
        })
    }

    fn subscribe(&self, request: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>> {
        Box::pin(async move {
            match request.kind() {
                OperationKind::Subscription => self.subscribe(&request).await,
                kind => Err(Error::request(format!(
                    "this is a {kind}, not a subscription: use `execute`"
                ))),
            }
        })
    }

    fn catches_up(&self) -> bool {
        self.catches_up()
    }

    fn state(&self) -> Option<watch::Receiver<SessionState>> {
        Some(self.state())
    }

    fn counters(&self) -> BoxFuture<'_, Option<Counters>> {
        Box::pin(async move { Some(self.counters().await) })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.close())
    }
}

impl RealtimeClient {
    async fn execute_within(&self, request: &RawRequest, limit: Duration) -> Result<RawResponse, Error> {
        let now = || Instant::now().into_std();
        let policy = request.retry().unwrap_or(&self.shared.options.retry);
        let mut attempts = Attempts::new(policy, request.kind(), now().checked_add(limit));
        let budget = &self.shared.retries;
        budget.called(now());
        loop {
            tracing::Span::current().record("attempts", attempts.current());
            let began = now();
            let error = match self.ask(request).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match attempts.failed(&error, began, now(), SystemTime::now(), roll()) {
                Next::Over(why) => return Err(attempts.conclude(error, why)),
                Next::Again(_) if !budget.allows(now()) => return Err(attempts.conclude(error, Some(budget.used_up()))),
                Next::Again(delay) => {
                    tracing::debug!(kind = ?error.kind(), ?delay, attempt = attempts.current(), "trying again");
                    metrics::repeated(request.kind());
                    let waiting = format!("waiting to repeat the {} to {}", request.kind(), self.shared.endpoint);
                    request.progress.failed(waiting, attempts.current() - 1, error);
                    sleep(delay).await;
                }
            }
        }
    }

    /// One attempt. Dropped before it is ready, it tells the server that the answer is not wanted any more.
    async fn ask(&self, request: &RawRequest) -> Result<RawResponse, Error> {
        match self.start(request).await {
            Ok(source) => self.shared.answer(source, request).await,
            Err(error) => answered(error),
        }
    }
}

impl Shared {
    /// One attempt on this session.
    pub(super) async fn ask(&self, session: Handle, request: &RawRequest) -> Result<RawResponse, Error> {
        match self.begin(session, request).await {
            Ok(Some(source)) => self.answer(source, request).await,
            Ok(None) => Err(self.leaving()),
            Err(error) => answered(error),
        }
    }

    async fn answer(&self, mut source: Source, request: &RawRequest) -> Result<RawResponse, Error> {
        poll_fn(|cx| {
            loop {
                return Poll::Ready(match ready!(source.poll_event(cx)) {
                    // What follows the payload in its frame has come along.
                    Some(Ok(RawEvent::Next(text))) => Ok(RawResponse::new(payload_of(text).unwrap_or(text))),
                    Some(Ok(_)) => continue,
                    Some(Err(error)) => answered(error),
                    None => Err(self.without_answer(request)),
                });
            }
        })
        .await
    }

    fn without_answer(&self, request: &RawRequest) -> Error {
        let message = format!(
            "{} completed the {} without an answer to it",
            self.endpoint,
            request.kind()
        );
        Error::new(ErrorKind::Protocol, message).after_sending()
    }
}

/// GraphQL errors in place of an answer are an answer, as over HTTP.
fn answered(error: Error) -> Result<RawResponse, Error> {
    if error.kind() != ErrorKind::GraphQL || error.errors().is_empty() {
        return Err(error);
    }
    Ok(RawResponse::new(json!({"errors": error.errors()}).to_string()))
}
