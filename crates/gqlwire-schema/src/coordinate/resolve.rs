//! Coordinates in a schema: what they name, or what may have been meant.

use thiserror::Error;

use super::Coordinate;
use crate::schema::{
    ArgumentDefinition, DirectiveDefinition, EnumValue, FieldDefinition, Schema, TypeDefinition, TypeKind,
};
use crate::suggest::{alternatives, did_you_mean};

/// What a coordinate names.
#[derive(Clone, Copy, Debug)]
pub enum Element<'a> {
    /// An argument of a field.
    Argument(ArgumentDefinition<'a>),
    /// A directive.
    Directive(DirectiveDefinition<'a>),
    /// An argument of a directive.
    DirectiveArgument(ArgumentDefinition<'a>),
    /// A value of an enum.
    EnumValue(EnumValue<'a>),
    /// A field of an object or interface.
    Field(FieldDefinition<'a>),
    /// A field of an input object.
    InputField(ArgumentDefinition<'a>),
    /// A named type.
    Type(TypeDefinition<'a>),
}

/// A coordinate that names nothing in the schema.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{problem}{}", hint(.suggestions))]
pub struct UnknownCoordinate {
    problem: String,
    suggestions: Vec<Coordinate>,
}

impl UnknownCoordinate {
    /// Coordinates that exist and may have been meant, best first.
    pub fn suggestions(&self) -> &[Coordinate] {
        &self.suggestions
    }
}

fn hint(suggestions: &[Coordinate]) -> String {
    if suggestions.is_empty() {
        return String::new();
    }
    let names: Vec<String> = suggestions.iter().map(Coordinate::to_string).collect();
    format!("; did you mean {}?", alternatives(&names))
}

impl Schema {
    /// What the coordinate names.
    ///
    /// # Errors
    ///
    /// When the schema has no such element; the error names the part that is unknown, and what may have been meant.
    pub fn resolve(&self, coordinate: &Coordinate) -> Result<Element<'_>, UnknownCoordinate> {
        match coordinate {
            Coordinate::Type(name) => Ok(Element::Type(self.known_type(name, Coordinate::Type)?)),
            Coordinate::Member { type_name, member } => {
                let of = |type_name| Coordinate::member(type_name, member);
                let parent = self.known_type(type_name, of)?;
                find_member(&parent, member)
            }
            Coordinate::Argument {
                type_name,
                field,
                argument,
            } => {
                let of = |type_name| Coordinate::argument(type_name, field, argument);
                let parent = self.known_type(type_name, of)?;
                let Some(found) = parent.field(field) else {
                    let names: Vec<_> = parent.fields().map(|field| field.name()).collect();
                    return Err(unknown(
                        format!("type `{type_name}` has no field `{field}`"),
                        did_you_mean(field, names),
                        |name| Coordinate::argument(type_name, name, argument),
                    ));
                };
                let argument = found.argument(argument).ok_or_else(|| {
                    unknown(
                        format!("field `{type_name}.{field}` has no argument `{argument}`"),
                        did_you_mean(argument, found.arguments().map(|found| found.name())),
                        |name| Coordinate::argument(type_name, field, name),
                    )
                })?;
                Ok(Element::Argument(argument))
            }
            Coordinate::Directive(name) => Ok(Element::Directive(self.known_directive(name, Coordinate::Directive)?)),
            Coordinate::DirectiveArgument { directive, argument } => {
                let of = |directive| Coordinate::directive_argument(directive, argument);
                let found = self.known_directive(directive, of)?;
                let argument = found.argument(argument).ok_or_else(|| {
                    unknown(
                        format!("directive `@{directive}` has no argument `{argument}`"),
                        did_you_mean(argument, found.arguments().map(|found| found.name())),
                        |name| Coordinate::directive_argument(directive, name),
                    )
                })?;
                Ok(Element::DirectiveArgument(argument))
            }
        }
    }

    fn known_type(
        &self,
        name: &str,
        suggest: impl Fn(String) -> Coordinate,
    ) -> Result<TypeDefinition<'_>, UnknownCoordinate> {
        self.type_named(name).ok_or_else(|| {
            let near = did_you_mean(name, self.types().map(|definition| definition.name()));
            unknown(format!("the schema has no type `{name}`"), near, |name| {
                suggest(name.to_owned())
            })
        })
    }

    fn known_directive(
        &self,
        name: &str,
        suggest: impl Fn(String) -> Coordinate,
    ) -> Result<DirectiveDefinition<'_>, UnknownCoordinate> {
        self.directive_definition(name).ok_or_else(|| {
            let near = did_you_mean(name, self.directive_definitions().map(|found| found.name()));
            unknown(format!("the schema has no directive `@{name}`"), near, |name| {
                suggest(name.to_owned())
            })
        })
    }
}

fn find_member<'a>(parent: &TypeDefinition<'a>, member: &str) -> Result<Element<'a>, UnknownCoordinate> {
    let found = match parent.kind() {
        TypeKind::Enum => parent
            .enum_values()
            .find(|value| value.name() == member)
            .map(Element::EnumValue),
        TypeKind::InputObject => parent
            .input_fields()
            .find(|field| field.name() == member)
            .map(Element::InputField),
        _ => parent.field(member).map(Element::Field),
    };
    found.ok_or_else(|| {
        let what = if parent.kind() == TypeKind::Enum {
            "value"
        } else {
            "field"
        };
        unknown(
            format!("type `{}` has no {what} `{member}`", parent.name()),
            did_you_mean(member, member_names(parent)),
            |name| Coordinate::member(parent.name(), name),
        )
    })
}

/// Names of fields, input fields or values, whichever the type has.
pub(crate) fn member_names<'a>(definition: &TypeDefinition<'a>) -> Vec<&'a str> {
    let fields = definition.fields().map(|field| field.name());
    let inputs = definition.input_fields().map(|field| field.name());
    let values = definition.enum_values().map(|value| value.name());
    fields.chain(inputs).chain(values).collect()
}

fn unknown(problem: String, near: Vec<&str>, suggest: impl Fn(&str) -> Coordinate) -> UnknownCoordinate {
    UnknownCoordinate {
        problem,
        suggestions: near.into_iter().map(suggest).collect(),
    }
}
