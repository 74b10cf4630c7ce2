mod masks;
mod socket;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use gqlwire_proto::appsync::{HEADER_PREFIX, Refusal, offered_subprotocols};
use gqlwire_proto::websocket::{Decoder, Spares, accept_key, request_key};
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use url::Url;

use self::masks::Masks;
use self::socket::WebSocket;
use super::connect::{Connect, Socket, Upgrade};
use crate::error::summary;
use crate::http::{Shown, SocketClient, advice, connect_error, date, read_body, reason, redirected};
use crate::redact::Secrets;
use crate::{Error, ErrorKind};

/// How much of a refusal's body is read.
const REFUSAL_BODY: usize = 64 * 1024;

/// Opens websockets through reqwest, which gives them the same TLS, proxies and name resolution as requests have, and
/// the whole answer of a server that refuses.
#[derive(Debug)]
pub(crate) struct WebSockets {
    client: SocketClient,
    max_message: usize,
    spares: Arc<Spares>,
}

impl WebSockets {
    pub(crate) fn new(client: SocketClient, max_message: usize) -> Self {
        Self {
            client,
            max_message,
            spares: Arc::default(),
        }
    }

    /// Where the memory of long messages is to go when they have been read.
    pub(crate) fn spares(&self) -> Arc<Spares> {
        Arc::clone(&self.spares)
    }

    async fn open(&self, upgrade: Upgrade) -> Result<Box<dyn Socket>, Error> {
        let url = as_http(&upgrade.url)?;
        let mut masks = Masks::new();
        let key = request_key(masks.nonce());
        let mut headers = upgrade.headers;
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        headers.insert(
            SEC_WEBSOCKET_KEY,
            HeaderValue::from_str(&key).expect("base64 is a header value"),
        );
        let offered: Vec<String> = offered_subprotocols(&headers).map(str::to_owned).collect();

        let secrets = Secrets::of(&headers)
            .and_query_of(&url)
            .and(offered.iter().map(String::as_str).filter(|offer| is_header(offer)));

        // Errors name the endpoint without its query, which may hold a signature.
        let shown = Shown::of(&upgrade.url);
        let sent = self.client.get(url, headers, &upgrade.url).await;
        let response = sent.map_err(Error::without_effect)?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(refused(response, &upgrade.url, &secrets)
                .await
                .without_secrets(&secrets));
        }
        let selected = check(response.headers(), &key, &offered, &shown, &upgrade.offered)?;
        let date = date(response.headers());
        let upgraded = response.upgrade().await;
        let upgraded = upgraded.map_err(|error| connect_error(error, &upgrade.url, 0).without_effect())?;
        let decoder = Decoder::with_spares(self.max_message, self.spares());
        let socket = WebSocket::new(upgraded, decoder, masks).opened_at(date);
        Ok(Box::new(socket.speaking(selected)))
    }
}

impl Connect for WebSockets {
    fn connect(&self, upgrade: Upgrade) -> BoxFuture<'_, Result<Box<dyn Socket>, Error>> {
        Box::pin(self.open(upgrade))
    }
}

/// reqwest knows `http` and `https` alone.
fn as_http(url: &Url) -> Result<Url, Error> {
    let text = url.as_str();
    let rest = text
        .strip_prefix("ws")
        .unwrap_or(text.strip_prefix("http").unwrap_or(text));
    Url::parse(&format!("http{rest}")).map_err(|error| Error::config("not a websocket URL").with_source(error))
}

fn is_header(offer: &str) -> bool {
    offer.starts_with(HEADER_PREFIX)
}

async fn refused(response: reqwest::Response, url: &Url, secrets: &Secrets) -> Error {
    let status = response.status();
    let headers = response.headers().clone();
    if status.is_redirection() {
        return redirected(status, headers, url);
    }
    let mut body = read_body(response, REFUSAL_BODY).await.unwrap_or_default();
    secrets.redact(&mut body);
    let says = Refusal::from_json(&body);
    let kind = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ErrorKind::Auth,
        _ => ErrorKind::Connect,
    };
    let shown = Shown::of(url);
    let what = match status.is_success() {
        true => format!("{shown} is no websocket endpoint: it answered {status}"),
        false => format!("{shown} refused the websocket with {status}"),
    };
    let said = summary(says.errors(), "no reason given");
    let reason = reason(&body, &said, &headers).map(|reason| format!(": {reason}"));
    let message = what + &reason.unwrap_or_default() + &advice(status, &headers);
    let errors = match body.trim_start().starts_with('{') {
        true => says.into_errors(),
        false => Vec::new(),
    };
    Error::new(kind, message)
        .with_errors(errors)
        .with_body(&body)
        .with_answer(status, headers)
}

/// Whether the server has taken the offer; the subprotocol that it selected, if it says so.
fn check(
    headers: &HeaderMap,
    key: &str,
    offered: &[String],
    url: &Shown,
    wanted: &str,
) -> Result<Option<String>, Error> {
    let protocol = |message: String| Err(Error::new(ErrorKind::Protocol, message));
    if headers.get(SEC_WEBSOCKET_ACCEPT).map(HeaderValue::as_bytes) != Some(accept_key(key).as_bytes()) {
        return protocol(format!(
            "{url} did not answer the websocket handshake: Sec-WebSocket-Accept is wrong or missing"
        ));
    }
    // A server that names none is let through, as browsers do; one that names another speaks another protocol.
    let Some(selected) = headers.get(SEC_WEBSOCKET_PROTOCOL) else {
        return Ok(None);
    };
    if let Some(selected) = offered.iter().find(|offer| offer.as_bytes() == selected.as_bytes()) {
        return Ok(Some(selected.clone()));
    }
    let selected = String::from_utf8_lossy(selected.as_bytes());
    // One that repeats the whole offer repeats the credentials in it.
    let selected = selected
        .split(HEADER_PREFIX)
        .next()
        .unwrap_or_default()
        .trim_end_matches([',', ' ']);
    protocol(format!(
        "{url} speaks the subprotocol {selected:?}, which is not {wanted}"
    ))
}
