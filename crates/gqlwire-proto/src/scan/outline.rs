use std::ops::Range;

use super::error::SyntaxError;
use super::kind::OperationKind;
use super::lexer::Lexer;
use super::roots::RootFields;
use super::select::{self, SelectError};
use super::syntax::{Checker, Definition, DefinitionKind};
use super::text::slice;
use super::token::{Fault, TokenKind};

/// The operations and fragments of a document.
///
/// Making one checks the syntax of the whole document. With one operation and no fragments, the common case, nothing
/// is allocated.
#[derive(Clone, Debug)]
pub struct Outline<'a> {
    document: &'a str,
    operations: Operations<'a>,
    fragments: Vec<&'a str>,
}

/// The first operation needs no `Vec`.
#[derive(Clone, Debug)]
enum Operations<'a> {
    None,
    One(OperationOutline<'a>),
    Several(Vec<OperationOutline<'a>>),
}

impl<'a> Outline<'a> {
    /// Reads a document.
    ///
    /// # Errors
    ///
    /// The text is not an executable GraphQL document: a syntax error, a type system definition, no definition at
    /// all, or nesting deeper than [`MAX_DEPTH`](super::MAX_DEPTH).
    pub fn parse(document: &'a str) -> Result<Self, SyntaxError> {
        Self::read(document).map_err(|fault| SyntaxError::new(document, fault))
    }

    fn read(document: &'a str) -> Result<Self, Fault> {
        let mut checker = Checker::new(document)?;
        let mut outline = Self {
            document,
            operations: Operations::None,
            fragments: Vec::new(),
        };
        while let Some(definition) = checker.definition()? {
            match definition.kind {
                DefinitionKind::Operation(kind) => {
                    outline
                        .operations
                        .push(OperationOutline::new(document, kind, definition));
                }
                DefinitionKind::Fragment => outline.fragments.extend(name(document, definition)),
            }
        }
        Ok(outline)
    }

    /// The document that this is the outline of.
    pub fn document(&self) -> &'a str {
        self.document
    }

    /// The names of the fragments, in the order of the document.
    pub fn fragments(&self) -> &[&'a str] {
        &self.fragments
    }

    /// The operations, in the order of the document.
    pub fn operations(&self) -> &[OperationOutline<'a>] {
        match &self.operations {
            Operations::None => &[],
            Operations::One(operation) => std::slice::from_ref(operation),
            Operations::Several(operations) => operations,
        }
    }

    /// The operation that a server would execute for this `operationName`. An empty name is none.
    ///
    /// # Errors
    ///
    /// The document has no operation, none of this name, or several and no name was given.
    pub fn select(&self, operation_name: Option<&str>) -> Result<&OperationOutline<'a>, SelectError> {
        select::operation(self.operations(), operation_name.filter(|name| !name.is_empty()))
    }
}

impl<'a> Operations<'a> {
    fn push(&mut self, operation: OperationOutline<'a>) {
        match self {
            Self::None => *self = Self::One(operation),
            Self::One(first) => *self = Self::Several(vec![*first, operation]),
            Self::Several(operations) => operations.push(operation),
        }
    }
}

/// One operation of a document.
#[derive(Clone, Copy, Debug)]
pub struct OperationOutline<'a> {
    document: &'a str,
    kind: OperationKind,
    name: Option<&'a str>,
    start: usize,
    end: usize,
    variables: usize,
    selection: usize,
}

impl<'a> OperationOutline<'a> {
    fn new(document: &'a str, kind: OperationKind, definition: Definition) -> Self {
        Self {
            document,
            kind,
            name: name(document, definition),
            start: definition.start,
            end: definition.end,
            variables: definition.variables,
            selection: definition.selection,
        }
    }

    /// Query, mutation or subscription.
    pub fn kind(&self) -> OperationKind {
        self.kind
    }

    /// The name; `None` for an anonymous operation.
    pub fn name(&self) -> Option<&'a str> {
        self.name
    }

    /// What it asks of the root type, through fragments.
    ///
    /// Found anew by each call, in time linear in the operation, or in the document if there are spreads at the root.
    pub fn root_fields(&self) -> RootFields<'a> {
        RootFields::of(self.document, self.selection)
    }

    /// The bytes of the document that the operation covers, with its description.
    pub fn span(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The text of the operation, with its description.
    pub fn text(&self) -> &'a str {
        &self.document[self.span()]
    }

    /// The names of the variables that it declares, without `$`, in the order of the document.
    pub fn variables(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let document = self.document;
        let mut lexer = Lexer::new(document, self.variables);
        // Without definitions the first token is an `@` or the brace. The only `$` inside of them are those of the
        // names, since defaults and directives are constant there.
        let mut is_inside = lexer.checked_token().is(TokenKind::ParenOpen);
        std::iter::from_fn(move || {
            while is_inside {
                match lexer.checked_token().kind {
                    TokenKind::Dollar => {
                        let name = lexer.checked_token();
                        return Some(slice(document, name.start, name.end));
                    }
                    // Of a directive, whose arguments are the only other parentheses.
                    TokenKind::At => {
                        lexer.checked_token();
                        let ahead = lexer;
                        if !lexer.checked_token().is(TokenKind::ParenOpen) {
                            lexer = ahead;
                            continue;
                        }
                        while !matches!(lexer.checked_token().kind, TokenKind::ParenClose | TokenKind::End) {}
                    }
                    TokenKind::ParenClose | TokenKind::End => is_inside = false,
                    _ => {}
                }
            }
            None
        })
    }
}

fn name(document: &str, definition: Definition) -> Option<&str> {
    definition.name.map(|name| slice(document, name.start, name.end))
}
