use std::time::SystemTime;

use gqlwire_proto::GraphQLError;
use gqlwire_proto::appsync::{HeaderObject, ServerMessage};
use serde_json::value::RawValue;

use super::connection::{Connection, bad_request, unsupported};
use crate::api::{Listening, OperationKind, Refused};
use crate::auth::{Call, Occasion};
use crate::http::GraphQLRequest;
use crate::hub::Hub;

/// Ids are remembered and repeated; clients use UUIDs or counters.
const LONGEST_ID: usize = 256;

/// Why a `start` is refused, and in which of AppSync's two shapes that is said.
struct Refusal {
    errors: Vec<GraphQLError>,
    as_object: bool,
}

/// Starts a subscription, or says why not.
pub(super) async fn start(connection: &mut Connection<'_>, id: String, data: String, authorization: Option<&RawValue>) {
    match admit(connection, &id, data, authorization).await {
        Ok(listening) => {
            let acknowledgement = ServerMessage::StartAck { id: &id }.to_text();
            tracing::debug!(field = listening.field(), "subscribed");
            let outbox = connection.outbox.clone();
            let registration = Hub::register(&connection.core.hub, id.clone(), listening, outbox, acknowledgement);
            connection.subscriptions.insert(id, registration);
        }
        Err(Refusal { errors, as_object }) => connection.errors(Some(&id), &errors, as_object),
    }
}

/// Everything that must hold before a subscription is registered. Its connection's own credential plays no part.
async fn admit(
    connection: &Connection<'_>,
    id: &str,
    data: String,
    authorization: Option<&RawValue>,
) -> Result<Listening, Refusal> {
    let core = connection.core;
    if id.len() > LONGEST_ID {
        return Err(bad_request("The id is too long.").into());
    }
    if connection.subscriptions.contains_key(id) {
        return Err(duplicated(id));
    }
    let most = core.limits.subscriptions;
    if connection.subscriptions.len() >= most {
        let error = GraphQLError::new(format!("Max number of {most} subscriptions reached"))
            .with_error_type("MaxSubscriptionsReachedError");
        return Err(Refusal {
            errors: vec![error],
            as_object: true,
        });
    }
    let credentials = authorization
        .map(|object| HeaderObject::from_json(object.get().as_bytes()))
        .transpose()
        .map_err(|error| bad_request(&error.to_string()))?;
    let call = Call {
        occasion: Occasion::Start,
        method: "POST",
        path: "/graphql",
        query: "",
        credentials: credentials.as_ref(),
        body: data.as_bytes(),
        now: SystemTime::now(),
    };
    core.authorize(call).await.map_err(|refusal| refusal.to_error())?;

    let request: GraphQLRequest = serde_json::from_str(&data).map_err(|_| unsupported("unknown"))?;
    let refused = |refused: Refused| match refused.several_root_fields {
        true => duplicated(id),
        false => refused.errors.into(),
    };
    let prepared = core.api.prepare(request).map_err(refused)?;
    match prepared.kind() {
        OperationKind::Subscription => core.api.listen(prepared, data).map_err(refused),
        other => Err(unsupported(other.as_str()).into()),
    }
}

fn duplicated(id: &str) -> Refusal {
    GraphQLError::new(format!("Duplicated operation with id {id}"))
        .with_error_type("DuplicatedOperationError")
        .into()
}

impl From<GraphQLError> for Refusal {
    fn from(error: GraphQLError) -> Self {
        vec![error].into()
    }
}

impl From<Vec<GraphQLError>> for Refusal {
    fn from(errors: Vec<GraphQLError>) -> Self {
        Self {
            errors,
            as_object: false,
        }
    }
}
