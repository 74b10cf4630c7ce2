//! Queries that are executed shortly after one another, as one batch.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use gqlwire_proto::scan::OperationKind;
use tokio::sync::{Notify, watch};

use crate::transport::{EventSource, Outcome, RawIncremental, RawRequest, Transport};
use crate::{Counters, Error, ErrorKind, SessionState};

/// How automatic batching goes about: for how long a batch is open, and how many fit in.
///
/// The first query opens a batch; what is executed while it is open goes along, in one request. Each call has its own
/// answer and keeps its own timeout, and a call that is dropped takes only itself out. Only calls with equal headers,
/// credentials and retry policy go together. Nothing runs in the background: the calls that wait drive their batch.
///
/// A query that finds no company goes as a request of its own. So do, at once, queries by
/// [`GET`](crate::Execute::get), requests with files, and mutations, for servers execute a batch in any order they like;
/// [`mutations`](Self::mutations) batches these too, among themselves.
#[derive(Clone, Debug)]
pub struct Batching {
    interval: Duration,
    most: usize,
    mutations: bool,
}

impl Default for Batching {
    fn default() -> Self {
        Self {
            interval: Duration::from_millis(10),
            most: 10,
            mutations: false,
        }
    }
}

impl Batching {
    /// Batches of up to 10, open for 10 ms.
    pub fn new() -> Self {
        Self::default()
    }

    /// For how long a batch is open after its first query; default 10 ms. It is what a query waits at most.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// How many go in one batch; default 10, which is the limit of several servers. A full batch is sent at once. At
    /// least 1.
    #[must_use]
    pub fn most(mut self, most: usize) -> Self {
        self.most = most.max(1);
        self
    }

    /// Batches mutations too, in batches of their own.
    #[must_use]
    pub fn mutations(mut self) -> Self {
        self.mutations = true;
        self
    }
}

/// Holds requests back until they have company.
pub(crate) struct BatchingTransport {
    inner: Arc<dyn Transport>,
    batching: Batching,
    open: Arc<Mutex<Vec<Open>>>,
}

/// A batch that takes more.
struct Open {
    batch: Arc<Batch>,
    outcomes: Shared<BoxFuture<'static, Arc<Vec<Outcome>>>>,
}

struct Batch {
    members: Mutex<Vec<Member>>,
    /// Told when there is no more room.
    full: Notify,
}

#[derive(Clone)]
struct Member {
    request: RawRequest,
    gone: Arc<AtomicBool>,
}

/// Takes its call out of the batch when that is dropped.
struct Place(Arc<AtomicBool>);

impl BatchingTransport {
    pub(crate) fn new(inner: Arc<dyn Transport>, batching: Batching) -> Self {
        Self {
            inner,
            batching,
            open: Arc::default(),
        }
    }

    fn goes_alone(&self, request: &RawRequest) -> bool {
        let fits = match request.kind() {
            OperationKind::Query => true,
            OperationKind::Mutation => self.batching.mutations,
            OperationKind::Subscription => false,
        };
        !fits || request.is_by_get() || request.has_uploads() || self.batching.most < 2
    }

    async fn join(&self, request: &RawRequest) -> Outcome {
        crate::runtime::current()?;
        let waiting = format!("the wait of the {} for its batch", request.kind());
        request.progress.before_sending(waiting);
        let member = Member {
            request: request.clone(),
            gone: Arc::default(),
        };
        let _place = Place(Arc::clone(&member.gone));
        let (outcomes, index) = self.enter(member);
        let outcomes = outcomes.await;
        outcomes.get(index).cloned().unwrap_or_else(|| {
            let message = "the transport gave too few outcomes for a batch";
            Err(Error::new(ErrorKind::Protocol, message).after_sending())
        })
    }

    /// Goes into a batch that is open for its like, or opens one.
    fn enter(&self, member: Member) -> (Shared<BoxFuture<'static, Arc<Vec<Outcome>>>>, usize) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        // Those whose calls were all dropped are driven by nobody, and never close.
        open.retain(|open| open.batch.lock().iter().any(|member| !member.is_gone()));
        let like = open.iter().position(|open| open.batch.takes(&member));
        let Some(position) = like else {
            let batch = Arc::new(Batch {
                members: Mutex::new(vec![member]),
                full: Notify::new(),
            });
            let outcomes = self.running(Arc::clone(&batch)).boxed().shared();
            open.push(Open {
                batch,
                outcomes: outcomes.clone(),
            });
            return (outcomes, 0);
        };
        let (index, outcomes) = {
            let joined = &open[position];
            let mut members = joined.batch.lock();
            members.push(member);
            (members.len() - 1, joined.outcomes.clone())
        };
        if index + 1 >= self.batching.most {
            open.remove(position).batch.full.notify_one();
        }
        (outcomes, index)
    }

    /// The life of a batch: it waits, closes, and is sent. Whichever of its calls are polled drive it.
    fn running(&self, batch: Arc<Batch>) -> impl Future<Output = Arc<Vec<Outcome>>> + Send + 'static {
        let (inner, interval, open) = (Arc::clone(&self.inner), self.batching.interval, Arc::clone(&self.open));
        async move {
            let _ = tokio::time::timeout(interval, batch.full.notified()).await;
            close(&open, &batch);
            let members = std::mem::take(&mut *batch.lock());
            // Said once: a call may be dropped while the batch is on its way.
            let stays: Vec<bool> = members.iter().map(|member| !member.is_gone()).collect();
            let members = members.into_iter().map(|member| member.request).zip(&stays);
            let staying: Vec<RawRequest> = members
                .filter(|(_, stays)| **stays)
                .map(|(request, _)| request)
                .collect();
            let outcomes = match staying.as_slice() {
                [] => Vec::new(),
                [alone] => vec![inner.execute(alone).await],
                several => {
                    for request in several {
                        let sending = format!("the {} in a batch of {}", request.kind(), several.len());
                        request.progress.after_sending(sending);
                    }
                    let outcomes = inner.execute_batch(several).await;
                    outcomes.unwrap_or_else(|error| vec![Err(error); several.len()])
                }
            };
            let mut outcomes = outcomes.into_iter();
            let dropped = || Err(Error::new(ErrorKind::Closed, "the call was dropped"));
            let in_place = stays.iter().map(|stays| match stays {
                true => outcomes.next().unwrap_or_else(dropped),
                false => dropped(),
            });
            Arc::new(in_place.collect())
        }
    }
}

fn close(open: &Mutex<Vec<Open>>, batch: &Arc<Batch>) {
    let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
    open.retain(|open| !Arc::ptr_eq(&open.batch, batch));
}

impl Batch {
    fn lock(&self) -> MutexGuard<'_, Vec<Member>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a request may go in it: one that is sent exactly as the others are.
    fn takes(&self, other: &Member) -> bool {
        let members = self.lock();
        let Some(first) = members.first() else { return false };
        let (first, other) = (&first.request, &other.request);
        let same_auth = match (first.auth(), other.auth()) {
            (None, None) => true,
            (Some(first), Some(other)) => Arc::ptr_eq(first, other),
            _ => false,
        };
        same_auth
            && first.kind() == other.kind()
            && first.headers() == other.headers()
            && first.retry() == other.retry()
    }
}

impl Member {
    fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl fmt::Debug for BatchingTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchingTransport")
            .field("batching", &self.batching)
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

impl Transport for BatchingTransport {
    fn execute<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Outcome> {
        match self.goes_alone(request) {
            true => self.inner.execute(request),
            false => Box::pin(self.join(request)),
        }
    }

    fn incremental(&self, request: RawRequest) -> BoxFuture<'_, Result<RawIncremental, Error>> {
        self.inner.incremental(request)
    }

    fn execute_batch<'a>(&'a self, requests: &'a [RawRequest]) -> BoxFuture<'a, Result<Vec<Outcome>, Error>> {
        self.inner.execute_batch(requests)
    }

    fn takes_uploads(&self) -> bool {
        self.inner.takes_uploads()
    }

    fn subscribe(&self, request: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>> {
        self.inner.subscribe(request)
    }

    fn catches_up(&self) -> bool {
        self.inner.catches_up()
    }

    fn state(&self) -> Option<watch::Receiver<SessionState>> {
        self.inner.state()
    }

    fn counters(&self) -> BoxFuture<'_, Option<Counters>> {
        self.inner.counters()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
}
