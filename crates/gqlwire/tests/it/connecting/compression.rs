use gqlwire::{Client, ErrorKind, RetryPolicy};
use serde_json::Value;

use crate::support::{Server, presentable};

const QUERY: &str = "{ hello }";

/// `{"data":{"hello":"wörld wörld …"}}`, as gzip and brotli of Node.js make it.
const GZIP: &str =
    "1f8b0800000000000003ab564a492c4954b2aa56ca48cdc9c957b2522a3fbcad28274581644aa9b616002e37c1bc4d000000";
const BROTLI: &str = "1b4c00f81d09364e7133cfd236ce5a644fae6feadcd9360819dbb096449351fc91096090112932745ffa25f403";
/// 128 MiB of spaces.
const BROTLI_BOMB: &str = "cbffff3ff82540e2b14020f7fe8fffff7ff04b00c4611180eefd1fffffffe0970088c30200ddfb3ffeffffc12f0110870500baf77ffcffff835f02200e0b0074effff8ffff07bf04401c1600e8defff1ffff0f7e0980382c00d0bdffe3ffff1ffc1200715800a07bffc7ffff3ff82500e2b00040f7fe8fffff7ff04b00c4610180eefd1fffffffe0970088c30200ddfb3ffeffffc12f0110870500baf77ffcffff835f02200e0b0074effff8ffff07bf04401c1600e8defff1ffff0f7e0980382c00d0bdffcbffff3ffc1200715800a07bff07";

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// A zstd frame of one block that is not compressed.
fn zstd(text: &str) -> Vec<u8> {
    let header = 1 | (text.len() as u32) << 3;
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
    frame.extend_from_slice(&header.to_le_bytes()[..3]);
    frame.extend_from_slice(text.as_bytes());
    frame
}

/// A zstd frame of this many blocks of 128 KiB of spaces, four bytes each.
fn zstd_bomb(blocks: usize) -> Vec<u8> {
    let header = (1 << 1 | (128 * 1024u32) << 3).to_le_bytes();
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
    for _ in 0..blocks {
        frame.extend_from_slice(&header[..3]);
        frame.push(b' ');
    }
    frame
}

/// A gzip member without end: one space, and then over and over the 258 bytes before, in 13 bits.
fn gzip_bomb(repeats: usize) -> Vec<u8> {
    let mut bits: Vec<bool> = Vec::new();
    let mut push = |value: u32, count: u32, most_significant_first: bool| {
        for at in 0..count {
            let at = if most_significant_first { count - 1 - at } else { at };
            bits.push(value >> at & 1 == 1);
        }
    };
    // The last block, with fixed codes (RFC 1951, 3.2.6).
    push(0b1, 1, false);
    push(0b01, 2, false);
    push(0x30 + u32::from(b' '), 8, true);
    for _ in 0..repeats {
        // Length 258 is the symbol 285, distance 1 the symbol 0.
        push(0b1100_0101, 8, true);
        push(0, 5, true);
    }
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let packed = bits
        .chunks(8)
        .map(|byte| byte.iter().rev().fold(0, |byte, &bit| byte << 1 | u8::from(bit)));
    head.into_iter().chain(packed).collect()
}

async fn answering(coding: &str, body: Vec<u8>) -> Server {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: {coding}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    Server::answering([head.into_bytes(), body].concat()).await
}

#[tokio::test]
async fn compressed_answers_are_asked_for_and_read_when_the_builder_says_so() {
    let expected = "wörld ".repeat(8);
    let plain = format!("{{\"data\":{{\"hello\":\"{expected}\"}}}}");
    for (coding, body) in [
        ("gzip", bytes(GZIP)),
        ("br", bytes(BROTLI)),
        ("zstd", zstd(&plain)),
        ("identity", plain.clone().into_bytes()),
    ] {
        let server = answering(coding, body).await;
        let client = Client::builder(&server.url("/graphql")).compression().build().unwrap();
        let data: Value = client.execute(QUERY).await.unwrap().into_data().unwrap();
        assert_eq!(data["hello"], *expected, "{coding}");
        let request = &server.requests()[0];
        let mut asked: Vec<_> = request
            .header("accept-encoding")
            .unwrap()
            .split(',')
            .map(str::trim)
            .collect();
        asked.sort_unstable();
        assert_eq!(asked, ["br", "gzip", "zstd"]);
    }
}

#[tokio::test]
async fn without_it_nothing_is_asked_for_though_it_is_compiled_in() {
    let server = answering("gzip", bytes(GZIP)).await;
    let error = Client::new(&server.url("/graphql"))
        .unwrap()
        .execute(QUERY)
        .await
        .unwrap_err();
    assert!(
        presentable(&error).contains("gzip-compressed, which was not asked for"),
        "{error}"
    );
    assert_eq!(server.requests()[0].header("accept-encoding"), None);
}

#[tokio::test]
async fn a_bomb_ends_at_the_limit_of_what_comes_out_of_it() {
    for (coding, body) in [
        // About 1 GiB each of gzip and zstd, and 128 MiB of brotli.
        ("gzip", gzip_bomb(4 * 1024 * 1024)),
        ("zstd", zstd_bomb(8192)),
        ("br", bytes(BROTLI_BOMB)),
    ] {
        let server = answering(coding, body).await;
        let client = Client::builder(&server.url("/graphql"))
            .compression()
            .max_response_size(1024 * 1024)
            .build()
            .unwrap();
        let before = peak();
        let error = client.execute(QUERY).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error:?}");
        let message = presentable(&error);
        assert!(message.contains("longer than 1048576 bytes"), "{coding}: {message}");
        // Other tests run at the same time, but none that takes so much.
        assert!(peak() < before + 512 * 1024, "{coding}: {} KiB", peak() - before);
    }
}

/// The most memory that this process has had, in KiB, where the system tells.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

#[tokio::test]
async fn a_broken_compression_is_told_from_a_broken_connection() {
    for (coding, body) in [
        ("gzip", b"nonsense nonsense".to_vec()),
        ("zstd", b"nonsense".to_vec()),
        ("br", vec![0xff; 64]),
    ] {
        let server = answering(coding, body).await;
        let client = Client::builder(&server.url("/graphql"))
            .compression()
            .retry(RetryPolicy::never())
            .build()
            .unwrap();
        let error = client.execute(QUERY).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{coding}: {error:?}");
        assert!(
            presentable(&error).contains("compression is broken"),
            "{coding}: {error}"
        );
    }
}
