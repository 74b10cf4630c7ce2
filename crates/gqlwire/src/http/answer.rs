use std::fmt;

use gqlwire_proto::Response;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use serde::de::IgnoredAny;

use super::Shown;
use super::connect_error::credentials_wanted;
use crate::error::summary;
use crate::redact::Secrets;
use crate::transport::RawResponse;
use crate::{Error, ErrorKind};

/// Reads a body of at most `limit` bytes as text.
pub(crate) async fn read_body(mut response: reqwest::Response, limit: usize) -> Result<String, Error> {
    let headers = std::mem::take(response.headers_mut());
    read_text(response, &headers, limit).await
}

/// The same of an answer whose headers were taken off it.
pub(super) async fn read_text(response: reqwest::Response, headers: &HeaderMap, limit: usize) -> Result<String, Error> {
    Ok(text(read_bytes(response, limit).await?, headers))
}

/// JSON is UTF-8, whatever label it bears; the one other encoding that is met is read where it is announced and the bytes
/// are not UTF-8. A byte order mark, which JSON does not have, is taken off.
fn text(body: Vec<u8>, headers: &HeaderMap) -> String {
    const MARK: &str = "\u{feff}";

    match String::from_utf8(body) {
        Ok(text) if text.starts_with(MARK) => text[MARK.len()..].to_owned(),
        Ok(text) => text,
        Err(error) if is_latin(headers) => error.as_bytes().iter().copied().map(char::from).collect(),
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

/// The media type without its parameters, and those.
fn media_type(headers: &HeaderMap) -> Option<(&str, &str)> {
    let media_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let (essence, parameters) = media_type.split_once(';').unwrap_or((media_type, ""));
    Some((essence.trim(), parameters))
}

fn is_latin(headers: &HeaderMap) -> bool {
    let names = ["iso-8859-1", "latin1", "windows-1252"];
    charset(headers).is_some_and(|charset| names.iter().any(|name| charset.eq_ignore_ascii_case(name)))
}

fn charset(headers: &HeaderMap) -> Option<&str> {
    let (_, parameters) = media_type(headers)?;
    let mut parameters = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let (_, charset) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Some(charset.trim().trim_matches('"'))
}

/// Whether it is a GraphQL server that answers, and not something in front of it: of this media type GraphQL over HTTP
/// says that nothing else uses it.
fn is_graphql_response(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|(essence, _)| essence.eq_ignore_ascii_case("application/graphql-response+json"))
}

/// Reads a body of at most `limit` bytes.
pub(crate) async fn read_bytes(mut response: reqwest::Response, limit: usize) -> Result<Vec<u8>, Error> {
    const PREPARED: u64 = 64 * 1024;
    let too_long = || {
        Error::new(
            ErrorKind::Protocol,
            format!("the answer is longer than {limit} bytes: raise `max_response_size` if that is right"),
        )
    };
    if response
        .content_length()
        .is_some_and(|announced| announced > limit as u64)
    {
        return Err(too_long());
    }
    // What is announced may be a lie: no more than a usual answer is prepared for.
    let announced = response.content_length().unwrap_or_default().min(PREPARED);
    let mut body = Vec::with_capacity(announced as usize);
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > limit => return Err(too_long()),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) if is_undecodable(&error) => {
                let message = format!("the answer's compression is broken after {} bytes", body.len());
                return Err(Error::new(ErrorKind::Protocol, message).with_source(error.without_url()));
            }
            Err(error) => {
                let message = format!("the answer broke off after {} bytes", body.len());
                return Err(Error::new(ErrorKind::Disconnected, message).with_source(error.without_url()));
            }
        }
    }
}

/// Whether what came cannot be decompressed. What else goes wrong with a body, hyper says and not the system.
fn is_undecodable(error: &reqwest::Error) -> bool {
    error.is_decode() && std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
}

/// Tells a GraphQL response from everything else that servers and the boxes in front of them answer with.
///
/// A body of the media type `application/graphql-response+json` is the server's own, and an answer whatever its status is;
/// but for those that ask for something: other credentials, or another time. Of any other body the status decides only
/// where it says something that a response cannot: refused credentials, throttling, a broken server. A 400 with GraphQL
/// errors is what GraphQL over HTTP prescribes for a document that does not validate, and reaches the caller like any
/// other response.
pub(crate) fn judge(mut answer: RawResponse, url: &Shown, secrets: &Secrets) -> Result<RawResponse, Error> {
    // Reading the whole answer twice would be a tenth of what a request costs.
    if answer.status.is_success() && begins_with_data(&answer.body) && !secrets.occur_in(&answer.body) {
        return Ok(answer);
    }
    match verdict(&answer, url) {
        Err(_) if secrets.occur_in(&answer.body) => {
            secrets.redact(&mut answer.body);
            verdict(&answer, url)?;
            Ok(answer)
        }
        verdict => verdict.map(|()| answer),
    }
}

/// Whether it is a response as far as the first bytes tell. If the rest is not, whoever reads it for its data says so.
fn begins_with_data(body: &str) -> bool {
    body.starts_with("{\"data\":{") && body.trim_ascii_end().ends_with('}')
}

pub(super) fn verdict(answer: &RawResponse, url: &Shown) -> Result<(), Error> {
    let status = answer.status;
    let refused = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
    // Whoever asked reads the data; here it matters only whether there is any.
    let error = match Response::<IgnoredAny>::from_json(&answer.body) {
        Ok(response) if status.is_success() || response.data.is_some() => return Ok(()),
        Ok(response) => {
            let kind = match status {
                _ if refused => ErrorKind::Auth,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => ErrorKind::Status,
                _ if is_graphql_response(&answer.headers) => return Ok(()),
                _ if status.is_server_error() => ErrorKind::Status,
                _ => return Ok(()),
            };
            let message = format!(
                "{url} answered {status}: {}",
                summary(&response.errors, "no reason given")
            );
            Error::new(kind, message).with_errors(response.errors)
        }
        Err(odd) if status.is_success() => match compression(&answer.headers) {
            Some(compressed) => Error::new(ErrorKind::Protocol, compressed),
            None => Error::from(odd),
        }
        .prefixed(&format!("{url} answered {status}"))
        .after_sending(),
        Err(odd) => {
            let kind = kind_of(status);
            let reason = reason(&answer.body, &odd, &answer.headers);
            let reason = reason.unwrap_or_else(|| "the body is empty".to_owned());
            Error::new(kind, format!("{url} answered {status}: {reason}"))
        }
    };
    let error = match compression(&answer.headers) {
        Some(_) => error,
        None => error.with_body(&answer.body),
    }
    .with_answer(status, answer.headers.clone());
    // A gateway that gave up, or a server that broke, may have executed the request all the same.
    let may_have_run = status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE;
    Err(if may_have_run { error.after_sending() } else { error })
}

/// What a status that is no success is about.
pub(super) fn kind_of(status: StatusCode) -> ErrorKind {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ErrorKind::Auth,
        _ => ErrorKind::Status,
    }
}

/// Why a server refused, from what was made of its body and from the header in which AWS front ends name the error;
/// `None` if it says nothing.
pub(crate) fn reason(body: &str, says: &dyn fmt::Display, headers: &HeaderMap) -> Option<String> {
    if let Some(compressed) = compression(headers) {
        return Some(compressed);
    }
    let name = headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
    // A namespace may follow the name.
    let name = name.map(|name| name.split(':').next().unwrap_or_default());
    match (name, body.trim().is_empty()) {
        (Some(name), true) => Some(name.to_owned()),
        (None, true) => None,
        (Some(name), false) => {
            let says = says.to_string();
            Some(if says.contains(name) {
                says
            } else {
                format!("{says} ({name})")
            })
        }
        (None, false) => Some(says.to_string()),
    }
}

/// What to do about a status, as far as the answer tells.
pub(crate) fn advice(status: StatusCode, headers: &HeaderMap) -> String {
    match status {
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => format!("; {}", credentials_wanted(false)),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            let when = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            match when.map(str::trim) {
                Some(seconds) if seconds.parse::<u64>().is_ok() => format!("; it asks to wait {seconds} s"),
                // A date of HTTP has 29 characters.
                Some(date) if !date.is_empty() && date.len() <= 32 => format!("; it asks to wait until {date}"),
                _ => String::new(),
            }
        }
        _ => String::new(),
    }
}

/// Says that an answer is compressed: no request asks for that, and what is left of it as text tells nothing.
fn compression(headers: &HeaderMap) -> Option<String> {
    let coding = headers.get(CONTENT_ENCODING)?.to_str().ok()?.trim();
    let is_name = coding.len() <= 32 && !coding.is_empty() && !coding.eq_ignore_ascii_case("identity");
    is_name.then(|| format!("the answer is {coding}-compressed, which was not asked for"))
}
