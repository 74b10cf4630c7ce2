use gqlwire_proto::{GraphQLError, Response};
use http::StatusCode;
use http::header::{CONTENT_ENCODING, RETRY_AFTER};
use serde_json::value::RawValue;

use super::Shown;
use crate::redact::Secrets;
use crate::transport::RawResponse;
use crate::{Error, ErrorKind};

/// Reads a body of at most `limit` bytes as text.
pub(crate) async fn read_body(response: reqwest::Response, limit: usize) -> Result<String, Error> {
    let body = read_bytes(response, limit).await?;
    Ok(String::from_utf8(body).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// Reads a body of at most `limit` bytes.
pub(crate) async fn read_bytes(mut response: reqwest::Response, limit: usize) -> Result<Vec<u8>, Error> {
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
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > limit => return Err(too_long()),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) => {
                let message = format!("the answer broke off after {} bytes", body.len());
                return Err(Error::new(ErrorKind::Disconnected, message).with_source(error.without_url()));
            }
        }
    }
}

/// Tells a GraphQL response from everything else that servers and the boxes in front of them answer with.
///
/// The status decides only where it says something that a response cannot: refused credentials, throttling, a broken
/// server. A 400 with GraphQL errors is what GraphQL over HTTP prescribes for a document that does not validate, and
/// reaches the caller like any other response.
pub(crate) fn judge(mut answer: RawResponse, url: &Shown, secrets: &Secrets) -> Result<RawResponse, Error> {
    match verdict(&answer, url) {
        Err(_) if secrets.occur_in(&answer.body) => {
            secrets.redact(&mut answer.body);
            verdict(&answer, url)?;
            Ok(answer)
        }
        verdict => verdict.map(|()| answer),
    }
}

fn verdict(answer: &RawResponse, url: &Shown) -> Result<(), Error> {
    let status = answer.status;
    let refused = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
    let error = match Response::<Box<RawValue>>::from_json(&answer.body) {
        Ok(response) if status.is_success() || response.data.is_some() => return Ok(()),
        Ok(response) => {
            let kind = match status {
                _ if refused => ErrorKind::Auth,
                StatusCode::TOO_MANY_REQUESTS => ErrorKind::Status,
                _ if status.is_server_error() => ErrorKind::Status,
                _ => return Ok(()),
            };
            let message = format!(
                "{url} answered {status}: {}{}",
                first(&response.errors),
                retry_after(answer)
            );
            Error::new(kind, message).with_errors(response.errors)
        }
        Err(_) if let Some(compressed) = compressed(answer) => {
            let kind = if refused { ErrorKind::Auth } else { ErrorKind::Protocol };
            let error = Error::new(kind, format!("{url} answered {status}: {compressed}"));
            return Err(error.with_answer(status, answer.headers.clone()).after_sending());
        }
        Err(odd) if status.is_success() => Error::from(odd)
            .prefixed(&format!("{url} answered {status}"))
            .after_sending(),
        Err(odd) => {
            let kind = if refused { ErrorKind::Auth } else { ErrorKind::Status };
            let message = format!(
                "{url} answered {status}: {}{}",
                odd_body(answer, &odd),
                retry_after(answer)
            );
            Error::new(kind, message)
        }
    };
    let error = error
        .with_body(&answer.body)
        .with_answer(status, answer.headers.clone());
    // A gateway that gave up, or a server that broke, may have executed the request all the same.
    let may_have_run = status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE;
    Err(if may_have_run { error.after_sending() } else { error })
}

fn first(errors: &[GraphQLError]) -> String {
    match errors {
        [] => "no reason given".to_owned(),
        [only] => only.to_string(),
        [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
    }
}

/// When the server wants to be asked again, if it says so.
fn retry_after(answer: &RawResponse) -> String {
    let after = answer.headers.get(RETRY_AFTER).and_then(|after| after.to_str().ok());
    match after {
        Some(seconds) if seconds.bytes().all(|byte| byte.is_ascii_digit()) => format!("; try again in {seconds} s"),
        Some(date) => format!("; try again after {date}"),
        None => String::new(),
    }
}

/// What a proxy compressed without being asked cannot be read, and looks like anything but what it is.
fn compressed(answer: &RawResponse) -> Option<String> {
    let encoding = answer.headers.get(CONTENT_ENCODING)?.to_str().ok()?;
    (encoding != "identity").then(|| format!("the answer is compressed ({encoding}), which was not asked for"))
}

/// AWS front ends name the error in a header and may leave the body empty.
fn odd_body(answer: &RawResponse, odd: &gqlwire_proto::ResponseError) -> String {
    let header = answer
        .headers
        .get("x-amzn-errortype")
        .and_then(|value| value.to_str().ok());
    match (header, answer.body.trim().is_empty()) {
        (Some(name), true) => name.to_owned(),
        (Some(name), false) => format!("{odd} ({name})"),
        (None, true) => "the body is empty".to_owned(),
        (None, false) => odd.to_string(),
    }
}
