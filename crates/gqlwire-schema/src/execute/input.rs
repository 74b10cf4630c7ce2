//! Input coercion: variables and arguments, from JSON and from literals.

use apollo_compiler::ast::{self, InputValueDefinition, Type};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::executable::{ExecutableDocument, Field, Operation};
use apollo_compiler::schema::{Component, EnumType, ExtendedType, InputObjectType};
use apollo_compiler::{Name, Node};
use gqlwire_proto::{GraphQLError, Location};
use serde_json::{Map, Value};

use crate::literal;
use crate::scalar;
use crate::schema::Schema;

/// Input objects may have defaults that name themselves; nothing honest nests this deep.
const MAX_DEPTH: usize = 64;

/// Coerces the variables of a request. Variables that the operation does not declare are left out.
pub(super) fn variables(
    schema: &Schema,
    document: &ExecutableDocument,
    operation: &Operation,
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, Vec<GraphQLError>> {
    let mut coerced = Map::new();
    let mut errors = Vec::new();
    for definition in &operation.variables {
        let name = definition.name.as_str();
        let coercer = Coercer { schema, variable: name };
        let outcome = match (given.get(name), &definition.default_value) {
            (Some(value), _) => coercer.json(&definition.ty, value, None, 0).map(Some),
            (None, Some(default)) => coercer.literal(&definition.ty, default, &Map::new(), 0),
            (None, None) if definition.ty.is_non_null() => Err(coercer.null(&definition.ty, None)),
            (None, None) => Ok(None),
        };
        match outcome {
            Ok(Some(value)) => {
                coerced.insert(name.to_owned(), value);
            }
            Ok(None) => {}
            Err(message) => {
                let mut error = GraphQLError::new(message);
                error.locations.extend(location(document, definition));
                errors.push(error);
            }
        }
    }
    if errors.is_empty() { Ok(coerced) } else { Err(errors) }
}

/// Coerces the arguments of one field.
pub(super) fn arguments(
    schema: &Schema,
    field: &Field,
    variables: &Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    let coercer = Coercer { schema, variable: "" };
    let given = |name: &Name| field.arguments.iter().find(|argument| argument.name == *name);
    let mut coerced = Map::new();
    for definition in &field.definition.arguments {
        let value = given(&definition.name).map(|argument| &argument.value);
        let outcome = coercer.member(definition, value, variables, 0);
        match outcome.map_err(|reason| format!("argument '{}': {reason}", definition.name))? {
            Some(value) => {
                coerced.insert(definition.name.to_string(), value);
            }
            None if definition.ty.is_non_null() => {
                return Err(format!(
                    "argument '{}' has no value but must not be null",
                    definition.name
                ));
            }
            None => {}
        }
    }
    Ok(coerced)
}

/// Where a node of the document begins.
pub(super) fn location<T>(document: &ExecutableDocument, node: &Node<T>) -> Option<Location> {
    let start = node.line_column_range(&document.sources)?.start;
    Some(Location {
        line: u32::try_from(start.line).ok()?,
        column: u32::try_from(start.column).ok()?,
    })
}

struct Coercer<'a> {
    schema: &'a Schema,
    /// For the words of an error; empty for arguments.
    variable: &'a str,
}

impl Coercer<'_> {
    /// A variable's value or a part of it; `field` is the input field that it belongs to.
    fn json(&self, ty: &Type, value: &Value, field: Option<&str>, depth: usize) -> Result<Value, String> {
        if value.is_null() {
            return if ty.is_non_null() {
                Err(self.null(ty, field))
            } else {
                Ok(Value::Null)
            };
        }
        self.check_depth(depth)?;
        if ty.is_list() {
            let item = ty.item_type();
            return match value {
                Value::Array(items) => {
                    let items = items.iter().map(|value| self.json(item, value, field, depth + 1));
                    Ok(Value::Array(items.collect::<Result<_, _>>()?))
                }
                single => Ok(Value::Array(vec![self.json(item, single, field, depth + 1)?])),
            };
        }
        let name = ty.inner_named_type();
        match self.schema.compiled().types.get(name) {
            Some(ExtendedType::Scalar(_)) => scalar::parse(name, value).map_err(|reason| self.invalid(&reason)),
            Some(ExtendedType::Enum(definition)) => self.enum_value(definition, value),
            Some(ExtendedType::InputObject(definition)) => match value {
                Value::Object(members) => self.object(definition, members, depth),
                other => Err(self.invalid(&format!("Expected type 'Map' but was '{}'.", scalar::kind(other)))),
            },
            _ => Err(self.invalid(&format!("'{name}' is not an input type."))),
        }
    }

    fn object(
        &self,
        definition: &InputObjectType,
        members: &Map<String, Value>,
        depth: usize,
    ) -> Result<Value, String> {
        if let Some(unknown) = members.keys().find(|key| !definition.fields.contains_key(key.as_str())) {
            return Err(format!(
                "The variables input contains a field name '{unknown}' that is not defined for input object type '{}' ",
                definition.name
            ));
        }
        let mut coerced = Map::new();
        for (name, field) in &definition.fields {
            let outcome = match (members.get(name.as_str()), &field.default_value) {
                (Some(value), _) => self.json(&field.ty, value, Some(name), depth + 1).map(Some)?,
                (None, Some(default)) => self.literal(&field.ty, default, &Map::new(), depth + 1)?,
                (None, None) if field.ty.is_non_null() => return Err(self.null(&field.ty, Some(name))),
                (None, None) => None,
            };
            if let Some(value) = outcome {
                coerced.insert(name.to_string(), value);
            }
        }
        self.check_one_of(definition, &coerced)?;
        Ok(Value::Object(coerced))
    }

    /// An argument or a field of an input object in a document. `None` when it has no value, which is not `null`.
    fn member(
        &self,
        definition: &InputValueDefinition,
        given: Option<&Node<ast::Value>>,
        variables: &Map<String, Value>,
        depth: usize,
    ) -> Result<Option<Value>, String> {
        if let Some(given) = given
            && let Some(value) = self.literal(&definition.ty, given, variables, depth)?
        {
            return Ok(Some(value));
        }
        match &definition.default_value {
            Some(default) => self.literal(&definition.ty, default, variables, depth + 1),
            None => Ok(None),
        }
    }

    /// A literal of the document or a default of the schema. `None` for a variable without a value.
    fn literal(
        &self,
        ty: &Type,
        literal: &ast::Value,
        variables: &Map<String, Value>,
        depth: usize,
    ) -> Result<Option<Value>, String> {
        self.check_depth(depth)?;
        if let ast::Value::Variable(name) = literal {
            return match variables.get(name.as_str()) {
                Some(Value::Null) if ty.is_non_null() => Err(self.null(ty, None)),
                // It was coerced to its own type, which validation found to fit here.
                value => Ok(value.cloned()),
            };
        }
        if literal.is_null() {
            return if ty.is_non_null() {
                Err(self.null(ty, None))
            } else {
                Ok(Some(Value::Null))
            };
        }
        if ty.is_list() {
            let item = ty.item_type();
            return match literal {
                ast::Value::List(items) => {
                    let items = items.iter().map(|value| {
                        // A variable without a value is `null` inside a list.
                        Ok(self.literal(item, value, variables, depth + 1)?.unwrap_or(Value::Null))
                    });
                    Ok(Some(Value::Array(items.collect::<Result<_, String>>()?)))
                }
                single => {
                    let value = self.literal(item, single, variables, depth + 1)?;
                    Ok(Some(Value::Array(vec![value.unwrap_or(Value::Null)])))
                }
            };
        }
        let name = ty.inner_named_type();
        match self.schema.compiled().types.get(name) {
            Some(ExtendedType::Scalar(_)) => {
                let json = with_variables(literal, variables);
                scalar::parse(name, &json)
                    .map(Some)
                    .map_err(|reason| self.invalid(&reason))
            }
            Some(ExtendedType::Enum(definition)) => self.enum_value(definition, &literal::to_json(literal)).map(Some),
            Some(ExtendedType::InputObject(definition)) => {
                let ast::Value::Object(members) = literal else {
                    return Err(self.invalid(&format!("'{name}' must be given as an object.")));
                };
                self.literal_object(&definition.fields, members, variables, depth)
                    .and_then(|coerced| self.check_one_of(definition, &coerced).map(|()| coerced))
                    .map(|coerced| Some(Value::Object(coerced)))
            }
            _ => Err(self.invalid(&format!("'{name}' is not an input type."))),
        }
    }

    fn literal_object(
        &self,
        fields: &IndexMap<Name, Component<InputValueDefinition>>,
        members: &[(Name, Node<ast::Value>)],
        variables: &Map<String, Value>,
        depth: usize,
    ) -> Result<Map<String, Value>, String> {
        let mut coerced = Map::new();
        for (name, definition) in fields {
            let given = members
                .iter()
                .find(|(member, _)| member == name)
                .map(|(_, value)| value);
            match self.member(definition, given, variables, depth + 1)? {
                Some(value) => {
                    coerced.insert(name.to_string(), value);
                }
                None if definition.ty.is_non_null() => return Err(self.null(&definition.ty, Some(name))),
                None => {}
            }
        }
        Ok(coerced)
    }

    fn enum_value(&self, definition: &EnumType, value: &Value) -> Result<Value, String> {
        match value.as_str() {
            Some(name) if definition.values.contains_key(name) => Ok(value.clone()),
            Some(name) => {
                let reason = format!(
                    "Invalid input for Enum '{}'. No value found for name '{name}'",
                    definition.name
                );
                Err(self.invalid(&reason))
            }
            None => Err(self.invalid(&format!("Expected type 'String' but was '{}'.", scalar::kind(value)))),
        }
    }

    fn check_one_of(&self, definition: &InputObjectType, coerced: &Map<String, Value>) -> Result<(), String> {
        let one = coerced.len() == 1 && !coerced.values().any(Value::is_null);
        if one || !definition.directives.has("oneOf") {
            return Ok(());
        }
        let reason = format!(
            "Exactly one field of '{}' must be given, and not null.",
            definition.name
        );
        Err(self.invalid(&reason))
    }

    fn check_depth(&self, depth: usize) -> Result<(), String> {
        if depth <= MAX_DEPTH {
            return Ok(());
        }
        Err(self.invalid(&format!("Nested deeper than {MAX_DEPTH} levels.")))
    }

    fn null(&self, ty: &Type, field: Option<&str>) -> String {
        match (self.variable, field) {
            ("", None) => format!("null was given for the NonNull type '{ty}'"),
            ("", Some(field)) => format!("field '{field}' has no value for the NonNull type '{ty}'"),
            (variable, None) => format!("Variable '{variable}' has coerced Null value for NonNull type '{ty}'"),
            (variable, Some(field)) => {
                format!("Field '{field}' of variable '{variable}' has coerced Null value for NonNull type '{ty}'")
            }
        }
    }

    fn invalid(&self, reason: &str) -> String {
        match self.variable {
            "" => reason.to_owned(),
            variable => format!("Variable '{variable}' has an invalid value : {reason}"),
        }
    }
}

/// A custom scalar's literal may hold variables at any depth.
fn with_variables(literal: &ast::Value, variables: &Map<String, Value>) -> Value {
    match literal {
        ast::Value::Variable(name) => variables.get(name.as_str()).cloned().unwrap_or(Value::Null),
        ast::Value::List(items) => items.iter().map(|item| with_variables(item, variables)).collect(),
        ast::Value::Object(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(name, value)| (name.to_string(), with_variables(value, variables)));
            Value::Object(fields.collect())
        }
        constant => literal::to_json(constant),
    }
}
