use std::error::Error as StdError;
use std::io;

use url::Url;

use crate::{Error, ErrorKind};

/// What reqwest could not do, in words that say what to look at.
pub(crate) fn connect_error(error: reqwest::Error, url: &Url) -> Error {
    // The URL may hold a signed query; ours does not.
    let error = error.without_url();
    let place = place(url);
    let deepest = deepest_message(&error);
    if error.is_timeout() {
        let message = format!("connecting to {place} took too long");
        return Error::new(ErrorKind::Timeout, message).with_source(error);
    }
    if error.is_builder() {
        return Error::request(format!("the request to {place} cannot be sent: {deepest}")).with_source(error);
    }
    if error.is_connect() {
        let advice = advice(&error);
        let message = format!("cannot connect to {place}: {deepest}{}", advice.unwrap_or_default());
        let connect = Error::new(ErrorKind::Connect, message);
        // A certificate does not get better by asking again.
        #[cfg(feature = "tls")]
        let connect = match tls_error(&error) {
            Some(rustls::Error::InvalidCertificate(_)) => connect.retryable(false),
            _ => connect,
        };
        return connect.with_source(error);
    }
    let (kind, message) = match is_parse(&error) {
        true => (
            ErrorKind::Protocol,
            format!("{place} does not answer in HTTP: {deepest}"),
        ),
        false => (
            ErrorKind::Disconnected,
            format!("the connection to {place} broke: {deepest}"),
        ),
    };
    Error::new(kind, message).with_source(error).after_sending()
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

fn advice(error: &reqwest::Error) -> Option<&'static str> {
    #[cfg(feature = "tls")]
    match tls_error(error) {
        Some(rustls::Error::InvalidCertificate(_)) => {
            return Some(
                "; its certificate is not trusted: if it is signed by an authority of your own, add that with \
                 `add_root_certificate`",
            );
        }
        Some(rustls::Error::InvalidMessage(_)) => {
            return Some("; the server does not seem to speak TLS there: is http:// (ws://) meant?");
        }
        _ => {}
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
