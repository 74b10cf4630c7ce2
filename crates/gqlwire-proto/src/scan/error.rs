use std::fmt;

use super::message::{Found, Message};
use super::text::position;
use super::token::{Fault, Problem};

/// Why a text is not an executable GraphQL document, and where.
///
/// It owns what it needs and allocates nothing, so it can be kept and copied freely.
///
/// ```
/// use gqlwire_proto::scan::Outline;
///
/// let text = "query {\n  user(id: ) { name }\n}";
/// let error = Outline::parse(text).unwrap_err();
/// assert_eq!((error.line(), error.column(), error.offset()), (2, 12, 19));
/// assert_eq!(error.render(text), r#"syntax error at 2:12: expected a value, found ")"
///   |
/// 2 |   user(id: ) { name }
///   |            ^
/// "#);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SyntaxError {
    offset: usize,
    line: usize,
    column: usize,
    problem: Problem,
    found: Found,
}

impl SyntaxError {
    pub(super) const fn new(text: &str, fault: Fault) -> Self {
        let bytes = text.as_bytes();
        let offset = fault.found.start;
        let (line, column) = position(bytes, offset);
        Self {
            offset,
            line,
            column,
            problem: fault.problem,
            found: Found::new(bytes, fault.found),
        }
    }

    /// Where the error is, in bytes from the start of the document.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// The line of the error, from 1. A line ends with `\n`, `\r\n` or `\r`.
    pub const fn line(&self) -> usize {
        self.line
    }

    /// The column of the error in characters, from 1. A byte order mark at the start of the document does not count.
    pub const fn column(&self) -> usize {
        self.column
    }

    /// What is wrong, without the place: `expected a selection, found "}"`.
    pub fn message(&self) -> String {
        Message::new().problem(self.problem, self.found).as_str().to_owned()
    }

    /// The whole error, as the compiler shows it.
    pub(super) const fn compile_time_message(&self) -> Message {
        self.write(Message::new().text("GraphQL "))
    }

    const fn write(&self, message: Message) -> Message {
        message
            .text("syntax error at ")
            .number(self.line)
            .text(":")
            .number(self.column)
            .text(": ")
            .problem(self.problem, self.found)
    }

    /// The error over several lines: the message, the line of `source` that it is about, and a mark below the place.
    ///
    /// `source` is the document that was refused. Of a long line some 70 characters on either side of the place are
    /// shown; control characters are replaced.
    pub fn render(&self, source: &str) -> String {
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let (line, mark) = excerpt(source, self.offset);
        format!("{self}\n{margin} |\n{number} | {line}\n{margin} | {mark}\n")
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.write(Message::new()).as_str())
    }
}

impl fmt::Debug for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyntaxError")
            .field("line", &self.line)
            .field("column", &self.column)
            .field("message", &self.message())
            .finish_non_exhaustive()
    }
}

impl std::error::Error for SyntaxError {}

/// How many characters of a line are shown before and after the place.
const MARGIN: usize = 70;

/// The line around `offset`, and a line of blanks that ends with a mark below the place.
fn excerpt(source: &str, offset: usize) -> (String, String) {
    let (before, after) = source.split_at(source.floor_char_boundary(offset));
    let before = before
        .rsplit(['\n', '\r'])
        .next()
        .unwrap_or_default()
        .trim_start_matches('\u{FEFF}');
    let after = after.split(['\n', '\r']).next().unwrap_or_default();

    let (mut line, mut mark) = (String::new(), String::new());
    let skipped = before.char_indices().rev().nth(MARGIN).map(|(at, c)| at + c.len_utf8());
    if skipped.is_some() {
        line.push('…');
        mark.push(' ');
    }
    for c in before[skipped.unwrap_or(0)..].chars() {
        line.push(printable(c));
        // A tab below a tab is as wide as the other, whatever its width.
        mark.push(if c == '\t' { '\t' } else { ' ' });
    }
    mark.push('^');
    line.extend(after.chars().take(MARGIN).map(printable));
    if after.chars().nth(MARGIN).is_some() {
        line.push('…');
    }
    (line.trim_end().to_owned(), mark)
}

/// A terminal must not obey what a document contains.
fn printable(c: char) -> char {
    match c {
        '\t' => c,
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => '\u{FFFD}',
        c if c.is_control() => '\u{FFFD}',
        c => c,
    }
}
