//! Which endpoint is meant, and what is spoken there.

use gqlwire::OperationKind;
use gqlwire_proto::appsync::{Endpoint, is_appsync_host};
use gqlwire_schema::did_you_mean;
use url::Url;

use crate::args::{ConnectionArgs, Transport};
use crate::failure::Failure;

/// The variable that names the endpoint where the command line does not.
const ENDPOINT_VARIABLE: &str = "AWS_GRAPHQL_API_ENDPOINT";

/// What is spoken with the endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Protocol {
    AppSync(Reach),
    /// Queries and mutations over HTTP, subscriptions as it says.
    Http(Streaming),
    /// Everything over Phoenix channels.
    Phoenix,
    /// Everything over a websocket.
    Websocket(Dialects),
}

/// Which of AppSync's two endpoints may be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reach {
    Both,
    Http,
    Realtime,
}

/// How subscriptions come where queries and mutations go over HTTP.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Streaming {
    /// In whichever form the server streams.
    Any,
    /// The same; over a websocket, if the server says that it does not stream.
    AnyElseSocket,
    Multipart,
    /// Over a websocket.
    Socket,
    /// Server-sent events, a request for each subscription.
    Sse,
    /// Server-sent events, one stream for all.
    SseSingle,
}

/// Which of the protocols that share a websocket's messages are offered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Dialects {
    Both,
    Legacy,
}

impl Protocol {
    pub(crate) fn is_appsync(self) -> bool {
        matches!(self, Self::AppSync(_))
    }

    /// Whether an operation of this kind goes over a websocket.
    pub(crate) fn uses_socket(self, kind: OperationKind) -> bool {
        match self {
            Self::Phoenix | Self::Websocket(_) => true,
            Self::AppSync(_) | Self::Http(Streaming::Socket) => kind == OperationKind::Subscription,
            Self::Http(_) => false,
        }
    }

    /// The media types that a request for an operation of this kind asks for.
    pub(crate) fn accept(self, kind: OperationKind) -> &'static str {
        const MULTIPART: &str = "multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0, application/json";
        const ANY: &str = "text/event-stream, multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0, \
                           application/graphql-response+json, application/json";
        match (self, kind) {
            // graphql-sse compares the whole header.
            (Self::Http(Streaming::Sse | Streaming::SseSingle), _) => "text/event-stream",
            (Self::Http(Streaming::Multipart), OperationKind::Subscription) => MULTIPART,
            (_, OperationKind::Subscription) => ANY,
            _ => "application/graphql-response+json, application/json;q=0.9",
        }
    }

    /// Refuses an operation that this way does not carry, and says which one does.
    pub(crate) fn check(self, kind: OperationKind) -> Result<(), Failure> {
        let (message, hint) = match (self, kind) {
            (Self::AppSync(Reach::Http), OperationKind::Subscription) => (
                "this is a subscription, which AppSync does not take over HTTP".to_owned(),
                "use --transport appsync, which chooses by the operation, or appsync_websockets",
            ),
            (Self::AppSync(Reach::Realtime), OperationKind::Query | OperationKind::Mutation) => (
                format!("this is a {kind}, and AppSync's realtime endpoint takes subscriptions only"),
                "use --transport appsync, which chooses by the operation, or appsync_http",
            ),
            _ => return Ok(()),
        };
        Err(Failure::usage(message).hint(hint))
    }
}

/// The endpoint's URL, of the command line, else of the environment; and after it the other URLs that were given.
pub(crate) fn urls(args: &ConnectionArgs, environment: &dyn Fn(&str) -> Option<String>) -> Result<Vec<Url>, Failure> {
    let named = [
        (args.url.first(), "the command line"),
        (args.http_url.as_ref(), "--http-url"),
        (args.realtime_url.as_ref(), "--realtime-url"),
    ];
    let given: Vec<_> = named
        .into_iter()
        .filter_map(|(text, name)| Some((text?, name)))
        .collect();
    let urls: Vec<Url> = given.iter().map(|(text, _)| parse(text)).collect::<Result<_, _>>()?;
    if let (Some(url), Some((_, source))) = (urls.first(), given.first()) {
        tracing::info!("endpoint {}, of {source}", shown(url));
        return Ok(urls);
    }
    let text = environment(ENDPOINT_VARIABLE)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| {
            Failure::usage("there is no endpoint").hint(format!(
                "give its URL first: gql-cli https://… (or set {ENDPOINT_VARIABLE}); gql-cli --help tells more"
            ))
        })?;
    let url = parse(&text)?;
    tracing::info!("endpoint {}, of {ENDPOINT_VARIABLE}", shown(&url));
    Ok(vec![url])
}

/// Whether the command line or the environment names an endpoint.
pub(crate) fn is_given(args: &ConnectionArgs, environment: &dyn Fn(&str) -> Option<String>) -> bool {
    let options = [&args.http_url, &args.realtime_url];
    !args.url.is_empty()
        || options.iter().any(|url| url.is_some())
        || environment(ENDPOINT_VARIABLE).is_some_and(|text| !text.is_empty())
}

/// Which options were given that only some of the ways know.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Given {
    /// One of those that say as whom to connect to AppSync.
    pub(crate) auth: Option<&'static str>,
    /// The first of all those that only AppSync knows.
    pub(crate) appsync: Option<&'static str>,
    /// The first of those that only websockets know.
    pub(crate) socket: Option<&'static str>,
    /// The one that only Phoenix knows.
    pub(crate) phoenix: Option<&'static str>,
}

/// What to speak with these endpoints, of which the first one decides.
pub(crate) fn protocol(transport: Transport, urls: &[Url], given: Given) -> Result<Protocol, Failure> {
    let Some(url) = urls.first() else {
        return Err(Failure::usage("there is no endpoint"));
    };
    let is_websocket = is_websocket(url);
    let protocol = match transport {
        Transport::Auto => guess(urls, given)?,
        Transport::Http => Protocol::Http(Streaming::Any),
        Transport::Ws => Protocol::Websocket(Dialects::Both),
        Transport::WsLegacy => Protocol::Websocket(Dialects::Legacy),
        Transport::Sse => Protocol::Http(Streaming::Sse),
        Transport::SseSingle => Protocol::Http(Streaming::SseSingle),
        Transport::Multipart => Protocol::Http(Streaming::Multipart),
        Transport::Phoenix => Protocol::Phoenix,
        Transport::Appsync => Protocol::AppSync(Reach::Both),
        Transport::AppsyncHttp => Protocol::AppSync(Reach::Http),
        Transport::AppsyncWebsockets => Protocol::AppSync(Reach::Realtime),
    };
    let name = transport.name();
    if matches!(protocol, Protocol::Http(_)) && is_websocket {
        return Err(Failure::usage(format!(
            "{} is a websocket, and --transport {name} speaks HTTP",
            shown(url)
        ))
        .hint("give the http:// or https:// URL, or --transport ws for a websocket, or appsync for AWS AppSync"));
    }
    if let Some(option) = given.appsync.filter(|_| !protocol.is_appsync()) {
        return Err(
            Failure::usage(format!("{option} is for AWS AppSync, and --transport {name} is not"))
                .hint("use --transport appsync, or send credentials as a header: -H 'Authorization: Bearer …'"),
        );
    }
    let has_payload = match protocol {
        Protocol::AppSync(_) => false,
        Protocol::Http(streaming) => streaming == Streaming::Socket,
        Protocol::Phoenix | Protocol::Websocket(_) => true,
    };
    if let Some(option) = given.socket.filter(|_| !has_payload) {
        return Err(Failure::usage(format!(
            "{option} is what a websocket begins with, and --transport {} has none",
            match protocol {
                Protocol::AppSync(_) => "appsync",
                _ => name,
            }
        ))
        .hint("use --transport ws, or ws-legacy for older servers"));
    }
    if let Some(option) = given.phoenix.filter(|_| protocol != Protocol::Phoenix) {
        return Err(
            Failure::usage(format!("{option} is for Phoenix, and --transport {name} is not"))
                .hint("use --transport phoenix"),
        );
    }
    if transport != Transport::Auto {
        tracing::info!("transport {name}: --transport says so");
    }
    Ok(protocol)
}

pub(crate) fn is_websocket(url: &Url) -> bool {
    matches!(url.scheme(), "ws" | "wss")
}

/// A URL without its query and without a password, which may be secrets.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // These fail for URLs that cannot have any.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

/// What the URL and the options mean where `--transport` is silent.
///
/// A guess must not send anybody the credentials that happen to lie in the environment: only a host of AppSync's, this
/// machine if an option speaks of AppSync, and whoever is named along with credentials get any.
fn guess(urls: &[Url], given: Given) -> Result<Protocol, Failure> {
    let url = &urls[0];
    let reason = if is_appsync_host(url) {
        "the host is AppSync's".to_owned()
    } else if let Some(option) = given.appsync {
        format!("{option} is for AppSync")
    } else {
        return Ok(guess_elsewhere(url, given));
    };
    let stranger = urls.iter().find(|url| !is_appsync_host(url) && !is_loopback(url));
    if let (Some(stranger), None) = (stranger, given.auth) {
        return Err(Failure::usage(format!(
            "{} is no host of AWS AppSync's: credentials of the environment do not go there unasked",
            shown(stranger)
        ))
        .hint("if it is an AppSync API under a name of its own, say so: --transport appsync"));
    }
    tracing::info!("transport appsync: {reason} ({})", shown(url));
    Ok(Protocol::AppSync(Reach::Both))
}

fn guess_elsewhere(url: &Url, given: Given) -> Protocol {
    let shown = shown(url);
    if let Some(option) = given.phoenix {
        tracing::info!("transport phoenix: {option} is for it");
        return Protocol::Phoenix;
    }
    if is_websocket(url) {
        tracing::info!("transport ws: {shown} is a websocket, and no host of AppSync's");
        return Protocol::Websocket(Dialects::Both);
    }
    if let Some(option) = given.socket {
        tracing::info!("transport http, and a websocket for subscriptions: {option} is what one begins with");
        return Protocol::Http(Streaming::Socket);
    }
    tracing::info!("transport http: {shown} is no host of AppSync's, and no option says otherwise");
    Protocol::Http(Streaming::AnyElseSocket)
}

fn is_loopback(url: &Url) -> bool {
    Endpoint::new(url.as_str()).is_ok_and(|endpoint| endpoint.is_loopback())
}

fn parse(text: &str) -> Result<Url, Failure> {
    let schemes = "URL protocol should be one of: http, https, ws, wss";
    if text.is_empty() {
        return Err(Failure::usage("the endpoint's URL is empty").hint("is the variable that it comes from set?"));
    }
    if !crate::args::is_endpoint(text) {
        let commands = crate::args::Arguments::definition();
        let commands: Vec<&str> = commands.get_subcommands().map(|command| command.get_name()).collect();
        let hint = match did_you_mean(text, commands.iter().copied()).first() {
            Some(meant) => format!("did you mean the command {meant}?"),
            None => format!(
                "there are the commands {} and help; anything else is the URL of an endpoint",
                commands.join(", ")
            ),
        };
        return Err(Failure::usage(format!("{text:?} is not an endpoint. {schemes}")).hint(hint));
    }
    Url::parse(text).map_err(|error| Failure::usage(format!("{text:?} is not a URL: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    const APPSYNC: &str = "https://abc.appsync-api.eu-west-1.amazonaws.com/graphql";

    fn guessed(url: &str, given: Given) -> Result<Protocol, Failure> {
        protocol(Transport::Auto, &[Url::parse(url).unwrap()], given)
    }

    const NONE: Given = Given {
        auth: None,
        appsync: None,
        socket: None,
        phoenix: None,
    };
    const AUTH: Given = Given {
        auth: Some("--api-key"),
        appsync: Some("--api-key"),
        ..NONE
    };
    const OTHER: Given = Given {
        appsync: Some("--header-carrier"),
        ..NONE
    };
    const SOCKET: Given = Given {
        socket: Some("--init"),
        ..NONE
    };
    const PHOENIX: Given = Given {
        phoenix: Some("--channel"),
        ..NONE
    };

    #[test]
    fn auto_goes_by_host_option_and_scheme() {
        let appsync = Protocol::AppSync(Reach::Both);
        let http = Protocol::Http(Streaming::AnyElseSocket);
        let socket = Protocol::Websocket(Dialects::Both);
        for (url, given, expected) in [
            (APPSYNC, NONE, appsync),
            (
                "wss://abc.appsync-realtime-api.eu-west-1.amazonaws.com/graphql",
                NONE,
                appsync,
            ),
            ("https://api.example.com/graphql", NONE, http),
            ("https://api.example.com/graphql/realtime", NONE, http),
            ("http://localhost:4000/graphql", AUTH, appsync),
            ("ws://localhost:4000/graphql", OTHER, appsync),
            ("wss://api.example.com/graphql/realtime", AUTH, appsync),
            ("wss://api.example.com/", NONE, socket),
            ("wss://api.example.com/", SOCKET, socket),
            ("https://api.example.com/", SOCKET, Protocol::Http(Streaming::Socket)),
            ("https://api.example.com/", PHOENIX, Protocol::Phoenix),
        ] {
            assert_eq!(guessed(url, given).unwrap(), expected, "{url}");
        }
    }

    #[test]
    fn auto_does_not_send_credentials_of_the_environment_to_strangers() {
        for url in ["wss://api.example.com/", "https://api.example.com/graphql"] {
            let failure = guessed(url, OTHER).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage);
            assert!(failure.hint.unwrap().contains("--transport appsync"), "{url}");
        }
        let urls = [APPSYNC, "wss://api.example.com/"].map(|url| Url::parse(url).unwrap());
        assert!(protocol(Transport::Auto, &urls, OTHER).is_err());
        assert!(protocol(Transport::Appsync, &urls, OTHER).is_ok());
    }

    #[test]
    fn an_operation_that_the_transport_does_not_carry_is_refused_with_what_to_do() {
        use OperationKind::{Mutation, Query, Subscription};

        for (protocol, kind) in [
            (Protocol::AppSync(Reach::Http), Subscription),
            (Protocol::AppSync(Reach::Realtime), Query),
            (Protocol::AppSync(Reach::Realtime), Mutation),
        ] {
            let failure = protocol.check(kind).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage);
            assert!(failure.hint.unwrap().contains("--transport appsync"));
        }
        for kind in [Mutation, Query, Subscription] {
            for protocol in [
                Protocol::AppSync(Reach::Both),
                Protocol::Http(Streaming::Any),
                Protocol::Phoenix,
                Protocol::Websocket(Dialects::Legacy),
            ] {
                assert!(protocol.check(kind).is_ok());
            }
        }
    }

    #[test]
    fn an_option_of_another_way_is_refused() {
        let url = Url::parse("https://example.com/").unwrap();
        for (transport, given, said) in [
            (Transport::Http, AUTH, "--api-key is for AWS AppSync"),
            (Transport::Sse, AUTH, "--transport sse is not"),
            (Transport::Ws, OTHER, "--header-carrier is for AWS AppSync"),
            (Transport::Sse, SOCKET, "--init is what a websocket begins with"),
            (Transport::Appsync, SOCKET, "--transport appsync has none"),
            (Transport::Ws, PHOENIX, "--channel is for Phoenix"),
        ] {
            let failure = protocol(transport, std::slice::from_ref(&url), given).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage);
            assert!(failure.message.contains(said), "{}", failure.message);
        }
        let socket = Url::parse("wss://example.com/").unwrap();
        for transport in [Transport::Http, Transport::Sse, Transport::Multipart] {
            assert!(protocol(transport, std::slice::from_ref(&socket), NONE).is_err());
        }
    }

    #[test]
    fn what_is_no_endpoint_is_told_so() {
        for text in ["ftp://example.com", "example.com/graphql", "sevre", "localhost:4000"] {
            let failure = parse(text).unwrap_err();
            assert!(
                failure
                    .message
                    .contains("URL protocol should be one of: http, https, ws, wss")
            );
        }
        assert!(parse("https://").is_err());
        assert!(parse("HTTPS://example.com").is_ok());
    }

    #[test]
    fn a_shown_url_has_no_secrets() {
        let url = Url::parse("https://me:hush@example.com/graphql?key=hush#x").unwrap();
        assert_eq!(shown(&url), "https://example.com/graphql");
    }
}
