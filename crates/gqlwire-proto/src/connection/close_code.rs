use std::fmt;

/// The close codes that GraphQL servers and clients share, beside those of websockets themselves.
///
/// They come from the protocol `graphql-transport-ws` and its reference implementation, `graphql-ws`; servers of the
/// legacy protocol use some of them too.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum CloseCode {
    /// 4504: no `connection_ack` came in time. A client says so.
    AckTimeout,
    /// 4400: something came that is no message of the protocol.
    BadRequest,
    /// 4004: the client understood nothing of what the server said.
    BadResponse,
    /// 4403: the server knows the client, and says no.
    Forbidden,
    /// 4408: no `connection_init` came in time.
    InitTimeout,
    /// 4005: the client failed.
    InternalClientError,
    /// 4500: the server failed.
    InternalServerError,
    /// 4409: the id of an operation is in use.
    SubscriberAlreadyExists,
    /// 4406: the server speaks none of the subprotocols that were offered.
    SubprotocolNotAcceptable,
    /// 4499: the socket was frozen, or was ended on purpose.
    Terminated,
    /// 4429: a second `connection_init` came.
    TooManyInitialisations,
    /// 4401: an operation came before the connection was acknowledged, or credentials are missing.
    Unauthorized,
}

/// What a close code means for the next attempt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CloseMeaning {
    /// Another attempt will end in the same way.
    Final,
    /// Another attempt may succeed.
    Retry,
    /// Better credentials may do, once; with the same ones, another attempt will end in the same way.
    Unauthorized,
}

impl CloseCode {
    const ALL: [Self; 12] = [
        Self::AckTimeout,
        Self::BadRequest,
        Self::BadResponse,
        Self::Forbidden,
        Self::InitTimeout,
        Self::InternalClientError,
        Self::InternalServerError,
        Self::SubscriberAlreadyExists,
        Self::SubprotocolNotAcceptable,
        Self::Terminated,
        Self::TooManyInitialisations,
        Self::Unauthorized,
    ];

    /// What this code is, if it is one of these.
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

    /// The number on the wire.
    pub fn code(self) -> u16 {
        match self {
            Self::BadResponse => 4004,
            Self::InternalClientError => 4005,
            Self::BadRequest => 4400,
            Self::Unauthorized => 4401,
            Self::Forbidden => 4403,
            Self::SubprotocolNotAcceptable => 4406,
            Self::InitTimeout => 4408,
            Self::SubscriberAlreadyExists => 4409,
            Self::TooManyInitialisations => 4429,
            Self::Terminated => 4499,
            Self::InternalServerError => 4500,
            Self::AckTimeout => 4504,
        }
    }
}

impl CloseMeaning {
    /// What a code means on a protocol that uses [`CloseCode`].
    ///
    /// The codes from 4000 on are taken as the client of `graphql-ws` takes them, but for 4401 and 4403: there the
    /// first is final and the second tried again with the same credentials, and here each is tried once with better
    /// ones. The four of 1000 to 1999 that are final speak of what this client sends (protocol error, unacceptable
    /// data, invalid text, too long), which another connection would not change. That client ends with 1008 and 1011
    /// as well; they are tried again here, as proxies and frameworks use them for whatever goes wrong for a moment.
    pub fn of(code: Option<u16>) -> Self {
        match code.and_then(CloseCode::from_code) {
            Some(CloseCode::Unauthorized | CloseCode::Forbidden) => return Self::Unauthorized,
            Some(CloseCode::AckTimeout | CloseCode::InitTimeout | CloseCode::Terminated) => return Self::Retry,
            Some(_) => return Self::Final,
            None => {}
        }
        match code {
            Some(1002 | 1003 | 1007 | 1009) => Self::Final,
            _ => Self::Retry,
        }
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AckTimeout => "connection acknowledgement timeout",
            Self::BadRequest => "bad request",
            Self::BadResponse => "bad response",
            Self::Forbidden => "forbidden",
            Self::InitTimeout => "connection initialisation timeout",
            Self::InternalClientError => "internal client error",
            Self::InternalServerError => "internal server error",
            Self::SubscriberAlreadyExists => "subscriber already exists",
            Self::SubprotocolNotAcceptable => "subprotocol not acceptable",
            Self::Terminated => "terminated",
            Self::TooManyInitialisations => "too many initialisation requests",
            Self::Unauthorized => "unauthorized",
        })
    }
}
