use std::time::SystemTime;

use bytes::Bytes;
use gqlwire_proto::GraphQLError;
use gqlwire_proto::appsync::{CONNECT_BODY, GRAPHQL_WS, HeaderCarrier, offered_subprotocols};
use http::header::{
    CONNECTION, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use serde_json::Value;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::auth::{Call, Occasion};
use crate::http::{Answer, bad_request, plain};
use crate::server::Core;

/// A connection that is about to become a websocket.
#[derive(Debug)]
pub(crate) struct Upgrade {
    pub(super) socket: OnUpgrade,
    /// Why the connection is refused, said in its first frame; `None` if it is not.
    pub(super) refusal: Option<GraphQLError>,
}

/// Whether a request asks for a websocket.
pub(crate) fn wants_upgrade<B>(request: &Request<B>) -> bool {
    has_token(request.headers(), UPGRADE.as_str(), "websocket")
}

/// Answers the upgrade, and judges who asks for it.
///
/// As on AppSync a connection that is refused is still upgraded: the refusal is its first frame. Only a request that
/// is no websocket handshake at all gets an HTTP error.
pub(crate) async fn handshake(core: &Core, request: &mut Request<Incoming>) -> Result<(Answer, Upgrade), Answer> {
    let accept = accept_key(request.headers()).map_err(|(status, message)| {
        let mut answer = bad_request(status, message);
        answer
            .headers_mut()
            .insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        answer
    })?;
    let protocol = offered_subprotocols(request.headers()).any(|offer| offer == GRAPHQL_WS);
    let refusal = match protocol {
        true => authorize(core, request.uri().query(), request.headers()).await.err(),
        false => Some(connection_error("NoProtocolError")),
    };
    let mut answer = plain(StatusCode::SWITCHING_PROTOCOLS, Bytes::new());
    let headers = answer.headers_mut();
    headers.clear();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    if protocol {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(GRAPHQL_WS));
    }
    let socket = hyper::upgrade::on(request);
    Ok((answer, Upgrade { socket, refusal }))
}

async fn authorize(core: &Core, query: Option<&str>, headers: &HeaderMap) -> Result<(), GraphQLError> {
    let found = HeaderCarrier::read_handshake(query, headers).map_err(|error| {
        tracing::debug!(%error, "the handshake's header object");
        connection_error(&format!("Unable to read the header object: {error}.")).with_error_type("BadRequest")
    })?;
    let credentials = found.map(|(_, object)| object);
    if credentials.is_none() && !core.anonymous {
        return Err(connection_error("Required headers are missing."));
    }
    let call = Call {
        occasion: Occasion::Connect,
        method: "POST",
        path: "/graphql/connect",
        query: "",
        credentials: credentials.as_ref(),
        body: CONNECT_BODY.as_bytes(),
        now: SystemTime::now(),
    };
    let identity = core.authorize(call).await;
    identity.map(drop).map_err(|refusal| refusal.to_connection_error())
}

/// What answers the client's key; or what is wrong with the handshake.
fn accept_key(headers: &HeaderMap) -> Result<HeaderValue, (StatusCode, &'static str)> {
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err((StatusCode::UPGRADE_REQUIRED, "Sec-WebSocket-Version must be 13."));
    }
    if !has_token(headers, CONNECTION.as_str(), "upgrade") {
        return Err((StatusCode::BAD_REQUEST, "Connection must name Upgrade."));
    }
    headers
        .get(SEC_WEBSOCKET_KEY)
        .and_then(|key| HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok())
        .ok_or((StatusCode::BAD_REQUEST, "Sec-WebSocket-Key is missing."))
}

fn connection_error(message: &str) -> GraphQLError {
    let mut error = GraphQLError::new(message);
    error.other.insert("errorCode".to_owned(), Value::from(400));
    error
}

fn has_token(headers: &HeaderMap, name: &str, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .any(|item| item.trim().eq_ignore_ascii_case(token))
}
