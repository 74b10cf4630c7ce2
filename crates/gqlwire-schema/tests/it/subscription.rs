//! Events, filters and what a mutation publishes.

use gqlwire_schema::{PropertyResolver, payload_by_field_name, root_field};
use serde_json::{Value, json};

use crate::support::{block_on, messages, object, run};

#[test]
fn an_event_is_the_value_of_the_root_field() {
    let event = json!({"id": 1, "message": "hi"});
    let execution = run(
        &messages(),
        "subscription { new: onCreateMessage { message author { name } id } }",
        json!({}),
        &event,
        &PropertyResolver,
    );
    assert_eq!(
        execution.to_json(),
        r#"{"data":{"new":{"message":"hi","author":null,"id":"1"}}}"#
    );
}

#[test]
fn a_field_that_the_mutation_did_not_select_is_null_or_takes_the_event() {
    let event = json!({"id": 1});
    let execution = run(
        &messages(),
        "subscription { onCreateMessage { id message } }",
        json!({}),
        &event,
        &PropertyResolver,
    );
    assert_eq!(
        execution.to_json(),
        r#"{"data":{"onCreateMessage":null},"errors":[{"message":"Cannot return null for non-nullable type: 'String' within parent 'Message' (/onCreateMessage/message)","path":["onCreateMessage","message"]}]}"#
    );
}

#[test]
fn the_root_fields_arguments_keep_absent_and_null_apart() {
    let schema = messages();
    for (document, variables, expected) in [
        ("subscription { onCreateMessage { id } }", json!({}), json!({})),
        (
            "subscription { onCreateMessage(room: null) { id } }",
            json!({}),
            json!({"room": null}),
        ),
        (
            "subscription($r: String) { onCreateMessage(room: $r) { id } }",
            json!({}),
            json!({}),
        ),
        (
            "subscription($r: String) { onCreateMessage(room: $r) { id } }",
            json!({"r": null}),
            json!({"room": null}),
        ),
        (
            "subscription($r: String) { x: onCreateMessage(room: $r, id: 5) { id } }",
            json!({"r": "a"}),
            json!({"room": "a", "id": "5"}),
        ),
    ] {
        let parsed = schema.parse(document).unwrap();
        let field = root_field(&schema, &parsed, None, &object(variables)).unwrap();
        assert_eq!(field.name, "onCreateMessage");
        assert_eq!(Value::Object(field.arguments), expected, "{document}");
    }
}

#[test]
fn a_root_field_with_wrong_variables_is_refused() {
    let schema = messages();
    let parsed = schema
        .parse("subscription($r: String!) { onCreateMessage(room: $r) { id } }")
        .unwrap();
    let errors = root_field(&schema, &parsed, None, &object(json!({}))).unwrap_err();
    assert_eq!(
        errors[0].message,
        "Variable 'r' has coerced Null value for NonNull type 'String!'"
    );
}

#[test]
fn a_mutation_publishes_what_it_selected_under_field_names() {
    let schema = messages();
    let document = schema
        .parse(
            "mutation {
               new: deleteMessage(id: 1) {
                 key: id  text: message  id  ...F
                 kids: children(first: 1) { label: message }
               }
             }
             fragment F on Node { ... on Message { author { who: name } } }",
        )
        .unwrap();
    let root = json!({"deleteMessage": {
        "id": 1, "message": "hi", "count": 5, "author": {"name": "Ann", "id": 2}, "children": [{"message": "c"}, null],
    }});
    let variables = object(json!({}));
    let execution = block_on(gqlwire_schema::execute(
        &schema,
        &document,
        None,
        &variables,
        &root,
        &PropertyResolver,
    ));
    let payload = |key| {
        payload_by_field_name(
            &schema,
            &document,
            None,
            &variables,
            key,
            execution.data.as_ref().unwrap(),
        )
    };
    assert_eq!(
        payload("new"),
        Some(json!({
            "__typename": "Message", "id": "1", "message": "hi", "author": {"__typename": "Author", "name": "Ann"},
            "children": [{"__typename": "Message", "message": "c"}, null],
        }))
    );
    assert_eq!(payload("deleteMessage"), None);
}

#[test]
fn a_published_payload_can_be_executed_for_an_abstract_subscription() {
    let schema = gqlwire_schema::Schema::from_sdl(
        "type Query { a: Int } type Mutation { make: Thing } type Subscription { made: Thing @aws_subscribe(mutations: [\"make\"]) }
         union Thing = A | B type A { x: Int } type B { y: Int }",
    )
    .unwrap();
    let mutation = schema.parse("mutation { m: make { ... on B { why: y } } }").unwrap();
    let root = json!({"make": {"__typename": "B", "y": 3}});
    let variables = object(json!({}));
    let execution = block_on(gqlwire_schema::execute(
        &schema,
        &mutation,
        None,
        &variables,
        &root,
        &PropertyResolver,
    ));
    let event = payload_by_field_name(&schema, &mutation, None, &variables, "m", &execution.data.unwrap()).unwrap();
    let received = run(
        &schema,
        "subscription { made { __typename ... on B { y } } }",
        json!({}),
        &event,
        &PropertyResolver,
    );
    assert_eq!(received.to_json(), r#"{"data":{"made":{"__typename":"B","y":3}}}"#);
}
