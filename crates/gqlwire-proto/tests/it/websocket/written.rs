//! Frames of a client, as tungstenite's server reads them.

use std::io::{Cursor, Read, Write};

use gqlwire_proto::websocket::{Decoder, write_close, write_ping, write_pong, write_text};
use proptest::prelude::*;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{LAST, PING, PONG, frame};

struct Input(Cursor<Vec<u8>>);

impl Read for Input {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(into)
    }
}

impl Write for Input {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn server(bytes: Vec<u8>) -> impl FnMut() -> Result<Message, Error> {
    let mut server = WebSocket::from_raw_socket(Input(Cursor::new(bytes)), Role::Server, None);
    move || server.read()
}

/// §5.7.
#[test]
fn the_example_of_the_rfc_is_written_as_it_says() {
    let mut out = Vec::new();
    write_text("Hello", [0x37, 0xfa, 0x21, 0x3d], &mut out);
    assert_eq!(out, [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
}

#[test]
fn texts_of_every_length_arrive() {
    for len in (0..300).chain([65_535, 65_536, 1 << 20]) {
        let text = "ü".repeat(len / 2) + &"x".repeat(len % 2);
        let mut out = Vec::new();
        write_text(&text, [1, 2, 3, 4], &mut out);
        assert_eq!(server(out)().unwrap(), Message::text(text));
    }
}

#[test]
fn a_pong_says_what_the_ping_said() {
    let mut decoder = Decoder::new(100);
    decoder.space().extend_from_slice(&frame(LAST | PING, &[7; 125]));
    assert_eq!(decoder.take(), Ok(None));
    let pong = decoder.pong().unwrap();
    assert_eq!(decoder.pong(), None);
    let mut out = Vec::new();
    write_pong(&pong, [0xff, 2, 3, 4], &mut out);
    assert_eq!(server(out)().unwrap(), Message::Pong(vec![7; 125].into()));
}

#[test]
fn a_ping_arrives_and_any_pong_is_a_sign_of_life() {
    let mut out = Vec::new();
    write_ping([1, 2, 3, 4], &mut out);
    assert_eq!(server(out)().unwrap(), Message::Ping(Vec::new().into()));
    let mut decoder = Decoder::new(100);
    decoder.space().extend_from_slice(&frame(LAST | PING, b"x"));
    assert_eq!(decoder.take(), Ok(None));
    assert!(!decoder.ponged(), "a ping is answered, and that is all");
    decoder.space().extend_from_slice(&frame(LAST | PONG, b"x"));
    assert_eq!(decoder.take(), Ok(None));
    assert!(decoder.ponged());
    assert!(!decoder.ponged());
}

#[test]
fn a_close_frame_has_its_code_or_none() {
    for code in [Some(1000), Some(4400), None] {
        let mut out = Vec::new();
        write_close(code, [9, 8, 7, 6], &mut out);
        let Ok(Message::Close(frame)) = server(out)() else {
            panic!("no close frame");
        };
        assert_eq!(frame.map(|frame| u16::from(frame.code)), code);
    }
}

proptest! {
    #[test]
    fn batches_arrive_in_order(texts in proptest::collection::vec(any::<String>(), 0..10), mask: [u8; 4]) {
        let mut out = Vec::new();
        for text in &texts {
            write_text(text, mask, &mut out);
        }
        let mut read = server(out);
        for text in texts {
            prop_assert_eq!(read().unwrap(), Message::text(text));
        }
        prop_assert!(read().is_err());
    }
}
