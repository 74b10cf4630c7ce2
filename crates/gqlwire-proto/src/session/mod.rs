//! Subscriptions that outlive their connections.

mod backoff;
mod random;
mod rotation;

pub use backoff::{Backoff, ReconnectPolicy};
pub use random::Random;
pub use rotation::{Takeover, TakeoverRule};
