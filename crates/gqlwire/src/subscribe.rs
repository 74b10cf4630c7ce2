use std::convert::Infallible;
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
use crate::subscription::{ReadSnapshot, Subscription, no_snapshot, read_snapshot};
use crate::transport::{RawRequest, Transport};
use crate::{Error, Operation, Overflow};

/// How much longer than its limit a call waits for a transport to say by itself that it took too long.
const MARGIN: Duration = Duration::from_millis(100);

/// A subscription that is about to start: await it.
///
/// Ready when the server has acknowledged the subscription. Dropping the future before that stops it, and tells the
/// server so where it may have heard of it.
#[must_use = "nothing is sent until this is awaited"]
pub struct Subscribe<T, S = Infallible> {
    transport: Arc<dyn Transport>,
    pub(crate) request: Result<RawRequest, Error>,
    read_snapshot: ReadSnapshot<S>,
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
            read_snapshot: no_snapshot,
            data: PhantomData,
        }
    }
}

impl<T, S> Subscribe<T, S> {
    /// Gives the subscription a query to catch up with, so that "list, then follow" has no hole: it runs after every
    /// acknowledgement, the first and each one after a lost connection, and its answer is an
    /// [`Event::Snapshot`](crate::Event::Snapshot) in the stream.
    ///
    /// Events that arrive while it runs are held back and follow it, so that nothing which happens after the first
    /// acknowledgement is in neither. Much of it is in both: **a snapshot may already contain what the events behind it
    /// tell.** Apply events so that the second time changes nothing: by an id, by a version.
    ///
    /// ```no_run
    /// # async fn example(client: gqlwire::Client) -> Result<(), gqlwire::Error> {
    /// use std::collections::BTreeMap;
    ///
    /// use futures_util::StreamExt;
    /// use gqlwire::{Event, Request};
    /// use serde::Deserialize;
    ///
    /// #[derive(Debug, Deserialize)]
    /// struct Message {
    ///     id: String,
    ///     message: String,
    /// }
    ///
    /// #[derive(Debug, Deserialize)]
    /// #[serde(rename_all = "camelCase")]
    /// struct Created {
    ///     on_create_message: Message,
    /// }
    ///
    /// #[derive(Debug, Deserialize)]
    /// #[serde(rename_all = "camelCase")]
    /// struct Listed {
    ///     list_messages: Vec<Message>,
    /// }
    ///
    /// let follow = Request::<Created>::new("subscription { onCreateMessage { id message } }");
    /// let list = Request::<Listed>::new("{ listMessages { id message } }");
    ///
    /// let mut messages = BTreeMap::new();
    /// let mut events = client.subscribe(follow).catch_up(list).await?;
    /// while let Some(event) = events.next().await {
    ///     match event? {
    ///         // Also after a gap: what was missed is in here.
    ///         Event::Snapshot(answer) => {
    ///             let listed = answer.into_data()?.list_messages;
    ///             messages = listed.into_iter().map(|message| (message.id, message.message)).collect();
    ///         }
    ///         Event::Next(response) => {
    ///             let created = response.into_data()?.on_create_message;
    ///             messages.insert(created.id, created.message);
    ///         }
    ///         other => eprintln!("{other:?}"),
    ///     }
    ///     println!("{} messages", messages.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// It is sent with the headers and the credentials of this call, in whichever order they are set, and otherwise as
    /// [`execute`](crate::Client::execute) would send it; each attempt may take as long as the client allows a query
    /// ([`timeout`](crate::ClientBuilder::timeout)). On AppSync it runs 2 s after the acknowledgement, which comes a little
    /// before AppSync delivers ([`settle_time`](crate::ClientBuilder::settle_time)). Where it fails for a reason that may
    /// pass, such as a network that is down, it is tried again with growing delays, as often as a connection is
    /// ([`reconnect`](crate::ClientBuilder::reconnect)), and after up to a minute more where the server asks for that with
    /// `Retry-After`; otherwise the subscription ends with that error, after the events
    /// that were held back. An answer with GraphQL errors is a snapshot like any other, without data perhaps:
    /// [`into_data`](crate::Response::into_data) tells.
    ///
    /// While it runs, 1,024 events or 4 MiB are held back
    /// ([`held_events`](crate::ClientBuilder::held_events)); beyond that the oldest are dropped, which an
    /// [`Event::Dropped`](crate::Event::Dropped) after the snapshot tells.
    ///
    /// At most 32 catch-ups of one client run at once: the others wait for their turn.
    ///
    /// A second catch-up takes the place of the first.
    ///
    /// # Errors
    ///
    /// Awaiting the call gives an error of the kind [`Request`](crate::ErrorKind::Request), before anything is sent, where
    /// the operation is not a query, or where the client's [`Transport`] runs no catch-ups.
    pub fn catch_up<O: Operation>(self, operation: O) -> Subscribe<T, O::Data> {
        let catch_up = operation.into_request().and_then(|request| RawRequest::new(&request));
        let catch_up = catch_up.and_then(|catch_up| match catch_up.kind() {
            OperationKind::Query => Ok(catch_up),
            kind => Err(Error::request(format!(
                "a subscription catches up with a query, and this is a {kind}"
            ))),
        });
        let request = self.request.and_then(|mut request| {
            if !self.transport.catches_up() {
                return Err(Error::request(
                    "the transport of this client runs no catch-ups: start the subscription without one",
                ));
            }
            request.catch_up = Some(Arc::new(catch_up?));
            Ok(request)
        });
        Subscribe {
            transport: self.transport,
            request,
            read_snapshot: read_snapshot::<O::Data>,
            data: PhantomData,
        }
    }

    /// What becomes of events for which the queue of this subscription has no room; by default what the client's builder
    /// says, and otherwise it ends with [`ErrorKind::Lagged`](crate::ErrorKind::Lagged).
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        if let Ok(request) = &mut self.request {
            request.overflow = Some(overflow);
        }
        self
    }

    /// How many events may wait until they are read; by default what the client's builder says, and otherwise 1,024.
    pub fn queue_messages(mut self, most: usize) -> Self {
        if let Ok(request) = &mut self.request {
            request.queue_messages = Some(most);
        }
        self
    }

    /// How many bytes of events may wait until they are read; by default what the client's builder says, and otherwise
    /// 4 MiB.
    pub fn queue_bytes(mut self, most: usize) -> Self {
        if let Ok(request) = &mut self.request {
            request.queue_bytes = Some(most);
        }
        self
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

    /// How long it may take until the subscription is acknowledged, the connection included. A
    /// [catch-up](Self::catch_up), which runs later, has a time of its own.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        if let Ok(request) = &mut self.request {
            request.timeout = Some(timeout);
        }
        self
    }
}

impl<T: DeserializeOwned + Send + 'static, S: Send + 'static> IntoFuture for Subscribe<T, S> {
    type Output = Result<Subscription<T, S>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let mut request = self.request?;
            if let Some(catch_up) = &mut request.catch_up {
                let catch_up = Arc::make_mut(catch_up);
                catch_up.headers = request.headers.clone();
                catch_up.auth = request.auth.clone();
                #[cfg(feature = "schema")]
                {
                    catch_up.validate = request.validate;
                }
            }
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
            Ok(Subscription::new(source, self.read_snapshot))
        })
    }
}

impl<T, S> fmt::Debug for Subscribe<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscribe")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}
