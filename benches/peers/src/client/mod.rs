//! The clients in Rust: each given a job as JSON, each printing what it got and what that cost.

mod event;
mod floor;
mod gqlwire;
mod graphql_ws_client;
mod meter;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::task::JoinSet;

use self::meter::Meter;
use crate::Failure;

/// What to do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    program: Program,
    /// The websocket's.
    url: String,
    connections: u64,
    /// On each connection.
    subscriptions: u64,
    /// Events for each subscription, after a first one that is not counted.
    each: u64,
    /// Whether events carry the time of their sending.
    timed: bool,
    /// How long everything may take, in seconds.
    limit: u64,
}

/// Which client.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Program {
    /// Frames read by tokio-tungstenite, and not looked into.
    Floor,
    /// The same, with serde_json deserialising the whole of each message.
    FloorSerde,
    /// gqlwire, with events as text that is looked at where it lies.
    GqlwireRaw,
    /// gqlwire, with the data of events as JSON of one's own.
    GqlwireBoxed,
    /// gqlwire, with events as structs.
    GqlwireTyped,
    /// The crate of that name, with events as structs.
    GraphqlWsClient,
}

/// Does one job and prints its outcome.
pub fn main() -> ExitCode {
    crate::run_program(run)
}

async fn run(job: Job) -> Result<(), Failure> {
    let meter = Arc::new(Meter::new(job.connections * job.subscriptions, job.each, job.timed));
    let consuming = async {
        match job.program {
            Program::Floor => floor::run(&job, &meter, floor::look_at).await,
            Program::FloorSerde => floor::run(&job, &meter, floor::deserialise).await,
            Program::GqlwireRaw => gqlwire::run_raw(&job, &meter).await,
            Program::GqlwireBoxed => gqlwire::run(&job, &meter, gqlwire::boxed()).await,
            Program::GqlwireTyped => gqlwire::run(&job, &meter, gqlwire::typed()).await,
            Program::GraphqlWsClient => graphql_ws_client::run(&job, &meter).await,
        }
    };
    let limit = Duration::from_secs(job.limit);
    let error = match tokio::time::timeout(limit, consuming).await {
        Ok(Ok(())) => None,
        Ok(Err(failure)) => Some(failure.to_string()),
        Err(_) => Some(format!("not done after {limit:?}")),
    };
    println!("{}", serde_json::to_string(&meter.outcome(error))?);
    Ok(())
}

/// The tasks that consume events, one for each subscription: each returns how many it got.
type Consumers = JoinSet<Result<u64, Failure>>;

/// Waits for all of them, and checks that each subscription got its own events, and not one more or less.
async fn all(mut consumers: Consumers, job: &Job) -> Result<(), Failure> {
    let mut uneven = 0;
    while let Some(got) = consumers.join_next().await {
        uneven += u64::from(got?? != job.each + 1);
    }
    match uneven {
        0 => Ok(()),
        _ => Err(format!("{uneven} subscriptions got more or fewer events than they were sent").into()),
    }
}
