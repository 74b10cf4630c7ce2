//! Resolvers, stores and authorizers that are not the server's own.

use appsync_local::{
    Api, Authorizer, Call, FieldContext, FieldError, Identity, Limits, Occasion, Refusal, Resolution, Resolver, Server,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use std::time::Duration;

use crate::support::{Connect, KEY, Request, start};

const SDL: &str = r#"
    type Query { calm: String panic: String panicLater: String never: String fails: String }
    type Mutation { say(text: String!): Said both: String }
    type Said { text: String }
    type Subscription { onSay: Said @aws_subscribe(mutations: ["say"]) }
"#;

struct Moody;

impl Resolver for Moody {
    fn resolve<'a>(&'a self, field: FieldContext<'a>) -> Resolution<'a> {
        match (field.parent_type, field.field_name) {
            ("Query", "calm") => json!("calm").into(),
            ("Query", "panic") => panic!("on purpose"),
            ("Query", "panicLater") => Resolution::pending(async {
                tokio::task::yield_now().await;
                panic!("on purpose")
            }),
            ("Query", "never") => Resolution::pending(std::future::pending()),
            ("Query", "fails") => FieldError::new("no")
                .with_type("Custom")
                .with_info(json!({"a": 1}))
                .into(),
            ("Mutation", "say") => json!({"text": field.arguments["text"]}).into(),
            _ => Resolution::Property,
        }
    }
}

async fn server() -> Server {
    let mut limits = Limits::default();
    limits.execution = Duration::from_millis(200);
    let api = Api::from_sdl(SDL).unwrap().with_resolver(Moody);
    start(Server::builder().api(api).api_key(KEY).limits(limits)).await
}

#[tokio::test]
async fn a_resolver_that_panics_fails_its_field_only() {
    let server = server().await;
    let answer = Request::graphql("{ calm panic panicLater }").send(&server).await.json();
    assert_eq!(
        answer["data"],
        json!({"calm": "calm", "panic": null, "panicLater": null})
    );
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 2);
    for (error, field) in errors.iter().zip(["panic", "panicLater"]) {
        assert_eq!(
            (&error["errorType"], &error["path"]),
            (&json!("InternalFailure"), &json!([field]))
        );
    }
}

#[tokio::test]
async fn a_resolver_that_never_answers_is_given_up() {
    let server = server().await;
    let answer = Request::graphql("{ calm never }").send(&server).await.json();
    assert_eq!(
        answer,
        json!({"data": null, "errors": [{"errorType": "ExecutionTimeout", "message": "Execution timed out."}]})
    );
}

#[tokio::test]
async fn an_error_of_a_resolver_keeps_type_and_info() {
    let server = server().await;
    let answer = Request::graphql("{ fails }").send(&server).await.json();
    let error = &answer["errors"][0];
    assert_eq!(
        (&error["errorType"], &error["errorInfo"]),
        (&json!("Custom"), &json!({"a": 1}))
    );
}

#[tokio::test]
async fn a_mutation_of_a_resolver_fires_subscriptions() {
    let server = server().await;
    let mut socket = Connect::api_key(&server).open().await;
    socket.subscribe("1", "subscription { onSay { text } }").await;
    Request::graphql(r#"mutation { say(text: "x") { text } }"#)
        .send(&server)
        .await;
    assert_eq!(socket.data("1").await, json!({"data": {"onSay": {"text": "x"}}}));
}

#[tokio::test]
async fn more_resolvers_than_a_request_may_run_fail() {
    let mut limits = Limits::default();
    limits.resolvers = 2;
    let api = Api::from_sdl(SDL).unwrap().with_resolver(Moody);
    let server = start(Server::builder().api(api).api_key(KEY).limits(limits)).await;
    let answer = Request::graphql("{ a: calm b: calm c: calm }")
        .send(&server)
        .await
        .json();
    assert_eq!(answer["data"]["c"], Value::Null);
    assert_eq!(answer["errors"][0]["errorType"], "ResolverExecutionLimitReached");
}

#[derive(Debug)]
struct Doorman;

impl Authorizer for Doorman {
    fn authorize<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Identity, Refusal>> {
        async move {
            match (
                call.occasion,
                call.credentials.and_then(|object| object.get("authorization")),
            ) {
                (Occasion::Start, Some("panic")) => panic!("on purpose"),
                (Occasion::Start, Some("denied")) => Err(Refusal::Denied),
                (_, Some(_)) => Ok(Identity::Anonymous),
                (_, None) => Err(Refusal::Missing),
            }
        }
        .boxed()
    }
}

#[tokio::test]
async fn an_authorizer_of_ones_own_judges_every_occasion() {
    let server = start(Server::builder().authorizer(Doorman)).await;
    let answer = Request::post(r#"{"query":"{ __typename }"}"#)
        .header("authorization", "x")
        .send(&server)
        .await;
    assert_eq!(answer.status, 200);
    let mut socket = Connect::bare(&server, "/graphql")
        .header("sec-websocket-protocol", "graphql-ws")
        .header("authorization", "x")
        .open()
        .await;
    socket.init().await;
    socket.authorization = json!({"host": "x", "Authorization": "denied"});
    let errors = socket.refused("1", "subscription { onCreateMessage { id } }").await;
    assert_eq!(
        errors,
        json!([{"errorType": "UnauthorizedException", "message": "Permission denied"}])
    );
    socket.authorization = json!({"host": "x", "Authorization": "panic"});
    let errors = socket.refused("1", "subscription { onCreateMessage { id } }").await;
    assert_eq!(errors[0]["errorType"], "UnauthorizedException");
    socket.authorization = json!({"host": "x", "Authorization": "y"});
    socket.subscribe("1", "subscription { onCreateMessage { id } }").await;
}
