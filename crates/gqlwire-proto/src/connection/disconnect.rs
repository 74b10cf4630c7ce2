use std::time::Duration;

use super::{CloseCode, MalformedFrame, Protocol, Refusal};

/// Why a connection is over.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Disconnect {
    /// The server sent a binary frame, which the protocol does not know.
    #[error("the server sent a binary frame of {0} bytes, which the realtime protocol does not know")]
    Binary(usize),
    /// The server closed the channel, or the channel crashed (Phoenix).
    #[error("the server ended the channel ({event})")]
    ChannelClosed {
        /// `phx_close` or `phx_error`.
        event: &'static str,
    },
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
    /// The server said something that the protocol does not allow.
    #[error("the server broke the {protocol} protocol: {why}")]
    Violation {
        /// Which.
        protocol: Protocol,
        /// What it said.
        why: String,
    },
}

impl Disconnect {
    /// The code to close the socket with; none where there is nobody left to tell.
    pub fn close_code(&self, protocol: Protocol) -> Option<u16> {
        let speaks_codes = protocol == Protocol::TransportWs;
        match self {
            Self::Lost(_) => None,
            Self::Binary(_) => Some(1003),
            Self::Malformed(_) | Self::Violation { .. } if speaks_codes => Some(CloseCode::BadRequest.code()),
            Self::Malformed(_) | Self::Violation { .. } => Some(1002),
            Self::NoAck(_) if speaks_codes => Some(CloseCode::AckTimeout.code()),
            Self::Silent(_) if speaks_codes => Some(CloseCode::Terminated.code()),
            _ => Some(1000),
        }
    }
}

fn describe_close(code: Option<u16>, reason: &str) -> String {
    let name = code.and_then(CloseCode::from_code).map(|known| known.to_string());
    match (code, reason) {
        // Servers like to repeat the name as the reason.
        (Some(code), reason) if name.as_ref().is_some_and(|name| !name.eq_ignore_ascii_case(reason)) => {
            let name = name.unwrap_or_default();
            let colon = if reason.is_empty() { "" } else { ": " };
            format!(" (code {code}, {name}){colon}{reason}")
        }
        (None, "") => " without a close code".to_owned(),
        (None, reason) => format!(": {reason}"),
        (Some(code), "") => format!(" (code {code})"),
        (Some(code), reason) => format!(" (code {code}): {reason}"),
    }
}
