//! What is served: a schema, what its fields answer, and which mutations its subscriptions listen to.

mod conventions;
mod filter;
mod triggers;
mod watched;

use std::fmt;
use std::sync::Arc;

use gqlwire_proto::GraphQLError;
use gqlwire_schema::{
    APPSYNC_MAX_TOKENS, Diagnostics, ExecutableDocument, Execution, ExecutionOptions, ParseOptions, PropertyResolver,
    Resolver, Schema, payload_by_field_name, root_field,
};
use serde_json::{Map, Value};

pub(crate) use gqlwire_schema::OperationKind;

use self::conventions::Conventions;
use self::triggers::Triggers;
use self::watched::Watched;
use crate::http::GraphQLRequest;
use crate::limits::Limits;
use crate::store::{MemoryStore, Store};

const MESSAGES: &str = include_str!("messages.graphql");

/// An API to serve.
pub struct Api {
    schema: Schema,
    resolver: Arc<dyn Resolver>,
    triggers: Triggers,
    warnings: Vec<String>,
}

impl Api {
    /// The built-in API: messages that are created, updated, deleted, got, listed and subscribed to.
    ///
    #[doc = "```graphql"]
    #[doc = include_str!("messages.graphql")]
    #[doc = "```"]
    pub fn messages() -> Self {
        Self::from_sdl(MESSAGES).expect("the built-in schema is valid, as a test shows")
    }

    /// The API that a schema describes, with resolvers by convention over a store in memory.
    ///
    /// AppSync's scalars and directives need no declaration. What each root field does follows from its name and type:
    ///
    /// - a mutation `create…`, `update…` or `delete…` that returns an object type with an `id` keeps items of that type,
    ///   from its arguments or the fields of its `input`; `id`, `createdAt` and `updatedAt` are generated;
    /// - a query with an `id` argument gets one of them; a query that returns a list of the type, or an object with
    ///   `items` and `nextToken`, lists them (`limit`, `nextToken`, and arguments named like fields, which must be equal);
    /// - any other mutation answers with its own arguments in the shape of its type, and keeps nothing;
    /// - any other query is null, and every nested field is the member of that name in its parent.
    ///
    /// # Errors
    ///
    /// When the text is not a valid schema.
    pub fn from_sdl(sdl: &str) -> Result<Self, Diagnostics> {
        Schema::from_sdl(sdl).map(Self::from_schema)
    }

    /// The same, for a schema that was read already.
    pub fn from_schema(schema: Schema) -> Self {
        let (triggers, warnings) = Triggers::of(&schema);
        let resolver = Arc::new(Conventions::new(&schema, Arc::new(MemoryStore::default())));
        Self {
            schema,
            resolver,
            triggers,
            warnings,
        }
    }

    /// Keeps the items somewhere else than in memory. Replaces the resolver.
    #[must_use]
    pub fn with_store(mut self, store: impl Store) -> Self {
        self.resolver = Arc::new(Conventions::new(&self.schema, Arc::new(store)));
        self
    }

    /// Answers fields with this resolver instead of by convention.
    #[must_use]
    pub fn with_resolver(mut self, resolver: impl Resolver + 'static) -> Self {
        self.resolver = Arc::new(resolver);
        self
    }

    /// The schema.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// What is odd about the schema, for a person to read.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Reads and validates a request.
    pub(crate) fn prepare(&self, request: GraphQLRequest) -> Result<Prepared, Refused> {
        let mut options = ParseOptions::default();
        options.max_tokens = APPSYNC_MAX_TOKENS;
        let document = self
            .schema
            .parse_with(&request.query, &options)
            .map_err(|found| Refused {
                several_root_fields: found.iter().any(|diagnostic| diagnostic.rule() == SEVERAL_ROOT_FIELDS),
                errors: found.to_appsync_errors(),
            })?;
        let operation = document.operation(request.operation_name.as_deref());
        let kind = operation.map_err(|error| Refused::from(vec![error]))?.kind();
        Ok(Prepared {
            document,
            operation_name: request.operation_name,
            variables: request.variables.unwrap_or_default(),
            kind,
        })
    }

    /// Runs a query or mutation.
    pub(crate) async fn execute(&self, prepared: &Prepared, limits: &Limits) -> Executed {
        let mutation = self.schema.root_type(OperationKind::Mutation);
        let resolver = Watched::new(&*self.resolver, mutation, limits.response_bytes);
        let execution = prepared.run(&self.schema, &Value::Null, &resolver, limits).await;
        Executed {
            execution,
            mutated: resolver.into_mutated(),
        }
    }

    /// What a mutation has to tell subscribers: the subscription field, and the value for it, which holds what the
    /// mutation selected, by the names of the fields. A root field that answered null tells nothing.
    pub(crate) fn events(&self, prepared: &Prepared, executed: &Executed) -> Vec<(&str, Value)> {
        let Some(data) = &executed.execution.data else {
            return Vec::new();
        };
        let name = prepared.operation_name.as_deref();
        let Prepared {
            document, variables, ..
        } = prepared;
        let mut events = Vec::new();
        for (key, mutation) in &executed.mutated {
            let fired = self.triggers.fired_by(mutation);
            if fired.is_empty() {
                continue;
            }
            let payload = payload_by_field_name(&self.schema, document, name, variables, key, data);
            if let Some(payload) = payload.filter(|payload| !payload.is_null()) {
                events.extend(fired.iter().map(|field| (field.as_str(), payload.clone())));
            }
        }
        events
    }

    /// What a subscription listens to. `source` is the text of the request.
    pub(crate) fn listen(&self, prepared: Prepared, source: String) -> Result<Listening, Refused> {
        let name = prepared.operation_name.as_deref();
        let root = root_field(&self.schema, &prepared.document, name, &prepared.variables)?;
        Ok(Listening {
            prepared,
            field: root.name,
            arguments: root.arguments,
            source,
        })
    }

    /// What a subscriber gets of an event; `None` if that is too much.
    pub(crate) async fn event(&self, listening: &Listening, payload: &Value, limits: &Limits) -> Option<Execution> {
        let resolver = Watched::new(&PropertyResolver, None, limits.response_bytes);
        let execution = listening.prepared.run(&self.schema, payload, &resolver, limits).await;
        (!resolver.is_exceeded()).then_some(execution)
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("triggers", &self.triggers)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}

/// The rule of the specification that a subscription has one root field, by the validator's name for it.
const SEVERAL_ROOT_FIELDS: &str = "SubscriptionUsesMultipleFields";

/// An operation that may run.
#[derive(Debug)]
pub(crate) struct Prepared {
    document: ExecutableDocument,
    operation_name: Option<String>,
    variables: Map<String, Value>,
    kind: OperationKind,
}

impl Prepared {
    pub(crate) fn kind(&self) -> OperationKind {
        self.kind
    }

    async fn run(&self, schema: &Schema, root: &Value, resolver: &dyn Resolver, limits: &Limits) -> Execution {
        let mut options = ExecutionOptions::default();
        options.max_resolvers = limits.resolvers;
        options.max_fields = limits.fields;
        let name = self.operation_name.as_deref();
        let Self {
            document, variables, ..
        } = self;
        gqlwire_schema::execute_with(schema, document, name, variables, root, resolver, &options).await
    }
}

/// A request that does not run.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) errors: Vec<GraphQLError>,
    /// Whether it is a subscription to more than one field, which AppSync has its own word for.
    pub(crate) several_root_fields: bool,
}

impl Refused {
    pub(crate) fn into_json(self) -> String {
        Execution::refused(self.errors).to_json()
    }
}

impl From<Vec<GraphQLError>> for Refused {
    fn from(errors: Vec<GraphQLError>) -> Self {
        Self {
            errors,
            several_root_fields: false,
        }
    }
}

/// A subscription that may be registered.
#[derive(Debug)]
pub(crate) struct Listening {
    prepared: Prepared,
    field: String,
    arguments: Map<String, Value>,
    source: String,
}

impl Listening {
    /// The subscription field.
    pub(crate) fn field(&self) -> &str {
        &self.field
    }

    /// The text of the whole request: two subscriptions of the same text get the same events.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Whether an event passes the subscription's arguments.
    pub(crate) fn wants(&self, payload: &Value) -> bool {
        filter::passes(&self.arguments, payload)
    }
}

/// What an operation answered, and which root fields of a mutation did: response key and field name.
#[derive(Debug)]
pub(crate) struct Executed {
    pub(crate) execution: Execution,
    mutated: Vec<(String, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_schema_is_valid_and_complete() {
        let api = Api::messages();
        assert!(api.warnings().is_empty(), "{:?}", api.warnings());
        assert_eq!(api.triggers.fired_by("createMessage"), ["onCreateMessage"]);
    }
}
