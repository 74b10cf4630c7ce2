use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use gqlwire_proto::incremental::Merger;
use http::HeaderName;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

use super::recording::{
    Answer, Body, End, Event, Execute, Failure, HIDDEN, Head, How, Line, Request, Subscribe, VERSION, chosen,
};
use crate::transport::{EventSource, Outcome, RawEvent, RawIncremental, RawRequest, RawResponse, Transport};
use crate::{Counters, Error, ErrorKind, SessionState};

/// A [`Transport`] around another one, that writes down what passes: for [`Replay`](super::Replay), or to look at.
///
/// Documents, variables, answers, events and errors are written, with their times; headers are not, unless they are
/// [chosen](Self::keeping_header), and credentials never come this far. What variables and answers hold stands in the file
/// as it is: [`hiding_variable`](Self::hiding_variable) takes out what must not.
///
/// Files that are uploaded are not recorded, only their places. Each line is in the file as soon as it is written. A file that cannot be written fails no call, which has perhaps been
/// executed: [`finish`](Self::finish) tells. An answer in pieces is recorded as the whole that they add up to, once it is
/// there; one that is abandoned before is not.
///
/// ```no_run
/// # async fn example(client: gqlwire::Client) -> Result<(), gqlwire::Error> {
/// use gqlwire::Client;
/// use gqlwire::testing::Recorder;
///
/// let recorder = Recorder::around(client.transport(), "tests/hello.jsonl")?;
/// let client = Client::with_transport(recorder.clone());
/// client.execute("{ hello }").await?;
/// recorder.finish()
/// # }
/// ```
///
/// # The file
///
/// It is JSON Lines. The first line is `{"gqlwire_recording":1}`, the version. Then comes a line for each `execute` and each
/// `subscribe` when it has been answered, and for each `event` and the `end` of a subscription:
///
/// ```text
/// {"execute":{"at":0.4,"took":12.7,"request":{"kind":"query","body":{"query":"{ hello }"}},"answer":{"status":200,"body":{"json":{"data":{"hello":"you"}}}}}}
/// {"subscribe":{"id":1,"at":20.3,"took":3.0,"request":{"kind":"subscription","body":{"query":"subscription { said }"}}}}
/// {"event":{"of":1,"at":25.1,"next":{"json":{"data":{"said":"hello"}}}}}
/// {"end":{"of":1,"at":31.9,"how":"completed"}}
/// ```
///
/// Times are milliseconds, `at` since the recording began.
#[derive(Clone)]
pub struct Recorder {
    inner: Arc<dyn Transport>,
    log: Arc<Log>,
    headers: Vec<HeaderName>,
    hidden: Vec<String>,
}

struct Log {
    began: Instant,
    subscriptions: AtomicU64,
    file: Mutex<LogFile>,
}

struct LogFile {
    to: Box<dyn Write + Send>,
    failed: Option<Error>,
}

impl Recorder {
    /// Records what passes through a transport, [a client's](crate::Client::transport) for example, to a new file in place of
    /// one that may be there.
    ///
    /// # Errors
    ///
    /// The file cannot be created.
    pub fn around(inner: impl Transport, path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let file = File::create(path).map_err(|error| {
            let message = format!("the recording {} cannot be created: {error}", path.display());
            Error::new(ErrorKind::Config, message).with_source(error)
        })?;
        let recorder = Self::around_to(inner, BufWriter::new(file));
        recorder.finish()?;
        Ok(recorder)
    }

    /// The same, to anything that can be written to.
    pub fn around_to(inner: impl Transport, to: impl Write + Send + 'static) -> Self {
        let log = Log {
            began: Instant::now(),
            subscriptions: AtomicU64::new(0),
            file: Mutex::new(LogFile {
                to: Box::new(to),
                failed: None,
            }),
        };
        log.write(&Head {
            gqlwire_recording: VERSION,
        });
        Self {
            inner: Arc::new(inner),
            log: Arc::new(log),
            headers: Vec::new(),
            hidden: Vec::new(),
        }
    }

    /// Records the header of this name too, of calls and of answers. A name that headers cannot have is that of none.
    #[must_use]
    pub fn keeping_header(mut self, name: impl AsRef<str>) -> Self {
        self.headers.extend(HeaderName::from_bytes(name.as_ref().as_bytes()));
        self
    }

    /// Writes `[hidden]` in place of each variable, or member of one, that has this name. A replay takes whatever comes there
    /// for the same.
    #[must_use]
    pub fn hiding_variable(mut self, name: impl Into<String>) -> Self {
        self.hidden.push(name.into());
        self
    }

    /// Whether everything so far has been written.
    ///
    /// # Errors
    ///
    /// The file could not be written: the recording is not whole.
    pub fn finish(&self) -> Result<(), Error> {
        let file = self.log.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.failed.clone().map_or(Ok(()), Err)
    }

    fn request(&self, request: &RawRequest) -> Request {
        let mut recorded = Request::of(request);
        recorded.headers = chosen(request.headers(), &self.headers);
        for body in std::iter::once(&mut recorded.body).chain(&mut recorded.catch_up) {
            if let Some(variables) = body.get_mut("variables") {
                self.hide(variables);
            }
        }
        recorded
    }

    fn executed(&self, at: f64, request: &RawRequest, outcome: &Outcome) {
        let mut line = Execute {
            at,
            took: rounded(self.log.now() - at),
            request: self.request(request),
            answer: None,
            error: None,
        };
        match outcome {
            Ok(answer) => {
                line.answer = Some(Answer {
                    status: answer.status.as_u16(),
                    headers: chosen(&answer.headers, &self.headers),
                    body: Body::of(&answer.body),
                });
            }
            Err(error) => line.error = Some(Failure::of(error, &self.headers)),
        }
        self.log.write(&Line::Execute(line));
    }

    fn hide(&self, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide(item)),
            Value::Object(members) => members.iter_mut().for_each(|(name, member)| {
                if self.hidden.contains(name) {
                    *member = HIDDEN.into();
                } else {
                    self.hide(member);
                }
            }),
            _ => {}
        }
    }
}

impl Transport for Recorder {
    fn execute<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<RawResponse, Error>> {
        Box::pin(async move {
            let at = self.log.now();
            let outcome = self.inner.execute(request).await;
            self.executed(at, request, &outcome);
            outcome
        })
    }

    fn incremental(&self, request: RawRequest) -> BoxFuture<'_, Result<RawIncremental, Error>> {
        Box::pin(async move {
            let at = self.log.now();
            let answer = match self.inner.incremental(request.clone()).await {
                Ok(answer) => answer,
                Err(error) => {
                    self.executed(at, &request, &Err(error.clone()));
                    return Err(error);
                }
            };
            let RawIncremental {
                status,
                headers,
                payloads,
            } = answer;
            let whole = RawResponse {
                status,
                headers: headers.clone(),
                body: String::new(),
            };
            let answer = GrowingAnswer {
                recorder: self.clone(),
                request,
                at,
                // The transport bounds what it reads.
                merger: Merger::new(usize::MAX),
                whole: Some(whole),
            };
            let payloads = Box::new(RecordedPieces {
                inner: payloads,
                answer,
            });
            Ok(RawIncremental {
                status,
                headers,
                payloads,
            })
        })
    }

    /// Each of a batch is a call of its own in the recording.
    fn execute_batch<'a>(&'a self, requests: &'a [RawRequest]) -> BoxFuture<'a, Result<Vec<Outcome>, Error>> {
        Box::pin(async move {
            let at = self.log.now();
            let outcomes = self.inner.execute_batch(requests).await;
            match &outcomes {
                Ok(outcomes) => {
                    let each = requests.iter().zip(outcomes);
                    each.for_each(|(request, outcome)| self.executed(at, request, outcome));
                }
                Err(error) => {
                    let failed = Err(error.clone());
                    requests.iter().for_each(|request| self.executed(at, request, &failed));
                }
            }
            outcomes
        })
    }

    fn takes_uploads(&self) -> bool {
        self.inner.takes_uploads()
    }

    fn subscribe(&self, request: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>> {
        Box::pin(async move {
            let at = self.log.now();
            let recorded = self.request(&request);
            let outcome = self.inner.subscribe(request).await;
            let id = self.log.subscriptions.fetch_add(1, Ordering::Relaxed) + 1;
            self.log.write(&Line::Subscribe(Subscribe {
                id,
                at,
                took: rounded(self.log.now() - at),
                request: recorded,
                error: outcome.as_ref().err().map(|error| Failure::of(error, &self.headers)),
            }));
            let source = RecordedSource {
                inner: outcome?,
                record: Record {
                    log: Arc::clone(&self.log),
                    id,
                    ended: false,
                },
            };
            Ok(Box::new(source) as Box<dyn EventSource>)
        })
    }

    fn catches_up(&self) -> bool {
        self.inner.catches_up()
    }

    fn state(&self) -> Option<watch::Receiver<SessionState>> {
        self.inner.state()
    }

    fn counters(&self) -> BoxFuture<'_, Option<Counters>> {
        self.inner.counters()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("inner", &self.inner)
            .field("headers", &self.headers)
            .field("hidden", &self.hidden)
            .finish_non_exhaustive()
    }
}

impl Log {
    /// Milliseconds since the recording began.
    fn now(&self) -> f64 {
        rounded(self.began.elapsed().as_secs_f64() * 1000.0)
    }

    fn write(&self, line: &impl Serialize) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.failed.is_some() {
            return;
        }
        let written = serde_json::to_vec(line)
            .map_err(std::io::Error::from)
            .and_then(|mut text| {
                text.push(b'\n');
                file.to.write_all(&text)?;
                file.to.flush()
            });
        if let Err(error) = written {
            tracing::warn!(%error, "the recording cannot be written, and ends here");
            let message = format!("the recording cannot be written: {error}");
            file.failed = Some(Error::new(ErrorKind::Config, message).with_source(error));
        }
    }
}

/// To the microsecond: more is noise.
fn rounded(ms: f64) -> f64 {
    (ms * 1000.0).round() / 1000.0
}

/// The time that a recorded number of milliseconds is.
pub(super) fn duration(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1000.0).unwrap_or_default()
}

struct RecordedPieces {
    inner: Box<dyn EventSource>,
    answer: GrowingAnswer,
}

/// An answer in pieces, which is written down when it is whole.
struct GrowingAnswer {
    recorder: Recorder,
    request: RawRequest,
    at: f64,
    merger: Merger,
    /// The answer without its body; `None` once it has been written.
    whole: Option<RawResponse>,
}

impl GrowingAnswer {
    fn piece(&mut self, text: &str) {
        // What does not fit is told to the caller by its own merger.
        if self.merger.push(text).is_ok_and(|payload| !payload.has_next)
            && let Some(mut whole) = self.whole.take()
        {
            whole.body = self.merger.to_json();
            self.recorder.executed(self.at, &self.request, &Ok(whole));
        }
    }

    fn failed(&mut self, error: &Error) {
        if self.whole.take().is_some() {
            self.recorder.executed(self.at, &self.request, &Err(error.clone()));
        }
    }
}

impl EventSource for RecordedPieces {
    fn poll_event<'s>(&'s mut self, cx: &mut Context<'_>) -> Poll<Option<Result<RawEvent<'s>, Error>>> {
        let next = self.inner.poll_event(cx);
        match &next {
            Poll::Ready(Some(Ok(RawEvent::Next(text)))) => self.answer.piece(text),
            Poll::Ready(Some(Err(error))) => self.answer.failed(error),
            Poll::Ready(Some(Ok(_)) | None) | Poll::Pending => {}
        }
        next
    }

    fn stop(&mut self) {
        self.inner.stop();
    }
}

impl fmt::Debug for RecordedPieces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedPieces")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

struct RecordedSource {
    inner: Box<dyn EventSource>,
    record: Record,
}

/// The place of one subscription in the recording.
struct Record {
    log: Arc<Log>,
    id: u64,
    ended: bool,
}

impl Record {
    fn event(&self, event: &RawEvent<'_>) {
        let mut line = Event {
            of: self.id,
            at: self.log.now(),
            ..Event::default()
        };
        match event {
            RawEvent::Next(text) => line.next = Some(Body::of(text)),
            RawEvent::Snapshot(text) => line.snapshot = Some(Body::of(text)),
            RawEvent::Gap(gap) => line.gap = Some(gap.into()),
            RawEvent::Dropped(dropped) => line.dropped = Some(dropped.into()),
        }
        self.log.write(&Line::Event(line));
    }

    fn end(&mut self, how: How, error: Option<&Error>) {
        if !std::mem::replace(&mut self.ended, true) {
            self.log.write(&Line::End(End {
                of: self.id,
                at: self.log.now(),
                how,
                error: error.map(|error| Failure::of(error, &[])),
            }));
        }
    }
}

impl EventSource for RecordedSource {
    fn poll_event<'s>(&'s mut self, cx: &mut Context<'_>) -> Poll<Option<Result<RawEvent<'s>, Error>>> {
        let next = self.inner.poll_event(cx);
        match &next {
            Poll::Pending => {}
            Poll::Ready(Some(Ok(event))) => self.record.event(event),
            Poll::Ready(Some(Err(error))) => self.record.end(How::Failed, Some(error)),
            Poll::Ready(None) => self.record.end(How::Completed, None),
        }
        next
    }

    fn stop(&mut self) {
        self.record.end(How::Stopped, None);
        self.inner.stop();
    }
}

impl Drop for RecordedSource {
    fn drop(&mut self) {
        self.record.end(How::Stopped, None);
    }
}

impl fmt::Debug for RecordedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedSource")
            .field("inner", &self.inner)
            .field("id", &self.record.id)
            .finish_non_exhaustive()
    }
}
