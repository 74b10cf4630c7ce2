//! AWS AppSync: where an API lives, how it is authorised, and what its realtime endpoint says.

mod envelope;
pub mod limits;
mod message;
mod realtime;
mod refusal;

pub use envelope::{Envelope, MalformedFrame, payload_of};
pub use message::{ClientMessage, MalformedMessage, ServerMessage};
pub use realtime::{Action, Data, Disconnect, End, Realtime, SubscriptionId, Timeouts};
pub use refusal::{Refusal, RefusalKind};
