//! The numbers of the protocol, each in one place.

use std::time::Duration;

/// How long the server lets a connection stay silent, unless its `connection_ack` says otherwise.
///
/// AppSync documents `connectionTimeoutMs` of 300,000; emulators leave it out or call it something else.
pub const DEFAULT_CONNECTION_TIMEOUT: Duration = Duration::from_secs(300);

/// The shortest `connectionTimeoutMs` that is believed. AppSync sends 300,000; a local server may want to be found
/// dead sooner, but zero and a few milliseconds would cut every connection.
pub const LEAST_CONNECTION_TIMEOUT: Duration = Duration::from_secs(1);

/// The longest `connectionTimeoutMs` that is believed: no connection lives longer than a day.
pub const GREATEST_CONNECTION_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// How often the server sends `ka`.
pub const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(60);

/// How many subscriptions one connection may hold.
pub const SUBSCRIPTIONS_PER_CONNECTION: usize = 200;

/// The largest payload that AppSync delivers to a subscriber, in bytes; larger ones are dropped without a word.
pub const SUBSCRIPTION_PAYLOAD: usize = 240 * 1024;

/// How long a client waits for `connection_ack` by default. Amplify JS uses the same.
pub const ACK_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a client waits for `start_ack` by default. Amplify JS uses the same.
pub const START_ACK_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a client waits for the `complete` that answers its `stop` by default.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(10);
