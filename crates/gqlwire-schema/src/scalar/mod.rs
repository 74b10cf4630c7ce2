//! Scalars: the specification's five and AppSync's nine, checked on the way in and on the way out.
//!
//! The checks of AppSync's scalars are real but lenient: nothing that the service accepts is refused. A custom scalar
//! passes unchanged.

mod aws;

use apollo_compiler::ast;
use serde_json::{Number, Value};

use crate::literal;

/// A variable's or an argument's value, as a resolver gets it: an `ID` given as an integer is a string, `AWSJSON` is
/// parsed.
///
/// The error is the reason alone, for the caller to say of what.
pub(crate) fn parse(scalar: &str, value: &Value) -> Result<Value, String> {
    match scalar {
        "Int" => match integral(value) {
            Some(number) if i32::try_from(number).is_ok() => Ok(Value::from(number)),
            Some(number) => Err(format!(
                "Expected value to be in the Integer range but it was '{number}'"
            )),
            None => Err(expected("Int", value)),
        },
        "Float" if value.is_number() => Ok(value.clone()),
        "String" if value.is_string() => Ok(value.clone()),
        "Boolean" if value.is_boolean() => Ok(value.clone()),
        "ID" => match value {
            Value::String(_) => Ok(value.clone()),
            Value::Number(number) if number.is_i64() || number.is_u64() => Ok(Value::String(number.to_string())),
            _ => Err(expected("ID", value)),
        },
        "Float" | "String" | "Boolean" => Err(expected(scalar, value)),
        "AWSJSON" => match value.as_str().map(serde_json::from_str::<Value>) {
            Some(Ok(parsed)) => Ok(parsed),
            _ => Err(format!("Unable to parse {} as valid JSON.", shown(value))),
        },
        "AWSTimestamp" => match integral(value).filter(|number| aws::is_timestamp(*number)) {
            Some(number) => Ok(Value::from(number)),
            None => Err(format!("Unable to parse {} as a valid timestamp.", shown(value))),
        },
        _ => match aws::check(scalar, value.as_str()) {
            aws::Checked::Valid | aws::Checked::Unknown => Ok(value.clone()),
            aws::Checked::Invalid(what) => Err(format!("Unable to parse {} as a valid {what}.", shown(value))),
        },
    }
}

/// A resolver's value, as the response carries it: `AWSJSON` is text again.
///
/// As lenient as AppSync's own resolvers are used to: numbers in strings for numbers, anything scalar for `String`.
pub(crate) fn serialize(scalar: &str, value: &Value) -> Result<Value, String> {
    match scalar {
        "Int" => match numeric(value).and_then(|number| integral(&number)) {
            Some(number) if i32::try_from(number).is_ok() => Ok(Value::from(number)),
            Some(number) => Err(format!(
                "Expected value to be in the Integer range but it was '{number}'."
            )),
            None => Err(serialized(scalar, value)),
        },
        "Float" => numeric(value).ok_or_else(|| serialized(scalar, value)),
        "String" | "ID" => match value {
            Value::String(_) => Ok(value.clone()),
            Value::Number(number) => Ok(Value::String(number.to_string())),
            Value::Bool(flag) if scalar == "String" => Ok(Value::String(flag.to_string())),
            _ => Err(serialized(scalar, value)),
        },
        "Boolean" => match value {
            Value::Bool(_) => Ok(value.clone()),
            Value::String(text) if text == "true" || text == "false" => Ok(Value::Bool(text == "true")),
            Value::Number(number) => Ok(Value::Bool(number.as_f64() != Some(0.0))),
            _ => Err(serialized(scalar, value)),
        },
        // A string that is JSON text already is taken as such: that is how most data sources keep it.
        "AWSJSON" => match value {
            Value::String(text) if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() => Ok(value.clone()),
            other => Ok(Value::String(other.to_string())),
        },
        "AWSTimestamp" => numeric(value)
            .and_then(|number| integral(&number))
            .filter(|number| aws::is_timestamp(*number))
            .map(Value::from)
            .ok_or_else(|| format!("Unable to serialize {} as a valid timestamp.", shown(value))),
        _ => match aws::check(scalar, value.as_str()) {
            aws::Checked::Valid | aws::Checked::Unknown => Ok(value.clone()),
            aws::Checked::Invalid(what) => Err(format!("Unable to serialize {} as a valid {what}.", shown(value))),
        },
    }
}

/// A literal in a document, for the scalars that the compiler knows nothing of.
pub(crate) fn check_literal(scalar: &str, literal: &ast::Value) -> Result<(), String> {
    if !scalar.starts_with("AWS") {
        return Ok(());
    }
    parse(scalar, &literal::to_json(literal)).map(drop)
}

/// `Expected type 'Int' but was 'String'.`
fn expected(scalar: &str, value: &Value) -> String {
    format!("Expected type '{scalar}' but was '{}'.", kind(value))
}

fn serialized(scalar: &str, value: &Value) -> String {
    format!("Expected type '{scalar}' but was '{}'.", kind(value))
}

pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "Null",
        Value::Bool(_) => "Boolean",
        Value::Number(number) if number.is_f64() => "Double",
        Value::Number(_) => "Integer",
        Value::String(_) => "String",
        Value::Array(_) => "List",
        Value::Object(_) => "Map",
    }
}

/// An integer, also one written as `1.0`.
fn integral(value: &Value) -> Option<i64> {
    let number = value.as_number()?;
    if let Some(number) = number.as_i64() {
        return Some(number);
    }
    // Floats are exact integers up to 2^53 only; beyond that a float is no integer that anyone meant.
    let float = number
        .as_f64()
        .filter(|float| float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0)?;
    Some(float as i64)
}

/// A number, or a string that holds one.
fn numeric(value: &Value) -> Option<Value> {
    match value {
        Value::Number(_) => Some(value.clone()),
        Value::String(text) => {
            let text = text.trim();
            if let Ok(number) = text.parse::<i64>() {
                return Some(Value::from(number));
            }
            text.parse().ok().and_then(Number::from_f64).map(Value::Number)
        }
        _ => None,
    }
}

/// A value in back quotes, as the service shows it, cut where it is long.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{parse, serialize};

    #[test]
    fn input_is_checked() {
        for (scalar, value, expected) in [
            ("Int", json!(1), Some(json!(1))),
            ("Int", json!(1.0), Some(json!(1))),
            ("Int", json!(2_147_483_648_i64), None),
            ("Int", json!("1"), None),
            ("Int", json!(true), None),
            ("Float", json!(1), Some(json!(1))),
            ("Float", json!("1"), None),
            ("String", json!("a"), Some(json!("a"))),
            ("String", json!(1), None),
            ("Boolean", json!(true), Some(json!(true))),
            ("Boolean", json!("true"), None),
            ("ID", json!("a"), Some(json!("a"))),
            ("ID", json!(7), Some(json!("7"))),
            ("ID", json!(7.5), None),
            ("AWSJSON", json!("{\"a\":1}"), Some(json!({"a": 1}))),
            ("AWSJSON", json!("1"), Some(json!(1))),
            ("AWSJSON", json!("{a: 1}"), None),
            ("AWSJSON", json!({"a": 1}), None),
            (
                "AWSTimestamp",
                json!(31_556_889_864_403_199_i64),
                Some(json!(31_556_889_864_403_199_i64)),
            ),
            ("AWSTimestamp", json!(31_556_889_864_403_200_i64), None),
            ("AWSTimestamp", json!("1"), None),
            ("Custom", json!({"any": ["thing"]}), Some(json!({"any": ["thing"]}))),
        ] {
            assert_eq!(parse(scalar, &value).ok(), expected, "{scalar} {value}");
        }
    }

    #[test]
    fn output_is_checked_leniently() {
        for (scalar, value, expected) in [
            ("Int", json!("12"), Some(json!(12))),
            ("Int", json!(12.0), Some(json!(12))),
            ("Int", json!(12.5), None),
            ("Int", json!(3_000_000_000_i64), None),
            ("Int", json!(1e300), None),
            ("Float", json!("1.5"), Some(json!(1.5))),
            ("Float", json!("NaN"), None),
            ("String", json!(true), Some(json!("true"))),
            ("String", json!(1.5), Some(json!("1.5"))),
            ("String", json!({}), None),
            ("ID", json!(1), Some(json!("1"))),
            ("ID", json!([1]), None),
            ("Boolean", json!("true"), Some(json!(true))),
            ("Boolean", json!(0), Some(json!(false))),
            ("Boolean", json!("yes"), None),
            ("AWSJSON", json!({"a": 1}), Some(json!("{\"a\":1}"))),
            ("AWSJSON", json!("{\"a\":1}"), Some(json!("{\"a\":1}"))),
            ("AWSJSON", json!("plain"), Some(json!("\"plain\""))),
            (
                "AWSDateTime",
                json!("2026-11-24T07:56:59Z"),
                Some(json!("2026-11-24T07:56:59Z")),
            ),
            ("AWSDateTime", json!("yesterday"), None),
            ("AWSDateTime", json!(5), None),
        ] {
            assert_eq!(serialize(scalar, &value).ok(), expected, "{scalar} {value}");
        }
    }
}
