use std::future::Future;
use std::time::Duration;

use serde::Serialize;

use crate::websocket::Payload;
use crate::{Error, PhoenixVersion};

/// How an Absinthe server is spoken to over a Phoenix socket: what
/// [`ClientBuilder::phoenix`](crate::ClientBuilder::phoenix) takes.
///
/// ```no_run
/// use gqlwire::{Client, PhoenixOptions};
///
/// # fn example() -> Result<(), gqlwire::Error> {
/// // Connects to wss://example.com/socket/websocket?vsn=2.0.0.
/// let client = Client::builder("wss://example.com/socket").phoenix(PhoenixOptions::new()).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "options do nothing until a builder has them"]
pub struct PhoenixOptions {
    pub(crate) url: Option<String>,
    pub(crate) channel: String,
    pub(crate) heartbeat: Duration,
    pub(crate) join: Option<Payload>,
    pub(crate) version: PhoenixVersion,
    pub(crate) origin: Option<String>,
    pub(crate) carry_requests: bool,
}

/// The channel on which Absinthe listens.
const CHANNEL: &str = "__absinthe__:control";

/// As Phoenix's own client; the server closes a socket that says nothing for 60 s.
const HEARTBEAT: Duration = Duration::from_secs(30);

impl Default for PhoenixOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl PhoenixOptions {
    /// Everything at its defaults.
    pub fn new() -> Self {
        Self {
            url: None,
            channel: CHANNEL.to_owned(),
            heartbeat: HEARTBEAT,
            join: None,
            version: PhoenixVersion::default(),
            origin: None,
            carry_requests: false,
        }
    }

    /// Where the socket is, if not at the client's own URL with `ws` for `http`. `/websocket` and `vsn` follow by
    /// themselves where they are missing.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// The channel that is joined; default `__absinthe__:control`.
    pub fn channel(mut self, channel: impl Into<String>) -> Self {
        self.channel = channel.into();
        self
    }

    /// How often the server is told that this client is alive; default 30 s.
    pub fn heartbeat(mut self, interval: Duration) -> Self {
        self.heartbeat = interval;
        self
    }

    /// What joining the channel carries, asked for anew at each connect; by default an empty object. See
    /// [`WebSocketOptions::init_payload`](crate::WebSocketOptions::init_payload).
    pub fn join_payload<F, A, P>(mut self, payload: F) -> Self
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = Result<P, Error>> + Send + 'static,
        P: Serialize,
    {
        self.join = Some(Payload::asked(payload));
        self
    }

    /// What joining the channel carries, always the same.
    pub fn join_payload_value(mut self, payload: impl Serialize) -> Self {
        self.join = Some(Payload::fixed(&payload));
        self
    }

    /// How messages are written; default [`PhoenixVersion::V2`]. A `vsn` in the URL says it as well.
    pub fn version(mut self, version: PhoenixVersion) -> Self {
        self.version = version;
        self
    }

    /// The `Origin` of the handshake, which Phoenix checks where there is one. By default there is none.
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
