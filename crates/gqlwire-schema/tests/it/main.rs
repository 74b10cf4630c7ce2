//! Behaviour of the crate through its public API.

mod compose;
mod convert;
mod execution;
mod hostile;
mod introspection;
mod schema;
mod subscription;
mod support;
mod tree;
mod validation;
mod variables;
