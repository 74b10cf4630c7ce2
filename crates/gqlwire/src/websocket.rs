use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::{Error, Protocol};

/// How a GraphQL websocket is opened and kept: what [`ClientBuilder::websocket`](crate::ClientBuilder::websocket) takes.
///
/// The defaults are right for most servers.
///
/// ```no_run
/// use gqlwire::{Client, WebSocketOptions};
/// use serde_json::json;
///
/// # async fn fresh_token() -> Result<String, gqlwire::Error> { unimplemented!() }
/// # fn example() -> Result<(), gqlwire::Error> {
/// let options = WebSocketOptions::new().init_payload(async || {
///     let token = fresh_token().await?;
///     Ok(json!({"Authorization": format!("Bearer {token}")}))
/// });
/// let client = Client::builder("wss://example.com/graphql").websocket(options).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "options do nothing until a builder has them"]
pub struct WebSocketOptions {
    pub(crate) url: Option<String>,
    pub(crate) init: Option<Payload>,
    pub(crate) protocols: Vec<Protocol>,
    pub(crate) ping_interval: Option<Duration>,
    pub(crate) pong_timeout: Option<Duration>,
    pub(crate) ack_timeout: Option<Duration>,
    pub(crate) origin: Option<String>,
    pub(crate) carry_requests: bool,
}

impl Default for WebSocketOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl WebSocketOptions {
    /// Everything at its defaults.
    pub fn new() -> Self {
        Self {
            url: None,
            init: None,
            protocols: vec![Protocol::TransportWs, Protocol::LegacyWs],
            ping_interval: None,
            pong_timeout: None,
            ack_timeout: None,
            origin: None,
            carry_requests: false,
        }
    }

    /// Where the sockets are, if not at the client's own URL with `ws` for `http`.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// What `connection_init` carries: often a token. It is asked for anew at each connect.
    ///
    /// When the server refuses a connection, it is asked once more, as an [`AuthProvider`](crate::AuthProvider) is, since
    /// it may have something better by then.
    ///
    /// An error counts as that of an [`AuthProvider`](crate::AuthProvider): before anything has worked it ends what waits
    /// for the connection, afterwards it is tried again as a lost connection is. It has as long as a query may take
    /// ([`timeout`](crate::ClientBuilder::timeout)). Whatever text it holds is taken out of errors.
    pub fn init_payload<F, A, P>(mut self, payload: F) -> Self
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = Result<P, Error>> + Send + 'static,
        P: Serialize,
    {
        self.init = Some(Payload::asked(payload));
        self
    }

    /// What `connection_init` carries, always the same.
    pub fn init_payload_value(mut self, payload: impl Serialize) -> Self {
        self.init = Some(Payload::fixed(&payload));
        self
    }

    /// Which protocols are offered, the best first: [`TransportWs`](Protocol::TransportWs) and
    /// [`LegacyWs`](Protocol::LegacyWs), which is the default. The server selects one.
    ///
    /// Where it names none, it is taken for the first one offered.
    pub fn protocols(mut self, protocols: impl IntoIterator<Item = Protocol>) -> Self {
        self.protocols = protocols.into_iter().collect();
        self
    }

    /// How often the server is sent a `ping`, whatever else goes over the socket. By default only when it has been silent
    /// for long. [`TransportWs`](Protocol::TransportWs) alone has it.
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.ping_interval = Some(interval);
        self
    }

    /// How long the server may take to answer a `ping` until the connection counts as lost.
    pub fn pong_timeout(mut self, timeout: Duration) -> Self {
        self.pong_timeout = Some(timeout);
        self
    }

    /// How long the server may take to acknowledge a new connection, in place of
    /// [`ClientBuilder::ack_timeout`](crate::ClientBuilder::ack_timeout).
    pub fn ack_timeout(mut self, timeout: Duration) -> Self {
        self.ack_timeout = Some(timeout);
        self
    }

    /// The `Origin` of the handshake, for servers that let certain pages in and nobody else. By default there is none.
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// Sends queries and mutations over the socket as well, where the client's URL is one of HTTP. With one of websockets
    /// they always go there.
    pub fn carry_requests(mut self) -> Self {
        self.carry_requests = true;
        self
    }
}

/// A payload that proves who is connecting, made anew at each connect.
#[derive(Clone)]
pub(crate) struct Payload {
    make: Arc<Make>,
    /// Whether another may be different.
    pub(crate) renews: bool,
}

type Make = dyn Fn() -> BoxFuture<'static, Result<Box<RawValue>, Error>> + Send + Sync;

impl Payload {
    pub(crate) fn asked<F, A, P>(payload: F) -> Self
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = Result<P, Error>> + Send + 'static,
        P: Serialize,
    {
        let make = move || -> BoxFuture<'static, _> {
            let payload = payload();
            Box::pin(async move { to_json(&payload.await?) })
        };
        Self {
            make: Arc::new(make),
            renews: true,
        }
    }

    pub(crate) fn fixed(payload: &impl Serialize) -> Self {
        let json = to_json(payload);
        let make = move || -> BoxFuture<'static, _> {
            let json = json.clone();
            Box::pin(async { json })
        };
        Self {
            make: Arc::new(make),
            renews: false,
        }
    }

    pub(crate) async fn make(&self) -> Result<Box<RawValue>, Error> {
        (self.make)().await
    }
}

/// Hides the payload.
impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Payload")
    }
}

fn to_json(payload: &impl Serialize) -> Result<Box<RawValue>, Error> {
    to_raw_value(payload).map_err(|error| Error::config("the payload cannot be written as JSON").with_source(error))
}
