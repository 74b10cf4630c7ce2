//! What a recording is made of: JSON Lines, the first of which says the version.
//!
//! ```text
//! {"gqlwire_recording":1}
//! {"execute":{"at":0.4,"took":12.7,"request":{"kind":"query","name":"Hello","body":{"query":"…","variables":{…}}},
//!   "answer":{"status":200,"body":{"json":{"data":{…}}}}}}
//! {"execute":{"at":15.0,"took":1.1,"request":{…},"error":{"kind":"Connect","message":"…"}}}
//! {"subscribe":{"id":1,"at":20.3,"took":3.0,"request":{…}}}
//! {"event":{"of":1,"at":25.1,"next":{"json":{"data":{…}}}}}
//! {"event":{"of":1,"at":26.0,"gap":{"since":1700000000000,"until":1700000001000,"cause":{"kind":"Disconnected",…}}}}
//! {"end":{"of":1,"at":31.9,"how":"completed"}}
//! ```
//!
//! (Each is one line.) `at` is when a call began, or an event came, and `took` how long it was until the answer: both in
//! milliseconds, `at` since the recording began. `since` and `until` are Unix times in milliseconds. What is not JSON stands
//! as `text` in place of `json`. `how` is `completed`, `stopped` by the client, or `failed` with an `error`; a subscription
//! that was still running has no `end`.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use gqlwire_proto::GraphQLError;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::{Dropped, Error, ErrorKind, Gap, RawRequest};

/// The version of what this writes, and the only one that it reads.
pub(super) const VERSION: u32 = 1;

#[derive(Deserialize, Serialize)]
pub(super) struct Head {
    pub(super) gqlwire_recording: u32,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    End(End),
    Event(Event),
    Execute(Execute),
    Subscribe(Subscribe),
}

#[derive(Deserialize, Serialize)]
pub(super) struct Execute {
    pub(super) at: f64,
    pub(super) took: f64,
    pub(super) request: Request,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<Answer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Failure>,
}

#[derive(Deserialize, Serialize)]
pub(super) struct Subscribe {
    pub(super) id: u64,
    pub(super) at: f64,
    pub(super) took: f64,
    pub(super) request: Request,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Failure>,
}

#[derive(Default, Deserialize, Serialize)]
pub(super) struct Event {
    pub(super) of: u64,
    pub(super) at: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<Body>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) snapshot: Option<Body>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) gap: Option<RecordedGap>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) dropped: Option<RecordedDropped>,
}

#[derive(Deserialize, Serialize)]
pub(super) struct End {
    pub(super) of: u64,
    pub(super) at: f64,
    pub(super) how: How,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Failure>,
}

#[derive(Clone, Copy, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum How {
    Completed,
    Failed,
    Stopped,
}

/// What was asked.
#[derive(Deserialize, Serialize)]
pub(super) struct Request {
    pub(super) kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    pub(super) body: Value,
    /// The body of the query to catch up with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) catch_up: Option<Value>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) headers: BTreeMap<String, String>,
}

#[derive(Deserialize, Serialize)]
pub(super) struct Answer {
    pub(super) status: u16,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Body,
}

/// The text of an answer or an event: JSON as it came, but for the breaks between its lines.
#[derive(Deserialize, Serialize)]
pub(super) struct Body {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    json: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

#[derive(Deserialize, Serialize)]
pub(super) struct RecordedGap {
    since: u64,
    until: u64,
    cause: Failure,
}

#[derive(Deserialize, Serialize)]
pub(super) struct RecordedDropped {
    count: u64,
    since: u64,
    until: u64,
}

/// An [`Error`].
#[derive(Deserialize, Serialize)]
pub(super) struct Failure {
    kind: String,
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    close_code: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    close_reason: Option<String>,
    /// Whether the request may have been executed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    sent: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Value>,
}

/// What stands in place of a variable that was not to be recorded.
pub(super) const HIDDEN: &str = "[hidden]";

impl Request {
    pub(super) fn of(request: &RawRequest) -> Self {
        Self {
            kind: request.kind().as_str().to_owned(),
            name: request.name().map(str::to_owned),
            body: body_of(request),
            catch_up: request.catch_up().map(body_of),
            headers: BTreeMap::new(),
        }
    }

    pub(super) fn document(&self) -> &str {
        self.body["query"].as_str().unwrap_or_default()
    }

    /// Whether the other asks the same: the operation, but for white space, and everything that goes with it. Variables that
    /// were hidden are taken for equal.
    pub(super) fn is_like(&self, asked: &Self) -> bool {
        let same_operation = self.kind == asked.kind && self.name == asked.name;
        let same_catch_up = match (&self.catch_up, &asked.catch_up) {
            (None, None) => true,
            (Some(recorded), Some(asked)) => same_body(recorded, asked),
            _ => false,
        };
        same_operation && same_catch_up && same_body(&self.body, &asked.body)
    }
}

/// A body that is not JSON, of a transport that writes another language, is a text.
fn body_of(request: &RawRequest) -> Value {
    serde_json::from_str(request.body()).unwrap_or_else(|_| Value::String(request.body().to_owned()))
}

fn same_body(recorded: &Value, asked: &Value) -> bool {
    let (Some(ours), Some(theirs)) = (recorded.as_object(), asked.as_object()) else {
        return recorded == asked;
    };
    ours.len() == theirs.len()
        && ours.iter().all(|(name, ours)| {
            theirs
                .get(name)
                .is_some_and(|theirs| match (name.as_str(), ours.as_str(), theirs.as_str()) {
                    ("query", Some(ours), Some(theirs)) => ours.split_whitespace().eq(theirs.split_whitespace()),
                    _ => same_value(ours, theirs),
                })
        })
}

pub(super) fn same_value(recorded: &Value, asked: &Value) -> bool {
    match (recorded, asked) {
        (Value::String(hidden), _) if hidden == HIDDEN => true,
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same_value(ours, theirs))
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            let same =
                |(name, ours): (&String, &Value)| theirs.get(name).is_some_and(|theirs| same_value(ours, theirs));
            ours.len() == theirs.len() && ours.iter().all(same)
        }
        _ => recorded == asked,
    }
}

impl Body {
    pub(super) fn of(text: &str) -> Self {
        // Between the lines of JSON there is only white space: in its strings, breaks are escaped.
        let on_one_line = if text.contains(['\n', '\r']) {
            text.replace(['\n', '\r'], " ")
        } else {
            text.to_owned()
        };
        match RawValue::from_string(on_one_line) {
            Ok(json) => Self {
                json: Some(json),
                text: None,
            },
            Err(_) => Self {
                json: None,
                text: Some(text.to_owned()),
            },
        }
    }

    pub(super) fn into_text(self) -> String {
        match (self.json, self.text) {
            (Some(json), _) => Box::<str>::from(json).into_string(),
            (None, text) => text.unwrap_or_default(),
        }
    }
}

impl From<&Gap> for RecordedGap {
    fn from(gap: &Gap) -> Self {
        Self {
            since: unix_ms(gap.since),
            until: unix_ms(gap.until),
            cause: Failure::of(&gap.cause, &[]),
        }
    }
}

impl RecordedGap {
    pub(super) fn into_gap(self) -> Result<Gap, String> {
        Ok(Gap::new(time(self.since), time(self.until), self.cause.into_error()?))
    }
}

impl From<&Dropped> for RecordedDropped {
    fn from(dropped: &Dropped) -> Self {
        Self {
            count: dropped.count,
            since: unix_ms(dropped.since),
            until: unix_ms(dropped.until),
        }
    }
}

impl RecordedDropped {
    pub(super) fn into_dropped(self) -> Dropped {
        Dropped::new(self.count, time(self.since), time(self.until))
    }
}

fn unix_ms(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A time that no clock can show is the beginning of time.
fn time(unix_ms: u64) -> SystemTime {
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(unix_ms));
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}

/// The headers of these names, as far as they are text.
pub(super) fn chosen(headers: &HeaderMap, names: &[HeaderName]) -> BTreeMap<String, String> {
    let values = names.iter().filter_map(|name| {
        let value = headers.get(name)?.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    });
    values.collect()
}

pub(super) fn headers(recorded: BTreeMap<String, String>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in recorded {
        let parsed = HeaderName::from_bytes(name.as_bytes())
            .ok()
            .zip(HeaderValue::from_str(&value).ok());
        let (parsed, value) = parsed.ok_or_else(|| format!("the header {name:?} cannot be one"))?;
        headers.insert(parsed, value);
    }
    Ok(headers)
}

pub(super) fn status(recorded: u16) -> Result<StatusCode, String> {
    StatusCode::from_u16(recorded).map_err(|_| format!("{recorded} is not an HTTP status"))
}

impl Failure {
    pub(super) fn of(error: &Error, names: &[HeaderName]) -> Self {
        let errors = error.errors().iter();
        Self {
            kind: format!("{:?}", error.kind()),
            message: error.to_string(),
            status: error.status().map(|status| status.as_u16()),
            headers: chosen(error.headers(), names),
            body: error.body().map(str::to_owned),
            close_code: error.close_code(),
            close_reason: error.close_reason().map(str::to_owned),
            sent: error.may_have_been_executed(),
            errors: errors.filter_map(|error| serde_json::to_value(error).ok()).collect(),
        }
    }

    pub(super) fn into_error(self) -> Result<Error, String> {
        let kind = kind(&self.kind).ok_or_else(|| format!("{:?} is no kind of error", self.kind))?;
        let mut error =
            Error::new(kind, self.message).with_errors(self.errors.into_iter().map(GraphQLError::from_value).collect());
        if let Some(recorded) = self.status {
            error = error.with_answer(status(recorded)?, headers(self.headers)?);
        }
        if let Some(body) = self.body {
            error = error.with_body(&body);
        }
        if self.close_code.is_some() || self.close_reason.is_some() {
            error = error.with_close(self.close_code, self.close_reason.unwrap_or_default());
        }
        Ok(if self.sent { error.after_sending() } else { error })
    }
}

fn kind(name: &str) -> Option<ErrorKind> {
    use ErrorKind::{
        Auth, Closed, Config, Connect, Decode, Disconnected, GraphQL, Lagged, Protocol, Request, Status, Timeout,
    };
    let kinds = [
        Auth,
        Closed,
        Config,
        Connect,
        Decode,
        Disconnected,
        GraphQL,
        Lagged,
        Protocol,
        Request,
        Status,
        Timeout,
    ];
    kinds.into_iter().find(|kind| format!("{kind:?}") == name)
}
