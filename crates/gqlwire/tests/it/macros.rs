//! `gql!` with the feature `macros`.

use gqlwire::{Document, OperationKind, Request, gql};
use serde_json::Value;

const CHECKED: Document = gql!(
    schema = "tests/it/integrations/schema.graphql",
    "subscription OnMessage($room: String) { onMessage(room: $room) { text } }",
);

#[test]
fn what_a_schema_has_checked_is_a_document_like_any_other() {
    assert_eq!(CHECKED.kind(), Some(OperationKind::Subscription));
    let request = Request::<Value>::new(CHECKED).variable("room", "7");
    assert!(request.document().starts_with("subscription OnMessage"));
    let file = gql!(
        schema = "tests/it/integrations/schema.graphql",
        file = "tests/it/integrations/operations.graphql"
    );
    assert_eq!(file.operations(), 2);
}

#[test]
fn without_a_schema_any_constant_is_taken_as_before() {
    const TEXT: &str = "{ constant }";
    assert_eq!(gql!(TEXT).text(), "{ constant }");
    assert_eq!(gql!(concat!("{ a", " b }"),).root_fields(), Some(2));
}
