use std::future::Future;

use crate::exit::Exit;
use crate::failure::Failure;

/// Runs a future on this thread alone: one request or one subscription needs no pool, and starting one costs time.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::new(Exit::Unreachable, format!("cannot set up input and output: {error}")))?;
    let outcome = runtime.block_on(future);
    // A name server that does not answer must not hold up the exit.
    runtime.shutdown_background();
    outcome
}
