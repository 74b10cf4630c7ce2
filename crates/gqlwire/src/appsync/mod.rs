//! AWS AppSync: its authentication, and its control plane. Queries and mutations go over HTTP, subscriptions over the
//! realtime websocket.

mod api_key;
mod cache;
mod cached_token;
mod control_plane;
mod iam;
mod jwt;
mod setup;
mod token;

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
