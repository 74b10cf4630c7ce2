//! Where the operation comes from, and which one of a document it is.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use gqlwire::OperationKind;
use gqlwire_proto::scan::{Outline, SelectError};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::report;

/// How long a document may be, in bytes. AppSync refuses requests over 1 MB.
const LONGEST: u64 = 16 * 1024 * 1024;

/// The document: the text given, or the files one after the other, or standard input. `None` where standard input is
/// blank: then there is nothing to do.
pub(crate) fn read(text: Option<&str>, files: &[PathBuf]) -> Result<Option<String>, Failure> {
    if let Some(text) = text {
        return not_blank(text.to_owned(), "the operation given with --query").map(Some);
    }
    if files.is_empty() {
        let text = read_stdin()?;
        return Ok((!text.trim().is_empty()).then_some(text));
    }
    let texts: Vec<String> = files
        .iter()
        .map(|path| match path.as_os_str().to_str() {
            Some("-") => read_stdin(),
            _ => read_file(path),
        })
        .collect::<Result<_, _>>()?;
    not_blank(texts.join("\n"), "the file given with --file").map(Some)
}

/// The operation that a server would run.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) kind: OperationKind,
    /// The variables that it declares.
    pub(crate) variables: Vec<String>,
}

/// Reads the document, and chooses the operation by its name.
pub(crate) fn choose(document: &str, operation_name: Option<&str>) -> Result<Chosen, Failure> {
    let outline = Outline::parse(document).map_err(|error| Failure::new(Exit::Invalid, error.render(document)))?;
    let operation = outline.select(operation_name).map_err(|error| {
        let failure = Failure::new(Exit::Invalid, error.to_string());
        match error {
            SelectError::Several { .. } => failure.hint("choose one with -o NAME"),
            _ => failure,
        }
    })?;
    Ok(Chosen {
        kind: operation.kind(),
        variables: operation.variables().map(str::to_owned).collect(),
    })
}

/// The text of a file of bounded length.
pub(crate) fn read_file(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    let file = File::open(path).map_err(|error| Failure::file("open", &shown, &error))?;
    read_text(file, &shown.to_string())
}

fn read_stdin() -> Result<String, Failure> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        report::say("Type the operation, and end it with Ctrl-D on a line of its own:");
    }
    read_text(stdin.lock(), "standard input")
}

fn read_text(source: impl Read, name: &str) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = source.take(LONGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::file("read", name, &error))?;
    if bytes.len() as u64 > LONGEST {
        return Err(Failure::usage(format!("{name} is longer than {} MiB", LONGEST >> 20)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::new(Exit::Invalid, format!("{name} is not UTF-8 text (byte {at})"))
    })
}

fn not_blank(text: String, what: &str) -> Result<String, Failure> {
    match text.trim().is_empty() {
        true => Err(Failure::usage(format!("{what} is empty"))),
        false => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_that_of_the_operation_that_was_named() {
        let document = "query A { a } subscription B($x: Int, $y: Int) { b(x: $x) }";
        let chosen = choose(document, Some("B")).unwrap();
        assert_eq!(chosen.kind, OperationKind::Subscription);
        assert_eq!(chosen.variables, ["x", "y"]);
        assert_eq!(choose("{ a }", None).unwrap().kind, OperationKind::Query);
    }

    #[test]
    fn several_operations_without_a_name_are_listed() {
        let failure = choose("query A { a } query B { b }", None).unwrap_err();
        assert_eq!(failure.exit, Exit::Invalid);
        assert!(
            failure.message.contains('A') && failure.message.contains('B'),
            "{}",
            failure.message
        );
    }

    #[test]
    fn a_syntax_error_is_shown_with_its_line_and_a_mark() {
        let failure = choose("{\n  a(\n}", None).unwrap_err();
        assert_eq!(failure.exit, Exit::Invalid);
        assert!(
            failure.message.contains("3 | }") && failure.message.contains('^'),
            "{}",
            failure.message
        );
    }

    #[test]
    fn what_is_not_utf_8_says_where() {
        let failure = read_text(&b"{ a \xff }"[..], "x.graphql").unwrap_err();
        assert_eq!(failure.message, "x.graphql is not UTF-8 text (byte 4)");
    }
}
