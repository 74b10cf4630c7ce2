//! The connection that the options describe.

use std::time::Duration;

use gqlwire::{Client, DEFAULT_CONNECT_TIMEOUT, Error, GraphQLError, ReconnectPolicy};
use gqlwire_proto::appsync::Endpoint;
use url::Url;

use crate::args::ConnectionArgs;
use crate::auth::Credentials;
use crate::endpoint::{self, Protocol};
use crate::failure::{Failure, Phase};
use crate::variables;

/// How long a subscription's end may wait for the server to confirm it.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the library waits for the acknowledgements of a websocket, unless told otherwise.
const DEFAULT_ACK_TIMEOUT: Duration = Duration::from_secs(15);

/// Where to connect, how, and as whom: decided, but nothing opened yet.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) protocol: Protocol,
    url: Url,
    credentials: Option<Credentials>,
    headers: Vec<(String, String)>,
    limit: Option<Duration>,
    args: ConnectionArgs,
}

impl Connection {
    /// Decides what the options, and the environment where they are silent, ask for.
    pub(crate) fn resolve(args: ConnectionArgs, environment: &dyn Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let headers = variables::headers(&args.headers)?;
        let url = endpoint::url(&args, environment)?;
        let protocol = endpoint::protocol(args.transport, &url, appsync_option(&args))?;
        let credentials = match protocol {
            Protocol::AppSync(_) => Some(Credentials::choose(&args.auth, environment)?),
            Protocol::Http => None,
        };
        let connection = Self {
            protocol,
            url,
            credentials,
            headers,
            limit: args.execute_timeout.0,
            args,
        };
        connection.check_plaintext()?;
        Ok(connection)
    }

    /// How long a request may take, and a subscription until it is acknowledged.
    pub(crate) fn limit(&self) -> Duration {
        self.limit.unwrap_or(Duration::MAX)
    }

    /// The client; it connects at its first request.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let limit = self.limit.unwrap_or_default();
        let mut builder = Client::builder(self.url.as_str())
            .connect_timeout(limit.max(DEFAULT_CONNECT_TIMEOUT))
            .timeout(self.limit());
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        if self.args.allow_plaintext {
            builder = builder.danger_allow_plaintext_credentials();
        }
        if self.protocol.is_appsync() {
            builder = builder
                .appsync()
                .reconnect(ReconnectPolicy::never())
                .ack_timeout(limit.max(DEFAULT_ACK_TIMEOUT))
                .start_ack_timeout(limit.max(DEFAULT_ACK_TIMEOUT))
                .close_timeout(CLOSE_TIMEOUT);
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
        }
        if let Some(credentials) = &self.credentials {
            builder = builder.auth(credentials.provider());
        }
        builder.build().map_err(|error| self.failure(&error, Phase::Request))
    }

    /// What the client could not do, with the advice that fits the credentials in use.
    pub(crate) fn failure(&self, error: &Error, phase: Phase) -> Failure {
        let failure = Failure::client(error, phase);
        if !error.is_auth() {
            return failure;
        }
        match &self.credentials {
            Some(credentials) => failure.hint(credentials.advice(error)),
            None => failure.hint("send credentials as a header: -H 'Authorization: Bearer …'"),
        }
    }

    /// What to do where AppSync answers with an error that is about the caller, not about the operation.
    pub(crate) fn advice_on_refusal(&self, error: &GraphQLError) -> Option<&'static str> {
        let credentials = self.credentials.as_ref()?;
        let refused = error.error_type().is_some_and(Credentials::are_refused_with);
        refused.then(|| credentials.advice_when(true))
    }

    /// Credentials go unencrypted to this machine alone, unless the user insists.
    fn check_plaintext(&self) -> Result<(), Failure> {
        let sends_credentials = self.credentials.is_some() || self.headers.iter().any(|(name, _)| is_credential(name));
        if self.args.allow_plaintext || !sends_credentials {
            return Ok(());
        }
        let given = [
            Some(self.url.as_str()),
            self.args.http_url.as_deref(),
            self.args.realtime_url.as_deref(),
        ];
        for url in given.into_iter().flatten() {
            if let Ok(endpoint) = Endpoint::new(url)
                && !endpoint.is_secure()
            {
                let host = endpoint.http_url().host_str().unwrap_or_default();
                return Err(Failure::usage(format!("credentials would go unencrypted to {host}"))
                    .hint("use https (or wss), or insist with --allow-plaintext"));
            }
        }
        Ok(())
    }
}

/// The headers that are credentials by their name; those that the library guards, too.
fn is_credential(name: &str) -> bool {
    let names = ["authorization", "cookie", "x-amz-security-token", "x-api-key"];
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// The first option given that only AppSync knows.
fn appsync_option(args: &ConnectionArgs) -> Option<&'static str> {
    let others = [
        (args.realtime_url.is_some(), "--realtime-url"),
        (args.http_url.is_some(), "--http-url"),
        (args.api_host.is_some(), "--api-host"),
        (args.header_carrier.is_some(), "--header-carrier"),
    ];
    let other = others.into_iter().find_map(|(given, option)| given.then_some(option));
    args.auth.given().or(other)
}
