//! Everything that a schema says about one of its elements.

mod print;
mod usage;

use serde::Serialize;

use crate::coordinate::{Coordinate, Element, UnknownCoordinate};
use crate::schema::{
    ArgumentDefinition, Directive, DirectiveDefinition, EnumValue, FieldDefinition, Schema, TypeDefinition, TypeKind,
};

/// What an element is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ElementKind {
    /// An argument of a field or directive.
    Argument,
    /// A directive.
    Directive,
    /// An enum.
    Enum,
    /// A value of an enum.
    EnumValue,
    /// A field of an object or interface.
    Field,
    /// A field of an input object.
    InputField,
    /// An input object.
    InputObject,
    /// An interface.
    Interface,
    /// An object type.
    Object,
    /// A scalar.
    Scalar,
    /// A union.
    Union,
}

impl ElementKind {
    /// In words: `input object`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Argument => "argument",
            Self::Directive => "directive",
            Self::Enum => "enum",
            Self::EnumValue => "enum value",
            Self::Field => "field",
            Self::InputField => "input field",
            Self::InputObject => "input object",
            Self::Interface => "interface",
            Self::Object => "object type",
            Self::Scalar => "scalar",
            Self::Union => "union",
        }
    }

    pub(crate) fn of_type(kind: TypeKind) -> Self {
        match kind {
            TypeKind::Enum => Self::Enum,
            TypeKind::InputObject => Self::InputObject,
            TypeKind::Interface => Self::Interface,
            TypeKind::Object => Self::Object,
            TypeKind::Scalar => Self::Scalar,
            TypeKind::Union => Self::Union,
        }
    }
}

/// What a schema says about one element, for people (`Display`) and for machines (`Serialize`). Lists are empty where
/// they do not apply.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ElementDescription {
    /// Its coordinate.
    pub coordinate: Coordinate,
    /// What it is.
    pub kind: ElementKind,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The type of a field, input field or argument, such as `[Message!]!`.
    #[serde(skip_serializing_if = "Option::is_none", rename = "type")]
    pub ty: Option<String>,
    /// The default of an input field or argument, as GraphQL text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Why it is deprecated, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<String>,
    /// Directives applied to it, as they are written; `@deprecated` is left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub directives: Vec<String>,
    /// Arguments of a field or directive; fields of an object, interface or input object; values of an enum.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Member>,
    /// Interfaces that an object or interface implements.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interfaces: Vec<String>,
    /// Object types behind an interface or union.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub possible_types: Vec<String>,
    /// Unions that an object type is a member of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unions: Vec<String>,
    /// Where a directive may stand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<String>,
    /// Whether a directive may be repeated.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub repeatable: bool,
    /// Fields that return a type, in lists or not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub returned_by: Vec<Coordinate>,
    /// Arguments and input fields that take a type, in lists or not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub taken_by: Vec<Coordinate>,
    /// What a directive is applied to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub applied_to: Vec<Coordinate>,
}

/// A part of a described element, on one line.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Member {
    /// Its coordinate.
    pub coordinate: Coordinate,
    /// As SDL has it: `messages(limit: Int = 10): [Message!]!`.
    pub signature: String,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Why it is deprecated, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<String>,
}

impl Schema {
    /// Everything that the schema says about an element, and where a type or directive is used.
    ///
    /// ```
    /// use gqlwire_schema::Schema;
    ///
    /// let schema = Schema::from_sdl("type Query { message(id: ID!): Message } type Message { id: ID! }")?;
    /// let message = schema.describe(&"Message".parse().unwrap()).unwrap();
    /// assert_eq!(message.members[0].signature, "id: ID!");
    /// assert_eq!(message.returned_by[0].to_string(), "Query.message");
    /// # Ok::<(), gqlwire_schema::Diagnostics>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the schema has no such element; the error says what may have been meant.
    pub fn describe(&self, coordinate: &Coordinate) -> Result<ElementDescription, UnknownCoordinate> {
        let element = self.resolve(coordinate)?;
        let coordinate = coordinate.clone();
        Ok(match element {
            Element::Type(definition) => self.describe_type(coordinate, definition),
            Element::Field(field) => describe_field(coordinate, field),
            Element::InputField(field) => describe_input(coordinate, ElementKind::InputField, field),
            Element::Argument(argument) | Element::DirectiveArgument(argument) => {
                describe_input(coordinate, ElementKind::Argument, argument)
            }
            Element::EnumValue(value) => ElementDescription {
                description: value.description().map(str::to_owned),
                deprecated: value.deprecation_reason().map(str::to_owned),
                directives: written(&value.directives()),
                ..ElementDescription::new(coordinate, ElementKind::EnumValue)
            },
            Element::Directive(directive) => self.describe_directive(coordinate, directive),
        })
    }

    fn describe_type(&self, coordinate: Coordinate, definition: TypeDefinition<'_>) -> ElementDescription {
        let name = definition.name();
        let fields = definition.fields().map(|field| Member {
            coordinate: Coordinate::member(name, field.name()),
            signature: signature(&field),
            description: field.description().map(str::to_owned),
            deprecated: field.deprecation_reason().map(str::to_owned),
        });
        let inputs = definition.input_fields();
        let inputs = inputs.map(|field| input_member(Coordinate::member(name, field.name()), &field));
        let values = definition.enum_values().map(|value| value_member(name, value));
        let members = fields.chain(inputs).chain(values).collect();
        let is_abstract = matches!(definition.kind(), TypeKind::Interface | TypeKind::Union);
        let possible = if is_abstract {
            definition.possible_types()
        } else {
            Vec::new()
        };
        ElementDescription {
            description: definition.description().map(str::to_owned),
            directives: written(&definition.directives()),
            members,
            interfaces: definition.interfaces().map(str::to_owned).collect(),
            possible_types: possible.into_iter().map(str::to_owned).collect(),
            unions: usage::unions_of(self, name),
            returned_by: usage::returned_by(self, name),
            taken_by: usage::taken_by(self, name),
            ..ElementDescription::new(coordinate, ElementKind::of_type(definition.kind()))
        }
    }

    fn describe_directive(&self, coordinate: Coordinate, directive: DirectiveDefinition<'_>) -> ElementDescription {
        let name = directive.name();
        let arguments = directive.arguments();
        let members = arguments.map(|found| input_member(Coordinate::directive_argument(name, found.name()), &found));
        ElementDescription {
            description: directive.description().map(str::to_owned),
            members: members.collect(),
            locations: directive.locations().map(str::to_owned).collect(),
            repeatable: directive.is_repeatable(),
            applied_to: usage::applied_to(self, name),
            ..ElementDescription::new(coordinate, ElementKind::Directive)
        }
    }
}

impl ElementDescription {
    fn new(coordinate: Coordinate, kind: ElementKind) -> Self {
        Self {
            coordinate,
            kind,
            description: None,
            ty: None,
            default: None,
            deprecated: None,
            directives: Vec::new(),
            members: Vec::new(),
            interfaces: Vec::new(),
            possible_types: Vec::new(),
            unions: Vec::new(),
            locations: Vec::new(),
            repeatable: false,
            returned_by: Vec::new(),
            taken_by: Vec::new(),
            applied_to: Vec::new(),
        }
    }
}

fn describe_field(coordinate: Coordinate, field: FieldDefinition<'_>) -> ElementDescription {
    let of = |argument: &str| Coordinate::argument(field.parent_type(), field.name(), argument);
    let arguments = field.arguments();
    ElementDescription {
        description: field.description().map(str::to_owned),
        ty: Some(field.ty().to_string()),
        deprecated: field.deprecation_reason().map(str::to_owned),
        directives: written(&field.directives()),
        members: arguments
            .map(|argument| input_member(of(argument.name()), &argument))
            .collect(),
        ..ElementDescription::new(coordinate, ElementKind::Field)
    }
}

fn describe_input(coordinate: Coordinate, kind: ElementKind, input: ArgumentDefinition<'_>) -> ElementDescription {
    ElementDescription {
        description: input.description().map(str::to_owned),
        ty: Some(input.ty().to_string()),
        default: input.default_text(),
        deprecated: input.deprecation_reason().map(str::to_owned),
        directives: written(&input.directives()),
        ..ElementDescription::new(coordinate, kind)
    }
}

fn written(directives: &[Directive<'_>]) -> Vec<String> {
    let shown = directives.iter().filter(|directive| directive.name() != "deprecated");
    shown.map(Directive::to_string).collect()
}

fn input_member(coordinate: Coordinate, input: &ArgumentDefinition<'_>) -> Member {
    Member {
        coordinate,
        signature: input_signature(input),
        description: input.description().map(str::to_owned),
        deprecated: input.deprecation_reason().map(str::to_owned),
    }
}

fn value_member(type_name: &str, value: EnumValue<'_>) -> Member {
    Member {
        coordinate: Coordinate::member(type_name, value.name()),
        signature: value.name().to_owned(),
        description: value.description().map(str::to_owned),
        deprecated: value.deprecation_reason().map(str::to_owned),
    }
}

pub(crate) fn signature(field: &FieldDefinition<'_>) -> String {
    let arguments: Vec<_> = field.arguments().map(|argument| input_signature(&argument)).collect();
    match arguments.is_empty() {
        true => format!("{}: {}", field.name(), field.ty()),
        false => format!("{}({}): {}", field.name(), arguments.join(", "), field.ty()),
    }
}

pub(crate) fn input_signature(input: &ArgumentDefinition<'_>) -> String {
    let default = input
        .default_text()
        .map(|text| format!(" = {text}"))
        .unwrap_or_default();
    format!("{}: {}{default}", input.name(), input.ty())
}
