//! Server-sent events, as the WHATWG's HTML standard parses them, taken apart as their bytes come.
//!
//! ```
//! use gqlwire_proto::sse::Decoder;
//!
//! let mut decoder = Decoder::new(1 << 20);
//! let mut chunk: &[u8] = b"event: next\ndata: {\"data\":{\"n\":1}}\n\nevent: comp";
//! assert!(decoder.read(&mut chunk)?);
//! assert_eq!((decoder.event().name, decoder.event().data), ("next", "{\"data\":{\"n\":1}}"));
//! assert!(!decoder.read(&mut chunk)?, "the rest of it has yet to come");
//! # Ok::<(), gqlwire_proto::sse::TooLong>(())
//! ```

use std::borrow::Cow;
use std::time::Duration;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Event<'d> {
    /// The value of its `event` field; empty where it had none, which is what browsers call `message`.
    pub name: &'d str,
    /// The values of its `data` fields, with a line break between two.
    pub data: &'d str,
}

/// An event that is longer than it may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an event of the stream is longer than {limit} bytes")]
pub struct TooLong {
    /// How long one may be.
    pub limit: usize,
}

/// Takes a stream of events apart, however it is cut into chunks.
///
/// Lines end with CR, LF or both; a byte order mark at the beginning, comments and unknown fields are passed over; what is
/// no UTF-8 is replaced. What it keeps is bounded by one event.
///
/// In one thing it is more generous than the standard: an event that has a name and no data counts. The protocol of
/// `graphql-sse` allows its `complete` to be sent so.
#[derive(Clone, Debug)]
pub struct Decoder {
    limit: usize,
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    /// Whether the last byte was a CR: an LF behind it belongs to it.
    after_cr: bool,
    begun: bool,
    name: String,
    data: String,
    has_data: bool,
    id: String,
    last_event_id: String,
    retry: Option<Duration>,
    comments: u64,
    /// Whether the event that is held has been told, and goes when the next one begins.
    told: bool,
}

impl Decoder {
    /// A decoder at the beginning of a stream whose events may be so long, in bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            after_cr: false,
            begun: false,
            name: String::new(),
            data: String::new(),
            has_data: false,
            id: String::new(),
            last_event_id: String::new(),
            retry: None,
            comments: 0,
            told: false,
        }
    }

    /// Takes bytes from the front of `input` up to the end of an event, and says whether it came: then
    /// [`event`](Self::event) has it. Otherwise all of `input` is taken.
    ///
    /// An event whose end never comes is none: that is how the standard has it.
    ///
    /// # Errors
    ///
    /// The event is longer than the limit. The decoder is of no more use then.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<bool, TooLong> {
        if std::mem::take(&mut self.told) {
            self.name.clear();
            self.data.clear();
            self.has_data = false;
        }
        while !input.is_empty() {
            if std::mem::take(&mut self.after_cr) && input[0] == b'\n' {
                *input = &input[1..];
                continue;
            }
            let Some(end) = input.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                self.keep(input)?;
                *input = &[];
                break;
            };
            let (line, rest) = input.split_at(end);
            self.after_cr = rest[0] == b'\r';
            *input = &rest[1..];
            if self.line.is_empty() {
                self.fits(line.len())?;
                self.take_line(line);
            } else {
                self.keep(line)?;
                let line = std::mem::take(&mut self.line);
                self.take_line(&line);
                self.line = line;
                self.line.clear();
            }
            if self.told {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The event that came last.
    pub fn event(&self) -> Event<'_> {
        Event {
            name: &self.name,
            data: &self.data,
        }
    }

    /// The id of the last event that had one: what `Last-Event-ID` takes. Empty where there was none.
    pub fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    /// How long the server asks to wait before the stream is requested again, where it said so.
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// How many comments came: servers send them as a sign of life.
    pub fn comments(&self) -> u64 {
        self.comments
    }

    fn keep(&mut self, part: &[u8]) -> Result<(), TooLong> {
        // A comment may be as long as it likes, for nobody reads it.
        if self.line.first() == Some(&b':') {
            return Ok(());
        }
        if self.line.is_empty() && part.first() == Some(&b':') {
            self.line.push(b':');
            return Ok(());
        }
        self.fits(self.line.len() + part.len())?;
        self.line.extend_from_slice(part);
        Ok(())
    }

    fn fits(&self, more: usize) -> Result<(), TooLong> {
        match self.name.len() + self.data.len() + more <= self.limit {
            true => Ok(()),
            false => Err(TooLong { limit: self.limit }),
        }
    }

    fn take_line(&mut self, line: &[u8]) {
        let line = match std::mem::replace(&mut self.begun, true) {
            false => line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line),
            true => line,
        };
        if line.is_empty() {
            return self.dispatch();
        }
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        let value = String::from_utf8_lossy(value.strip_prefix(b" ").unwrap_or(value));
        match field {
            b"" => self.comments += 1,
            b"data" => {
                if self.has_data {
                    self.data.push('\n');
                }
                self.has_data = true;
                self.data.push_str(&value);
            }
            b"event" => replace(&mut self.name, value),
            b"id" if !value.contains('\0') => replace(&mut self.id, value),
            b"retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.retry = Some(value.parse().map_or(Duration::MAX, Duration::from_millis));
            }
            _ => {}
        }
    }

    fn dispatch(&mut self) {
        if self.last_event_id != self.id {
            self.last_event_id.clone_from(&self.id);
        }
        self.told = self.has_data || !self.name.is_empty();
    }
}

fn replace(text: &mut String, with: Cow<'_, str>) {
    text.clear();
    text.push_str(&with);
}
