//! GraphQL schemas in hand: parse, validate, print, introspect and execute, with AppSync's scalars, directives and
//! wording.
//!
//! ```
//! use gqlwire_schema::Schema;
//!
//! let schema = Schema::from_sdl(
//!     "type Query { now: AWSDateTime }
//!      type Mutation { post(text: String!): Message }
//!      type Subscription { onPost: Message @aws_subscribe(mutations: [\"post\"]) }
//!      type Message { id: ID! text: String! }",
//! )?;
//! assert!(schema.parse("subscription { onPost { id text } }").is_ok());
//!
//! let errors = schema.parse("{ nwo }").unwrap_err();
//! assert_eq!(
//!     errors.iter().next().unwrap().appsync_message(),
//!     "Validation error of type FieldUndefined: Field 'nwo' in type 'Query' is undefined @ 'nwo'",
//! );
//! # Ok::<(), gqlwire_schema::Diagnostics>(())
//! ```
//!
//! The compiler underneath is apollo-compiler; none of its types are public here.

pub mod compose;
mod convert;
mod diagnostic;
mod document;
mod execute;
mod introspection;
mod literal;
mod response;
mod scalar;
mod schema;

pub use convert::{ConversionError, Conversions};
pub use diagnostic::{Diagnostic, Diagnostics};
pub use document::tree;
pub use document::{APPSYNC_MAX_TOKENS, ExecutableDocument, Operation, ParseOptions, VariableError, VariableErrors};
pub use execute::{
    BoxFuture, Execution, ExecutionOptions, FieldContext, FieldError, Path, PropertyResolver, Resolution, Resolver,
    RootField, SelectedField, execute, execute_with, payload_by_field_name, root_field,
};
pub use introspection::{
    IntrospectionError, IntrospectionOptions, introspection_query, is_introspection_disabled, sdl_from_introspection,
};
pub use response::{ResponseObject, ResponseValue};
pub use schema::{
    ArgumentDefinition, Directive, EnumValue, FieldDefinition, OperationKind, Schema, TypeDefinition, TypeKind, TypeRef,
};
