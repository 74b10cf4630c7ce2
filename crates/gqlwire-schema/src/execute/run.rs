//! One execution of one operation.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use apollo_compiler::ast::Type;
use apollo_compiler::executable::{ExecutableDocument, Field, Operation, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node};
use futures_util::future::join_all;
use gqlwire_proto::GraphQLError;
use serde_json::{Map, Value};

use super::collect::{Collector, Groups, Nodes};
use super::context::{FieldContext, Path, Step};
use super::resolver::{BoxFuture, Resolution, Resolver};
use super::{Execution, ExecutionOptions, FieldError, input, introspect};
use crate::response::{ResponseObject, ResponseValue};
use crate::scalar;
use crate::schema::{OperationKind, Schema};

pub(super) struct Run<'a> {
    pub(super) schema: &'a Schema,
    pub(super) document: &'a ExecutableDocument,
    pub(super) variables: &'a Map<String, Value>,
    resolver: &'a dyn Resolver,
    options: &'a ExecutionOptions,
    resolvers: AtomicUsize,
    fields: AtomicUsize,
    /// What a field without arguments gets.
    no_arguments: Map<String, Value>,
    /// Errors of fields that got a value all the same.
    appended: Mutex<Vec<GraphQLError>>,
}

/// A value and the errors below it, in the order of the document. A value that is `null` and came with errors is
/// `null` because of them.
pub(super) struct Completed {
    pub(super) value: ResponseValue,
    pub(super) errors: Vec<GraphQLError>,
}

impl Completed {
    fn value(value: ResponseValue) -> Self {
        Self {
            value,
            errors: Vec::new(),
        }
    }

    fn error(error: GraphQLError) -> Self {
        Self {
            value: ResponseValue::Null,
            errors: vec![error],
        }
    }
}

/// Most fields take a leaf out of their parent's value: those are done at once, without a future.
enum Started<'s> {
    Done(Completed),
    Pending(BoxFuture<'s, Completed>),
}

impl<'s> Started<'s> {
    async fn finish(self) -> Completed {
        match self {
            Self::Done(completed) => completed,
            Self::Pending(future) => future.await,
        }
    }

    fn into_pending(self) -> (Option<Completed>, Option<BoxFuture<'s, Completed>>) {
        match self {
            Self::Done(completed) => (Some(completed), None),
            Self::Pending(future) => (None, Some(future)),
        }
    }
}

impl<'a> Run<'a> {
    pub(super) fn new(
        schema: &'a Schema,
        document: &'a ExecutableDocument,
        variables: &'a Map<String, Value>,
        resolver: &'a dyn Resolver,
        options: &'a ExecutionOptions,
    ) -> Self {
        Self {
            schema,
            document,
            variables,
            resolver,
            options,
            resolvers: AtomicUsize::new(0),
            fields: AtomicUsize::new(0),
            no_arguments: Map::new(),
            appended: Mutex::new(Vec::new()),
        }
    }

    pub(super) async fn operation(&self, operation: &Operation, root: &Value) -> Execution {
        let kind = OperationKind::of(operation.operation_type);
        let ty = operation.object_type();
        let groups = self.collector().collect(Some(ty), [&operation.selection_set]);
        let Completed { value, mut errors } = match kind {
            OperationKind::Mutation => self.serial(ty, &groups, root).await,
            OperationKind::Subscription => self.event(ty, &groups, root).await,
            OperationKind::Query => self.object(ty, groups, root, None).await,
        };
        let mut appended = match self.appended.lock() {
            Ok(mut appended) => std::mem::take(&mut *appended),
            Err(poisoned) => std::mem::take(&mut *poisoned.into_inner()),
        };
        errors.append(&mut appended);
        Execution {
            data: Some(value),
            errors,
        }
    }

    pub(super) fn collector(&self) -> Collector<'_> {
        Collector {
            schema: self.schema,
            document: self.document,
            variables: self.variables,
        }
    }

    pub(super) fn append(&self, error: GraphQLError) {
        match self.appended.lock() {
            Ok(mut appended) => appended.push(error),
            Err(poisoned) => poisoned.into_inner().push(error),
        }
    }

    /// Counts one field of the response; `false` when there are too many.
    pub(super) fn count_field(&self) -> bool {
        self.fields.fetch_add(1, Ordering::Relaxed) < self.options.max_fields
    }

    /// The root fields of a mutation: each is done, with all below it, before the next begins.
    async fn serial(&self, ty: &Name, groups: &Groups<'_>, root: &Value) -> Completed {
        let mut results = Vec::with_capacity(groups.len());
        for nodes in groups.values() {
            results.push(self.field(ty, nodes, root, None).finish().await);
        }
        gather(ty, groups, results)
    }

    /// The root field of a subscription: the event is its value.
    async fn event(&self, ty: &Name, groups: &Groups<'_>, event: &Value) -> Completed {
        let mut results = Vec::with_capacity(groups.len());
        for (key, nodes) in groups {
            let path = Path {
                parent: None,
                step: Step::Key(key.as_str()),
            };
            let field_type = nodes[0].ty();
            results.push(self.complete(field_type, nodes, ty, event, path).finish().await);
        }
        gather(ty, groups, results)
    }

    /// All fields of an object, side by side.
    fn object<'s>(
        &'s self,
        ty: &'s Name,
        groups: Groups<'s>,
        source: &'s Value,
        parent: Option<Path<'s>>,
    ) -> BoxFuture<'s, Completed> {
        Box::pin(async move {
            let started = groups
                .values()
                .map(|nodes| self.field(ty, nodes, source, parent.as_ref()));
            let results = finish_all(started).await;
            gather(ty, &groups, results)
        })
    }

    fn field<'s>(
        &'s self,
        parent_type: &'s Name,
        nodes: &'s Nodes<'s>,
        source: &'s Value,
        parent: Option<&'s Path<'s>>,
    ) -> Started<'s> {
        let field = nodes[0];
        let path = Path {
            parent,
            step: Step::Key(field.response_key().as_str()),
        };
        if !self.count_field() {
            return self.too_many_fields(nodes, path);
        }
        match field.name.as_str() {
            "__typename" => return Started::Done(Completed::value(ResponseValue::String(parent_type.to_string()))),
            "__schema" | "__type" => return Started::Done(introspect::root(self, nodes, path)),
            _ => {}
        }
        if !field.definition.arguments.is_empty() {
            return Started::Pending(Box::pin(async move {
                let arguments = match input::arguments(self.schema, field, self.variables) {
                    Ok(arguments) => arguments,
                    Err(reason) => {
                        let error = FieldError::new(reason);
                        return Completed::error(self.field_error(nodes, path, error));
                    }
                };
                self.resolve(parent_type, nodes, source, &arguments, path)
                    .finish()
                    .await
            }));
        }
        self.resolve(parent_type, nodes, source, &self.no_arguments, path)
    }

    fn resolve<'s>(
        &'s self,
        parent_type: &'s Name,
        nodes: &'s Nodes<'s>,
        source: &'s Value,
        arguments: &'s Map<String, Value>,
        path: Path<'s>,
    ) -> Started<'s> {
        let field = nodes[0];
        let context = FieldContext {
            parent_type: parent_type.as_str(),
            field_name: field.name.as_str(),
            response_key: field.response_key().as_str(),
            source,
            arguments,
            variables: self.variables,
            path,
            run: self,
            nodes,
        };
        let resolution = self.resolver.resolve(context);
        if matches!(resolution, Resolution::Property) {
            return self.complete(field.ty(), nodes, parent_type, context.property(), path);
        }
        if self.resolvers.fetch_add(1, Ordering::Relaxed) >= self.options.max_resolvers {
            let error = FieldError::new(format!("more than {} resolvers to run", self.options.max_resolvers))
                .with_type("ResolverExecutionLimitReached");
            return Started::Done(Completed::error(self.field_error(nodes, path, error)));
        }
        Started::Pending(Box::pin(async move {
            let result = match resolution {
                Resolution::Ready(result) => result,
                Resolution::Pending(future) => future.await,
                Resolution::Property => Ok(context.property().clone()),
            };
            match result {
                Ok(value) => {
                    self.complete(field.ty(), nodes, parent_type, &value, path)
                        .finish()
                        .await
                }
                Err(error) => Completed::error(self.field_error(nodes, path, error)),
            }
        }))
    }

    /// Turns a resolver's value into the response's, by the field's type.
    fn complete<'s>(
        &'s self,
        ty: &'s Type,
        nodes: &'s Nodes<'s>,
        parent_type: &'s Name,
        value: &'s Value,
        path: Path<'s>,
    ) -> Started<'s> {
        if value.is_null() {
            return Started::Done(match ty.is_non_null() {
                true => Completed::error(self.null_error(ty, parent_type, path)),
                false => Completed::value(ResponseValue::Null),
            });
        }
        if ty.is_list() {
            return self.list(ty, nodes, parent_type, value, path);
        }
        let name = ty.inner_named_type();
        match self.schema.compiled().types.get(name) {
            Some(ExtendedType::Scalar(_)) => Started::Done(match scalar::serialize(name, value) {
                Ok(Value::Null) if ty.is_non_null() => Completed::error(self.null_error(ty, parent_type, path)),
                Ok(value) => Completed::value(value.into()),
                Err(reason) => self.cannot("serialize", &reason, nodes, path),
            }),
            Some(ExtendedType::Enum(definition)) => Started::Done(match value.as_str() {
                Some(text) if definition.values.contains_key(text) => {
                    Completed::value(ResponseValue::String(text.to_owned()))
                }
                _ => {
                    let reason = format!("Invalid input for Enum '{name}'. Unknown value {value}");
                    self.cannot("serialize", &reason, nodes, path)
                }
            }),
            Some(ExtendedType::Object(definition)) => self.select(&definition.name, nodes, value, path),
            Some(ExtendedType::Interface(_) | ExtendedType::Union(_)) => match self.concrete_type(name, value) {
                Some(concrete) => self.select(concrete, nodes, value, path),
                None => {
                    let error = FieldError::new(format!(
                        "Abstract type '{name}' must resolve to an Object type at runtime for field \
                             '{parent_type}.{}'. Could not determine the exact type of '{name}': the value needs a \
                             '__typename' that names one of its types",
                        nodes[0].name
                    ));
                    Started::Done(Completed::error(self.field_error(nodes, path, error)))
                }
            },
            _ => self.type_mismatch(name, value, nodes, path),
        }
    }

    fn list<'s>(
        &'s self,
        ty: &'s Type,
        nodes: &'s Nodes<'s>,
        parent_type: &'s Name,
        value: &'s Value,
        path: Path<'s>,
    ) -> Started<'s> {
        let Value::Array(items) = value else {
            return self.type_mismatch("LIST", value, nodes, path);
        };
        let item_type = ty.item_type();
        // The items' paths point at the list's, so that has to stay where it is.
        Started::Pending(Box::pin(async move {
            let started = items.iter().enumerate().map(|(index, item)| {
                if !self.count_field() {
                    return self.too_many_fields(nodes, path);
                }
                let path = Path {
                    parent: Some(&path),
                    step: Step::Index(index),
                };
                self.complete(item_type, nodes, parent_type, item, path)
            });
            let results = finish_all(started).await;
            let mut values = Vec::with_capacity(results.len());
            let mut errors = Vec::new();
            let mut failed = false;
            for mut item in results {
                failed |= item.value.is_null() && item_type.is_non_null();
                errors.append(&mut item.errors);
                values.push(item.value);
            }
            let value = if failed {
                ResponseValue::Null
            } else {
                ResponseValue::List(values)
            };
            Completed { value, errors }
        }))
    }

    fn select<'s>(&'s self, ty: &'s Name, nodes: &'s Nodes<'s>, value: &'s Value, path: Path<'s>) -> Started<'s> {
        if !value.is_object() {
            return self.type_mismatch("OBJECT", value, nodes, path);
        }
        let sets = nodes.iter().map(|node| -> &'s SelectionSet { &node.selection_set });
        let groups = self.collector().collect(Some(ty), sets);
        Started::Pending(self.object(ty, groups, value, Some(path)))
    }

    /// The object type that the value names in `__typename`, or the only one that it can have.
    fn concrete_type(&self, abstract_type: &str, value: &Value) -> Option<&Name> {
        let definition = match value.get("__typename").and_then(Value::as_str) {
            Some(name) if self.schema.is_possible_type(abstract_type, name) => {
                self.schema.compiled().types.get(name)?
            }
            Some(_) => return None,
            None => {
                let possible = self.schema.type_named(abstract_type)?.possible_types();
                let [only] = possible[..] else { return None };
                self.schema.compiled().types.get(only)?
            }
        };
        definition.as_object().map(|object| &object.name)
    }

    /// An entry of `errors` for a field, with AppSync's members.
    pub(super) fn field_error(&self, nodes: &[&Node<Field>], path: Path<'_>, error: FieldError) -> GraphQLError {
        let mut entry = GraphQLError::new(error.message).with_path(path.segments());
        entry
            .locations
            .extend(nodes.first().and_then(|node| input::location(self.document, node)));
        let data = error.data.map_or(Value::Null, |data| self.selected(nodes, data));
        entry.other.insert("data".to_owned(), data);
        entry
            .other
            .insert("errorInfo".to_owned(), error.error_info.unwrap_or_default());
        entry.other.insert("errorType".to_owned(), error.error_type.into());
        entry
    }

    /// The part of an error's data that the client selected.
    fn selected(&self, nodes: &[&Node<Field>], data: Value) -> Value {
        match data {
            Value::Array(items) => items.into_iter().map(|item| self.selected(nodes, item)).collect(),
            Value::Object(mut members) => {
                let groups = self
                    .collector()
                    .collect(None, nodes.iter().map(|node| &node.selection_set));
                if groups.is_empty() {
                    return Value::Object(members);
                }
                let mut selected = Map::new();
                for (key, nodes) in groups {
                    let value = members.get_mut(nodes[0].name.as_str()).map(|value| value.clone());
                    selected.insert(key.to_string(), self.selected(&nodes, value.unwrap_or_default()));
                }
                Value::Object(selected)
            }
            leaf => leaf,
        }
    }

    fn too_many_fields<'s>(&'s self, nodes: &Nodes<'_>, path: Path<'_>) -> Started<'s> {
        let reason = format!("the response has more than {} fields", self.options.max_fields);
        let error = FieldError::new(reason).with_type("ResponseLimitReached");
        Started::Done(Completed::error(self.field_error(nodes, path, error)))
    }

    /// AppSync's words for a null where the schema has none; such an entry has a path and nothing else.
    fn null_error(&self, ty: &Type, parent_type: &str, path: Path<'_>) -> GraphQLError {
        let nullable = ty.clone().nullable();
        GraphQLError::new(format!(
            "Cannot return null for non-nullable type: '{nullable}' within parent '{parent_type}' ({path})"
        ))
        .with_path(path.segments())
    }

    fn cannot(&self, verb: &str, reason: &str, nodes: &Nodes<'_>, path: Path<'_>) -> Completed {
        let error = FieldError::new(format!("Can't {verb} value ({path}) : {reason}"));
        Completed::error(self.field_error(nodes, path, error))
    }

    fn type_mismatch<'s>(&'s self, expected: &str, value: &Value, nodes: &Nodes<'_>, path: Path<'_>) -> Started<'s> {
        let found = scalar::kind(value);
        let reason = format!("type mismatch error, expected type {expected} got {found}");
        Started::Done(self.cannot("resolve", &reason, nodes, path))
    }
}

/// Waits for all that is pending, together, and gives the results in order.
async fn finish_all<'s>(started: impl Iterator<Item = Started<'s>>) -> Vec<Completed> {
    let (mut results, futures): (Vec<_>, Vec<_>) = started.map(Started::into_pending).unzip();
    let mut finished = join_all(futures.into_iter().flatten()).await.into_iter();
    for slot in results.iter_mut().filter(|slot| slot.is_none()) {
        *slot = finished.next();
    }
    results.into_iter().flatten().collect()
}

/// An object out of its fields; `null` when a field that must not be null is.
fn gather(ty: &Name, groups: &Groups<'_>, results: Vec<Completed>) -> Completed {
    let mut fields = Vec::with_capacity(results.len());
    let mut errors = Vec::new();
    let mut failed = false;
    for ((key, nodes), mut result) in groups.iter().zip(results) {
        failed |= result.value.is_null() && nodes[0].ty().is_non_null();
        errors.append(&mut result.errors);
        fields.push(((*key).clone(), result.value));
    }
    let value = match failed {
        true => ResponseValue::Null,
        false => ResponseValue::Object(ResponseObject::new(Some(ty.clone()), fields)),
    };
    Completed { value, errors }
}
