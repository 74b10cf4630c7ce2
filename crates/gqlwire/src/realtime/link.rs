//! The sockets of a session, each with what waits to be written on it.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::future::BoxFuture;
use futures_util::task::AtomicWaker;
use gqlwire_proto::appsync::Disconnect;
use gqlwire_proto::session::ConnectionId;

use super::connect::{Incoming, Socket};

/// One open socket.
pub(super) struct Link {
    pub(super) connection: ConnectionId,
    socket: Box<dyn Socket>,
    outbox: VecDeque<String>,
    /// The write half is broken; the server may still have said why.
    broken: bool,
    /// The read half has come to its end.
    read_over: bool,
    bell: Arc<Bell>,
    waker: Waker,
}

/// Rings when a socket has something to say, so that one busy socket does not have fifty idle ones looked at for each
/// of its frames.
struct Bell {
    rung: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.rung.store(true, Ordering::Release);
        self.task.wake();
    }
}

/// What a socket says.
pub(super) enum Said {
    Incoming(Incoming),
    /// Nothing can be written any more.
    SendFailed(String),
}

impl Link {
    pub(super) fn new(connection: ConnectionId, socket: Box<dyn Socket>) -> Self {
        let bell = Arc::new(Bell {
            rung: AtomicBool::new(true),
            task: AtomicWaker::new(),
        });
        Self {
            connection,
            socket,
            outbox: VecDeque::new(),
            broken: false,
            read_over: false,
            waker: Waker::from(Arc::clone(&bell)),
            bell,
        }
    }

    pub(super) fn send(&mut self, text: String) {
        if !self.broken {
            self.outbox.push_back(text);
            self.bell.rung.store(true, Ordering::Release);
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Said> {
        self.bell.task.register(cx.waker());
        if !self.bell.rung.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        let waker = self.waker.clone();
        let cx = &mut Context::from_waker(&waker);
        if !self.broken
            && let Poll::Ready(Err(why)) = self.poll_write(cx)
        {
            self.broken = true;
            self.outbox.clear();
            self.bell.rung.store(true, Ordering::Release);
            return Poll::Ready(Said::SendFailed(why));
        }
        if self.read_over {
            return Poll::Pending;
        }
        let incoming = std::task::ready!(self.socket.poll_receive(cx));
        // There may be more.
        self.bell.rung.store(true, Ordering::Release);
        self.read_over = !matches!(incoming, Incoming::Text(_));
        Poll::Ready(Said::Incoming(incoming))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>> {
        while let Some(text) = self.outbox.pop_front() {
            let mut text = Some(text);
            let sent = self.socket.poll_send(cx, &mut text);
            if let Some(unsent) = text {
                self.outbox.push_front(unsent);
            }
            std::task::ready!(sent)?;
        }
        self.socket.poll_flush(cx)
    }

    /// Leaves. What was to be written last (a `stop`, say) leaves as far as the socket takes it at once.
    pub(super) fn close(mut self, cause: &Disconnect) -> BoxFuture<'static, ()> {
        let code = close_code(cause);
        Box::pin(async move {
            if !self.broken {
                let _ = poll_fn(|cx| Poll::Ready(self.poll_write(cx))).await;
            }
            if let Some(code) = code {
                self.socket.close(code).await;
            }
        })
    }
}

/// The close code to leave with; none where there is nobody left to tell.
fn close_code(cause: &Disconnect) -> Option<u16> {
    match cause {
        Disconnect::Lost(_) => None,
        Disconnect::Binary(_) => Some(1003),
        Disconnect::Malformed(_) => Some(1002),
        _ => Some(1000),
    }
}

/// All open sockets, which get their turns one after the other.
#[derive(Default)]
pub(super) struct Links {
    links: Vec<Link>,
    turn: usize,
}

impl Links {
    pub(super) fn add(&mut self, link: Link) {
        self.links.push(link);
    }

    pub(super) fn find(&mut self, connection: ConnectionId) -> Option<&mut Link> {
        self.links.iter_mut().find(|link| link.connection == connection)
    }

    pub(super) fn take(&mut self, connection: ConnectionId) -> Option<Link> {
        let at = self.links.iter().position(|link| link.connection == connection)?;
        Some(self.links.swap_remove(at))
    }

    /// Lets the next one have its turn.
    pub(super) fn pass(&mut self) {
        self.turn += 1;
    }

    /// A socket keeps its turn for as long as it has something to say, or until it is made to pass.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<(ConnectionId, Said)> {
        for _ in 0..self.links.len() {
            if self.turn >= self.links.len() {
                self.turn = 0;
            }
            let link = &mut self.links[self.turn];
            if let Poll::Ready(said) = link.poll(cx) {
                return Poll::Ready((link.connection, said));
            }
            self.turn += 1;
        }
        Poll::Pending
    }
}
