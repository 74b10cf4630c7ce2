//! The server over real sockets, spoken to by raw clients.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod api_key;
mod events;
mod hostile;
mod http;
mod iam;
mod jwt;
mod limits;
mod realtime;
mod resolvers;
mod support;
