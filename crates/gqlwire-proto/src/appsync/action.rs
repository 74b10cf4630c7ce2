//! What a realtime connection says is to be done, and how it and its subscriptions end.

use std::fmt;
use std::time::Duration;

use super::envelope::MalformedFrame;
use super::realtime::SubscriptionId;
use super::refusal::Refusal;

/// What to do next.
#[derive(Clone, PartialEq)]
pub enum Action {
    /// Send this text frame. It holds credentials: do not log it.
    Send(String),
    /// The connection is acknowledged: subscriptions may be started.
    Ready,
    /// The server has registered this subscription.
    Acknowledged(SubscriptionId),
    /// This subscription is over.
    Ended(SubscriptionId, End),
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
                None => write!(f, "Send({text})"),
            },
            Self::Ready => f.write_str("Ready"),
            Self::Acknowledged(id) => f.debug_tuple("Acknowledged").field(id).finish(),
            Self::Ended(id, end) => f.debug_tuple("Ended").field(id).field(end).finish(),
            Self::Close(cause) => f.debug_tuple("Close").field(cause).finish(),
        }
    }
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

/// Why a connection is over.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Disconnect {
    /// The server sent a binary frame, which the protocol does not know.
    #[error("the server sent a binary frame of {0} bytes, which the realtime protocol does not know")]
    Binary(usize),
    /// The server closed the connection.
    #[error("the server closed the connection{}", describe_close(*code, reason))]
    Closed {
        /// The close code, if the server gave one.
        code: Option<u16>,
        /// The reason, as the server worded it; often empty.
        reason: String,
    },
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Lost(String),
    /// The server sent something that is not a message.
    #[error(transparent)]
    Malformed(#[from] MalformedFrame),
    /// No `connection_ack` came in time.
    #[error("no connection_ack within {0:?}")]
    NoAck(Duration),
    /// A subscription was started before the connection was acknowledged.
    #[error("the connection is not acknowledged yet")]
    NotReady,
    /// The server refused the connection.
    #[error("the server refused the connection: {0}")]
    Refused(Refusal),
    /// The user asked for it.
    #[error("the connection was closed by the client")]
    Requested,
    /// Nothing came for longer than the server allows itself.
    #[error("nothing came from the server for {0:?}, not even a keep-alive")]
    Silent(Duration),
}

fn describe_close(code: Option<u16>, reason: &str) -> String {
    match (code, reason) {
        (None, "") => " without a close code".to_owned(),
        (None, reason) => format!(": {reason}"),
        (Some(code), "") => format!(" (code {code})"),
        (Some(code), reason) => format!(" (code {code}): {reason}"),
    }
}
