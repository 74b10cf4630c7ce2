//! Operations: read, checked, sent, their answers printed.

use std::future::IntoFuture;
use std::time::{Duration, Instant};

use gqlwire::{Client, Error, OperationKind, Request, Response};
use serde_json::value::RawValue;

use crate::args::OperationArgs;
use crate::connection::Connection;
use crate::exit::Exit;
use crate::failure::{Failure, Phase};
use crate::lines::{self, Form};
use crate::operations::{self, Operation};
use crate::output::{Reader, Stdout};
use crate::runtime::block_on;
use crate::signals::Interrupts;
use crate::subscribe::{self, Bounds, Planned};
use crate::variables::{self, Variable};
use crate::{document, report, schema, status};

/// The answer as the server wrote it.
pub(crate) type Raw = Box<RawValue>;

pub(crate) fn run(args: OperationArgs) -> Result<Exit, Failure> {
    let variables = variables::variables(&args.variables)?;
    let schema_options = schema::options(&args.schema_download)?;
    let connection = Connection::resolve(args.connection, &|name| std::env::var(name).ok())?;
    // Refuses what the library refuses, before anybody types an operation.
    let client = connection.client()?;
    if args.print_schema {
        return schema::print(&connection, &client, &schema_options);
    }
    let Some(document) = document::read(args.query.as_deref(), &args.file)? else {
        return Ok(Exit::Success);
    };
    let operations = operations::choose(&document, args.operation_name.as_deref())?;
    for operation in &operations {
        connection.protocol.check(operation.kind)?;
    }
    let bounds = Bounds {
        count: args.count,
        duration: args.duration,
    };
    let form = match (args.meta, operations.len()) {
        (true, _) => Form::Meta,
        (false, 1) => Form::Data,
        (false, _) => Form::Named,
    };
    let catch_up = args.catch_up.as_deref().map(operations::catch_up).transpose()?;
    if let Some(query) = &catch_up {
        connection.protocol.check(query.kind)?;
    }
    point_out_undeclared(&variables, &operations, catch_up.as_ref());
    let mut planned: Vec<Planned> = operations
        .into_iter()
        .map(|operation| Planned {
            request: request(&operation, &variables),
            catch_up: catch_up.as_ref().map(|query| request(query, &variables)),
            operation,
        })
        .collect();
    let lone = planned.pop_if(|one| one.operation.kind != OperationKind::Subscription);
    let Some(Planned { operation, request, .. }) = lone else {
        let options = subscribe::Options {
            bounds,
            catch_up,
            form,
            has_status_line: !args.no_status && status::has_a_place(),
        };
        return block_on(subscribe::run(&connection, &client, planned, options));
    };
    if bounds.any() {
        return Err(Failure::usage(format!(
            "--count and --for end a subscription, and this is a {}",
            operation.kind
        )));
    }
    if catch_up.is_some() {
        return Err(Failure::usage(format!(
            "--catch-up goes before the events of a subscription, and this is a {}",
            operation.kind
        )));
    }
    block_on(execute(&connection, &client, request, &operation, form))
}

/// The request of an operation, with those of the variables that it declares.
fn request(operation: &Operation, variables: &[Variable]) -> Request<Raw> {
    let mut request = Request::<Raw>::new(operation.document.clone());
    for variable in variables {
        if operation.variables.contains(&variable.name) {
            request = request.variable(variable.name.clone(), &variable.value);
        }
    }
    match &operation.name {
        Some(name) => request.operation_name(name.clone()),
        None => request,
    }
}

/// Servers drop a variable that nobody declares without a word.
fn point_out_undeclared(variables: &[Variable], operations: &[Operation], catch_up: Option<&Operation>) {
    let is_declared = |name: &String| {
        let mut all = operations.iter().chain(catch_up);
        all.any(|operation| operation.variables.contains(name))
    };
    for Variable { name, .. } in variables.iter().filter(|variable| !is_declared(&variable.name)) {
        match operations {
            [only] if catch_up.is_none() => {
                report::warning(format_args!("the {} declares no variable ${name}", only.kind))
            }
            _ => report::warning(format_args!("no operation declares a variable ${name}")),
        }
    }
}

async fn execute(
    connection: &Connection,
    client: &Client,
    request: Request<Raw>,
    operation: &Operation,
    form: Form,
) -> Result<Exit, Failure> {
    let kind = operation.kind;
    let mut interrupts = Interrupts::new()?;
    tracing::debug!("sending the {kind}: POST {}", connection.shown());
    let sent = Instant::now();
    let answer = client.execute(request).timeout(connection.limit()).into_future();
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
    let mut stdout = Stdout::in_background()?;
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
        _ => Ok(exit),
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
