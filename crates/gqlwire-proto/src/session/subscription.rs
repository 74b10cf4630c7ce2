use std::sync::Arc;
use std::time::{Duration, Instant};

use super::catch_up::CatchUp;
use super::credentials::Remedies;
use super::lane::Place;
use super::{AuthSource, Backoff, Cause, Once, Takeover};

/// One subscription over all its sockets.
///
/// ```text
///               lane is ready, pacing allows      provider answers           start_ack, or data
///  Waiting ──▶ Queued ────────────────▶ Authorizing ────────────▶ Starting ─────────────────────▶ Active
///     ▲ ▲        ▲                          │ failed                 │ │ no start_ack in time           │
///     │ │        └── time ── Backoff ◀──────┴────────────────────────┼─┘ (its id stays known)           │
///     │ └─────────── refreshed ── Refreshing ◀── refused credentials ┘                                  │
///     └──────────────────────────────── the socket is lost: an outage begins ───────────────────────────┘
/// ```
///
/// The same again, as `next`, for the socket that is to take over; there a refusal means that it stays where it is.
pub(super) struct Subscription {
    pub(super) body: Arc<str>,
    pub(super) source: AuthSource,
    pub(super) wants_catch_up: bool,
    /// A query or mutation: it never moves, and ends with its first result.
    pub(super) once: Option<Once>,
    pub(super) acknowledged: bool,
    pub(super) connect_by: Option<(Instant, Duration)>,
    /// Until when a query is repeated.
    pub(super) repeat_by: Option<(Instant, Duration)>,
    pub(super) lane: u32,
    pub(super) attempt: Attempt,
    pub(super) next: Option<Attempt>,
    /// Where events are taken from.
    pub(super) serving: Option<Place>,
    /// Where they will be taken from after the cut.
    pub(super) taking: Option<Place>,
    pub(super) takeover: Option<Box<Takeover>>,
    /// Duplicates of the take-over that are in the session's counter already.
    pub(super) counted: u64,
    pub(super) gap_told: bool,
    /// Starts whose time has run out, but which the server may still acknowledge.
    pub(super) lingering: Vec<Place>,
    pub(super) outage: Option<(Instant, Cause)>,
    pub(super) catch_up: Option<Box<CatchUp>>,
    pub(super) runs: u32,
    pub(super) tickets: u32,
    pub(super) generation: u64,
    pub(super) backoff: Backoff,
    pub(super) next_backoff: Backoff,
    pub(super) remedies: Remedies,
    /// How often the clock had been corrected when its last start was signed.
    pub(super) corrections: u32,
    pub(super) cause: Option<Cause>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Attempt {
    Active,
    Authorizing {
        ticket: u32,
        epoch: u32,
    },
    Backoff {
        until: Instant,
    },
    Queued,
    Refreshing {
        generation: u64,
    },
    Starting {
        place: Place,
        until: Instant,
    },
    /// Refused by the socket that takes over: it stays where it is.
    Stays,
    Waiting,
}

/// Which of a lane's two sockets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Which {
    Main,
    Next,
}

impl Subscription {
    pub(super) fn attempt(&self, which: Which) -> Option<Attempt> {
        match which {
            Which::Main => Some(self.attempt),
            Which::Next => self.next,
        }
    }

    pub(super) fn set_attempt(&mut self, which: Which, attempt: Attempt) {
        match which {
            Which::Main => self.attempt = attempt,
            Which::Next => self.next = Some(attempt),
        }
    }

    /// Whether an event may be handed on without a look at anything else.
    pub(super) fn is_plain(&self) -> bool {
        self.takeover.is_none() && self.catch_up.is_none() && self.once.is_none()
    }

    /// Every place that the server may know it at.
    pub(super) fn places(&self) -> Vec<Place> {
        let starting = [Some(self.attempt), self.next]
            .into_iter()
            .filter_map(|attempt| match attempt {
                Some(Attempt::Starting { place, .. }) => Some(place),
                _ => None,
            });
        let mut places: Vec<Place> = self.serving.into_iter().chain(self.taking).chain(starting).collect();
        places.extend(&self.lingering);
        places.dedup();
        places
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let of = |attempt: Option<Attempt>| match attempt {
            Some(Attempt::Backoff { until } | Attempt::Starting { until, .. }) => Some(until),
            _ => None,
        };
        let connect_by = self.connect_by.map(|(at, _)| at);
        let takeover = self.takeover.as_ref().and_then(|takeover| takeover.deadline());
        let settle = self.catch_up.as_ref().and_then(|catch_up| catch_up.settled_at());
        [of(Some(self.attempt)), of(self.next), connect_by, takeover, settle]
            .into_iter()
            .flatten()
            .min()
    }
}
