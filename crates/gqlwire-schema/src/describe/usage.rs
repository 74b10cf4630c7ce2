//! Where types and directives are used.

use crate::coordinate::Coordinate;
use crate::schema::{Directive, Schema, TypeDefinition, TypeKind};

pub(super) fn returned_by(schema: &Schema, type_name: &str) -> Vec<Coordinate> {
    let mut found = Vec::new();
    for definition in own_types(schema) {
        let fields = definition.fields().filter(|field| field.ty().name() == type_name);
        found.extend(fields.map(|field| Coordinate::member(definition.name(), field.name())));
    }
    found
}

pub(super) fn taken_by(schema: &Schema, type_name: &str) -> Vec<Coordinate> {
    let mut found = Vec::new();
    for definition in own_types(schema) {
        let name = definition.name();
        for field in definition.fields() {
            let arguments = field.arguments().filter(|argument| argument.ty().name() == type_name);
            found.extend(arguments.map(|argument| Coordinate::argument(name, field.name(), argument.name())));
        }
        let inputs = definition.input_fields().filter(|field| field.ty().name() == type_name);
        found.extend(inputs.map(|field| Coordinate::member(name, field.name())));
    }
    for directive in schema.directive_definitions().filter(|found| !found.is_built_in()) {
        let arguments = directive
            .arguments()
            .filter(|argument| argument.ty().name() == type_name);
        let listed = !schema.is_from_prelude(directive.name());
        let arguments = arguments.filter(|_| listed);
        found.extend(arguments.map(|argument| Coordinate::directive_argument(directive.name(), argument.name())));
    }
    found
}

pub(super) fn unions_of(schema: &Schema, type_name: &str) -> Vec<String> {
    let unions = own_types(schema).filter(|definition| definition.kind() == TypeKind::Union);
    let with = unions.filter(|union| union.possible_types().contains(&type_name));
    with.map(|union| union.name().to_owned()).collect()
}

pub(super) fn applied_to(schema: &Schema, directive: &str) -> Vec<Coordinate> {
    let has = |directives: Vec<Directive<'_>>| directives.iter().any(|found| found.name() == directive);
    let mut found = Vec::new();
    for definition in own_types(schema) {
        let name = definition.name();
        if has(definition.directives()) {
            found.push(Coordinate::named(name));
        }
        for field in definition.fields() {
            if has(field.directives()) {
                found.push(Coordinate::member(name, field.name()));
            }
            let arguments = field.arguments().filter(|argument| has(argument.directives()));
            found.extend(arguments.map(|argument| Coordinate::argument(name, field.name(), argument.name())));
        }
        let inputs = definition.input_fields().filter(|field| has(field.directives()));
        found.extend(inputs.map(|field| Coordinate::member(name, field.name())));
        let values = definition.enum_values().filter(|value| has(value.directives()));
        found.extend(values.map(|value| Coordinate::member(name, value.name())));
    }
    found
}

fn own_types(schema: &Schema) -> impl Iterator<Item = TypeDefinition<'_>> {
    schema.types().filter(|definition| !definition.is_built_in())
}
