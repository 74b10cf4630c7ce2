use std::collections::BTreeMap;

/// Who is asked for credentials: the driver's number for a provider.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct AuthSource(pub u32);

impl AuthSource {
    /// The client's own provider, which every connection is opened with.
    pub const CLIENT: Self = Self(0);
}

/// Which credentials have been issued, and which are being replaced: so that ten connections that are refused with
/// the same ones ask for better ones once, and the refusal of what is already replaced asks for nothing.
#[derive(Debug, Default)]
pub(super) struct Credentials {
    sources: BTreeMap<AuthSource, Source>,
}

#[derive(Debug, Default)]
struct Source {
    users: usize,
    latest: u64,
    /// Up to which generation better ones are known to exist.
    replaced: Option<u64>,
    refreshing: Option<u64>,
}

/// What a refusal calls for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Remedy {
    /// Another attempt: there are newer credentials already.
    Retry,
    /// Asking the provider for better ones.
    Refresh,
    /// Waiting for the answer to that question, which has been asked.
    Wait,
}

/// How often the remedies were used in a row: each once, then a refusal is final.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Remedies {
    retried: bool,
    refreshed: bool,
    clock_corrected: bool,
}

impl Remedies {
    /// Whether this remedy has not been used yet; it is now.
    pub(super) fn allow(&mut self, remedy: Remedy) -> bool {
        let used = match remedy {
            Remedy::Retry => &mut self.retried,
            Remedy::Refresh | Remedy::Wait => &mut self.refreshed,
        };
        !std::mem::replace(used, true)
    }

    /// The same of the right time.
    pub(super) fn allow_right_time(&mut self) -> bool {
        !std::mem::replace(&mut self.clock_corrected, true)
    }
}

impl Credentials {
    pub(super) fn joined(&mut self, source: AuthSource) {
        self.sources.entry(source).or_default().users += 1;
    }

    /// What nobody uses is forgotten.
    pub(super) fn left(&mut self, source: AuthSource) {
        let Some(entry) = self.sources.get_mut(&source) else {
            return;
        };
        entry.users = entry.users.saturating_sub(1);
        if entry.users == 0 && source != AuthSource::CLIENT {
            self.sources.remove(&source);
        }
    }

    pub(super) fn issued(&mut self, source: AuthSource, generation: u64) {
        let entry = self.sources.entry(source).or_default();
        entry.latest = entry.latest.max(generation);
    }

    pub(super) fn refused(&self, source: AuthSource, generation: u64) -> Remedy {
        let Some(entry) = self.sources.get(&source) else {
            return Remedy::Refresh;
        };
        if entry.latest > generation || entry.replaced.is_some_and(|replaced| replaced >= generation) {
            return Remedy::Retry;
        }
        match entry.refreshing {
            Some(asked) if asked >= generation => Remedy::Wait,
            _ => Remedy::Refresh,
        }
    }

    pub(super) fn refreshing(&mut self, source: AuthSource, generation: u64) {
        self.sources.entry(source).or_default().refreshing = Some(generation);
    }

    pub(super) fn refreshed(&mut self, source: AuthSource, generation: u64, better: bool) {
        let entry = self.sources.entry(source).or_default();
        if entry.refreshing == Some(generation) {
            entry.refreshing = None;
        }
        if better {
            entry.replaced = entry.replaced.max(Some(generation));
        }
    }
}
