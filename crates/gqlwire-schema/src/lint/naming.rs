//! How names are written.

use super::{Lint, LintRule};
use crate::coordinate::Coordinate;
use crate::schema::TypeKind;

/// Words that end the names of input objects in the wild, AppSync's and Amplify's own included.
const INPUT_WORDS: [&str; 7] = ["Input", "Filter", "Condition", "Conditions", "Order", "Sort", "Key"];

pub(super) fn check(lint: &mut Lint<'_>) {
    for definition in lint.types() {
        let name = definition.name();
        let at = definition.definition.name().location();
        if !is_pascal(name) {
            let message = format!("The type {name} should be written {}.", pascal(name));
            lint.report(LintRule::TypeNameCase, Coordinate::named(name), at, message);
        }
        if definition.kind() == TypeKind::InputObject && !INPUT_WORDS.iter().any(|word| name.contains(word)) {
            let message = format!("The name of the input object {name} does not show that it is one.");
            lint.report_with(LintRule::InputName, Coordinate::named(name), at, message, |found| {
                found.with_help(format!("{name}Input says it"))
            });
        }
        for field in definition.fields() {
            let at = field.definition.name.location();
            let coordinate = Coordinate::member(name, field.name());
            check_lower(lint, LintRule::FieldNameCase, "field", coordinate, field.name(), at);
            for argument in field.arguments() {
                let at = argument.definition.name.location();
                let coordinate = Coordinate::argument(name, field.name(), argument.name());
                check_lower(
                    lint,
                    LintRule::ArgumentNameCase,
                    "argument",
                    coordinate,
                    argument.name(),
                    at,
                );
            }
        }
        for field in definition.input_fields() {
            let at = field.definition.name.location();
            let coordinate = Coordinate::member(name, field.name());
            check_lower(
                lint,
                LintRule::ArgumentNameCase,
                "input field",
                coordinate,
                field.name(),
                at,
            );
        }
        for value in definition.enum_values().filter(|value| !is_upper(value.name())) {
            let coordinate = Coordinate::member(name, value.name());
            let message = format!("The enum value {coordinate} should be written {}.", upper(value.name()));
            let at = value.definition.value.location();
            lint.report(LintRule::EnumValueCase, coordinate, at, message);
        }
    }
}

fn check_lower(
    lint: &mut Lint<'_>,
    rule: LintRule,
    what: &str,
    coordinate: Coordinate,
    name: &str,
    at: Option<apollo_compiler::parser::SourceSpan>,
) {
    if !is_camel(name) {
        let message = format!("The {what} {coordinate} should be written {}.", camel(name));
        lint.report(rule, coordinate, at, message);
    }
}

/// A leading underscore is a habit with a meaning (`_id`, `_version`), and `_` inside of names is the fault.
fn is_camel(name: &str) -> bool {
    let core = name.trim_start_matches('_');
    core.is_empty() || (core.starts_with(|first: char| first.is_ascii_lowercase()) && !core.contains('_'))
}

fn is_pascal(name: &str) -> bool {
    let core = name.trim_start_matches('_');
    core.starts_with(|first: char| first.is_ascii_uppercase()) && !core.contains('_')
}

fn is_upper(name: &str) -> bool {
    !name.bytes().any(|byte| byte.is_ascii_lowercase())
}

fn camel(name: &str) -> String {
    let pascal = pascal(name);
    let leading = pascal.bytes().take_while(u8::is_ascii_uppercase).count();
    // `URL` becomes `url` and `URLPath` `urlPath`: the last capital of a row begins the next word.
    let lowered = match leading {
        0 | 1 => leading,
        all if all == pascal.len() => all,
        row => row - 1,
    };
    pascal[..lowered].to_ascii_lowercase() + &pascal[lowered..]
}

fn pascal(name: &str) -> String {
    let words = name.split('_').filter(|word| !word.is_empty());
    words
        .map(|word| {
            let shouted = word.len() > 1 && is_upper(word) && name.contains('_');
            let rest = if shouted {
                word[1..].to_ascii_lowercase()
            } else {
                word[1..].to_owned()
            };
            word[..1].to_ascii_uppercase() + &rest
        })
        .collect()
}

fn upper(name: &str) -> String {
    let mut upper = String::new();
    let mut previous = '_';
    for c in name.chars() {
        if c.is_ascii_uppercase() && previous.is_ascii_lowercase() {
            upper.push('_');
        }
        upper.push(c.to_ascii_uppercase());
        previous = c;
    }
    upper
}

#[cfg(test)]
mod tests {
    use super::{camel, is_camel, is_pascal, is_upper, pascal, upper};

    #[test]
    fn names_are_put_into_their_case() {
        for (name, expected) in [
            ("created_at", "createdAt"),
            ("CreatedAt", "createdAt"),
            ("URL", "url"),
            ("URLPath", "urlPath"),
            ("CREATED_AT", "createdAt"),
        ] {
            assert_eq!(camel(name), expected);
            assert!(is_camel(expected) && !is_camel(name));
        }
        for (name, expected) in [("blog_post", "BlogPost"), ("message", "Message"), ("A_B", "AB")] {
            assert_eq!(pascal(name), expected);
            assert!(is_pascal(expected) && !is_pascal(name));
        }
        for (name, expected) in [("inProgress", "IN_PROGRESS"), ("active", "ACTIVE"), ("a_b", "A_B")] {
            assert_eq!(upper(name), expected);
            assert!(is_upper(expected) && !is_upper(name));
        }
        assert!(is_camel("_version") && is_camel("_") && is_pascal("_Entity"));
    }
}
