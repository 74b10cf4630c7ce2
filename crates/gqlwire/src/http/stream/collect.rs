use std::future::poll_fn;

use gqlwire_proto::incremental::Merger;

use super::StreamKind;
use super::incoming::Silence;
use super::messages::{Content, Messages, Said};
use crate::http::HttpOptions;
use crate::incremental::of_incremental;
use crate::{Error, ErrorKind};

/// Reads an answer in pieces to its end, and puts it together.
pub(crate) async fn collect(
    response: reqwest::Response,
    kind: StreamKind,
    options: &HttpOptions,
) -> Result<String, Error> {
    let silence = Silence::Limited(options.timeout);
    let mut messages = Messages::new(response, &kind, Content::Pieces, silence, options.max_body);
    let mut merger = Merger::new(options.max_body);
    while merger.has_next() {
        match poll_fn(|cx| messages.poll(cx)).await {
            Said::Next => {
                merger.push(messages.text()).map_err(of_incremental)?;
            }
            Said::Complete if !merger.has_begun() => {
                return Err(Error::new(
                    ErrorKind::Protocol,
                    "the stream is complete and had no result",
                ));
            }
            Said::Complete => {
                let what = "the stream is complete although more was announced";
                return Err(Error::new(ErrorKind::Protocol, what));
            }
            Said::Lost(error) | Said::Failed(error) => return Err(error),
        }
    }
    Ok(merger.to_json())
}
