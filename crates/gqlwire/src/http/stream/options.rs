use std::time::Duration;

use gqlwire_proto::session::ReconnectPolicy;

use crate::Overflow;
use crate::builder::{DEFAULT_QUEUE_BYTES, DEFAULT_QUEUE_MESSAGES};

/// How long a stream may be silent once its server has sent a heartbeat, unless set.
///
/// Apollo's router sends one every 5 s, Hive's every 10 s, graphql-sse and graphql-yoga every 12 s, others every 15 s: this
/// is four of the slowest.
pub const DEFAULT_STREAM_IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// How subscriptions go over server-sent events: [`ClientBuilder::sse`](crate::ClientBuilder::sse).
///
/// ```
/// # fn example() -> Result<gqlwire::Client, gqlwire::Error> {
/// use gqlwire::{Client, SseOptions};
///
/// Client::builder("https://example.com/graphql/stream").sse(SseOptions::new()).build()
/// # }
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[must_use]
pub struct SseOptions {
    pub(crate) carry_requests: bool,
    pub(crate) single_connection: bool,
}

impl SseOptions {
    /// Each subscription has a request of its own, and its events are the answer to that: the "distinct connections mode"
    /// of graphql-sse, which other servers speak as well.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for the answers to queries and mutations as event streams as well, of one result each as a rule, and for nothing
    /// else: graphql-sse serves them in no other way.
    ///
    /// They are repeated, time out and authorise as over plain HTTP. Lists of requests
    /// ([`execute_batch`](crate::Client::execute_batch)) stay JSON, since no protocol has a stream for them. With
    /// [`single_connection`](Self::single_connection) answers come on the stream that all share; only files, and answers that
    /// are asked for [piece by piece](crate::Client::incremental), have one of their own.
    pub fn carry_requests(mut self) -> Self {
        self.carry_requests = true;
        self
    }

    /// All subscriptions share one stream of events, and each is started by a request beside it: the "single connection
    /// mode" of graphql-sse.
    ///
    /// It is for servers behind HTTP/1.1 that allow a client few connections; over HTTP/2 the other mode has one
    /// connection as well. Since the stream is shared, a subscriber that reads too slowly must not stop it: each has a
    /// queue, as over a websocket, and [`Overflow`] says what becomes of events without room.
    pub fn single_connection(mut self) -> Self {
        self.single_connection = true;
        self
    }
}

/// What carries the events of subscriptions.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Carrier {
    Multipart,
    /// Whatever the server prefers.
    #[default]
    Negotiated,
    SingleConnection,
    Sse,
}

#[derive(Clone, Debug)]
pub(crate) struct StreamOptions {
    pub(crate) carrier: Carrier,
    /// Whether queries and mutations are answered as the carrier has it.
    pub(crate) carries_requests: bool,
    /// `None` for the default, which depends on the server.
    pub(crate) idle: Option<Duration>,
    pub(crate) reconnect: ReconnectPolicy,
    pub(crate) queue_messages: usize,
    pub(crate) queue_bytes: usize,
    pub(crate) overflow: Overflow,
}

impl Default for StreamOptions {
    fn default() -> Self {
        Self {
            carrier: Carrier::default(),
            carries_requests: false,
            idle: None,
            reconnect: ReconnectPolicy::default(),
            queue_messages: DEFAULT_QUEUE_MESSAGES,
            queue_bytes: DEFAULT_QUEUE_BYTES,
            overflow: Overflow::default(),
        }
    }
}

impl StreamOptions {
    /// A stream of its own is simply not read while the query runs; one that is shared has to be.
    pub(crate) fn catches_up(&self) -> bool {
        self.carrier != Carrier::SingleConnection
    }
}
