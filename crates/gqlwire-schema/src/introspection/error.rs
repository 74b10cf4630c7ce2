//! Why there is no schema.

use gqlwire_proto::GraphQLError;
use thiserror::Error;

use crate::diagnostic::Diagnostics;

/// Why an introspection result gives no schema.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum IntrospectionError {
    /// The JSON is something else.
    #[error("this is not an introspection result: there is no `__schema` object with a list of `types` in it")]
    NotIntrospection,
    /// The server answered with errors instead.
    #[error("the server did not answer the introspection query: {}", first(.0))]
    Refused(Vec<GraphQLError>),
    /// A part of the result is missing or is not what it should be.
    #[error("the introspection result is damaged: {place}: {problem}")]
    Malformed {
        /// Where: a type, `Type.field` or `@directive`.
        place: String,
        /// What is wrong there.
        problem: String,
    },
    /// The query did not ask deep enough for this type.
    #[error(
        "the introspection result is cut off: the type of {place} is nested deeper than the query asked; raise `type_recursion_level`"
    )]
    TruncatedType {
        /// Where: `Type.field` or `@directive`.
        place: String,
    },
    /// The result is complete, but what it describes is not a valid schema.
    #[error("the server's schema is not valid:\n{0}")]
    InvalidSchema(Diagnostics),
}

fn first(errors: &[GraphQLError]) -> String {
    errors.first().map(GraphQLError::to_string).unwrap_or_default()
}

/// Whether errors say that the server has introspection switched off, as opposed to refusing a newer part of it or
/// the caller.
///
/// AppSync says `FieldUndefined` of `__schema`; other servers use that word of their own or say so plainly.
pub fn is_introspection_disabled(errors: &[GraphQLError]) -> bool {
    errors.iter().any(|error| {
        let text = error.message.to_ascii_lowercase();
        let code = error.error_type().unwrap_or_default().to_ascii_lowercase();
        let said = text.contains("introspection") && REFUSALS.iter().any(|refusal| text.contains(refusal));
        said || (code.contains("introspection") && code.contains("disabled")) || refuses_root(&error.message)
    })
}

const REFUSALS: [&str; 10] = [
    "blocked",
    "denied",
    "disabled",
    "forbidden",
    "not allowed",
    "not authorized",
    "not available",
    "not enabled",
    "not permitted",
    "not supported",
];

/// The first name in quotation marks is the one that the error is about.
fn refuses_root(message: &str) -> bool {
    let first = message.split(['"', '\'', '`']).nth(1).unwrap_or_default();
    matches!(first, "__schema" | "__type")
}
