use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use gqlwire_proto::GraphQLError;
use gqlwire_schema::Execution;
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::Builder;
use crate::accept::accept;
use crate::api::{Api, OperationKind};
use crate::auth::{ApiKey, Authorizer, Call, Identity, Refusal};
use crate::http::GraphQLRequest;
use crate::hub::Hub;
use crate::limits::Limits;
use crate::publish;
use crate::stats::{Counters, Stats};
use crate::stop::Stop;

/// A running server. Dropping it ends it at once; [`shutdown`](Self::shutdown) lets open requests finish.
#[derive(Debug)]
pub struct Server {
    core: Arc<Core>,
    address: SocketAddr,
    api_keys: Vec<ApiKey>,
    stop: watch::Sender<bool>,
    accepting: Option<JoinHandle<()>>,
}

/// What every connection shares.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) api: Api,
    pub(crate) authorizer: Box<dyn Authorizer>,
    /// Whether a connection without a header object may be asked about at all.
    pub(crate) anonymous: bool,
    pub(crate) hub: Arc<Hub>,
    pub(crate) limits: Limits,
    pub(crate) counters: Counters,
}

impl Core {
    /// Asks the authorizer, for as long as one request may take.
    pub(crate) async fn authorize(&self, call: Call<'_>) -> Result<Identity, Refusal> {
        let occasion = call.occasion;
        // An authorizer that panics must not take the connection's other subscriptions with it.
        let asked = AssertUnwindSafe(async { self.authorizer.authorize(call).await }).catch_unwind();
        let identity = match timeout(self.limits.execution, asked).await {
            Ok(Ok(identity)) => identity,
            Ok(Err(_)) => Err(Refusal::NotAuthorized),
            Err(_) => Err(Refusal::TimedOut),
        };
        if let Err(refusal) = &identity {
            tracing::info!(?occasion, error_type = refusal.error_type(), "refused");
        }
        identity
    }
}

impl Server {
    /// Begins to describe a server.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Must be called within a tokio runtime.
    pub(crate) fn start(core: Core, api_keys: Vec<ApiKey>, listener: TcpListener, address: SocketAddr) -> Self {
        let core = Arc::new(core);
        let (stop, stopped) = Stop::channel();
        let accepting = tokio::spawn(accept(listener, Arc::clone(&core), stopped));
        tracing::info!(%address, "listening");
        Self {
            core,
            address,
            api_keys,
            stop,
            accepting: Some(accepting),
        }
    }

    /// The address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where queries and mutations go: `http://127.0.0.1:PORT/graphql`.
    pub fn http_url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    /// Where subscriptions go: `ws://127.0.0.1:PORT/graphql/realtime`.
    pub fn realtime_url(&self) -> String {
        format!("ws://{}/graphql/realtime", self.address)
    }

    /// The API keys that the server accepts, given and generated, in order.
    pub fn api_keys(&self) -> &[ApiKey] {
        &self.api_keys
    }

    /// What is odd about the schema, for a person to read.
    pub fn warnings(&self) -> &[String] {
        self.core.api.warnings()
    }

    /// What the server has done so far.
    pub fn stats(&self) -> Stats {
        self.core.counters.snapshot(self.core.hub.len())
    }

    /// Runs a query or mutation within this process, asking nobody for credentials, and returns its response as JSON.
    ///
    /// The events of a mutation are queued for every subscriber before this returns.
    pub async fn execute(&self, query: impl Into<String>, variables: Map<String, Value>) -> String {
        let request = GraphQLRequest {
            query: query.into(),
            variables: Some(variables),
            operation_name: None,
        };
        match self.core.api.prepare(request) {
            Err(refused) => refused.into_json(),
            Ok(prepared) if prepared.kind() == OperationKind::Subscription => {
                let error = GraphQLError::new("Subscriptions are served over the realtime endpoint alone.");
                Execution::refused(vec![error]).to_json()
            }
            Ok(prepared) => publish::execute(&self.core, prepared).await,
        }
    }

    /// Stops accepting, closes realtime connections with code 1001, lets requests finish for the grace period of
    /// [`Limits`], and returns when nothing of the server is left.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        if let Some(accepting) = self.accepting.take()
            && let Err(error) = accepting.await
        {
            tracing::error!(%error, "the accept loop failed");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The accept loop owns the connections' tasks: they end with it.
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
        }
    }
}
