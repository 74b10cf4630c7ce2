//! Operations, and documents of several.

use super::directive::{Directive, carries_directives};
use super::error::BuildErrors;
use super::fragment::Fragment;
use super::lower;
use super::selection::{Selections, has_selections};
use super::variable::Variable;
use crate::schema::{OperationKind, Schema};
use crate::tree;

/// An operation in the making.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    pub(super) kind: OperationKind,
    pub(super) name: Option<String>,
    pub(super) variables: Vec<Variable>,
    pub(super) directives: Vec<Directive>,
    pub(super) selections: Selections,
}

/// A query.
pub fn query() -> Operation {
    operation(OperationKind::Query)
}

/// A mutation.
pub fn mutation() -> Operation {
    operation(OperationKind::Mutation)
}

/// A subscription.
pub fn subscription() -> Operation {
    operation(OperationKind::Subscription)
}

fn operation(kind: OperationKind) -> Operation {
    Operation {
        kind,
        name: None,
        variables: Vec::new(),
        directives: Vec::new(),
        selections: Selections::default(),
    }
}

impl Operation {
    /// Names the operation, which is needed where a document has several.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Says more of a variable than its uses do: a type, a default, directives. Variables need not be declared in this
    /// way, and one that is used nowhere is left out.
    #[must_use]
    pub fn variable(mut self, variable: Variable) -> Self {
        self.variables.push(variable);
        self
    }

    /// A document of this operation and the fragments that it uses.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, in one go.
    pub fn build(&self, schema: &Schema) -> Result<tree::Document, BuildErrors> {
        document().operation(self.clone()).build(schema)
    }

    /// A document of this operation as it was composed, without a schema.
    ///
    /// # Errors
    ///
    /// As [`Document::build_unchecked`].
    pub fn build_unchecked(&self) -> Result<tree::Document, BuildErrors> {
        document().operation(self.clone()).build_unchecked()
    }

    fn directives_mut(&mut self) -> &mut Vec<Directive> {
        &mut self.directives
    }

    fn selections_mut(&mut self) -> &mut Selections {
        &mut self.selections
    }
}

carries_directives!(Operation);
has_selections!(Operation);

/// A document in the making: one or more operations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    pub(super) operations: Vec<Operation>,
    pub(super) fragments: Vec<Fragment>,
}

/// An empty document, for several operations; one alone has [`build`](Operation::build) itself.
pub fn document() -> Document {
    Document::default()
}

impl Document {
    /// Adds an operation.
    #[must_use]
    pub fn operation(mut self, operation: Operation) -> Self {
        self.operations.push(operation);
        self
    }

    /// Makes a fragment known for spreads [by name](super::spread). It is left out if nothing spreads it.
    #[must_use]
    pub fn fragment(mut self, fragment: impl Into<Fragment>) -> Self {
        self.fragments.push(fragment.into());
        self
    }

    /// Checks everything against the schema and gives the finished document.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, in one go.
    pub fn build(&self, schema: &Schema) -> Result<tree::Document, BuildErrors> {
        lower::document(self, Some(schema))
    }

    /// The document as it was composed, without a schema: no name is checked against one, strings stay strings, and
    /// variables have the type that [`Variable::ty`] gave them.
    ///
    /// # Errors
    ///
    /// Names that GraphQL cannot write, variables without a type, fragments that are missing or differ under one name,
    /// and [`all`](super::all), which needs a schema.
    pub fn build_unchecked(&self) -> Result<tree::Document, BuildErrors> {
        lower::document(self, None)
    }
}
