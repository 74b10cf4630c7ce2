//! What a subscriber has to know from before its events: the answer to a query beside them.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use gqlwire_proto::session::{Backoff, Random};
use http::StatusCode;
use tokio::time::{Instant, sleep_until, timeout};

use super::{Handle, Shared};
use crate::http::retry_after;
use crate::transport::{RawRequest, RawResponse};
use crate::{Error, ErrorKind};

/// How many catch-ups run at once. After an outage all subscriptions want theirs in the same moment, and a server that
/// comes back is not to be met by ten thousand queries.
pub(super) const AT_ONCE: usize = 32;

/// How long a wait a server may ask for with `Retry-After`. A subscription says nothing meanwhile, and what it holds
/// back runs out of room: one that asks for an hour is asked again before.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

impl Shared {
    /// Runs a catch-up until it has an answer. What may pass is tried again, as often as a connection is.
    pub(super) async fn catch_up(
        &self,
        session: Handle,
        request: &RawRequest,
        mut random: Random,
    ) -> Result<String, Error> {
        let policy = &self.options.reconnect;
        let mut backoff = Backoff::default();
        loop {
            let error = match self.query(&session, request).await {
                Ok(answer) => return Ok(answer.body),
                Err(error) => error,
            };
            if !may_pass(&error) {
                return Err(error);
            }
            let next = backoff.failed(policy, Instant::now().into_std(), random.roll());
            let Some(next) = next else {
                return Err(match backoff.attempts() {
                    0 => error,
                    attempts => error.suffixed(&format!("; given up after {attempts} more attempts")),
                });
            };
            // On top of the random wait: all subscriptions are asked to come back in the same moment.
            let asked = retry_after(error.headers(), (self.options.wall)()).unwrap_or_default();
            let next = Instant::from_std(next) + asked.min(LONGEST_WAIT);
            tracing::warn!(endpoint = %self.endpoint, %error, "the catch-up failed, and is tried again");
            sleep_until(next).await;
        }
    }

    async fn query(&self, session: &Handle, request: &RawRequest) -> Result<RawResponse, Error> {
        let limit = self.options.query_timeout;
        let _permit = self.catch_ups.acquire().await;
        // Providers are the user's code here too: one that panics must not take the connections with it.
        let asked = AssertUnwindSafe(async {
            match &self.options.queries {
                Some(queries) => queries.execute(request).await,
                None => self.ask(session.clone(), request).await,
            }
        })
        .catch_unwind();
        match timeout(limit, asked).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Error::request("what runs it panicked")),
            Err(_) => {
                let told = request.progress.timed_out(limit);
                Err(told.unwrap_or_else(|| Error::timeout("the catch-up", limit)))
            }
        }
    }
}

/// Whether the same query may do better later. A query may be repeated whatever became of it, so that this says more
/// than [`Error::is_retryable`]; and a catch-up runs when the network has just been away.
fn may_pass(error: &Error) -> bool {
    let status = error.status();
    let lasts = |status: StatusCode| status.is_client_error() && !matches!(status.as_u16(), 408 | 425 | 429);
    match error.kind() {
        _ if status.is_some_and(lasts) => false,
        ErrorKind::Auth | ErrorKind::Connect | ErrorKind::Disconnected | ErrorKind::Timeout => true,
        _ => status.is_some_and(|status| status.is_server_error() || status.is_client_error()),
    }
}
