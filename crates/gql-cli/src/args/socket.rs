//! What websockets begin with.

use clap::Args;

use super::secret::Secret;

const WEBSOCKETS: &str = "Websockets";

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SocketArgs {
    /// A member of the payload that a websocket begins with (connection_init), a text; as often as you like
    #[arg(long, value_name = "NAME:VALUE", help_heading = WEBSOCKETS, hide_short_help = true)]
    pub(crate) init: Vec<Secret>,

    /// That payload as a whole, a value of JSON, or @FILE that holds it; --init adds to it
    #[arg(long, value_name = "JSON", help_heading = WEBSOCKETS, hide_short_help = true)]
    pub(crate) init_payload: Option<Secret>,

    /// The Phoenix channel to join; `__absinthe__:control` if nothing is said
    #[arg(long, value_name = "TOPIC", help_heading = WEBSOCKETS, hide_short_help = true)]
    pub(crate) channel: Option<String>,
}
