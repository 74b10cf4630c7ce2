//! `__schema` and `__type`.

use apollo_compiler::Node;
use apollo_compiler::ast::{self, Type};
use apollo_compiler::collections::IndexSet;
use apollo_compiler::executable::Field;
use apollo_compiler::schema::{ComponentName, ExtendedType};
use serde_json::{Map, Value};

use super::collect::Nodes;
use super::context::Path;
use super::run::{Completed, Run};
use super::{FieldError, input};
use crate::response::{ResponseObject, ResponseValue};
use crate::schema::{OperationKind, TypeDefinition};

/// Lists inside lists multiply: a query that nests more of them than this is not reading a schema.
const MAX_NESTED_LISTS: usize = 3;

/// A thing that introspection tells of.
#[derive(Clone, Copy)]
enum Subject<'a> {
    Schema,
    Named(&'a ExtendedType),
    /// A list or a non-null; the flag says that the outer non-null of the type was taken off already.
    Wrapped(&'a Type, bool),
    Field(&'a ast::FieldDefinition),
    Input(&'a ast::InputValueDefinition),
    EnumValue(&'a ast::EnumValueDefinition),
    Directive(&'a ast::DirectiveDefinition),
}

/// What a field of a subject is.
enum Told<'a> {
    Null,
    Bool(bool),
    Text(String),
    Texts(Vec<&'static str>),
    One(Subject<'a>),
    Many(Vec<Subject<'a>>),
}

/// Completes a root field `__schema` or `__type`.
pub(super) fn root(run: &Run<'_>, nodes: &Nodes<'_>, path: Path<'_>) -> Completed {
    let failed = |message: String| Completed {
        value: ResponseValue::Null,
        errors: vec![run.field_error(nodes, path, FieldError::new(message))],
    };
    let subject = if nodes[0].name == "__schema" {
        Some(Subject::Schema)
    } else {
        match input::arguments(run.schema, nodes[0], run.variables) {
            Ok(arguments) => {
                let name = arguments.get("name").and_then(Value::as_str).unwrap_or_default();
                run.schema.compiled().types.get(name).map(Subject::Named)
            }
            Err(reason) => return failed(reason),
        }
    };
    let Some(subject) = subject else {
        return Completed {
            value: ResponseValue::Null,
            errors: Vec::new(),
        };
    };
    match object(run, subject, nodes, 0) {
        Ok(value) => Completed {
            value,
            errors: Vec::new(),
        },
        Err(TooMuch) => failed("the introspection query asks for too much: too many lists inside lists".to_owned()),
    }
}

struct TooMuch;

fn object<'s>(
    run: &'s Run<'_>,
    subject: Subject<'s>,
    nodes: &[&'s Node<Field>],
    lists: usize,
) -> Result<ResponseValue, TooMuch> {
    let type_name = subject.type_name();
    let groups = run
        .collector()
        .collect(Some(type_name), nodes.iter().map(|node| &node.selection_set));
    let mut fields = Vec::with_capacity(groups.len());
    for (key, nodes) in groups {
        if !run.count_field() {
            return Err(TooMuch);
        }
        let name = nodes[0].name.as_str();
        let value = if name == "__typename" {
            ResponseValue::String(type_name.to_owned())
        } else {
            match subject.tell(run, &nodes) {
                Told::Null => ResponseValue::Null,
                Told::Bool(flag) => ResponseValue::Bool(flag),
                Told::Text(text) => ResponseValue::String(text),
                Told::Texts(texts) => {
                    let texts = texts.into_iter().map(|text| ResponseValue::String(text.to_owned()));
                    ResponseValue::List(texts.collect())
                }
                Told::One(subject) => object(run, subject, &nodes, lists)?,
                Told::Many(subjects) => {
                    let multiplies = matches!(name, "fields" | "interfaces" | "possibleTypes" | "inputFields");
                    let lists = lists + usize::from(multiplies);
                    if lists >= MAX_NESTED_LISTS {
                        return Err(TooMuch);
                    }
                    let items = subjects.into_iter().map(|subject| object(run, subject, &nodes, lists));
                    ResponseValue::List(items.collect::<Result<_, _>>()?)
                }
            }
        };
        fields.push((key.clone(), value));
    }
    Ok(ResponseValue::Object(ResponseObject::new(None, fields)))
}

impl<'a> Subject<'a> {
    fn type_name(self) -> &'static str {
        match self {
            Self::Schema => "__Schema",
            Self::Named(_) | Self::Wrapped(..) => "__Type",
            Self::Field(_) => "__Field",
            Self::Input(_) => "__InputValue",
            Self::EnumValue(_) => "__EnumValue",
            Self::Directive(_) => "__Directive",
        }
    }

    fn of(run: &'a Run<'_>, ty: &'a Type) -> Told<'a> {
        match ty {
            Type::Named(name) => named(run, name),
            wrapped => Told::One(Self::Wrapped(wrapped, false)),
        }
    }

    fn tell(self, run: &'a Run<'_>, nodes: &Nodes<'_>) -> Told<'a> {
        let field = nodes[0].name.as_str();
        let arguments = match nodes[0].definition.arguments.is_empty() {
            true => Map::new(),
            false => input::arguments(run.schema, nodes[0], run.variables).unwrap_or_default(),
        };
        let deprecated_too = arguments.get("includeDeprecated").and_then(Value::as_bool) == Some(true);
        match self {
            Self::Schema => schema(run, field),
            Self::Named(definition) => named_type(run, definition, field, deprecated_too),
            Self::Wrapped(ty, nullable) => wrapped_type(run, ty, nullable, field),
            Self::Field(definition) => match field {
                "name" => text(&definition.name),
                "description" => described(&definition.description),
                "args" => inputs(definition.arguments.iter().map(|node| &**node), deprecated_too),
                "type" => Self::of(run, &definition.ty),
                other => deprecation(&definition.directives, other),
            },
            Self::Input(definition) => match field {
                "name" => text(&definition.name),
                "description" => described(&definition.description),
                "type" => Self::of(run, &definition.ty),
                "defaultValue" => match &definition.default_value {
                    Some(value) => Told::Text(value.serialize().no_indent().to_string()),
                    None => Told::Null,
                },
                other => deprecation(&definition.directives, other),
            },
            Self::EnumValue(definition) => match field {
                "name" => text(&definition.value),
                "description" => described(&definition.description),
                other => deprecation(&definition.directives, other),
            },
            Self::Directive(definition) => match field {
                "name" => text(&definition.name),
                "description" => described(&definition.description),
                "locations" => Told::Texts(definition.locations.iter().map(|location| location.name()).collect()),
                "args" => inputs(definition.arguments.iter().map(|node| &**node), deprecated_too),
                "isRepeatable" => Told::Bool(definition.repeatable),
                _ => Told::Null,
            },
        }
    }
}

fn schema<'a>(run: &'a Run<'_>, field: &str) -> Told<'a> {
    let compiled = run.schema.compiled();
    let root = |kind| match run.schema.root_type(kind) {
        Some(name) => named(run, name),
        None => Told::Null,
    };
    match field {
        "description" => described(&compiled.schema_definition.description),
        "types" => Told::Many(compiled.types.values().map(Subject::Named).collect()),
        "directives" => {
            let directives = compiled.directive_definitions.values();
            Told::Many(directives.map(|definition| Subject::Directive(definition)).collect())
        }
        "queryType" => root(OperationKind::Query),
        "mutationType" => root(OperationKind::Mutation),
        "subscriptionType" => root(OperationKind::Subscription),
        _ => Told::Null,
    }
}

fn named_type<'a>(run: &'a Run<'_>, definition: &'a ExtendedType, field: &str, deprecated_too: bool) -> Told<'a> {
    let types = |names: Vec<&str>| {
        let types = &run.schema.compiled().types;
        Told::Many(
            names
                .into_iter()
                .filter_map(|name| types.get(name))
                .map(Subject::Named)
                .collect(),
        )
    };
    match field {
        "kind" => Told::Text(kind(definition).to_owned()),
        "name" => text(definition.name()),
        "description" => match definition.description() {
            Some(description) => text(description),
            None => Told::Null,
        },
        "fields" => {
            let fields = match definition {
                ExtendedType::Object(object) => &object.fields,
                ExtendedType::Interface(interface) => &interface.fields,
                _ => return Told::Null,
            };
            let shown = fields
                .values()
                .filter(|field| deprecated_too || !field.directives.has("deprecated"));
            Told::Many(shown.map(|field| Subject::Field(field)).collect())
        }
        "interfaces" => match definition {
            ExtendedType::Object(object) => types(names(&object.implements_interfaces)),
            ExtendedType::Interface(interface) => types(names(&interface.implements_interfaces)),
            _ => Told::Null,
        },
        "possibleTypes" => match definition {
            ExtendedType::Interface(_) | ExtendedType::Union(_) => {
                let view = run.schema.type_named(definition.name());
                types(view.as_ref().map(TypeDefinition::possible_types).unwrap_or_default())
            }
            _ => Told::Null,
        },
        "enumValues" => {
            let ExtendedType::Enum(definition) = definition else {
                return Told::Null;
            };
            let values = definition.values.values();
            let shown = values.filter(|value| deprecated_too || !value.directives.has("deprecated"));
            Told::Many(shown.map(|value| Subject::EnumValue(value)).collect())
        }
        "inputFields" => match definition {
            ExtendedType::InputObject(input) => inputs(input.fields.values().map(|field| &***field), deprecated_too),
            _ => Told::Null,
        },
        "isOneOf" => match definition {
            ExtendedType::InputObject(input) => Told::Bool(input.directives.has("oneOf")),
            _ => Told::Null,
        },
        "specifiedByURL" => {
            let directive = match definition {
                ExtendedType::Scalar(scalar) => scalar.directives.get("specifiedBy"),
                _ => None,
            };
            let url = directive.and_then(|directive| directive.specified_argument_by_name("url")?.as_str());
            url.map_or(Told::Null, text)
        }
        _ => Told::Null,
    }
}

fn wrapped_type<'a>(run: &'a Run<'_>, ty: &'a Type, nullable: bool, field: &str) -> Told<'a> {
    let non_null = ty.is_non_null() && !nullable;
    match (field, ty) {
        ("kind", _) => text(if non_null { "NON_NULL" } else { "LIST" }),
        ("ofType", Type::NonNullNamed(name) | Type::Named(name)) => named(run, name),
        ("ofType", Type::NonNullList(_)) if non_null => Told::One(Subject::Wrapped(ty, true)),
        ("ofType", Type::NonNullList(item) | Type::List(item)) => Subject::of(run, item),
        _ => Told::Null,
    }
}

fn named<'a>(run: &'a Run<'_>, name: &str) -> Told<'a> {
    match run.schema.compiled().types.get(name) {
        Some(definition) => Told::One(Subject::Named(definition)),
        None => Told::Null,
    }
}

fn inputs<'a>(definitions: impl Iterator<Item = &'a ast::InputValueDefinition>, deprecated_too: bool) -> Told<'a> {
    let shown = definitions.filter(|definition| deprecated_too || !definition.directives.has("deprecated"));
    Told::Many(shown.map(Subject::Input).collect())
}

fn deprecation<'a>(directives: &ast::DirectiveList, field: &str) -> Told<'a> {
    let deprecated = directives.get("deprecated");
    match field {
        "isDeprecated" => Told::Bool(deprecated.is_some()),
        "deprecationReason" => {
            let Some(directive) = deprecated else {
                return Told::Null;
            };
            match directive.specified_argument_by_name("reason") {
                Some(reason) => reason.as_str().map_or(Told::Null, text),
                None => text("No longer supported"),
            }
        }
        _ => Told::Null,
    }
}

fn kind(definition: &ExtendedType) -> &'static str {
    match definition {
        ExtendedType::Enum(_) => "ENUM",
        ExtendedType::InputObject(_) => "INPUT_OBJECT",
        ExtendedType::Interface(_) => "INTERFACE",
        ExtendedType::Object(_) => "OBJECT",
        ExtendedType::Scalar(_) => "SCALAR",
        ExtendedType::Union(_) => "UNION",
    }
}

fn names(components: &IndexSet<ComponentName>) -> Vec<&str> {
    components.iter().map(|component| component.name.as_str()).collect()
}

fn described<'a>(description: &Option<Node<str>>) -> Told<'a> {
    description.as_deref().map_or(Told::Null, text)
}

fn text<'a>(text: &str) -> Told<'a> {
    Told::Text(text.to_owned())
}
