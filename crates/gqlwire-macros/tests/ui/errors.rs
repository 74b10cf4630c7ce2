//! All errors of a document are told, each with its place.

pub const MESSAGES: &str = gqlwire_macros::checked!(
    "tests/ui/schema.graphql",
    r#"
    query Messages($first: Int, $unused: Int) {
      mesages(first: $first) { id txt }
      message(id: 1.5) { text { length } }
    }
    "#
);

pub const SYNTAX: &str = gqlwire_macros::checked!("tests/ui/schema.graphql", "{ message(id: \"7\") { } }");
