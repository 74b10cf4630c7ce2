use std::collections::HashMap;
use std::env;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the process finds around it: variables and files. Tests bring their own.
#[derive(Clone)]
pub(super) struct Surroundings {
    given: Option<Arc<Given>>,
}

#[derive(Debug, Default)]
struct Given {
    variables: HashMap<String, String>,
    files: HashMap<PathBuf, String>,
}

impl Surroundings {
    pub(super) fn of_this_process() -> Self {
        Self { given: None }
    }

    #[cfg(test)]
    pub(super) fn given(variables: &[(&str, &str)], files: &[(&str, &str)]) -> Self {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let files = files
            .iter()
            .map(|(path, text)| (PathBuf::from(path), (*text).to_owned()));
        Self {
            given: Some(Arc::new(Given {
                variables: variables.collect(),
                files: files.collect(),
            })),
        }
    }

    /// A variable; an empty one is as good as none.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        let value = match &self.given {
            None => env::var(name).ok(),
            Some(given) => given.variables.get(name).cloned(),
        };
        value.filter(|value| !value.is_empty())
    }

    /// A file's text; `None` where there is no such file.
    pub(super) fn file(&self, path: &Path) -> io::Result<Option<String>> {
        let text = match &self.given {
            Some(given) => return Ok(given.files.get(path).cloned()),
            None => std::fs::read(path),
        };
        match text {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Where a shared file lies: where its variable says, else in `~/.aws`.
    pub(super) fn shared_file(&self, variable: &str, name: &str) -> Option<PathBuf> {
        if let Some(path) = self.variable(variable) {
            return Some(match (path.strip_prefix("~/"), self.home()) {
                (Some(rest), Some(home)) => home.join(rest),
                _ => PathBuf::from(path),
            });
        }
        Some(self.home()?.join(".aws").join(name))
    }

    fn home(&self) -> Option<PathBuf> {
        self.variable("HOME")
            .or_else(|| self.variable("USERPROFILE"))
            .map(PathBuf::from)
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Surroundings")
    }
}
