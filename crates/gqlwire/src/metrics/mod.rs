//! What is counted and timed for the program that this is part of: through the facade `metrics`, where the feature of
//! that name is on. The names are in the crate's documentation.

#[cfg(not(feature = "metrics"))]
mod off;
#[cfg(feature = "metrics")]
mod on;

#[cfg(all(feature = "appsync", not(feature = "metrics")))]
pub(crate) use off::Metered;
#[cfg(not(feature = "metrics"))]
pub(crate) use off::{Execution, describe, repeated};
#[cfg(all(feature = "appsync", feature = "metrics"))]
pub(crate) use on::Metered;
#[cfg(feature = "metrics")]
pub(crate) use on::{Execution, describe, repeated};
