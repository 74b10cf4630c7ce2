use std::time::{SystemTime, UNIX_EPOCH};

use appsync_local::{JwtKeys, Server};
use gqlwire_proto::appsync::{HeaderCarrier, HeaderObject};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::support::{Connect, KEY, Request, start};

const CREATE: &str = r#"{"query":"mutation { createMessage(input: {message: \"hi\"}) { message } }"}"#;
const SUBSCRIPTION: &str = "subscription { onCreateMessage { message } }";

/// Keys for these tests and nothing else.
fn rsa() -> EncodingKey {
    EncodingKey::from_rsa_der(include_bytes!("keys/rsa.der"))
}

fn ec() -> EncodingKey {
    EncodingKey::from_ec_der(include_bytes!("keys/ec.der"))
}

fn hmac(secret: &str) -> EncodingKey {
    EncodingKey::from_secret(secret.as_bytes())
}

fn jwk(key: &EncodingKey, algorithm: Algorithm, id: &str) -> Value {
    let mut jwk = Jwk::from_encoding_key(key, algorithm).unwrap();
    jwk.common.key_id = Some(id.to_owned());
    serde_json::to_value(jwk).unwrap()
}

fn in_seconds(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(now).unwrap() + seconds
}

fn token(key: &EncodingKey, algorithm: Algorithm, kid: Option<&str>, claims: &Value) -> String {
    let mut header = Header::new(algorithm);
    header.kid = kid.map(str::to_owned);
    jsonwebtoken::encode(&header, claims, key).unwrap()
}

fn good(key: &EncodingKey, algorithm: Algorithm, kid: Option<&str>) -> String {
    token(key, algorithm, kid, &json!({"sub": "me", "exp": in_seconds(60)}))
}

async fn status(server: &Server, token: &str) -> u16 {
    Request::post(CREATE)
        .header("authorization", token)
        .send(server)
        .await
        .status
}

async fn flow(server: &Server, token: &str) {
    let object = HeaderObject::token(server.address().to_string(), token);
    let connect = Connect::carrying(server, "/graphql/realtime", HeaderCarrier::Subprotocol, &object);
    let mut socket = connect.open().await;
    socket.init().await;
    socket.authorization = json!({"host": server.address().to_string(), "Authorization": token});
    socket.subscribe("1", SUBSCRIPTION).await;
    assert_eq!(status(server, token).await, 200);
    assert_eq!(socket.data("1").await["data"]["onCreateMessage"]["message"], "hi");
}

#[tokio::test]
async fn the_whole_flow_with_a_shared_secret() {
    let server = start(Server::builder().jwt(JwtKeys::hs256("secret"))).await;
    let token = good(&hmac("secret"), Algorithm::HS256, None);
    flow(&server, &token).await;
    flow(&server, &format!("Bearer {token}")).await;
}

#[tokio::test]
async fn the_whole_flow_with_rs256_and_es256_through_a_jwks_document() {
    let keys = json!({"keys": [jwk(&rsa(), Algorithm::RS256, "r"), jwk(&ec(), Algorithm::ES256, "e")]});
    let server = start(Server::builder().jwt(JwtKeys::jwks(&keys.to_string()).unwrap())).await;
    flow(&server, &good(&rsa(), Algorithm::RS256, Some("r"))).await;
    flow(&server, &good(&ec(), Algorithm::ES256, Some("e"))).await;
    // Without a key id every key is tried.
    flow(&server, &good(&ec(), Algorithm::ES256, None)).await;
    assert_eq!(status(&server, &good(&rsa(), Algorithm::RS256, Some("e"))).await, 401);
    assert_eq!(status(&server, &good(&rsa(), Algorithm::RS512, Some("r"))).await, 401);
}

#[tokio::test]
async fn a_public_key_is_no_secret() {
    let public = jwk(&rsa(), Algorithm::RS256, "r");
    let keys = json!({"keys": [public]}).to_string();
    let server = start(Server::builder().jwt(JwtKeys::jwks(&keys).unwrap())).await;
    // The classic forgery: HS256, with what everybody knows as the secret.
    for secret in [public["n"].as_str().unwrap(), &keys] {
        assert_eq!(
            status(&server, &good(&hmac(secret), Algorithm::HS256, Some("r"))).await,
            401
        );
    }
}

#[tokio::test]
async fn an_expired_token_is_refused_everywhere() {
    let server = start(Server::builder().jwt(JwtKeys::hs256("secret")).api_key(KEY)).await;
    let expired = token(&hmac("secret"), Algorithm::HS256, None, &json!({"exp": in_seconds(-1)}));
    let answer = Request::post(CREATE)
        .header("authorization", &expired)
        .send(&server)
        .await;
    answer.assert_refused(401, "UnauthorizedException", "Token has expired.");

    let object = HeaderObject::token("x", expired.as_str());
    let connect = Connect::carrying(&server, "/graphql", HeaderCarrier::Subprotocol, &object);
    let error = connect.refusal().await;
    assert_eq!(
        (&error["message"], &error["errorCode"]),
        (&json!("Token has expired."), &json!(400))
    );

    let mut socket = Connect::api_key(&server).open().await;
    socket.init().await;
    socket.authorization = json!({"host": "x", "Authorization": expired});
    let errors = socket.refused("1", SUBSCRIPTION).await;
    assert_eq!(
        errors,
        json!([{"errorType": "UnauthorizedException", "message": "Token has expired."}])
    );
    // The connection and its other subscriptions are none the worse.
    socket.authorization = json!({"host": "x", "x-api-key": KEY});
    socket.subscribe("1", SUBSCRIPTION).await;
}

#[tokio::test]
async fn forged_and_malformed_tokens_are_refused() {
    let server = start(Server::builder().jwt(JwtKeys::hs256("secret"))).await;
    let real = good(&hmac("secret"), Algorithm::HS256, None);
    let (signed, _) = real.rsplit_once('.').unwrap();
    for forged in [
        good(&hmac("other"), Algorithm::HS256, None),
        good(&hmac("secret"), Algorithm::HS384, None),
        format!("{signed}.AAAA"),
        format!("{signed}."),
        token(&hmac("secret"), Algorithm::HS256, None, &json!({"sub": "without exp"})),
        token(&hmac("secret"), Algorithm::HS256, None, &json!({"exp": "soon"})),
        token(
            &hmac("secret"),
            Algorithm::HS256,
            None,
            &json!({"exp": in_seconds(60), "nbf": in_seconds(30)}),
        ),
    ] {
        assert_eq!(status(&server, &forged).await, 401, "{forged}");
    }
    for malformed in ["eyJ.eyJ.eyJ", "ey..", "not a token", "a.b.c", "Bearer", "Bearer a.b"] {
        let answer = Request::post(CREATE)
            .header("authorization", malformed)
            .send(&server)
            .await;
        answer.assert_refused(401, "UnauthorizedException", "Unable to parse JWT token.");
    }
}

#[tokio::test]
async fn issuer_and_audience_are_demanded_where_they_are_configured() {
    let server = start(
        Server::builder()
            .jwt(JwtKeys::hs256("secret"))
            .issuer("us")
            .audience("app"),
    )
    .await;
    let with = |claims: Value| token(&hmac("secret"), Algorithm::HS256, None, &claims);
    let exp = in_seconds(60);
    flow(&server, &with(json!({"exp": exp, "iss": "us", "aud": "app"}))).await;
    for claims in [
        json!({"exp": exp, "iss": "them", "aud": "app"}),
        json!({"exp": exp, "iss": "us", "aud": "other"}),
        json!({"exp": exp, "aud": "app"}),
        json!({"exp": exp, "iss": "us"}),
    ] {
        assert_eq!(status(&server, &with(claims)).await, 401);
    }
}

#[tokio::test]
async fn a_token_where_none_is_configured_is_not_authorized() {
    let server = crate::support::server().await;
    let answer = Request::post(CREATE)
        .header("authorization", &good(&hmac("secret"), Algorithm::HS256, None))
        .send(&server)
        .await;
    answer.assert_refused(
        401,
        "UnauthorizedException",
        "You are not authorized to make this call.",
    );
}

#[tokio::test]
async fn one_connection_carries_subscriptions_of_different_credentials() {
    let server = start(Server::builder().jwt(JwtKeys::hs256("secret")).api_key(KEY)).await;
    let mut socket = Connect::api_key(&server).open().await;
    socket.init().await;
    socket.subscribe("key", SUBSCRIPTION).await;
    let token = good(&hmac("secret"), Algorithm::HS256, None);
    socket.authorization = json!({"host": "x", "authorization": token});
    socket.subscribe("token", SUBSCRIPTION).await;
}
