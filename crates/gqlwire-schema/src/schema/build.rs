//! From SDL to a compiled schema and back.

use apollo_compiler::ast::{self, Definition};
use apollo_compiler::collections::HashSet;
use apollo_compiler::parser::Parser;
use apollo_compiler::schema::{Component, ExtendedType, FieldDefinition};
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{Name, Node, Schema, name};

use crate::diagnostic::Diagnostics;

/// What AppSync knows without a declaration.
const PRELUDE: &str = include_str!("prelude.graphql");

/// What the prelude defines.
pub(crate) const PRELUDE_NAMES: [&str; 21] = [
    "AWSDate",
    "AWSDateTime",
    "AWSEmail",
    "AWSIPAddress",
    "AWSJSON",
    "AWSPhone",
    "AWSTime",
    "AWSTimestamp",
    "AWSURL",
    "aws_api_key",
    "aws_auth",
    "aws_cognito_user_pools",
    "aws_iam",
    "aws_lambda",
    "aws_oidc",
    "aws_publish",
    "aws_subscribe",
    "canonical",
    "hidden",
    "oneOf",
    "renamed",
];

/// Path of the prelude among the texts of a schema.
pub(crate) const PRELUDE_PATH: &str = "<appsync>";

/// Nesting that no honest schema needs; below it the parser's recursion fits the smallest thread stack.
const RECURSION_LIMIT: usize = 100;

/// Errors that other servers do not raise, so that their schemas must load: one object type that serves as two root
/// operations, and names that begin with two underscores.
const TOLERATED: [&str; 2] = ["DuplicateRootOperationType", "ReservedName"];

pub(super) struct Built {
    pub(super) schema: Valid<Schema>,
    pub(super) prelude: HashSet<Name>,
}

pub(super) fn from_sdl(sdl: &str) -> Result<Built, Diagnostics> {
    from_sdl_tolerating(sdl, &[]).map(|(built, _)| built)
}

/// Also tolerates errors of these names, and gives those that it met.
pub(super) fn from_sdl_tolerating(sdl: &str, tolerated: &[&str]) -> Result<(Built, Option<Diagnostics>), Diagnostics> {
    let mut parser = Parser::new().recursion_limit(RECURSION_LIMIT);
    let user = parser
        .parse_ast(sdl, "<schema>")
        .map_err(|failed| Diagnostics::from_schema(&failed.errors, sdl))?;
    let declared: HashSet<(bool, &str)> = user.definitions.iter().filter_map(declared_name).collect();
    let (additions, prelude) = prelude_without(&declared, sdl);

    let builder = Schema::builder()
        .adopt_orphan_extensions()
        .ignore_builtin_redefinitions()
        .add_ast(&user)
        .add_ast(&additions);
    let (mut schema, build_errors) = match builder.build() {
        Ok(schema) => (schema, None),
        Err(failed) => (failed.partial, Some(failed.errors)),
    };
    add_one_of_to_introspection(&mut schema);
    let (schema, errors) = match schema.validate() {
        Ok(schema) => (schema, build_errors),
        Err(failed) => {
            let errors = match build_errors {
                Some(mut errors) => {
                    errors.merge(failed.errors);
                    errors
                }
                None => failed.errors,
            };
            (Valid::assume_valid(failed.partial), Some(errors))
        }
    };
    let built = Built { schema, prelude };
    match errors {
        None => Ok((built, None)),
        Some(errors) if is_tolerable(&errors, tolerated) => Ok((built, Some(Diagnostics::from_schema(&errors, sdl)))),
        Some(errors) => Err(Diagnostics::from_schema(&errors, sdl)),
    }
}

pub(super) fn to_sdl(schema: &Valid<Schema>, prelude: &HashSet<Name>) -> String {
    if prelude.is_empty() {
        return schema.serialize().to_string();
    }
    let mut printed = (**schema).clone();
    printed.types.retain(|name, _| !prelude.contains(name));
    printed.directive_definitions.retain(|name, _| !prelude.contains(name));
    printed.serialize().to_string()
}

fn is_tolerable(errors: &DiagnosticList, tolerated: &[&str]) -> bool {
    errors.iter().all(|error| {
        let name = error.error.unstable_error_name();
        name.is_some_and(|name| TOLERATED.contains(&name) || tolerated.contains(&name))
    })
}

/// Whether it is a directive, and its name.
fn declared_name(definition: &Definition) -> Option<(bool, &str)> {
    if definition.is_extension_definition() {
        return None;
    }
    let is_directive = matches!(definition, Definition::DirectiveDefinition(_));
    Some((is_directive, definition.name()?.as_str()))
}

/// The prelude's definitions that the user did not give. Scalars that the schema never mentions stay out, so that
/// introspection lists only what is used, as AppSync's does.
fn prelude_without(declared: &HashSet<(bool, &str)>, sdl: &str) -> (ast::Document, HashSet<Name>) {
    let mut document = match Parser::new().parse_ast(PRELUDE, PRELUDE_PATH) {
        Ok(document) => document,
        Err(failed) => failed.partial,
    };
    document.definitions.retain(|definition| {
        declared_name(definition).is_some_and(|(is_directive, name)| {
            !declared.contains(&(is_directive, name)) && (is_directive || sdl.contains(name))
        })
    });
    let names = document
        .definitions
        .iter()
        .filter_map(Definition::name)
        .cloned()
        .collect();
    (document, names)
}

/// `__Type.isOneOf` of the September 2025 specification, which the compiler's built-in types lack.
fn add_one_of_to_introspection(schema: &mut Schema) {
    let Some(ExtendedType::Object(object)) = schema.types.get_mut("__Type") else {
        return;
    };
    let field = Component::new(FieldDefinition {
        description: None,
        name: name!("isOneOf"),
        arguments: Vec::new(),
        ty: ast::Type::Named(name!("Boolean")),
        directives: ast::DirectiveList::default(),
    });
    Node::make_mut(object).fields.entry(name!("isOneOf")).or_insert(field);
}

#[cfg(test)]
mod tests {
    use apollo_compiler::ast::Definition;
    use apollo_compiler::parser::Parser;

    use super::{PRELUDE, PRELUDE_NAMES};

    #[test]
    fn the_names_of_the_prelude_are_those_of_its_text() {
        let document = Parser::new().parse_ast(PRELUDE, "prelude").unwrap();
        let names = document.definitions.iter().filter_map(Definition::name);
        let mut names: Vec<_> = names.map(|name| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, PRELUDE_NAMES);
    }
}
