use std::task::{Context, Poll, ready};

use super::messages::{Messages, Said};
use super::open::{Opened, Wanted};
use crate::http::HttpTransport;
use crate::transport::{EventSource, OnePayload, RawEvent, RawIncremental, RawRequest};
use crate::{Error, ErrorKind};

impl HttpTransport {
    /// Runs a query or a mutation whose answer may come in pieces.
    pub(in crate::http) async fn pieces(&self, request: RawRequest) -> Result<RawIncremental, Error> {
        crate::runtime::current()?;
        let request = self.named_alone(request)?;
        let mut wanted = Wanted::Pieces;
        match self.open_first(&request, &mut wanted).await? {
            Opened::Stream(messages, head) => Ok(RawIncremental {
                status: head.status,
                headers: head.headers,
                payloads: Box::new(Pieces {
                    messages: Some(messages),
                    left: self.options.max_body,
                }),
            }),
            Opened::Whole(answer) => Ok(RawIncremental {
                status: answer.status,
                headers: answer.headers,
                payloads: Box::new(OnePayload(Some(answer.body), String::new())),
            }),
            Opened::Nothing => Err(nothing(&self.shown)),
        }
    }
}

pub(super) fn nothing(shown: &dyn std::fmt::Display) -> Error {
    let message = format!("{shown} answered 204 No Content, which is no answer to an operation");
    Error::new(ErrorKind::Protocol, message)
}

/// The payloads of one answer. One that breaks off is not asked for again: it may have been executed.
#[derive(Debug)]
struct Pieces {
    messages: Option<Box<Messages>>,
    /// How many bytes of payloads may yet come.
    left: usize,
}

impl EventSource for Pieces {
    fn poll_event<'s>(&'s mut self, cx: &mut Context<'_>) -> Poll<Option<Result<RawEvent<'s>, Error>>> {
        let Some(messages) = &mut self.messages else {
            return Poll::Ready(None);
        };
        let error = match ready!(messages.poll(cx)) {
            Said::Next => match self.left.checked_sub(messages.text().len()) {
                Some(left) => {
                    self.left = left;
                    return Poll::Ready(
                        self.messages
                            .as_ref()
                            .map(|messages| Ok(RawEvent::Next(messages.text()))),
                    );
                }
                None => Error::new(
                    ErrorKind::Protocol,
                    "the pieces of the answer are longer together than an answer may be: raise `max_response_size` if that \
                     is right",
                ),
            },
            Said::Complete => {
                self.messages = None;
                return Poll::Ready(None);
            }
            Said::Lost(error) | Said::Failed(error) => error,
        };
        self.messages = None;
        Poll::Ready(Some(Err(error.after_sending())))
    }

    fn stop(&mut self) {
        self.messages = None;
    }
}
