//! The client for code that is not async. With the feature `blocking`.
//!
//! ```no_run
//! use gqlwire::{Event, blocking};
//!
//! # fn example() -> Result<(), gqlwire::Error> {
//! let client = blocking::Client::new("https://api.example.com/graphql")?;
//! let data = client.execute("{ viewer { name } }").send()?.into_data()?;
//! println!("{data}");
//!
//! for event in client.subscribe("subscription { onCreateMessage { message } }").start()? {
//!     if let Event::Next(response) = event? {
//!         println!("{}", response.into_data()?);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Where it runs
//!
//! Sockets, timers and whatever else outlives a call belong to one runtime of this crate's own, on one thread that the
//! first call of the process starts and every blocking client shares: an idle thread for each client would buy nothing,
//! and a runtime that nobody owns cannot be dropped where that is forbidden, which is in async code. The calls themselves,
//! with the reading of JSON, run on the threads that make them, and so side by side.
//!
//! No runtime of the caller's is ever used, nor needed. A call inside of async code therefore works, and blocks the thread
//! it is made on, as any blocking call does: in async code, [`crate::Client`] is what one wants.
//!
//! Whoever turns a [`crate::Client`] that is in use into a blocking one, with [`From`], shares its open connections with
//! it, which live on the runtime where they were opened: do not block the only thread of that one.

mod execute;
mod execute_batch;
mod runtime;
mod subscribe;
mod subscription;

pub use execute::Execute;
pub use execute_batch::ExecuteBatch;
pub use runtime::wait;
pub use subscribe::Subscribe;
pub use subscription::{DataIter, Subscription};

#[cfg(feature = "http")]
use crate::Error;
use crate::{Counters, Operation, SessionState, Transport};

/// A [`Client`](crate::Client) whose calls block: cheap to clone, usable from many threads at once, inside of a runtime
/// and outside.
///
/// Clones share connections. What is not mirrored here, [`wait`] does: it blocks for any future of this crate.
#[derive(Clone, Debug)]
pub struct Client {
    client: crate::Client,
}

impl Client {
    /// A client for the endpoint at this URL, with everything at its defaults, as [`crate::Client::new`]. For anything else
    /// end a [`ClientBuilder`](crate::ClientBuilder) with [`build_blocking`](crate::ClientBuilder::build_blocking).
    ///
    /// # Errors
    ///
    /// The URL is not one of HTTP or websockets, or no HTTP client can be set up.
    #[cfg(feature = "http")]
    pub fn new(url: &str) -> Result<Self, Error> {
        crate::Client::new(url).map(Self::from)
    }

    /// A client over a transport of one's own.
    pub fn with_transport(transport: impl Transport) -> Self {
        crate::Client::with_transport(transport).into()
    }

    /// The client whose calls are awaited, over the same connections.
    pub fn as_async(&self) -> &crate::Client {
        &self.client
    }

    /// Runs a query or a mutation: [`send`](Execute::send) what this returns, after setting options for this call if need
    /// be.
    pub fn execute<O: Operation>(&self, operation: O) -> Execute<O::Data> {
        Execute::new(self.client.execute(operation))
    }

    /// Runs several queries and mutations as one batch: [`send`](ExecuteBatch::send) what this returns, after setting options
    /// for the batch if need be.
    pub fn execute_batch<O: Operation>(&self, operations: impl IntoIterator<Item = O>) -> ExecuteBatch<O::Data> {
        ExecuteBatch::new(self.client.execute_batch(operations))
    }

    /// Starts a subscription: [`start`](Subscribe::start) what this returns, after setting options for this call if need
    /// be.
    pub fn subscribe<O: Operation>(&self, operation: O) -> Subscribe<O::Data> {
        Subscribe::new(self.client.subscribe(operation))
    }

    /// How the connections of this client's subscriptions are now; `None` where subscriptions have no connections, as over
    /// plain HTTP.
    pub fn state(&self) -> Option<SessionState> {
        self.client.state().map(|state| state.borrow().clone())
    }

    /// What this client's connections have done, as [`crate::Client::counters`].
    pub fn counters(&self) -> Option<Counters> {
        wait(async { Ok(self.client.counters().await) }).ok().flatten()
    }

    /// Ends every subscription, tells the server, and closes the connections, as [`crate::Client::close`]. Iterators that
    /// other threads wait on end.
    pub fn close(&self) {
        // Without a runtime there is nothing that could be open.
        let _ = wait(async {
            self.client.close().await;
            Ok(())
        });
    }
}

/// Blocks where the other awaits, over the same connections.
impl From<crate::Client> for Client {
    fn from(client: crate::Client) -> Self {
        Self { client }
    }
}
