//! Literals of the language as JSON.

use apollo_compiler::ast::Value as Literal;
use serde_json::{Number, Value};

/// A constant as JSON; an enum value is its name. A variable, which a constant cannot hold, is `null`.
pub(crate) fn to_json(literal: &Literal) -> Value {
    match literal {
        Literal::Null | Literal::Variable(_) => Value::Null,
        Literal::Boolean(value) => Value::Bool(*value),
        Literal::String(text) => Value::String(text.clone()),
        Literal::Enum(name) => Value::String(name.to_string()),
        Literal::Int(number) => int(number.as_str()),
        Literal::Float(number) => number
            .try_to_f64()
            .ok()
            .and_then(Number::from_f64)
            .map_or(Value::Null, Value::Number),
        Literal::List(items) => items.iter().map(|item| to_json(item)).collect(),
        Literal::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.to_string(), to_json(value)));
            Value::Object(fields.collect())
        }
    }
}

/// An integer of any size: beyond 64 bits it becomes a float, as it would in JSON.
pub(crate) fn int(text: &str) -> Value {
    if let Ok(number) = text.parse::<i64>() {
        return Value::from(number);
    }
    if let Ok(number) = text.parse::<u64>() {
        return Value::from(number);
    }
    text.parse::<f64>()
        .ok()
        .and_then(Number::from_f64)
        .map_or(Value::Null, Value::Number)
}
