use std::ffi::OsString;

use clap::Command;
use clap::error::ErrorKind;

/// The long options of Python's gql-cli. What is an unambiguous beginning of one among these stays one, whatever other
/// options begin alike here.
const PYTHON: [&str; 13] = [
    "help",
    "version",
    "variables",
    "headers",
    "debug",
    "verbose",
    "operation-name",
    "print-schema",
    "schema-download",
    "execute-timeout",
    "transport",
    "api-key",
    "jwt",
];

/// Writes out the long options that were cut short.
///
/// # Errors
///
/// One may be several: the error names them.
pub(super) fn complete(
    words: impl IntoIterator<Item = OsString>,
    command: &mut Command,
) -> Result<Vec<OsString>, clap::Error> {
    let mut words: Vec<OsString> = words.into_iter().collect();
    command.build();
    let options = options_of(&words, command);
    for word in words.iter_mut().skip(1) {
        if word == "--" {
            break;
        }
        let Some(text) = word.to_str().and_then(|word| word.strip_prefix("--")) else {
            continue;
        };
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let full = match candidates(name, &options).as_slice() {
            [full] => full.clone(),
            [] => continue,
            several => {
                let names: Vec<String> = several.iter().map(|name| format!("--{name}")).collect();
                let message = format!("`--{name}` may be {}: write more of it", names.join(", "));
                return Err(command.error(ErrorKind::UnknownArgument, message));
            }
        };
        *word = match value {
            Some(value) => format!("--{full}={value}").into(),
            None => format!("--{full}").into(),
        };
    }
    Ok(words)
}

/// The long options of the command that these words run: it is the first word, but for the flags that may precede it.
fn options_of(words: &[OsString], command: &Command) -> Vec<String> {
    let is_flag = |word: &&OsString| {
        let word = word.to_str().unwrap_or_default();
        matches!(word, "-v" | "-d") || word.starts_with("--v") || word.starts_with("--d")
    };
    let mut runs = command;
    for word in words.iter().skip(1).filter(|word| !is_flag(word)) {
        match word.to_str().and_then(|word| runs.find_subcommand(word)) {
            Some(verb) => runs = verb,
            None => break,
        }
    }
    let options = runs.get_arguments().flat_map(|argument| {
        let aliases = argument.get_visible_aliases().unwrap_or_default();
        argument.get_long().into_iter().chain(aliases)
    });
    options.map(str::to_owned).collect()
}

fn candidates(beginning: &str, options: &[String]) -> Vec<String> {
    if options.iter().any(|option| option == beginning) {
        return vec![beginning.to_owned()];
    }
    let all: Vec<String> = options
        .iter()
        .filter(|option| option.starts_with(beginning))
        .cloned()
        .collect();
    let mut python = all.iter().filter(|option| PYTHON.contains(&option.as_str()));
    match (python.next(), python.next()) {
        (Some(one), None) => vec![one.clone()],
        _ => all,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Arguments;

    fn completed(words: &[&str]) -> Result<Vec<String>, String> {
        let words = std::iter::once("gql-cli")
            .chain(words.iter().copied())
            .map(OsString::from);
        let words = complete(words, &mut Arguments::definition()).map_err(|error| error.to_string())?;
        Ok(words
            .into_iter()
            .skip(1)
            .map(|word| word.into_string().unwrap())
            .collect())
    }

    #[test]
    fn what_python_takes_for_one_option_is_that_option() {
        for (short, full) in [
            ("--api", "--api-key"),
            ("--head", "--headers"),
            ("--header", "--headers"),
            ("--var", "--variables"),
            ("--op", "--operation-name"),
            ("--exec", "--execute-timeout"),
            ("--trans=http", "--transport=http"),
            ("--schema-d", "--schema-download"),
            ("--schema", "--schema"),
            ("--print", "--print-schema"),
            ("--jw", "--jwt"),
            ("--hel", "--help"),
            ("--deb", "--debug"),
            ("--head=a:--var", "--headers=a:--var"),
            ("--allow", "--allow-plaintext"),
            ("--nonsense", "--nonsense"),
        ] {
            assert_eq!(completed(&[short]).unwrap(), [full], "{short}");
        }
        assert_eq!(completed(&["--", "--api"]).unwrap(), ["--", "--api"]);
        assert_eq!(completed(&["serve", "--po", "1"]).unwrap(), ["serve", "--port", "1"]);
        assert_eq!(completed(&["-v", "serve", "--po", "1"]).unwrap()[2], "--port");
        let fetch = completed(&["schema", "fetch", "--from", "x", "--out", "y"]).unwrap();
        assert_eq!(
            (fetch[2].as_str(), fetch[4].as_str()),
            ("--from-api-id", "--output-file")
        );
        assert_eq!(completed(&["-o", "serve", "--head", "a:1"]).unwrap()[2], "--headers");
    }

    #[test]
    fn an_ambiguous_beginning_names_what_it_may_be() {
        let error = completed(&["--ver"]).unwrap_err();
        assert!(
            error.contains("--verbose, --version") || error.contains("--version, --verbose"),
            "{error}"
        );
        assert!(completed(&["serve", "--jw", "x"]).unwrap_err().contains("--jwks"));
    }
}
