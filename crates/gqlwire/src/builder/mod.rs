#[cfg(feature = "appsync")]
mod appsync;
mod connecting;
mod requests;
#[cfg(feature = "websocket")]
mod sockets;
mod streams;
#[cfg(feature = "websocket")]
mod websocket;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use url::Url;

use crate::auth::AuthProvider;
use crate::batching::BatchingTransport;
use crate::execute::parse_header;
use crate::http::{ConnectOptions, HttpOptions, HttpTransport, Shown, unsafe_credentials};
use crate::{Client, Error, RetryBudget, RetryPolicy};

pub use requests::DEFAULT_GET_URL_LIMIT;
pub(crate) use requests::RequestOptions;

/// How long it may take to reach the server, unless set: name, network and TLS; for a websocket its handshake too.
pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a query or mutation may take, unless set: a little longer than the 30 s after which AppSync gives up, so
/// that its answer to that arrives.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(35);
/// How long what was sent may stay unacknowledged by the other side's system, unless set.
///
/// Less than the 90 s of silence after which a session doubts a websocket: where the system can tell that the other side
/// is gone, it does so first.
pub const DEFAULT_TCP_USER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long [`Client::close`] may take, unless set.
pub const DEFAULT_CLOSE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an answer may be, unless set, in bytes.
pub const DEFAULT_MAX_RESPONSE_SIZE: usize = 64 * 1024 * 1024;
/// How long a message of a websocket may be, unless set, in bytes.
pub const DEFAULT_MAX_MESSAGE_SIZE: usize = 16 * 1024 * 1024;
/// How many events may wait for one subscriber, unless set.
pub const DEFAULT_QUEUE_MESSAGES: usize = 1024;
/// How many bytes of events may wait for one subscriber, unless set.
pub const DEFAULT_QUEUE_BYTES: usize = 4 * 1024 * 1024;
/// How many bytes may wait for all subscribers of one client, unless set.
pub const DEFAULT_QUEUE_BYTES_IN_ALL: usize = 256 * 1024 * 1024;

/// "Without a limit" is often written as the longest duration there is, which no clock can be moved by.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Sets up a [`Client`].
#[derive(Clone)]
#[must_use = "a builder builds nothing until `build` is called"]
pub struct ClientBuilder {
    url: String,
    headers: HeaderMap,
    auth: Option<Arc<dyn AuthProvider>>,
    connect: ConnectOptions,
    timeout: Duration,
    retry: RetryPolicy,
    retry_budget: RetryBudget,
    max_response_size: usize,
    allow_plaintext_credentials: bool,
    requests: RequestOptions,
    first_error: Option<Error>,
    streams: crate::http::stream::StreamOptions,
    #[cfg(feature = "cookies")]
    keep_cookies: bool,
    #[cfg(feature = "schema")]
    schema: Option<gqlwire_schema::Schema>,
    #[cfg(feature = "appsync")]
    appsync: Option<crate::appsync::Setup>,
    #[cfg(feature = "websocket")]
    sockets: sockets::Sockets,
    #[cfg(feature = "websocket")]
    websocket: Option<crate::WebSocketOptions>,
    #[cfg(feature = "websocket")]
    phoenix: Option<crate::PhoenixOptions>,
}

/// Without the query of the URL, which may hold secrets.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("url", &before_secrets(&self.url))
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("auth", &self.auth)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    pub(crate) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            headers: HeaderMap::new(),
            auth: None,
            connect: ConnectOptions::default(),
            timeout: DEFAULT_TIMEOUT,
            retry: RetryPolicy::default(),
            retry_budget: RetryBudget::default(),
            max_response_size: DEFAULT_MAX_RESPONSE_SIZE,
            allow_plaintext_credentials: false,
            requests: RequestOptions::default(),
            first_error: None,
            streams: crate::http::stream::StreamOptions::default(),
            #[cfg(feature = "cookies")]
            keep_cookies: false,
            #[cfg(feature = "schema")]
            schema: None,
            #[cfg(feature = "appsync")]
            appsync: None,
            #[cfg(feature = "websocket")]
            sockets: sockets::Sockets::default(),
            #[cfg(feature = "websocket")]
            websocket: None,
            #[cfg(feature = "websocket")]
            phoenix: None,
        }
    }

    /// Says that the endpoint is an API of AWS AppSync, which only its own hosts (`*.appsync-api.*.amazonaws.com`) make
    /// plain: a custom domain, or a local server.
    ///
    /// From the one URL follow the HTTP endpoint and the realtime endpoint, whichever of the two it is. Without
    /// [`auth`](Self::auth), requests are authorised by IAM.
    #[cfg(feature = "appsync")]
    pub fn appsync(mut self) -> Self {
        self.setup();
        self
    }

    /// How requests are authorised.
    pub fn auth(mut self, auth: impl AuthProvider) -> Self {
        self.auth = Some(Arc::new(auth));
        self
    }

    /// Sends a header with every request, and with every websocket handshake.
    ///
    /// On AppSync, subscriptions carry it too, as a member of their authorization object. A name or value that HTTP
    /// does not allow is reported by [`build`](Self::build).
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        match parse_header(name.as_ref(), value.as_ref()) {
            Ok((name, value)) => {
                self.headers.append(name, value);
            }
            Err(error) => {
                self.first_error.get_or_insert(error);
            }
        }
        self
    }

    /// How long it may take to reach the server; default [`DEFAULT_CONNECT_TIMEOUT`].
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect.timeout = timeout;
        self
    }

    /// Trusts the certificates in this text besides the system's: PEM, with as many as it holds, or one in DER.
    ///
    /// What cannot be read is reported by [`build`](Self::build).
    #[cfg(feature = "tls")]
    pub fn add_root_certificate(mut self, certificate: impl AsRef<[u8]>) -> Self {
        match crate::http::tls::read_certificates(certificate.as_ref()) {
            Ok(roots) => self.connect.tls.add_roots(roots),
            Err(error) => {
                self.first_error.get_or_insert(error);
            }
        }
        self
    }

    /// How long a query or mutation may take, from connecting to the last byte, with all its attempts; default
    /// [`DEFAULT_TIMEOUT`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// When a query or mutation is tried again; by default where that is safe, three attempts in all.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How long what was sent may stay without the acknowledgement of the other side's system until a connection counts
    /// as broken; default [`DEFAULT_TCP_USER_TIMEOUT`].
    ///
    /// It concerns every connection of this client, requests and websockets, and with a proxy in between the way to
    /// that. The system asks for a sign of life after each 15 s of silence, and so it also bounds how long a connection
    /// may be open to nobody: up to the first such moment after this time, and 30 s at least. Linux, Android and Fuchsia
    /// have such a limit (`TCP_USER_TIMEOUT`); elsewhere it is three such questions without an answer. Zero leaves it to
    /// the system.
    pub fn tcp_user_timeout(mut self, timeout: Duration) -> Self {
        self.connect.tcp_user_timeout = timeout;
        self
    }

    /// How long an answer may be, in bytes; default [`DEFAULT_MAX_RESPONSE_SIZE`].
    pub fn max_response_size(mut self, bytes: usize) -> Self {
        self.max_response_size = bytes;
        self
    }

    /// Lets credentials travel unencrypted to another machine, where anyone on the way can read them.
    ///
    /// Without it, [`build`](Self::build) and each call refuse to: credentials are what an [`auth`](Self::auth) gives,
    /// and every header but those known to hold no secret, such as `accept`, `user-agent` or `traceparent`.
    pub fn danger_allow_plaintext_credentials(mut self) -> Self {
        self.allow_plaintext_credentials = true;
        self
    }

    /// Checks each request against this schema before anything of it is sent, as
    /// [`Client::with_schema`](crate::Client::with_schema) says.
    #[cfg(feature = "schema")]
    pub fn schema(mut self, schema: gqlwire_schema::Schema) -> Self {
        self.schema = Some(schema);
        self
    }

    /// Builds the client. Nothing is connected before the first request.
    ///
    /// # Errors
    ///
    /// The URL, a header or an option is not usable, or credentials would go unencrypted to another machine.
    pub fn build(self) -> Result<Client, Error> {
        #[cfg(feature = "schema")]
        let schema = self.schema.clone();
        let batching = self.requests.batching.clone();
        let client = self.build_unchecked()?;
        let client = match batching {
            Some(batching) => client.over(|inner| BatchingTransport::new(inner, batching)),
            None => client,
        };
        #[cfg(feature = "schema")]
        let client = match schema {
            Some(schema) => client.with_schema(schema),
            None => client,
        };
        Ok(client)
    }

    fn build_unchecked(mut self) -> Result<Client, Error> {
        if let Some(error) = self.first_error {
            return Err(error);
        }
        crate::metrics::describe();
        self.settle_connections();
        #[cfg(feature = "appsync")]
        if self.appsync.is_some()
            || Url::parse(&self.url).is_ok_and(|url| gqlwire_proto::appsync::is_appsync_host(&url))
        {
            if self.websocket.is_some() || self.phoenix.is_some() {
                return Err(Error::config(
                    "AWS AppSync has a websocket protocol of its own, which needs no options: leave out `websocket` and \
                     `phoenix`, or `appsync`",
                ));
            }
            return self.build_appsync();
        }
        #[cfg(feature = "websocket")]
        if self.wants_sockets() {
            return self.build_sockets();
        }
        let url = parse_url(&self.url)?;
        #[cfg(not(feature = "websocket"))]
        if matches!(url.scheme(), "ws" | "wss") {
            return Err(Error::config(format!(
                "{} is a websocket, and this program was built without them: enable the feature `websocket`",
                Shown::of(&url)
            )));
        }
        self.check_plaintext(&url, self.auth.is_some())?;
        Ok(Client::with_transport(HttpTransport::new(self.http_options(url))?))
    }

    /// Requests to an endpoint that is nothing but its URL.
    fn http_options(&self, url: Url) -> HttpOptions {
        HttpOptions {
            host: crate::http::host_of(&url),
            host_header: None,
            signing_url: url.clone(),
            region: None,
            url,
            headers: self.headers.clone(),
            auth: self.auth.clone(),
            allow_plaintext_credentials: self.allow_plaintext_credentials,
            connect: self.connect.clone(),
            timeout: self.timeout,
            retry: self.retry.clone(),
            retry_budget: self.retry_budget,
            max_body: self.max_response_size,
            streams: self.stream_options(),
            requests: self.requests.clone(),
            posts_only: false,
        }
    }

    /// Builds the client, for code that is not async.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    #[cfg(feature = "blocking")]
    pub fn build_blocking(self) -> Result<crate::blocking::Client, Error> {
        self.build().map(Into::into)
    }

    fn check_plaintext(&self, url: &Url, authorised: bool) -> Result<(), Error> {
        self.check_way(url)?;
        match unsafe_credentials(url, authorised, &[&self.headers]) {
            Some(why) if !self.allow_plaintext_credentials => Err(Error::config(why)),
            _ => Ok(()),
        }
    }
}

fn parse_url(text: &str) -> Result<Url, Error> {
    let url =
        Url::parse(text).map_err(|error| Error::config(format!("{:?} is not a URL: {error}", before_secrets(text))))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::config(
            "the URL holds a user name or password: send them as a header instead",
        ));
    }
    match url.scheme() {
        "http" | "https" | "ws" | "wss" => Ok(url),
        other => Err(Error::config(format!(
            "{} has the scheme {other}, and GraphQL needs http, https, ws or wss",
            Shown::of(&url)
        ))),
    }
}

/// As much of a text that is no URL as cannot be a password or a token: what follows `@` or precedes `?`.
fn before_secrets(text: &str) -> &str {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    text.rsplit('@').next().unwrap_or_default()
}
