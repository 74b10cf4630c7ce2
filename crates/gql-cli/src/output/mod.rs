//! What goes to stdout: the server's own JSON, one line for each result.

mod background;

use std::io::{self, ErrorKind, IsTerminal, Write};

use self::background::Background;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::status;

/// Whether anybody still reads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reader {
    Listening,
    Gone,
}

/// Standard output. No line waits for another one to be written: what reads it may wait for that line.
#[derive(Debug)]
pub(crate) struct Stdout(To);

#[derive(Debug)]
enum To {
    Background(Background),
    Direct,
    /// A status line may be in the way, and there is no order between it and a thread. A terminal goes on at Ctrl-C.
    Terminal,
}

impl Stdout {
    /// Where to write waits for its reader, which is right where nothing else is to be done.
    pub(crate) fn new() -> Self {
        Self(match io::stdout().is_terminal() {
            true => To::Terminal,
            false => To::Direct,
        })
    }

    /// Where a reader that does not read holds up nothing but its lines.
    ///
    /// Ask for [`has_room`](Self::has_room) before a line and for [`written`](Self::written) at the end.
    ///
    /// # Errors
    ///
    /// The system has no thread for it.
    pub(crate) fn in_background() -> Result<Self, Failure> {
        if io::stdout().is_terminal() {
            return Ok(Self(To::Terminal));
        }
        match Background::start(io::stdout()) {
            Ok(background) => Ok(Self(To::Background(background))),
            Err(error) => Err(Failure::new(
                Exit::Unreachable,
                format!("cannot start a thread for the output: {error}"),
            )),
        }
    }

    /// Ready when there is room for another line. Cancel safe.
    pub(crate) async fn has_room(&self) {
        if let To::Background(background) = &self.0 {
            background.has_room().await;
        }
    }

    /// Ready when a line could not be written that had been taken: [`written`](Self::written) says why. Cancel safe.
    pub(crate) async fn failed(&self) {
        match &self.0 {
            To::Background(background) => background.failed().await,
            _ => std::future::pending().await,
        }
    }

    /// Ready when all lines are written. Cancel safe.
    ///
    /// # Errors
    ///
    /// A line cannot be written, for another reason than that its reader is gone.
    pub(crate) async fn written(&self) -> Result<Reader, Failure> {
        match &self.0 {
            To::Background(background) => reader(background.written().await),
            _ => Ok(Reader::Listening),
        }
    }

    /// Gives the lines a moment to be written before something is said on stderr that belongs after them.
    pub(crate) fn settle(&mut self) {
        if let To::Background(background) = &mut self.0 {
            background.settle();
        }
    }

    /// Writes JSON as one line.
    ///
    /// # Errors
    ///
    /// The line cannot be written, for another reason than that its reader is gone.
    pub(crate) fn json(&mut self, json: &str) -> Result<Reader, Failure> {
        let mut line = Vec::with_capacity(json.len() + 1);
        compact(json, &mut line);
        line.push(b'\n');
        self.line(&line)
    }

    /// Writes a line that ends as lines do.
    ///
    /// # Errors
    ///
    /// As for [`json`](Self::json).
    pub(crate) fn line(&mut self, line: &[u8]) -> Result<Reader, Failure> {
        match &self.0 {
            To::Background(background) => {
                background.write(line);
                return Ok(Reader::Listening);
            }
            To::Direct => {}
            To::Terminal => status::make_way(),
        }
        write(line)
    }

    /// Writes text as it is; the end of a command that has nothing else to say.
    pub(crate) fn text(self, text: impl AsRef<[u8]>) -> Result<Exit, Failure> {
        write(text.as_ref()).map(|_| Exit::Success)
    }
}

fn write(bytes: &[u8]) -> Result<Reader, Failure> {
    let mut stdout = io::stdout().lock();
    reader(stdout.write_all(bytes).and_then(|()| stdout.flush()))
}

/// A reader that closed its end has read enough: `head`, a pager. That is no failure.
fn reader(written: io::Result<()>) -> Result<Reader, Failure> {
    match written {
        Ok(()) => Ok(Reader::Listening),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(Failure::new(
            Exit::Unreachable,
            format!("cannot write the output: {error}"),
        )),
    }
}

/// Appends JSON without the white space between its tokens. Numbers, strings and the order of members stay as the
/// server wrote them: `1e3` and `12345678901234567890` would not survive being read and written again.
pub(crate) fn compact(json: &str, into: &mut Vec<u8>) {
    let mut rest = json.as_bytes();
    while let Some(&byte) = rest.first() {
        let length = match byte {
            b' ' | b'\n' | b'\r' | b'\t' => {
                rest = &rest[1..];
                continue;
            }
            b'"' => string_length(rest),
            _ => 1,
        };
        into.extend_from_slice(&rest[..length]);
        rest = &rest[length..];
    }
}

/// The length of the string that these bytes begin with, quotes included.
fn string_length(bytes: &[u8]) -> usize {
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn compacted(json: &str) -> String {
        let mut line = Vec::new();
        compact(json, &mut line);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn white_space_goes_and_everything_else_stays_byte_for_byte() {
        let json =
            "{ \"z\" : [ 1e3 ,\t1.0,\r\n 12345678901234567890123 , -0.10 ],\n \"a b\\\" \\\\\" : \" \\u00e9 \" }";
        assert_eq!(
            compacted(json),
            r#"{"z":[1e3,1.0,12345678901234567890123,-0.10],"a b\" \\":" \u00e9 "}"#
        );
    }

    #[test]
    fn an_unfinished_string_ends_with_the_text() {
        for text in ["\"", "\"\\", "\"a", "[\"a\\\""] {
            assert_eq!(compacted(text), text);
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_compact_form_of_pretty_json_is_what_serde_writes(value in json()) {
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(compacted(&pretty), serde_json::to_string(&value).unwrap());
        }

        #[test]
        fn any_text_is_compacted_without_a_panic_and_only_once(text in any::<String>()) {
            let once = compacted(&text);
            prop_assert_eq!(compacted(&once), once);
        }
    }
}
