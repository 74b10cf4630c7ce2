use cynic::{GraphQlErrorPathSegment, MutationBuilder, QueryBuilder, SubscriptionBuilder};
use futures_util::StreamExt;
use gqlwire::cynic_3::to_response;
use serde_json::json;

use super::{FAILED, Scripted};

#[cynic::schema_for_derives(file = "tests/it/integrations/schema.graphql", module = "schema")]
mod operations {
    use super::schema;

    #[derive(cynic::QueryVariables)]
    pub(super) struct GetMessageVariables {
        pub(super) id: cynic::Id,
    }

    #[derive(cynic::QueryFragment, Debug)]
    #[cynic(graphql_type = "Query", variables = "GetMessageVariables")]
    pub(super) struct GetMessage {
        #[arguments(id: $id)]
        pub(super) message: Option<Message>,
    }

    #[derive(cynic::QueryVariables)]
    pub(super) struct PostVariables {
        pub(super) text: String,
    }

    #[derive(cynic::QueryFragment, Debug)]
    #[cynic(graphql_type = "Mutation", variables = "PostVariables")]
    pub(super) struct Post {
        #[arguments(text: $text)]
        pub(super) post: Message,
    }

    #[derive(cynic::QueryFragment, Debug)]
    #[cynic(graphql_type = "Subscription")]
    pub(super) struct OnMessage {
        pub(super) on_message: Option<Message>,
    }

    #[derive(cynic::QueryFragment, Debug)]
    pub(super) struct Message {
        pub(super) id: cynic::Id,
        pub(super) kind: Option<Kind>,
    }

    #[derive(cynic::Enum, Clone, Debug)]
    pub(super) enum Kind {
        Note,
        Alert,
        #[cynic(fallback)]
        Other(String),
    }
}

#[allow(non_snake_case, non_camel_case_types, missing_docs)]
mod schema {
    cynic::use_schema!("tests/it/integrations/schema.graphql");
}

use operations::{GetMessage, GetMessageVariables, Kind, OnMessage, Post, PostVariables};

#[tokio::test]
async fn queries_and_mutations_that_it_builds_are_operations() {
    let (client, scripted) = Scripted::client(r#"{"data":{"message":{"id":"7","kind":"NEWER"}}}"#);
    let query = GetMessage::build(GetMessageVariables { id: "7".into() });
    let answer = client.execute(query).await.unwrap().into_data().unwrap();
    assert!(matches!(answer.message.unwrap().kind, Some(Kind::Other(name)) if name == "NEWER"));
    let asked = scripted.asked();
    assert_eq!(asked["variables"], json!({"id": "7"}));
    assert_eq!(asked["operationName"], "GetMessage");

    let (client, _) = Scripted::client(r#"{"data":{"post":{"id":"8","kind":null}}}"#);
    let mutation = Post::build(PostVariables { text: "x".to_owned() });
    let answer = client.execute(mutation).await.unwrap().into_data().unwrap();
    assert_eq!(answer.post.id.inner(), "8");
}

#[tokio::test]
async fn a_subscription_that_it_builds_is_one_too() {
    let (client, scripted) = Scripted::client(r#"{"data":{"onMessage":{"id":"9","kind":"NOTE"}}}"#);
    let mut messages = client.subscribe(OnMessage::build(())).await.unwrap().data();
    let message = messages.next().await.unwrap().unwrap().on_message.unwrap();
    assert!(matches!(message.kind, Some(Kind::Note)));
    assert!(messages.next().await.is_none());
    assert!(
        scripted.asked()["query"]
            .as_str()
            .unwrap()
            .starts_with("subscription OnMessage")
    );
}

#[tokio::test]
async fn an_answer_is_what_that_crate_makes_of_one() {
    let (client, _) = Scripted::client(FAILED);
    let query = GetMessage::build(GetMessageVariables { id: "7".into() });
    let answer = to_response(client.execute(query).await.unwrap());
    assert!(answer.data.unwrap().message.is_none());
    let error = &answer.errors.unwrap()[0];
    assert_eq!(
        error.path.as_deref().unwrap(),
        [
            GraphQlErrorPathSegment::Field("message".to_owned()),
            GraphQlErrorPathSegment::Index(0)
        ]
    );
    assert_eq!(
        error.extensions,
        Some(json!({"errorType": "Unauthorized", "code": "X"}))
    );
}
