//! Takes credentials out of what servers say: AppSync repeats the session token when it explains which signature it
//! expected, and proxies repeat whole requests.

use gqlwire_proto::GraphQLError;
use http::{HeaderMap, HeaderName, HeaderValue};
#[cfg(feature = "websocket")]
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use url::Url;

use crate::http::is_harmless;

const REDACTED: &str = "[redacted]";

/// Anything shorter is no secret worth the name, and would tear holes into every message.
const SHORTEST: usize = 8;

/// What no error may show.
#[derive(Default)]
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    /// The values of the headers that are marked as sensitive and may be secrets, the token behind a scheme, and the signature in
    /// one that is signed. What else is signed (the host, the media type, the time) has to stay: a server that found another
    /// signature explains itself in these.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self::default().and_of(headers)
    }

    pub(crate) fn and_of(self, headers: &HeaderMap) -> Self {
        let secret = |(name, value): &(&HeaderName, &HeaderValue)| value.is_sensitive() && !is_harmless(name);
        let values = headers.iter().filter(secret);
        let texts = values.filter_map(|(_, value)| value.to_str().ok());
        self.and(texts.flat_map(|text| {
            let signature = text.split_once("Signature=").map(|(_, signature)| signature);
            std::iter::once(text).chain(signature).chain(token(text))
        }))
    }

    pub(crate) fn and<'a>(mut self, more: impl IntoIterator<Item = &'a str>) -> Self {
        let long = more.into_iter().filter(|secret| secret.len() >= SHORTEST);
        self.0.extend(long.map(str::to_owned));
        self
    }

    /// The values in the query of a URL, as they stand there and decoded.
    pub(crate) fn and_query_of(self, url: &Url) -> Self {
        let Some(query) = url.query() else { return self };
        let raw = query.split('&').filter_map(|pair| pair.split_once('='));
        let decoded: Vec<String> = url.query_pairs().map(|(_, value)| value.into_owned()).collect();
        self.and(raw.map(|(_, value)| value))
            .and(decoded.iter().map(String::as_str))
    }

    /// Every text in this JSON, and what follows `Bearer` and its like in it.
    #[cfg(feature = "websocket")]
    pub(crate) fn and_texts_of(self, json: Option<&RawValue>) -> Self {
        let Some(json) = json.and_then(|json| serde_json::from_str(json.get()).ok()) else {
            return self;
        };
        let mut texts = Vec::new();
        collect(json, &mut texts);
        let texts = texts.iter().map(String::as_str);
        self.and(texts.flat_map(|text| std::iter::once(text).chain(token(text))))
    }

    pub(crate) fn occur_in(&self, text: &str) -> bool {
        self.0.iter().any(|secret| text.contains(secret.as_str()))
    }

    pub(crate) fn redact(&self, text: &mut String) {
        for secret in &self.0 {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), REDACTED);
            }
        }
    }

    pub(crate) fn redact_error(&self, error: &mut GraphQLError) {
        self.redact(&mut error.message);
        self.redact_members(&mut error.extensions);
        self.redact_members(&mut error.other);
    }

    fn redact_members(&self, members: &mut Map<String, Value>) {
        members.values_mut().for_each(|member| self.redact_value(member));
    }

    fn redact_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.redact(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.redact_value(item)),
            Value::Object(members) => self.redact_members(members),
            Value::Bool(_) | Value::Null | Value::Number(_) => {}
        }
    }
}

/// What follows `Bearer` or another scheme: servers repeat it without that.
fn token(text: &str) -> Option<&str> {
    let (_, token) = text.split_once(' ')?;
    (!token.contains(' ')).then_some(token)
}

#[cfg(feature = "websocket")]
fn collect(json: Value, texts: &mut Vec<String>) {
    match json {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.into_iter().for_each(|item| collect(item, texts)),
        Value::Object(members) => members.into_iter().for_each(|(_, member)| collect(member, texts)),
        Value::Bool(_) | Value::Null | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_taken_out_of_texts_and_of_errors_at_any_depth() {
        let mut headers = HeaderMap::new();
        let mut token = HeaderValue::from_static("session-token");
        token.set_sensitive(true);
        headers.insert("x-amz-security-token", token);
        headers.insert("x-plain", HeaderValue::from_static("not-a-secret"));
        let secrets = Secrets::of(&headers).and(["header-abc", "short"]);

        let mut text = "short not-a-secret session-token, header-abc".to_owned();
        secrets.redact(&mut text);
        assert_eq!(text, "short not-a-secret [redacted], [redacted]");

        let mut error = GraphQLError::from_value(json!({"message": "m", "errorInfo": {"a": ["x session-token"]}}));
        secrets.redact_error(&mut error);
        assert_eq!(error.error_info(), Some(&json!({"a": ["x [redacted]"]})));
    }

    #[test]
    fn what_a_signature_covers_stays_and_the_signature_goes() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKID/x, Signature=0123456789abcdef",
            ),
            ("accept", "application/json, text/javascript"),
            ("content-encoding", "amz-1.0+"),
            ("content-type", "application/json; charset=UTF-8"),
            ("host", "abc.appsync-api.eu-west-1.amazonaws.com"),
            ("x-amz-date", "20150830T123600Z"),
        ] {
            let mut value = HeaderValue::from_static(value);
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let mut text = "accept:application/json, text/javascript content-encoding:amz-1.0+ \
                        content-type:application/json; charset=UTF-8 host:abc.appsync-api.eu-west-1.amazonaws.com \
                        x-amz-date:20150830T123600Z"
            .to_owned();
        let before = text.clone();
        let secrets = Secrets::of(&headers);
        secrets.redact(&mut text);
        assert_eq!(text, before);
        text.push_str(" and 0123456789abcdef");
        secrets.redact(&mut text);
        assert_eq!(text, before + " and [redacted]");
    }
}
