use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use gqlwire_proto::scan::OperationKind;
use serde_json::Value;
use tokio::sync::watch;

use super::events::{Events, Step};
use super::recorder::duration;
use super::recording::{self, End, Event, Head, How, Line, Request, VERSION, same_value};
use super::source::ScriptedSource;
use super::{shortened, sleep};
use crate::transport::{EventSource, RawRequest, RawResponse, Transport};
use crate::{Client, Error, ErrorKind};

/// As much of a recording as is read.
const LARGEST: u64 = 256 * 1024 * 1024;

/// A [`Transport`] that answers from what a [`Recorder`](super::Recorder) wrote.
///
/// A request is answered with what was recorded for the same operation and the same variables; white space in the document
/// does not matter, nor do headers. Of several such recordings each is played once, in their order. Clones play the same
/// recording.
///
/// A subscription that was stopped by its client, or was still running, stays open after its last event. Snapshots of a
/// catch-up are among the recorded events, and so their query is not asked again.
#[derive(Clone)]
pub struct Replay {
    shared: Arc<Shared>,
    in_order: bool,
    repeating: bool,
    timed: bool,
}

struct Shared {
    entries: Mutex<Vec<Entry>>,
    /// Its value is of no meaning: a change ends every subscription.
    closing: watch::Sender<()>,
}

struct Entry {
    /// Where it stands in the file, from 1.
    line: usize,
    request: Request,
    took: Duration,
    outcome: Outcome,
    played: bool,
}

#[derive(Clone)]
enum Outcome {
    Answer(RawResponse),
    Failure(Error),
    /// The steps without their waits, and how long after the acknowledgement each came.
    Events(Vec<(Duration, Step)>),
}

impl Replay {
    /// Reads a recording.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is larger than 256 MiB, or is no recording of a version that this one knows; a line that is
    /// not right is named. A last line that was not written to its end is passed over.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let mut text = String::new();
        let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text));
        read.map_err(|error| {
            let message = format!("the recording {} cannot be read: {error}", path.display());
            Error::new(ErrorKind::Config, message).with_source(error)
        })?;
        let replay = if text.len() as u64 > LARGEST {
            Err(format!("it is larger than {LARGEST} bytes"))
        } else {
            Self::read(&text)
        };
        replay.map_err(|why| Error::new(ErrorKind::Config, format!("the recording {}: {why}", path.display())))
    }

    /// Reads a recording from text, such as `include_str!` gives.
    ///
    /// # Errors
    ///
    /// As [`from_file`](Self::from_file).
    pub fn from_text(text: &str) -> Result<Self, Error> {
        Self::read(text).map_err(|why| Error::new(ErrorKind::Config, format!("the recording: {why}")))
    }

    fn read(text: &str) -> Result<Self, String> {
        Ok(Self {
            shared: Arc::new(Shared {
                entries: Mutex::new(entries(text)?),
                closing: watch::Sender::default(),
            }),
            in_order: false,
            repeating: false,
            timed: false,
        })
    }

    /// Takes requests only in the order in which they were answered when they were recorded.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        self.in_order = true;
        self
    }

    /// Plays the last of equal recordings again when all of them have been played. Not together with
    /// [`in_order`](Self::in_order), which goes before.
    #[must_use]
    pub fn repeating(mut self) -> Self {
        self.repeating = true;
        self
    }

    /// Takes as long as the recording took, by the runtime's clock; otherwise everything comes at once.
    #[must_use]
    pub fn with_original_timing(mut self) -> Self {
        self.timed = true;
        self
    }

    /// A client of this recording.
    pub fn client(&self) -> Client {
        Client::with_transport(self.clone())
    }

    fn take(&self, request: &RawRequest) -> Result<(Duration, Outcome), Error> {
        let asked = Request::of(request);
        let mut entries = self.lock();
        let found = if self.in_order {
            let next = entries.iter().position(|entry| !entry.played);
            next.filter(|&index| entries[index].request.is_like(&asked))
        } else {
            let fresh = entries
                .iter()
                .position(|entry| !entry.played && entry.request.is_like(&asked));
            let again = || {
                entries
                    .iter()
                    .rposition(|entry| self.repeating && entry.request.is_like(&asked))
            };
            fresh.or_else(again)
        };
        let Some(index) = found else {
            return Err(Error::request(unknown(&asked, &entries, self.in_order)));
        };
        let entry = &mut entries[index];
        entry.played = true;
        let took = if self.timed { entry.took } else { Duration::ZERO };
        Ok((took, entry.outcome.clone()))
    }

    fn events(&self, recorded: Vec<(Duration, Step)>) -> Events {
        let mut events = Events::new();
        let mut before = Duration::ZERO;
        for (at, step) in recorded {
            if self.timed && at > before {
                events.steps.push_back(Step::Wait(at - before));
                before = at;
            }
            events.steps.push_back(step);
        }
        events
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.shared.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Replay {
    fn execute<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<RawResponse, Error>> {
        Box::pin(async move {
            let (took, outcome) = self.take(request)?;
            sleep(took).await?;
            match outcome {
                Outcome::Answer(answer) => Ok(answer),
                Outcome::Failure(error) => Err(error),
                // Kinds are compared, so that only a file that contradicts itself gets here.
                Outcome::Events(_) => Err(Error::request("what was recorded for this are events")),
            }
        })
    }

    fn subscribe(&self, request: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>> {
        Box::pin(async move {
            if request.kind() != OperationKind::Subscription {
                return Err(Error::request(format!("this is a {}: use `execute`", request.kind())));
            }
            let (took, outcome) = self.take(&request)?;
            sleep(took).await?;
            match outcome {
                Outcome::Events(recorded) => {
                    let events = self.events(recorded);
                    let source = ScriptedSource::new(events, None, Arc::default(), &self.shared.closing);
                    Ok(Box::new(source) as Box<dyn EventSource>)
                }
                Outcome::Failure(error) => Err(error),
                Outcome::Answer(_) => Err(Error::request("what was recorded for this is no subscription")),
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

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.lock();
        f.debug_struct("Replay")
            .field("recorded", &entries.len())
            .field("played", &entries.iter().filter(|entry| entry.played).count())
            .finish_non_exhaustive()
    }
}

/// Puts the lines of a recording together to calls.
fn entries(text: &str) -> Result<Vec<Entry>, String> {
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let head = lines.next().map(|(_, line)| line).unwrap_or_default();
    let head: Head =
        serde_json::from_str(head).map_err(|_| "its first line does not say that it is a recording".to_owned())?;
    if head.gqlwire_recording != VERSION {
        return Err(format!(
            "it is of version {}, and this reads {VERSION}",
            head.gqlwire_recording
        ));
    }
    let whole = text.ends_with('\n');
    let mut entries: Vec<Entry> = Vec::new();
    // Of each subscription that runs: which entry it is, and when it was acknowledged.
    let mut running: HashMap<u64, (usize, f64)> = HashMap::new();
    let mut lines = lines.peekable();
    while let Some((index, text)) = lines.next() {
        let line = index + 1;
        let parsed = match serde_json::from_str(text) {
            Ok(parsed) => parsed,
            Err(_) if lines.peek().is_none() && !whole => break,
            Err(error) => return Err(format!("line {line} is not one of a recording: {error}")),
        };
        let wrong = |why: String| format!("line {line}: {why}");
        match parsed {
            Line::Execute(execute) => {
                let outcome = match (execute.answer, execute.error) {
                    (Some(answer), _) => {
                        let mut response = RawResponse::new(answer.body.into_text());
                        response.status = recording::status(answer.status).map_err(wrong)?;
                        response.headers = recording::headers(answer.headers).map_err(wrong)?;
                        Outcome::Answer(response)
                    }
                    (None, Some(error)) => Outcome::Failure(error.into_error().map_err(wrong)?),
                    (None, None) => return Err(wrong("there is neither an answer nor an error".to_owned())),
                };
                entries.push(Entry::new(line, execute.request, execute.took, outcome));
            }
            Line::Subscribe(subscribe) => {
                let outcome = match subscribe.error {
                    Some(error) => Outcome::Failure(error.into_error().map_err(wrong)?),
                    None => {
                        running.insert(subscribe.id, (entries.len(), subscribe.at + subscribe.took));
                        Outcome::Events(Vec::new())
                    }
                };
                entries.push(Entry::new(line, subscribe.request, subscribe.took, outcome));
            }
            Line::Event(event) => {
                let (of, at) = (event.of, event.at);
                let step = step(event).map_err(wrong)?;
                push(&mut entries, &running, of, at, step).map_err(wrong)?;
            }
            Line::End(End { of, at, how, error }) => {
                match (how, error) {
                    // Its client had enough; another one may want to wait for more.
                    (How::Stopped, _) => {}
                    (How::Completed, _) => push(&mut entries, &running, of, at, Step::End(None)).map_err(wrong)?,
                    (How::Failed, Some(error)) => {
                        let cause = error.into_error().map_err(wrong)?;
                        push(&mut entries, &running, of, at, Step::End(Some(cause))).map_err(wrong)?;
                    }
                    (How::Failed, None) => return Err(wrong("it failed without an error".to_owned())),
                }
                running.remove(&of);
            }
        }
    }
    Ok(entries)
}

fn step(event: Event) -> Result<Step, String> {
    match event {
        Event { next: Some(body), .. } => Ok(Step::Next(body.into_text())),
        Event {
            snapshot: Some(body), ..
        } => Ok(Step::Snapshot(body.into_text())),
        Event { gap: Some(gap), .. } => gap.into_gap().map(Step::Gap),
        Event {
            dropped: Some(dropped), ..
        } => Ok(Step::Dropped(dropped.into_dropped())),
        _ => Err("the event is none that is known".to_owned()),
    }
}

fn push(
    entries: &mut [Entry],
    running: &HashMap<u64, (usize, f64)>,
    of: u64,
    at: f64,
    step: Step,
) -> Result<(), String> {
    let (index, began) = running
        .get(&of)
        .ok_or_else(|| format!("no subscription of the number {of} is running"))?;
    if let Some(Entry {
        outcome: Outcome::Events(steps),
        ..
    }) = entries.get_mut(*index)
    {
        steps.push((duration(at - began), step));
    }
    Ok(())
}

impl Entry {
    fn new(line: usize, request: Request, took: f64, outcome: Outcome) -> Self {
        Self {
            line,
            request,
            took: duration(took),
            outcome,
            played: false,
        }
    }
}

/// Says what was not in the recording, and what comes nearest to it.
fn unknown(asked: &Request, entries: &[Entry], in_order: bool) -> String {
    let what = described(asked);
    if in_order {
        return match entries.iter().find(|entry| !entry.played) {
            Some(next) => format!(
                "{what} is not what comes next in the recording: that is {}, on line {}{}",
                described(&next.request),
                next.line,
                difference(&next.request, asked)
            ),
            None => format!(
                "{what} comes after the end of the recording: all {} were played",
                entries.len()
            ),
        };
    }
    let played = entries.iter().filter(|entry| entry.request.is_like(asked)).count();
    if played > 0 {
        return format!(
            "{what} is in the recording {played} times, and was played as often: `repeating` plays it again"
        );
    }
    match entries.iter().max_by_key(|entry| nearness(&entry.request, asked)) {
        Some(nearest) => format!(
            "{what} is not in the recording; the nearest is {}, on line {}{}",
            described(&nearest.request),
            nearest.line,
            difference(&nearest.request, asked)
        ),
        None => format!("{what} is not in the recording, which is empty"),
    }
}

fn described(request: &Request) -> String {
    match &request.name {
        Some(name) => format!("the {} {name}", request.kind),
        None => format!("the {} `{}`", request.kind, shortened(&one_line(request.document()))),
    }
}

fn one_line(document: &str) -> String {
    document.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The document counts most, then the name, then how many variables are the same, then the kind and how far the documents
/// agree.
fn nearness(recorded: &Request, asked: &Request) -> (bool, bool, usize, bool, usize) {
    let (ours, theirs) = (one_line(recorded.document()), one_line(asked.document()));
    let same_name = asked.name.is_some() && recorded.name == asked.name;
    let same_variables = match (
        recorded.body["variables"].as_object(),
        asked.body["variables"].as_object(),
    ) {
        (Some(ours), Some(theirs)) => {
            let same = ours
                .iter()
                .filter(|(name, ours)| theirs.get(*name).is_some_and(|theirs| same_value(ours, theirs)));
            same.count()
        }
        _ => 0,
    };
    let beginning = ours
        .bytes()
        .zip(theirs.bytes())
        .take_while(|(ours, theirs)| ours == theirs)
        .count();
    (
        ours == theirs,
        same_name,
        same_variables,
        recorded.kind == asked.kind,
        beginning,
    )
}

fn difference(recorded: &Request, asked: &Request) -> String {
    if one_line(recorded.document()) != one_line(asked.document()) {
        return ", with another document".to_owned();
    }
    let none = Value::Null;
    let members = |request: &Request| {
        let body = request.body.as_object().cloned().unwrap_or_default();
        let (mut all, mut rest) = (Vec::new(), Vec::new());
        for (name, value) in body {
            match (name.as_str(), value) {
                ("variables", Value::Object(variables)) => all.extend(variables),
                ("query", _) => {}
                (_, value) => rest.push((name, value)),
            }
        }
        (all, rest)
    };
    let ((ours, our_rest), (theirs, their_rest)) = (members(recorded), members(asked));
    let ours = ours.into_iter().chain(our_rest).collect::<HashMap<_, _>>();
    let theirs = theirs.into_iter().chain(their_rest).collect::<HashMap<_, _>>();
    let mut names: Vec<_> = ours.keys().chain(theirs.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let different = names
        .into_iter()
        .find(|name| match (ours.get(*name), theirs.get(*name)) {
            (Some(ours), Some(theirs)) => !same_value(ours, theirs),
            _ => true,
        });
    match different {
        Some(name) => {
            let shown = |value: Option<&Value>| shortened(&value.unwrap_or(&none).to_string());
            format!(
                ", where {name} is {} and not {}",
                shown(ours.get(name)),
                shown(theirs.get(name))
            )
        }
        None if recorded.catch_up != asked.catch_up => ", with another catch-up".to_owned(),
        None => String::new(),
    }
}
