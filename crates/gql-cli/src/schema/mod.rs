//! Schemas: fetched, kept, searched, described, compared and looked over.

mod cache;
mod describe;
mod diff;
mod fetch;
mod lint;
mod options;
mod origin;
mod search;

use crate::args::SchemaVerb;
use crate::exit::Exit;
use crate::failure::Failure;

pub(crate) use self::fetch::print;
pub(crate) use self::options::options;
pub(crate) use self::origin::{Loaded, of_run, of_source};

pub(crate) fn run(verb: SchemaVerb) -> Result<Exit, Failure> {
    match verb {
        SchemaVerb::Fetch(args) => fetch::fetch(args),
        SchemaVerb::Search(args) => search::search(args),
        SchemaVerb::Describe(args) => describe::describe(args),
        SchemaVerb::Diff(args) => diff::diff(args),
        SchemaVerb::Lint(args) => lint::lint(args),
    }
}
