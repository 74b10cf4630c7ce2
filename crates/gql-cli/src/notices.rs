//! What a person is told of lost connections: one line when one is lost, one when it is back.

use std::time::{Duration, SystemTime};

use gqlwire::{Client, ConnectionState, Gap, SessionState};
use tokio::sync::watch;

use crate::report;

/// Watches a client's connections.
#[derive(Debug)]
pub(crate) struct Notices {
    state: Option<watch::Receiver<SessionState>>,
    is_lost: bool,
    /// Whether the loss that a gap comes from was told already.
    is_told: bool,
    last_gap: Option<SystemTime>,
}

impl Notices {
    pub(crate) fn new(client: &Client) -> Self {
        Self {
            state: client.state(),
            is_lost: false,
            is_told: false,
            last_gap: None,
        }
    }

    /// Ready when the state is another one. Cancel safe.
    pub(crate) async fn changed(&mut self) {
        let changed = match &mut self.state {
            Some(state) => state.changed().await.is_ok(),
            None => false,
        };
        if !changed {
            self.state = None;
            std::future::pending().await
        }
    }

    /// The state that needs attention most.
    pub(crate) fn worst(&self) -> ConnectionState {
        let state = self.state.as_ref();
        state.map_or(ConnectionState::Idle, |state| state.borrow().worst())
    }

    /// Says that a connection is lost, once for each time.
    pub(crate) fn look(&mut self) {
        let ConnectionState::Reconnecting { cause, .. } = self.worst() else {
            self.is_lost = false;
            return;
        };
        if !self.is_lost {
            report::warning(format_args!("the connection is lost; reconnecting: {cause}"));
        }
        (self.is_lost, self.is_told) = (true, true);
    }

    /// Says that a connection is back, and what may be missing; once for all that shared it.
    pub(crate) fn gap(&mut self, gap: &Gap) {
        if self.is_same_loss(gap) {
            return;
        }
        self.last_gap = Some(gap.since);
        let lasted = gap.until.duration_since(gap.since).unwrap_or_default();
        let message = format!("connected again: the events of {lasted:.1?} may be missing");
        match std::mem::take(&mut self.is_told) {
            true => report::warning(message),
            false => report::warning(format_args!("{message}: {}", gap.cause)),
        }
    }

    fn is_same_loss(&self, gap: &Gap) -> bool {
        /// The time of a loss is found anew for each subscription, from two clocks.
        const APART: Duration = Duration::from_millis(20);
        self.last_gap.is_some_and(|last| {
            let apart = gap.since.duration_since(last);
            apart.unwrap_or_else(|error| error.duration()) < APART
        })
    }
}
