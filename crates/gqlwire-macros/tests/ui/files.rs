//! Files that are not there, or hold something else.

pub const NO_SCHEMA: &str = gqlwire_macros::checked!("tests/ui/missing.graphql", "{ a }");

pub const NO_SCHEMA_IN_IT: &str = gqlwire_macros::checked!("tests/ui/queries.graphql", "{ a }");

pub const NO_INTROSPECTION: &str = gqlwire_macros::checked!("tests/ui/answer.json", "{ a }");

pub const NO_DOCUMENT: &str = gqlwire_macros::checked!("tests/ui/schema.graphql", file = "tests/ui/missing.graphql");

pub const IN_A_FILE: &str = gqlwire_macros::checked!("tests/ui/schema.graphql", file = "tests/ui/queries.graphql");

pub const NO_LITERAL: &str = gqlwire_macros::checked!("tests/ui/schema.graphql", concat!("{ ", "a }"));
