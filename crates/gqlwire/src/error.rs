use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use gqlwire_proto::{GraphQLError, Partial, RequestError, ResponseError};
use http::{HeaderMap, StatusCode};
use serde_json::value::RawValue;

/// Whatever went wrong, from a bad URL to a subscription that ended early.
///
/// One type for everything, cheap to clone, so that one broken connection can tell each of its subscriptions. Ask
/// [`kind`](Self::kind), or the questions that matter to a caller: [`is_timeout`](Self::is_timeout),
/// [`is_auth`](Self::is_auth), [`is_retryable`](Self::is_retryable) and the like. No credentials are ever part of it.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

/// What an [`Error`] is about.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Credentials are missing, expired or refused.
    Auth,
    /// The client was closed by its user.
    Closed,
    /// The client cannot be built this way: a URL, a region, an option.
    Config,
    /// No connection to the server: name, network, TLS, a refused websocket.
    Connect,
    /// The data does not fit the type that was asked for.
    Decode,
    /// A connection that had been open ended.
    Disconnected,
    /// The server answered with GraphQL errors.
    GraphQL,
    /// A subscriber read too slowly, and its queue was full.
    Lagged,
    /// The server's answer does not follow the protocol.
    Protocol,
    /// The request cannot be sent as it is: as a rule nothing was. A file that fails while it is being sent is one too.
    Request,
    /// The server answered with a status that is not a success, or with a redirect.
    Status,
    /// Something took too long.
    Timeout,
}

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    status: Option<StatusCode>,
    headers: HeaderMap,
    body: Option<String>,
    close: Option<(Option<u16>, String)>,
    errors: Vec<GraphQLError>,
    raw_data: Option<Box<RawValue>>,
    sent: bool,
    retryable: Option<bool>,
    attempts: u32,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of one's own, for a [`Transport`](crate::Transport) or an [`AuthProvider`](crate::AuthProvider).
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            kind,
            message: message.into(),
            status: None,
            headers: HeaderMap::new(),
            body: None,
            close: None,
            errors: Vec::new(),
            raw_data: None,
            sent: false,
            retryable: None,
            attempts: 1,
            source: None,
        }))
    }

    /// Attaches what caused it.
    #[must_use]
    pub fn with_source(self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.edit(|inner| inner.source = Some(Arc::new(source)))
    }

    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether something took too long.
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
    }

    /// Whether no connection could be made.
    pub fn is_connect(&self) -> bool {
        self.kind() == ErrorKind::Connect
    }

    /// Whether credentials are missing, expired or refused.
    pub fn is_auth(&self) -> bool {
        self.kind() == ErrorKind::Auth
    }

    /// Whether the server answered with GraphQL errors.
    pub fn is_graphql(&self) -> bool {
        self.kind() == ErrorKind::GraphQL
    }

    /// Whether the same call may do better later: nothing was executed, and the cause can go away by itself.
    ///
    /// `false` as soon as the request may have been executed: whether to repeat it then is for the caller to say.
    pub fn is_retryable(&self) -> bool {
        if let Some(retryable) = self.0.retryable {
            return retryable;
        }
        if self.0.sent {
            return false;
        }
        match self.kind() {
            ErrorKind::Connect => !self.status().is_some_and(|status| status.is_client_error()),
            ErrorKind::Status => matches!(
                self.status(),
                Some(StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
            ),
            ErrorKind::Disconnected | ErrorKind::Lagged | ErrorKind::Timeout => true,
            _ => false,
        }
    }

    /// Whether the server may have executed the request, all of it or a part: it had left, and nothing says that it was
    /// turned away.
    pub fn may_have_been_executed(&self) -> bool {
        self.0.sent
    }

    /// How many attempts were made at the call; 1 where none was repeated. See [`RetryPolicy`](crate::RetryPolicy).
    ///
    /// That a request went once more because its credentials were refused, and others were at hand, does not count.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The HTTP status, if there was an answer.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The headers of the HTTP answer; empty if there was none.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The beginning of an HTTP answer's body, where the body is not a GraphQL response; at most 4 KiB.
    pub fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// The code with which the server closed the websocket.
    pub fn close_code(&self) -> Option<u16> {
        self.0.close.as_ref().and_then(|(code, _)| *code)
    }

    /// The reason with which the server closed the websocket; often empty.
    pub fn close_reason(&self) -> Option<&str> {
        self.0.close.as_ref().map(|(_, reason)| reason.as_str())
    }

    /// The server's own errors; empty where there are none.
    pub fn errors(&self) -> &[GraphQLError] {
        &self.0.errors
    }

    /// The text of the data that came with the errors, where it did not fit the type that was asked for.
    ///
    /// Data that did fit is not kept: whoever wants it takes it from the [`Partial`] before that becomes an error, which
    /// is what `?` does.
    pub fn raw_data(&self) -> Option<&RawValue> {
        self.0.raw_data.as_deref()
    }

    #[cfg(feature = "http")]
    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    pub(crate) fn request(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Request, message)
    }

    pub(crate) fn timeout(what: &str, after: Duration) -> Self {
        Self::new(ErrorKind::Timeout, format!("{what} took longer than {after:?}"))
    }

    /// Attaches the server's own errors, where the answer as a whole is a failure.
    #[must_use]
    pub fn with_errors(self, errors: Vec<GraphQLError>) -> Self {
        self.edit(|inner| inner.errors = errors)
    }

    /// Attaches the HTTP status, and the headers of the answer. With the status 429 or 503 and the kind
    /// [`Status`](ErrorKind::Status) it [is retryable](Self::is_retryable).
    #[must_use]
    pub fn with_answer(self, status: StatusCode, headers: HeaderMap) -> Self {
        self.edit(|inner| {
            inner.status = Some(status);
            inner.headers = headers;
        })
    }

    /// Attaches the beginning of the answer's body, 4 KiB at most.
    #[must_use]
    pub fn with_body(self, body: &str) -> Self {
        /// As much of a body as an error keeps.
        const KEPT: usize = 4096;
        let mut end = body.len().min(KEPT);
        while !body.is_char_boundary(end) {
            end -= 1;
        }
        self.edit(|inner| inner.body = Some(body[..end].to_owned()))
    }

    /// Attaches the code and the reason with which the server closed the websocket.
    #[must_use]
    pub fn with_close(self, code: Option<u16>, reason: impl Into<String>) -> Self {
        self.edit(|inner| inner.close = Some((code, reason.into())))
    }

    /// Says that the request had left, and [may have been executed](Self::may_have_been_executed): a transport that cannot
    /// rule it out has to say so, or a mutation is taken for one that is safe to repeat.
    #[must_use]
    pub fn after_sending(self) -> Self {
        self.edit(|inner| inner.sent = true)
    }

    /// Says how many attempts this is the end of.
    #[cfg_attr(not(feature = "http"), allow(dead_code))]
    #[must_use]
    pub(crate) fn after_attempts(self, attempts: u32) -> Self {
        self.edit(|inner| {
            inner.attempts = attempts;
            if attempts > 1 {
                inner.message.push_str(&format!(" (attempt {attempts})"));
            }
        })
    }

    /// What was sent executes nothing, whatever became of it.
    #[cfg(any(feature = "http", feature = "websocket"))]
    #[must_use]
    pub(crate) fn without_effect(self) -> Self {
        self.edit(|inner| inner.sent = false)
    }

    #[cfg(feature = "http")]
    #[must_use]
    pub(crate) fn prefixed(self, prefix: &str) -> Self {
        self.edit(|inner| inner.message = format!("{prefix}: {}", inner.message))
    }

    #[must_use]
    pub(crate) fn suffixed(self, suffix: &str) -> Self {
        self.edit(|inner| inner.message.push_str(suffix))
    }

    /// Says which credentials were refused.
    #[cfg(feature = "http")]
    #[must_use]
    pub(crate) fn refusing(self, auth: &dyn crate::AuthProvider) -> Self {
        self.suffixed(&format!("; what it refused is {}", auth.describe()))
    }

    /// Says whether repeating the call may help, where the kind of error does not tell.
    #[cfg(feature = "http")]
    #[must_use]
    pub(crate) fn retryable(self, retryable: bool) -> Self {
        self.edit(|inner| inner.retryable = Some(retryable))
    }

    /// Whether another attempt is known to end in the same way.
    #[cfg(feature = "http")]
    pub(crate) fn is_final(&self) -> bool {
        self.0.retryable == Some(false)
    }

    /// Takes these secrets out of whatever the server said.
    #[cfg(feature = "http")]
    #[must_use]
    pub(crate) fn without_secrets(self, secrets: &crate::redact::Secrets) -> Self {
        self.edit(|inner| {
            secrets.redact(&mut inner.message);
            if let Some(body) = &mut inner.body {
                secrets.redact(body);
            }
            if let Some((_, reason)) = &mut inner.close {
                secrets.redact(reason);
            }
            inner.errors.iter_mut().for_each(|error| secrets.redact_error(error));
        })
    }

    /// Errors are built by one owner before they are shared, so this hardly ever copies.
    fn edit(self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Arc::try_unwrap(self.0).unwrap_or_else(|shared| Inner {
            kind: shared.kind,
            message: shared.message.clone(),
            status: shared.status,
            headers: shared.headers.clone(),
            body: shared.body.clone(),
            close: shared.close.clone(),
            errors: shared.errors.clone(),
            raw_data: shared.raw_data.clone(),
            sent: shared.sent,
            retryable: shared.retryable,
            attempts: shared.attempts,
            source: shared.source.clone(),
        });
        change(&mut inner);
        Self(Arc::new(inner))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Error");
        shown.field("kind", &self.0.kind).field("message", &self.0.message);
        if let Some(status) = self.0.status {
            shown.field("status", &status.as_u16());
        }
        if let Some(source) = &self.0.source {
            shown.field("source", source);
        }
        shown.finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as _)
    }
}

impl<T> From<Partial<T>> for Error {
    fn from(partial: Partial<T>) -> Self {
        let partial = partial.without_data();
        let message = summary(&partial.errors, "the server answered without data and without errors");
        Self::new(ErrorKind::GraphQL, message)
            .with_errors(partial.errors)
            .after_sending()
            .edit(|inner| inner.raw_data = partial.raw)
    }
}

/// The first of the server's errors on one line of a readable length, and how many more there are.
pub(crate) fn summary(errors: &[GraphQLError], none: &str) -> String {
    /// As many characters of an error as a message shows; all of it is in [`Error::errors`].
    const SHOWN: usize = 300;

    let Some((first, rest)) = errors.split_first() else {
        return none.to_owned();
    };
    let first = first.to_string();
    let mut shown = first.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut line: String = shown.by_ref().take(SHOWN).collect();
    if shown.next().is_some() {
        line.push('…');
    }
    match rest.len() {
        0 => line,
        more => format!("{line} (and {more} more)"),
    }
}

impl From<RequestError> for Error {
    fn from(error: RequestError) -> Self {
        Self::request(error.to_string())
    }
}

impl From<ResponseError> for Error {
    fn from(error: ResponseError) -> Self {
        let kind = match error {
            ResponseError::Mismatch { .. } => ErrorKind::Decode,
            _ => ErrorKind::Protocol,
        };
        Self::new(kind, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Response;

    #[test]
    fn a_flood_of_errors_is_one_short_line_and_all_of_them_are_kept() {
        let errors: Vec<_> = (0..200).map(|_| json!({"message": "ä\n".repeat(500)})).collect();
        let answer = json!({"data": null, "errors": errors}).to_string();
        let response = Response::<serde_json::Value>::from_json(&answer).unwrap();
        let error = Error::from(response.into_data().unwrap_err());
        let shown = error.to_string();
        assert!(shown.chars().count() < 330 && !shown.contains('\n'), "{shown}");
        assert!(shown.ends_with("… (and 199 more)"), "{shown}");
        assert_eq!(error.errors().len(), 200);
    }
}
