//! What a resolver is told about the field it resolves.

use std::fmt;

use apollo_compiler::Node;
use apollo_compiler::executable as exe;
use gqlwire_proto::PathSegment;
use serde_json::{Map, Value};

use super::error::FieldError;
use super::run::Run;
use super::selection::{self, SelectedField};
use crate::schema::{FieldDefinition, Schema};

/// One field that is about to be resolved.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct FieldContext<'a> {
    /// Name of the object type that the field belongs to.
    pub parent_type: &'a str,
    /// Name of the field in the schema.
    pub field_name: &'a str,
    /// Key of the field in the response: its alias, or its name.
    pub response_key: &'a str,
    /// The parent's value; for a root field, the root value.
    pub source: &'a Value,
    /// The arguments, coerced, with defaults. An argument that was omitted and has no default is absent; one that was
    /// given as `null` is `null`.
    pub arguments: &'a Map<String, Value>,
    /// The operation's variables, coerced, with defaults.
    pub variables: &'a Map<String, Value>,
    /// Where in the response the field belongs.
    pub path: Path<'a>,
    pub(super) run: &'a Run<'a>,
    pub(super) nodes: &'a [&'a Node<exe::Field>],
}

impl<'a> FieldContext<'a> {
    /// The schema that is executed.
    pub fn schema(&self) -> &'a Schema {
        self.run.schema
    }

    /// The field's definition, with its directives.
    pub fn definition(&self) -> Option<FieldDefinition<'a>> {
        self.run.schema.field(self.parent_type, self.field_name)
    }

    /// What [`Resolution::Property`](super::Resolution::Property) would take.
    pub fn property(&self) -> &'a Value {
        self.source.get(self.field_name).unwrap_or(&Value::Null)
    }

    /// The fields selected below this one, through fragments of every type, `@skip` and `@include` applied.
    pub fn selection(&self) -> Vec<SelectedField> {
        selection::below(self.run, self.nodes)
    }

    /// The selection as AppSync's `selectionSetList` has it: `["id", "author", "author/name"]`, aliases for names.
    pub fn selection_list(&self) -> Vec<String> {
        selection::list(&self.selection())
    }

    /// Adds an error to the response while the field still gets a value, as AppSync's `util.appendError` does.
    pub fn append_error(&self, error: FieldError) {
        let error = self.run.field_error(self.nodes, self.path, error);
        self.run.append(error);
    }
}

impl fmt::Debug for FieldContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FieldContext")
            .field("parent_type", &self.parent_type)
            .field("field_name", &self.field_name)
            .field("path", &self.path.to_string())
            .finish_non_exhaustive()
    }
}

/// A place in the response, from the root down. Displayed as graphql-java does: `/listMessages/items[0]/id`.
#[derive(Clone, Copy)]
pub struct Path<'a> {
    pub(super) parent: Option<&'a Path<'a>>,
    pub(super) step: Step<'a>,
}

#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl Path<'_> {
    /// The steps from the root down.
    pub fn segments(&self) -> Vec<PathSegment> {
        let mut segments = Vec::new();
        let mut next = Some(self);
        while let Some(path) = next {
            segments.push(match path.step {
                Step::Key(key) => PathSegment::Field(key.to_owned()),
                Step::Index(index) => PathSegment::Index(index as u64),
            });
            next = path.parent;
        }
        segments.reverse();
        segments
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in self.segments() {
            match segment {
                PathSegment::Field(key) => write!(f, "/{key}")?,
                PathSegment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
