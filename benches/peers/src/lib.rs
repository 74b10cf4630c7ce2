//! A server that floods subscriptions with events, and clients in Rust that count what arrives and what it costs; and the
//! same for queries over HTTP.

pub mod allocations;
pub mod client;
mod clock;
pub mod requests;
pub mod server;

use std::process::ExitCode;

/// What can go wrong in a benchmark, in words.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs a program that is given one JSON object as its only argument and prints another one.
///
/// Both the server and the clients have one thread, so that CPU per message is what they cost and not how they spread.
fn run_program<Job, Run>(run: impl FnOnce(Job) -> Run) -> ExitCode
where
    Job: serde::de::DeserializeOwned,
    Run: Future<Output = Result<(), Failure>>,
{
    let outcome = || -> Result<(), Failure> {
        let job = std::env::args()
            .nth(1)
            .ok_or("give the job as a JSON object, as `./run` does")?;
        let job = serde_json::from_str(&job).map_err(|error| format!("the job {job:?} is not right: {error}"))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(run(job))
    };
    match outcome() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// The most memory that this process had at once. Not from `getrusage`, which counts what its parent had at the fork.
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = peak.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
