//! In which form an operation is sent, and how many of them.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use gqlwire::OperationKind;
use gqlwire_proto::IdPlace;

const REQUESTS: &str = "Requests";

#[derive(Args, Clone, Debug)]
pub(crate) struct RequestArgs {
    /// Send queries by GET, with everything in the URL; one whose URL gets too long goes by POST
    #[arg(long, help_heading = REQUESTS, hide_short_help = true)]
    pub(crate) get: bool,

    /// Send the hash of the document, and the document itself only if the server does not know it (automatic persisted
    /// queries)
    #[arg(long, help_heading = REQUESTS, conflicts_with = "persisted_id", hide_short_help = true)]
    pub(crate) apq: bool,

    /// Run the document that the server keeps under this id; no operation is read
    #[arg(
        long,
        value_name = "ID",
        help_heading = REQUESTS,
        conflicts_with_all = ["query", "file", "schema", "print_schema", "catch_up"],
        hide_short_help = true
    )]
    pub(crate) persisted_id: Option<String>,

    /// What --persisted-id is; a query if nothing is said
    #[arg(long, value_name = "KIND", value_enum, requires = "persisted_id", help_heading = REQUESTS, hide_short_help = true)]
    pub(crate) kind: Option<Kind>,

    /// Where the server looks for --persisted-id; as persisted-query if it is a bare SHA-256, else as document-id
    #[arg(long, value_name = "PLACE", value_enum, requires = "persisted_id", help_heading = REQUESTS, hide_short_help = true)]
    pub(crate) id_as: Option<Place>,

    /// Send the operation once for each line of this file of variables
    ///
    /// `-` is standard input. A line is an object of JSON (.jsonl), or a record of CSV (.csv) whose header names the variables; its values get
    /// the declared types, and an empty one leaves its variable out. Each line of the file gives one of the output, in the
    /// same order: {"line":…,"data":…}; errors are on stderr with the number of the line, or with --meta on the line. No
    /// mutation is sent twice. Ctrl-C lets the running ones end; a second one does not.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["print_schema", "count", "duration", "catch_up"])]
    pub(crate) batch: Option<PathBuf>,

    /// How many requests of --batch are under way at once
    #[arg(long, value_name = "N", default_value = "4", requires = "batch", help_heading = REQUESTS, hide_short_help = true)]
    pub(crate) concurrency: NonZeroUsize,

    /// How many lines of --batch go in one request over HTTP, as an array, which not every server takes
    #[arg(long, value_name = "N", default_value = "1", requires = "batch", help_heading = REQUESTS, hide_short_help = true)]
    pub(crate) batch_size: NonZeroUsize,

    /// Print a curl command for the same request, and send nothing
    ///
    /// Credentials stand in it as variables of the environment.
    #[arg(long, conflicts_with_all = ["batch", "print_schema"])]
    pub(crate) curl: bool,

    /// Write credentials into what --curl prints
    #[arg(long, requires = "curl", help_heading = REQUESTS, hide_short_help = true)]
    pub(crate) show_secrets: bool,
}

/// What `--kind` takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Kind {
    Query,
    Mutation,
    Subscription,
}

impl From<Kind> for OperationKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Query => Self::Query,
            Kind::Mutation => Self::Mutation,
            Kind::Subscription => Self::Subscription,
        }
    }
}

/// What `--id-as` takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Place {
    /// The member `documentId`
    DocumentId,
    /// The member `id`
    Id,
    /// `extensions.persistedQuery.sha256Hash`, as Apollo's servers have it
    PersistedQuery,
}

impl From<Place> for IdPlace {
    fn from(place: Place) -> Self {
        match place {
            Place::DocumentId => Self::DocumentId,
            Place::Id => Self::Id,
            Place::PersistedQuery => Self::PersistedQuery,
        }
    }
}

impl RequestArgs {
    /// Where the id stands.
    pub(crate) fn id_place(&self, id: &str) -> IdPlace {
        let is_hash = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        match self.id_as {
            Some(place) => place.into(),
            None if is_hash => IdPlace::PersistedQuery,
            None => IdPlace::DocumentId,
        }
    }
}
