use std::time::{Duration, Instant};

use gqlwire_proto::session::{Backoff, Random, ReconnectPolicy};

const LONGEST: u64 = u64::MAX;
const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn close_to(at: Option<Instant>, expected: Instant) {
    let at = at.unwrap();
    assert!(at <= expected && expected - at < MS, "{:?} short", expected - at);
}

#[test]
fn what_is_never_acknowledged_waits_twice_as_long_each_time_up_to_half_a_minute() {
    let (policy, now) = (ReconnectPolicy::default(), Instant::now());
    let mut backoff = Backoff::default();
    for longest in [200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000] {
        close_to(backoff.failed(&policy, now, LONGEST), now + longest * MS);
    }
    for _ in 0..100 {
        close_to(backoff.failed(&policy, now, LONGEST), now + 30 * SECOND);
    }
}

#[test]
fn the_jitter_is_full() {
    let (policy, now) = (ReconnectPolicy::default(), Instant::now());
    assert_eq!(Backoff::default().failed(&policy, now, 0), Some(now));
    close_to(Backoff::default().failed(&policy, now, LONGEST / 2), now + 100 * MS);
    let mut random = Random::new(7);
    let waits: Vec<_> = (0..1000)
        .map(|_| Backoff::default().failed(&policy, now, random.roll()).unwrap() - now)
        .collect();
    let mean = waits.iter().sum::<Duration>() / 1000;
    assert!((90 * MS..110 * MS).contains(&mean), "{mean:?}");
    assert!(waits.iter().all(|wait| *wait < 200 * MS));
}

#[test]
fn a_young_connection_waits_up_to_a_second_and_an_old_one_for_nothing() {
    let (policy, now) = (ReconnectPolicy::default(), Instant::now());
    let mut backoff = Backoff::default();
    close_to(backoff.dropped(&policy, 59 * SECOND, now, LONGEST), now + SECOND);
    assert_eq!(backoff.dropped(&policy, 59 * SECOND, now, 0), Some(now));
    assert_eq!(backoff.dropped(&policy, 60 * SECOND, now, LONGEST), Some(now));
}

#[test]
fn only_what_worked_goes_back_to_the_first_rung() {
    let (policy, now) = (ReconnectPolicy::default(), Instant::now());
    let mut backoff = Backoff::default();
    for _ in 0..5 {
        backoff.failed(&policy, now, LONGEST);
    }
    close_to(backoff.failed(&policy, now, LONGEST), now + 6400 * MS);
    backoff.dropped(&policy, SECOND, now, LONGEST);
    close_to(backoff.failed(&policy, now, LONGEST), now + 200 * MS);
}

#[test]
fn attempts_are_counted_in_a_row() {
    let (policy, now) = (ReconnectPolicy::default().attempts(3), Instant::now());
    let mut backoff = Backoff::default();
    for _ in 0..3 {
        assert!(backoff.failed(&policy, now, 0).is_some());
    }
    assert_eq!(backoff.failed(&policy, now, 0), None);
    assert!(backoff.dropped(&policy, SECOND, now, 0).is_some());
    assert_eq!(backoff.attempts(), 1);
    assert!(backoff.failed(&policy, now, 0).is_some());
    assert!(backoff.failed(&policy, now, 0).is_some());
    assert_eq!(backoff.failed(&policy, now, 0), None);
}

#[test]
fn an_outage_has_its_deadline() {
    let (policy, now) = (ReconnectPolicy::default().deadline(10 * SECOND), Instant::now());
    let mut backoff = Backoff::default();
    assert!(backoff.dropped(&policy, SECOND, now, 0).is_some());
    assert!(backoff.failed(&policy, now + 10 * SECOND, 0).is_some());
    assert_eq!(backoff.failed(&policy, now + 10 * SECOND, LONGEST), None);
    assert!(backoff.dropped(&policy, SECOND, now + 60 * SECOND, 0).is_some());
}

#[test]
fn never_means_never() {
    let (policy, now) = (ReconnectPolicy::never(), Instant::now());
    assert_eq!(Backoff::default().failed(&policy, now, 0), None);
    assert_eq!(Backoff::default().dropped(&policy, 100 * SECOND, now, 0), None);
}

#[test]
fn delays_without_end_do_not_overflow() {
    let policy = ReconnectPolicy::default().delays(Duration::MAX, 365 * 86_400 * SECOND);
    let (mut backoff, now) = (Backoff::default(), Instant::now());
    for _ in 0..100 {
        assert!(backoff.failed(&policy, now, LONGEST).is_some());
    }
}
