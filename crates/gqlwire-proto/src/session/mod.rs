//! Subscriptions that outlive their connections.
//!
//! [`Session`] is the machine. Its parts can be used, and are tested, by themselves: the [`Backoff`] of attempts, the
//! [`Takeover`] of one socket by another, the [`Pacer`] and the [`SubscriptionLimit`] of the pool, and the
//! [`ClockWatch`] that sees a machine that slept.

mod action;
mod backoff;
mod catch_up;
mod clock;
mod connect;
mod credentials;
mod lane;
mod lost;
mod moving;
mod once;
mod options;
mod pool;
mod random;
mod refused;
mod rotation;
#[allow(clippy::module_inception)]
mod session;
mod slab;
mod start;
mod state;
mod subscription;
mod timers;

use std::time::Duration;

pub use action::{
    Action, Cause, ConnectionId, Deliver, Dropped, Ending, Event, Failure, Gap, Issued, Once, OpenFailure,
    OpenFailureKind, Opening, SubscribeOptions, SubscriptionHandle, Ticket,
};
pub use backoff::{Backoff, ReconnectPolicy};
pub use clock::{ClockWatch, clock_correction};
pub use credentials::AuthSource;
pub use options::SessionOptions;
pub use pool::{Pacer, SubscriptionLimit};
pub use random::Random;
pub use rotation::{Takeover, TakeoverRule};
pub use session::Session;
pub use state::{ConnectionState, Counters, SessionState};

/// For a wait that no clock can add.
const FOREVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
