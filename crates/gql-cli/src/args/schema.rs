//! The verbs about schemas, and `check`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::ConnectionArgs;
use super::duration::duration;

#[derive(Debug, Subcommand)]
pub(crate) enum SchemaVerb {
    /// Fetch the schema of an endpoint, or of an AppSync API by its id, and print it
    ///
    /// Asks for everything that the newest GraphQL specification knows, and for less where the server refuses that. What
    /// is printed or written is always a whole schema.
    Fetch(FetchArgs),
    /// Find types, fields, arguments and values by words of their names and descriptions
    Search(SearchArgs),
    /// Show all that a schema says about Type, Type.field, Type.field(argument:), @directive
    Describe(DescribeArgs),
    /// Compare two schemas, and class each change as breaking, dangerous or safe
    Diff(DiffArgs),
    /// Look for what a valid schema should still not have: odd names, unused types, what AppSync ignores
    Lint(LintArgs),
}

/// What to fetch, and where to put it.
#[derive(Args, Debug)]
pub(crate) struct FetchArgs {
    /// The endpoint; without one, AWS_GRAPHQL_API_ENDPOINT
    #[arg(value_name = "URL", num_args = 0..)]
    pub(crate) url: Vec<String>,

    /// What to print: SDL, or the introspection result as the server sent it
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) format: Format,

    /// Write to this file, when the schema is there in full; what the file held before is kept until then
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output_file: Option<PathBuf>,

    /// Keep the schema for `--schema cached`, and print it only where --output-file says so
    #[arg(long)]
    pub(crate) cache: bool,

    /// Ask AppSync's control plane for the API with this id, which works where introspection is switched off, and tells
    /// directives too
    ///
    /// Needs IAM credentials that may call appsync:GetIntrospectionSchema. The region is that of --region, the URL, or the
    /// environment; AWS_ENDPOINT_URL_APPSYNC or AWS_ENDPOINT_URL names another address than the region's.
    #[arg(long, value_name = "ID", conflicts_with_all = ["api_key", "jwt", "lambda_token", "schema_download"])]
    pub(crate) from_api_id: Option<String>,

    /// What to ask of the schema, each `true` or `false`: descriptions, specified_by_url, directive_is_repeatable,
    /// schema_description, input_value_deprecation, input_object_one_of
    #[arg(long, value_name = "OPT:BOOL", hide_short_help = true)]
    pub(crate) schema_download: Vec<String>,

    /// Refuse a schema with faults, which are only pointed out otherwise
    #[arg(long)]
    pub(crate) strict: bool,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// A schema in hand.
#[derive(Args, Debug)]
pub(crate) struct LocalSchemaArgs {
    /// Check with this schema, and send nothing that it forbids
    ///
    /// A file with SDL or an introspection result, or `cached`, which `schema fetch --cache` kept. Variables get values of
    /// their declared types: an ID given as 7 is the string "7".
    #[arg(long, value_name = "FILE|cached", conflicts_with = "print_schema")]
    pub(crate) schema: Option<String>,

    /// Refuse a schema with faults, which are only pointed out otherwise
    #[arg(long, requires = "schema", hide_short_help = true)]
    pub(crate) strict: bool,

    /// Refuse a cached schema that is older: 24h, 7d
    #[arg(
        long,
        value_name = "DURATION",
        value_parser = duration,
        requires = "schema",
        hide_short_help = true
    )]
    pub(crate) max_age: Option<Duration>,
}

const SCHEMA: &str = "Schema";

/// A schema in hand, or one to be fetched.
#[derive(Args, Debug)]
pub(crate) struct SourceArgs {
    /// The schema: a file with SDL or an introspection result, `-` for standard input, `cached`, or the URL of an
    /// endpoint. Without it, that of the endpoint in AWS_GRAPHQL_API_ENDPOINT
    #[arg(long, value_name = "FILE|URL|cached", help_heading = SCHEMA)]
    pub(crate) schema: Option<String>,

    #[command(flatten)]
    pub(crate) care: CareArgs,
}

/// How much to put up with.
#[derive(Args, Clone, Debug)]
pub(crate) struct CareArgs {
    /// Refuse a schema with faults, which are only pointed out otherwise
    #[arg(long, help_heading = SCHEMA)]
    pub(crate) strict: bool,

    /// Refuse a cached schema that is older: 24h, 7d
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = SCHEMA)]
    pub(crate) max_age: Option<Duration>,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// What to look for.
#[derive(Args, Debug)]
pub(crate) struct SearchArgs {
    /// Words that all have to occur, or a coordinate; an endpoint among them is where the schema is
    #[arg(value_name = "WORD", required = true)]
    pub(crate) words: Vec<String>,

    /// How many hits to show
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,

    /// How to print: for people, or one line of JSON for each hit
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    pub(crate) output: PlainOutput,

    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

/// What to describe.
#[derive(Args, Debug)]
pub(crate) struct DescribeArgs {
    /// Type, Type.field, Type.field(argument:), @directive or @directive(argument:); an endpoint among them is where the
    /// schema is
    #[arg(value_name = "COORDINATE", required = true)]
    pub(crate) coordinates: Vec<String>,

    /// How to print: for people, or one line of JSON for each coordinate
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    pub(crate) output: PlainOutput,

    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

/// What to compare.
#[derive(Args, Debug)]
pub(crate) struct DiffArgs {
    /// The older schema: a file, `-`, `cached`, or the URL of an endpoint
    #[arg(value_name = "OLD")]
    pub(crate) old: String,

    /// The newer one. Options for endpoints hold for both
    #[arg(value_name = "NEW")]
    pub(crate) new: String,

    /// End with code 9 if there is a change of this class or a worse one
    #[arg(long, value_name = "CLASS", value_enum, default_value_t)]
    pub(crate) fail_on: FailOnChange,

    /// How to print
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    pub(crate) output: Output,

    #[command(flatten)]
    pub(crate) care: CareArgs,
}

/// What to look at.
#[derive(Args, Debug)]
pub(crate) struct LintArgs {
    /// The schema, as a word: a file, `-`, `cached`, or the URL of an endpoint
    #[arg(value_name = "SCHEMA", num_args = 0..)]
    pub(crate) which: Vec<String>,

    /// Leave this rule out; as often as you like
    #[arg(long, value_name = "RULE")]
    pub(crate) off: Vec<String>,

    /// End with code 7 if there is a finding of this severity or a worse one
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t)]
    pub(crate) fail_on: FailOn,

    /// How to print
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    pub(crate) output: Output,

    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

/// What to check.
#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    /// Files with operations and fragments, which may use those of one another; of directories all *.graphql and *.gql
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,

    /// End with code 7 if there is a finding of this severity or a worse one
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t)]
    pub(crate) fail_on: FailOn,

    /// How to print
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    pub(crate) output: Output,

    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

/// What a schema is written in.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// Schema definition language
    #[default]
    Sdl,
    /// An introspection result
    Json,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Output {
    /// For people, with the place and what to do
    #[default]
    Text,
    /// One object with all findings
    Json,
    /// SARIF 2.1.0, which code scanning reads
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

/// How an answer about a schema is printed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum PlainOutput {
    /// For people
    #[default]
    Text,
    /// Lines of JSON
    Json,
}

/// Which findings make a failure.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum FailOn {
    #[default]
    Error,
    Warning,
}

/// Which changes make a failure.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum FailOnChange {
    #[default]
    Breaking,
    Dangerous,
    Safe,
    None,
}
