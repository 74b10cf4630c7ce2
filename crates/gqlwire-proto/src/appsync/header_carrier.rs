//! The ways in which a WebSocket handshake carries the header object.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::header::{HeaderMap, HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use percent_encoding::percent_decode_str;
use url::Url;

use super::authorization::{HeaderObject, HeaderObjectError};

/// The subprotocol of GraphQL subscriptions on AppSync (the old name of Apollo's `subscriptions-transport-ws`).
pub const GRAPHQL_WS: &str = "graphql-ws";
/// The subprotocol of AppSync Events.
pub const EVENT_WS: &str = "aws-appsync-event-ws";
/// What precedes the header object in the offer of subprotocols.
pub const HEADER_PREFIX: &str = "header-";
/// The query parameter with the header object.
pub const HEADER_PARAMETER: &str = "header";
/// The query parameter that goes with [`HEADER_PARAMETER`]: the Base64 of [`CONNECT_BODY`].
pub const PAYLOAD_PARAMETER: &str = "payload";
/// The body of a connect, as far as it has one: what IAM signs.
pub const CONNECT_BODY: &str = "{}";

/// How the handshake carries the header object.
#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderCarrier {
    /// Plain headers of the upgrade request. Private APIs do not support it.
    Headers,
    /// The query parameters `header` and `payload`: the only way that the Amplify simulator reads, and the documented
    /// one for VPC endpoints, where it is the default. URLs end up in the logs of proxies, so nowhere else.
    Query,
    /// An offered subprotocol `header-…`.
    #[default]
    Subprotocol,
}

impl HeaderCarrier {
    /// The URL and the headers of a handshake with `endpoint` that offers `subprotocol` ([`GRAPHQL_WS`] or
    /// [`EVENT_WS`]) and carries `object`.
    ///
    /// With [`HeaderCarrier::Query`] a `header` or `payload` that the endpoint's query already has is replaced; the
    /// rest of the query stays.
    ///
    /// # Errors
    ///
    /// When the object or the subprotocol cannot stand in an HTTP header.
    pub fn handshake(
        self,
        endpoint: &Url,
        subprotocol: &str,
        object: &HeaderObject,
    ) -> Result<Handshake, HeaderObjectError> {
        let mut url = endpoint.clone();
        let mut headers = HeaderMap::new();
        let mut offer = subprotocol.to_owned();
        match self {
            HeaderCarrier::Headers => headers = object.to_header_map()?,
            HeaderCarrier::Query => url.set_query(Some(&object.to_query(endpoint.query()))),
            HeaderCarrier::Subprotocol => offer = format!("{offer}, {}", object.to_subprotocol()),
        }
        let mut offer = HeaderValue::from_str(&offer).map_err(|_| HeaderObjectError::UnfitForHttp {
            name: SEC_WEBSOCKET_PROTOCOL.to_string(),
        })?;
        offer.set_sensitive(self == HeaderCarrier::Subprotocol);
        headers.insert(SEC_WEBSOCKET_PROTOCOL, offer);
        Ok(Handshake { url, headers })
    }

    /// Finds the header object of a handshake, and how it came: in an offered subprotocol, else in the query, else in
    /// plain headers. `None` when it came in no way.
    ///
    /// # Errors
    ///
    /// When the object is there but cannot be read.
    pub fn read_handshake(
        query: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<Option<(HeaderCarrier, HeaderObject)>, HeaderObjectError> {
        if let Some(object) = HeaderObject::from_subprotocols(offered_subprotocols(headers))? {
            return Ok(Some((HeaderCarrier::Subprotocol, object)));
        }
        if let Some(object) = HeaderObject::from_query(query.unwrap_or_default())? {
            return Ok(Some((HeaderCarrier::Query, object)));
        }
        let object = HeaderObject::from_header_map(headers)?;
        Ok(object.map(|object| (HeaderCarrier::Headers, object)))
    }
}

/// Where a handshake goes and the headers that it adds to those of the upgrade itself.
#[derive(Clone)]
pub struct Handshake {
    /// The URL to open. With [`HeaderCarrier::Query`] it holds the secrets.
    pub url: Url,
    /// `Sec-WebSocket-Protocol`, and with [`HeaderCarrier::Headers`] the header object, `Host` included.
    pub headers: HeaderMap,
}

/// Without the query, which may hold secrets, and without sensitive headers.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake")
            .field("url", &without_secrets(&self.url).as_str())
            .field("headers", &self.headers)
            .finish()
    }
}

impl HeaderObject {
    /// The subprotocol that carries the object: `header-` and the URL-safe Base64 of the JSON, without padding.
    pub fn to_subprotocol(&self) -> String {
        format!("{HEADER_PREFIX}{}", URL_SAFE_NO_PAD.encode(self.to_json()))
    }

    /// A query (without `?`) that carries the object and keeps what `existing` holds besides a header object.
    pub fn to_query(&self, existing: Option<&str>) -> String {
        let mut query = String::new();
        for pair in other_pairs(existing) {
            query.push_str(pair);
            query.push('&');
        }
        query.push_str(HEADER_PARAMETER);
        query.push('=');
        query.push_str(&percent_encoded_base64(&self.to_json()));
        query.push('&');
        query.push_str(PAYLOAD_PARAMETER);
        query.push('=');
        query.push_str(&percent_encoded_base64(CONNECT_BODY));
        query
    }

    /// The object among the offered subprotocols, or `None` if none of them is a `header-…`.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or there are two.
    pub fn from_subprotocols<'a>(
        offered: impl IntoIterator<Item = &'a str>,
    ) -> Result<Option<Self>, HeaderObjectError> {
        only(
            offered
                .into_iter()
                .filter_map(|offer| offer.strip_prefix(HEADER_PREFIX)),
        )?
        .map(Self::from_base64)
        .transpose()
    }

    /// The object in a query (without `?`), or `None` if it has no `header`.
    ///
    /// Clients send either alphabet, with or without padding, with or without percent-encoding; `+` is taken as it
    /// stands, never as a space.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or there are two.
    pub fn from_query(query: &str) -> Result<Option<Self>, HeaderObjectError> {
        let Some(pair) = only(query.split('&').filter(|pair| name_of(pair) == HEADER_PARAMETER))? else {
            return Ok(None);
        };
        let encoded = pair.split_once('=').map_or("", |(_, value)| value);
        let decoded = percent_decode_str(encoded)
            .decode_utf8()
            .map_err(|_| HeaderObjectError::NotBase64)?;
        Self::from_base64(&decoded).map(Some)
    }
}

/// The subprotocols that a handshake offers, in order, over all its `Sec-WebSocket-Protocol` headers.
pub fn offered_subprotocols(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|offer| !offer.is_empty())
}

/// The query of a URL without a header object; `None` if nothing is left.
pub(super) fn query_without_header_object(url: &Url) -> Option<String> {
    let pairs: Vec<_> = other_pairs(url.query()).collect();
    (!pairs.is_empty()).then(|| pairs.join("&"))
}

/// A URL whose query, if there is one, cannot be read.
pub(super) fn without_secrets(url: &Url) -> Url {
    let mut shown = url.clone();
    shown.set_query(url.query().map(|_| "[redacted]"));
    shown
}

fn other_pairs(query: Option<&str>) -> impl Iterator<Item = &str> {
    query
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && ![HEADER_PARAMETER, PAYLOAD_PARAMETER].contains(&name_of(pair)))
}

fn only<T>(mut items: impl Iterator<Item = T>) -> Result<Option<T>, HeaderObjectError> {
    let first = items.next();
    match items.next() {
        Some(_) => Err(HeaderObjectError::Repeated),
        None => Ok(first),
    }
}

fn name_of(pair: &str) -> &str {
    pair.split_once('=').map_or(pair, |(name, _)| name)
}

/// Base64 has but three characters that a query value may not hold bare.
fn percent_encoded_base64(text: &str) -> String {
    STANDARD
        .encode(text)
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D")
}
