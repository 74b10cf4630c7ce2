use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use gqlwire_proto::websocket::{Decoder, FrameError, Message, Pong, write_close, write_ping, write_pong, write_text};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

use super::masks::Masks;
use crate::realtime::connect::{Incoming, Socket};

/// How long a close frame may take to leave before the socket is dropped with it.
const GOODBYE: Duration = Duration::from_secs(1);

/// How often a socket is read from in one go that gives no message: pings and bits of messages must not keep everything
/// else waiting.
const READS: usize = 16;

/// How much may wait to be written before no more is taken.
const FULL: usize = 64 * 1024;

/// What is kept of the memory for that.
const KEPT: usize = 4 * 1024;

/// A websocket whose handshake is done. It logs nothing: frames hold credentials.
pub(super) struct WebSocket<S> {
    stream: S,
    decoder: Decoder,
    outgoing: Outgoing,
    server_date: Option<SystemTime>,
    subprotocol: Option<String>,
}

struct Outgoing {
    masks: Masks,
    frames: Vec<u8>,
    /// How much of `frames` has been written.
    written: usize,
    unflushed: bool,
    /// A close frame is among the frames or has left; nothing may follow it (RFC 6455, §5.5.1).
    closing: bool,
    failed: Option<String>,
}

impl<S> WebSocket<S>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    pub(super) fn new(stream: S, decoder: Decoder, masks: Masks) -> Self {
        Self {
            stream,
            decoder,
            outgoing: Outgoing {
                masks,
                frames: Vec::new(),
                written: 0,
                unflushed: false,
                closing: false,
                failed: None,
            },
            server_date: None,
            subprotocol: None,
        }
    }

    /// The time that the answer to the handshake tells.
    pub(super) fn opened_at(self, server_date: Option<SystemTime>) -> Self {
        Self { server_date, ..self }
    }

    /// The subprotocol that the answer names.
    pub(super) fn speaking(self, subprotocol: Option<String>) -> Self {
        Self { subprotocol, ..self }
    }

    /// Reads until there is a message, a pong, or an end of another kind.
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Incoming<'static>>> {
        for _ in 0..READS {
            match self.decoder.advance() {
                Ok(true) => return Poll::Ready(Ok(())),
                Ok(false) if self.decoder.ponged() => return Poll::Ready(Err(Incoming::Pong)),
                Ok(false) => {}
                Err(error) => return Poll::Ready(Err(self.outgoing.refuse(error))),
            }
            let read = pin!(self.stream.read_buf(self.decoder.space())).poll(cx);
            match read {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(ended())),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Poll::Ready(Err(ended()));
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(Incoming::Lost(error.to_string()))),
                Poll::Pending => {
                    self.answer(cx);
                    return Poll::Pending;
                }
            }
        }
        self.answer(cx);
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Pings are not kept waiting until there is something else to be sent.
    fn answer(&mut self, cx: &mut Context<'_>) {
        if self.outgoing.failed.is_none() && matches!(self.poll_write(cx), Poll::Ready(Err(_))) {
            // That is found when the next thing is sent, which is to be soon.
            cx.waker().wake_by_ref();
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>> {
        if let Some(why) = &self.outgoing.failed {
            return Poll::Ready(Err(why.clone()));
        }
        let written = ready!(self.poll_write_all(cx));
        Poll::Ready(written.map_err(|error| self.outgoing.failed.insert(error.to_string()).clone()))
    }

    fn poll_write_all(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outgoing = &mut self.outgoing;
        loop {
            while let Some(rest) = outgoing.rest() {
                match ready!(Pin::new(&mut self.stream).poll_write(cx, rest))? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    written => outgoing.written += written,
                }
                outgoing.unflushed = true;
            }
            outgoing.clear();
            // Only now, so that a server that pings and does not read is owed one pong and not many.
            match self.decoder.pong() {
                Some(pong) => outgoing.pong(&pong),
                None => break,
            }
        }
        if outgoing.unflushed {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            outgoing.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S> Socket for WebSocket<S>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    fn server_date(&self) -> Option<SystemTime> {
        self.server_date
    }

    fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    fn poll_receive<'s>(&'s mut self, cx: &mut Context<'_>) -> Poll<Incoming<'s>> {
        if let Err(end) = ready!(self.poll_message(cx)) {
            return Poll::Ready(end);
        }
        Poll::Ready(match self.decoder.take() {
            Ok(Some(Message::Text(text))) => Incoming::Text(text),
            Ok(Some(Message::Binary(len))) => Incoming::Binary(len),
            Ok(Some(Message::Close(frame))) => {
                self.outgoing.close(frame.as_ref().map(|frame| frame.code));
                Incoming::Closed {
                    code: frame.as_ref().map(|frame| frame.code),
                    reason: frame.map(|frame| frame.reason).unwrap_or_default(),
                }
            }
            Ok(None) => return Poll::Pending,
            Err(error) => self.outgoing.refuse(error),
        })
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, text: &mut Option<String>) -> Poll<Result<(), String>> {
        if self.outgoing.frames.len() >= FULL {
            ready!(self.poll_write(cx))?;
        }
        if let Some(text) = text.take() {
            self.outgoing.text(&text);
        }
        Poll::Ready(Ok(()))
    }

    fn ping(&mut self) {
        self.outgoing.ping();
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>> {
        self.poll_write(cx)
    }

    fn close(mut self: Box<Self>, code: u16) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            self.outgoing.close(Some(code));
            // A peer that takes no bytes any more must not keep us.
            let _ = tokio::time::timeout(GOODBYE, poll_fn(|cx| self.poll_write(cx))).await;
        })
    }
}

impl Outgoing {
    fn text(&mut self, text: &str) {
        if !self.closing {
            write_text(text, self.masks.mask(), &mut self.frames);
        }
    }

    /// Where much is waiting to be written already, the server has more to answer than a ping.
    fn ping(&mut self) {
        if !self.closing && self.frames.len() < FULL {
            write_ping(self.masks.mask(), &mut self.frames);
        }
    }

    fn pong(&mut self, pong: &Pong) {
        if !self.closing {
            write_pong(pong, self.masks.mask(), &mut self.frames);
        }
    }

    fn close(&mut self, code: Option<u16>) {
        if !self.closing {
            write_close(code, self.masks.mask(), &mut self.frames);
            self.closing = true;
        }
    }

    /// Fails the connection (RFC 6455, §7.1.7): the server is told why, as far as that can leave.
    fn refuse(&mut self, error: FrameError) -> Incoming<'static> {
        self.close(Some(error.close_code()));
        Incoming::Lost(match error {
            FrameError::TooLong { .. } => format!("{error}: raise `max_message_size` if such messages are right"),
            _ => error.to_string(),
        })
    }

    fn rest(&self) -> Option<&[u8]> {
        self.frames.get(self.written..).filter(|rest| !rest.is_empty())
    }

    fn clear(&mut self) {
        self.frames.clear();
        self.frames.shrink_to(KEPT);
        self.written = 0;
    }
}

fn ended() -> Incoming<'static> {
    Incoming::Lost("the stream ended without a close frame".to_owned())
}
