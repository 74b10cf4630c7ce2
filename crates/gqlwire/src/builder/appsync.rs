use std::time::SystemTime;

use gqlwire_proto::appsync::{HeaderCarrier, X_AMZ_USER_AGENT};
use http::{HeaderName, HeaderValue};

use super::*;
use crate::appsync::{Iam, Setup};
use crate::http::sockets;
use crate::realtime::{AppSync, RealtimeClient, RealtimeOptions, WebSockets};
use crate::split::SplitTransport;
use crate::transport::Transport;

impl ClientBuilder {
    /// The HTTP endpoint, where it does not follow from the URL. Implies [`appsync`](Self::appsync), as all
    /// options of this block do.
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
        let streams = self.stream_options();
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
            retry: self.retry.clone(),
            retry_budget: self.retry_budget,
            max_body: self.max_response_size,
            streams,
            requests: self.requests,
            posts_only: true,
        })?;
        let http = Arc::new(http);
        let client = sockets(endpoint.realtime_url(), &self.connect)?;
        let sockets = self.sockets;
        let options = RealtimeOptions {
            clock: http.clock(),
            service: Box::new(AppSync(endpoint)),
            headers,
            auth,
            auth_timeout: self.timeout,
            connect_timeout: self.connect.timeout,
            close_timeout: sockets.close_timeout,
            timeouts: sockets.timeouts,
            delivery: sockets.delivery,
            queries: Some(Arc::clone(&http) as Arc<dyn Transport>),
            query_timeout: self.timeout,
            retry: self.retry,
            retry_budget: self.retry_budget,
            reconnect: sockets.reconnect,
            subscribe_deadline: sockets.subscribe_deadline,
            subscriptions_per_connection: sockets.subscriptions_per_connection,
            wall: SystemTime::now,
        };
        let realtime = RealtimeClient::new(options, WebSockets::new(client, sockets.max_message_size));
        Ok(Client::with_transport(SplitTransport::new(http, realtime)))
    }
}
