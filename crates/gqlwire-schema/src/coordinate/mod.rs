//! Schema coordinates: `Type`, `Type.field`, `Type.field(argument:)`, `@directive`, `@directive(argument:)`.

mod resolve;

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use thiserror::Error;

pub(crate) use self::resolve::member_names;
pub use self::resolve::{Element, UnknownCoordinate};

/// The name of one element of a schema, as the specification writes it.
///
/// ```
/// use gqlwire_schema::Coordinate;
///
/// let coordinate: Coordinate = "Query.message(id:)".parse()?;
/// assert_eq!(coordinate, Coordinate::argument("Query", "message", "id"));
/// assert_eq!(coordinate.to_string(), "Query.message(id:)");
/// # Ok::<(), gqlwire_schema::InvalidCoordinate>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Coordinate {
    /// `Type`
    Type(String),
    /// `Type.member`: a field, an input field or a value of an enum.
    Member {
        /// The type.
        type_name: String,
        /// Its field or value.
        member: String,
    },
    /// `Type.field(argument:)`
    Argument {
        /// The type.
        type_name: String,
        /// Its field.
        field: String,
        /// The field's argument.
        argument: String,
    },
    /// `@directive`
    Directive(String),
    /// `@directive(argument:)`
    DirectiveArgument {
        /// The directive, without the `@`.
        directive: String,
        /// Its argument.
        argument: String,
    },
}

impl Coordinate {
    /// `Type`
    pub fn named(type_name: impl Into<String>) -> Self {
        Self::Type(type_name.into())
    }

    /// `Type.member`
    pub fn member(type_name: impl Into<String>, member: impl Into<String>) -> Self {
        Self::Member {
            type_name: type_name.into(),
            member: member.into(),
        }
    }

    /// `Type.field(argument:)`
    pub fn argument(type_name: impl Into<String>, field: impl Into<String>, argument: impl Into<String>) -> Self {
        Self::Argument {
            type_name: type_name.into(),
            field: field.into(),
            argument: argument.into(),
        }
    }

    /// `@directive`
    pub fn directive(directive: impl Into<String>) -> Self {
        Self::Directive(directive.into())
    }

    /// `@directive(argument:)`
    pub fn directive_argument(directive: impl Into<String>, argument: impl Into<String>) -> Self {
        Self::DirectiveArgument {
            directive: directive.into(),
            argument: argument.into(),
        }
    }
}

impl fmt::Display for Coordinate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type(name) => f.write_str(name),
            Self::Member { type_name, member } => write!(f, "{type_name}.{member}"),
            Self::Argument {
                type_name,
                field,
                argument,
            } => write!(f, "{type_name}.{field}({argument}:)"),
            Self::Directive(name) => write!(f, "@{name}"),
            Self::DirectiveArgument { directive, argument } => write!(f, "@{directive}({argument}:)"),
        }
    }
}

/// As text.
impl Serialize for Coordinate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why a text is no coordinate.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error(
    "`{text}` is no schema coordinate: {problem}; write Type, Type.field, Type.field(argument:), @directive or @directive(argument:)"
)]
pub struct InvalidCoordinate {
    text: String,
    problem: String,
}

impl FromStr for Coordinate {
    type Err = InvalidCoordinate;

    fn from_str(text: &str) -> Result<Self, InvalidCoordinate> {
        parse(text.trim()).map_err(|problem| InvalidCoordinate {
            text: text.chars().take(200).collect(),
            problem,
        })
    }
}

fn parse(text: &str) -> Result<Coordinate, String> {
    let (path, argument) = match text.split_once('(') {
        None => (text, None),
        Some((path, rest)) => {
            let Some(argument) = rest.strip_suffix(":)") else {
                return Err("an argument is written `(name:)`".to_owned());
            };
            (path, Some(name(argument, "argument")?))
        }
    };
    if let Some(directive) = path.strip_prefix('@') {
        let directive = name(directive, "directive")?;
        return Ok(match argument {
            None => Coordinate::Directive(directive),
            Some(argument) => Coordinate::DirectiveArgument { directive, argument },
        });
    }
    match (path.split_once('.'), argument) {
        (None, None) => Ok(Coordinate::Type(name(path, "type")?)),
        (None, Some(_)) => Err("an argument belongs to a field or to a directive".to_owned()),
        (Some((type_name, member)), None) => Ok(Coordinate::Member {
            type_name: name(type_name, "type")?,
            member: name(member, "field")?,
        }),
        (Some((type_name, field)), Some(argument)) => Ok(Coordinate::Argument {
            type_name: name(type_name, "type")?,
            field: name(field, "field")?,
            argument,
        }),
    }
}

fn name(text: &str, what: &str) -> Result<String, String> {
    if is_name(text) {
        return Ok(text.to_owned());
    }
    match text.is_empty() {
        true => Err(format!("the name of the {what} is missing")),
        false => Err(format!("`{text}` is no name of a {what}")),
    }
}

/// Whether the text is a name of the language.
pub(crate) fn is_name(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !text.is_empty() && !text.starts_with(|first: char| first.is_ascii_digit()) && text.bytes().all(word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Coordinate;

    #[test]
    fn every_form_is_read_and_printed() {
        for (text, expected) in [
            ("Message", Coordinate::named("Message")),
            ("Message.id", Coordinate::member("Message", "id")),
            ("Query.message(id:)", Coordinate::argument("Query", "message", "id")),
            ("@skip", Coordinate::directive("skip")),
            ("@skip(if:)", Coordinate::directive_argument("skip", "if")),
            ("__Type.fields", Coordinate::member("__Type", "fields")),
        ] {
            assert_eq!(text.parse::<Coordinate>().unwrap(), expected);
            assert_eq!(expected.to_string(), text);
        }
        assert_eq!(" Message ".parse::<Coordinate>().unwrap(), Coordinate::named("Message"));
    }

    #[test]
    fn anything_else_is_refused_with_its_reason() {
        for (text, reason) in [
            ("", "the name of the type is missing"),
            ("Message.", "the name of the field is missing"),
            (".id", "the name of the type is missing"),
            ("A.b.c", "`b.c` is no name of a field"),
            ("A.b(c)", "written `(name:)`"),
            ("A.b(c:", "written `(name:)`"),
            ("A(b:)", "belongs to a field"),
            ("A.b(:)", "the name of the argument is missing"),
            ("@", "the name of the directive is missing"),
            ("@a.b", "`a.b` is no name of a directive"),
            ("1A", "`1A` is no name of a type"),
            ("Ä", "`Ä` is no name of a type"),
        ] {
            let error = text.parse::<Coordinate>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_prints_the_same(text in "@?[A-Za-z0-9_]{0,3}\\.?[a-z_]{0,3}(\\([a-z]{0,2}:?\\)?)?") {
            if let Ok(coordinate) = text.parse::<Coordinate>() {
                prop_assert_eq!(coordinate.to_string(), text);
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = text.parse::<Coordinate>();
        }
    }
}
