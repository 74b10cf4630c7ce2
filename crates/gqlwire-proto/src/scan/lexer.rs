use super::literal::{block_string, number, string};
use super::text::{byte, starts_with_byte_order_mark};
use super::token::{Fault, Token, TokenKind, attempt};

/// Reads tokens, skipping what GraphQL ignores: white space, commas, comments, byte order marks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    /// A lexer that starts at byte `at`, the edge of a token.
    pub(super) const fn new(text: &'a str, at: usize) -> Self {
        Self {
            bytes: text.as_bytes(),
            at,
        }
    }

    pub(super) const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The next token; at the end of the text [`TokenKind::End`], again and again.
    pub(super) const fn token(&mut self) -> Result<Token, Fault> {
        let bytes = self.bytes;
        let start = skip_ignored(bytes, self.at);
        if start == bytes.len() {
            self.at = start;
            return Ok(Token {
                kind: TokenKind::End,
                start,
                end: start,
            });
        }
        let kind = match bytes[start] {
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => {
                let mut end = start + 1;
                while end < bytes.len() && matches!(bytes[end], b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_') {
                    end += 1;
                }
                self.at = end;
                return Ok(Token {
                    kind: TokenKind::Name,
                    start,
                    end,
                });
            }
            b'{' => TokenKind::CurlyOpen,
            b'}' => TokenKind::CurlyClose,
            b'(' => TokenKind::ParenOpen,
            b')' => TokenKind::ParenClose,
            b':' => TokenKind::Colon,
            b'$' => TokenKind::Dollar,
            b'!' => TokenKind::Bang,
            b'[' => TokenKind::SquareOpen,
            b']' => TokenKind::SquareClose,
            b'@' => TokenKind::At,
            b'=' => TokenKind::Equals,
            b'&' => TokenKind::Amp,
            b'|' => TokenKind::Pipe,
            _ => {
                let token = attempt!(long_token(bytes, start));
                self.at = token.end;
                return Ok(token);
            }
        };
        self.at = start + 1;
        Ok(Token {
            kind,
            start,
            end: start + 1,
        })
    }

    /// The next token of a text that was checked before. A fault, which it cannot have, would read as its end.
    pub(super) const fn checked_token(&mut self) -> Token {
        match self.token() {
            Ok(token) => token,
            Err(_) => Token {
                kind: TokenKind::End,
                start: self.bytes.len(),
                end: self.bytes.len(),
            },
        }
    }
}

const fn skip_ignored(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b' ' | b'\n' | b'\r' | b'\t' | b',' => at += 1,
            b'#' => {
                at += 1;
                while at < bytes.len() && !matches!(bytes[at], b'\n' | b'\r') {
                    at += 1;
                }
            }
            0xEF if starts_with_byte_order_mark(bytes, at) => at += 3,
            _ => break,
        }
    }
    at
}

const fn long_token(bytes: &[u8], start: usize) -> Result<Token, Fault> {
    match bytes[start] {
        b'-' | b'0'..=b'9' => number(bytes, start),
        b'"' if byte(bytes, start + 1) == b'"' && byte(bytes, start + 2) == b'"' => block_string(bytes, start),
        b'"' => string(bytes, start),
        b'.' if byte(bytes, start + 1) == b'.' && byte(bytes, start + 2) == b'.' => Ok(Token {
            kind: TokenKind::Spread,
            start,
            end: start + 3,
        }),
        b'.' => Err(Fault::expected_at("\"...\"", start)),
        b'\'' => Err(Fault::invalid(
            start,
            "strings are written in double quotes (\"), not in single ones",
        )),
        _ => Err(Fault::expected_at("GraphQL", start)),
    }
}
