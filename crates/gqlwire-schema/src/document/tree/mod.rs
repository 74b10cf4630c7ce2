//! Executable documents as plain data: read a text, change it, print it again.
//!
//! Every part is an open struct or enum, so that editing is ordinary Rust. Nothing here knows a schema; a tree may hold
//! what no schema allows, or even what is not GraphQL (a name with a blank in it). [`Document::validate`] tells.
//!
//! ```
//! use gqlwire_schema::tree::{Document, Selection};
//!
//! let mut document = Document::parse("query Hero { hero { name, name } } # twice")?;
//! for selection in &mut document.operations[0].selections {
//!     if let Selection::Field(hero) = selection {
//!         hero.selections.dedup();
//!         hero.alias = Some("chief".to_owned());
//!     }
//! }
//! assert_eq!(document.to_string(), "query Hero {\n  chief: hero {\n    name\n  }\n}\n");
//! assert_eq!(document.minified(), "query Hero{chief:hero{name}}");
//! # Ok::<(), gqlwire_schema::Diagnostics>(())
//! ```
//!
//! There are three texts of a document. [`Display`](std::fmt::Display) keeps the order of everything and is made to be
//! read; [`minified`](Document::minified) keeps the order too and has not one character too many;
//! [`normalized`](Document::normalized) also sorts what has no order, and serves to compare and to look up.
//!
//! A tree from [`Document::parse`] has bounded depth. One that a program nests tens of thousands of levels deep by
//! hand overflows the stack when it is printed, as it does when it is dropped.

mod normal;
mod parse;
mod print;

pub use self::parse::InvalidType;
pub(crate) use self::parse::is_name;
use gqlwire_proto::Request;

use super::ExecutableDocument;
use crate::diagnostic::Diagnostics;
use crate::schema::{OperationKind, Schema};

/// A document: operations, and the fragments that they use.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Document {
    /// The operations, in order.
    pub operations: Vec<Operation>,
    /// The fragment definitions, in order. They are printed after the operations.
    pub fragments: Vec<Fragment>,
}

impl Document {
    /// The operation of this name.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations
            .iter()
            .find(|operation| operation.name.as_deref() == Some(name))
    }

    /// The fragment definition of this name.
    pub fn fragment(&self, name: &str) -> Option<&Fragment> {
        self.fragments.iter().find(|fragment| fragment.name == name)
    }

    /// The document as a request. It names the operation if there is only one; where there are several, choose with
    /// [`Request::operation_name`].
    pub fn request<T>(&self) -> Request<T> {
        let request = Request::new(self.minified());
        match self.operations.as_slice() {
            [Operation { name: Some(name), .. }] => request.operation_name(name.clone()),
            _ => request,
        }
    }

    /// Checks the document against a schema.
    ///
    /// # Errors
    ///
    /// All errors, their places as in the printed document.
    pub fn validate(&self, schema: &Schema) -> Result<ExecutableDocument, Diagnostics> {
        schema.parse(&self.to_string())
    }
}

/// What was parsed and is valid, as a tree.
impl From<&ExecutableDocument> for Document {
    fn from(document: &ExecutableDocument) -> Self {
        Self::from_valid(document)
    }
}

/// An operation.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Operation {
    /// Query, mutation or subscription.
    pub kind: OperationKind,
    /// The name, without which a document can have only one operation.
    pub name: Option<String>,
    /// The variables that it declares.
    pub variables: Vec<VariableDefinition>,
    /// Directives on the operation.
    pub directives: Vec<Directive>,
    /// What is selected.
    pub selections: Vec<Selection>,
}

/// A fragment definition: `fragment Name on Type { … }`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Fragment {
    /// Its name.
    pub name: String,
    /// The type that it selects from.
    pub on: String,
    /// Directives on the definition.
    pub directives: Vec<Directive>,
    /// What is selected.
    pub selections: Vec<Selection>,
}

/// One entry of a selection set.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Selection {
    /// `name`
    Field(Field),
    /// `... on Type { … }`
    InlineFragment(InlineFragment),
    /// `...Name`
    FragmentSpread(FragmentSpread),
}

/// A field: `alias: name(argument: …) @directive { … }`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Field {
    /// The name in the response, where it is not the field's own.
    pub alias: Option<String>,
    /// The field's name.
    pub name: String,
    /// The arguments.
    pub arguments: Vec<Argument>,
    /// Directives on the field.
    pub directives: Vec<Directive>,
    /// What is selected of it; empty for scalars and enums.
    pub selections: Vec<Selection>,
}

impl Field {
    /// The name in the response.
    pub fn response_name(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }
}

/// An inline fragment: `... on Type { … }`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct InlineFragment {
    /// The type condition, if there is one.
    pub on: Option<String>,
    /// Directives on the fragment.
    pub directives: Vec<Directive>,
    /// What is selected.
    pub selections: Vec<Selection>,
}

/// A spread of a named fragment: `...Name`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct FragmentSpread {
    /// The fragment's name.
    pub name: String,
    /// Directives on the spread.
    pub directives: Vec<Directive>,
}

/// A directive: `@name(argument: …)`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Directive {
    /// Its name, without the `@`.
    pub name: String,
    /// Its arguments.
    pub arguments: Vec<Argument>,
}

/// An argument of a field or directive.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
}

/// A variable's definition: `$name: Type = default @directive`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct VariableDefinition {
    /// Its name, without the `$`.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Its default, if it has one.
    pub default: Option<Value>,
    /// Directives on the definition.
    pub directives: Vec<Directive>,
}

/// A type as it is used: `[Message!]!`. [`FromStr`](std::str::FromStr) reads that notation.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Type {
    /// `Message`
    Named(String),
    /// `[…]`
    List(Box<Type>),
    /// `…!`
    NonNull(Box<Type>),
}

impl Type {
    /// The type's name, without lists and non-nulls.
    pub fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::List(inner) | Self::NonNull(inner) => inner.name(),
        }
    }
}

/// A literal, or a variable.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true`, `false`
    Boolean(bool),
    /// An integer, as it is written; of any size.
    Int(String),
    /// A number with a fraction or an exponent, as it is written.
    Float(String),
    /// A string: its meaning, without quotes and escapes. Whether it was a block string is not kept.
    String(String),
    /// An enum value.
    Enum(String),
    /// A variable's name, without the `$`.
    Variable(String),
    /// `[…]`
    List(Vec<Value>),
    /// `{name: …}`, in order.
    Object(Vec<(String, Value)>),
}
