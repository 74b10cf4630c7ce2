use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use tokio::time::timeout;

use super::answer::{self, Answer};
use crate::limits::Limits;

/// The whole body, if it is small enough and comes in time.
pub(super) async fn read(body: Incoming, limits: &Limits) -> Result<Bytes, Answer> {
    let collected = timeout(limits.body_deadline, Limited::new(body, limits.body_bytes).collect()).await;
    match collected {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(answer::bad_request(
            StatusCode::PAYLOAD_TOO_LARGE,
            &format!("The request body is larger than {} bytes.", limits.body_bytes),
        )),
        Ok(Err(error)) => {
            tracing::debug!(%error, "the request body broke off");
            Err(answer::bad_request(
                StatusCode::BAD_REQUEST,
                "The request body is not complete.",
            ))
        }
        Err(_) => Err(answer::bad_request(
            StatusCode::REQUEST_TIMEOUT,
            &format!("The request body was not complete after {:?}.", limits.body_deadline),
        )),
    }
}
