//! The requests beside the stream.

use std::collections::BTreeMap;

use http::header::{HeaderName, HeaderValue};
use http::{Method, StatusCode};
use serde_json::value::RawValue;
use url::Url;

use crate::http::outgoing::Outgoing;
use crate::http::stream::messages::{Content, Messages};
use crate::http::stream::open::{Wanted, refusal};
use crate::http::stream::{StreamKind, pieces::nothing};
use crate::http::{HttpTransport, read_body};
use crate::redact::Secrets;
use crate::transport::RawRequest;
use crate::{Error, ErrorKind};

const TOKEN: HeaderName = HeaderName::from_static("x-graphql-event-stream-token");

/// How long a token may be, in bytes; a UUID as a rule.
const LONGEST_TOKEN: usize = 4096;

impl HttpTransport {
    /// Reserves a stream and opens it.
    pub(super) async fn reserve(&self, request: &RawRequest) -> Result<(HeaderValue, Box<Messages>), Error> {
        let url = &self.options.url;
        let response = self.control(request, Method::PUT, url.clone(), "*/*", None).await?;
        let status = response.status();
        if status != StatusCode::CREATED {
            let message = format!(
                "{} answered {status} to the reservation of a stream, and not 201 with a token: does it speak the \
                 single connection mode of graphql-sse?",
                self.shown
            );
            return Err(Error::new(ErrorKind::Protocol, message).with_answer(status, response.headers().clone()));
        }
        let token = read_body(response, LONGEST_TOKEN).await?;
        let mut token = HeaderValue::from_str(token.trim()).map_err(|_| {
            let message = format!("{} gave a token for the stream that no header can hold", self.shown);
            Error::new(ErrorKind::Protocol, message)
        })?;
        token.set_sensitive(true);
        let get = Method::GET;
        let response = self
            .control(request, get, url.clone(), "text/event-stream", Some(&token))
            .await?;
        let (status, headers) = (response.status(), response.headers().clone());
        if StreamKind::of(&response) != Some(StreamKind::Sse) {
            let message = format!("{} answered {status} without a stream of events", self.shown);
            return Err(Error::new(ErrorKind::Protocol, message).with_answer(status, headers));
        }
        let silence = self.silence(Wanted::Sse, None);
        let limit = self.options.max_body;
        let messages = Messages::new(response, &StreamKind::Sse, Content::Shared, silence, limit);
        Ok((token, Box::new(messages)))
    }

    /// Starts an operation on the stream.
    pub(super) async fn solicit(&self, request: &RawRequest, token: &HeaderValue, id: u64) -> Result<(), Error> {
        let request = request.with_body(with_operation_id(request.body(), id)?);
        let url = self.options.url.clone();
        // graphql-sse knows no other.
        let response = self
            .control(&request, Method::POST, url, "application/json", Some(token))
            .await?;
        drop(response);
        Ok(())
    }

    /// Stops an operation. Whatever comes of it, the events are no longer of interest.
    pub(super) async fn release(&self, request: &RawRequest, token: &HeaderValue, id: u64) {
        let mut url = self.options.url.clone();
        url.query_pairs_mut().append_pair("operationId", &id.to_string());
        let mut request = request.with_body("");
        request.timeout = None;
        if let Err(error) = self.control(&request, Method::DELETE, url, "*/*", Some(token)).await {
            tracing::debug!(%error, "the server did not take the stop of a subscription");
        }
    }

    /// A request that is to be answered with success; once more if its credentials are refused and there are better ones.
    async fn control(
        &self,
        request: &RawRequest,
        method: Method,
        url: Url,
        accept: &'static str,
        token: Option<&HeaderValue>,
    ) -> Result<reqwest::Response, Error> {
        let auth = request.auth().or(self.options.auth.as_ref());
        let mut renewed = false;
        loop {
            let accept = HeaderValue::from_static(accept);
            let ahead = self.clock().ahead();
            let outgoing = Outgoing::plain(request);
            let (mut headers, sent) = self.prepare(request, &outgoing, auth, ahead, accept).await?;
            if let Some(token) = token {
                headers.insert(TOKEN, token.clone());
            }
            let secrets = Secrets::of(&headers).and_query_of(&self.options.url);
            let (method, url) = (method.clone(), url.clone());
            let response = self
                .dispatch(request, method, url, outgoing.payload, headers, &secrets)
                .await?;
            let status = response.status();
            if status.is_success() {
                return Ok(response);
            }
            let error = match self.judged(request, response, &secrets).await {
                Ok(answer) => refusal(&answer, &self.shown).unwrap_or_else(|| nothing(&self.shown)),
                Err(error) => error,
            };
            let (true, Some(auth), Some(sent)) = (error.is_auth(), auth, sent) else {
                return Err(error);
            };
            if renewed || !auth.refused(&sent, &error).await {
                return Err(error.refusing(auth.as_ref()));
            }
            renewed = true;
        }
    }
}

/// The request with the id under which its events come.
fn with_operation_id(body: &str, id: u64) -> Result<String, Error> {
    let read = |error| Error::request("the request is no JSON object").with_source(error);
    let raw = |json: String| RawValue::from_string(json).map_err(read);
    let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(body).map_err(read)?;
    let extensions = members.get("extensions").map(|extensions| extensions.get());
    let mut extensions: BTreeMap<String, Box<RawValue>> = match extensions {
        None | Some("null") => BTreeMap::new(),
        Some(extensions) => serde_json::from_str(extensions).map_err(read)?,
    };
    extensions.insert("operationId".to_owned(), raw(format!("\"{id}\""))?);
    let extensions = serde_json::to_string(&extensions).map_err(read)?;
    members.insert("extensions".to_owned(), raw(extensions)?);
    serde_json::to_string(&members).map_err(read)
}

#[cfg(test)]
mod tests {
    use super::with_operation_id;

    #[test]
    fn an_operation_gets_its_id_beside_the_extensions_that_it_has() {
        let with = |body| with_operation_id(body, 7).unwrap();
        assert_eq!(
            with(r#"{"query":"x"}"#),
            r#"{"extensions":{"operationId":"7"},"query":"x"}"#
        );
        assert_eq!(
            with(r#"{"query":"x","extensions":{"big":12345678901234567890123}}"#),
            r#"{"extensions":{"big":12345678901234567890123,"operationId":"7"},"query":"x"}"#
        );
        assert!(with_operation_id("[]", 7).is_err());
    }
}
