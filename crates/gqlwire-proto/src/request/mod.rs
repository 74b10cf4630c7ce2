mod members;
mod parts;
mod place;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde_json::Value;

use crate::MaybeUndefined;
use crate::scan::OperationKind;
use members::Members;

pub use parts::{RequestParts, document_hash};
pub use place::{VariablePath, VariablePathError};

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
    id: Option<DocumentId>,
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
            id: None,
            operation_name: None,
            variables: Members::default(),
            extensions: Members::default(),
            invalid: None,
            data: PhantomData,
        }
    }

    /// A request for a document that the server already has, by the id under which it knows it: the document itself is
    /// not sent, and need not be known here.
    ///
    /// Nothing can be read off an id, so the kind of the operation is given along with it; whether a request may be sent
    /// again after a failure depends on it. The id is sent as `documentId`, unless [`id_place`](Self::id_place) or the
    /// client says otherwise.
    ///
    /// ```
    /// use gqlwire_proto::{Request, scan::OperationKind};
    /// use serde_json::Value;
    ///
    /// let request = Request::<Value>::by_id(OperationKind::Query, "sha256:7dba4bd7").variable("id", "7");
    /// assert_eq!(request.to_json().unwrap(), r#"{"documentId":"sha256:7dba4bd7","variables":{"id":"7"}}"#);
    /// ```
    pub fn by_id(kind: OperationKind, id: impl Into<Cow<'static, str>>) -> Self {
        let id = DocumentId {
            id: id.into(),
            kind,
            place: None,
        };
        Self {
            id: Some(id),
            ..Self::new("")
        }
    }

    /// Where the id of a request [by id](Self::by_id) stands; of no effect on other requests.
    #[must_use]
    pub fn id_place(mut self, place: IdPlace) -> Self {
        if let Some(id) = &mut self.id {
            id.place = Some(place);
        }
        self
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
            id: self.id,
            operation_name: self.operation_name,
            variables: self.variables,
            extensions: self.extensions,
            invalid: self.invalid,
            data: PhantomData,
        }
    }

    /// The document's text; empty for a request [by id](Self::by_id).
    pub fn document(&self) -> &str {
        &self.document
    }

    /// The id and the kind of a request [by id](Self::by_id), and where the id stands, if that was said.
    pub fn document_id(&self) -> Option<(&str, OperationKind, Option<IdPlace>)> {
        let id = self.id.as_ref()?;
        Some((&id.id, id.kind, id.place))
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
        let mut parts = RequestParts {
            query: self.id.is_none().then_some(Cow::Borrowed(&*self.document)),
            variables: Cow::Borrowed(&self.variables),
            operation_name: self.operation_name.as_deref().map(Cow::Borrowed),
            extensions: Cow::Borrowed(&self.extensions),
            ..RequestParts::default()
        };
        if let Some(id) = &self.id {
            parts.set_id(&id.id, id.place.unwrap_or_default());
        }
        parts.to_json()
    }

    fn refuse(&mut self, what: String, why: impl fmt::Display) {
        self.invalid.get_or_insert_with(|| RequestError::new(what, why));
    }
}

impl<T> Clone for Request<T> {
    fn clone(&self) -> Self {
        Self {
            document: self.document.clone(),
            id: self.id.clone(),
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
            .field("id", &self.id.as_ref().map(|id| &id.id))
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

/// Where the id of a document stands in a request.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum IdPlace {
    /// In the member `documentId`, as the appendix on persisted documents of GraphQL over HTTP has it.
    #[default]
    DocumentId,
    /// In the member `id`.
    Id,
    /// In `extensions.persistedQuery.sha256Hash`, beside `version: 1`: where Apollo's servers look for it.
    PersistedQuery,
}

#[derive(Clone)]
struct DocumentId {
    id: Cow<'static, str>,
    kind: OperationKind,
    place: Option<IdPlace>,
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
