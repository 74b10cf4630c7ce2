//! What a connection says is to be done, and how it and its subscriptions end.

use std::fmt;
use std::time::Duration;

use super::{Disconnect, Refusal, SubscriptionId};

/// What to do next.
#[derive(Clone, PartialEq)]
pub enum Action {
    /// Send this text frame. It holds credentials: do not log it.
    Send(String),
    /// The connection is acknowledged: subscriptions may be started.
    Ready,
    /// The server has registered this subscription; or it has been sent, where servers do not say so.
    Acknowledged(SubscriptionId),
    /// This subscription is over.
    Ended(SubscriptionId, End),
    /// Send a ping of the websocket itself, whose pong the connection is to be told of.
    Ping,
    /// Close the socket. Nothing more follows, but for the end of what is started all the same.
    Close(Disconnect),
}

/// Shows what is sent without what is secret in it.
impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The payload comes last in a message of ours.
            Self::Send(text) => match text.split_once(r#","payload":"#) {
                Some((head, payload)) => write!(f, "Send({head},\"payload\":({} bytes)}})", payload.len() - 1),
                None if text.starts_with(r#"{"type":"#) || text.starts_with(r#"{"id":"#) => write!(f, "Send({text})"),
                None => write!(f, "Send({} bytes)", text.len()),
            },
            Self::Ping => f.write_str("Ping"),
            Self::Ready => f.write_str("Ready"),
            Self::Acknowledged(id) => f.debug_tuple("Acknowledged").field(id).finish(),
            Self::Ended(id, end) => f.debug_tuple("Ended").field(id).field(end).finish(),
            Self::Close(cause) => f.debug_tuple("Close").field(cause).finish(),
        }
    }
}

/// One event of a subscription, still text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Data<'f> {
    /// The subscription it belongs to.
    pub id: SubscriptionId,
    /// The payload, not looked into: see [`payload_of`](super::payload_of).
    pub payload: &'f str,
}

/// Why a subscription is over.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// The server completed it.
    Completed,
    /// The connection ended under it.
    Disconnected(Disconnect),
    /// The server ended it with errors after it had acknowledged it.
    Failed(Refusal),
    /// No `start_ack` came in time.
    NoStartAck {
        /// How long was waited.
        waited: Duration,
        /// What the server said without saying about which subscription.
        hint: Option<Refusal>,
    },
    /// The server did not accept it.
    Refused(Refusal),
    /// The user stopped it.
    Stopped,
}
