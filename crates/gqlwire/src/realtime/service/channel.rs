use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use gqlwire_proto::session::SessionOptions;
use http::{HeaderMap, HeaderValue};
use serde_json::value::RawValue;
use url::Url;

use super::{IDLE, Service, handshake_headers};
use crate::auth::Authorization;
use crate::realtime::connect::Upgrade;
use crate::websocket::Payload;
use crate::{Error, PhoenixVersion, Protocol};

/// Absinthe behind a Phoenix socket. Credentials travel in the URL, in the headers of the handshake and in what joining
/// the channel carries.
pub(crate) struct Channel {
    pub(crate) url: Url,
    pub(crate) host: String,
    pub(crate) origin: Option<HeaderValue>,
    pub(crate) channel: String,
    pub(crate) heartbeat: Duration,
    pub(crate) join: Option<Payload>,
    pub(crate) version: PhoenixVersion,
}

impl Service for Channel {
    fn url(&self) -> &Url {
        &self.url
    }

    fn host(&self) -> &str {
        &self.host
    }

    fn session(&self) -> SessionOptions {
        let mut session = SessionOptions::of(Protocol::Phoenix);
        session.idle = IDLE;
        session.phoenix.channel.clone_from(&self.channel);
        session.phoenix.heartbeat = self.heartbeat;
        session.phoenix.version = self.version;
        session
    }

    fn upgrade(&self, authorization: &Authorization, headers: &HeaderMap) -> Result<Upgrade, Error> {
        Ok(Upgrade {
            url: self.url.clone(),
            headers: handshake_headers(headers, authorization, self.origin.as_ref()),
            offered: "what was offered (none)".to_owned(),
        })
    }

    fn protocol(&self, _: Option<&str>) -> Protocol {
        Protocol::Phoenix
    }

    fn renews_init_payload(&self) -> bool {
        self.join.as_ref().is_some_and(|payload| payload.renews)
    }

    fn init_payload(&self) -> BoxFuture<'_, Result<Option<Box<RawValue>>, Error>> {
        Box::pin(super::made(self.join.as_ref()))
    }
}

/// Without the URL, whose query may hold a token.
impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("channel", &self.channel)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
