//! The scanner in the compiler's evaluator.

use std::borrow::Cow;

use gqlwire_proto::gql;
use gqlwire_proto::scan::{Document, OperationKind};

const SHORTHAND: Document = gql!("{ a b }");
static SUBSCRIPTION: Document = gql!("subscription S { x: onPost { id } }",);

#[test]
fn a_constant_document_knows_its_kind_and_fields() {
    assert_eq!(SHORTHAND.kind(), Some(OperationKind::Query));
    assert_eq!((SHORTHAND.operations(), SHORTHAND.root_fields()), (1, Some(2)));
    assert_eq!(
        (SUBSCRIPTION.kind(), SUBSCRIPTION.root_fields()),
        (Some(OperationKind::Subscription), Some(1))
    );
    assert_eq!(SUBSCRIPTION.outline().select(None).unwrap().name(), Some("S"));

    let several = gql!("mutation A { ...F } query B { b } fragment F on T { f }");
    assert_eq!(
        (several.kind(), several.operations()),
        (Some(OperationKind::Mutation), 2)
    );
    assert_eq!(several.root_fields(), None);
    assert_eq!(several.outline().operations()[0].root_fields().count(), 1);

    let fragment = gql!("fragment F on T { f }");
    assert_eq!(
        (fragment.kind(), fragment.operations(), fragment.root_fields()),
        (None, 0, None)
    );
}

#[test]
fn a_document_is_its_text() {
    let text = "{ a b }";
    assert_eq!(SHORTHAND.text(), text);
    assert_eq!(SHORTHAND.to_string(), text);
    assert_eq!(SHORTHAND.as_ref(), text);
    assert_eq!(format!("{SHORTHAND:?}"), "Document(\"{ a b }\")");
    assert!(matches!(Cow::from(SHORTHAND), Cow::Borrowed(borrowed) if borrowed == text));
}

#[test]
fn macros_and_constants_name_the_text_as_well() {
    const TEXT: &str = "{ constant }";
    assert_eq!(gql!(TEXT).text(), "{ constant }");
    assert_eq!(gql!(concat!("{ a", " b }")).root_fields(), Some(2));
    assert_eq!(gql!(include_str!("several.graphql")).operations(), 2);
}

macro_rules! ten_times {
    ($($part:expr),*) => { concat!($($part,)* $($part,)* $($part,)* $($part,)* $($part,)* $($part,)* $($part,)* $($part,)* $($part,)* $($part,)*) };
}

/// 44 KB with every kind of token.
const LARGE: Document = gql!(concat!(
    "query Large($v: [Int!]! = [1, 2.5e3] @d(x: {y: \"z\"})) {\n",
    ten_times!(ten_times!(concat!(
        ten_times!("  field(a: 1, b: $v)\n"),
        "  x: field @skip(if: true) { ...F ... on T { y } } # comment\n",
        "  s(a: \"\\u00e9\\u{1F600}\", b: \"\"\"block \"string\" \\\"\"\" \"\"\", c: {d: [RED, -0.5e-3, null]})\n",
        "  next { again { deeper(x: 1) } }\n",
        "  padding(text: \"some text that makes the document longer\")\n"
    ))),
    "}\nfragment F on T { f }"
));

/// As deep as a document can be: far more than the frames that the evaluator has.
const DEEP: Document = gql!(concat!(
    "{",
    ten_times!("a{", "b{", "c{", "d{", "e{", "f{", "g{", "h{", "i{", "j{", "k{", "l{"),
    "m{n{o{p(x:[[{y:1}]]) ",
    "}}}}",
    ten_times!("}", "}", "}", "}", "}", "}", "}", "}", "}", "}", "}", "}")
));

#[test]
fn large_and_deep_documents_are_checked_by_the_compiler() {
    assert!(LARGE.text().len() > 44_000, "{}", LARGE.text().len());
    assert_eq!(LARGE.kind(), Some(OperationKind::Query));
    assert_eq!(LARGE.root_fields(), Some(5));
    assert_eq!(DEEP.root_fields(), Some(1));
}

#[test]
fn a_text_known_at_run_time_is_refused_with_the_message_of_the_compiler() {
    let error = Document::parse("{ ").unwrap_err();
    assert_eq!(
        error.to_string(),
        "syntax error at 1:3: expected a selection, found the end of the document"
    );
    let refused = std::panic::catch_unwind(|| Document::from_static("{ user { } }")).unwrap_err();
    let message = refused.downcast_ref::<String>().unwrap();
    assert_eq!(
        message,
        r#"GraphQL syntax error at 1:10: expected a selection, found "}""#
    );
}
