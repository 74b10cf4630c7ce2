//! What is counted and timed for the program that this is part of: through the facade `metrics`, where the feature of
//! that name is on. The names are in the crate's documentation.

#[cfg(not(feature = "metrics"))]
mod off;
#[cfg(feature = "metrics")]
mod on;

#[cfg(not(feature = "metrics"))]
use off as facade;
#[cfg(feature = "metrics")]
use on as facade;

pub(crate) use facade::Execution;
#[cfg(feature = "websocket")]
pub(crate) use facade::Metered;
#[cfg(feature = "http")]
pub(crate) use facade::{describe, repeated};
