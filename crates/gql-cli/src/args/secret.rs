use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};

use crate::document::read_file;
use crate::failure::Failure;

/// A secret on the command line: itself, or `@FILE` that holds it, which keeps it out of the list of processes and
/// the shell's history.
#[derive(Clone, Debug)]
pub(crate) enum Secret {
    File(PathBuf),
    Text(SecretString),
}

impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.strip_prefix('@') {
            Some(path) => Self::File(path.into()),
            None => Self::Text(SecretString::from(text)),
        })
    }
}

impl Secret {
    /// The secret itself, without the line break that ends a file. `option` is for the error.
    pub(crate) fn read(&self, option: &str) -> Result<SecretString, Failure> {
        check(self.read_text(option)?, option)
    }

    /// The same of any text, which may have several lines.
    pub(crate) fn read_text(&self, option: &str) -> Result<SecretString, Failure> {
        Ok(match self {
            Self::Text(secret) => secret.clone(),
            Self::File(path) => {
                let mut text = read_file(path).map_err(|failure| Failure {
                    message: format!("{option}: {}", failure.message),
                    ..failure
                })?;
                text.truncate(text.trim_end_matches(['\n', '\r']).len());
                SecretString::from(text)
            }
        })
    }

    /// Where it comes from, for people: never what it is.
    pub(crate) fn source(&self, option: &str) -> String {
        match self {
            Self::Text(_) => option.to_owned(),
            Self::File(path) => format!("{option} @{}", path.display()),
        }
    }
}

/// Refuses what cannot be a secret, because no header can carry it. `source` is for the error.
pub(crate) fn check(secret: SecretString, source: &str) -> Result<SecretString, Failure> {
    let text = secret.expose_secret();
    if text.trim().is_empty() {
        return Err(Failure::usage(format!("{source} is empty")).hint("is the variable or the file set?"));
    }
    if text.chars().any(|c| c.is_control() && c != '\t') {
        return Err(
            Failure::usage(format!("{source} holds a line break or another control character"))
                .hint("a secret is one line of text; is it the right variable or file?"),
        );
    }
    Ok(secret)
}
