//! Files among the variables: `-V file=@@photo.png`.

use std::fs::File;
use std::path::{Path, PathBuf};

use gqlwire_schema::tree::Type;

use crate::failure::Failure;
use crate::operations::Operation;

/// A file that goes along with an operation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Upload {
    /// Where it is in the variables: `file`, `input.file`, `files.0`.
    pub(crate) place: String,
    pub(crate) path: PathBuf,
    pub(crate) content_type: Option<String>,
    /// What the server is told the file is called, if not by its own name.
    pub(crate) file_name: Option<String>,
}

/// What stands between a variable and its file.
const MARK: &str = "=@@";

/// Takes those out of the values of `-V` that name files: `NAME=@@FILE`, `NAME=@@FILE,@@FILE`, each FILE with
/// `;type=TYPE` or `;filename=NAME` after it. The rest stays in order.
pub(crate) fn split(values: &[String]) -> Result<(Vec<Upload>, Vec<String>), Failure> {
    let (mut uploads, mut rest) = (Vec::new(), Vec::new());
    for value in values {
        // A slip of the hand, which would send the name of the file in place of the file.
        if let Some((place, file)) = value.split_once(":@@").filter(|(place, _)| is_place(place)) {
            return Err(Failure::usage(format!("Invalid variable: {value}")).hint(format!(
                "a file is NAME=@@FILE: -V '{place}=@@{file}'; as text it is -V '{place}:\"@@{file}\"'"
            )));
        }
        match value.split_once(MARK).filter(|(place, _)| is_place(place)) {
            None => rest.push(value.clone()),
            Some((place, files)) => uploads.extend(read(place, files)?),
        }
    }
    if let Some(twice) = uploads
        .iter()
        .enumerate()
        .find_map(|(index, one)| uploads[..index].iter().find(|other| other.place == one.place))
    {
        return Err(Failure::usage(format!("two files are to be {}", twice.place))
            .hint("several files of a list are given together: -V 'files=@@a.png,@@b.png'"));
    }
    Ok((uploads, rest))
}

impl Upload {
    /// As the library takes it.
    pub(crate) fn to_send(&self) -> gqlwire::Upload {
        let mut upload = gqlwire::Upload::path(&self.path);
        if let Some(content_type) = &self.content_type {
            upload = upload.content_type(content_type);
        }
        if let Some(name) = &self.file_name {
            upload = upload.filename(name);
        }
        upload
    }
}

/// Gives a file for a list its place in it, and refuses those that no variable takes or that cannot be read: all before
/// anything is sent.
pub(crate) fn settle(mut uploads: Vec<Upload>, operation: &Operation) -> Result<Vec<Upload>, Failure> {
    for upload in &mut uploads {
        let name = upload.place.split('.').next().unwrap_or_default();
        let ty = operation.type_of(name);
        if !operation.takes(name) {
            return Err(Failure::usage(format!(
                "the {} declares no variable ${name} that could take {}",
                operation.kind,
                upload.path.display()
            )));
        }
        if upload.place == name && ty.is_some_and(|ty| is_list(&ty)) {
            upload.place.push_str(".0");
        }
        readable(&upload.path).map_err(|error| {
            let place = &upload.place;
            Failure::file(
                "open",
                format_args!("{}, to upload as {place}", upload.path.display()),
                &error,
            )
        })?;
    }
    Ok(uploads)
}

fn readable(path: &Path) -> std::io::Result<()> {
    // A folder can be opened, but not read.
    match File::open(path)?.metadata()?.is_dir() {
        true => Err(std::io::ErrorKind::IsADirectory.into()),
        false => Ok(()),
    }
}

fn is_list(ty: &Type) -> bool {
    match ty {
        Type::List(_) => true,
        Type::NonNull(inner) => is_list(inner),
        Type::Named(_) => false,
    }
}

/// Whether this names a variable or something in it.
fn is_place(text: &str) -> bool {
    let is_segment =
        |segment: &str| !segment.is_empty() && segment.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    text.split('.').all(is_segment) && !text.starts_with(|c: char| c.is_ascii_digit())
}

fn read(place: &str, files: &str) -> Result<Vec<Upload>, Failure> {
    let specs: Vec<&str> = files.split(",@@").collect();
    let is_one = specs.len() == 1;
    let read = |(index, spec): (usize, &&str)| {
        let place = match is_one {
            true => place.to_owned(),
            false => format!("{place}.{index}"),
        };
        one(place, spec)
    };
    specs.iter().enumerate().map(read).collect()
}

fn one(place: String, spec: &str) -> Result<Upload, Failure> {
    const SUFFIXES: [&str; 2] = [";type=", ";filename="];
    let first_suffix = |text: &str| {
        let found = SUFFIXES.iter().filter_map(|suffix| Some((text.find(suffix)?, *suffix)));
        found.min()
    };
    let (mut content_type, mut file_name) = (None, None);
    let end = first_suffix(spec).map_or(spec.len(), |(at, _)| at);
    let (path, mut rest) = spec.split_at(end);
    while let Some((at, suffix)) = first_suffix(rest) {
        let value = &rest[at + suffix.len()..];
        let (value, after) = value.split_at(first_suffix(value).map_or(value.len(), |(at, _)| at));
        if value.is_empty() || value.chars().any(char::is_control) {
            return Err(Failure::usage(format!(
                "-V {place}: {suffix} wants a value, on one line"
            )));
        }
        match suffix {
            ";type=" => content_type = Some(value.to_owned()),
            _ => file_name = Some(value.to_owned()),
        }
        rest = after;
    }
    if path.is_empty() {
        return Err(Failure::usage(format!("-V {place}{MARK} names no file"))
            .hint("files are NAME=@@FILE: -V 'file=@@photo.png;type=image/png'"));
    }
    Ok(Upload {
        place,
        path: path.into(),
        content_type,
        file_name,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn files(values: &[&str]) -> Vec<String> {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        let (uploads, rest) = split(&values).unwrap();
        let uploads = uploads.into_iter().map(|upload| {
            let Upload {
                place,
                path,
                content_type,
                file_name,
            } = upload;
            let (path, none) = (path.display(), "-".to_owned());
            format!(
                "{place} {path} {} {}",
                content_type.unwrap_or(none.clone()),
                file_name.unwrap_or(none)
            )
        });
        uploads.chain(rest).collect()
    }

    #[test]
    fn a_file_has_a_place_and_perhaps_a_type_and_a_name() {
        for (given, read) in [
            ("file=@@photo.png", &["file photo.png - -"][..]),
            ("input.file=@@/a b/x;y.png", &["input.file /a b/x;y.png - -"]),
            ("files=@@a.png,@@b,c.png", &["files.0 a.png - -", "files.1 b,c.png - -"]),
            ("f=@@x;type=image/png;filename=y.png", &["f x image/png y.png"]),
            (
                "f=@@x;filename=y;z;type=text/plain;charset=utf-8",
                &["f x text/plain;charset=utf-8 y;z"],
            ),
            ("m:a=@@b", &["m:a=@@b"]),
            ("m=@x", &["m=@x"]),
        ] {
            assert_eq!(files(&[given]), read, "{given}");
        }
    }

    #[test]
    fn a_missing_path_an_empty_suffix_and_a_place_taken_twice_are_refused() {
        for values in [
            &["f:@@x"][..],
            &["f=@@"],
            &["f=@@x;type="],
            &["f=@@a,@@"],
            &["f=@@a", "f=@@b"],
        ] {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            assert!(split(&values).is_err(), "{values:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in ".*", file in ".*") {
            let _ = split(&[text, format!("f=@@{file}")]);
        }
    }
}
