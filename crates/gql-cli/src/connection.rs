//! The connection that the options describe.

use std::fmt;
use std::time::Duration;

use gqlwire::{
    Client, ClientBuilder, DEFAULT_CONNECT_TIMEOUT, Error, ErrorKind, GraphQLError, OperationKind, PersistedQueries,
    PhoenixOptions, ReconnectPolicy, RetryPolicy, SseOptions, WebSocketOptions,
};
use gqlwire_proto::appsync::Endpoint;
use serde_json::Value;
use url::Url;

use crate::args::{ConnectionArgs, NetworkArgs, SessionArgs};
use crate::auth::{self, API_KEY_VARIABLE, Credentials};
use crate::endpoint::{self, Dialects, Given, Protocol, Streaming};
use crate::failure::{Failure, Phase};
use crate::{init, network, variables};

/// How long a request may take where nothing is said.
const USUAL_LIMIT: Duration = Duration::from_secs(10);

/// How long a subscription's end may wait for the server to confirm it.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the library waits for the acknowledgements of a websocket, unless told otherwise.
const DEFAULT_ACK_TIMEOUT: Duration = Duration::from_secs(15);

/// What is said of operations alone, and not of schemas.
#[derive(Debug, Default)]
pub(crate) struct ForOperations {
    pub(crate) session: SessionArgs,
    pub(crate) by_get: bool,
    /// Whether documents go as their hashes.
    pub(crate) hashed: bool,
}

/// Where to connect, how, and as whom: decided, but nothing opened yet.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) protocol: Protocol,
    url: Url,
    credentials: Option<Credentials>,
    /// Whether the environment holds an API key that is not sent.
    keeps_key: bool,
    headers: Vec<(String, String)>,
    init: Option<Payload>,
    limit: Option<Duration>,
    args: ConnectionArgs,
    for_operations: ForOperations,
}

/// What a websocket begins with, which is often a token.
struct Payload(Value);

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Payload")
    }
}

impl Connection {
    /// Decides what the options, and the environment where they are silent, ask for.
    pub(crate) fn resolve(
        args: ConnectionArgs,
        for_operations: ForOperations,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let headers = variables::headers(&args.headers)?;
        let urls = endpoint::urls(&args, environment)?;
        let protocol = endpoint::protocol(args.transport, &urls, given(&args))?;
        let url = urls
            .into_iter()
            .next()
            .ok_or_else(|| Failure::usage("there is no endpoint"))?;
        let (credentials, keeps_key) = match protocol {
            Protocol::AppSync(_) => (Some(Credentials::choose(&args.auth, environment)?), false),
            _ => (None, auth::environment_key(environment).is_some()),
        };
        if keeps_key {
            tracing::info!("{API_KEY_VARIABLE} is set, and not sent: it is for AppSync");
        }
        if let Some(Credentials::Iam { profile }) = &credentials {
            tracing::info!("region {}", region_source(&args, &url, profile.as_deref(), environment));
        }
        Ok(Self {
            protocol,
            url,
            credentials,
            keeps_key,
            headers,
            init: init::payload(&args.socket)?.map(Payload),
            limit: args.execute_timeout.0,
            args,
            for_operations,
        })
    }

    /// How long a request may take, and a subscription until it is acknowledged.
    pub(crate) fn limit(&self) -> Duration {
        self.limit.unwrap_or(Duration::MAX)
    }

    /// The same, if there is one that is not the usual one.
    pub(crate) fn given_limit(&self) -> Option<Duration> {
        self.limit.filter(|limit| *limit != USUAL_LIMIT)
    }

    /// The client; it connects at its first request.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        self.client_of(self.protocol)
    }

    /// A client whose subscriptions go over a websocket at the same URL.
    pub(crate) fn socket_client(&self) -> Result<Client, Failure> {
        self.client_of(Protocol::Http(Streaming::Socket))
    }

    fn client_of(&self, protocol: Protocol) -> Result<Client, Failure> {
        let mut builder = self.common()?;
        builder = match protocol {
            Protocol::AppSync(_) => self.appsync(builder),
            Protocol::Http(streaming) => self.streaming(builder, streaming),
            Protocol::Phoenix => builder.phoenix(self.phoenix_options()),
            Protocol::Websocket(dialects) => {
                let options = self.websocket_options().carry_requests();
                builder.websocket(match dialects {
                    Dialects::Both => options,
                    Dialects::Legacy => options.protocols([gqlwire::Protocol::LegacyWs]),
                })
            }
        };
        if let Some(credentials) = &self.credentials {
            builder = builder.auth(credentials.provider());
        }
        builder.build().map_err(|error| self.failure(&error, Phase::Request))
    }

    /// What goes for every way of talking.
    fn common(&self) -> Result<ClientBuilder, Failure> {
        let limit = self.limit.unwrap_or_default();
        let network = &self.args.network;
        let connect_timeout = network.connect_timeout.unwrap_or(limit.max(DEFAULT_CONNECT_TIMEOUT));
        let mut builder = Client::builder(self.url.as_str())
            .connect_timeout(connect_timeout)
            .timeout(self.limit())
            .reconnect(self.reconnect_policy())
            .ack_timeout(limit.max(DEFAULT_ACK_TIMEOUT))
            .start_ack_timeout(limit.max(DEFAULT_ACK_TIMEOUT))
            .close_timeout(CLOSE_TIMEOUT);
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        if let Some(bytes) = self.args.max_response_size {
            builder = builder.max_response_size(bytes);
        }
        if let Some(bytes) = self.args.max_message_size {
            builder = builder.max_message_size(bytes);
        }
        if self.args.allow_plaintext {
            builder = builder.danger_allow_plaintext_credentials();
        }
        if let Some(times) = network.retry {
            builder = builder.retry(RetryPolicy::default().attempts(times + 1));
        }
        if let Some(overflow) = self.for_operations.session.overflow {
            builder = builder.overflow(overflow.into());
        }
        if self.for_operations.by_get {
            builder = builder.queries_by_get();
        }
        if self.for_operations.hashed {
            let hashed = PersistedQueries::automatic();
            builder = builder.persisted_queries(match self.for_operations.by_get {
                true => hashed.by_get(),
                false => hashed,
            });
        }
        if let Some(events) = self.for_operations.session.queue {
            builder = builder.queue_messages(events as usize);
        }
        if let Some(time) = self.for_operations.session.settle_time {
            builder = builder.settle_time(time);
        }
        network::apply(network, &self.urls(), builder)
    }

    /// Those that were given, as far as they are URLs.
    fn urls(&self) -> Vec<Url> {
        let others = [&self.args.http_url, &self.args.realtime_url];
        let others = others.into_iter().flatten().filter_map(|url| Url::parse(url).ok());
        std::iter::once(self.url.clone()).chain(others).collect()
    }

    fn appsync(&self, mut builder: ClientBuilder) -> ClientBuilder {
        builder = builder.appsync();
        if let Some(url) = &self.args.http_url {
            builder = builder.http_url(url);
        }
        if let Some(url) = &self.args.realtime_url {
            builder = builder.realtime_url(url);
        }
        if let Some(host) = &self.args.api_host {
            builder = builder.api_host(host);
        }
        if let Some(region) = &self.args.auth.region {
            builder = builder.region(region);
        }
        if let Some(carrier) = self.args.header_carrier {
            builder = builder.header_carrier(carrier.into());
        }
        builder
    }

    fn streaming(&self, builder: ClientBuilder, streaming: Streaming) -> ClientBuilder {
        match streaming {
            Streaming::Socket => builder.websocket(self.websocket_options()),
            Streaming::Any | Streaming::AnyElseSocket => builder,
            Streaming::Multipart => builder.multipart_subscriptions(),
            Streaming::Sse => builder.sse(SseOptions::new().carry_requests()),
            Streaming::SseSingle => builder.sse(SseOptions::new().carry_requests().single_connection()),
        }
    }

    fn websocket_options(&self) -> WebSocketOptions {
        match &self.init {
            None => WebSocketOptions::new(),
            Some(payload) => WebSocketOptions::new().init_payload_value(payload.0.clone()),
        }
    }

    fn phoenix_options(&self) -> PhoenixOptions {
        let mut options = PhoenixOptions::new().carry_requests();
        if let Some(topic) = &self.args.socket.channel {
            options = options.channel(topic);
        }
        match &self.init {
            None => options,
            Some(payload) => options.join_payload_value(payload.0.clone()),
        }
    }

    /// Whether an operation of this kind goes by `GET`.
    pub(crate) fn is_by_get(&self, kind: OperationKind) -> bool {
        self.for_operations.by_get && kind == OperationKind::Query
    }

    /// What `-H` says.
    pub(crate) fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    pub(crate) fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    pub(crate) fn network(&self) -> &NetworkArgs {
        &self.args.network
    }

    /// The endpoints of AppSync that the options give, and what follows from them.
    pub(crate) fn appsync_endpoint(&self) -> Result<Endpoint, Failure> {
        let args = &self.args;
        let mut endpoint = Endpoint::builder(self.url.as_str());
        if let Some(url) = &args.http_url {
            endpoint = endpoint.http_url(url);
        }
        if let Some(url) = &args.realtime_url {
            endpoint = endpoint.realtime_url(url);
        }
        if let Some(host) = &args.api_host {
            endpoint = endpoint.api_host(host);
        }
        if let Some(region) = &args.auth.region {
            endpoint = endpoint.region(region);
        }
        endpoint.build().map_err(|error| Failure::usage(error.to_string()))
    }

    /// The endpoint.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// The endpoint, for messages.
    pub(crate) fn shown(&self) -> String {
        endpoint::shown(&self.url)
    }

    fn reconnect_policy(&self) -> ReconnectPolicy {
        match (
            self.for_operations.session.no_reconnect,
            self.for_operations.session.max_reconnects,
        ) {
            (true, _) | (_, Some(0)) => ReconnectPolicy::never(),
            (false, Some(most)) => ReconnectPolicy::default().attempts(most),
            (false, None) => ReconnectPolicy::default(),
        }
    }

    /// Whether the server said that it does not stream, in so many words or by its status, and a websocket may be tried.
    pub(crate) fn tries_socket_after(&self, error: &Error) -> bool {
        if self.protocol != Protocol::Http(Streaming::AnyElseSocket) {
            return false;
        }
        let says_so = |text: &str| {
            let text = text.to_ascii_lowercase();
            let names = ["websocket", "web socket"].iter().any(|name| text.contains(name));
            names
                || (text.contains("subscription")
                    && ["support", "http", "allow"].iter().any(|word| text.contains(word)))
        };
        match error.status().map(|status| status.as_u16()) {
            // Of the method, what is accepted, the content's type, an upgrade that is wanted; not implemented.
            Some(405 | 406 | 415 | 426 | 501) => true,
            Some(401 | 403 | 404 | 429) => false,
            _ => {
                error.errors().iter().any(|one| says_so(&one.message))
                    || (error.errors().is_empty() && says_so(&error.to_string()))
            }
        }
    }

    /// What the client could not do, with the advice that fits the credentials in use.
    pub(crate) fn failure(&self, error: &Error, phase: Phase) -> Failure {
        let failure = Failure::client(error, phase);
        match self.advice(error) {
            Some(advice) => failure.hint(advice),
            None => failure,
        }
    }

    /// What to do where AppSync answers with an error that is about the caller, not about the operation.
    pub(crate) fn advice_on_refusal(&self, errors: &[GraphQLError], status: Option<u16>) -> Option<String> {
        if !errors
            .first()
            .is_some_and(|error| Credentials::are_refused_by(error, status))
        {
            return None;
        }
        match &self.credentials {
            Some(credentials) => Some(credentials.advice_when(true).to_owned()),
            None => self.keeps_key.then(key_was_kept),
        }
    }

    /// What to do where the server takes nothing but what was not asked for.
    pub(crate) fn advice_on_form(&self, errors: &[GraphQLError]) -> Option<&'static str> {
        let is_plain = matches!(self.protocol, Protocol::Http(streaming) if !matches!(streaming, Streaming::Sse | Streaming::SseSingle));
        // What graphql-sse says to whoever does not accept event streams.
        let is_stream = errors.iter().any(|error| error.message == "Stream not found");
        (is_plain && is_stream).then_some("the server seems to answer by event streams alone: use --transport sse")
    }

    /// What to do where the endpoint is none of AppSync's, for which the usual advice would be wrong.
    fn advice_elsewhere(&self, error: &Error) -> Option<&'static str> {
        let is_socket = matches!(
            self.protocol,
            Protocol::Phoenix | Protocol::Websocket(_) | Protocol::Http(Streaming::Socket)
        );
        let status = error.status().map(|status| status.as_u16());
        match (error.kind(), status) {
            _ if self.protocol.is_appsync() => None,
            _ if self.advice_on_form(error.errors()).is_some() => self.advice_on_form(error.errors()),
            // Before the status, which says less.
            (ErrorKind::Auth, _) if self.protocol == Protocol::Phoenix => Some(
                "send credentials as the socket takes them: in the query of the URL, as a header (-H NAME:VALUE), or in the \
                 payload of the join (--init NAME:VALUE)",
            ),
            (ErrorKind::Auth, _) if is_socket && self.credentials.is_none() => Some(
                "send credentials in the payload that the websocket begins with, --init 'Authorization: Bearer …', or as a \
                 header, -H 'Authorization: Bearer …'",
            ),
            (ErrorKind::Connect | ErrorKind::Protocol, Some(200..=299)) if is_socket => {
                Some("does the server take websockets at this URL? Many have them at another path")
            }
            (ErrorKind::Connect, Some(400 | 404 | 405 | 426)) => Some(
                "does the server take websockets at this URL? Many have them at another path; if it is AppSync's realtime \
                 endpoint, say so: --transport appsync_websockets",
            ),
            (ErrorKind::Protocol, None) if is_socket => Some(
                "does the server speak another protocol? --transport ws, ws-legacy, phoenix and appsync_websockets differ",
            ),
            (ErrorKind::Protocol, None) => {
                Some("does the server stream otherwise? --transport sse, sse-single, multipart and ws differ")
            }
            _ => None,
        }
    }

    fn advice(&self, error: &Error) -> Option<String> {
        if let Some(advice) = self.advice_on_refusal(error.errors(), error.status().map(|status| status.as_u16())) {
            return Some(advice);
        }
        if let Some(advice) = self.advice_elsewhere(error) {
            return Some(advice.to_owned());
        }
        let text = error.to_string();
        if error.kind() == ErrorKind::Config && text.contains("no AWS region") {
            return Some("give it with --region REGION, or set AWS_REGION".to_owned());
        }
        // What was refused has a status or errors; without them, credentials were never found.
        let is_about_caller = match error.status().map(|status| status.as_u16()) {
            Some(401 | 403) => true,
            Some(_) => false,
            None => error.errors().is_empty(),
        };
        if !error.is_auth() || !is_about_caller {
            return None;
        }
        match &self.credentials {
            None => Some("send credentials as a header: -H 'Authorization: Bearer …'".to_owned()),
            Some(Credentials::Iam { profile }) if error.status().is_none() && speaks_of_sso(error) => {
                let name = profile.clone().or_else(|| std::env::var("AWS_PROFILE").ok());
                let name = name.unwrap_or_else(|| "default".to_owned());
                Some(format!("log in first: aws sso login --profile {name}"))
            }
            Some(credentials) => Some(credentials.advice(error).to_owned()),
        }
    }
}

fn key_was_kept() -> String {
    format!("this looks like AWS AppSync, and {API_KEY_VARIABLE} was not sent: use --transport appsync")
}

fn speaks_of_sso(error: &Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.to_string().to_ascii_lowercase().contains("sso") {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The options given that only some of the ways know.
fn given(args: &ConnectionArgs) -> Given {
    let appsync = [
        (args.realtime_url.is_some(), "--realtime-url"),
        (args.http_url.is_some(), "--http-url"),
        (args.api_host.is_some(), "--api-host"),
        (args.header_carrier.is_some(), "--header-carrier"),
        (args.auth.region.is_some(), "--region"),
    ];
    let auth = args.auth.given();
    let other = appsync.into_iter().find_map(|(given, option)| given.then_some(option));
    Given {
        auth,
        appsync: auth.or(other),
        socket: match (&args.socket.init_payload, args.socket.init.first()) {
            (Some(_), _) => Some("--init-payload"),
            (None, Some(_)) => Some("--init"),
            (None, None) => None,
        },
        phoenix: args.socket.channel.is_some().then_some("--channel"),
    }
}

/// The region that IAM signs for, and where it comes from; files are read when the first request is signed.
fn region_source(
    args: &ConnectionArgs,
    url: &Url,
    profile: Option<&str>,
    environment: &dyn Fn(&str) -> Option<String>,
) -> String {
    if let Some(region) = &args.auth.region {
        return format!("{region}, of --region");
    }
    let mut endpoint = Endpoint::builder(url.as_str());
    if let Some(host) = &args.api_host {
        endpoint = endpoint.api_host(host);
    }
    if let Ok(endpoint) = endpoint.build()
        && let Some(region) = endpoint.region()
    {
        return format!("{region}, of the host {}", endpoint.host());
    }
    let variable = ["AWS_REGION", "AWS_DEFAULT_REGION"]
        .into_iter()
        .find_map(|name| Some((name, environment(name).filter(|region| !region.is_empty())?)));
    match (profile, variable) {
        (None, Some((name, region))) => format!("{region}, of {name}"),
        (Some(profile), Some((name, region))) => format!("of the profile {profile:?}, else {region}, of {name}"),
        (Some(profile), None) => format!("of the profile {profile:?}, if it has one"),
        (None, None) => {
            let name = environment("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
            format!("of the profile {name:?}, if it has one")
        }
    }
}
