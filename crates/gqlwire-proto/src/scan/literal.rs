use super::text::byte;
use super::token::{Fault, Token, TokenKind, attempt};

/// An `Int` or a `Float`; no name, digit or point may follow it directly.
pub(super) const fn number(bytes: &[u8], start: usize) -> Result<Token, Fault> {
    let mut kind = TokenKind::Int;
    let mut at = if bytes[start] == b'-' { start + 1 } else { start };
    if byte(bytes, at) == b'0' {
        at += 1;
        if byte(bytes, at).is_ascii_digit() {
            return Err(Fault::invalid(start, "a number may not begin with a superfluous 0"));
        }
    } else {
        at = attempt!(digits(bytes, at));
    }
    if byte(bytes, at) == b'.' {
        kind = TokenKind::Float;
        at = attempt!(digits(bytes, at + 1));
    }
    if matches!(byte(bytes, at), b'e' | b'E') {
        kind = TokenKind::Float;
        at += 1;
        if matches!(byte(bytes, at), b'+' | b'-') {
            at += 1;
        }
        at = attempt!(digits(bytes, at));
    }
    if matches!(byte(bytes, at), b'.' | b'_' | b'A'..=b'Z' | b'a'..=b'z') {
        return Err(Fault::expected_at("the number to end here", at));
    }
    Ok(Token { kind, start, end: at })
}

/// The end of one or more digits.
const fn digits(bytes: &[u8], start: usize) -> Result<usize, Fault> {
    let mut at = start;
    while byte(bytes, at).is_ascii_digit() {
        at += 1;
    }
    if at == start {
        return Err(Fault::expected_at("a digit", at));
    }
    Ok(at)
}

/// A string in single `"`, all of it on one line.
pub(super) const fn string(bytes: &[u8], start: usize) -> Result<Token, Fault> {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                return Ok(Token {
                    kind: TokenKind::String,
                    start,
                    end: at + 1,
                });
            }
            b'\n' | b'\r' => break,
            b'\\' => at = attempt!(escape(bytes, at)),
            _ => at += 1,
        }
    }
    Err(Fault::invalid(
        start,
        "the string that begins here does not end on its line",
    ))
}

/// A string in `"""`, in which only `\"""` is an escape.
pub(super) const fn block_string(bytes: &[u8], start: usize) -> Result<Token, Fault> {
    let mut at = start + 3;
    while at < bytes.len() {
        match bytes[at] {
            b'"' if three_quotes(bytes, at) => {
                return Ok(Token {
                    kind: TokenKind::BlockString,
                    start,
                    end: at + 3,
                });
            }
            b'\\' if three_quotes(bytes, at + 1) => at += 4,
            _ => at += 1,
        }
    }
    Err(Fault::invalid(start, "the block string that begins here has no end"))
}

const fn three_quotes(bytes: &[u8], at: usize) -> bool {
    byte(bytes, at) == b'"' && byte(bytes, at + 1) == b'"' && byte(bytes, at + 2) == b'"'
}

/// The end of the escape that the backslash at `start` begins.
const fn escape(bytes: &[u8], start: usize) -> Result<usize, Fault> {
    match byte(bytes, start + 1) {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(start + 2),
        b'u' if byte(bytes, start + 2) == b'{' => braced_escape(bytes, start),
        b'u' => four_digit_escape(bytes, start),
        _ => Err(Fault::invalid(
            start,
            r#"unknown escape: a string knows \" \\ \/ \b \f \n \r \t and \u"#,
        )),
    }
}

/// `\u{1F600}`: any number of digits, as long as the value is a character.
const fn braced_escape(bytes: &[u8], start: usize) -> Result<usize, Fault> {
    let first = start + 3;
    let mut at = first;
    let mut value = 0_u32;
    while byte(bytes, at) != b'}' {
        let Some(digit) = hex_digit(byte(bytes, at)) else {
            return Err(Fault::expected_at(r#"a hexadecimal digit or "}""#, at));
        };
        value = value.saturating_mul(16).saturating_add(digit);
        at += 1;
    }
    if at == first {
        return Err(Fault::expected_at("a hexadecimal digit", at));
    }
    if char::from_u32(value).is_none() {
        return Err(Fault::invalid(start, "this escape does not stand for a character"));
    }
    Ok(at + 1)
}

/// `\u00E9`, or two of them for a character outside the basic plane.
const fn four_digit_escape(bytes: &[u8], start: usize) -> Result<usize, Fault> {
    let lone = Fault::invalid(
        start,
        "this escape is half of a surrogate pair; write \\u{…} or both halves",
    );
    let end = start + 6;
    match attempt!(four_digits(bytes, start + 2)) {
        0xDC00..=0xDFFF => Err(lone),
        0xD800..=0xDBFF => {
            if byte(bytes, end) != b'\\' || byte(bytes, end + 1) != b'u' || byte(bytes, end + 2) == b'{' {
                return Err(lone);
            }
            match attempt!(four_digits(bytes, end + 2)) {
                0xDC00..=0xDFFF => Ok(end + 6),
                _ => Err(lone),
            }
        }
        _ => Ok(end),
    }
}

const fn four_digits(bytes: &[u8], start: usize) -> Result<u32, Fault> {
    let mut value = 0;
    let mut at = start;
    while at < start + 4 {
        let Some(digit) = hex_digit(byte(bytes, at)) else {
            return Err(Fault::expected_at("four hexadecimal digits", at));
        };
        value = value * 16 + digit;
        at += 1;
    }
    Ok(value)
}

const fn hex_digit(byte: u8) -> Option<u32> {
    (byte as char).to_digit(16)
}
