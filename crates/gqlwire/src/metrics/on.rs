use std::time::Instant;

use gqlwire_proto::scan::OperationKind;
#[cfg(feature = "websocket")]
use metrics::gauge;
#[cfg(feature = "http")]
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics::{counter, histogram};

#[cfg(feature = "websocket")]
use crate::Counters;
use crate::{Error, ErrorKind, Response};

use self::names::*;

/// As the crate's documentation has them; without the features `http` and `appsync` most have no use.
#[cfg_attr(not(feature = "websocket"), allow(dead_code))]
mod names {
    pub(super) const EXECUTE: &str = "gqlwire_execute_total";
    pub(super) const EXECUTE_DURATION: &str = "gqlwire_execute_duration_seconds";
    pub(super) const EXECUTE_RETRIES: &str = "gqlwire_execute_retries_total";
    pub(super) const FRAMES: &str = "gqlwire_frames_total";
    pub(super) const RECEIVED_BYTES: &str = "gqlwire_received_bytes_total";
    pub(super) const EVENTS: &str = "gqlwire_events_total";
    pub(super) const RECONNECTS: &str = "gqlwire_reconnects_total";
    pub(super) const ROTATIONS: &str = "gqlwire_rotations_total";
    pub(super) const GAPS: &str = "gqlwire_gaps_total";
    pub(super) const DROPS: &str = "gqlwire_drops_total";
    pub(super) const POSSIBLE_DUPLICATES: &str = "gqlwire_possible_duplicates_total";
    pub(super) const SUBSCRIPTIONS: &str = "gqlwire_subscriptions";
    pub(super) const CONNECTIONS: &str = "gqlwire_connections";
}

/// One call of `execute`. One that is not told its end was dropped.
#[derive(Debug)]
pub(crate) struct Execution {
    kind: &'static str,
    began: Instant,
    outcome: &'static str,
}

impl Execution {
    pub(crate) fn begin(kind: OperationKind) -> Self {
        Self {
            kind: name_of(kind),
            began: Instant::now(),
            outcome: "dropped",
        }
    }

    pub(crate) fn end<T>(mut self, outcome: &Result<Response<T>, Error>) {
        self.outcome = match outcome {
            Ok(response) if response.errors.is_empty() => "ok",
            Ok(_) => "graphql_errors",
            Err(error) => name_of_error(error.kind()),
        };
    }
}

impl Drop for Execution {
    fn drop(&mut self) {
        counter!(EXECUTE, "kind" => self.kind, "outcome" => self.outcome).increment(1);
        histogram!(EXECUTE_DURATION, "kind" => self.kind, "outcome" => self.outcome).record(self.began.elapsed());
    }
}

/// Counts an attempt after the first.
#[cfg(feature = "http")]
pub(crate) fn repeated(kind: OperationKind) {
    counter!(EXECUTE_RETRIES, "kind" => name_of(kind)).increment(1);
}

/// Tells the recorder what is what.
#[cfg(feature = "http")]
pub(crate) fn describe() {
    describe_counter!(EXECUTE, Unit::Count, "Queries and mutations that ended");
    describe_histogram!(
        EXECUTE_DURATION,
        Unit::Seconds,
        "How long queries and mutations took, with all attempts"
    );
    describe_counter!(
        EXECUTE_RETRIES,
        Unit::Count,
        "Attempts at queries and mutations after the first"
    );
    describe_counter!(FRAMES, Unit::Count, "Text frames received on websockets");
    describe_counter!(
        RECEIVED_BYTES,
        Unit::Bytes,
        "Bytes of the text frames received on websockets"
    );
    describe_counter!(EVENTS, Unit::Count, "Events handed on to subscribers");
    describe_counter!(
        RECONNECTS,
        Unit::Count,
        "Connections opened in place of one that was lost"
    );
    describe_counter!(
        ROTATIONS,
        Unit::Count,
        "Connections replaced by another while they were open"
    );
    describe_counter!(GAPS, Unit::Count, "Gaps reported");
    describe_counter!(DROPS, Unit::Count, "Events lost for want of room");
    describe_counter!(
        POSSIBLE_DUPLICATES,
        Unit::Count,
        "Events delivered in a rotation though an equal one had been"
    );
    describe_gauge!(SUBSCRIPTIONS, Unit::Count, "Subscriptions held now");
    describe_gauge!(CONNECTIONS, Unit::Count, "Websockets held now");
}

fn name_of(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Mutation => "mutation",
        OperationKind::Query => "query",
        OperationKind::Subscription => "subscription",
    }
}

fn name_of_error(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Auth => "auth",
        ErrorKind::Closed => "closed",
        ErrorKind::Config => "config",
        ErrorKind::Connect => "connect",
        ErrorKind::Decode => "decode",
        ErrorKind::Disconnected => "disconnected",
        ErrorKind::GraphQL => "graphql",
        ErrorKind::Lagged => "lagged",
        ErrorKind::Protocol => "protocol",
        ErrorKind::Request => "request",
        ErrorKind::Status => "status",
        ErrorKind::Timeout => "timeout",
    }
}

/// What of a session has been reported. Sessions add up, so each reports what is new since it did so last, and takes
/// back what it held when it ends.
#[cfg(feature = "websocket")]
#[derive(Debug, Default)]
pub(crate) struct Metered {
    reported: Counters,
}

#[cfg(feature = "websocket")]
impl Metered {
    pub(crate) fn report(&mut self, counters: impl FnOnce() -> Counters) {
        let now = counters();
        let before = std::mem::replace(&mut self.reported, now);
        if now == before {
            return;
        }
        for (name, now, before) in [
            (FRAMES, now.frames, before.frames),
            (RECEIVED_BYTES, now.bytes, before.bytes),
            (EVENTS, now.events, before.events),
            (RECONNECTS, now.reconnects, before.reconnects),
            (ROTATIONS, now.rotations, before.rotations),
            (GAPS, now.gaps, before.gaps),
            (DROPS, now.drops, before.drops),
            (POSSIBLE_DUPLICATES, now.possible_duplicates, before.possible_duplicates),
        ] {
            // Most of them stay as they are, and finding one in a recorder takes longer than this.
            if now > before {
                counter!(name).increment(now - before);
            }
        }
        for (name, now, before) in [
            (SUBSCRIPTIONS, now.subscriptions, before.subscriptions),
            (CONNECTIONS, now.connections, before.connections),
        ] {
            match now.cmp(&before) {
                std::cmp::Ordering::Equal => {}
                std::cmp::Ordering::Greater => gauge!(name).increment((now - before) as f64),
                std::cmp::Ordering::Less => gauge!(name).decrement((before - now) as f64),
            }
        }
    }
}

#[cfg(feature = "websocket")]
impl Drop for Metered {
    fn drop(&mut self) {
        let mut left = self.reported;
        left.subscriptions = 0;
        left.connections = 0;
        self.report(|| left);
    }
}
