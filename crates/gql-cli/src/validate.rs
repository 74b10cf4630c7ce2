//! What can be found wrong before anything is sent, with a schema in hand; and the values of variables by their types.

use gqlwire_schema::tree::Type;
use gqlwire_schema::{Diagnostics, ExecutableDocument, Schema, TypeKind, did_you_mean};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::findings::counted;
use crate::operations::Operation;
use crate::report;
use crate::schema::Loaded;
use crate::variables::Variable;

/// Checks the document and the variables of an operation, and points out what it uses that is deprecated.
pub(crate) fn validate(loaded: &Loaded, operation: &Operation, given: &[Variable]) -> Result<(), Failure> {
    let document = document(loaded, operation)?;
    check_variables(&loaded.schema, &document, operation, given)
}

/// Checks the document of an operation, and points out what it uses that is deprecated.
pub(crate) fn document(loaded: &Loaded, operation: &Operation) -> Result<ExecutableDocument, Failure> {
    let schema = &loaded.schema;
    let refused = |errors: Diagnostics| {
        report::diagnostics(errors.as_slice());
        let errors = counted(errors.len(), "error");
        Failure::new(
            Exit::Invalid,
            format!(
                "the {} is not valid for {}: {errors}; nothing was sent",
                operation.kind, loaded.name
            ),
        )
        .hint("--no-validate sends it all the same")
    };
    let document = schema.parse(&operation.document).map_err(refused)?;
    report::diagnostics(&document.deprecated_use(schema));
    Ok(document)
}

/// Checks the variables of an operation.
pub(crate) fn check_variables(
    schema: &Schema,
    document: &ExecutableDocument,
    operation: &Operation,
    given: &[Variable],
) -> Result<(), Failure> {
    // Chosen already; a document without it was refused.
    let Ok(chosen) = document.operation(operation.name.as_deref()) else {
        return Ok(());
    };
    let mut values = Map::new();
    for variable in given {
        if operation.variables.contains(&variable.name) {
            // A number that fits no type of this machine is none of GraphQL's either, but for custom scalars.
            let value = serde_json::from_str(variable.value.get()).unwrap_or(Value::Null);
            values.insert(variable.name.clone(), value);
        }
    }
    chosen.check_variables(schema, &values).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::new(
            Exit::Invalid,
            format!("the variables do not fit: {}; nothing was sent", lines.join("\n  ")),
        )
        .hint("--no-validate sends them all the same")
    })
}

/// A variable that no operation declares.
pub(crate) fn undeclared<'a>(name: &str, declared: impl Iterator<Item = &'a str>) -> Failure {
    let failure = Failure::new(
        Exit::Invalid,
        format!("no operation declares a variable ${name}; nothing was sent"),
    );
    match did_you_mean(name, declared).first() {
        Some(meant) => failure.hint(format!("did you mean ${meant}?")),
        None => failure,
    }
}

/// The variables with values of the types that the operation declares.
pub(crate) fn typed(schema: &Schema, operation: &Operation, variables: &[Variable]) -> Vec<Variable> {
    let definitions = operation.definitions();
    let declared = |name: &str| definitions.iter().find(|variable| variable.name == name);
    variables
        .iter()
        .map(|variable| match declared(&variable.name) {
            Some(definition) => Variable {
                value: value(schema, &definition.ty, variable),
                ..variable.clone()
            },
            None => variable.clone(),
        })
        .collect()
}

/// What stands on the command line, as a value of a type. What fits none is left as it is, for the check to name.
fn value(schema: &Schema, ty: &Type, variable: &Variable) -> Box<RawValue> {
    let written = variable.value.get().trim_start();
    match ty {
        Type::NonNull(inner) => {
            let is_text = matches!(&**inner, Type::Named(name) if is_text(schema, name));
            match is_text && written == "null" {
                // Null is refused here, so that somebody means the word.
                true => json(&Value::from(variable.text.as_str()), variable),
                false => value(schema, inner, variable),
            }
        }
        Type::List(_) if written.starts_with('[') || written == "null" => variable.value.clone(),
        Type::List(inner) => {
            let item = value(schema, inner, variable);
            RawValue::from_string(format!("[{}]", item.get())).unwrap_or(item)
        }
        Type::Named(_) if written == "null" => variable.value.clone(),
        Type::Named(name) if name == "AWSJSON" => match Value::as_str(&parsed(written)) {
            Some(inner) if serde_json::from_str::<Value>(inner).is_ok() => variable.value.clone(),
            // JSON as AppSync takes it: written into a string.
            _ => match serde_json::from_str::<&RawValue>(&variable.text) {
                Ok(text) => json(&Value::from(text.get()), variable),
                Err(_) => json(&Value::from(written), variable),
            },
        },
        Type::Named(name) if is_text(schema, name) && !written.starts_with('"') => {
            json(&Value::from(variable.text.as_str()), variable)
        }
        Type::Named(_) => variable.value.clone(),
    }
}

/// Whether values of the type are written as strings: all of AppSync's scalars but one are, and enums.
pub(crate) fn is_text(schema: &Schema, name: &str) -> bool {
    match name {
        "ID" | "String" => true,
        "AWSTimestamp" => false,
        _ => schema.type_named(name).is_some_and(|found| match found.kind() {
            TypeKind::Enum => true,
            TypeKind::Scalar => name.starts_with("AWS"),
            _ => false,
        }),
    }
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_default()
}

fn json(value: &Value, otherwise: &Variable) -> Box<RawValue> {
    RawValue::from_string(value.to_string()).unwrap_or_else(|_| otherwise.value.clone())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::variables::lenient_variable;

    const SDL: &str = "type Query { a(i: In): Int } enum Color { RED } input In { id: ID } scalar Any scalar Date\n\
                       type T { j: AWSJSON t: AWSTimestamp d: AWSDate }";

    fn value_of(ty: &str, text: &str) -> String {
        let schema = Schema::from_sdl(SDL).unwrap();
        let variable = lenient_variable(&format!("v:{text}")).unwrap();
        value(&schema, &ty.parse().unwrap(), &variable).get().to_owned()
    }

    #[test]
    fn values_have_the_declared_types() {
        for (ty, text, expected) in [
            ("ID", "1", r#""1""#),
            ("ID!", "007", r#""007""#),
            ("String", "true", r#""true""#),
            ("String", "12345678901234567890123", r#""12345678901234567890123""#),
            ("String", "null", "null"),
            ("String!", "null", r#""null""#),
            ("String", r#""quoted""#, r#""quoted""#),
            ("String", r#"{"a": 1}"#, r#""{\"a\": 1}""#),
            ("String", r#"say "hi""#, r#""say \"hi\"""#),
            ("String", "", r#""""#),
            ("String", "two\nlines", r#""two\nlines""#),
            ("Int", "1", "1"),
            ("Int", "one", r#""one""#),
            ("Float", "1e3", "1e3"),
            ("Boolean!", "true", "true"),
            ("Color", "RED", r#""RED""#),
            ("Color", r#""RED""#, r#""RED""#),
            ("In", r#"{"id": 1}"#, r#"{"id": 1}"#),
            ("[ID!]!", "1", r#"["1"]"#),
            ("[ID]", r#"["a", 2]"#, r#"["a", 2]"#),
            ("[Int]", "null", "null"),
            ("Any", "1", "1"),
            ("Date", "2026", "2026"),
            ("Nowhere", "1", "1"),
            ("AWSDate", "2026-11-24", r#""2026-11-24""#),
            ("AWSTimestamp", "5", "5"),
            ("AWSJSON", r#"{"a": 1e3}"#, r#""{\"a\": 1e3}""#),
            ("AWSJSON", "5", r#""5""#),
            ("AWSJSON", r#""{\"a\":1}""#, r#""{\"a\":1}""#),
            ("AWSJSON", "plain", r#""\"plain\"""#),
        ] {
            assert_eq!(value_of(ty, text), expected, "{ty} {text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_string_where_one_is_declared(text in any::<String>()) {
            let is_json = serde_json::from_str::<Value>(&text).is_ok();
            let value = value_of("String!", &text);
            let read: String = serde_json::from_str(&value).unwrap();
            if !is_json && !text.contains('\\') {
                prop_assert_eq!(read, text);
            }
        }
    }
}
