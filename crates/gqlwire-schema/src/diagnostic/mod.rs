//! What is wrong with a document or a schema, for people and for machines.

mod appsync;
mod collect;
mod suggest;

use std::fmt;

use gqlwire_proto::{GraphQLError, Location};

/// The most errors that are kept of one document; the rest says nothing new and a hostile document has many.
const MAX_DIAGNOSTICS: usize = 100;

/// The most characters of a source line that are shown.
const MAX_EXCERPT: usize = 120;

/// One error in a document or schema.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diagnostic {
    message: String,
    rule: &'static str,
    suggestion: Option<String>,
    appsync: String,
    line: u32,
    column: u32,
    excerpt: Excerpt,
}

/// A piece of the offending line, and where in it the caret belongs.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Excerpt {
    text: String,
    caret: usize,
    width: usize,
}

impl Diagnostic {
    /// What is wrong, worded as graphql-js words it where that has words for it.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Name of the broken rule, such as `UndefinedField`, `RequiredArgument` or `SyntaxError`.
    pub fn rule(&self) -> &'static str {
        self.rule
    }

    /// The name that was probably meant, where one was written that does not exist.
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }

    /// Line, from 1; 0 when the error has no place.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Column in characters, from 1; 0 when the error has no place.
    pub fn column(&self) -> u32 {
        self.column
    }

    /// The error in AppSync's words:
    /// `Validation error of type FieldUndefined: Field 'x' in type 'Query' is undefined @ 'x'`.
    pub fn appsync_message(&self) -> &str {
        &self.appsync
    }

    /// As an entry of a response's `errors`.
    pub fn to_graphql_error(&self) -> GraphQLError {
        self.located(GraphQLError::new(&self.message))
    }

    /// As an entry of a response's `errors`, in AppSync's words.
    pub fn to_appsync_error(&self) -> GraphQLError {
        self.located(GraphQLError::new(&self.appsync))
    }

    fn located(&self, mut error: GraphQLError) -> GraphQLError {
        if self.line > 0 {
            error.locations.push(Location {
                line: self.line,
                column: self.column,
            });
        }
        error
    }
}

/// The message, its place and the offending line with a caret below it, and what was probably meant.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if self.line == 0 {
            return self
                .suggestion
                .as_ref()
                .map_or(Ok(()), |name| write!(f, "; did you mean \"{name}\"?"));
        }
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let Excerpt { text, caret, width } = &self.excerpt;
        write!(f, "\n{margin}--> {number}:{}", self.column)?;
        write!(f, "\n{margin} |\n{number} | {text}")?;
        write!(f, "\n{margin} | {}{}", " ".repeat(*caret), "^".repeat((*width).max(1)))?;
        match &self.suggestion {
            Some(name) => write!(f, " did you mean \"{name}\"?"),
            None => Ok(()),
        }
    }
}

/// All errors of a document or schema, in the order of their places; never empty.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// The errors, in document order.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// How many there are (at most 100 are kept).
    #[expect(clippy::len_without_is_empty, reason = "there is always at least one")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// As a response's `errors`.
    pub fn to_graphql_errors(&self) -> Vec<GraphQLError> {
        self.0.iter().map(Diagnostic::to_graphql_error).collect()
    }

    /// As a response's `errors`, in AppSync's words.
    pub fn to_appsync_errors(&self) -> Vec<GraphQLError> {
        self.0.iter().map(Diagnostic::to_appsync_error).collect()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            diagnostic.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
