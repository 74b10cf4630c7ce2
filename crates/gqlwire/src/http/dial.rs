//! Tunnels through HTTP proxies that are opened by hand, for what the HTTP client does not do: a websocket without TLS
//! needs one, and it would send the handshake to the proxy as a request to forward, which many proxies do not upgrade.

use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tower_service::Service;

use super::connecting::ConnectOptions;
use super::proxy::Proxy;
use super::tunnel;
use super::way::{Refused, Stop, WayError};
use crate::Error;

/// Reaches HTTP proxies, and the far end of the tunnels that they make.
pub(super) struct Dialer {
    tcp: HttpConnector,
    pins: Vec<(String, SocketAddr)>,
    #[cfg(feature = "tls")]
    tls: Option<tokio_rustls::TlsConnector>,
}

/// A stream to a target, with a proxy in between.
pub(super) struct Tunnelled(Box<dyn Stream>);

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Dialer {
    /// One for this proxy.
    pub(super) fn new(proxy: &Proxy, connect: &ConnectOptions) -> Result<Self, Error> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        connect.set_tcp(&mut tcp);
        #[cfg(feature = "tls")]
        let tls = match proxy.uri().scheme_str() {
            Some("https") => Some(tokio_rustls::TlsConnector::from(std::sync::Arc::new(
                connect.tls.config()?,
            ))),
            _ => None,
        };
        #[cfg(not(feature = "tls"))]
        let _ = proxy;
        Ok(Self {
            tcp,
            pins: connect.pins.clone(),
            #[cfg(feature = "tls")]
            tls,
        })
    }

    /// A tunnel through this proxy to `host:port`.
    pub(super) async fn dial(&self, proxy: &Proxy, authority: &str) -> Result<Tunnelled, WayError> {
        let mut stream = self.reach(proxy).await?;
        match tunnel::open(&mut stream.0, authority, proxy.basic_auth()).await {
            Ok(()) => Ok(stream),
            Err(refusal) => Err(WayError::new(
                Some(proxy.clone()),
                Stop::ByProxy(Refused::from(refusal)),
                None,
            )),
        }
    }

    async fn reach(&self, proxy: &Proxy) -> Result<Tunnelled, WayError> {
        let lost = |error: super::way::BoxError| WayError::new(Some(proxy.clone()), Stop::AtProxy, Some(error));
        let stream = self.tcp.clone().call(self.pinned(proxy.uri())).await;
        let stream = stream.map_err(|error| lost(error.into()))?.into_inner();
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            let host = proxy.uri().host().unwrap_or_default();
            let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
            let name = rustls::pki_types::ServerName::try_from(host).map_err(|error| lost(error.into()))?;
            let stream = tls.connect(name, stream).await.map_err(|error| lost(error.into()))?;
            return Ok(Tunnelled(Box::new(stream)));
        }
        Ok(Tunnelled(Box::new(stream)))
    }

    /// Where the proxy's own name is pinned, there.
    fn pinned(&self, uri: &http::Uri) -> http::Uri {
        let host = uri.host().unwrap_or_default();
        let Some((_, address)) = self.pins.iter().find(|(name, _)| name.eq_ignore_ascii_case(host)) else {
            return uri.clone();
        };
        let mut address = *address;
        if let Some(port) = uri.port_u16() {
            address.set_port(port);
        }
        let scheme = uri.scheme_str().unwrap_or("http");
        format!("{scheme}://{address}/").parse().unwrap_or_else(|_| uri.clone())
    }
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer").finish_non_exhaustive()
    }
}

impl AsyncRead for Tunnelled {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Tunnelled {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// What is in the tunnel is the target's, and is spoken to as if there were none.
impl Connection for Tunnelled {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}
