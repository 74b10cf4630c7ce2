use std::sync::Arc;

use futures_util::future::BoxFuture;
use gqlwire_proto::scan::OperationKind;
use tokio::sync::watch;

use crate::http::HttpTransport;
use crate::realtime::RealtimeClient;
use crate::transport::{EventSource, RawRequest, RawResponse, Transport};
use crate::{Counters, Error, SessionState};

/// Queries and mutations go over HTTP, subscriptions over the realtime websocket: AppSync takes neither the other way.
#[derive(Debug)]
pub(crate) struct AppSyncTransport {
    /// Shared with the realtime client, whose subscriptions catch up over it.
    pub(crate) http: Arc<HttpTransport>,
    pub(crate) realtime: RealtimeClient,
}

impl Transport for AppSyncTransport {
    fn execute<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<RawResponse, Error>> {
        self.http.execute(request)
    }

    fn subscribe(&self, request: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>> {
        Box::pin(async move {
            match request.kind() {
                OperationKind::Subscription => self.realtime.subscribe(&request).await,
                kind => Err(Error::request(format!(
                    "AppSync's realtime endpoint takes subscriptions only, and this is a {kind}: use `execute`"
                ))),
            }
        })
    }

    fn catches_up(&self) -> bool {
        self.realtime.catches_up()
    }

    fn state(&self) -> Option<watch::Receiver<SessionState>> {
        Some(self.realtime.state())
    }

    fn counters(&self) -> BoxFuture<'_, Option<Counters>> {
        Box::pin(async move { Some(self.realtime.counters().await) })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.realtime.close())
    }
}
