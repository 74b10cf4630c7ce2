//! Where an API lives: its HTTP and its realtime URL, each derived from the other.
//!
//! ```text
//!                         HTTP                                     realtime
//!  AppSync      https://ID.appsync-api.R.amazonaws.com/graphql  wss://ID.appsync-realtime-api.R.amazonaws.com/graphql
//!  VPC endpoint https://V.appsync-api.R.vpce.amazonaws.com/…    wss://, same host and path; the API is named apart
//!  other host   https://api.example.com/graphql                 wss://api.example.com/graphql/realtime
//!  Events       …/event                                         …/event/realtime, on each of these hosts
//! ```
//!
//! "Other host" is a custom domain as well as the Amplify mock or another server on this machine.

use std::fmt;

use thiserror::Error;
use url::{ParseError, Url};

use super::authorization::{HeaderObject, HeaderObjectError};
use super::header_carrier::{
    EVENT_WS, GRAPHQL_WS, Handshake, HeaderCarrier, query_without_header_object, without_secrets,
};
use super::host::{self, AppSyncHost, Place, Role};
use super::signing::authority;

const CONNECT_SEGMENT: &str = "/connect";
const REALTIME_SEGMENT: &str = "/realtime";

/// Which of AppSync's two protocols an endpoint speaks.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub enum ApiKind {
    /// Channels: the path ends in `/event`.
    Events,
    /// GraphQL: any other path.
    GraphQL,
}

impl ApiKind {
    /// The WebSocket subprotocol.
    pub fn subprotocol(self) -> &'static str {
        match self {
            ApiKind::Events => EVENT_WS,
            ApiKind::GraphQL => GRAPHQL_WS,
        }
    }
}

/// The URLs of one API, and what signatures and header objects say about it.
///
/// ```
/// use gqlwire_proto::appsync::Endpoint;
///
/// let api = Endpoint::new("https://abc.appsync-api.eu-west-1.amazonaws.com/graphql")?;
/// assert_eq!(api.realtime_url().as_str(), "wss://abc.appsync-realtime-api.eu-west-1.amazonaws.com/graphql");
/// assert_eq!(api.region(), Some("eu-west-1"));
///
/// let custom = Endpoint::new("https://api.example.com/graphql")?;
/// assert_eq!(custom.realtime_url().as_str(), "wss://api.example.com/graphql/realtime");
/// # Ok::<(), gqlwire_proto::appsync::EndpointError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    kind: ApiKind,
    http_url: Url,
    realtime_url: Url,
    signing_url: Url,
    has_api_host: bool,
    region: Option<String>,
    carrier: HeaderCarrier,
}

impl Endpoint {
    /// Derives everything from one URL. `http` and `https` are the HTTP endpoint; `ws` and `wss` are the realtime
    /// endpoint as it stands, from which the HTTP endpoint follows.
    ///
    /// On a host of AppSync an absent path means `/graphql`, and a trailing slash or `/realtime`, which no HTTP path
    /// has there, is dropped. Elsewhere the path of the given URL stays. A query goes along to the derived URL, without a header object.
    ///
    /// # Errors
    ///
    /// See [`EndpointError`].
    pub fn new(url: &str) -> Result<Self, EndpointError> {
        Self::builder(url).build()
    }

    /// Derives from one URL what is not given explicitly.
    pub fn builder(url: impl Into<String>) -> EndpointBuilder {
        EndpointBuilder {
            url: url.into(),
            http_url: None,
            realtime_url: None,
            api_host: None,
            region: None,
            carrier: None,
            kind: None,
        }
    }

    /// The protocol that the endpoint speaks.
    pub fn kind(&self) -> ApiKind {
        self.kind
    }

    /// Where queries and mutations go, or where events are published.
    pub fn http_url(&self) -> &Url {
        &self.http_url
    }

    /// Where the socket connects to, without a header object.
    pub fn realtime_url(&self) -> &Url {
        &self.realtime_url
    }

    /// The host of the API as it stands in header objects and signatures, with its port unless that is the scheme's
    /// own. Never the realtime host.
    pub fn host(&self) -> &str {
        authority(&self.signing_url)
    }

    /// The `Host` header of HTTP requests when it is not that of the URL, as for a VPC endpoint (where
    /// [`X_APPSYNC_DOMAIN`](super::X_APPSYNC_DOMAIN) may carry it instead).
    pub fn host_header(&self) -> Option<&str> {
        (self.host() != authority(&self.http_url)).then(|| self.host())
    }

    /// The `Host` header of the handshake when it is not that of the URL.
    pub fn realtime_host_header(&self) -> Option<String> {
        let mut url = self.signing_url.clone();
        set_role(&mut url, Role::Realtime);
        let host = authority(&url);
        (self.has_api_host && host != authority(&self.realtime_url)).then(|| host.to_owned())
    }

    /// The region: the given one, or the one in the host name. A custom domain has none.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// What a signature of an HTTP request is made for: the HTTP URL under the API's own host.
    pub fn signing_url_http(&self) -> &Url {
        &self.signing_url
    }

    /// What a signature of a `start`, or of a message of Events, is made for: as for HTTP, without a query.
    pub fn signing_url_start(&self) -> Url {
        let mut url = self.signing_url.clone();
        url.set_query(None);
        url
    }

    /// What a signature of a connect is made for: the HTTP path with `/connect` after it; on Events the HTTP path.
    pub fn signing_url_connect(&self) -> Url {
        let mut url = self.signing_url_start();
        if self.kind == ApiKind::GraphQL {
            append(&mut url, CONNECT_SEGMENT);
        }
        url
    }

    /// How the handshake carries the header object: the given way; else the query for GraphQL on VPC endpoints; else a
    /// subprotocol, also on this machine: the Amplify simulator, which reads nothing but the query, has to be named.
    pub fn carrier(&self) -> HeaderCarrier {
        self.carrier
    }

    /// The handshake that connects with `object`.
    ///
    /// # Errors
    ///
    /// When the object cannot be carried; see [`HeaderCarrier::handshake`].
    pub fn handshake(&self, object: &HeaderObject) -> Result<Handshake, HeaderObjectError> {
        let mut handshake = self
            .carrier
            .handshake(&self.realtime_url, self.kind.subprotocol(), object)?;
        if let Some(host) = self.realtime_host_header() {
            let unfit = |_| HeaderObjectError::UnfitForHttp {
                name: super::HOST.to_owned(),
            };
            handshake
                .headers
                .entry(http::header::HOST)
                .or_insert(host.parse().map_err(unfit)?);
        }
        Ok(handshake)
    }

    /// True if both URLs stay on this machine.
    pub fn is_loopback(&self) -> bool {
        [&self.http_url, &self.realtime_url].into_iter().all(host::is_loopback)
    }

    /// True if credentials may be sent to both URLs: over TLS, or without leaving this machine.
    pub fn is_secure(&self) -> bool {
        [&self.http_url, &self.realtime_url]
            .into_iter()
            .all(|url| matches!(url.scheme(), "https" | "wss") || host::is_loopback(url))
    }
}

/// URLs without their queries, which may hold secrets.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("kind", &self.kind)
            .field("http_url", &without_secrets(&self.http_url).as_str())
            .field("realtime_url", &without_secrets(&self.realtime_url).as_str())
            .field("host", &self.host())
            .field("region", &self.region)
            .field("carrier", &self.carrier)
            .finish()
    }
}

/// What is known about an endpoint besides one URL. What is given explicitly wins over what is derived.
#[derive(Clone)]
pub struct EndpointBuilder {
    url: String,
    http_url: Option<String>,
    realtime_url: Option<String>,
    api_host: Option<String>,
    region: Option<String>,
    carrier: Option<HeaderCarrier>,
    kind: Option<ApiKind>,
}

impl EndpointBuilder {
    /// The HTTP URL, taken as it stands.
    #[must_use]
    pub fn http_url(mut self, url: impl Into<String>) -> Self {
        self.http_url = Some(url.into());
        self
    }

    /// The realtime URL, taken as it stands.
    #[must_use]
    pub fn realtime_url(mut self, url: impl Into<String>) -> Self {
        self.realtime_url = Some(url.into());
        self
    }

    /// The API's own host when the URL is that of a VPC endpoint or a tunnel: it goes into header objects, signatures
    /// and the `Host` header. The realtime host of the API will do as well.
    #[must_use]
    pub fn api_host(mut self, host: impl Into<String>) -> Self {
        self.api_host = Some(host.into());
        self
    }

    /// The region to sign for.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// How the handshake carries the header object.
    #[must_use]
    pub fn carrier(mut self, carrier: HeaderCarrier) -> Self {
        self.carrier = Some(carrier);
        self
    }

    /// The protocol, where the path does not tell.
    #[must_use]
    pub fn kind(mut self, kind: ApiKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Derives the rest.
    ///
    /// # Errors
    ///
    /// See [`EndpointError`].
    pub fn build(self) -> Result<Endpoint, EndpointError> {
        let given = parse(&self.url, &["http", "https", "ws", "wss"])?;
        let kind = self.kind.unwrap_or_else(|| kind_of(&given));
        let mut http_url = http_from(&given, kind);
        let mut realtime_url = match given.scheme() {
            "ws" | "wss" => given,
            _ => realtime_from(&http_url, kind),
        };
        if let Some(url) = &self.http_url {
            http_url = parse(url, &["http", "https"])?;
        }
        if let Some(url) = &self.realtime_url {
            realtime_url = parse(url, &["ws", "wss"])?;
        }

        let api_host = self.api_host.as_deref().map(parse_api_host).transpose()?;
        for url in [&http_url, &realtime_url] {
            if api_host.is_none() && place_of(url) == Some(Place::VpcEndpoint) {
                return Err(EndpointError::MissingApiHost {
                    host: authority(url).to_owned(),
                });
            }
        }
        let mut signing_url = http_url.clone();
        if let Some(api) = &api_host {
            move_to(&mut signing_url, api);
        }
        let region = self
            .region
            .or_else(|| [&signing_url, &http_url, &realtime_url].into_iter().find_map(region_of));
        let carrier = self.carrier.unwrap_or_else(|| default_carrier(&realtime_url, kind));
        let has_api_host = api_host.is_some();
        Ok(Endpoint {
            kind,
            http_url,
            realtime_url,
            signing_url,
            has_api_host,
            region,
            carrier,
        })
    }
}

/// URLs as [`EndpointError`] shows them.
impl fmt::Debug for EndpointBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointBuilder")
            .field("url", &shown(&self.url))
            .field("http_url", &self.http_url.as_deref().map(shown))
            .field("realtime_url", &self.realtime_url.as_deref().map(shown))
            .field("api_host", &self.api_host)
            .field("region", &self.region)
            .field("carrier", &self.carrier)
            .field("kind", &self.kind)
            .finish()
    }
}

/// Why no endpoint can be derived. URLs are shown without query and user information.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointError {
    /// The API's own host is not a host.
    #[error("{value:?} is not the host of an API: give a host name, with a port if need be, and nothing else")]
    InvalidApiHost {
        /// What was given.
        value: String,
    },
    /// Not a URL.
    #[error("{url:?} is not a URL: {reason}")]
    InvalidUrl {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: ParseError,
    },
    /// A VPC endpoint serves many APIs.
    #[error(
        "{host} is a VPC endpoint, which serves many APIs: give the host of yours as well \
         (the API host, ID.appsync-api.REGION.amazonaws.com)"
    )]
    MissingApiHost {
        /// The VPC endpoint.
        host: String,
    },
    /// The scheme is none of those that fit.
    #[error("{url:?} has the scheme {scheme:?}, but an endpoint here begins with {}", .expected.join(":// or ") + "://")]
    UnsupportedScheme {
        /// What was given.
        url: String,
        /// Its scheme.
        scheme: String,
        /// The schemes that fit.
        expected: &'static [&'static str],
    },
    /// The URL holds a user name or a password.
    #[error(
        "the URL of {host} holds a user name or password; URLs end up in logs, so give credentials apart from the URL"
    )]
    UserInfo {
        /// The host of the URL.
        host: String,
    },
}

fn parse(text: &str, schemes: &'static [&'static str]) -> Result<Url, EndpointError> {
    let mut url = Url::parse(text).map_err(|reason| EndpointError::InvalidUrl {
        url: shown(text),
        reason,
    })?;
    if !schemes.contains(&url.scheme()) {
        let scheme = url.scheme().to_owned();
        return Err(EndpointError::UnsupportedScheme {
            url: shown(text),
            scheme,
            expected: schemes,
        });
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(EndpointError::UserInfo {
            host: authority(&url).to_owned(),
        });
    }
    url.set_fragment(None);
    Ok(url)
}

/// The API's own host as an `https` URL without a path.
fn parse_api_host(value: &str) -> Result<Url, EndpointError> {
    let invalid = || EndpointError::InvalidApiHost { value: shown(value) };
    if value.is_empty() || value.contains(['/', '\\', '?', '#', '@']) {
        return Err(invalid());
    }
    let mut url = Url::parse(&format!("https://{value}")).map_err(|_| invalid())?;
    set_role(&mut url, Role::Http);
    Ok(url)
}

/// A given URL without what may be secret in it, for messages.
fn shown(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let text = text
        .rsplit_once('@')
        .map_or(text.to_owned(), |(_, rest)| format!("…@{rest}"));
    text.chars().take(200).collect()
}

fn kind_of(url: &Url) -> ApiKind {
    let path = url.path().trim_end_matches('/');
    match path.strip_suffix(REALTIME_SEGMENT).unwrap_or(path).ends_with("/event") {
        true => ApiKind::Events,
        false => ApiKind::GraphQL,
    }
}

/// Makes good what cannot be meant on a host of AWS, whose paths are known.
fn tidy(url: &mut Url, kind: ApiKind) {
    if !matches!(place_of(url), Some(Place::Aws | Place::VpcEndpoint)) {
        return;
    }
    let path = url.path().trim_end_matches('/').to_owned();
    match (path.as_str(), kind) {
        ("", ApiKind::GraphQL) => url.set_path("/graphql"),
        ("", ApiKind::Events) => url.set_path("/event"),
        (path, _) => url.set_path(path),
    }
}

/// The HTTP URL of an API whose realtime or HTTP URL is given.
fn http_from(given: &Url, kind: ApiKind) -> Url {
    let mut url = given.clone();
    let path = path_without_realtime(given);
    let known = appsync_host(given);
    let realtime =
        given.scheme().starts_with("ws") || known.is_some_and(|host| host.role == Role::Realtime || path.is_some());
    if realtime {
        set_scheme(
            &mut url,
            if matches!(given.scheme(), "wss" | "https") {
                "https"
            } else {
                "http"
            },
        );
        set_role(&mut url, Role::Http);
        url.set_path(path.unwrap_or(given.path()));
        url.set_query(query_without_header_object(given).as_deref());
    }
    tidy(&mut url, kind);
    url
}

/// The path before a last segment `realtime`, which no HTTP path of AppSync has; elsewhere it goes but once, since
/// another server is free to name its paths as it likes.
fn path_without_realtime(url: &Url) -> Option<&str> {
    let strip = |path: &str| path.trim_end_matches('/').strip_suffix(REALTIME_SEGMENT).map(str::len);
    let mut path = &url.path()[..strip(url.path())?];
    while let Some(length) = strip(path).filter(|_| appsync_host(url).is_some()) {
        path = &path[..length];
    }
    Some(path)
}

fn realtime_from(http: &Url, kind: ApiKind) -> Url {
    let mut url = http.clone();
    set_scheme(&mut url, if http.scheme() == "https" { "wss" } else { "ws" });
    set_role(&mut url, Role::Realtime);
    if kind == ApiKind::Events || place_of(http).is_none() {
        append(&mut url, REALTIME_SEGMENT);
    }
    url.set_query(query_without_header_object(http).as_deref());
    url
}

fn default_carrier(realtime: &Url, kind: ApiKind) -> HeaderCarrier {
    match (place_of(realtime), kind) {
        // AWS documents nothing else for VPC endpoints, and for Events nothing but the subprotocol.
        (Some(Place::VpcEndpoint), ApiKind::GraphQL) => HeaderCarrier::Query,
        _ => HeaderCarrier::Subprotocol,
    }
}

fn appsync_host(url: &Url) -> Option<AppSyncHost<'_>> {
    url.host_str().and_then(host::parse)
}

fn place_of(url: &Url) -> Option<Place> {
    appsync_host(url).map(|host| host.place)
}

fn region_of(url: &Url) -> Option<String> {
    appsync_host(url).and_then(|host| host.region).map(str::to_owned)
}

fn append(url: &mut Url, segment: &str) {
    let path = format!("{}{segment}", url.path().trim_end_matches('/'));
    url.set_path(&path);
}

fn set_role(url: &mut Url, role: Role) {
    let Some(host) = url.host_str().map(|host| host::in_role(host, role)) else {
        return;
    };
    url.set_host(Some(&host))
        .expect("a host name with one label changed is a host name");
}

fn set_scheme(url: &mut Url, scheme: &str) {
    url.set_scheme(scheme)
        .expect("http, https, ws and wss may replace one another");
}

/// Gives `url` the host and port of `other`.
fn move_to(url: &mut Url, other: &Url) {
    url.set_host(other.host_str()).expect("the host comes from a URL");
    url.set_port(other.port()).expect("a URL with a host may have a port");
}
