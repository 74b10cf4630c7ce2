//! Which endpoint is meant, and what is spoken there.

use gqlwire::OperationKind;
use gqlwire_proto::appsync::is_appsync_host;
use url::Url;

use crate::args::{ConnectionArgs, Transport};
use crate::failure::Failure;

/// The variable that names the endpoint where the command line does not.
const ENDPOINT_VARIABLE: &str = "AWS_GRAPHQL_API_ENDPOINT";

/// What is spoken with the endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Protocol {
    Http,
    AppSync(Reach),
}

/// Which of AppSync's two endpoints may be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reach {
    Both,
    Http,
    Realtime,
}

impl Protocol {
    pub(crate) fn is_appsync(self) -> bool {
        matches!(self, Self::AppSync(_))
    }

    /// Refuses an operation that this way does not carry, and says which one does.
    pub(crate) fn check(self, kind: OperationKind) -> Result<(), Failure> {
        let (message, hint) = match (self, kind) {
            (Self::Http, OperationKind::Subscription) => (
                "this is a subscription, which plain HTTP does not carry".to_owned(),
                "if the endpoint is AWS AppSync under a name of its own, say so: --transport appsync",
            ),
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

/// The endpoint's URL: of the command line, else of the environment.
pub(crate) fn url(args: &ConnectionArgs, environment: &dyn Fn(&str) -> Option<String>) -> Result<Url, Failure> {
    let given = [args.url.first(), args.http_url.as_ref(), args.realtime_url.as_ref()];
    let text = match given.into_iter().flatten().next() {
        Some(text) => text.clone(),
        None => {
            let text = environment(ENDPOINT_VARIABLE)
                .filter(|text| !text.is_empty())
                .ok_or_else(|| {
                    Failure::usage("there is no endpoint").hint(format!(
                        "give its URL first: gql-cli https://… (or set {ENDPOINT_VARIABLE}); gql-cli --help tells more"
                    ))
                })?;
            tracing::info!("the endpoint is that of {ENDPOINT_VARIABLE}");
            text
        }
    };
    parse(&text)
}

/// What to speak with this endpoint. `wants_appsync` is whether an option was given that only AppSync knows.
pub(crate) fn protocol(transport: Transport, url: &Url, wants_appsync: Option<&str>) -> Result<Protocol, Failure> {
    let is_websocket = matches!(url.scheme(), "ws" | "wss");
    match transport {
        Transport::Appsync => Ok(Protocol::AppSync(Reach::Both)),
        Transport::AppsyncHttp => Ok(Protocol::AppSync(Reach::Http)),
        Transport::AppsyncWebsockets => Ok(Protocol::AppSync(Reach::Realtime)),
        Transport::Auto => Ok(guess(url, is_websocket, wants_appsync)),
        Transport::Http if is_websocket => Err(Failure::usage(format!(
            "{} is a websocket, and --transport http speaks HTTP",
            shown(url)
        ))
        .hint("give the http:// or https:// URL, or --transport appsync for AWS AppSync")),
        Transport::Http => match wants_appsync {
            None => Ok(Protocol::Http),
            Some(option) => Err(
                Failure::usage(format!("{option} is for AWS AppSync, and --transport http is not"))
                    .hint("use --transport appsync, or send credentials as a header: -H 'Authorization: Bearer …'"),
            ),
        },
        Transport::Websockets | Transport::Phoenix => Err(Failure::usage(format!(
            "--transport {} is not there yet: generic websockets come with a later version",
            transport.name()
        ))
        .hint("for AWS AppSync use --transport appsync; for queries and mutations elsewhere, http")),
    }
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

fn guess(url: &Url, is_websocket: bool, wants_appsync: Option<&str>) -> Protocol {
    let reason = if is_appsync_host(url) {
        "the host is AppSync's".to_owned()
    } else if is_websocket {
        "it is a websocket, and AppSync's protocol is the one that this version speaks".to_owned()
    } else if url.path().trim_end_matches('/').ends_with("/graphql/realtime") {
        "its path is that of AppSync's realtime endpoint".to_owned()
    } else if let Some(option) = wants_appsync {
        format!("{option} is for AppSync")
    } else {
        tracing::info!("{} is taken for plain GraphQL over HTTP", shown(url));
        return Protocol::Http;
    };
    tracing::info!("{} is taken for AWS AppSync: {reason}", shown(url));
    Protocol::AppSync(Reach::Both)
}

fn parse(text: &str) -> Result<Url, Failure> {
    let schemes = "URL protocol should be one of: http, https, ws, wss";
    if text.is_empty() {
        return Err(Failure::usage("the endpoint's URL is empty").hint("is the variable that it comes from set?"));
    }
    if !crate::args::is_endpoint(text) {
        return Err(Failure::usage(format!("{text:?} is not an endpoint. {schemes}"))
            .hint("commands are serve, demo, completions and man; anything else is the URL of an endpoint"));
    }
    Url::parse(text).map_err(|error| Failure::usage(format!("{text:?} is not a URL: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    const APPSYNC: &str = "https://abc.appsync-api.eu-west-1.amazonaws.com/graphql";

    fn guessed(url: &str, option: Option<&str>) -> Protocol {
        protocol(Transport::Auto, &Url::parse(url).unwrap(), option).unwrap()
    }

    #[test]
    fn auto_knows_appsync_by_host_path_scheme_or_option() {
        let appsync = Protocol::AppSync(Reach::Both);
        for (url, option, expected) in [
            (APPSYNC, None, appsync),
            (
                "wss://abc.appsync-realtime-api.eu-west-1.amazonaws.com/graphql",
                None,
                appsync,
            ),
            ("https://api.example.com/graphql", None, Protocol::Http),
            ("https://api.example.com/graphql/realtime", None, appsync),
            ("ws://localhost:4000/", None, appsync),
            ("http://localhost:4000/graphql", Some("--api-key"), appsync),
        ] {
            assert_eq!(guessed(url, option), expected, "{url}");
        }
    }

    #[test]
    fn an_operation_that_the_transport_does_not_carry_is_refused_with_what_to_do() {
        use OperationKind::{Mutation, Query, Subscription};

        for (protocol, kind) in [
            (Protocol::Http, Subscription),
            (Protocol::AppSync(Reach::Http), Subscription),
            (Protocol::AppSync(Reach::Realtime), Query),
            (Protocol::AppSync(Reach::Realtime), Mutation),
        ] {
            let failure = protocol.check(kind).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage);
            assert!(failure.hint.unwrap().contains("--transport appsync"));
        }
        for kind in [Mutation, Query, Subscription] {
            assert!(Protocol::AppSync(Reach::Both).check(kind).is_ok());
        }
    }

    #[test]
    fn generic_websockets_are_named_as_coming_later() {
        let url = Url::parse("wss://example.com/").unwrap();
        for transport in [Transport::Websockets, Transport::Phoenix] {
            let failure = protocol(transport, &url, None).unwrap_err();
            assert!(failure.message.contains("later version"), "{}", failure.message);
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
