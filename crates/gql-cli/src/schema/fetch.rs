//! `schema fetch` and `--print-schema`: a schema from afar.

use std::path::Path;

use gqlwire::appsync::{ControlPlane, Iam, SchemaFormat};
use gqlwire::{Client, Error, ErrorKind};
use gqlwire_proto::appsync::Endpoint;
use gqlwire_schema::{IntrospectionOptions, Schema, sdl_from_introspection};
use serde_json::Value;
use url::Url;

use super::{cache, origin};
use crate::args::{ConnectionArgs, FetchArgs, Format};
use crate::connection::{Connection, ForOperations};
use crate::exit::Exit;
use crate::failure::{Failure, Phase};
use crate::iam::IamChain;
use crate::output::Stdout;
use crate::runtime::block_on;
use crate::signals::Interrupts;
use crate::{endpoint, file, report};

/// Variables by which every AWS tool is told of another address of a service.
const CONTROL_PLANE_VARIABLES: [&str; 2] = ["AWS_ENDPOINT_URL_APPSYNC", "AWS_ENDPOINT_URL"];

/// A schema that is one: usable, and in the words that are to be printed.
#[derive(Debug)]
struct Fetched {
    text: String,
    schema: Schema,
    /// The same in SDL, where that is at hand.
    sdl: Option<String>,
    /// What messages call its source.
    source: String,
}

pub(crate) fn fetch(args: FetchArgs) -> Result<Exit, Failure> {
    let environment = |name: &str| std::env::var(name).ok();
    let key = match args.cache {
        false => None,
        true => Some(key(&args.connection)?),
    };
    let fetched = match &args.from_api_id {
        Some(id) => from_control_plane(id, &args)?,
        None => {
            let options = super::options(&args.schema_download, IntrospectionOptions::all())?;
            let connection = Connection::resolve(args.connection, ForOperations::default(), &environment)?;
            let client = connection.client()?;
            match introspect(&connection, &client, &options)? {
                Some(answer) => Some(from_answer(&answer, connection.shown(), args.format, args.strict)?),
                None => None,
            }
        }
    };
    let Some(mut fetched) = fetched else {
        return Ok(Exit::Interrupted);
    };
    end_line(&mut fetched.text);
    if let Some(key) = &key {
        let sdl = fetched.sdl.unwrap_or_else(|| fetched.schema.to_sdl());
        let path = cache::write(key, &sdl)?;
        report::say(format_args!(
            "Kept the schema of {}: {}",
            fetched.source,
            path.display()
        ));
    }
    match args.output_file {
        Some(path) if path.as_os_str() == "-" => Stdout::new().text(fetched.text),
        Some(path) => write(&path, &fetched.text),
        None if key.is_some() => Ok(Exit::Success),
        None => Stdout::new().text(fetched.text),
    }
}

/// `--print-schema`: what the server says, as far as it can be printed. Over AppSync this goes to the HTTP endpoint,
/// whichever of the two the URL names.
pub(crate) fn print(
    connection: &Connection,
    client: &Client,
    options: &IntrospectionOptions,
    format: Format,
) -> Result<Exit, Failure> {
    let Some(answer) = introspect(connection, client, options)? else {
        return Ok(Exit::Interrupted);
    };
    let sdl = sdl_from_introspection(&answer).map_err(|error| Failure::new(Exit::Unreachable, error.to_string()))?;
    if sdl.trim().is_empty() {
        return Err(Failure::new(
            Exit::Unreachable,
            "the server's schema is empty: it names no types",
        ));
    }
    let mut text = match format {
        Format::Json => pretty(&answer),
        Format::Sdl => sdl,
    };
    end_line(&mut text);
    Stdout::new().text(text)
}

/// The server's answer to the introspection query; `None` if somebody interrupted.
pub(super) fn introspect(
    connection: &Connection,
    client: &Client,
    options: &IntrospectionOptions,
) -> Result<Option<Value>, Failure> {
    block_on(async {
        let mut interrupts = Interrupts::new()?;
        tokio::select! {
            answer = client.introspect(options) => {
                answer.map(Some).map_err(|error| connection.failure(&error, Phase::Request))
            }
            () = interrupts.next() => Ok(None),
        }
    })
}

/// The schema that an introspection result describes, faults pointed out unless they are refused.
pub(super) fn usable(answer: &Value, name: &str, strict: bool) -> Result<Schema, Failure> {
    let schema = match strict {
        true => Schema::from_introspection(answer).map(|schema| (schema, Vec::new())),
        false => Schema::from_introspection_lenient(answer),
    };
    let (schema, forgiven) =
        schema.map_err(|error| Failure::new(Exit::Unreachable, format!("{name} has no usable schema: {error}")))?;
    origin::point_out(name, &forgiven);
    Ok(schema)
}

fn from_answer(answer: &Value, source: String, format: Format, strict: bool) -> Result<Fetched, Failure> {
    let schema = usable(answer, &source, strict)?;
    // The server's own order and words, unless they had to be repaired.
    let said = sdl_from_introspection(answer).ok();
    let sdl = said.filter(|sdl| Schema::from_sdl(sdl).is_ok());
    let sdl = sdl.unwrap_or_else(|| schema.to_sdl());
    let text = match format {
        Format::Json => pretty(answer),
        Format::Sdl => sdl.clone(),
    };
    Ok(Fetched {
        text,
        schema,
        sdl: Some(sdl),
        source,
    })
}

fn from_control_plane(id: &str, args: &FetchArgs) -> Result<Option<Fetched>, Failure> {
    if let Some(option) = args.connection.network.given() {
        return Err(Failure::usage(format!(
            "{option} is for an endpoint, and --from-api-id asks AWS's control plane"
        ))
        .hint("a proxy may be named in the environment: HTTPS_PROXY"));
    }
    let profile = args.connection.auth.aws_profile.clone();
    let auth = IamChain::new(profile.clone());
    let format = match args.format {
        Format::Json => SchemaFormat::Json,
        Format::Sdl => SchemaFormat::Sdl,
    };
    let text = block_on(async {
        let mut interrupts = Interrupts::new()?;
        let region = match named_region(&args.connection) {
            Some(region) => Some(region),
            None => match &profile {
                Some(name) => Iam::from_profile(name).configured_region().await,
                None => Iam::new().configured_region().await,
            },
        };
        let region = region.ok_or_else(|| {
            Failure::usage("no AWS region says where the API is").hint("give --region REGION, or set AWS_REGION")
        })?;
        let mut plane = ControlPlane::new(&region);
        if let Some(limit) = args.connection.execute_timeout.0 {
            plane = plane.timeout(limit);
        }
        if let Some(bytes) = args.connection.max_response_size {
            plane = plane.max_response_size(bytes);
        }
        let variable = |name: &&str| std::env::var(name).ok().filter(|url| !url.is_empty());
        if let Some(url) = CONTROL_PLANE_VARIABLES.iter().find_map(variable) {
            plane = plane.url(url);
        }
        tracing::info!("asking the control plane of {region} for the schema of {id}");
        tokio::select! {
            text = plane.schema(id, format, &auth) => {
                text.map(Some).map_err(|error| refused(&error, id, &region))
            }
            () = interrupts.next() => Ok(None),
        }
    })?;
    let Some(text) = text else {
        return Ok(None);
    };
    let source = format!("the API {id}");
    if args.format == Format::Json {
        let answer: Value = serde_json::from_str(&text).map_err(|error| {
            Failure::new(
                Exit::Unreachable,
                format!("the control plane sent no introspection result: {error}"),
            )
        })?;
        let schema = usable(&answer, &source, args.strict)?;
        return Ok(Some(Fetched {
            text: pretty(&answer),
            schema,
            sdl: None,
            source,
        }));
    }
    let schema = match args.strict {
        true => Schema::from_sdl(&text).map(|schema| (schema, Vec::new())),
        false => Schema::from_sdl_lenient(&text),
    };
    let (schema, forgiven) = schema.map_err(|errors| {
        Failure::new(
            Exit::Unreachable,
            format!("the control plane sent no usable schema:\n{errors}"),
        )
    })?;
    origin::point_out(&source, &forgiven);
    Ok(Some(Fetched {
        sdl: Some(text.clone()),
        text,
        schema,
        source,
    }))
}

/// The region that an option or the endpoint names.
fn named_region(args: &ConnectionArgs) -> Option<String> {
    if let Some(region) = &args.auth.region {
        return Some(region.clone());
    }
    let endpoint = Endpoint::builder(args.url.first()?.as_str()).build().ok()?;
    endpoint.region().map(str::to_owned)
}

fn refused(error: &Error, id: &str, region: &str) -> Failure {
    let failure = Failure::client(error, Phase::Request);
    let status = error.status().map(|status| status.as_u16());
    match (error.kind(), status) {
        (ErrorKind::Auth, Some(_)) => {
            failure.hint("the caller needs appsync:GetIntrospectionSchema; check the AWS credentials and this machine's clock")
        }
        (ErrorKind::Auth, None) => {
            failure.hint("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give --aws-profile NAME")
        }
        (_, Some(404)) => failure.hint(format!(
            "is {id} the id of an API in {region}? aws appsync list-graphql-apis tells; it is not the name in the endpoint"
        )),
        _ => failure,
    }
}

/// What the cache is to know the schema by.
fn key(args: &ConnectionArgs) -> Result<Url, Failure> {
    let urls = endpoint::urls(args, &|name| std::env::var(name).ok()).map_err(|failure| {
        failure.hint("the cache knows schemas by their endpoint: give its URL, or set AWS_GRAPHQL_API_ENDPOINT")
    })?;
    urls.into_iter()
        .next()
        .ok_or_else(|| Failure::usage("there is no endpoint"))
}

fn write(path: &Path, text: &str) -> Result<Exit, Failure> {
    file::replace(path, text.as_bytes(), file::Readers::Anybody)
        .map_err(|error| Failure::file("write", path.display(), &error))?;
    report::say(format_args!("Wrote {}", path.display()));
    Ok(Exit::Success)
}

fn pretty(json: &Value) -> String {
    format!("{json:#}")
}

fn end_line(text: &mut String) {
    if !text.ends_with('\n') {
        text.push('\n');
    }
}
