use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use gqlwire_proto::connection::{Action, Connection, End, Protocol, Start, SubscriptionId};
use proptest::prelude::*;

use super::story::{BODY, settings};

#[derive(Clone, Debug)]
enum Step {
    Ack,
    About(&'static str, u64, u16),
    Oddity(&'static str),
    Any(String),
    Start(u16, bool),
    Stop(usize),
    Finish(usize),
    Time(u64),
    Drain,
    Close,
    Fatal(u8),
}

const ODDITIES: [&str; 14] = [
    r#"{"type":"ka"}"#,
    r#"{"type":"ping","payload":[1]}"#,
    r#"{"type":"pong"}"#,
    r#"{"type":"data","id":1,"payload":{"data":1}}"#,
    r#"{"type":"error","payload":{"message":"no"}}"#,
    r#"{"type":"complete","id":"+2"}"#,
    r#"{"id":"65536","type":"next","payload":{"data":1}"#,
    r#"[null,null,"d0","subscription:data",{"result":{"data":1},"subscriptionId":"d0"}]"#,
    r#"[null,null,"d1","subscription:data",{"result":{"data":1}}]"#,
    r#"[null,"9","phoenix","phx_reply",{"status":"ok","response":{}}]"#,
    r#"["1","1","__absinthe__:control","phx_error",{}]"#,
    r#"{"topic":"t","event":"e","payload":{},"ref":null}"#,
    r#"["1","3","t","phx_reply",{"status":1}]"#,
    r#"{"type":"connection_error"}"#,
];

fn step() -> impl Strategy<Value = Step> {
    let about = prop::sample::select(vec!["data", "next", "complete", "error", "ok", "subscribed", "event"]);
    prop_oneof![
        2 => Just(Step::Ack),
        14 => (about, 1_u64..8, 0_u16..3).prop_map(|(kind, nth, slot)| Step::About(kind, nth, slot)),
        2 => prop::sample::select(ODDITIES.to_vec()).prop_map(Step::Oddity),
        1 => r#"[\[{"a-z0-9:,\]} ]{0,30}"#.prop_map(Step::Any),
        6 => (0_u16..3, any::<bool>()).prop_map(|(slot, once)| Step::Start(slot, once)),
        3 => (0_usize..8).prop_map(Step::Stop),
        2 => (0_usize..8).prop_map(Step::Finish),
        6 => (0_u64..20_000).prop_map(Step::Time),
        6 => Just(Step::Drain),
        1 => Just(Step::Close),
        1 => (0_u8..3).prop_map(Step::Fatal),
    ]
}

/// A connection, and what is known about it by having watched it.
struct Watched {
    connection: Connection,
    now: Instant,
    started: Vec<SubscriptionId>,
    acknowledged: HashSet<SubscriptionId>,
    ended: HashMap<SubscriptionId, End>,
    stopped: HashSet<SubscriptionId>,
    closed: bool,
}

impl Watched {
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
                Action::Close(_) => {
                    self.closed = true;
                    for id in &self.started {
                        prop_assert!(self.ended.contains_key(id), "{} is alive after the close", id);
                    }
                    prop_assert_eq!(self.connection.operations(), 0);
                    prop_assert_eq!(self.connection.deadline(), None);
                }
                Action::Ping | Action::Ready | Action::Send(_) => {}
            }
        }
        prop_assert!(self.connection.operations() <= self.started.len());
        Ok(())
    }

    fn frame(&mut self, frame: &str) -> Result<(), TestCaseError> {
        self.drain()?;
        let event = self.connection.frame(frame, self.now);
        self.drain()?;
        if let Some(event) = event {
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
        let phoenix = self.connection.protocol() == Protocol::Phoenix;
        match step {
            Step::Ack if phoenix => {
                self.frame(r#"["1","1","__absinthe__:control","phx_reply",{"status":"ok","response":{}}]"#)?;
            }
            Step::Ack => self.frame(r#"{"type":"connection_ack","payload":{}}"#)?,
            Step::About(kind, nth, _) if phoenix => {
                let reply = |status: &str, response: &str| {
                    format!(
                        r#"["1","{}","t","phx_reply",{{"status":"{status}","response":{response}}}]"#,
                        nth + 1
                    )
                };
                self.frame(&match *kind {
                    "error" => reply("error", r#"{"errors":[{"message":"no"}]}"#),
                    "subscribed" | "complete" => reply("ok", &format!(r#"{{"subscriptionId":"d{nth}"}}"#)),
                    "ok" => reply("ok", r#"{"data":1}"#),
                    _ => format!(r#"[null,null,"d{nth}","subscription:data",{{"result":{{"data":1}}}}]"#),
                })?;
            }
            Step::About(kind, nth, slot) => {
                let id = (nth << 16) | u64::from(*slot);
                self.drain()?;
                let before: HashSet<_> = self.ended.keys().copied().collect();
                self.frame(&format!(r#"{{"id":"{id}","type":"{kind}","payload":{{"data":1}}}}"#))?;
                let touched = self.ended.keys().filter(|id| !before.contains(id));
                for touched in touched.filter(|_| !self.closed) {
                    prop_assert_eq!(touched.to_string(), id.to_string(), "{} ended another", kind);
                }
            }
            Step::Oddity(frame) => self.frame(frame)?,
            Step::Any(frame) => self.frame(frame)?,
            Step::Start(slot, once) => {
                let start = Start {
                    body: BODY,
                    authorization: None,
                    once: *once,
                };
                let id = self.connection.start_in(*slot, start, self.now);
                prop_assert!(!self.started.contains(&id), "an id is used twice");
                self.started.push(id);
            }
            Step::Stop(index) | Step::Finish(index) => {
                if let Some(id) = self.started.get(*index) {
                    match step {
                        Step::Stop(_) => self.connection.stop(*id, self.now),
                        _ => self.connection.finish(*id, self.now),
                    }
                    self.stopped.insert(*id);
                }
            }
            Step::Time(millis) => {
                self.now += Duration::from_millis(*millis);
                self.connection.tick(self.now);
                if let Some(deadline) = self.connection.deadline() {
                    prop_assert!(deadline > self.now, "a deadline lies in the past");
                }
            }
            Step::Drain => self.drain()?,
            Step::Close => self.connection.close(self.now),
            Step::Fatal(0) => self.connection.binary(3),
            Step::Fatal(1) => self.connection.closed(Some(1006), "gone"),
            Step::Fatal(_) => self.connection.lost("gone"),
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(768))]

    #[test]
    fn every_start_ends_exactly_once_and_the_close_is_the_last_thing(
        protocol in prop::sample::select(vec![Protocol::LegacyWs, Protocol::Phoenix, Protocol::TransportWs]),
        opened in prop::collection::vec(step(), 0..4),
        ready in prop::collection::vec(step(), 0..60),
    ) {
        let now = Instant::now();
        let mut watched = Watched {
            connection: Connection::opened(protocol, &settings(), None, now),
            now,
            started: Vec::new(),
            acknowledged: HashSet::new(),
            ended: HashMap::new(),
            stopped: HashSet::new(),
            closed: false,
        };
        for step in opened.iter().chain([&Step::Ack]).chain(&ready) {
            watched.take(step)?;
        }
        watched.connection.close(watched.now);
        watched.drain()?;
        prop_assert!(watched.closed, "it never closed");
        for id in &watched.started {
            prop_assert!(watched.ended.contains_key(id), "{} never ended", id);
        }
    }
}
