use std::time::SystemTime;

use gqlwire_proto::appsync::{HeaderCarrier, X_AMZ_USER_AGENT};
use http::{HeaderName, HeaderValue};

use super::*;
use crate::appsync::{AppSyncTransport, Iam, Setup};
use crate::http::{Purpose, client};
use crate::realtime::{RealtimeClient, RealtimeOptions, WebSockets};
use crate::transport::Transport;
use crate::{Overflow, ReconnectPolicy};

/// "Without a limit" is often written as the longest duration there is, which no clock can be moved by.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl ClientBuilder {
    /// The HTTP endpoint, where it does not follow from the URL. Implies [`appsync`](Self::appsync), as all of the
    /// following do.
    pub fn http_url(mut self, url: impl Into<String>) -> Self {
        self.setup().http_url = Some(url.into());
        self
    }

    /// The realtime endpoint, where it does not follow from the URL.
    pub fn realtime_url(mut self, url: impl Into<String>) -> Self {
        self.setup().realtime_url = Some(url.into());
        self
    }

    /// The API's own host, where the URL is that of a VPC endpoint or a tunnel: it is what AppSync wants signed and
    /// named.
    pub fn api_host(mut self, host: impl Into<String>) -> Self {
        self.setup().api_host = Some(host.into());
        self
    }

    /// The region of the API, where the host does not name it.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.setup().region = Some(region.into()).filter(|region| !region.is_empty());
        self
    }

    /// How the websocket handshake carries its authorization; by default as a subprotocol, and for a VPC endpoint in
    /// the query, as AWS documents it there.
    ///
    /// The Amplify simulator reads the query alone: [`HeaderCarrier::Query`] is for it.
    pub fn header_carrier(mut self, carrier: HeaderCarrier) -> Self {
        self.setup().carrier = Some(carrier);
        self
    }

    /// How long to wait for `connection_ack` on a new websocket; default 15 s.
    pub fn ack_timeout(mut self, timeout: Duration) -> Self {
        self.setup().timeouts.ack = timeout.min(LONGEST);
        self
    }

    /// How long to wait for the `start_ack` of a subscription; default 15 s.
    pub fn start_ack_timeout(mut self, timeout: Duration) -> Self {
        self.setup().timeouts.start_ack = timeout.min(LONGEST);
        self
    }

    /// How long [`Client::close`] may wait for the server, and how long the server may take to confirm that a
    /// subscription is stopped; default [`DEFAULT_CLOSE_TIMEOUT`].
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.setup().timeouts.stop = timeout.min(LONGEST);
        self.setup().close_timeout = timeout;
        self
    }

    /// How long a message of the websocket may be, in bytes; default [`DEFAULT_MAX_MESSAGE_SIZE`].
    pub fn max_message_size(mut self, bytes: usize) -> Self {
        self.setup().max_message_size = bytes;
        self
    }

    /// When a lost connection is made again; by default as often as it takes, with growing delays.
    ///
    /// A subscription then outlives its connections, and yields an [`Event::Gap`](crate::Event::Gap) where events
    /// may be missing. With [`ReconnectPolicy::never`] it ends with its connection.
    pub fn reconnect(mut self, mut policy: ReconnectPolicy) -> Self {
        for delay in [
            &mut policy.first_delay,
            &mut policy.greatest_delay,
            &mut policy.short_life_delay,
        ] {
            *delay = (*delay).min(LONGEST);
        }
        self.setup().reconnect = policy;
        self
    }

    /// For how long a subscription is tried to be started while there is no connection, also where there has never
    /// been one.
    ///
    /// Without it, a client whose first connection fails says so at once, for then a host is mistyped more often
    /// than a network is down; once a connection has been acknowledged, a start is tried for a minute. The timeout
    /// of a call bounds either.
    pub fn subscribe_deadline(mut self, deadline: Duration) -> Self {
        self.setup().subscribe_deadline = Some(deadline);
        self
    }

    /// How many subscriptions go on one websocket before another is opened; default 200, which is what AppSync
    /// takes. Where a server says that it takes fewer, fewer it is.
    pub fn subscriptions_per_connection(mut self, most: usize) -> Self {
        self.setup().subscriptions_per_connection = most;
        self
    }

    /// What becomes of events for which a subscriber's queue has no room, unless its call says something else; by
    /// default the subscription ends with [`ErrorKind::Lagged`](crate::ErrorKind::Lagged).
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.setup();
        self.delivery.overflow = overflow;
        self
    }

    /// How many events may wait for one subscriber, unless its call says something else; default
    /// [`DEFAULT_QUEUE_MESSAGES`]. As many again may be in the hands of a subscriber that is reading.
    pub fn queue_messages(mut self, most: usize) -> Self {
        self.setup();
        self.delivery.capacity.messages = most;
        self
    }

    /// How many bytes of events may wait for one subscriber, unless its call says something else; default
    /// [`DEFAULT_QUEUE_BYTES`]. An empty queue takes an event of any size, and one
    /// [`Event::Snapshot`](crate::Event::Snapshot) may always wait.
    pub fn queue_bytes(mut self, most: usize) -> Self {
        self.setup();
        self.delivery.capacity.bytes = most;
        self
    }

    /// How many bytes may wait for all subscribers of this client, those included that they are reading; default
    /// [`DEFAULT_QUEUE_BYTES_IN_ALL`]. As many again may be held back for catch-ups. Where that is used up, the next subscription that an event comes for is
    /// treated as if its own queue were full.
    pub fn queue_bytes_in_all(mut self, most: usize) -> Self {
        self.setup();
        self.delivery.bytes_in_all = most;
        self
    }

    /// How long after its acknowledgement a subscription may still miss events; default 2 s, for AppSync
    /// acknowledges a subscription a little before it delivers.
    ///
    /// It is how long a [catch-up](crate::Subscribe::catch_up) waits before it runs, and how much longer a connection
    /// is kept that another takes over from.
    pub fn settle_time(mut self, time: Duration) -> Self {
        self.setup();
        self.delivery.settle = time.min(LONGEST);
        self
    }

    /// How far apart the two copies of an event may arrive when one connection takes over from another; default 1 s.
    ///
    /// Equal events closer together than twice this, just then, may be delivered twice. It lengthens the take-over by
    /// four times as much.
    pub fn takeover_skew(mut self, skew: Duration) -> Self {
        self.setup();
        self.delivery.skew = skew.min(LONGEST);
        self
    }

    /// How many events of one subscription are held back while its [catch-up](crate::Subscribe::catch_up) runs;
    /// default 1,024. Beyond that the oldest go, which the snapshot most likely contains: an
    /// [`Event::Dropped`](crate::Event::Dropped) after it tells how many.
    pub fn held_events(mut self, most: usize) -> Self {
        self.setup();
        self.delivery.held.messages = most;
        self
    }

    /// The same in bytes; default 4 MiB.
    pub fn held_bytes(mut self, most: usize) -> Self {
        self.setup();
        self.delivery.held.bytes = most;
        self
    }

    pub(super) fn setup(&mut self) -> &mut Setup {
        self.appsync.get_or_insert_default()
    }

    pub(super) fn build_appsync(mut self) -> Result<Client, Error> {
        self.requests.check_appsync()?;
        let setup = std::mem::take(self.setup());
        let endpoint = setup.endpoint(&self.url)?;
        // An API of AppSync always takes credentials.
        self.check_plaintext(endpoint.http_url(), true)?;
        self.check_plaintext(endpoint.realtime_url(), true)?;
        let auth = self.auth.unwrap_or_else(|| Arc::new(Iam::new()));
        let mut headers = self.headers;
        headers
            .entry(HeaderName::from_static(X_AMZ_USER_AGENT))
            .or_insert(HeaderValue::from_static(concat!("gqlwire/", env!("CARGO_PKG_VERSION"))));
        let http = HttpTransport::new(HttpOptions {
            url: endpoint.http_url().clone(),
            host: endpoint.host().to_owned(),
            host_header: endpoint.host_header().map(str::to_owned),
            signing_url: endpoint.signing_url_http().clone(),
            region: endpoint.region().map(str::to_owned),
            headers: headers.clone(),
            auth: Some(Arc::clone(&auth)),
            allow_plaintext_credentials: self.allow_plaintext_credentials,
            connect: self.connect.clone(),
            timeout: self.timeout,
            retry: self.retry,
            max_body: self.max_response_size,
            requests: self.requests,
            posts_only: true,
        })?;
        let http = Arc::new(http);
        let client = client(endpoint.realtime_url(), Purpose::Sockets, &self.connect)?;
        let options = RealtimeOptions {
            clock: http.clock(),
            endpoint,
            headers,
            auth,
            auth_timeout: self.timeout,
            connect_timeout: self.connect.timeout,
            close_timeout: setup.close_timeout,
            timeouts: setup.timeouts,
            delivery: self.delivery,
            queries: Some(Arc::clone(&http) as Arc<dyn Transport>),
            query_timeout: self.timeout,
            reconnect: setup.reconnect,
            subscribe_deadline: setup.subscribe_deadline,
            subscriptions_per_connection: setup.subscriptions_per_connection,
            wall: SystemTime::now,
        };
        let realtime = RealtimeClient::new(options, WebSockets::new(client, setup.max_message_size));
        Ok(Client::with_transport(AppSyncTransport { http, realtime }))
    }
}
