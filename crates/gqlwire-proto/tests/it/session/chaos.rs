use std::collections::BTreeMap;
use std::time::Duration;

use gqlwire_proto::connection::Protocol;
use gqlwire_proto::session::{ConnectionState, SessionOptions, SubscribeOptions};
use proptest::prelude::*;

use super::world::{Got, MS, SECOND, World};

/// What may go wrong, or be wanted, next.
#[derive(Clone, Debug)]
enum Step {
    Cut(usize),
    ServerCloses(usize),
    FallSilent(usize),
    Offline(u64),
    CredentialsExpire,
    Throttle(usize),
    Malformed(usize),
    Stray(usize),
    Sleep,
    Subscribe(bool),
    Stop(usize),
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let socket = 0_usize..4;
    prop_oneof![
        4 => socket.clone().prop_map(Step::Cut),
        2 => socket.clone().prop_map(Step::ServerCloses),
        1 => socket.clone().prop_map(Step::FallSilent),
        1 => (0_u64..90_000).prop_map(Step::Offline),
        1 => Just(Step::CredentialsExpire),
        1 => socket.clone().prop_map(Step::Throttle),
        1 => socket.clone().prop_map(Step::Malformed),
        1 => socket.prop_map(Step::Stray),
        1 => Just(Step::Sleep),
        3 => any::<bool>().prop_map(Step::Subscribe),
        1 => (0_usize..8).prop_map(Step::Stop),
        10 => (0_u64..20_000).prop_map(Step::Pass),
    ]
}

struct Chaos {
    world: World,
    published: BTreeMap<u64, Duration>,
    expired: Duration,
}

impl Chaos {
    /// Time passes under a steady stream of numbered events.
    fn pass(&mut self, ms: u64) {
        for _ in 0..ms.div_ceil(100) {
            let number = self.published.len() as u64;
            self.published.insert(number, self.world.now());
            self.world.publish(&number.to_string());
            self.world.pass(100 * MS);
        }
    }

    fn socket(&self, index: usize) -> Option<gqlwire_proto::session::ConnectionId> {
        let open = self.world.open_sockets();
        (!open.is_empty()).then(|| open[index % open.len()])
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Cut(index) => {
                if let Some(socket) = self.socket(index) {
                    self.world.cut(socket);
                }
            }
            Step::ServerCloses(index) => {
                if let Some(socket) = self.socket(index) {
                    self.world.server_closes(socket, 1001);
                }
            }
            Step::FallSilent(index) => {
                if let Some(socket) = self.socket(index) {
                    self.world.fall_silent(socket);
                }
            }
            Step::Offline(ms) => {
                self.world.server.reachable = false;
                for socket in self.world.open_sockets() {
                    self.world.cut(socket);
                }
                self.pass(ms);
                self.world.server.reachable = true;
            }
            Step::CredentialsExpire => {
                // What is refused right after it was refreshed is final, as it should be.
                if self.expired + 10 * SECOND <= self.world.now() {
                    self.expired = self.world.now();
                    self.world.server.accepts += 1;
                }
            }
            Step::Throttle(index) => {
                if let Some(socket) = self.socket(index)
                    && self.world.server.protocol == Protocol::AppSync
                {
                    let frame = r#"{"type":"error","payload":{"errorType":"LimitExceededError"}}"#;
                    self.world.say(socket, frame.to_owned());
                }
            }
            Step::Malformed(index) => {
                if let Some(socket) = self.socket(index) {
                    self.world.say(socket, "[".to_owned());
                }
            }
            // On a Phoenix channel it would be taken for the event of a start that waits for its name.
            Step::Stray(_) if self.world.server.protocol == Protocol::Phoenix => {}
            Step::Stray(index) => {
                if let Some(socket) = self.socket(index) {
                    let frame = self.world.event("987654321", "stray");
                    self.world.say(socket, frame);
                }
            }
            Step::Sleep => self.world.sleeps(3600 * SECOND),
            Step::Subscribe(catch_up) => {
                if self.world.got.len() < 12 {
                    let mut options = SubscribeOptions::new(r#"{"query":"subscription { s }"}"#);
                    options.catch_up = catch_up;
                    self.world.subscribe_with(options);
                }
            }
            Step::Stop(index) => {
                let handle = self.world.got.keys().nth(index).copied();
                if let Some(handle) = handle {
                    self.world.stop(handle);
                }
            }
            Step::Pass(ms) => self.pass(ms),
        }
    }

    /// Every number that was published while a subscriber was registered came once, or lies in a gap.
    fn check(&self, unseen: Duration) -> Result<(), TestCaseError> {
        for log in self.world.got.values() {
            let mut seen: BTreeMap<u64, u32> = BTreeMap::new();
            let mut first = None;
            for got in log {
                if let Got::Data(number) = got {
                    let number: u64 = number.parse().unwrap();
                    *seen.entry(number).or_default() += 1;
                    first.get_or_insert(number);
                }
            }
            for (number, times) in &seen {
                prop_assert_eq!(*times, 1, "{} came {} times: {:?}", number, times, log);
            }
            let gaps: Vec<_> = log
                .iter()
                .filter_map(|got| match got {
                    Got::Gap { since, until, .. } => Some((*since, *until)),
                    _ => None,
                })
                .collect();
            let (Some(first), Some(last)) = (first, seen.keys().next_back().copied()) else {
                continue;
            };
            for (number, at) in self.published.range(first..last) {
                let in_gap = gaps
                    .iter()
                    .any(|(since, until)| *at <= *until + unseen && *at + self.world.server.latency >= *since);
                let came = seen.contains_key(number);
                prop_assert!(came || in_gap, "{} of {:?} is lost: {:?}", number, at, gaps);
            }
            let ends = log.iter().filter(|got| matches!(got, Got::Ended(_))).count();
            prop_assert!(ends <= 1);
        }
        Ok(())
    }
}

fn options() -> SessionOptions {
    let mut options = SessionOptions::default();
    options.subscriptions_per_connection = 3;
    options.connect_deadline = None;
    options.greatest_age = Some(200 * SECOND);
    options.age_lead = 100 * SECOND;
    options
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_event_comes_once_or_lies_in_a_gap(seed: u64, steps in prop::collection::vec(step(), 1..60)) {
        let mut chaos = Chaos { world: World::new(options(), seed), published: BTreeMap::new(), expired: Duration::ZERO };
        chaos.world.subscribe(r#"{"query":"subscription { s }"}"#);
        for step in &steps {
            chaos.take(step);
        }
        // Whatever happened, it heals: two minutes find a socket that has fallen silent.
        chaos.pass(240_000);
        for (handle, log) in &chaos.world.got {
            match log.last() {
                Some(Got::Ended(why)) => prop_assert!(why == "Stopped", "{}: {}", handle.index(), why),
                _ => {
                    let last = chaos.published.len() as u64 - 2;
                    let came = chaos.world.data(*handle).contains(&last.to_string().as_str());
                    prop_assert!(came, "{} is dead", handle.index());
                }
            }
        }
        let worst = chaos.world.worst();
        let well = matches!(worst, ConnectionState::Idle | ConnectionState::Connected | ConnectionState::Rotating);
        prop_assert!(well, "{:?}", worst);
        chaos.check(Duration::ZERO)?;
        prop_assert_eq!(chaos.world.session.counters().possible_duplicates, 0);
        chaos.world.close();
        chaos.world.pass(30 * SECOND);
        prop_assert!(chaos.world.is_closed);
        prop_assert_eq!(chaos.world.session.deadline(), None);
        prop_assert_eq!(chaos.world.session.counters().connections, 0);
        for log in chaos.world.got.values() {
            prop_assert!(matches!(log.last(), Some(Got::Ended(_))));
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn so_it_does_in_every_other_protocol(
        seed: u64,
        protocol in prop::sample::select(vec![Protocol::LegacyWs, Protocol::Phoenix, Protocol::TransportWs]),
        keeps_alive: bool,
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut options = SessionOptions::of(protocol);
        options.subscriptions_per_connection = 3;
        options.connect_deadline = None;
        let mut world = World::speaking(protocol, options, seed);
        world.server.keep_alive = (keeps_alive && protocol == Protocol::LegacyWs).then_some(8 * SECOND);
        let mut chaos = Chaos { world, published: BTreeMap::new(), expired: Duration::ZERO };
        chaos.world.subscribe(r#"{"query":"subscription { s }"}"#);
        for step in &steps {
            chaos.take(step);
        }
        chaos.pass(240_000);
        for (handle, log) in &chaos.world.got {
            match log.last() {
                Some(Got::Ended(why)) => prop_assert!(why == "Stopped", "{}: {}", handle.index(), why),
                _ => {
                    let last = chaos.published.len() as u64 - 2;
                    let came = chaos.world.data(*handle).contains(&last.to_string().as_str());
                    prop_assert!(came, "{} is dead", handle.index());
                }
            }
        }
        // Where nothing is acknowledged, a gap ends when the subscription is sent: on its way it still misses events.
        chaos.check(2 * chaos.world.server.latency)?;
        chaos.world.close();
        chaos.world.pass(30 * SECOND);
        prop_assert!(chaos.world.is_closed);
        prop_assert_eq!(chaos.world.session.deadline(), None);
        for log in chaos.world.got.values() {
            prop_assert!(matches!(log.last(), Some(Got::Ended(_))));
        }
    }
}
