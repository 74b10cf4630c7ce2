//! `const fn` stand-ins for what the standard library does through traits.

/// The byte at `at`, or 0 behind the end. No token contains a 0 byte, so the two need no telling apart.
pub(super) const fn byte(bytes: &[u8], at: usize) -> u8 {
    if at < bytes.len() { bytes[at] } else { 0 }
}

/// The bytes from `start` up to `end`.
pub(super) const fn between(bytes: &[u8], start: usize, end: usize) -> &[u8] {
    bytes.split_at(end).0.split_at(start).1
}

/// The text from `start` up to `end`, both of which are edges of tokens.
pub(super) const fn slice(text: &str, start: usize, end: usize) -> &str {
    text.split_at(end).0.split_at(start).1
}

/// The character that begins at `at`, which is inside the text and on the edge of a character.
pub(super) const fn character(bytes: &[u8], at: usize) -> char {
    let first = bytes[at] as u32;
    let code = if first < 0x80 {
        first
    } else if first < 0xE0 {
        (first & 0x1F) << 6 | continuation(bytes, at + 1)
    } else if first < 0xF0 {
        (first & 0x0F) << 12 | continuation(bytes, at + 1) << 6 | continuation(bytes, at + 2)
    } else {
        (first & 0x07) << 18
            | continuation(bytes, at + 1) << 12
            | continuation(bytes, at + 2) << 6
            | continuation(bytes, at + 3)
    };
    match char::from_u32(code) {
        Some(character) => character,
        None => char::REPLACEMENT_CHARACTER,
    }
}

const fn continuation(bytes: &[u8], at: usize) -> u32 {
    (byte(bytes, at) & 0x3F) as u32
}

/// Line and column, both from 1, of the byte at `offset`.
///
/// A line ends with `\n`, `\r\n` or a lone `\r`, as GraphQL has it. Columns count characters; a byte order mark at
/// the start of the document is not counted, since no editor shows it.
pub(super) const fn position(bytes: &[u8], offset: usize) -> (usize, usize) {
    let mut at = if starts_with_byte_order_mark(bytes, 0) { 3 } else { 0 };
    let (mut line, mut column) = (1, 1);
    while at < offset && at < bytes.len() {
        match bytes[at] {
            b'\r' if byte(bytes, at + 1) == b'\n' => {}
            b'\n' | b'\r' => {
                line += 1;
                column = 1;
            }
            0x80..=0xBF => {}
            _ => column += 1,
        }
        at += 1;
    }
    (line, column)
}

pub(super) const fn starts_with_byte_order_mark(bytes: &[u8], at: usize) -> bool {
    byte(bytes, at) == 0xEF && byte(bytes, at + 1) == 0xBB && byte(bytes, at + 2) == 0xBF
}
