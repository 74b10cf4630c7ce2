//! What a person is told of lost connections: one line when one is lost, one when it is back.

use std::collections::HashSet;
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
    last_loss: Option<SystemTime>,
    /// The subscriptions that have come back since.
    back: HashSet<usize>,
}

impl Notices {
    pub(crate) fn new(client: &Client) -> Self {
        Self {
            state: client.state(),
            is_lost: false,
            is_told: false,
            last_loss: None,
            back: HashSet::new(),
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

    /// Says that a connection is back, and what may be missing; once for all subscriptions that shared it.
    pub(crate) fn gap(&mut self, subscription: usize, gap: &Gap) {
        if !self.is_news(subscription, gap.since) {
            return;
        }
        let lasted = gap.until.duration_since(gap.since).unwrap_or_default();
        let message = format!("connected again: the events of {lasted:.1?} may be missing");
        match std::mem::take(&mut self.is_told) {
            true => report::warning(message),
            false => report::warning(format_args!("{message}: {}", gap.cause)),
        }
    }

    /// Whether this gap comes from another loss than the last one did. No subscription has two gaps from one.
    fn is_news(&mut self, subscription: usize, since: SystemTime) -> bool {
        /// The time of a loss is found anew for each subscription, from two clocks.
        const APART: Duration = Duration::from_millis(20);
        let is_near = self.last_loss.is_some_and(|last| {
            let apart = since.duration_since(last);
            apart.unwrap_or_else(|error| error.duration()) < APART
        });
        if is_near && self.back.insert(subscription) {
            return false;
        }
        self.last_loss = Some(since);
        self.back = HashSet::from([subscription]);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_news_once_for_all_that_shared_the_connection() {
        let mut notices = Notices {
            state: None,
            is_lost: false,
            is_told: false,
            last_loss: None,
            back: HashSet::new(),
        };
        let start = SystemTime::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        assert!(notices.is_news(0, at(100)));
        assert!(!notices.is_news(1, at(101)));
        assert!(!notices.is_news(2, at(99)));
        // Lost again at once.
        assert!(notices.is_news(1, at(105)));
        assert!(!notices.is_news(0, at(105)));
        assert!(notices.is_news(2, at(5000)));
    }
}
