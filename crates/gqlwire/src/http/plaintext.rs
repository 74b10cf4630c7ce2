//! Credentials do not go unencrypted to another machine, whichever way they were given.

use http::{HeaderMap, HeaderName};
use url::Url;

use super::is_safe_for_credentials;

/// Why a request must not go there: `None` if it is encrypted, stays on this machine, or holds nothing secret.
pub(crate) fn unsafe_credentials(url: &Url, authorised: bool, headers: &[&HeaderMap]) -> Option<String> {
    if is_safe_for_credentials(url) {
        return None;
    }
    let what = if authorised {
        "credentials".to_owned()
    } else {
        let mut names = headers.iter().flat_map(|headers| headers.keys());
        let name = names.find(|name| !is_harmless(name))?;
        format!("the header {name}, which may be a secret,")
    };
    Some(format!(
        "{what} would go unencrypted to {}; use {}, or say so explicitly (danger_allow_plaintext_credentials)",
        url.host_str().unwrap_or_default(),
        if url.scheme() == "ws" { "wss" } else { "https" }
    ))
}

/// Headers that are known to hold no secret; any other may be a key by whatever name its inventor gave it.
pub(crate) fn is_harmless(name: &HeaderName) -> bool {
    /// Those that carry where a request comes from and what follows it, not who may make it.
    const NAMES: [&str; 16] = [
        "apollographql-client-name",
        "apollographql-client-version",
        "cache-control",
        "date",
        "host",
        "origin",
        "referer",
        "sec-websocket-version",
        "traceparent",
        "tracestate",
        "user-agent",
        "x-amz-date",
        "x-amz-user-agent",
        "x-amzn-trace-id",
        "x-correlation-id",
        "x-request-id",
    ];
    let name = name.as_str();
    NAMES.contains(&name) || name == "accept" || name.starts_with("accept-") || name.starts_with("content-")
}
