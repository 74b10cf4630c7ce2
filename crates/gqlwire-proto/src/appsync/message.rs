//! The messages of the realtime protocol, as text and back.
//!
//! The client writes [`ClientMessage`] and reads [`Envelope`](super::Envelope); the server reads [`ClientMessage`] and
//! writes [`ServerMessage`].

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::GraphQLError;
use crate::response::is_object;

/// What a client says.
#[derive(Clone)]
#[non_exhaustive]
pub enum ClientMessage {
    /// `connection_init`, the first message of a connection.
    ConnectionInit,
    /// `start`: subscribe.
    Start {
        /// The client's own name for the subscription, unique on its connection.
        id: String,
        /// The exact text of the request: what an IAM signature covers. AppSync takes it as a *string* of JSON.
        data: String,
        /// The JSON text of the authorization object, if there is one.
        authorization: Option<Box<RawValue>>,
    },
    /// `stop`: unsubscribe.
    Stop {
        /// The subscription to end.
        id: String,
    },
    /// A type that this version does not know.
    Unknown {
        /// The type, as it was sent.
        kind: String,
        /// The id that came with it.
        id: Option<String>,
    },
}

impl ClientMessage {
    /// Reads a client's message.
    ///
    /// # Errors
    ///
    /// The text is not a JSON object with a `type`, or a member that its type needs is missing or of another kind.
    pub fn parse(text: &str) -> Result<Self, MalformedMessage> {
        // What the parser says about data quotes it, and it may be a credential.
        let wire: Wire<'_> = match serde_json::from_str(text) {
            Err(error) if !error.is_data() => return Err(MalformedMessage::new(error.to_string())),
            // A struct may also be read from a list of its members' values, which no message is.
            _ if !is_object(text) => return Err(MalformedMessage::new("it is not an object".to_owned())),
            Err(_) => {
                let why = "it has no type, or a type or id that is not a string, or one of them twice";
                return Err(MalformedMessage::new(why.to_owned()));
            }
            Ok(wire) => wire,
        };
        let need_id = |id: Option<String>| {
            id.filter(|id| !id.is_empty())
                .ok_or_else(|| MalformedMessage::new(format!("{} needs an id", wire.kind)))
        };
        match wire.kind.as_str() {
            "connection_init" => Ok(Self::ConnectionInit),
            "stop" => Ok(Self::Stop { id: need_id(wire.id)? }),
            "start" => {
                let id = need_id(wire.id)?;
                let about = |why: &str| MalformedMessage::about(&id, format!("the payload of start {why}"));
                let payload: StartPayload<'_> = object(wire.payload)
                    .map_err(about)?
                    .ok_or_else(|| about("is missing"))?;
                let data = payload.data.ok_or_else(|| about("has no data"))?;
                let data = serde_json::from_str(data.get()).map_err(|_| {
                    about("has data that is not a string: AppSync takes the request as JSON in a string")
                })?;
                let extensions: Option<StartExtensions> =
                    object(payload.extensions).map_err(|_| about("has extensions that are not an object"))?;
                let authorization = extensions.and_then(|extensions| extensions.authorization);
                Ok(Self::Start {
                    id,
                    data,
                    authorization,
                })
            }
            _ => Ok(Self::Unknown {
                kind: wire.kind,
                id: wire.id,
            }),
        }
    }

    /// The text of `connection_init`.
    pub const CONNECTION_INIT: &'static str = r#"{"type":"connection_init"}"#;

    /// The text of `start`. `authorization` is the JSON of a header object.
    pub fn start(id: u64, data: &str, authorization: &RawValue) -> String {
        let message = StartOut {
            id: DecimalId(id),
            kind: "start",
            payload: StartPayloadOut {
                data,
                extensions: AuthorizationOut { authorization },
            },
        };
        serde_json::to_string(&message).expect("strings and JSON text are always JSON")
    }

    /// The text of `stop`.
    pub fn stop(id: u64) -> String {
        format!(r#"{{"type":"stop","id":"{id}"}}"#)
    }
}

/// Hides the request, whose variables are the user's, and the authorization.
impl fmt::Debug for ClientMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConnectionInit => f.write_str("ConnectionInit"),
            Self::Start { id, .. } => f.debug_struct("Start").field("id", id).finish_non_exhaustive(),
            Self::Stop { id } => f.debug_struct("Stop").field("id", id).finish(),
            Self::Unknown { kind, id } => f.debug_struct("Unknown").field("kind", kind).field("id", id).finish(),
        }
    }
}

/// What a server says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ServerMessage<'a> {
    /// `connection_ack`: the connection may be used, and is dead when silent for longer than this.
    ConnectionAck {
        /// Sent as `connectionTimeoutMs`.
        timeout: Duration,
    },
    /// `ka`: the connection is alive.
    KeepAlive,
    /// `start_ack`: the subscription is registered.
    StartAck {
        /// The client's id.
        id: &'a str,
    },
    /// `data`: one event.
    Data {
        /// The client's id.
        id: &'a str,
        /// The JSON of a GraphQL response.
        payload: &'a RawValue,
    },
    /// `error`: the subscription, or with no id something, failed.
    Error {
        /// The client's id, where the error belongs to one subscription.
        id: Option<&'a str>,
        /// What went wrong.
        errors: &'a [GraphQLError],
        /// AppSync sends some errors (`MaxSubscriptionsReachedError`) as one object instead of a list.
        as_object: bool,
    },
    /// `complete`: the subscription is over.
    Complete {
        /// The client's id.
        id: &'a str,
    },
    /// `connection_error`: the connection is refused, and closed next.
    ConnectionError {
        /// Why.
        errors: &'a [GraphQLError],
    },
}

impl ServerMessage<'_> {
    /// The text that goes into a frame. Members stand in the order in which AppSync writes them, id before type.
    pub fn to_text(&self) -> String {
        fn text(value: &impl Serialize) -> String {
            serde_json::to_string(value).expect("strings and JSON text are always JSON")
        }
        match *self {
            Self::ConnectionAck { timeout } => {
                let millis = timeout.as_millis();
                format!(r#"{{"type":"connection_ack","payload":{{"connectionTimeoutMs":{millis}}}}}"#)
            }
            Self::KeepAlive => r#"{"type":"ka"}"#.to_owned(),
            Self::StartAck { id } => text(&Out::<()>::bare(Some(id), "start_ack")),
            Self::Complete { id } => text(&Out::<()>::bare(Some(id), "complete")),
            Self::Data { id, payload } => text(&Out::with(Some(id), "data", payload)),
            Self::ConnectionError { errors } => text(&Out::with(None, "connection_error", ErrorsOut { errors })),
            Self::Error { id, errors, as_object } => match errors {
                [only] if as_object => text(&Out::with(id, "error", ErrorsOut { errors: only })),
                _ => text(&Out::with(id, "error", ErrorsOut { errors })),
            },
        }
    }
}

/// A message that does not follow the protocol.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("malformed message: {why}")]
pub struct MalformedMessage {
    // Never the message itself: a `start` holds credentials.
    why: String,
    id: Option<String>,
}

impl MalformedMessage {
    fn new(why: String) -> Self {
        Self { why, id: None }
    }

    fn about(id: &str, why: String) -> Self {
        Self {
            why,
            id: Some(id.to_owned()),
        }
    }

    /// The subscription that the message was about, if that much could be read.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// What is wrong with it.
    pub fn why(&self) -> &str {
        &self.why
    }
}

/// Reads a member that is an object, if it is there at all.
fn object<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Result<Option<T>, &'static str> {
    match raw.map(RawValue::get) {
        None => Ok(None),
        Some(text) if is_object(text) => match serde_json::from_str(text) {
            Ok(members) => Ok(Some(members)),
            Err(_) => Err("has a member twice"),
        },
        Some(_) => Err("is not an object"),
    }
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(rename = "type")]
    kind: String,
    id: Option<String>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct StartPayload<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    extensions: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct StartExtensions {
    authorization: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct StartOut<'a> {
    id: DecimalId,
    #[serde(rename = "type")]
    kind: &'a str,
    payload: StartPayloadOut<'a>,
}

#[derive(Serialize)]
struct StartPayloadOut<'a> {
    data: &'a str,
    extensions: AuthorizationOut<'a>,
}

#[derive(Serialize)]
struct AuthorizationOut<'a> {
    authorization: &'a RawValue,
}

/// An id on the wire is a string, even where it is a number to us.
struct DecimalId(u64);

impl Serialize for DecimalId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[derive(Serialize)]
struct Out<'a, P> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<P>,
}

impl<'a, P> Out<'a, P> {
    fn bare(id: Option<&'a str>, kind: &'a str) -> Self {
        Self {
            id,
            kind,
            payload: None,
        }
    }

    fn with(id: Option<&'a str>, kind: &'a str, payload: P) -> Self {
        Self {
            id,
            kind,
            payload: Some(payload),
        }
    }
}

#[derive(Serialize)]
struct ErrorsOut<'a, E: ?Sized> {
    errors: &'a E,
}
