use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use futures_util::future::{BoxFuture, join_all};
use gqlwire_proto::scan::OperationKind;
use http::header::{ACCEPT, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, Method};
use url::Url;

use super::attempts::{Attempts, Next};
use super::outgoing::{Outgoing, Payload};
use super::stream::{StreamKind, StreamOptions, Streams, Wanted, collect};
use super::{
    Budget, ConnectOptions, Purpose, ServerClock, Shown, answer, batch, client, clock, connect_error, persisted,
    redirected, unsafe_credentials,
};
use crate::auth::{AuthProvider, Authorization, Target};
use crate::builder::RequestOptions;
use crate::execute::timed_out;
use crate::progress::Doing;
use crate::redact::Secrets;
use crate::transport::{EventSource, Outcome, RawIncremental, RawRequest, RawResponse, Transport};
use crate::{Error, ErrorKind, RetryBudget, RetryPolicy, metrics};

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
    pub(crate) allow_plaintext_credentials: bool,
    pub(crate) connect: ConnectOptions,
    pub(crate) timeout: Duration,
    pub(crate) retry: RetryPolicy,
    pub(crate) retry_budget: RetryBudget,
    pub(crate) max_body: usize,
    pub(crate) requests: RequestOptions,
    /// Whether the server is AppSync's, which takes nothing else.
    pub(crate) posts_only: bool,
    pub(crate) streams: StreamOptions,
}

/// `POST`s each request as JSON, unless it is to go otherwise. Cheap to clone: a stream that may have to be requested
/// again holds one.
#[derive(Clone)]
pub(crate) struct HttpTransport {
    client: reqwest::Client,
    clock: Arc<ServerClock>,
    pub(super) budget: Arc<Budget>,
    pub(super) options: Arc<HttpOptions>,
    pub(super) persisted: Arc<persisted::Known>,
    host_header: Option<HeaderValue>,
    pub(super) shown: Shown,
    pub(super) streams: Arc<Streams>,
}

/// What one call tries once, and no more, when it is refused.
struct Remedies {
    /// How far the server's clock is ahead of ours, in seconds, as this call believes.
    ahead: i64,
    clock_corrected: bool,
    renewed: bool,
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
            clock: Arc::default(),
            budget: Arc::new(Budget::new(options.retry_budget)),
            persisted: Arc::default(),
            host_header,
            shown: Shown::of(&options.url),
            streams: Arc::default(),
            options: Arc::new(options),
        })
    }

    /// The server's clock, as far as it is known.
    pub(crate) fn clock(&self) -> Arc<ServerClock> {
        Arc::clone(&self.clock)
    }

    pub(super) async fn run(&self, request: &RawRequest, deadline: Option<Instant>) -> Result<RawResponse, Error> {
        let policy = request.retry().unwrap_or(&self.options.retry);
        let mut attempts = Attempts::new(policy, request.kind(), deadline);
        self.budget.called(now());
        let mut remedies = Remedies {
            ahead: self.clock.ahead(),
            clock_corrected: false,
            renewed: false,
        };
        loop {
            tracing::Span::current().record("attempts", attempts.current());
            let began = now();
            let outcome = match self.shares_stream(request) {
                true => self.shared_answer(request).await,
                false => self.authorised_attempt(request, &mut remedies).await,
            };
            let error = match outcome {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match attempts.failed(&error, began, now(), SystemTime::now(), roll()) {
                Next::Over(why) => return Err(attempts.conclude(error, why)),
                Next::Again(_) if files_are_spent(request) => {
                    return Err(attempts.conclude(error, Some(READ_ONCE.to_owned())));
                }
                Next::Again(_) if !self.budget.allows(now()) => {
                    tracing::warn!(kind = ?error.kind(), "not trying again: the retry budget of the client is used up");
                    return Err(attempts.conclude(error, Some(self.budget.used_up())));
                }
                Next::Again(delay) => {
                    let status = error.status().map(|status| status.as_u16());
                    tracing::debug!(kind = ?error.kind(), status, ?delay, attempt = attempts.current(), "trying again");
                    metrics::repeated(request.kind());
                    let waiting = format!("waiting to repeat the {} to {}", request.kind(), self.shown);
                    request.progress.failed(waiting, attempts.current() - 1, error);
                    tokio::time::sleep(delay).await;
                }
            }
        }
    }

    /// An attempt, and another at once if it was refused and there is a remedy: the right time, or better credentials.
    /// Each is tried once for each call. Refused means that nothing was executed, so that even a mutation may go again.
    async fn authorised_attempt(&self, request: &RawRequest, remedies: &mut Remedies) -> Result<RawResponse, Error> {
        let auth = request.auth.as_ref().or(self.options.auth.as_ref());
        let mut last = self.attempt(request, auth, remedies.ahead).await?;
        if !remedies.clock_corrected
            && !files_are_spent(request)
            && let Some(ahead) = last.better_time(remedies.ahead)
        {
            (remedies.clock_corrected, remedies.ahead) = (true, ahead);
            tracing::warn!(
                seconds = ahead,
                "this machine's clock is wrong: signatures use the server's time"
            );
            last = Box::pin(self.attempt(request, auth, ahead)).await?;
        }
        if let (Some(auth), Some(sent), Err(refusal)) = (auth, &last.authorization, &last.answer)
            && refusal.is_auth()
        {
            request.progress.before_sending(self.seeking_credentials(request));
            if !remedies.renewed && auth.refused(sent, refusal).await {
                remedies.renewed = true;
                tracing::debug!("the credentials were refused, and there are others");
                last = match files_are_spent(request) {
                    true => Attempt {
                        answer: Err(refusal.clone().suffixed(READ_ONCE)),
                        ..last
                    },
                    false => Box::pin(self.attempt(request, Some(auth), remedies.ahead)).await?,
                };
            }
        }
        let is_refused = last.refusal().is_some();
        match (last.answer, auth, last.authorization) {
            (Err(error), Some(auth), Some(_)) if error.is_auth() => Err(error.refusing(auth.as_ref())),
            (Ok(answer), ..) => {
                // A `Date` can lie: later requests rely on it only now that the server has taken what it led to.
                if remedies.clock_corrected && !is_refused {
                    self.clock.set_ahead(remedies.ahead);
                }
                Ok(answer)
            }
            (answer, ..) => answer,
        }
    }

    async fn attempt(
        &self,
        request: &RawRequest,
        auth: Option<&Arc<dyn AuthProvider>>,
        ahead: i64,
    ) -> Result<Attempt, Error> {
        let outgoing = Outgoing::of(request, &self.options).await?;
        let accept = Wanted::of_request(request, &self.options).accept();
        let (headers, authorization) = self.prepare(request, &outgoing, auth, ahead, accept).await?;
        let answer = self.send(request, outgoing, headers).await;
        Ok(Attempt { authorization, answer })
    }

    /// The headers of a request, and the credentials among them.
    pub(super) async fn prepare(
        &self,
        request: &RawRequest,
        outgoing: &Outgoing,
        auth: Option<&Arc<dyn AuthProvider>>,
        ahead: i64,
        accept: HeaderValue,
    ) -> Result<(HeaderMap, Option<Authorization>), Error> {
        // Before the provider is asked: a call may bring credentials of its own to a client that was built without.
        let headers = [&self.options.headers, request.headers()];
        if !self.options.allow_plaintext_credentials
            && let Some(why) = unsafe_credentials(&self.options.url, auth.is_some(), &headers)
        {
            return Err(Error::request(why));
        }
        let authorization = match auth {
            None => None,
            Some(auth) => {
                request.progress.before_sending(self.seeking_credentials(request));
                let options = &self.options;
                let target = Target {
                    kind: outgoing.kind(),
                    url: outgoing.get.as_ref().unwrap_or(&options.signing_url),
                    host: &options.host,
                    region: options.region.as_deref(),
                    headers: &outgoing.headers,
                    body: outgoing.signed_body(request),
                    now: clock::server_time(ahead),
                };
                Some(auth.authorize(target).await?)
            }
        };
        let mut headers = self.options.headers.clone();
        headers.insert(ACCEPT, accept);
        for (name, value) in &outgoing.polite {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        replace(&mut headers, request.headers());
        if outgoing.get.is_some() {
            headers.remove(CONTENT_TYPE);
        }
        replace(&mut headers, &outgoing.headers);
        if let Some(authorization) = &authorization {
            replace(&mut headers, &authorization.headers);
        }
        // The connection's own; a provider that signs it hands it back with the rest.
        headers.remove(HOST);
        if let Some(host) = &self.host_header {
            headers.insert(HOST, host.clone());
        }
        // Whether all of it has left cannot be told from here; for a mutation that is the safe answer.
        let sending = Doing::Sending(request.kind(), self.shown.shared());
        request.progress.after_sending(sending);
        Ok((headers, authorization))
    }

    fn seeking_credentials(&self, request: &RawRequest) -> Doing {
        Doing::Authorising(request.kind(), self.shown.shared())
    }

    async fn send(&self, request: &RawRequest, outgoing: Outgoing, headers: HeaderMap) -> Result<RawResponse, Error> {
        let url = &self.options.url;
        let secrets = Secrets::of(&headers).and_query_of(url);
        let method = outgoing.method();
        let target = outgoing.get.unwrap_or_else(|| url.clone());
        let response = self
            .dispatch(request, method, target, outgoing.payload, headers, &secrets)
            .await?;
        self.judged(request, response, &secrets).await
    }

    /// Sends it, and gives the answer as soon as its headers are there.
    pub(super) async fn dispatch(
        &self,
        request: &RawRequest,
        method: Method,
        target: Url,
        payload: Payload,
        headers: HeaderMap,
        secrets: &Secrets,
    ) -> Result<reqwest::Response, Error> {
        let url = &self.options.url;
        #[cfg(feature = "reqwest-0_13")]
        let asked = target.clone();
        let sending = self.client.request(method, target).build();
        let mut sending = sending.map_err(|error| connect_error(error, url, 0))?;
        // The user and the password of the URL, if it has them.
        let of_url = std::mem::replace(sending.headers_mut(), headers);
        for (name, value) in &of_url {
            sending.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
        let response = payload.send(&self.client, sending, request, url).await?;
        #[cfg(feature = "reqwest-0_13")]
        if let Some(elsewhere) = super::place::followed(&response, &asked) {
            return Err(elsewhere.without_secrets(secrets));
        }
        let status = response.status();
        tracing::debug!(status = status.as_u16(), "answered");
        if status.is_redirection() {
            return Err(redirected(status, response.headers().clone(), url).without_secrets(secrets));
        }
        Ok(response)
    }

    /// Reads an answer to its end; one in pieces is put together.
    pub(super) async fn judged(
        &self,
        request: &RawRequest,
        mut response: reqwest::Response,
        secrets: &Secrets,
    ) -> Result<RawResponse, Error> {
        let (url, status) = (&self.options.url, response.status());
        let kind = StreamKind::of(&response);
        let headers = std::mem::take(response.headers_mut());
        let advice = answer::advice(status, &headers) + &self.options.connect.forwarded(url, status);
        let body = match kind {
            Some(kind) => Box::pin(collect(response, kind, &self.options)).await,
            None => answer::read_text(response, &headers, self.options.max_body).await,
        };
        let body = body.map_err(|error| {
            // What refuses a request often does not read it, and its answer is then cut short with the connection: the
            // status says enough.
            if status.is_client_error() && error.kind() == ErrorKind::Disconnected {
                let kind = answer::kind_of(status);
                let refused = Error::new(kind, format!("{} answered {status}, and {error}", self.shown));
                return refused.with_answer(status, headers.clone()).suffixed(&advice);
            }
            let error = error.prefixed(&format!("{} answered {status}", self.shown));
            error.with_answer(status, headers.clone()).after_sending()
        })?;
        let answer = RawResponse { status, headers, body };
        let judged = match request.batch {
            None => answer::judge(answer, &self.shown, secrets),
            Some(count) => batch::judge(answer, count, &self.shown, secrets),
        };
        judged.map_err(|error| error.suffixed(&advice).without_secrets(secrets))
    }
}

impl Attempt {
    /// How far the server's clock is ahead, if that is why this was refused; it was made by a clock set so far ahead.
    fn better_time(&self, ahead: i64) -> Option<i64> {
        self.authorization.as_ref()?;
        clock::better_time(self.refusal()?, ahead)
    }

    /// The headers of the answer, if that may refuse the signature.
    fn refusal(&self) -> Option<&HeaderMap> {
        match &self.answer {
            Err(error) => error.is_auth().then(|| error.headers()),
            Ok(answer) => clock::may_refuse_signature(answer).then_some(&answer.headers),
        }
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
            // The caller's own limit is kept by the caller.
            if let Some(limit) = request.timeout() {
                return Box::pin(self.run_persisted(request, now().checked_add(limit))).await;
            }
            let limit = self.options.timeout;
            let running = self.run_persisted(request, now().checked_add(limit));
            let answer = tokio::time::timeout(limit, running).await;
            answer.unwrap_or_else(|_| Err(timed_out(request, limit)))
        })
    }

    fn execute_batch<'a>(&'a self, requests: &'a [RawRequest]) -> BoxFuture<'a, Result<Vec<Outcome>, Error>> {
        Box::pin(async move {
            crate::runtime::current()?;
            // Not every server takes a list, and a list of one says nothing more.
            if let [request] = requests {
                return Ok(vec![self.execute(request).await]);
            }
            // AppSync takes no lists.
            if self.options.posts_only {
                return Ok(join_all(requests.iter().map(|request| self.execute(request))).await);
            }
            let Some(array) = RawRequest::array(&self.named(requests)?) else {
                return Ok(Vec::new());
            };
            let count = requests.len();
            let limit = match requests.iter().map(RawRequest::timeout).max() {
                Some(Some(limit)) if requests.iter().all(|request| request.timeout().is_some()) => limit,
                Some(Some(limit)) => limit.max(self.options.timeout),
                _ => self.options.timeout,
            };
            let running = self.run(&array, now().checked_add(limit));
            let answer = tokio::time::timeout(limit, running).await;
            let answer = answer.unwrap_or_else(|_| Err(timed_out(&array, limit)));
            Ok(match answer {
                Ok(answer) => batch::split(&answer, count, &self.shown),
                Err(error) => vec![Err(error); count],
            })
        })
    }

    #[cfg(feature = "upload")]
    fn takes_uploads(&self) -> bool {
        !self.options.posts_only
    }

    fn incremental(&self, request: RawRequest) -> BoxFuture<'_, Result<RawIncremental, Error>> {
        Box::pin(self.pieces(request))
    }

    fn subscribe(&self, request: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>> {
        Box::pin(async move {
            match request.kind() {
                OperationKind::Subscription => self.events(request).await,
                _ => Err(Error::request("this is not a subscription: use `execute`")),
            }
        })
    }

    fn catches_up(&self) -> bool {
        self.options.streams.catches_up()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.streams.close();
        })
    }
}

/// What is said where another attempt would have been made.
const READ_ONCE: &str = "; not repeated, for a file that goes along has been read and can be read only once";

fn files_are_spent(request: &RawRequest) -> bool {
    #[cfg(feature = "upload")]
    return request.uploads.are_spent();
    #[cfg(not(feature = "upload"))]
    {
        let _ = request;
        false
    }
}

pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// A number from 0 to below 1, from the one source of randomness that the standard library has.
pub(crate) fn roll() -> f64 {
    // As many bits as the number can hold.
    let bits = RandomState::new().build_hasher().finish() >> 11;
    bits as f64 / (1u64 << 53) as f64
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
