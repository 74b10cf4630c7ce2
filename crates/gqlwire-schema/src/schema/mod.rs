//! A schema in hand, with what AppSync knows without being told.

mod access;
mod build;
mod directives;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::collections::{HashMap, HashSet};
use apollo_compiler::schema::Implementers;
use apollo_compiler::validation::Valid;
use serde_json::Value;

pub use self::access::{
    ArgumentDefinition, Directive, EnumValue, FieldDefinition, OperationKind, TypeDefinition, TypeKind, TypeRef,
};
pub(crate) use self::build::{PRELUDE_NAMES, PRELUDE_PATH};
pub use self::directives::DirectiveDefinition;
pub(crate) use self::directives::deprecation_reason;
use crate::diagnostic::Diagnostics;
use crate::document::{ExecutableDocument, ParseOptions};
use crate::introspection::{IntrospectionError, sdl_from_introspection};

/// A valid GraphQL schema. Cloning is cheap: the clones share one schema.
///
/// AppSync's scalars (`AWSDateTime`, `AWSJSON`, …) and directives (`@aws_subscribe`, `@aws_iam`, …) are known
/// without being declared; a schema that declares them itself is accepted too, and its declarations win.
#[derive(Clone)]
pub struct Schema {
    inner: Arc<Inner>,
}

struct Inner {
    schema: Valid<apollo_compiler::Schema>,
    implementers: HashMap<Name, Implementers>,
    /// Names that came from AppSync's prelude, which printing leaves out again.
    prelude: HashSet<Name>,
}

impl Schema {
    /// Reads a schema in GraphQL's schema definition language.
    ///
    /// # Errors
    ///
    /// Every syntax error and every broken rule of the type system, each with its place.
    pub fn from_sdl(sdl: &str) -> Result<Self, Diagnostics> {
        build::from_sdl(sdl).map(Self::from_built)
    }

    /// Tolerates errors of these names too, and gives those that it met.
    pub(crate) fn from_sdl_tolerating(
        sdl: &str,
        tolerated: &[&str],
    ) -> Result<(Self, Option<Diagnostics>), Diagnostics> {
        let (built, met) = build::from_sdl_tolerating(sdl, tolerated)?;
        Ok((Self::from_built(built), met))
    }

    fn from_built(built: build::Built) -> Self {
        let implementers = built.schema.implementers_map();
        Self {
            inner: Arc::new(Inner {
                schema: built.schema,
                implementers,
                prelude: built.prelude,
            }),
        }
    }

    /// Reads a schema from an introspection result: a whole response, its `data`, or the bare `__schema` object.
    ///
    /// Applied directives are not part of an introspection result, so `@aws_subscribe` and the authorization
    /// directives are not known in such a schema.
    ///
    /// # Errors
    ///
    /// When the JSON is not an introspection result, or when the schema that it describes is not valid.
    pub fn from_introspection(introspection: &Value) -> Result<Self, IntrospectionError> {
        let sdl = sdl_from_introspection(introspection)?;
        Self::from_sdl(&sdl).map_err(IntrospectionError::InvalidSchema)
    }

    /// Prints the schema as SDL: types in the order of their declaration, applied directives kept, AppSync's
    /// undeclared scalars and directives left out again.
    ///
    /// Parsing the result gives an equal schema, and printing that gives the same text.
    pub fn to_sdl(&self) -> String {
        build::to_sdl(&self.inner.schema, &self.inner.prelude)
    }

    /// Parses an executable document and checks every validation rule, with the default limits.
    ///
    /// # Errors
    ///
    /// All errors that were found, in document order.
    pub fn parse(&self, document: &str) -> Result<ExecutableDocument, Diagnostics> {
        self.parse_with(document, &ParseOptions::default())
    }

    /// [`parse`](Self::parse) with limits of your own.
    ///
    /// # Errors
    ///
    /// All errors that were found, in document order.
    pub fn parse_with(&self, document: &str, options: &ParseOptions) -> Result<ExecutableDocument, Diagnostics> {
        ExecutableDocument::parse(self, document, options)
    }

    pub(crate) fn compiled(&self) -> &Valid<apollo_compiler::Schema> {
        &self.inner.schema
    }

    pub(crate) fn implementers(&self) -> &HashMap<Name, Implementers> {
        &self.inner.implementers
    }

    /// Whether AppSync's prelude brought the type or directive of this name, rather than the schema's own text.
    pub(crate) fn is_from_prelude(&self, name: &str) -> bool {
        self.inner.prelude.contains(name)
    }

    /// Whether an object type is the given type, implements it or is a member of it.
    pub(crate) fn is_possible_type(&self, abstract_or_same: &str, object: &str) -> bool {
        abstract_or_same == object || self.inner.schema.is_subtype(abstract_or_same, object)
    }
}

impl FromStr for Schema {
    type Err = Diagnostics;

    fn from_str(sdl: &str) -> Result<Self, Diagnostics> {
        Self::from_sdl(sdl)
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema")
            .field("types", &self.inner.schema.types.len())
            .finish_non_exhaustive()
    }
}

/// Two schemas are equal when they print the same SDL.
impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner) || self.to_sdl() == other.to_sdl()
    }
}
