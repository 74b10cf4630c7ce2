//! Plain views of a schema's types, fields and directives.

use std::fmt;

use apollo_compiler::ast;
use apollo_compiler::schema::ExtendedType;
use serde_json::{Map, Value};

use super::Schema;
use crate::literal;

/// The three kinds of operation.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum OperationKind {
    /// Reads; its root fields run side by side.
    Query,
    /// Changes; its root fields run one after the other.
    Mutation,
    /// Runs once for each event.
    Subscription,
}

impl OperationKind {
    /// `query`, `mutation` or `subscription`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }

    pub(crate) fn of(operation_type: ast::OperationType) -> Self {
        match operation_type {
            ast::OperationType::Query => Self::Query,
            ast::OperationType::Mutation => Self::Mutation,
            ast::OperationType::Subscription => Self::Subscription,
        }
    }
}

impl fmt::Display for OperationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The kind of a named type.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum TypeKind {
    /// `enum`
    Enum,
    /// `input`
    InputObject,
    /// `interface`
    Interface,
    /// `type`
    Object,
    /// `scalar`
    Scalar,
    /// `union`
    Union,
}

impl Schema {
    /// Name of the object type that an operation of this kind starts from, if the schema has one.
    pub fn root_type(&self, kind: OperationKind) -> Option<&str> {
        let definition = &self.compiled().schema_definition;
        match kind {
            OperationKind::Query => definition.query.as_ref(),
            OperationKind::Mutation => definition.mutation.as_ref(),
            OperationKind::Subscription => definition.subscription.as_ref(),
        }
        .map(|name| name.name.as_str())
    }

    /// Every named type, in the order of declaration; introspection's own types are left out.
    pub fn types(&self) -> impl Iterator<Item = TypeDefinition<'_>> {
        self.compiled()
            .types
            .values()
            .filter(|definition| !(definition.is_built_in() && definition.name().starts_with("__")))
            .map(|definition| TypeDefinition {
                schema: self,
                definition,
            })
    }

    /// The type of this name.
    pub fn type_named(&self, name: &str) -> Option<TypeDefinition<'_>> {
        let definition = self.compiled().types.get(name)?;
        Some(TypeDefinition {
            schema: self,
            definition,
        })
    }

    /// A field of an object or interface type.
    pub fn field(&self, type_name: &str, field_name: &str) -> Option<FieldDefinition<'_>> {
        self.type_named(type_name)?.field(field_name)
    }

    /// Whether the object or interface type has this field.
    pub fn has_field(&self, type_name: &str, field_name: &str) -> bool {
        self.field(type_name, field_name).is_some()
    }
}

/// A named type of a schema.
#[derive(Clone, Copy)]
pub struct TypeDefinition<'a> {
    schema: &'a Schema,
    pub(crate) definition: &'a ExtendedType,
}

impl<'a> TypeDefinition<'a> {
    /// The type's name.
    pub fn name(&self) -> &'a str {
        self.definition.name().as_str()
    }

    /// What kind of type it is.
    pub fn kind(&self) -> TypeKind {
        match self.definition {
            ExtendedType::Enum(_) => TypeKind::Enum,
            ExtendedType::InputObject(_) => TypeKind::InputObject,
            ExtendedType::Interface(_) => TypeKind::Interface,
            ExtendedType::Object(_) => TypeKind::Object,
            ExtendedType::Scalar(_) => TypeKind::Scalar,
            ExtendedType::Union(_) => TypeKind::Union,
        }
    }

    /// The description, if there is one.
    pub fn description(&self) -> Option<&'a str> {
        self.definition.description().map(|text| text.as_str())
    }

    /// Whether the specification itself defines the type (`String`, `__Type`, …).
    pub fn is_built_in(&self) -> bool {
        self.definition.is_built_in()
    }

    /// Fields of an object or interface type, in the order of declaration; nothing for other kinds.
    pub fn fields(&self) -> impl Iterator<Item = FieldDefinition<'a>> + use<'a> {
        let fields = match self.definition {
            ExtendedType::Object(object) => Some(&object.fields),
            ExtendedType::Interface(interface) => Some(&interface.fields),
            _ => None,
        };
        let parent = self.name();
        fields
            .into_iter()
            .flat_map(|fields| fields.values())
            .map(move |field| FieldDefinition {
                parent,
                definition: field,
            })
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<FieldDefinition<'a>> {
        let definition = match self.definition {
            ExtendedType::Object(object) => object.fields.get(name),
            ExtendedType::Interface(interface) => interface.fields.get(name),
            _ => None,
        }?;
        Some(FieldDefinition {
            parent: self.name(),
            definition,
        })
    }

    /// Fields of an input object, in the order of declaration; nothing for other kinds.
    pub fn input_fields(&self) -> impl Iterator<Item = ArgumentDefinition<'a>> + use<'a> {
        let fields = match self.definition {
            ExtendedType::InputObject(input) => Some(&input.fields),
            _ => None,
        };
        fields
            .into_iter()
            .flat_map(|fields| fields.values())
            .map(|field| ArgumentDefinition { definition: field })
    }

    /// Values of an enum, in the order of declaration; nothing for other kinds.
    pub fn enum_values(&self) -> impl Iterator<Item = EnumValue<'a>> + use<'a> {
        let values = match self.definition {
            ExtendedType::Enum(definition) => Some(&definition.values),
            _ => None,
        };
        values
            .into_iter()
            .flat_map(|values| values.values())
            .map(|value| EnumValue { definition: value })
    }

    /// Names of the interfaces that an object or interface type implements.
    pub fn interfaces(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let interfaces = match self.definition {
            ExtendedType::Object(object) => Some(&object.implements_interfaces),
            ExtendedType::Interface(interface) => Some(&interface.implements_interfaces),
            _ => None,
        };
        interfaces.into_iter().flatten().map(|name| name.name.as_str())
    }

    /// Names of the object types that a value of this type can have: a union's members, an interface's
    /// implementations, or the object type itself.
    pub fn possible_types(&self) -> Vec<&'a str> {
        match self.definition {
            ExtendedType::Object(object) => vec![object.name.as_str()],
            ExtendedType::Union(union) => union.members.iter().map(|name| name.name.as_str()).collect(),
            ExtendedType::Interface(interface) => {
                let implementers = self.schema.implementers().get(&interface.name);
                implementers.map_or_else(Vec::new, |found| {
                    found.objects.iter().map(|name| name.as_str()).collect()
                })
            }
            _ => Vec::new(),
        }
    }

    /// Directives applied to the type or to an extension of it.
    pub fn directives(&self) -> Vec<Directive<'a>> {
        let directives = self.definition.directives();
        directives.0.iter().map(|directive| Directive { directive }).collect()
    }

    /// The first application of this directive, if any.
    pub fn directive(&self, name: &str) -> Option<Directive<'a>> {
        let directive = self.definition.directives().get(name)?;
        Some(Directive { directive })
    }
}

impl fmt::Debug for TypeDefinition<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.kind(), self.name())
    }
}

/// A field of an object or interface type.
#[derive(Clone, Copy, Debug)]
pub struct FieldDefinition<'a> {
    parent: &'a str,
    pub(crate) definition: &'a ast::FieldDefinition,
}

impl<'a> FieldDefinition<'a> {
    /// The field's name.
    pub fn name(&self) -> &'a str {
        self.definition.name.as_str()
    }

    /// Name of the type that the field belongs to.
    pub fn parent_type(&self) -> &'a str {
        self.parent
    }

    /// The description, if there is one.
    pub fn description(&self) -> Option<&'a str> {
        self.definition.description.as_deref()
    }

    /// The field's type.
    pub fn ty(&self) -> TypeRef<'a> {
        TypeRef {
            ty: &self.definition.ty,
        }
    }

    /// Its arguments, in the order of declaration.
    pub fn arguments(&self) -> impl Iterator<Item = ArgumentDefinition<'a>> + use<'a> {
        self.definition
            .arguments
            .iter()
            .map(|definition| ArgumentDefinition { definition })
    }

    /// The argument of this name.
    pub fn argument(&self, name: &str) -> Option<ArgumentDefinition<'a>> {
        self.arguments().find(|argument| argument.name() == name)
    }

    /// Directives applied to the field.
    pub fn directives(&self) -> Vec<Directive<'a>> {
        let directives = self.definition.directives.0.iter();
        directives.map(|directive| Directive { directive }).collect()
    }

    /// The first application of this directive, if any.
    pub fn directive(&self, name: &str) -> Option<Directive<'a>> {
        let directive = self.definition.directives.get(name)?;
        Some(Directive { directive })
    }
}

/// An argument of a field or directive, or a field of an input object.
#[derive(Clone, Copy, Debug)]
pub struct ArgumentDefinition<'a> {
    pub(crate) definition: &'a ast::InputValueDefinition,
}

impl<'a> ArgumentDefinition<'a> {
    /// The argument's name.
    pub fn name(&self) -> &'a str {
        self.definition.name.as_str()
    }

    /// The description, if there is one.
    pub fn description(&self) -> Option<&'a str> {
        self.definition.description.as_deref()
    }

    /// The argument's type.
    pub fn ty(&self) -> TypeRef<'a> {
        TypeRef {
            ty: &self.definition.ty,
        }
    }

    /// The default, as written; enum values are strings.
    pub fn default_value(&self) -> Option<Value> {
        self.definition.default_value.as_deref().map(literal::to_json)
    }

    /// Whether a request must give it: non-null without a default.
    pub fn is_required(&self) -> bool {
        self.definition.is_required()
    }
}

/// A value of an enum.
#[derive(Clone, Copy, Debug)]
pub struct EnumValue<'a> {
    pub(crate) definition: &'a ast::EnumValueDefinition,
}

impl<'a> EnumValue<'a> {
    /// The value's name.
    pub fn name(&self) -> &'a str {
        self.definition.value.as_str()
    }

    /// The description, if there is one.
    pub fn description(&self) -> Option<&'a str> {
        self.definition.description.as_deref()
    }
}

/// A type as it is used: `[Message!]!`.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct TypeRef<'a> {
    pub(super) ty: &'a ast::Type,
}

impl<'a> TypeRef<'a> {
    /// Name of the innermost type, without lists and non-nulls.
    pub fn name(&self) -> &'a str {
        self.ty.inner_named_type().as_str()
    }

    /// Whether the value itself must not be null.
    pub fn is_non_null(&self) -> bool {
        self.ty.is_non_null()
    }

    /// Whether the value is a list, null or not.
    pub fn is_list(&self) -> bool {
        self.ty.is_list()
    }

    /// The type of a list's items, if this is a list.
    pub fn item(&self) -> Option<TypeRef<'a>> {
        self.ty.is_list().then(|| TypeRef {
            ty: self.ty.item_type(),
        })
    }
}

impl fmt::Display for TypeRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ty.fmt(f)
    }
}

impl fmt::Debug for TypeRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ty.fmt(f)
    }
}

/// A directive applied to a type or field, such as `@aws_subscribe(mutations: ["createMessage"])`.
#[derive(Clone, Copy, Debug)]
pub struct Directive<'a> {
    pub(super) directive: &'a ast::Directive,
}

impl<'a> Directive<'a> {
    /// Its name, without the `@`.
    pub fn name(&self) -> &'a str {
        self.directive.name.as_str()
    }

    /// The arguments that were written, as plain JSON; enum values are strings.
    pub fn arguments(&self) -> Map<String, Value> {
        self.directive
            .arguments
            .iter()
            .map(|argument| (argument.name.to_string(), literal::to_json(&argument.value)))
            .collect()
    }

    /// One argument that was written, as plain JSON.
    pub fn argument(&self, name: &str) -> Option<Value> {
        let value = self.directive.specified_argument_by_name(name)?;
        Some(literal::to_json(value))
    }

    /// The strings of a list argument such as `mutations` or `cognito_groups`. One string counts as a list of one, as
    /// GraphQL's input coercion has it.
    pub fn strings(&self, argument: &str) -> Vec<String> {
        match self.argument(argument) {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(items)) => items
                .into_iter()
                .filter_map(|item| item.as_str().map(str::to_owned))
                .collect(),
            _ => Vec::new(),
        }
    }
}
