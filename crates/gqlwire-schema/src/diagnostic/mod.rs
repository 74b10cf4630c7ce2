//! What is wrong with a document or a schema, for people and for machines.

mod appsync;
mod collect;
mod false_alarm;
mod position;
mod render;
mod suggestion;

use std::fmt;
use std::sync::Arc;

use gqlwire_proto::{GraphQLError, Location};
use serde::ser::{Serialize, SerializeMap, Serializer};

use self::position::Position;
use crate::coordinate::Coordinate;

pub use self::render::{SarifTool, TextOptions, render_github, render_json, render_sarif, render_text};

/// The most diagnostics that are kept of one document; the rest says nothing new and a hostile document has many.
pub(crate) const MAX_DIAGNOSTICS: usize = 100;

/// How much a diagnostic matters; errors sort first.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// A server refuses it, or it cannot work.
    Error,
    /// It works, but should not stay as it is.
    Warning,
    /// A matter of taste, or good to know.
    Info,
}

impl Severity {
    /// `error`, `warning` or `info`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One finding in a document or schema.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diagnostic {
    message: String,
    rule: &'static str,
    severity: Severity,
    appsync: String,
    file: Option<Arc<str>>,
    position: Option<Position>,
    coordinate: Option<Coordinate>,
    suggestions: Vec<String>,
    help: Option<String>,
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

    /// How much it matters; what a server would refuse is an error.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Name of the file, when files were checked.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// Line, from 1; 0 when the error has no place.
    pub fn line(&self) -> u32 {
        self.position.as_ref().map_or(0, |at| at.line)
    }

    /// Column in characters, from 1; 0 when the error has no place.
    pub fn column(&self) -> u32 {
        self.position.as_ref().map_or(0, |at| at.column)
    }

    /// Line in which the offending text ends, from 1; 0 when the error has no place.
    pub fn end_line(&self) -> u32 {
        self.position.as_ref().map_or(0, |at| at.end_line)
    }

    /// Column after the last character of the offending text; 0 when the error has no place.
    pub fn end_column(&self) -> u32 {
        self.position.as_ref().map_or(0, |at| at.end_column)
    }

    /// The element of the schema that it is about, such as `Query.message(id:)`. Where a name is unknown, it is the
    /// coordinate as it would be, which the schema does not have.
    pub fn coordinate(&self) -> Option<&Coordinate> {
        self.coordinate.as_ref()
    }

    /// Names that may have been meant instead of an unknown one, best first.
    pub fn suggestions(&self) -> &[String] {
        &self.suggestions
    }

    /// What to do about it, as a sentence: the suggestions, or other advice.
    pub fn help(&self) -> Option<String> {
        match &self.suggestions[..] {
            [] => self.help.clone(),
            names => Some(format!("did you mean {}?", crate::suggest::alternatives(names))),
        }
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
        if let Some(at) = &self.position {
            error.locations.push(Location {
                line: at.line,
                column: at.column,
            });
        }
        error
    }
}

/// The message, its place, the offending line with a caret below it, and what to do.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        render::plain(self, f)
    }
}

/// `file`, `line`, `column`, `endLine`, `endColumn`, `severity`, `rule`, `message`, `coordinate`, `suggestions` and
/// `help`; what is not known is left out.
impl Serialize for Diagnostic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(file) = self.file() {
            map.serialize_entry("file", file)?;
        }
        if let Some(at) = &self.position {
            map.serialize_entry("line", &at.line)?;
            map.serialize_entry("column", &at.column)?;
            map.serialize_entry("endLine", &at.end_line)?;
            map.serialize_entry("endColumn", &at.end_column)?;
        }
        map.serialize_entry("severity", self.severity.as_str())?;
        map.serialize_entry("rule", self.rule)?;
        map.serialize_entry("message", &self.message)?;
        if let Some(coordinate) = &self.coordinate {
            map.serialize_entry("coordinate", coordinate)?;
        }
        if !self.suggestions.is_empty() {
            map.serialize_entry("suggestions", &self.suggestions)?;
        }
        if let Some(help) = self.help() {
            map.serialize_entry("help", &help)?;
        }
        map.end()
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

    /// The errors, in document order, for the renderers.
    pub fn as_slice(&self) -> &[Diagnostic] {
        &self.0
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
