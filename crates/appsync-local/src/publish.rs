//! The way of a request through the API, and of a mutation's result to those who listen.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use gqlwire_proto::GraphQLError;
use gqlwire_schema::Execution;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::timeout;

use crate::api::Prepared;
use crate::server::Core;

/// How many different events of one mutation are held at a time, for those who still wait for the same one.
const MADE: usize = 100;

/// Runs a query or mutation and returns its response as JSON.
///
/// The events of a mutation are queued for every subscriber before this returns, so whoever has the answer can count on
/// them. It runs in a task of its own: a client that hangs up half-way does not leave a mutation without its events.
pub(crate) async fn execute(core: &Arc<Core>, prepared: Prepared) -> String {
    core.counters.requests.fetch_add(1, Relaxed);
    let core = Arc::clone(core);
    let ran = tokio::spawn(async move {
        let executed = timeout(core.limits.execution, core.api.execute(&prepared, &core.limits)).await;
        let Ok(executed) = executed else {
            return failed("Execution timed out.", "ExecutionTimeout");
        };
        for (field, payload) in core.api.events(&prepared, &executed) {
            publish(&core, field, &payload).await;
        }
        executed.execution.to_json()
    });
    ran.await.unwrap_or_else(|error| {
        tracing::error!(%error, "an execution failed");
        failed(
            "An internal failure occurred while resolving this request.",
            "InternalFailure",
        )
    })
}

/// Queues one event for each subscription to a field that wants it.
async fn publish(core: &Core, field: &str, payload: &Value) {
    // Subscriptions of the same text get the same event, which is made once.
    let mut made: HashMap<String, Option<Box<RawValue>>> = HashMap::new();
    for subscriber in core.hub.listeners(field) {
        let listening = &subscriber.listening;
        if !listening.wants(payload) {
            continue;
        }
        if !made.contains_key(listening.source()) {
            if made.len() == MADE {
                made.clear();
            }
            let event = core.api.event(listening, payload, &core.limits).await;
            made.insert(listening.source().to_owned(), within_quota(core, field, event.as_ref()));
        }
        if let Some(Some(event)) = made.get(listening.source()) {
            core.counters.events.fetch_add(1, Relaxed);
            subscriber.deliver(event);
        }
    }
}

/// An event as it is sent, unless it is too large: AppSync drops such a one without a word to the subscriber.
fn within_quota(core: &Core, field: &str, event: Option<&Execution>) -> Option<Box<RawValue>> {
    let limit = core.limits.payload_bytes;
    let event = event.and_then(|event| serde_json::value::to_raw_value(event).ok());
    let fits = event.filter(|event| event.get().len() <= limit);
    if fits.is_none() {
        core.counters.oversized_events.fetch_add(1, Relaxed);
        tracing::warn!(field, limit, "an event is too large and was dropped");
    }
    fits
}

fn failed(message: &str, error_type: &str) -> String {
    Execution::refused(vec![GraphQLError::new(message).with_error_type(error_type)]).to_json()
}
