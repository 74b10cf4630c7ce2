//! The protocol crate seen from outside.

// What helps a test may unwrap as the test may; clippy knows only functions marked `#[test]`.
#![allow(clippy::unwrap_used)]

mod authorization;
mod connection;
mod endpoint;
mod envelope;
mod incremental;
mod input_and_enums;
mod message;
mod multipart;
mod realtime;
mod refusal;
mod request;
mod request_parts;
mod response;
mod scalar;
mod scan;
mod scenario;
mod session;
mod sigv4;
mod sse;
mod websocket;
