//! The way to a server: itself, or a proxy and then the server. When a connection fails, it says at which of the two.

use std::error::Error as StdError;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tower_layer::Layer;
use tower_service::Service;
use url::Url;

use super::dial::Dialer;
use super::proxy::{Proxy, ProxyKind};
use super::tunnel::Refusal;

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

/// The way from here to one place.
#[derive(Clone, Debug)]
pub(super) struct Way {
    proxy: Option<Proxy>,
    /// Whether an HTTP proxy makes a tunnel; without TLS it is handed each request instead.
    is_tunnel: bool,
    /// Asks the proxy itself, where what the HTTP client says of its answer is too little.
    dialer: Option<Arc<Dialer>>,
    authority: String,
    /// The unix socket that is connected to in place of the host.
    socket: Option<String>,
    timeout: Duration,
}

/// Why there is no connection, and where on the way.
#[derive(Debug)]
pub(crate) struct WayError {
    pub(crate) proxy: Option<Proxy>,
    pub(crate) socket: Option<String>,
    pub(crate) stop: Stop,
    source: Option<BoxError>,
}

/// Where a connection ended before there was one.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It took too long, and where cannot be told.
    TooLong(Duration),
    /// The proxy cannot be reached.
    AtProxy,
    /// The proxy was reached, and refused with these words.
    ByProxy(Refused),
    /// Where there is a proxy, behind it.
    AtTarget,
}

/// How a proxy refused.
#[derive(Debug)]
pub(crate) enum Refused {
    /// It wants credentials, or others.
    Credentials,
    /// It says that it cannot reach the target.
    Unreachable(String),
    /// It does not want to.
    Denied(String),
    /// It speaks something else.
    Odd(String),
}

impl Way {
    pub(super) fn new(proxy: Option<Proxy>, url: &Url, dialer: Option<Arc<Dialer>>, timeout: Duration) -> Self {
        Self {
            proxy,
            is_tunnel: matches!(url.scheme(), "https" | "wss"),
            dialer,
            authority: authority(url),
            socket: None,
            timeout,
        }
    }

    #[cfg(unix)]
    pub(super) fn at_socket(mut self, path: Option<&std::path::Path>) -> Self {
        self.socket = path.map(|path| path.display().to_string());
        self
    }

    fn error(&self, stop: Stop, source: Option<BoxError>) -> WayError {
        let socket = self.socket.clone();
        WayError {
            socket,
            ..WayError::new(self.proxy.clone(), stop, source)
        }
    }

    async fn explain(&self, error: BoxError) -> WayError {
        let stop = match &self.proxy {
            None => Stop::AtTarget,
            Some(proxy) if proxy.kind() == ProxyKind::Socks => socks_stop(&*error),
            Some(_) if !self.is_tunnel => Stop::AtProxy,
            Some(proxy) => match text_with(&*error, "tunnel error: ").as_deref() {
                Some("proxy authorization required") => Stop::ByProxy(Refused::Credentials),
                Some("failed to create underlying connection") => Stop::AtProxy,
                // The HTTP client does not tell what the proxy answered: it is asked once more.
                Some(odd) => match &self.dialer {
                    None => Stop::ByProxy(Refused::Odd(odd.to_owned())),
                    Some(dialer) => match dialer.dial(proxy, &self.authority).await {
                        Err(error) => return error,
                        Ok(_) => Stop::ByProxy(Refused::Unreachable("it opens the tunnel only now".to_owned())),
                    },
                },
                None => Stop::AtTarget,
            },
        };
        self.error(stop, Some(error))
    }
}

impl WayError {
    pub(super) fn new(proxy: Option<Proxy>, stop: Stop, source: Option<BoxError>) -> Self {
        Self {
            proxy,
            socket: None,
            stop,
            source,
        }
    }
}

/// `host:port`, as a proxy is asked for it.
pub(super) fn authority(url: &Url) -> String {
    let port = url.port_or_known_default().unwrap_or(match url.scheme() {
        "wss" => 443,
        _ => 80,
    });
    format!("{}:{port}", url.host_str().unwrap_or_default())
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let says = refusal.to_string();
        match refusal {
            // tinyproxy answers 407 where there are no credentials, and 401 where there are wrong ones.
            Refusal::Status(status, _) if matches!(status.as_u16(), 401 | 407) => Self::Credentials,
            Refusal::Status(status, _) if status.is_server_error() => Self::Unreachable(says),
            Refusal::Status(..) => Self::Denied(says),
            Refusal::Odd | Refusal::Closed(_) => Self::Odd(says),
        }
    }
}

/// hyper-util's errors of SOCKS are no public types; their words are stable.
fn socks_stop(error: &(dyn StdError + 'static)) -> Stop {
    let Some(says) = text_with(error, "SOCKS error: ") else {
        return Stop::AtTarget;
    };
    match says.as_str() {
        "failed to create underlying connection" => Stop::AtProxy,
        "credentials not accepted" | "server does not support user/pass authentication" => {
            Stop::ByProxy(Refused::Credentials)
        }
        "connection not allowed" => Stop::ByProxy(Refused::Denied(format!("it says {says:?}"))),
        "network unreachable"
        | "host unreachable"
        | "connection refused"
        | "ttl expired"
        | "general server failure" => Stop::ByProxy(Refused::Unreachable(format!("it says {says:?}"))),
        _ => Stop::ByProxy(Refused::Odd(says)),
    }
}

/// What follows these words in the first cause that begins with them.
fn text_with(error: &(dyn StdError + 'static), words: &str) -> Option<String> {
    std::iter::successors(Some(error), |&error| error.source())
        .find_map(|cause| cause.to_string().strip_prefix(words).map(str::to_owned))
}

impl fmt::Display for WayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.stop, &self.proxy) {
            (Stop::TooLong(limit), _) => write!(f, "no connection within {limit:?}"),
            (Stop::AtProxy, Some(proxy)) => write!(f, "the proxy {proxy} cannot be reached"),
            (Stop::ByProxy(_), Some(proxy)) => write!(f, "the proxy {proxy} refused"),
            _ => f.write_str("no connection"),
        }
    }
}

impl StdError for WayError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Puts the words of a [`Way`] around what an HTTP client's connector fails with, and ends it in time.
#[derive(Clone, Debug)]
pub(super) struct OnTheWay(pub(super) Arc<Way>);

/// hyper clones its connector for each request, and asks it for a connection now and then: what is inside is cloned only
/// then.
#[derive(Clone, Debug)]
pub(super) struct Explained<S> {
    inner: Arc<S>,
    way: Arc<Way>,
}

impl<S> Layer<S> for OnTheWay {
    type Service = Explained<S>;

    fn layer(&self, inner: S) -> Explained<S> {
        let (inner, way) = (Arc::new(inner), Arc::clone(&self.0));
        Explained { inner, way }
    }
}

impl<S, Request> Service<Request> for Explained<S>
where
    S: Service<Request, Error = BoxError> + Clone + Send + Sync + 'static,
    S::Response: Send,
    S::Future: Send,
    Request: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (mut inner, way) = (S::clone(&self.inner), Arc::clone(&self.way));
        Box::pin(async move {
            let explained = async {
                let connecting = async {
                    poll_fn(|cx| inner.poll_ready(cx)).await?;
                    inner.call(request).await
                };
                match connecting.await {
                    Ok(connection) => Ok(connection),
                    Err(error) => Err(way.explain(error).await),
                }
            };
            match tokio::time::timeout(way.timeout, explained).await {
                Ok(outcome) => outcome.map_err(BoxError::from),
                Err(_) => Err(way.error(Stop::TooLong(way.timeout), None).into()),
            }
        })
    }
}
