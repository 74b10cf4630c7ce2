use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::limits::Limits;

/// Enough for the frames of this protocol; tungstenite's own default would cost 128 KiB for each connection.
const READ_BUFFER: usize = 8 * 1024;
const WRITE_BUFFER: usize = 4 * 1024;

/// How long a closing connection may take to take the last frame, and then to close in its turn.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

/// A websocket that speaks text.
#[derive(Debug)]
pub(super) struct Socket {
    stream: WebSocketStream<TokioIo<Upgraded>>,
}

/// What came from the client.
#[derive(Debug)]
pub(super) enum Incoming {
    Text(String),
    Binary,
    /// The client is gone, or closed in due form.
    End,
    /// The client broke the websocket protocol or sent too much; the code says which.
    Violation(CloseCode, &'static str),
}

impl Socket {
    pub(super) async fn open(upgrade: OnUpgrade, limits: &Limits) -> Option<Self> {
        let upgraded = match upgrade.await {
            Ok(upgraded) => TokioIo::new(upgraded),
            Err(error) => {
                tracing::debug!(%error, "the upgrade failed");
                return None;
            }
        };
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_write_buffer_size(usize::MAX)
            .max_message_size(Some(limits.frame_bytes))
            .max_frame_size(Some(limits.frame_bytes));
        let stream = WebSocketStream::from_raw_socket(upgraded, Role::Server, Some(config)).await;
        Some(Self { stream })
    }

    /// The next thing from the client; pings are answered on the way. Cancel safe.
    pub(super) async fn read(&mut self) -> Incoming {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => return Incoming::Text(text.as_str().to_owned()),
                Some(Ok(Message::Binary(_))) => return Incoming::Binary,
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_))) | None => return Incoming::End,
                Some(Err(error)) => return broken(&error),
            }
        }
    }

    /// Writes some frames, then flushes. Not cancel safe: cancelled, the connection must end.
    pub(super) async fn write(&mut self, frames: Vec<String>) -> Result<(), Error> {
        for frame in frames {
            self.stream.feed(Message::text(frame)).await?;
        }
        self.stream.flush().await
    }

    /// Closes with a code, and gives the client a moment to read it and to close in its turn.
    pub(super) async fn close(mut self, code: CloseCode, reason: &'static str) {
        let frame = CloseFrame {
            code,
            reason: reason.into(),
        };
        let closing = async {
            self.stream.close(Some(frame)).await?;
            while self.stream.next().await.transpose()?.is_some() {}
            Ok::<(), Error>(())
        };
        match timeout(CLOSE_PATIENCE, closing).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "while closing"),
            Err(_) => tracing::debug!("the client did not close in its turn"),
        }
    }
}

fn broken(error: &Error) -> Incoming {
    tracing::debug!(%error, "a realtime connection broke");
    match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => {
            Incoming::Violation(CloseCode::Size, "the frame is too large")
        }
        Error::Utf8(_) => Incoming::Violation(CloseCode::Invalid, "the frame is not UTF-8"),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Incoming::End,
        Error::Protocol(_) => Incoming::Violation(CloseCode::Protocol, "the websocket protocol was broken"),
        _ => Incoming::End,
    }
}
