//! Behaviour of the crate through its public API.

mod check;
mod compose;
mod coordinate;
mod describe;
mod diff;
mod execution;
mod hostile;
mod introspection;
mod introspection_json;
mod lenient;
mod lint;
mod render;
mod schema;
mod subscription;
mod support;
mod tree;
mod validation;
mod variables;
