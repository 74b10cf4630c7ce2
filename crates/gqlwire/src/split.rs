use std::sync::Arc;

use futures_util::future::BoxFuture;
use gqlwire_proto::scan::OperationKind;
use tokio::sync::watch;

use crate::http::HttpTransport;
use crate::realtime::RealtimeClient;
use crate::transport::{EventSource, Outcome, RawRequest, RawResponse, Transport};
use crate::{Counters, Error, SessionState};

/// Queries and mutations go over HTTP, subscriptions over websockets.
#[derive(Debug)]
pub(crate) struct SplitTransport {
    /// Shared with the sockets, whose subscriptions catch up over it.
    requests: Arc<HttpTransport>,
    sockets: RealtimeClient,
}

impl SplitTransport {
    pub(crate) fn new(requests: Arc<HttpTransport>, sockets: RealtimeClient) -> Self {
        Self { requests, sockets }
    }
}

impl Transport for SplitTransport {
    fn execute<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<RawResponse, Error>> {
        self.requests.execute(request)
    }

    fn execute_batch<'a>(&'a self, requests: &'a [RawRequest]) -> BoxFuture<'a, Result<Vec<Outcome>, Error>> {
        self.requests.execute_batch(requests)
    }

    fn takes_uploads(&self) -> bool {
        self.requests.takes_uploads()
    }

    fn subscribe(&self, request: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>> {
        Box::pin(async move {
            match request.kind() {
                OperationKind::Subscription => self.sockets.subscribe(&request).await,
                kind => Err(Error::request(format!(
                    "subscriptions alone go over the websocket, and this is a {kind}: use `execute`"
                ))),
            }
        })
    }

    fn catches_up(&self) -> bool {
        self.sockets.catches_up()
    }

    fn state(&self) -> Option<watch::Receiver<SessionState>> {
        Some(self.sockets.state())
    }

    fn counters(&self) -> BoxFuture<'_, Option<Counters>> {
        Box::pin(async move { Some(self.sockets.counters().await) })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.sockets.close())
    }
}
