//! The protocol crate seen from outside.

// What helps a test may unwrap as the test may; clippy knows only functions marked `#[test]`.
#![allow(clippy::unwrap_used)]

mod authorization;
mod endpoint;
mod envelope;
mod message;
mod realtime;
mod refusal;
mod request;
mod response;
mod scan;
mod scenario;
mod session;
mod sigv4;
mod websocket;
