use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use gqlwire_proto::IdPlace;

/// How requests name documents that the server has, in place of sending them.
///
/// ```
/// # use gqlwire::{Client, PersistedQueries};
/// # fn main() -> Result<(), gqlwire::Error> {
/// let client = Client::builder("http://localhost:4000/graphql")
///     .persisted_queries(PersistedQueries::automatic().by_get())
///     .build()?;
/// # let _ = client;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PersistedQueries {
    pub(crate) way: Way,
    pub(crate) by_get: bool,
}

#[derive(Clone)]
pub(crate) enum Way {
    Automatic,
    Trusted { id_of: Arc<IdOf>, place: IdPlace },
}

type IdOf = dyn Fn(&str) -> Option<String> + Send + Sync;

impl PersistedQueries {
    /// Automatic persisted queries, Apollo's protocol: the SHA-256 of the document is sent in its place, and the document
    /// beside it only when the server answers that it does not know it.
    ///
    /// Mutations too, once the server has shown that it takes hashes: one whose document is not known was not executed, so
    /// that it may be sent again. A server that supports none of this is remembered, and gets whole documents from then on. A batch and a request with files have
    /// their documents in full.
    pub fn automatic() -> Self {
        Self {
            way: Way::Automatic,
            by_get: false,
        }
    }

    /// Trusted documents: each is sent as the id that it has in this map from documents to ids, and a document that is not
    /// in it is refused before anything is sent. The id is sent as `documentId`, unless [`place`](Self::place) says
    /// otherwise.
    pub fn trusted<D, I>(documents: impl IntoIterator<Item = (D, I)>) -> Self
    where
        D: Into<String>,
        I: Into<String>,
    {
        let documents = documents.into_iter().map(|(document, id)| (document.into(), id.into()));
        let ids: HashMap<String, String> = documents.collect();
        Self::trusted_by(move |document| ids.get(document).cloned())
    }

    /// The same with a function from the document to its id.
    pub fn trusted_by(id_of: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self {
            way: Way::Trusted {
                id_of: Arc::new(id_of),
                place: IdPlace::default(),
            },
            by_get: false,
        }
    }

    /// Where the server looks for the id of a trusted document; of no effect on automatic persisted queries, whose place is
    /// given.
    ///
    /// It holds for [requests by id](gqlwire_proto::Request::by_id) too that do not say it themselves.
    #[must_use]
    pub fn place(mut self, at: IdPlace) -> Self {
        if let Way::Trusted { place, .. } = &mut self.way {
            *place = at;
        }
        self
    }

    /// Sends queries by `GET` as long as the hash or the id stands for the document, so that HTTP caches can answer them.
    /// Whole documents and mutations go by `POST`.
    #[must_use]
    pub fn by_get(mut self) -> Self {
        self.by_get = true;
        self
    }
}

impl fmt::Debug for PersistedQueries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match &self.way {
            Way::Automatic => "automatic",
            Way::Trusted { .. } => "trusted",
        };
        f.debug_struct("PersistedQueries")
            .field("way", &way)
            .field("by_get", &self.by_get)
            .finish()
    }
}
