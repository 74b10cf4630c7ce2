//! Operations: read, checked, sent, their answers printed.

use std::future::IntoFuture;
use std::path::Path;
use std::time::{Duration, Instant};

use gqlwire::{Client, Error, OperationKind, Request, Response};
use gqlwire_schema::IntrospectionOptions;
use serde_json::json;
use serde_json::value::RawValue;

use crate::args::{OperationArgs, RequestArgs};
use crate::batch::{self, Job};
use crate::connection::{Connection, ForOperations};
use crate::endpoint::Protocol;
use crate::exit::Exit;
use crate::failure::{Failure, Phase};
use crate::lines::{self, Form};
use crate::operations::{self, Operation};
use crate::output::{Reader, Stdout};
use crate::runtime::block_on;
use crate::schema::Loaded;
use crate::signals::Interrupts;
use crate::subscribe::{self, Bounds, Planned};
use crate::uploads::{self, Upload};
use crate::variables::{self, Variable};
use crate::{curl, document, increments, report, schema, status, validate};

/// The answer as the server wrote it.
pub(crate) type Raw = Box<RawValue>;

pub(crate) fn run(args: OperationArgs) -> Result<Exit, Failure> {
    let (uploads, variables) = uploads::split(&args.variables)?;
    let variables = match args.local_schema.schema {
        Some(_) => variables::lenient_variables(&variables)?,
        None => variables::variables(&variables)?,
    };
    let schema_options = schema::options(&args.schema_download, IntrospectionOptions::default())?;
    let for_operations = ForOperations {
        session: args.session.clone(),
        by_get: args.request.get,
        hashed: args.request.apq,
    };
    let connection = Connection::resolve(args.connection.clone(), for_operations, &|name| {
        std::env::var(name).ok()
    })?;
    check_way(connection.protocol, form_for_http(&args.request, !uploads.is_empty()))?;
    // Refuses what the library refuses, before anybody types an operation.
    let client = connection.client()?;
    if args.print_schema {
        return schema::print(&connection, &client, &schema_options, args.format);
    }
    let Some(operations) = operations(&args)? else {
        // A blank script is nothing to do; lines that were to be sent are not.
        return match args.request.batch {
            None => Ok(Exit::Success),
            Some(_) => Err(
                Failure::usage("--batch has no operation to run: standard input is blank")
                    .hint("give the operation with -q TEXT or -f FILE"),
            ),
        };
    };
    for operation in &operations {
        connection.protocol.check(operation.kind)?;
        check_form(operation.kind, &args.request, !uploads.is_empty())?;
    }
    let form = match (args.meta, operations.len()) {
        (true, _) => Form::Meta,
        (false, 1) => Form::Data,
        (false, _) => Form::Named,
    };
    let catch_up = args.catch_up.as_deref().map(operations::catch_up).transpose()?;
    if let Some(query) = &catch_up {
        connection.protocol.check(query.kind)?;
    }
    let plan = Plan {
        variables,
        schema: schema::of_run(&args.local_schema, &connection)?,
        validates: !args.no_validate,
        has_uploads: !uploads.is_empty(),
    };
    plan.point_out_undeclared(&operations, catch_up.as_ref())?;
    if let Some(file) = &args.request.batch {
        return batch(&connection, &client, plan, operations, form, file, &args.request);
    }
    let planned: Vec<Planned> = operations
        .into_iter()
        .map(|operation| {
            Ok(Planned {
                request: plan.request(&operation)?,
                catch_up: catch_up.as_ref().map(|query| plan.request(query)).transpose()?,
                operation,
            })
        })
        .collect::<Result<_, Failure>>()?;
    if args.request.curl {
        return curl(&connection, &planned, uploads, &args.request);
    }
    let bounds = Bounds {
        count: args.count,
        duration: args.duration,
    };
    match <[Planned; 1]>::try_from(planned) {
        Ok([one]) if one.operation.kind != OperationKind::Subscription => {
            check_alone(&one.operation, bounds, catch_up.is_some())?;
            let uploads = uploads::settle(uploads, &one.operation)?;
            block_on(execute(&connection, &client, one, &uploads, form))
        }
        other => {
            let options = subscribe::Options {
                bounds,
                catch_up,
                form,
                has_status_line: !args.no_status && status::has_a_place(),
            };
            let planned = other.map_or_else(|several| several, Vec::from);
            block_on(subscribe::run(&connection, client, &planned, &options))
        }
    }
}

/// What is to be run; `None` where standard input is blank.
fn operations(args: &OperationArgs) -> Result<Option<Vec<Operation>>, Failure> {
    if let Some(id) = &args.request.persisted_id {
        let kind = args.request.kind.map_or(OperationKind::Query, OperationKind::from);
        let place = args.request.id_place(id);
        let name = args.operation_name.clone();
        return Ok(Some(vec![Operation::by_id(kind, id.clone(), place, name)]));
    }
    let has_document = args.query.is_some() || !args.file.is_empty();
    if args.request.batch.as_deref() == Some(Path::new("-")) && !has_document {
        return Err(
            Failure::usage("standard input cannot be both the operation and the variables of --batch")
                .hint("give the operation with -q TEXT or -f FILE"),
        );
    }
    let document = document::read(args.query.as_deref(), &args.file)?;
    let choose = |document| operations::choose(&document, args.operation_name.as_deref());
    document.map(choose).transpose()
}

/// Refuses a form that is for HTTP alone, on another way.
fn check_way(protocol: Protocol, form: Option<&str>) -> Result<(), Failure> {
    let why = match protocol {
        Protocol::Http(_) => return Ok(()),
        Protocol::AppSync(_) => "AWS AppSync does not take it",
        Protocol::Phoenix | Protocol::Websocket(_) => "a websocket has nothing like it",
    };
    match form {
        Some(option) => Err(Failure::usage(format!("{option} is for GraphQL over HTTP: {why}"))),
        None => Ok(()),
    }
}

/// The first form that is for HTTP alone.
fn form_for_http(args: &RequestArgs, has_uploads: bool) -> Option<&'static str> {
    let forms = [
        (args.get, "--get"),
        (args.apq, "--apq"),
        (has_uploads, "a file among the variables"),
    ];
    forms.into_iter().find_map(|(given, option)| given.then_some(option))
}

/// Refuses a form that an operation of this kind cannot have.
fn check_form(kind: OperationKind, args: &RequestArgs, has_uploads: bool) -> Result<(), Failure> {
    let message = match (kind, form_for_http(args, has_uploads)) {
        (OperationKind::Subscription, Some(option)) => {
            format!("{option} is for queries and mutations, and this is a subscription")
        }
        (OperationKind::Mutation, _) if args.get => {
            "--get is for queries, and this is a mutation, which goes by POST".to_owned()
        }
        _ if args.get && has_uploads => "--get has no place for files".to_owned(),
        _ if args.batch.is_some() && has_uploads => "--batch sends no files".to_owned(),
        _ => return Ok(()),
    };
    Err(Failure::usage(message))
}

/// Refuses what is for subscriptions.
fn check_alone(operation: &Operation, bounds: Bounds, catches_up: bool) -> Result<(), Failure> {
    let kind = operation.kind;
    if bounds.any() {
        return Err(Failure::usage(format!(
            "--count and --for end a subscription, and this is a {kind}"
        )));
    }
    if catches_up {
        return Err(Failure::usage(format!(
            "--catch-up goes before the events of a subscription, and this is a {kind}"
        )));
    }
    Ok(())
}

fn curl(
    connection: &Connection,
    planned: &[Planned],
    uploads: Vec<Upload>,
    args: &RequestArgs,
) -> Result<Exit, Failure> {
    let [Planned { operation, request, .. }] = planned else {
        return Err(
            Failure::usage("--curl prints one request, and these are several subscriptions")
                .hint("choose one with -o NAME"),
        );
    };
    let mut request = request.clone();
    if args.apq {
        let hash = gqlwire_proto::document_hash(&operation.document);
        request = request.extension("persistedQuery", json!({"version": 1, "sha256Hash": hash}));
    }
    let body = request.to_json();
    let body = body.map_err(|error| Failure::new(Exit::Invalid, error.to_string()))?;
    curl::print(
        connection,
        &curl::Sent {
            kind: operation.kind,
            body: &body,
            by_get: args.get,
            uploads: &uploads::settle(uploads, operation)?,
            shows_secrets: args.show_secrets,
        },
    )
}

fn batch(
    connection: &Connection,
    client: &Client,
    plan: Plan,
    mut operations: Vec<Operation>,
    form: Form,
    file: &Path,
    args: &RequestArgs,
) -> Result<Exit, Failure> {
    let Some(operation) = operations.pop().filter(|_| operations.is_empty()) else {
        return Err(
            Failure::usage("--batch runs one operation for each line, and these are several")
                .hint("choose one with -o NAME"),
        );
    };
    let shared = plan.typed(&operation);
    let job = Job {
        connection,
        client,
        operation,
        shared,
        schema: plan.schema,
        validates: plan.validates,
        form,
        concurrency: args.concurrency,
        size: args.batch_size,
        has_status_line: status::has_a_place(),
    };
    block_on(batch::run(&job, file))
}

/// What the requests are made with.
struct Plan {
    variables: Vec<Variable>,
    schema: Option<Loaded>,
    /// Whether the schema, if there is one, decides what is sent.
    validates: bool,
    /// Whether files take the place of variables, which only the server can check then.
    has_uploads: bool,
}

impl Plan {
    /// The request of an operation, with those of the variables that it declares.
    fn request(&self, operation: &Operation) -> Result<Request<Raw>, Failure> {
        let variables = self.typed(operation);
        if let Some(loaded) = self.schema.as_ref().filter(|_| self.validates) {
            match self.has_uploads {
                true => validate::document(loaded, operation).map(drop)?,
                false => validate::validate(loaded, operation, &variables)?,
            }
        }
        Ok(operation.request(&variables))
    }

    /// The variables, of the types that an operation declares if there is a schema.
    fn typed(&self, operation: &Operation) -> Vec<Variable> {
        match &self.schema {
            Some(loaded) => validate::typed(&loaded.schema, operation, &self.variables),
            None => self.variables.clone(),
        }
    }

    /// Servers drop a variable that nobody declares without a word. With a schema it is refused, as a document would be.
    fn point_out_undeclared(&self, operations: &[Operation], catch_up: Option<&Operation>) -> Result<(), Failure> {
        let all = || operations.iter().chain(catch_up);
        let declared = || all().flat_map(|operation| &operation.variables);
        let is_declared = |name: &String| all().any(|operation| operation.takes(name));
        for Variable { name, .. } in self.variables.iter().filter(|variable| !is_declared(&variable.name)) {
            if self.schema.is_some() && self.validates {
                return Err(validate::undeclared(name, declared().map(String::as_str)));
            }
            match operations {
                [only] if catch_up.is_none() => {
                    report::warning(format_args!("the {} declares no variable ${name}", only.kind))
                }
                _ => report::warning(format_args!("no operation declares a variable ${name}")),
            }
        }
        Ok(())
    }
}

async fn execute(
    connection: &Connection,
    client: &Client,
    planned: Planned,
    uploads: &[Upload],
    form: Form,
) -> Result<Exit, Failure> {
    let Planned { operation, request, .. } = planned;
    let operation = &operation;
    let kind = operation.kind;
    let mut interrupts = Interrupts::new()?;
    let way = match connection.protocol.uses_socket(kind) {
        true => "over a websocket to",
        false if connection.is_by_get(kind) => "GET",
        false => "POST",
    };
    tracing::debug!("sending the {kind}: {way} {}", connection.shown());
    let sent = Instant::now();
    let mut stdout = Stdout::in_background()?;
    let answer = async {
        if uploads.is_empty() && increments::may_come(&operation.document) {
            let tell = |response: &Response<Raw>| {
                if form == Form::Meta {
                    // That nobody reads shows at the last line.
                    let _ = stdout.line(&lines::increment(&operation.label, response));
                }
            };
            return increments::run(client, request, connection.limit(), tell).await;
        }
        let mut call = client.execute(request).timeout(connection.limit());
        for upload in uploads {
            call = call.upload(&upload.place, upload.to_send());
        }
        call.into_future().await
    };
    let answer = tokio::select! {
        answer = answer => answer,
        () = interrupts.next() => {
            if kind == OperationKind::Mutation {
                report::warning("interrupted; the mutation may have been executed");
            }
            return Ok(Exit::Interrupted);
        }
    };
    log_answer(&answer, sent.elapsed());
    let response = answer.map_err(|error| connection.failure(&error, Phase::Request))?;
    // AppSync says so in a header where it did not execute the request at all.
    let refused = response
        .headers()
        .get("x-amzn-errortype")
        .filter(|_| response.data.is_none());
    if let Some(error_type) = refused {
        let error_type = String::from_utf8_lossy(error_type.as_bytes());
        report::error(format_args!(
            "{} refused the request ({error_type})",
            connection.shown()
        ));
    }
    let line = lines::answer(form, &operation.label, &response);
    let (exit, _) = show(line, &response, operation, form, &mut stdout)?;
    tokio::select! {
        biased;
        () = interrupts.next() => return Ok(Exit::Interrupted),
        written = stdout.written() => written?,
    };
    match connection.advice_on_refusal(&response.errors, response.status().map(|status| status.as_u16())) {
        Some(advice) if exit == Exit::Errors => {
            report::hint(advice);
            Ok(Exit::Refused)
        }
        _ if refused.is_some() && exit == Exit::Errors => Ok(Exit::Refused),
        _ => {
            if let Some(advice) = connection.advice_on_form(&response.errors) {
                report::hint(advice);
            }
            Ok(exit)
        }
    }
}

fn log_answer(answer: &Result<Response<Raw>, Error>, after: Duration) {
    match answer {
        Ok(response) => {
            let bytes = response.data.as_ref().map_or(0, |data| data.get().len());
            tracing::debug!(
                "answered after {after:.1?}: {bytes} bytes of data, {} errors",
                response.errors.len()
            );
        }
        Err(error) => {
            let status = error
                .status()
                .map_or("no answer".to_owned(), |status| format!("status {status}"));
            tracing::debug!("failed after {after:.1?}: {status}, {:?}", error.kind());
        }
    }
}

/// Prints the line and reports the errors of one answer: data first, because errors take none of it away.
pub(crate) fn show(
    line: Option<Vec<u8>>,
    response: &Response<Raw>,
    operation: &Operation,
    form: Form,
    stdout: &mut Stdout,
) -> Result<(Exit, Reader), Failure> {
    let reader = match line {
        Some(line) => stdout.line(&line)?,
        None => Reader::Listening,
    };
    let of = (form == Form::Named).then_some(operation.label.as_str());
    // With `--meta` they are on the line.
    if form != Form::Meta && !response.errors.is_empty() {
        stdout.settle();
        report::graphql_errors(&response.errors, &operation.document, of);
    }
    let exit = match (&response.data, response.errors.as_slice()) {
        (Some(_), []) => Exit::Success,
        (Some(_), _) => Exit::Partial,
        (None, []) => {
            let of = of.map_or(String::new(), |operation| format!("{operation}: "));
            stdout.settle();
            report::error(format_args!("{of}the server answered without data and without errors"));
            Exit::Errors
        }
        (None, _) => Exit::Errors,
    };
    Ok((exit, reader))
}
