use std::time::{Duration, Instant};

use gqlwire_proto::connection::{Action, Connection, Data, Disconnect, End, Protocol, Settings, Start, SubscriptionId};

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const BODY: &str = r#"{"query":"q","variables":{"a":1}}"#;

/// A connection on a virtual clock. Each expectation consumes what it expects, and [`nothing`](Self::nothing) finds
/// what nobody expected.
#[must_use]
pub(crate) struct Story {
    pub(crate) connection: Connection,
    now: Instant,
    data: Vec<(SubscriptionId, String)>,
}

impl Story {
    pub(crate) fn opened(protocol: Protocol, init: Option<&str>) -> Self {
        Self::opened_with(protocol, &settings(), init)
    }

    pub(crate) fn opened_with(protocol: Protocol, settings: &Settings, init: Option<&str>) -> Self {
        let now = Instant::now();
        Self {
            connection: Connection::opened(protocol, settings, init, now),
            now,
            data: Vec::new(),
        }
    }

    pub(crate) fn server(mut self, frame: &str) -> Self {
        if let Some(Data { id, payload }) = self.connection.frame(frame, self.now) {
            self.data.push((id, payload.to_owned()));
        }
        self
    }

    pub(crate) fn start(&mut self, slot: u16, once: bool) -> SubscriptionId {
        let start = Start {
            body: BODY,
            authorization: None,
            once,
        };
        self.connection.start_in(slot, start, self.now)
    }

    pub(crate) fn stop(mut self, id: SubscriptionId) -> Self {
        self.connection.stop(id, self.now);
        self
    }

    pub(crate) fn finish(mut self, id: SubscriptionId) -> Self {
        self.connection.finish(id, self.now);
        self
    }

    pub(crate) fn close(mut self) -> Self {
        self.connection.close(self.now);
        self
    }

    pub(crate) fn pong(mut self) -> Self {
        self.connection.pong(self.now);
        self
    }

    pub(crate) fn passes(mut self, time: Duration) -> Self {
        self.now += time;
        self.connection.tick(self.now);
        if let Some(deadline) = self.connection.deadline() {
            assert!(deadline > self.now, "a deadline was passed over");
        }
        self
    }

    /// A millisecond less passes, and nothing happens; then that millisecond passes.
    pub(crate) fn waits_exactly(self, time: Duration) -> Self {
        let least = Duration::from_millis(1);
        let story = self.passes(time - least).nothing();
        assert_eq!(story.connection.deadline(), Some(story.now + least));
        story.passes(least)
    }

    pub(crate) fn expect(mut self, action: &Action) -> Self {
        assert_eq!(self.connection.poll().as_ref(), Some(action));
        self
    }

    pub(crate) fn sends(self, text: &str) -> Self {
        self.expect(&Action::Send(text.to_owned()))
    }

    pub(crate) fn becomes_ready(self) -> Self {
        let story = self.expect(&Action::Ready);
        assert!(story.connection.is_ready());
        story
    }

    pub(crate) fn ends(self, id: SubscriptionId, end: End) -> Self {
        self.expect(&Action::Ended(id, end))
    }

    pub(crate) fn delivers(mut self, id: SubscriptionId, payload: &str) -> Self {
        assert!(!self.data.is_empty(), "nothing was delivered");
        assert_eq!(self.data.remove(0), (id, payload.to_owned()));
        self
    }

    pub(crate) fn closes(self, cause: Disconnect) -> Self {
        let story = self.expect(&Action::Close(cause)).nothing();
        assert_eq!((story.connection.deadline(), story.connection.operations()), (None, 0));
        story
    }

    /// Closes because the server broke the protocol, which is said in these words.
    pub(crate) fn closes_for(mut self, why: &str, code: u16) -> Self {
        let protocol = self.connection.protocol();
        let Some(Action::Close(cause)) = self.connection.poll() else {
            panic!("it does not close");
        };
        assert_eq!(cause.close_code(protocol), Some(code));
        assert!(cause.to_string().contains(why), "{cause}");
        self.nothing()
    }

    pub(crate) fn nothing(mut self) -> Self {
        assert_eq!(self.connection.poll(), None);
        assert_eq!(self.data, []);
        self
    }
}

pub(crate) fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.pings = Some(gqlwire_proto::connection::Pings::default());
    settings
}

pub(crate) fn lost() -> Disconnect {
    Disconnect::Lost("cut".to_owned())
}
