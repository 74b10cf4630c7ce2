use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use gqlwire_proto::scan::OperationKind;
use serde::de::DeserializeOwned;
use tracing::Instrument;

use crate::auth::AuthProvider;
use crate::execute::set_header;
use crate::subscription::Subscription;
use crate::transport::{RawRequest, Transport};
use crate::{Error, Operation};

/// How much longer than its limit a call waits for a transport to say by itself that it took too long.
const MARGIN: Duration = Duration::from_millis(100);

/// A subscription that is about to start: await it.
///
/// Ready when the server has acknowledged the subscription. Dropping the future before that stops it.
#[must_use = "nothing is sent until this is awaited"]
pub struct Subscribe<T> {
    transport: Arc<dyn Transport>,
    request: Result<RawRequest, Error>,
    data: PhantomData<fn() -> T>,
}

impl<T> Subscribe<T> {
    pub(crate) fn new<O: Operation<Data = T>>(transport: Arc<dyn Transport>, operation: O) -> Self {
        let request = operation.into_request().and_then(|request| RawRequest::new(&request));
        let request = request.and_then(|request| match request.kind() {
            OperationKind::Subscription => Ok(request),
            kind => Err(Error::request(format!(
                "this is a {kind}, not a subscription: use `execute`"
            ))),
        });
        Self {
            transport,
            request,
            data: PhantomData,
        }
    }

    /// Authorises this subscription with other credentials than the client's. The connection itself is opened with
    /// the client's.
    pub fn auth(mut self, auth: impl AuthProvider) -> Self {
        if let Ok(request) = &mut self.request {
            request.auth = Some(Arc::new(auth));
        }
        self
    }

    /// Sends a header with this subscription. On AppSync, resolvers find it in `ctx.request.headers`.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        set_header(&mut self.request, name.as_ref(), value.as_ref());
        self
    }

    /// How long it may take until the subscription is acknowledged, the connection included.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        if let Ok(request) = &mut self.request {
            request.timeout = Some(timeout);
        }
        self
    }
}

impl<T: DeserializeOwned + Send + 'static> IntoFuture for Subscribe<T> {
    type Output = Result<Subscription<T>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let request = self.request?;
            let span = tracing::debug_span!("subscribe", operation = request.name());
            let limit = request.timeout();
            let progress = request.progress.clone();
            let starting = self.transport.subscribe(request).instrument(span);
            let source = match limit {
                None => starting.await?,
                Some(limit) => {
                    // For the timer; a transport says itself what else it needs.
                    crate::runtime::current()?;
                    // A transport that keeps the limit itself knows best what stood in the way: it goes first.
                    let started = tokio::time::timeout(limit.saturating_add(MARGIN), starting).await;
                    started.map_err(|_| {
                        let told = progress.timed_out(limit);
                        told.unwrap_or_else(|| Error::timeout("starting the subscription", limit))
                    })??
                }
            };
            Ok(Subscription::new(source))
        })
    }
}

impl<T> fmt::Debug for Subscribe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscribe")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}
