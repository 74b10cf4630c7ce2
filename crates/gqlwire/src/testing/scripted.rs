use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use gqlwire_proto::scan::OperationKind;
use tokio::sync::watch;

use super::expect::Answer;
use super::source::ScriptedSource;
use super::{Call, Expect, sleep};
use crate::transport::{EventSource, RawRequest, RawResponse, Transport};
use crate::{Client, Error};

/// A server that answers what it expects, and fails what it does not: a [`Transport`].
///
/// A call takes the first of the expectations that it fits and that is not used up. Clones are the same server: one for the
/// client, one for the test to ask. It runs catch-ups by asking itself, and so expects their queries like any other.
#[derive(Clone, Default)]
pub struct Scripted {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    script: Mutex<Script>,
    /// Its value is of no meaning: a change ends every subscription.
    closing: watch::Sender<()>,
}

#[derive(Default)]
struct Script {
    expected: Vec<Expected>,
    in_order: bool,
    calls: Vec<Call>,
    unexpected: Vec<Call>,
}

struct Expected {
    expect: Expect,
    met: u64,
}

impl Expected {
    fn is_used_up(&self) -> bool {
        self.expect.times.is_some_and(|times| self.met >= times)
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expect.fmt(f)?;
        match self.expect.times {
            Some(times) => write!(f, " ({} of {times} calls came)", self.met),
            None => write!(f, " (any number of times)"),
        }
    }
}

impl Scripted {
    /// A server that expects nothing, yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Expects a call, after what it expects already. On a clone it adds to a running server.
    #[must_use]
    pub fn expect(self, expect: Expect) -> Self {
        self.lock().expected.push(Expected { expect, met: 0 });
        self
    }

    /// Takes calls only in the order in which they are expected.
    #[must_use]
    pub fn in_order(self) -> Self {
        self.lock().in_order = true;
        self
    }

    /// A client of this server.
    pub fn client(&self) -> Client {
        Client::with_transport(self.clone())
    }

    /// Every call so far, in the order in which they came, unexpected ones among them.
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// Whether everything came that was expected, and nothing else. Also what the program swallowed is told here.
    ///
    /// # Errors
    ///
    /// One that lists each call that did not come, and each that was not expected.
    pub fn verify(&self) -> Result<(), Error> {
        let script = self.lock();
        let missing = script.expected.iter().filter(|expected| {
            let times = expected.expect.times.unwrap_or_default();
            expected.met < times
        });
        let missing = missing.map(|expected| format!("\n- did not come: {expected}"));
        let unexpected = script.unexpected.iter();
        let unexpected = unexpected.map(|call| format!("\n- was not expected: {call}"));
        let complaints: String = missing.chain(unexpected).collect();
        if complaints.is_empty() {
            return Ok(());
        }
        Err(Error::request(format!(
            "the scripted server was not asked what it expected:{complaints}"
        )))
    }

    /// Finds what a call is answered with.
    fn take(&self, call: &Call) -> Result<(Duration, Answer), Error> {
        let mut script = self.lock();
        script.calls.push(call.clone());
        let in_order = script.in_order;
        let mut open = script.expected.iter_mut().filter(|expected| !expected.is_used_up());
        let found = if in_order {
            // What may come any number of times may also be passed over.
            let mut turn = None;
            for expected in open {
                if expected.expect.matches(call) {
                    turn = Some(expected);
                    break;
                }
                if expected.expect.times.is_some() {
                    break;
                }
            }
            turn
        } else {
            open.find(|expected| expected.expect.matches(call))
        };
        if let Some(expected) = found {
            expected.met += 1;
            return Ok((expected.expect.delay, expected.expect.answer.clone()));
        }
        script.unexpected.push(call.clone());
        Err(script.unexpected_call(call))
    }

    async fn answer(&self, request: &RawRequest) -> Result<RawResponse, Error> {
        let call = Call::of(request);
        let (delay, answer) = self.take(&call)?;
        sleep(delay).await?;
        match answer {
            Answer::Response(response) => Ok(response),
            Answer::Compute(compute) => compute(&call).map(|response| RawResponse::new(response.to_string())),
            Answer::Fail(error) => Err(error),
            Answer::Never => std::future::pending().await,
            Answer::Events(_) => Err(Error::request(format!(
                "{call} was scripted to yield events, and is no subscription"
            ))),
            Answer::Missing => Err(without_answer(&call)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Script> {
        self.shared.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Script {
    fn unexpected_call(&self, call: &Call) -> Error {
        let expected: String = self.expected.iter().map(|expected| format!("\n- {expected}")).collect();
        let expected = match (self.expected.is_empty(), self.in_order) {
            (true, _) => "nothing was".to_owned(),
            (false, false) => format!("what was:{expected}"),
            (false, true) => format!("what was, in this order:{expected}"),
        };
        Error::request(format!("{call} was not expected; {expected}"))
    }
}

fn without_answer(call: &Call) -> Error {
    Error::request(format!(
        "{call} was expected without an answer: give the `Expect` one, by `data`, `answers`, `events`, `fails`"
    ))
}

impl Transport for Scripted {
    fn execute<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<RawResponse, Error>> {
        Box::pin(self.answer(request))
    }

    fn subscribe(&self, request: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>> {
        Box::pin(async move {
            let call = Call::of(&request);
            if call.kind != OperationKind::Subscription {
                return Err(Error::request(format!("{call} is not a subscription: use `execute`")));
            }
            let (delay, answer) = self.take(&call)?;
            sleep(delay).await?;
            match answer {
                Answer::Events(events) => {
                    let catch_up = request.catch_up().cloned().map(|query| {
                        let server = self.clone();
                        let ask = move || {
                            let (server, query) = (server.clone(), query.clone());
                            Box::pin(async move { server.answer(&query).await }) as BoxFuture<'static, _>
                        };
                        Box::new(ask) as Box<dyn Fn() -> BoxFuture<'static, _> + Send>
                    });
                    let source = ScriptedSource::new(events, catch_up, call.stop_mark(), &self.shared.closing);
                    Ok(Box::new(source) as Box<dyn EventSource>)
                }
                Answer::Fail(error) => Err(error),
                Answer::Never => std::future::pending().await,
                Answer::Response(_) | Answer::Compute(_) => Err(Error::request(format!(
                    "{call} was scripted to be answered once: give the `Expect` its `events`"
                ))),
                Answer::Missing => Err(without_answer(&call)),
            }
        })
    }

    /// Files are not read.
    fn takes_uploads(&self) -> bool {
        true
    }

    fn catches_up(&self) -> bool {
        true
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.shared.closing.send_replace(());
        Box::pin(async {})
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let script = self.lock();
        f.debug_struct("Scripted")
            .field(
                "expected",
                &script.expected.iter().map(ToString::to_string).collect::<Vec<_>>(),
            )
            .field("calls", &script.calls.len())
            .finish_non_exhaustive()
    }
}
