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
        let message = format!("cannot connect to {place}: {deepest}{}", advice(&error, url));
        return Error::new(ErrorKind::Connect, message).with_source(error);
    }
    let message = format!("the connection to {place} broke: {deepest}");
    Error::new(ErrorKind::Disconnected, message)
        .with_source(error)
        .after_sending()
}

fn place(url: &Url) -> String {
    match (url.host_str(), url.port_or_known_default()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        _ => url.to_string(),
    }
}

/// The innermost cause is the one that names the trouble; those around it only say that there was some.
fn deepest_message(error: &dyn StdError) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

fn advice(error: &reqwest::Error, url: &Url) -> &'static str {
    let mut cause: Option<&dyn StdError> = Some(error);
    while let Some(this) = cause {
        if let Some(io) = this.downcast_ref::<io::Error>() {
            match io.kind() {
                io::ErrorKind::ConnectionRefused => return "; is the server running?",
                io::ErrorKind::InvalidData if url.scheme() == "https" => return "; does the server speak TLS there?",
                _ => {}
            }
        }
        if this.to_string().contains("dns error") {
            return "; is the host name right?";
        }
        cause = this.source();
    }
    ""
}
