//! Coordinates in a schema, and what is suggested for those that are not in it.

use gqlwire_schema::{Coordinate, Element};

use crate::support::messages;

#[test]
fn every_kind_of_element_is_resolved() {
    let schema = messages();
    let kind = |text: &str| {
        let coordinate: Coordinate = text.parse().unwrap();
        match schema.resolve(&coordinate).unwrap_or_else(|error| panic!("{error}")) {
            Element::Argument(found) => format!("argument {}: {}", found.name(), found.ty()),
            Element::Directive(found) => format!("directive {}", found.name()),
            Element::DirectiveArgument(found) => format!("directive argument {}", found.name()),
            Element::EnumValue(found) => format!("value {}", found.name()),
            Element::Field(found) => format!("field {}: {}", found.name(), found.ty()),
            Element::InputField(found) => format!("input field {}: {}", found.name(), found.ty()),
            Element::Type(found) => format!("type {}", found.name()),
        }
    };
    for (text, expected) in [
        ("Message", "type Message"),
        ("Message.children", "field children: [Message]"),
        ("Message.children(first:)", "argument first: Int"),
        ("Status.ACTIVE", "value ACTIVE"),
        ("CreateMessageInput.message", "input field message: String!"),
        ("@aws_subscribe", "directive aws_subscribe"),
        ("@skip(if:)", "directive argument if"),
        ("Node.id", "field id: ID!"),
        (
            "__Type.fields(includeDeprecated:)",
            "argument includeDeprecated: Boolean",
        ),
    ] {
        assert_eq!(kind(text), expected);
    }
}

#[test]
fn what_is_unknown_is_named_with_what_was_meant() {
    let schema = messages();
    for (text, expected) in [
        ("Mesage", r#"the schema has no type `Mesage`; did you mean "Message"?"#),
        (
            "message.id",
            r#"the schema has no type `message`; did you mean "Message.id"?"#,
        ),
        (
            "Message.created_at",
            r#"type `Message` has no field `created_at`; did you mean "Message.createdAt"?"#,
        ),
        (
            "Status.ACTVE",
            r#"type `Status` has no value `ACTVE`; did you mean "Status.ACTIVE" or "Status.INACTIVE"?"#,
        ),
        (
            "Query.getMesage(id:)",
            r#"type `Query` has no field `getMesage`; did you mean "Query.getMessage(id:)"?"#,
        ),
        (
            "Query.listMessages(limt:)",
            r#"field `Query.listMessages` has no argument `limt`; did you mean "Query.listMessages(limit:)"?"#,
        ),
        (
            "@aws_subscrbe",
            r#"the schema has no directive `@aws_subscrbe`; did you mean "@aws_subscribe"?"#,
        ),
        ("@skip(when:)", "directive `@skip` has no argument `when`"),
        ("Status.ACTIVE(a:)", "type `Status` has no field `ACTIVE`"),
        ("Zebra", "the schema has no type `Zebra`"),
    ] {
        let coordinate: Coordinate = text.parse().unwrap();
        let error = schema.resolve(&coordinate).unwrap_err();
        assert_eq!(error.to_string(), expected, "{text}");
        for suggestion in error.suggestions() {
            assert!(schema.resolve(suggestion).is_ok(), "{suggestion}");
        }
    }
}
