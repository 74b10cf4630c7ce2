//! Documents that were checked against a schema, so that a query which is sent often is checked once.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use gqlwire_schema::{Diagnostics, ExecutableDocument, Schema};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Error;
use crate::transport::RawRequest;

/// How many verdicts are kept of late, and as many from before that.
const KEPT: usize = 128;

/// How much text they may be about. What is kept of a document is some ten times as large as its text.
const KEPT_BYTES: usize = 256 * 1024;

/// A schema, and what it says of the documents that were asked about last.
pub(crate) struct Documents {
    schema: Schema,
    verdicts: Mutex<Verdicts>,
}

pub(crate) type Verdict = Result<ExecutableDocument, Arc<Diagnostics>>;

/// Two generations: the young one becomes the old one when it is full, and what is asked for again is young again. So
/// what is in use stays, without an order to keep.
#[derive(Default)]
struct Verdicts {
    young: HashMap<Box<str>, Verdict>,
    young_bytes: usize,
    old: HashMap<Box<str>, Verdict>,
}

impl Documents {
    pub(crate) fn new(schema: Schema) -> Self {
        Self {
            schema,
            verdicts: Mutex::default(),
        }
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Parses and validates a document, or remembers what came of that.
    pub(crate) fn check(&self, document: &str) -> Verdict {
        if let Some(verdict) = self.lock().get(document) {
            return verdict;
        }
        let verdict = self.schema.parse(document).map_err(Arc::new);
        if let Ok(document) = &verdict {
            // Nothing is wrong with it as yet.
            for found in document.deprecated_use(&self.schema) {
                tracing::warn!(line = found.line(), column = found.column(), "{}", found.message());
            }
        }
        self.lock().put(document.into(), verdict.clone());
        verdict
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Verdicts> {
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Documents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Documents")
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

impl Verdicts {
    fn get(&mut self, document: &str) -> Option<Verdict> {
        if let Some(verdict) = self.young.get(document) {
            return Some(verdict.clone());
        }
        let (document, verdict) = self.old.remove_entry(document)?;
        self.put(document, verdict.clone());
        Some(verdict)
    }

    fn put(&mut self, document: Box<str>, verdict: Verdict) {
        if document.len() > KEPT_BYTES {
            return;
        }
        if self.young.len() >= KEPT || self.young_bytes + document.len() > KEPT_BYTES {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        let bytes = document.len();
        if self.young.insert(document, verdict).is_none() {
            self.young_bytes += bytes;
        }
    }
}

/// A request as it is written on the wire.
#[derive(Deserialize)]
pub(crate) struct Wire<'a> {
    #[serde(borrow)]
    pub(crate) query: Cow<'a, str>,
    pub(crate) variables: Option<Map<String, Value>>,
    #[serde(rename = "operationName", borrow)]
    pub(crate) operation_name: Option<Cow<'a, str>>,
}

impl<'a> Wire<'a> {
    pub(crate) fn read(request: &'a RawRequest) -> Result<Self, Error> {
        if let Some(id) = request.document_id() {
            return Err(Error::request(format!(
                "the document {id:?} is known here by its id alone: send its text"
            )));
        }
        Self::of(request.body())
    }

    /// What the text of a request holds.
    pub(crate) fn of(body: &'a str) -> Result<Self, Error> {
        // The client wrote it itself, so that little can be wrong: what nests too deeply, numbers out of all range. Neither
        // message repeats a value.
        serde_json::from_str(body)
            .map_err(|error| Error::request(format!("the request cannot be looked through: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents() -> Documents {
        Documents::new(Schema::from_sdl("type Query { a: Int }").unwrap())
    }

    #[test]
    fn what_is_asked_for_again_stays_and_the_rest_is_forgotten() {
        let documents = documents();
        for number in 0..10 * KEPT {
            assert!(documents.check("{ a }").is_ok());
            assert!(documents.check(&format!("{{ a{number}: a }}")).is_ok());
        }
        let verdicts = documents.lock();
        assert!(verdicts.young.len() + verdicts.old.len() <= 2 * KEPT);
        assert!(verdicts.young.contains_key("{ a }") || verdicts.old.contains_key("{ a }"));
        assert!(!verdicts.young.contains_key("{ a0: a }") && !verdicts.old.contains_key("{ a0: a }"));
    }

    #[test]
    fn long_documents_are_kept_up_to_a_bound_and_giant_ones_not_at_all() {
        let documents = documents();
        let long = |number: usize| format!("{{ a }} #{number}{}", " ".repeat(KEPT_BYTES / 4));
        for number in 0..20 {
            assert!(documents.check(&long(number)).is_ok());
        }
        let giant = " ".repeat(KEPT_BYTES) + "{ a }";
        assert!(documents.check(&giant).is_ok());
        let verdicts = documents.lock();
        let kept = verdicts.young.keys().chain(verdicts.old.keys());
        assert!(kept.map(|document| document.len()).sum::<usize>() <= 2 * KEPT_BYTES);
    }

    #[test]
    fn an_invalid_document_is_remembered_too() {
        let documents = documents();
        let first = documents.check("{ b }").unwrap_err();
        let second = documents.check("{ b }").unwrap_err();
        assert!(Arc::ptr_eq(&first, &second));
    }
}
