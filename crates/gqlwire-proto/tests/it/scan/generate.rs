//! Documents made by chance.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn join(parts: Vec<String>) -> String {
    parts.join(" ")
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[_a-zA-Z][_a-zA-Z0-9]{0,6}",
        1 => prop::sample::select(vec!["on", "query", "fragment", "type", "true", "null", "mutation", "__typename"])
            .prop_map(str::to_owned),
    ]
}

fn number() -> impl Strategy<Value = String> {
    "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,5})?([eE][-+]?[0-9]{1,3})?"
}

fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => "[ !#-\\[\\]-~]{0,6}",
        1 => "[äé😀\u{2028}]",
        2 => r#"\\["\\/bfnrt]"#,
        1 => "\\\\u[0-9a-cA-C][0-9a-fA-F]{3}",
        1 => "\\\\u\\{(0{0,4}[0-9a-fA-F]{1,4}|10[0-9A-F]{4})\\}".prop_filter("a surrogate", |escape| {
            let digits = escape.trim_start_matches("\\u{").trim_end_matches('}');
            u32::from_str_radix(digits, 16).is_ok_and(|value| char::from_u32(value).is_some())
        }),
        1 => "\\\\uD[89abAB][0-9a-f]{2}\\\\ud[c-f][0-9A-F]{2}",
    ];
    let block = prop_oneof![
        4 => "[ !#-~\n\r\tä]{0,10}",
        1 => Just("\\\"\"\"".to_owned()),
        1 => Just("\" ".to_owned()),
    ];
    prop_oneof![
        vec(piece, 0..4).prop_map(|pieces| format!("\"{}\"", pieces.concat())),
        vec(block, 0..4).prop_map(|pieces| format!("\"\"\"{} \"\"\"", pieces.concat())),
    ]
}

fn value(constant: bool) -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        number(),
        string(),
        name(),
        name().prop_map(move |name| if constant { name } else { format!("${name}") }),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|values| format!("[{}]", values.join(","))),
            vec((name(), inner), 0..4).prop_map(|fields| {
                format!(
                    "{{{}}}",
                    join(
                        fields
                            .into_iter()
                            .map(|(name, value)| format!("{name}:{value}"))
                            .collect()
                    )
                )
            }),
        ]
    })
    .boxed()
}

fn arguments(constant: bool) -> impl Strategy<Value = String> {
    vec((name(), value(constant)), 0..3).prop_map(|arguments| {
        if arguments.is_empty() {
            return String::new();
        }
        format!(
            "({})",
            join(
                arguments
                    .into_iter()
                    .map(|(name, value)| format!("{name}: {value}"))
                    .collect()
            )
        )
    })
}

fn directives(constant: bool) -> impl Strategy<Value = String> {
    let directive = (name(), arguments(constant)).prop_map(|(name, arguments)| format!("@{name}{arguments}"));
    prop_oneof![3 => Just(Vec::new()), 1 => vec(directive, 1..3)].prop_map(join)
}

fn fragment_name() -> impl Strategy<Value = String> {
    name().prop_filter("a fragment is not named on", |name| name != "on")
}

fn field() -> impl Strategy<Value = String> {
    (option::of(name()), name(), arguments(false), directives(false)).prop_map(
        |(alias, name, arguments, directives)| {
            let alias = alias.map_or(String::new(), |alias| format!("{alias}: "));
            format!("{alias}{name}{arguments} {directives}")
        },
    )
}

fn selection_set() -> impl Strategy<Value = String> {
    let spread = (fragment_name(), directives(false)).prop_map(|(name, directives)| format!("...{name} {directives}"));
    let leaf = prop_oneof![3 => field(), 1 => spread];
    let selections = leaf.prop_recursive(4, 24, 4, move |inner| {
        let set = vec(inner, 1..4).prop_map(|selections| format!("{{{}}}", join(selections)));
        prop_oneof![
            (field(), set.clone()).prop_map(|(field, set)| format!("{field} {set}")),
            (option::of(name()), directives(false), set).prop_map(|(on, directives, set)| {
                let on = on.map_or(String::new(), |on| format!("on {on}"));
                format!("... {on} {directives} {set}")
            }),
        ]
    });
    vec(selections, 1..4).prop_map(|selections| format!("{{ {} }}", join(selections)))
}

/// Descriptions of operations, fragments and variables are new in the edition of September 2025.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Descriptions {
    Never,
    Sometimes,
}

fn description(descriptions: Descriptions) -> BoxedStrategy<String> {
    match descriptions {
        Descriptions::Never => Just(String::new()).boxed(),
        Descriptions::Sometimes => prop_oneof![3 => Just(String::new()), 1 => string()].boxed(),
    }
}

fn variable_definitions(descriptions: Descriptions) -> impl Strategy<Value = String> {
    let variable_type = name().prop_recursive(3, 3, 1, |inner| {
        (inner, any::<bool>()).prop_map(|(inner, bang)| format!("[{inner}]{}", if bang { "!" } else { "" }))
    });
    let definition = (
        description(descriptions),
        name(),
        variable_type,
        option::of(value(true)),
        directives(true),
    )
        .prop_map(|(description, name, variable_type, default, directives)| {
            let default = default.map_or(String::new(), |default| format!("= {default}"));
            format!("{description} ${name}: {variable_type} {default} {directives}")
        });
    prop_oneof![
        Just(String::new()),
        vec(definition, 1..3).prop_map(|all| format!("({})", all.join(",")))
    ]
}

fn definition(descriptions: Descriptions) -> impl Strategy<Value = String> {
    let kind = prop::sample::select(vec!["query", "mutation", "subscription"]);
    let operation = (
        description(descriptions),
        kind,
        option::of(name()),
        variable_definitions(descriptions),
        directives(false),
        selection_set(),
    )
        .prop_map(|(description, kind, name, variables, directives, set)| {
            format!(
                "{description} {kind} {} {variables} {directives} {set}",
                name.unwrap_or_default()
            )
        });
    let fragment = (
        description(descriptions),
        fragment_name(),
        name(),
        directives(false),
        selection_set(),
    )
        .prop_map(|(description, name, on, directives, set)| {
            format!("{description} fragment {name} on {on} {directives} {set}")
        });
    prop_oneof![3 => operation, 1 => selection_set(), 1 => fragment]
}

/// A document that holds to the grammar.
pub(crate) fn document(descriptions: Descriptions) -> impl Strategy<Value = String> {
    vec(definition(descriptions), 1..3).prop_map(|definitions| definitions.join("\n"))
}

/// A document with one mistake, or none if it is as good as before.
pub(crate) fn mutated_document(descriptions: Descriptions) -> impl Strategy<Value = String> {
    let insertion = prop_oneof![
        2 => prop::sample::select(vec![
            "{", "}", "(", ")", "[", "]", ":", "$", "@", "!", "=", "|", "&", "...", "on ", "\"", "\"\"\"", "\\", "#", ".",
            "0", "-", "e", "\n", "\r", "query ", "fragment ", "u", "\u{FEFF}", " x ", "ä", "?", ",", " ",
        ])
        .prop_map(str::to_owned),
        1 => Just(String::new()),
    ];
    (
        document(descriptions),
        any::<prop::sample::Index>(),
        0..3_usize,
        insertion,
    )
        .prop_map(|(document, at, removed, inserted)| {
            let mut characters: Vec<char> = document.chars().collect();
            let at = at.index(characters.len());
            let end = (at + removed).min(characters.len());
            characters.splice(at..end, inserted.chars());
            characters.into_iter().collect()
        })
}
