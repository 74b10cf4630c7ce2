//! Where the operation comes from.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::report;

/// How long a document may be, in bytes. AppSync refuses requests over 1 MB.
const LONGEST: u64 = 16 * 1024 * 1024;

/// The document: the text given, or the files one after the other, or standard input. `None` where standard input is
/// blank: then there is nothing to do.
pub(crate) fn read(text: Option<&str>, files: &[PathBuf]) -> Result<Option<Document>, Failure> {
    if let Some(text) = text {
        return not_blank(text.to_owned().into(), "the operation given with --query").map(Some);
    }
    if files.is_empty() {
        let text = read_stdin()?;
        return Ok((!text.trim().is_empty()).then(|| text.into()));
    }
    let texts: Vec<String> = files
        .iter()
        .map(|path| match path.as_os_str().to_str() {
            Some("-") => read_stdin(),
            _ => read_file(path),
        })
        .collect::<Result<_, _>>()?;
    let names: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    not_blank(Document::from_files(texts), &names.join(", ")).map(Some)
}

/// A document, and where each of the files that it was put together from ends in it.
#[derive(Debug)]
pub(crate) struct Document {
    text: String,
    ends: Vec<usize>,
}

impl Document {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The number of the file that this place of the text is from.
    pub(crate) fn file_of(&self, place: usize) -> usize {
        self.ends.partition_point(|end| *end <= place)
    }

    /// The texts of several files, one after the other.
    pub(crate) fn from_files(texts: impl IntoIterator<Item = String>) -> Self {
        let mut document = Self {
            text: String::new(),
            ends: Vec::new(),
        };
        for text in texts {
            if !document.ends.is_empty() {
                document.text.push('\n');
            }
            document.text.push_str(&text);
            document.ends.push(document.text.len());
        }
        document
    }
}

impl From<String> for Document {
    fn from(text: String) -> Self {
        Self::from_files([text])
    }
}

/// The text of a file of bounded length.
pub(crate) fn read_file(path: &Path) -> Result<String, Failure> {
    read_file_up_to(path, LONGEST)
}

/// The text of a file of at most this many bytes.
pub(crate) fn read_file_up_to(path: &Path, longest: u64) -> Result<String, Failure> {
    let shown = path.display();
    let file = File::open(path).map_err(|error| Failure::file("open", &shown, &error))?;
    read_text_up_to(file, &shown.to_string(), longest)
}

fn read_stdin() -> Result<String, Failure> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        report::say("Type the operation, and end it with Ctrl-D on a line of its own:");
    }
    read_text(stdin.lock(), "standard input")
}

fn read_text(source: impl Read, name: &str) -> Result<String, Failure> {
    read_text_up_to(source, name, LONGEST)
}

/// At most this many bytes of text.
pub(crate) fn read_text_up_to(source: impl Read, name: &str, longest: u64) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = source.take(longest + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::file("read", name, &error))?;
    if bytes.len() as u64 > longest {
        return Err(Failure::usage(format!("{name} is longer than {} MiB", longest >> 20)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::new(Exit::Invalid, format!("{name} is not UTF-8 text (byte {at})"))
    })
}

fn not_blank(document: Document, what: &str) -> Result<Document, Failure> {
    match document.text.trim().is_empty() {
        true => Err(Failure::usage(format!("{what} is empty"))),
        false => Ok(document),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_is_of_one_file() {
        let document = Document::from_files(["ab".to_owned(), String::new(), "c".to_owned()]);
        assert_eq!(document.text(), "ab\n\nc");
        assert_eq!([0, 1, 4].map(|place| document.file_of(place)), [0, 0, 2]);
    }

    #[test]
    fn what_is_not_utf_8_says_where() {
        let failure = read_text(&b"{ a \xff }"[..], "x.graphql").unwrap_err();
        assert_eq!(failure.message, "x.graphql is not UTF-8 text (byte 4)");
    }
}
