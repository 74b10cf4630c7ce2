//! Which proxy lies on the way to a place.

use std::fmt;

use http::HeaderValue;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use url::Url;

use super::is_loopback;
use crate::Error;

/// What a client was told of proxies.
#[derive(Clone, Default)]
pub(crate) enum Proxies {
    /// `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, or what the system has set instead.
    #[default]
    Environment,
    /// None, whatever the environment says.
    Never,
    /// This one for everything, the user's credentials in its URL.
    Set(Url),
}

/// The proxy on the way to one place.
#[derive(Clone)]
pub(crate) struct Proxy {
    intercept: Intercept,
    /// Where it was named, for those who want it changed.
    set_by: SetBy,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SetBy {
    Builder,
    Environment,
}

/// The protocol that a proxy is spoken to in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ProxyKind {
    /// HTTP, over TLS or not: it forwards requests, and makes tunnels with `CONNECT`.
    Http,
    Socks,
}

impl Proxies {
    /// Reads the URL of a proxy as curl does: one without a scheme is spoken to in HTTP.
    pub(crate) fn set(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let full = match text.contains("://") {
            true => text.to_owned(),
            false => format!("http://{text}"),
        };
        // The text may hold a password, and no error repeats it.
        let mut url =
            Url::parse(&full).map_err(|error| Error::config(format!("the proxy's URL cannot be read: {error}")))?;
        let usable = url.host_str().is_some_and(|host| !host.is_empty());
        match url.scheme() {
            _ if !usable => return Err(Error::config("the proxy's URL names no host")),
            "http" => {}
            "https" if cfg!(feature = "tls") => {}
            "https" => {
                return Err(Error::config(
                    "a proxy over https needs TLS, and none is compiled in: enable the feature `rustls` or `ring`",
                ));
            }
            "socks4" | "socks4a" | "socks5" | "socks5h" => {
                require_socks(url.scheme(), "`proxy`")?;
                // Set by the protocol's registration; the crates underneath know it in one place and not in another.
                if url.port().is_none() {
                    let _ = url.set_port(Some(1080));
                }
            }
            other => {
                return Err(Error::config(format!(
                    "a proxy of the scheme {other:?} is not known: http, https, socks5 (names resolved here) and socks5h \
                     (names resolved by the proxy) are"
                )));
            }
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(Error::config(
                "the proxy's URL has a path or a query, which a proxy has no use for",
            ));
        }
        Ok(Self::Set(url))
    }

    /// The proxy between here and this URL.
    ///
    /// What is for this machine must not leave it by what happens to be in the environment: a proxy would be given the
    /// credentials, in clear text, and reach its own loopback. One that was set on purpose may be just for that.
    pub(crate) fn on_the_way_to(&self, url: &Url) -> Option<Proxy> {
        match self {
            Self::Environment if is_loopback(url) => None,
            Self::Environment => Proxy::named_by(&Matcher::from_system(), url, SetBy::Environment),
            Self::Never => None,
            Self::Set(proxy) => {
                let matcher = Matcher::builder().all(String::from(proxy.clone())).build();
                Proxy::named_by(&matcher, url, SetBy::Builder)
            }
        }
    }
}

impl Proxy {
    fn named_by(matcher: &Matcher, url: &Url, set_by: SetBy) -> Option<Self> {
        let scheme = match url.scheme() {
            "ws" => "http",
            "wss" => "https",
            other => other,
        };
        let destination = format!("{scheme}://{}/", super::host_of(url));
        let intercept = matcher.intercept(&destination.parse().ok()?)?;
        Some(Self { intercept, set_by })
    }

    pub(crate) fn kind(&self) -> ProxyKind {
        match self.intercept.uri().scheme_str() {
            Some("http" | "https") => ProxyKind::Http,
            _ => ProxyKind::Socks,
        }
    }

    pub(crate) fn set_by(&self) -> SetBy {
        self.set_by
    }

    /// Scheme, host and port, without credentials.
    pub(crate) fn uri(&self) -> &http::Uri {
        self.intercept.uri()
    }

    /// What an HTTP proxy is shown for credentials, if its URL has some.
    pub(crate) fn basic_auth(&self) -> Option<&HeaderValue> {
        self.intercept.basic_auth()
    }

    pub(crate) fn has_credentials(&self) -> bool {
        self.intercept.basic_auth().is_some() || self.intercept.raw_auth().is_some()
    }

    /// Whether names are resolved here for it, and pinned addresses therefore count.
    pub(crate) fn takes_addresses(&self) -> bool {
        matches!(self.uri().scheme_str(), Some("socks4" | "socks5"))
    }

    /// Fails where this proxy needs what is not compiled in: reqwest would speak HTTP to it.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.kind() {
            ProxyKind::Http => Ok(()),
            ProxyKind::Socks => {
                let scheme = self.uri().scheme_str().unwrap_or_default();
                require_socks(scheme, "the environment (NO_PROXY makes exceptions)")
            }
        }
    }
}

fn require_socks(scheme: &str, set_by: &str) -> Result<(), Error> {
    match cfg!(feature = "socks") {
        true => Ok(()),
        false => Err(Error::config(format!(
            "{set_by} names a {scheme} proxy, which needs the feature `socks`"
        ))),
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uri = self.uri();
        let (scheme, host) = (uri.scheme_str().unwrap_or("http"), uri.host().unwrap_or_default());
        match uri.port() {
            Some(port) => write!(f, "{scheme}://{host}:{port}"),
            None => write!(f, "{scheme}://{host}"),
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} ({:?})", self.set_by)
    }
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("Environment"),
            Self::Never => f.write_str("Never"),
            Self::Set(url) => write!(f, "Set({})", super::Shown::of(url)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_named_without_its_credentials_and_only_where_it_is_used() {
        let matcher = Matcher::builder()
            .http("http://user:s3cret@proxy.example.com:3128")
            .https("proxy.example.com:8080")
            .no("inside.example.com")
            .build();
        for (url, expected) in [
            ("http://api.example.com/graphql", Some("http://proxy.example.com:3128")),
            ("ws://api.example.com:81/graphql", Some("http://proxy.example.com:3128")),
            ("wss://api.example.com/graphql", Some("http://proxy.example.com:8080")),
            ("https://inside.example.com/graphql", None),
        ] {
            let proxy = Proxy::named_by(&matcher, &Url::parse(url).unwrap(), SetBy::Environment);
            assert_eq!(proxy.map(|proxy| proxy.to_string()).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn a_proxy_that_was_set_is_for_this_machine_too_and_one_of_the_environment_is_not() {
        let set = Proxies::set("user:p%40ss@proxy.example.com:3128").unwrap();
        for url in ["http://127.0.0.1:1/", "wss://localhost/", "https://api.example.com/"] {
            let proxy = set.on_the_way_to(&Url::parse(url).unwrap()).unwrap();
            assert_eq!(proxy.to_string(), "http://proxy.example.com:3128");
            // user:p@ss
            assert_eq!(proxy.basic_auth().unwrap(), "Basic dXNlcjpwQHNz");
        }
        assert!(!format!("{set:?}").contains("ss@"), "{set:?}");
        let loopback = Url::parse("http://127.0.0.1/").unwrap();
        assert!(Proxies::Environment.on_the_way_to(&loopback).is_none());
    }

    #[test]
    fn what_cannot_be_a_proxy_is_refused_without_showing_a_password() {
        for text in [
            "",
            "http://",
            "ftp://user:s3cret@proxy.example.com",
            "http://user:s3cret@proxy.example.com/path",
            "http://user:s3cret@proxy.example.com:99999",
            "http://user:s3cret@[::",
            "user:s3cret@",
        ] {
            let error = Proxies::set(text).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Config);
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn socks_is_a_matter_of_its_feature() {
        let set = Proxies::set("socks5h://proxy.example.com");
        match cfg!(feature = "socks") {
            true => {
                let proxy = set.unwrap().on_the_way_to(&Url::parse("ws://a.example/").unwrap());
                assert_eq!(proxy.unwrap().to_string(), "socks5h://proxy.example.com:1080");
            }
            false => assert!(set.unwrap_err().to_string().contains("feature `socks`")),
        }
    }
}
