use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::MaybeUndefined;

/// A GraphQL request: a document, the variables it takes, and the type of the data it answers with.
///
/// The document is sent as it is written. Variables keep the order in which they were given and the exact text they
/// were serialised to; a variable that was never set is left out, one set to `None` is sent as `null`. The two differ:
/// to AppSync, an omitted subscription argument filters nothing, while `null` matches only events whose field is null.
///
/// ```
/// use gqlwire_proto::Request;
/// use serde_json::Value;
///
/// let request = Request::<Value>::new("query($id: ID!) { getMessage(id: $id) { message } }").variable("id", "7");
/// assert_eq!(
///     request.to_json().unwrap(),
///     r#"{"query":"query($id: ID!) { getMessage(id: $id) { message } }","variables":{"id":"7"}}"#
/// );
/// ```
pub struct Request<T = Value> {
    document: Cow<'static, str>,
    operation_name: Option<Cow<'static, str>>,
    variables: Members,
    extensions: Members,
    invalid: Option<RequestError>,
    data: PhantomData<fn() -> T>,
}

impl<T> Request<T> {
    /// A request for a document: text, or what [`gql!`](crate::gql) checked at compile time.
    pub fn new(document: impl Into<Cow<'static, str>>) -> Self {
        Self {
            document: document.into(),
            operation_name: None,
            variables: Members::default(),
            extensions: Members::default(),
            invalid: None,
            data: PhantomData,
        }
    }

    /// Sets one variable; a second value for the same name replaces the first.
    ///
    /// A value that cannot be JSON (a map with keys that are not strings, a failing `Serialize`) is reported by
    /// [`to_json`](Self::to_json), that is, before anything is sent. Numbers that JSON lacks, NaN and the infinities,
    /// become `null`, as everywhere with `serde_json`.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        match serde_json::value::to_raw_value(&value) {
            Ok(value) => self.variables.set(name, value),
            Err(error) => self.refuse(format!("variable ${name}"), error),
        }
        self
    }

    /// Sets one variable to a value or to `null`, or leaves it out.
    ///
    /// ```
    /// use gqlwire_proto::{MaybeUndefined, Request};
    ///
    /// let document = "subscription($author: ID) { onPost(author: $author) { id } }";
    /// let all = Request::<serde_json::Value>::new(document).optional_variable("author", MaybeUndefined::<&str>::Undefined);
    /// assert!(!all.to_json()?.contains("variables"));
    /// # Ok::<(), gqlwire_proto::RequestError>(())
    /// ```
    #[must_use]
    pub fn optional_variable(self, name: impl Into<String>, value: MaybeUndefined<impl Serialize>) -> Self {
        match value {
            MaybeUndefined::Undefined => self,
            MaybeUndefined::Null => self.variable(name, ()),
            MaybeUndefined::Value(value) => self.variable(name, value),
        }
    }

    /// Sets every member of a struct or map as a variable; `()` and `None` set none. Anything else is reported by
    /// [`to_json`](Self::to_json).
    #[must_use]
    pub fn variables(mut self, variables: impl Serialize) -> Self {
        match Members::from_serialize(&variables) {
            Ok(Some(members)) => self.variables.extend(members),
            Ok(None) => {}
            Err(why) => self.refuse("the variables".to_owned(), why),
        }
        self
    }

    /// Names the operation to run, for documents that hold several. An empty name is no name.
    #[must_use]
    pub fn operation_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.operation_name = Some(name.into()).filter(|name| !name.is_empty());
        self
    }

    /// Sets one member of the request's `extensions`.
    #[must_use]
    pub fn extension(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        match serde_json::value::to_raw_value(&value) {
            Ok(value) => self.extensions.set(name, value),
            Err(error) => self.refuse(format!("extension {name}"), error),
        }
        self
    }

    /// The same request, answered with another type of data.
    #[must_use]
    pub fn typed<U>(self) -> Request<U> {
        Request {
            document: self.document,
            operation_name: self.operation_name,
            variables: self.variables,
            extensions: self.extensions,
            invalid: self.invalid,
            data: PhantomData,
        }
    }

    /// The document's text.
    pub fn document(&self) -> &str {
        &self.document
    }

    /// The name of the operation to run, if one was given.
    pub fn named_operation(&self) -> Option<&str> {
        self.operation_name.as_deref()
    }

    /// The exact JSON that is sent, and signed: compact, `query` first, empty members left out.
    ///
    /// # Errors
    ///
    /// A variable or an extension could not be written as JSON.
    pub fn to_json(&self) -> Result<String, RequestError> {
        if let Some(invalid) = &self.invalid {
            return Err(invalid.clone());
        }
        let body = Body {
            query: &self.document,
            variables: &self.variables,
            operation_name: self.operation_name.as_deref(),
            extensions: &self.extensions,
        };
        serde_json::to_string(&body).map_err(|error| RequestError::new("the request".to_owned(), error))
    }

    fn refuse(&mut self, what: String, why: impl fmt::Display) {
        self.invalid.get_or_insert_with(|| RequestError::new(what, why));
    }
}

impl<T> Clone for Request<T> {
    fn clone(&self) -> Self {
        Self {
            document: self.document.clone(),
            operation_name: self.operation_name.clone(),
            variables: self.variables.clone(),
            extensions: self.extensions.clone(),
            invalid: self.invalid.clone(),
            data: PhantomData,
        }
    }
}

/// Names the variables but hides their values: they are the user's data, and often secrets.
impl<T> fmt::Debug for Request<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("document", &self.document)
            .field("operation_name", &self.operation_name)
            .field("variables", &self.variables)
            .field("extensions", &self.extensions)
            .finish()
    }
}

impl<T> From<&'static str> for Request<T> {
    fn from(document: &'static str) -> Self {
        Self::new(document)
    }
}

impl<T> From<String> for Request<T> {
    fn from(document: String) -> Self {
        Self::new(document)
    }
}

/// A request that cannot be written as JSON.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{what} cannot be written as JSON: {why}")]
pub struct RequestError {
    what: String,
    why: String,
}

impl RequestError {
    fn new(what: String, why: impl fmt::Display) -> Self {
        Self {
            what,
            why: why.to_string(),
        }
    }
}

#[derive(Serialize)]
struct Body<'a> {
    query: &'a str,
    #[serde(skip_serializing_if = "Members::is_empty")]
    variables: &'a Members,
    #[serde(rename = "operationName", skip_serializing_if = "Option::is_none")]
    operation_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Members::is_empty")]
    extensions: &'a Members,
}

/// The members of a JSON object, in the order in which they were given, each as its own text.
#[derive(Clone, Default)]
struct Members(Vec<(String, Box<RawValue>)>);

impl Members {
    /// `None` for `null` and `()`: no variables at all.
    fn from_serialize(value: &impl Serialize) -> Result<Option<Self>, String> {
        let text = serde_json::to_string(value).map_err(|error| error.to_string())?;
        // What the parser would say quotes the value, which is nobody's business.
        serde_json::from_str(&text).map_err(|_| "they are not a struct or a map".to_owned())
    }

    fn set(&mut self, name: String, value: Box<RawValue>) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some(slot) => slot.1 = value,
            None => self.0.push((name, value)),
        }
    }

    fn extend(&mut self, other: Self) {
        for (name, value) in other.0 {
            self.set(name, value);
        }
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object whose members are the variables")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Members::default();
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    members.set(name, value);
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}
