//! The lexical tokens of a document, for counting and comparing; nothing is built.

/// Tokens of a text: names, numbers, strings and punctuators, in order, each as a slice of it.
pub(super) struct Tokens<'a> {
    source: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn of(source: &'a str) -> Self {
        Self { source, at: 0 }
    }
}

/// Where the token begins, and its text.
impl<'a> Iterator for Tokens<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.source.as_bytes();
        loop {
            match bytes.get(self.at)? {
                b' ' | b'\t' | b'\n' | b'\r' | b',' => self.at += 1,
                // The byte order mark may stand anywhere.
                0xEF if bytes[self.at..].starts_with(b"\xEF\xBB\xBF") => self.at += 3,
                b'#' => {
                    let rest = &bytes[self.at..];
                    self.at += length(rest, |byte| !matches!(byte, b'\n' | b'\r'));
                }
                _ => break,
            }
        }
        let start = self.at;
        let rest = &bytes[start..];
        self.at += match rest[0] {
            b'"' if rest.starts_with(b"\"\"\"") => block_string(rest),
            b'"' => string(rest),
            b'.' if rest.starts_with(b"...") => 3,
            b'-' | b'0'..=b'9' => length(rest, |byte| is_word(byte) || byte == b'.'),
            byte if is_word(byte) => length(rest, is_word),
            _ => 1,
        };
        // Every cut lies next to an ASCII byte.
        Some((start, self.source.get(start..self.at).unwrap_or_default()))
    }
}

/// Other than ASCII is an error outside of strings; it counts as part of a word, so that no character is cut.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+') || byte >= 0x80
}

fn length(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| !belongs(*byte)).unwrap_or(bytes.len())
}

fn string(rest: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = rest.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\n' | b'\r' => return at,
            b'\\' if rest.get(at + 1).is_some_and(u8::is_ascii) => at += 2,
            _ => at += 1,
        }
    }
    rest.len()
}

fn block_string(rest: &[u8]) -> usize {
    let mut at = 3;
    while at < rest.len() {
        if rest[at..].starts_with(b"\\\"\"\"") {
            at += 4;
        } else if rest[at..].starts_with(b"\"\"\"") {
            return at + 3;
        } else {
            at += 1;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Tokens;

    #[test]
    fn only_tokens_count() {
        for (source, expected) in [
            ("", 0),
            ("\u{feff} , # comment { a }\n", 0),
            ("{ a }", 3),
            ("query Q($a: [Int!]!) { x(a: $a, b: \"s # \\\" t\") @d ... }", 27),
            ("\"\"\"a \\\"\"\" b\"\"\" c", 2),
            ("-1.5e3", 1),
            ("\"open", 1),
            ("\"trailing\\", 1),
            ("a...b", 3),
        ] {
            assert_eq!(Tokens::of(source).count(), expected, "{source}");
        }
    }

    proptest! {
        #[test]
        fn tokens_are_never_empty_and_never_overlap(source in "[ -~é😀\n\u{feff}\"\\\\]*") {
            let mut end = 0;
            for (start, text) in Tokens::of(&source) {
                prop_assert!(start >= end && !text.is_empty());
                end = start + text.len();
            }
        }
    }
}
