//! `multipart/mixed` answers (RFC 2046), taken apart as their bytes come.
//!
//! ```
//! use gqlwire_proto::multipart::{Decoder, boundary};
//!
//! let boundary = boundary("multipart/mixed; boundary=\"graphql\"; subscriptionSpec=1.0");
//! let mut decoder = Decoder::new(&boundary, 1 << 20);
//! let mut chunk: &[u8] = b"--graphql\r\ncontent-type: application/json\r\n\r\n{}\r\n--graphql";
//! assert!(decoder.read(&mut chunk)?, "what follows the boundary need not be there");
//! assert_eq!(decoder.part().body, b"{}");
//! # Ok::<(), gqlwire_proto::multipart::MultipartError>(())
//! ```

/// What stands between parts where the answer does not say: servers of GraphQL that name no boundary mean this one.
const USUAL_BOUNDARY: &str = "-";

/// The boundary that a content type names, quoted or not; `-` where it names none.
pub fn boundary(content_type: &str) -> String {
    parameter(content_type, "boundary")
        .filter(|boundary| !boundary.is_empty())
        .unwrap_or_else(|| USUAL_BOUNDARY.to_owned())
}

/// A parameter of a media type (RFC 9110, 5.6.6), by its name in lower case.
pub fn parameter(content_type: &str, name: &str) -> Option<String> {
    let mut rest = content_type.split_once(';')?.1;
    loop {
        rest = rest.trim_start_matches([';', ' ', '\t']);
        let end = rest.find(['=', ';'])?;
        let (found, after) = rest.split_at(end);
        let Some(value) = after.strip_prefix('=') else {
            rest = after;
            continue;
        };
        let (value, after) = parameter_value(value);
        if found.trim().eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = after;
    }
}

fn parameter_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return (text[..end].trim().to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

/// One part: its headers as text, and what they are of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Part<'d> {
    headers: &'d [u8],
    /// The body.
    pub body: &'d [u8],
}

impl<'d> Part<'d> {
    /// The value of a header, by its name in any case; `None` where there is none, or none that is text.
    pub fn header(&self, name: &str) -> Option<&'d str> {
        self.headers.split(|byte| *byte == b'\n').find_map(|line| {
            let (found, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
            found.trim().eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// What cannot be taken apart.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MultipartError {
    /// Something else than the end of a line follows a boundary.
    #[error("a boundary of the multipart answer is followed by something else than a line break")]
    Delimiter,
    /// A part has no empty line between headers and body.
    #[error("a part of the multipart answer has no empty line behind its headers")]
    NoBody,
    /// A part is longer than it may be.
    #[error("a part of the multipart answer is longer than {limit} bytes")]
    TooLong {
        /// How long one may be.
        limit: usize,
    },
}

/// Takes a multipart answer apart, however it is cut into chunks.
///
/// ```text
///             ┌───────────────── "--boundary" ends a part, which is told at once ────────────────┐
///             ▼                                                                                  │
///  Line start ──anything else──▶ In a line ──LF──▶ Line start                                    │
///      ▲                                                                                         │
///      └───────────── LF ──────────── Behind a delimiter ◀───────────────────────────────────────┘
///                                         └── "--" ──▶ Over: the epilogue is passed over
/// ```
///
/// Lines may end with LF alone. What precedes the first boundary is passed over, and so are parts without any content.
/// A part is told as soon as the boundary behind it is there, for the line break behind that may come with the next
/// part only. What it keeps is bounded by one part.
#[derive(Clone, Debug)]
pub struct Decoder {
    limit: usize,
    /// Two dashes and the boundary.
    delimiter: Vec<u8>,
    state: State,
    in_preamble: bool,
    part: Vec<u8>,
    line_start: usize,
    /// Where the body begins, once the empty line has come.
    body: Option<usize>,
    /// Where the body ends, once the part has been told.
    told: Option<usize>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// So many bytes of the delimiter have come.
    LineStart(usize),
    InLine,
    /// So many dashes have come.
    BehindDelimiter(usize),
    Over,
}

impl Decoder {
    /// A decoder at the beginning of an answer with this boundary, whose parts may be so long, in bytes.
    pub fn new(boundary: &str, limit: usize) -> Self {
        Self {
            limit,
            delimiter: [b"--", boundary.as_bytes()].concat(),
            state: State::LineStart(0),
            in_preamble: true,
            part: Vec::new(),
            line_start: 0,
            body: None,
            told: None,
        }
    }

    /// Takes bytes from the front of `input` up to the end of a part, and says whether it came: then
    /// [`part`](Self::part) has it. Otherwise all of `input` is taken.
    ///
    /// # Errors
    ///
    /// The answer is malformed, or a part longer than the limit. The decoder is of no more use then.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<bool, MultipartError> {
        if self.told.take().is_some() {
            self.part.clear();
            self.body = None;
        }
        while let Some((&first, rest)) = input.split_first() {
            match self.state {
                State::LineStart(matched) if first == self.delimiter[matched] => {
                    *input = rest;
                    if matched + 1 < self.delimiter.len() {
                        self.state = State::LineStart(matched + 1);
                        continue;
                    }
                    self.state = State::BehindDelimiter(0);
                    if self.ends_part()? {
                        return Ok(true);
                    }
                }
                State::LineStart(matched) => {
                    let delimiter = std::mem::take(&mut self.delimiter);
                    let kept = self.keep(&delimiter[..matched]);
                    self.delimiter = delimiter;
                    kept?;
                    self.state = State::InLine;
                }
                State::InLine => {
                    let end = input.iter().position(|byte| *byte == b'\n');
                    let (line, rest) = input.split_at(end.map_or(input.len(), |end| end + 1));
                    *input = rest;
                    self.keep(line)?;
                    if end.is_some() {
                        self.ends_line();
                        self.state = State::LineStart(0);
                    }
                }
                State::BehindDelimiter(dashes) => {
                    *input = rest;
                    self.state = match first {
                        b'-' if dashes == 0 => State::BehindDelimiter(1),
                        b'-' if dashes == 1 => State::Over,
                        b'\n' if dashes == 0 => State::LineStart(0),
                        b' ' | b'\t' | b'\r' if dashes == 0 => self.state,
                        _ => return Err(MultipartError::Delimiter),
                    };
                }
                State::Over => *input = &[],
            }
        }
        Ok(false)
    }

    /// The part that came last.
    pub fn part(&self) -> Part<'_> {
        let end = self.told.unwrap_or_default();
        let body = self.body.unwrap_or_default().min(end);
        Part {
            headers: &self.part[..body],
            body: &self.part[body..end],
        }
    }

    /// Whether the last boundary has come, the one that says that there are no more parts.
    pub fn is_over(&self) -> bool {
        self.state == State::Over
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), MultipartError> {
        if self.in_preamble {
            return Ok(());
        }
        if self.part.len() + bytes.len() > self.limit {
            return Err(MultipartError::TooLong { limit: self.limit });
        }
        self.part.extend_from_slice(bytes);
        Ok(())
    }

    fn ends_line(&mut self) {
        if self.in_preamble {
            return;
        }
        if self.body.is_none() && matches!(&self.part[self.line_start..], b"\n" | b"\r\n") {
            self.body = Some(self.part.len());
        }
        self.line_start = self.part.len();
    }

    /// Whether what the delimiter ends is a part with any content.
    fn ends_part(&mut self) -> Result<bool, MultipartError> {
        self.line_start = 0;
        if std::mem::replace(&mut self.in_preamble, false) {
            return Ok(false);
        }
        // The line break before a delimiter belongs to it.
        let content = self.part.strip_suffix(b"\n").unwrap_or(&self.part);
        let end = content.strip_suffix(b"\r").unwrap_or(content).len();
        let is_blank = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_whitespace);
        let Some(body) = self.body else {
            if !is_blank(&self.part) {
                return Err(MultipartError::NoBody);
            }
            self.part.clear();
            return Ok(false);
        };
        if body >= end || is_blank(&self.part[body..end]) {
            self.body = None;
            self.part.clear();
            return Ok(false);
        }
        self.told = Some(end);
        Ok(true)
    }
}
