//! Both files are named in what the compiler tells the build tool.

pub const OF_A_FILE: &str = gqlwire_macros::checked!("tests/ui/schema.graphql", file = "tests/ui/valid.graphql");
