//! Errors of the compiler that are none.

use std::collections::HashSet;

use apollo_compiler::ast::{self, Definition, Selection};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::ExtendedType;

use super::collect::place_of;
use crate::schema::Schema;

pub(super) fn is_false(rule: &str, message: &str, span: SourceSpan, document: &ast::Document, schema: &Schema) -> bool {
    match rule {
        // An unknown field that is a field's only selection makes the compiler also say that the outer field has no
        // selection.
        "MissingSubselection" => place_of(document, span).selects,
        // It counts fields where the specification counts response keys.
        "SubscriptionUsesMultipleFields" => selects_one_key(document, span),
        // A custom scalar takes what it likes, and variables are compared with their place by our own check.
        "UnsupportedValueType" => {
            let (ty, value) = message.split_once(" cannot represent value: ").unwrap_or_default();
            value.starts_with('$') || is_custom_scalar(schema, ty)
        }
        _ => false,
    }
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
