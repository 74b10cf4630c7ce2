//! `gql-cli serve`: the local AppSync, until it is told to stop.

use std::net::SocketAddr;

use appsync_local::{Api, Builder, JwtKeys, Server};
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
        let address = SocketAddr::new(args.host, args.port);
        let server = builder.bind(address).await;
        let server = server.map_err(|error| {
            Failure::usage(error.to_string()).hint("choose another --port, or leave it out for any free one")
        })?;
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
    for pair in &args.access_key {
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

/// One line of JSON for programs, and words for people.
fn announce(server: &Server, args: &ServeArgs) -> Result<(), Failure> {
    for warning in server.warnings() {
        report::warning(warning);
    }
    let (http, realtime) = (server.http_url(), server.realtime_url());
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
