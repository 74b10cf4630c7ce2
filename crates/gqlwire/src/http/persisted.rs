//! Documents that are named in place of being sent.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use gqlwire_proto::scan::OperationKind;
use gqlwire_proto::{GraphQLError, RequestParts, Response, document_hash};
use http::StatusCode;
use serde_json::value::RawValue;

use super::HttpTransport;
use crate::persisted::Way;
use crate::transport::{Outcome, RawRequest, RawResponse};
use crate::{Error, PersistedQueries};

/// What a client knows of its server's persisted queries.
#[derive(Default)]
pub(super) struct Known {
    unsupported: AtomicBool,
    /// It has answered a hash as only a server does that takes them.
    supported: AtomicBool,
    hashes: Mutex<HashMap<Box<str>, Arc<str>>>,
}

/// What a server says to a hash that stands alone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    /// It is the answer to the request.
    Answer,
    /// It does not know the document: it wants to see it.
    NotFound,
    /// It takes no hashes.
    NotSupported,
    /// It does not take this, and may be one that has never heard of hashes.
    Odd,
}

impl HttpTransport {
    /// Runs one request, with its document named if that is how this client does it.
    pub(super) async fn run_persisted(&self, request: &RawRequest, deadline: Option<Instant>) -> Outcome {
        match &self.options.requests.persisted {
            Some(persisted) => match persisted.way {
                Way::Automatic if self.takes_hash_of(request) => {
                    Box::pin(self.run_hashed(request, persisted, deadline)).await
                }
                Way::Automatic => self.run(request, deadline).await,
                Way::Trusted { .. } => self.run(&trusted(request, persisted)?, deadline).await,
            },
            None => self.run(request, deadline).await,
        }
    }

    /// A request whose answer is a stream. It has its document in full or, if only trusted ones are taken, as an id.
    pub(super) fn named_alone(&self, request: RawRequest) -> Result<RawRequest, Error> {
        match &self.options.requests.persisted {
            Some(persisted) => trusted(&request, persisted),
            None => Ok(request),
        }
    }

    /// The requests of a batch, which have their documents in full or, if only trusted ones are taken, as ids.
    pub(super) fn named(&self, requests: &[RawRequest]) -> Result<Vec<RawRequest>, Error> {
        let named = |request: &RawRequest| match &self.options.requests.persisted {
            Some(persisted) => trusted(request, persisted),
            None => Ok(request.clone()),
        };
        requests.iter().map(named).collect()
    }

    fn takes_hash_of(&self, request: &RawRequest) -> bool {
        request.document_id().is_none() && !request.has_uploads() && !self.persisted.unsupported.load(Ordering::Relaxed)
    }

    async fn run_hashed(
        &self,
        request: &RawRequest,
        persisted: &PersistedQueries,
        deadline: Option<Instant>,
    ) -> Outcome {
        let mut parts = RequestParts::read(request.body())?;
        let hash = self.persisted.hash(parts.document().unwrap_or_default());
        parts.set_hash(&hash);
        let full = parts.to_json()?;
        let supported = self.persisted.supported.load(Ordering::Relaxed);
        // A server that has never heard of hashes refuses one that stands alone, in words of its own. Of a mutation it could
        // not be told for certain that nothing was executed, so that it takes no such risk.
        if request.kind() == OperationKind::Mutation && !supported {
            let answer = self.run(&request.with_body(full), deadline).await;
            return match verdict(&answer) {
                Verdict::NotSupported => self.run_unsupported(request, deadline).await,
                _ => answer,
            };
        }
        parts.without_document();
        let mut hashed = request.with_body(parts.to_json()?);
        hashed.by_get |= persisted.by_get && request.kind() == OperationKind::Query;
        let answer = self.run(&hashed, deadline).await;
        let verdict = match verdict(&answer) {
            Verdict::NotFound => {
                self.persisted.supported.store(true, Ordering::Relaxed);
                tracing::debug!("the server does not know the document: sending it");
                let answer = self.run(&request.with_body(full), deadline).await;
                match verdict(&answer) {
                    Verdict::NotSupported => Verdict::NotSupported,
                    _ => return answer,
                }
            }
            verdict => verdict,
        };
        match verdict {
            Verdict::NotSupported => self.run_unsupported(request, deadline).await,
            // It was refused, and so executed nothing. What such a server makes of the document shows whether that was
            // about the hash at all.
            Verdict::Odd if !supported => {
                let answer = self.run(request, deadline).await;
                if answer.as_ref().is_ok_and(|answer| answer.status.is_success()) {
                    tracing::debug!(
                        "the server knows nothing of persisted queries: documents are sent in full from now on"
                    );
                    self.persisted.unsupported.store(true, Ordering::Relaxed);
                }
                answer
            }
            Verdict::Answer | Verdict::NotFound | Verdict::Odd => {
                if !supported && answer.as_ref().is_ok_and(has_data) {
                    self.persisted.supported.store(true, Ordering::Relaxed);
                }
                answer
            }
        }
    }

    async fn run_unsupported(&self, request: &RawRequest, deadline: Option<Instant>) -> Outcome {
        tracing::debug!("the server takes no persisted queries: documents are sent in full from now on");
        self.persisted.unsupported.store(true, Ordering::Relaxed);
        self.run(request, deadline).await
    }
}

impl Known {
    fn hash(&self, document: &str) -> Arc<str> {
        /// How many documents are remembered: more than programs have, unless they write them while they run.
        const MOST: usize = 512;
        /// A longer one is hashed each time.
        const LONGEST: usize = 64 * 1024;

        let mut hashes = self.hashes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hash) = hashes.get(document) {
            return Arc::clone(hash);
        }
        let hash: Arc<str> = document_hash(document).into();
        if document.len() <= LONGEST {
            if hashes.len() >= MOST {
                hashes.clear();
            }
            hashes.insert(document.into(), Arc::clone(&hash));
        }
        hash
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Known")
            .field("unsupported", &self.unsupported)
            .finish_non_exhaustive()
    }
}

/// The request with the id of its document in place of it, where only trusted documents are sent.
fn trusted(request: &RawRequest, persisted: &PersistedQueries) -> Result<RawRequest, Error> {
    let Way::Trusted { id_of, place } = &persisted.way else {
        return Ok(request.clone());
    };
    let mut parts = RequestParts::read(request.body())?;
    match request.document_id() {
        Some(_) if request.id_place().is_some() => return Ok(request.clone()),
        Some(id) => parts.set_id(id, *place),
        None => {
            let id = id_of(parts.document().unwrap_or_default());
            let id = id.ok_or_else(|| {
                let name = request.name().unwrap_or("without a name");
                Error::request(format!(
                    "the {} {name} is none of the trusted documents of this client, and the server would not take it: add \
                     its exact text to them",
                    request.kind()
                ))
            })?;
            parts.set_id(&id, *place);
        }
    }
    let mut named = request.with_body(parts.to_json()?);
    named.by_get |= persisted.by_get && request.kind() == OperationKind::Query;
    Ok(named)
}

fn verdict(answer: &Outcome) -> Verdict {
    let errors: Vec<GraphQLError> = match answer {
        Err(error) => error.errors().to_vec(),
        // Nearly every answer is known not to be one of these by this alone.
        Ok(answer) if answer.status == StatusCode::OK && !mentions_persisted_queries(&answer.body) => Vec::new(),
        Ok(answer) => match Response::<Box<RawValue>>::from_json(&answer.body) {
            Ok(response) if response.data.is_none() => response.errors,
            _ => Vec::new(),
        },
    };
    let says = |code: &str, message: &str| {
        // What has a path was executed.
        errors.iter().filter(|error| error.path.is_none()).any(|error| {
            error.message == message || error.extensions.get("code").and_then(|code| code.as_str()) == Some(code)
        })
    };
    if says("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound") {
        return Verdict::NotFound;
    }
    if says("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported") {
        return Verdict::NotSupported;
    }
    let status = match answer {
        Ok(answer) => Some(answer.status),
        Err(error) => error.status(),
    };
    match status {
        Some(StatusCode::BAD_REQUEST) => Verdict::Odd,
        _ => Verdict::Answer,
    }
}

fn has_data(answer: &RawResponse) -> bool {
    Response::<Box<RawValue>>::from_json(&answer.body).is_ok_and(|response| response.data.is_some())
}

fn mentions_persisted_queries(body: &str) -> bool {
    body.contains("PersistedQuery") || body.contains("PERSISTED_QUERY")
}
