//! Sessions on a virtual clock.

mod backoff;
mod chaos;
mod credentials;
mod pool;
mod reconnecting;
mod rotation;
mod taking_over;
mod world;
