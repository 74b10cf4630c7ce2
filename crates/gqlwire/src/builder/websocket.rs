use std::sync::Arc;
use std::time::SystemTime;

use http::HeaderValue;
use http::header::ORIGIN;
use url::Url;

use super::{ClientBuilder, parse_url};
use crate::auth::AuthProvider;
use crate::http::{HttpTransport, ServerClock, Shown, host_of};
use crate::realtime::{Channel, Graphql, NoCredentials, RealtimeClient, RealtimeOptions, Service, WebSockets};
use crate::split::SplitTransport;
use crate::transport::Transport;
use crate::{Client, Error, PhoenixOptions, PhoenixVersion, Protocol, WebSocketOptions};

impl ClientBuilder {
    /// How websockets are opened, and that subscriptions go over them where the URL is one of HTTP.
    ///
    /// Queries and mutations then go over HTTP, unless [`carry_requests`](WebSocketOptions::carry_requests) says
    /// otherwise. With a URL of the scheme `ws` or `wss` everything goes over the socket, and these options are needed for
    /// what differs from their defaults only.
    pub fn websocket(mut self, options: WebSocketOptions) -> Self {
        self.websocket = Some(options);
        self
    }

    /// That the server speaks Phoenix channels, with Absinthe, and how it is to be spoken to.
    ///
    /// With a URL of HTTP, queries and mutations go over HTTP, unless
    /// [`carry_requests`](PhoenixOptions::carry_requests) says otherwise.
    pub fn phoenix(mut self, options: PhoenixOptions) -> Self {
        self.phoenix = Some(options);
        self
    }

    /// Whether this is a client of websockets that are not AppSync's.
    pub(super) fn wants_sockets(&self) -> bool {
        let is_socket = |url: Url| matches!(url.scheme(), "ws" | "wss");
        self.websocket.is_some() || self.phoenix.is_some() || Url::parse(&self.url).is_ok_and(is_socket)
    }

    pub(super) fn build_sockets(mut self) -> Result<Client, Error> {
        let own = parse_url(&self.url)?;
        let (service, carries_requests) = match (self.websocket.take(), self.phoenix.take()) {
            (Some(_), Some(_)) => {
                return Err(Error::config(
                    "`websocket` and `phoenix` are two protocols, and a client speaks one",
                ));
            }
            (options, None) => self.graphql(&own, options.unwrap_or_default())?,
            (None, Some(options)) => self.channel(&own, options)?,
        };
        if is_socket(&own) || carries_requests {
            self.requests.check_sockets()?;
            let sockets = self.sockets(service, Arc::default(), None)?;
            return Ok(Client::with_transport(sockets));
        }
        self.check_plaintext(&own, self.auth.is_some())?;
        let requests = Arc::new(HttpTransport::new(self.http_options(own))?);
        let queries = Arc::clone(&requests) as Arc<dyn Transport>;
        let sockets = self.sockets(service, requests.clock(), Some(queries))?;
        Ok(Client::with_transport(SplitTransport::new(requests, sockets)))
    }

    fn graphql(&mut self, own: &Url, options: WebSocketOptions) -> Result<(Box<dyn Service>, bool), Error> {
        let url = socket_url(own, options.url.as_deref())?;
        self.check_plaintext(&url, self.auth.is_some() || options.init.is_some())?;
        if let Some(other) = options.protocols.iter().find(|protocol| !is_graphql(**protocol)) {
            let what = match other {
                Protocol::Phoenix => "is set up with `.phoenix(…)`",
                _ => "is set up with `.appsync()`",
            };
            return Err(Error::config(format!("{other} {what}, and not offered to a server")));
        }
        if options.protocols.is_empty() {
            return Err(Error::config(
                "a websocket offers at least one protocol: `protocols` names none",
            ));
        }
        if let Some(timeout) = options.ack_timeout {
            self.sockets.timeouts.ack = timeout.min(super::LONGEST);
        }
        let service = Graphql {
            host: host_of(&url),
            url,
            origin: origin(options.origin.as_deref())?,
            offered: options.protocols,
            init: options.init,
            ping_interval: options.ping_interval,
            pong_timeout: options.pong_timeout,
        };
        Ok((Box::new(service), options.carry_requests))
    }

    fn channel(&self, own: &Url, options: PhoenixOptions) -> Result<(Box<dyn Service>, bool), Error> {
        let url = socket_url(own, options.url.as_deref())?;
        self.check_plaintext(&url, self.auth.is_some() || options.join.is_some())?;
        let (url, version) = phoenix_url(url, options.version)?;
        let service = Channel {
            host: host_of(&url),
            url,
            origin: origin(options.origin.as_deref())?,
            channel: options.channel,
            heartbeat: options.heartbeat,
            join: options.join,
            version,
        };
        Ok((Box::new(service), options.carry_requests))
    }

    fn sockets(
        self,
        service: Box<dyn Service>,
        clock: Arc<ServerClock>,
        queries: Option<Arc<dyn Transport>>,
    ) -> Result<RealtimeClient, Error> {
        let client = crate::http::sockets(service.url(), &self.connect)?;
        let sockets = self.sockets;
        let options = RealtimeOptions {
            clock,
            service,
            headers: self.headers,
            auth: self
                .auth
                .unwrap_or_else(|| Arc::new(NoCredentials) as Arc<dyn AuthProvider>),
            auth_timeout: self.timeout,
            connect_timeout: self.connect.timeout,
            close_timeout: sockets.close_timeout,
            timeouts: sockets.timeouts,
            delivery: sockets.delivery,
            queries,
            query_timeout: self.timeout,
            retry: self.retry,
            retry_budget: self.retry_budget,
            reconnect: sockets.reconnect,
            subscribe_deadline: sockets.subscribe_deadline,
            subscriptions_per_connection: sockets.subscriptions_per_connection,
            wall: SystemTime::now,
        };
        let websockets = WebSockets::new(client, sockets.max_message_size);
        Ok(RealtimeClient::new(options, websockets))
    }
}

fn is_graphql(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::TransportWs | Protocol::LegacyWs)
}

fn is_socket(url: &Url) -> bool {
    matches!(url.scheme(), "ws" | "wss")
}

/// Where the sockets are: at the URL that was set for them, or at the client's own.
fn socket_url(own: &Url, set: Option<&str>) -> Result<Url, Error> {
    let mut url = match set {
        None => own.clone(),
        Some(set) => parse_url(set)?,
    };
    let scheme = match url.scheme() {
        "https" | "wss" => "wss",
        _ => "ws",
    };
    url.set_fragment(None);
    match url.set_scheme(scheme) {
        Ok(()) => Ok(url),
        Err(()) => Err(Error::config(format!(
            "{} cannot be one of websockets",
            Shown::of(&url)
        ))),
    }
}

/// A Phoenix socket's URL ends in its transport, and says how messages are written.
fn phoenix_url(mut url: Url, version: PhoenixVersion) -> Result<(Url, PhoenixVersion), Error> {
    const TRANSPORT: &str = "/websocket";

    let path = url.path().trim_end_matches('/');
    if !path.ends_with(TRANSPORT) {
        let path = format!("{path}{TRANSPORT}");
        url.set_path(&path);
    }
    let said = url.query_pairs().find(|(name, _)| name == "vsn");
    let said = said.map(|(_, value)| value.into_owned());
    match said.as_deref() {
        Some(said) if said.starts_with("1.") => Ok((url, PhoenixVersion::V1)),
        Some(said) if said.starts_with("2.") => Ok((url, PhoenixVersion::V2)),
        Some(said) => Err(Error::config(format!(
            "the URL has vsn={said}, and of Phoenix's serializers there are 1.0.0 and 2.0.0"
        ))),
        None => {
            url.query_pairs_mut().append_pair("vsn", version.vsn());
            Ok((url, version))
        }
    }
}

fn origin(origin: Option<&str>) -> Result<Option<HeaderValue>, Error> {
    let value = origin.map(HeaderValue::from_str).transpose();
    value.map_err(|_| Error::config(format!("the {ORIGIN} holds characters that headers cannot")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phoenix(url: &str) -> String {
        let url = socket_url(&Url::parse(url).unwrap(), None).unwrap();
        phoenix_url(url, PhoenixVersion::V2).unwrap().0.to_string()
    }

    #[test]
    fn a_phoenix_url_gets_its_transport_and_its_version_once() {
        for url in [
            "ws://host/socket",
            "ws://host/socket/",
            "http://host/socket",
            "ws://host/socket/websocket",
            "ws://host/socket/websocket/?vsn=2.0.0",
            "ws://host/socket?vsn=2.0.0",
        ] {
            assert_eq!(
                phoenix(url).replace("websocket/?", "websocket?"),
                "ws://host/socket/websocket?vsn=2.0.0"
            );
        }
        assert_eq!(
            phoenix("wss://host/socket?token=x"),
            "wss://host/socket/websocket?token=x&vsn=2.0.0"
        );
    }

    #[test]
    fn the_version_in_a_phoenix_url_wins_and_one_that_does_not_exist_is_refused() {
        let url = |text: &str| Url::parse(text).unwrap();
        let (_, version) = phoenix_url(url("ws://host/socket?vsn=1.0.0"), PhoenixVersion::V2).unwrap();
        assert_eq!(version, PhoenixVersion::V1);
        assert!(phoenix_url(url("ws://host/socket?vsn=3.0.0"), PhoenixVersion::V2).is_err());
    }

    #[test]
    fn sockets_are_at_the_url_of_the_client_unless_they_have_their_own() {
        let own = Url::parse("https://host:8443/graphql?a=b#c").unwrap();
        assert_eq!(socket_url(&own, None).unwrap().as_str(), "wss://host:8443/graphql?a=b");
        assert_eq!(
            socket_url(&own, Some("http://other/ws")).unwrap().as_str(),
            "ws://other/ws"
        );
        assert!(socket_url(&own, Some("ftp://other/ws")).is_err());
    }
}
