use std::time::{Duration, SystemTime};

use appsync_local::{ApiKey, Server};
use gqlwire_proto::appsync::{HeaderCarrier, HeaderObject};
use serde_json::json;

use crate::support::{CREATE, Connect, KEY, Request, server, start};

const SUBSCRIPTION: &str = "subscription { onCreateMessage { message } }";

#[tokio::test]
async fn the_whole_flow_in_each_way_of_carrying_the_header_object() {
    let server = server().await;
    let object = HeaderObject::api_key(server.address().to_string(), KEY);
    for carrier in [HeaderCarrier::Subprotocol, HeaderCarrier::Query, HeaderCarrier::Headers] {
        for path in ["/graphql", "/graphql/realtime"] {
            let mut socket = Connect::carrying(&server, path, carrier, &object).open().await;
            assert_eq!(socket.handshake["sec-websocket-protocol"], "graphql-ws");
            socket.init().await;
            socket.subscribe("1", SUBSCRIPTION).await;
            let answer = Request::graphql(CREATE).send(&server).await;
            assert_eq!(answer.status, 200);
            let event = socket.data("1").await;
            assert_eq!(event, json!({"data": {"onCreateMessage": {"message": "hi"}}}));
            socket.send(json!({"type": "stop", "id": "1"})).await;
            assert_eq!(socket.next().await, json!({"id": "1", "type": "complete"}));
            Request::graphql(CREATE).send(&server).await;
            socket.assert_silent().await;
        }
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_everywhere() {
    let server = server().await;
    let answer = Request::post(r#"{"query":"{ __typename }"}"#)
        .header("x-api-key", "da2-wrong")
        .send(&server)
        .await;
    answer.assert_refused(
        401,
        "UnauthorizedException",
        "You are not authorized to make this call.",
    );

    let object = HeaderObject::api_key(server.address().to_string(), "da2-wrong");
    let connect = Connect::carrying(&server, "/graphql/realtime", HeaderCarrier::Subprotocol, &object);
    assert_eq!(
        connect.refusal().await,
        json!({
            "errorType": "com.amazonaws.deepdish.graphql.auth#UnauthorizedException",
            "message": "You are not authorized to make this call.",
            "errorCode": 400,
        })
    );

    let mut socket = Connect::api_key(&server).open().await;
    socket.init().await;
    socket.authorization = json!({"host": "x", "x-api-key": "da2-wrong"});
    let errors = socket.refused("1", SUBSCRIPTION).await;
    assert_eq!(
        errors,
        json!([{"errorType": "UnauthorizedException", "message": "You are not authorized to make this call."}])
    );
}

#[tokio::test]
async fn no_credential_is_refused_everywhere() {
    let server = server().await;
    let answer = Request::post(r#"{"query":"{ __typename }"}"#).send(&server).await;
    answer.assert_refused(401, "UnauthorizedException", "Valid authorization header not provided.");

    let connect = Connect::bare(&server, "/graphql").header("sec-websocket-protocol", "graphql-ws");
    assert_eq!(
        connect.refusal().await,
        json!({"message": "Required headers are missing.", "errorCode": 400})
    );

    let mut socket = Connect::api_key(&server).open().await;
    for authorization in [json!(null), json!({}), json!({"host": "x"})] {
        socket.authorization = authorization;
        let errors = socket.refused("1", SUBSCRIPTION).await;
        assert_eq!(errors[0]["message"], "Valid authorization header not provided.");
    }
}

#[tokio::test]
async fn a_key_that_has_expired_is_refused() {
    let now = SystemTime::now();
    let server = start(
        Server::builder()
            .api_key(ApiKey::new(KEY).expires(now - Duration::from_secs(1)))
            .api_key(ApiKey::new("da2-later").expires(now + Duration::from_secs(600))),
    )
    .await;
    let with = |key| Request::post(r#"{"query":"{ __typename }"}"#).header("x-api-key", key);
    assert_eq!(with(KEY).send(&server).await.status, 401);
    assert_eq!(with("da2-later").send(&server).await.status, 200);
}

#[tokio::test]
async fn without_any_credential_configured_everything_is_refused() {
    let server = start(Server::builder()).await;
    assert_eq!(Request::graphql("{ __typename }").send(&server).await.status, 401);
    assert_eq!(Request::post("{}").send(&server).await.status, 401);
    assert_eq!(Connect::api_key(&server).refusal().await["errorCode"], 400);
}

#[tokio::test]
async fn anonymous_calls_pass_where_they_are_allowed_and_wrong_credentials_do_not() {
    let server = start(Server::builder().allow_anonymous()).await;
    let answer = Request::post(r#"{"query":"{ __typename }"}"#).send(&server).await;
    assert_eq!(answer.json(), json!({"data": {"__typename": "Query"}}));
    let connect = Connect::bare(&server, "/graphql").header("sec-websocket-protocol", "graphql-ws");
    let mut socket = connect.open().await;
    socket.init().await;
    socket.authorization = json!(null);
    socket.subscribe("1", SUBSCRIPTION).await;
    assert_eq!(Request::graphql("{ __typename }").send(&server).await.status, 401);
}

#[tokio::test]
async fn a_generated_key_is_told_and_works() {
    let server = start(Server::builder().generate_api_key()).await;
    let key = server.api_keys()[0].expose().to_owned();
    let answer = Request::post(r#"{"query":"{ __typename }"}"#)
        .header("x-api-key", &key)
        .send(&server)
        .await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_header_object_that_cannot_be_read_is_a_bad_request() {
    let server = server().await;
    for protocols in [
        "graphql-ws, header-%%%",
        "graphql-ws, header-e30, header-e30",
        "graphql-ws, header-W10",
    ] {
        let connect = Connect::bare(&server, "/graphql/realtime").header("sec-websocket-protocol", protocols);
        let error = connect.refusal().await;
        assert_eq!(
            (&error["errorType"], &error["errorCode"]),
            (&json!("BadRequest"), &json!(400))
        );
    }
    let connect =
        Connect::bare(&server, "/graphql?header=!&payload=e30=").header("sec-websocket-protocol", "graphql-ws");
    assert_eq!(connect.refusal().await["errorType"], "BadRequest");
}

#[tokio::test]
async fn the_subprotocol_is_demanded() {
    let server = server().await;
    let connect = Connect::bare(&server, "/graphql").header("x-api-key", KEY);
    assert_eq!(
        connect.refusal().await,
        json!({"message": "NoProtocolError", "errorCode": 400})
    );
}
