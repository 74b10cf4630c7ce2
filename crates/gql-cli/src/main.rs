//! `gql-cli`: GraphQL from the terminal, at home on AWS AppSync.

mod args;
mod auth;
mod batch;
mod check;
mod completions;
mod connection;
mod curl;
mod definitions;
mod demo;
mod document;
mod endpoint;
mod exit;
mod failure;
mod file;
mod findings;
mod follow;
mod iam;
mod increments;
mod init;
mod lines;
mod logging;
mod network;
mod notices;
mod operations;
mod output;
mod report;
mod run;
mod runtime;
mod schema;
mod serve;
mod signals;
mod status;
mod subscribe;
mod uploads;
mod validate;
mod variables;

use std::process::ExitCode;

use crate::args::{Arguments, Verb};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Stdout;

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help goes to stdout and ends well, anything else is a usage error. A closed pipe is nobody's fault.
            let _ = error.print();
            return match error.use_stderr() {
                true => Exit::Usage.into(),
                false => Exit::Success.into(),
            };
        }
    };
    match act(arguments) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            report::failure(&failure);
            failure.exit.into()
        }
    }
}

fn act(arguments: Arguments) -> Result<Exit, Failure> {
    if arguments.version {
        return Stdout::new().text(concat!("v", env!("CARGO_PKG_VERSION"), "\n"));
    }
    logging::start(&arguments.logging);
    match arguments.verb {
        None => run::run(arguments.operation),
        Some(Verb::Serve(options)) => serve::serve(&options),
        Some(Verb::Demo) => demo::demo(),
        Some(Verb::Schema(verb)) => schema::run(verb),
        Some(Verb::Check(args)) => check::check(args),
        Some(Verb::Completions { shell }) => completions::completions(shell),
        Some(Verb::Man) => completions::man(),
    }
}
