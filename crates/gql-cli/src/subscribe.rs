//! A subscription: one line for each event, until it ends or somebody ends it.
//!
//! ```text
//!  refused, or no answer ───────────────────────────────────────────────▶ 4, 5, 6
//!  acknowledged ─▶ event ─▶ event ─▶ … ─┬─ complete, --count, --for ────▶ 0, or 3 if an event had errors
//!                                       ├─ the reader of stdout is gone ▶ 0
//!                                       ├─ Ctrl-C, SIGTERM, SIGHUP ─────▶ 130
//!                                       └─ an error ────────────────────▶ 8
//! ```
//!
//! A connection that is lost is no error, unless the user says so: the subscription goes on over another one, and a line
//! on stderr says how much may be missing.

use std::future::IntoFuture;
use std::time::Duration;

use futures_util::StreamExt;
use gqlwire::{Client, Event, GraphQLError, Request, Subscription};
use tokio::time::{Instant, sleep_until};

use crate::connection::Connection;
use crate::exit::Exit;
use crate::failure::{Failure, Phase};
use crate::output::{Reader, Stdout};
use crate::report;
use crate::run::{Raw, show};
use crate::signals::Interrupts;

/// When to end a subscription that does not end by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) count: Option<u64>,
    /// Counted from the acknowledgement.
    pub(crate) duration: Option<Duration>,
}

impl Bounds {
    pub(crate) fn any(&self) -> bool {
        self.count.is_some() || self.duration.is_some()
    }
}

pub(crate) async fn run(
    connection: &Connection,
    request: Request<Raw>,
    document: &str,
    bounds: &Bounds,
) -> Result<Exit, Failure> {
    let client = connection.client()?;
    let mut interrupts = Interrupts::new()?;
    let starting = client.subscribe(request).timeout(connection.limit()).into_future();
    tracing::debug!("starting the subscription at {}", connection.shown());
    let sent = Instant::now();
    let started = tokio::select! {
        started = starting => started,
        () = interrupts.next() => {
            close(&client, &mut interrupts).await;
            return Ok(Exit::Interrupted);
        }
    };
    let mut subscription = started.map_err(|error| connection.failure(&error, Phase::SubscriptionStart))?;
    tracing::debug!(
        "connected, and acknowledged with start_ack, after {:.1?}",
        sent.elapsed()
    );
    tracing::info!("subscribed; events follow");
    let outcome = listen(connection, &mut subscription, document, bounds, &mut interrupts).await;
    tracing::debug!("sending stop, and closing");
    subscription.stop();
    close(&client, &mut interrupts).await;
    outcome
}

async fn listen(
    connection: &Connection,
    subscription: &mut Subscription<Raw>,
    document: &str,
    bounds: &Bounds,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let mut stdout = Stdout::new();
    let mut left = bounds.count;
    let mut exit = Exit::Success;
    // An event that cannot be read ends nothing; an error that ends the stream is the last thing in it.
    let mut last_error = None;
    let mut advised = false;
    let time_is_up = time_is_up(bounds.duration);
    tokio::pin!(time_is_up);
    loop {
        let event = tokio::select! {
            event = subscription.next() => event,
            () = &mut time_is_up => return Ok(exit),
            () = interrupts.next() => return Ok(Exit::Interrupted),
        };
        let reader = match event {
            None => return last_error.map_or(Ok(exit), Err),
            Some(Ok(Event::Next(response))) => {
                report_unfinished(&mut last_error);
                let bytes = response.data.as_ref().map_or(0, |data| data.get().len());
                tracing::debug!("received data: {bytes} bytes, {} errors", response.errors.len());
                let (shown, reader) = show(&response, document, &mut stdout)?;
                if !advised && lacks_selection(&response.errors) {
                    report::hint(SELECTION);
                    advised = true;
                }
                if shown != Exit::Success {
                    exit = Exit::Partial;
                }
                reader
            }
            Some(Ok(Event::Gap(gap))) => {
                let lasted = gap.until.duration_since(gap.since).unwrap_or_default();
                report::warning(format_args!(
                    "connected again: the events of {lasted:.1?} may be missing: {}",
                    gap.cause
                ));
                continue;
            }
            Some(Ok(_)) => continue,
            Some(Err(error)) => {
                report_unfinished(&mut last_error);
                exit = Exit::Partial;
                last_error = Some(connection.failure(&error, Phase::SubscriptionRun));
                Reader::Listening
            }
        };
        if reader == Reader::Gone {
            return Ok(Exit::Success);
        }
        if let Some(left) = &mut left {
            *left -= 1;
            if *left == 0 {
                return last_error.map_or(Ok(exit), Err);
            }
        }
    }
}

/// Said once: the same is wrong with every event.
const SELECTION: &str = "an event carries only the fields that the mutation selected: select this one there, too";

/// Whether a field that cannot be null is missing from an event.
fn lacks_selection(errors: &[GraphQLError]) -> bool {
    let text = "cannot return null for non-nullable";
    errors
        .iter()
        .any(|error| error.message.to_ascii_lowercase().contains(text))
}

/// An error that more events followed was about one event alone.
fn report_unfinished(error: &mut Option<Failure>) {
    if let Some(failure) = error.take() {
        report::error(failure.message);
    }
}

async fn time_is_up(after: Option<Duration>) {
    match after.and_then(|after| Instant::now().checked_add(after)) {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Tells the server, and waits for a moment; a second Ctrl-C does not wait.
async fn close(client: &Client, interrupts: &mut Interrupts) {
    tokio::select! {
        () = client.close() => {}
        () = interrupts.next() => {}
    }
}
