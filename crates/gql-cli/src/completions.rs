//! Completions and the man page, generated from the definition of the command line.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Arguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Stdout;

pub(crate) fn completions(shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "gql-cli", &mut script);
    Stdout::new().text(script)
}

pub(crate) fn man() -> Result<Exit, Failure> {
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(Arguments::command())
        .source(concat!("gql-cli ", env!("CARGO_PKG_VERSION")))
        .render(&mut page);
    rendered.map_err(|error| Failure::usage(format!("the man page cannot be made: {error}")))?;
    Stdout::new().text(page)
}
