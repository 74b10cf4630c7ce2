//! Where in a text something lies, for people.

use std::ops::Range;

/// The most characters of a source line that are shown.
const MAX_EXCERPT: usize = 120;

/// Lines and columns from 1, columns in characters; the end is the place after the last character.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) end_line: u32,
    pub(super) end_column: u32,
    pub(super) excerpt: Excerpt,
}

/// A piece of the offending line, and where in it the caret belongs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Excerpt {
    pub(super) text: String,
    pub(super) caret: usize,
    pub(super) width: usize,
}

impl Position {
    /// `None` when the range does not lie in the text.
    pub(super) fn of(source: &str, at: Range<usize>) -> Option<Self> {
        let before = source.get(..at.start)?;
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before[line_start..].chars().count();
        let marked = source.get(at).unwrap_or_default();
        let last = marked.rfind('\n').map(|at| &marked[at + 1..]);
        let end_column = last.map_or(column + marked.chars().count(), |last| last.chars().count());
        let end_line = line + marked.bytes().filter(|byte| *byte == b'\n').count();

        let whole = source[line_start..].lines().next().unwrap_or_default();
        let width = marked.lines().next().unwrap_or_default().chars().count();
        // A document may be one line of a megabyte: show the part around the error.
        let skipped = column.saturating_sub(MAX_EXCERPT / 2);
        let text: String = whole
            .chars()
            .skip(skipped)
            .take(MAX_EXCERPT)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let caret = column - skipped;
        let room = text.chars().count().saturating_sub(caret);
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Some(Self {
            line: number(line),
            column: number(column + 1),
            end_line: number(end_line),
            end_column: number(end_column + 1),
            excerpt: Excerpt {
                text,
                caret,
                width: width.min(room),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Position;

    #[test]
    fn columns_are_characters_and_ends_may_lie_on_other_lines() {
        let source = "é {\n  a(b: 1\n  c: 2)\n}";
        let at = |text: &str| {
            let start = source.find(text).unwrap();
            let found = Position::of(source, start..start + text.len()).unwrap();
            (found.line, found.column, found.end_line, found.end_column)
        };
        assert_eq!(at("{"), (1, 3, 1, 4));
        assert_eq!(at("a(b: 1\n  c: 2)"), (2, 3, 3, 8));
        assert_eq!(at("}"), (4, 1, 4, 2));
        assert!(Position::of(source, 1..2).is_none());
        assert!(Position::of(source, 900..901).is_none());
    }
}
