//! The lines of a file with variables: an object of JSON each, or the records of a CSV file.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
    from: Format,
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

enum Format {
    Csv {
        reader: Box<csv::Reader<Source>>,
        names: Vec<String>,
        allowance: Arc<AtomicU64>,
    },
    Jsonl {
        reader: Source,
        line: u64,
    },
    Over,
}

type Source = BufReader<Box<dyn Read + Send>>;

impl Rows {
    /// Opens a file, `-` for standard input. What it is, its name says, or else how it begins.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let unreadable = |action: &str, error: io::Error| Failure::file(action, path.display(), &error);
        let (source, size): (Box<dyn Read + Send>, _) = match path.to_str() {
            Some("-") => (Box::new(io::stdin()), None),
            _ => {
                let file = File::open(path).map_err(|error| unreadable("open", error))?;
                let size = file
                    .metadata()
                    .ok()
                    .filter(|about| about.is_file())
                    .map(|about| about.len());
                (Box::new(file), size)
            }
        };
        Self::read(source, size, path.extension()).map_err(|error| unreadable("read", error))
    }

    fn read(source: Box<dyn Read + Send>, size: Option<u64>, extension: Option<&OsStr>) -> io::Result<Self> {
        let progress = Progress {
            read: Arc::default(),
            size,
        };
        let allowance = Arc::new(AtomicU64::new(LONGEST));
        let counted = Counted {
            source,
            read: Arc::clone(&progress.read),
            allowance: Arc::clone(&allowance),
        };
        let mut reader: Source = BufReader::new(Box::new(counted));
        let is_csv = match extension.and_then(OsStr::to_str) {
            Some("csv") => true,
            Some("jsonl" | "ndjson" | "json") => false,
            _ => !begins_with_object(reader.fill_buf()?),
        };
        let from = match is_csv {
            true => csv(reader, allowance)?,
            false => {
                // Each line has a limit of its own.
                allowance.store(u64::MAX, Ordering::Relaxed);
                Format::Jsonl { reader, line: 0 }
            }
        };
        Ok(Self { from, progress })
    }

    /// The names of the columns, of a CSV file.
    pub(crate) fn columns(&self) -> Option<&[String]> {
        match &self.from {
            Format::Csv { names, .. } => Some(names),
            _ => None,
        }
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
        match &mut self.from {
            Format::Csv {
                reader,
                names,
                allowance,
            } => {
                allowance.store(LONGEST, Ordering::Relaxed);
                let line = reader.position().line();
                let (values, goes_on) = record(reader, names)?;
                // The position of a record that follows blank lines is that of the first of them.
                let line = values.as_ref().map_or(line, |(line, _)| *line);
                if !goes_on {
                    self.from = Format::Over;
                }
                Some(Row {
                    line,
                    values: values.map(|(_, values)| values),
                })
            }
            Format::Jsonl { reader, line } => {
                let (values, goes_on) = object(reader, line)?;
                let line = *line;
                if !goes_on {
                    self.from = Format::Over;
                }
                Some(Row { line, values })
            }
            Format::Over => None,
        }
    }
}

fn begins_with_object(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.trim_ascii_start().first() == Some(&b'{')
}

fn csv(reader: Source, allowance: Arc<AtomicU64>) -> io::Result<Format> {
    let mut reader = Box::new(csv::ReaderBuilder::new().has_headers(true).from_reader(reader));
    let names = reader.headers().map_err(io_error)?;
    let names: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
    Ok(Format::Csv {
        reader,
        names,
        allowance,
    })
}

fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        csv::ErrorKind::Utf8 { .. } => io::Error::other("its header is not UTF-8 text"),
        other => io::Error::other(format!("its header cannot be read: {other:?}")),
    }
}

/// The next record, with its line; and whether another may follow.
#[allow(clippy::type_complexity)]
fn record(
    reader: &mut csv::Reader<Source>,
    names: &[String],
) -> Option<(Result<(u64, Vec<(String, Cell)>), String>, bool)> {
    let mut record = csv::StringRecord::new();
    Some(match reader.read_record(&mut record) {
        Ok(false) => return None,
        Ok(true) => {
            let line = record.position().map_or(0, csv::Position::line);
            let cells = record.iter().map(|text| Cell::Text(text.to_owned()));
            (Ok((line, names.iter().cloned().zip(cells).collect())), true)
        }
        Err(error) => {
            let goes_on = !error.is_io_error();
            let why = match error.into_kind() {
                csv::ErrorKind::Io(error) => error.to_string(),
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    format!("it has {len} values, and the header names {expected_len}")
                }
                csv::ErrorKind::Utf8 { .. } => "it is not UTF-8 text".to_owned(),
                other => format!("{other:?}"),
            };
            (Err(why), goes_on)
        }
    })
}

/// The next line that is not blank; and whether another may follow.
fn object(reader: &mut Source, line: &mut u64) -> Option<(Result<Vec<(String, Cell)>, String>, bool)> {
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        match reader.by_ref().take(LONGEST + 1).read_until(b'\n', &mut bytes) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) => return Some((Err(error.to_string()), false)),
        }
        *line += 1;
        if bytes.len() as u64 > LONGEST {
            return Some((Err(too_long()), false));
        }
        let text = match *line {
            1 => bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes),
            _ => &bytes,
        };
        if !text.trim_ascii().is_empty() {
            return Some((members(text), true));
        }
    }
}

fn members(text: &[u8]) -> Result<Vec<(String, Cell)>, String> {
    let members: BTreeMap<String, Box<RawValue>> =
        serde_json::from_slice(text).map_err(|error| format!("it is no object of JSON: {error}"))?;
    let cells = members.into_iter().map(|(name, value)| (name, Cell::Json(value)));
    Ok(cells.collect())
}

fn too_long() -> String {
    format!("it is longer than {} MiB", LONGEST >> 20)
}

/// Counts what is read, and stops where one record takes more than it may: a quotation mark that nothing closes makes
/// one record of the whole rest.
struct Counted {
    source: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
    allowance: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let allowance = self.allowance.load(Ordering::Relaxed);
        if allowance == 0 {
            return Err(io::Error::other(too_long()));
        }
        let count = self.source.read(buffer)?;
        self.allowance
            .store(allowance.saturating_sub(count as u64), Ordering::Relaxed);
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
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
        let text = "\u{feff}id,text\r\n1,\"two\nlines\"\r\n\r\n2,\"say \"\"hi\"\"\"\r\n3\r\n4,x\r\n";
        assert_eq!(
            rows(text, "csv"),
            [
                r#"2 id="1" text="two\nlines""#,
                r#"5 id="2" text="say \"hi\"""#,
                "6: it has 1 values, and the header names 2",
                r#"7 id="4" text="x""#,
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
    fn a_record_without_an_end_is_not_kept_in_memory() {
        let mut text = b"a\n\"".to_vec();
        text.resize(LONGEST as usize + 100_000, b'x');
        let read = rows(text, "csv");
        assert_eq!(read.len(), 1);
        assert!(read[0].contains("longer than 16 MiB"), "{}", read[0]);
        assert_eq!(rows(&b"a\n\xff\n1\n"[..], "csv").len(), 2);
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
