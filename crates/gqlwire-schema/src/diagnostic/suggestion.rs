//! What an error is about, and what may have been meant.

use apollo_compiler::ast::{self, Definition};
use apollo_compiler::parser::SourceSpan;

use crate::coordinate::{Coordinate, member_names};
use crate::schema::{Schema, TypeDefinition, TypeKind};
use crate::suggest::{alternatives, did_you_mean};

/// What can be said about an error beyond its message.
#[derive(Default)]
pub(super) struct Explanation {
    pub(super) coordinate: Option<Coordinate>,
    pub(super) suggestions: Vec<String>,
    pub(super) help: Option<String>,
}

/// `message` is the graphql-js wording, whose quoted names are reused; `plain` is the compiler's own, which gives some
/// coordinates between backticks.
pub(super) fn explain(
    rule: &str,
    message: &str,
    plain: &str,
    span: Option<SourceSpan>,
    document: &ast::Document,
    schema: &Schema,
) -> Explanation {
    let names: Vec<&str> = message.split('"').skip(1).step_by(2).collect();
    let name = |index: usize| names.get(index).copied().unwrap_or_default();
    match rule {
        "UndefinedField" => undefined_field(schema, name(0), name(1)),
        "UndefinedArgument" => undefined_argument(schema, name(0), name(1)),
        "UndefinedEnumValue" | "UndefinedInputValue" => {
            let near = schema
                .type_named(name(1))
                .map(|found| did_you_mean(name(0), member_names(&found)));
            about(Coordinate::member(name(1), name(0)), near.unwrap_or_default())
        }
        "UndefinedDirective" => {
            let wrong = name(0).trim_start_matches('@');
            let near = did_you_mean(wrong, schema.directive_definitions().map(|found| found.name()));
            Explanation {
                suggestions: near.into_iter().map(|name| format!("@{name}")).collect(),
                ..about(Coordinate::directive(wrong), Vec::new())
            }
        }
        "UndefinedTypeInNamedFragmentTypeCondition" | "UndefinedTypeInInlineFragmentTypeCondition" => {
            undefined_type(schema, name(0), |kind| {
                matches!(kind, TypeKind::Object | TypeKind::Interface | TypeKind::Union)
            })
        }
        "UndefinedDefinition" => undefined_type(schema, name(0), |kind| {
            matches!(kind, TypeKind::Enum | TypeKind::InputObject | TypeKind::Scalar)
        }),
        "UndefinedFragment" => suggest(did_you_mean(name(0), fragments(document))),
        "UndefinedVariable" => {
            let near = did_you_mean(name(0).trim_start_matches('$'), variables(document, span));
            let near = near.into_iter().map(|name| format!("${name}"));
            Explanation {
                suggestions: near.collect(),
                ..Explanation::default()
            }
        }
        _ => Explanation {
            coordinate: plain.split('`').skip(1).step_by(2).find_map(|text| known(text, schema)),
            ..Explanation::default()
        },
    }
}

fn undefined_field(schema: &Schema, field: &str, type_name: &str) -> Explanation {
    let coordinate = Coordinate::member(type_name, field);
    let Some(parent) = schema.type_named(type_name) else {
        return about(coordinate, Vec::new());
    };
    let with_field = possible_types_with(&parent, schema, field);
    if with_field.is_empty() {
        let near = did_you_mean(field, parent.fields().map(|field| field.name()));
        return about(coordinate, near);
    }
    Explanation {
        help: Some(format!(
            "did you mean to use an inline fragment on {}?",
            alternatives(&with_field)
        )),
        ..about(coordinate, Vec::new())
    }
}

/// Types behind an abstract one that do have the field.
fn possible_types_with<'a>(parent: &TypeDefinition<'a>, schema: &Schema, field: &str) -> Vec<&'a str> {
    if !matches!(parent.kind(), TypeKind::Interface | TypeKind::Union) {
        return Vec::new();
    }
    let types = parent.possible_types().into_iter();
    types.filter(|name| schema.has_field(name, field)).take(3).collect()
}

/// The place is `Type.field` or `@directive`.
fn undefined_argument(schema: &Schema, argument: &str, place: &str) -> Explanation {
    if let Some(directive) = place.strip_prefix('@') {
        let definition = schema.directive_definition(directive);
        let near = definition.map(|found| did_you_mean(argument, found.arguments().map(|found| found.name())));
        let coordinate = Coordinate::directive_argument(directive, argument);
        return about(coordinate, near.unwrap_or_default());
    }
    let Some((type_name, field)) = place.split_once('.') else {
        return Explanation::default();
    };
    let definition = schema.field(type_name, field);
    let near = definition.map(|found| did_you_mean(argument, found.arguments().map(|found| found.name())));
    about(
        Coordinate::argument(type_name, field, argument),
        near.unwrap_or_default(),
    )
}

fn undefined_type(schema: &Schema, wrong: &str, fits: impl Fn(TypeKind) -> bool) -> Explanation {
    let fitting = schema.types().filter(|definition| fits(definition.kind()));
    let near = did_you_mean(wrong, fitting.map(|definition| definition.name()));
    about(Coordinate::named(wrong), near)
}

fn about(coordinate: Coordinate, near: Vec<&str>) -> Explanation {
    Explanation {
        coordinate: Some(coordinate),
        ..suggest(near)
    }
}

fn suggest(near: Vec<&str>) -> Explanation {
    Explanation {
        suggestions: near.into_iter().map(str::to_owned).collect(),
        ..Explanation::default()
    }
}

/// A coordinate of something inside a type or directive; bare names may be those of variables or fragments.
fn known(text: &str, schema: &Schema) -> Option<Coordinate> {
    let coordinate: Coordinate = text.parse().ok()?;
    let inside = !matches!(coordinate, Coordinate::Type(_));
    (inside && schema.resolve(&coordinate).is_ok()).then_some(coordinate)
}

fn fragments(document: &ast::Document) -> impl Iterator<Item = &str> {
    document.definitions.iter().filter_map(|definition| match definition {
        Definition::FragmentDefinition(fragment) => Some(fragment.name.as_str()),
        _ => None,
    })
}

/// Variables of the operation that encloses the place; of all operations when it lies in a fragment.
fn variables(document: &ast::Document, span: Option<SourceSpan>) -> Vec<&str> {
    let operations = || {
        document.definitions.iter().filter_map(|definition| match definition {
            Definition::OperationDefinition(operation) => Some(operation),
            _ => None,
        })
    };
    let encloses = |at: SourceSpan| {
        span.is_some_and(|span| {
            at.file_id() == span.file_id() && at.offset() <= span.offset() && span.end_offset() <= at.end_offset()
        })
    };
    let enclosing = operations().find(|operation| operation.location().is_some_and(encloses));
    let chosen: Vec<_> = enclosing.map_or_else(|| operations().collect(), |one| vec![one]);
    let variables = chosen.into_iter().flat_map(|operation| &operation.variables);
    variables.map(|variable| variable.name.as_str()).collect()
}
