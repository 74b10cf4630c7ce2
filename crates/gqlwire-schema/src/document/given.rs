//! The variables of a request against those that its operation declares, before anything is sent.
//!
//! As lenient as servers are: an `ID` may be an integer, one value stands for a list of one. No value is repeated in a
//! message, for variables are often secrets.

use std::fmt;

use apollo_compiler::ast::Type;
use apollo_compiler::executable as exe;
use apollo_compiler::schema::{ExtendedType, InputObjectType};
use serde_json::{Map, Value};

use crate::compose::suggest::did_you_mean;
use crate::scalar;
use crate::schema::Schema;

/// The most errors that are kept of one request.
const MAX_ERRORS: usize = 100;

/// Input objects may contain themselves; nothing honest nests this deep.
const MAX_DEPTH: usize = 64;

/// One value that does not fit its declaration, or is missing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VariableError {
    path: String,
    reason: String,
}

impl VariableError {
    /// Where: `$input.tags[2]`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong there; it does not hold the value.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// `$input.tags[2]: expected String, found a number`
impl fmt::Display for VariableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}

/// Everything that is wrong with the variables of a request; never empty.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VariableErrors(Vec<VariableError>);

impl VariableErrors {
    /// The errors: of the variables in the order of their declaration, then of those that are not declared.
    pub fn iter(&self) -> std::slice::Iter<'_, VariableError> {
        self.0.iter()
    }

    /// How many there are (at most 100 are kept).
    #[expect(clippy::len_without_is_empty, reason = "there is always at least one")]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// One line for each.
impl fmt::Display for VariableErrors {
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

impl std::error::Error for VariableErrors {}

pub(super) fn check(
    schema: &Schema,
    operation: &exe::Operation,
    given: &Map<String, Value>,
) -> Result<(), VariableErrors> {
    let mut checker = Checker {
        schema,
        errors: Vec::new(),
    };
    for definition in &operation.variables {
        let path = Place::root(&definition.name);
        match given.get(definition.name.as_str()) {
            Some(value) => checker.value(&definition.ty, value, &path, 0),
            None if definition.default_value.is_none() && definition.ty.is_non_null() => {
                checker.report(&path, format!("required ({}), and not given", definition.ty));
            }
            None => {}
        }
    }
    let declared = || operation.variables.iter().map(|definition| definition.name.as_str());
    for name in given.keys().filter(|name| !declared().any(|known| known == *name)) {
        let meant = did_you_mean(name, declared());
        checker.report(
            &Place::root(name),
            format!("the operation declares no such variable{meant}"),
        );
    }
    match checker.errors.is_empty() {
        true => Ok(()),
        false => Err(VariableErrors(checker.errors)),
    }
}

struct Checker<'a> {
    schema: &'a Schema,
    errors: Vec<VariableError>,
}

impl Checker<'_> {
    fn value(&mut self, ty: &Type, value: &Value, path: &Place<'_>, depth: usize) {
        if self.errors.len() >= MAX_ERRORS {
            return;
        }
        if value.is_null() {
            if ty.is_non_null() {
                self.report(path, format!("must not be null ({ty})"));
            }
            return;
        }
        if depth > MAX_DEPTH {
            self.report(path, format!("nested deeper than {MAX_DEPTH} levels"));
            return;
        }
        if ty.is_list() {
            let item = ty.item_type();
            match value {
                Value::Array(items) => {
                    for (index, value) in items.iter().enumerate() {
                        self.value(item, value, &path.then(Step::Index(index)), depth + 1);
                    }
                }
                single => self.value(item, single, path, depth + 1),
            }
            return;
        }
        let name = ty.inner_named_type();
        match self.schema.compiled().types.get(name) {
            Some(ExtendedType::Scalar(_)) if scalar::parse(name, value).is_err() => {
                self.report(path, refused(name, value));
            }
            Some(ExtendedType::Enum(definition)) => match value {
                Value::String(text) if definition.values.contains_key(text.as_str()) => {}
                Value::String(text) => {
                    let meant = did_you_mean(text, definition.values.keys().map(|name| name.as_str()));
                    self.report(path, format!("the string is not a value of the enum {name}{meant}"));
                }
                other => self.report(path, mismatch(name, other)),
            },
            Some(ExtendedType::InputObject(definition)) => match value {
                Value::Object(members) => self.object(definition, members, path, depth),
                other => self.report(path, mismatch(name, other)),
            },
            // A scalar that fits; any other type is none for variables, and the document was refused already.
            _ => {}
        }
    }

    fn object(&mut self, definition: &InputObjectType, members: &Map<String, Value>, path: &Place<'_>, depth: usize) {
        for (name, field) in &definition.fields {
            let path = path.then(Step::Field(name));
            match members.get(name.as_str()) {
                Some(value) => self.value(&field.ty, value, &path, depth + 1),
                None if field.default_value.is_none() && field.ty.is_non_null() => {
                    self.report(&path, format!("required ({}), and not given", field.ty));
                }
                None => {}
            }
        }
        for name in members
            .keys()
            .filter(|name| !definition.fields.contains_key(name.as_str()))
        {
            let meant = did_you_mean(name, definition.fields.keys().map(|name| name.as_str()));
            self.report(
                &path.then(Step::Field(name)),
                format!("{} has no such field{meant}", definition.name),
            );
        }
        if definition.directives.has("oneOf") && (members.len() != 1 || members.values().any(Value::is_null)) {
            let reason = format!("exactly one field of {} must be given, and not null", definition.name);
            self.report(path, reason);
        }
    }

    fn report(&mut self, path: &Place<'_>, reason: String) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(VariableError {
                path: path.to_string(),
                reason,
            });
        }
    }
}

/// Where a value stands; written down only for one that is wrong.
struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    step: Step<'a>,
}

enum Step<'a> {
    Variable(&'a str),
    Field(&'a str),
    Index(usize),
}

impl<'a> Place<'a> {
    fn root(variable: &'a str) -> Self {
        Self {
            parent: None,
            step: Step::Variable(variable),
        }
    }

    fn then(&'a self, step: Step<'a>) -> Self {
        Self {
            parent: Some(self),
            step,
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.step {
            Step::Variable(name) => write!(f, "${name}"),
            Step::Field(name) => write!(f, ".{name}"),
            Step::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// A value of the right kind may still be out of range or in the wrong format.
fn refused(scalar: &str, value: &Value) -> String {
    match (scalar, value) {
        ("Int" | "AWSTimestamp", Value::Number(_)) => format!("the number is not a valid {scalar}"),
        ("ID", Value::Number(_)) => "an ID is a string or an integer, and the number is neither".to_owned(),
        (_, Value::String(_)) if scalar.starts_with("AWS") && scalar != "AWSTimestamp" => {
            format!("the string is not a valid {scalar}")
        }
        ("AWSJSON", _) => format!(
            "expected AWSJSON, which is JSON written into a string, found {}",
            kind(value)
        ),
        _ => mismatch(scalar, value),
    }
}

fn mismatch(name: &str, value: &Value) -> String {
    format!("expected {name}, found {}", kind(value))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
