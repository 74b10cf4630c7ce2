use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use gqlwire_proto::session::SessionOptions;
use http::header::SEC_WEBSOCKET_PROTOCOL;
use http::{HeaderMap, HeaderValue};
use serde_json::value::RawValue;
use url::Url;

use super::{IDLE, Service, handshake_headers};
use crate::auth::Authorization;
use crate::realtime::connect::Upgrade;
use crate::websocket::Payload;
use crate::{Error, Protocol};

/// Any server of `graphql-transport-ws` or the older `graphql-ws`. Credentials travel in the headers of the handshake and
/// in the init payload.
pub(crate) struct Graphql {
    pub(crate) url: Url,
    pub(crate) host: String,
    pub(crate) origin: Option<HeaderValue>,
    /// The best first; there is at least one.
    pub(crate) offered: Vec<Protocol>,
    pub(crate) init: Option<Payload>,
    pub(crate) ping_interval: Option<Duration>,
    pub(crate) pong_timeout: Option<Duration>,
}

impl Graphql {
    fn names(&self) -> String {
        let names: Vec<_> = self
            .offered
            .iter()
            .filter_map(|protocol| protocol.subprotocol())
            .collect();
        names.join(", ")
    }
}

impl Service for Graphql {
    fn url(&self) -> &Url {
        &self.url
    }

    fn host(&self) -> &str {
        &self.host
    }

    fn session(&self) -> SessionOptions {
        let mut session = SessionOptions::of(Protocol::TransportWs);
        session.idle = IDLE;
        if let Some(pings) = &mut session.pings {
            pings.interval = self.ping_interval.unwrap_or(pings.interval);
            pings.timeout = self.pong_timeout.unwrap_or(pings.timeout);
        }
        session
    }

    fn upgrade(&self, authorization: &Authorization, headers: &HeaderMap) -> Result<Upgrade, Error> {
        let mut headers = handshake_headers(headers, authorization, self.origin.as_ref());
        let names = self.names();
        let offer = HeaderValue::from_str(&names).expect("names of protocols are header values");
        headers.insert(SEC_WEBSOCKET_PROTOCOL, offer);
        Ok(Upgrade {
            url: self.url.clone(),
            headers,
            offered: format!("what was offered ({names})"),
        })
    }

    fn protocol(&self, selected: Option<&str>) -> Protocol {
        let named = |protocol: &&Protocol| protocol.subprotocol() == selected;
        let first = self.offered.first().copied();
        let protocol = self.offered.iter().find(named).copied().or(first);
        protocol.unwrap_or(Protocol::TransportWs)
    }

    fn guesses(&self) -> bool {
        // Whoever offers the older protocol first knows of it.
        self.protocol(None) == Protocol::TransportWs
    }

    fn renews_init_payload(&self) -> bool {
        self.init.as_ref().is_some_and(|payload| payload.renews)
    }

    fn init_payload(&self) -> BoxFuture<'_, Result<Option<Box<RawValue>>, Error>> {
        Box::pin(super::made(self.init.as_ref()))
    }
}

/// Without the URL, whose query may hold a token.
impl fmt::Debug for Graphql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graphql")
            .field("offered", &self.offered)
            .finish_non_exhaustive()
    }
}
