//! Where requests go, as messages show it and as rules see it.

use std::fmt;
use std::sync::Arc;

use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use url::Url;

use crate::{Error, ErrorKind};

/// A URL as messages show it: without its query and its user, which may hold secrets.
#[derive(Clone)]
pub(crate) struct Shown(Arc<str>);

impl Shown {
    pub(crate) fn of(url: &Url) -> Self {
        let mut shown = url.clone();
        shown.set_query(None);
        shown.set_fragment(None);
        // Refused by URLs that have no host, and therefore no user.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        Self(shown.as_str().into())
    }

    /// The same text, for something that outlives this.
    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

pub(crate) fn redirected(status: StatusCode, headers: HeaderMap, url: &Url) -> Error {
    /// As much of a target as a message shows.
    const SHOWN: usize = 300;

    let location = headers.get(LOCATION).map(|location| {
        let target = location.to_str().ok().and_then(|target| url.join(target).ok());
        target.map(|target| Shown::of(&target).0.chars().take(SHOWN).collect::<String>())
    });
    let shown = Shown::of(url);
    let message = match location {
        None => format!("{shown} answered {status} and names no Location"),
        Some(None) => format!("{shown} answered {status}, and its Location is no URL"),
        Some(Some(target)) => format!(
            "{shown} answered {status} and points to {target}; redirects are not followed, because they would carry \
             credentials to another place: use that URL if you trust it"
        ),
    };
    Error::new(ErrorKind::Status, message).with_answer(status, headers)
}

/// What to say of an answer that came from another place than was asked, which only a client that was given may do.
#[cfg(feature = "reqwest-0_13")]
pub(crate) fn followed(response: &reqwest::Response, url: &Url) -> Option<Error> {
    let mut asked = url.clone();
    asked.set_fragment(None);
    let mut answered = response.url().clone();
    answered.set_fragment(None);
    if asked == answered {
        return None;
    }
    let message = format!(
        "the reqwest client that was given followed a redirect from {} to {}, and may have carried credentials there: \
         what came from there is not used; build that client with `redirect::Policy::none()`, and use the new URL if you \
         trust it",
        Shown::of(url),
        Shown::of(&answered)
    );
    let error = Error::new(ErrorKind::Protocol, message);
    Some(
        error
            .with_answer(response.status(), response.headers().clone())
            .after_sending(),
    )
}

/// Whether credentials may go there: over TLS, or without leaving this machine.
pub(super) fn is_safe_for_credentials(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "wss") || is_loopback(url)
}

/// Whether it is on this machine: `localhost`, the names under it, and the loopback addresses.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|address| address.is_loopback())
        }
        None => false,
    }
}

/// Host and port as they stand in a `Host` header.
pub(crate) fn host_of(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => String::new(),
    }
}
