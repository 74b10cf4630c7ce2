use std::fmt;

/// What is spoken on a websocket.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Protocol {
    /// AWS AppSync's realtime protocol, which calls itself `graphql-ws` as well.
    AppSync,
    /// `graphql-transport-ws`, as the library `graphql-ws` and most servers of today speak it.
    TransportWs,
    /// The older protocol of Apollo's `subscriptions-transport-ws`, whose name on the wire is `graphql-ws`.
    LegacyWs,
    /// Phoenix channels with Absinthe.
    Phoenix,
}

impl Protocol {
    /// Its name as a websocket subprotocol; Phoenix has none.
    pub fn subprotocol(self) -> Option<&'static str> {
        match self {
            Self::AppSync | Self::LegacyWs => Some("graphql-ws"),
            Self::TransportWs => Some("graphql-transport-ws"),
            Self::Phoenix => None,
        }
    }
}

/// The name by which people know it.
impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AppSync => "AppSync realtime",
            Self::TransportWs => "graphql-transport-ws",
            Self::LegacyWs => "graphql-ws (the older Apollo protocol)",
            Self::Phoenix => "Phoenix channels",
        })
    }
}
