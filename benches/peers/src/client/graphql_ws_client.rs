//! The crate graphql-ws-client, over tokio-tungstenite, set up as its documentation does.

use std::hint::black_box;
use std::sync::Arc;

use futures_util::StreamExt;
use graphql_ws_client::graphql::GraphqlOperation;
use graphql_ws_client::{Client, Subscription};
use serde::{Deserialize, Serialize};
use tokio_tungstenite_0_28::tungstenite::client::IntoClientRequest;
use tokio_tungstenite_0_28::tungstenite::http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL};

use super::event::{Data, SUBSCRIPTION};
use super::meter::Meter;
use super::{Consumers, Job, all};
use crate::Failure;

pub(super) async fn run(job: &Job, meter: &Arc<Meter>) -> Result<(), Failure> {
    let mut consumers = Consumers::new();
    // Each holds its connection open.
    let mut clients = Vec::new();
    for _ in 0..job.connections {
        let mut request = job.url.as_str().into_client_request()?;
        let subprotocol = HeaderValue::from_static("graphql-transport-ws");
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, subprotocol);
        let (socket, _) = tokio_tungstenite_0_28::connect_async(request).await?;
        let (client, actor) = Client::build(socket).await?;
        tokio::spawn(actor.into_future());
        for _ in 0..job.subscriptions {
            let subscription = client.subscribe(Operation { query: SUBSCRIPTION }).await?;
            consumers.spawn(consume(subscription, Arc::clone(meter)));
        }
        clients.push(client);
    }
    all(consumers, job).await
}

async fn consume(mut events: Subscription<Operation>, meter: Arc<Meter>) -> Result<u64, Failure> {
    let mut got = 0;
    while let Some(reply) = events.next().await {
        let reply = black_box(reply?);
        let data = reply.data.ok_or("an event without data")?;
        meter.event(|| Some(data.event.at));
        got += 1;
    }
    Ok(got)
}

/// An operation as cynic and graphql_client define theirs for this crate.
#[derive(Debug, Serialize)]
struct Operation {
    query: &'static str,
}

#[derive(Debug, Deserialize)]
struct Reply {
    data: Option<Data>,
    #[allow(dead_code)] // Part of every response, and empty here.
    errors: Option<Vec<serde_json::Value>>,
}

impl GraphqlOperation for Operation {
    type Response = Reply;
    type Error = serde_json::Error;

    fn decode(&self, data: serde_json::Value) -> Result<Reply, serde_json::Error> {
        serde_json::from_value(data)
    }
}
