use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::AuthSource;
use super::slab::Handle;
use crate::connection::{Disconnect, Protocol, Refusal};

/// Something that went wrong outside: opening a socket, getting credentials, running a catch-up. The session hands it
/// back as it got it, as a cause.
pub type Failure = Arc<dyn Error + Send + Sync>;

/// One socket; never named again once it is closed.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ConnectionId {
    pub(super) lane: u32,
    pub(super) epoch: u32,
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.lane, self.epoch)
    }
}

/// A subscription as its user knows it, over all the sockets that it lives to see.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SubscriptionHandle(pub(super) Handle);

impl SubscriptionHandle {
    /// A small number that no other live subscription has, for whoever keeps things in a list by it.
    pub fn index(self) -> usize {
        self.0.index as usize
    }
}

/// What a subscriber wants.
#[derive(Clone)]
pub struct SubscribeOptions {
    /// The exact text of the request, as it is signed.
    pub body: Arc<str>,
    /// Who signs its `start`.
    pub source: AuthSource,
    /// Whether a catch-up runs after each acknowledgement.
    pub catch_up: bool,
    /// How long it may take to be acknowledged; `None` for as long as the session says. A query that has to be repeated
    /// is not sent again after that.
    pub connect_deadline: Option<Duration>,
    /// Whether it is a query or a mutation instead; `None` for a subscription.
    pub once: Option<Once>,
}

/// An operation with one result, after which it is [`Completed`](Ending::Completed).
///
/// It stays on the socket that it was sent on, has neither gaps nor a catch-up, and is acknowledged when it is sent.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Once {
    /// Sent again when its connection is lost before the answer has come, unless the deadline for its first
    /// acknowledgement has passed.
    Query,
    /// Never sent twice: what is lost with its connection ends as [`Unanswered`](Ending::Unanswered).
    Mutation,
}

impl SubscribeOptions {
    /// A subscription that the client's provider signs, without catch-up.
    pub fn new(body: impl Into<Arc<str>>) -> Self {
        Self {
            body: body.into(),
            source: AuthSource::CLIENT,
            catch_up: false,
            connect_deadline: None,
            once: None,
        }
    }

    /// A query or mutation that the client's provider signs, where operations are signed.
    pub fn once(body: impl Into<Arc<str>>, once: Once) -> Self {
        Self {
            once: Some(once),
            ..Self::new(body)
        }
    }
}

/// Hides the body: it holds the variables.
impl fmt::Debug for SubscribeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscribeOptions")
            .field("body_len", &self.body.len())
            .field("source", &self.source)
            .field("catch_up", &self.catch_up)
            .field("connect_deadline", &self.connect_deadline)
            .field("once", &self.once)
            .finish()
    }
}

/// One question to an auth provider about one start. An answer that comes when nobody waits for it is ignored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ticket {
    pub(super) subscription: Handle,
    pub(super) number: u32,
}

/// Which credentials were used, and until when they are good.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Issued {
    /// The provider's count of its credentials.
    pub generation: u64,
    /// When they expire, if that is known.
    pub expires_at: Option<Instant>,
    /// Of a connection: what the server's answer to the handshake says the time is, and what it was here then, by the
    /// clock that had signed.
    pub dates: Option<(SystemTime, SystemTime)>,
}

/// An open socket: what is spoken on it, and what it was opened with.
#[derive(Clone)]
pub struct Opening {
    /// What the client and the server have agreed on.
    pub protocol: Protocol,
    /// The JSON that goes with `connection_init`, or with `phx_join`; AppSync takes none.
    pub init: Option<String>,
    /// Which credentials were used.
    pub issued: Issued,
}

impl Opening {
    /// A socket without anything that goes with its first message.
    pub fn new(protocol: Protocol, issued: Issued) -> Self {
        Self {
            protocol,
            init: None,
            issued,
        }
    }
}

/// Hides what goes with the first message: it may hold credentials.
impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening")
            .field("protocol", &self.protocol)
            .field("init_len", &self.init.as_ref().map(String::len))
            .field("issued", &self.issued)
            .finish()
    }
}

/// What to do next.
#[derive(Clone)]
pub enum Action {
    /// A subscription is registered with the server for the first time; or it has been sent, where servers do not say.
    Acknowledged(SubscriptionHandle),
    /// Ask this provider for what the start of this subscription needs; answer with
    /// [`authorized`](super::Session::authorized) or [`authorization_failed`](super::Session::authorization_failed).
    Authorize {
        /// To be given back.
        ticket: Ticket,
        /// What is to be started.
        subscription: SubscriptionHandle,
        /// Who is asked.
        source: AuthSource,
    },
    /// Run the catch-up operation of this subscription; answer with [`catch_up_done`](super::Session::catch_up_done).
    CatchUp {
        /// Whose.
        subscription: SubscriptionHandle,
        /// To be given back.
        run: u32,
    },
    /// Close this socket, or stop opening it. It is over: nothing that comes from it counts any more.
    Close {
        /// Which.
        connection: ConnectionId,
        /// The close code to leave with; none where there is nobody left to tell.
        code: Option<u16>,
        /// Why.
        cause: Disconnect,
    },
    /// The session has been closed, and all its sockets with it.
    Closed,
    /// Add these seconds to the local clock for each signature from now on.
    CorrectClock(i64),
    /// A subscription is over; nothing more comes of it.
    Ended(SubscriptionHandle, Ending),
    /// Something for a subscriber, in order with what [`frame`](super::Session::frame) returns.
    Event(SubscriptionHandle, Event),
    /// Ask the client's provider for what a connection needs, then open a socket; answer with
    /// [`opened`](super::Session::opened) or [`open_failed`](super::Session::open_failed).
    Open(ConnectionId),
    /// Send a ping of the websocket itself; tell [`pong`](super::Session::pong) of its answer.
    Ping(ConnectionId),
    /// The server has acknowledged a connection: [`protocol`](super::Session::protocol) and
    /// [`ack_payload`](super::Session::ack_payload) have what was agreed on.
    Ready(ConnectionId),
    /// The server refuses what this provider issued as this generation: ask it whether it has better ones; answer
    /// with [`refreshed`](super::Session::refreshed).
    Refresh {
        /// Who is asked.
        source: AuthSource,
        /// What was refused.
        generation: u64,
        /// What was said.
        why: Cause,
    },
    /// Send this text frame. It may hold credentials: do not log it.
    Send {
        /// On which socket.
        connection: ConnectionId,
        /// The frame.
        text: String,
    },
    /// [`state`](super::Session::state) has changed.
    StateChanged,
}

/// Shows what is sent without what is in it.
impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Acknowledged(subscription) => write!(f, "Acknowledged({})", subscription.index()),
            Self::Authorize { subscription, .. } => write!(f, "Authorize({})", subscription.index()),
            Self::CatchUp { subscription, run } => write!(f, "CatchUp({}, {run})", subscription.index()),
            Self::Close { connection, cause, .. } => write!(f, "Close({connection}, {cause})"),
            Self::Closed => f.write_str("Closed"),
            Self::CorrectClock(seconds) => write!(f, "CorrectClock({seconds})"),
            Self::Ended(subscription, ending) => write!(f, "Ended({}, {ending:?})", subscription.index()),
            Self::Event(subscription, event) => write!(f, "Event({}, {event:?})", subscription.index()),
            Self::Open(connection) => write!(f, "Open({connection})"),
            Self::Ping(connection) => write!(f, "Ping({connection})"),
            Self::Ready(connection) => write!(f, "Ready({connection})"),
            Self::Refresh { source, generation, .. } => write!(f, "Refresh({}, {generation})", source.0),
            Self::Send { connection, text } => write!(f, "Send({connection}, {} bytes)", text.len()),
            Self::StateChanged => f.write_str("StateChanged"),
        }
    }
}

/// One event that is to be queued at once; its text is the frame's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Deliver<'f> {
    /// For whom.
    pub subscription: SubscriptionHandle,
    /// The payload, not looked into: see [`payload_of`](crate::connection::payload_of).
    pub payload: &'f str,
}

/// What a subscriber gets beside what [`Deliver`] hands on.
#[derive(Clone)]
pub enum Event {
    /// Events were held back, and found no room.
    Dropped(Dropped),
    /// Events may be missing here.
    Gap(Gap),
    /// An event that was held back.
    Next(String),
    /// The answer to the catch-up operation. Events that follow may be in it already.
    Snapshot(String),
}

/// Shows no payload.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dropped(dropped) => dropped.fmt(f),
            Self::Gap(gap) => gap.fmt(f),
            Self::Next(text) => write!(f, "Next({} bytes)", text.len()),
            Self::Snapshot(text) => write!(f, "Snapshot({} bytes)", text.len()),
        }
    }
}

/// A time in which events may have been missed.
#[derive(Clone, Debug)]
pub struct Gap {
    /// When the last frame came on the socket that was lost.
    pub since: Instant,
    /// When the subscription was acknowledged again.
    pub until: Instant,
    /// What happened.
    pub cause: Cause,
}

/// Events that came during a catch-up and found no room.
#[derive(Clone, Copy, Debug)]
pub struct Dropped {
    /// How many.
    pub count: u64,
    /// When the first of them was dropped.
    pub since: Instant,
    /// When the last of them was dropped.
    pub until: Instant,
}

/// What happened to a connection, to an attempt at one, or to a start.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// No credentials were to be had.
    #[error("no credentials: {0}")]
    Auth(Failure),
    /// The connection ended.
    #[error(transparent)]
    Disconnected(#[from] Disconnect),
    /// No `start_ack` came in time.
    #[error("no start_ack within {waited:?}{}", .hint.as_ref().map(|hint| format!("; the server said: {hint}")).unwrap_or_default())]
    NoStartAck {
        /// How long was waited.
        waited: Duration,
        /// What the server said without saying about which subscription.
        hint: Option<Refusal>,
    },
    /// The socket could not be opened.
    #[error("{0}")]
    Open(Failure),
    /// The server refused the start, or ended the subscription.
    #[error("{0}")]
    Refused(Refusal),
}

/// Why a subscription is over.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Ending {
    /// The catch-up operation failed.
    CatchUp(Failure),
    /// The session was closed.
    Closed,
    /// The server completed it.
    Completed,
    /// Its connection, or the attempts to have one, came to an end, and no other attempt is to be made.
    Disconnected {
        /// How many attempts were made after the first, or after the loss.
        attempts: u32,
        /// What happened last.
        cause: Cause,
    },
    /// What the server, or the provider, says will not change with another attempt.
    Final(Cause),
    /// The server has invalidated it: whoever runs the API unsubscribed it.
    Invalidated(Refusal),
    /// It was not acknowledged in time.
    NotAcknowledged {
        /// How long was waited.
        waited: Duration,
        /// What stood in the way, if something did.
        cause: Option<Cause>,
    },
    /// The user stopped it.
    Stopped,
    /// A mutation was sent, and its connection lost before an answer came: it may have been executed.
    Unanswered(Cause),
}

/// Why a socket could not be opened.
#[derive(Clone, Debug)]
pub struct OpenFailure {
    /// What it means for the next attempt.
    pub kind: OpenFailureKind,
    /// What happened, for people.
    pub cause: Failure,
}

/// What a failure to open a socket means for the next attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OpenFailureKind {
    /// Another attempt will fail in the same way.
    Final,
    /// Another attempt may succeed.
    Temporary,
    /// The server refuses the credentials.
    Unauthorized {
        /// Which ones.
        generation: u64,
        /// The `Date` of its answer, and the local time at which it came (as corrected so far).
        dates: Option<(SystemTime, SystemTime)>,
    },
}
