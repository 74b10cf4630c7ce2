use std::sync::Arc;
use std::time::SystemTime;

use gqlwire_proto::appsync::HeaderObject;
use http::request::Parts;
use http::{Request, StatusCode};
use hyper::body::Incoming;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::answer::{self, Answer};
use super::body;
use crate::api::OperationKind;
use crate::auth::{Call, Occasion};
use crate::publish;
use crate::server::Core;

/// The three members of a GraphQL request.
#[derive(Debug, Deserialize)]
pub(crate) struct GraphQLRequest {
    pub(crate) query: String,
    pub(crate) variables: Option<Map<String, Value>>,
    #[serde(rename = "operationName")]
    pub(crate) operation_name: Option<String>,
}

/// A query or mutation as a JSON body, whatever its content type: AppSync's own examples call it `application/graphql`.
pub(super) async fn post(core: &Arc<Core>, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let body = match body::read(body, &core.limits).await {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    if let Err(answer) = authorize(core, &head, &body).await {
        return answer;
    }
    if body.iter().all(u8::is_ascii_whitespace) {
        return answer::malformed("Request body is empty.");
    }
    match serde_json::from_slice::<GraphQLRequest>(&body) {
        Ok(request) => execute(core, request, false).await,
        Err(error) => {
            tracing::debug!(%error, "no GraphQL request");
            answer::malformed("Unable to parse GraphQL query.")
        }
    }
}

/// A query in the URL's parameters `query`, `variables` and `operationName`.
pub(super) async fn get(core: &Arc<Core>, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    // A signature covers the body, which a GET may have, if only an empty one.
    let body = match body::read(body, &core.limits).await {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    if let Err(answer) = authorize(core, &head, &body).await {
        return answer;
    }
    match from_parameters(head.uri.query().unwrap_or_default()) {
        Some(request) => execute(core, request, true).await,
        None => answer::malformed("Unable to parse GraphQL query."),
    }
}

async fn authorize(core: &Core, head: &Parts, body: &[u8]) -> Result<(), Answer> {
    let credentials = HeaderObject::from_header_map(&head.headers)
        .map_err(|error| answer::bad_request(StatusCode::BAD_REQUEST, &error.to_string()))?;
    let call = Call {
        occasion: Occasion::Http,
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        credentials: credentials.as_ref(),
        body,
        now: SystemTime::now(),
    };
    let identity = core.authorize(call).await;
    identity.map(drop).map_err(|refusal| answer::refused(&refusal))
}

async fn execute(core: &Arc<Core>, request: GraphQLRequest, queries_only: bool) -> Answer {
    let prepared = match core.api.prepare(request) {
        Ok(prepared) => prepared,
        Err(refused) => return answer::graphql(refused.into_json()),
    };
    match prepared.kind() {
        OperationKind::Subscription => answer::bad_request(
            StatusCode::BAD_REQUEST,
            "Subscriptions are not served over HTTP: connect to the realtime endpoint, /graphql/realtime.",
        ),
        OperationKind::Mutation if queries_only => answer::method_not_allowed("POST for mutations"),
        _ => answer::graphql(publish::execute(core, prepared).await),
    }
}

fn from_parameters(query: &str) -> Option<GraphQLRequest> {
    let mut request = GraphQLRequest {
        query: String::new(),
        variables: None,
        operation_name: None,
    };
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "query" => request.query = value.into_owned(),
            "variables" if value.trim().is_empty() => {}
            "variables" => request.variables = serde_json::from_str(&value).ok()?,
            "operationName" => request.operation_name = Some(value.into_owned()),
            _ => {}
        }
    }
    (!request.query.is_empty()).then_some(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded() {
        let request = from_parameters("query=%7Ba%7D&variables=%7B%22x%22%3A1%7D&operationName=Q&other=1").unwrap();
        assert_eq!(request.query, "{a}");
        assert_eq!(request.variables.unwrap()["x"], 1);
        assert_eq!(request.operation_name.as_deref(), Some("Q"));
    }

    #[test]
    fn parameters_without_a_query_or_with_bad_variables_are_no_request() {
        assert!(from_parameters("").is_none());
        assert!(from_parameters("query=").is_none());
        assert!(from_parameters("query=%7Ba%7D&variables=%5B%5D").is_none());
    }
}
