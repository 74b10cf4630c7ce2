//! Changes between schemas and their classes.

use std::collections::HashSet;

use gqlwire_schema::{Change, ChangeClass, ChangeCode, Schema, Severity};

fn changes(old: &str, new: &str) -> Vec<Change> {
    let schema = |sdl: &str| Schema::from_sdl(sdl).unwrap_or_else(|errors| panic!("{sdl}\n{errors}"));
    schema(old).diff(&schema(new))
}

/// `class CODE coordinate`
fn lines(old: &str, new: &str) -> Vec<String> {
    let line = |change: &Change| match change.coordinate() {
        Some(coordinate) => format!("{} {} {coordinate}", change.class(), change.code()),
        None => format!("{} {}", change.class(), change.code()),
    };
    changes(old, new).iter().map(line).collect()
}

const QUERY: &str = "type Query { a: Int } ";

/// Old and new, beside the same query type, and the only change between them.
const PAIRS: &[(&str, &str, &str)] = &[
    ("type T { a: Int }", "", "breaking TYPE_REMOVED T"),
    ("", "type T { a: Int }", "safe TYPE_ADDED T"),
    (
        "type T { a: Int }",
        "interface T { a: Int }",
        "breaking TYPE_CHANGED_KIND T",
    ),
    (
        "type T { a: Int b: Int }",
        "type T { a: Int }",
        "breaking FIELD_REMOVED T.b",
    ),
    ("type T { a: Int }", "type T { a: Int b: Int }", "safe FIELD_ADDED T.b"),
    (
        "type T { a: Int }",
        "type T { a: Int! }",
        "safe FIELD_CHANGED_KIND_SAFE T.a",
    ),
    (
        "type T { a: [Int] }",
        "type T { a: [Int!]! }",
        "safe FIELD_CHANGED_KIND_SAFE T.a",
    ),
    (
        "type T { a: Int! }",
        "type T { a: Int }",
        "breaking FIELD_CHANGED_KIND T.a",
    ),
    (
        "type T { a: Int }",
        "type T { a: [Int] }",
        "breaking FIELD_CHANGED_KIND T.a",
    ),
    (
        "type T { a: Int }",
        "type T { a: String }",
        "breaking FIELD_CHANGED_KIND T.a",
    ),
    (
        "type T { a: Int }",
        "type T { a(b: Int): Int }",
        "dangerous OPTIONAL_ARG_ADDED T.a(b:)",
    ),
    (
        "type T { a: Int }",
        "type T { a(b: Int! = 1): Int }",
        "dangerous OPTIONAL_ARG_ADDED T.a(b:)",
    ),
    (
        "type T { a: Int }",
        "type T { a(b: Int!): Int }",
        "breaking REQUIRED_ARG_ADDED T.a(b:)",
    ),
    (
        "type T { a(b: Int): Int }",
        "type T { a: Int }",
        "breaking ARG_REMOVED T.a(b:)",
    ),
    (
        "type T { a(b: Int!): Int }",
        "type T { a(b: Int): Int }",
        "safe ARG_CHANGED_KIND_SAFE T.a(b:)",
    ),
    (
        "type T { a(b: [Int!]!): Int }",
        "type T { a(b: [Int]): Int }",
        "safe ARG_CHANGED_KIND_SAFE T.a(b:)",
    ),
    (
        "type T { a(b: Int): Int }",
        "type T { a(b: Int!): Int }",
        "breaking ARG_CHANGED_KIND T.a(b:)",
    ),
    (
        "type T { a(b: Int): Int }",
        "type T { a(b: [Int]): Int }",
        "breaking ARG_CHANGED_KIND T.a(b:)",
    ),
    (
        "type T { a(b: Int = 1): Int }",
        "type T { a(b: Int = 2): Int }",
        "dangerous ARG_DEFAULT_VALUE_CHANGE T.a(b:)",
    ),
    (
        "type T { a(b: Int): Int }",
        "type T { a(b: Int = 2): Int }",
        "safe ARG_DEFAULT_VALUE_ADDED T.a(b:)",
    ),
    (
        "type T { a(b: Int! = 1): Int }",
        "type T { a(b: Int!): Int }",
        "breaking ARG_BECAME_REQUIRED T.a(b:)",
    ),
    ("enum E { A }", "enum E { A B }", "dangerous VALUE_ADDED_TO_ENUM E.B"),
    ("enum E { A B }", "enum E { A }", "breaking VALUE_REMOVED_FROM_ENUM E.B"),
    (
        "type T { a: Int } type V { a: Int } union U = T",
        "type T { a: Int } type V { a: Int } union U = T | V",
        "dangerous TYPE_ADDED_TO_UNION U",
    ),
    (
        "type T { a: Int } type V { a: Int } union U = T | V",
        "type T { a: Int } type V { a: Int } union U = T",
        "breaking TYPE_REMOVED_FROM_UNION U",
    ),
    (
        "interface I { a: Int } type T { a: Int }",
        "interface I { a: Int } type T implements I { a: Int }",
        "dangerous IMPLEMENTED_INTERFACE_ADDED T",
    ),
    (
        "interface I { a: Int } type T implements I { a: Int }",
        "interface I { a: Int } type T { a: Int }",
        "breaking IMPLEMENTED_INTERFACE_REMOVED T",
    ),
    (
        "input I { a: Int }",
        "input I { a: Int b: Int }",
        "dangerous OPTIONAL_INPUT_FIELD_ADDED I.b",
    ),
    (
        "input I { a: Int }",
        "input I { a: Int b: Int! }",
        "breaking REQUIRED_INPUT_FIELD_ADDED I.b",
    ),
    (
        "input I { a: Int b: Int }",
        "input I { a: Int }",
        "breaking FIELD_REMOVED I.b",
    ),
    (
        "input I { a: Int }",
        "input I { a: Int! }",
        "breaking FIELD_CHANGED_KIND I.a",
    ),
    (
        "input I { a: Int! }",
        "input I { a: Int }",
        "safe FIELD_CHANGED_KIND_SAFE I.a",
    ),
    (
        "input I { a: Int = 1 }",
        "input I { a: Int = 2 }",
        "dangerous INPUT_FIELD_DEFAULT_VALUE_CHANGE I.a",
    ),
    (
        "input I { a: Int }",
        "input I { a: Int = 2 }",
        "safe INPUT_FIELD_DEFAULT_VALUE_ADDED I.a",
    ),
    (
        "input I { a: Int! = 1 }",
        "input I { a: Int! }",
        "breaking INPUT_FIELD_BECAME_REQUIRED I.a",
    ),
    (
        "input I { a: Int }",
        "input I @oneOf { a: Int }",
        "breaking ONE_OF_ADDED I",
    ),
    (
        "input I @oneOf { a: Int }",
        "input I { a: Int }",
        "safe ONE_OF_REMOVED I",
    ),
    (
        "type T { a: Int }",
        "type T { a: Int @deprecated }",
        "safe DEPRECATION_ADDED T.a",
    ),
    (
        "type T { a: Int @deprecated }",
        "type T { a: Int }",
        "safe DEPRECATION_REMOVED T.a",
    ),
    (
        "enum E { A @deprecated }",
        "enum E { A @deprecated(reason: \"x\") }",
        "safe DEPRECATION_REASON_CHANGED E.A",
    ),
    (
        "\"x\" type T { a: Int }",
        "\"y\" type T { a: Int }",
        "safe DESCRIPTION_CHANGED T",
    ),
    (
        "input I { a: Int }",
        "input I { \"y\" a: Int }",
        "safe DESCRIPTION_CHANGED I.a",
    ),
    (
        "scalar S",
        "scalar S @specifiedBy(url: \"https://s\")",
        "dangerous SPECIFIED_BY_URL_CHANGED S",
    ),
    ("directive @d on FIELD", "", "breaking DIRECTIVE_REMOVED @d"),
    ("", "directive @d on FIELD", "safe DIRECTIVE_ADDED @d"),
    (
        "directive @d on FIELD | QUERY",
        "directive @d on FIELD",
        "breaking DIRECTIVE_LOCATION_REMOVED @d",
    ),
    (
        "directive @d on FIELD",
        "directive @d on FIELD | QUERY",
        "safe DIRECTIVE_LOCATION_ADDED @d",
    ),
    (
        "directive @d repeatable on FIELD",
        "directive @d on FIELD",
        "breaking DIRECTIVE_REPEATABLE_REMOVED @d",
    ),
    (
        "directive @d on FIELD",
        "directive @d repeatable on FIELD",
        "safe DIRECTIVE_REPEATABLE_ADDED @d",
    ),
    (
        "directive @d on FIELD",
        "directive @d(a: Int) on FIELD",
        "safe OPTIONAL_DIRECTIVE_ARG_ADDED @d(a:)",
    ),
    (
        "directive @d on FIELD",
        "directive @d(a: Int!) on FIELD",
        "breaking REQUIRED_DIRECTIVE_ARG_ADDED @d(a:)",
    ),
    (
        "directive @d(a: Int) on FIELD",
        "directive @d on FIELD",
        "breaking DIRECTIVE_ARG_REMOVED @d(a:)",
    ),
    (
        "directive @d(a: Int) on FIELD",
        "directive @d(a: Int!) on FIELD",
        "breaking ARG_CHANGED_KIND @d(a:)",
    ),
    (
        "directive @d(a: Int!) on FIELD",
        "directive @d(a: Int) on FIELD",
        "safe ARG_CHANGED_KIND_SAFE @d(a:)",
    ),
    (
        "directive @d(a: Int = 1) on FIELD",
        "directive @d(a: Int = 2) on FIELD",
        "dangerous ARG_DEFAULT_VALUE_CHANGE @d(a:)",
    ),
    (
        "directive @d(a: Int! = 1) on FIELD",
        "directive @d(a: Int!) on FIELD",
        "breaking ARG_BECAME_REQUIRED @d(a:)",
    ),
    (
        "type T { a: Int }",
        "type T { a: Int @hidden }",
        "safe APPLIED_DIRECTIVE_ADDED T.a",
    ),
    (
        "type T @canonical { a: Int }",
        "type T { a: Int }",
        "safe APPLIED_DIRECTIVE_REMOVED T",
    ),
    (
        "type T { a: Int @aws_iam @aws_api_key }",
        "type T { a: Int @aws_iam }",
        "breaking AUTH_MODE_REMOVED T.a",
    ),
    (
        "type T { a: Int @aws_iam }",
        "type T { a: Int @aws_api_key @aws_iam }",
        "safe AUTH_MODE_ADDED T.a",
    ),
    (
        "type T { a: Int }",
        "type T { a: Int @aws_iam }",
        "dangerous AUTH_MODES_DEFAULT_CHANGED T.a",
    ),
    (
        "type T @aws_iam { a: Int }",
        "type T { a: Int }",
        "dangerous AUTH_MODES_DEFAULT_CHANGED T",
    ),
    (
        "type T { a: Int @aws_cognito_user_pools(cognito_groups: [\"a\", \"b\"]) }",
        "type T { a: Int @aws_cognito_user_pools(cognito_groups: [\"b\"]) }",
        "breaking AUTH_GROUP_REMOVED T.a",
    ),
    (
        "type T { a: Int @aws_auth(cognito_groups: [\"a\"]) }",
        "type T { a: Int @aws_cognito_user_pools }",
        "safe AUTH_GROUP_ADDED T.a",
    ),
    (
        "type T { a: Int @aws_cognito_user_pools }",
        "type T { a: Int @aws_cognito_user_pools(cognito_groups: \"a\") }",
        "breaking AUTH_GROUP_REMOVED T.a",
    ),
    ("type Mutation { a: Int }", "", "breaking TYPE_REMOVED Mutation"),
];

#[test]
fn each_change_has_its_class_and_code() {
    for (old, new, expected) in PAIRS {
        let found = lines(&format!("{QUERY}{old}"), &format!("{QUERY}{new}"));
        let found: Vec<_> = found.iter().filter(|line| !line.contains("ROOT_TYPE")).collect();
        assert_eq!(found, [expected], "{old} → {new}");
    }
}

#[test]
fn root_types_and_subscription_sources_are_compared() {
    let api = |query: &str, source: &str| {
        format!(
            "schema {{ query: {query} mutation: M subscription: S }} type Query {{ a: Int }} type Root {{ a: Int }}
             type M {{ a: Int b: Int }} type S {{ onA: Int @aws_subscribe(mutations: [{source}]) }}"
        )
    };
    assert_eq!(
        lines(&api("Query", "\"a\""), &api("Root", "\"b\"")),
        [
            "breaking ROOT_TYPE_CHANGED Root",
            "breaking SUBSCRIPTION_SOURCE_REMOVED S.onA",
            "dangerous SUBSCRIPTION_SOURCE_ADDED S.onA",
        ]
    );
    assert_eq!(
        lines(
            "type Query { a: Int }",
            "\"x\" schema { query: Query mutation: M } type Query { a: Int } type M { a: Int }"
        ),
        [
            "safe DESCRIPTION_CHANGED",
            "safe ROOT_TYPE_ADDED M",
            "safe TYPE_ADDED M"
        ],
    );
    assert_eq!(
        lines(
            "type Query { a: Int } type Mutation { a: Int }",
            "type Query { a: Int }"
        ),
        ["breaking ROOT_TYPE_REMOVED Mutation", "breaking TYPE_REMOVED Mutation"],
    );
}

#[test]
fn equal_schemas_have_no_changes_however_they_are_written() {
    let found = lines(
        "type Query { a(b: I = {x: 1, y: [\"z\"]}): AWSDate } input I { x: Int y: [String] }",
        "directive @oneOf on INPUT_OBJECT scalar AWSDate
         input I { y: [String], x: Int } type Query { a(b: I = { y: [\"z\"] x: 1 }): AWSDate }",
    );
    assert_eq!(found, ["safe DESCRIPTION_CHANGED"; 0]);
}

#[test]
fn a_change_says_what_was_and_what_is() {
    let found = &changes("type Query { a(b: Int = 1): Int }", "type Query { a(b: Int): Int }")[0];
    assert_eq!(found.to_string(), "Query.a(b:) lost its default 1");
    assert_eq!((found.before(), found.after()), (Some("1"), None));
    assert_eq!(
        serde_json::to_string(found).unwrap(),
        r#"{"class":"dangerous","code":"ARG_DEFAULT_VALUE_CHANGE","coordinate":"Query.a(b:)","message":"Query.a(b:) lost its default 1","before":"1"}"#
    );
    let diagnostic = found.to_diagnostic();
    assert_eq!(diagnostic.severity(), Severity::Warning);
    assert_eq!(diagnostic.rule(), "ARG_DEFAULT_VALUE_CHANGE");
}

#[test]
fn the_worst_comes_first() {
    let found = changes(
        "type Query { a: Int b: Int } enum E { A }",
        "type Query { b: Int c: Int } enum E { A B }",
    );
    let classes: Vec<_> = found.iter().map(Change::class).collect();
    assert_eq!(
        classes,
        [ChangeClass::Breaking, ChangeClass::Dangerous, ChangeClass::Safe]
    );
}

#[test]
fn every_code_is_met_in_these_tests() {
    let mut met: HashSet<&str> = PAIRS.iter().filter_map(|pair| pair.2.split(' ').nth(1)).collect();
    met.extend([
        "ROOT_TYPE_ADDED",
        "ROOT_TYPE_CHANGED",
        "ROOT_TYPE_REMOVED",
        "SUBSCRIPTION_SOURCE_ADDED",
        "SUBSCRIPTION_SOURCE_REMOVED",
    ]);
    let missed: Vec<_> = ChangeCode::ALL
        .iter()
        .filter(|code| !met.contains(code.as_str()))
        .collect();
    assert!(missed.is_empty(), "{missed:?}");
}
