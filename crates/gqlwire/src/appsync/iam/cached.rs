use std::future::Future;
use std::time::SystemTime;

use futures_util::future::BoxFuture;
use gqlwire_proto::sigv4::Credentials;

use super::{CredentialsProvider, same};
use crate::Error;
use crate::appsync::cache::{Cache, Ends, Fetched};

/// Keeps credentials that a function fetches.
#[derive(Debug)]
pub(super) struct Cached(Cache<Credentials>);

impl Cached {
    pub(super) fn new<F, Fut>(fetch: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Credentials, Error>> + Send + 'static,
    {
        let fetch = move || {
            let fetching = fetch();
            let fetched: BoxFuture<'static, _> = Box::pin(async move {
                let value = fetching.await?;
                let ends = value.expires_at.map_or(Ends::Unknown, Ends::At);
                Ok(Fetched { value, ends })
            });
            fetched
        };
        Self(Cache::new(fetch, same))
    }
}

impl CredentialsProvider for Cached {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials, Error>> {
        Box::pin(async {
            let kept = self.0.get(SystemTime::now()).await?;
            Ok(kept.value.clone())
        })
    }

    fn renew(&self) -> BoxFuture<'_, bool> {
        Box::pin(self.0.last_refused())
    }
}
