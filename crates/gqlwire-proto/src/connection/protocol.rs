use std::fmt;

use super::SubscriptionId;

/// What is spoken over a socket.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Protocol {
    /// AppSync's realtime protocol, a dialect of the legacy one that acknowledges each subscription.
    AppSync,
    /// The protocol of Apollo's `subscriptions-transport-ws`, whose subprotocol is called `graphql-ws`.
    LegacyWs,
    /// Absinthe over Phoenix channels.
    Phoenix,
    /// The protocol of the library `graphql-ws`, whose subprotocol is called `graphql-transport-ws`.
    TransportWs,
}

impl Protocol {
    /// The name of its websocket subprotocol; Phoenix has none.
    pub fn subprotocol(self) -> Option<&'static str> {
        match self {
            Self::AppSync | Self::LegacyWs => Some("graphql-ws"),
            Self::Phoenix => None,
            Self::TransportWs => Some("graphql-transport-ws"),
        }
    }

    /// The protocol of a subprotocol that a server has selected, outside AppSync.
    pub fn from_subprotocol(name: &str) -> Option<Self> {
        match name {
            "graphql-transport-ws" => Some(Self::TransportWs),
            "graphql-ws" => Some(Self::LegacyWs),
            _ => None,
        }
    }

    /// Whether the server says that it has registered a subscription. Where it does not, one counts as acknowledged
    /// when it is sent.
    pub fn acknowledges_starts(self) -> bool {
        matches!(self, Self::AppSync | Self::Phoenix)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AppSync => "AppSync realtime",
            Self::LegacyWs => "graphql-ws (legacy)",
            Self::Phoenix => "Phoenix channels",
            Self::TransportWs => "graphql-transport-ws",
        })
    }
}

/// What a client says in the two websocket protocols.
pub(super) fn connection_init(payload: Option<&str>) -> String {
    match payload {
        Some(payload) => format!(r#"{{"type":"connection_init","payload":{payload}}}"#),
        None => r#"{"type":"connection_init"}"#.to_owned(),
    }
}

/// `subscribe`, or `start`: the request is JSON already, and stays as it is.
pub(super) fn operation(kind: &str, id: SubscriptionId, body: &str) -> String {
    format!(r#"{{"id":"{id}","type":"{kind}","payload":{body}}}"#)
}

/// A message about one operation that carries nothing.
pub(super) fn about(kind: &str, id: SubscriptionId) -> String {
    format!(r#"{{"id":"{id}","type":"{kind}"}}"#)
}
