//! Errors of the compiler that are none.

use std::collections::HashSet;

use apollo_compiler::Node;
use apollo_compiler::ast::{self, Argument, Definition, DirectiveList, Selection, Value};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::ExtendedType;

use super::collect::place_of;
use crate::schema::Schema;

/// Whether nothing is wrong, or only what another error says already. Names between quotation marks are those of the
/// graphql-js wording.
pub(super) fn is_false(rule: &str, message: &str, span: SourceSpan, document: &ast::Document, schema: &Schema) -> bool {
    let names: Vec<&str> = message.split('"').skip(1).step_by(2).collect();
    let name = |index: usize| names.get(index).copied().unwrap_or_default();
    match rule {
        // An unknown field that is a field's only selection makes the compiler also say that the outer field has no
        // selection.
        "MissingSubselection" => place_of(document, span).selects,
        // It counts fields where the specification counts response keys.
        "SubscriptionUsesMultipleFields" => selects_one_key(document, span),
        // A custom scalar takes what it likes, variables are compared with their place by our own check, and a null for
        // a whole argument is a required argument that is missing.
        "UnsupportedValueType" => {
            let (ty, value) = message.split_once(" cannot represent value: ").unwrap_or_default();
            value.starts_with('$')
                || is_custom_scalar(schema, ty)
                || (value == "null" && place_of(document, span).value.as_deref() == Some("null"))
        }
        // It forgets fragments on unknown types, and then misses them.
        "UndefinedFragment" => fragment(document, name(0)).is_some(),
        // What is no composite type has been refused as a condition.
        "UndefinedField" => !is_composite(schema, name(1)),
        "InvalidFragmentSpread" => names.last().is_some_and(|condition| !is_composite(schema, condition)),
        // It forgets unknown fields, and with them the fragments below and the variables in their arguments.
        "UnusedFragment" => is_reached(document, name(0)),
        "UnusedVariable" => uses_variable(document, span, name(0).trim_start_matches('$')),
        // That the variable's type is unknown has been said.
        "DisallowedVariableUsage" => {
            let ty = name(1).trim_matches(['[', ']', '!']);
            !schema.compiled().types.contains_key(ty)
        }
        _ => false,
    }
}

fn is_composite(schema: &Schema, name: &str) -> bool {
    let found = schema.compiled().types.get(name);
    found.is_some_and(|found| found.is_object() || found.is_interface() || found.is_union())
}

fn is_custom_scalar(schema: &Schema, name: &str) -> bool {
    match schema.compiled().types.get(name) {
        Some(ExtendedType::Scalar(scalar)) => !scalar.is_built_in(),
        _ => false,
    }
}

/// Whether the operation at this place has one response key at its root, through fragments.
fn selects_one_key(document: &ast::Document, span: SourceSpan) -> bool {
    let operation = document.definitions.iter().find_map(|definition| match definition {
        Definition::OperationDefinition(operation) if operation.location() == Some(span) => Some(operation),
        _ => None,
    });
    let mut keys = HashSet::new();
    let mut seen = HashSet::new();
    let mut open: Vec<&[Selection]> = operation.iter().map(|found| found.selection_set.as_slice()).collect();
    while let Some(selections) = open.pop() {
        for selection in selections {
            match selection {
                Selection::Field(field) => {
                    keys.insert(field.response_name());
                }
                Selection::InlineFragment(inline) => open.push(&inline.selection_set),
                Selection::FragmentSpread(spread) if seen.insert(&spread.fragment_name) => {
                    open.extend(fragment(document, &spread.fragment_name));
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }
    keys.len() == 1
}

fn fragment<'a>(document: &'a ast::Document, name: &str) -> Option<&'a [Selection]> {
    document.definitions.iter().find_map(|definition| match definition {
        Definition::FragmentDefinition(found) if found.name == name => Some(found.selection_set.as_slice()),
        _ => None,
    })
}

/// Whether any operation spreads the fragment, through other fragments.
fn is_reached(document: &ast::Document, name: &str) -> bool {
    let operations = document.definitions.iter().filter_map(|definition| match definition {
        Definition::OperationDefinition(operation) => Some(operation.selection_set.as_slice()),
        _ => None,
    });
    let mut open: Vec<&[Selection]> = operations.collect();
    let mut seen = HashSet::new();
    while let Some(selections) = open.pop() {
        for selection in selections {
            match selection {
                Selection::Field(field) => open.push(&field.selection_set),
                Selection::InlineFragment(inline) => open.push(&inline.selection_set),
                Selection::FragmentSpread(spread) if seen.insert(&spread.fragment_name) => {
                    open.extend(fragment(document, &spread.fragment_name));
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }
    seen.iter().any(|reached| **reached == name)
}

/// Whether the operation around this place uses the variable anywhere, through fragments.
fn uses_variable(document: &ast::Document, span: SourceSpan, variable: &str) -> bool {
    let encloses = |at: SourceSpan| {
        at.file_id() == span.file_id() && at.offset() <= span.offset() && span.end_offset() <= at.end_offset()
    };
    let operation = document.definitions.iter().find_map(|definition| match definition {
        Definition::OperationDefinition(operation) if operation.location().is_some_and(encloses) => Some(operation),
        _ => None,
    });
    let Some(operation) = operation else {
        return false;
    };
    let in_arguments = |arguments: &[Node<Argument>]| arguments.iter().any(|found| mentions(&found.value, variable));
    let in_directives = |directives: &DirectiveList| directives.iter().any(|found| in_arguments(&found.arguments));
    if in_directives(&operation.directives) {
        return true;
    }
    let mut seen = HashSet::new();
    let mut open: Vec<&[Selection]> = vec![&operation.selection_set];
    while let Some(selections) = open.pop() {
        for selection in selections {
            let (directives, arguments): (_, &[Node<Argument>]) = match selection {
                Selection::Field(field) => {
                    open.push(&field.selection_set);
                    (&field.directives, &field.arguments)
                }
                Selection::InlineFragment(inline) => {
                    open.push(&inline.selection_set);
                    (&inline.directives, &[])
                }
                Selection::FragmentSpread(spread) => {
                    if seen.insert(&spread.fragment_name) {
                        open.extend(fragment(document, &spread.fragment_name));
                    }
                    (&spread.directives, &[])
                }
            };
            if in_arguments(arguments) || in_directives(directives) {
                return true;
            }
        }
    }
    false
}

fn mentions(value: &Value, variable: &str) -> bool {
    match value {
        Value::Variable(name) => name == variable,
        Value::List(items) => items.iter().any(|item| mentions(item, variable)),
        Value::Object(fields) => fields.iter().any(|(_, value)| mentions(value, variable)),
        _ => false,
    }
}
