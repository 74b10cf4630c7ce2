//! Sessions on a virtual clock.

mod backoff;
mod chaos;
mod credentials;
mod once;
mod pool;
mod protocols;
mod reconnecting;
mod rotation;
mod taking_over;
mod world;
