//! The realtime endpoint: AppSync's subscription protocol over a websocket.

mod connection;
mod handshake;
mod outbox;
mod socket;
mod start;

pub(crate) use self::connection::run;
pub(crate) use self::handshake::{Upgrade, handshake, wants_upgrade};
pub(crate) use self::outbox::Outbox;
