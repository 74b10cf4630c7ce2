use std::fmt;
use std::str::FromStr;

use serde_json::value::{RawValue, to_raw_value};

use super::Members;

/// How many lists and objects a path may lead through; far more than any schema nests.
const DEEPEST: usize = 64;

/// A place in the variables of a request, as the multipart request specification writes it: `file`, `files.0`,
/// `input.photos.2.file`, each also with `variables.` before it.
///
/// ```
/// use gqlwire_proto::VariablePath;
///
/// let path: VariablePath = "input.files.0".parse()?;
/// assert_eq!(path.to_string(), "variables.input.files.0");
/// let body = path.set_null(r#"{"query":"…","variables":{"input":{"name":"x"}}}"#)?;
/// assert_eq!(body, r#"{"query":"…","variables":{"input":{"name":"x","files":[null]}}}"#);
/// # Ok::<(), gqlwire_proto::VariablePathError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct VariablePath(Vec<String>);

impl VariablePath {
    /// The same request with `null` in this place, and everything else as it was written.
    ///
    /// What leads to the place is made where it is missing: an object for a name, a list for the index 0.
    ///
    /// # Errors
    ///
    /// Something else than `null` stands there already, the path leads through something that is neither a list nor an
    /// object, or it leaves out an index of a list.
    pub fn set_null(&self, json: &str) -> Result<String, VariablePathError> {
        self.set(json, null())
    }

    /// The same with another value in this place than `null`.
    ///
    /// # Errors
    ///
    /// As [`set_null`](Self::set_null).
    pub fn set(&self, json: &str, value: Box<RawValue>) -> Result<String, VariablePathError> {
        let mut request: Members =
            serde_json::from_str(json).map_err(|_| self.error("the request is not an object"))?;
        let variables = request.get("variables").filter(|variables| variables.get() != "null");
        let variables = self.placed(variables, 0, value)?;
        request.set("variables".to_owned(), variables);
        serde_json::to_string(&request).map_err(|error| self.error(error.to_string()))
    }

    /// What stands at `depth` once the value is in its place.
    fn placed(
        &self,
        there: Option<&RawValue>,
        depth: usize,
        value: Box<RawValue>,
    ) -> Result<Box<RawValue>, VariablePathError> {
        let Some(step) = self.0.get(depth) else {
            return match there.map(RawValue::get) {
                None | Some("null") => Ok(value),
                Some(_) => Err(self.error(format!(
                    "{} has a value already, and a file is to stand there: leave it out or make it null",
                    self.until(depth)
                ))),
            };
        };
        let is_list = match there {
            Some(there) if there.get().starts_with('[') => true,
            Some(there) if there.get().starts_with('{') => false,
            Some(_) => return Err(self.error(format!("{} is neither an object nor a list", self.until(depth)))),
            None => depth > 0 && step == "0",
        };
        if is_list {
            let list = there.map_or("[]", RawValue::get);
            let mut list: Vec<Box<RawValue>> = serde_json::from_str(list).map_err(|_| self.error("no list"))?;
            let index = step.parse::<usize>().ok().filter(|index| *index <= list.len());
            let index = index.ok_or_else(|| {
                self.error(format!(
                    "{} is a list of {}, and has no place for {step:?}",
                    self.until(depth),
                    list.len()
                ))
            })?;
            let placed = self.placed(list.get(index).map(|item| &**item), depth + 1, value)?;
            match list.get_mut(index) {
                Some(item) => *item = placed,
                None => list.push(placed),
            }
            return to_raw_value(&list).map_err(|error| self.error(error.to_string()));
        }
        let object = there.map_or("{}", RawValue::get);
        let mut object: Members = serde_json::from_str(object).map_err(|_| self.error("no object"))?;
        let placed = self.placed(object.get(step), depth + 1, value)?;
        object.set(step.clone(), placed);
        to_raw_value(&object).map_err(|error| self.error(error.to_string()))
    }

    fn until(&self, depth: usize) -> String {
        match depth {
            0 => "the variables".to_owned(),
            depth => format!("variables.{}", self.0[..depth].join(".")),
        }
    }

    fn error(&self, why: impl Into<String>) -> VariablePathError {
        VariablePathError {
            path: self.to_string(),
            why: why.into(),
        }
    }
}

impl FromStr for VariablePath {
    type Err = VariablePathError;

    fn from_str(text: &str) -> Result<Self, VariablePathError> {
        let error = |why: &str| VariablePathError {
            path: text.chars().take(200).collect(),
            why: why.to_owned(),
        };
        let within = text.strip_prefix("variables.").unwrap_or(text);
        let steps: Vec<String> = within.split('.').map(str::to_owned).collect();
        if steps.iter().any(String::is_empty) {
            return Err(error(
                "a step of it is empty: it is written like `file` or `input.files.0`",
            ));
        }
        if steps.len() > DEEPEST {
            return Err(error("it has too many steps"));
        }
        Ok(Self(steps))
    }
}

impl fmt::Display for VariablePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "variables.{}", self.0.join("."))
    }
}

/// A path that leads nowhere, or to a place that is taken.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no file can stand at {path}: {why}")]
pub struct VariablePathError {
    path: String,
    why: String,
}

fn null() -> Box<RawValue> {
    RawValue::NULL.to_owned()
}
