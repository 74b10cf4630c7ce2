use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::Stream;
use gqlwire_proto::incremental::{Completed, IncrementalError, Merger, Patch, Pending};
use gqlwire_proto::scan::OperationKind;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use tracing::Instrument;

use crate::auth::AuthProvider;
use crate::execute::{set_header, timed_out};
use crate::transport::{EventSource, RawEvent, RawRequest, Transport};
use crate::{Error, ErrorKind, Operation, Response, RetryPolicy};

/// A query or a mutation whose answer may come in pieces, about to run: await it.
///
/// Ready when the answer begins. Dropping the future before that abandons the request; a mutation may have been executed
/// all the same.
#[must_use = "nothing is sent until this is awaited"]
pub struct ExecuteIncrementally<T> {
    transport: Arc<dyn Transport>,
    pub(crate) request: Result<RawRequest, Error>,
    data: PhantomData<fn() -> T>,
}

impl<T> ExecuteIncrementally<T> {
    pub(crate) fn new<O: Operation<Data = T>>(transport: Arc<dyn Transport>, operation: O) -> Self {
        let request = operation.into_request().and_then(|request| RawRequest::new(&request));
        let request = request.and_then(|request| match request.kind() {
            OperationKind::Subscription => Err(Error::request(
                "this is a subscription: use `subscribe`, which gives a stream of its events",
            )),
            _ => Ok(request),
        });
        Self {
            transport,
            request,
            data: PhantomData,
        }
    }

    /// Authorises this call with other credentials than the client's.
    pub fn auth(mut self, auth: impl AuthProvider) -> Self {
        if let Ok(request) = &mut self.request {
            request.auth = Some(Arc::new(auth));
        }
        self
    }

    /// Sends a header with this call, in place of the client's of that name.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        set_header(&mut self.request, name.as_ref(), value.as_ref());
        self
    }

    /// When this call is tried again before its answer has begun, in place of what the client was built with. An answer
    /// that breaks off later is not asked for again.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        if let Ok(request) = &mut self.request {
            request.retry = Some(policy);
        }
        self
    }

    /// How long it may take until the answer begins, with all attempts, and then how long it may be silent between two
    /// pieces; by default what the client allows a query.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        if let Ok(request) = &mut self.request {
            request.timeout = Some(timeout);
        }
        self
    }
}

impl<T: DeserializeOwned + Send + 'static> IntoFuture for ExecuteIncrementally<T> {
    type Output = Result<Incremental<T>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let request = self.request?;
            let span = tracing::debug_span!(
                "incremental",
                kind = %request.kind(),
                operation = request.name(),
                attempts = tracing::field::Empty
            );
            let running = self.transport.incremental(request.clone()).instrument(span);
            let answer = match request.timeout() {
                None => running.await?,
                Some(limit) => {
                    // For the timer; a transport says itself what else it needs.
                    crate::runtime::current()?;
                    let answer = tokio::time::timeout(limit, running).await;
                    answer.map_err(|_| timed_out(&request, limit))??
                }
            };
            Ok(Incremental {
                payloads: answer.payloads,
                status: answer.status,
                headers: answer.headers,
                // The transport bounds what it reads.
                merger: Merger::new(usize::MAX),
                over: false,
                data: PhantomData,
            })
        })
    }
}

impl<T> fmt::Debug for ExecuteIncrementally<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExecuteIncrementally")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

/// An answer that grows: a stream of what it is after each payload.
///
/// It ends with `None` after the last payload. An answer that breaks off before that, or whose pieces do not fit, is an
/// error, followed by `None`; what had come by then is in the items before it and in [`raw`](Self::raw). Dropping it
/// abandons the request.
///
/// Let the fields of `T` that are deferred be `Option`s with `#[serde(default)]`. As long as the answer grows, data that
/// does not fit `T` yet is no error: [`Response::data`] is `None` then, and [`Response::raw_data`] has its text.
///
/// ```no_run
/// # async fn example(client: gqlwire::Client) -> Result<(), gqlwire::Error> {
/// use futures_util::StreamExt;
/// use gqlwire::Request;
/// use serde::Deserialize;
///
/// #[derive(Debug, Deserialize)]
/// struct Product {
///     name: String,
///     reviews: Option<Vec<String>>,
/// }
///
/// #[derive(Debug, Deserialize)]
/// struct Data {
///     product: Product,
/// }
///
/// let query = Request::<Data>::new("{ product(id: 1) { name ... @defer { reviews } } }");
/// let mut answer = client.incremental(query).await?;
/// while let Some(increment) = answer.next().await {
///     let increment = increment?;
///     println!("{:?}, more to come: {}", increment.response.data, increment.has_next);
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
///
/// Awaiting the next item may be given up at any time: nothing is lost by it.
pub struct Incremental<T> {
    payloads: Box<dyn EventSource>,
    status: StatusCode,
    headers: HeaderMap,
    merger: Merger,
    over: bool,
    data: PhantomData<fn() -> T>,
}

/// What an [`Incremental`] yields for each payload.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Increment<T> {
    /// The answer so far, with the errors of all payloads.
    pub response: Response<T>,
    /// What this payload added; none for the first one as a rule.
    pub patches: Vec<Patch>,
    /// What the server announced with it; servers of the older dialects announce nothing.
    pub pending: Vec<Pending>,
    /// What of that is complete or has failed.
    pub completed: Vec<Completed>,
    /// Whether more is to come.
    pub has_next: bool,
}

impl<T> Incremental<T> {
    /// The JSON of the answer so far, as the server wrote its values.
    pub fn raw(&self) -> String {
        self.merger.to_json()
    }

    /// Whether more is to come.
    pub fn has_next(&self) -> bool {
        !self.over && self.merger.has_next()
    }

    fn end(&mut self) -> Option<Error> {
        self.over = true;
        self.payloads.stop();
        if !self.merger.has_next() {
            return None;
        }
        let pending: Vec<_> = self.merger.pending().take(3).collect();
        let what = match (self.merger.has_begun(), pending.as_slice()) {
            (false, _) => "the server ended the answer before it had begun".to_owned(),
            (true, []) => "the server ended the answer although it had said that more was to come".to_owned(),
            (true, pending) => {
                let names = pending.iter().map(|pending| match &pending.label {
                    Some(label) => format!("{label:?}"),
                    None => format!("id {:?}", pending.id),
                });
                let names: Vec<_> = names.collect();
                format!(
                    "the server ended the answer without what it had announced: {}",
                    names.join(", ")
                )
            }
        };
        Some(self.error(Error::new(ErrorKind::Protocol, what)))
    }

    fn error(&self, error: Error) -> Error {
        let errors = Response::<serde::de::IgnoredAny>::from_json(&self.merger.to_json());
        let errors = errors.map(|response| response.errors).unwrap_or_default();
        let error = error.with_answer(self.status, self.headers.clone()).after_sending();
        match error.errors().is_empty() {
            true => error.with_errors(errors),
            false => error,
        }
    }
}

impl<T: DeserializeOwned> Incremental<T> {
    /// Reads on to the end, and gives the whole answer: what [`execute`](crate::Client::execute) would.
    ///
    /// # Errors
    ///
    /// The answer breaks off, its pieces do not fit, or its data does not fit `T`.
    pub async fn last(mut self) -> Result<Response<T>, Error> {
        loop {
            match std::future::poll_fn(|cx| self.poll_payload(cx)).await {
                Some(Ok(_)) if self.merger.has_next() => {}
                Some(Ok(_)) | None => return self.response(),
                Some(Err(error)) => return Err(error),
            }
        }
    }

    fn poll_payload(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<gqlwire_proto::incremental::Payload, Error>>> {
        loop {
            if self.over {
                return Poll::Ready(None);
            }
            let payload = match ready!(self.payloads.poll_event(cx)) {
                Some(Ok(RawEvent::Next(text))) => self.merger.push(text),
                Some(Ok(_)) => continue,
                Some(Err(error)) => {
                    self.over = true;
                    return Poll::Ready(Some(Err(self.error(error))));
                }
                None => return Poll::Ready(self.end().map(Err)),
            };
            return Poll::Ready(Some(match payload {
                Ok(payload) => {
                    if !payload.has_next {
                        self.over = true;
                        self.payloads.stop();
                    }
                    Ok(payload)
                }
                Err(error) => {
                    self.over = true;
                    self.payloads.stop();
                    Err(self.error(of_incremental(error)))
                }
            }));
        }
    }

    fn response(&self) -> Result<Response<T>, Error> {
        let json = self.merger.to_json();
        let response = match self.merger.has_next() {
            // Some begin with a payload that says only that more is to come.
            true if json == "{}" => Response::from_growing_json(r#"{"data":null}"#),
            true => Response::from_growing_json(&json),
            false => Response::from_json(&json),
        };
        let response = response.map_err(|error| self.error(error.into()))?;
        Ok(response.with_status(self.status).with_headers(self.headers.clone()))
    }
}

impl<T: DeserializeOwned> Stream for Incremental<T> {
    type Item = Result<Increment<T>, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let payload = match ready!(this.poll_payload(cx)) {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            Some(Ok(payload)) => payload,
        };
        Poll::Ready(Some(this.response().map(|response| Increment {
            response,
            patches: payload.patches,
            pending: payload.pending,
            completed: payload.completed,
            has_next: payload.has_next,
        })))
    }
}

impl<T> fmt::Debug for Incremental<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incremental")
            .field("payloads", &self.payloads)
            .field("has_next", &self.has_next())
            .finish_non_exhaustive()
    }
}

/// What does not fit is the server's doing.
pub(crate) fn of_incremental(error: IncrementalError) -> Error {
    Error::new(ErrorKind::Protocol, error.to_string())
}
