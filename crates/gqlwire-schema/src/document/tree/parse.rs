//! From text to a tree.

use std::str::FromStr;

use apollo_compiler::Node;
use apollo_compiler::ast::{self, Definition};
use apollo_compiler::parser::Parser;

use super::{
    Argument, Directive, Document, Field, Fragment, FragmentSpread, InlineFragment, Operation, Selection, Type, Value,
    VariableDefinition,
};
use crate::diagnostic::Diagnostics;
use crate::document::{ExecutableDocument, ParseOptions, check_nothing_was_dropped, limits};
use crate::schema::OperationKind;

impl Document {
    /// Reads operations and fragments; only the syntax is checked, and the default limits.
    ///
    /// For a tree that is also valid, parse with [`Schema::parse`](crate::Schema::parse) and convert the result.
    ///
    /// # Errors
    ///
    /// Syntax errors with their places; definitions of a schema; a limit of [`ParseOptions`] that was reached.
    pub fn parse(text: &str) -> Result<Self, Diagnostics> {
        Self::read(text, ParseOptions::default().max_tokens)
    }

    pub(super) fn from_valid(document: &ExecutableDocument) -> Self {
        // There is no other way from the compiler's document to a tree. It was parsed once, so it parses again.
        Self::read(&document.to_string(), usize::MAX).unwrap_or_default()
    }

    fn read(text: &str, max_tokens: usize) -> Result<Self, Diagnostics> {
        limits::check_tokens(text, max_tokens)?;
        let tree = Parser::new()
            .recursion_limit(limits::PARSER_RECURSION)
            .parse_ast(text, "document.graphql")
            .map_err(|failed| Diagnostics::from_schema(&failed.errors, text))?;
        check_nothing_was_dropped(&tree, text)?;
        limits::check_selections(&tree, limits::MAX_DEPTH, text)?;

        let mut document = Self::default();
        for definition in &tree.definitions {
            match definition {
                Definition::OperationDefinition(found) => document.operations.push(operation(found)),
                Definition::FragmentDefinition(found) => document.fragments.push(fragment(found)),
                other => {
                    let at = other.location();
                    let name = other.name().map_or("schema", |name| name.as_str());
                    let message =
                        format!("only operations and fragments can be executed; '{name}' belongs in a schema");
                    return Err(Diagnostics::single("ExecutableDefinitions", message, at, None, text));
                }
            }
        }
        Ok(document)
    }
}

impl FromStr for Document {
    type Err = Diagnostics;

    fn from_str(text: &str) -> Result<Self, Diagnostics> {
        Self::parse(text)
    }
}

impl Selection {
    /// Reads what may stand between the braces of a selection set: `id name friends { id }`.
    ///
    /// # Errors
    ///
    /// As [`Document::parse`]. Places are counted in the text with a brace before it.
    pub fn parse(text: &str) -> Result<Vec<Self>, Diagnostics> {
        let text = format!("{{{text}\n}}");
        let document = Document::parse(&text)?;
        match <[Operation; 1]>::try_from(document.operations) {
            Ok([operation]) if document.fragments.is_empty() => Ok(operation.selections),
            _ => {
                let message = "the braces are not balanced; expected selections alone".to_owned();
                Err(Diagnostics::single("SyntaxError", message, None, None, &text))
            }
        }
    }
}

/// The deepest list type that is read; GraphQL has no limit, and nobody goes beyond three.
const MAX_LISTS: usize = 20;

/// Why a text is not a type.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{0}` is not a type; write it as in a schema, such as `[ID!]!`")]
pub struct InvalidType(String);

impl FromStr for Type {
    type Err = InvalidType;

    fn from_str(text: &str) -> Result<Self, InvalidType> {
        read_type(text, MAX_LISTS).ok_or_else(|| InvalidType(text.chars().take(100).collect()))
    }
}

fn read_type(text: &str, lists: usize) -> Option<Type> {
    let text = text.trim();
    if let Some(inner) = text.strip_suffix('!') {
        if inner.trim_end().ends_with('!') {
            return None;
        }
        return Some(Type::NonNull(Box::new(read_type(inner, lists)?)));
    }
    if let Some(inner) = text.strip_prefix('[') {
        let item = read_type(inner.strip_suffix(']')?, lists.checked_sub(1)?)?;
        return Some(Type::List(Box::new(item)));
    }
    is_name(text).then(|| Type::Named(text.to_owned()))
}

/// Whether a text is a name in GraphQL.
pub(crate) fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && !text.is_empty()
}

fn operation(found: &Node<ast::OperationDefinition>) -> Operation {
    Operation {
        kind: OperationKind::of(found.operation_type),
        name: found.name.as_ref().map(ToString::to_string),
        variables: found.variables.iter().map(|found| variable(found)).collect(),
        directives: directives(&found.directives),
        selections: selections(&found.selection_set),
    }
}

fn fragment(found: &ast::FragmentDefinition) -> Fragment {
    Fragment {
        name: found.name.to_string(),
        on: found.type_condition.to_string(),
        directives: directives(&found.directives),
        selections: selections(&found.selection_set),
    }
}

fn variable(found: &ast::VariableDefinition) -> VariableDefinition {
    VariableDefinition {
        name: found.name.to_string(),
        ty: Type::of(&found.ty),
        default: found.default_value.as_ref().map(|value| Value::of(value)),
        directives: directives(&found.directives),
    }
}

fn selections(found: &[ast::Selection]) -> Vec<Selection> {
    found.iter().map(selection).collect()
}

fn selection(found: &ast::Selection) -> Selection {
    match found {
        ast::Selection::Field(field) => Selection::Field(Field {
            alias: field.alias.as_ref().map(ToString::to_string),
            name: field.name.to_string(),
            arguments: arguments(&field.arguments),
            directives: directives(&field.directives),
            selections: selections(&field.selection_set),
        }),
        ast::Selection::InlineFragment(inline) => Selection::InlineFragment(InlineFragment {
            on: inline.type_condition.as_ref().map(ToString::to_string),
            directives: directives(&inline.directives),
            selections: selections(&inline.selection_set),
        }),
        ast::Selection::FragmentSpread(spread) => Selection::FragmentSpread(FragmentSpread {
            name: spread.fragment_name.to_string(),
            directives: directives(&spread.directives),
        }),
    }
}

fn directives(found: &ast::DirectiveList) -> Vec<Directive> {
    let found = found.0.iter();
    found
        .map(|directive| Directive {
            name: directive.name.to_string(),
            arguments: arguments(&directive.arguments),
        })
        .collect()
}

fn arguments(found: &[Node<ast::Argument>]) -> Vec<Argument> {
    let found = found.iter();
    found
        .map(|argument| Argument {
            name: argument.name.to_string(),
            value: Value::of(&argument.value),
        })
        .collect()
}

impl Type {
    pub(crate) fn of(found: &ast::Type) -> Self {
        match found {
            ast::Type::Named(name) => Self::Named(name.to_string()),
            ast::Type::NonNullNamed(name) => Self::NonNull(Box::new(Self::Named(name.to_string()))),
            ast::Type::List(item) => Self::List(Box::new(Self::of(item))),
            ast::Type::NonNullList(item) => Self::NonNull(Box::new(Self::List(Box::new(Self::of(item))))),
        }
    }
}

impl Value {
    fn of(found: &ast::Value) -> Self {
        match found {
            ast::Value::Null => Self::Null,
            ast::Value::Boolean(value) => Self::Boolean(*value),
            ast::Value::Int(number) => Self::Int(number.as_str().to_owned()),
            ast::Value::Float(number) => Self::Float(number.as_str().to_owned()),
            ast::Value::String(text) => Self::String(text.clone()),
            ast::Value::Enum(name) => Self::Enum(name.to_string()),
            ast::Value::Variable(name) => Self::Variable(name.to_string()),
            ast::Value::List(items) => Self::List(items.iter().map(|item| Self::of(item)).collect()),
            ast::Value::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| (name.to_string(), Self::of(value)));
                Self::Object(fields.collect())
            }
        }
    }
}
