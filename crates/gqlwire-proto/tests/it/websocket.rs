//! Frames of a server, read; frames of a client, written.

mod chunks;
mod differential;
mod examples;
mod memory;
mod written;

use gqlwire_proto::websocket::{Decoder, FrameError, Message};
use proptest::prelude::*;

const LIMIT: usize = 300_000;

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;
const LAST: u8 = 0x80;

/// A frame as servers write them.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        len @ ..126 => frame.push(len as u8),
        len @ ..0x1_0000 => {
            frame.push(126);
            frame.extend((len as u16).to_be_bytes());
        }
        len => {
            frame.push(127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend(payload);
    frame
}

fn text(text: &str) -> Vec<u8> {
    frame(LAST | TEXT, text.as_bytes())
}

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend(reason);
    frame(LAST | CLOSE, &payload)
}

/// What came of a stream of bytes.
#[derive(Debug, PartialEq)]
struct Read {
    messages: Vec<Message<'static>>,
    error: Option<FrameError>,
    pong: Option<Vec<u8>>,
}

/// Reads bytes that come in chunks.
fn read_chunks<'c>(limit: usize, chunks: impl IntoIterator<Item = &'c [u8]>) -> Read {
    let mut decoder = Decoder::new(limit);
    let mut read = Read {
        messages: Vec::new(),
        error: None,
        pong: None,
    };
    for chunk in chunks {
        decoder.space().extend_from_slice(chunk);
        loop {
            match decoder.take() {
                Ok(Some(message)) => read.messages.push(owned(message)),
                Ok(None) => break,
                // After the first, there is to be none.
                Err(error) => assert_eq!(read.error.replace(error), None),
            }
        }
        if let Some(pong) = decoder.pong() {
            read.pong = Some(pong.payload().to_vec());
        }
    }
    read
}

fn read(bytes: &[u8]) -> Read {
    read_chunks(LIMIT, [bytes])
}

fn owned(message: Message<'_>) -> Message<'static> {
    match message {
        Message::Binary(len) => Message::Binary(len),
        Message::Close(frame) => Message::Close(frame),
        Message::Text(text) => Message::Text(text.into_owned().into()),
    }
}

fn texts(read: &Read) -> Vec<&str> {
    let texts = read.messages.iter().map(|message| match message {
        Message::Text(text) => &**text,
        other => panic!("{other:?}"),
    });
    texts.collect()
}

/// A stream that breaks no rule: messages, whole or in fragments, with pings and pongs between all of that.
fn valid_stream() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![
        6 => 0..200_usize,
        2 => 3_000..6_000_usize,
        1 => 30_000..36_000_usize,
        1 => 60_000..70_000_usize,
    ];
    let control = prop_oneof![
        2 => Just(Vec::new()),
        1 => proptest::collection::vec(any::<u8>(), 0..126).prop_map(|payload| frame(LAST | PING, &payload)),
        1 => proptest::collection::vec(any::<u8>(), 0..5).prop_map(|payload| frame(LAST | PONG, &payload)),
    ];
    let cuts = proptest::collection::vec((any::<prop::sample::Index>(), control), 0..4);
    let message = (length, any::<bool>(), any::<char>(), cuts).prop_map(|(len, is_text, odd, cuts)| {
        let payload: Vec<u8> = match is_text {
            true => format!("{odd}aü€😀").into_bytes(),
            false => vec![0, 0xff, 0x81],
        };
        let payload = payload.repeat(len / payload.len() + 1);
        let mut controls = Vec::new();
        let mut ends: Vec<_> = cuts
            .into_iter()
            .map(|(at, control)| {
                controls.push(control);
                at.index(payload.len() + 1)
            })
            .collect();
        ends.sort_unstable();
        ends.push(payload.len());
        let mut bytes = Vec::new();
        let mut from = 0;
        let mut opcode = if is_text { TEXT } else { BINARY };
        for (index, &end) in ends.iter().enumerate() {
            let last = if index + 1 == ends.len() { LAST } else { 0 };
            bytes.extend(frame(last | opcode, &payload[from..end]));
            bytes.extend(controls.get(index).into_iter().flatten());
            (from, opcode) = (end, CONTINUATION);
        }
        bytes
    });
    let goodbye = prop_oneof![
        2 => Just(Vec::new()),
        1 => (1000..1004_u16, "[a-zü]{0,30}").prop_map(|(code, reason)| close(code, reason.as_bytes())),
        1 => Just(frame(LAST | CLOSE, b"")),
    ];
    (proptest::collection::vec(message, 0..8), goodbye).prop_map(|(messages, goodbye)| {
        let mut bytes = messages.concat();
        bytes.extend(goodbye);
        bytes
    })
}
