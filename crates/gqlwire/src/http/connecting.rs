//! The HTTP client underneath: how it reaches servers.

use std::net::SocketAddr;
#[cfg(unix)]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use hyper_util::client::legacy::connect::HttpConnector;
use url::Url;

#[cfg(feature = "cookies")]
use super::cookies::Cookies;
use super::dial::Dialer;
use super::is_loopback;
use super::proxy::{Proxies, Proxy, ProxyKind, SetBy};
#[cfg(feature = "tls")]
use super::tls::{self, Tls};
use super::way::{OnTheWay, Way};
use crate::builder::{DEFAULT_CONNECT_TIMEOUT, DEFAULT_TCP_USER_TIMEOUT};
use crate::{Error, HttpVersion};

/// How long a connection may be silent before the system asks whether the other side is still there, and how long it
/// waits between such questions. It also keeps the entries of routers and gateways that forget silent connections.
const TCP_KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How many such questions may stay without an answer, where [`ConnectOptions::tcp_user_timeout`] does not decide.
const TCP_KEEP_ALIVES: u32 = 3;

/// Who asks, where the caller sets no `User-Agent`.
pub(super) const USER_AGENT: &str = concat!("gqlwire/", env!("CARGO_PKG_VERSION"));

/// Which requests a client is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Requests,
    /// Credentials of a container or an instance: never through a proxy, which would be asked for its own.
    #[cfg(feature = "aws")]
    Metadata,
    /// A request whose `Host` is not the URL's: HTTP/2 has the URL's authority in its place.
    #[cfg(feature = "appsync")]
    OtherHost,
    /// A connection that negotiated HTTP/2 cannot become a websocket.
    #[cfg(feature = "websocket")]
    Sockets,
}

/// What all HTTP clients of one [`Client`](crate::Client) have in common.
#[derive(Clone, Debug)]
pub(crate) struct ConnectOptions {
    pub(crate) timeout: Duration,
    /// How long what was sent may stay without the other side's acknowledgement, on platforms that have such a limit.
    pub(crate) tcp_user_timeout: Duration,
    pub(crate) proxies: Proxies,
    /// Hosts whose address is given, not looked up.
    pub(crate) pins: Vec<(String, SocketAddr)>,
    #[cfg(unix)]
    pub(crate) unix_socket: Option<PathBuf>,
    pub(crate) http_version: HttpVersion,
    #[cfg(feature = "tls")]
    pub(crate) tls: Tls,
    #[cfg(feature = "compression")]
    pub(crate) compression: bool,
    #[cfg(feature = "cookies")]
    pub(crate) cookies: Option<Arc<Cookies>>,
    /// What requests go through in place of a client that is built here.
    #[cfg(feature = "reqwest-0_13")]
    pub(crate) given: Option<reqwest::Client>,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            timeout: DEFAULT_CONNECT_TIMEOUT,
            tcp_user_timeout: DEFAULT_TCP_USER_TIMEOUT,
            proxies: Proxies::default(),
            pins: Vec::new(),
            #[cfg(unix)]
            unix_socket: None,
            http_version: HttpVersion::default(),
            #[cfg(feature = "tls")]
            tls: Tls::default(),
            #[cfg(feature = "compression")]
            compression: false,
            #[cfg(feature = "cookies")]
            cookies: None,
            #[cfg(feature = "reqwest-0_13")]
            given: None,
        }
    }
}

impl ConnectOptions {
    /// The proxy between here and this URL, if the connection is made here.
    pub(crate) fn proxy_to(&self, url: &Url) -> Option<Proxy> {
        #[cfg(unix)]
        if self.unix_socket.is_some() {
            return None;
        }
        // Who names an address wants that one, whatever happens to be in the environment.
        let is_pinned = self.pin(url).is_some() && matches!(self.proxies, Proxies::Environment);
        if is_pinned {
            None
        } else {
            self.proxies.on_the_way_to(url)
        }
    }

    /// Says what of this contradicts itself, or needs what is not compiled in.
    fn check(&self, url: &Url) -> Result<(), Error> {
        let proxy = self.proxy_to(url);
        #[cfg(unix)]
        if self.unix_socket.is_some() && matches!(self.proxies, Proxies::Set(_)) {
            return Err(Error::config(
                "a proxy and a unix socket are both set, and a connection takes one of the two: leave out either",
            ));
        }
        let Some(proxy) = proxy else { return Ok(()) };
        proxy.check()?;
        match self.pin(url) {
            Some((host, _)) if !proxy.takes_addresses() => Err(Error::config(format!(
                "the address of {host} is given, and the proxy {proxy} looks names up by itself, so that it would be of no \
                 effect: leave out either, or use a socks5 proxy"
            ))),
            _ => Ok(()),
        }
    }

    /// Whether what goes to this URL without TLS leaves this machine though the URL itself is on it.
    pub(crate) fn leaves_loopback(&self, url: &Url) -> bool {
        let Some(proxy) = self.proxy_to(url).filter(|_| is_loopback(url)) else {
            return false;
        };
        // Only of the schemes that it knows does the URL's parser tell addresses from names.
        let proxy = Url::parse(&format!("http://{}/", proxy.uri().host().unwrap_or_default()));
        matches!(url.scheme(), "http" | "ws") && !proxy.is_ok_and(|proxy| is_loopback(&proxy))
    }

    /// Says of an answer that the proxy may have given it, where that is handed requests instead of making a tunnel.
    pub(crate) fn forwarded(&self, url: &Url, status: StatusCode) -> String {
        let may_be_its_own =
            status.is_server_error() || matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        if !may_be_its_own || url.scheme() != "http" {
            return String::new();
        }
        match self.proxy_to(url) {
            Some(proxy) if proxy.kind() == ProxyKind::Http => {
                format!("; the request went through the proxy {proxy}, which may be what answered")
            }
            _ => String::new(),
        }
    }

    fn pin(&self, url: &Url) -> Option<&(String, SocketAddr)> {
        let host = url.host_str()?;
        self.pins.iter().find(|(name, _)| name.eq_ignore_ascii_case(host))
    }

    /// The same for connections that are made by hand as for those of [`client`].
    pub(super) fn set_tcp(&self, tcp: &mut HttpConnector) {
        tcp.set_keepalive(Some(TCP_KEEP_ALIVE));
        tcp.set_keepalive_interval(Some(TCP_KEEP_ALIVE));
        tcp.set_keepalive_retries(Some(TCP_KEEP_ALIVES));
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        tcp.set_tcp_user_timeout(Some(self.tcp_user_timeout.min(LONGEST_USER_TIMEOUT)));
    }
}

/// The system takes milliseconds as a signed number of 32 bits.
#[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
const LONGEST_USER_TIMEOUT: Duration = Duration::from_millis(i32::MAX as u64);

/// A reqwest client for URLs like this one.
pub(crate) fn client(url: &Url, purpose: Purpose, connect: &ConnectOptions) -> Result<reqwest::Client, Error> {
    #[cfg(feature = "reqwest-0_13")]
    if let (Some(given), Purpose::Requests) = (&connect.given, purpose) {
        return Ok(given.clone());
    }
    connect.check(url)?;
    let proxy = connect.proxy_to(url);
    let builder = reqwest::Client::builder()
        // A redirect would carry the credentials to another origin, and post a mutation a second time.
        .redirect(reqwest::redirect::Policy::none())
        .tcp_keepalive(TCP_KEEP_ALIVE)
        .tcp_keepalive_interval(TCP_KEEP_ALIVE)
        .tcp_keepalive_retries(TCP_KEEP_ALIVES)
        // reqwest asks for whatever is compiled into it, if need be by another crate.
        .no_brotli()
        .no_deflate()
        .no_gzip()
        .no_zstd()
        .user_agent(USER_AGENT);
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    let builder = builder.tcp_user_timeout(connect.tcp_user_timeout.min(LONGEST_USER_TIMEOUT));
    #[cfg(feature = "compression")]
    let builder = match (purpose, connect.compression) {
        (Purpose::Requests, true) => builder.brotli(true).gzip(true).zstd(true),
        #[cfg(feature = "appsync")]
        (Purpose::OtherHost, true) => builder.brotli(true).gzip(true).zstd(true),
        _ => builder,
    };
    #[cfg(feature = "cookies")]
    let builder = match &connect.cookies {
        Some(cookies) => builder.cookie_provider(Arc::clone(cookies)),
        None => builder,
    };
    let builder = pinned(builder, connect);
    #[cfg(unix)]
    let builder = match &connect.unix_socket {
        Some(path) => builder.unix_socket(path.as_path()),
        None => builder,
    };
    let versions = Versions::of(purpose, connect.http_version)?;
    let builder = match versions {
        Versions::Any => builder,
        Versions::Http1 => builder.http1_only(),
        Versions::Http2 => builder.http2_prior_knowledge(),
    };
    let builder = through(builder, url, purpose, connect, proxy.as_ref())?;
    #[cfg(feature = "tls")]
    let builder = {
        let mut config = match matches!(url.scheme(), "https" | "wss") || is_https(proxy.as_ref()) {
            true => connect.tls.config()?,
            false => tls::without_roots()?,
        };
        config.alpn_protocols = versions.alpn();
        builder.tls_backend_preconfigured(config)
    };
    #[cfg(not(feature = "tls"))]
    if matches!(url.scheme(), "https" | "wss") {
        return Err(Error::config(format!(
            "{} needs TLS, and none is compiled in: enable the feature `rustls` or `ring`",
            url.scheme()
        )));
    }
    builder
        .build()
        .map_err(|error| Error::config("the HTTP client cannot be built").with_source(error.without_url()))
}

fn pinned(builder: reqwest::ClientBuilder, connect: &ConnectOptions) -> reqwest::ClientBuilder {
    let pins = connect.pins.iter();
    pins.fold(builder, |builder, (host, address)| builder.resolve(host, *address))
}

/// Sets the way that connections take, and who explains where on it they fail.
fn through(
    builder: reqwest::ClientBuilder,
    url: &Url,
    purpose: Purpose,
    connect: &ConnectOptions,
    proxy: Option<&Proxy>,
) -> Result<reqwest::ClientBuilder, Error> {
    #[cfg(feature = "aws")]
    if let Purpose::Metadata = purpose {
        return Ok(builder.no_proxy().connect_timeout(connect.timeout));
    }
    let _ = purpose;
    let dialer = match proxy {
        Some(proxy) if proxy.kind() == ProxyKind::Http => Some(Arc::new(Dialer::new(proxy, connect)?)),
        _ => None,
    };
    let way = Way::new(proxy.cloned(), url, dialer, connect.timeout);
    #[cfg(unix)]
    let way = way.at_socket(connect.unix_socket.as_deref());
    let builder = builder.connector_layer(OnTheWay(Arc::new(way)));
    let set = |error: reqwest::Error| Error::config(format!("the proxy cannot be used: {}", error.without_url()));
    Ok(match (&connect.proxies, proxy) {
        (Proxies::Set(url), Some(_)) => builder.proxy(reqwest::Proxy::all(url.clone()).map_err(set)?),
        // What reqwest finds in the environment is what was found here, for every host.
        (_, Some(proxy)) if proxy.set_by() == SetBy::Environment => builder,
        (Proxies::Environment, None) if !is_loopback(url) && connect.pin(url).is_none() => builder,
        _ => builder.no_proxy(),
    })
}

#[cfg(feature = "tls")]
fn is_https(proxy: Option<&Proxy>) -> bool {
    proxy.is_some_and(|proxy| proxy.uri().scheme_str() == Some("https"))
}

/// The versions of HTTP that a connection may speak.
#[derive(Clone, Copy)]
enum Versions {
    Any,
    Http1,
    Http2,
}

impl Versions {
    fn of(purpose: Purpose, asked: HttpVersion) -> Result<Self, Error> {
        Ok(match (purpose, asked) {
            #[cfg(feature = "websocket")]
            (Purpose::Sockets, _) => Self::Http1,
            #[cfg(feature = "appsync")]
            (Purpose::OtherHost, HttpVersion::Http2PriorKnowledge) => {
                return Err(Error::config(
                    "an API that is reached by another host's name is told apart by `Host`, which HTTP/2 has not: it takes \
                     `HttpVersion::Auto` or `Http1`",
                ));
            }
            #[cfg(feature = "appsync")]
            (Purpose::OtherHost, _) => Self::Http1,
            #[cfg(feature = "aws")]
            (Purpose::Metadata, _) => Self::Http1,
            (Purpose::Requests, HttpVersion::Auto) => Self::Any,
            (Purpose::Requests, HttpVersion::Http1) => Self::Http1,
            (Purpose::Requests, HttpVersion::Http2PriorKnowledge) => Self::Http2,
        })
    }

    /// What TLS offers of them.
    #[cfg(feature = "tls")]
    fn alpn(self) -> Vec<Vec<u8>> {
        let names: &[&[u8]] = match self {
            Self::Any => &[b"h2", b"http/1.1"],
            Self::Http1 => &[b"http/1.1"],
            Self::Http2 => &[b"h2"],
        };
        names.iter().map(|name| name.to_vec()).collect()
    }
}
