//! GraphQL over the wire, without IO.
//!
//! Everything here is a pure function or a state machine: no sockets, no clock, no runtime. Time, bytes and
//! randomness come in as arguments, so the client and the local server share one definition of each message,
//! header, limit and signature, and all of it is tested with a virtual clock.

pub mod appsync;
pub mod connection;
mod graphql_error;
pub mod incremental;
mod maybe_known;
mod maybe_undefined;
pub mod multipart;
mod request;
mod response;
pub mod scan;
pub mod session;
pub mod sigv4;
pub mod sse;
pub mod websocket;

pub use graphql_error::{GraphQLError, Location, PathSegment};
pub use maybe_known::MaybeKnown;
pub use maybe_undefined::MaybeUndefined;
pub use request::{IdPlace, Request, RequestError, RequestParts, VariablePath, VariablePathError, document_hash};
pub use response::{Partial, Response, ResponseError};
