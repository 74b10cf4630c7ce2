use std::time::Duration;

use super::{ReconnectPolicy, TakeoverRule};
use crate::appsync::{Timeouts, limits};

/// The numbers of a session.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SessionOptions {
    /// How long to wait for `connection_ack`, `start_ack`, and the answer to `stop`.
    pub timeouts: Timeouts,
    /// When to try again.
    pub reconnect: ReconnectPolicy,
    /// How long a new subscription may take to be acknowledged, over all attempts; a minute.
    pub connect_deadline: Option<Duration>,
    /// How many subscriptions go on one connection, until a server says that it takes fewer; 200.
    pub subscriptions_per_connection: usize,
    /// How long a connection without subscriptions is kept; 5 s.
    pub idle: Duration,
    /// After how much silence a second connection is opened beside the first; 90 s, which is one keep-alive missed
    /// and half of the next.
    pub probe_after: Duration,
    /// How long the server lets a connection live; 24 h.
    pub greatest_age: Duration,
    /// How long before that a connection is replaced, at the earliest; half an hour. The moment is random, so that
    /// connections that were opened together are not replaced together.
    pub age_lead: Duration,
    /// How long before the credentials of a connection expire it is replaced; 5 minutes, or a fifth of what they had
    /// left when it was opened, if that is less.
    pub expiry_lead: Duration,
    /// How a subscription moves from one connection to another.
    pub takeover: TakeoverRule,
    /// How many events wait for a catch-up; 1,024.
    pub held_events: usize,
    /// How many bytes of events wait for a catch-up; 4 MiB.
    pub held_bytes: usize,
    /// How many bytes of events wait for all catch-ups together; 256 MiB.
    pub held_bytes_in_all: usize,
    /// How often to see whether the machine has slept, while a connection is open; 15 s.
    pub clock_check: Duration,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            timeouts: Timeouts::default(),
            reconnect: ReconnectPolicy::default(),
            connect_deadline: Some(Duration::from_secs(60)),
            subscriptions_per_connection: limits::SUBSCRIPTIONS_PER_CONNECTION,
            idle: Duration::from_secs(5),
            probe_after: Duration::from_secs(90),
            greatest_age: limits::GREATEST_CONNECTION_TIMEOUT,
            age_lead: Duration::from_secs(30 * 60),
            expiry_lead: Duration::from_secs(5 * 60),
            takeover: TakeoverRule::default(),
            held_events: 1024,
            held_bytes: 4 * 1024 * 1024,
            held_bytes_in_all: 256 * 1024 * 1024,
            clock_check: Duration::from_secs(15),
        }
    }
}
