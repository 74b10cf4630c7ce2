//! From the compiler's diagnostics, and from our own checks, to ours.

use std::ops::Range;
use std::sync::Arc;

use apollo_compiler::ast::{self, Definition, Selection};
use apollo_compiler::diagnostic::ToCliReport as _;
use apollo_compiler::parser::{FileId, SourceMap, SourceSpan};
use apollo_compiler::validation::DiagnosticList;

use super::appsync::{self, Place};
use super::false_alarm::FalseAlarms;
use super::position::Position;
use super::suggestion::{self, Explanation};
use super::{Diagnostic, Diagnostics, MAX_DIAGNOSTICS, Severity};
use crate::coordinate::Coordinate;
use crate::schema::Schema;

/// More errors than this are not told from false alarms one by one.
const MAX_EXAMINED: usize = 10_000;

impl Diagnostics {
    /// Errors of a schema.
    pub(crate) fn from_schema(errors: &DiagnosticList, source: &str) -> Self {
        Self(from_compiler(errors, None, source))
    }

    /// Errors of an executable document, if any are left without the compiler's false alarms; `document` gives the
    /// AppSync wording its paths, and the texts of all files.
    pub(crate) fn from_document(
        errors: &DiagnosticList,
        document: &ast::Document,
        schema: &Schema,
        source: &str,
    ) -> Option<Self> {
        Self::from_vec(from_compiler(errors, Some((document, schema)), source))
    }

    /// One error of our own that belongs to a place in the document.
    pub(crate) fn single(
        rule: &'static str,
        message: String,
        span: Option<SourceSpan>,
        document: Option<&ast::Document>,
        source: &str,
    ) -> Self {
        Self(vec![Diagnostic::new(rule, message, span, document, source)])
    }

    /// A syntax error that the parser did not see.
    pub(crate) fn syntax_error(reason: String, at: Range<usize>, source: &str) -> Self {
        let message = format!("syntax error: {reason}");
        let position = Position::of(source, at);
        Self(vec![Diagnostic::placed(
            "SyntaxError",
            message,
            &Place::default(),
            position,
        )])
    }

    /// The compiler's errors and our own in document order, each once; `None` when there are none.
    pub(crate) fn merged(compilers: Option<Self>, own: Vec<Diagnostic>) -> Option<Self> {
        let mut all: Vec<Diagnostic> = compilers.into_iter().flatten().collect();
        if own.is_empty() {
            return Self::from_vec(all);
        }
        all.extend(own);
        all.sort_by_key(|found| (found.line(), found.column()));
        all.dedup_by_key(|found| (found.line(), found.column(), found.rule));
        all.truncate(MAX_DIAGNOSTICS);
        Self::from_vec(all)
    }

    fn from_vec(diagnostics: Vec<Diagnostic>) -> Option<Self> {
        (!diagnostics.is_empty()).then_some(Self(diagnostics))
    }
}

fn from_compiler(
    errors: &DiagnosticList,
    document: Option<(&ast::Document, &Schema)>,
    source: &str,
) -> Vec<Diagnostic> {
    // Of too many errors the first will do as they are.
    let examined = document.filter(|_| errors.len() <= MAX_EXAMINED);
    let alarms = examined.map(|(document, schema)| FalseAlarms::of(errors, document, schema));
    let told = errors.iter().filter_map(|error| {
        let plain = error.error.to_string();
        let rule = error
            .error
            .unstable_error_name()
            .unwrap_or_else(|| rule_of_unnamed(&plain));
        let mut message = error.error.unstable_compat_message().unwrap_or_else(|| plain.clone());
        let span = error.error.location();
        let Some((document, schema)) = document else {
            let position = span.and_then(|span| position(span, error.sources));
            return Some(Diagnostic::placed(rule, message, &Place::default(), position));
        };
        if let Some(span) = span {
            if alarms
                .as_ref()
                .is_some_and(|alarms| alarms.include(rule, &message, span))
            {
                return None;
            }
            if rule == "MissingSubselection" {
                message = missing_subselection(schema, message);
            }
        }
        let explanation = suggestion::explain(rule, &message, &plain, span, document, schema);
        let diagnostic = Diagnostic::new(rule, message, span, Some(document), source);
        Some(diagnostic.explained(explanation))
    });
    told.take(MAX_DIAGNOSTICS).collect()
}

/// The compiler takes the parent's type for the field's.
fn missing_subselection(schema: &Schema, message: String) -> String {
    let names: Vec<&str> = message.split('"').collect();
    let (Some(field), Some(parent)) = (names.get(1), names.get(3)) else {
        return message;
    };
    match schema.compiled().type_field(parent, field) {
        Ok(definition) => format!(
            r#"Field "{field}" of type "{}" must have a selection of subfields. Did you mean "{field} {{ ... }}"?"#,
            definition.ty
        ),
        Err(_) => message,
    }
}

impl Diagnostic {
    /// An error; `document` has the text that the span points into, `source` is that text where there is no document.
    pub(crate) fn new(
        rule: &'static str,
        message: String,
        span: Option<SourceSpan>,
        document: Option<&ast::Document>,
        source: &str,
    ) -> Self {
        let Some((span, document)) = span.zip(document) else {
            let position = span.and_then(|span| Position::of(source, span.offset()..span.end_offset()));
            return Self::placed(rule, message, &Place::default(), position);
        };
        let place = place_of(document, span);
        let mut diagnostic = Self::placed(rule, message, &place, position(span, &document.sources));
        diagnostic.file = file_name(span.file_id(), &document.sources);
        diagnostic
    }

    /// A finding of a severity of its own, in one of the texts of a document or schema.
    pub(crate) fn found(
        severity: Severity,
        rule: &'static str,
        message: String,
        span: Option<SourceSpan>,
        sources: &SourceMap,
    ) -> Self {
        let at = span.and_then(|span| position(span, sources));
        let mut diagnostic = Self::placed(rule, message, &Place::default(), at);
        diagnostic.severity = severity;
        diagnostic.file = span.and_then(|span| file_name(span.file_id(), sources));
        diagnostic
    }

    /// The same as a warning about a text that the reader does not have.
    pub(crate) fn into_unplaced_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self.position = None;
        self
    }

    pub(crate) fn into_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    pub(crate) fn with_coordinate(mut self, coordinate: Coordinate) -> Self {
        self.coordinate = Some(coordinate);
        self
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn with_file(mut self, file: Option<Arc<str>>) -> Self {
        self.file = file;
        self
    }

    pub(crate) fn with_suggestions(mut self, suggestions: Vec<&str>) -> Self {
        self.suggestions = suggestions.into_iter().map(str::to_owned).collect();
        self
    }

    pub(super) fn explained(mut self, explanation: Explanation) -> Self {
        self.coordinate = explanation.coordinate;
        self.suggestions = explanation.suggestions;
        self.help = explanation.help;
        self
    }

    fn placed(rule: &'static str, message: String, place: &Place, position: Option<Position>) -> Self {
        let at = position.as_ref().map_or((0, 0), |at| (at.line, at.column));
        let appsync = appsync::message(rule, &message, place, at);
        Self {
            message,
            rule,
            severity: Severity::Error,
            appsync,
            file: None,
            position,
            coordinate: None,
            suggestions: Vec::new(),
            help: None,
        }
    }
}

/// A span may point into AppSync's own definitions, which nobody wants to be shown.
fn position(span: SourceSpan, sources: &SourceMap) -> Option<Position> {
    let file = sources.get(&span.file_id())?;
    if file.path().as_os_str() == crate::schema::PRELUDE_PATH {
        return None;
    }
    Position::of(file.source_text(), span.offset()..span.end_offset())
}

/// Texts that came without a name have one in angle brackets.
fn file_name(file: FileId, sources: &SourceMap) -> Option<Arc<str>> {
    let name = sources.get(&file)?.path().to_string_lossy();
    (!name.starts_with('<')).then(|| Arc::from(name.as_ref()))
}

/// The compiler names only its validation rules.
fn rule_of_unnamed(message: &str) -> &'static str {
    if message.starts_with("syntax error") {
        "SyntaxError"
    } else if message.contains("limit reached") {
        "LimitReached"
    } else {
        "InvalidSchema"
    }
}

/// The path of fields, and the argument, that enclose a place of the document.
pub(super) fn place_of(document: &ast::Document, span: SourceSpan) -> Place {
    let offset = span.offset();
    let covers = |at: Option<SourceSpan>| {
        at.is_some_and(|at| at.file_id() == span.file_id() && at.offset() <= offset && offset < at.end_offset())
    };
    let mut place = Place::default();
    let Some(definition) = document.definitions.iter().find(|found| covers(found.location())) else {
        return place;
    };
    let mut selections = match definition {
        Definition::OperationDefinition(operation) => &operation.selection_set,
        Definition::FragmentDefinition(fragment) => {
            place.path.push(fragment.name.to_string());
            &fragment.selection_set
        }
        _ => return place,
    };
    while let Some(selection) = selections.iter().find(|found| covers(found.location())) {
        let directives = match selection {
            Selection::Field(field) => {
                place.path.push(field.name.to_string());
                let argument = field.arguments.iter().find(|found| covers(found.location()));
                place.argument = argument.map(|found| found.name.to_string());
                place.value = argument.map(|found| found.value.serialize().no_indent().to_string());
                place.selects = !field.selection_set.is_empty();
                selections = &field.selection_set;
                &field.directives
            }
            Selection::InlineFragment(fragment) => {
                selections = &fragment.selection_set;
                &fragment.directives
            }
            Selection::FragmentSpread(_) => break,
        };
        if directives.iter().any(|directive| covers(directive.location())) {
            break;
        }
    }
    place
}
