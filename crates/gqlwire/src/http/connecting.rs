//! The HTTP client underneath: how it reaches servers.

use std::time::Duration;

use url::Url;

use super::is_loopback;
#[cfg(feature = "tls")]
use super::tls;
use crate::Error;
use crate::builder::{DEFAULT_CONNECT_TIMEOUT, DEFAULT_TCP_USER_TIMEOUT};

/// How long a connection may be silent before the system asks whether the other side is still there, and how long it
/// waits between such questions. It also keeps the entries of routers and gateways that forget silent connections.
const TCP_KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How many such questions may stay without an answer, where [`ConnectOptions::tcp_user_timeout`] does not decide.
const TCP_KEEP_ALIVES: u32 = 3;

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
    /// Certificates trusted besides the system's, in DER.
    #[cfg(feature = "tls")]
    pub(crate) roots: Vec<rustls::pki_types::CertificateDer<'static>>,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            timeout: DEFAULT_CONNECT_TIMEOUT,
            tcp_user_timeout: DEFAULT_TCP_USER_TIMEOUT,
            #[cfg(feature = "tls")]
            roots: Vec::new(),
        }
    }
}

/// A reqwest client for URLs like this one.
pub(crate) fn client(url: &Url, purpose: Purpose, connect: &ConnectOptions) -> Result<reqwest::Client, Error> {
    let builder = reqwest::Client::builder()
        // A redirect would carry the credentials to another origin, and post a mutation a second time.
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(connect.timeout)
        .tcp_keepalive(TCP_KEEP_ALIVE)
        .tcp_keepalive_interval(TCP_KEEP_ALIVE)
        .tcp_keepalive_retries(TCP_KEEP_ALIVES)
        .user_agent(concat!("gqlwire/", env!("CARGO_PKG_VERSION")));
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    // The system takes milliseconds as a signed number of 32 bits.
    let builder = builder.tcp_user_timeout(connect.tcp_user_timeout.min(Duration::from_millis(i32::MAX as u64)));
    let builder = match purpose {
        Purpose::Requests => builder,
        #[cfg(feature = "aws")]
        Purpose::Metadata => builder.no_proxy(),
        #[cfg(feature = "appsync")]
        Purpose::OtherHost => builder.http1_only(),
        #[cfg(feature = "websocket")]
        Purpose::Sockets => builder.http1_only(),
    };
    // What is for this machine must not leave it: a proxy would be given the credentials, in clear text, and reach
    // its own loopback.
    let builder = if is_loopback(url) { builder.no_proxy() } else { builder };
    #[cfg(feature = "tls")]
    let builder = {
        let secure = matches!(url.scheme(), "https" | "wss");
        let mut config = match secure {
            true if connect.roots.is_empty() => tls::config()?,
            true => tls::config_with(&connect.roots)?,
            false => tls::without_roots()?,
        };
        config.alpn_protocols = match purpose {
            Purpose::Requests => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            #[cfg(feature = "websocket")]
            _ => vec![b"http/1.1".to_vec()],
        };
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
