//! Queries and mutations on the stream that all share.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use gqlwire_proto::incremental::Merger;
use http::StatusCode;
use serde_json::json;

use super::{Capacity, Lasting, SharedSource};
use crate::http::HttpTransport;
use crate::http::stream::Carrier;
use crate::incremental::of_incremental;
use crate::transport::{RawEvent, RawRequest, RawResponse};
use crate::{Error, ErrorKind, Overflow};

impl HttpTransport {
    /// Whether this request is answered on the stream that all share. Files do not go there: their request is a form.
    pub(in crate::http) fn shares_stream(&self, request: &RawRequest) -> bool {
        let options = &self.options;
        options.streams.carries_requests
            && options.streams.carrier == Carrier::SingleConnection
            && !options.posts_only
            && request.batch.is_none()
            && !request.has_uploads()
    }

    /// One attempt. Dropped before it is ready, it tells the server that the answer is not wanted any more.
    pub(in crate::http) async fn shared_answer(&self, request: &RawRequest) -> Result<RawResponse, Error> {
        let waiting = format!("waiting for the stream of events of {}", self.shown);
        request.progress.before_sending(waiting);
        let limit = self.options.max_body;
        let capacity = Capacity {
            messages: usize::MAX,
            bytes: limit,
            overflow: Overflow::Fail,
        };
        let mut source = match self.share(&Arc::new(request.clone()), capacity, Lasting::Once).await {
            Ok(source) => source,
            Err(error) => return answered(error),
        };
        let mut merger = Merger::new(limit);
        poll_fn(|cx| source.poll_answer(&mut merger, cx)).await?;
        Ok(RawResponse::new(merger.to_json()))
    }
}

impl SharedSource {
    /// Reads until the server has completed the operation: one that is dropped before that is stopped with a request.
    fn poll_answer(&mut self, merger: &mut Merger, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            let is_whole = merger.has_begun() && !merger.has_next();
            let error = match ready!(self.events.poll_event(cx)) {
                Some(Ok(RawEvent::Next(text))) if !is_whole => match merger.push(text) {
                    Ok(_) => continue,
                    Err(error) => of_incremental(error),
                },
                Some(Ok(_)) => continue,
                Some(Err(_)) | None if is_whole => return Poll::Ready(Ok(())),
                Some(Err(error)) => error,
                None if merger.has_begun() => {
                    let what = "the operation is complete although more was announced";
                    Error::new(ErrorKind::Protocol, what)
                }
                None => Error::new(ErrorKind::Protocol, "the operation is complete and had no result"),
            };
            return Poll::Ready(Err(error.after_sending()));
        }
    }
}

/// GraphQL errors in place of an acknowledgement are an answer, as over plain HTTP.
fn answered(error: Error) -> Result<RawResponse, Error> {
    if error.kind() != ErrorKind::GraphQL || error.errors().is_empty() {
        return Err(error);
    }
    Ok(RawResponse {
        status: error.status().unwrap_or(StatusCode::OK),
        headers: error.headers().clone(),
        body: json!({"errors": error.errors()}).to_string(),
    })
}
