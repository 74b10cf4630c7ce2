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

/// Which options were given that only AppSync knows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AppSyncOptions {
    /// One of those that say as whom to connect.
    pub(crate) auth: Option<&'static str>,
    /// The first of all of them.
    pub(crate) any: Option<&'static str>,
}

/// What to speak with these endpoints, of which the first one decides.
pub(crate) fn protocol(transport: Transport, urls: &[Url], options: AppSyncOptions) -> Result<Protocol, Failure> {
    let Some(url) = urls.first() else {
        return Err(Failure::usage("there is no endpoint"));
    };
    let is_websocket = matches!(url.scheme(), "ws" | "wss");
    let chosen = match transport {
        Transport::Appsync => Protocol::AppSync(Reach::Both),
        Transport::AppsyncHttp => Protocol::AppSync(Reach::Http),
        Transport::AppsyncWebsockets => Protocol::AppSync(Reach::Realtime),
        Transport::Auto => return guess(urls, is_websocket, options),
        Transport::Http if is_websocket => {
            return Err(Failure::usage(format!(
                "{} is a websocket, and --transport http speaks HTTP",
                shown(url)
            ))
            .hint("give the http:// or https:// URL, or --transport appsync for AWS AppSync"));
        }
        Transport::Http => match options.any {
            None => Protocol::Http,
            Some(option) => {
                return Err(
                    Failure::usage(format!("{option} is for AWS AppSync, and --transport http is not"))
                        .hint("use --transport appsync, or send credentials as a header: -H 'Authorization: Bearer …'"),
                );
            }
        },
        Transport::Websockets | Transport::Phoenix => {
            return Err(Failure::usage(format!(
                "--transport {} is not there yet: generic websockets come with a later version",
                transport.name()
            ))
            .hint("for AWS AppSync use --transport appsync; for queries and mutations elsewhere, http"));
        }
    };
    tracing::info!("transport {}: --transport says so", transport.name());
    Ok(chosen)
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
fn guess(urls: &[Url], is_websocket: bool, options: AppSyncOptions) -> Result<Protocol, Failure> {
    let url = &urls[0];
    let reason = if is_appsync_host(url) {
        "the host is AppSync's".to_owned()
    } else if let Some(option) = options.any {
        format!("{option} is for AppSync")
    } else if is_websocket {
        return Err(Failure::usage(format!(
            "{} is a websocket, and not on a host of AWS AppSync's",
            shown(url)
        ))
        .hint("if it is AppSync's realtime endpoint, say so: --transport appsync_websockets"));
    } else {
        tracing::info!(
            "transport http: {} is no host of AppSync's, and no option says otherwise",
            shown(url)
        );
        return Ok(Protocol::Http);
    };
    let stranger = urls.iter().find(|url| !is_appsync_host(url) && !is_loopback(url));
    if let (Some(stranger), None) = (stranger, options.auth) {
        return Err(Failure::usage(format!(
            "{} is no host of AWS AppSync's: credentials of the environment do not go there unasked",
            shown(stranger)
        ))
        .hint("if it is an AppSync API under a name of its own, say so: --transport appsync"));
    }
    tracing::info!("transport appsync: {reason} ({})", shown(url));
    Ok(Protocol::AppSync(Reach::Both))
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

    fn guessed(url: &str, options: AppSyncOptions) -> Result<Protocol, Failure> {
        protocol(Transport::Auto, &[Url::parse(url).unwrap()], options)
    }

    const NONE: AppSyncOptions = AppSyncOptions { auth: None, any: None };
    const AUTH: AppSyncOptions = AppSyncOptions {
        auth: Some("--api-key"),
        any: Some("--api-key"),
    };
    const OTHER: AppSyncOptions = AppSyncOptions {
        auth: None,
        any: Some("--header-carrier"),
    };

    #[test]
    fn auto_knows_appsync_by_host_or_option() {
        let appsync = Protocol::AppSync(Reach::Both);
        for (url, options, expected) in [
            (APPSYNC, NONE, appsync),
            (
                "wss://abc.appsync-realtime-api.eu-west-1.amazonaws.com/graphql",
                NONE,
                appsync,
            ),
            ("https://api.example.com/graphql", NONE, Protocol::Http),
            ("https://api.example.com/graphql/realtime", NONE, Protocol::Http),
            ("http://localhost:4000/graphql", AUTH, appsync),
            ("ws://localhost:4000/graphql", OTHER, appsync),
            ("wss://api.example.com/graphql/realtime", AUTH, appsync),
        ] {
            assert_eq!(guessed(url, options).unwrap(), expected, "{url}");
        }
    }

    #[test]
    fn auto_does_not_send_credentials_of_the_environment_to_strangers() {
        for (url, options, advice) in [
            ("wss://api.example.com/", NONE, "--transport appsync_websockets"),
            ("ws://localhost:4000/", NONE, "--transport appsync_websockets"),
            ("wss://api.example.com/", OTHER, "--transport appsync"),
            ("https://api.example.com/graphql", OTHER, "--transport appsync"),
        ] {
            let failure = guessed(url, options).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage);
            assert!(failure.hint.unwrap().contains(advice), "{url}");
        }
        let urls = [APPSYNC, "wss://api.example.com/"].map(|url| Url::parse(url).unwrap());
        assert!(protocol(Transport::Auto, &urls, OTHER).is_err());
        assert!(protocol(Transport::Appsync, &urls, OTHER).is_ok());
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
            let failure = protocol(transport, std::slice::from_ref(&url), NONE).unwrap_err();
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
