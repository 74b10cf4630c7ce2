//! `gql-cli serve`: the local AppSync, until it is told to stop.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use appsync_local::{Api, BindError, Builder, JwtKeys, Server};
use secrecy::ExposeSecret;

use crate::args::ServeArgs;
use crate::document::read_file;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Stdout;
use crate::report;
use crate::runtime::block_on;
use crate::signals::Interrupts;

/// Serves until Ctrl-C or SIGTERM, which is how a server ends, and therefore no failure.
pub(crate) fn serve(args: &ServeArgs) -> Result<Exit, Failure> {
    let builder = credentials(args, Server::builder())?.api(api(args)?);
    block_on(async {
        let mut interrupts = Interrupts::new()?;
        let address = SocketAddr::new(args.host.0, args.port);
        let server = builder.bind(address).await;
        let server = server.map_err(|error| not_started(&error))?;
        announce(&server, args)?;
        interrupts.next().await;
        report::say("Stopping; Ctrl-C again does not wait for open requests.");
        tokio::select! {
            () = server.shutdown() => {}
            () = interrupts.next() => {}
        }
        Ok(Exit::Success)
    })
}

fn not_started(error: &BindError) -> Failure {
    let failure = Failure::usage(error.to_string());
    let source = match error {
        BindError::Listen { source, .. } => source.kind(),
        BindError::NoTokenKey => {
            return Failure::usage("--issuer and --audience are about JWTs, and there is no key to verify any with")
                .hint("give --jwt-secret SECRET or --jwks FILE too");
        }
        _ => return failure,
    };
    match source {
        ErrorKind::AddrInUse => failure.hint("choose another --port, or leave it out for any free one"),
        ErrorKind::PermissionDenied => failure.hint("choose a --port from 1024 upwards, which needs no privileges"),
        ErrorKind::AddrNotAvailable => {
            failure.hint("--host is an address of this machine: 127.0.0.1, or 0.0.0.0 for all that it has")
        }
        _ => failure,
    }
}

fn api(args: &ServeArgs) -> Result<Api, Failure> {
    let Some(path) = &args.schema else {
        return Ok(Api::messages());
    };
    Api::from_sdl(&read_file(path)?).map_err(|errors| {
        Failure::new(
            Exit::Invalid,
            format!("{} is not a valid schema:\n{errors}", path.display()),
        )
    })
}

fn credentials(args: &ServeArgs, mut builder: Builder) -> Result<Builder, Failure> {
    for key in &args.api_key {
        builder = builder.api_key(key.read("--api-key")?.expose_secret().to_owned());
    }
    let mut ids = HashSet::new();
    for pair in &args.access_key {
        if !ids.insert(&pair.id) {
            return Err(
                Failure::usage(format!("there are two --access-key with the id {}", pair.id))
                    .hint("give each id once: a signature names its id, and one secret must fit it"),
            );
        }
        let secret = pair.secret.read("--access-key")?;
        builder = builder.access_key(pair.id.clone(), secret.expose_secret().to_owned());
    }
    if let Some(secret) = &args.jwt_secret {
        builder = builder.jwt(JwtKeys::hs256(secret.read("--jwt-secret")?.expose_secret()));
    }
    if let Some(path) = &args.jwks {
        let keys = JwtKeys::jwks(&read_file(path)?);
        let keys = keys.map_err(|error| Failure::usage(format!("--jwks {}: {error}", path.display())))?;
        builder = builder.jwt(keys);
    }
    for issuer in &args.issuer {
        builder = builder.issuer(issuer.clone());
    }
    for audience in &args.audience {
        builder = builder.audience(audience.clone());
    }
    let nothing =
        args.api_key.is_empty() && args.access_key.is_empty() && args.jwt_secret.is_none() && args.jwks.is_none();
    Ok(match nothing {
        true => builder.generate_api_key(),
        false => builder,
    })
}

/// Where this machine reaches the server: that of all addresses is none to connect to.
fn urls(mut address: SocketAddr) -> (String, String) {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    (
        format!("http://{address}/graphql"),
        format!("ws://{address}/graphql/realtime"),
    )
}

/// One line of JSON for programs, and words for people.
fn announce(server: &Server, args: &ServeArgs) -> Result<(), Failure> {
    for warning in server.warnings() {
        report::warning(warning);
    }
    let address = server.address();
    if !address.ip().is_loopback() {
        report::warning(format_args!(
            "other machines can reach this server, without encryption: it listens on {address}"
        ));
    }
    let (http, realtime) = urls(address);
    let key = server.api_keys().first().map(appsync_local::ApiKey::expose);
    report::say(format_args!("Queries and mutations: {http}"));
    report::say(format_args!("Subscriptions:         {realtime}"));
    let auth = match key {
        Some(key) => format!("--api-key {key}"),
        None if !args.access_key.is_empty() => "--iam --region us-east-1".to_owned(),
        None => "--jwt TOKEN".to_owned(),
    };
    report::say(format_args!("Try: gql-cli {http} --transport appsync {auth}"));
    report::say("Ctrl-C stops it.");
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let mut line = format!("{{\"http\":{},\"realtime\":{}", text(&http), text(&realtime));
    if let Some(key) = key {
        line.push_str(&format!(",\"api_key\":{}", text(key)));
    }
    line.push('}');
    Stdout::new().json(&line).map(drop)
}
