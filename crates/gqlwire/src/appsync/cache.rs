//! Keeps credentials that are fetched, and fetches them once for all who want them.
//!
//! ```text
//!             fetched            margin before the end              end
//!   ── none ────▶├──────── fresh ────────┼──────── early ────────────┼──── none ──
//!     all wait    all take it             the first to come fetches,   all wait
//!     for one                             the others take what there   for one
//!     fetch                               is
//! ```
//!
//! No task runs in the background: a fetch is driven by those who wait for it, and goes on as long as one of them does.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use tokio::time::timeout;

use crate::{Error, ErrorKind};

/// How long before their end credentials are replaced: a minute more than what sessions replace their connections
/// with, so that a new connection gets new credentials.
pub(super) const EARLY: Duration = Duration::from_secs(6 * 60);

/// As much of a lifetime as may be given up for being early, for credentials that live shortly. More than the fifth that
/// sessions take.
const EARLY_PART: u32 = 4;

/// How long a fetch may take.
const LIMIT: Duration = Duration::from_secs(30);

/// How long the one who fetches early waits for that, having something to go on with.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long after an early fetch began the next may begin, if it brought nothing newer.
const EARLY_PAUSE: Duration = Duration::from_secs(30);

/// How long a failure to fetch is told to all who ask, without trying again.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);

/// How long after a refusal had fresh credentials fetched those may be refused in vain.
const REFUSAL_PAUSE: Duration = Duration::from_secs(30);

/// How long credentials are used that have already ended when they come: a clock is wrong, most likely ours.
const LEAST: Duration = Duration::from_secs(10);

/// Clones share what is kept.
pub(super) struct Cache<V>(Arc<Inner<V>>);

struct Inner<V> {
    fetch: Fetch<V>,
    /// Whether two values are the same.
    same: fn(&V, &V) -> bool,
    state: Mutex<State<V>>,
}

type Fetch<V> = Box<dyn Fn() -> BoxFuture<'static, Result<Fetched<V>, Error>> + Send + Sync>;
type Outcome<V> = Result<Arc<Kept<V>>, Error>;
type Flight<V> = Shared<BoxFuture<'static, Outcome<V>>>;

/// What a fetch brings.
pub(super) struct Fetched<V> {
    pub(super) value: V,
    pub(super) ends: Ends,
}

/// When credentials end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ends {
    At(SystemTime),
    In(Duration),
    Unknown,
}

/// What is kept.
pub(super) struct Kept<V> {
    pub(super) value: V,
    /// When it ends, as far as that is known and lies ahead.
    pub(super) expires_at: Option<SystemTime>,
    pub(super) generation: u64,
    refresh_at: Option<SystemTime>,
    usable_until: Option<SystemTime>,
}

struct State<V> {
    early: Duration,
    kept: Option<Arc<Kept<V>>>,
    generation: u64,
    flight: Option<WeakShared<BoxFuture<'static, Outcome<V>>>>,
    /// Whether what is kept was refused, so that all wait for the flight.
    forced: bool,
    /// The time as it was told last.
    now: SystemTime,
    early_began: Option<SystemTime>,
    /// When the last fetch began that a refusal had asked for and that came to its end.
    forced_began: Option<SystemTime>,
    failed: Option<(SystemTime, Error)>,
}

enum Step<V> {
    /// Take this.
    Take(Arc<Kept<V>>),
    /// Wait for this; there is nothing else.
    Wait(Flight<V>),
    /// Wait for this as long as there is patience, and otherwise take the other.
    Early(Flight<V>, Arc<Kept<V>>),
    /// Wait for this, and otherwise take the other.
    Replace(Flight<V>, Arc<Kept<V>>),
    Fail(Error),
}

impl<V: Clone + Send + Sync + 'static> Cache<V> {
    pub(super) fn new<F>(fetch: F, same: fn(&V, &V) -> bool) -> Self
    where
        F: Fn() -> BoxFuture<'static, Result<Fetched<V>, Error>> + Send + Sync + 'static,
    {
        Self(Arc::new(Inner {
            fetch: Box::new(fetch),
            same,
            state: Mutex::new(State {
                early: EARLY,
                kept: None,
                generation: 0,
                flight: None,
                forced: false,
                now: SystemTime::UNIX_EPOCH,
                early_began: None,
                forced_began: None,
                failed: None,
            }),
        }))
    }

    pub(super) fn set_early(&self, early: Duration) {
        self.0.lock().early = early;
    }

    /// What is good now, fetched if need be. Dropping this drops no fetch that others wait for.
    pub(super) async fn get(&self, now: SystemTime) -> Outcome<V> {
        let step = self.0.step(now);
        match step {
            Step::Take(kept) => Ok(kept),
            Step::Wait(flight) => flight.await,
            Step::Early(flight, kept) => Ok(match timeout(PATIENCE, flight).await {
                Ok(Ok(newer)) => newer,
                _ => kept,
            }),
            Step::Replace(flight, kept) => Ok(flight.await.unwrap_or(kept)),
            Step::Fail(error) => Err(error),
        }
    }

    /// What is of this generation was refused; whether there is something better by now.
    pub(super) async fn refused(&self, generation: u64) -> bool {
        let Some(flight) = self.0.force(generation) else {
            return self.0.lock().generation > generation;
        };
        flight.await.is_ok_and(|kept| kept.generation > generation)
    }

    /// The same for what was handed out last.
    pub(super) async fn last_refused(&self) -> bool {
        let generation = self.0.lock().generation;
        self.refused(generation).await
    }
}

impl<V: Clone + Send + Sync + 'static> Inner<V> {
    fn step(self: &Arc<Self>, now: SystemTime) -> Step<V> {
        // Declared first, so that it is dropped after the lock: it may hold the last of the user's future.
        let flight;
        let mut state = self.lock();
        state.now = now;
        flight = state.flight.as_ref().and_then(WeakShared::upgrade);
        let Some(kept) = state.usable(now) else {
            if let Some(flight) = flight {
                return Step::Wait(flight);
            }
            return match &state.failed {
                Some((at, error)) if is_within(FAILURE_PAUSE, *at, now) => Step::Fail(error.clone()),
                _ => Step::Wait(self.begin(&mut state, now, false)),
            };
        };
        match flight {
            Some(flight) if state.forced => return Step::Replace(flight, kept),
            Some(_) => return Step::Take(kept),
            None => {}
        }
        let is_early = kept.refresh_at.is_some_and(|at| now >= at);
        let paused = state.early_began.is_some_and(|at| is_within(EARLY_PAUSE, at, now));
        // Without a runtime there is no timer, and what is kept is still good.
        if !is_early || paused || crate::runtime::current().is_err() {
            return Step::Take(kept);
        }
        state.early_began = Some(now);
        Step::Early(self.begin(&mut state, now, false), kept)
    }

    /// The fetch that a refusal asks for; nothing if there is no use in one.
    fn force(self: &Arc<Self>, generation: u64) -> Option<Flight<V>> {
        let mut state = self.lock();
        if state.generation > generation {
            return None;
        }
        if let Some(flight) = state.flight.as_ref().and_then(WeakShared::upgrade) {
            state.forced = true;
            return Some(flight);
        }
        let now = state.now;
        if state.forced_began.is_some_and(|at| is_within(REFUSAL_PAUSE, at, now)) {
            return None;
        }
        Some(self.begin(&mut state, now, true))
    }

    fn begin(self: &Arc<Self>, state: &mut State<V>, now: SystemTime, forced: bool) -> Flight<V> {
        let inner = Arc::clone(self);
        let flight = async move {
            let fetched = inner.fetch().await;
            inner.land(fetched, now)
        };
        let flight = flight.boxed().shared();
        state.flight = flight.downgrade();
        state.forced = forced;
        flight
    }

    async fn fetch(&self) -> Result<Fetched<V>, Error> {
        crate::runtime::current()?;
        // Here and not around the flight: a runtime that is shut down meanwhile makes the timer panic.
        let fetched = AssertUnwindSafe(async { timeout(LIMIT, (self.fetch)()).await }).catch_unwind();
        match fetched.await {
            Ok(Ok(fetched)) => fetched,
            Ok(Err(_)) => Err(Error::timeout("fetching credentials", LIMIT)),
            Err(_) => Err(Error::new(
                ErrorKind::Auth,
                "the function that fetches credentials panicked",
            )),
        }
    }

    /// Keeps what was fetched. `now` is when that began.
    fn land(&self, fetched: Result<Fetched<V>, Error>, now: SystemTime) -> Outcome<V> {
        let mut state = self.lock();
        state.flight = None;
        if std::mem::take(&mut state.forced) {
            state.forced_began = Some(now);
        }
        let fetched = match fetched {
            Ok(fetched) => fetched,
            Err(error) => {
                tracing::debug!(kind = ?error.kind(), "no new credentials");
                state.failed = Some((now, error.clone()));
                return Err(error);
            }
        };
        state.failed = None;
        let before = state.kept.take();
        let before = before.filter(|kept| (self.same)(&kept.value, &fetched.value));
        let is_new = before.is_none();
        state.generation += u64::from(is_new);
        let ends = match fetched.ends {
            Ends::At(end) => Some(end),
            Ends::In(lifetime) => now.checked_add(lifetime),
            Ends::Unknown => None,
        };
        let expires_at = ends.filter(|end| *end > now);
        let lifetime = expires_at.and_then(|end| end.duration_since(now).ok());
        let usable_until = match ends {
            Some(end) if end <= now => now.checked_add(LEAST),
            ends => ends,
        };
        // What came too early to be other than before is asked for again before long.
        let refresh_at = match before.filter(|kept| kept.expires_at == expires_at) {
            Some(kept) => kept.refresh_at,
            None => {
                state.early_began = None;
                lifetime.and_then(|life| now.checked_add(life - state.early.min(life / EARLY_PART)))
            }
        };
        let kept = Arc::new(Kept {
            value: fetched.value,
            expires_at,
            generation: state.generation,
            refresh_at,
            usable_until,
        });
        tracing::debug!(generation = kept.generation, is_new, ?lifetime, "credentials fetched");
        state.kept = Some(Arc::clone(&kept));
        Ok(kept)
    }

    fn lock(&self) -> MutexGuard<'_, State<V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> State<V> {
    fn usable(&self, now: SystemTime) -> Option<Arc<Kept<V>>> {
        let kept = self.kept.as_ref()?;
        let usable = kept.usable_until.is_none_or(|end| now < end);
        usable.then(|| Arc::clone(kept))
    }
}

/// Whether `now` lies within this time after `then`. A clock that was put back is not waited for.
fn is_within(time: Duration, then: SystemTime, now: SystemTime) -> bool {
    now.duration_since(then).is_ok_and(|passed| passed < time)
}

impl<V> Clone for Cache<V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V> fmt::Debug for Cache<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Cache")
            .field("generation", &state.generation)
            .field("expires_at", &state.kept.as_ref().and_then(|kept| kept.expires_at))
            .finish_non_exhaustive()
    }
}
