use clap::ValueEnum;
use gqlwire::appsync::HeaderCarrier;

/// What `--transport` takes. The names of Python's gql-cli mean what they mean there, as far as there is an equal.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Transport {
    /// AppSync where the host is one of AWS AppSync's or an option is for AppSync, else HTTP
    #[default]
    Auto,
    /// Queries and mutations over HTTP
    #[value(aliases = ["https", "aiohttp", "httpx", "requests"])]
    Http,
    /// AWS AppSync: HTTP for queries and mutations, its realtime websocket for subscriptions
    Appsync,
    /// AWS AppSync over HTTP alone
    #[value(alias = "appsync-http")]
    AppsyncHttp,
    /// AWS AppSync's realtime websocket alone
    #[value(alias = "appsync-websockets")]
    AppsyncWebsockets,
    #[value(hide = true, alias = "aiohttp_websockets")]
    Websockets,
    #[value(hide = true)]
    Phoenix,
}

impl Transport {
    /// The name as it is given on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Http => "http",
            Self::Appsync => "appsync",
            Self::AppsyncHttp => "appsync_http",
            Self::AppsyncWebsockets => "appsync_websockets",
            Self::Websockets => "websockets",
            Self::Phoenix => "phoenix",
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
