//! The protocol crate seen from outside.

mod authorization;
mod endpoint;
mod sigv4;
