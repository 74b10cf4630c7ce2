use std::error::Error as StdError;
use std::io;

use url::Url;

use super::proxy::proxy_for;
use crate::{Error, ErrorKind};

/// A body from this size on is worth a word when the connection breaks: a server that finds it too long may answer
/// and close before it has read it all, and the answer is lost with the connection.
const LARGE: usize = 64 * 1024;

/// What reqwest could not do, in words that say what to look at.
pub(crate) fn connect_error(error: reqwest::Error, url: &Url, body: usize) -> Error {
    // The URL may hold a signed query; ours does not.
    let error = error.without_url();
    let proxy = proxy_for(url);
    let place = match &proxy {
        Some(proxy) => format!("{} through the proxy {proxy}", place(url)),
        None => place(url),
    };
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
        let why = match plain_scheme(&error, url) {
            Some(plain) => format!("the server does not speak TLS on this port: was {plain}:// meant?"),
            None => deepest,
        };
        let advice = advice(&error, proxy.is_some()).unwrap_or_default();
        let connect = Error::new(ErrorKind::Connect, format!("cannot connect to {place}: {why}{advice}"));
        // Neither a certificate nor a server without TLS gets better by asking again.
        #[cfg(feature = "tls")]
        let connect = match tls_error(&error) {
            Some(rustls::Error::InvalidCertificate(_) | rustls::Error::InvalidMessage(_)) => connect.retryable(false),
            _ => connect,
        };
        return connect.with_source(error);
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

/// The scheme that was probably meant, where something answered that is no TLS.
fn plain_scheme(error: &reqwest::Error, url: &Url) -> Option<&'static str> {
    #[cfg(feature = "tls")]
    if let Some(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)) = tls_error(error) {
        return Some(if url.scheme() == "wss" { "ws" } else { "http" });
    }
    let _ = (error, url);
    None
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

fn advice(error: &reqwest::Error, proxied: bool) -> Option<&'static str> {
    #[cfg(feature = "tls")]
    match tls_error(error) {
        Some(rustls::Error::InvalidCertificate(_)) => {
            return Some(
                "; its certificate is not trusted: if it is signed by an authority of your own, add that with \
                 `add_root_certificate`",
            );
        }
        Some(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)) => return None,
        Some(rustls::Error::InvalidMessage(_)) => return Some("; does the server speak TLS there?"),
        _ => {}
    }
    if causes(error).any(|cause| cause.to_string().contains("proxy authorization required")) {
        return Some("; the proxy wants credentials of its own: put user and password into its URL, where that is set");
    }
    if proxied {
        return Some(
            "; the proxy is set by HTTP_PROXY, HTTPS_PROXY or ALL_PROXY, or by the system, and NO_PROXY makes exceptions",
        );
    }
    causes(error).find_map(|cause| {
        if cause.to_string().contains("dns error") {
            return Some("; is the host name right?");
        }
        match cause.downcast_ref::<io::Error>()?.kind() {
            io::ErrorKind::ConnectionRefused => Some("; is the server running?"),
            _ => None,
        }
    })
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
