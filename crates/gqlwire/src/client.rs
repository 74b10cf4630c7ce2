use std::sync::Arc;

use tokio::sync::watch;

#[cfg(feature = "http")]
use crate::Error;
#[cfg(feature = "http")]
use crate::builder::ClientBuilder;
use crate::execute::Execute;
use crate::execute_batch::ExecuteBatch;
use crate::subscribe::Subscribe;
use crate::transport::Transport;
use crate::{Counters, Operation, SessionState};

/// A GraphQL client: cheap to clone, usable from many tasks at once.
///
/// Clones share connections. A client for AWS AppSync sends queries and mutations over HTTP and keeps its
/// subscriptions on the realtime websocket, which is opened by the first one.
#[derive(Clone, Debug)]
pub struct Client {
    transport: Arc<dyn Transport>,
}

impl Client {
    /// A client for the endpoint at this URL, with everything at its defaults.
    ///
    /// A host of AWS AppSync is recognised, and authorised by IAM; for anything else, and for other ways of
    /// authorisation, use the [`builder`](Self::builder).
    ///
    /// # Errors
    ///
    /// The URL is not one of HTTP or websockets, or no HTTP client can be set up.
    #[cfg(feature = "http")]
    pub fn new(url: &str) -> Result<Self, Error> {
        Self::builder(url).build()
    }

    /// Sets up a client for the endpoint at this URL.
    #[cfg(feature = "http")]
    pub fn builder(url: &str) -> ClientBuilder {
        ClientBuilder::new(url)
    }

    /// A client over a transport of one's own.
    pub fn with_transport(transport: impl Transport) -> Self {
        Self {
            transport: Arc::new(transport),
        }
    }

    /// What this client sends by: for a [`Transport`] of one's own around it, which has an example.
    pub fn transport(&self) -> Arc<dyn Transport> {
        Arc::clone(&self.transport)
    }

    /// The same client over another transport, around its own.
    #[cfg(any(feature = "http", feature = "schema"))]
    pub(crate) fn over<T: Transport>(self, around: impl FnOnce(Arc<dyn Transport>) -> T) -> Self {
        Self::with_transport(around(self.transport))
    }

    /// Runs a query or a mutation: await what this returns, after setting options for this call if need be.
    ///
    /// The operation is turned into bytes at once, so that the call can be spawned.
    pub fn execute<O: Operation>(&self, operation: O) -> Execute<O::Data> {
        Execute::new(Arc::clone(&self.transport), operation)
    }

    /// Runs several queries and mutations as one batch: await what this returns, after setting options for the batch if
    /// need be. There is an outcome for each operation, in their order.
    ///
    /// Operations of different types of data go together as [`Request<Value>`](crate::Request), for which
    /// [`Request::typed`](crate::Request::typed) makes one of the other.
    ///
    /// ```no_run
    /// # async fn example(client: gqlwire::Client) -> Result<(), gqlwire::Error> {
    /// for outcome in client.execute_batch(["{ a }", "{ b }"]).await? {
    ///     match outcome {
    ///         Ok(response) => println!("{:?}", response.data),
    ///         Err(error) => println!("{error}"),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn execute_batch<O: Operation>(&self, operations: impl IntoIterator<Item = O>) -> ExecuteBatch<O::Data> {
        ExecuteBatch::new(Arc::clone(&self.transport), operations)
    }

    /// Starts a subscription: await what this returns, after setting options for this call if need be.
    ///
    /// Ready when the server has acknowledged it.
    pub fn subscribe<O: Operation>(&self, operation: O) -> Subscribe<O::Data> {
        Subscribe::new(Arc::clone(&self.transport), operation)
    }

    /// How the connections of this client's subscriptions are, now and with each change; `None` where subscriptions have
    /// no connections, as over plain HTTP.
    ///
    /// ```no_run
    /// # async fn example(client: gqlwire::Client) {
    /// let Some(mut state) = client.state() else { return };
    /// while state.changed().await.is_ok() {
    ///     println!("{:?}", state.borrow_and_update().worst());
    /// }
    /// # }
    /// ```
    pub fn state(&self) -> Option<watch::Receiver<SessionState>> {
        self.transport.state()
    }

    /// What this client's connections have done since the first subscription, or since the first one after
    /// [`close`](Self::close); `None` where that is not counted.
    pub async fn counters(&self) -> Option<Counters> {
        self.transport.counters().await
    }

    /// Ends every subscription, tells the server, and closes the connections; takes at most the close timeout.
    ///
    /// It closes them for every clone of this client. Their streams end, and later calls open new connections.
    pub async fn close(&self) {
        self.transport.close().await;
    }
}
