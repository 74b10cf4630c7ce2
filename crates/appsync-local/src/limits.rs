use std::time::Duration;

use gqlwire_proto::appsync::limits;

/// What the server is willing to hold and how long it is willing to wait.
///
/// The defaults are AppSync's published quotas where there are any, otherwise generous bounds that keep one client
/// from harming another.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Open sockets of any kind; one more is answered `503` and closed. 10,000.
    pub connections: usize,
    /// Time to send a complete request head, also between two requests of one connection. 30 s.
    pub head_deadline: Duration,
    /// Bytes of a request head (hyper's floor is 8 KiB). 64 KiB: a token in a subprotocol header is long.
    pub head_bytes: usize,
    /// Time to send a complete request body. 30 s.
    pub body_deadline: Duration,
    /// Bytes of a request body. 1 MiB.
    pub body_bytes: usize,
    /// Time that one request may execute, AppSync's quota. 30 s.
    pub execution: Duration,
    /// Fields that one request may resolve, AppSync's quota. 10,000.
    pub resolvers: usize,
    /// Fields of one response, those of list items counted each. 200,000.
    pub fields: usize,
    /// Bytes of values that one request may gather, each copy in the response counted. 16 MiB.
    pub response_bytes: usize,
    /// Time after the upgrade to send `connection_init` or a first `start`. 30 s.
    pub init_deadline: Duration,
    /// Bytes of one realtime frame from a client. 256 KiB.
    pub frame_bytes: usize,
    /// Subscriptions on one connection, AppSync's quota. 200.
    pub subscriptions: usize,
    /// Bytes of one event's payload, AppSync's quota; a larger one is dropped and counted. 240 KB.
    pub payload_bytes: usize,
    /// Frames waiting for one slow reader; one more closes that connection. 4,096.
    pub queued_frames: usize,
    /// Bytes waiting for one slow reader; more closes that connection. 16 MiB.
    pub queued_bytes: usize,
    /// Time that a write waits for its client to make room; then the connection is closed. 30 s.
    pub write_deadline: Duration,
    /// Pause between two `ka` frames. 60 s.
    pub keep_alive: Duration,
    /// What `connection_ack` promises: without a `ka` for this long a client calls the connection dead. 300 s.
    pub connection_timeout: Duration,
    /// Age at which a realtime connection is closed, AppSync's quota. 24 h.
    pub connection_lifetime: Duration,
    /// Time that open connections get to end after a shutdown was asked for. 2 s.
    pub shutdown_grace: Duration,
}

/// Longer than any server runs.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

impl Limits {
    /// `Duration::MAX` means never, and must not overflow a clock.
    pub(crate) fn bounded(mut self) -> Self {
        for duration in [
            &mut self.head_deadline,
            &mut self.body_deadline,
            &mut self.execution,
            &mut self.init_deadline,
            &mut self.write_deadline,
            &mut self.keep_alive,
            &mut self.connection_timeout,
            &mut self.connection_lifetime,
            &mut self.shutdown_grace,
        ] {
            *duration = (*duration).min(LONGEST);
        }
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            head_deadline: Duration::from_secs(30),
            head_bytes: 64 * 1024,
            body_deadline: Duration::from_secs(30),
            body_bytes: 1024 * 1024,
            execution: Duration::from_secs(30),
            resolvers: 10_000,
            fields: 200_000,
            response_bytes: 16 * 1024 * 1024,
            init_deadline: Duration::from_secs(30),
            frame_bytes: 256 * 1024,
            subscriptions: limits::SUBSCRIPTIONS_PER_CONNECTION,
            payload_bytes: limits::SUBSCRIPTION_PAYLOAD,
            queued_frames: 4096,
            queued_bytes: 16 * 1024 * 1024,
            write_deadline: Duration::from_secs(30),
            keep_alive: limits::KEEP_ALIVE_INTERVAL,
            connection_timeout: limits::DEFAULT_CONNECTION_TIMEOUT,
            connection_lifetime: Duration::from_secs(24 * 60 * 60),
            shutdown_grace: Duration::from_secs(2),
        }
    }
}
