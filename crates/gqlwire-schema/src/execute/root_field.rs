//! What a server needs to know of an operation's root field, beyond executing it.

use gqlwire_proto::GraphQLError;
use serde_json::{Map, Value};

use super::collect::{Collector, Nodes};
use super::input;
use crate::document::ExecutableDocument;
use crate::response::{ResponseObject, ResponseValue};
use crate::schema::Schema;

/// The root field of an operation, such as the one that a subscription has.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RootField {
    /// Name of the field in the schema.
    pub name: String,
    /// Key in the response: the alias, or the name.
    pub response_key: String,
    /// The arguments, coerced, with defaults. An argument that was omitted (or given as a variable without a value)
    /// and has no default is absent; an explicit `null` is `null`. AppSync's subscription filters tell the two apart.
    pub arguments: Map<String, Value>,
}

/// The first root field of an operation, with its arguments.
///
/// # Errors
///
/// As [`execute`](super::execute) would refuse the request: an unknown operation, variables that do not fit, or
/// no root field because every one is skipped.
pub fn root_field(
    schema: &Schema,
    document: &ExecutableDocument,
    operation_name: Option<&str>,
    variables: &Map<String, Value>,
) -> Result<RootField, Vec<GraphQLError>> {
    let operation = document
        .operation(operation_name)
        .map_err(|error| vec![error])?
        .compiled();
    let variables = input::variables(schema, document.compiled(), operation, variables)?;
    let collector = Collector {
        schema,
        document: document.compiled(),
        variables: &variables,
    };
    let groups = collector.collect(Some(operation.object_type()), [&operation.selection_set]);
    let Some((key, nodes)) = groups.first() else {
        return Err(vec![GraphQLError::new(
            "The operation selects no field: every one is skipped.",
        )]);
    };
    let arguments = input::arguments(schema, nodes[0], &variables).map_err(|reason| vec![GraphQLError::new(reason)])?;
    Ok(RootField {
        name: nodes[0].name.to_string(),
        response_key: key.to_string(),
        arguments,
    })
}

/// What a mutation publishes to subscribers: the data of one of its root fields, with aliases turned back into field
/// names, and only what the mutation selected. Each object carries its `__typename`, so that a subscription on an
/// interface or union can be executed with it.
///
/// Where two aliases select the same field, the one without an alias wins, else the first.
///
/// `None` when `data` has no such root field, or the operation is unknown.
pub fn payload_by_field_name(
    schema: &Schema,
    document: &ExecutableDocument,
    operation_name: Option<&str>,
    variables: &Map<String, Value>,
    response_key: &str,
    data: &ResponseValue,
) -> Option<Value> {
    let operation = document.operation(operation_name).ok()?.compiled();
    let variables = input::variables(schema, document.compiled(), operation, variables).ok()?;
    let collector = Collector {
        schema,
        document: document.compiled(),
        variables: &variables,
    };
    let groups = collector.collect(Some(operation.object_type()), [&operation.selection_set]);
    let (_, nodes) = groups.iter().find(|(key, _)| key.as_str() == response_key)?;
    Some(renamed(collector, nodes, data.get(response_key)?))
}

fn renamed(collector: Collector<'_>, nodes: &Nodes<'_>, value: &ResponseValue) -> Value {
    match value {
        ResponseValue::List(items) => items.iter().map(|item| renamed(collector, nodes, item)).collect(),
        ResponseValue::Object(object) => match object.type_name() {
            Some(type_name) => renamed_object(collector, nodes, object, type_name),
            // A custom scalar: its members are not fields.
            None => value.to_value(),
        },
        leaf => leaf.to_value(),
    }
}

fn renamed_object(collector: Collector<'_>, nodes: &Nodes<'_>, object: &ResponseObject, type_name: &str) -> Value {
    let groups = collector.collect(Some(type_name), nodes.iter().map(|node| &node.selection_set));
    let mut members = Map::new();
    members.insert("__typename".to_owned(), Value::from(type_name));
    for (key, nodes) in groups {
        let name = nodes[0].name.as_str();
        let taken = members.contains_key(name) && key != name;
        if let Some(value) = object.get(key).filter(|_| !taken) {
            members.insert(name.to_owned(), renamed(collector, &nodes, value));
        }
    }
    Value::Object(members)
}
