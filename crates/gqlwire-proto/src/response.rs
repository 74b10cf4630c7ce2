use std::fmt;
use std::sync::LazyLock;

use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::GraphQLError;

/// What a server answered to one operation, or one event of a subscription: data, errors, or both.
///
/// ```
/// use gqlwire_proto::Response;
///
/// #[derive(Debug, serde::Deserialize)]
/// struct Data { me: Option<String> }
///
/// let response = Response::<Data>::from_json(
///     r#"{"data":{"me":null},"errors":[{"message":"no","errorType":"Unauthorized","path":["me"]}]}"#,
/// )?;
/// assert_eq!(response.errors[0].error_type(), Some("Unauthorized"));
/// let partial = response.into_data().unwrap_err();
/// assert!(partial.data.unwrap().me.is_none());
/// # Ok::<(), gqlwire_proto::ResponseError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Response<T> {
    /// The data, if there is any and it fits `T`.
    pub data: Option<T>,
    /// What went wrong; empty when nothing did.
    pub errors: Vec<GraphQLError>,
    /// The response's own `extensions`.
    pub extensions: Map<String, Value>,
    raw_data: Option<Box<RawValue>>,
    /// Apart, so that the events of a subscription, which have none of it, are small to move.
    http: Option<Box<Http>>,
}

/// What of an HTTP answer is not its body.
#[derive(Clone, Debug, Default)]
struct Http {
    status: Option<StatusCode>,
    headers: HeaderMap,
}

impl<T> Response<T> {
    /// The status of the HTTP answer, which need not be a success: 400 is how GraphQL over HTTP answers a document that
    /// does not validate. `None` for an event of a subscription.
    pub fn status(&self) -> Option<StatusCode> {
        self.http.as_ref()?.status
    }

    /// Attaches the status of the HTTP answer.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.http.get_or_insert_default().status = Some(status);
        self
    }

    /// The headers of the HTTP answer; empty for an event of a subscription.
    pub fn headers(&self) -> &HeaderMap {
        static NONE: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);
        self.http.as_ref().map_or(&NONE, |http| &http.headers)
    }

    /// Attaches the headers of the HTTP answer.
    #[must_use]
    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.http.get_or_insert_default().headers = headers;
        self
    }

    /// The text of `data` where it came with errors and did not fit `T`.
    pub fn raw_data(&self) -> Option<&RawValue> {
        self.raw_data.as_deref()
    }

    /// The data, if there is any and no error came with it.
    ///
    /// # Errors
    ///
    /// [`Partial`], which keeps the errors and whatever data came with them. Turned into an error without a type, as `?`
    /// does, it keeps the errors alone: take [`Partial::data`] out before.
    pub fn into_data(self) -> Result<T, Partial<T>> {
        match self.data {
            Some(data) if self.errors.is_empty() => Ok(data),
            data => Err(Partial {
                data,
                errors: self.errors,
                raw: self.raw_data,
            }),
        }
    }

    /// The same response with its data turned into something else.
    #[must_use]
    pub fn map<U>(self, turn: impl FnOnce(T) -> U) -> Response<U> {
        Response {
            data: self.data.map(turn),
            errors: self.errors,
            extensions: self.extensions,
            raw_data: self.raw_data,
            http: self.http,
        }
    }
}

impl<T: DeserializeOwned> Response<T> {
    /// Reads a response from its JSON.
    ///
    /// `errors` may have any shape that [`GraphQLError`] understands. Data that does not fit `T` is not an error of
    /// its own while the server reports errors: it is kept as [`raw_data`](Self::raw_data), because a partial answer
    /// rarely fits the type that describes the whole one.
    ///
    /// # Errors
    ///
    /// The text is not JSON, is not a GraphQL response (neither `data` nor an error), or its data does not fit `T`
    /// although no error came with it.
    pub fn from_json(text: &str) -> Result<Self, ResponseError> {
        // Some servers write a byte order mark, which JSON does not have.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        // A struct may also be read from a list of its members' values, which no response is.
        if !is_object(text) {
            return Err(ResponseError::not_graphql(text));
        }
        // One pass for the common case: data that fits, and nothing odd.
        if let Ok(whole) = serde_json::from_str::<Whole<T>>(text)
            && let Some(data) = whole.data
            && whole.errors.as_ref().is_none_or(Vec::is_empty)
        {
            return Ok(Self {
                data: Some(data),
                errors: Vec::new(),
                extensions: whole.extensions.unwrap_or_default(),
                raw_data: None,
                http: None,
            });
        }
        Self::from_odd_json(text)
    }

    /// The same for an answer of which more is to come: data that does not fit `T` yet is kept as
    /// [`raw_data`](Self::raw_data).
    ///
    /// # Errors
    ///
    /// The text is not JSON, or is not a GraphQL response.
    pub fn from_growing_json(text: &str) -> Result<Self, ResponseError> {
        let odd = match Self::from_json(text) {
            Err(odd @ ResponseError::Mismatch { .. }) => odd,
            other => return other,
        };
        let whole: Whole<Box<RawValue>> = serde_json::from_str(text).map_err(|_| odd)?;
        Ok(Self {
            data: None,
            errors: whole.errors.unwrap_or_default(),
            extensions: whole.extensions.unwrap_or_default(),
            raw_data: whole.data,
            http: None,
        })
    }

    #[cold]
    fn from_odd_json(text: &str) -> Result<Self, ResponseError> {
        let members: Members<'_> = serde_json::from_str(text).map_err(|_| ResponseError::not_graphql(text))?;
        let errors = members.errors.map(GraphQLError::list_from_raw).unwrap_or_default();
        if members.data.is_none() && errors.is_empty() {
            return Err(ResponseError::NotGraphQL {
                says: members.complaint(),
                excerpt: excerpt(text),
            });
        }
        let extensions = members
            .extensions
            .and_then(|raw| serde_json::from_str(raw.get()).ok())
            .unwrap_or_default();
        let (data, raw_data) = match members
            .data
            .map(|raw| (raw, serde_json::from_str::<Option<T>>(raw.get())))
        {
            None => (None, None),
            Some((_, Ok(data))) => (data, None),
            Some((raw, Err(_))) if !errors.is_empty() => (None, Some(raw.to_owned())),
            Some((raw, Err(error))) => {
                return Err(ResponseError::Mismatch {
                    why: describe(&error),
                    excerpt: excerpt(raw.get()),
                });
            }
        };
        Ok(Self {
            data,
            errors,
            extensions,
            raw_data,
            http: None,
        })
    }
}

/// A response that is not a clean success: errors, and whatever data came with them.
///
/// `?` turns it into the error of the caller's function. gqlwire's `Error` has no type for data, and keeps of it only the
/// text that did not fit `T`; data that did is in [`data`](Self::data) and nowhere else.
#[derive(Clone)]
#[non_exhaustive]
pub struct Partial<T> {
    /// The data that came with the errors, if it fits `T`.
    pub data: Option<T>,
    /// What went wrong. Empty when the server answered `data: null` and said nothing.
    pub errors: Vec<GraphQLError>,
    /// The text of the data where it does not fit `T`.
    pub raw: Option<Box<RawValue>>,
}

impl<T> Partial<T> {
    /// The same without the type of its data: what is left to tell when only the errors matter.
    #[must_use]
    pub fn without_data(self) -> Partial<()> {
        Partial {
            data: None,
            errors: self.errors,
            raw: self.raw,
        }
    }
}

/// The first error, and how many more there are.
impl<T> fmt::Display for Partial<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.errors.as_slice() {
            [] => f.write_str("the server answered without data and without errors"),
            [only] => only.fmt(f),
            [first, rest @ ..] => write!(f, "{first} (and {} more)", rest.len()),
        }
    }
}

/// Asks nothing of `T`, so that `?` turns any partial answer into a boxed error.
impl<T> fmt::Debug for Partial<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Partial")
            .field("has_data", &(self.data.is_some() || self.raw.is_some()))
            .field("errors", &self.errors)
            .finish()
    }
}

impl<T> std::error::Error for Partial<T> {}

/// An answer that cannot be read as a GraphQL response.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// The answer is not JSON.
    #[error("the answer is not JSON ({why}): {excerpt}")]
    NotJson {
        /// What the parser stumbled over.
        why: String,
        /// The beginning of the answer.
        excerpt: String,
    },
    /// The answer is JSON, but has neither `data` nor an error.
    #[error("the answer is not a GraphQL response: {}", says.as_deref().unwrap_or(excerpt))]
    NotGraphQL {
        /// What the answer says instead, where it has a `message` or the like.
        says: Option<String>,
        /// The beginning of the answer.
        excerpt: String,
    },
    /// The data does not fit the type that was asked for.
    #[error("the data does not fit the expected type ({why}): {excerpt}")]
    Mismatch {
        /// What does not fit, and where.
        why: String,
        /// The beginning of the data.
        excerpt: String,
    },
}

impl ResponseError {
    fn not_graphql(text: &str) -> Self {
        let excerpt = excerpt(text);
        match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) => Self::NotGraphQL { says: None, excerpt },
            Err(error) => Self::NotJson {
                why: describe(&error),
                excerpt,
            },
        }
    }
}

/// How much of an unexpected text an error quotes, in bytes.
const EXCERPT: usize = 200;

/// The beginning of a text, fit for an error message: one line, bounded.
pub(crate) fn excerpt(text: &str) -> String {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return "(empty)".to_owned();
    }
    let end = trimmed.floor_char_boundary(EXCERPT);
    let mut line: String = trimmed[..end]
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if end < trimmed.len() {
        line.push('…');
    }
    line
}

/// What a JSON parser complains about, bounded: it quotes the value that it did not expect, however long that is.
/// The value stands in the middle, so the middle goes.
pub(crate) fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.len() <= EXCERPT {
        return text;
    }
    let half = EXCERPT / 2;
    let head = text.floor_char_boundary(half);
    let tail = text.ceil_char_boundary(text.len() - half);
    format!("{}…{}", &text[..head], &text[tail..])
}

/// The white space of JSON, which is not that of Unicode.
pub(crate) const JSON_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// Whether a JSON text, should it be one, is that of an object.
pub(crate) fn is_object(text: &str) -> bool {
    text.trim_start_matches(JSON_SPACE).starts_with('{')
}

#[derive(Deserialize)]
struct Whole<T> {
    #[serde(default = "Option::default")]
    data: Option<T>,
    errors: Option<Vec<GraphQLError>>,
    extensions: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    data: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    errors: Option<&'a RawValue>,
    #[serde(borrow)]
    extensions: Option<&'a RawValue>,
    // What front ends and emulators say instead of a GraphQL response.
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(rename = "Message", borrow)]
    capital_message: Option<&'a RawValue>,
    #[serde(rename = "errorMessage", borrow)]
    error_message: Option<&'a RawValue>,
    #[serde(rename = "__type", borrow)]
    exception: Option<&'a RawValue>,
}

impl Members<'_> {
    fn complaint(&self) -> Option<String> {
        let text = |value: Option<&RawValue>| serde_json::from_str::<String>(value?.get()).ok();
        let message = text(self.message)
            .or_else(|| text(self.capital_message))
            .or_else(|| text(self.error_message));
        match (text(self.exception), message) {
            (Some(exception), Some(message)) => Some(format!("{message} ({exception})")),
            (exception, message) => message.or(exception),
        }
        .map(|says| excerpt(&says))
    }
}

/// `"data": null` is an answer, a missing `data` is not: plain `Option` cannot tell them apart.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}
