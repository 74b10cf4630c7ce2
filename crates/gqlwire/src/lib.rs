//! A GraphQL client: queries, mutations and subscriptions, on any server, and first-class on AWS AppSync.
//!
//! ```no_run
//! use futures_util::StreamExt;
//! use gqlwire::{Client, Request, appsync};
//! use serde_json::Value;
//!
//! # async fn example() -> Result<(), gqlwire::Error> {
//! let client = Client::builder("https://example1234567890000.appsync-api.us-east-1.amazonaws.com/graphql")
//!     .appsync()
//!     .auth(appsync::ApiKey::new("da2-…"))
//!     .build()?;
//!
//! let mut messages = client.subscribe("subscription { onCreateMessage { message } }").await?.data();
//!
//! let create = Request::<Value>::new("mutation($m: String!) { createMessage(input: {message: $m}) { id message } }");
//! client.execute(create.variable("m", "Hello world!")).await?.into_data()?;
//!
//! if let Some(message) = messages.next().await {
//!     println!("{}", message?);
//! }
//! client.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! That is AppSync. Any other server needs its URL as a rule: with one of HTTP, queries and mutations are posted, and
//! subscriptions are server-sent events or multipart, as the server likes; with one of a websocket (`wss://…`) everything
//! goes over that. The [`ClientBuilder`] has what differs from that.
//!
//! # What may be lost
//!
//! AppSync does not replay events. A subscription outlives its connections: when one is lost it is started again on
//! another, and yields an [`Event::Gap`] where events may be missing, with its times and its cause; before AppSync cuts
//! a connection at 24 hours, and before its credentials expire, another takes over without a gap. `reconnect` on the
//! [`ClientBuilder`] sets when to try again, and when no more: then the subscription yields an error that says why, and
//! is over. A consumer that reads too slowly for its queue of 1,024 messages or 4 MiB is told so ([`ErrorKind::Lagged`])
//! after what was queued, or finds an [`Event::Dropped`] where it would rather lose events than the subscription
//! ([`Overflow`]). Nothing is dropped without a word.
//!
//! Whoever shows a list and follows it gives the subscription a [`catch_up`](Subscribe::catch_up): a query that is run
//! after each acknowledgement, so that what a gap has swallowed is in its answer.
//!
//! # What is tried again
//!
//! `execute` repeats a query after what may pass by itself: a connection that cannot be made or breaks, 429, 502, 503
//! and 504; at most twice, within the call's timeout, and when the server asks to with `Retry-After`. A mutation goes
//! once more only where nothing of it can have been sent. [`RetryPolicy`] has the table, and `retry` on the
//! [`ClientBuilder`] and on the call sets another.
//!
//! What was refused for its credentials was not executed, and is repeated once, a mutation too, if there are better ones.
//! A clock of this machine that is wrong, which makes signatures worthless, is noticed by the server's and made up for.
//!
//! # Types
//!
//! A [`Request<T>`](Request) answers with `T`, any type that serde can read; variables are whatever it can write. For
//! what GraphQL has and Rust does not there are [`MaybeUndefined`], a value, `null`, or nothing at all, which differ in
//! its input, and [`MaybeKnown`], an enum that may have grown on the server. A scalar of one's own is a type of one's
//! own; AppSync's are in `gqlwire::scalars` (feature `scalars`). Types made from a schema by `graphql_client` or `cynic`
//! are operations with the features named after those. A program that knows its schema only when it runs has
//! `gqlwire::schema::Conversions` (feature `schema`).
//!
//! # A schema in hand
//!
//! With the feature `schema`, `fetch_schema` asks the server for its schema, and a client that is built with a `schema`
//! refuses what does not validate before anything is sent: with the line, a caret, and what was probably meant.
//! `gqlwire::local` answers requests in this process, from a schema and resolvers, for tests without a server.
//!
//! # Logs
//!
//! Events and spans go to `tracing`, and hold no credentials. Websockets are framed by `gqlwire` itself, which logs none of
//! their frames.
//!
//! # Metrics
//!
//! With the feature `metrics`, the recorder that the program has installed for the facade `metrics` gets the following.
//! Clients of one process add up.
//!
//! | name | kind | labels | what it counts |
//! |---|---|---|---|
//! | `gqlwire_execute_total` | counter | `kind`, `outcome` | queries and mutations that ended |
//! | `gqlwire_execute_duration_seconds` | histogram | `kind`, `outcome` | how long they took, with all their attempts |
//! | `gqlwire_execute_retries_total` | counter | `kind` | attempts after the first |
//! | `gqlwire_frames_total` | counter | | text frames received on websockets |
//! | `gqlwire_received_bytes_total` | counter | | their bytes |
//! | `gqlwire_events_total` | counter | | events handed on to subscribers |
//! | `gqlwire_reconnects_total` | counter | | connections opened in place of one that was lost |
//! | `gqlwire_rotations_total` | counter | | connections replaced by another while they were open |
//! | `gqlwire_gaps_total` | counter | | gaps reported |
//! | `gqlwire_drops_total` | counter | | events lost for want of room |
//! | `gqlwire_possible_duplicates_total` | counter | | events delivered in a rotation though an equal one had been |
//! | `gqlwire_subscriptions` | gauge | | subscriptions held now |
//! | `gqlwire_connections` | gauge | | websockets held now |
//!
//! `kind` is `query` or `mutation`. `outcome` is `ok`, `graphql_errors` for an answer that holds some, the
//! [`ErrorKind`] in lower case (`connect`, `status`, …) for a call that failed, and `dropped` for one that was abandoned.
//!
//! # Features
//!
//! | feature | default | what it brings |
//! |---|---|---|
//! | `http` | yes | queries and mutations over HTTP |
//! | `websocket` | yes | everything over `graphql-transport-ws`, the older `graphql-ws` and Phoenix channels |
//! | `appsync` | yes | AWS AppSync: authentication, subscriptions over its realtime websocket |
//! | `rustls` | yes | TLS, with aws-lc-rs |
//! | `ring` | no | TLS, with ring |
//! | `blocking` | no | `gqlwire::blocking`: a client for code that is not async |
//! | `testing` | no | `gqlwire::testing`: a scripted server, recordings, and their replay |
//! | `socks` | no | SOCKS proxies |
//! | `cookies` | no | cookies, kept from answer to request |
//! | `compression` | no | compressed answers: gzip, brotli, zstd |
//! | `reqwest-0_13` | no | requests through a reqwest client of one's own |
//! | `aws` | no | the AWS SDK's whole credential chain |
//! | `schema` | no | introspection and SDL, validation before sending, execution in this process (`gqlwire::local`) |
//! | `macros` | no | `gql!(schema = "…", …)`: documents checked against a schema while the program is compiled |
//! | `scalars` | no | AppSync's scalars as types |
//! | `graphql_client-0_16` | no | queries of `graphql_client` as operations |
//! | `cynic-3` | no | operations of `cynic` |
//! | `upload` | no | files that go along with a request (multipart request specification) |
//! | `metrics` | no | counters, gauges and durations through the facade `metrics` |

#[cfg(feature = "appsync")]
pub mod appsync;
mod auth;
#[cfg(feature = "http")]
mod batching;
#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(feature = "http")]
mod builder;
mod client;
#[cfg(feature = "cynic-3")]
pub mod cynic_3;
#[cfg(feature = "schema")]
mod documents;
mod error;
mod execute;
mod execute_batch;
#[cfg(feature = "graphql_client-0_16")]
pub mod graphql_client_0_16;
#[cfg(feature = "http")]
mod http;
mod incremental;
#[cfg(feature = "schema")]
mod introspect;
#[cfg(feature = "schema")]
pub mod local;
#[cfg(feature = "macros")]
mod macros;
mod metrics;
mod operation;
mod overflow;
#[cfg(feature = "http")]
mod persisted;
#[cfg(feature = "websocket")]
mod phoenix;
mod progress;
#[cfg(feature = "websocket")]
mod realtime;
#[cfg(feature = "http")]
mod redact;
mod retry;
mod runtime;
#[cfg(feature = "websocket")]
mod split;
mod state;
mod subscribe;
mod subscription;
#[cfg(feature = "testing")]
pub mod testing;
mod transport;
#[cfg(feature = "upload")]
mod upload;
#[cfg(feature = "schema")]
mod validate;
#[cfg(feature = "websocket")]
mod websocket;

#[cfg(feature = "http")]
pub use self::http::HttpVersion;
pub use auth::{AuthProvider, Authorization, Target, TargetKind};
#[cfg(feature = "http")]
pub use batching::Batching;
#[cfg(feature = "http")]
pub use builder::{
    ClientBuilder, DEFAULT_CLOSE_TIMEOUT, DEFAULT_CONNECT_TIMEOUT, DEFAULT_GET_URL_LIMIT, DEFAULT_MAX_MESSAGE_SIZE,
    DEFAULT_MAX_RESPONSE_SIZE, DEFAULT_QUEUE_BYTES, DEFAULT_QUEUE_BYTES_IN_ALL, DEFAULT_QUEUE_MESSAGES,
    DEFAULT_TCP_USER_TIMEOUT, DEFAULT_TIMEOUT,
};
pub use client::Client;
pub use error::{Error, ErrorKind};
pub use execute::Execute;
pub use execute_batch::ExecuteBatch;
#[cfg(feature = "scalars")]
pub use gqlwire_proto::appsync::scalar as scalars;
#[cfg(feature = "websocket")]
pub use gqlwire_proto::connection::PhoenixVersion;
pub use gqlwire_proto::connection::Protocol;
#[cfg(not(feature = "macros"))]
pub use gqlwire_proto::gql;
pub use gqlwire_proto::incremental::{Change, Completed, Patch, Pending};
pub use gqlwire_proto::scan::{Document, OperationKind};
pub use gqlwire_proto::session::Counters;
#[cfg(feature = "http")]
pub use gqlwire_proto::session::ReconnectPolicy;
pub use gqlwire_proto::{
    GraphQLError, IdPlace, Location, MaybeKnown, MaybeUndefined, Partial, PathSegment, Request, Response,
};
#[cfg(feature = "schema")]
pub use gqlwire_schema as schema;
#[cfg(feature = "http")]
pub use http::stream::{DEFAULT_STREAM_IDLE_TIMEOUT, SseOptions};
pub use incremental::{ExecuteIncrementally, Increment, Incremental};
pub use operation::Operation;
pub use overflow::{Dropped, Overflow};
#[cfg(feature = "http")]
pub use persisted::PersistedQueries;
#[cfg(feature = "websocket")]
pub use phoenix::PhoenixOptions;
pub use retry::{RetryBudget, RetryPolicy};
pub use state::{ConnectionState, SessionState};
pub use subscribe::Subscribe;
pub use subscription::{DataStream, Event, Gap, Subscription};
pub use transport::{EventSource, Outcome, RawEvent, RawIncremental, RawRequest, RawResponse, Transport};
#[cfg(feature = "upload")]
pub use upload::Upload;
#[cfg(feature = "websocket")]
pub use websocket::WebSocketOptions;

/// What the macros expand to.
#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod __private {
    pub use gqlwire_macros::checked;
    pub use gqlwire_proto::gql;
}

/// The pages that hold Rust: compiled with the documentation's examples.
#[cfg(all(doctest, feature = "appsync"))]
mod pages {
    #[doc = include_str!("../../../docs/appsync.md")]
    struct AppSync;
    #[doc = include_str!("../../../docs/sessions.md")]
    struct Sessions;
    #[cfg(feature = "upload")]
    #[doc = include_str!("../../../docs/http.md")]
    struct Http;
    #[cfg(feature = "schema")]
    #[doc = include_str!("../../../docs/schemas.md")]
    struct Schemas;
    #[doc = include_str!("../../../docs/streams.md")]
    struct Streams;
    #[doc = include_str!("../../../docs/websockets.md")]
    struct Websockets;
    #[cfg(all(feature = "blocking", feature = "testing"))]
    #[doc = include_str!("../../../docs/testing.md")]
    struct Testing;
    #[doc = include_str!("../../../README.md")]
    struct Readme;
}

/// The page whose examples take more features than others.
#[cfg(all(
    doctest,
    feature = "cynic-3",
    feature = "graphql_client-0_16",
    feature = "macros",
    feature = "scalars"
))]
#[doc = include_str!("../../../docs/typed.md")]
mod typed {}

/// The page on how servers are reached.
#[cfg(all(
    doctest,
    feature = "compression",
    feature = "cookies",
    feature = "reqwest-0_13",
    feature = "rustls",
    feature = "socks"
))]
#[doc = include_str!("../../../docs/connections.md")]
mod connections {}
