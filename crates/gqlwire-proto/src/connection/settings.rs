use std::time::Duration;

use super::phoenix_message::PhoenixVersion;
use crate::appsync::limits;

/// The numbers and names that a connection goes by.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Settings {
    /// How long to wait for the answers to what the client says.
    pub timeouts: Timeouts,
    /// How to find out that a quiet connection is dead; `None` for not at all. AppSync does without, as its server
    /// speaks often enough, and Phoenix has its own heartbeat.
    pub pings: Option<Pings>,
    /// What only Phoenix channels need.
    pub phoenix: PhoenixSettings,
}

/// How long to wait for what.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Timeouts {
    /// For `connection_ack` after `connection_init`, or for the reply to `phx_join`.
    pub ack: Duration,
    /// For `start_ack` after `start`, or for the reply to `doc`.
    pub start_ack: Duration,
    /// For the `complete` that answers `stop`, where a protocol has one.
    pub stop: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            ack: limits::ACK_TIMEOUT,
            start_ack: limits::START_ACK_TIMEOUT,
            stop: limits::STOP_TIMEOUT,
        }
    }
}

/// How often the client asks whether the server is there, and how long it waits for a sign of life.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pings {
    /// From one question to the next, whatever comes between them: servers that want to hear from a client count
    /// what it says, not what they say. 20 s, as some of them hang up after 30.
    pub interval: Duration,
    /// From a question to the end, unless a frame comes; 15 s. Any frame is a sign of life.
    pub timeout: Duration,
}

impl Default for Pings {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(20),
            timeout: Duration::from_secs(15),
        }
    }
}

/// How to speak to an Absinthe server over a Phoenix channel.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct PhoenixSettings {
    /// The topic to join; `__absinthe__:control`.
    pub channel: String,
    /// From one heartbeat to the next; 30 s, as Phoenix's own client. The server closes what is silent for 60 s.
    pub heartbeat: Duration,
    /// From a heartbeat to the end, unless a frame comes; 15 s.
    pub heartbeat_timeout: Duration,
    /// How messages are written; version 2. The URL has to name the same, as `vsn`.
    pub version: PhoenixVersion,
}

impl Default for PhoenixSettings {
    fn default() -> Self {
        Self {
            channel: "__absinthe__:control".to_owned(),
            heartbeat: Duration::from_secs(30),
            heartbeat_timeout: Duration::from_secs(15),
            version: PhoenixVersion::default(),
        }
    }
}
