use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use gqlwire_proto::session::{Takeover, TakeoverRule};
use proptest::prelude::*;

const MS: Duration = Duration::from_millis(1);
const SKEW: u64 = 1000;
const ACK: u64 = 500;
const SETTLED: u64 = ACK + 2000;
const CUT: u64 = SETTLED + 4 * SKEW;

/// A take-over on a virtual clock of milliseconds; the new socket is asked at 0 and acknowledges at 500.
struct Told {
    takeover: Takeover,
    zero: Instant,
    acknowledged: bool,
    delivered: Vec<String>,
}

impl Told {
    fn by(rule: TakeoverRule) -> Self {
        Self {
            takeover: Takeover::new(rule, 42),
            zero: Instant::now(),
            acknowledged: false,
            delivered: Vec::new(),
        }
    }

    fn new() -> Self {
        Self::by(TakeoverRule::default())
    }

    /// Lets time pass up to here, with a tick at each deadline.
    fn until(&mut self, ms: u64) -> Instant {
        let now = self.zero + ms as u32 * MS;
        if !self.acknowledged && ms >= ACK {
            self.acknowledged = true;
            self.takeover.acknowledged(self.zero + ACK as u32 * MS);
        }
        while let Some(at) = self.takeover.deadline().filter(|at| *at <= now) {
            self.takeover.tick(at);
            self.drain();
            if self.takeover.is_over(at) {
                break;
            }
            assert!(self.takeover.deadline() > Some(at), "the deadline does not move");
        }
        now
    }

    fn drain(&mut self) {
        while let Some(text) = self.takeover.due() {
            self.delivered.push(text);
        }
    }

    fn old(mut self, ms: u64, payload: &str) -> Self {
        let now = self.until(ms);
        let deliver = self.takeover.on_old(payload, now);
        self.drain();
        if deliver {
            self.delivered.push(payload.to_owned());
        }
        self
    }

    fn new_(mut self, ms: u64, payload: &str) -> Self {
        let now = self.until(ms);
        let deliver = self.takeover.on_new(payload, now);
        self.drain();
        if deliver {
            self.delivered.push(payload.to_owned());
        }
        self
    }

    fn at(mut self, ms: u64) -> Self {
        self.until(ms);
        self
    }

    fn delivered(self, expected: &[&str]) -> Self {
        assert_eq!(self.delivered, expected);
        self
    }

    fn possible_duplicates(self, expected: u64) -> Self {
        assert_eq!(self.takeover.possible_duplicates(), expected);
        self
    }
}

#[test]
fn before_the_cut_the_old_socket_delivers_and_after_it_the_new_one() {
    Told::new()
        .old(100, "a")
        .new_(150, "a")
        .new_(1000, "b")
        .old(1900, "b")
        .delivered(&["a", "b"])
        .new_(CUT, "c")
        .old(CUT + 10, "c")
        .delivered(&["a", "b", "c"])
        .possible_duplicates(0);
}

#[test]
fn a_copy_that_the_old_socket_never_gets_is_delivered_after_the_skew() {
    Told::new()
        .new_(1000, "a")
        .at(1999)
        .delivered(&[])
        .at(2000)
        .delivered(&["a"])
        .possible_duplicates(0)
        // Late, and so taken for another one rather than dropped.
        .old(2500, "a")
        .delivered(&["a", "a"])
        .possible_duplicates(1);
}

#[test]
fn at_the_cut_what_only_the_new_socket_has_is_delivered() {
    Told::new()
        .new_(CUT - 900, "a")
        .new_(CUT - 100, "b")
        .old(CUT - 50, "a")
        .at(CUT - 1)
        .delivered(&["a"])
        .at(CUT)
        .delivered(&["a", "b"])
        .old(CUT + 10, "b")
        .delivered(&["a", "b"])
        .possible_duplicates(0);
}

#[test]
fn after_the_cut_what_only_the_old_socket_had_is_suppressed_once() {
    Told::new()
        .old(CUT - 100, "a")
        .new_(CUT + 899, "a")
        .delivered(&["a"])
        .possible_duplicates(0)
        .new_(CUT + 950, "a")
        .delivered(&["a", "a"]);
    Told::new()
        .old(CUT - 100, "a")
        .new_(CUT + 900, "a")
        .delivered(&["a", "a"])
        .possible_duplicates(1);
}

#[test]
fn what_comes_twice_near_the_cut_is_delivered_rather_than_dropped_and_counted() {
    Told::new()
        .old(CUT - 500, "a")
        .old(CUT - 200, "a")
        .new_(CUT - 100, "a")
        .new_(CUT + 100, "a")
        .delivered(&["a", "a", "a", "a"])
        .possible_duplicates(2);
}

#[test]
fn what_comes_twice_far_from_the_cut_is_delivered_twice_and_not_four_times() {
    Told::new()
        .old(1000, "a")
        .old(1200, "a")
        .new_(1300, "a")
        .new_(1400, "a")
        .at(CUT + 2 * SKEW)
        .delivered(&["a", "a"])
        .possible_duplicates(0);
}

#[test]
fn it_is_over_a_skew_after_the_cut() {
    let mut told = Told::new().old(CUT - 1, "a").at(CUT);
    assert!(told.takeover.is_cut());
    let end = told.zero + (CUT + SKEW) as u32 * MS;
    assert!(!told.takeover.is_over(end - MS));
    assert_eq!(told.takeover.deadline(), Some(end));
    told.takeover.tick(end);
    assert!(told.takeover.is_over(end));
}

#[test]
fn an_old_socket_that_dies_makes_the_cut() {
    let mut told = Told::new().new_(3000, "a").old(3500, "b").at(3600);
    let now = told.zero + 3600 * MS;
    told.takeover.old_is_gone(now);
    told.drain();
    told.delivered(&["b", "a"])
        .new_(3700, "b")
        .new_(3800, "c")
        .delivered(&["b", "a", "c"]);
}

#[test]
fn a_new_socket_that_dies_before_the_cut_leaves_the_old_one_delivering() {
    let mut told = Told::new().new_(3000, "a").new_(3100, "b").at(3200);
    let now = told.zero + 3200 * MS;
    assert!(told.takeover.new_is_gone(now));
    assert!(!told.takeover.is_over(now));
    let told = told.old(3300, "a").old(3400, "c").at(4100);
    assert!(told.takeover.is_over(told.zero + 4100 * MS));
    told.delivered(&["a", "c", "b"]);
}

#[test]
fn what_memory_cannot_hold_is_delivered_and_counted() {
    let mut rule = TakeoverRule::default();
    rule.withheld_bytes = 3;
    Told::by(rule.clone())
        .new_(1000, "abc")
        .new_(1001, "d")
        .delivered(&["d"])
        .possible_duplicates(1)
        .old(1002, "abc")
        .old(1003, "d")
        .delivered(&["d", "abc", "d"]);
    rule.withheld_bytes = 1000;
    rule.remembered = 1;
    Told::by(rule)
        .old(1000, "a")
        .old(1001, "b")
        .new_(1002, "a")
        .delivered(&["a", "b", "a"])
        .possible_duplicates(2);
}

/// An event that happens once, and when its copies come, if they do.
#[derive(Clone, Debug)]
struct Happening {
    at: u64,
    payload: u8,
    old: u64,
    new: u64,
    reaches_new_early: bool,
}

fn happenings(payloads: u8, delay: u64) -> impl Strategy<Value = Vec<Happening>> {
    let one = (0..11_000_u64, 0..payloads, 0..delay, 0..delay, any::<bool>()).prop_map(
        |(at, payload, old, new, reaches_new_early)| Happening {
            at,
            payload,
            old: at + old,
            new: at + new,
            reaches_new_early,
        },
    );
    prop::collection::vec(one, 0..60)
}

/// What happens when both sockets get what they are promised: the old one everything, the new one everything that
/// happens once it has settled, and some of what happens before.
fn run(events: &[Happening], rule: TakeoverRule) -> Told {
    let mut arrivals: Vec<_> = events.iter().map(|event| (event.old, true, event.payload)).collect();
    let on_new = events
        .iter()
        // What only the old one gets, and that after the cut, no rule can save.
        .filter(|event| event.at >= SETTLED || event.reaches_new_early || event.old >= CUT);
    arrivals.extend(on_new.map(|event| (event.new, false, event.payload)));
    arrivals.sort_by_key(|(at, ..)| *at);
    arrivals
        .into_iter()
        .fold(Told::by(rule), |told, (at, old, payload)| {
            let payload = payload.to_string();
            match old {
                true => told.old(at, &payload),
                false => told.new_(at, &payload),
            }
        })
        .at(60_000)
}

fn count(payloads: impl IntoIterator<Item = String>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for payload in payloads {
        *counts.entry(payload).or_default() += 1;
    }
    counts
}

/// How many more, and how many fewer, were delivered than happened.
fn compare(events: &[Happening], told: &Told) -> (u64, u64) {
    let happened = count(events.iter().map(|event| event.payload.to_string()));
    let delivered = count(told.delivered.iter().cloned());
    let (mut doubled, mut lost) = (0, 0);
    for (payload, happened) in &happened {
        let delivered = delivered.get(payload).copied().unwrap_or(0);
        doubled += delivered.saturating_sub(*happened);
        lost += happened.saturating_sub(delivered);
    }
    (doubled, lost)
}

/// Leaves out what would come too close to an equal one near the cut.
fn apart_near_the_cut(events: Vec<Happening>) -> Vec<Happening> {
    let mut kept: Vec<Happening> = Vec::new();
    for event in events {
        let close = |arrival: u64, other: u64| {
            let near = CUT - 5 * SKEW..CUT + 5 * SKEW;
            arrival.abs_diff(other) <= 2 * SKEW && near.contains(&arrival)
        };
        let too_close = kept.iter().any(|other| {
            other.payload == event.payload
                && [event.old, event.new]
                    .iter()
                    .any(|arrival| close(*arrival, other.old) || close(*arrival, other.new))
        });
        if !too_close {
            kept.push(event);
        }
    }
    kept
}

fn tight() -> TakeoverRule {
    let mut rule = TakeoverRule::default();
    rule.remembered = 12;
    rule.withheld_bytes = 4;
    rule
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn nothing_is_lost_and_nothing_doubled(events in happenings(12, SKEW)) {
        let events = apart_near_the_cut(events);
        let told = run(&events, TakeoverRule::default());
        prop_assert_eq!(compare(&events, &told), (0, 0));
    }

    #[test]
    fn however_close_equal_payloads_lie_nothing_is_lost_and_what_is_doubled_is_counted(events in happenings(4, SKEW)) {
        let told = run(&events, TakeoverRule::default());
        let (doubled, lost) = compare(&events, &told);
        prop_assert_eq!(lost, 0);
        prop_assert!(doubled <= told.takeover.possible_duplicates());
    }

    #[test]
    fn no_bound_of_memory_loses_anything(events in happenings(4, SKEW)) {
        let told = run(&events, tight());
        let (doubled, lost) = compare(&events, &told);
        prop_assert_eq!(lost, 0);
        prop_assert!(doubled <= told.takeover.possible_duplicates());
    }

    #[test]
    fn however_late_copies_come_nothing_that_is_alone_is_lost(events in happenings(1, 8 * SKEW)) {
        let alone: Vec<_> = (0_u8..).zip(events).map(|(payload, event)| Happening { payload, ..event }).collect();
        let (_, lost) = compare(&alone, &run(&alone, TakeoverRule::default()));
        prop_assert_eq!(lost, 0);
    }

    #[test]
    fn however_late_and_close_copies_come_each_payload_is_delivered(events in happenings(6, 8 * SKEW)) {
        let told = run(&events, TakeoverRule::default());
        for event in &events {
            let delivered = told.delivered.contains(&event.payload.to_string());
            prop_assert!(delivered, "{} is lost", event.payload);
        }
    }
}
