//! Where a schema comes from, and what is made of it.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gqlwire_schema::{Diagnostic, IntrospectionOptions, Schema};
use serde_json::Value;

use super::{cache, fetch};
use crate::args::{CareArgs, ConnectionArgs, LocalSchemaArgs, SourceArgs, is_endpoint};
use crate::connection::{Connection, ForOperations};
use crate::document::{read_file_up_to, read_text_up_to};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::{endpoint, report};

/// How long a schema may be, in bytes. The introspection results of the largest public APIs have some 10 MB.
const LONGEST: u64 = 64 * 1024 * 1024;

/// The word that stands for what `schema fetch --cache` kept; a file of this name is `./cached`.
const CACHED: &str = "cached";

/// Where a schema comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Origin {
    Cached,
    Endpoint(String),
    File(PathBuf),
    Stdin,
}

impl Origin {
    pub(crate) fn of(word: &str) -> Self {
        match word {
            CACHED => Self::Cached,
            "-" => Self::Stdin,
            url if is_endpoint(url) => Self::Endpoint(url.to_owned()),
            file => Self::File(file.into()),
        }
    }
}

/// A schema, with what is known of its text.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) schema: Schema,
    /// What messages call it.
    pub(crate) name: String,
    /// The file that it stands in as SDL, word for word: places in it mean something.
    pub(crate) file: Option<String>,
}

/// The schema of a run, where one was given; it is that of the connection's endpoint.
pub(crate) fn of_run(args: &LocalSchemaArgs, connection: &Connection) -> Result<Option<Loaded>, Failure> {
    let Some(word) = &args.schema else {
        return Ok(None);
    };
    match Origin::of(word) {
        Origin::Cached => from_cache(connection.url(), args.max_age, args.strict),
        Origin::Endpoint(url) => Err(Failure::usage(format!(
            "--schema {url}: an operation is checked with a schema in hand"
        ))
        .hint("fetch it first: gql-cli schema fetch URL --cache, and then --schema cached")),
        Origin::File(path) => from_file(&path, args.strict).map_err(|failure| meant_download(failure, word)),
        Origin::Stdin => from_stdin(args.strict),
    }
    .map(Some)
}

/// The schema that a verb works with. `None` if somebody interrupted.
pub(crate) fn of_source(args: SourceArgs) -> Result<Option<Loaded>, Failure> {
    let SourceArgs { schema, care } = args;
    match schema.as_deref().map(Origin::of) {
        Some(origin) => load(origin, &care),
        None if endpoint::is_given(&care.connection, &|name| std::env::var(name).ok()) => {
            fetched(care.connection, care.strict)
        }
        None => Err(Failure::usage("there is no schema")
            .hint("give --schema FILE, --schema cached, or the URL of an endpoint; gql-cli help schema tells more")),
    }
}

/// The schema of an origin. Credentials and the like are those of `care`, for an endpoint and for the key of the cache.
pub(crate) fn load(origin: Origin, care: &CareArgs) -> Result<Option<Loaded>, Failure> {
    match origin {
        Origin::Cached => {
            let url = endpoint::urls(&care.connection, &|name| std::env::var(name).ok()).map_err(|failure| {
                failure.hint("the cache knows schemas by their endpoint: give its URL, or set AWS_GRAPHQL_API_ENDPOINT")
            })?;
            from_cache(&url[0], care.max_age, care.strict).map(Some)
        }
        Origin::Endpoint(url) => {
            let mut connection = care.connection.clone();
            connection.url = vec![url];
            fetched(connection, care.strict)
        }
        Origin::File(path) => from_file(&path, care.strict).map(Some),
        Origin::Stdin => from_stdin(care.strict).map(Some),
    }
}

fn fetched(args: ConnectionArgs, strict: bool) -> Result<Option<Loaded>, Failure> {
    let connection = Connection::resolve(args, ForOperations::default(), &|name| std::env::var(name).ok())?;
    let client = connection.client()?;
    let Some(answer) = fetch::introspect(&connection, &client, &IntrospectionOptions::all())? else {
        return Ok(None);
    };
    let name = connection.shown();
    let schema = fetch::usable(&answer, &name, strict)?;
    Ok(Some(Loaded {
        schema,
        name,
        file: None,
    }))
}

fn from_cache(endpoint: &url::Url, max_age: Option<Duration>, strict: bool) -> Result<Loaded, Failure> {
    let kept = cache::read(endpoint, max_age)?;
    let name = format!("the cached schema of {}", endpoint::shown(endpoint));
    from_text(&kept.text, name, Some(kept.path.display().to_string()), strict)
}

fn from_file(path: &Path, strict: bool) -> Result<Loaded, Failure> {
    let name = path.display().to_string();
    let text = read_file_up_to(path, LONGEST)?;
    from_text(&text, name.clone(), Some(name), strict)
}

fn from_stdin(strict: bool) -> Result<Loaded, Failure> {
    let name = "standard input";
    let text = read_text_up_to(std::io::stdin().lock().by_ref(), name, LONGEST)?;
    from_text(&text, name.to_owned(), None, strict)
}

/// SDL or an introspection result: only the latter begins with a brace.
fn from_text(text: &str, name: String, file: Option<String>, strict: bool) -> Result<Loaded, Failure> {
    let text = text.trim_start_matches('\u{feff}');
    let unusable =
        |why: &dyn std::fmt::Display| Failure::new(Exit::Invalid, format!("{name} is not a valid schema: {why}"));
    if text.trim().is_empty() {
        return Err(Failure::usage(format!("{name} is empty")));
    }
    if text.trim_start().starts_with('{') {
        let json: Value =
            serde_json::from_str(text).map_err(|error| unusable(&format!("it is neither SDL nor JSON: {error}")))?;
        let schema = match strict {
            true => Schema::from_introspection(&json).map_err(|error| unusable(&error))?,
            false => {
                let (schema, forgiven) = Schema::from_introspection_lenient(&json).map_err(|error| unusable(&error))?;
                point_out(&name, &forgiven);
                schema
            }
        };
        return Ok(Loaded {
            schema,
            name,
            file: None,
        });
    }
    if strict {
        let schema = Schema::from_sdl(text).map_err(|errors| unusable(&format!("\n{errors}")))?;
        return Ok(Loaded { schema, name, file });
    }
    let (schema, forgiven) = Schema::from_sdl_lenient(text).map_err(|errors| unusable(&format!("\n{errors}")))?;
    point_out(&name, &forgiven);
    // What was repaired has other places than the file.
    let file = file.filter(|_| forgiven.is_empty());
    Ok(Loaded { schema, name, file })
}

/// How many faults of one schema are told.
const MOST_FAULTS: usize = 10;

/// What a schema was forgiven.
pub(super) fn point_out(name: &str, forgiven: &[Diagnostic]) {
    for fault in forgiven.iter().take(MOST_FAULTS) {
        report::warning(format_args!("{name}: {}", fault.message()));
    }
    let left = forgiven.len().saturating_sub(MOST_FAULTS);
    if left > 0 {
        report::warning(format_args!("{name}: and {left} more faults; --strict shows them"));
    }
}

/// `--schema` was short for `--schema-download`, and is no longer.
fn meant_download(failure: Failure, word: &str) -> Failure {
    match super::options(&[word.to_owned()], IntrospectionOptions::default()) {
        Ok(_) => failure.hint("--schema is a schema to check with; what to ask a server for is --schema-download"),
        Err(_) => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_file_unless_it_says_otherwise() {
        for (word, origin) in [
            ("cached", Origin::Cached),
            ("./cached", Origin::File("./cached".into())),
            ("-", Origin::Stdin),
            ("HTTPS://x/y", Origin::Endpoint("HTTPS://x/y".to_owned())),
            ("schema.json", Origin::File("schema.json".into())),
        ] {
            assert_eq!(Origin::of(word), origin, "{word}");
        }
    }

    #[test]
    fn sdl_and_json_are_told_apart_by_what_stands_in_them() {
        let load = |text: &str, strict| from_text(text, "it".to_owned(), Some("it".to_owned()), strict);
        let sdl = load("\u{feff}\n# c\ntype Query { a: Int }", true).unwrap();
        assert_eq!(sdl.file.as_deref(), Some("it"));
        let json = sdl.schema.to_introspection(&IntrospectionOptions::all()).to_string();
        let again = load(&json, true).unwrap();
        assert_eq!((again.schema, again.file), (sdl.schema, None));
        for text in ["{ a }", "{}", "type", "query { a }"] {
            assert_eq!(load(text, false).unwrap_err().exit, Exit::Invalid, "{text}");
        }
        assert_eq!(load(" \n", false).unwrap_err().exit, Exit::Usage);
    }

    #[test]
    fn faults_are_forgiven_unless_strictness_is_asked_for() {
        let text = "type Query { a: Nowhere }";
        let load = |strict| from_text(text, "it".to_owned(), Some("it".to_owned()), strict);
        let lenient = load(false).unwrap();
        assert_eq!(lenient.file, None);
        assert_eq!(load(true).unwrap_err().exit, Exit::Invalid);
    }
}
