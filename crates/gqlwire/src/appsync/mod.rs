//! AWS AppSync: its authentication, and the transport that sends queries and mutations over HTTP and subscriptions
//! over the realtime websocket.

mod api_key;
mod cache;
mod cached_token;
mod control_plane;
mod iam;
mod jwt;
mod setup;
mod token;
mod transport;

#[cfg(test)]
mod tests;

pub use api_key::ApiKey;
pub use cached_token::{CachedToken, Token};
pub use control_plane::{ControlPlane, SchemaFormat};
pub use gqlwire_proto::appsync::HeaderCarrier;
pub use gqlwire_proto::sigv4::Credentials;
pub use iam::{CredentialsProvider, Iam};
pub use token::{Cognito, Lambda, Oidc};

pub(crate) use setup::Setup;
pub(crate) use transport::AppSyncTransport;
