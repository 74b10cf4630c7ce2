//! `gql!` with a schema: a face for the procedural macro, which is told where this crate is.

/// A [`Document`](crate::Document) that is checked while the program is compiled: its syntax, and whether a schema has
/// it, if one is given.
///
/// ```
/// use gqlwire::{Request, gql};
/// use serde_json::Value;
///
/// // The syntax alone.
/// let request = Request::<Value>::new(gql!("{ getMessage(id: 1) { message } }"));
/// // Against a schema too.
/// let request = Request::<Value>::new(gql!(
///     schema = "tests/it/integrations/schema.graphql",
///     "query Message($id: ID!) { message(id: $id) { text } }",
/// ));
/// // Operations and fragments of a file.
/// let document = gql!(
///     schema = "tests/it/integrations/schema.graphql",
///     file = "tests/it/integrations/operations.graphql",
/// );
/// ```
///
/// The schema is a file with SDL or an introspection result. Its path, and that of a document, is relative to the
/// folder of the `Cargo.toml` of the crate that is compiled, and a change of either compiles it again. A schema that
/// breaks rules which do not matter to a client is usable, as it is with `Schema::from_sdl_lenient`. It is read once for
/// all documents of a crate.
///
/// All errors are told at once, each with its place in the document and what may have been meant:
///
/// ```text
/// error: Cannot query field "txt" on type "Message".
///          --> 1:22
///           |
///         1 | { message(id: "7") { txt } }
///           |                      ^^^
///           = help: did you mean "text"?
///   --> src/main.rs:5:43
///    |
///  5 |     let document = gql!(schema = "s.graphql", "{ message(id: \"7\") { txt } }");
///    |                                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
/// ```
///
/// ```compile_fail
/// gqlwire::gql!(schema = "tests/it/integrations/schema.graphql", "{ message(id: 7) { txt } }");
/// ```
///
/// The use of what the schema has deprecated is a warning, of the lint `deprecated`.
///
/// The document is a literal, or in a file: other constants, such as `concat!("{ ", "a }")`, have no value yet when
/// macros are expanded. `gql!(TEXT)` without a schema takes them.
#[macro_export]
macro_rules! gql {
    (schema = $schema:tt, $text:tt $(,)?) => {
        $crate::__private::gql!($crate::__private::checked!($schema, $text))
    };
    (schema = $schema:tt, file = $file:tt $(,)?) => {
        $crate::__private::gql!($crate::__private::checked!($schema, file = $file))
    };
    ($($text:tt)*) => {
        $crate::__private::gql!($($text)*)
    };
}
