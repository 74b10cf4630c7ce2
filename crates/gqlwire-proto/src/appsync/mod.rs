//! AWS AppSync: where an API lives, how it is authorised, and what its realtime endpoint says.

mod authorization;
mod header_carrier;
pub mod limits;
mod message;
mod signing;

pub use authorization::{
    HOST, HeaderObject, HeaderObjectError, MAX_HEADER_OBJECT_BYTES, MAX_HEADER_OBJECT_MEMBERS, X_AMZ_USER_AGENT,
    X_API_KEY, X_APPSYNC_DOMAIN,
};
pub use header_carrier::{
    CONNECT_BODY, EVENT_WS, GRAPHQL_WS, HEADER_PARAMETER, HEADER_PREFIX, Handshake, HeaderCarrier, PAYLOAD_PARAMETER,
    offered_subprotocols,
};
pub use message::{ClientMessage, MalformedMessage, ServerMessage};
pub use signing::{CONTENT_TYPE_HTTP, SERVICE, Signer};
