//! Subscriptions: one line for each event, until they end or somebody ends them.
//!
//! ```text
//!  refused, or no answer ───────────────────────────────────────────────▶ 4, 5, 6
//!  acknowledged ─▶ event ─▶ event ─▶ … ─┬─ complete, --count, --for ────▶ 0, or 3 if an event had errors
//!                                       ├─ the reader of stdout is gone ▶ 0
//!                                       ├─ Ctrl-C, SIGTERM, SIGHUP ─────▶ 130
//!                                       └─ an error ────────────────────▶ 8
//! ```
//!
//! Several of them share a client, and its connection. If one is refused at the start, all end: a script must not take
//! half of what it asked for to be the whole. Once they run, one that ends leaves the others alone, and the exit code is
//! the worst of them all. `--count` counts the lines of all; `--for` begins when the last of them is acknowledged.
//!
//! A connection that is lost is no error, unless the user says so: the subscriptions go on over another one, and a line
//! on stderr, or with `--meta` on stdout, says how much may be missing.

use std::future::ready;
use std::ops::ControlFlow;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{LocalBoxStream, SelectAll, select_all};
use gqlwire::{Client, Dropped, Error, GraphQLError, Request, Response};
use tokio::time::{Instant, sleep_until};

use crate::connection::Connection;
use crate::exit::Exit;
use crate::failure::{Failure, Phase};
use crate::follow::{Happening, follow};
use crate::lines::{self, Form};
use crate::notices::Notices;
use crate::operations::Operation;
use crate::output::{Reader, Stdout};
use crate::report;
use crate::run::{Raw, show};
use crate::signals::Interrupts;
use crate::status::StatusLine;

/// When to end subscriptions that do not end by themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) count: Option<u64>,
    /// Counted from the acknowledgement.
    pub(crate) duration: Option<Duration>,
}

impl Bounds {
    pub(crate) fn any(&self) -> bool {
        self.count.is_some() || self.duration.is_some()
    }
}

/// What goes for all subscriptions together.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) bounds: Bounds,
    /// The query that each of them catches up with.
    pub(crate) catch_up: Option<Operation>,
    pub(crate) form: Form,
    pub(crate) has_status_line: bool,
}

/// What is to be subscribed to.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) operation: Operation,
    pub(crate) request: Request<Raw>,
    /// The query to catch up with.
    pub(crate) catch_up: Option<Request<Raw>>,
}

pub(crate) async fn run(
    connection: &Connection,
    client: Client,
    planned: &[Planned],
    options: &Options,
) -> Result<Exit, Failure> {
    let mut interrupts = Interrupts::new()?;
    let refusal = match once(connection, client, planned, options, &mut interrupts).await? {
        Outcome::Over(exit) => return Ok(exit),
        Outcome::NotStreamed(refusal) => refusal,
    };
    tracing::info!("transport ws for the subscription: the server does not stream over HTTP: {refusal}");
    let socket = connection.socket_client()?;
    let failure = match once(connection, socket, planned, options, &mut interrupts).await {
        Ok(Outcome::Over(exit)) => return Ok(exit),
        Ok(Outcome::NotStreamed(error)) => connection.failure(&error, Phase::SubscriptionStart),
        Err(failure) if failure.is_about_connecting => failure,
        Err(failure) => return Err(failure),
    };
    let mut first = connection.failure(&refusal, Phase::SubscriptionStart);
    first.message = format!("{}; and as a websocket: {}", first.message, failure.message);
    Err(first.hint("say how the server takes subscriptions: --transport ws, sse or multipart, with the URL for it"))
}

/// How it went.
enum Outcome {
    Over(Exit),
    /// The server does not stream, and nothing has started.
    NotStreamed(Error),
}

async fn once(
    connection: &Connection,
    client: Client,
    planned: &[Planned],
    options: &Options,
    interrupts: &mut Interrupts,
) -> Result<Outcome, Failure> {
    let stdout = Stdout::in_background()?;
    tracing::debug!("starting the subscription at {}", connection.shown());
    let mut happenings = Vec::new();
    for (index, one) in planned.iter().enumerate() {
        let starting = client.subscribe(one.request.clone()).timeout(connection.limit());
        let happening = move |happening| (index, happening);
        happenings.push(match &one.catch_up {
            None => follow(starting).map(happening).boxed_local(),
            Some(catch_up) => follow(starting.catch_up(catch_up.clone())).map(happening).boxed_local(),
        });
    }
    let mut listener = Listener {
        connection,
        deadline: None,
        bounds: options.bounds,
        catch_up: options.catch_up.as_ref(),
        exit: Exit::Success,
        form: options.form,
        is_advised: false,
        not_streamed: None,
        notices: Notices::new(&client),
        operations: planned.iter().map(|one| &one.operation).collect(),
        over: 0,
        sent: Instant::now(),
        started: 0,
        status: StatusLine::new(options.has_status_line),
        stdout,
    };
    let outcome = listener.listen(select_all(happenings), interrupts).await;
    let outcome = listener.finish(outcome, interrupts).await;
    let not_streamed = listener.not_streamed.take();
    drop(listener);
    tracing::debug!("sending stop, and closing");
    close(&client, interrupts).await;
    match not_streamed {
        Some(refusal) => Ok(Outcome::NotStreamed(refusal)),
        None => outcome.map(Outcome::Over),
    }
}

/// What goes on until the last subscription is over.
#[derive(Debug)]
struct Listener<'a> {
    connection: &'a Connection,
    /// When all of them have run for as long as they are to.
    deadline: Option<Instant>,
    /// The count is what is left of it.
    bounds: Bounds,
    /// The query that each of them catches up with.
    catch_up: Option<&'a Operation>,
    exit: Exit,
    form: Form,
    is_advised: bool,
    /// Why it may be worth while to try a websocket.
    not_streamed: Option<Error>,
    notices: Notices,
    operations: Vec<&'a Operation>,
    over: usize,
    sent: Instant,
    started: usize,
    status: StatusLine,
    stdout: Stdout,
}

type Happenings<'a> = SelectAll<LocalBoxStream<'a, (usize, Happening)>>;

impl Listener<'_> {
    async fn listen(&mut self, mut happenings: Happenings<'_>, interrupts: &mut Interrupts) -> Result<Exit, Failure> {
        loop {
            let happening = tokio::select! {
                biased;
                () = interrupts.next() => return Ok(Exit::Interrupted),
                () = time_is_up(self.deadline) => return Ok(self.exit),
                () = self.status.tick() => {
                    self.refresh();
                    continue;
                }
                () = self.stdout.failed() => return Ok(self.exit),
                // A reader that is slow must not make it collect more than its room.
                happening = async {
                    self.stdout.has_room().await;
                    happenings.next().await
                } => happening,
                () = self.notices.changed() => {
                    if self.started > 0 {
                        self.stdout.settle();
                        self.notices.look();
                    }
                    self.refresh();
                    continue;
                }
                // Lines that come in a row do not wait for it.
                () = ready(()), if self.status.is_missing() => {
                    self.status.put_back();
                    continue;
                }
            };
            let Some((index, happening)) = happening else {
                return Ok(self.exit);
            };
            if let ControlFlow::Break(exit) = self.take(index, happening)? {
                return Ok(exit);
            }
        }
    }

    /// Waits for the reader to have it all, unless somebody ended it.
    async fn finish(&mut self, outcome: Result<Exit, Failure>, interrupts: &mut Interrupts) -> Result<Exit, Failure> {
        let exit = match outcome {
            Ok(exit) if exit != Exit::Interrupted => exit,
            _ => {
                self.stdout.settle();
                return outcome;
            }
        };
        let reader = tokio::select! {
            biased;
            () = interrupts.next() => return Ok(Exit::Interrupted),
            reader = self.stdout.written() => reader?,
        };
        Ok(match self.unless_gone(reader) {
            ControlFlow::Break(exit) => exit,
            ControlFlow::Continue(()) => exit,
        })
    }

    fn take(&mut self, index: usize, happening: Happening) -> Result<ControlFlow<Exit>, Failure> {
        let reader = match happening {
            Happening::Started => {
                self.acknowledged();
                Reader::Listening
            }
            Happening::Refused(error)
                if self.started + self.over == 0 && self.connection.tries_socket_after(&error) =>
            {
                self.not_streamed = Some(error);
                return Ok(ControlFlow::Break(Exit::Refused));
            }
            Happening::Refused(error) => {
                let mut failure = self.connection.failure(&error, Phase::SubscriptionStart);
                failure.message = self.about(index, &failure.message);
                return Err(failure);
            }
            Happening::Next(response) => {
                let reader = self.event(index, &response)?;
                return Ok(self.count(reader));
            }
            Happening::Snapshot(response) => self.snapshot(index, &response)?,
            Happening::Dropped(dropped) => match self.form {
                Form::Meta => self.stdout.line(&lines::dropped(self.label(index), &dropped))?,
                _ => {
                    let Dropped { count, .. } = dropped;
                    self.stdout.settle();
                    report::warning(self.about(index, &format!("{count} events were dropped: they found no room")));
                    Reader::Listening
                }
            },
            Happening::Gap(gap) => match self.form {
                Form::Meta => self.stdout.line(&lines::gap(self.label(index), &gap))?,
                _ => {
                    self.stdout.settle();
                    self.notices.gap(index, &gap);
                    Reader::Listening
                }
            },
            Happening::Unreadable(error) => {
                let failure = self.connection.failure(&error, Phase::SubscriptionRun);
                let reader = self.unreadable(index, &failure.message)?;
                return Ok(self.count(reader));
            }
            Happening::Completed => {
                tracing::debug!("received complete");
                self.over += 1;
                self.ended(index, None)?
            }
            Happening::Broken(error) => {
                self.over += 1;
                self.exit = self.exit.worse(Exit::Ended);
                let mut failure = self.connection.failure(&error, Phase::SubscriptionRun);
                let reader = self.ended(index, Some(&failure.message))?;
                failure.message = self.about(index, &failure.message);
                self.stdout.settle();
                report::failure(&failure);
                reader
            }
        };
        Ok(self.unless_gone(reader))
    }

    fn acknowledged(&mut self) {
        self.started += 1;
        tracing::debug!(
            "connected, and acknowledged with start_ack, after {:.1?}",
            self.sent.elapsed()
        );
        if self.started == self.operations.len() {
            tracing::info!("subscribed; events follow");
            self.deadline = self.bounds.duration.and_then(|after| Instant::now().checked_add(after));
        }
    }

    fn event(&mut self, index: usize, response: &Response<Raw>) -> Result<Reader, Failure> {
        let bytes = response.data.as_ref().map_or(0, |data| data.get().len());
        tracing::debug!("received data: {bytes} bytes, {} errors", response.errors.len());
        self.status.count_event();
        let operation = self.operations[index];
        let line = lines::answer(self.form, &operation.label, response);
        let (shown, reader) = show(line, response, operation, self.form, &mut self.stdout)?;
        if !self.is_advised && lacks_selection(&response.errors) {
            report::hint(SELECTION);
            self.is_advised = true;
        }
        if shown != Exit::Success {
            self.exit = self.exit.worse(Exit::Partial);
        }
        Ok(reader)
    }

    fn snapshot(&mut self, index: usize, response: &Response<Raw>) -> Result<Reader, Failure> {
        let bytes = response.data.as_ref().map_or(0, |data| data.get().len());
        tracing::debug!("caught up: {bytes} bytes of data, {} errors", response.errors.len());
        let Some(query) = self.catch_up else {
            return Ok(Reader::Listening);
        };
        let line = lines::snapshot(self.form, self.label(index), response);
        let (shown, reader) = show(line, response, query, self.form, &mut self.stdout)?;
        if shown != Exit::Success {
            self.exit = self.exit.worse(Exit::Partial);
        }
        Ok(reader)
    }

    fn unreadable(&mut self, index: usize, message: &str) -> Result<Reader, Failure> {
        self.status.count_event();
        self.exit = self.exit.worse(Exit::Partial);
        match self.form {
            Form::Meta => self.stdout.line(&lines::unreadable(self.label(index), message)),
            _ => {
                self.stdout.settle();
                report::error(self.about(index, message));
                Ok(Reader::Listening)
            }
        }
    }

    /// The line of an end, where ends have lines.
    fn ended(&mut self, index: usize, cause: Option<&str>) -> Result<Reader, Failure> {
        match self.form {
            Form::Meta => self.stdout.line(&lines::over(self.label(index), cause)),
            _ => Ok(Reader::Listening),
        }
    }

    /// One event less to come.
    fn count(&mut self, reader: Reader) -> ControlFlow<Exit> {
        if let Some(left) = &mut self.bounds.count {
            *left -= 1;
            if *left == 0 && reader == Reader::Listening {
                return ControlFlow::Break(self.exit);
            }
        }
        self.unless_gone(reader)
    }

    /// Who stopped reading has seen enough, unless something broke before.
    fn unless_gone(&self, reader: Reader) -> ControlFlow<Exit> {
        match (reader, self.exit) {
            (Reader::Listening, _) => ControlFlow::Continue(()),
            (Reader::Gone, Exit::Ended) => ControlFlow::Break(Exit::Ended),
            (Reader::Gone, _) => ControlFlow::Break(Exit::Success),
        }
    }

    fn refresh(&mut self) {
        let running = self.operations.len() - self.over;
        self.status.refresh(&self.notices.worst(), running);
    }

    fn label(&self, index: usize) -> &str {
        &self.operations[index].label
    }

    /// A message, with the name of what it is about if that could be anything else.
    fn about(&self, index: usize, message: &str) -> String {
        match self.operations.len() {
            1 => message.to_owned(),
            _ => format!("{}: {message}", self.label(index)),
        }
    }
}

/// Said once: the same is wrong with every event.
const SELECTION: &str = "an event carries only the fields that the mutation selected: select this one there, too";

/// Whether a field that cannot be null is missing from an event.
fn lacks_selection(errors: &[GraphQLError]) -> bool {
    let text = "cannot return null for non-nullable";
    errors
        .iter()
        .any(|error| error.message.to_ascii_lowercase().contains(text))
}

async fn time_is_up(deadline: Option<Instant>) {
    match deadline {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Tells the server, and waits for a moment; a second Ctrl-C does not wait.
async fn close(client: &Client, interrupts: &mut Interrupts) {
    tokio::select! {
        () = client.close() => {}
        () = interrupts.next() => {}
    }
}
