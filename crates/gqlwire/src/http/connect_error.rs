use std::error::Error as StdError;
use std::io;

use url::Url;

use super::proxy::{Proxy, SetBy};
#[cfg(feature = "tls")]
use super::tls;
use super::way::{Refused, Stop, WayError};
use crate::{Error, ErrorKind};

/// A body from this size on is worth a word when the connection breaks: a server that finds it too long may answer
/// and close before it has read it all, and the answer is lost with the connection.
const LARGE: usize = 64 * 1024;

/// What reqwest could not do, in words that say what to look at.
pub(crate) fn connect_error(error: reqwest::Error, url: &Url, body: usize) -> Error {
    // The URL may hold a signed query; ours does not.
    let error = error.without_url();
    if let Some(connect) = way_error(&error, url) {
        return connect.with_source(error);
    }
    let place = place(url);
    let deepest = deepest_message(&error);
    // A connection that the system gave up after it had been open times out as well: what was sent on it may have arrived.
    if error.is_timeout() && error.is_connect() {
        let message = format!("connecting to {place} took too long");
        return Error::new(ErrorKind::Timeout, message).with_source(error);
    }
    if error.is_builder() {
        return Error::request(format!("the request to {place} cannot be sent: {deepest}")).with_source(error);
    }
    if error.is_connect() {
        return no_connection(&error, url, place).with_source(error);
    }
    #[cfg(feature = "tls")]
    if let Some(refused) = tls_error(&error).and_then(tls::words::client_certificate) {
        // With TLS 1.3 a client may send before the server has looked at its certificate; it does not read on if it
        // refuses that.
        let message = format!("cannot connect to {place}: {refused}");
        return Error::new(ErrorKind::Connect, message)
            .retryable(false)
            .with_source(error);
    }
    let (kind, message) = match is_parse(&error) {
        true => (
            ErrorKind::Protocol,
            format!("{place} does not answer in HTTP: {deepest}"),
        ),
        false if body >= LARGE => (
            ErrorKind::Disconnected,
            format!(
                "the connection to {place} broke: {deepest}; the server may have refused a request of {body} bytes as \
                 too large"
            ),
        ),
        false => (
            ErrorKind::Disconnected,
            format!("the connection to {place} broke: {deepest}"),
        ),
    };
    Error::new(kind, message).with_source(error).after_sending()
}

/// Why there is no connection, if that is what this error is about, and where on the way to this URL it ended.
pub(crate) fn way_error(error: &(dyn StdError + 'static), url: &Url) -> Option<Error> {
    let way = causes(error).find_map(|cause| cause.downcast_ref::<WayError>())?;
    let proxy = way.proxy.as_ref();
    let place = route(url, way);
    let connect = |what: String, retryable: bool| {
        let message = format!("cannot connect to {place}: {what}");
        let connect = Error::new(ErrorKind::Connect, message);
        if retryable { connect } else { connect.retryable(false) }
    };
    let set_by = proxy.map(set_by).unwrap_or_default();
    Some(match &way.stop {
        Stop::TooLong(limit) => {
            let message = format!("connecting to {place} took too long: nothing within {limit:?}{set_by}");
            Error::new(ErrorKind::Timeout, message)
        }
        Stop::AtProxy => {
            let why = match way.source() {
                Some(source) => deepest_message(source),
                None => String::new(),
            };
            let why = why.strip_prefix("SOCKS error: ").unwrap_or(&why);
            connect(format!("the proxy cannot be reached: {why}{set_by}"), true)
        }
        Stop::ByProxy(Refused::Credentials) => {
            let wanted = credentials_wanted(proxy.is_some_and(Proxy::has_credentials));
            connect(wanted.to_owned(), false)
        }
        Stop::ByProxy(Refused::Unreachable(says)) => {
            let message = format!(
                "the proxy was reached, and cannot reach {} in turn: {says}",
                self::place(url)
            );
            connect(message, true)
        }
        Stop::ByProxy(Refused::Denied(says)) => {
            let message = format!("the proxy refused: {says}; it may allow neither this host nor this port{set_by}");
            connect(message, false)
        }
        Stop::ByProxy(Refused::Odd(says)) => connect(
            format!("the proxy was reached, and makes no connection: {says}{set_by}"),
            true,
        ),
        Stop::AtTarget => no_connection(way.source()?, url, place),
    })
}

/// What to say to a proxy that wants credentials, or others than those it was shown.
pub(crate) fn credentials_wanted(shown: bool) -> &'static str {
    match shown {
        false => "the proxy wants credentials of its own: put user and password into its URL, where that is set",
        true => "the proxy does not take the user and password in its URL, and wants credentials of its own",
    }
}

fn no_connection(error: &(dyn StdError + 'static), url: &Url, place: String) -> Error {
    let connect = |what: String| Error::new(ErrorKind::Connect, format!("cannot connect to {place}: {what}"));
    #[cfg(feature = "tls")]
    if let Some(tls) = tls_error(error) {
        let told = tls::words::told(tls, url, deepest_message(error));
        // Neither a certificate nor a server without TLS gets better by asking again.
        return connect(told.message).retryable(told.may_pass);
    }
    #[cfg(not(feature = "tls"))]
    let _ = url;
    let advice = causes(error).find_map(|cause| {
        if cause.to_string().contains("dns error") {
            return Some("; is the host name right?");
        }
        match cause.downcast_ref::<io::Error>()?.kind() {
            io::ErrorKind::ConnectionRefused => Some("; is the server running?"),
            _ => None,
        }
    });
    connect(format!("{}{}", deepest_message(error), advice.unwrap_or_default()))
}

/// Where a proxy was named, which is where to look when it is in the way.
fn set_by(proxy: &Proxy) -> &'static str {
    match proxy.set_by() {
        SetBy::Builder => "; the proxy was set for this client",
        SetBy::Environment => {
            "; the proxy is set by HTTP_PROXY, HTTPS_PROXY or ALL_PROXY, or by the system, and NO_PROXY makes exceptions"
        }
    }
}

fn route(url: &Url, way: &WayError) -> String {
    match (&way.proxy, &way.socket) {
        (Some(proxy), _) => format!("{} through the proxy {proxy}", place(url)),
        (None, Some(socket)) => format!("{} at the unix socket {socket}", place(url)),
        (None, None) => place(url),
    }
}

fn place(url: &Url) -> String {
    match (url.host_str(), url.port_or_known_default()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        _ => url.scheme().to_owned(),
    }
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The innermost cause is the one that names the trouble; those around it only say that there was some.
fn deepest_message(error: &(dyn StdError + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// Whether what came was not HTTP, or was more of it than is bearable.
fn is_parse(error: &(dyn StdError + 'static)) -> bool {
    // hyper's own error is not a public part of reqwest; its words are stable.
    causes(error).any(|cause| {
        let text = cause.to_string();
        text.starts_with("invalid HTTP") || text.contains("message head is too large")
    })
}

#[cfg(feature = "tls")]
fn tls_error<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e rustls::Error> {
    causes(error).find_map(|mut cause| {
        // What an `io::Error` wraps is not among its sources, and it may wrap another.
        while let Some(inner) = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            cause = inner;
        }
        cause.downcast_ref()
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn what_times_out_on_an_open_connection_may_have_been_executed() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let client = super::super::client(&url, super::super::Purpose::Requests, &Default::default()).unwrap();
        let sent = client.post(url.clone()).timeout(Duration::from_millis(20)).send();
        let error = sent.await.unwrap_err();
        assert!(error.is_timeout() && !error.is_connect());
        let error = connect_error(error, &url, 0);
        assert!(error.may_have_been_executed() && !error.is_retryable(), "{error:?}");
    }
}
