//! Executable documents: parsed, valid, and within limits.

mod given;
mod limits;
mod literals;
mod tokens;
pub mod tree;
mod variables;

use std::fmt;
use std::sync::Arc;

use apollo_compiler::ast;
use apollo_compiler::executable as exe;
use apollo_compiler::parser::Parser;
use apollo_compiler::validation::Valid;
use gqlwire_proto::GraphQLError;
use serde_json::{Map, Value};

use self::tokens::Tokens;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::schema::{OperationKind, Schema};

pub use self::given::{VariableError, VariableErrors};
pub use self::limits::APPSYNC_MAX_TOKENS;

/// Path of a document that is no file; see `Diagnostic::file`.
const UNNAMED: &str = "<document>";

/// Limits for parsing a document.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ParseOptions {
    /// The most tokens (names, numbers, strings, punctuators; neither white space, commas nor comments). 100,000 by
    /// default; AppSync's is [`APPSYNC_MAX_TOKENS`].
    pub max_tokens: usize,
    /// How deep selections may be nested, fragments included. 100 by default, which is also the most.
    pub max_depth: usize,
    /// Whether `__schema` and `__type` may be selected; `__typename` always may. `true` by default. When `false`,
    /// they are undefined fields, as on an AppSync API whose introspection is disabled.
    pub introspection: bool,
}

impl Default for ParseOptions {
    fn default() -> Self {
        Self {
            max_tokens: 100_000,
            max_depth: limits::MAX_DEPTH,
            introspection: true,
        }
    }
}

impl ParseOptions {
    /// The limits of AppSync.
    pub fn appsync() -> Self {
        Self {
            max_tokens: APPSYNC_MAX_TOKENS,
            ..Self::default()
        }
    }
}

/// A document whose operations are valid for a schema. Cloning is cheap.
#[derive(Clone)]
pub struct ExecutableDocument {
    inner: Arc<Valid<exe::ExecutableDocument>>,
}

impl ExecutableDocument {
    pub(crate) fn parse(schema: &Schema, source: &str, options: &ParseOptions) -> Result<Self, Diagnostics> {
        let tree = read(schema, source, UNNAMED, options)?;
        match validate(schema, &tree, source, options) {
            Ok(document) => Ok(Self {
                inner: Arc::new(document),
            }),
            Err(invalid) => Err(invalid.errors),
        }
    }

    /// The operations, in document order.
    pub fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        self.inner.operations.iter().map(|operation| Operation {
            document: self,
            operation,
        })
    }

    /// The operation of this name, or the only one when no name is given. An empty name counts as none, because
    /// several clients send `"operationName": ""`.
    ///
    /// # Errors
    ///
    /// When there is no such operation, or no name for a document of several.
    pub fn operation(&self, name: Option<&str>) -> Result<Operation<'_>, GraphQLError> {
        let name = name.filter(|name| !name.is_empty());
        if name.is_none() && self.inner.operations.len() > 1 {
            let message = "Must provide operation name if query contains multiple operations.";
            return Err(GraphQLError::new(message));
        }
        let operation = self.inner.operations.get(name).map_err(|_| match name {
            Some(name) => GraphQLError::new(format!("Unknown operation named '{name}'.")),
            None => GraphQLError::new("The document has no operation."),
        })?;
        Ok(Operation {
            document: self,
            operation,
        })
    }

    pub(crate) fn compiled(&self) -> &Valid<exe::ExecutableDocument> {
        &self.inner
    }
}

impl fmt::Debug for ExecutableDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.operations()).finish()
    }
}

/// The document in canonical form.
impl fmt::Display for ExecutableDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// One operation of a document.
#[derive(Clone, Copy)]
pub struct Operation<'a> {
    document: &'a ExecutableDocument,
    operation: &'a exe::Operation,
}

impl<'a> Operation<'a> {
    /// Query, mutation or subscription.
    pub fn kind(&self) -> OperationKind {
        OperationKind::of(self.operation.operation_type)
    }

    /// The operation's name, if it has one.
    pub fn name(&self) -> Option<&'a str> {
        self.operation.name.as_ref().map(|name| name.as_str())
    }

    /// Names of the root fields (not their aliases), through fragments, in document order. `@skip` and `@include`
    /// are not looked at.
    pub fn root_fields(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.operation
            .root_fields(self.document.compiled())
            .map(|field| field.name.as_str())
    }

    /// Names of the variables that the operation declares.
    pub fn variables(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.operation.variables.iter().map(|variable| variable.name.as_str())
    }

    /// Checks the values for the operation's variables against their declared types, as a client does before it sends
    /// them: each that is declared must fit or may be left out, and none may be given that is not declared.
    ///
    /// To leave a variable out is not to give `null`: only the former takes the default.
    ///
    /// # Errors
    ///
    /// Everything that was found, each with its place. The values themselves are not repeated.
    pub fn check_variables(&self, schema: &Schema, given: &Map<String, Value>) -> Result<(), VariableErrors> {
        given::check(schema, self.operation, given)
    }

    pub(crate) fn compiled(&self) -> &'a exe::Operation {
        self.operation
    }
}

impl fmt::Debug for Operation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.name().unwrap_or("(anonymous)"))
    }
}

/// What is left of a document with errors.
pub(crate) struct Invalid {
    pub(crate) errors: Diagnostics,
    /// What could be made sense of; `None` where nothing was tried.
    pub(crate) partial: Option<exe::ExecutableDocument>,
}

/// Syntax and size; nothing is looked up in the schema, which only words the errors.
pub(crate) fn read(
    schema: &Schema,
    source: &str,
    path: &str,
    options: &ParseOptions,
) -> Result<ast::Document, Diagnostics> {
    limits::check_tokens(source, options.max_tokens)?;
    let parsed = Parser::new()
        .recursion_limit(limits::PARSER_RECURSION)
        .parse_ast(source, path);
    let tree = match parsed {
        Ok(tree) => tree,
        Err(failed) => match Diagnostics::from_document(&failed.errors, &failed.partial, schema, source) {
            Some(errors) => return Err(errors),
            None => failed.partial,
        },
    };
    check_nothing_was_dropped(&tree, source)?;
    Ok(tree)
}

/// Every rule of the specification, and those of our own.
pub(crate) fn validate(
    schema: &Schema,
    tree: &ast::Document,
    source: &str,
    options: &ParseOptions,
) -> Result<Valid<exe::ExecutableDocument>, Box<Invalid>> {
    let invalid = |errors, partial| Box::new(Invalid { errors, partial });
    limits::check_selections(tree, options.max_depth.min(limits::MAX_DEPTH), source)
        .map_err(|errors| invalid(errors, None))?;
    let (document, compilers) = match tree.to_executable_validate(schema.compiled()) {
        Ok(document) => (document.into_inner(), None),
        Err(failed) => {
            let errors = Diagnostics::from_document(&failed.errors, tree, schema, source);
            (failed.partial, errors)
        }
    };
    let mut errors = Vec::new();
    if !options.introspection {
        refuse_introspection(schema, &document, tree, source, &mut errors);
    }
    literals::check(schema, &document, tree, source, &mut errors);
    variables::check(schema, &document, tree, source, &mut errors);
    match Diagnostics::merged(compilers, errors) {
        Some(errors) => Err(invalid(errors, Some(document))),
        // Either the compiler found nothing, or what it found was no fault.
        None => Ok(Valid::assume_valid(document)),
    }
}

/// The parser overlooks an argument or object field without a value (`f(a)`, `{a}`) and drops it. So what it read is
/// printed again and compared, token by token.
fn check_nothing_was_dropped(tree: &ast::Document, source: &str) -> Result<(), Diagnostics> {
    // The printer leaves out the keyword of an anonymous query.
    let of = |text| Tokens::of(text).filter(|(_, token)| *token != "query");
    let printed = tree.to_string();
    let mut printed = of(&printed).map(|(_, token)| token);
    let dropped = of(source).find(|(_, token)| !printed.next().is_some_and(|kept| is_same(token, kept)));
    match dropped {
        None => Ok(()),
        Some((start, token)) => {
            let at = start..start + token.len();
            Err(Diagnostics::syntax_error(format!("unexpected `{token}`"), at, source))
        }
    }
}

/// Strings and numbers may be printed in another form.
fn is_same(token: &str, printed: &str) -> bool {
    let form = |text: &str| match text.bytes().next() {
        Some(b'"') => 1,
        Some(b'-' | b'0'..=b'9') => 2,
        _ => 0,
    };
    token == printed || (form(token) != 0 && form(token) == form(printed))
}

fn refuse_introspection(
    schema: &Schema,
    document: &exe::ExecutableDocument,
    tree: &ast::Document,
    source: &str,
    errors: &mut Vec<Diagnostic>,
) {
    let query = schema.root_type(OperationKind::Query).unwrap_or("Query");
    for operation in document.operations.iter().filter(|operation| operation.is_query()) {
        let fields = operation.root_fields(document);
        for field in fields.filter(|field| matches!(field.name.as_str(), "__schema" | "__type")) {
            let message = format!(r#"Cannot query field "{}" on type "{query}"."#, field.name);
            let at = field.name.location();
            errors.push(Diagnostic::new("UndefinedField", message, at, Some(tree), source));
        }
    }
}
