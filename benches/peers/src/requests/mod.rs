//! Queries over HTTP: a server whose answer is ready-made bytes, and clients that ask it over and over.

mod answer;
mod gqlwire;
mod graphql_client;
mod raw;
mod server;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::{Failure, allocations, clock, peak_bytes};

/// What a client does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    program: Program,
    url: String,
    /// How many requests are under way at once.
    width: u64,
    /// How many are counted, over all.
    requests: u64,
    /// How many come before those, over all.
    warming: u64,
    /// How long everything may take, in seconds.
    limit: u64,
}

/// Which client.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Program {
    /// gqlwire, with the answer as a struct.
    Gqlwire,
    /// The reqwest helper of graphql_client, over the reqwest that it has.
    GraphqlClient,
    /// What one writes with reqwest alone: post JSON, read the answer into a struct.
    Reqwest,
}

/// What a client prints, in whatever language it is written.
#[derive(Debug, Serialize)]
struct Outcome {
    got: u64,
    wall_s: f64,
    cpu_s: f64,
    peak_bytes: Option<u64>,
    allocations: Option<u64>,
    error: Option<String>,
}

/// Makes one request, and checks that the answer is right.
trait Client: Send + Sync + 'static {
    fn request(&self) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Serves until it is killed, and prints first where.
pub fn server_main() -> ExitCode {
    crate::run_program(server::serve)
}

/// Does one job and prints its outcome.
pub fn client_main() -> ExitCode {
    crate::run_program(run)
}

async fn run(job: Job) -> Result<(), Failure> {
    let doing = async {
        match job.program {
            Program::Gqlwire => ask(gqlwire::client(&job.url)?, &job).await,
            Program::GraphqlClient => ask(graphql_client::client(&job.url)?, &job).await,
            Program::Reqwest => ask(raw::client(&job.url)?, &job).await,
        }
    };
    let limit = Duration::from_secs(job.limit);
    let outcome = match tokio::time::timeout(limit, doing).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(failure)) => Outcome::failed(failure.to_string()),
        Err(_) => Outcome::failed(format!("not done after {limit:?}")),
    };
    println!("{}", serde_json::to_string(&outcome)?);
    Ok(())
}

/// As many requests at once as the job says, each followed by another until all were made.
async fn ask(client: impl Client, job: &Job) -> Result<Outcome, Failure> {
    let client = Arc::new(client);
    all(&client, job.width, job.warming).await?;
    let before = (clock::now(), clock::cpu(), allocations::count());
    all(&client, job.width, job.requests).await?;
    let after = (clock::now(), clock::cpu(), allocations::count());
    let seconds = |nanoseconds: u64| nanoseconds as f64 / 1e9;
    Ok(Outcome {
        got: job.requests,
        wall_s: seconds(after.0 - before.0),
        cpu_s: seconds(after.1 - before.1),
        peak_bytes: peak_bytes(),
        allocations: (after.2 > 0).then_some(after.2 - before.2),
        error: None,
    })
}

async fn all(client: &Arc<impl Client>, width: u64, requests: u64) -> Result<(), Failure> {
    let begun = Arc::new(AtomicU64::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..width {
        let (client, begun) = (Arc::clone(client), Arc::clone(&begun));
        workers.spawn(async move {
            while begun.fetch_add(1, Relaxed) < requests {
                client.request().await?;
            }
            Ok::<_, Failure>(())
        });
    }
    while let Some(worker) = workers.join_next().await {
        worker??;
    }
    Ok(())
}

impl Outcome {
    fn failed(error: String) -> Self {
        Self {
            got: 0,
            wall_s: 0.0,
            cpu_s: 0.0,
            peak_bytes: None,
            allocations: None,
            error: Some(error),
        }
    }
}
