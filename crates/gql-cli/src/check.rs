//! `check`: documents against a schema.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use gqlwire_schema::{Severity, SourceFile};

use crate::args::CheckArgs;
use crate::document::read_file;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::findings::{self, counted};
use crate::{report, schema};

/// How deep folders are looked through.
const DEEPEST: usize = 64;

pub(crate) fn check(args: CheckArgs) -> Result<Exit, Failure> {
    if args.files.is_empty() {
        return Err(Failure::usage("there is nothing to check").hint("give files or folders: gql-cli check src"));
    }
    let mut paths = Vec::new();
    for path in &args.files {
        match path.is_dir() {
            false => paths.push(path.clone()),
            true => collect(path, 0, &mut paths)?,
        }
    }
    // The schema often lies among the documents, and is none.
    if let Some(schema) = args.source.schema.as_ref().and_then(|path| fs::canonicalize(path).ok()) {
        paths.retain(|path| fs::canonicalize(path).ok().as_ref() != Some(&schema));
    }
    if paths.is_empty() {
        let given: Vec<String> = args.files.iter().map(|path| path.display().to_string()).collect();
        return Err(Failure::usage(format!(
            "there are no .graphql or .gql files with documents in {}",
            given.join(", ")
        )));
    }
    let texts: Vec<(String, String)> = paths
        .iter()
        .map(|path| Ok((path.display().to_string(), read_file(path)?)))
        .collect::<Result<_, Failure>>()?;
    let Some(loaded) = schema::of_source(args.source)? else {
        return Ok(Exit::Interrupted);
    };
    let files: Vec<SourceFile<'_>> = texts.iter().map(|(name, text)| SourceFile { name, text }).collect();
    let report = loaded.schema.check(&files);
    findings::print(&report.diagnostics, args.output)?;
    report::say(format_args!(
        "{}, {}, {}: {}, {}",
        counted(files.len(), "file"),
        counted(report.operations, "operation"),
        counted(report.fragments, "fragment"),
        counted(report.count(Severity::Error), "error"),
        counted(report.count(Severity::Warning), "warning"),
    ));
    Ok(findings::exit(&report.diagnostics, args.fail_on))
}

/// The documents in a folder and those below, by name. Hidden folders and those of packages hold nothing of one's own,
/// and links may go in circles.
fn collect(folder: &Path, depth: usize, into: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let unreadable = |error| Failure::file("read", folder.display(), &error);
    if depth > DEEPEST {
        return Err(Failure::usage(format!("{} is nested too deep", folder.display())));
    }
    let entries: Result<Vec<fs::DirEntry>, _> = fs::read_dir(folder).map_err(unreadable)?.collect();
    let mut entries = entries.map_err(unreadable)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        let is_folder = entry.file_type().map_err(unreadable)?.is_dir();
        let is_foreign = name.to_string_lossy().starts_with('.') || name == "node_modules";
        let is_document = matches!(path.extension().and_then(OsStr::to_str), Some("graphql" | "gql"));
        if is_folder && !is_foreign {
            collect(&path, depth + 1, into)?;
        } else if !is_folder && is_document && path.is_file() {
            into.push(path);
        }
    }
    Ok(())
}
