use clap::ValueEnum;
use gqlwire::appsync::HeaderCarrier;

/// What `--transport` takes. The names of Python's gql-cli mean what they mean there, as far as there is an equal.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Transport {
    /// By the URL, the options and the server's answer: AppSync for its hosts and options, a websocket for ws and wss,
    /// else HTTP, where a subscription takes whatever the server streams, and a websocket if it streams nothing
    #[default]
    Auto,
    /// HTTP; a subscription takes whatever the server streams
    #[value(aliases = ["https", "aiohttp", "httpx", "requests"])]
    Http,
    /// Everything over one websocket: graphql-transport-ws or the older graphql-ws, as the server selects
    #[value(aliases = ["websocket", "websockets", "aiohttp_websockets"])]
    Ws,
    /// Everything over one websocket that speaks the older protocol of Apollo, graphql-ws
    #[value(name = "ws-legacy", alias = "ws_legacy")]
    WsLegacy,
    /// HTTP with server-sent events, a request for each operation
    Sse,
    /// HTTP with server-sent events, one stream for all subscriptions
    #[value(name = "sse-single", alias = "sse_single")]
    SseSingle,
    /// HTTP, and multipart answers for subscriptions, as Apollo Router sends them
    Multipart,
    /// Channels of Phoenix, as Absinthe uses them
    Phoenix,
    /// AWS AppSync: HTTP for queries and mutations, its realtime websocket for subscriptions
    Appsync,
    /// AWS AppSync over HTTP alone
    #[value(alias = "appsync-http")]
    AppsyncHttp,
    /// AWS AppSync's realtime websocket alone
    #[value(alias = "appsync-websockets")]
    AppsyncWebsockets,
}

impl Transport {
    /// The name as it is given on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Http => "http",
            Self::Ws => "ws",
            Self::WsLegacy => "ws-legacy",
            Self::Sse => "sse",
            Self::SseSingle => "sse-single",
            Self::Multipart => "multipart",
            Self::Phoenix => "phoenix",
            Self::Appsync => "appsync",
            Self::AppsyncHttp => "appsync_http",
            Self::AppsyncWebsockets => "appsync_websockets",
        }
    }
}

/// What `--header-carrier` takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Carrier {
    /// Plain headers of the handshake
    Headers,
    /// The query of the URL: the default for VPC endpoints, and what the Amplify simulator wants
    Query,
    /// A websocket subprotocol, as AWS's own clients do: the default everywhere else
    Subprotocol,
}

impl From<Carrier> for HeaderCarrier {
    fn from(carrier: Carrier) -> Self {
        match carrier {
            Carrier::Headers => Self::Headers,
            Carrier::Query => Self::Query,
            Carrier::Subprotocol => Self::Subprotocol,
        }
    }
}
