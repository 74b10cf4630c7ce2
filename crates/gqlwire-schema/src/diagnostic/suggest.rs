//! What was probably meant by a name that does not exist.

use apollo_compiler::ast::{Definition, Document};
use apollo_compiler::schema::ExtendedType;

use crate::compose::suggest::nearest;
use crate::schema::Schema;

/// The name that was probably meant, from the rule and the names that its message quotes.
pub(super) fn suggestion(rule: &str, message: &str, document: &Document, schema: &Schema) -> Option<String> {
    let mut quoted = message.split('"').skip(1).step_by(2);
    let written = quoted.next()?.trim_start_matches(['@', '$']);
    let within = quoted.next().unwrap_or_default();
    let types = &schema.compiled().types;
    let meant = match rule {
        "UndefinedField" => match types.get(within)? {
            ExtendedType::Object(ty) => nearest(written, ty.fields.keys().map(|name| name.as_str())),
            ExtendedType::Interface(ty) => nearest(written, ty.fields.keys().map(|name| name.as_str())),
            _ => None,
        },
        "UndefinedArgument" => {
            let definitions = match within.split_once('.') {
                Some((ty, field)) => &schema.compiled().type_field(ty, field).ok()?.arguments,
                None => {
                    &schema
                        .compiled()
                        .directive_definitions
                        .get(within.trim_start_matches('@'))?
                        .arguments
                }
            };
            nearest(written, definitions.iter().map(|argument| argument.name.as_str()))
        }
        "UndefinedDefinition"
        | "UndefinedTypeInNamedFragmentTypeCondition"
        | "UndefinedTypeInInlineFragmentTypeCondition" => {
            let names = types.keys().map(|name| name.as_str());
            nearest(written, names.filter(|name| !name.starts_with("__")))
        }
        "UndefinedDirective" => {
            let directives = &schema.compiled().directive_definitions;
            nearest(written, directives.keys().map(|name| name.as_str()))
        }
        "UndefinedEnumValue" => match types.get(within)? {
            ExtendedType::Enum(ty) => nearest(written, ty.values.keys().map(|name| name.as_str())),
            _ => None,
        },
        "UndefinedInputValue" => match types.get(within)? {
            ExtendedType::InputObject(ty) => nearest(written, ty.fields.keys().map(|name| name.as_str())),
            _ => None,
        },
        "UndefinedFragment" => nearest(written, document.definitions.iter().filter_map(fragment)),
        "UndefinedVariable" => nearest(written, document.definitions.iter().flat_map(variables)),
        _ => None,
    };
    meant.map(str::to_owned)
}

fn fragment(definition: &Definition) -> Option<&str> {
    match definition {
        Definition::FragmentDefinition(fragment) => Some(fragment.name.as_str()),
        _ => None,
    }
}

fn variables(definition: &Definition) -> impl Iterator<Item = &str> {
    let variables = match definition {
        Definition::OperationDefinition(operation) => operation.variables.as_slice(),
        _ => &[],
    };
    variables.iter().map(|variable| variable.name.as_str())
}
