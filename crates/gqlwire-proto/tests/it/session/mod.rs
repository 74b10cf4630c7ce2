//! Sessions on a virtual clock.

mod backoff;
mod chaos;
mod rotation;
mod world;
