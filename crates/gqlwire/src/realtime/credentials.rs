//! What the driver knows of the providers that it asks.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use gqlwire_proto::session::{AuthSource, Issued};

use crate::auth::{AuthProvider, Authorization};
use crate::http::ServerClock;
use crate::redact::Secrets;

/// How many connections' secrets are remembered, to be taken out of what servers say about them.
const REMEMBERED: usize = 64;

/// The client's provider, and those of single subscriptions.
pub(super) struct Sources {
    sources: HashMap<AuthSource, Source>,
    last: u32,
    clock: Arc<ServerClock>,
    secrets: VecDeque<Secrets>,
}

struct Source {
    provider: Arc<dyn AuthProvider>,
    issued: Option<Authorization>,
    /// What the next credentials are counted as at least. A provider that never counts has its refreshes counted here,
    /// so that what a refresh brought is not taken for what was refused before it.
    floor: u64,
}

/// Who is to be asked, and what was known when the question was put.
#[derive(Clone)]
pub(super) struct Question {
    pub(super) provider: Arc<dyn AuthProvider>,
    pub(super) now: SystemTime,
    floor: u64,
}

/// An answer.
pub(super) struct Answer {
    pub(super) authorization: Authorization,
    pub(super) generation: u64,
    /// The server's time and ours, if it told its own.
    pub(super) dates: Option<(SystemTime, SystemTime)>,
}

impl Question {
    pub(super) fn answered(&self, authorization: Authorization) -> Answer {
        Answer {
            generation: authorization.generation.max(self.floor),
            authorization,
            dates: None,
        }
    }
}

impl Answer {
    /// What a session wants to know of it. `wall` is now, by the same clock as the expiry.
    pub(super) fn issued(&self, now: Instant, wall: SystemTime) -> Issued {
        let left = |expires: SystemTime| expires.duration_since(wall).unwrap_or_default();
        Issued {
            generation: self.generation,
            // What lives for longer than any clock can tell does not expire.
            expires_at: self
                .authorization
                .expires_at
                .and_then(|expires| now.checked_add(left(expires))),
            dates: self.dates,
        }
    }
}

impl Sources {
    pub(super) fn new(client: Arc<dyn AuthProvider>, clock: Arc<ServerClock>) -> Self {
        Self {
            sources: HashMap::from([(AuthSource::CLIENT, Source::new(client))]),
            last: AuthSource::CLIENT.0,
            clock,
            secrets: VecDeque::new(),
        }
    }

    pub(super) fn add(&mut self, provider: Arc<dyn AuthProvider>) -> AuthSource {
        loop {
            self.last = self.last.wrapping_add(1);
            let source = AuthSource(self.last);
            if let Entry::Vacant(free) = self.sources.entry(source) {
                free.insert(Source::new(provider));
                return source;
            }
        }
    }

    pub(super) fn remove(&mut self, source: AuthSource) {
        if source != AuthSource::CLIENT {
            self.sources.remove(&source);
        }
    }

    pub(super) fn correct(&self, seconds: i64) {
        self.clock.set_ahead(self.clock.ahead().saturating_add(seconds));
    }

    /// The time as the server is believed to see it.
    pub(super) fn correct_time(&self, wall: SystemTime) -> SystemTime {
        self.clock.time(wall)
    }

    pub(super) fn question(&self, source: AuthSource, wall: SystemTime) -> Option<Question> {
        let entry = self.sources.get(&source)?;
        Some(Question {
            provider: Arc::clone(&entry.provider),
            now: self.correct_time(wall),
            floor: entry.floor,
        })
    }

    /// Keeps what a provider issued last: it is told when that is refused.
    pub(super) fn issued(&mut self, source: AuthSource, authorization: Authorization) {
        if let Some(entry) = self.sources.get_mut(&source) {
            entry.issued = Some(authorization);
        }
    }

    pub(super) fn last_issued(&self, source: AuthSource) -> Option<(Arc<dyn AuthProvider>, Authorization)> {
        let entry = self.sources.get(&source)?;
        Some((Arc::clone(&entry.provider), entry.issued.clone()?))
    }

    pub(super) fn refreshed(&mut self, source: AuthSource, generation: u64) {
        if let Some(entry) = self.sources.get_mut(&source) {
            entry.floor = entry.floor.max(generation.saturating_add(1));
        }
    }

    pub(super) fn provider(&self, source: AuthSource) -> Option<&dyn AuthProvider> {
        self.sources.get(&source).map(|entry| entry.provider.as_ref())
    }

    /// What a connection was opened with is not to be shown.
    pub(super) fn remember(&mut self, secrets: Secrets) {
        if self.secrets.len() == REMEMBERED {
            self.secrets.pop_front();
        }
        self.secrets.push_back(secrets);
    }

    /// Takes the connections' secrets out of an error.
    pub(super) fn redact(&self, error: crate::Error) -> crate::Error {
        self.secrets
            .iter()
            .fold(error, |error, secrets| error.without_secrets(secrets))
    }
}

impl Source {
    fn new(provider: Arc<dyn AuthProvider>) -> Self {
        Self {
            provider,
            issued: None,
            floor: 0,
        }
    }
}
