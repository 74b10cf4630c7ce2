//! An introspection result without the parts that cannot be read.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::coordinate::{Coordinate, is_name};
use crate::diagnostic::{Diagnostic, Severity};
use crate::introspection::{INTROSPECTION_TYPES, IntrospectionError, schema_object};

const KINDS: [&str; 6] = ["ENUM", "INPUT_OBJECT", "INTERFACE", "OBJECT", "SCALAR", "UNION"];

/// Values that an enum must not have.
const NO_VALUES: [&str; 3] = ["false", "null", "true"];

/// No honest type has this many lists and non-nulls around it.
const MAX_WRAPPERS: usize = 64;

pub(super) fn clean(introspection: &Value) -> Result<(Value, Vec<Diagnostic>), IntrospectionError> {
    let mut schema = schema_object(introspection)?.clone();
    let mut clean = Clean { forgiven: Vec::new() };
    if let Some(types) = schema.get_mut("types").and_then(Value::as_array_mut) {
        types.retain_mut(|definition| clean.named_type(definition));
    }
    if let Some(directives) = schema.get_mut("directives").and_then(Value::as_array_mut) {
        directives.retain_mut(|directive| clean.directive(directive));
    }
    for member in ["queryType", "mutationType", "subscriptionType"] {
        let root = &schema[member];
        if !root.is_null() && !has_name(root) {
            clean.forgive(
                "NameInvalid",
                None,
                format!("The {member} has no name; it is left out."),
            );
            schema[member] = Value::Null;
        }
    }
    let cleaned = json!({ "__schema": schema });
    Ok((cleaned, clean.forgiven))
}

struct Clean {
    forgiven: Vec<Diagnostic>,
}

impl Clean {
    fn named_type(&mut self, definition: &mut Value) -> bool {
        if !has_name(definition) {
            let message = format!("A type is named {}; it is left out.", shown(&definition["name"]));
            self.forgive("NameInvalid", None, message);
            return false;
        }
        let name = definition["name"].as_str().unwrap_or_default().to_owned();
        if INTROSPECTION_TYPES.contains(&name.as_str()) {
            return false;
        }
        let coordinate = Coordinate::named(&name);
        let kind = definition["kind"].as_str().unwrap_or_default().to_owned();
        if !KINDS.contains(&kind.as_str()) {
            let message = format!(
                "The type {name} is of the kind {}, which does not exist; it is left out.",
                shown(&definition["kind"])
            );
            self.forgive("KindInvalid", Some(coordinate), message);
            return false;
        }
        let member = |member: &str| Coordinate::member(&name, member);
        self.members(definition, "fields", &name, member, |clean, field| {
            let field_name = field["name"].as_str().unwrap_or_default().to_owned();
            let argument = |argument: &str| Coordinate::argument(&name, &field_name, argument);
            clean.members(field, "args", &format!("{name}.{field_name}"), argument, Self::typed);
            clean.typed_at(field, member(&field_name))
        });
        self.members(definition, "inputFields", &name, member, Self::typed);
        self.members(definition, "enumValues", &name, member, |clean, value| {
            let text = value["name"].as_str().unwrap_or_default();
            let legal = !NO_VALUES.contains(&text);
            if !legal {
                let message = format!("The value {text} is not allowed in an enum; it is left out of {name}.");
                clean.forgive("NameInvalid", Some(member(text)), message);
            }
            legal
        });
        for list in ["interfaces", "possibleTypes"] {
            if let Some(items) = definition.get_mut(list).and_then(Value::as_array_mut) {
                items.retain(has_name);
            }
        }
        // SDL has no form for these without anything between the braces.
        let (list, what) = match kind.as_str() {
            "ENUM" => ("enumValues", "values"),
            "INPUT_OBJECT" => ("inputFields", "fields"),
            _ => return true,
        };
        if definition[list].as_array().is_none_or(Vec::is_empty) {
            let message = format!("The type {name} has no {what}; it is taken for a scalar.");
            self.forgive("EmptyType", Some(coordinate), message);
            definition["kind"] = json!("SCALAR");
        }
        true
    }

    fn directive(&mut self, directive: &mut Value) -> bool {
        if !has_name(directive) {
            let message = format!("A directive is named {}; it is left out.", shown(&directive["name"]));
            self.forgive("NameInvalid", None, message);
            return false;
        }
        let name = directive["name"].as_str().unwrap_or_default().to_owned();
        let argument = |argument: &str| Coordinate::directive_argument(&name, argument);
        self.members(directive, "args", &format!("@{name}"), argument, Self::typed);
        true
    }

    /// Keeps the members of a list that have a name of their own and that `keep` keeps.
    fn members(
        &mut self,
        owner: &mut Value,
        list: &str,
        place: &str,
        coordinate: impl Fn(&str) -> Coordinate,
        mut keep: impl FnMut(&mut Self, &mut Value) -> bool,
    ) {
        let Some(items) = owner.get_mut(list).and_then(Value::as_array_mut) else {
            return;
        };
        let mut seen = HashSet::new();
        items.retain_mut(|item| {
            let name = item["name"].as_str().unwrap_or_default().to_owned();
            if !has_name(item) {
                let message = format!(
                    "Something in {place} is named {}; it is left out.",
                    shown(&item["name"])
                );
                self.forgive("NameInvalid", None, message);
                return false;
            }
            if !seen.insert(name.clone()) {
                let message = format!("{} is listed twice; the first counts.", coordinate(&name));
                self.forgive("DuplicateName", Some(coordinate(&name)), message);
                return false;
            }
            let before = self.forgiven.len();
            let kept = keep(self, item);
            if !kept && self.forgiven.len() == before {
                let message = format!("The type of {} cannot be read; it is left out.", coordinate(&name));
                self.forgive("TypeMissing", Some(coordinate(&name)), message);
            }
            kept
        });
    }

    fn typed(&mut self, item: &mut Value) -> bool {
        is_readable(&item["type"])
    }

    fn typed_at(&mut self, field: &Value, coordinate: Coordinate) -> bool {
        let readable = is_readable(&field["type"]);
        if !readable {
            let message = format!("The type of {coordinate} cannot be read; it is left out.");
            self.forgive("TypeMissing", Some(coordinate), message);
        }
        readable
    }

    fn forgive(&mut self, rule: &'static str, coordinate: Option<Coordinate>, message: String) {
        let found = Diagnostic::found(Severity::Warning, rule, message, None, &Default::default());
        self.forgiven.push(match coordinate {
            Some(coordinate) => found.with_coordinate(coordinate),
            None => found,
        });
    }
}

/// Whether the type has a name at its end.
fn is_readable(reference: &Value) -> bool {
    let mut next = reference;
    for _ in 0..MAX_WRAPPERS {
        match next["kind"].as_str() {
            Some("LIST" | "NON_NULL") => next = &next["ofType"],
            Some(_) => return has_name(next),
            None => return false,
        }
    }
    false
}

fn has_name(value: &Value) -> bool {
    value
        .as_object()
        .and_then(|object: &Map<String, Value>| object.get("name")?.as_str())
        .is_some_and(is_name)
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
