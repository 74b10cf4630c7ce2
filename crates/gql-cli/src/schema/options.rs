//! What an introspection query asks for.

use gqlwire_schema::IntrospectionOptions;

use crate::failure::Failure;

/// Reads `--schema-download`: each word is OPTION:BOOL, and changes these options.
pub(crate) fn options(words: &[String], mut options: IntrospectionOptions) -> Result<IntrospectionOptions, Failure> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<IntrospectionOptions, Failure> {
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        options(&words, IntrospectionOptions::default())
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
