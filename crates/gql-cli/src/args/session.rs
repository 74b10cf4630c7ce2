//! How subscriptions live on, once they are acknowledged.

use std::time::Duration;

use clap::{Args, ValueEnum};
use gqlwire::Overflow;

use super::duration::duration;

const SUBSCRIPTIONS: &str = "Subscriptions";

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SessionArgs {
    /// End a subscription with its connection, instead of connecting again
    #[arg(long, help_heading = SUBSCRIPTIONS)]
    pub(crate) no_reconnect: bool,

    /// How often in a row to try to connect again, before a subscription ends; without limit if nothing is said
    #[arg(long, value_name = "N", conflicts_with = "no_reconnect", help_heading = SUBSCRIPTIONS, hide_short_help = true)]
    pub(crate) max_reconnects: Option<u32>,

    /// How long after its acknowledgement a subscription may still miss events, so that --catch-up waits for it; 2s if
    /// nothing is said, as AppSync needs
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = SUBSCRIPTIONS, hide_short_help = true)]
    pub(crate) settle_time: Option<Duration>,

    /// What becomes of events that find no room, because whatever reads the output is too slow
    #[arg(long, value_name = "WHAT", value_enum, help_heading = SUBSCRIPTIONS, hide_short_help = true)]
    pub(crate) overflow: Option<Dropping>,

    /// How many events of a subscription may wait for whatever reads the output; 1024 if nothing is said
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = SUBSCRIPTIONS, hide_short_help = true)]
    pub(crate) queue: Option<u32>,
}

/// What `--overflow` takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Dropping {
    /// The subscription ends: the default
    Fail,
    /// Those that came last are dropped, and counted
    DropNewest,
    /// Those that have waited longest are dropped, and counted
    DropOldest,
}

impl From<Dropping> for Overflow {
    fn from(dropping: Dropping) -> Self {
        match dropping {
            Dropping::Fail => Self::Fail,
            Dropping::DropNewest => Self::DropNewest,
            Dropping::DropOldest => Self::DropOldest,
        }
    }
}
