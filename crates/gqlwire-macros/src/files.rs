//! Files of the crate that is compiled, and the schemas that were read from them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::SystemTime;
use std::{env, fs, io};

use gqlwire_schema::{Diagnostics, IntrospectionError, Schema};

/// A compiler expands the macros of one crate in one process, and a language server those of many for days: a schema is
/// read again only where its file is another.
static SCHEMAS: LazyLock<Mutex<HashMap<PathBuf, Cached>>> = LazyLock::new(Mutex::default);

struct Cached {
    state: State,
    schema: Result<Schema, String>,
}

/// When a file was written, and its length.
type State = (SystemTime, u64);

/// A path as it is written in a macro, seen from the folder of the crate's `Cargo.toml`.
pub(crate) fn resolved(written: &str) -> PathBuf {
    let crate_folder = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    Path::new(&crate_folder).join(written)
}

/// # Errors
///
/// There is no schema in that file; as a sentence.
pub(crate) fn schema(written: &str) -> Result<Schema, String> {
    let path = resolved(written);
    let state = fs::metadata(&path).and_then(|about| Ok((about.modified()?, about.len())));
    let state = state.map_err(|error| unreadable("schema", written, &error))?;
    // Whoever panicked with the lock left whole entries behind.
    let mut schemas = SCHEMAS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(cached) = schemas.get(&path).filter(|cached| cached.state == state) {
        return cached.schema.clone();
    }
    let schema = read_schema(&path, written);
    let cached = Cached {
        state,
        schema: schema.clone(),
    };
    schemas.insert(path, cached);
    schema
}

/// The text of a document.
///
/// # Errors
///
/// It cannot be read; as a sentence.
pub(crate) fn document(written: &str) -> Result<String, String> {
    fs::read_to_string(resolved(written)).map_err(|error| unreadable("document", written, &error))
}

fn read_schema(path: &Path, written: &str) -> Result<Schema, String> {
    let text = fs::read_to_string(path).map_err(|error| unreadable("schema", written, &error))?;
    // What servers have made may be broken and is usable all the same.
    let read = match text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
        true => from_json(&text),
        false => Schema::from_sdl_lenient(&text).map_err(|errors| first(&errors)),
    };
    let (schema, _) = read.map_err(|why| format!("{written} holds no schema: {why}"))?;
    Ok(schema)
}

fn from_json(text: &str) -> Result<(Schema, Vec<gqlwire_schema::Diagnostic>), String> {
    let json = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| error.to_string())?;
    Schema::from_introspection_lenient(&json).map_err(|error| match error {
        IntrospectionError::InvalidSchema(errors) => first(&errors),
        error => error.to_string(),
    })
}

fn first(errors: &Diagnostics) -> String {
    let first = errors.iter().next().map(ToString::to_string).unwrap_or_default();
    match errors.len() {
        1 => first,
        several => format!("{first}\n(the first of {several} errors)"),
    }
}

fn unreadable(what: &str, written: &str, error: &io::Error) -> String {
    format!("cannot read the {what} {written}: {error}; its path is relative to the folder of the crate's Cargo.toml")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use super::{fs, schema};

    #[test]
    fn a_schema_is_read_again_only_when_its_file_is_another() {
        let file = std::env::temp_dir().join(format!("gqlwire-macros-{}.graphql", std::process::id()));
        let path = file.to_str().unwrap();
        let written_at = |sdl: &str, seconds: u64| {
            fs::write(&file, sdl).unwrap();
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
            fs::File::options()
                .write(true)
                .open(&file)
                .unwrap()
                .set_modified(time)
                .unwrap();
            schema(path)
        };
        let first = written_at("type Query { a: Int }", 1_000).unwrap();
        assert!(first.parse("{ a }").is_ok());
        // Nobody but a test writes another text of the same length at the same time.
        assert_eq!(written_at("type Query { b: Int }", 1_000).unwrap(), first);
        assert!(
            written_at("type Query { b: Int }", 2_000)
                .unwrap()
                .parse("{ b }")
                .is_ok()
        );
        assert!(
            written_at("type Query { b: Int, c: Int }", 2_000)
                .unwrap()
                .parse("{ c }")
                .is_ok()
        );
        let broken = written_at("type", 3_000).unwrap_err();
        assert!(broken.contains("holds no schema"), "{broken}");
        fs::remove_file(&file).unwrap();
        assert!(schema(path).unwrap_err().starts_with("cannot read the schema"));
    }
}
