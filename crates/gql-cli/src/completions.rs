//! Completions and the man page, generated from the definition of the command line.

use std::io::{self, Write};

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

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
    let page = man_page().map_err(|error| Failure::usage(format!("the man page cannot be made: {error}")))?;
    Stdout::new().text(page)
}

/// One page for everything: what each command takes follows as a section of its own.
fn man_page() -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    // What is left out of `-h` would be left without its text here.
    let told = |command: Command| command.mut_args(|arg| arg.hide_short_help(false));
    let mut command = told(Arguments::command()).mut_subcommands(told);
    command.build();
    let man = |command: &Command| Man::new(command.clone()).source(concat!("gql-cli ", env!("CARGO_PKG_VERSION")));
    man(&command).render(&mut page)?;
    for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
        let mut section = Vec::new();
        man(verb).render_synopsis_section(&mut section)?;
        man(verb).render_description_section(&mut section)?;
        man(verb).render_options_section(&mut section)?;
        let section = String::from_utf8_lossy(&section);
        writeln!(page, ".SH COMMAND {}", verb.get_name().to_uppercase())?;
        for line in section.lines() {
            // Preambles were written with the page; sections of a section are subsections.
            match line.strip_prefix(".SH ") {
                Some(title) => writeln!(page, ".SS {title}")?,
                None if line.starts_with(".ie ") || line.starts_with(".el ") => {}
                None => writeln!(page, "{line}")?,
            }
        }
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_man_page_explains_each_option() {
        let page = String::from_utf8(man_page().unwrap()).unwrap();
        let lines: Vec<_> = page.lines().collect();
        let options = || {
            lines
                .windows(3)
                .filter(|lines| lines[0] == ".TP" && lines[1].starts_with("\\fB\\-"))
        };
        assert!(options().count() > 40);
        let bare: Vec<_> = options()
            .filter(|lines| lines[2].is_empty())
            .map(|lines| lines[1])
            .collect();
        assert!(bare.is_empty(), "{bare:#?}");
    }
}
