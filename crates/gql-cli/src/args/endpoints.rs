//! Where the endpoint stands among the words of a command line.

use std::path::PathBuf;

use clap::error::ErrorKind;
use gqlwire_schema::did_you_mean;

use super::swallowed::is_endpoint;
use super::{Arguments, SchemaVerb, Verb};

impl Verb {
    /// Puts the endpoint, wherever it stands among the words of the command, where that of an operation is.
    ///
    /// # Errors
    ///
    /// There is more than one.
    pub(super) fn take_endpoint(&mut self) -> Result<(), clap::Error> {
        let (connection, endpoints) = match self {
            Self::Schema(SchemaVerb::Fetch(args)) => (&mut args.connection, std::mem::take(&mut args.url)),
            Self::Schema(SchemaVerb::Search(args)) => (&mut args.source.care.connection, split(&mut args.words)),
            Self::Schema(SchemaVerb::Describe(args)) => {
                (&mut args.source.care.connection, split(&mut args.coordinates))
            }
            Self::Schema(SchemaVerb::Lint(args)) => {
                let endpoints = split(&mut args.which);
                let several = args.which.len() + usize::from(args.source.schema.is_some()) > 1;
                if several {
                    let message = "there are two schemas to look at: give one, as a word or with --schema";
                    return Err(Arguments::definition().error(ErrorKind::TooManyValues, message));
                }
                args.source.schema = args.source.schema.take().or_else(|| args.which.pop());
                (&mut args.source.care.connection, endpoints)
            }
            Self::Check(args) => {
                let is_url = |file: &PathBuf| file.to_str().is_some_and(is_endpoint);
                let (urls, files) = args.files.drain(..).partition::<Vec<_>, _>(is_url);
                args.files = files;
                let endpoints = urls.iter().map(|url| url.to_string_lossy().into_owned()).collect();
                (&mut args.source.care.connection, endpoints)
            }
            Self::Schema(SchemaVerb::Diff(_)) | Self::Serve(_) | Self::Demo | Self::Completions { .. } | Self::Man => {
                return Ok(());
            }
        };
        connection.url = only_endpoint(endpoints)?;
        Ok(())
    }
}

/// Takes the endpoints out.
fn split(words: &mut Vec<String>) -> Vec<String> {
    let (endpoints, rest) = words.drain(..).partition(|word| is_endpoint(word));
    *words = rest;
    endpoints
}

/// At most one.
pub(super) fn only_endpoint(endpoints: Vec<String>) -> Result<Vec<String>, clap::Error> {
    let [first, second, ..] = endpoints.as_slice() else {
        return Ok(endpoints);
    };
    let definition = Arguments::definition();
    let message = match is_endpoint(first) {
        true => format!("there are two endpoints, {first:?} and {second:?}: give one"),
        false => {
            let commands = definition.get_subcommands().map(|command| command.get_name());
            let meant = did_you_mean(first, commands);
            let meant = meant
                .first()
                .map_or(String::new(), |name| format!("; did you mean {name}?"));
            format!(
                "{first:?} is neither a command nor the URL of an endpoint: there is no verb for operations, the URL comes \
                 first{meant}"
            )
        }
    };
    Err(Arguments::definition().error(ErrorKind::TooManyValues, message))
}
