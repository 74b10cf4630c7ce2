//! What differs between the services that a session can be held with: where their sockets are, how they are opened, and
//! what goes along with a start.

#[cfg(feature = "appsync")]
mod appsync;
mod channel;
mod graphql;

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use gqlwire_proto::session::SessionOptions;
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, HeaderValue};
use serde_json::value::RawValue;
use url::Url;

#[cfg(feature = "appsync")]
pub(crate) use self::appsync::AppSync;
pub(crate) use self::channel::Channel;
pub(crate) use self::graphql::Graphql;
use super::connect::Upgrade;
use crate::auth::{AuthProvider, Authorization, Target, TargetKind};
use crate::transport::RawRequest;
use crate::websocket::Payload;
use crate::{Error, Protocol};

/// How long a connection is kept that nothing goes over: longer than AppSync's, as requests come now and then.
const IDLE: Duration = Duration::from_secs(60);

/// A service behind websockets. It decides nothing about time and opens nothing itself.
pub(crate) trait Service: fmt::Debug + Send + Sync {
    /// Where its sockets are.
    fn url(&self) -> &Url;

    /// The host that a provider is told.
    fn host(&self) -> &str;

    /// The region that a provider is told.
    fn region(&self) -> Option<&str> {
        None
    }

    /// The URL that a provider is told.
    fn signing_url(&self, kind: TargetKind) -> Url {
        let _ = kind;
        self.url().clone()
    }

    /// What a provider is told to be sent with a handshake.
    fn connect_body(&self) -> &'static str {
        ""
    }

    /// The numbers of a session with it.
    fn session(&self) -> SessionOptions;

    /// Whether it takes queries and mutations.
    fn carries_requests(&self) -> bool {
        true
    }

    /// Whether an operation can be sent as its caller wants it.
    fn accepts(&self, request: &RawRequest) -> Result<(), Error> {
        let what = match request.headers().keys().next() {
            Some(name) => format!("the header {name}"),
            None if request.auth().is_some() => "credentials of its own".to_owned(),
            None => return Ok(()),
        };
        Err(Error::request(format!(
            "{what} cannot go with one operation over this websocket, whose protocol has a place for that only when a \
             connection is opened: set it on the client's builder"
        )))
    }

    /// The handshake, with the headers of the client and the credentials for it.
    fn upgrade(&self, authorization: &Authorization, headers: &HeaderMap) -> Result<Upgrade, Error>;

    /// What is spoken on a socket, by what the server has selected.
    fn protocol(&self, selected: Option<&str>) -> Protocol;

    /// Whether the server says that it has registered a subscription. Where it does not, one has begun when its start is
    /// written.
    fn acknowledges(&self) -> bool {
        self.protocol(None).acknowledges_starts()
    }

    /// Whether the protocol is a guess where the server has selected nothing.
    fn guesses(&self) -> bool {
        false
    }

    /// What a new connection is begun with.
    fn init_payload(&self) -> BoxFuture<'_, Result<Option<Box<RawValue>>, Error>> {
        Box::pin(async { Ok(None) })
    }

    /// Whether another connection may be begun with something better than the one before.
    fn renews_init_payload(&self) -> bool {
        false
    }

    /// What goes along with a start to authorise it, where the protocol has a place for that.
    fn start(&self, authorization: &Authorization, headers: &[&HeaderMap]) -> Result<Box<RawValue>, Error> {
        let _ = (authorization, headers);
        Ok(RawValue::NULL.to_owned())
    }
}

async fn made(payload: Option<&Payload>) -> Result<Option<Box<RawValue>>, Error> {
    match payload {
        None => Ok(None),
        Some(payload) => payload.make().await.map(Some),
    }
}

/// The client's headers, those of its provider in their place where both have one, and where the socket is said to come
/// from.
fn handshake_headers(client: &HeaderMap, authorization: &Authorization, origin: Option<&HeaderValue>) -> HeaderMap {
    let mut headers = client.clone();
    for name in authorization.headers.keys() {
        headers.remove(name);
    }
    for (name, value) in &authorization.headers {
        headers.append(name.clone(), value.clone());
    }
    // The connection's own; a provider that signs it hands it back with the rest.
    headers.remove(HOST);
    if let Some(origin) = origin {
        headers.insert(ORIGIN, origin.clone());
    }
    headers
}

/// Who is asked where nobody was named.
#[derive(Debug)]
pub(crate) struct NoCredentials;

impl AuthProvider for NoCredentials {
    fn authorize<'a>(&'a self, _: Target<'a>) -> BoxFuture<'a, Result<Authorization, Error>> {
        Box::pin(async { Ok(Authorization::default()) })
    }

    fn describe(&self) -> &str {
        "what was given: headers, and the payload that a connection begins with"
    }
}
