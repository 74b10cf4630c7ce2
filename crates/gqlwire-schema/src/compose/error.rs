//! What is wrong with a composed document.

use std::fmt;

use crate::diagnostic::Diagnostics;

/// The most errors that are kept; the rest says nothing new.
pub(super) const MAX_ERRORS: usize = 100;

/// One mistake in a composed document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BuildError {
    pub(super) coordinate: String,
    pub(super) message: String,
    pub(super) within: String,
}

impl BuildError {
    /// Where in the schema: `Query.hero`, `Query.hero(episode:)`, `ReviewInput.stars`, `@skip(if:)`; or `$name` for a
    /// variable. Empty when the error belongs to no such place.
    pub fn coordinate(&self) -> &str {
        &self.coordinate
    }

    /// What is wrong, and where possible what to do.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The operation or fragment that it lies in, such as `query Hero`; empty when it lies in none.
    pub fn within(&self) -> &str {
        &self.within
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.coordinate.is_empty() {
            write!(f, "{}: ", self.coordinate)?;
        }
        f.write_str(&self.message)?;
        if !self.within.is_empty() {
            write!(f, " (in {})", self.within)?;
        }
        Ok(())
    }
}

impl std::error::Error for BuildError {}

/// Everything that is wrong with a composed document; never empty. At most 100 errors are kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BuildErrors(Vec<BuildError>);

impl BuildErrors {
    /// The errors, in the order in which they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, BuildError> {
        self.0.iter()
    }

    pub(super) fn of(mut errors: Vec<BuildError>) -> Option<Self> {
        errors.truncate(MAX_ERRORS);
        (!errors.is_empty()).then_some(Self(errors))
    }
}

/// What only validation of the whole document finds.
impl From<Diagnostics> for BuildErrors {
    fn from(diagnostics: Diagnostics) -> Self {
        let errors = diagnostics.iter().map(|diagnostic| BuildError {
            coordinate: String::new(),
            message: diagnostic.message().to_owned(),
            within: String::new(),
        });
        Self(errors.collect())
    }
}

/// One error a line.
impl fmt::Display for BuildErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for BuildErrors {}

impl<'a> IntoIterator for &'a BuildErrors {
    type Item = &'a BuildError;
    type IntoIter = std::slice::Iter<'a, BuildError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
