//! Answers that come in pieces, because the document says `@defer` or `@stream`.

use std::time::Duration;

use futures_util::StreamExt;
use gqlwire::{Client, Error, ErrorKind, Request, Response};

use crate::run::Raw;

/// Whether an answer to this document may come in pieces. A comment that speaks of it does no harm: then the answer is
/// one piece.
pub(crate) fn may_come(document: &str) -> bool {
    ["@defer", "@stream"]
        .iter()
        .any(|directive| document.contains(directive))
}

/// Runs a query or a mutation, and hands out what its answer is so far; what it is in the end is returned.
pub(crate) async fn run(
    client: &Client,
    request: Request<Raw>,
    limit: Duration,
    mut so_far: impl FnMut(&Response<Raw>),
) -> Result<Response<Raw>, Error> {
    let mut answer = client.incremental(request).timeout(limit).await?;
    while let Some(increment) = answer.next().await {
        let increment = increment?;
        if !increment.has_next {
            return Ok(increment.response);
        }
        so_far(&increment.response);
    }
    Err(Error::new(
        ErrorKind::Protocol,
        "the server ended the answer before it had begun",
    ))
}
