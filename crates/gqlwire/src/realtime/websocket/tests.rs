//! The socket over a stream that does as the test says.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use gqlwire_proto::websocket::Decoder;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::masks::Masks;
use super::socket::WebSocket;
use crate::realtime::connect::{Incoming, Socket};

#[derive(Default)]
struct State {
    /// What each read brings; then nothing more, as yet.
    arriving: VecDeque<Vec<u8>>,
    over: bool,
    blocked: bool,
    broken: bool,
    writes: Vec<Vec<u8>>,
    reads: usize,
}

#[derive(Clone, Default)]
struct Stream(Arc<Mutex<State>>);

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut state = self.0.lock().unwrap();
        state.reads += 1;
        match state.arriving.pop_front() {
            Some(mut bytes) => {
                let rest = bytes.split_off(bytes.len().min(into.remaining()));
                if !rest.is_empty() {
                    state.arriving.push_front(rest);
                }
                into.put_slice(&bytes);
                Poll::Ready(Ok(()))
            }
            None if state.over => Poll::Ready(Ok(())),
            None => Poll::Pending,
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut state = self.0.lock().unwrap();
        if state.broken {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if state.blocked {
            return Poll::Pending;
        }
        state.writes.push(bytes.to_vec());
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A socket, and the network that it is on.
struct Fixture {
    stream: Stream,
    socket: Option<Box<WebSocket<Stream>>>,
    wakes: Arc<Wakes>,
}

impl Fixture {
    fn new() -> Self {
        let stream = Stream::default();
        Self {
            socket: Some(Box::new(WebSocket::new(
                stream.clone(),
                Decoder::new(10_000),
                Masks::new(),
            ))),
            stream,
            wakes: Arc::default(),
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.stream.0.lock().unwrap())
    }

    fn arrives(&self, bytes: impl Into<Vec<u8>>) {
        let bytes = bytes.into();
        self.change(|state| state.arriving.push_back(bytes));
    }

    fn poll<T>(&mut self, poll: impl FnOnce(&mut WebSocket<Stream>, &mut Context<'_>) -> T) -> T {
        let waker = Waker::from(Arc::clone(&self.wakes));
        poll(self.socket.as_mut().unwrap(), &mut Context::from_waker(&waker))
    }

    fn receive(&mut self) -> Poll<String> {
        self.poll(|socket, cx| socket.poll_receive(cx).map(|incoming| format!("{incoming:?}")))
    }

    fn send(&mut self, text: &str) -> Poll<Result<(), String>> {
        let mut text = Some(text.to_owned());
        self.poll(|socket, cx| socket.poll_send(cx, &mut text))
    }

    fn flush(&mut self) -> Poll<Result<(), String>> {
        self.poll(|socket, cx| socket.poll_flush(cx))
    }

    /// What has been written: opcodes, and what was under the masks.
    fn written(&self) -> Vec<(u8, Vec<u8>)> {
        let bytes = self.change(|state| state.writes.concat());
        let mut frames = Vec::new();
        let mut rest = &bytes[..];
        while let [first, second, after @ ..] = rest {
            assert_eq!((first & 0xf0, second & 0x80), (0x80, 0x80));
            let (len, after) = match second & 0x7f {
                126 => (usize::from(u16::from_be_bytes([after[0], after[1]])), &after[2..]),
                len => (usize::from(len), after),
            };
            let (mask, after) = after.split_at(4);
            let (payload, after) = after.split_at(len);
            let payload = payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key);
            frames.push((first & 0x0f, payload.collect()));
            rest = after;
        }
        frames
    }
}

/// A short frame of a server.
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    [&[0x80 | opcode, payload.len() as u8], payload].concat()
}

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

#[test]
fn what_is_sent_together_is_written_together() {
    let mut fixture = Fixture::new();
    for text in ["one", "two", "three"] {
        assert!(fixture.send(text).is_ready());
    }
    assert_eq!(fixture.written(), []);
    assert_eq!(fixture.flush(), Poll::Ready(Ok(())));
    assert_eq!(
        fixture.written(),
        ["one", "two", "three"].map(|text| (TEXT, text.into()))
    );
    assert_eq!(fixture.change(|state| state.writes.len()), 1);
    let keys: Vec<_> = fixture.change(|state| [2, 11, 20].map(|at| state.writes[0][at..at + 4].to_vec()).into());
    assert!(keys[0] != keys[1] && keys[1] != keys[2], "{keys:?}");
}

#[test]
fn a_peer_that_takes_no_bytes_gets_no_more_than_fits() {
    let mut fixture = Fixture::new();
    fixture.change(|state| state.blocked = true);
    let long = "x".repeat(1000);
    let taken = (0..1000).take_while(|_| fixture.send(&long).is_ready()).count();
    assert!((60..70).contains(&taken), "{taken}");
    fixture.change(|state| state.blocked = false);
    assert!(fixture.send(&long).is_ready());
    assert!(fixture.flush().is_ready());
    assert_eq!(fixture.written().len(), taken + 1);
}

#[test]
fn a_ping_is_answered_though_nothing_else_is_sent() {
    let mut fixture = Fixture::new();
    fixture.arrives(frame(PING, b"there?"));
    assert_eq!(fixture.receive(), Poll::Pending);
    assert_eq!(fixture.written(), [(PONG, b"there?".to_vec())]);
}

#[test]
fn of_many_pings_that_could_not_be_answered_the_last_one_is() {
    let mut fixture = Fixture::new();
    fixture.change(|state| state.blocked = true);
    assert!(fixture.send("text").is_ready());
    for number in 0..100 {
        fixture.arrives(frame(PING, &[number]));
        assert_eq!(fixture.receive(), Poll::Pending);
    }
    fixture.change(|state| state.blocked = false);
    assert!(fixture.flush().is_ready());
    assert_eq!(fixture.written(), [(TEXT, b"text".to_vec()), (PONG, vec![99])]);
}

#[test]
fn a_ping_among_messages_is_answered_with_the_next_flush() {
    let mut fixture = Fixture::new();
    fixture.arrives([frame(PING, b"!"), frame(TEXT, b"a"), frame(TEXT, b"b")].concat());
    assert_eq!(fixture.receive(), Poll::Ready(r#"Text("a")"#.to_owned()));
    assert!(fixture.flush().is_ready());
    assert_eq!(fixture.written(), [(PONG, b"!".to_vec())]);
    assert_eq!(fixture.receive(), Poll::Ready(r#"Text("b")"#.to_owned()));
}

#[test]
fn a_flood_of_pings_lets_others_have_their_turn() {
    let mut fixture = Fixture::new();
    for _ in 0..1000 {
        fixture.arrives(frame(PING, b""));
    }
    assert_eq!(fixture.receive(), Poll::Pending);
    assert!(fixture.change(|state| state.reads) < 100);
    // It is to be looked at again.
    assert_eq!(fixture.wakes.0.load(Ordering::SeqCst), 1);
    assert_eq!(fixture.written().len(), 1);
}

#[test]
fn a_pong_that_cannot_be_written_is_a_broken_socket() {
    let mut fixture = Fixture::new();
    fixture.change(|state| state.broken = true);
    fixture.arrives([frame(PING, b""), frame(TEXT, b"last words")].concat());
    assert!(fixture.receive().is_ready());
    assert_eq!(fixture.receive(), Poll::Pending);
    assert_eq!(fixture.wakes.0.load(Ordering::SeqCst), 1);
    assert_eq!(fixture.flush(), Poll::Ready(Err("broken pipe".to_owned())));
    // It is broken once, and reading it does not wake for that again.
    assert_eq!(fixture.receive(), Poll::Pending);
    assert_eq!(fixture.wakes.0.load(Ordering::SeqCst), 1);
}

#[test]
fn a_close_frame_is_answered_with_its_code_and_nothing_follows() {
    let mut fixture = Fixture::new();
    fixture.arrives(frame(CLOSE, b"\x03\xe9bye"));
    assert_eq!(
        fixture.receive(),
        Poll::Ready(r#"Closed { code: Some(1001), reason: "bye" }"#.to_owned())
    );
    assert!(fixture.send("late").is_ready());
    assert_eq!(fixture.flush(), Poll::Ready(Ok(())));
    assert_eq!(fixture.written(), [(CLOSE, vec![3, 0xe9])]);
}

#[tokio::test]
async fn goodbye_is_said_once() {
    let mut fixture = Fixture::new();
    assert!(fixture.send("last").is_ready());
    fixture.socket.take().unwrap().close(1000).await;
    assert_eq!(fixture.written(), [(TEXT, b"last".to_vec()), (CLOSE, vec![3, 0xe8])]);
    let mut fixture = Fixture::new();
    fixture.arrives(frame(CLOSE, b""));
    assert!(fixture.receive().is_ready());
    fixture.socket.take().unwrap().close(1000).await;
    assert_eq!(fixture.written(), [(CLOSE, vec![])]);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_no_goodbye_is_left_within_a_second() {
    let mut fixture = Fixture::new();
    fixture.change(|state| state.blocked = true);
    let goodbye = fixture.socket.take().unwrap().close(1000);
    let begun = tokio::time::Instant::now();
    goodbye.await;
    assert_eq!(begun.elapsed().as_secs(), 1);
}

#[test]
fn what_breaks_the_protocol_is_told_to_both_sides() {
    for (bytes, code, words) in [
        (vec![0x81, 0x80, 0, 0, 0, 0], 1002_u16, "masked"),
        (frame(TEXT, b"\xff"), 1007, "UTF-8"),
        (vec![0x81, 126, 0xff, 0xff], 1009, "max_message_size"),
    ] {
        let mut fixture = Fixture::new();
        fixture.arrives(bytes);
        let Poll::Ready(said) = fixture.receive() else {
            panic!("{words}: still waiting");
        };
        assert!(said.starts_with("Lost") && said.contains(words), "{said}");
        assert!(fixture.flush().is_ready());
        assert_eq!(fixture.written(), [(CLOSE, code.to_be_bytes().to_vec())]);
    }
}

#[test]
fn an_end_without_a_close_frame_is_one() {
    let mut fixture = Fixture::new();
    fixture.arrives(&frame(TEXT, b"cut")[..3]);
    fixture.change(|state| state.over = true);
    let Poll::Ready(said) = fixture.receive() else {
        panic!("still waiting");
    };
    assert!(said.contains("without a close frame"), "{said}");
}

#[test]
fn short_messages_are_lent() {
    let mut fixture = Fixture::new();
    fixture.arrives(frame(TEXT, b"short"));
    fixture.poll(|socket, cx| match socket.poll_receive(cx) {
        Poll::Ready(Incoming::Text(std::borrow::Cow::Borrowed("short"))) => {}
        other => panic!("{other:?}"),
    });
}

#[test]
fn keys_and_nonces_are_new_for_each_connection() {
    let (mut one, mut other) = (Masks::new(), Masks::new());
    assert_ne!(one.nonce(), other.nonce());
    assert_ne!(one.nonce(), one.nonce());
    let masks: std::collections::HashSet<_> = (0..1000).map(|_| one.mask()).collect();
    assert!(masks.len() > 990);
}

#[test]
fn websocket_schemes_become_those_that_http_clients_know() {
    for (given, wanted) in [
        (
            "ws://localhost:1/graphql/realtime",
            "http://localhost:1/graphql/realtime",
        ),
        (
            "wss://api.example.com/graphql/realtime?a=b",
            "https://api.example.com/graphql/realtime?a=b",
        ),
        ("https://api.example.com/", "https://api.example.com/"),
    ] {
        assert_eq!(
            super::as_http(&url::Url::parse(given).unwrap()).unwrap().as_str(),
            wanted
        );
    }
}
