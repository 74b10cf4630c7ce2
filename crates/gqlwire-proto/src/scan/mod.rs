//! The document scanner: what a client must know of an operation before it sends it.
//!
//! Which kind of operation is this, what is it called, how many fields does it ask of the root type, and is it
//! GraphQL at all? The scanner answers from the text alone, without a schema and without a dependency, as
//! `const fn`: [`gql!`](crate::gql) runs it during compilation, [`Outline::parse`] at run time.
//!
//! ```
//! use gqlwire_proto::gql;
//! use gqlwire_proto::scan::{OperationKind, Outline};
//!
//! const POSTS: gqlwire_proto::scan::Document = gql!("subscription { onPost { id } }");
//! assert_eq!(POSTS.kind(), Some(OperationKind::Subscription));
//!
//! let outline = Outline::parse("query A { a } mutation B($x: Int) { b(x: $x) }")?;
//! let chosen = outline.select(Some("B"))?;
//! assert_eq!(chosen.kind(), OperationKind::Mutation);
//! assert_eq!(chosen.variables().collect::<Vec<_>>(), ["x"]);
//!
//! let refused = Outline::parse("{ user { } }").unwrap_err();
//! assert_eq!(refused.to_string(), r#"syntax error at 1:10: expected a selection, found "}""#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The grammar is that of executable documents of the September 2025 edition, descriptions included. Type system
//! definitions are refused by name. The checker is a loop with counters, not a recursion: nothing that it is fed can
//! exhaust a stack, neither at run time nor the 128 frames of the compiler's evaluator. It works in time linear in
//! the text.

mod depth;
mod document;
mod error;
mod kind;
mod lexer;
mod literal;
mod message;
mod outline;
mod roots;
mod select;
mod syntax;
mod text;
mod token;

pub use depth::MAX_DEPTH;
pub use document::Document;
pub use error::SyntaxError;
pub use kind::OperationKind;
pub use outline::{OperationOutline, Outline};
pub use roots::RootFields;
pub use select::SelectError;
