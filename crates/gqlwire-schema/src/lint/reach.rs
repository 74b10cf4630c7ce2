//! Types that no operation can reach.

use std::collections::HashSet;

use super::{Lint, LintRule};
use crate::coordinate::Coordinate;
use crate::schema::{OperationKind, Schema, TypeKind};

pub(super) fn check(lint: &mut Lint<'_>) {
    let reached = reachable(lint.schema);
    for definition in lint.types().filter(|definition| !reached.contains(definition.name())) {
        let name = definition.name();
        let message = format!("No operation can reach the type {name}.");
        let at = definition.definition.name().location();
        lint.report(LintRule::UnusedType, Coordinate::named(name), at, message);
    }
}

/// Names of types that fields, arguments, possible types and directives lead to.
fn reachable(schema: &Schema) -> HashSet<&str> {
    let kinds = [
        OperationKind::Query,
        OperationKind::Mutation,
        OperationKind::Subscription,
    ];
    let mut open: Vec<&str> = kinds.iter().filter_map(|kind| schema.root_type(*kind)).collect();
    for directive in schema.directive_definitions() {
        open.extend(directive.arguments().map(|argument| argument.ty().name()));
    }
    let mut reached = HashSet::new();
    while let Some(name) = open.pop() {
        let Some(definition) = schema.type_named(name).filter(|_| reached.insert(name)) else {
            continue;
        };
        for field in definition.fields() {
            open.push(field.ty().name());
            open.extend(field.arguments().map(|argument| argument.ty().name()));
        }
        open.extend(definition.input_fields().map(|field| field.ty().name()));
        open.extend(definition.interfaces());
        if definition.kind() != TypeKind::Object {
            open.extend(definition.possible_types());
        }
    }
    reached
}
