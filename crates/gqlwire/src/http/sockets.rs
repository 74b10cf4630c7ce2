//! What opens websockets: an HTTP client of one version, and a tunnel where that client would not make one.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Uri};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tower_service::Service;
use url::Url;

use super::connecting::{ConnectOptions, Purpose, USER_AGENT, client};
use super::dial::{Dialer, Tunnelled};
use super::proxy::{Proxy, ProxyKind};
use super::way::{BoxError, Stop, WayError, authority};
use super::{connect_error, way_error};
use crate::{Error, ErrorKind};

/// Sends the requests that become websockets.
#[derive(Clone, Debug)]
pub(crate) enum SocketClient {
    Direct(reqwest::Client),
    Tunnelled(Box<TunnelClient>),
}

/// For targets without TLS behind an HTTP proxy.
#[derive(Clone)]
pub(crate) struct TunnelClient {
    client: legacy::Client<Tunnelling, reqwest::Body>,
    #[cfg(feature = "cookies")]
    cookies: Option<Arc<super::cookies::Cookies>>,
}

/// One for websockets of URLs like this.
pub(crate) fn sockets(url: &Url, connect: &ConnectOptions) -> Result<SocketClient, Error> {
    let direct = client(url, Purpose::Sockets, connect)?;
    let proxy = connect.proxy_to(url).filter(|proxy| proxy.kind() == ProxyKind::Http);
    let Some(proxy) = proxy.filter(|_| matches!(url.scheme(), "ws" | "http")) else {
        return Ok(SocketClient::Direct(direct));
    };
    let tunnelling = Tunnelling {
        dialer: Arc::new(Dialer::new(&proxy, connect)?),
        proxy,
        authority: authority(url),
        timeout: connect.timeout,
    };
    Ok(SocketClient::Tunnelled(Box::new(TunnelClient {
        // What has become a websocket is none of the client's any more, and a refusal is not worth keeping open.
        client: legacy::Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build(tunnelling),
        #[cfg(feature = "cookies")]
        cookies: connect.cookies.clone(),
    })))
}

impl SocketClient {
    /// The answer to a `GET` with these headers of an `http` or `https` URL; `shown` is how errors know it.
    pub(crate) async fn get(&self, url: Url, headers: HeaderMap, shown: &Url) -> Result<reqwest::Response, Error> {
        match self {
            Self::Direct(client) => {
                let sent = client.get(url).headers(headers).send().await;
                sent.map_err(|error| connect_error(error, shown, 0))
            }
            Self::Tunnelled(tunnelled) => tunnelled.get(url, headers, shown).await,
        }
    }
}

impl TunnelClient {
    async fn get(&self, url: Url, headers: HeaderMap, shown: &Url) -> Result<reqwest::Response, Error> {
        let mut request = http::Request::new(reqwest::Body::default());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = url
            .as_str()
            .parse()
            .map_err(|error| Error::request("this URL cannot be asked for").with_source(error))?;
        *request.headers_mut() = headers;
        let name = HeaderValue::from_static(USER_AGENT);
        request.headers_mut().entry(http::header::USER_AGENT).or_insert(name);
        #[cfg(feature = "cookies")]
        if let Some(cookies) = &self.cookies
            && !request.headers().contains_key(http::header::COOKIE)
            && let Some(kept) = reqwest::cookie::CookieStore::cookies(&**cookies, &url)
        {
            request.headers_mut().insert(http::header::COOKIE, kept);
        }
        let response = self.client.request(request).await.map_err(|error| {
            way_error(&error, shown)
                .unwrap_or_else(|| {
                    let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
                    Error::new(
                        ErrorKind::Disconnected,
                        format!("the connection to {} broke: {why}", authority(shown)),
                    )
                })
                .with_source(error)
        })?;
        #[cfg(feature = "cookies")]
        if let Some(cookies) = &self.cookies {
            let mut set = response.headers().get_all(http::header::SET_COOKIE).iter();
            reqwest::cookie::CookieStore::set_cookies(&**cookies, &mut set, &url);
        }
        Ok(response.map(reqwest::Body::wrap).into())
    }
}

impl fmt::Debug for TunnelClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TunnelClient").finish_non_exhaustive()
    }
}

/// Connects to one place through one proxy.
#[derive(Clone)]
struct Tunnelling {
    dialer: Arc<Dialer>,
    proxy: Proxy,
    authority: String,
    timeout: Duration,
}

impl Service<Uri> for Tunnelling {
    type Response = TokioIo<Tunnelled>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let dialled = this.dialer.dial(&this.proxy, &this.authority);
            match tokio::time::timeout(this.timeout, dialled).await {
                Ok(dialled) => Ok(TokioIo::new(dialled?)),
                Err(_) => Err(WayError::new(Some(this.proxy), Stop::TooLong(this.timeout), None).into()),
            }
        })
    }
}
