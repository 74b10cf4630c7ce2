use super::*;
use crate::{Batching, PersistedQueries};

/// How long a URL with a query in it may be, unless set, in bytes: what servers and proxies take without being told
/// otherwise.
pub const DEFAULT_GET_URL_LIMIT: usize = 8 * 1024;

/// What shape requests have on the wire.
#[derive(Clone, Debug)]
pub(crate) struct RequestOptions {
    pub(crate) queries_by_get: bool,
    pub(crate) get_url_limit: usize,
    pub(crate) persisted: Option<PersistedQueries>,
    pub(crate) batching: Option<Batching>,
}

impl Default for RequestOptions {
    fn default() -> Self {
        Self {
            queries_by_get: false,
            get_url_limit: DEFAULT_GET_URL_LIMIT,
            persisted: None,
            batching: None,
        }
    }
}

impl RequestOptions {
    /// What of this AppSync does not take.
    #[cfg(feature = "appsync")]
    pub(super) fn check_appsync(&self) -> Result<(), Error> {
        let what = match self {
            Self {
                queries_by_get: true, ..
            } => "queries by GET",
            Self { persisted: Some(_), .. } => "persisted queries",
            Self { batching: Some(_), .. } => "batches, which `Client::execute_batch` sends as requests of their own",
            _ => return Ok(()),
        };
        Err(Error::config(format!("AppSync takes no {what}: leave the option out")))
    }

    /// What of this a socket has no place for: said, since whole documents would go out in place of trusted ones.
    #[cfg(feature = "websocket")]
    pub(super) fn check_sockets(&self) -> Result<(), Error> {
        let what = match self {
            Self {
                queries_by_get: true, ..
            } => "queries by GET",
            Self { persisted: Some(_), .. } => "persisted queries",
            Self { batching: Some(_), .. } => "batches",
            _ => return Ok(()),
        };
        Err(Error::config(format!(
            "there are no {what} over a websocket, which is where all requests of this client go: leave the option out, or give \
             the client a URL of HTTP"
        )))
    }
}

impl ClientBuilder {
    /// Sends queries by `GET`, as [`Execute::get`](crate::Execute::get) does for one; mutations go by `POST`.
    ///
    /// Like the other options of this block it is one of requests over HTTP: [`build`](Self::build) refuses it for AppSync,
    /// and where all requests go over a websocket.
    pub fn queries_by_get(mut self) -> Self {
        self.requests.queries_by_get = true;
        self
    }

    /// How long the URL of a `GET` may become, in bytes; default [`DEFAULT_GET_URL_LIMIT`]. A query whose URL would be
    /// longer goes by `POST`.
    pub fn get_url_limit(mut self, bytes: usize) -> Self {
        self.requests.get_url_limit = bytes;
        self
    }

    /// Names documents in place of sending them: automatic persisted queries, or trusted documents.
    ///
    /// Trusted documents are named in subscriptions over HTTP too. Over websockets, documents go in full.
    pub fn persisted_queries(mut self, persisted: PersistedQueries) -> Self {
        self.requests.persisted = Some(persisted);
        self
    }

    /// Sends queries that are executed shortly after one another as one batch.
    pub fn batching(mut self, batching: Batching) -> Self {
        self.requests.batching = Some(batching);
        self
    }
}
