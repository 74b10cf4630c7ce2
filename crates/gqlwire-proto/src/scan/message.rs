use super::text::character;
use super::token::{Problem, Token, TokenKind};

/// Text that a `const fn` can write.
#[derive(Clone, Copy)]
pub(super) struct Message {
    bytes: [u8; Message::CAPACITY],
    len: usize,
}

impl Message {
    /// The longest message has some 130 bytes; what does not fit is left out.
    const CAPACITY: usize = 256;

    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; Self::CAPACITY],
            len: 0,
        }
    }

    pub(super) const fn text(mut self, text: &str) -> Self {
        if self.len + text.len() > Self::CAPACITY {
            return self;
        }
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            self.bytes[self.len] = bytes[at];
            self.len += 1;
            at += 1;
        }
        self
    }

    pub(super) const fn character(self, character: char) -> Self {
        let mut buffer = [0; 4];
        self.text(character.encode_utf8(&mut buffer))
    }

    pub(super) const fn number(self, number: usize) -> Self {
        if number < 10 {
            self.digit(number)
        } else {
            self.number(number / 10).digit(number % 10)
        }
    }

    /// `U+00A0`.
    pub(super) const fn code_point(mut self, character: char) -> Self {
        self = self.text("U+");
        let mut shift = match character as u32 {
            0..=0xFFFF => 16,
            0x1_0000..=0xF_FFFF => 20,
            _ => 24,
        };
        while shift > 0 {
            shift -= 4;
            self = self.digit((character as usize >> shift) & 0xF);
        }
        self
    }

    pub(super) const fn problem(self, problem: Problem, found: Found) -> Self {
        match problem {
            Problem::Invalid(text) => self.text(text),
            Problem::Expected(what) => self.text("expected ").text(what).text(", found ").found(found),
        }
    }

    const fn found(self, found: Found) -> Self {
        match found {
            Found::BlockString => self.text("a block string"),
            Found::Character(c) if is_visible(c) => self.text("\"").character(c).text("\" (").code_point(c).text(")"),
            Found::Character(c) => self.code_point(c),
            Found::End => self.text("the end of the document"),
            Found::String => self.text("a string"),
            Found::Word(word) => self
                .text("\"")
                .text(word.as_str())
                .text(if word.is_cut { "…\"" } else { "\"" }),
        }
    }

    const fn digit(self, digit: usize) -> Self {
        let digit = digit as u8;
        self.character(if digit < 10 { b'0' + digit } else { b'A' + digit - 10 } as char)
    }

    pub(super) const fn as_str(&self) -> &str {
        match str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }
}

/// What stood where something else was expected.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    BlockString,
    /// A character outside ASCII, or a control character.
    Character(char),
    End,
    String,
    Word(Word),
}

impl Found {
    pub(super) const fn new(bytes: &[u8], token: Token) -> Self {
        match token.kind {
            TokenKind::BlockString => Self::BlockString,
            TokenKind::String => Self::String,
            _ if token.start >= bytes.len() => Self::End,
            TokenKind::Character => match character(bytes, token.start) {
                ' '..='~' => Self::Word(Word::new(bytes, token.start, token.start + 1)),
                other => Self::Character(other),
            },
            _ => Self::Word(Word::new(bytes, token.start, token.end)),
        }
    }
}

/// The beginning of a token, all of it ASCII.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    bytes: [u8; Word::CAPACITY],
    len: u8,
    is_cut: bool,
}

impl Word {
    const CAPACITY: usize = 32;

    const fn new(bytes: &[u8], start: usize, end: usize) -> Self {
        let mut word = Self {
            bytes: [0; Self::CAPACITY],
            len: 0,
            is_cut: end - start > Self::CAPACITY,
        };
        let mut at = start;
        while at < end && (word.len as usize) < Self::CAPACITY {
            word.bytes[word.len as usize] = bytes[at];
            word.len += 1;
            at += 1;
        }
        word
    }

    const fn as_str(&self) -> &str {
        match str::from_utf8(self.bytes.split_at(self.len as usize).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }
}

/// Whether a character can be shown as it is: no control, no space, nothing that turns the direction of the text.
const fn is_visible(c: char) -> bool {
    !matches!(c,
        '\0'..='\u{A0}' | '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{2000}'..='\u{200F}' | '\u{2028}'..='\u{202F}'
        | '\u{205F}'..='\u{206F}' | '\u{3000}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFF0}'..='\u{FFFB}'
        | '\u{E0000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_code_points_are_written_as_the_standard_library_does() {
        for number in [0, 7, 10, 1234567890, usize::MAX] {
            assert_eq!(Message::new().number(number).as_str(), number.to_string());
        }
        for character in ['\0', 'a', '\u{A0}', '\u{FEFF}', '\u{1F600}', char::MAX] {
            let expected = format!("U+{:04X}", character as u32);
            assert_eq!(Message::new().code_point(character).as_str(), expected);
        }
    }

    #[test]
    fn a_message_that_does_not_fit_is_cut_between_its_parts() {
        let long = "é".repeat(100);
        assert_eq!(
            Message::new().text(&long).text(&long).text("!").as_str(),
            format!("{long}!")
        );
    }
}
