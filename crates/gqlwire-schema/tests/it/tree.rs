//! Documents as plain data: read, changed, printed.

use gqlwire_schema::tree::{Argument, Directive, Document, Field, Selection, Type, Value};
use gqlwire_schema::{OperationKind, Schema};
use proptest::prelude::*;

fn parse(text: &str) -> Document {
    Document::parse(text).unwrap_or_else(|errors| panic!("{text}\n{errors}"))
}

/// One of each kind of thing.
const EVERYTHING: &str = r#"
query Named($a: [Int!]! = [1, -2] @tag(n: 1), $b: In = {x: {y: [A, null]}, z: 1.50e3}) @tag @tag(n: 2) {
  alias: field(a: $a, b: "s\n\"q\" \\ é", c: """
    block
      "quoted" \"""
  """, d: true, e: null, f: [], g: {}) @skip(if: $c) { id ... @include(if: true) { x } }
  ... on T @tag { y }
  ...F @tag
}
mutation { m }
subscription S($v: T) { s(v: $v) { a } }
fragment F on T @tag { id ...G }
fragment G on U { id }
"#;

#[test]
fn a_printed_document_is_read_as_the_same_tree() {
    let document = parse(EVERYTHING);
    assert_eq!(parse(&document.to_string()), document, "{document}");
    assert_eq!(parse(&document.minified()), document, "{}", document.minified());
}

#[test]
fn a_document_is_printed_to_be_read() {
    let document =
        parse("query($a:Int=1){a:b(c:$a,d:[1 2],e:{f:\"g\"})@x(y:Z){h}...F ...{i}...on T{j}} fragment F on T{k}");
    assert_eq!(
        document.to_string(),
        "query ($a: Int = 1) {\n  a: b(c: $a, d: [1, 2], e: {f: \"g\"}) @x(y: Z) {\n    h\n  }\n  ...F\n  ... {\n    i\n  }\n  \
         ... on T {\n    j\n  }\n}\n\nfragment F on T {\n  k\n}\n"
    );
}

#[test]
fn minified_text_has_only_the_blanks_that_keep_tokens_apart() {
    for (text, expected) in [
        ("query { a, b }", "{a b}"),
        ("query A { a } query B { b }", "query A{a}query B{b}"),
        (
            "{ a(b: 1, c: -2, d: \"x\", e: \"\", f: [\"\", \"y\", 1, -1, A, B]) }",
            "{a(b:1 c:-2 d:\"x\"e:\"\" f:[\"\" \"y\"1 -1 A B])}",
        ),
        (
            "{ ...A ...B ... on C { d } ... @e { f } }",
            "{...A...B...on C{d}...@e{f}}",
        ),
        (
            "query Q($a: [Int!]! = [1], $b: T) @d { a(x: $a, y: $b) }",
            "query Q($a:[Int!]!=[1]$b:T)@d{a(x:$a y:$b)}",
        ),
        ("{ a(x: {b: 1, c: {d: 2}}) b }", "{a(x:{b:1 c:{d:2}})b}"),
    ] {
        let document = parse(text);
        let minified = document.minified();
        // A string is followed by a name without a blank, and never by another string.
        assert_eq!(minified, expected.replace("e:\"\" f", "e:\"\"f"));
        assert_eq!(parse(&minified), document);
    }
}

#[test]
fn strings_keep_their_meaning_in_every_text() {
    for (literal, meaning) in [
        (r#""plain""#, "plain"),
        (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
        (r#""\u00e9\u2028""#, "é\u{2028}"),
        ("\"\"", ""),
        ("\"\"\"\"\"\"", ""),
        (r#""\ud83d\ude00""#, "😀"),
        (r#""\u{1F600}""#, "😀"),
        ("\"\"\"\n      two\n        lines\n    \"\"\"", "two\n  lines"),
        (r#""""say \""" and "this" \n""""#, "say \"\"\" and \"this\" \\n"),
        ("\"é 😀 # no comment\"", "é 😀 # no comment"),
    ] {
        let document = parse(&format!("{{ a(b: {literal}) }}"));
        let Selection::Field(field) = &document.operations[0].selections[0] else {
            panic!("not a field");
        };
        assert_eq!(field.arguments[0].value, Value::String(meaning.to_owned()), "{literal}");
        for text in [document.to_string(), document.minified(), document.normalized()] {
            assert_eq!(parse(&text), document, "{text}");
        }
    }
}

#[test]
fn documents_that_differ_in_layout_and_order_without_meaning_are_normalized_to_one_text() {
    let texts = [
        "query Q($a: Int, $b: In) { f(x: $a, y: {p: 1, q: \"s\"}) @d(m: 1, n: 2) { ...B ...A } } fragment A on T { id } fragment B on T { id }",
        "fragment B on T{id}query Q($b:In$a:Int){f(y:{q:\"\"\"s\"\"\"p:1}x:$a)@d(n:2 m:1){...B,...A}}fragment A on T{id}",
        "# comment\nquery Q(\n$a: Int\n$b: In) { f(x: $a, y: {p: 1, q: \"\\u0073\"}) @d(m: 1, n: 2) {\n...B ...A } }\nfragment A on T { id } fragment B on T { id }\n",
    ];
    let normalized: Vec<String> = texts.iter().map(|text| parse(text).normalized()).collect();
    assert_eq!(normalized[0], normalized[1]);
    assert_eq!(normalized[0], normalized[2]);
    // What has a meaning is not touched.
    for other in [
        "{ a b }",
        "{ b a }",
        "{ a @x @y }",
        "{ a @y @x }",
        "{ a(b: [1, 2]) }",
        "{ a(b: [2, 1]) }",
    ] {
        assert_eq!(parse(other).normalized(), parse(other).minified());
    }
}

#[test]
fn a_tree_can_be_changed_and_printed_again() {
    let mut document = parse("query Old { hero { name } }");
    let operation = &mut document.operations[0];
    operation.name = Some("New".to_owned());
    operation.directives.push(Directive {
        name: "cached".to_owned(),
        arguments: vec![Argument {
            name: "ttl".to_owned(),
            value: Value::Int("60".to_owned()),
        }],
    });
    operation.selections.extend(Selection::parse("version ...F").unwrap());
    assert_eq!(document.minified(), "query New@cached(ttl:60){hero{name}version...F}");
    assert_eq!(
        document.operation("New").map(|found| found.kind),
        Some(OperationKind::Query)
    );
    assert!(document.operation("Old").is_none() && document.fragment("F").is_none());
}

#[test]
fn each_part_prints_by_itself() {
    let document = parse(EVERYTHING);
    let operation = &document.operations[0];
    assert_eq!(operation.variables[0].to_string(), "$a: [Int!]! = [1, -2] @tag(n: 1)");
    assert_eq!(operation.variables[0].ty.to_string(), "[Int!]!");
    assert_eq!(operation.variables[0].ty.name(), "Int");
    assert_eq!(operation.directives[1].to_string(), "@tag(n: 2)");
    assert_eq!(operation.selections[1].to_string(), "... on T @tag {\n  y\n}");
    assert_eq!(operation.selections[2].to_string(), "...F @tag");
    assert_eq!(document.fragments[1].to_string(), "fragment G on U {\n  id\n}");
    let Selection::Field(Field { arguments, .. }) = &operation.selections[0] else {
        panic!("not a field");
    };
    assert_eq!(arguments[3].to_string(), "d: true");
}

#[test]
fn a_document_becomes_a_request() {
    let named = parse("query Q($a: Int) { b(c: $a) }")
        .request::<serde_json::Value>()
        .variable("a", 1);
    assert_eq!(
        named.to_json().unwrap(),
        r#"{"query":"query Q($a:Int){b(c:$a)}","variables":{"a":1},"operationName":"Q"}"#
    );
    let several = parse("query A { a } query B { b }").request::<serde_json::Value>();
    assert_eq!(several.named_operation(), None);
}

#[test]
fn a_valid_document_becomes_a_tree_and_a_tree_is_validated() {
    let schema: Schema = "type Query { a(b: String): Int }".parse().unwrap();
    let valid = schema.parse("query Q { a(b: \"x\") }").unwrap();
    let mut tree = Document::from(&valid);
    assert_eq!(tree.minified(), "query Q{a(b:\"x\")}");
    assert!(tree.validate(&schema).is_ok());
    tree.operations[0].selections = Selection::parse("c").unwrap();
    let errors = tree.validate(&schema).unwrap_err();
    assert_eq!(errors.iter().next().unwrap().rule(), "UndefinedField");
}

#[test]
fn what_is_not_an_executable_document_is_refused_with_its_place() {
    for (text, line) in [
        ("{ a", 1),
        ("{ a(b) }", 1),
        ("{ a }\n}", 2),
        ("{\n  a(b: {c}) }", 2),
        ("{ a }\ntype T { id: ID }", 2),
        ("{ a }\nextend schema @x", 2),
    ] {
        let errors = Document::parse(text).expect_err(text);
        assert_eq!(errors.iter().next().unwrap().line(), line, "{text}: {errors}");
    }
    assert!(Document::parse("").is_err() || parse("").operations.is_empty());
}

#[test]
fn selections_are_read_alone_and_cannot_break_out() {
    assert_eq!(Selection::parse("id name # both").unwrap().len(), 2);
    for text in ["", "a } { b", "a } fragment F on T { b", "a", "} {"] {
        assert_eq!(Selection::parse(text).is_ok(), text == "a", "{text}");
    }
}

#[test]
fn types_are_read_as_a_schema_writes_them() {
    for text in ["Int", "Int!", "[Int]", "[Int!]!", "[[ID!]]!"] {
        assert_eq!(text.parse::<Type>().unwrap().to_string(), text);
    }
    let hostile = [
        "!".repeat(1_000_000),
        "[".repeat(1_000_000),
        "[".repeat(500) + "A" + &"]".repeat(500),
    ];
    for text in ["", "!", "Int!!", "[Int", "Int]", "[]", "1a", "a b", "é"]
        .into_iter()
        .map(str::to_owned)
        .chain(hostile)
    {
        assert!(text.parse::<Type>().is_err());
    }
}

#[test]
fn hostile_nesting_is_an_error() {
    for text in [
        "{a".repeat(100_000),
        "{a".repeat(5_000) + &"}".repeat(5_000),
        format!("{{ a(b: {}{}) }}", "[".repeat(5_000), "]".repeat(5_000)),
        format!("{{ a(b: {}1{}) }}", "{c:".repeat(5_000), "}".repeat(5_000)),
        format!("query($a: {}Int{}) {{ a }}", "[".repeat(5_000), "]".repeat(5_000)),
        "fragment F on T ".to_owned() + &"{a".repeat(5_000) + &"}".repeat(5_000),
    ] {
        assert!(Document::parse(&text).is_err());
    }
}

/// Text that is made of what documents are made of.
fn scrambled() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("query Q".to_owned()),
        Just("fragment F on T".to_owned()),
        Just("...".to_owned()),
        Just("\"\"\"".to_owned()),
        "[{}()\\[\\]:$@!=|&,\"#\n ]",
        "[a-c]{1,2}",
        "-?[0-9]{1,2}(\\.[0-9])?",
        "\"[ -~é\\\\]{0,4}\"",
        "\\PC",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.join(""))
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Boolean),
        any::<i64>().prop_map(|number| Value::Int(number.to_string())),
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(|number| Value::Float(format!("{number:e}"))),
        any::<String>().prop_map(Value::String),
        "[A-Z]{1,5}".prop_map(Value::Enum),
        "[a-z]{1,5}".prop_map(Value::Variable),
    ];
    leaf.prop_recursive(4, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            prop::collection::vec(("[a-z]{1,3}", inner), 0..4).prop_map(Value::Object),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in scrambled()) {
        if let Ok(document) = Document::parse(&text) {
            prop_assert_eq!(&parse(&document.to_string()), &document);
            prop_assert_eq!(&parse(&document.minified()), &document);
        }
        let _ = Selection::parse(&text);
        let _ = text.parse::<Type>();
    }

    #[test]
    fn every_value_is_read_as_it_was_printed(value in value()) {
        let mut document = parse("{ a(b: 1) c }");
        let Selection::Field(field) = &mut document.operations[0].selections[0] else { unreachable!() };
        field.arguments[0].value = value;
        prop_assert_eq!(&parse(&document.to_string()), &document);
        prop_assert_eq!(&parse(&document.minified()), &document);
        let normalized = parse(&document.normalized());
        prop_assert_eq!(normalized.normalized(), document.normalized());
    }
}
