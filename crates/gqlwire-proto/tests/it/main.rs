//! The protocol crate seen from outside.

mod authorization;
mod endpoint;
mod envelope;
mod message;
mod realtime;
mod refusal;
mod request;
mod response;
mod scan;
mod sigv4;
