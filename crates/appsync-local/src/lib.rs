//! A local, AppSync-compatible GraphQL server.
//!
//! One port of this machine serves queries and mutations over HTTP (`/graphql`) and subscriptions over AppSync's
//! realtime protocol (`/graphql/realtime`, and `/graphql` too), with AppSync's words for what goes wrong, and with
//! authentication that can fail: API keys with an expiry, signatures that are verified, tokens that are verified.
//!
//! ```
//! use appsync_local::{Api, JwtKeys, Server};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), appsync_local::BindError> {
//! let server = Server::builder()
//!     .api(Api::messages())
//!     .generate_api_key()
//!     .access_key("AKIDEXAMPLE", "secret")
//!     .jwt(JwtKeys::hs256("another secret"))
//!     .bind("127.0.0.1:0")
//!     .await?;
//! println!("{} {}", server.http_url(), server.realtime_url());
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! Nothing that a client sends, or does not send, stops or delays the server for another: each connection is a task
//! with deadlines and bounds ([`Limits`]), and a reader that is too slow loses its own connection.
//!
//! The seams for more: [`Store`] keeps items elsewhere, [`Resolver`] answers fields by other means than the conventions
//! of [`Api::from_sdl`], [`Authorizer`] judges calls.

mod accept;
mod api;
mod auth;
mod builder;
mod http;
mod hub;
mod limits;
mod publish;
mod realtime;
mod server;
mod stats;
mod stop;
mod store;
mod stream;

pub use self::api::Api;
pub use self::auth::{ApiKey, Authorizer, Call, Identity, JwtKeys, JwtKeysError, Occasion, Refusal};
pub use self::builder::{BindError, Builder};
pub use self::limits::Limits;
pub use self::server::Server;
pub use self::stats::Stats;
pub use self::store::{Item, MemoryStore, Page, Store, StoreError};
pub use gqlwire_schema::{Diagnostics, FieldContext, FieldError, Resolution, Resolver, Schema};
