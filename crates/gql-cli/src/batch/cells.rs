//! The values of a CSV file, by the types that the operation declares.

use gqlwire_schema::Schema;
use gqlwire_schema::tree::Type;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::validate::is_text;

/// A value of this type; `None` for an empty one, which leaves the variable out so that its default counts.
///
/// | type | value |
/// |---|---|
/// | `ID`, `String`, and with a schema enums and AppSync's scalars | the text itself |
/// | `Int`, `Float` | a number |
/// | `Boolean` | `true` or `false`, in any case |
/// | a list | JSON, or a single item |
/// | anything else | JSON if it is some, else the text |
///
/// An empty value of the type `String!` or `ID!` is an empty text.
pub(super) fn value(schema: Option<&Schema>, ty: &Type, text: &str) -> Result<Option<Box<RawValue>>, String> {
    let inner = match ty {
        Type::NonNull(inner) => &**inner,
        _ if text.is_empty() => return Ok(None),
        nullable => nullable,
    };
    let wrong = |what: &str| Err(format!("{text:?} is no {what}"));
    match inner {
        Type::Named(name) if takes_text(schema, name) => Ok(Some(raw(&Value::from(text)))),
        Type::Named(name) => match (name.as_str(), text.trim()) {
            (_, "") => Err(format!("it is empty, and the type is {ty}")),
            (_, "null") if inner == ty => Ok(Some(raw(&Value::Null))),
            ("Boolean", flag) if flag.eq_ignore_ascii_case("true") => Ok(Some(raw(&Value::from(true)))),
            ("Boolean", flag) if flag.eq_ignore_ascii_case("false") => Ok(Some(raw(&Value::from(false)))),
            ("Boolean", _) => wrong("Boolean"),
            ("Int", number) if number.contains(['.', 'e', 'E']) => wrong("Int"),
            ("Int" | "Float", number) => match json(number).filter(|json| is_number(json)) {
                Some(number) => Ok(Some(number)),
                None => wrong(name),
            },
            (_, text) => Ok(Some(json(text).unwrap_or_else(|| raw(&Value::from(text))))),
        },
        Type::List(item) => match text.trim() {
            list if list.starts_with('[') => match json(list) {
                Some(list) => Ok(Some(list)),
                None => wrong(&format!("list of JSON, {ty}")),
            },
            "" => Err(format!("it is empty, and the type is {ty}")),
            "null" if inner == ty => Ok(Some(raw(&Value::Null))),
            _ => {
                let item = value(schema, item, text)?;
                let items = item.map_or(String::new(), |item| item.get().to_owned());
                Ok(json(&format!("[{items}]")))
            }
        },
        // The grammar has no `!!`.
        Type::NonNull(_) => value(schema, inner, text),
    }
}

fn takes_text(schema: Option<&Schema>, name: &str) -> bool {
    match schema {
        Some(schema) => is_text(schema, name),
        None => matches!(name, "ID" | "String"),
    }
}

fn is_number(json: &RawValue) -> bool {
    json.get().starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

fn json(text: &str) -> Option<Box<RawValue>> {
    serde_json::from_str(text).ok()
}

fn raw(value: &Value) -> Box<RawValue> {
    // A value always has a text.
    serde_json::value::to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(ty: &str, text: &str) -> String {
        let schema = Schema::from_sdl("type Query { a: Int } enum Color { RED }").unwrap();
        let ty = ty.parse().unwrap();
        match value(Some(&schema), &ty, text) {
            Ok(Some(value)) => value.get().to_owned(),
            Ok(None) => "-".to_owned(),
            Err(why) => format!("error: {why}"),
        }
    }

    #[test]
    fn values_have_the_declared_types() {
        for (ty, text, expected) in [
            ("ID", "007", r#""007""#),
            ("String", r#""quoted" \n"#, r#""\"quoted\" \\n""#),
            ("String", "null", r#""null""#),
            ("String", "", "-"),
            ("String!", "", r#""""#),
            ("Int", " 12 ", "12"),
            ("Int!", "12345678901234567890", "12345678901234567890"),
            ("Int", "1.5", r#"error: "1.5" is no Int"#),
            ("Int", "one", r#"error: "one" is no Int"#),
            ("Int", "\"1\"", r#"error: "\"1\"" is no Int"#),
            ("Int!", "", "error: it is empty, and the type is Int!"),
            ("Int", "null", "null"),
            ("Float", "1e3", "1e3"),
            ("Boolean", "TRUE", "true"),
            ("Boolean", "yes", r#"error: "yes" is no Boolean"#),
            ("Color", "RED", r#""RED""#),
            ("Unknown", "RED", r#""RED""#),
            ("In", r#"{"a": 1e3}"#, r#"{"a": 1e3}"#),
            ("[Int!]!", "[1, 2]", "[1, 2]"),
            ("[ID]", "7", r#"["7"]"#),
            ("[Int]", "[1,", r#"error: "[1," is no list of JSON, [Int]"#),
            ("[Int]", "", "-"),
        ] {
            assert_eq!(of(ty, text), expected, "{ty} {text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_value_or_refused_without_a_panic(
            text in any::<String>(),
            ty in proptest::sample::select(vec!["ID!", "Int", "[Float!]", "Boolean!", "Color", "In", "[[String]]"]),
        ) {
            let _ = of(ty, &text);
        }
    }
}
