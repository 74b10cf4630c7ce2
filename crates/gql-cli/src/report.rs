//! What goes to stderr: for people, in colour on a terminal, and never a reason to fail.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use gqlwire::{GraphQLError, Location, PathSegment};
use gqlwire_schema::{Diagnostic, TextOptions, render_text};

use crate::failure::Failure;
use crate::status;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default();

/// What stopped the command, and what to do about it.
pub(crate) fn failure(failure: &Failure) {
    let _ = labelled(ERROR, "error", &failure.message);
    if let Some(advice) = &failure.hint {
        hint(advice);
    }
}

/// An error that stops nothing.
pub(crate) fn error(message: impl Display) {
    let _ = labelled(ERROR, "error", &message.to_string());
}

/// What to do about an error that was told already.
pub(crate) fn hint(message: impl Display) {
    let _ = labelled(HINT, "hint", &message.to_string());
}

/// Something odd that stops nothing.
pub(crate) fn warning(message: impl Display) {
    let _ = labelled(WARNING, "warning", &message.to_string());
}

/// Errors and warnings with their places in a document.
pub(crate) fn diagnostics(found: &[Diagnostic]) {
    if !found.is_empty() {
        status::make_way();
        let _ = write!(
            anstream::stderr().lock(),
            "{}",
            render_text(found, &TextOptions::colored())
        );
    }
}

/// A plain line for the person who looks on.
pub(crate) fn say(message: impl Display) {
    status::make_way();
    let _ = writeln!(anstream::stderr().lock(), "{message}");
}

/// How many errors of one answer are shown, and how many characters of each text in them: about a screen. `-d` shows all.
const MOST_ERRORS: usize = 20;
const LONGEST_TEXT: usize = 500;

/// The errors of an answer, each with its place in the answer and in the document; `of` names the operation where there
/// are several.
pub(crate) fn graphql_errors(errors: &[GraphQLError], document: &str, of: Option<&str>) {
    let everything = tracing::enabled!(tracing::Level::DEBUG);
    let (most, longest) = match everything {
        true => (usize::MAX, usize::MAX),
        false => (MOST_ERRORS, LONGEST_TEXT),
    };
    for error in errors.iter().take(most) {
        let _ = graphql_error(error, document, of, longest);
    }
    let left = errors.len().saturating_sub(most);
    if left > 0 {
        say(format_args!("and {left} more errors; -d shows all"));
    }
}

/// As much of a text as is shown.
fn cut(text: &str, longest: usize) -> Cow<'_, str> {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}… ({} characters more)", &text[..end], text[end..].chars().count()).into(),
        None => text.into(),
    }
}

fn labelled(style: Style, label: &str, text: &str) -> io::Result<()> {
    let text = printable(text.trim_end());
    status::make_way();
    writeln!(anstream::stderr().lock(), "{style}{label}:{style:#} {text}")
}

fn graphql_error(error: &GraphQLError, document: &str, of: Option<&str>, longest: usize) -> io::Result<()> {
    let message = match error.message.as_str() {
        "" => "the server gave an error without a message",
        message => message,
    };
    let of = of.map_or(String::new(), |operation| format!("{operation}: "));
    labelled(ERROR, "error", &format!("{of}{}", cut(message, longest)))?;
    let mut stderr = anstream::stderr().lock();
    if let Some(error_type) = error.error_type() {
        writeln!(stderr, "  errorType: {}", printable(&cut(error_type, longest)))?;
    }
    if let Some(path) = error.path.as_deref().filter(|path| !path.is_empty()) {
        writeln!(stderr, "  path: {}", printable(&cut(&path_text(path), longest)))?;
    }
    if let Some(info) = error.error_info() {
        writeln!(stderr, "  errorInfo: {}", printable(&cut(&info.to_string(), longest)))?;
    }
    /// More places than these say nothing about the first.
    const MOST_PLACES: usize = 5;
    for location in error.locations.iter().take(MOST_PLACES) {
        write!(stderr, "{}", excerpt(document, location).unwrap_or_default())?;
    }
    Ok(())
}

fn path_text(path: &[PathSegment]) -> String {
    let segments = path.iter().map(|segment| match segment {
        PathSegment::Field(name) => name.clone(),
        PathSegment::Index(position) => position.to_string(),
    });
    segments.collect::<Vec<_>>().join(".")
}

/// How long a line of the document may be to be shown.
const LONGEST_LINE: usize = 160;

/// The line of the document that an error names, and a mark below the place. Nothing if the document has no such
/// place: servers count as they like.
fn excerpt(document: &str, location: &Location) -> Option<String> {
    let index = usize::try_from(location.line).ok()?.checked_sub(1)?;
    let column = usize::try_from(location.column).ok()?.checked_sub(1)?;
    let line = document.lines().nth(index)?;
    let length = line.chars().count();
    if column > length || length > LONGEST_LINE {
        return None;
    }
    let number = location.line.to_string();
    let margin = " ".repeat(number.len());
    let blanks: String = line
        .chars()
        .take(column)
        .map(|c| if c == '\t' { '\t' } else { ' ' })
        .collect();
    let line = printable(line);
    Some(format!("  {margin} |\n  {number} | {line}\n  {margin} | {blanks}^\n"))
}

/// A terminal must not obey what a server says.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    match text.contains(is_odd) {
        true => text.replace(is_odd, "\u{FFFD}").into(),
        false => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32, column: u32) -> GraphQLError {
        GraphQLError::from_value(serde_json::json!({"locations": [{"line": line, "column": column}]}))
    }

    #[test]
    fn an_excerpt_marks_the_place() {
        let error = at(2, 3);
        let shown = excerpt("query {\n  nwo\n}", &error.locations[0]).unwrap();
        assert_eq!(shown, "    |\n  2 |   nwo\n    |   ^\n");
    }

    #[test]
    fn a_place_outside_of_the_document_shows_nothing() {
        for (line, column) in [(0, 1), (1, 0), (9, 1), (1, 99)] {
            let error = at(line, column);
            if let Some(location) = error.locations.first() {
                assert_eq!(excerpt("{ a }", location), None, "{line}:{column}");
            }
        }
    }

    #[test]
    fn a_long_text_says_how_much_is_missing() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äöü… (1 characters more)");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31m\nb"), "a\u{FFFD}[31m\nb");
    }
}
