//! Queries and mutations over HTTP.

mod answer;
mod connect_error;
#[cfg(feature = "tls")]
pub(crate) mod tls;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use gqlwire_proto::scan::OperationKind;
use http::header::{ACCEPT, CONTENT_TYPE, HOST, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use url::Url;

pub(crate) use answer::read_body;
#[cfg(feature = "aws")]
pub(crate) use answer::read_bytes;
pub(crate) use connect_error::connect_error;

use crate::auth::{AuthProvider, Authorization, Target, TargetKind};
use crate::builder::DEFAULT_CONNECT_TIMEOUT;
use crate::redact::Secrets;
use crate::transport::{EventSource, RawRequest, RawResponse, Transport};
use crate::{Error, ErrorKind};

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
    #[cfg(feature = "appsync")]
    Sockets,
}

/// What all HTTP clients of one [`Client`](crate::Client) have in common.
#[derive(Clone, Debug)]
pub(crate) struct ConnectOptions {
    pub(crate) timeout: Duration,
    /// Certificates trusted besides the system's, in DER.
    #[cfg(feature = "tls")]
    pub(crate) roots: Vec<rustls::pki_types::CertificateDer<'static>>,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            timeout: DEFAULT_CONNECT_TIMEOUT,
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
        .user_agent(concat!("gqlwire/", env!("CARGO_PKG_VERSION")));
    // A proxy is another machine: what goes to this one must not pass through it, nor depend on it.
    let builder = if is_loopback(url) { builder.no_proxy() } else { builder };
    let builder = match purpose {
        Purpose::Requests => builder,
        #[cfg(feature = "aws")]
        Purpose::Metadata => builder.no_proxy(),
        #[cfg(feature = "appsync")]
        Purpose::OtherHost | Purpose::Sockets => builder.http1_only(),
    };
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
            #[cfg(feature = "appsync")]
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

/// What the transport is told once, when the client is built.
pub(crate) struct HttpOptions {
    pub(crate) url: Url,
    /// The host of the API, which is signed.
    pub(crate) host: String,
    /// What stands in `Host` where that is not the URL's own, as for VPC endpoints.
    pub(crate) host_header: Option<String>,
    pub(crate) signing_url: Url,
    pub(crate) region: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) auth: Option<Arc<dyn AuthProvider>>,
    pub(crate) connect: ConnectOptions,
    pub(crate) timeout: Duration,
    pub(crate) max_body: usize,
    /// Whether credentials may be sent: nobody on the way reads them, or the user does not mind.
    pub(crate) private: bool,
}

/// `POST`s each request as JSON.
pub(crate) struct HttpTransport {
    client: reqwest::Client,
    options: HttpOptions,
    host_header: Option<HeaderValue>,
    shown: Shown,
}

/// What was sent, and what came of it.
struct Attempt {
    authorization: Option<Authorization>,
    answer: Result<RawResponse, Error>,
}

impl HttpTransport {
    pub(crate) fn new(options: HttpOptions) -> Result<Self, Error> {
        let purpose = match options.host_header {
            #[cfg(feature = "appsync")]
            Some(_) => Purpose::OtherHost,
            _ => Purpose::Requests,
        };
        let client = client(&options.url, purpose, &options.connect)?;
        let host_header = options.host_header.as_deref().map(HeaderValue::from_str).transpose();
        let host_header = host_header.map_err(|_| Error::config(format!("{:?} is not a host name", options.host)))?;
        Ok(Self {
            client,
            host_header,
            shown: Shown::of(&options.url),
            options,
        })
    }

    async fn run(&self, request: &RawRequest, left: &AtomicBool) -> Result<RawResponse, Error> {
        let auth = request.auth.as_ref().or(self.options.auth.as_ref());
        let first = self.attempt(request, auth, left).await?;
        let (Some(auth), Some(sent), Err(refusal)) = (auth, &first.authorization, &first.answer) else {
            return first.answer;
        };
        if !refusal.is_auth() {
            return first.answer;
        }
        // Refused credentials mean that nothing was executed, so that even a mutation may go once more.
        left.store(false, Ordering::Relaxed);
        let last = if auth.refused(sent, refusal).await {
            self.attempt(request, Some(auth), left).await?
        } else {
            first
        };
        last.answer.map_err(|error| match error.is_auth() {
            true => error.refusing(auth.as_ref()),
            false => error,
        })
    }

    async fn attempt(
        &self,
        request: &RawRequest,
        auth: Option<&Arc<dyn AuthProvider>>,
        left: &AtomicBool,
    ) -> Result<Attempt, Error> {
        // The client's own were judged when it was built; these came with the call.
        if !self.options.private && (auth.is_some() || carries_credentials(request.headers())) {
            return Err(plaintext(&self.options.url));
        }
        let mut signed = HeaderMap::new();
        signed.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let authorization = match auth {
            None => None,
            Some(auth) => {
                let options = &self.options;
                let target = Target {
                    kind: TargetKind::Http,
                    url: &options.signing_url,
                    host: &options.host,
                    region: options.region.as_deref(),
                    headers: &signed,
                    body: request.body(),
                    now: SystemTime::now(),
                };
                Some(auth.authorize(target).await?)
            }
        };
        let mut headers = self.options.headers.clone();
        headers.insert(
            ACCEPT,
            HeaderValue::from_static("application/graphql-response+json, application/json"),
        );
        replace(&mut headers, request.headers());
        replace(&mut headers, &signed);
        if let Some(authorization) = &authorization {
            replace(&mut headers, &authorization.headers);
        }
        // The connection's own; a provider that signs it hands it back with the rest.
        headers.remove(HOST);
        if let Some(host) = &self.host_header {
            headers.insert(HOST, host.clone());
        }
        left.store(true, Ordering::Relaxed);
        let answer = self.send(request, headers).await;
        Ok(Attempt { authorization, answer })
    }

    async fn send(&self, request: &RawRequest, headers: HeaderMap) -> Result<RawResponse, Error> {
        let url = &self.options.url;
        let secrets = Secrets::of(&headers).and_query_of(url);
        let sent = self
            .client
            .post(url.clone())
            .headers(headers)
            .body(request.body().to_owned())
            .send();
        let response = sent.await.map_err(|error| connect_error(error, url))?;
        let status = response.status();
        let headers = response.headers().clone();
        tracing::debug!(status = status.as_u16(), "answered");
        if status.is_redirection() {
            return Err(redirected(status, headers, &self.shown).without_secrets(&secrets));
        }
        let body = read_body(response, self.options.max_body).await.map_err(|error| {
            let error = error.prefixed(&format!("{} answered {status}", self.shown));
            error.with_answer(status, headers.clone()).after_sending()
        })?;
        answer::judge(RawResponse { status, headers, body }, &self.shown, &secrets)
            .map_err(|error| error.without_secrets(&secrets))
    }
}

/// Without URLs, whose queries may hold secrets.
impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport")
            .field("url", &self.shown)
            .field("auth", &self.options.auth)
            .field("timeout", &self.options.timeout)
            .finish_non_exhaustive()
    }
}

impl Transport for HttpTransport {
    fn execute<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<RawResponse, Error>> {
        Box::pin(async move {
            crate::runtime::current()?;
            let limit = request.timeout().unwrap_or(self.options.timeout);
            let left = AtomicBool::new(false);
            match tokio::time::timeout(limit, self.run(request, &left)).await {
                Ok(answer) => answer,
                Err(_) if left.load(Ordering::Relaxed) => {
                    let what = format!("the {} to {}", request.kind(), self.shown);
                    // Whether all of it had left cannot be told from here; for a mutation that is the safe answer.
                    Err(Error::timeout(&what, limit).after_sending())
                }
                Err(_) => {
                    let what = format!("getting credentials for the {} to {}", request.kind(), self.shown);
                    Err(Error::timeout(&what, limit))
                }
            }
        })
    }

    fn subscribe(&self, request: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>> {
        let message = match request.kind() {
            OperationKind::Subscription => {
                "this client speaks plain HTTP, which carries no subscriptions; for AWS AppSync say `.appsync()` on the builder"
            }
            _ => "this is not a subscription: use `execute`",
        };
        Box::pin(async move { Err(Error::request(message)) })
    }
}

/// Sets each header of `with`, whatever stood there.
fn replace(headers: &mut HeaderMap, with: &HeaderMap) {
    for name in with.keys() {
        headers.remove(name);
    }
    for (name, value) in with {
        headers.append(name, value.clone());
    }
}

/// A URL as messages show it: without its query, which may hold secrets.
pub(crate) struct Shown(String);

impl Shown {
    pub(crate) fn of(url: &Url) -> Self {
        let mut shown = url.clone();
        shown.set_query(None);
        shown.set_fragment(None);
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        Self(shown.into())
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

pub(crate) fn redirected(status: StatusCode, headers: HeaderMap, url: &Shown) -> Error {
    let location = headers.get(LOCATION).and_then(|location| location.to_str().ok());
    // A query often holds a token, and a relative reference says little.
    let location = location.and_then(|location| Some(Shown::of(&Url::parse(&url.0).ok()?.join(location).ok()?)));
    let message = match location {
        Some(location) => format!(
            "{url} answered {status} and points to {location}; redirects are not followed, because they would carry \
             credentials to another place: use that URL if you trust it"
        ),
        None => format!("{url} answered {status}, a redirect, and names no Location that is a URL"),
    };
    Error::new(ErrorKind::Status, message).with_answer(status, headers)
}

/// Whether credentials may go there: over TLS, or without leaving this machine.
pub(crate) fn is_safe_for_credentials(url: &Url) -> bool {
    url.scheme() == "https" || is_loopback(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether one of these headers may prove who is asking: by its name, since nobody knows the names of all services.
pub(crate) fn carries_credentials(headers: &HeaderMap) -> bool {
    const SIGNS: [&str; 8] = [
        "auth",
        "cookie",
        "credential",
        "key",
        "password",
        "secret",
        "session",
        "token",
    ];
    headers
        .keys()
        .any(|name| SIGNS.iter().any(|sign| name.as_str().contains(sign)))
}

pub(crate) fn plaintext(url: &Url) -> Error {
    Error::config(format!(
        "credentials would go unencrypted to {}; use https, or say so explicitly (danger_allow_plaintext_credentials)",
        url.host_str().unwrap_or_default()
    ))
}

/// Host and port as they stand in a `Host` header.
pub(crate) fn host_of(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => String::new(),
    }
}
