//! What the tests share.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use gqlwire_schema::{Execution, FieldContext, Resolution, Resolver, Schema, execute};
use serde_json::{Map, Value};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future to its end on this thread.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

/// A resolver made of a closure.
pub(crate) struct With<F>(pub(crate) F);

impl<F> Resolver for With<F>
where
    F: for<'a> Fn(FieldContext<'a>) -> Resolution<'a> + Send + Sync,
{
    fn resolve<'a>(&'a self, field: FieldContext<'a>) -> Resolution<'a> {
        (self.0)(field)
    }
}

/// Makes the compiler see the closure as one over every lifetime.
pub(crate) fn with<F>(resolve: F) -> With<F>
where
    F: for<'a> Fn(FieldContext<'a>) -> Resolution<'a> + Send + Sync,
{
    With(resolve)
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("not an object: {other}"),
    }
}

/// Parses and runs the only operation of a document.
pub(crate) fn run(
    schema: &Schema,
    document: &str,
    variables: Value,
    root: &Value,
    resolver: &dyn Resolver,
) -> Execution {
    let document = schema.parse(document).unwrap_or_else(|errors| panic!("{errors}"));
    block_on(execute(schema, &document, None, &object(variables), root, resolver))
}

pub(crate) const MESSAGES: &str = r#"
type Query {
  getMessage(id: ID!): Message
  listMessages(limit: Int = 10, filter: MessageFilter): [Message!]!
  search(text: String!): [Found]
  node(id: ID!): Node
  status: Status
  now(at: AWSDateTime, zone: String = "UTC"): AWSDateTime
  json(value: AWSJSON, any: Anything): AWSJSON
}

type Mutation {
  createMessage(input: CreateMessageInput!): Message @aws_api_key @aws_iam
  deleteMessage(id: ID!): Message
}

type Subscription {
  onCreateMessage(id: ID, room: String): Message @aws_subscribe(mutations: ["createMessage"])
  onDeleteMessage: Message @aws_subscribe(mutations: "deleteMessage")
}

interface Node { id: ID! }

type Message implements Node @aws_cognito_user_pools(cognito_groups: ["Users"]) {
  id: ID!
  message: String!
  createdAt: AWSDateTime
  author: Author
  tags: [String!]
  count: Int
  children(first: Int): [Message]
}

type Author implements Node { id: ID! name: String status: Status! }

union Found = Message | Author

enum Status { ACTIVE INACTIVE @deprecated(reason: "gone") }

input CreateMessageInput { id: ID, message: String!, status: Status = ACTIVE, tags: [String!], at: AWSDateTime }
input MessageFilter { room: String, nested: MessageFilter }
input Choice @oneOf { a: Int b: String }

scalar Anything
"#;

pub(crate) fn messages() -> Schema {
    Schema::from_sdl(MESSAGES).unwrap_or_else(|errors| panic!("{errors}"))
}
