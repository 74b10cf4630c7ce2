use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gqlwire::ErrorKind;
use gqlwire::schema::IntrospectionOptions;
use serde_json::{Value, json};

use crate::support::{Server, appsync_client, presentable, response};

fn introspection() -> Value {
    let named = |name: &str| json!({"kind": "SCALAR", "name": name, "ofType": null});
    let name = json!({"name": "name", "description": null, "type": named("String"), "defaultValue": null});
    let hello = json!({"name": "hello", "args": [name], "type": named("String"), "isDeprecated": false});
    json!({"__schema": {
        "queryType": {"name": "Query"},
        "types": [{"kind": "OBJECT", "name": "Query", "fields": [hello], "interfaces": []}, named("String")],
        "directives": [],
    }})
}

/// A server that refuses each query that has one of these words, in these words.
async fn refusing(words: &'static [(&'static str, &'static str)]) -> Server {
    Server::start(move |request, stream| async move {
        let query = serde_json::from_str::<Value>(&request.body).unwrap()["query"]
            .as_str()
            .unwrap()
            .to_owned();
        let errors: Vec<_> = words
            .iter()
            .filter(|(word, _)| query.contains(word))
            .map(|(_, message)| json!({"message": message}))
            .collect();
        let answer = match errors.is_empty() {
            true => json!({"data": introspection()}),
            false => json!({"data": null, "errors": errors}),
        };
        stream.send(response("200 OK", &[], &answer.to_string())).await;
    })
    .await
}

#[tokio::test]
async fn a_schema_comes_as_json_and_as_sdl() {
    let server = refusing(&[]).await;
    let client = appsync_client(&server).build().unwrap();
    let json = client.introspect(&IntrospectionOptions::all()).await.unwrap();
    assert!(json["__schema"]["types"].is_array());
    let sdl = client.fetch_sdl(&IntrospectionOptions::default()).await.unwrap();
    assert!(sdl.contains("hello("), "{sdl}");
}

#[tokio::test]
async fn a_server_that_knows_less_is_asked_for_less() {
    let server = refusing(&[
        ("isOneOf", "Cannot query field \"isOneOf\" on type \"__Type\"."),
        (
            "args(includeDeprecated",
            "Unknown argument \"includeDeprecated\" on field \"__Field.args\".",
        ),
    ])
    .await;
    let client = appsync_client(&server).build().unwrap();
    client.fetch_sdl(&IntrospectionOptions::all()).await.unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_server_that_refuses_everything_is_asked_a_few_times_and_no_more() {
    let server = refusing(&[(
        "__schema",
        "Validation error: query is too deeply nested, unknown field somewhere",
    )])
    .await;
    let error = appsync_client(&server)
        .build()
        .unwrap()
        .introspect(&IntrospectionOptions::all())
        .await
        .unwrap_err();
    assert!(presentable(&error).contains("too deeply nested"), "{error}");
    assert!((2..=8).contains(&server.requests().len()));
}

#[tokio::test]
async fn introspection_that_is_switched_off_is_said_to_be_with_another_way_to_the_schema() {
    let server = refusing(&[(
        "__schema",
        "Validation error of type FieldUndefined: Field '__schema' in type 'Query' is undefined @ '__schema'",
    )])
    .await;
    let client = appsync_client(&server).build().unwrap();
    let error = client.fetch_sdl(&IntrospectionOptions::all()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::GraphQL);
    assert_eq!(error.errors().len(), 1);
    let message = presentable(&error);
    assert!(
        message.contains("switched off") && message.contains("get-introspection-schema"),
        "{message}"
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_firewall_against_introspection_is_guessed_and_not_asked_again() {
    let server = Server::answering(response("403 Forbidden", &[], "")).await;
    let client = appsync_client(&server).build().unwrap();
    let error = client.introspect(&IntrospectionOptions::default()).await.unwrap_err();
    assert!(error.is_auth());
    assert!(presentable(&error).contains("firewall"), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_server_of_the_500_kind_may_refuse_with_graphql_errors_too() {
    let asked = Arc::new(AtomicUsize::new(0));
    let server = Server::start(move |_, stream| {
        let first = asked.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            let refusal = r#"{"errors":[{"message":"field 'isOneOf' not found in type: '__Type'"}]}"#;
            let schema = json!({"data": introspection()}).to_string();
            let (status, body) = if first {
                ("500 Oops", refusal)
            } else {
                ("200 OK", &*schema)
            };
            stream.send(response(status, &[], body)).await;
        }
    })
    .await;
    let client = appsync_client(&server).build().unwrap();
    client.introspect(&IntrospectionOptions::all()).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_holds_no_schema_is_an_error() {
    for (body, kind, says) in [
        (
            r#"{"data":{"hello":"x"}}"#,
            ErrorKind::GraphQL,
            "neither a schema nor an error",
        ),
        (
            r#"{"data":{"__schema":{"types":[]}}}"#,
            ErrorKind::Protocol,
            "a schema without types",
        ),
    ] {
        let server = Server::answering(response("200 OK", &[], body)).await;
        let client = appsync_client(&server).build().unwrap();
        for error in [
            client.introspect(&IntrospectionOptions::default()).await.unwrap_err(),
            client.fetch_sdl(&IntrospectionOptions::default()).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), kind);
            assert!(presentable(&error).contains(says), "{error}");
        }
    }
}
