use bytes::Bytes;
use gqlwire_proto::GraphQLError;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue, UPGRADE};
use http::{Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;

use crate::auth::Refusal;

pub(crate) type Answer = Response<Full<Bytes>>;

const REQUEST_ID: &str = "x-amzn-requestid";
const ERROR_TYPE: &str = "x-amzn-errortype";
const TOKENS_CONSUMED: &str = "x-amzn-appsync-tokensconsumed";

/// A GraphQL response, which is 200 whatever its errors.
pub(crate) fn graphql(body: String) -> Answer {
    let mut answer = json(StatusCode::OK, body);
    // One token is AppSync's least; what a request really cost has no meaning here.
    answer
        .headers_mut()
        .insert(TOKENS_CONSUMED, HeaderValue::from_static("1"));
    answer
}

/// A request that is not executed: `errors` alone, one entry.
pub(crate) fn failed(status: StatusCode, error: &GraphQLError) -> Answer {
    let mut answer = json(status, errors_alone(std::slice::from_ref(error)));
    if let Some(Ok(value)) = error.error_type().map(HeaderValue::from_str) {
        answer.headers_mut().insert(ERROR_TYPE, value);
    }
    answer
}

pub(crate) fn refused(refusal: &Refusal) -> Answer {
    failed(refusal.status(), &refusal.to_error())
}

/// A body that is no GraphQL request.
pub(crate) fn malformed(message: &str) -> Answer {
    let error = GraphQLError::new(message).with_error_type("MalformedHttpRequestException");
    failed(StatusCode::BAD_REQUEST, &error)
}

pub(crate) fn bad_request(status: StatusCode, message: &str) -> Answer {
    failed(
        status,
        &GraphQLError::new(message).with_error_type("BadRequestException"),
    )
}

pub(crate) fn method_not_allowed(allowed: &'static str) -> Answer {
    let mut answer = bad_request(StatusCode::METHOD_NOT_ALLOWED, &format!("This path takes {allowed}."));
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    answer
}

pub(crate) fn not_found() -> Answer {
    bad_request(
        StatusCode::NOT_FOUND,
        "There is nothing here: the API is at /graphql, its realtime endpoint at /graphql/realtime.",
    )
}

pub(crate) fn upgrade_required() -> Answer {
    let mut answer = bad_request(
        StatusCode::UPGRADE_REQUIRED,
        "This is the realtime endpoint: it takes a websocket upgrade.",
    );
    answer
        .headers_mut()
        .insert(UPGRADE, HeaderValue::from_static("websocket"));
    answer
}

pub(crate) fn plain(status: StatusCode, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=UTF-8"));
    answer
}

fn json(status: StatusCode, body: String) -> Answer {
    let mut answer = Response::new(Full::from(body));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json;charset=UTF-8"));
    if let Ok(id) = HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    answer
}

fn errors_alone(errors: &[GraphQLError]) -> String {
    #[derive(Serialize)]
    struct Body<'a> {
        errors: &'a [GraphQLError],
    }
    serde_json::to_string(&Body { errors }).unwrap_or_else(|_| r#"{"errors":[]}"#.to_owned())
}
