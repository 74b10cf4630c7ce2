use gqlwire_schema::{LintOptions, LintRule, did_you_mean};

use crate::args::LintArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::findings;
use crate::schema::of_source;

/// `schema lint`.
pub(super) fn lint(args: LintArgs) -> Result<Exit, Failure> {
    let mut options = LintOptions::default();
    options.off = args.off.iter().map(|name| rule(name)).collect::<Result<_, _>>()?;
    let Some(loaded) = of_source(args.source)? else {
        return Ok(Exit::Interrupted);
    };
    options.file = loaded.file;
    let found = loaded.schema.lint(&options);
    findings::print(&found, args.output)?;
    findings::summary(&loaded.name, &found);
    Ok(findings::exit(&found, args.fail_on))
}

fn rule(name: &str) -> Result<LintRule, Failure> {
    LintRule::from_name(name).ok_or_else(|| {
        let all: Vec<&str> = LintRule::ALL.iter().map(|rule| rule.as_str()).collect();
        let failure = Failure::usage(format!("--off {name}: there is no such rule"));
        match did_you_mean(name, all.iter().copied()).first() {
            Some(meant) => failure.hint(format!("did you mean {meant}?")),
            None => failure.hint(format!("the rules are {}", all.join(", "))),
        }
    })
}
