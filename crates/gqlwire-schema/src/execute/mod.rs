//! Execution: asynchronous resolvers, siblings side by side, mutations one after the other.
//!
//! ```text
//! execute ── variables coerced ── root fields collected ──┬─ field ── arguments ── resolver ── complete ─┐
//!                                                         ├─ field …                                     │
//!                                                         └─ field …          objects and lists go back ─┘
//! ```

mod collect;
mod context;
mod error;
mod input;
mod introspect;
mod resolver;
mod root_field;
mod run;
mod selection;

use gqlwire_proto::GraphQLError;
use serde::Serialize;
use serde_json::{Map, Value};

pub(crate) use self::collect::Collector;
pub use self::context::{FieldContext, Path};
pub use self::error::FieldError;
pub use self::resolver::{BoxFuture, PropertyResolver, Resolution, Resolver};
pub use self::root_field::{RootField, payload_by_field_name, root_field};
use self::run::Run;
pub use self::selection::SelectedField;
use crate::document::ExecutableDocument;
use crate::response::ResponseValue;
use crate::schema::Schema;

/// Bounds on one execution.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ExecutionOptions {
    /// The most fields that a resolver may be run for; 10,000 by default, as on AppSync. Fields that take a member of
    /// their parent do not count. What lies beyond fails with `ResolverExecutionLimitReached`.
    pub max_resolvers: usize,
    /// The most fields of the response, of any kind, list items counted each; 1,000,000 by default.
    pub max_fields: usize,
}

impl Default for ExecutionOptions {
    fn default() -> Self {
        Self {
            max_resolvers: 10_000,
            max_fields: 1_000_000,
        }
    }
}

/// What came of an operation. Serializes as a response, `data` first and always present, as AppSync has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Execution {
    /// The data; `None` when the operation did not run at all, `null` when an error took all of it.
    pub data: Option<ResponseValue>,
    /// The errors: of the request, or of fields in the order of the document.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<GraphQLError>,
}

impl Execution {
    /// A request that is refused as a whole.
    pub fn refused(errors: Vec<GraphQLError>) -> Self {
        Self { data: None, errors }
    }

    /// As JSON text.
    pub fn to_json(&self) -> String {
        // Writing to a string cannot fail, and all keys are strings.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Runs one operation of a document with the default bounds.
///
/// `root` is the source of the root fields. For a subscription it is one event: the value of the root field itself,
/// for which the resolver is not asked; so a server executes the subscription once for each event.
///
/// Never fails as a whole: what went wrong is in [`Execution::errors`].
///
/// Dropping the future stops the execution; what resolvers have done by then stays done.
pub async fn execute(
    schema: &Schema,
    document: &ExecutableDocument,
    operation_name: Option<&str>,
    variables: &Map<String, Value>,
    root: &Value,
    resolver: &dyn Resolver,
) -> Execution {
    let options = ExecutionOptions::default();
    execute_with(schema, document, operation_name, variables, root, resolver, &options).await
}

/// [`execute`] with bounds of your own.
pub async fn execute_with(
    schema: &Schema,
    document: &ExecutableDocument,
    operation_name: Option<&str>,
    variables: &Map<String, Value>,
    root: &Value,
    resolver: &dyn Resolver,
    options: &ExecutionOptions,
) -> Execution {
    let operation = match document.operation(operation_name) {
        Ok(operation) => operation.compiled(),
        Err(error) => return Execution::refused(vec![error]),
    };
    let variables = match input::variables(schema, document.compiled(), operation, variables) {
        Ok(variables) => variables,
        Err(errors) => return Execution::refused(errors),
    };
    let run = Run::new(schema, document.compiled(), &variables, resolver, options);
    run.operation(operation, root).await
}
