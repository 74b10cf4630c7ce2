//! AWS AppSync: where an API lives, how it is authorised, and what its realtime endpoint says.

mod authorization;
mod endpoint;
mod header_carrier;
mod host;
pub mod limits;
mod message;
mod realtime;
pub mod scalar;
mod signing;

pub use authorization::{
    HOST, HeaderObject, HeaderObjectError, MAX_HEADER_OBJECT_BYTES, MAX_HEADER_OBJECT_MEMBERS, X_AMZ_USER_AGENT,
    X_API_KEY, X_APPSYNC_DOMAIN,
};
pub use endpoint::{ApiKind, Endpoint, EndpointBuilder, EndpointError};
pub use header_carrier::{
    CONNECT_BODY, EVENT_WS, GRAPHQL_WS, HEADER_PARAMETER, HEADER_PREFIX, Handshake, HeaderCarrier, PAYLOAD_PARAMETER,
    offered_subprotocols,
};
pub use host::is_appsync_host;
pub use message::{ClientMessage, MalformedMessage, ServerMessage};
pub use realtime::Realtime;
pub use signing::{CONTENT_TYPE_HTTP, SERVICE, Signer};

pub use crate::connection::{
    Action, Data, Disconnect, End, Envelope, MalformedFrame, Refusal, RefusalKind, SubscriptionId, Timeouts, payload_of,
};
