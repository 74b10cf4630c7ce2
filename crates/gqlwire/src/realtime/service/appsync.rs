use gqlwire_proto::appsync::{CONNECT_BODY, Endpoint, HeaderObject};
use gqlwire_proto::session::SessionOptions;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::value::RawValue;
use url::Url;

use super::Service;
use crate::auth::{Authorization, TargetKind};
use crate::realtime::connect::Upgrade;
use crate::transport::RawRequest;
use crate::{Error, Protocol};

/// AppSync's realtime endpoint. Credentials travel in header objects: one with the handshake, one with each start.
#[derive(Debug)]
pub(crate) struct AppSync(pub(crate) Endpoint);

impl Service for AppSync {
    fn url(&self) -> &Url {
        self.0.realtime_url()
    }

    fn host(&self) -> &str {
        self.0.host()
    }

    fn region(&self) -> Option<&str> {
        self.0.region()
    }

    fn signing_url(&self, kind: TargetKind) -> Url {
        match kind {
            TargetKind::Connect => self.0.signing_url_connect(),
            _ => self.0.signing_url_start(),
        }
    }

    fn connect_body(&self) -> &'static str {
        CONNECT_BODY
    }

    fn session(&self) -> SessionOptions {
        SessionOptions::of(Protocol::AppSync)
    }

    fn carries_requests(&self) -> bool {
        false
    }

    fn accepts(&self, _: &RawRequest) -> Result<(), Error> {
        Ok(())
    }

    fn protocol(&self, _: Option<&str>) -> Protocol {
        Protocol::AppSync
    }

    fn upgrade(&self, authorization: &Authorization, headers: &HeaderMap) -> Result<Upgrade, Error> {
        let object = self.object(authorization, &[])?;
        let handshake = self.0.handshake(&object);
        let handshake = handshake.map_err(|error| Error::config(error.to_string()))?;
        let mut headers = headers.clone();
        headers.extend(handshake.headers);
        Ok(Upgrade {
            url: handshake.url,
            headers,
            offered: "AppSync's (graphql-ws)".to_owned(),
        })
    }

    fn start(&self, authorization: &Authorization, headers: &[&HeaderMap]) -> Result<Box<RawValue>, Error> {
        let object = self.object(authorization, headers)?;
        Ok(RawValue::from_string(object.to_json()).expect("a header object is JSON"))
    }
}

impl AppSync {
    /// The authorization object: host, what proves who is asking, and headers that resolvers may want to see.
    ///
    /// The latter come last: they are not signed, and must not replace what is.
    fn object(&self, authorization: &Authorization, extra: &[&HeaderMap]) -> Result<HeaderObject, Error> {
        let mut object = HeaderObject::new(self.host());
        for (name, value) in &authorization.headers {
            object = object.with(spelt(name), text(name, value)?);
        }
        for (name, value) in extra.iter().copied().flatten() {
            if object.get(name.as_str()).is_none() {
                object = object.with(name.as_str(), text(name, value)?);
            }
        }
        Ok(object)
    }
}

/// The names in the object are looked up by AppSync, and documented with capitals.
fn spelt(name: &HeaderName) -> &str {
    match name.as_str() {
        "authorization" => "Authorization",
        "x-amz-security-token" => "X-Amz-Security-Token",
        other => other,
    }
}

fn text<'v>(name: &HeaderName, value: &'v HeaderValue) -> Result<&'v str, Error> {
    value.to_str().map_err(|_| {
        Error::config(format!(
            "the header {name} holds characters that JSON objects of headers cannot"
        ))
    })
}
