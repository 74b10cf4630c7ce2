//! The command line: flags become types here, and nowhere else.

mod duration;
mod endpoints;
mod network;
mod prefix;
mod request;
mod schema;
mod secret;
mod session;
mod socket;
mod swallowed;
mod transport;

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{ArgAction, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use self::duration::Limit;
use self::duration::duration;
use self::endpoints::only_endpoint;
pub(crate) use self::network::NetworkArgs;
pub(crate) use self::request::RequestArgs;
pub(crate) use self::schema::{
    CareArgs, CheckArgs, DescribeArgs, DiffArgs, FailOn, FailOnChange, FetchArgs, Format, LintArgs, LocalSchemaArgs,
    Output, PlainOutput, SchemaVerb, SearchArgs, SourceArgs,
};
pub(crate) use self::secret::{Secret, check};
pub(crate) use self::session::SessionArgs;
pub(crate) use self::socket::SocketArgs;
pub(crate) use self::swallowed::is_endpoint;
use self::swallowed::take_endpoints;
use self::transport::Carrier;
pub(crate) use self::transport::Transport;
use crate::exit;

const EXAMPLES: &str = "\
Examples:
  gql-cli https://…/graphql -q '{ hello }' -H 'Authorization: Bearer …'
  gql-cli wss://…/graphql --init token:… -q 'subscription { posts { id } }'
  gql-cli https://…/graphql -f create.graphql --batch rows.csv
  echo 'query { listMessages { items { id } } }' | gql-cli https://…/graphql --api-key @key.txt
  cat mutation.graphql | gql-cli $AWS_GRAPHQL_API_ENDPOINT -V message:\"Hello world!\"
  echo \"subscription{onCreateMessage{message}}\" | gql-cli $AWS_GRAPHQL_API_ENDPOINT --count 1
  gql-cli $AWS_GRAPHQL_API_ENDPOINT --print-schema > schema.graphql
  gql-cli schema fetch https://…/graphql --api-key @key.txt -o schema.graphql
  gql-cli https://…/graphql --schema schema.graphql -f query.graphql -V id:7
  gql-cli check src --schema schema.graphql
  gql-cli demo";

/// GraphQL from the terminal, at home on AWS AppSync: sends an operation, and prints its data as one line of JSON for
/// each result.
#[derive(Debug, Parser)]
#[command(
    name = "gql-cli",
    override_usage = "gql-cli [OPTIONS] [URL]\n       gql-cli <COMMAND>",
    disable_version_flag = true,
    after_help = "Examples, exit codes and everything else: gql-cli --help. To see it work: gql-cli demo",
    after_long_help = format!("{EXAMPLES}\n\n{}", exit::HELP),
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,

    #[command(flatten)]
    pub(crate) operation: OperationArgs,

    #[command(flatten)]
    pub(crate) logging: LoggingArgs,

    /// Print the version
    #[arg(long)]
    pub(crate) version: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Serve an AppSync-compatible API on this machine
    ///
    /// From a schema, or the built-in messages API. Prints one line of JSON once it listens,
    /// {"http":…,"realtime":…,"api_key":…}, and serves until Ctrl-C, SIGTERM or SIGHUP, which end it with code 0. Without
    /// any credential to accept it makes an API key.
    Serve(ServeArgs),
    /// Show the whole way: a local server, a subscription, three mutations and their events
    Demo,
    /// Fetch, search, describe, compare and lint schemas
    #[command(subcommand)]
    Schema(SchemaVerb),
    /// Check documents against a schema: errors, unused fragments, use of what is deprecated
    ///
    /// Ends with code 7 if there are errors.
    Check(CheckArgs),
    /// Print a script that completes this command in a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the man page, of all commands
    Man,
}

/// An operation, where it is sent, and how much of a subscription to take.
#[derive(Args, Debug)]
pub(crate) struct OperationArgs {
    /// The endpoint; without one, AWS_GRAPHQL_API_ENDPOINT
    #[arg(value_name = "URL", num_args = 0..)]
    pub(crate) url: Vec<String>,

    /// The operation itself, instead of standard input
    #[arg(short, long, value_name = "TEXT", conflicts_with = "file")]
    pub(crate) query: Option<String>,

    /// A file with the operation, instead of standard input; several are read as one document
    ///
    /// Several subscriptions run together, over one connection, and each line names its own: {"operation":…,"data":…}.
    /// One that ends leaves the others running; one that is refused at the start ends all.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Vec<PathBuf>,

    /// Which operation of the document to run; without it, several subscriptions run together
    #[arg(short, long, value_name = "NAME", hide_short_help = true)]
    pub(crate) operation_name: Option<String>,

    /// Variables: VALUE is JSON, or else text; NAME=@@FILE sends a file
    ///
    /// They reach to the next option, and there may be more of them after it. Files are NAME=@@FILE, or
    /// NAME=@@FILE,@@FILE for a list; `;type=image/png` after a FILE says what it is, `;filename=NAME` what it is called.
    #[arg(short = 'V', long, value_name = "NAME:VALUE", num_args = 0.., action = ArgAction::Append)]
    pub(crate) variables: Vec<String>,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,

    /// Print the server's schema as SDL; no operation is read
    #[arg(long)]
    pub(crate) print_schema: bool,

    /// What --print-schema prints: SDL, or the introspection result
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t,
        requires = "print_schema",
        hide_short_help = true
    )]
    pub(crate) format: Format,

    /// What to ask of the schema, each `true` or `false`: descriptions, specified_by_url, directive_is_repeatable,
    /// schema_description, input_value_deprecation, input_object_one_of
    #[arg(long, value_name = "OPT:BOOL", num_args = 0.., action = ArgAction::Append, hide_short_help = true)]
    pub(crate) schema_download: Vec<String>,

    #[command(flatten)]
    pub(crate) local_schema: LocalSchemaArgs,

    /// Send even what the schema given with --schema forbids; values still get their declared types
    #[arg(long, requires = "schema", hide_short_help = true)]
    pub(crate) no_validate: bool,

    /// Say on each line what happened, to which operation, and when
    ///
    /// A line is {"event":"next","operation":…,"received_at":…,"data":…,"errors":[…]}, for queries and mutations too; of
    /// an answer that comes in pieces (@defer, @stream) there is an event increment for what it is before the last. Of
    /// a subscription there are also the events gap (since, until, cause), snapshot (data), dropped (count, since,
    /// until), error (message: an event that cannot be read) and end (cause, unless the server completed it). Errors
    /// that are on a line are not repeated on stderr. An operation without a name is called by the key of its root field.
    #[arg(long, conflicts_with = "print_schema")]
    pub(crate) meta: bool,

    /// A file with a query to catch up with: its answer goes before the events, at the start and after each lost
    /// connection, as a line {"snapshot":…}
    ///
    /// Events that arrive while it runs follow it, and may be in it already. It gets those of the --variables that it
    /// declares. Of several subscriptions each catches up with it.
    #[arg(long, value_name = "FILE", conflicts_with = "print_schema", hide_short_help = true, help_heading = APPSYNC)]
    pub(crate) catch_up: Option<PathBuf>,

    /// Show no status line at the bottom of the terminal while a subscription runs
    #[arg(long, hide_short_help = true)]
    pub(crate) no_status: bool,

    /// End subscriptions after this many events, those of all together
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,

    /// End subscriptions after this time: 30s, 5m, 1h30m; it begins when all of them are acknowledged
    #[arg(long = "for", value_name = "DURATION", value_parser = duration, hide_short_help = true)]
    pub(crate) duration: Option<Duration>,

    #[command(flatten)]
    pub(crate) request: RequestArgs,

    #[command(flatten)]
    pub(crate) session: SessionArgs,
}

/// Where to connect, how, and as whom.
#[derive(Args, Clone, Debug)]
pub(crate) struct ConnectionArgs {
    /// The endpoint: where it stands on the command line depends on the command.
    #[arg(skip)]
    pub(crate) url: Vec<String>,

    /// How to talk to the endpoint
    #[arg(long, value_name = "NAME", value_enum, default_value_t, hide_default_value = true)]
    pub(crate) transport: Transport,

    /// Headers; up to the next option, and as often as you like
    ///
    /// Cookies are one of them: -H 'Cookie: session=…'. Those that a server sets are not kept.
    #[arg(short = 'H', long, value_name = "NAME:VALUE", num_args = 0.., action = ArgAction::Append)]
    pub(crate) headers: Vec<String>,

    /// Seconds that an answer may take, or an acknowledgement, or `none`; also --timeout
    ///
    /// With a unit it is what that says: 500ms, 5m.
    #[arg(
        long,
        visible_alias = "timeout",
        value_name = "N|none",
        default_value = "10",
        allow_negative_numbers = true
    )]
    pub(crate) execute_timeout: Limit,

    #[command(flatten)]
    pub(crate) network: NetworkArgs,

    #[command(flatten)]
    pub(crate) socket: SocketArgs,

    #[command(flatten)]
    pub(crate) auth: AuthArgs,

    /// The realtime endpoint, where it does not follow from the URL
    #[arg(long, value_name = "URL", help_heading = APPSYNC, hide_short_help = true)]
    pub(crate) realtime_url: Option<String>,

    /// The HTTP endpoint, where it does not follow from the URL
    #[arg(long, value_name = "URL", help_heading = APPSYNC, hide_short_help = true)]
    pub(crate) http_url: Option<String>,

    /// The API's own host, where the URL is that of a VPC endpoint or a tunnel
    #[arg(long, value_name = "HOST", help_heading = APPSYNC, hide_short_help = true)]
    pub(crate) api_host: Option<String>,

    /// How the websocket handshake carries credentials: as a subprotocol, or in the query for VPC endpoints, unless you
    /// say otherwise
    #[arg(long, value_name = "HOW", value_enum, help_heading = APPSYNC, hide_short_help = true)]
    pub(crate) header_carrier: Option<Carrier>,

    /// Bytes that an answer may have; 64 MiB if nothing is said
    #[arg(long, value_name = "BYTES", hide_short_help = true)]
    pub(crate) max_response_size: Option<usize>,

    /// Bytes that a message of the websocket may have; 16 MiB if nothing is said
    #[arg(long, value_name = "BYTES", hide_short_help = true)]
    pub(crate) max_message_size: Option<usize>,

    /// Send credentials unencrypted to another machine, where anyone on the way can read them
    #[arg(long, hide_short_help = true)]
    pub(crate) allow_plaintext: bool,
}

const APPSYNC: &str = "AWS AppSync";

/// As whom to connect to AppSync. Without any of these: AWS_GRAPHQL_API_KEY, else IAM.
#[derive(Args, Clone, Debug)]
pub(crate) struct AuthArgs {
    /// An API key. A secret may be given as @FILE
    #[arg(long, value_name = "KEY", help_heading = APPSYNC, conflicts_with_all = ["jwt", "lambda_token", "iam", "aws_profile"])]
    pub(crate) api_key: Option<Secret>,

    /// A JWT of Amazon Cognito or an OpenID Connect provider
    #[arg(long, value_name = "TOKEN", help_heading = APPSYNC, conflicts_with_all = ["lambda_token", "iam", "aws_profile"])]
    pub(crate) jwt: Option<Secret>,

    /// A token for the API's Lambda authorizer
    #[arg(long, value_name = "TOKEN", help_heading = APPSYNC, conflicts_with_all = ["iam", "aws_profile"], hide_short_help = true)]
    pub(crate) lambda_token: Option<Secret>,

    /// Sign with IAM credentials, whatever the environment offers instead
    #[arg(long, help_heading = APPSYNC)]
    pub(crate) iam: bool,

    /// Sign with the credentials of this AWS profile
    #[arg(long, value_name = "NAME", help_heading = APPSYNC, hide_short_help = true)]
    pub(crate) aws_profile: Option<String>,

    /// The AWS region of the API, where its host does not name it
    #[arg(long, value_name = "REGION", help_heading = APPSYNC)]
    pub(crate) region: Option<String>,
}

/// How much to tell.
#[derive(Args, Debug)]
pub(crate) struct LoggingArgs {
    /// Tell on stderr where each setting comes from
    #[arg(short, long, global = true, conflicts_with = "debug")]
    pub(crate) verbose: bool,

    /// Tell on stderr of each request and each event too: where, how long, how many bytes; no payloads, no secrets
    #[arg(short, long, global = true)]
    pub(crate) debug: bool,
}

/// What to serve, and to whom.
#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    /// A file with the schema, in SDL; without one, the built-in messages API
    #[arg(value_name = "SCHEMA")]
    pub(crate) schema: Option<PathBuf>,

    /// The port; 0 is any free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) port: u16,

    /// The address to listen on, or `localhost`; others than 127.0.0.1 and ::1 can be reached from other machines
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1")]
    pub(crate) host: Host,

    /// Accept this API key; as often as you like. A secret may be given as @FILE
    #[arg(long, value_name = "KEY")]
    pub(crate) api_key: Vec<Secret>,

    /// Accept JWTs signed with this secret (HS256)
    #[arg(long, value_name = "SECRET", conflicts_with = "jwks")]
    pub(crate) jwt_secret: Option<Secret>,

    /// Accept JWTs signed with a key of this JWKS file
    #[arg(long, value_name = "FILE")]
    pub(crate) jwks: Option<PathBuf>,

    /// Demand that a JWT is from this issuer; as often as you like
    #[arg(long, value_name = "ISS")]
    pub(crate) issuer: Vec<String>,

    /// Demand that a JWT is for this audience; as often as you like
    #[arg(long, value_name = "AUD")]
    pub(crate) audience: Vec<String>,

    /// Accept IAM signatures of this key pair; as often as you like. SECRET may be @FILE
    #[arg(long, value_name = "ID:SECRET")]
    pub(crate) access_key: Vec<KeyPair>,
}

/// What `serve --host` takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Host(pub(crate) IpAddr);

impl std::str::FromStr for Host {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("localhost") {
            return Ok(Self(Ipv4Addr::LOCALHOST.into()));
        }
        // A URL has brackets around such an address, and people copy them.
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let address = bare.unwrap_or(text).parse();
        address
            .map(Self)
            .map_err(|_| "give an IP address of this machine, such as 127.0.0.1 or ::1, or `localhost`".to_owned())
    }
}

/// What `--access-key` takes.
#[derive(Clone, Debug)]
pub(crate) struct KeyPair {
    pub(crate) id: String,
    pub(crate) secret: Secret,
}

impl std::str::FromStr for KeyPair {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some((id, secret)) if !id.is_empty() && !secret.is_empty() => Ok(Self {
                id: id.to_owned(),
                secret: secret
                    .parse()
                    .unwrap_or_else(|never: std::convert::Infallible| match never {}),
            }),
            _ => Err("give the id and the secret of the key, with a colon between them".to_owned()),
        }
    }
}

impl Arguments {
    /// The definition of the command line. Python's way with headers is for operations alone: in the commands an option
    /// takes one, so that it does not swallow the words after it.
    pub(crate) fn definition() -> Command {
        let single = |verb: Command| {
            verb.mut_arg("headers", |option| {
                option.num_args(1).help("A header; as often as you like")
            })
        };
        let verbs = ["fetch", "search", "describe", "diff", "lint"];
        Self::command()
            .mut_subcommand("check", single)
            .mut_subcommand("schema", |schema| {
                verbs
                    .into_iter()
                    .fold(schema, |schema, verb| schema.mut_subcommand(verb, single))
            })
    }

    /// Reads the command line.
    ///
    /// # Errors
    ///
    /// It is not usable, or asks for help: the error knows what to print, and where.
    pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let words = prefix::complete(words, &mut Self::definition())?;
        let matches = Self::definition().try_get_matches_from(words)?;
        let mut arguments = Self::from_arg_matches(&matches)?;
        if let Some(verb) = matches.subcommand_name() {
            let is_logging = |id: &str| matches!(id, "verbose" | "debug" | "LoggingArgs");
            let given =
                |id: &&clap::Id| matches.value_source(id.as_str()) == Some(clap::parser::ValueSource::CommandLine);
            if let Some(option) = matches.ids().filter(given).find(|id| !is_logging(id.as_str())) {
                let message = format!("`{verb}` is a command, and comes first; before it stands {option}");
                return Err(Self::definition().error(ErrorKind::ArgumentConflict, message));
            }
            if let Some(verb) = &mut arguments.verb {
                verb.take_endpoint()?;
            }
            return Ok(arguments);
        }
        let operation = &mut arguments.operation;
        let endpoints = &mut operation.url;
        operation.variables = take_endpoints(&matches, "variables", endpoints);
        operation.connection.headers = take_endpoints(&matches, "headers", endpoints);
        operation.schema_download = take_endpoints(&matches, "schema_download", endpoints);
        operation.connection.url = only_endpoint(std::mem::take(endpoints))?;
        Ok(arguments)
    }
}

#[cfg(test)]
mod tests;
