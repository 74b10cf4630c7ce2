//! Text messages out of a server's frames, beside tungstenite, both from the same bytes in memory.
//!
//! `cargo bench -p gqlwire-proto --bench websocket`
//!
//! One iteration is one message.

// A benchmark's entry points are public inside a private binary.
#![allow(missing_docs)]

use std::hint::black_box;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gqlwire_proto::websocket::{Decoder, Message, write_text};
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket};

const LIMIT: usize = 64 << 20;

fn text(len: usize) -> String {
    let mut text =
        String::from(r#"{"id":"7","type":"data","payload":{"data":{"onCreateMessage":{"id":"0123","message":""#);
    text.extend(('a'..='z').cycle().take(len - text.len() - 5));
    text.push_str("\"}}}}");
    text
}

/// About a mebibyte of frames, over and over.
struct Stream {
    bytes: Vec<u8>,
    at: usize,
}

impl Stream {
    fn of(text: &str) -> Self {
        let mut bytes = Vec::new();
        for _ in 0..(1 << 20) / text.len() {
            let mut frame = Vec::new();
            write_text(text, [0; 4], &mut frame);
            // As a server writes it: without the mask.
            let header = frame.len() - text.len();
            bytes.push(frame[0]);
            bytes.push(frame[1] & 0x7f);
            bytes.extend_from_slice(&frame[2..header - 4]);
            bytes.extend_from_slice(&frame[header..]);
        }
        Self { bytes, at: 0 }
    }

    fn read(&mut self, most: usize) -> &[u8] {
        if self.at == self.bytes.len() {
            self.at = 0;
        }
        let from = self.at;
        self.at = self.bytes.len().min(from + most);
        &self.bytes[from..self.at]
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let bytes = Stream::read(self, into.len());
        into[..bytes.len()].copy_from_slice(bytes);
        Ok(bytes.len())
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Each takes so many messages, and looks at the text of each.
fn ours(text: &str) -> impl FnMut(u64) + use<> {
    let mut stream = Stream::of(text);
    let mut decoder = Decoder::new(LIMIT);
    move |messages| {
        let mut taken = 0;
        while taken < messages {
            match decoder.take() {
                Ok(Some(Message::Text(text))) => {
                    black_box(&*text);
                    taken += 1;
                }
                Ok(None) => {
                    let space = decoder.space();
                    let most = space.capacity() - space.len();
                    space.extend_from_slice(stream.read(most));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

fn tungstenites(text: &str) -> impl FnMut(u64) + use<> {
    let mut socket = WebSocket::from_raw_socket(Stream::of(text), Role::Client, None);
    move |messages| {
        for _ in 0..messages {
            match socket.read() {
                Ok(tungstenite::Message::Text(text)) => {
                    black_box(text.as_str());
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

fn read(c: &mut Criterion) {
    for len in [150, 2 << 10, 16 << 10, 64 << 10] {
        let text = text(len);
        let mut group = c.benchmark_group(format!("text message of {len} bytes"));
        group.throughput(Throughput::Bytes(len as u64));
        group.bench_function("ours", |b| b.iter_custom(timed(ours(&text))));
        group.bench_function("tungstenite", |b| b.iter_custom(timed(tungstenites(&text))));
        group.finish();
    }
}

fn timed(mut read: impl FnMut(u64)) -> impl FnMut(u64) -> Duration {
    move |messages| {
        let begun = Instant::now();
        read(messages);
        begun.elapsed()
    }
}

fn write(c: &mut Criterion) {
    let text = text(2 << 10);
    let mut out = Vec::new();
    c.bench_function("write 2048 bytes", |b| {
        b.iter(|| {
            out.clear();
            write_text(black_box(&text), black_box([1, 2, 3, 4]), &mut out);
        });
    });
}

criterion_group!(benches, read, write);
criterion_main!(benches);
