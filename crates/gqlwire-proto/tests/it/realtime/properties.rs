use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use gqlwire_proto::appsync::{Action, End, Realtime, SubscriptionId, Timeouts};
use proptest::prelude::*;

use crate::scenario::authorization;

/// One thing that may happen to a connection. Subscriptions are named by the order of their start, or by an id that
/// nobody has.
#[derive(Clone, Debug)]
enum Step {
    Ack,
    About(&'static str, u64),
    ErrorWithoutId,
    Oddity(&'static str),
    Start,
    Stop(usize),
    Time(u64),
    Drain,
    Close,
    Fatal(u8),
}

const ODDITIES: [&str; 11] = [
    r#"{"type":"ka"}"#,
    r#"{"type":"starting"}"#,
    r#"{"type":"data","payload":{"data":1}}"#,
    r#"{"type":"data","id":1,"payload":{"data":1}}"#,
    r#"{"type":"error","id":1,"payload":{"errors":[{"message":"no"}]}}"#,
    r#"{"type":"error","id":"01","payload":{"errors":[{"message":"no"}]}}"#,
    r#"{"type":"complete","id":"+2"}"#,
    r#"{"type":"complete"}"#,
    r#"{"type":"start_ack","id":""}"#,
    r#"{"type":"connection_ack","payload":{"connectionTimeoutMs":1000}}"#,
    r#"{"id":"1","type":"data","payload":{"data":1}"#,
];

fn step() -> impl Strategy<Value = Step> {
    let about = prop::sample::select(vec!["data", "start_ack", "complete", "error"]);
    prop_oneof![
        2 => Just(Step::Ack),
        12 => (about, 1_u64..8).prop_map(|(kind, id)| Step::About(kind, id)),
        2 => Just(Step::ErrorWithoutId),
        3 => prop::sample::select(ODDITIES.to_vec()).prop_map(Step::Oddity),
        6 => Just(Step::Start),
        4 => (0_usize..8).prop_map(Step::Stop),
        6 => (0_u64..20_000).prop_map(Step::Time),
        6 => Just(Step::Drain),
        1 => Just(Step::Close),
        1 => (0_u8..5).prop_map(Step::Fatal),
    ]
}

/// A connection, and what is known about it by having watched it.
struct Watched {
    connection: Realtime,
    now: Instant,
    started: Vec<SubscriptionId>,
    acknowledged: HashSet<SubscriptionId>,
    ended: HashMap<SubscriptionId, End>,
    stopped: HashSet<SubscriptionId>,
    closed: bool,
}

impl Watched {
    fn opened() -> Self {
        let now = Instant::now();
        Self {
            connection: Realtime::opened(Timeouts::default(), now),
            now,
            started: Vec::new(),
            acknowledged: HashSet::new(),
            ended: HashMap::new(),
            stopped: HashSet::new(),
            closed: false,
        }
    }

    fn drain(&mut self) -> Result<(), TestCaseError> {
        while let Some(action) = self.connection.poll() {
            match action {
                Action::Ended(id, end) => {
                    prop_assert!(self.started.contains(&id), "an end of what was never started");
                    prop_assert_eq!(self.ended.insert(id, end), None, "two ends of {}", id);
                }
                _ if self.closed => prop_assert!(false, "{:?} after the close", action),
                Action::Acknowledged(id) => {
                    prop_assert!(self.acknowledged.insert(id), "acknowledged twice");
                    prop_assert!(!self.ended.contains_key(&id), "acknowledged after its end");
                }
                Action::Ping => panic!("AppSync is not pinged"),
                Action::Close(_) => {
                    self.closed = true;
                    for id in &self.started {
                        prop_assert!(self.ended.contains_key(id), "{} is alive after the close", id);
                    }
                    prop_assert_eq!(self.connection.subscriptions(), 0);
                    prop_assert_eq!(self.connection.deadline(), None);
                }
                Action::Ready | Action::Send(_) => {}
            }
        }
        Ok(())
    }

    fn frame(&mut self, frame: &str) -> Result<(), TestCaseError> {
        let event = self.connection.frame(frame, self.now);
        if let Some(event) = event {
            self.drain()?;
            prop_assert!(
                self.acknowledged.contains(&event.id),
                "an event before its acknowledgement"
            );
            prop_assert!(!self.ended.contains_key(&event.id), "an event after the end");
            prop_assert!(!self.stopped.contains(&event.id), "an event after the stop");
        }
        Ok(())
    }

    fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match *step {
            Step::Ack => self.frame(r#"{"type":"connection_ack","payload":{"connectionTimeoutMs":30000}}"#)?,
            Step::About(kind, number) => {
                self.drain()?;
                let payload = r#","payload":{"errors":[{"message":"no"}]}"#;
                self.frame(&format!(r#"{{"id":"{number}","type":"{kind}"{payload}}}"#))?;
                let before: HashSet<_> = self.ended.keys().copied().collect();
                self.drain()?;
                let touched = self.ended.keys().filter(|id| !before.contains(id));
                for id in touched {
                    prop_assert_eq!(id.to_string(), number.to_string(), "{} ended another", kind);
                }
            }
            Step::ErrorWithoutId => {
                self.drain()?;
                let before: HashSet<_> = self.ended.keys().copied().collect();
                self.frame(r#"{"type":"error","payload":{"errorType":"LimitExceededError"}}"#)?;
                self.drain()?;
                let touched: Vec<_> = self.ended.keys().filter(|id| !before.contains(id)).collect();
                prop_assert!(touched.len() <= 1, "it ended several");
                for id in touched {
                    prop_assert!(!self.acknowledged.contains(id), "it ended what was acknowledged");
                }
            }
            Step::Oddity(frame) => self.frame(frame)?,
            Step::Start => {
                let id = self.connection.start("{}", authorization(), self.now);
                prop_assert!(!self.started.contains(&id), "an id is used twice");
                self.started.push(id);
            }
            Step::Stop(index) => {
                if let Some(id) = self.started.get(index) {
                    self.connection.stop(*id, self.now);
                    self.stopped.insert(*id);
                }
            }
            Step::Time(millis) => {
                self.now += Duration::from_millis(millis);
                self.connection.tick(self.now);
                if let Some(deadline) = self.connection.deadline() {
                    prop_assert!(deadline > self.now, "a deadline lies in the past");
                }
            }
            Step::Drain => self.drain()?,
            Step::Close => self.connection.close(self.now),
            Step::Fatal(0) => self.connection.binary(3),
            Step::Fatal(1) => self.connection.closed(Some(1006), "gone"),
            Step::Fatal(2) => self.connection.lost("gone"),
            Step::Fatal(3) => self.frame(r#"{"type":"connection_error"}"#)?,
            Step::Fatal(_) => self.frame("[]")?,
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_start_ends_exactly_once_and_the_close_is_the_last_thing(
        opened in prop::collection::vec(step(), 0..4),
        ready in prop::collection::vec(step(), 0..60),
    ) {
        let mut watched = Watched::opened();
        for step in opened.iter().chain([&Step::Ack]).chain(&ready) {
            watched.take(step)?;
        }
        watched.connection.close(watched.now);
        watched.drain()?;
        // What is still open closes by time alone.
        while let Some(deadline) = watched.connection.deadline() {
            prop_assert!(!watched.closed);
            watched.connection.tick(deadline);
        }
        watched.drain()?;
        prop_assert!(watched.closed, "it never closed");
        for id in &watched.started {
            prop_assert!(watched.ended.contains_key(id), "{} never ended", id);
        }
    }

    #[test]
    fn no_frame_makes_it_panic(frames in prop::collection::vec(any_frame(), 0..8)) {
        let now = Instant::now();
        let mut connection = Realtime::opened(Timeouts::default(), now);
        connection.frame(r#"{"type":"connection_ack"}"#, now);
        connection.start("{}", authorization(), now);
        for frame in &frames {
            if let Some(event) = connection.frame(frame, now) {
                prop_assert_eq!(event.id.to_string(), "1");
            }
        }
    }
}

/// Text, JSON of any kind, and messages cut or spoilt at some place.
fn any_frame() -> impl Strategy<Value = String> {
    let cut = (
        prop::sample::select(ODDITIES.to_vec()),
        any::<prop::sample::Index>(),
        ".{0,3}",
    )
        .prop_map(|(frame, at, insert)| {
            let (head, tail) = frame.split_at(at.index(frame.len()));
            format!("{head}{insert}{tail}")
        });
    prop_oneof![cut, ".{0,40}", r#"\{"(id|type|payload)":[0-9a-z"{}\[\],:]{0,30}\}?"#]
}
