//! The protocol crate seen from outside.

mod authorization;
mod sigv4;
