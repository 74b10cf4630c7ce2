use std::fmt;

/// What an operation does: read, write, or listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OperationKind {
    /// Changes something, then reads.
    Mutation,
    /// Reads. The kind of the shorthand `{ … }`, too.
    Query,
    /// Listens to events.
    Subscription,
}

impl OperationKind {
    /// The keyword of the kind: `query`, `mutation` or `subscription`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mutation => "mutation",
            Self::Query => "query",
            Self::Subscription => "subscription",
        }
    }

    /// The kind that a keyword stands for.
    pub(super) const fn from_keyword(word: &[u8]) -> Option<Self> {
        match word {
            b"mutation" => Some(Self::Mutation),
            b"query" => Some(Self::Query),
            b"subscription" => Some(Self::Subscription),
            _ => None,
        }
    }
}

impl fmt::Display for OperationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
