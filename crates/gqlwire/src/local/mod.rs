//! A schema executed in this process, as what a client talks to: for tests without a server, and for programs that
//! answer GraphQL themselves. With the feature `schema`.
//!
//! ```
//! use futures_util::{StreamExt, stream};
//! use gqlwire::local::{LocalTransport, Resolvers};
//! use gqlwire::schema::Schema;
//! use gqlwire::{Client, Request};
//! use serde_json::{Value, json};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let schema = Schema::from_sdl(
//!     "type Query { greeting(name: String = \"world\"): String! }
//!      type Subscription { countdown(from: Int!): Int! }",
//! )?;
//! let resolvers = Resolvers::new().field("Query", "greeting", |field| async move {
//!     let name = field.arguments["name"].as_str().unwrap_or_default().to_owned();
//!     Ok(json!(format!("Hello, {name}!")))
//! });
//! let transport = LocalTransport::new(schema, resolvers).subscription("countdown", |started| {
//!     let from = started.arguments["from"].as_i64().unwrap_or_default();
//!     stream::iter((0..=from).rev()).map(|number| Ok(json!(number)))
//! });
//! let client = Client::with_transport(transport);
//!
//! let greeting = client.execute("{ greeting(name: \"you\") }").await?.into_data()?;
//! assert_eq!(greeting, json!({"greeting": "Hello, you!"}));
//!
//! let countdown = Request::<Value>::new("subscription($n: Int!) { countdown(from: $n) }").variable("n", 2);
//! let numbers: Vec<_> = client.subscribe(countdown).await?.data().collect().await;
//! assert_eq!(numbers.len(), 3);
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(example()).unwrap();
//! ```

mod resolvers;
mod source;

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::Stream;
use futures_util::future::BoxFuture;
use gqlwire_proto::scan::OperationKind;
use gqlwire_schema::{
    ExecutableDocument, Execution, ExecutionOptions, Resolver, RootField, Schema, execute_with, root_field,
};
use http::HeaderMap;
use serde_json::{Map, Value};
use tokio::sync::watch;

pub use self::resolvers::{Field, Resolvers};
use self::source::LocalSource;
use crate::documents::{Documents, Wire};
use crate::error::summary;
use crate::transport::{EventSource, RawRequest, RawResponse, Transport};
use crate::{Error, ErrorKind, GraphQLError};

/// Executes requests against a schema, in this process.
///
/// Each document is validated, each variable coerced, and siblings are resolved side by side, as a server does it. What
/// is wrong with a request is in the errors of its answer.
pub struct LocalTransport {
    engine: Engine,
    sources: HashMap<String, Source>,
    /// Its value is of no meaning: a change ends every subscription.
    closing: watch::Sender<()>,
}

/// A subscription that is about to start.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SubscriptionContext {
    /// Name of the root field in the schema.
    pub field_name: String,
    /// Its arguments, coerced, with defaults. One that was left out and has no default is absent; one that was given as
    /// `null` is `null`.
    pub arguments: Map<String, Value>,
    /// The headers of this call.
    pub headers: HeaderMap,
}

type Events = Pin<Box<dyn Stream<Item = Result<Value, Error>> + Send>>;
type Source = Arc<dyn Fn(SubscriptionContext) -> Events + Send + Sync>;

impl LocalTransport {
    /// A transport over a schema, whose fields get their values from a resolver: [`Resolvers`], or one of your own.
    pub fn new(schema: Schema, resolver: impl Resolver + 'static) -> Self {
        Self {
            engine: Engine {
                documents: Arc::new(Documents::new(schema)),
                resolver: Arc::new(resolver),
                options: ExecutionOptions::default(),
            },
            sources: HashMap::new(),
            closing: watch::Sender::new(()),
        }
    }

    /// Gives a field of the subscription type its events: what this returns for a subscription yields the value of the
    /// root field, one for each event, and the selection is executed with it.
    ///
    /// The stream's end completes the subscription, and an error ends it with that error. It is dropped when the
    /// subscription is. What a stream yields is taken as fast as the subscriber reads, and no faster.
    #[must_use]
    pub fn subscription<F, S>(mut self, field: impl Into<String>, start: F) -> Self
    where
        F: Fn(SubscriptionContext) -> S + Send + Sync + 'static,
        S: Stream<Item = Result<Value, Error>> + Send + 'static,
    {
        let source: Source = Arc::new(move |context| Box::pin(start(context)));
        self.sources.insert(field.into(), source);
        self
    }

    /// How much one execution may do.
    #[must_use]
    pub fn limits(mut self, options: ExecutionOptions) -> Self {
        self.engine.options = options;
        self
    }

    fn start(&self, request: &RawRequest) -> Result<LocalSource, Error> {
        if request.kind() != OperationKind::Subscription {
            return Err(Error::request(format!(
                "this is a {}, not a subscription: use `execute`",
                request.kind()
            )));
        }
        let prepared = self.engine.prepare(request)?.map_err(refused)?;
        let RootField { name, arguments, .. } = prepared.root_field(self.engine.schema()).map_err(refused)?;
        let Some(source) = self.sources.get(&name) else {
            return Err(Error::request(format!(
                "the local schema has no events for the field {name}: give it some with `LocalTransport::subscription`"
            )));
        };
        let events = source(SubscriptionContext {
            field_name: name,
            arguments,
            headers: request.headers().clone(),
        });
        let catch_up = request.catch_up().cloned().map(|query| {
            let engine = self.engine.clone();
            Box::pin(async move { engine.execute(&query).await }) as BoxFuture<'static, _>
        });
        let engine = self.engine.clone();
        Ok(LocalSource::new(engine, prepared, events, catch_up, &self.closing))
    }
}

impl Transport for LocalTransport {
    fn execute<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<RawResponse, Error>> {
        Box::pin(async move {
            if request.kind() == OperationKind::Subscription {
                return Err(Error::request("this is a subscription: use `subscribe`"));
            }
            self.engine.execute(request).await.map(RawResponse::new)
        })
    }

    fn subscribe(&self, request: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>> {
        Box::pin(async move { Ok(Box::new(self.start(&request)?) as Box<dyn EventSource>) })
    }

    /// The stream of events is begun before the query runs, and what it yields first waits for the answer.
    fn catches_up(&self) -> bool {
        true
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.closing.send_replace(());
        Box::pin(async {})
    }
}

impl fmt::Debug for LocalTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalTransport")
            .field("documents", &self.engine.documents)
            .field("subscriptions", &self.sources.keys())
            .finish_non_exhaustive()
    }
}

/// What executes.
#[derive(Clone)]
struct Engine {
    documents: Arc<Documents>,
    resolver: Arc<dyn Resolver>,
    options: ExecutionOptions,
}

/// A request that may run.
struct Prepared {
    document: ExecutableDocument,
    operation_name: Option<String>,
    variables: Map<String, Value>,
}

impl Engine {
    fn schema(&self) -> &Schema {
        self.documents.schema()
    }

    fn prepare(&self, request: &RawRequest) -> Result<Result<Prepared, Vec<GraphQLError>>, Error> {
        let wire = Wire::read(request)?;
        Ok(match self.documents.check(&wire.query) {
            Err(diagnostics) => Err(diagnostics.to_graphql_errors()),
            Ok(document) => Ok(Prepared {
                document,
                operation_name: wire.operation_name.map(Into::into),
                variables: wire.variables.unwrap_or_default(),
            }),
        })
    }

    async fn execute(&self, request: &RawRequest) -> Result<String, Error> {
        let execution = match self.prepare(request)? {
            Ok(prepared) => self.run(&prepared, &Value::Null).await,
            Err(errors) => Execution::refused(errors),
        };
        Ok(execution.to_json())
    }

    async fn run(&self, prepared: &Prepared, root: &Value) -> Execution {
        execute_with(
            self.schema(),
            &prepared.document,
            prepared.operation_name.as_deref(),
            &prepared.variables,
            root,
            &*self.resolver,
            &self.options,
        )
        .await
    }
}

impl Prepared {
    fn root_field(&self, schema: &Schema) -> Result<RootField, Vec<GraphQLError>> {
        root_field(schema, &self.document, self.operation_name.as_deref(), &self.variables)
    }
}

fn refused(errors: Vec<GraphQLError>) -> Error {
    let said = summary(&errors, "without saying why");
    Error::new(ErrorKind::GraphQL, format!("the subscription was refused: {said}")).with_errors(errors)
}
