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
mod coordinate;
mod describe;
mod diagnostic;
mod diff;
mod document;
mod execute;
mod introspection;
mod lenient;
mod lint;
mod literal;
mod response;
mod scalar;
mod schema;
mod search;
mod suggest;
mod usage;

pub use coordinate::{Coordinate, Element, InvalidCoordinate, UnknownCoordinate};
pub use describe::{ElementDescription, ElementKind, Member};
pub use diagnostic::{
    Diagnostic, Diagnostics, SarifTool, Severity, TextOptions, render_github, render_json, render_sarif, render_text,
};
pub use diff::{Change, ChangeClass, ChangeCode};
pub use document::tree;
pub use document::{APPSYNC_MAX_TOKENS, ExecutableDocument, Operation, ParseOptions, VariableError, VariableErrors};
pub use execute::{
    BoxFuture, Execution, ExecutionOptions, FieldContext, FieldError, Path, PropertyResolver, Resolution, Resolver,
    RootField, SelectedField, execute, execute_with, payload_by_field_name, root_field,
};
pub use introspection::{
    IntrospectionError, IntrospectionOptions, introspection_query, is_introspection_disabled, sdl_from_introspection,
};
pub use lint::{LintOptions, LintRule};
pub use response::{ResponseObject, ResponseValue};
pub use schema::{
    ArgumentDefinition, Directive, DirectiveDefinition, EnumValue, FieldDefinition, OperationKind, Schema,
    TypeDefinition, TypeKind, TypeRef,
};
pub use search::SearchHit;
pub use suggest::did_you_mean;
pub use usage::{CheckReport, SourceFile};
