use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

use futures_util::future::BoxFuture;
use http::{HeaderMap, Method};
use url::{Position, Url};

use crate::Error;

/// Where credentials come from.
///
/// It is asked before every attempt, and told exactly what is about to be sent, so that it can sign it; nothing that
/// it answers is kept for another attempt. When the server refuses what it issued, it is told once, and may say that
/// it has better credentials by now; the attempt is then made once more.
pub trait AuthProvider: fmt::Debug + Send + Sync + 'static {
    /// What to send along with the target.
    ///
    /// # Errors
    ///
    /// There are no credentials: the error should say where they were looked for.
    fn authorize<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, Result<Authorization, Error>>;

    /// What it gives, for error messages: "the API key", "the token".
    fn describe(&self) -> &str {
        "the credentials"
    }

    /// The server refused what was `sent`. Answers whether another attempt is worth while.
    ///
    /// The default has nothing better.
    fn refused<'a>(&'a self, sent: &'a Authorization, why: &'a Error) -> BoxFuture<'a, bool> {
        let _ = (sent, why);
        Box::pin(async { false })
    }
}

impl<P: AuthProvider + ?Sized> AuthProvider for Arc<P> {
    fn authorize<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, Result<Authorization, Error>> {
        (**self).authorize(target)
    }

    fn describe(&self) -> &str {
        (**self).describe()
    }

    fn refused<'a>(&'a self, sent: &'a Authorization, why: &'a Error) -> BoxFuture<'a, bool> {
        (**self).refused(sent, why)
    }
}

/// What is about to be sent.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Target<'a> {
    pub(crate) kind: TargetKind,
    pub(crate) url: &'a Url,
    pub(crate) host: &'a str,
    pub(crate) region: Option<&'a str>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a str,
    pub(crate) now: SystemTime,
}

/// What a [`Target`] is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum TargetKind {
    /// The handshake of a websocket.
    Connect,
    /// A `GET` of AppSync's control plane, which takes IAM alone.
    ControlPlane,
    /// A query over HTTP by `GET`: all of it is in the URL, and the body is empty.
    Get,
    /// A query or mutation over HTTP, as JSON by `POST`.
    Http,
    /// The start of one subscription on an open websocket.
    Subscribe,
    /// A query or mutation over HTTP with files, as a form by `POST`. It is read while it is sent, so that no signature can
    /// cover it: [`Target::body`] is only the JSON in it.
    Upload,
}

impl<'a> Target<'a> {
    /// A target of one's own, to try an [`AuthProvider`] without a client: on the host of this URL, without region and
    /// headers, now.
    pub fn new(kind: TargetKind, signing_url: &'a Url, body: &'a str) -> Self {
        static NONE: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);
        Self {
            kind,
            url: signing_url,
            host: &signing_url[Position::BeforeHost..Position::AfterPort],
            region: None,
            headers: &NONE,
            body,
            now: SystemTime::now(),
        }
    }

    /// Sets the host that is signed.
    #[must_use]
    pub fn with_host(self, host: &'a str) -> Self {
        Self { host, ..self }
    }

    /// Sets the region of the API.
    #[must_use]
    pub fn with_region(self, region: &'a str) -> Self {
        Self {
            region: Some(region),
            ..self
        }
    }

    /// Sets the headers that a signature should cover.
    #[must_use]
    pub fn with_headers(self, headers: &'a HeaderMap) -> Self {
        Self { headers, ..self }
    }

    /// Sets the time of the attempt.
    #[must_use]
    pub fn at(self, now: SystemTime) -> Self {
        Self { now, ..self }
    }

    /// What it is.
    pub fn kind(&self) -> TargetKind {
        self.kind
    }

    /// The method that is signed: `POST`, also for a handshake, which AppSync has signed as if it were one; `GET` for
    /// the control plane and for queries by `GET`.
    pub fn method(&self) -> Method {
        match self.kind {
            TargetKind::ControlPlane | TargetKind::Get => Method::GET,
            TargetKind::Connect | TargetKind::Http | TargetKind::Subscribe | TargetKind::Upload => Method::POST,
        }
    }

    /// The URL that is signed. For a websocket that is the HTTP endpoint's, with `/connect` for the handshake.
    pub fn signing_url(&self) -> &'a Url {
        self.url
    }

    /// The host that is signed, and that AppSync wants in every authorization object: the HTTP endpoint's, with its
    /// port unless that is the scheme's own.
    pub fn host(&self) -> &'a str {
        self.host
    }

    /// The region of the API, where an option or the host names it.
    pub fn region(&self) -> Option<&'a str> {
        self.region
    }

    /// The headers of the HTTP request that a signature should cover, such as `content-type`; none for a websocket,
    /// whose signed headers AppSync prescribes.
    pub fn headers(&self) -> &'a HeaderMap {
        self.headers
    }

    /// The exact bytes that are sent, and signed; but see [`TargetKind::Upload`].
    pub fn body(&self) -> &'a str {
        self.body
    }

    /// The time of the attempt: by the server's clock, where its refusals have shown that this machine's is wrong.
    pub fn now(&self) -> SystemTime {
        self.now
    }
}

/// What an [`AuthProvider`] answers: the headers that prove who is asking.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Authorization {
    /// The headers to send, signed ones included. Mark secrets with
    /// [`set_sensitive`](http::HeaderValue::set_sensitive).
    pub headers: HeaderMap,
    /// When the credentials stop being good, if that is known. A websocket that was opened with them is replaced before
    /// that; a request asks for credentials anew each time.
    pub expires_at: Option<SystemTime>,
    /// Which credentials these are: a provider counts up when it replaces them, and so knows that a refusal is of
    /// something already replaced.
    pub generation: u64,
}

impl Authorization {
    /// Headers that never expire.
    pub fn new(headers: HeaderMap) -> Self {
        Self {
            headers,
            expires_at: None,
            generation: 0,
        }
    }

    /// Sets when the credentials stop being good; see [the field](Self#structfield.expires_at).
    #[must_use]
    pub fn expires_at(mut self, at: Option<SystemTime>) -> Self {
        self.expires_at = at;
        self
    }

    /// Sets which credentials these are.
    #[must_use]
    pub fn generation(mut self, generation: u64) -> Self {
        self.generation = generation;
        self
    }
}

/// Names the headers and hides their values.
impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("expires_at", &self.expires_at)
            .field("generation", &self.generation)
            .finish()
    }
}
