use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::{Error, ErrorKind};

/// How long the bytes of an answer may stay away.
#[derive(Clone, Copy, Debug)]
pub(super) enum Silence {
    /// So long at any time.
    Limited(Duration),
    /// So long, once the server has shown that it sends heartbeats.
    AfterHeartbeat(Duration),
}

/// The bytes of an answer as they come, and the silence between them.
pub(super) struct Incoming {
    body: reqwest::Body,
    silence: Silence,
    /// Since when nothing has come although it was asked for. A consumer that asks for nothing hears nothing, and that
    /// is not the server's silence.
    waiting_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
    /// When the last byte came.
    last: SystemTime,
}

impl Incoming {
    pub(super) fn new(response: reqwest::Response, silence: Silence) -> Self {
        Self {
            body: http::Response::from(response).into_body(),
            silence,
            waiting_since: None,
            timer: None,
            last: SystemTime::now(),
        }
    }

    /// When the last byte came, the headers' included.
    pub(super) fn last(&self) -> SystemTime {
        self.last
    }

    /// Notes that a heartbeat came.
    pub(super) fn beats(&mut self) {
        if let Silence::AfterHeartbeat(limit) = self.silence {
            self.silence = Silence::Limited(limit);
        }
    }

    /// The next bytes; `None` at the end.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            match self.body.frame().poll_unpin(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    self.waiting_since = None;
                    // Trailers say nothing here.
                    if let Ok(bytes) = frame.into_data()
                        && !bytes.is_empty()
                    {
                        self.last = SystemTime::now();
                        return Poll::Ready(Some(Ok(bytes)));
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    let error = error.without_url();
                    let broke = Error::new(ErrorKind::Disconnected, "the stream broke off");
                    return Poll::Ready(Some(Err(broke.with_source(error))));
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => {
                    let limit = ready!(self.poll_silence(cx));
                    let message = format!("the stream was silent for {limit:?}");
                    return Poll::Ready(Some(Err(Error::new(ErrorKind::Timeout, message))));
                }
            }
        }
    }

    /// Ready when the silence has lasted too long. The timer runs on while bytes come, and is set anew only when it goes
    /// off: streams have many bytes and few silences.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Duration> {
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        let Silence::Limited(limit) = self.silence else {
            return Poll::Pending;
        };
        let deadline = since + limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        loop {
            ready!(timer.poll_unpin(cx));
            if Instant::now() >= deadline {
                return Poll::Ready(limit);
            }
            timer.as_mut().reset(deadline);
        }
    }
}
