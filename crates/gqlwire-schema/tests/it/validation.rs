//! Documents against the rules.

use gqlwire_schema::{ParseOptions, Schema};

use crate::support::messages;

#[test]
fn valid_documents_are_accepted() {
    let schema = messages();
    for document in [
        "{ __typename }",
        "query Q($id: ID!) { getMessage(id: $id) { id ...M } } fragment M on Message { message author { name } }",
        "{ a: getMessage(id: 1) { id } b: getMessage(id: \"2\") { id } }",
        "query($l: Int = 5, $s: Boolean!) { listMessages(limit: $l) { id @skip(if: $s) message @include(if: true) } }",
        "{ search(text: \"\"\"x\"\"\") { __typename ... on Message { message } ... on Author { name } } }",
        "{ node(id: 1) { id ... on Author { status } } }",
        "mutation { createMessage(input: {message: \"hi\", status: INACTIVE, at: \"2026-11-24T08:00Z\"}) { id } }",
        "subscription S { onCreateMessage(room: \"a\") { id message } }",
        "query A { status } query B { status }",
        "{ now(at: \"1970-01-01T12:30Z\") json(value: \"{\\\"a\\\": 1}\", any: {a: [1, {b: null}]}) }",
        "{ __schema { types { name } } __type(name: \"Message\") { name isOneOf } }",
        "# comment\r\n{ status,, }",
        "{ listMessages(filter: {nested: {room: \"x\"}}) { id } }",
    ] {
        if let Err(errors) = schema.parse(document) {
            panic!("{document}\n{errors}");
        }
    }
}

#[test]
fn invalid_documents_are_refused_with_rule_place_and_appsync_wording() {
    let schema = messages();
    let appsync = |kind: &str, text: &str| format!("Validation error of type {kind}: {text}");
    let table = [
        (
            "{ x }",
            "UndefinedField",
            (1, 3),
            appsync("FieldUndefined", "Field 'x' in type 'Query' is undefined @ 'x'"),
        ),
        (
            "{ getMessage(id: 1) { foo } }",
            "UndefinedField",
            (1, 23),
            appsync(
                "FieldUndefined",
                "Field 'foo' in type 'Message' is undefined @ 'getMessage/foo'",
            ),
        ),
        (
            "{ getMessage(id: 1) { ...M } }\nfragment M on Message { foo }",
            "UndefinedField",
            (2, 25),
            appsync("FieldUndefined", "Field 'foo' in type 'Message' is undefined @ 'M/foo'"),
        ),
        (
            "{ getMessage { id } }",
            "RequiredArgument",
            (1, 3),
            appsync("MissingFieldArgument", "Missing field argument id @ 'getMessage'"),
        ),
        (
            "{ getMessage(id: 1, no: 2) { id } }",
            "UndefinedArgument",
            (1, 21),
            appsync("UnknownArgument", "Unknown field argument no @ 'getMessage'"),
        ),
        (
            "{ getMessage(id: 1) }",
            "MissingSubselection",
            (1, 3),
            appsync(
                "SubSelectionRequired",
                "Sub selection required for type Message of field getMessage @ 'getMessage'",
            ),
        ),
        (
            "{ status { x } }",
            "SubselectionOnEnumType",
            (1, 3),
            appsync(
                "SubSelectionNotAllowed",
                "Sub selection not allowed on leaf type Status of field status @ 'status'",
            ),
        ),
        (
            "{ ... on Nope { id } }",
            "UndefinedTypeInInlineFragmentTypeCondition",
            (1, 10),
            appsync("UnknownType", "Unknown type Nope"),
        ),
        (
            "{ getMessage(id: $id) { id } }",
            "UndefinedVariable",
            (1, 18),
            appsync("UndefinedVariable", "Undefined variable id @ 'getMessage'"),
        ),
        (
            "query($a: ID) { status }",
            "UnusedVariable",
            (1, 7),
            appsync("UnusedVariable", "Unused variable a"),
        ),
        (
            "query($a: String) { getMessage(id: $a) { id } }",
            "DisallowedVariableUsage",
            (1, 32),
            appsync(
                "VariableTypeMismatch",
                "Variable type 'String' doesn't match expected type 'ID!' @ 'getMessage'",
            ),
        ),
        (
            "{ listMessages(limit: \"x\") { id } }",
            "UnsupportedValueType",
            (1, 23),
            appsync(
                "WrongType",
                "argument 'limit' with value '\"x\"' is not a valid 'Int' @ 'listMessages'",
            ),
        ),
        (
            "{ listMessages(limit: 3000000000) { id } }",
            "IntCoercionError",
            (1, 23),
            appsync(
                "WrongType",
                "argument 'limit' with value '3000000000' is not a valid 'Int' @ 'listMessages'",
            ),
        ),
        (
            "{ now(at: \"today\") }",
            "InvalidScalarLiteral",
            (1, 11),
            appsync(
                "WrongType",
                "argument 'at' with value '\"today\"' is not valid: Unable to parse `today` as a valid DateTime Object. @ 'now'",
            ),
        ),
        (
            "mutation { createMessage(input: {message: \"a\", nope: 1}) { id } }",
            "UndefinedInputValue",
            (1, 54),
            appsync(
                "WrongType",
                "argument 'input' with value '{message: \"a\", nope: 1}' contains a field not in 'CreateMessageInput': 'nope' @ 'createMessage'",
            ),
        ),
        (
            "mutation { createMessage(input: {}) { id } }",
            "RequiredField",
            (1, 33),
            appsync(
                "WrongType",
                "argument 'input' with value '{}' is missing required fields '[message]' @ 'createMessage'",
            ),
        ),
        (
            "{ ...F }",
            "UndefinedFragment",
            (1, 3),
            appsync("UndefinedFragment", "Undefined fragment F"),
        ),
        (
            "{ status } fragment F on Query { status }",
            "UnusedFragment",
            (1, 12),
            appsync("UnusedFragment", "Unused fragment F"),
        ),
        (
            "{ status @no }",
            "UndefinedDirective",
            (1, 10),
            appsync("UnknownDirective", "Unknown directive no @ 'status'"),
        ),
    ];
    for (document, rule, place, wording) in table {
        let errors = schema.parse(document).expect_err(document);
        let found: Vec<_> = errors
            .iter()
            .map(|error| {
                (
                    error.rule(),
                    (error.line(), error.column()),
                    error.appsync_message().to_owned(),
                )
            })
            .collect();
        assert_eq!(found, [(rule, place, wording)], "{document}\n{errors}");
    }
}

#[test]
fn every_other_rule_is_checked() {
    let schema = messages();
    for (document, rule) in [
        ("{ status } { status }", "AmbiguousAnonymousOperation"),
        ("query A { status } query A { status }", "OperationNameCollision"),
        ("{ ...F } fragment F on Query { ...F }", "RecursiveFragmentDefinition"),
        ("{ a: status a: __typename }", "ConflictingFieldName"),
        (
            "{ a: getMessage(id: 1) { id } a: getMessage(id: 2) { id } }",
            "ConflictingFieldArgument",
        ),
        (
            "subscription { onCreateMessage { id } onDeleteMessage { id } }",
            "SubscriptionUsesMultipleFields",
        ),
        ("query($a: ID, $a: ID) { node(id: $a) { id } }", "UniqueVariable"),
        ("{ now(zone: \"a\", zone: \"b\") }", "UniqueArgument"),
        ("{ status @skip(if: true) @skip(if: true) }", "UniqueDirective"),
        ("query @skip(if: true) { status }", "UnsupportedLocation"),
        (
            "{ getMessage(id: 1) { ... on Author { id } } }",
            "InvalidFragmentSpread",
        ),
        ("{ ... on Status { id } }", "InvalidFragmentTarget"),
        ("query($a: Message) { status(a: $a) }", "VariableInputType"),
        ("type T { a: Int } { status }", "TypeSystemDefinition"),
        ("{ status", "SyntaxError"),
        ("", "SyntaxError"),
        ("meow", "SyntaxError"),
    ] {
        let errors = schema.parse(document).expect_err(document);
        let rules: Vec<_> = errors.iter().map(|error| error.rule()).collect();
        assert!(rules.contains(&rule), "{document}: {rules:?}");
    }
}

#[test]
fn malformed_text_is_a_syntax_error() {
    let schema = messages();
    let mut accepted = Vec::new();
    for document in [
        "{ now(zone \"x\") }",
        "query($a Int) { now }",
        "{ a: }",
        "{ now() }",
        "query() { now }",
        "{ }",
        "{ getMessage(id: 1) {} }",
        "{ now } }",
        "{ now } extra",
        "{ json(any: 01) }",
        "{ json(any: 1.) }",
        "{ now(zone: \"\\q\") }",
        "{ json(any: 0xF) }",
        "{ now(zone: \"\\u{110000}\") }",
        "{ now @ }",
        "{ ... }",
        "$x",
        "fragment on on Query { now } { ...on }",
        "{ now(zone: ) }",
        "{ json(any: {a}) }",
        "{ now(zone) }",
        "{ json(any: [{a}]) }",
        "query($a) { now }",
        "query($a: ) { now }",
        "{ now(zone: \"a\" at) }",
        "{ json(any: {a 1}) }",
        "{ json(any: [}) }",
        "query query query { now }",
        "{ now(zone: \"a\nb\") }",
        "{ ...F } fragment F { now }",
        "mutation mutation",
        "{ now(zone: $) }",
        "query($: Int) { now }",
        "{ now & }",
        "{ 1 }",
        "{ json(any: 1a) }",
        "{ json(any: 1.5.2) }",
        "{ json(any: -) }",
        "{ json(any: 1e) }",
        "{ now(: 1) }",
        "query Q($a: Int = $b) { now }",
        "{ now: now: now }",
    ] {
        if schema.parse(document).is_ok() {
            accepted.push(document);
        }
    }
    assert_eq!(accepted, [""; 0]);
}

#[test]
fn a_missing_selection_is_told_from_one_of_unknown_fields() {
    let rules = |document: &str| -> Vec<_> {
        let errors = messages().parse(document).unwrap_err();
        errors.iter().map(|error| error.rule()).collect()
    };
    assert_eq!(rules("{ getMessage(id: 1) { nope } }"), ["UndefinedField"]);
    assert_eq!(
        rules("{ getMessage(nope: 1) }"),
        ["RequiredArgument", "MissingSubselection", "UndefinedArgument"]
    );
    assert_eq!(rules("{ __schema }"), ["MissingSubselection"]);
}

#[test]
fn all_errors_are_given_in_document_order() {
    let errors = messages().parse("{ a b getMessage(id: 1) { c } }").unwrap_err();
    let messages: Vec<_> = errors.iter().map(|error| error.message().to_owned()).collect();
    assert_eq!(
        messages,
        [
            r#"Cannot query field "a" on type "Query"."#,
            r#"Cannot query field "b" on type "Query"."#,
            r#"Cannot query field "c" on type "Message"."#,
        ]
    );
}

#[test]
fn an_error_shows_its_line_with_a_caret() {
    let errors = messages().parse("{\n  status\n  nope\n}").unwrap_err();
    assert_eq!(
        errors.to_string(),
        "Cannot query field \"nope\" on type \"Query\".\n --> 3:3\n  |\n3 |   nope\n  |   ^^^^ \
         did you mean \"node\"?"
    );
    let error = errors.to_graphql_errors().remove(0);
    assert_eq!(
        serde_json::to_string(&error).unwrap(),
        r#"{"message":"Cannot query field \"nope\" on type \"Query\".","locations":[{"line":3,"column":3}]}"#
    );
}

#[test]
fn exactly_one_field_of_a_one_of_input_must_be_given() {
    let schema = Schema::from_sdl("type Query { f(c: Choice): Int } input Choice @oneOf { a: Int b: Int }").unwrap();
    assert!(schema.parse("{ f(c: {a: 1}) }").is_ok());
    for document in ["{ f(c: {}) }", "{ f(c: {a: 1, b: 2}) }", "{ f(c: {a: null}) }"] {
        let errors = schema.parse(document).expect_err(document);
        assert_eq!(errors.iter().next().unwrap().rule(), "OneOfInputObject", "{document}");
    }
}

#[test]
fn introspection_can_be_switched_off() {
    let mut options = ParseOptions::default();
    options.introspection = false;
    let schema = messages();
    let errors = schema
        .parse_with("{ __schema { types { name } } }", &options)
        .unwrap_err();
    assert_eq!(
        errors.to_appsync_errors()[0].message,
        "Validation error of type FieldUndefined: Field '__schema' in type 'Query' is undefined @ '__schema'"
    );
    assert!(gqlwire_schema::is_introspection_disabled(&errors.to_appsync_errors()));
    assert!(
        schema
            .parse_with(
                "{ ...F } fragment F on Query { __type(name: \"A\") { name } }",
                &options
            )
            .is_err()
    );
    assert!(schema.parse_with("{ __typename }", &options).is_ok());
}

#[test]
fn a_misspelt_name_comes_with_the_one_that_was_probably_meant() {
    let schema = Schema::from_sdl(
        "type Query { messages(limit: Int, filter: Filter, kind: Kind): [Message] }
         type Message { id: ID! title: String }
         input Filter { author: ID }
         enum Kind { PUBLIC PRIVATE }",
    )
    .unwrap();
    for (document, meant) in [
        ("{ mesages { id } }", "messages"),
        ("{ messages { tilte } }", "title"),
        ("{ messages(limt: 1) { id } }", "limit"),
        ("{ messages(filter: {autor: 1}) { id } }", "author"),
        ("{ messages(kind: PUBLIK) { id } }", "PUBLIC"),
        ("{ messages { id @inclde(if: true) } }", "include"),
        ("{ messages { id @include(fi: true) } }", "if"),
        ("{ messages { ...Parts } } fragment Part on Message { id }", "Part"),
        ("{ messages { ... on Mesage { id } } }", "Message"),
        ("query($k: Knd) { messages(kind: $k) { id } }", "Kind"),
        ("query($limit: Int) { messages(limit: $limt) { id } }", "limit"),
    ] {
        let errors = schema.parse(document).unwrap_err();
        let found: Vec<_> = errors.iter().filter_map(|error| error.suggestion()).collect();
        assert!(found.contains(&meant), "{document}: {errors}");
        assert!(
            errors.to_string().contains(&format!("^ did you mean \"{meant}\"?")),
            "{errors}"
        );
    }
    let errors = schema.parse("{ somethingElse }").unwrap_err();
    assert_eq!(errors.iter().next().unwrap().suggestion(), None);
}
