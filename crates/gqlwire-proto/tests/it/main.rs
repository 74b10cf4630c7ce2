//! The protocol crate seen from outside.

mod authorization;
