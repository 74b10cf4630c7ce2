use std::borrow::Cow;
use std::fmt;

use super::error::SyntaxError;
use super::kind::OperationKind;
use super::outline::Outline;
use super::roots::RootFields;
use super::syntax::{Checker, DefinitionKind};
use super::token::{Fault, attempt};

/// A GraphQL document that was checked, mostly by [`gql!`](crate::gql) while the program was compiled.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Document {
    text: &'static str,
    kind: Option<OperationKind>,
    operations: usize,
    root_fields: Option<usize>,
}

impl Document {
    /// Checks a text, which [`gql!`](crate::gql) does during compilation.
    ///
    /// # Panics
    ///
    /// The text is not an executable GraphQL document. In a constant this is a compile error that names line, column
    /// and what was expected.
    #[track_caller]
    pub const fn from_static(text: &'static str) -> Self {
        match Self::parse(text) {
            Ok(document) => document,
            Err(error) => panic!("{}", error.compile_time_message().as_str()),
        }
    }

    /// Checks a text.
    ///
    /// # Errors
    ///
    /// The text is not an executable GraphQL document.
    pub const fn parse(text: &'static str) -> Result<Self, SyntaxError> {
        match Self::read(text) {
            Ok(document) => Ok(document),
            Err(fault) => Err(SyntaxError::new(text, fault)),
        }
    }

    const fn read(text: &'static str) -> Result<Self, Fault> {
        let mut checker = attempt!(Checker::new(text));
        let mut document = Self {
            text,
            kind: None,
            operations: 0,
            root_fields: None,
        };
        while let Some(definition) = attempt!(checker.definition()) {
            if let DefinitionKind::Operation(kind) = definition.kind {
                document.operations += 1;
                if document.operations == 1 {
                    document.kind = Some(kind);
                    if let Some(fields) = RootFields::without_spreads(text, definition.selection) {
                        document.root_fields = Some(fields.count());
                    }
                }
            }
        }
        Ok(document)
    }

    /// The kind of the only operation, or of the first if there are several; `None` if there are only fragments.
    pub const fn kind(&self) -> Option<OperationKind> {
        self.kind
    }

    /// How many operations there are.
    pub const fn operations(&self) -> usize {
        self.operations
    }

    /// How many fields the first operation asks of the root type, as [`RootFields::count`] has it.
    ///
    /// `None` where that takes a look at fragments or at more than eight fields; [`Document::outline`] can tell.
    pub const fn root_fields(&self) -> Option<usize> {
        self.root_fields
    }

    /// The text, as it was given.
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// The outline of the document, which is read again for it.
    pub fn outline(&self) -> Outline<'static> {
        match Outline::parse(self.text) {
            Ok(outline) => outline,
            Err(error) => unreachable!("the same checker accepted this document before: {error}"),
        }
    }
}

impl AsRef<str> for Document {
    fn as_ref(&self) -> &str {
        self.text
    }
}

impl From<Document> for Cow<'static, str> {
    fn from(document: Document) -> Self {
        Cow::Borrowed(document.text)
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Document").field(&self.text).finish()
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

/// A [`Document`](crate::scan::Document) whose syntax is checked while the program is compiled.
///
/// It takes a string literal or anything else that is a constant `&'static str`, such as `include_str!`.
///
/// ```
/// use gqlwire_proto::gql;
/// use gqlwire_proto::scan::OperationKind;
///
/// let document = gql!("mutation ($m: String!) { createMessage(input: {message: $m}) { id } }");
/// assert_eq!(document.kind(), Some(OperationKind::Mutation));
/// assert_eq!(document.root_fields(), Some(1));
/// ```
///
/// A mistake is a compile error, `GraphQL syntax error at 1:9: expected a selection, found "}"` for this:
///
/// ```compile_fail,E0080
/// gqlwire_proto::gql!("{ user { } }");
/// ```
#[macro_export]
macro_rules! gql {
    (schema = $($rest:tt)*) => {
        ::core::compile_error!("checking a document against a schema needs the feature `macros` of gqlwire")
    };
    ($text:expr $(,)?) => {{
        // The lint is there to find endless loops; a large document merely takes a while.
        #[allow(long_running_const_eval)]
        const DOCUMENT: $crate::scan::Document = $crate::scan::Document::from_static($text);
        DOCUMENT
    }};
}
