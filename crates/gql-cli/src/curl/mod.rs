//! `--curl`: the request as a command for somebody who has no `gql-cli`.
//!
//! Credentials stand in it as variables of the environment, so that it can be shown around; with `--show-secrets` it runs
//! as it is.

mod shell;

use gqlwire::{OperationKind, Target, TargetKind};
use gqlwire_proto::appsync::Endpoint;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use self::shell::{Word, variable_name};
use crate::auth::Credentials;
use crate::connection::Connection;
use crate::endpoint::{self, Protocol, Streaming};
use crate::exit::Exit;
use crate::failure::{Failure, Phase};
use crate::output::Stdout;
use crate::runtime::block_on;
use crate::uploads::Upload;

/// A request, as far as it does not follow from the connection.
#[derive(Debug)]
pub(crate) struct Sent<'a> {
    pub(crate) kind: OperationKind,
    /// The exact JSON.
    pub(crate) body: &'a str,
    /// Whether it goes in the URL.
    pub(crate) by_get: bool,
    pub(crate) uploads: &'a [Upload],
    pub(crate) shows_secrets: bool,
}

pub(crate) fn print(connection: &Connection, sent: &Sent<'_>) -> Result<Exit, Failure> {
    let lines = block_on(command(connection, sent))?;
    let lines: Vec<String> = lines.iter().map(|words| joined(words)).collect();
    Stdout::new().text(format!("{}\n", lines.join(" \\\n  ")))
}

fn joined(words: &[Word]) -> String {
    let words: Vec<String> = words.iter().map(Word::quoted).collect();
    words.join(" ")
}

/// The command, line by line.
async fn command(connection: &Connection, sent: &Sent<'_>) -> Result<Vec<Vec<Word>>, Failure> {
    check(connection.protocol, sent.kind)?;
    let place = Place::of(connection)?;
    let mut lines = vec![vec![Word::text("curl"), url_word(&place.url, sent.shows_secrets)]];
    let mut add = |words: Vec<Word>| lines.push(words);
    if sent.kind == OperationKind::Subscription {
        add(vec![Word::text("--no-buffer")]);
    }
    network(connection, sent, &mut add);
    for (name, value) in connection.headers() {
        let word = Word::text(format!("{name}: "));
        add(header(match is_secret(name) && !sent.shows_secrets {
            true => word.and_variable(variable_name(name)),
            false => word.and_text(value),
        }));
    }
    let is_json = !sent.by_get && sent.uploads.is_empty();
    add(header(Word::text(format!(
        "accept: {}",
        connection.protocol.accept(sent.kind)
    ))));
    if is_json {
        add(header(Word::text("content-type: application/json")));
    } else {
        // What Apollo's servers want of requests that a web page could send as well.
        add(header(Word::text("apollo-require-preflight: true")));
    }
    if let Some(host) = &place.host_header {
        add(header(Word::text(format!("host: {host}"))));
    }
    if let Some(credentials) = connection.credentials() {
        match sent.shows_secrets {
            true => signed(connection, credentials, &place, sent.body, &mut add).await?,
            false => placeholders(credentials, &place, &mut add),
        }
    }
    body(sent, &mut add)?;
    Ok(lines)
}

/// Refuses what curl cannot say.
fn check(protocol: Protocol, kind: OperationKind) -> Result<(), Failure> {
    let why = match protocol {
        Protocol::Http(Streaming::SseSingle) if kind == OperationKind::Subscription => {
            "it takes two requests, of which the second needs what the first one answers"
        }
        protocol if protocol.uses_socket(kind) => "it goes over a websocket, which takes messages both ways",
        _ => return Ok(()),
    };
    let hint = match protocol {
        Protocol::Websocket(_) | Protocol::Phoenix => {
            "for the same over HTTP give the http:// or https:// URL, and --transport http"
        }
        _ => "only a subscription over HTTP has a curl command: --transport http, sse or multipart",
    };
    Err(Failure::usage(format!("there is no curl command for this {kind}: {why}")).hint(hint))
}

/// Where the request goes, and what is signed.
struct Place {
    url: Url,
    host_header: Option<String>,
    signing: Option<Endpoint>,
}

impl Place {
    fn of(connection: &Connection) -> Result<Self, Failure> {
        if !connection.protocol.is_appsync() {
            return Ok(Self {
                url: connection.url().clone(),
                host_header: None,
                signing: None,
            });
        }
        let endpoint = connection.appsync_endpoint()?;
        Ok(Self {
            url: endpoint.http_url().clone(),
            host_header: endpoint.host_header().map(str::to_owned),
            signing: Some(endpoint),
        })
    }
}

fn header(word: Word) -> Vec<Word> {
    vec![Word::text("-H"), word]
}

/// A URL whose query does not tell what it should not.
fn url_word(url: &Url, shows_secrets: bool) -> Word {
    if shows_secrets || !url.query_pairs().any(|(name, _)| is_secret(&name)) {
        return Word::text(url.as_str());
    }
    let mut bare = url.clone();
    bare.set_query(None);
    bare.set_fragment(None);
    let mut word = Word::text(bare.as_str());
    for (index, pair) in url.query().unwrap_or_default().split('&').enumerate() {
        let name = pair.split('=').next().unwrap_or_default();
        let mark = if index == 0 { "?" } else { "&" };
        word = match is_secret(name) {
            true => word
                .and_text(format!("{mark}{name}="))
                .and_variable(variable_name(name)),
            false => word.and_text(format!("{mark}{pair}")),
        };
    }
    word
}

/// Whether what has this name is likely to be a secret.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let words = [
        "auth",
        "cookie",
        "credential",
        "key",
        "pass",
        "secret",
        "session",
        "sign",
        "token",
    ];
    words.iter().any(|word| name.contains(word))
}

fn network(connection: &Connection, sent: &Sent<'_>, add: &mut impl FnMut(Vec<Word>)) {
    let network = connection.network();
    let mut pair = |flag: &str, value: String| add(vec![Word::text(flag), Word::text(value)]);
    if let Some(url) = &network.proxy {
        // Its password is not shown on other occasions either; a person puts it back.
        let shown = match sent.shows_secrets {
            true => url.clone(),
            false => Url::parse(url).map_or_else(|_| url.clone(), |url| endpoint::shown(&url)),
        };
        pair("--proxy", shown);
    }
    if network.no_proxy {
        pair("--noproxy", "*".to_owned());
    }
    let files = [
        (&network.cacert, "--cacert"),
        (&network.cert, "--cert"),
        (&network.key, "--key"),
        (&network.unix_socket, "--unix-socket"),
    ];
    for (path, flag) in files {
        if let Some(path) = path {
            pair(flag, path.display().to_string());
        }
    }
    for pinned in &network.resolve {
        let (host, port, address) = (&pinned.host, pinned.address.port(), pinned.address.ip());
        let address = match address.is_ipv6() {
            true => format!("[{address}]"),
            false => address.to_string(),
        };
        pair("--resolve", format!("{host}:{port}:{address}"));
    }
    if let Some(timeout) = network.connect_timeout {
        pair("--connect-timeout", timeout.as_secs_f64().to_string());
    }
    if let Some(limit) = connection
        .given_limit()
        .filter(|_| sent.kind != OperationKind::Subscription)
    {
        pair("--max-time", limit.as_secs_f64().to_string());
    }
    let flags = [
        (network.insecure, "--insecure"),
        (network.compressed, "--compressed"),
        (network.http1_1, "--http1.1"),
        (network.http2_prior_knowledge, "--http2-prior-knowledge"),
    ];
    for (_, flag) in flags.into_iter().filter(|(given, _)| *given) {
        add(vec![Word::text(flag)]);
    }
}

/// Credentials as what the environment may hold.
fn placeholders(credentials: &Credentials, place: &Place, add: &mut impl FnMut(Vec<Word>)) {
    let (name, variable) = match credentials {
        Credentials::ApiKey(_) => ("x-api-key", "AWS_GRAPHQL_API_KEY"),
        Credentials::Jwt(_) => ("authorization", "JWT"),
        Credentials::Lambda(_) => ("authorization", "LAMBDA_TOKEN"),
        Credentials::Iam { .. } => {
            let region = place.signing.as_ref().and_then(Endpoint::region);
            let scope = Word::text("aws:amz:");
            let scope = match region {
                Some(region) => scope.and_text(region),
                None => scope.and_variable("AWS_REGION"),
            };
            add(vec![Word::text("--aws-sigv4"), scope.and_text(":appsync")]);
            let user = Word::default().and_variable("AWS_ACCESS_KEY_ID").and_text(":");
            add(vec![Word::text("--user"), user.and_variable("AWS_SECRET_ACCESS_KEY")]);
            // Where there is none, curl leaves out a header without a value.
            return add(header(
                Word::text("x-amz-security-token: ").and_variable("AWS_SESSION_TOKEN"),
            ));
        }
    };
    add(header(Word::text(format!("{name}: ")).and_variable(variable)));
}

/// Credentials as they are sent; a signature is good for five minutes.
async fn signed(
    connection: &Connection,
    credentials: &Credentials,
    place: &Place,
    body: &str,
    add: &mut impl FnMut(Vec<Word>),
) -> Result<(), Failure> {
    let Some(endpoint) = &place.signing else {
        return Ok(());
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let mut target = Target::new(TargetKind::Http, endpoint.signing_url_http(), body)
        .with_host(endpoint.host())
        .with_headers(&headers);
    if let Some(region) = endpoint.region() {
        target = target.with_region(region);
    }
    let authorization = credentials.provider().authorize(target).await;
    let authorization = authorization.map_err(|error| connection.failure(&error, Phase::Request))?;
    for (name, value) in &authorization.headers {
        let is_said = headers.contains_key(name) || name == http::header::HOST;
        if !is_said {
            let value = String::from_utf8_lossy(value.as_bytes());
            add(header(Word::text(format!("{name}: {value}"))));
        }
    }
    Ok(())
}

/// The members of a request.
#[derive(Deserialize)]
struct Body<'a> {
    query: Option<String>,
    #[serde(rename = "documentId")]
    document_id: Option<String>,
    id: Option<String>,
    #[serde(rename = "operationName")]
    operation_name: Option<String>,
    #[serde(borrow)]
    variables: Option<&'a RawValue>,
    #[serde(borrow)]
    extensions: Option<&'a RawValue>,
}

fn body(sent: &Sent<'_>, add: &mut impl FnMut(Vec<Word>)) -> Result<(), Failure> {
    let mut pair = |flag: &str, value: String| add(vec![Word::text(flag), Word::text(value)]);
    if !sent.uploads.is_empty() {
        return forms(sent, &mut pair);
    }
    if !sent.by_get {
        pair("--data-raw", sent.body.to_owned());
        return Ok(());
    }
    let body: Body<'_> = serde_json::from_str(sent.body).map_err(unreadable)?;
    let members = [
        ("query", body.query),
        ("documentId", body.document_id),
        ("id", body.id),
        ("operationName", body.operation_name),
        ("variables", body.variables.map(|json| json.get().to_owned())),
        ("extensions", body.extensions.map(|json| json.get().to_owned())),
    ];
    for (name, value) in members {
        if let Some(value) = value {
            pair("--data-urlencode", format!("{name}={value}"));
        }
    }
    add(vec![Word::text("--get")]);
    Ok(())
}

/// The parts that the multipart request specification has for files.
fn forms(sent: &Sent<'_>, pair: &mut impl FnMut(&str, String)) -> Result<(), Failure> {
    let mut operations: serde_json::Value = serde_json::from_str(sent.body).map_err(unreadable)?;
    for upload in sent.uploads {
        clear(&mut operations["variables"], &upload.place);
    }
    let map: serde_json::Map<String, serde_json::Value> = (0..)
        .zip(sent.uploads)
        .map(|(index, upload): (usize, _)| {
            let place = serde_json::Value::from(format!("variables.{}", upload.place));
            (index.to_string(), vec![place].into())
        })
        .collect();
    pair("--form-string", format!("operations={operations}"));
    pair("--form-string", format!("map={}", serde_json::Value::from(map)));
    for (index, upload) in sent.uploads.iter().enumerate() {
        let mut part = format!("{index}=@{}", form_quoted(&upload.path.display().to_string()));
        if let Some(content_type) = &upload.content_type {
            part.push_str(&format!(";type={content_type}"));
        }
        if let Some(name) = &upload.file_name {
            part.push_str(&format!(";filename={}", form_quoted(name)));
        }
        pair("-F", part);
    }
    Ok(())
}

/// Puts `null` where a file goes, and makes what leads there.
fn clear(variables: &mut serde_json::Value, place: &str) {
    let mut at = variables;
    for segment in place.split('.') {
        at = match segment.parse::<usize>() {
            // More files than these no command line holds.
            Ok(index) if index < 10_000 && (at.is_array() || at.is_null()) => {
                if !at.is_array() {
                    *at = serde_json::Value::Array(Vec::new());
                }
                let Some(items) = at.as_array_mut() else { return };
                if items.len() <= index {
                    items.resize(index + 1, serde_json::Value::Null);
                }
                &mut items[index]
            }
            _ => {
                if !at.is_object() {
                    *at = serde_json::json!({});
                }
                &mut at[segment]
            }
        };
    }
    *at = serde_json::Value::Null;
}

/// As curl reads names in `-F`.
fn form_quoted(name: &str) -> String {
    match name.contains([';', ',', '"', '\\']) {
        true => format!("\"{}\"", name.replace('\\', r"\\").replace('"', r#"\""#)),
        false => name.to_owned(),
    }
}

fn unreadable(error: serde_json::Error) -> Failure {
    Failure::new(Exit::Invalid, format!("the request cannot be read again: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_keeps_its_secrets() {
        let url = Url::parse("https://a.example/graphql?x=1&api_key=hush").unwrap();
        assert_eq!(
            url_word(&url, false).quoted(),
            "'https://a.example/graphql?x=1&api_key='\"${API_KEY}\""
        );
        assert!(url_word(&url, true).quoted().contains("hush"));
    }

    #[test]
    fn a_file_leaves_a_null_in_its_place() {
        let mut variables = serde_json::json!({"input": {"name": "a"}});
        for place in ["input.file", "files.1", "one"] {
            clear(&mut variables, place);
        }
        assert_eq!(
            variables,
            serde_json::json!({"input": {"name": "a", "file": null}, "files": [null, null], "one": null})
        );
    }
}
