//! One operation: read, checked, sent, its answer printed.

use std::future::IntoFuture;

use gqlwire::{OperationKind, Request, Response};
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
    let answer = client.execute(request).timeout(connection.limit()).into_future();
    let response = tokio::select! {
        answer = answer => answer.map_err(|error| connection.failure(&error, Phase::Request))?,
        () = interrupts.next() => {
            if kind == OperationKind::Mutation {
                report::warning("interrupted; the mutation may have been executed");
            }
            return Ok(Exit::Interrupted);
        }
    };
    let (exit, _) = show(&response, document, &mut Stdout::new())?;
    let refusal = response
        .errors
        .first()
        .and_then(|error| connection.advice_on_refusal(error));
    match refusal {
        Some(advice) if exit == Exit::Errors => {
            report::hint(advice);
            Ok(Exit::Refused)
        }
        _ => Ok(exit),
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
