//! Takes credentials out of what servers say: AppSync repeats the session token when it explains which signature it
//! expected, and proxies repeat whole requests.

use gqlwire_proto::GraphQLError;
use http::HeaderMap;
use serde_json::{Map, Value};
use url::Url;

const REDACTED: &str = "[redacted]";

/// Anything shorter is no secret worth the name, and would tear holes into every message.
const SHORTEST: usize = 8;

/// What no error may show.
#[derive(Default)]
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    /// The values of all headers that are marked as sensitive.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let values = headers.values().filter(|value| value.is_sensitive());
        let texts = values.filter_map(|value| value.to_str().ok());
        Self::default().and(texts)
    }

    pub(crate) fn and<'a>(mut self, more: impl IntoIterator<Item = &'a str>) -> Self {
        let long = more.into_iter().filter(|secret| secret.len() >= SHORTEST);
        self.0.extend(long.map(str::to_owned));
        self
    }

    /// The values in the query of a URL, as they stand there and decoded.
    pub(crate) fn and_query_of(self, url: &Url) -> Self {
        let raw = url
            .query()
            .unwrap_or_default()
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        let decoded: Vec<String> = url.query_pairs().map(|(_, value)| value.into_owned()).collect();
        self.and(raw.map(|(_, value)| value))
            .and(decoded.iter().map(String::as_str))
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
}
