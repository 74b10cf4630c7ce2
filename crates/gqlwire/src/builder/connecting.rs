//! How servers are reached: by which way, as whom, and in which version of HTTP.

use std::net::SocketAddr;
#[cfg(unix)]
use std::path::PathBuf;

use super::*;
use crate::http::Proxies;
use crate::{HttpVersion, RetryBudget};

impl ClientBuilder {
    /// Sends everything through this proxy, requests and websockets, whatever the environment says; also what is for this
    /// machine, which a proxy of the environment is never given.
    ///
    /// `http://` and `https://` are proxies that are spoken to in HTTP, over TLS for the second; a URL without a scheme
    /// is the first. `socks5://` is SOCKS with names resolved here, `socks5h://` with names resolved by the proxy (both
    /// with the feature `socks`, as are `socks4://` and `socks4a://`). User and password go into the URL,
    /// percent-encoded, and appear in no error and no log.
    ///
    /// TLS and websockets go through an HTTP proxy in a tunnel (`CONNECT`). Requests without TLS are handed to it, and it
    /// reads them.
    pub fn proxy(mut self, url: impl AsRef<str>) -> Self {
        match Proxies::set(url.as_ref()) {
            Ok(proxies) => self.connect.proxies = proxies,
            Err(error) => {
                self.first_error.get_or_insert(error);
            }
        }
        self
    }

    /// Uses no proxy, whatever the environment says.
    ///
    /// Without this and without [`proxy`](Self::proxy) it is `HTTPS_PROXY` for `https` and `wss`, `HTTP_PROXY` for `http`
    /// and `ws`, `ALL_PROXY` for both where the other is not set, and `NO_PROXY` for exceptions, each also in small
    /// letters; on macOS and Windows what the system has set, where the environment has nothing. What is for this machine
    /// goes through none of these.
    pub fn no_proxy(mut self) -> Self {
        self.connect.proxies = Proxies::Never;
        self
    }

    /// Gives the address of a host, in place of looking it up.
    ///
    /// TLS and the `Host` header keep the name. The address's port counts where the URL names none, unless it is 0; a
    /// URL's own port always does. A host with a given address goes through no proxy of the environment; through one that
    /// is set with [`proxy`](Self::proxy) only if that takes addresses (`socks5://`), or else [`build`](Self::build)
    /// fails. The proxy's own name may be given an address, too.
    pub fn resolve(mut self, host: impl Into<String>, address: SocketAddr) -> Self {
        self.connect.pins.push((host.into(), address));
        self
    }

    /// Connects to this unix domain socket, requests and websockets, whatever host the URL names; no proxy is used.
    ///
    /// TLS is spoken on it if the URL says `https` or `wss`. Nothing on it leaves this machine, and so credentials may go
    /// without TLS.
    #[cfg(unix)]
    pub fn unix_socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.connect.unix_socket = Some(path.into());
        self
    }

    /// Which version of HTTP requests are sent in; by default HTTP/2 where TLS agrees on it, otherwise HTTP/1.1.
    pub fn http_version(mut self, version: HttpVersion) -> Self {
        self.connect.http_version = version;
        self
    }

    /// Shows this certificate to servers that ask who this client is, requests and websockets.
    ///
    /// Both are PEM. The certificate comes first, then those of the authorities that signed it, if the server does not
    /// know them; the key is PKCS#8, PKCS#1 or SEC1, and not encrypted. Both may lie in one text, which is then given
    /// twice. What cannot be used is reported by [`build`](Self::build).
    #[cfg(feature = "tls")]
    pub fn client_certificate(mut self, certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        match crate::http::tls::read_identity(certificate.as_ref(), key.as_ref()) {
            Ok(identity) => self.connect.tls.set_identity(identity),
            Err(error) => {
                self.first_error.get_or_insert(error);
            }
        }
        self
    }

    /// Takes whatever certificate a server shows, expired or another's: **anyone on the way can read and change
    /// everything**, credentials included.
    ///
    /// It is for looking into what is wrong with a server. For a certificate of one's own authority there is
    /// [`add_root_certificate`](Self::add_root_certificate). A client that is built so says so in the log.
    #[cfg(feature = "tls")]
    pub fn danger_accept_invalid_certificates(mut self) -> Self {
        self.connect.tls.accept_invalid();
        self
    }

    /// Keeps the cookies that the server sets, and sends them back with requests and with websocket handshakes.
    ///
    /// They live as long as the client, and are the client's own: others know nothing of them. At most 200 are kept.
    #[cfg(feature = "cookies")]
    pub fn cookies(mut self) -> Self {
        self.keep_cookies = true;
        self
    }

    /// Asks for compressed answers (gzip, brotli, zstd), and decompresses them.
    ///
    /// It saves the network and costs processor time. [`max_response_size`](Self::max_response_size) counts what comes out
    /// of it. Without this nothing is asked for, whatever else is compiled in.
    #[cfg(feature = "compression")]
    pub fn compression(mut self) -> Self {
        self.connect.compression = true;
        self
    }

    /// Sends requests through this reqwest client, as it was set up: its proxies, TLS, cookies and compression count, and
    /// of this builder's settings for connections none.
    ///
    /// Websockets take the settings of this builder all the same, for a client that negotiates HTTP/2 cannot open them;
    /// so do requests to an AppSync API by another host's name. Timeouts, retries, limits and headers are this builder's.
    ///
    /// Give it a client that follows no redirects: `reqwest::redirect::Policy::none()`. One that followed a redirect has
    /// sent the request, and perhaps credentials, to another place before anything can be said about it; the answer from
    /// there is refused.
    #[cfg(feature = "reqwest-0_13")]
    pub fn reqwest_client(mut self, client: reqwest::Client) -> Self {
        self.connect.given = Some(client);
        self
    }

    /// How many attempts after the first all calls of the client may make between them; by default a fifth of the calls,
    /// and 10 a second besides.
    pub fn retry_budget(mut self, budget: RetryBudget) -> Self {
        self.retry_budget = budget;
        self
    }

    /// What is decided once all settings are known.
    pub(super) fn settle_connections(&mut self) {
        #[cfg(feature = "cookies")]
        {
            // Not before: clients of cloned builders have nothing to do with each other.
            self.connect.cookies = self.keep_cookies.then(Arc::default);
        }
        #[cfg(unix)]
        if self.connect.unix_socket.is_some() {
            self.allow_plaintext_credentials = true;
        }
        #[cfg(feature = "tls")]
        if self.connect.tls.accepts_invalid() {
            tracing::warn!(
                "certificates of servers are not checked (danger_accept_invalid_certificates): anyone on the way can read \
                 and change what is sent"
            );
        }
    }

    /// Fails where credentials for this machine would leave it in clear text.
    pub(super) fn check_way(&self, url: &Url) -> Result<(), Error> {
        if self.allow_plaintext_credentials || !self.connect.leaves_loopback(url) {
            return Ok(());
        }
        Err(Error::config(format!(
            "{} is on this machine, and the proxy that is set is not: everything would go unencrypted to another machine; \
             leave out the proxy, or say so explicitly (danger_allow_plaintext_credentials)",
            Shown::of(url)
        )))
    }
}
