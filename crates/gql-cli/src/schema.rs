//! The server's schema, fetched and printed as SDL.

use gqlwire::Client;
use gqlwire_schema::IntrospectionOptions;

use crate::connection::Connection;
use crate::exit::Exit;
use crate::failure::{Failure, Phase};
use crate::output::Stdout;
use crate::runtime::block_on;
use crate::signals::Interrupts;

/// Reads `--schema-download`: each word is OPTION:BOOL.
pub(crate) fn options(words: &[String]) -> Result<IntrospectionOptions, Failure> {
    let mut options = IntrospectionOptions::default();
    for word in words {
        let (place, value) = option(word, &mut options).ok_or_else(|| {
            Failure::usage(format!("Invalid schema_download: {word}")).hint(
                "give OPTION:true or OPTION:false, where OPTION is descriptions, specified_by_url, \
                 directive_is_repeatable, schema_description, input_value_deprecation or input_object_one_of",
            )
        })?;
        *place = value;
    }
    Ok(options)
}

fn option<'o>(word: &str, options: &'o mut IntrospectionOptions) -> Option<(&'o mut bool, bool)> {
    let (name, value) = word.split_once(':')?;
    let place = match name.trim() {
        "descriptions" => &mut options.descriptions,
        "directive_is_repeatable" => &mut options.directive_is_repeatable,
        "input_object_one_of" => &mut options.input_object_one_of,
        "input_value_deprecation" => &mut options.input_value_deprecation,
        "schema_description" => &mut options.schema_description,
        "specified_by_url" => &mut options.specified_by_url,
        _ => return None,
    };
    match value.trim().to_ascii_lowercase().as_str() {
        "true" => Some((place, true)),
        "false" => Some((place, false)),
        _ => None,
    }
}

/// Fetches and prints. Over AppSync this goes to the HTTP endpoint, whichever of the two the URL names.
pub(crate) fn print(connection: &Connection, client: &Client, options: &IntrospectionOptions) -> Result<Exit, Failure> {
    let sdl = block_on(async {
        let mut interrupts = Interrupts::new()?;
        tokio::select! {
            sdl = client.fetch_sdl(options) => {
                sdl.map(Some).map_err(|error| connection.failure(&error, Phase::Request))
            }
            () = interrupts.next() => Ok(None),
        }
    })?;
    let Some(mut sdl) = sdl else {
        return Ok(Exit::Interrupted);
    };
    if sdl.trim().is_empty() {
        return Err(Failure::new(
            Exit::Unreachable,
            "the server's schema is empty: it names no types",
        ));
    }
    if !sdl.ends_with('\n') {
        sdl.push('\n');
    }
    Stdout::new().text(sdl)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<IntrospectionOptions, Failure> {
        options(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_booleans_in_any_case_over_the_defaults() {
        let options = read(&["descriptions:FALSE", "input_object_one_of:True"]).unwrap();
        assert!(!options.descriptions && options.input_object_one_of);
        assert_eq!(read(&[]).unwrap(), IntrospectionOptions::default());
    }

    #[test]
    fn an_unknown_option_or_value_is_named() {
        for word in ["descriptions", "descriptions:yes", "nonsense:true", ":true", ""] {
            let failure = read(&[word]).unwrap_err();
            assert_eq!(failure.message, format!("Invalid schema_download: {word}"));
        }
    }
}
