use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gqlwire_proto::scan::{OperationKind, Outline};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::shortened;
use crate::RawRequest;

/// What a client asked of [`Scripted`](super::Scripted).
///
/// `Debug` shows the names of the headers and hides their values.
#[derive(Clone)]
#[non_exhaustive]
pub struct Call {
    /// What kind of operation it was.
    pub kind: OperationKind,
    /// The name of the operation, if it has one.
    pub name: Option<String>,
    /// The whole document; empty where a request has none.
    pub document: String,
    /// The variables, as they were sent.
    pub variables: Map<String, Value>,
    /// The extensions of the request.
    pub extensions: Map<String, Value>,
    /// The headers that were set on this call. The client's own, and credentials, are the business of its transport, and do
    /// not come this far.
    pub headers: HeaderMap,
    stopped: Arc<AtomicBool>,
}

/// The members of a request's JSON.
#[derive(Default, Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    query: Option<Cow<'a, str>>,
    variables: Option<Map<String, Value>>,
    extensions: Option<Map<String, Value>>,
}

impl Call {
    /// The call that a request is, for a transport of one's own.
    pub fn of(request: &RawRequest) -> Self {
        // What nests too deeply to be looked through is a call without variables, and not one that fails.
        let wire: Wire<'_> = serde_json::from_str(request.body()).unwrap_or_default();
        Self {
            kind: request.kind(),
            name: request.name().map(str::to_owned),
            document: wire.query.unwrap_or_default().into_owned(),
            variables: wire.variables.unwrap_or_default(),
            extensions: wire.extensions.unwrap_or_default(),
            headers: request.headers().clone(),
            stopped: Arc::default(),
        }
    }

    /// A variable; `None` where it was not sent, which is not the same as `null`.
    pub fn variable(&self, name: &str) -> Option<&Value> {
        self.variables.get(name)
    }

    /// The names of the root fields, through fragments.
    pub fn root_fields(&self) -> Vec<String> {
        let Ok(outline) = Outline::parse(&self.document) else {
            return Vec::new();
        };
        let operation = outline.select(self.name.as_deref());
        operation.map_or_else(
            |_| Vec::new(),
            |operation| {
                operation
                    .root_fields()
                    .names()
                    .iter()
                    .map(|&name| name.to_owned())
                    .collect()
            },
        )
    }

    /// Whether the client has stopped this subscription, or dropped it.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    pub(super) fn stop_mark(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stopped)
    }
}

/// In the words of an error.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {}", self.kind)?;
        match &self.name {
            Some(name) => write!(f, " {name}")?,
            None => write!(f, " of {}", self.root_fields().join(", "))?,
        }
        if !self.variables.is_empty() {
            let variables = Value::Object(self.variables.clone()).to_string();
            write!(f, " with the variables {}", shortened(&variables))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("kind", &self.kind)
            .field("name", &self.name)
            .field("document", &self.document)
            .field("variables", &self.variables)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("is_stopped", &self.is_stopped())
            .finish_non_exhaustive()
    }
}
