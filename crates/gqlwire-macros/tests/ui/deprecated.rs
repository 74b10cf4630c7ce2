//! The use of what is deprecated is a warning, which can be allowed.

pub const WARNED: &str = gqlwire_macros::checked!("tests/ui/schema.graphql", "{ messages { body } }");

#[allow(deprecated)]
pub const ALLOWED: &str = gqlwire_macros::checked!("tests/ui/schema.graphql", "{ messages { body } }");
