//! WebSocket framing (RFC 6455) for a client, without IO.
//!
//! ```text
//!   socket ── bytes ──▶ Decoder::space ─ advance ─ take ──▶ Message     (frames of the server)
//!   socket ◀── bytes ── write_text, write_ping, write_pong, write_close (frames of the client, masked)
//! ```
//!
//! No extension is spoken and nothing is logged: what goes over a socket holds credentials.

mod close;
mod decoder;
mod encoder;
mod error;
mod handshake;
mod header;
mod pong;
mod spares;

pub use close::CloseFrame;
pub use decoder::{Decoder, LENT, Message};
pub use encoder::{write_close, write_ping, write_pong, write_text};
pub use error::FrameError;
pub use handshake::{accept_key, request_key};
pub use pong::Pong;
pub use spares::Spares;
