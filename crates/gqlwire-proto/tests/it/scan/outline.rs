//! What a document says of its operations.

use gqlwire_proto::scan::{OperationKind, Outline};

fn root_fields(document: &str) -> (usize, Vec<String>) {
    let outline = Outline::parse(document).expect(document);
    let fields = outline.operations()[0].root_fields();
    (
        fields.count(),
        fields.names().iter().map(|&name| name.to_owned()).collect(),
    )
}

#[track_caller]
fn has_root_fields(document: &str, count: usize, names: &[&str]) {
    assert_eq!(
        root_fields(document),
        (count, names.iter().map(|&name| name.to_owned()).collect()),
        "{document}"
    );
}

#[test]
fn operations_and_fragments_come_in_the_order_of_the_document() {
    let text = "# first\n\"reads\" query A($x: Int) { a } fragment F on T { f }\nmutation { b } fragment G on T { g } subscription C { c }";
    let outline = Outline::parse(text).unwrap();
    let operations: Vec<_> = outline
        .operations()
        .iter()
        .map(|o| (o.kind(), o.name(), o.text()))
        .collect();
    assert_eq!(
        operations,
        [
            (OperationKind::Query, Some("A"), "\"reads\" query A($x: Int) { a }"),
            (OperationKind::Mutation, None, "mutation { b }"),
            (OperationKind::Subscription, Some("C"), "subscription C { c }"),
        ]
    );
    assert_eq!(
        outline.operations()[1].span(),
        text.find("mutation").unwrap()..text.find(" fragment G").unwrap()
    );
    assert_eq!(outline.fragments(), ["F", "G"]);
    assert_eq!(outline.document(), text);
}

#[test]
fn the_shorthand_is_an_anonymous_query() {
    let outline = Outline::parse(" { a } ").unwrap();
    let only = outline.select(None).unwrap();
    assert_eq!(
        (only.kind(), only.name(), only.span()),
        (OperationKind::Query, None, 1..6)
    );
    assert!(outline.fragments().is_empty());
}

#[test]
fn kinds_are_written_as_their_keywords() {
    for (kind, keyword) in [
        (OperationKind::Query, "query"),
        (OperationKind::Mutation, "mutation"),
        (OperationKind::Subscription, "subscription"),
    ] {
        assert_eq!(kind.to_string(), keyword);
        let text = format!("{keyword} {{ a }}");
        assert_eq!(Outline::parse(&text).unwrap().select(None).unwrap().kind(), kind);
    }
}

#[test]
fn declared_variables_are_listed() {
    for (document, names) in [
        ("{ a(x: $no) }", &[][..]),
        ("query @d(x: $no) { a(x: $no) }", &[]),
        ("query Q($a: Int) @d(x: $no) { a(x: $no) }", &["a"]),
        (
            "query ($a: [Int!]! = [1, 2] @d @e(x: {y: \"$)\"}), \"$no\" $b: T = {c: \") $no\"} $on: T) { a }",
            &["a", "b", "on"],
        ),
        (
            "query ($a: T @d $b: T @d(x: 1) @e, $ # no\n c: T) { a }",
            &["a", "b", "c"],
        ),
    ] {
        let outline = Outline::parse(document).unwrap();
        assert_eq!(
            outline.operations()[0].variables().collect::<Vec<_>>(),
            names,
            "{document}"
        );
    }
}

#[test]
fn root_fields_are_counted_by_response_key() {
    has_root_fields("{ a }", 1, &["a"]);
    has_root_fields("subscription { a b }", 2, &["a", "b"]);
    has_root_fields("{ a a { x } a @d }", 1, &["a"]);
    has_root_fields("{ x: a y: a }", 2, &["a", "a"]);
    has_root_fields("{ x: a x: a }", 1, &["a"]);
    has_root_fields("{ a x: a }", 2, &["a", "a"]);
    has_root_fields(
        "{ a(b: {c: 1}, d: \"}\") @d(e: [{}]) { f { g } h } i @d j(k: 1) }",
        3,
        &["a", "i", "j"],
    );
    has_root_fields("{ a b c d e }", 5, &["a", "b", "c", "d"]);
    has_root_fields("{ a b c d e f g h a }", 8, &["a", "b", "c", "d"]);
    has_root_fields("{ a b c d e f g h i a }", 9, &["a", "b", "c", "d"]);
    has_root_fields("{ a @d(on: 1) on: b on }", 2, &["a", "b"]);
}

#[test]
fn root_fields_are_counted_through_inline_fragments() {
    has_root_fields("{ ... on Query { a } }", 1, &["a"]);
    has_root_fields("{ ... @d(x: {y: 1}) { a { x } ... { b } } c }", 3, &["a", "b", "c"]);
    has_root_fields("{ ... on on @d { a } ... { a } }", 1, &["a"]);
    has_root_fields("{ a { ... on T { b c } } }", 1, &["a"]);
}

#[test]
fn root_fields_are_counted_through_spreads() {
    has_root_fields("{ ...F } fragment F on Query { a b }", 2, &["a", "b"]);
    has_root_fields(
        "{ a ...F d } fragment F on Query { b ...G } fragment G on Query { c }",
        4,
        &["a", "b", "c", "d"],
    );
    has_root_fields(
        "{ ... { ...F @d(x: 1) } } fragment F on Query { a { ...G } } fragment G on T { b c }",
        1,
        &["a"],
    );
    has_root_fields("fragment F on Query { a } { a ...F }", 1, &["a"]);
    has_root_fields("{ a { ...F } } fragment F on T { b c }", 1, &["a"]);
    has_root_fields(
        "{ ...F } fragment F on Query { a } fragment F on Query { b c }",
        1,
        &["a"],
    );
}

#[test]
fn a_missing_fragment_adds_nothing() {
    has_root_fields("{ ...F }", 0, &[]);
    has_root_fields("{ a ...F } query F { b }", 1, &["a"]);
}

#[test]
fn a_cycle_of_fragments_ends() {
    has_root_fields("{ ...F } fragment F on Query { ...F a }", 1, &["a"]);
    has_root_fields(
        "{ ...F } fragment F on Query { a ...G } fragment G on Query { ...F b }",
        2,
        &["a", "b"],
    );
}

#[test]
fn exponential_spreads_are_counted_in_linear_time() {
    let mut document = "{ ...F0 }".to_owned();
    for n in 0..10_000 {
        let next = n + 1;
        document += &format!("fragment F{n} on Q {{ ...F{next} f{n} ...F{next} }}");
    }
    assert_eq!(root_fields(&document).0, 10_000);
}

#[test]
fn a_megabyte_of_anything_takes_linear_time() {
    let repeated = |part: &str| part.repeat(1_000_000 / part.len());
    let accepted = [
        repeated("{a}"),
        format!("{{{}}}", repeated("a ")),
        format!("{{a(x:[{}])}}", repeated("[{a:1}]")),
        format!("query({}){{a}}", repeated("$a:T@d(x:1)")),
        format!("{{a{}}}", repeated("@d")),
        format!("{{a{}}}", repeated(",")),
        format!("{{a(x:\"\"\"{}\"\"\")}}", repeated("\\\"\"\"")),
        format!("{{a(x:\"{}\")}}", repeated("\\u{0000000000000000000000041}")),
        format!("{{...F}} {}", repeated("fragment F on T{...F}")),
        format!("{{{}}}", repeated("...{...F}")),
    ];
    for document in &accepted {
        let outline = Outline::parse(document).unwrap_or_else(|error| panic!("{error}: {}", &document[..40]));
        let operation = outline.operations()[0];
        assert!(operation.root_fields().count() <= 1);
        assert!(operation.variables().count() <= 100_000);
    }
    for document in [
        "{", "(", "[", "\"", "\"\"\"", "...", "{a(x:", "\\", "\r", "#", "é", "{a(x:[", "1", "\"\\u{1",
    ] {
        assert!(Outline::parse(&repeated(document)).is_err(), "{document}");
    }
}

#[test]
fn the_only_operation_needs_no_name() {
    let outline = Outline::parse("query A { a } fragment F on T { f }").unwrap();
    for name in [None, Some(""), Some("A")] {
        assert_eq!(outline.select(name).unwrap().name(), Some("A"));
    }
    let error = outline.select(Some("B")).unwrap_err();
    assert_eq!(error.to_string(), "no operation named B; the document has A");
    let outline = Outline::parse("{ a }").unwrap();
    assert!(outline.select(None).is_ok());
    let error = outline.select(Some("A")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no operation named A; the document has no operation with a name"
    );
}

#[test]
fn of_several_operations_one_is_chosen_by_name() {
    let outline = Outline::parse("query A { a } mutation B { b }").unwrap();
    assert_eq!(outline.select(Some("A")).unwrap().kind(), OperationKind::Query);
    assert_eq!(outline.select(Some("B")).unwrap().kind(), OperationKind::Mutation);
    for none in [None, Some("")] {
        let error = outline.select(none).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the document has several operations: name one of A, B"
        );
    }
    let error = outline.select(Some("a")).unwrap_err();
    assert_eq!(error.to_string(), "no operation named a; the document has A, B");
}

#[test]
fn fragments_alone_can_not_be_executed() {
    let outline = Outline::parse("fragment F on T { f }").unwrap();
    assert!(outline.operations().is_empty());
    for name in [None, Some("F")] {
        let error = outline.select(name).unwrap_err();
        assert_eq!(error.to_string(), "the document has no operation, only fragments");
    }
}

#[test]
fn selection_errors_stay_short() {
    let outline = Outline::parse("{a} {b}").unwrap();
    assert_eq!(
        outline.select(None).unwrap_err().to_string(),
        "the document has 2 operations without a name: send one of them alone, or name them"
    );
    let document: String = (0..1000)
        .map(|n| format!("query {}{n} {{ a }}", "long".repeat(100)))
        .collect();
    let outline = Outline::parse(&document).unwrap();
    let error = outline.select(Some(&"ö".repeat(1000))).unwrap_err().to_string();
    assert!(error.len() < 1000 && error.ends_with("… (and 992 more)"), "{error}");
}
