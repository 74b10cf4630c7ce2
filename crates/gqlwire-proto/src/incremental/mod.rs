//! Answers that come in pieces (`@defer`, `@stream`), merged into the one that they add up to.
//!
//! Servers speak three dialects, which a [`Merger`] tells apart by themselves:
//!
//! | | a piece is | and belongs |
//! |---|---|---|
//! | the current one | an entry of `incremental` | where `pending` said for its `id`, and `subPath` from there |
//! | `deferSpec=20220824` | an entry of `incremental` | at its `path`; with `items`, from the index at the end of that on |
//! | the first | the payload itself | at its `path` |
//!
//! ```
//! use gqlwire_proto::incremental::Merger;
//!
//! let mut merger = Merger::new(1 << 20);
//! merger.push(r#"{"data":{"me":{"id":1}},"pending":[{"id":"0","path":["me"]}],"hasNext":true}"#)?;
//! let payload = merger.push(
//!     r#"{"incremental":[{"id":"0","data":{"name":"Ada"}}],"completed":[{"id":"0"}],"hasNext":false}"#,
//! )?;
//! assert_eq!(payload.patches.len(), 1);
//! assert_eq!(merger.to_json(), r#"{"data":{"me":{"id":1,"name":"Ada"}}}"#);
//! # Ok::<(), gqlwire_proto::incremental::IncrementalError>(())
//! ```

mod merger;
mod node;
mod wire;

use std::fmt;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::{GraphQLError, PathSegment};

pub use self::merger::Merger;

/// How deep a place may lie: as deep as serde_json reads.
const DEEPEST: usize = 128;

/// What one payload brought.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Payload {
    /// The pieces, in the order in which they were merged; none in the first payload as a rule.
    pub patches: Vec<Patch>,
    /// What the server announces for later. Only the current dialect does.
    pub pending: Vec<Pending>,
    /// What of it is complete, or has failed. Only the current dialect says so.
    pub completed: Vec<Completed>,
    /// Whether more is to come.
    pub has_next: bool,
}

/// A piece of an answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Patch {
    /// Where it belongs: an object, or for items the list and the index of the first of them.
    pub path: Vec<PathSegment>,
    /// The `label` of its `@defer` or `@stream`.
    pub label: Option<String>,
    /// What it is.
    pub change: Change,
    /// What went wrong with it.
    pub errors: Vec<GraphQLError>,
    /// What the server says besides.
    pub extensions: Map<String, Value>,
}

/// What a [`Patch`] adds.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Change {
    /// Members of an object, or an item of a list.
    Data(Box<RawValue>),
    /// Items of a list.
    Items(Vec<Box<RawValue>>),
    /// Nothing: it failed, and the errors say why.
    Nothing,
}

/// What a server announces.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Pending {
    /// Under which name it will come.
    pub id: String,
    /// Where it belongs.
    pub path: Vec<PathSegment>,
    /// The `label` of its `@defer` or `@stream`.
    pub label: Option<String>,
}

/// What was announced and is over.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Completed {
    /// What was announced.
    pub pending: Pending,
    /// Why it never comes in whole; empty if it has come.
    pub errors: Vec<GraphQLError>,
}

/// A payload that does not fit the answer so far.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IncrementalError {
    /// It is no payload.
    #[error("a payload of the answer is malformed ({why}): {excerpt}")]
    Malformed {
        /// What is wrong with it.
        why: String,
        /// Its beginning.
        excerpt: String,
    },
    /// A piece is for something that was not announced.
    #[error("a piece of the answer is for the id {id:?}, which the server has not announced")]
    NotPending {
        /// Which.
        id: String,
    },
    /// A piece is for a place that the answer does not have.
    #[error("a piece of the answer is for {place}, and there is {found}")]
    NoPlace {
        /// Where.
        place: String,
        /// What is there instead.
        found: &'static str,
    },
    /// The pieces together are longer than an answer may be.
    #[error("the answer is longer than {limit} bytes")]
    TooLong {
        /// How long one may be.
        limit: usize,
    },
    /// A place lies deeper than a reader of JSON goes.
    #[error("a piece of the answer lies more than {DEEPEST} levels deep")]
    TooDeep,
    /// A payload came after the one that said that it was the last.
    #[error("the answer goes on after its last payload")]
    AfterTheEnd,
}

/// A path as people read it: `hero.friends[2]`.
struct Place<'p>(&'p [PathSegment]);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// As many steps of a path as a message shows.
        const SHOWN: usize = 12;

        if self.0.is_empty() {
            return f.write_str("the root");
        }
        for (index, segment) in self.0.iter().take(SHOWN).enumerate() {
            match segment {
                PathSegment::Field(name) => {
                    let shown: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
                    write!(f, "{}{shown}", if index == 0 { "" } else { "." })?;
                }
                PathSegment::Index(position) => write!(f, "[{position}]")?,
            }
        }
        f.write_str(if self.0.len() > SHOWN { "…" } else { "" })
    }
}
