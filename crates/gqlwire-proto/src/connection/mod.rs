//! What GraphQL connections have in common, whatever protocol they speak, and the protocols.
//!
//! A connection is a state machine over one open socket: frames and time in, [`Action`]s out. [`Connection`] is any of
//! them, with one interface; [`Session`](crate::session::Session) holds as many as its subscriptions need.

mod action;
mod beat;
mod close_code;
mod disconnect;
mod envelope;
mod ledger;
mod legacy_ws;
mod machine;
mod phoenix;
mod phoenix_message;
mod protocol;
mod refusal;
mod settings;
mod subscription_id;
mod transport_ws;

pub use action::{Action, Data, End};
pub use close_code::{CloseCode, CloseMeaning};
pub use disconnect::Disconnect;
pub use envelope::{Envelope, MalformedFrame, payload_of};
pub use legacy_ws::LegacyWs;
pub use machine::{Connection, Start};
pub use phoenix::Phoenix;
pub use phoenix_message::PhoenixVersion;
pub use protocol::Protocol;
pub use refusal::{Refusal, RefusalKind};
pub use settings::{PhoenixSettings, Pings, Settings, Timeouts};
pub use subscription_id::SubscriptionId;
pub use transport_ws::TransportWs;

use std::time::{Duration, Instant};

/// The end of a wait. A person who writes [`Duration::MAX`] means no limit, which no clock can add.
pub(crate) fn after(now: Instant, wait: Duration) -> Instant {
    const FOREVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    now + wait.min(FOREVER)
}
