//! Loading, reading and printing schemas.

use gqlwire_schema::{OperationKind, Schema, TypeKind};
use serde_json::json;

use crate::support::messages;

#[test]
fn a_schema_can_be_read() {
    let schema = messages();
    assert_eq!(schema.root_type(OperationKind::Query), Some("Query"));
    assert_eq!(schema.root_type(OperationKind::Subscription), Some("Subscription"));
    let field = schema.field("Query", "listMessages").unwrap();
    assert_eq!(field.ty().to_string(), "[Message!]!");
    assert_eq!(
        (field.ty().name(), field.ty().is_non_null(), field.ty().is_list()),
        ("Message", true, true)
    );
    assert_eq!(field.ty().item().unwrap().to_string(), "Message!");
    assert_eq!(field.argument("limit").unwrap().default_value(), Some(json!(10)));
    assert!(
        schema
            .field("Query", "getMessage")
            .unwrap()
            .argument("id")
            .unwrap()
            .is_required()
    );
    assert!(schema.has_field("Message", "id") && !schema.has_field("Message", "nope") && !schema.has_field("No", "id"));
    let names: Vec<_> = schema.type_named("Found").unwrap().possible_types();
    assert_eq!(names, ["Message", "Author"]);
    assert_eq!(
        schema.type_named("Node").unwrap().possible_types(),
        ["Message", "Author"]
    );
    assert_eq!(schema.type_named("Status").unwrap().kind(), TypeKind::Enum);
    let values: Vec<_> = schema
        .type_named("Status")
        .unwrap()
        .enum_values()
        .map(|value| value.name())
        .collect();
    assert_eq!(values, ["ACTIVE", "INACTIVE"]);
}

#[test]
fn applied_directives_are_plain_values() {
    let schema = messages();
    let subscribe = schema
        .field("Subscription", "onCreateMessage")
        .unwrap()
        .directive("aws_subscribe")
        .unwrap();
    assert_eq!(subscribe.strings("mutations"), ["createMessage"]);
    let single = schema
        .field("Subscription", "onDeleteMessage")
        .unwrap()
        .directive("aws_subscribe")
        .unwrap();
    assert_eq!(single.strings("mutations"), ["deleteMessage"]);
    let pools = schema
        .type_named("Message")
        .unwrap()
        .directive("aws_cognito_user_pools")
        .unwrap();
    assert_eq!(pools.argument("cognito_groups"), Some(json!(["Users"])));
    assert_eq!(schema.field("Mutation", "createMessage").unwrap().directives().len(), 2);
    assert!(
        schema
            .field("Mutation", "deleteMessage")
            .unwrap()
            .directives()
            .is_empty()
    );
}

#[test]
fn appsyncs_names_may_be_declared_again() {
    let schema = Schema::from_sdl(
        "scalar AWSDateTime scalar ID directive @aws_iam on FIELD_DEFINITION | OBJECT
         directive @deprecated(reason: String = \"No longer supported\") on FIELD_DEFINITION | ENUM_VALUE
         directive @aws_subscribe(mutations: [String!]!) on FIELD_DEFINITION
         type Query { a: AWSDateTime @aws_iam b: ID @deprecated c: AWSEmail @aws_api_key }",
    );
    assert!(schema.is_ok(), "{}", schema.unwrap_err());
}

#[test]
fn printing_is_stable_and_leaves_appsyncs_own_out() {
    let schema = messages();
    let sdl = schema.to_sdl();
    assert!(!sdl.contains("scalar AWS") && !sdl.contains("directive @aws"), "{sdl}");
    assert!(sdl.contains("@aws_subscribe(mutations: [\"createMessage\"])"), "{sdl}");
    let again = Schema::from_sdl(&sdl).unwrap();
    assert_eq!(again.to_sdl(), sdl);
    assert_eq!(again, schema);
}

#[test]
fn extensions_are_folded_in() {
    let schema =
        Schema::from_sdl("type Query { a: Int } extend type Query @aws_iam { b: Int } extend type Mutation { m: Int }")
            .unwrap();
    assert!(schema.has_field("Query", "b") && schema.has_field("Mutation", "m"));
    assert!(schema.type_named("Query").unwrap().directive("aws_iam").is_some());
}

#[test]
fn broken_schemas_give_every_error_with_its_place() {
    let errors = Schema::from_sdl("type Query {\n  a: Nope\n  b(x: Query): Int\n  c: Int @nope\n}").unwrap_err();
    let places: Vec<_> = errors.iter().map(|error| (error.line(), error.rule())).collect();
    assert_eq!(
        places,
        [(2, "UndefinedDefinition"), (3, "InputType"), (4, "UndefinedDirective")],
        "{errors}"
    );
    for sdl in [
        "",
        "type Query {",
        "type Query { a: Int } type Query { b: Int }",
        "{ a }",
        "type A { a: Int }",
        "type Query",
    ] {
        assert!(Schema::from_sdl(sdl).is_err(), "{sdl}");
    }
}

#[test]
fn schemas_that_other_servers_take_load() {
    assert!(Schema::from_sdl("schema { query: Root mutation: Root } type Root { a: Int }").is_ok());
}

#[test]
fn a_schema_is_cheap_to_clone_and_can_move_between_threads() {
    fn assert<T: Clone + Send + Sync + 'static>() {}
    assert::<Schema>();
    assert::<gqlwire_schema::ExecutableDocument>();
}
