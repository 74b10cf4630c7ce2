//! The client against servers on real sockets of this machine, most of them hostile.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

mod api;
#[cfg(feature = "aws")]
mod aws_chain;
#[cfg(feature = "blocking")]
mod blocking;
mod catch_up;
mod chaos;
mod clock;
mod connecting;
#[cfg(feature = "testing")]
mod doubles;
mod examples;
mod http_failures;
#[cfg(any(feature = "cynic-3", all(feature = "graphql_client-0_16", feature = "scalars")))]
mod integrations;
#[cfg(feature = "schema")]
mod local;
#[cfg(feature = "macros")]
mod macros;
#[cfg(feature = "metrics")]
mod metrics;
mod pool;
mod proxy;
mod requests;
mod retries;
#[cfg(feature = "schema")]
mod schema;
mod secrets;
mod socket_failures;
mod streams;
#[cfg(any(feature = "ring", feature = "rustls"))]
mod tls;
mod upgrade_failures;
#[cfg(feature = "schema")]
mod validation;
mod websocket;
mod wire;
