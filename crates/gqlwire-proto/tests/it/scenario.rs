//! A connection on a virtual clock, told as a story: what is said, what time passes, what is expected.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use gqlwire_proto::appsync::{Action, ClientMessage, Data, Disconnect, End, Realtime, SubscriptionId, Timeouts};
use serde_json::value::RawValue;

pub(crate) const ACK: Duration = Duration::from_secs(15);
pub(crate) const START_ACK: Duration = Duration::from_secs(15);
pub(crate) const STOP: Duration = Duration::from_secs(10);
pub(crate) const INSTANT: Duration = Duration::from_millis(1);

/// Each expectation consumes what it expects; [`Scenario::done`] finds what nobody expected.
#[must_use]
pub(crate) struct Scenario {
    connection: Realtime,
    now: Instant,
    ids: HashMap<String, SubscriptionId>,
    data: Vec<(SubscriptionId, String)>,
}

impl Scenario {
    /// The socket has opened, and `connection_init` is sent.
    pub(crate) fn opened() -> Self {
        Self::opened_with(Timeouts::default())
    }

    pub(crate) fn opened_with(timeouts: Timeouts) -> Self {
        let now = Instant::now();
        let scenario = Self {
            connection: Realtime::opened(timeouts, now),
            now,
            ids: HashMap::new(),
            data: Vec::new(),
        };
        scenario.sends(ClientMessage::CONNECTION_INIT)
    }

    /// Opened and acknowledged.
    pub(crate) fn ready() -> Self {
        Self::opened()
            .server(r#"{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}"#)
            .becomes_ready()
    }

    /// Starts the subscription that must get this number as its id.
    pub(crate) fn start(mut self, id: &str) -> Self {
        let started = self.connection.start(r#"{"query":"q"}"#, authorization(), self.now);
        assert_eq!(started.to_string(), id);
        self.ids.insert(id.to_owned(), started);
        self
    }

    /// Starts, and expects the message.
    pub(crate) fn pending(self, id: &str) -> Self {
        self.start(id).sends(&start_text(id))
    }

    /// Starts, and is acknowledged.
    pub(crate) fn active(self, id: &str) -> Self {
        self.pending(id)
            .server(&format!(r#"{{"type":"start_ack","id":"{id}"}}"#))
            .acknowledges(id)
    }

    pub(crate) fn stop(mut self, id: &str) -> Self {
        self.connection.stop(self.ids[id], self.now);
        self
    }

    /// Stops, and expects the message.
    pub(crate) fn stopping(self, id: &str) -> Self {
        self.stop(id).sends(&stop_text(id))
    }

    pub(crate) fn close(mut self) -> Self {
        self.connection.close(self.now);
        self
    }

    pub(crate) fn server(mut self, frame: &str) -> Self {
        if let Some(Data { id, payload }) = self.connection.frame(frame, self.now) {
            self.data.push((id, payload.to_owned()));
        }
        self
    }

    pub(crate) fn binary(mut self, len: usize) -> Self {
        self.connection.binary(len);
        self
    }

    pub(crate) fn peer_closes(mut self, code: Option<u16>, reason: &str) -> Self {
        self.connection.closed(code, reason);
        self
    }

    pub(crate) fn breaks(mut self, why: &str) -> Self {
        self.connection.lost(why);
        self
    }

    /// Time passes, and the clock ticks once at its end.
    pub(crate) fn passes(mut self, time: Duration) -> Self {
        self.now += time;
        self.connection.tick(self.now);
        if let Some(deadline) = self.connection.deadline() {
            assert!(deadline > self.now, "a deadline was passed over");
        }
        self
    }

    /// One millisecond less passes, and nothing happens; then that millisecond passes.
    pub(crate) fn waits_exactly(self, time: Duration) -> Self {
        let scenario = self.passes(time - INSTANT).nothing();
        assert_eq!(scenario.connection.deadline(), Some(scenario.now + INSTANT));
        scenario.passes(INSTANT)
    }

    pub(crate) fn next_deadline_in(self, time: impl Into<Option<Duration>>) -> Self {
        let left = self.connection.deadline().map(|deadline| deadline - self.now);
        assert_eq!(left, time.into());
        self
    }

    pub(crate) fn expect(mut self, action: &Action) -> Self {
        assert_eq!(self.connection.poll().as_ref(), Some(action));
        self
    }

    pub(crate) fn sends(self, text: &str) -> Self {
        self.expect(&Action::Send(text.to_owned()))
    }

    pub(crate) fn becomes_ready(self) -> Self {
        let scenario = self.expect(&Action::Ready);
        assert!(scenario.connection.is_ready());
        scenario
    }

    pub(crate) fn acknowledges(self, id: &str) -> Self {
        let id = self.ids[id];
        self.expect(&Action::Acknowledged(id))
    }

    pub(crate) fn ends(self, id: &str, end: End) -> Self {
        let id = self.ids[id];
        self.expect(&Action::Ended(id, end))
    }

    pub(crate) fn delivers(mut self, id: &str, payload: &str) -> Self {
        assert!(!self.data.is_empty(), "nothing was delivered");
        assert_eq!(self.data.remove(0), (self.ids[id], payload.to_owned()));
        self
    }

    /// Closes, with this cause, as the last thing.
    pub(crate) fn closes(self, cause: Disconnect) -> Self {
        let scenario = self.expect(&Action::Close(cause)).nothing().next_deadline_in(None);
        assert!(!scenario.connection.is_ready());
        assert_eq!(scenario.connection.subscriptions(), 0);
        scenario
    }

    pub(crate) fn holds(self, subscriptions: usize) -> Self {
        assert_eq!(self.connection.subscriptions(), subscriptions);
        self
    }

    /// Nothing is to do and nothing was delivered beyond what was expected.
    pub(crate) fn nothing(mut self) -> Self {
        assert_eq!(self.connection.poll(), None);
        assert_eq!(self.data, []);
        self
    }

    pub(crate) fn done(self) {
        let _ = self.nothing();
    }
}

pub(crate) fn authorization() -> &'static RawValue {
    serde_json::from_str(r#"{"host":"h","x-api-key":"da2-secret"}"#).unwrap()
}

pub(crate) fn start_text(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","type":"start","payload":{{"data":"{{\"query\":\"q\"}}","extensions":{{"authorization":{{"host":"h","x-api-key":"da2-secret"}}}}}}}}"#
    )
}

pub(crate) fn stop_text(id: &str) -> String {
    format!(r#"{{"type":"stop","id":"{id}"}}"#)
}
