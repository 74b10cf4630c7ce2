//! Parts of a tree, such as a parsed text, as pieces to compose with.

use super::directive::Directive;
use super::fragment::{Fragment, Spread, fragment, spread};
use super::selection::{Entry, Field, InlineFragment, Selection, Selections};
use super::value::{Form, Value};
use super::variable::{Variable, variable};
use super::{Document, Operation};
use crate::tree;

/// Spreads in it are by name; give the fragments to [`Document::fragment`].
impl From<tree::Selection> for Selection {
    fn from(selection: tree::Selection) -> Self {
        Self(match selection {
            tree::Selection::Field(field) => Entry::Field(field.into()),
            tree::Selection::InlineFragment(inline) => Entry::Inline(InlineFragment {
                on: inline.on,
                directives: directives(inline.directives),
                selections: selections(inline.selections),
            }),
            tree::Selection::FragmentSpread(found) => Entry::Spread(Spread {
                directives: directives(found.directives),
                ..spread(found.name)
            }),
        })
    }
}

/// Spreads in it are by name; give the fragments to [`Document::fragment`].
impl From<tree::Field> for Field {
    fn from(field: tree::Field) -> Self {
        Self {
            alias: field.alias,
            name: field.name,
            arguments: arguments(field.arguments),
            directives: directives(field.directives),
            selections: selections(field.selections),
        }
    }
}

/// Spreads in it are by name; give the fragments to [`Document::fragment`].
impl From<tree::Fragment> for Fragment {
    fn from(found: tree::Fragment) -> Self {
        let mut made = fragment(found.name, found.on);
        for directive in directives(found.directives) {
            made = made.directive(directive);
        }
        made.select(found.selections)
    }
}

/// Variables keep their declared types; spreads are by name.
impl From<tree::Operation> for Operation {
    fn from(operation: tree::Operation) -> Self {
        Self {
            kind: operation.kind,
            name: operation.name,
            variables: operation.variables.into_iter().map(Variable::from).collect(),
            directives: directives(operation.directives),
            selections: selections(operation.selections),
        }
    }
}

/// To go on composing, or to check a document that was read or changed with the errors of `build`.
impl From<tree::Document> for Document {
    fn from(document: tree::Document) -> Self {
        Self {
            operations: document.operations.into_iter().map(Operation::from).collect(),
            fragments: document.fragments.into_iter().map(Fragment::from).collect(),
        }
    }
}

impl From<tree::VariableDefinition> for Variable {
    fn from(found: tree::VariableDefinition) -> Self {
        Self {
            name: found.name,
            ty: Some(found.ty.to_string()),
            default: found.default.map(Value::from),
            directives: directives(found.directives),
        }
    }
}

impl From<tree::Directive> for Directive {
    fn from(directive: tree::Directive) -> Self {
        Self {
            name: directive.name,
            arguments: arguments(directive.arguments),
        }
    }
}

impl From<tree::Value> for Value {
    fn from(value: tree::Value) -> Self {
        match value {
            tree::Value::Null => Form::Null,
            tree::Value::Boolean(value) => Form::Boolean(value),
            tree::Value::Int(text) => Form::Int(text),
            tree::Value::Float(text) => Form::Float(text),
            tree::Value::String(text) => Form::String(text),
            tree::Value::Enum(name) => Form::Enum(name),
            tree::Value::Variable(name) => Form::Variable(Box::new(variable(name))),
            tree::Value::List(items) => Form::List(items.into_iter().map(Self::from).collect()),
            tree::Value::Object(fields) => {
                let fields = fields.into_iter().map(|(name, value)| (name, value.into()));
                Form::Object(fields.collect())
            }
        }
        .into()
    }
}

fn selections(found: Vec<tree::Selection>) -> Selections {
    let mut selections = Selections::default();
    selections.add(found);
    selections
}

fn directives(found: Vec<tree::Directive>) -> Vec<Directive> {
    found.into_iter().map(Directive::from).collect()
}

fn arguments(found: Vec<tree::Argument>) -> Vec<(String, Value)> {
    let found = found.into_iter();
    found.map(|argument| (argument.name, argument.value.into())).collect()
}
