use gqlwire_schema::{Change, ChangeClass};

use super::origin::{Origin, load};
use crate::args::{DiffArgs, FailOnChange, Output};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Stdout;
use crate::{findings, report};

/// `schema diff`: the worst changes first.
pub(super) fn diff(mut args: DiffArgs) -> Result<Exit, Failure> {
    let (old, new) = (Origin::of(&args.old), Origin::of(&args.new));
    if (&old, &new) == (&Origin::Stdin, &Origin::Stdin) {
        return Err(Failure::usage("standard input cannot be both schemas"));
    }
    // What was kept is compared with what is there now.
    if let (Origin::Cached, Origin::Endpoint(url)) | (Origin::Endpoint(url), Origin::Cached) = (&old, &new) {
        args.care.connection.url = vec![url.clone()];
    }
    let Some(old) = load(old, &args.care)? else {
        return Ok(Exit::Interrupted);
    };
    let Some(new) = load(new, &args.care)? else {
        return Ok(Exit::Interrupted);
    };
    let changes = old.schema.diff(&new.schema);
    print(&changes, args.output)?;
    summary(&changes);
    let fails = |change: &Change| match args.fail_on {
        FailOnChange::Breaking => change.class() <= ChangeClass::Breaking,
        FailOnChange::Dangerous => change.class() <= ChangeClass::Dangerous,
        FailOnChange::Safe => true,
        FailOnChange::None => false,
    };
    Ok(match changes.iter().any(fails) {
        true => Exit::Changed,
        false => Exit::Success,
    })
}

fn count(changes: &[Change], class: ChangeClass) -> usize {
    changes.iter().filter(|change| change.class() == class).count()
}

fn print(changes: &[Change], output: Output) -> Result<Exit, Failure> {
    let text = match output {
        Output::Text => {
            let line = |change: &Change| format!("{} {}: {change}\n", change.class(), change.code().as_str());
            let lines: String = changes.iter().map(line).collect();
            report::printable(&lines).into_owned()
        }
        Output::Json => {
            let count = |class| count(changes, class);
            let json = serde_json::json!({
                "changes": changes,
                "breaking": count(ChangeClass::Breaking),
                "dangerous": count(ChangeClass::Dangerous),
                "safe": count(ChangeClass::Safe),
            });
            format!("{json}\n")
        }
        Output::Github | Output::Sarif => {
            let diagnostics: Vec<_> = changes.iter().map(Change::to_diagnostic).collect();
            return findings::print(&diagnostics, output);
        }
    };
    Stdout::new().text(text)
}

fn summary(changes: &[Change]) {
    if changes.is_empty() {
        return report::say("No changes");
    }
    let classes = [ChangeClass::Breaking, ChangeClass::Dangerous, ChangeClass::Safe];
    let counts: Vec<String> = classes
        .iter()
        .map(|class| format!("{} {class}", count(changes, *class)))
        .collect();
    report::say(format_args!("Changes: {}", counts.join(", ")));
}
