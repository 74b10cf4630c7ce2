use std::borrow::Cow;
use std::fmt;
use std::task::{Context, Poll};
use std::time::SystemTime;

use futures_util::future::BoxFuture;
use http::HeaderMap;
use url::Url;

use crate::Error;

/// Opens sockets: the one place where the realtime client meets the network, so that tests can put their own here.
pub(crate) trait Connect: fmt::Debug + Send + Sync {
    fn connect(&self, upgrade: Upgrade) -> BoxFuture<'_, Result<Box<dyn Socket>, Error>>;
}

/// The handshake to perform.
pub(crate) struct Upgrade {
    /// `ws` or `wss`.
    pub(crate) url: Url,
    /// `Sec-WebSocket-Protocol` is among them: what is offered, first the protocol itself.
    pub(crate) headers: HeaderMap,
    /// The same in words: "…, which is not" this.
    pub(crate) offered: String,
}

/// A socket that carries whole messages.
pub(crate) trait Socket: Send {
    /// The time by the server's clock when it was opened, if that is known.
    fn server_date(&self) -> Option<SystemTime> {
        None
    }

    /// What the server has selected of the subprotocols that were offered, if it says so.
    fn subprotocol(&self) -> Option<&str> {
        None
    }

    /// The next message, lent by the socket where it need not be kept. After anything but a text or
    /// a pong, nothing more is asked for.
    fn poll_receive<'s>(&'s mut self, cx: &mut Context<'_>) -> Poll<Incoming<'s>>;

    /// Takes a text message for sending, once the socket has room for one. Messages lie with the socket until flushed.
    fn poll_send(&mut self, cx: &mut Context<'_>, text: &mut Option<String>) -> Poll<Result<(), String>>;

    /// Takes a ping for sending, whose pong comes as [`Incoming::Pong`].
    fn ping(&mut self) {}

    /// Writes what lies with the socket.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>>;

    /// Says goodbye with a close code, and waits until that has left.
    fn close(self: Box<Self>, code: u16) -> BoxFuture<'static, ()>;
}

/// What comes out of a [`Socket`].
#[derive(Debug)]
pub(crate) enum Incoming<'s> {
    Text(Cow<'s, str>),
    /// A sign of life, and no message.
    Pong,
    Binary(usize),
    Closed {
        code: Option<u16>,
        reason: String,
    },
    Lost(String),
}
