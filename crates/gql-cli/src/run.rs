//! One operation: read, checked, sent, its answer printed.

use std::future::IntoFuture;
use std::time::{Duration, Instant};

use gqlwire::{Error, OperationKind, Request, Response};
use serde_json::value::RawValue;

use crate::args::OperationArgs;
use crate::connection::Connection;
use crate::document::Chosen;
use crate::exit::Exit;
use crate::failure::{Failure, Phase};
use crate::output::{Reader, Stdout};
use crate::runtime::block_on;
use crate::signals::Interrupts;
use crate::subscribe::{self, Bounds};
use crate::{document, report, schema, variables};

/// The answer as the server wrote it.
pub(crate) type Raw = Box<RawValue>;

pub(crate) fn run(args: OperationArgs) -> Result<Exit, Failure> {
    let variables = variables::variables(&args.variables)?;
    let schema_options = schema::options(&args.schema_download)?;
    let connection = Connection::resolve(args.connection, &|name| std::env::var(name).ok())?;
    if args.print_schema {
        return schema::print(&connection, &schema_options);
    }
    let Some(document) = document::read(args.query.as_deref(), &args.file)? else {
        return Ok(Exit::Success);
    };
    let Chosen {
        kind,
        variables: declared,
    } = document::choose(&document, args.operation_name.as_deref())?;
    connection.protocol.check(kind)?;
    let bounds = Bounds {
        count: args.count,
        duration: args.duration,
    };
    if kind != OperationKind::Subscription && bounds.any() {
        return Err(Failure::usage(format!(
            "--count and --for end a subscription, and this is a {kind}"
        )));
    }

    let mut request = Request::<Raw>::new(document.clone());
    for variable in variables {
        // Servers drop it without a word.
        if !declared.contains(&variable.name) {
            report::warning(format_args!("the {kind} declares no variable ${}", variable.name));
        }
        request = request.variable(variable.name, variable.value);
    }
    if let Some(name) = args.operation_name {
        request = request.operation_name(name);
    }
    match kind {
        OperationKind::Subscription => block_on(subscribe::run(&connection, request, &document, &bounds)),
        _ => block_on(execute(&connection, request, &document, kind)),
    }
}

async fn execute(
    connection: &Connection,
    request: Request<Raw>,
    document: &str,
    kind: OperationKind,
) -> Result<Exit, Failure> {
    let client = connection.client()?;
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
    let (exit, _) = show(&response, document, &mut Stdout::new())?;
    match connection.advice_on_refusal(&response.errors) {
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

/// Prints the data and reports the errors of one answer: data first, because errors take none of it away.
pub(crate) fn show(response: &Response<Raw>, document: &str, stdout: &mut Stdout) -> Result<(Exit, Reader), Failure> {
    let reader = match &response.data {
        Some(data) => stdout.json(data.get())?,
        None => Reader::Listening,
    };
    report::graphql_errors(&response.errors, document);
    let exit = match (&response.data, response.errors.as_slice()) {
        (Some(_), []) => Exit::Success,
        (Some(_), _) => Exit::Partial,
        (None, []) => {
            report::error("the server answered without data and without errors");
            Exit::Errors
        }
        (None, _) => Exit::Errors,
    };
    Ok((exit, reader))
}
