use std::fmt;

use super::outline::OperationOutline;

/// Why no operation of a document can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SelectError {
    /// The document defines fragments only.
    NoOperation,
    /// The document has several operations, and none was named.
    Several {
        /// The names of the first operations, in the order of the document.
        names: Vec<String>,
        /// How many operations there are.
        count: usize,
    },
    /// The document has no operation of this name.
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The names of the first operations, in the order of the document.
        names: Vec<String>,
        /// How many operations there are.
        count: usize,
    },
}

/// Chooses by name, or the only one.
pub(super) fn operation<'o, 'a>(
    operations: &'o [OperationOutline<'a>],
    name: Option<&str>,
) -> Result<&'o OperationOutline<'a>, SelectError> {
    let count = operations.len();
    match (operations, name) {
        ([], _) => Err(SelectError::NoOperation),
        ([only], None) => Ok(only),
        (several, None) => Err(SelectError::Several {
            names: first_names(several),
            count,
        }),
        (all, Some(name)) => {
            let found = all.iter().find(|operation| operation.name() == Some(name));
            found.ok_or_else(|| SelectError::Unknown {
                name: shortened(name),
                names: first_names(all),
                count,
            })
        }
    }
}

/// How many names an error lists, and how many characters of each it keeps.
const LISTED: usize = 8;
const LONGEST: usize = 64;

fn first_names(operations: &[OperationOutline<'_>]) -> Vec<String> {
    operations
        .iter()
        .filter_map(|operation| operation.name())
        .take(LISTED)
        .map(shortened)
        .collect()
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(LONGEST) {
        None => name.to_owned(),
        Some((end, _)) => format!("{}…", &name[..end]),
    }
}

impl fmt::Display for SelectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoOperation => f.write_str("the document has no operation, only fragments"),
            Self::Several { names, count } if names.is_empty() => {
                write!(
                    f,
                    "the document has {count} operations without a name: send one of them alone, or name them"
                )
            }
            Self::Several { names, count } => {
                f.write_str("the document has several operations: name one of ")?;
                list(f, names, *count)
            }
            Self::Unknown { name, names, .. } if names.is_empty() => {
                write!(
                    f,
                    "no operation named {name}; the document has no operation with a name"
                )
            }
            Self::Unknown { name, names, count } => {
                write!(f, "no operation named {name}; the document has ")?;
                list(f, names, *count)
            }
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, names: &[String], count: usize) -> fmt::Result {
    f.write_str(&names.join(", "))?;
    match count - names.len() {
        0 => Ok(()),
        more => write!(f, " (and {more} more)"),
    }
}

impl std::error::Error for SelectError {}
