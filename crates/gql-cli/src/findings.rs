//! What was found in documents and schemas, in the form that was asked for.

use std::io;

use gqlwire_schema::{
    Diagnostic, SarifTool, Severity, TextOptions, render_github, render_json, render_sarif, render_text,
};

use crate::args::{FailOn, Output};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Stdout;
use crate::report;

/// Prints all findings to stdout: text in colour on a terminal.
pub(crate) fn print(found: &[Diagnostic], output: Output) -> Result<Exit, Failure> {
    let text = match output {
        Output::Text => {
            let mut options = TextOptions::default();
            options.color = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
            render_text(found, &options)
        }
        Output::Json => format!("{}\n", render_json(found)),
        Output::Sarif => {
            let tool = SarifTool {
                name: "gql-cli",
                version: env!("CARGO_PKG_VERSION"),
            };
            format!("{:#}\n", render_sarif(found, tool))
        }
        Output::Github => render_github(found),
    };
    Stdout::new().text(text)
}

/// Says on stderr how many there are, of what.
pub(crate) fn summary(of: &str, found: &[Diagnostic]) {
    let count = |severity| found.iter().filter(|one| one.severity() == severity).count();
    report::say(format_args!(
        "{of}: {}, {}, {}",
        counted(count(Severity::Error), "error"),
        counted(count(Severity::Warning), "warning"),
        counted(count(Severity::Info), "remark"),
    ));
}

/// `1 error`, `2 errors`.
pub(crate) fn counted(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// Whether there is a finding that makes a failure.
pub(crate) fn exit(found: &[Diagnostic], fail_on: FailOn) -> Exit {
    let worst_allowed = match fail_on {
        FailOn::Error => Severity::Error,
        FailOn::Warning => Severity::Warning,
    };
    match found.iter().any(|one| one.severity() <= worst_allowed) {
        true => Exit::Invalid,
        false => Exit::Success,
    }
}
