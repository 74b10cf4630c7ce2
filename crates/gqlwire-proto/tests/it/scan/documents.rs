//! Every token and every rule of the grammar, in documents that hold to it and in documents that do not.

use gqlwire_proto::scan::{MAX_DEPTH, Outline};

#[track_caller]
fn accepts(document: &str) {
    if let Err(error) = Outline::parse(document) {
        panic!("{document:?} is refused: {error}");
    }
}

#[track_caller]
fn refuses(document: &str, expected: &str) {
    let error = Outline::parse(document).expect_err(document);
    assert_eq!(error.to_string(), format!("syntax error at {expected}"), "{document:?}");
}

#[test]
fn executable_documents_are_accepted() {
    for document in [
        "{a}",
        "query{a}",
        "query Q{a}",
        "mutation M { a }",
        "subscription S { a }",
        "{a b c}",
        "{ x: a }",
        "{ a { b { c } d } e }",
        "{a}{b}",
        "query A {a} query B {b} fragment F on T {c}",
        "fragment F on T {a}",
        "fragment F on T @d {a}",
        "{ ...F }",
        "{ ...F @d }",
        "{ ... on T { a } }",
        "{ ... on T @d { a } }",
        "{ ... { a } }",
        "{ ... @include(if: true) { a } }",
        "{ ...onTop ...F }",
        "{ a @d @e(x: 1) @f { b } }",
        "query @d @e(x: $v) { a }",
        "query ($v: Int) { a }",
        "query Q($v: Int $w: [Int] $x: [Int!]! $y: [[Int!]]!) { a }",
        "query ($v: Int = 1, $w: S = \"s\" @d, $x: E = RED @d(x: [1, {y: 2}])) { a }",
        "query ($ v : Int) { a(x: $ v) }",
        "{ a(x: 1, y: 2 z: 3) }",
    ] {
        accepts(document);
    }
}

#[test]
fn keywords_are_names_where_a_name_is_due() {
    for document in [
        "query query { query }",
        "query on { on }",
        "{ on: on }",
        "{ fragment mutation subscription true false null type }",
        "{ a(on: on, true: true, null: null) }",
        "query ($on: on) { a(x: $on) }",
        "fragment query on on { on @on(on: $on) }",
        "{ ... on on { a } ...query ...fragment ...true }",
    ] {
        accepts(document);
    }
}

#[test]
fn values_of_every_kind_are_accepted() {
    for value in [
        "0",
        "-0",
        "7",
        "-7",
        "1234567890123456789012345",
        "0.0",
        "-0.5",
        "1.25",
        "1e5",
        "1E5",
        "1e+5",
        "1e-05",
        "0e0",
        "6.02e23",
        "true",
        "false",
        "null",
        "RED",
        "_",
        "_x1",
        "trueish",
        "$v",
        "[]",
        "[1]",
        "[1, 2 3]",
        "[[[]]]",
        "{}",
        "{a: 1}",
        "{a: 1, b: {c: [{d: $v}]}}",
        "[{}, {}]",
        "[$v]",
    ] {
        accepts(&format!("{{ a(x: {value}) }}"));
        accepts(&format!("{{ a @d(x: {value}, y: [{value}]) }}"));
        if !value.contains('$') {
            accepts(&format!("query ($v: T = {value} @d(x: {value}) $w: T) {{ a }}"));
        }
    }
}

#[test]
fn strings_of_every_kind_are_accepted() {
    for value in [
        r#""""#,
        r#""a""#,
        r##""# no comment, { no brace""##,
        r#""\" \\ \/ \b \f \n \r \t""#,
        r#""\u0041\u00e9\uFFFF""#,
        r#""\uD83D\uDE00""#,
        r#""\u{1F600}\u{0}\u{00000041}\u{10FFFF}""#,
        r#""größer 😀""#,
        "\"\u{7f}\u{1}\t\"",
        "\"\"\"\"\"\"",
        r#""""a""""#,
        r#""""a "quoted" word""""#,
        r#""""" """"#,
        r#""""\""" and \u and \ """"#,
        "\"\"\"\n  two\r\n  lines\r\"\"\"",
    ] {
        accepts(&format!("{{ a(x: {value}) }}"));
        accepts(&format!("{{ a(x: [{value} {value}]) }}"));
    }
}

#[test]
fn what_the_grammar_ignores_may_stand_anywhere() {
    for document in [
        "\u{FEFF}{a}",
        "{\u{FEFF}a,,,b,}",
        ",,,{,a,(,x,:,1,),},,",
        "# comment\n{a}# comment",
        "# comment { \" \r{a}",
        "{a#\r\n}",
        "\t\r\n{\ta\r}\n",
        "# größer 😀 \u{1}\n{a}",
    ] {
        accepts(document);
    }
}

#[test]
fn descriptions_stand_before_operations_fragments_and_variables() {
    accepts(r#""what it does" query Q("which" $v: Int, """and""" $w: Int) { a }"#);
    accepts("\"\"\"\nwhat\n\"\"\"\nfragment F on T { a } \"x\" mutation { a }");
    refuses(
        r#""what" { a }"#,
        r#"1:8: expected an operation keyword or "fragment" after the description, found "{""#,
    );
    refuses(
        r#""a" "b" query { a }"#,
        r#"1:5: expected an operation keyword or "fragment" after the description, found a string"#,
    );
    refuses(
        r#"query ("x") { a }"#,
        r#"1:11: expected a variable definition, found ")""#,
    );
    refuses(r#"{ "x" a }"#, "1:3: expected a selection, found a string");
}

#[test]
fn a_document_has_at_least_one_definition() {
    for document in ["", " \n ", "# nothing", "\u{FEFF}", ",,,"] {
        let error = Outline::parse(document).unwrap_err();
        assert_eq!(
            error.message(),
            "expected an operation or a fragment, found the end of the document"
        );
    }
}

#[test]
fn misplaced_tokens_are_named_with_what_was_expected() {
    for (document, expected) in [
        ("}", r#"1:1: expected an operation or a fragment, found "}""#),
        (
            "qurey { a }",
            r#"1:1: expected an operation or a fragment, found "qurey""#,
        ),
        ("{a} b", r#"1:5: expected an operation or a fragment, found "b""#),
        ("{a}}", r#"1:4: expected an operation or a fragment, found "}""#),
        ("12", r#"1:1: expected an operation or a fragment, found "12""#),
        ("query", "1:6: expected a selection set, found the end of the document"),
        ("query A B { a }", r#"1:9: expected a selection set, found "B""#),
        (
            "query A",
            "1:8: expected a selection set, found the end of the document",
        ),
        ("{}", r#"1:2: expected a selection, found "}""#),
        ("{ user { } }", r#"1:10: expected a selection, found "}""#),
        (
            "{ a",
            r#"1:4: expected a selection or "}", found the end of the document"#,
        ),
        ("{", "1:2: expected a selection, found the end of the document"),
        (
            "{ a { b }",
            r#"1:10: expected a selection or "}", found the end of the document"#,
        ),
        ("{ a {{ b } }", r#"1:6: expected a selection, found "{""#),
        ("{ a | b }", r#"1:5: expected a selection or "}", found "|""#),
        ("{ a & b }", r#"1:5: expected a selection or "}", found "&""#),
        ("{ a = b }", r#"1:5: expected a selection or "}", found "=""#),
        ("{ a! }", r#"1:4: expected a selection or "}", found "!""#),
        ("{ $a }", r#"1:3: expected a selection, found "$""#),
        ("{ a: }", r#"1:6: expected a field name, found "}""#),
        ("{ a: b: c }", r#"1:7: expected a selection or "}", found ":""#),
        ("{ a() }", r#"1:5: expected an argument, found ")""#),
        ("{ a(x) }", r#"1:6: expected ":" and a value, found ")""#),
        ("{ a(x:) }", r#"1:7: expected a value, found ")""#),
        ("{ a(x: 1 }", r#"1:10: expected an argument or ")", found "}""#),
        ("{ a(1: 1) }", r#"1:5: expected an argument, found "1""#),
        (
            "{ a @d(x: 1)(y: 1) }",
            r#"1:13: expected a selection or "}", found "(""#,
        ),
        ("{ a { b } @d }", r#"1:11: expected a selection or "}", found "@""#),
        ("{ a @d (x: 1) @ }", r#"1:17: expected a directive name, found "}""#),
        ("{ a @d() }", r#"1:8: expected an argument, found ")""#),
        ("{ a(x: [1) }", r#"1:10: expected a value or "]", found ")""#),
        (
            "{ a(x: [1",
            r#"1:10: expected a value or "]", found the end of the document"#,
        ),
        ("{ a(x: {y}) }", r#"1:10: expected ":" and a value, found "}""#),
        ("{ a(x: {y: }) }", r#"1:12: expected a value, found "}""#),
        ("{ a(x: {1: 1}) }", r#"1:9: expected an input field or "}", found "1""#),
        ("{ a(x: {y: [}]}) }", r#"1:13: expected a value or "]", found "}""#),
        ("{ a(x: $) }", r#"1:9: expected a variable name, found ")""#),
        ("{ a(x: $1) }", r#"1:9: expected a variable name, found "1""#),
        ("query () { a }", r#"1:8: expected a variable definition, found ")""#),
        (
            "query (v: Int) { a }",
            r#"1:8: expected a variable definition, found "v""#,
        ),
        (
            "query ($v: Int, w: Int) { a }",
            r#"1:17: expected a variable definition or ")", found "w""#,
        ),
        ("query ($: Int) { a }", r#"1:9: expected a variable name, found ":""#),
        ("query ($v) { a }", r#"1:10: expected ":" and a type, found ")""#),
        ("query ($v:) { a }", r#"1:11: expected a type, found ")""#),
        ("query ($v: 1) { a }", r#"1:12: expected a type, found "1""#),
        ("query ($v: []) { a }", r#"1:13: expected a type, found "]""#),
        ("query ($v: [Int) { a }", r#"1:16: expected "]", found ")""#),
        (
            "query ($v: Int!!) { a }",
            r#"1:16: expected a variable definition or ")", found "!""#,
        ),
        (
            "query ($v: Int]) { a }",
            r#"1:15: expected a variable definition or ")", found "]""#,
        ),
        (
            "query ($v: Int = ) { a }",
            r#"1:18: expected a value without variables, found ")""#,
        ),
        (
            "query ($v: Int @d = 1) { a }",
            r#"1:19: expected a variable definition or ")", found "=""#,
        ),
        (
            "query ($v: Int) ($w: Int) { a }",
            r#"1:17: expected a selection set, found "(""#,
        ),
        (
            "fragment",
            "1:9: expected a fragment name, found the end of the document",
        ),
        ("fragment { a }", r#"1:10: expected a fragment name, found "{""#),
        ("fragment F { a }", r#"1:12: expected "on" and a type, found "{""#),
        ("fragment F to T { a }", r#"1:12: expected "on" and a type, found "to""#),
        ("fragment F on { a }", r#"1:15: expected a type name, found "{""#),
        (
            "fragment F on T",
            "1:16: expected a selection set, found the end of the document",
        ),
        ("fragment F on T {}", r#"1:18: expected a selection, found "}""#),
        (
            "fragment F($v: Int) on T { a }",
            r#"1:11: expected "on" and a type, found "(""#,
        ),
        (
            "{ ... }",
            r#"1:7: expected a fragment name, "on" or a selection set, found "}""#,
        ),
        ("{ ... on }", r#"1:10: expected a type name, found "}""#),
        ("{ ... on T }", r#"1:12: expected a selection set, found "}""#),
        ("{ ... on T {} }", r#"1:13: expected a selection, found "}""#),
        (
            "{ ... @d }",
            r#"1:10: expected a fragment name, "on" or a selection set, found "}""#,
        ),
        ("{ ...F { a } }", r#"1:8: expected a selection or "}", found "{""#),
        ("{ ...F(x: 1) }", r#"1:7: expected a selection or "}", found "(""#),
        (
            "{ ......F }",
            r#"1:6: expected a fragment name, "on" or a selection set, found "...""#,
        ),
    ] {
        refuses(document, expected);
    }
}

#[test]
fn a_fragment_is_not_named_on() {
    refuses(
        "fragment on on T { a }",
        r#"1:10: expected a fragment name, found "on""#,
    );
    refuses("fragment on T { a }", r#"1:10: expected a fragment name, found "on""#);
}

#[test]
fn variables_do_not_stand_where_a_constant_is_due() {
    refuses(
        "query ($v: Int = $w) { a }",
        r#"1:18: expected a value without variables, found "$""#,
    );
    refuses(
        "query ($v: T = [1, $w]) { a }",
        r#"1:20: expected a value without variables, found "$""#,
    );
    refuses(
        "query ($v: T = {a: {b: $w}}) { a }",
        r#"1:24: expected a value without variables, found "$""#,
    );
    refuses(
        "query ($v: T @d(x: $w)) { a }",
        r#"1:20: expected a value without variables, found "$""#,
    );
}

#[test]
fn type_system_definitions_are_refused_by_name() {
    let message = "only operations and fragments can be sent, this defines a part of a schema";
    for keyword in [
        "schema",
        "scalar",
        "type",
        "interface",
        "union",
        "enum",
        "input",
        "directive",
        "extend",
    ] {
        refuses(&format!("{keyword} T {{ a: Int }}"), &format!("1:1: {message}"));
        refuses(
            &format!("{{ a }}\n\"described\" {keyword} T {{ a: Int }}"),
            &format!("2:13: {message}"),
        );
    }
}

#[test]
fn malformed_numbers_are_refused() {
    for (number, expected) in [
        ("00", "8: a number may not begin with a superfluous 0"),
        ("-01", "8: a number may not begin with a superfluous 0"),
        ("-", r#"9: expected a digit, found ")""#),
        ("-a", r#"9: expected a digit, found "a""#),
        ("--1", r#"9: expected a digit, found "-""#),
        ("+1", r#"8: expected GraphQL, found "+""#),
        (".5", r#"8: expected "...", found ".""#),
        ("1.", r#"10: expected a digit, found ")""#),
        ("1.e5", r#"10: expected a digit, found "e""#),
        ("1...", r#"10: expected a digit, found ".""#),
        ("1e", r#"10: expected a digit, found ")""#),
        ("1e+", r#"11: expected a digit, found ")""#),
        ("1e+-5", r#"11: expected a digit, found "-""#),
        ("1.5.2", r#"11: expected the number to end here, found ".""#),
        ("1e5.2", r#"11: expected the number to end here, found ".""#),
        ("0xF", r#"9: expected the number to end here, found "x""#),
        ("1a", r#"9: expected the number to end here, found "a""#),
        ("1_000", r#"9: expected the number to end here, found "_""#),
        ("1.5f", r#"11: expected the number to end here, found "f""#),
        ("1e5e5", r#"11: expected the number to end here, found "e""#),
    ] {
        refuses(&format!("{{ a(x: {number}) }}"), &format!("1:{expected}"));
    }
    refuses("{ a(x: 1.", "1:10: expected a digit, found the end of the document");
    accepts("{ a(x: [1-1]) }");
    accepts("{ a(x: [1\"s\"1$v]) }");
}

#[test]
fn malformed_strings_are_refused() {
    let unknown = r#"unknown escape: a string knows \" \\ \/ \b \f \n \r \t and \u"#;
    let half = r"this escape is half of a surrogate pair; write \u{…} or both halves";
    let character = "this escape does not stand for a character";
    for (string, expected) in [
        (
            r#""abc"#,
            "8: the string that begins here does not end on its line".to_owned(),
        ),
        (
            "\"a\nb\"",
            "8: the string that begins here does not end on its line".to_owned(),
        ),
        (
            "\"a\rb\"",
            "8: the string that begins here does not end on its line".to_owned(),
        ),
        (r#""a\"#, format!("10: {unknown}")),
        ("\"\\\n\"", format!("9: {unknown}")),
        (r#""\q""#, format!("9: {unknown}")),
        (r#""\é""#, format!("9: {unknown}")),
        (r#""\'""#, format!("9: {unknown}")),
        (r#""\U0041""#, format!("9: {unknown}")),
        (
            r#""\u""#,
            r#"11: expected four hexadecimal digits, found """"#.to_owned(),
        ),
        (
            r#""\u12""#,
            r#"13: expected four hexadecimal digits, found """"#.to_owned(),
        ),
        (
            r#""\u12G4""#,
            r#"13: expected four hexadecimal digits, found "G""#.to_owned(),
        ),
        (r#""\u{}""#, r#"12: expected a hexadecimal digit, found "}""#.to_owned()),
        (
            r#""\u{12""#,
            r#"14: expected a hexadecimal digit or "}", found """"#.to_owned(),
        ),
        (r#""\u{110000}""#, format!("9: {character}")),
        (r#""\u{D800}""#, format!("9: {character}")),
        (r#""\u{FFFFFFFFFFFFFFFFFF}""#, format!("9: {character}")),
        (r#""\uD800""#, format!("9: {half}")),
        (r#""\uDC00""#, format!("9: {half}")),
        (r#""\uD83D\n""#, format!("9: {half}")),
        (r#""\uD83D\u0041""#, format!("9: {half}")),
        (r#""\uD83D\uD83D""#, format!("9: {half}")),
        (r#""\uD83D\u{DE00}""#, format!("9: {half}")),
        (
            r#""""#,
            r#"10: expected an argument or ")", found the end of the document"#.to_owned(),
        ),
        (r#""""a"#, "8: the block string that begins here has no end".to_owned()),
        (r#""""a""#, "8: the block string that begins here has no end".to_owned()),
        (
            r#""""a\""""#,
            "8: the block string that begins here has no end".to_owned(),
        ),
    ] {
        refuses(&format!("{{ a(x: {string}"), &format!("1:{expected}"));
    }
    refuses(
        "{ a(x: 'b') }",
        "1:8: strings are written in double quotes (\"), not in single ones",
    );
}

#[test]
fn characters_outside_the_grammar_are_shown_with_their_number() {
    refuses("{ naïve }", r#"1:5: expected GraphQL, found "ï" (U+00EF)"#);
    refuses("{ a(x: “b”) }", r#"1:8: expected GraphQL, found "“" (U+201C)"#);
    refuses("{\u{A0}a }", "1:2: expected GraphQL, found U+00A0");
    refuses("{ a\0 }", "1:4: expected GraphQL, found U+0000");
    refuses("{ \u{202E}a }", "1:3: expected GraphQL, found U+202E");
    refuses("{ 😀 }", r#"1:3: expected GraphQL, found "😀" (U+1F600)"#);
    refuses("{ a; b }", r#"1:4: expected GraphQL, found ";""#);
    refuses("{ a% }", r#"1:4: expected GraphQL, found "%""#);
    refuses("{ .. }", r#"1:3: expected "...", found ".""#);
    refuses("{ a-b }", r#"1:5: expected a digit, found "b""#);
}

#[test]
fn nesting_is_allowed_up_to_the_limit_and_refused_beyond() {
    let selections = |depth: usize| format!("{}a{}", "{a".repeat(depth), "}".repeat(depth));
    let inline = |depth: usize| format!("{{{}a{}", "...{".repeat(depth - 1), "}".repeat(depth));
    let lists = |depth: usize| format!("{{a(x:{}{})}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    let objects = |depth: usize| format!("{{a(x:{}1{})}}", "{a:".repeat(depth - 1), "}".repeat(depth - 1));
    let mixed = |depth: usize| {
        format!(
            "{{a{{a(x:{}1{})}}}}",
            "[{a:".repeat(depth / 2 - 1),
            "}]".repeat(depth / 2 - 1)
        )
    };
    let types = |depth: usize| format!("query($v:{}Int{}){{a}}", "[".repeat(depth), "]".repeat(depth));
    let defaults = |depth: usize| format!("query($v:T={}{}){{a}}", "[".repeat(depth), "]".repeat(depth));
    for nested in [
        &selections as &dyn Fn(usize) -> String,
        &inline,
        &lists,
        &objects,
        &mixed,
        &types,
        &defaults,
    ] {
        accepts(&nested(MAX_DEPTH));
        for depth in [MAX_DEPTH + 2, 100_000] {
            let error = Outline::parse(&nested(depth)).unwrap_err();
            assert_eq!(error.message(), format!("nested more than {MAX_DEPTH} levels deep"));
        }
    }
    refuses(&selections(MAX_DEPTH + 1), "1:257: nested more than 128 levels deep");
}

#[test]
fn the_deepest_document_needs_little_stack() {
    let document = format!("{}a{}", "{a".repeat(MAX_DEPTH), "}".repeat(MAX_DEPTH));
    let thread = std::thread::Builder::new().stack_size(64 * 1024);
    let checked = thread.spawn(move || Outline::parse(&document).map(|outline| outline.operations()[0].span().len()));
    assert_eq!(checked.unwrap().join().unwrap(), Ok(3 * MAX_DEPTH + 1));
}
