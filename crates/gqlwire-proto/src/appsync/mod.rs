//! AWS AppSync: where an API lives, how it is authorised, and what its realtime endpoint says.

pub mod limits;
mod message;

pub use message::{ClientMessage, MalformedMessage, ServerMessage};
