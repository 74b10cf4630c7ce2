//! The protocol crate seen from outside.

mod authorization;
mod endpoint;
mod scan;
mod sigv4;
