use futures_util::StreamExt;
use gqlwire::graphql_client_0_16::{QueryExt, to_response};
use gqlwire::scalars::AwsDateTime as AWSDateTime;
use graphql_client::{GraphQLQuery, PathFragment};
use serde_json::json;

use super::{FAILED, Scripted};

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "tests/it/integrations/schema.graphql",
    query_path = "tests/it/integrations/operations.graphql",
    response_derives = "Debug"
)]
struct GetMessage;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "tests/it/integrations/schema.graphql",
    query_path = "tests/it/integrations/operations.graphql",
    response_derives = "Debug",
    skip_serializing_none
)]
struct OnMessage;

#[tokio::test]
async fn a_derived_query_is_an_operation_with_its_own_types() {
    let answer = r#"{"data":{"message":{"id":"7","kind":"NEWER","createdAt":"2026-11-24T07:56Z"}}}"#;
    let (client, scripted) = Scripted::client(answer);
    let variables = get_message::Variables { id: "7".to_owned() };
    let data = client.execute(GetMessage::request(variables)).await.unwrap();
    let message = data.into_data().unwrap().message.unwrap();
    assert_eq!(message.created_at.unwrap().to_string(), "2026-11-24T07:56:00Z");
    assert!(matches!(message.kind, Some(get_message::Kind::Other(name)) if name == "NEWER"));
    let asked = scripted.asked();
    assert_eq!(asked["variables"], json!({"id": "7"}));
    assert_eq!(asked["operationName"], "GetMessage");
    assert!(asked["query"].as_str().unwrap().contains("query GetMessage"));
}

#[tokio::test]
async fn a_derived_subscription_is_one_too() {
    let (client, scripted) = Scripted::client(r#"{"data":{"onMessage":{"text":"hello"}}}"#);
    let subscription = OnMessage::request(on_message::Variables { room: None });
    let mut messages = client.subscribe(subscription).await.unwrap().data();
    let message = messages.next().await.unwrap().unwrap().on_message.unwrap();
    assert_eq!(message.text.as_deref(), Some("hello"));
    assert!(messages.next().await.is_none());
    assert!(scripted.asked().get("variables").is_none());
}

#[tokio::test]
async fn an_answer_is_what_that_crate_makes_of_one() {
    let (client, _) = Scripted::client(FAILED);
    let variables = get_message::Variables { id: "7".to_owned() };
    let answer = to_response(client.execute(GetMessage::request(variables)).await.unwrap());
    assert!(answer.data.unwrap().message.is_none());
    let error = &answer.errors.unwrap()[0];
    assert_eq!(
        error.path.as_deref().unwrap(),
        [PathFragment::Key("message".to_owned()), PathFragment::Index(0)]
    );
    assert_eq!(error.locations.as_ref().unwrap()[0].column, 3);
    let extensions = error.extensions.as_ref().unwrap();
    assert_eq!(
        (&extensions["errorType"], &extensions["code"]),
        (&json!("Unauthorized"), &json!("X"))
    );
}
