use std::time::Duration;

use super::{ReconnectPolicy, TakeoverRule};
use crate::appsync::limits;
use crate::connection::{PhoenixSettings, Pings, Protocol, Timeouts};

/// The numbers of a session. The default is AppSync's; [`of`](Self::of) has those of each protocol.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SessionOptions {
    /// How long to wait for `connection_ack`, `start_ack`, and the answer to `stop`.
    pub timeouts: Timeouts,
    /// Whether the provider is asked for each start, as AppSync wants it; elsewhere, what was issued with the connection
    /// holds for everything on it, and a start is sent at once.
    pub sign_starts: bool,
    /// How connections that are quiet are found dead; none on AppSync, and Phoenix has its own heartbeat.
    pub pings: Option<Pings>,
    /// What only Phoenix channels need.
    pub phoenix: PhoenixSettings,
    /// When to try again.
    pub reconnect: ReconnectPolicy,
    /// How long a new subscription may take to be acknowledged, over all attempts; a minute.
    pub connect_deadline: Option<Duration>,
    /// How many subscriptions go on one connection, until a server says that it takes fewer; 200 on AppSync, and as
    /// many as a connection holds elsewhere.
    pub subscriptions_per_connection: usize,
    /// How long a connection without subscriptions is kept; 5 s.
    pub idle: Duration,
    /// After how much silence a second connection is opened beside the first; 90 s on AppSync, which is one keep-alive
    /// missed and half of the next, and `None` for never where pings find out.
    pub probe_after: Option<Duration>,
    /// How long the server lets a connection live; 24 h on AppSync, and `None` for as long as it likes elsewhere.
    pub greatest_age: Option<Duration>,
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
            sign_starts: true,
            pings: None,
            phoenix: PhoenixSettings::default(),
            reconnect: ReconnectPolicy::default(),
            connect_deadline: Some(Duration::from_secs(60)),
            subscriptions_per_connection: limits::SUBSCRIPTIONS_PER_CONNECTION,
            idle: Duration::from_secs(5),
            probe_after: Some(Duration::from_secs(90)),
            greatest_age: Some(limits::GREATEST_CONNECTION_TIMEOUT),
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

impl SessionOptions {
    /// The numbers for connections that speak this protocol. The two websocket protocols have the same ones, so that a
    /// session can leave the choice between them to the server.
    pub fn of(protocol: Protocol) -> Self {
        let appsync = Self::default();
        let elsewhere = Self {
            sign_starts: false,
            subscriptions_per_connection: usize::from(u16::MAX),
            probe_after: None,
            greatest_age: None,
            ..appsync.clone()
        };
        match protocol {
            Protocol::AppSync => appsync,
            // Nothing says when the server has registered a subscription: it is given the time that AppSync takes.
            Protocol::LegacyWs | Protocol::TransportWs => Self {
                pings: Some(Pings::default()),
                ..elsewhere
            },
            // Absinthe listens for events before it replies.
            Protocol::Phoenix => Self {
                takeover: TakeoverRule {
                    settle: Duration::ZERO,
                    ..TakeoverRule::default()
                },
                ..elsewhere
            },
        }
    }

    /// After how much silence a socket that is being replaced is not waited for any longer.
    pub(super) fn patience(&self) -> Duration {
        let pings = self.pings.unwrap_or_default();
        self.probe_after.unwrap_or(pings.interval.saturating_add(pings.timeout))
    }
}
