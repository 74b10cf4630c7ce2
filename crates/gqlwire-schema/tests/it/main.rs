//! Behaviour of the crate through its public API.

mod execution;
mod hostile;
mod introspection;
mod schema;
mod subscription;
mod support;
mod validation;
