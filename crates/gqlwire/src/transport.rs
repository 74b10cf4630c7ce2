use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use gqlwire_proto::IdPlace;
use gqlwire_proto::scan::{OperationKind, Outline};
use http::{HeaderMap, StatusCode};
use tokio::sync::watch;

use crate::auth::AuthProvider;
use crate::progress::Progress;
use crate::{Counters, Dropped, Error, Gap, Overflow, Request, RetryPolicy, SessionState};

/// What carries operations to a server and their answers back, as text. Types exist only above it.
///
/// Implement it to run a client over something of your own: another protocol, a server in this process. `gqlwire::testing`
/// (feature `testing`) has doubles for tests.
///
/// A transport around another one, or around a client's, sees everything that passes:
///
/// ```
/// use std::time::Instant;
///
/// use futures_util::future::BoxFuture;
/// use gqlwire::{
///     Client, Counters, Error, EventSource, Outcome, RawIncremental, RawRequest, RawResponse, SessionState, Transport,
/// };
///
/// /// Says how long each request took.
/// #[derive(Debug)]
/// struct Timed<T>(T);
///
/// impl<T: Transport> Transport for Timed<T> {
///     fn execute<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<RawResponse, Error>> {
///         Box::pin(async move {
///             let began = Instant::now();
///             let answer = self.0.execute(request).await;
///             println!("{} {:?} took {:?}", request.kind(), request.name(), began.elapsed());
///             answer
///         })
///     }
///
///     fn subscribe(&self, request: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>> {
///         self.0.subscribe(request)
///     }
///
///     // What has a default has to be handed on, or it is as if the inner transport could not do it.
///     fn incremental(&self, request: RawRequest) -> BoxFuture<'_, Result<RawIncremental, Error>> {
///         self.0.incremental(request)
///     }
///
///     fn execute_batch<'a>(&'a self, requests: &'a [RawRequest]) -> BoxFuture<'a, Result<Vec<Outcome>, Error>> {
///         self.0.execute_batch(requests)
///     }
///
///     fn takes_uploads(&self) -> bool {
///         self.0.takes_uploads()
///     }
///
///     fn catches_up(&self) -> bool {
///         self.0.catches_up()
///     }
///
///     fn state(&self) -> Option<tokio::sync::watch::Receiver<SessionState>> {
///         self.0.state()
///     }
///
///     fn counters(&self) -> BoxFuture<'_, Option<Counters>> {
///         self.0.counters()
///     }
///
///     fn close(&self) -> BoxFuture<'_, ()> {
///         self.0.close()
///     }
/// }
///
/// fn timed(client: &Client) -> Client {
///     Client::with_transport(Timed(client.transport()))
/// }
/// ```
///
/// To change a request, clone it first: [`headers_mut`](RawRequest::headers_mut). The clone counts as the same call.
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Runs a query or a mutation.
    ///
    /// An answer that is a GraphQL response is a success here, whatever errors it holds.
    fn execute<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<RawResponse, Error>>;

    /// Runs a query or a mutation whose answer may come in pieces (`@defer`, `@stream`); ready when the answer begins.
    ///
    /// A transport that knows of no pieces runs it as any other, and its answer is the only payload: that is the default.
    fn incremental(&self, request: RawRequest) -> BoxFuture<'_, Result<RawIncremental, Error>> {
        Box::pin(async move {
            let answer = self.execute(&request).await?;
            Ok(RawIncremental {
                status: answer.status,
                headers: answer.headers,
                payloads: Box::new(OnePayload(Some(answer.body), String::new())),
            })
        })
    }

    /// Runs several queries and mutations as one batch: an outcome for each, in their order.
    ///
    /// Headers, credentials, timeout and retry policy stand on each of them, and are the same for all. By default they
    /// run beside one another, each for itself; a transport that can carry several in one message does that instead.
    ///
    /// # Errors
    ///
    /// The batch as such is refused before anything of it is sent. What happens to it later is the outcome of each.
    fn execute_batch<'a>(&'a self, requests: &'a [RawRequest]) -> BoxFuture<'a, Result<Vec<Outcome>, Error>> {
        Box::pin(async move { Ok(join_all(requests.iter().map(|request| self.execute(request))).await) })
    }

    /// Whether requests may have [uploads](RawRequest::has_uploads) here; `false` unless said otherwise. Where it says no,
    /// they are refused before they come here. A transport around another one asks that.
    fn takes_uploads(&self) -> bool {
        false
    }

    /// Starts a subscription; ready when the server has acknowledged it. Dropping the source ends it.
    ///
    /// What a request says of its queue is for a transport that has one. A request with a
    /// [`catch_up`](RawRequest::catch_up) comes to a transport that says that it [`catches_up`](Self::catches_up).
    fn subscribe(&self, request: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>>;

    /// Whether subscriptions may have a catch-up here: a query that this transport runs each time when the subscription has
    /// been acknowledged, the first and after each gap, and whose answer comes as [`RawEvent::Snapshot`] before the events
    /// that came in the meantime.
    ///
    /// Where it says no, as it does by default, [`Subscribe::catch_up`](crate::Subscribe::catch_up) is refused with an
    /// error. A transport around another one asks that.
    fn catches_up(&self) -> bool {
        false
    }

    /// How the connections of subscriptions are, where there are any to watch.
    fn state(&self) -> Option<watch::Receiver<SessionState>> {
        None
    }

    /// What the connections of subscriptions have done, where that is counted.
    fn counters(&self) -> BoxFuture<'_, Option<Counters>> {
        Box::pin(async { None })
    }

    /// Ends every subscription and lets go of every connection.
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// A transport that several clients share.
impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn execute<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<RawResponse, Error>> {
        (**self).execute(request)
    }

    fn incremental(&self, request: RawRequest) -> BoxFuture<'_, Result<RawIncremental, Error>> {
        (**self).incremental(request)
    }

    fn execute_batch<'a>(&'a self, requests: &'a [RawRequest]) -> BoxFuture<'a, Result<Vec<Outcome>, Error>> {
        (**self).execute_batch(requests)
    }

    fn takes_uploads(&self) -> bool {
        (**self).takes_uploads()
    }

    fn subscribe(&self, request: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>> {
        (**self).subscribe(request)
    }

    fn catches_up(&self) -> bool {
        (**self).catches_up()
    }

    fn state(&self) -> Option<watch::Receiver<SessionState>> {
        (**self).state()
    }

    fn counters(&self) -> BoxFuture<'_, Option<Counters>> {
        (**self).counters()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        (**self).close()
    }
}

/// What became of one request of a [batch](Transport::execute_batch).
pub type Outcome = Result<RawResponse, Error>;

/// The events of one subscription, as text.
pub trait EventSource: fmt::Debug + Send {
    /// The next event; `None` once the server has completed the subscription.
    ///
    /// An error is the last thing before `None`.
    fn poll_event<'s>(&'s mut self, cx: &mut Context<'_>) -> Poll<Option<Result<RawEvent<'s>, Error>>>;

    /// Asks the server to end the subscription. Nothing more arrives.
    fn stop(&mut self);
}

/// What comes out of an [`EventSource`].
#[derive(Debug)]
#[non_exhaustive]
pub enum RawEvent<'s> {
    /// Events were dropped here.
    Dropped(Dropped),
    /// Events may be missing here.
    Gap(Gap),
    /// The JSON of an event.
    Next(&'s str),
    /// The JSON of the answer to the catch-up.
    Snapshot(&'s str),
}

/// A request as it is sent, and what a transport has to know of it.
#[derive(Clone)]
#[non_exhaustive]
pub struct RawRequest {
    body: Arc<str>,
    kind: OperationKind,
    name: Option<Arc<str>>,
    id: Option<DocumentId>,
    pub(crate) by_get: bool,
    /// Whether the document speaks of `@defer` or `@stream`; a comment or a text in it that does is no harm.
    #[cfg_attr(not(feature = "http"), allow(dead_code))]
    pub(crate) may_come_in_pieces: bool,
    /// How many requests this is, if it is a batch.
    #[cfg_attr(not(feature = "http"), allow(dead_code))]
    pub(crate) batch: Option<usize>,
    #[cfg(feature = "upload")]
    pub(crate) uploads: crate::upload::Uploads,
    pub(crate) headers: HeaderMap,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) auth: Option<Arc<dyn AuthProvider>>,
    pub(crate) catch_up: Option<Arc<RawRequest>>,
    pub(crate) overflow: Option<Overflow>,
    pub(crate) queue_messages: Option<usize>,
    pub(crate) queue_bytes: Option<usize>,
    pub(crate) progress: Progress,
    /// Whether the client's schema is asked, if it has one.
    #[cfg(feature = "schema")]
    pub(crate) validate: bool,
}

impl RawRequest {
    /// The exact JSON of the request.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The same, for a task that outlives the call.
    #[cfg(feature = "websocket")]
    pub(crate) fn shared_body(&self) -> Arc<str> {
        Arc::clone(&self.body)
    }

    /// What kind of operation the document holds under the name that was asked for.
    pub fn kind(&self) -> OperationKind {
        self.kind
    }

    /// The name of the operation, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The id that stands in place of the document, for a [request by id](Request::by_id).
    pub fn document_id(&self) -> Option<&str> {
        self.id.as_ref().map(|id| &*id.id)
    }

    /// Where that id is to stand, if the request says so.
    #[cfg(feature = "http")]
    pub(crate) fn id_place(&self) -> Option<IdPlace> {
        self.id.as_ref()?.place
    }

    /// Whether the caller wants this query sent in the URL of a `GET`.
    pub fn is_by_get(&self) -> bool {
        self.by_get
    }

    /// Whether files go along, which the body alone does not show.
    pub fn has_uploads(&self) -> bool {
        #[cfg(feature = "upload")]
        return !self.uploads.is_empty();
        #[cfg(not(feature = "upload"))]
        false
    }

    /// The same request with another body: another way to write the same thing.
    #[cfg(any(feature = "http", feature = "upload"))]
    pub(crate) fn with_body(&self, body: impl Into<Arc<str>>) -> Self {
        Self {
            body: body.into(),
            ..self.clone()
        }
    }

    /// Headers for this request alone.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The same, for a transport around another one that adds to them.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    /// The credentials for this request, where the caller gave it others than the client's.
    pub fn auth(&self) -> Option<&Arc<dyn AuthProvider>> {
        self.auth.as_ref()
    }

    /// How long this request may take, where the caller said so. The client itself sees to it, whatever the transport
    /// does.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// The query to run whenever this subscription has been acknowledged, where the caller gave one. It has the headers
    /// and credentials of the subscription.
    pub fn catch_up(&self) -> Option<&RawRequest> {
        self.catch_up.as_deref()
    }

    /// What becomes of events for which the queue of this subscription has no room, where the caller said so.
    pub fn overflow(&self) -> Option<Overflow> {
        self.overflow
    }

    /// How many events of this subscription may wait, where the caller said so.
    pub fn queue_messages(&self) -> Option<usize> {
        self.queue_messages
    }

    /// How many bytes of events of this subscription may wait, where the caller said so.
    pub fn queue_bytes(&self) -> Option<usize> {
        self.queue_bytes
    }

    /// When to try again, where the caller said so: it is the transport that knows whether anything was sent.
    pub fn retry(&self) -> Option<&RetryPolicy> {
        self.retry.as_ref()
    }

    /// Writes a request down, having read its document: what a client does before it calls its transport.
    ///
    /// # Errors
    ///
    /// The document has a syntax error, holds no operation, several without saying which, or several of the name that
    /// was asked for, or is a subscription with more than one root field; or the request cannot be JSON.
    pub fn new<T>(request: &Request<T>) -> Result<Self, Error> {
        let (kind, name) = match request.document_id() {
            None => describe(request.document(), request.named_operation())?,
            Some((id, kind, _)) => {
                if id.is_empty() {
                    return Err(Error::request("the id of the document is empty"));
                }
                (kind, request.named_operation().map(Into::into))
            }
        };
        let id = request
            .document_id()
            .map(|(id, _, place)| DocumentId { id: id.into(), place });
        Ok(Self {
            body: request.to_json()?.into(),
            kind,
            name,
            id,
            by_get: false,
            may_come_in_pieces: ["@defer", "@stream"]
                .iter()
                .any(|name| request.document().contains(name)),
            batch: None,
            #[cfg(feature = "upload")]
            uploads: crate::upload::Uploads::default(),
            headers: HeaderMap::new(),
            timeout: None,
            retry: None,
            auth: None,
            catch_up: None,
            overflow: None,
            queue_messages: None,
            queue_bytes: None,
            progress: Progress::default(),
            #[cfg(feature = "schema")]
            validate: true,
        })
    }

    /// Several requests as one: a JSON array, which is a mutation if any of them is. All have the options of the first.
    #[cfg(feature = "http")]
    pub(crate) fn array(requests: &[Self]) -> Option<Self> {
        let mut body = String::from("[");
        for (index, request) in requests.iter().enumerate() {
            if index > 0 {
                body.push(',');
            }
            body.push_str(&request.body);
        }
        body.push(']');
        let mutation = requests.iter().find(|request| request.kind == OperationKind::Mutation);
        let array = Self {
            name: None,
            id: None,
            by_get: false,
            batch: Some(requests.len()),
            kind: mutation.map_or(OperationKind::Query, |mutation| mutation.kind),
            #[cfg(feature = "upload")]
            uploads: crate::upload::Uploads::of_batch(requests),
            ..requests.first()?.with_body(body)
        };
        Some(array)
    }
}

/// The kind and the name of the operation that is meant.
fn describe(document: &str, named: Option<&str>) -> Result<(OperationKind, Option<Arc<str>>), Error> {
    let outline =
        Outline::parse(document).map_err(|error| Error::request(error.render(document)).with_source(error))?;
    let operation = outline
        .select(named)
        .map_err(|error| Error::request(error.to_string()))?;
    let namesakes = outline.operations().iter();
    let namesakes = namesakes.filter(|other| other.name() == operation.name()).count();
    if namesakes > 1 {
        let name = operation.name().unwrap_or_default();
        return Err(Error::request(format!(
            "the document has {namesakes} operations of the name {name}, and no server can tell which is meant: rename \
             all but one"
        )));
    }
    if operation.kind() == OperationKind::Subscription {
        let roots = operation.root_fields().count();
        if roots > 1 {
            return Err(Error::request(format!(
                "a subscription takes exactly one root field, this one has {roots}: split it into one subscription for each"
            )));
        }
    }
    Ok((operation.kind(), operation.name().map(Into::into)))
}

/// Hides the body: it holds the variables.
impl fmt::Debug for RawRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawRequest")
            .field("kind", &self.kind)
            .field("name", &self.name)
            .field("body_len", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct DocumentId {
    id: Arc<str>,
    #[cfg_attr(not(feature = "http"), allow(dead_code))]
    place: Option<IdPlace>,
}

/// An answer as it came.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RawResponse {
    /// The HTTP status; 200 where there is no HTTP.
    pub status: StatusCode,
    /// The headers; empty where there is no HTTP.
    pub headers: HeaderMap,
    /// The JSON of the response.
    pub body: String,
}

impl RawResponse {
    /// An answer without HTTP around it.
    pub fn new(body: impl Into<String>) -> Self {
        Self {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: body.into(),
        }
    }
}

/// An answer that comes in pieces.
#[derive(Debug)]
#[non_exhaustive]
pub struct RawIncremental {
    /// The HTTP status; 200 where there is no HTTP.
    pub status: StatusCode,
    /// The headers; empty where there is no HTTP.
    pub headers: HeaderMap,
    /// The payloads, each as [`RawEvent::Next`]; dropping them abandons the request.
    pub payloads: Box<dyn EventSource>,
}

impl RawIncremental {
    /// An answer without HTTP around it.
    pub fn new(payloads: Box<dyn EventSource>) -> Self {
        Self {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            payloads,
        }
    }
}

/// An answer that came as a whole, and the text that was handed out.
#[derive(Debug)]
pub(crate) struct OnePayload(pub(crate) Option<String>, pub(crate) String);

impl EventSource for OnePayload {
    fn poll_event<'s>(&'s mut self, _: &mut Context<'_>) -> Poll<Option<Result<RawEvent<'s>, Error>>> {
        Poll::Ready(self.0.take().map(|text| {
            self.1 = text;
            Ok(RawEvent::Next(&self.1))
        }))
    }

    fn stop(&mut self) {
        self.0 = None;
    }
}
