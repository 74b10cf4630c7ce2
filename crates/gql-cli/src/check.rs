//! `check`: documents against a schema.

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
    let schema_file = args.source.schema.as_ref().and_then(|path| fs::canonicalize(path).ok());
    let mut paths = Vec::new();
    for path in &args.files {
        match path.is_dir() {
            false => paths.push(path.clone()),
            true => {
                let before = paths.len();
                collect(path, schema_file.as_deref(), 0, &mut paths)?;
                if paths.len() == before {
                    return Err(Failure::usage(format!(
                        "there are no .graphql or .gql files in {}",
                        path.display()
                    )));
                }
            }
        }
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
/// links may go in circles, and the schema is no document.
fn collect(folder: &Path, schema: Option<&Path>, depth: usize, into: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let unreadable = |error| Failure::file("read", folder.display(), &error);
    if depth > DEEPEST {
        return Err(Failure::usage(format!("{} is nested too deep", folder.display())));
    }
    let mut entries: Vec<fs::DirEntry> = fs::read_dir(folder)
        .map_err(unreadable)?
        .collect::<Result<_, _>>()
        .map_err(unreadable)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type().map_err(unreadable)?;
        let name = entry.file_name();
        let is_document = matches!(path.extension().and_then(|e| e.to_str()), Some("graphql" | "gql"));
        if kind.is_dir() {
            let is_foreign = name.to_string_lossy().starts_with('.') || name == "node_modules";
            if !is_foreign {
                collect(&path, schema, depth + 1, into)?;
            }
        } else if is_document
            && path.is_file()
            && (schema.is_none() || fs::canonicalize(&path).ok().as_deref() != schema)
        {
            into.push(path);
        }
    }
    Ok(())
}
