//! From the compiler's diagnostics, and from our own checks, to ours.

use std::ops::Range;

use apollo_compiler::ast::{self, Definition, Selection};
use apollo_compiler::diagnostic::ToCliReport as _;
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::validation::DiagnosticList;

use super::appsync::{self, Place};
use super::suggest::suggestion;
use super::{Diagnostic, Diagnostics, Excerpt, MAX_DIAGNOSTICS, MAX_EXCERPT};
use crate::schema::Schema;

impl Diagnostics {
    /// Errors of a schema.
    pub(crate) fn from_schema(errors: &DiagnosticList, source: &str) -> Self {
        Self::from_compiler(errors, None, source)
    }

    /// Errors of an executable document; `document` gives the AppSync wording its paths.
    pub(crate) fn from_document(
        errors: &DiagnosticList,
        document: &ast::Document,
        schema: &Schema,
        source: &str,
    ) -> Self {
        Self::from_compiler(errors, Some((document, schema)), source)
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

    pub(crate) fn from_vec(diagnostics: Vec<Diagnostic>) -> Option<Self> {
        (!diagnostics.is_empty()).then_some(Self(diagnostics))
    }

    fn from_compiler(errors: &DiagnosticList, document: Option<(&ast::Document, &Schema)>, source: &str) -> Self {
        let diagnostics = errors
            .iter()
            .filter_map(|error| {
                let plain = error.error.to_string();
                let rule = error
                    .error
                    .unstable_error_name()
                    .unwrap_or_else(|| rule_of_unnamed(&plain));
                let mut message = error.error.unstable_compat_message().unwrap_or(plain);
                let span = error.error.location();
                if let (Some((document, schema)), Some(span), "MissingSubselection") = (document, span, rule) {
                    message = missing_subselection(document, schema, span, &message)?;
                }
                let suggestion = document.and_then(|(document, schema)| suggestion(rule, &message, document, schema));
                let document = document.map(|(document, _)| document);
                let mut diagnostic = Diagnostic::new(rule, message, span, document, source);
                diagnostic.suggestion = suggestion;
                Some(diagnostic)
            })
            .take(MAX_DIAGNOSTICS)
            .collect();
        Self(diagnostics)
    }
}

/// An unknown field that is a field's only selection makes the compiler also say that the outer field has no
/// selection, which is not true: `None` then. It also takes the parent's type for the field's.
fn missing_subselection(document: &ast::Document, schema: &Schema, span: SourceSpan, message: &str) -> Option<String> {
    if place_of(document, span.offset()).selects {
        return None;
    }
    let names: Vec<&str> = message.split('"').collect();
    let (field, parent) = (names.get(1)?, names.get(3)?);
    Some(match schema.compiled().type_field(parent, field) {
        Ok(definition) => format!(
            r#"Field "{field}" of type "{}" must have a selection of subfields. Did you mean "{field} {{ ... }}"?"#,
            definition.ty
        ),
        Err(_) => message.to_owned(),
    })
}

impl Diagnostic {
    pub(crate) fn new(
        rule: &'static str,
        message: String,
        span: Option<SourceSpan>,
        document: Option<&ast::Document>,
        source: &str,
    ) -> Self {
        let place = span
            .zip(document)
            .map_or_else(Place::default, |(span, document)| place_of(document, span.offset()));
        // A span may point into AppSync's own definitions, whose text is not at hand.
        let position = span.and_then(|span| Position::of(source, span.offset()..span.end_offset()));
        Self::placed(rule, message, &place, position)
    }

    fn placed(rule: &'static str, message: String, place: &Place, position: Option<Position>) -> Self {
        let (line, column) = position.as_ref().map_or((0, 0), |at| (at.line, at.column));
        let appsync = appsync::message(rule, &message, place, (line, column));
        Self {
            message,
            rule,
            suggestion: None,
            appsync,
            line,
            column,
            excerpt: position.map(|at| at.excerpt).unwrap_or_default(),
        }
    }
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

struct Position {
    line: u32,
    column: u32,
    excerpt: Excerpt,
}

impl Position {
    fn of(source: &str, at: Range<usize>) -> Option<Self> {
        let before = source.get(..at.start)?;
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before[line_start..].chars().count();
        let whole = source[line_start..].lines().next().unwrap_or_default();
        let width = source
            .get(at)
            .map_or(1, |text| text.lines().next().unwrap_or_default().chars().count());
        // A document may be one line of a megabyte: show the part around the error.
        let skipped = column.saturating_sub(MAX_EXCERPT / 2);
        let text: String = whole
            .chars()
            .skip(skipped)
            .take(MAX_EXCERPT)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let caret = column - skipped;
        let room = text.chars().count().saturating_sub(caret);
        Some(Self {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column + 1).unwrap_or(u32::MAX),
            excerpt: Excerpt {
                text,
                caret,
                width: width.min(room),
            },
        })
    }
}

/// The path of fields, and the argument, that enclose a place of the document.
fn place_of(document: &ast::Document, offset: usize) -> Place {
    let covers = |span: Option<SourceSpan>| span.is_some_and(|at| at.offset() <= offset && offset <= at.end_offset());
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
