use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use gqlwire_proto::GraphQLError;
use gqlwire_proto::scan::OperationKind;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Call, Events, shortened};
use crate::{Error, RawResponse};

/// A call that a test expects, and what it is answered with.
///
/// It is expected once, unless [`times`](Self::times) or [`any_number_of_times`](Self::any_number_of_times) says otherwise.
#[derive(Clone)]
#[must_use = "give it to `Scripted::expect`"]
pub struct Expect {
    kind: Option<OperationKind>,
    conditions: Vec<Condition>,
    /// `None` for as often as it comes.
    pub(super) times: Option<u64>,
    pub(super) delay: Duration,
    pub(super) answer: Answer,
}

#[derive(Clone)]
enum Condition {
    Field(String),
    Name(String),
    Variable(String, Value),
    Variables(Value),
    When(String, Arc<dyn Fn(&Call) -> bool + Send + Sync>),
}

type Compute = Arc<dyn Fn(&Call) -> Result<Value, Error> + Send + Sync>;

/// What becomes of the call.
#[derive(Clone)]
pub(super) enum Answer {
    Compute(Compute),
    Events(Events),
    Fail(Error),
    Missing,
    Never,
    Response(RawResponse),
}

impl Expect {
    /// Any operation at all.
    pub fn anything() -> Self {
        Self {
            kind: None,
            conditions: Vec::new(),
            times: Some(1),
            delay: Duration::ZERO,
            answer: Answer::Missing,
        }
    }

    /// A query.
    pub fn query() -> Self {
        Self::of(OperationKind::Query)
    }

    /// A mutation.
    pub fn mutation() -> Self {
        Self::of(OperationKind::Mutation)
    }

    /// A subscription.
    pub fn subscription() -> Self {
        Self::of(OperationKind::Subscription)
    }

    fn of(kind: OperationKind) -> Self {
        Self {
            kind: Some(kind),
            ..Self::anything()
        }
    }

    /// Whose operation has this name.
    pub fn named(self, name: impl Into<String>) -> Self {
        self.and(Condition::Name(name.into()))
    }

    /// With this root field.
    pub fn field(self, name: impl Into<String>) -> Self {
        self.and(Condition::Field(name.into()))
    }

    /// With this variable, among others perhaps. A value that cannot be JSON is one that nothing equals.
    pub fn variable(self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        match serde_json::to_value(value) {
            Ok(value) => self.and(Condition::Variable(name, value)),
            Err(error) => self.when(format!("the variable {name}, which cannot be JSON: {error}"), |_| false),
        }
    }

    /// With exactly these variables.
    pub fn variables(self, variables: impl Serialize) -> Self {
        match serde_json::to_value(variables) {
            Ok(Value::Null) => self.and(Condition::Variables(Value::Object(Map::new()))),
            Ok(variables) => self.and(Condition::Variables(variables)),
            Err(error) => self.when(format!("variables that cannot be JSON: {error}"), |_| false),
        }
    }

    /// Of which this is true; `what` says it in words, for the error that tells what was expected.
    pub fn when(self, what: impl Into<String>, is_so: impl Fn(&Call) -> bool + Send + Sync + 'static) -> Self {
        self.and(Condition::When(what.into(), Arc::new(is_so)))
    }

    fn and(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// Expects it so many times, each answered alike.
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Allows it as often as it comes, and not at all.
    pub fn any_number_of_times(mut self) -> Self {
        self.times = None;
        self
    }

    /// Answers after so long by the runtime's clock, which a test may have
    /// [paused](https://docs.rs/tokio/latest/tokio/time/fn.pause.html). A subscription is acknowledged then.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Answers with this data.
    pub fn data(self, data: impl Serialize) -> Self {
        match serde_json::to_value(data) {
            Ok(data) => self.answers(json!({ "data": data })),
            Err(error) => self.fails(Error::request(format!("a scripted answer cannot be JSON: {error}"))),
        }
    }

    /// Answers with these GraphQL errors, and without data.
    pub fn errors(self, errors: impl IntoIterator<Item = GraphQLError>) -> Self {
        let errors: Vec<_> = errors.into_iter().collect();
        self.answers(json!({ "errors": errors }))
    }

    /// Answers with a whole response: data, errors, extensions.
    pub fn answers(self, response: impl Serialize) -> Self {
        match serde_json::to_string(&response) {
            Ok(text) => self.raw(RawResponse::new(text)),
            Err(error) => self.fails(Error::request(format!("a scripted answer cannot be JSON: {error}"))),
        }
    }

    /// Answers with exactly this: text that need not be JSON, a status, headers.
    pub fn raw(self, response: RawResponse) -> Self {
        self.with(Answer::Response(response))
    }

    /// Answers with what a function makes of the call: the whole response.
    pub fn answers_with(self, answer: impl Fn(&Call) -> Result<Value, Error> + Send + Sync + 'static) -> Self {
        self.with(Answer::Compute(Arc::new(answer)))
    }

    /// Fails with this, as a transport does: no connection, a status, refused credentials. A subscription is refused.
    pub fn fails(self, error: Error) -> Self {
        self.with(Answer::Fail(error))
    }

    /// Answers never: for timeouts.
    pub fn never_answers(self) -> Self {
        self.with(Answer::Never)
    }

    /// Acknowledges the subscription, and yields these.
    pub fn events(self, events: Events) -> Self {
        self.with(Answer::Events(events))
    }

    fn with(mut self, answer: Answer) -> Self {
        self.answer = answer;
        self
    }

    pub(super) fn matches(&self, call: &Call) -> bool {
        self.kind.is_none_or(|kind| kind == call.kind) && self.conditions.iter().all(|condition| condition.holds(call))
    }
}

impl Condition {
    fn holds(&self, call: &Call) -> bool {
        match self {
            Self::Field(name) => call.root_fields().contains(name),
            Self::Name(name) => call.name.as_ref() == Some(name),
            Self::Variable(name, value) => call.variable(name) == Some(value),
            Self::Variables(variables) => variables.as_object() == Some(&call.variables),
            Self::When(_, is_so) => is_so(call),
        }
    }
}

/// In the words of an error.
impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Some(kind) => write!(f, "a {kind}")?,
            None => f.write_str("any operation")?,
        }
        for condition in &self.conditions {
            match condition {
                Condition::Field(name) => write!(f, " of {name}")?,
                Condition::Name(name) => write!(f, " named {name}")?,
                Condition::Variable(name, value) => write!(f, " with {name} = {}", shortened(&value.to_string()))?,
                Condition::Variables(all) => write!(f, " with exactly the variables {}", shortened(&all.to_string()))?,
                Condition::When(what, _) => write!(f, " with {what}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expect")
            .field("what", &format_args!("{self}"))
            .field("times", &self.times)
            .field("delay", &self.delay)
            .finish_non_exhaustive()
    }
}
