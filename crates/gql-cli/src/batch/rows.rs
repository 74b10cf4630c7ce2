//! The lines of a file with variables: an object of JSON each, or the records of a CSV file.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::failure::Failure;

/// How long a line or a record may be, in bytes.
const LONGEST: u64 = 16 * 1024 * 1024;

/// The variables of one operation.
#[derive(Debug)]
pub(crate) struct Row {
    /// The line of the file that it begins at, from 1.
    pub(crate) line: u64,
    /// Why it cannot be read, otherwise.
    pub(crate) values: Result<Vec<(String, Cell)>, String>,
}

/// One value, as the file has it.
#[derive(Debug)]
pub(crate) enum Cell {
    Json(Box<RawValue>),
    Text(String),
}

/// The rows of a file, read one by one.
pub(crate) struct Rows {
    lines: Lines,
    /// The names of the columns, of a CSV file.
    columns: Option<Vec<String>>,
    progress: Progress,
}

/// How much of a file was read.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    read: Arc<AtomicU64>,
    /// Nothing is known of what is no file.
    size: Option<u64>,
}

impl Progress {
    /// From 0 to 1.
    pub(crate) fn share(&self) -> Option<f64> {
        let size = self.size.filter(|size| *size > 0)?;
        Some((self.read.load(Ordering::Relaxed) as f64 / size as f64).min(1.0))
    }
}

impl Rows {
    /// Opens a file, `-` for standard input. What it is, its name says, or else how it begins.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let unreadable = |action: &str, error: io::Error| Failure::file(action, path.display(), &error);
        let (source, size): (Box<dyn Read + Send>, _) = match path.to_str() {
            Some("-") => (Box::new(io::stdin()), None),
            _ => {
                let file = File::open(path).map_err(|error| unreadable("open", error))?;
                let about = file.metadata().ok().filter(|about| about.is_file());
                (Box::new(file), about.map(|about| about.len()))
            }
        };
        Self::read(source, size, path.extension()).map_err(|error| unreadable("read", error))
    }

    fn read(source: Box<dyn Read + Send>, size: Option<u64>, extension: Option<&OsStr>) -> io::Result<Self> {
        let mut reader = BufReader::new(source);
        let is_csv = match extension.and_then(OsStr::to_str) {
            Some("csv") => true,
            Some("jsonl" | "ndjson" | "json") => false,
            _ => !begins_with_object(reader.fill_buf()?),
        };
        let read = Arc::<AtomicU64>::default();
        let mut lines = Lines {
            reader,
            line: 0,
            read: Arc::clone(&read),
            is_over: false,
        };
        let columns = match is_csv {
            true => Some(header(&mut lines)?),
            false => None,
        };
        Ok(Self {
            lines,
            columns,
            progress: Progress { read, size },
        })
    }

    pub(crate) fn columns(&self) -> Option<&[String]> {
        self.columns.as_deref()
    }

    pub(crate) fn progress(&self) -> Progress {
        self.progress.clone()
    }
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows")
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

impl Iterator for Rows {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let (line, text) = self.lines.next(self.columns.is_some())?;
        let values = text.and_then(|text| match &self.columns {
            Some(columns) => record(&text, columns),
            None => members(&text),
        });
        Some(Row { line, values })
    }
}

fn begins_with_object(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
    bytes.trim_ascii_start().first() == Some(&b'{')
}

/// The byte order mark that some programs put before UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The lines of a file that are not blank, with their numbers.
struct Lines {
    reader: BufReader<Box<dyn Read + Send>>,
    line: u64,
    read: Arc<AtomicU64>,
    is_over: bool,
}

impl Lines {
    /// The next line, or the lines of the next record of CSV, and the number of the first of them.
    fn next(&mut self, is_csv: bool) -> Option<(u64, Result<Vec<u8>, String>)> {
        let mut bytes = Vec::new();
        let mut quotes = Quotes::Before;
        let mut first = None;
        let mut is_too_long = false;
        let mut begins_line = true;
        while !self.is_over {
            let start = bytes.len();
            let most = LONGEST + 1 - start as u64;
            let count = match self.reader.by_ref().take(most).read_until(b'\n', &mut bytes) {
                Ok(count) => count,
                Err(error) => {
                    self.is_over = true;
                    return Some((first.unwrap_or(self.line + 1), Err(error.to_string())));
                }
            };
            if count == 0 {
                self.is_over = true;
                break;
            }
            self.read.fetch_add(count as u64, Ordering::Relaxed);
            self.line += u64::from(begins_line);
            let line = *first.get_or_insert(self.line);
            if self.line == 1 && begins_line && bytes.starts_with(MARK) {
                bytes.drain(..MARK.len());
            }
            quotes = quotes.after(&bytes[start..]);
            begins_line = bytes.last() == Some(&b'\n');
            is_too_long |= bytes.len() as u64 > LONGEST;
            if is_too_long {
                // Read to its end, so that the others have their turn, but not kept.
                bytes.clear();
            }
            if !begins_line || (is_csv && quotes == Quotes::Inside) {
                continue;
            }
            if is_too_long {
                return Some((line, Err(too_long())));
            }
            if bytes.trim_ascii().is_empty() {
                bytes.clear();
                first = None;
                continue;
            }
            return Some((line, Ok(bytes)));
        }
        let line = first?;
        if is_csv && quotes == Quotes::Inside {
            let why = "a quotation mark opens here that nothing closes, and takes in the rest of the file";
            return Some((line, Err(why.to_owned())));
        }
        if is_too_long {
            return Some((line, Err(too_long())));
        }
        (!bytes.trim_ascii().is_empty()).then_some((line, Ok(bytes)))
    }
}

fn too_long() -> String {
    format!("it is longer than {} MiB", LONGEST >> 20)
}

/// Whether a line break ends a record of CSV: not within quotation marks, which count at the beginning of a value alone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Quotes {
    /// At the beginning of a value.
    Before,
    Inside,
    /// After a quotation mark within quotation marks: the end, or the first of two that stand for one.
    Perhaps,
    /// In a value without.
    Without,
}

impl Quotes {
    fn after(self, bytes: &[u8]) -> Self {
        bytes.iter().fold(self, |state, byte| match (state, byte) {
            (Self::Before | Self::Perhaps, b'"') => Self::Inside,
            (Self::Inside, b'"') => Self::Perhaps,
            (Self::Inside, _) => Self::Inside,
            (_, b',' | b'\n') => Self::Before,
            (_, _) => Self::Without,
        })
    }
}

fn header(lines: &mut Lines) -> io::Result<Vec<String>> {
    let unreadable = |why: String| io::Error::other(format!("its header: {why}"));
    match lines.next(true) {
        None => Ok(Vec::new()),
        Some((_, text)) => {
            let names = text.and_then(|text| values(&text)).map_err(unreadable)?;
            Ok(names.iter().map(|name| name.trim().to_owned()).collect())
        }
    }
}

fn record(text: &[u8], columns: &[String]) -> Result<Vec<(String, Cell)>, String> {
    let values = values(text)?;
    if values.len() != columns.len() {
        return Err(format!(
            "the values are {}, and the header names {}",
            values.len(),
            columns.len()
        ));
    }
    let cells = values.iter().map(|text| Cell::Text(text.to_owned()));
    Ok(columns.iter().cloned().zip(cells).collect())
}

/// The values of one record.
fn values(text: &[u8]) -> Result<csv::StringRecord, String> {
    let mut reader = csv::ReaderBuilder::new();
    let reader = reader
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(text.len().max(1));
    let mut record = csv::StringRecord::new();
    match reader.from_reader(text).read_record(&mut record) {
        Ok(_) => Ok(record),
        Err(error) => Err(match error.into_kind() {
            csv::ErrorKind::Utf8 { .. } => "it is not UTF-8 text".to_owned(),
            other => format!("{other:?}"),
        }),
    }
}

fn members(text: &[u8]) -> Result<Vec<(String, Cell)>, String> {
    let members: Result<BTreeMap<String, Box<RawValue>>, _> = serde_json::from_slice(text);
    let members = members.map_err(|error| match error.classify() {
        Category::Data => "it is no object of JSON".to_owned(),
        // Its line would be that of this text, not of the file.
        _ => format!("it is not JSON (column {})", error.column()),
    })?;
    let cells = members.into_iter().map(|(name, value)| (name, Cell::Json(value)));
    Ok(cells.collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(text: impl Into<Vec<u8>>, extension: &str) -> Vec<String> {
        let source = Box::new(io::Cursor::new(text.into()));
        let extension = Some(OsStr::new(extension)).filter(|extension| !extension.is_empty());
        let rows = Rows::read(source, None, extension).unwrap();
        let shown = |row: Row| match row.values {
            Err(why) => format!("{}: {why}", row.line),
            Ok(values) => {
                let values = values.iter().map(|(name, cell)| match cell {
                    Cell::Json(json) => format!("{name}={}", json.get()),
                    Cell::Text(text) => format!("{name}={text:?}"),
                });
                format!("{} {}", row.line, values.collect::<Vec<_>>().join(" "))
            }
        };
        rows.map(shown).collect()
    }

    #[test]
    fn lines_of_json_keep_their_values_as_written() {
        let text = "{\"a\":1e3,\"b\":12345678901234567890123}\n\n  {\"a\": \"x\"}\r\n[1]\n{\"a\":null}";
        let read = rows(text, "jsonl");
        assert_eq!(read[..2], ["1 a=1e3 b=12345678901234567890123", "3 a=\"x\""]);
        assert!(read[2].starts_with("4: it is no object"), "{}", read[2]);
        assert_eq!(read[3], "5 a=null");
    }

    #[test]
    fn a_header_names_the_values_of_records_and_records_may_span_lines() {
        let text = "\u{feff}id,text\r\n1,\"two\nlines\"\r\n\r\n2,\"say \"\"hi\"\"\"\r\n3\r\n4,5\" x\r\n";
        assert_eq!(
            rows(text, "csv"),
            [
                r#"2 id="1" text="two\nlines""#,
                r#"5 id="2" text="say \"hi\"""#,
                "6: the values are 1, and the header names 2",
                r#"7 id="4" text="5\" x""#,
            ]
        );
    }

    #[test]
    fn what_a_file_is_its_name_says_or_else_its_beginning() {
        assert_eq!(rows("\u{feff} {\"a\":1}\n", ""), ["1 a=1"]);
        assert_eq!(rows("a\n1\n", ""), ["2 a=\"1\""]);
        assert_eq!(rows("a\n{}\n", "csv"), ["2 a=\"{}\""]);
        assert!(rows("", "").is_empty());
    }

    #[test]
    fn a_line_that_is_too_long_is_not_kept_and_does_not_hide_the_next_one() {
        let mut text = b"a\n\"".to_vec();
        text.resize(2 * LONGEST as usize + 100_000, b'x');
        text.extend(b"\"\nnext\n");
        assert_eq!(rows(text, "csv"), ["2: it is longer than 16 MiB", "3 a=\"next\""]);
        let mut text = b"{\"a\":\"".to_vec();
        text.resize(LONGEST as usize + 1, b'x');
        text.extend(b"\"}\n{\"a\":1}");
        assert_eq!(rows(text, "jsonl"), ["1: it is longer than 16 MiB", "2 a=1"]);
        assert_eq!(rows(&b"a\n\xff\n1\n"[..], "csv").len(), 2);
    }

    #[test]
    fn a_quotation_mark_that_nothing_closes_is_told_of() {
        let read = rows("a\n1\n\"2\n3\n4\n", "csv");
        assert_eq!(read[0], "2 a=\"1\"");
        assert!(read[1].starts_with("3: a quotation mark opens here"), "{}", read[1]);
        assert_eq!(read.len(), 2);
        let mut text = b"a\n\"".to_vec();
        text.resize(LONGEST as usize + 100_000, b'x');
        assert!(rows(text, "csv")[0].starts_with("2: a quotation mark opens here"));
    }

    #[test]
    fn what_is_no_json_says_at_which_column() {
        assert_eq!(
            rows("[1]\n{\"a\"\n7", "jsonl"),
            [
                "1: it is no object of JSON",
                "2: it is not JSON (column 0)",
                "3: it is no object of JSON"
            ]
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused_without_a_panic(bytes in any::<Vec<u8>>(), csv in any::<bool>()) {
            let extension = if csv { "csv" } else { "jsonl" };
            let source = Box::new(io::Cursor::new(bytes));
            if let Ok(rows) = Rows::read(source, None, Some(OsStr::new(extension))) {
                prop_assert!(rows.count() < 1000);
            }
        }
    }
}
