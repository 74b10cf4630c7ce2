//! The two protocols for subscriptions over a websocket, as far as a flood needs them.

use serde::Deserialize;
use serde_json::json;

/// Which of them a connection speaks: what it offered as its subprotocol.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Dialect {
    /// `graphql-ws`, as AppSync has extended it.
    AppSync,
    /// `graphql-transport-ws`, of the npm package graphql-ws.
    TransportWs,
}

/// What a client says, for the server to act upon.
#[derive(Debug)]
pub(super) enum Said {
    /// To be answered, and nothing more.
    Answer(String),
    /// A subscription of this id, with an answer where the dialect has one.
    Subscribed(String, Option<String>),
    /// Nothing that matters here.
    Nothing,
}

#[derive(Deserialize)]
struct Message {
    r#type: String,
    id: Option<String>,
}

impl Dialect {
    /// The first that is known among the values of `Sec-WebSocket-Protocol`.
    pub(super) fn among(offered: &str) -> Option<Self> {
        offered.split(',').find_map(|name| match name.trim() {
            "graphql-transport-ws" => Some(Self::TransportWs),
            "graphql-ws" => Some(Self::AppSync),
            _ => None,
        })
    }

    pub(super) fn subprotocol(self) -> &'static str {
        match self {
            Self::AppSync => "graphql-ws",
            Self::TransportWs => "graphql-transport-ws",
        }
    }

    /// The type of a message that holds an event. Both are of one length, so messages of both dialects are alike.
    pub(super) fn event(self) -> &'static str {
        match self {
            Self::AppSync => "data",
            Self::TransportWs => "next",
        }
    }

    pub(super) fn complete(self, id: &str) -> String {
        json!({"type": "complete", "id": id}).to_string()
    }

    pub(super) fn read(self, text: &str) -> Result<Said, serde_json::Error> {
        let Message { r#type, id } = serde_json::from_str(text)?;
        let id = id.unwrap_or_default();
        Ok(match (self, r#type.as_str()) {
            (Self::AppSync, "connection_init") => {
                Said::Answer(json!({"type": "connection_ack", "payload": {"connectionTimeoutMs": 300_000}}).to_string())
            }
            (Self::TransportWs, "connection_init") => Said::Answer(json!({"type": "connection_ack"}).to_string()),
            (Self::AppSync, "start") => {
                let ack = json!({"type": "start_ack", "id": id}).to_string();
                Said::Subscribed(id, Some(ack))
            }
            (Self::TransportWs, "subscribe") => Said::Subscribed(id, None),
            (Self::TransportWs, "ping") => Said::Answer(json!({"type": "pong"}).to_string()),
            (Self::AppSync, "stop") => Said::Answer(self.complete(&id)),
            _ => Said::Nothing,
        })
    }
}
