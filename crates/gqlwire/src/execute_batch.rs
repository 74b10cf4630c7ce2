use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use serde::de::DeserializeOwned;
use tracing::Instrument;

use crate::auth::AuthProvider;
use crate::execute::{check_uploads, decoded, parse_header, prepared, timed_out};
use crate::transport::{Outcome, RawRequest, Transport};
use crate::{Error, Operation, Response, RetryPolicy, metrics};

/// Several queries and mutations that are about to run as one batch: await it.
///
/// The outcome is a list with a [`Response`] or an error for each operation, in their order: one that fails hides none
/// of the others. What befalls the batch as a whole (no connection, a status of the server, a timeout) is the error of
/// each. The batch itself is an error only where it is refused before anything of it is sent, because one of its
/// operations cannot be.
///
/// Over HTTP the operations go in one request, as a JSON array, which not every server takes; nothing says in which order
/// it executes them. Over a websocket and on AppSync, which takes no arrays, they run beside one another.
///
/// Dropping the future before it is ready abandons the batch; its mutations may have been executed all the same.
#[must_use = "nothing is sent until this is awaited"]
pub struct ExecuteBatch<T> {
    transport: Arc<dyn Transport>,
    pub(crate) requests: Result<Vec<RawRequest>, Error>,
    headers: HeaderMap,
    data: PhantomData<fn() -> T>,
}

impl<T> ExecuteBatch<T> {
    pub(crate) fn new<O: Operation<Data = T>>(
        transport: Arc<dyn Transport>,
        operations: impl IntoIterator<Item = O>,
    ) -> Self {
        let requests = operations.into_iter().enumerate();
        let requests = requests.map(|(index, operation)| prepared(operation).map_err(|error| of_item(index, error)));
        Self {
            transport,
            requests: requests.collect(),
            headers: HeaderMap::new(),
            data: PhantomData,
        }
    }

    /// Authorises this batch with other credentials than the client's.
    pub fn auth(mut self, auth: impl AuthProvider) -> Self {
        let auth: Arc<dyn AuthProvider> = Arc::new(auth);
        self.each(|request| request.auth = Some(Arc::clone(&auth)));
        self
    }

    /// Sends a header with this batch, in place of the client's of that name.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        match parse_header(name.as_ref(), value.as_ref()) {
            Ok((name, value)) => {
                self.headers.insert(name, value);
            }
            Err(error) => self.fail(error),
        }
        self
    }

    /// When this batch is tried again, in place of what the client was built with. A batch with a mutation in it is
    /// treated as a mutation.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.each(|request| request.retry = Some(policy.clone()));
        self
    }

    /// Makes one attempt at this batch and no other.
    pub fn no_retry(self) -> Self {
        self.retry(RetryPolicy::never())
    }

    /// How long this batch may take, from its first byte to the last of its answer, with all its attempts.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.each(|request| request.timeout = Some(timeout));
        self
    }

    fn each(&mut self, set: impl FnMut(&mut RawRequest)) {
        if let Ok(requests) = &mut self.requests {
            requests.iter_mut().for_each(set);
        }
    }

    pub(crate) fn fail(&mut self, error: Error) {
        if self.requests.is_ok() {
            self.requests = Err(error);
        }
    }
}

impl<T: DeserializeOwned + Send + 'static> IntoFuture for ExecuteBatch<T> {
    type Output = Result<Vec<Result<Response<T>, Error>>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(mut self) -> Self::IntoFuture {
        let headers = std::mem::take(&mut self.headers);
        self.each(|request| request.headers = headers.clone());
        Box::pin(async move {
            let requests = self.requests?;
            if requests.is_empty() {
                return Ok(Vec::new());
            }
            let span = tracing::debug_span!(
                "execute_batch",
                operations = requests.len(),
                attempts = tracing::field::Empty
            );
            let measured: Vec<_> = requests
                .iter()
                .map(|request| metrics::Execution::begin(request.kind()))
                .collect();
            let outcomes = run(self.transport.as_ref(), &requests).instrument(span).await?;
            let outcomes = outcomes.into_iter().map(|outcome| outcome.and_then(decoded));
            let outcomes: Vec<Result<Response<T>, Error>> = outcomes.collect();
            for (measured, outcome) in measured.into_iter().zip(&outcomes) {
                measured.end(outcome);
            }
            Ok(outcomes)
        })
    }
}

/// As many outcomes as requests, whatever the transport makes of them.
async fn run(transport: &dyn Transport, requests: &[RawRequest]) -> Result<Vec<Outcome>, Error> {
    for (index, request) in requests.iter().enumerate() {
        check_uploads(transport, request).map_err(|error| of_item(index, error))?;
    }
    let running = transport.execute_batch(requests);
    let outcomes = match requests.first().and_then(RawRequest::timeout) {
        None => running.await?,
        Some(limit) => {
            // For the timer; a transport says itself what else it needs.
            crate::runtime::current()?;
            match tokio::time::timeout(limit, running).await {
                Ok(outcomes) => outcomes?,
                Err(_) => {
                    // Of a batch that goes out as one, the first tells how far it is.
                    let told = requests.iter().find_map(|request| request.progress.timed_out(limit));
                    let error = told.or_else(|| requests.first().map(|request| timed_out(request, limit)));
                    requests.iter().filter_map(|_| error.clone().map(Err)).collect()
                }
            }
        }
    };
    if outcomes.len() != requests.len() {
        return Err(Error::new(
            crate::ErrorKind::Protocol,
            format!(
                "the transport gave {} outcomes for a batch of {}",
                outcomes.len(),
                requests.len()
            ),
        )
        .after_sending());
    }
    Ok(outcomes)
}

/// Says which operation of a batch it was, counted from 1 as people do.
pub(crate) fn of_item(index: usize, error: Error) -> Error {
    error.suffixed(&format!(" (operation {} of the batch)", index + 1))
}

impl<T> fmt::Debug for ExecuteBatch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExecuteBatch")
            .field("requests", &self.requests)
            .finish_non_exhaustive()
    }
}
