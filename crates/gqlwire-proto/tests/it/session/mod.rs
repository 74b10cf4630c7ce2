//! Sessions on a virtual clock.

mod backoff;
mod rotation;
