use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use gqlwire_proto::scan::OperationKind;
use http::{HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use tracing::Instrument;

use crate::auth::AuthProvider;
use crate::transport::{RawRequest, RawResponse, Transport};
use crate::{Error, ErrorKind, Operation, Response, RetryPolicy, metrics};

/// A query or mutation that is about to run: await it.
///
/// Dropping the future before it is ready abandons the request; a mutation may have been executed all the same.
#[must_use = "nothing is sent until this is awaited"]
pub struct Execute<T> {
    transport: Arc<dyn Transport>,
    pub(crate) request: Result<RawRequest, Error>,
    data: PhantomData<fn() -> T>,
}

impl<T> Execute<T> {
    pub(crate) fn new<O: Operation<Data = T>>(transport: Arc<dyn Transport>, operation: O) -> Self {
        Self {
            transport,
            request: prepared(operation),
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

    /// Sends this query by `GET`: document, operation name, variables and extensions in the URL, and no body, so that HTTP
    /// caches can answer it. A mutation is refused.
    ///
    /// A URL that becomes too long ([`get_url_limit`](crate::ClientBuilder::get_url_limit)) is not sent; the query then goes
    /// by `POST`. Transports without URLs take no notice.
    pub fn get(mut self) -> Self {
        match &mut self.request {
            Ok(request) if request.kind() == OperationKind::Query => request.by_get = true,
            Ok(request) => {
                let kind = request.kind();
                self.request = Err(Error::request(format!(
                    "a {kind} cannot go by GET, which caches and browsers repeat as they like: send it by POST"
                )));
            }
            Err(_) => {}
        }
        self
    }

    /// Sends a header with this call, in place of the client's of that name.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        set_header(&mut self.request, name.as_ref(), value.as_ref());
        self
    }

    /// When this call is tried again, in place of what the client was built with.
    ///
    /// A transport of one's own has to heed it itself.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        if let Ok(request) = &mut self.request {
            request.retry = Some(policy);
        }
        self
    }

    /// Makes one attempt at this call and no other.
    pub fn no_retry(self) -> Self {
        self.retry(RetryPolicy::never())
    }

    /// How long this call may take, from its first byte to the last of its answer, with all its attempts.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        if let Ok(request) = &mut self.request {
            request.timeout = Some(timeout);
        }
        self
    }
}

/// A query or a mutation as it is sent.
pub(crate) fn prepared<O: Operation>(operation: O) -> Result<RawRequest, Error> {
    let request = RawRequest::new(&operation.into_request()?)?;
    match request.kind() {
        OperationKind::Subscription => Err(Error::request(
            "this is a subscription: use `subscribe`, which gives a stream of its events",
        )),
        _ => Ok(request),
    }
}

pub(crate) fn set_header(request: &mut Result<RawRequest, Error>, name: &str, value: &str) {
    let Ok(raw) = request else { return };
    match parse_header(name, value) {
        Ok((name, value)) => {
            raw.headers.insert(name, value);
        }
        Err(error) => *request = Err(error),
    }
}

/// The value of a header is often a secret: no error repeats it.
pub(crate) fn parse_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Error> {
    let parsed = HeaderName::from_bytes(name.as_bytes());
    let parsed = parsed.map_err(|_| Error::request(format!("{name:?} is not the name of a header")))?;
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        Error::request(format!(
            "the value of the header {name} holds characters that headers cannot"
        ))
    })?;
    value.set_sensitive(true);
    Ok((parsed, value))
}

impl<T: DeserializeOwned + Send + 'static> IntoFuture for Execute<T> {
    type Output = Result<Response<T>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let request = self.request?;
            let span = tracing::debug_span!(
                "execute",
                kind = %request.kind(),
                operation = request.name(),
                attempts = tracing::field::Empty
            );
            let measured = metrics::Execution::begin(request.kind());
            let outcome = run(self.transport.as_ref(), &request).instrument(span).await;
            measured.end(&outcome);
            outcome
        })
    }
}

async fn run<T: DeserializeOwned>(transport: &dyn Transport, request: &RawRequest) -> Result<Response<T>, Error> {
    check_uploads(transport, request)?;
    let running = transport.execute(request);
    let answer = match request.timeout() {
        None => running.await?,
        Some(limit) => {
            // For the timer; a transport says itself what else it needs.
            crate::runtime::current()?;
            let answer = tokio::time::timeout(limit, running).await;
            answer.map_err(|_| timed_out(request, limit))??
        }
    };
    decoded(answer)
}

/// Files go only where they are not lost on the way.
pub(crate) fn check_uploads(transport: &dyn Transport, request: &RawRequest) -> Result<(), Error> {
    match request.has_uploads() && !transport.takes_uploads() {
        true => Err(Error::request(
            "files are uploaded over plain HTTP only, and this client does not send its requests so: AppSync, websockets \
             and local execution take none",
        )),
        false => Ok(()),
    }
}

pub(crate) fn decoded<T: DeserializeOwned>(answer: RawResponse) -> Result<Response<T>, Error> {
    let response = Response::from_json(&answer.body).map_err(|error| {
        let error = Error::from(error).with_answer(answer.status, answer.headers.clone());
        let error = match error.kind() {
            ErrorKind::Protocol => error.with_body(&answer.body),
            _ => error,
        };
        error.after_sending()
    })?;
    Ok(response.with_status(answer.status).with_headers(answer.headers))
}

/// A transport that says nothing of its progress may have sent the request.
pub(crate) fn timed_out(request: &RawRequest, limit: Duration) -> Error {
    let told = request.progress.timed_out(limit);
    told.unwrap_or_else(|| Error::timeout(&format!("the {}", request.kind()), limit).after_sending())
}

impl<T> fmt::Debug for Execute<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Execute")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}
