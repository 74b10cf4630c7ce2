//! What differs between the services that a session can be held with: where their sockets are, how they are opened, and
//! what goes along with a start.

#[cfg(feature = "appsync")]
mod appsync;

use std::fmt;

use http::HeaderMap;
use serde_json::value::RawValue;
use url::Url;

#[cfg(feature = "appsync")]
pub(crate) use self::appsync::AppSync;
use super::connect::Upgrade;
use crate::Error;
use crate::auth::{Authorization, TargetKind};

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
    fn signing_url(&self, kind: TargetKind) -> Url;

    /// What a provider is told to be sent with a handshake.
    fn connect_body(&self) -> &'static str;

    /// The handshake, with the headers of the client and the credentials for it.
    fn upgrade(&self, authorization: &Authorization, headers: &HeaderMap) -> Result<Upgrade, Error>;

    /// What goes along with a start to authorise it.
    fn start(&self, authorization: &Authorization, headers: &[&HeaderMap]) -> Result<Box<RawValue>, Error>;
}
