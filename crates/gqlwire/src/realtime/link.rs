//! The sockets of a session, each with what waits to be written on it.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::future::BoxFuture;
use futures_util::task::AtomicWaker;
use gqlwire_proto::session::{ConnectionId, SubscriptionHandle};

use super::connect::{Incoming, Socket};

/// One open socket.
pub(super) struct Link {
    pub(super) connection: ConnectionId,
    place: Arc<Place>,
    outbox: VecDeque<Outgoing>,
    /// How many bytes of text are in it.
    backlog: usize,
    /// The starts in it of which somebody wants to know when they have been written.
    unwritten: Vec<SubscriptionHandle>,
    /// The write half is broken; the server may still have said why.
    broken: bool,
    bell: Arc<Bell>,
    waker: Waker,
}

/// What is to be written.
enum Outgoing {
    Ping,
    Text(String),
}

/// Where a socket is, unless it is lent.
struct Place {
    socket: Mutex<Option<Box<dyn Socket>>>,
    /// The read half has come to its end, or nobody wants to know any more.
    read_over: AtomicBool,
}

/// Rings when a socket has something to say, so that one busy socket does not have fifty idle ones looked at for each
/// of its frames.
struct Bell {
    rung: AtomicBool,
    task: AtomicWaker,
}

impl Bell {
    /// Has the socket looked at when the sockets have their turns next.
    fn ring(&self) {
        self.rung.store(true, Ordering::Release);
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
        self.task.wake();
    }
}

/// What a socket says.
pub(super) enum Said {
    /// Something may have arrived: see [`Links::lend`].
    Ready,
    /// Nothing can be written any more.
    SendFailed(String),
    /// These starts have been written.
    Written(Vec<SubscriptionHandle>),
}

impl Link {
    pub(super) fn new(connection: ConnectionId, socket: Box<dyn Socket>) -> Self {
        let bell = Arc::new(Bell {
            rung: AtomicBool::new(true),
            task: AtomicWaker::new(),
        });
        Self {
            connection,
            place: Arc::new(Place {
                socket: Mutex::new(Some(socket)),
                read_over: AtomicBool::new(false),
            }),
            outbox: VecDeque::new(),
            backlog: 0,
            unwritten: Vec::new(),
            broken: false,
            waker: Waker::from(Arc::clone(&bell)),
            bell,
        }
    }

    pub(super) fn send(&mut self, text: String) {
        self.backlog += text.len();
        self.write(Outgoing::Text(text));
    }

    pub(super) fn ping(&mut self) {
        self.write(Outgoing::Ping);
    }

    /// Has [`Said::Written`] tell of this start once all that was sent so far has been written.
    pub(super) fn tell_when_written(&mut self, start: SubscriptionHandle) {
        self.unwritten.push(start);
    }

    /// How many bytes wait for a peer that takes none.
    pub(super) fn backlog(&self) -> usize {
        self.backlog
    }

    fn write(&mut self, outgoing: Outgoing) {
        if !self.broken {
            self.outbox.push_back(outgoing);
            self.bell.ring();
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Said> {
        self.bell.task.register(cx.waker());
        if !self.bell.rung.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        let cx = &mut Context::from_waker(&self.waker);
        if !self.broken
            && let Some(socket) = self.place.lock().as_deref_mut()
            && let Poll::Ready(written) = poll_write(&mut self.outbox, socket, cx)
        {
            self.backlog = 0;
            if let Err(why) = written {
                self.broken = true;
                self.outbox.clear();
                self.bell.ring();
                return Poll::Ready(Said::SendFailed(why));
            }
            if !self.unwritten.is_empty() {
                self.bell.ring();
                return Poll::Ready(Said::Written(std::mem::take(&mut self.unwritten)));
            }
        }
        match self.place.read_over.load(Ordering::Relaxed) {
            true => Poll::Pending,
            false => Poll::Ready(Said::Ready),
        }
    }

    fn lend(&self) -> Option<Lent> {
        Some(Lent {
            socket: Some(self.place.lock().take()?),
            place: Arc::clone(&self.place),
            bell: Arc::clone(&self.bell),
            waker: self.waker.clone(),
        })
    }

    /// Leaves. What was to be written last (a `stop`, say) leaves as far as the socket takes it at once.
    ///
    /// If the socket is lent, it is not read any further; it must be back before the goodbye is polled.
    pub(super) fn close(mut self, code: Option<u16>) -> BoxFuture<'static, ()> {
        self.place.read_over.store(true, Ordering::Relaxed);
        Box::pin(async move {
            let Some(mut socket) = self.place.lock().take() else {
                return;
            };
            if !self.broken {
                let _ = poll_fn(|cx| Poll::Ready(poll_write(&mut self.outbox, socket.as_mut(), cx))).await;
            }
            if let Some(code) = code {
                socket.close(code).await;
            }
        })
    }
}

fn poll_write(
    outbox: &mut VecDeque<Outgoing>,
    socket: &mut dyn Socket,
    cx: &mut Context<'_>,
) -> Poll<Result<(), String>> {
    while let Some(outgoing) = outbox.pop_front() {
        let mut text = match outgoing {
            Outgoing::Ping => {
                socket.ping();
                continue;
            }
            Outgoing::Text(text) => Some(text),
        };
        let sent = socket.poll_send(cx, &mut text);
        if let Some(unsent) = text {
            outbox.push_front(Outgoing::Text(unsent));
        }
        std::task::ready!(sent)?;
    }
    socket.poll_flush(cx)
}

impl Place {
    fn lock(&self) -> MutexGuard<'_, Option<Box<dyn Socket>>> {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A socket that somebody reads from while everything else, its link included, remains at hand: what it says lies in the
/// socket itself. What is sent to the link meanwhile waits. Dropped, it is back in its place.
pub(super) struct Lent {
    /// Always there until it is dropped.
    socket: Option<Box<dyn Socket>>,
    place: Arc<Place>,
    bell: Arc<Bell>,
    waker: Waker,
}

impl Lent {
    /// What has arrived; if nothing, the link will say so when there is.
    pub(super) fn receive(&mut self) -> Poll<Incoming<'_>> {
        let Some(socket) = &mut self.socket else {
            return Poll::Pending;
        };
        if self.place.read_over.load(Ordering::Relaxed) {
            return Poll::Pending;
        }
        let incoming = std::task::ready!(socket.poll_receive(&mut Context::from_waker(&self.waker)));
        // There may be more.
        self.bell.ring();
        if !matches!(incoming, Incoming::Pong | Incoming::Text(_)) {
            self.place.read_over.store(true, Ordering::Relaxed);
        }
        Poll::Ready(incoming)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        *self.place.lock() = self.socket.take();
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

    /// The socket of a connection, to be read from.
    pub(super) fn lend(&mut self, connection: ConnectionId) -> Option<Lent> {
        self.find(connection)?.lend()
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

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use gqlwire_proto::session::{Action, Session, SessionOptions, SubscribeOptions};

    use super::*;

    /// What became of a socket.
    #[derive(Default)]
    struct Fate {
        sent: Vec<String>,
        closed: Option<u16>,
        dropped: bool,
    }

    struct Recording(Arc<Mutex<Fate>>);

    impl Socket for Recording {
        fn poll_receive<'s>(&'s mut self, _: &mut Context<'_>) -> Poll<Incoming<'s>> {
            Poll::Ready(Incoming::Text("text".into()))
        }

        fn poll_send(&mut self, _: &mut Context<'_>, text: &mut Option<String>) -> Poll<Result<(), String>> {
            self.0.lock().unwrap().sent.extend(text.take());
            Poll::Ready(Ok(()))
        }

        fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), String>> {
            Poll::Ready(Ok(()))
        }

        fn close(self: Box<Self>, code: u16) -> BoxFuture<'static, ()> {
            self.0.lock().unwrap().closed = Some(code);
            Box::pin(async {})
        }
    }

    impl Drop for Recording {
        fn drop(&mut self) {
            self.0.lock().unwrap().dropped = true;
        }
    }

    /// Only a session has numbers for connections.
    fn some_connection() -> ConnectionId {
        let now = std::time::Instant::now();
        let mut session = Session::new(SessionOptions::default(), 1);
        session.subscribe(SubscribeOptions::new("{}"), now);
        loop {
            if let Action::Open(connection) = session.poll().unwrap() {
                return connection;
            }
        }
    }

    fn one_link() -> (Links, ConnectionId, Arc<Mutex<Fate>>) {
        let fate = Arc::<Mutex<Fate>>::default();
        let connection = some_connection();
        let mut links = Links::default();
        links.add(Link::new(connection, Box::new(Recording(Arc::clone(&fate)))));
        (links, connection, fate)
    }

    #[test]
    fn what_is_sent_while_a_socket_is_lent_is_written_when_it_is_back() {
        let (mut links, connection, fate) = one_link();
        let mut lent = links.lend(connection).unwrap();
        assert!(links.lend(connection).is_none());
        assert!(lent.receive().is_ready());
        links.find(connection).unwrap().send("pending".to_owned());
        assert!(fate.lock().unwrap().sent.is_empty());
        drop(lent);
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(matches!(links.poll(cx), Poll::Ready((_, Said::Ready))));
        assert_eq!(fate.lock().unwrap().sent, ["pending"]);
    }

    #[tokio::test]
    async fn a_link_that_is_closed_while_its_socket_is_lent_says_goodbye_when_it_is_back() {
        let (mut links, connection, fate) = one_link();
        let mut lent = links.lend(connection).unwrap();
        assert!(lent.receive().is_ready());
        let mut link = links.take(connection).unwrap();
        link.send("stop".to_owned());
        let goodbye = link.close(Some(1000));
        assert!(lent.receive().is_pending(), "nobody wants to know any more");
        drop(lent);
        goodbye.await;
        let fate = fate.lock().unwrap();
        assert_eq!((&fate.sent[..], fate.closed), (&["stop".to_owned()][..], Some(1000)));
    }

    #[test]
    fn a_socket_is_gone_with_its_link_lent_or_not() {
        let (links, _, fate) = one_link();
        drop(links);
        assert!(fate.lock().unwrap().dropped);
        let (mut links, connection, fate) = one_link();
        let lent = links.lend(connection).unwrap();
        drop(links);
        assert!(!fate.lock().unwrap().dropped);
        drop(lent);
        assert!(fate.lock().unwrap().dropped);
    }
}
