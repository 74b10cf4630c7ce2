//! `--batch`: one operation for each line of a file with variables.
//!
//! ```text
//!  file ─▶ rows, read by a thread ─▶ up to --concurrency operations at once ─▶ their lines, in the order of the file
//! ```
//!
//! A row or an operation that fails is told of with its line and leaves the others running; the exit code is the worst of
//! them. The first Ctrl-C takes no more rows and waits for the operations under way, so that nobody has to guess which
//! mutations were executed; the second one does not wait.

mod cells;
mod rows;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

use futures_util::{StreamExt, stream};
use gqlwire::{Client, OperationKind, Request, Response};
use gqlwire_schema::tree::{Type, VariableDefinition};
use gqlwire_schema::{ExecutableDocument, did_you_mean};
use tokio::sync::{mpsc, oneshot};

use self::rows::{Cell, Progress, Row, Rows};
use crate::connection::Connection;
use crate::exit::Exit;
use crate::failure::{Failure, Phase};
use crate::lines::{self, Form};
use crate::operations::Operation;
use crate::output::{Reader, Stdout};
use crate::run::Raw;
use crate::schema::Loaded;
use crate::signals::Interrupts;
use crate::status::StatusLine;
use crate::variables::Variable;
use crate::{report, validate};

/// How many rows may be read ahead.
const AHEAD: usize = 64;

/// Names that no operation declares are told of once each, up to here.
const MOST_NAMES: usize = 20;

/// What is to be run for each row.
pub(crate) struct Job<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) client: &'a Client,
    pub(crate) operation: Operation,
    /// The variables that all rows share; a row's own go before them.
    pub(crate) shared: Vec<Variable>,
    pub(crate) schema: Option<Loaded>,
    /// Whether the schema, if there is one, decides what is sent.
    pub(crate) validates: bool,
    pub(crate) form: Form,
    pub(crate) concurrency: NonZeroUsize,
    /// How many rows go in one request.
    pub(crate) size: NonZeroUsize,
    pub(crate) has_status_line: bool,
}

/// What came of one row.
struct Done {
    line: u64,
    outcome: Result<Response<Raw>, Failure>,
}

pub(crate) async fn run(job: &Job<'_>, file: &Path) -> Result<Exit, Failure> {
    if job.operation.kind == OperationKind::Subscription {
        return Err(Failure::usage(
            "--batch runs a query or a mutation for each line, and this is a subscription",
        ));
    }
    let mut interrupts = Interrupts::new()?;
    let rows = Rows::open(file)?;
    let requests = Requests::new(job, &rows)?;
    let progress = rows.progress();
    let (stop, stopped) = oneshot::channel::<()>();
    let mut answers = stream::unfold(read_ahead(rows)?, |mut rows| async {
        rows.recv().await.map(|row| (row, rows))
    })
    .take_until(stopped)
    .chunks(job.size.get())
    .map(|rows| requests.answer(rows))
    .buffered(job.concurrency.get())
    .flat_map(stream::iter)
    .boxed_local();
    let mut printer = Printer::new(job, progress)?;
    let mut stop = Some(stop);
    loop {
        let done = tokio::select! {
            biased;
            () = interrupts.next() => match stop.take() {
                // That it is gone is what stops.
                Some(stop) => {
                    drop(stop);
                    printer.stdout.settle();
                    report::warning("interrupted: waiting for the operations under way; once more ends at once");
                    continue;
                }
                None => {
                    if job.operation.kind == OperationKind::Mutation {
                        report::warning("interrupted; mutations under way may have been executed");
                    }
                    return Ok(Exit::Interrupted);
                }
            },
            () = printer.status.tick() => {
                printer.refresh();
                continue;
            }
            () = printer.stdout.failed() => break,
            done = async {
                printer.stdout.has_room().await;
                answers.next().await
            } => done,
        };
        match done {
            None => break,
            Some(done) => {
                if printer.print(done)? == Reader::Gone {
                    return Ok(Exit::Success);
                }
            }
        }
    }
    let written = tokio::select! {
        biased;
        () = interrupts.next() => return Ok(Exit::Interrupted),
        written = printer.stdout.written() => written?,
    };
    Ok(match (stop, written) {
        (None, _) => Exit::Interrupted,
        (Some(_), Reader::Gone) => Exit::Success,
        (Some(_), Reader::Listening) => printer.exit,
    })
}

/// Reads rows on a thread, because a file may keep its reader waiting.
fn read_ahead(rows: Rows) -> Result<mpsc::Receiver<Row>, Failure> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let read = move || {
        for row in rows {
            // Nobody wants more.
            if sender.blocking_send(row).is_err() {
                return;
            }
        }
    };
    thread::Builder::new()
        .name("batch".to_owned())
        .spawn(read)
        .map_err(|error| {
            Failure::new(
                Exit::Unreachable,
                format!("cannot start a thread for the file: {error}"),
            )
        })?;
    Ok(receiver)
}

/// Rows as requests.
struct Requests<'a> {
    job: &'a Job<'a>,
    definitions: Vec<VariableDefinition>,
    /// The document, where the schema has a say.
    document: Option<ExecutableDocument>,
    undeclared: std::cell::RefCell<BTreeSet<String>>,
}

impl<'a> Requests<'a> {
    /// Finds out before anything is sent what is wrong with all rows.
    fn new(job: &'a Job<'a>, rows: &Rows) -> Result<Self, Failure> {
        let document = match job.schema.as_ref().filter(|_| job.validates) {
            Some(loaded) => Some(validate::document(loaded, &job.operation)?),
            None => None,
        };
        let requests = Self {
            job,
            definitions: job.operation.definitions(),
            document,
            undeclared: Default::default(),
        };
        if let Some(columns) = rows.columns() {
            requests.check_columns(columns)?;
        }
        Ok(requests)
    }

    fn check_columns(&self, columns: &[String]) -> Result<(), Failure> {
        if let [only] = columns
            && !self.job.operation.takes(only)
            && let Some(mark) = [';', '\t', '|'].into_iter().find(|mark| only.contains(*mark))
        {
            return Err(Failure::usage(format!(
                "the header is one name, {only:?}: what separates the values of CSV is a comma, not {mark:?}"
            )));
        }
        for name in columns {
            self.is_declared(name);
        }
        let twice = columns
            .iter()
            .enumerate()
            .find(|(index, name)| columns[..*index].contains(name));
        if let Some((_, name)) = twice {
            return Err(Failure::usage(format!("the header names {name:?} twice")));
        }
        let is_missing = |definition: &&VariableDefinition| {
            let is_needed = matches!(definition.ty, Type::NonNull(_)) && definition.default.is_none();
            let is_shared = self.job.shared.iter().any(|variable| variable.name == definition.name);
            is_needed && !is_shared && !columns.contains(&definition.name)
        };
        match self.definitions.iter().find(is_missing) {
            None => Ok(()),
            Some(VariableDefinition { name, ty, .. }) => Err(Failure::usage(format!(
                "the {} needs ${name}, a {ty}, and no column is called {name}: they are {}",
                self.job.operation.kind,
                columns.join(", ")
            ))
            .hint(format!(
                "name the column {name} in the header, or give one value for all with -V {name}:…"
            ))),
        }
    }

    /// Whether the operation declares a variable. What it does not is left out, and told of once.
    fn is_declared(&self, name: &str) -> bool {
        if self.job.operation.takes(name) {
            return true;
        }
        let mut told = self.undeclared.borrow_mut();
        if told.len() < MOST_NAMES && told.insert(name.to_owned()) {
            if name.is_empty() {
                report::warning("a column has no name: it is not sent");
                return false;
            }
            let kind = self.job.operation.kind;
            let known = self.job.operation.variables.iter().map(String::as_str);
            let meant = did_you_mean(name, known);
            let meant = meant
                .first()
                .map_or(String::new(), |meant| format!("; did you mean {meant}?"));
            report::warning(format_args!(
                "the {kind} declares no variable ${name}: it is not sent{meant}"
            ));
        }
        false
    }

    /// Runs the operations of these rows, in one request if there are several.
    async fn answer(&self, rows: Vec<Row>) -> Vec<Done> {
        let mut requests = Vec::new();
        // For each row why it has none.
        let mut unreadable = Vec::new();
        for Row { line, values } in rows {
            let request = values
                .map_err(|why| Failure::new(Exit::Invalid, why))
                .and_then(|values| self.request(values));
            unreadable.push((line, request.map(|request| requests.push(request)).err()));
        }
        let mut outcomes = self.send(requests).await.into_iter();
        let done = |(line, unreadable)| Done {
            line,
            outcome: match unreadable {
                Some(failure) => Err(failure),
                None => outcomes.next().unwrap_or_else(|| Err(unanswered())),
            },
        };
        unreadable.into_iter().map(done).collect()
    }

    /// One outcome for each request.
    async fn send(&self, mut requests: Vec<Request<Raw>>) -> Vec<Result<Response<Raw>, Failure>> {
        let Job { connection, client, .. } = self.job;
        let limit = connection.limit();
        let failed = |error: gqlwire::Error| connection.failure(&error, Phase::Request);
        let is_alone = self.job.size.get() == 1;
        if let Some(request) = requests.pop_if(|_| is_alone) {
            let answer = client.execute(request).timeout(limit).await;
            return vec![answer.map_err(failed)];
        }
        let count = requests.len();
        match client.execute_batch(requests).timeout(limit).await {
            Ok(answers) => answers.into_iter().map(|answer| answer.map_err(failed)).collect(),
            Err(error) => (0..count).map(|_| Err(failed(error.clone()))).collect(),
        }
    }

    fn request(&self, values: Vec<(String, Cell)>) -> Result<Request<Raw>, Failure> {
        let mut variables = self.job.shared.clone();
        for (name, cell) in values {
            if !self.is_declared(&name) {
                continue;
            }
            let value = match cell {
                Cell::Json(value) => Some(value),
                Cell::Text(text) => self
                    .typed(&name, &text)
                    .map_err(|why| Failure::new(Exit::Invalid, format!("{name}: {why}")))?,
            };
            variables.retain(|shared| shared.name != name || value.is_none());
            variables.extend(value.map(|value| Variable {
                name,
                text: value.get().to_owned(),
                value,
            }));
        }
        if let (Some(loaded), Some(document)) = (&self.job.schema, &self.document) {
            validate::check_variables(&loaded.schema, document, &self.job.operation, &variables)?;
        }
        Ok(self.job.operation.request(&variables))
    }

    fn typed(&self, name: &str, text: &str) -> Result<Option<Raw>, String> {
        let definition = self.definitions.iter().find(|definition| definition.name == name);
        let anything = Type::Named(String::new());
        let ty = definition.map_or(&anything, |definition| &definition.ty);
        cells::value(self.job.schema.as_ref().map(|loaded| &loaded.schema), ty, text)
    }
}

fn unanswered() -> Failure {
    Failure::new(Exit::Unreachable, "the server left this one out of its answer")
}

/// What was done, on stdout and on stderr.
struct Printer<'a> {
    job: &'a Job<'a>,
    exit: Exit,
    failed: u64,
    hint: Option<String>,
    progress: Progress,
    status: StatusLine,
    stdout: Stdout,
}

impl<'a> Printer<'a> {
    fn new(job: &'a Job<'a>, progress: Progress) -> Result<Self, Failure> {
        Ok(Self {
            job,
            exit: Exit::Success,
            failed: 0,
            hint: None,
            progress,
            status: StatusLine::new(job.has_status_line),
            stdout: Stdout::in_background()?,
        })
    }

    fn refresh(&mut self) {
        self.status.refresh_batch(self.failed, self.progress.share());
    }

    fn print(&mut self, done: Done) -> Result<Reader, Failure> {
        let Done { line, outcome } = done;
        let (label, form) = (&self.job.operation.label, self.job.form);
        self.status.count_event();
        let (exit, reader) = match &outcome {
            Ok(response) => {
                let reader = self.stdout.line(&lines::row(form, label, line, response))?;
                (self.errors(line, response), reader)
            }
            Err(failure) => {
                let text = lines::failed_row(form, label, line, &failure.message);
                let reader = self.stdout.line(&text)?;
                if form != Form::Meta {
                    self.stdout.settle();
                    report::error(format_args!("line {line}: {}", failure.message));
                    self.advise(failure.hint.as_deref());
                }
                (failure.exit, reader)
            }
        };
        self.failed += u64::from(exit != Exit::Success);
        self.exit = self.exit.worse(exit);
        Ok(reader)
    }

    /// Tells of the errors of an answer, and says what they come to.
    fn errors(&mut self, line: u64, response: &Response<Raw>) -> Exit {
        let job = self.job;
        let of = format!("line {line}");
        if job.form != Form::Meta && !response.errors.is_empty() {
            self.stdout.settle();
            report::graphql_errors(&response.errors, &job.operation.document, Some(&of));
        }
        let status = response.status().map(|status| status.as_u16());
        match (&response.data, response.errors.as_slice()) {
            (Some(_), []) => Exit::Success,
            (Some(_), _) => Exit::Partial,
            (None, []) => {
                if job.form != Form::Meta {
                    self.stdout.settle();
                    report::error(format_args!(
                        "{of}: the server answered without data and without errors"
                    ));
                }
                Exit::Errors
            }
            (None, errors) => match job.connection.advice_on_refusal(errors, status) {
                Some(advice) => {
                    self.advise(Some(&advice));
                    Exit::Refused
                }
                None => Exit::Errors,
            },
        }
    }

    /// The same advice is good for many lines.
    fn advise(&mut self, advice: Option<&str>) {
        if let Some(advice) = advice.filter(|advice| self.hint.as_deref() != Some(advice)) {
            report::hint(advice);
            self.hint = Some(advice.to_owned());
        }
    }
}
