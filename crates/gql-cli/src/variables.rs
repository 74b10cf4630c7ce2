//! What `-V` and `-H` take: `NAME:VALUE`, split at the first colon.

use serde_json::value::RawValue;

use crate::failure::Failure;

/// One variable, with its value as JSON text.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub(crate) name: String,
    /// What stands on the command line, with the escapes of JSON read if it is not JSON itself.
    pub(crate) text: String,
    pub(crate) value: Box<RawValue>,
}

/// Reads variables. A value that is JSON stays as it is written, to the last digit; any other is the text of a string,
/// in which the escapes of JSON mean what they mean there: `007`, `True` and `line\nline` are strings.
pub(crate) fn variables(values: &[String]) -> Result<Vec<Variable>, Failure> {
    values.iter().map(|value| variable(value)).collect()
}

/// Reads variables whose types are known: with one in view that is a string, any text is a value.
pub(crate) fn lenient_variables(values: &[String]) -> Result<Vec<Variable>, Failure> {
    values.iter().map(|value| lenient_variable(value)).collect()
}

pub(crate) fn lenient_variable(text: &str) -> Result<Variable, Failure> {
    match (variable(text), text.split_once(':')) {
        (Err(_), Some((name, value))) if !name.is_empty() => Ok(Variable {
            name: name.to_owned(),
            text: value.to_owned(),
            value: json(&serde_json::Value::from(value).to_string())
                .ok_or_else(|| Failure::usage(format!("Invalid variable: {text}")))?,
        }),
        (read, _) => read,
    }
}

fn variable(text: &str) -> Result<Variable, Failure> {
    let invalid = || Failure::usage(format!("Invalid variable: {text}"));
    let unnamed = || {
        invalid().hint(
            "variables are NAME:VALUE, where VALUE is JSON or plain text: -V id:7 'name:Ada' 'input:{\"tags\": [1, 2]}'",
        )
    };
    let (name, value) = text.split_once(':').ok_or_else(unnamed)?;
    if name.is_empty() {
        return Err(unnamed());
    }
    let unreadable = || {
        invalid().hint(format!(
            "this is neither JSON nor plain text, in which \" and \\ need a \\ before them; \
             as JSON it is -V '{name}:{}'",
            serde_json::Value::from(value)
        ))
    };
    if let Some(json) = json(value) {
        return Ok(Variable {
            name: name.to_owned(),
            text: value.to_owned(),
            value: json,
        });
    }
    let json = json(&quoted(value)).ok_or_else(unreadable)?;
    Ok(Variable {
        name: name.to_owned(),
        text: serde_json::from_str(json.get()).map_err(|_| unreadable())?,
        value: json,
    })
}

fn json(text: &str) -> Option<Box<RawValue>> {
    serde_json::from_str(text).ok()
}

/// The text between quotation marks. A line break in it, which a shell passes on happily, is as good as its escape.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Reads headers. No error repeats more than a name: the rest may be a secret.
pub(crate) fn headers(values: &[String]) -> Result<Vec<(String, String)>, Failure> {
    values.iter().map(|value| header(value)).collect()
}

fn header(text: &str) -> Result<(String, String), Failure> {
    let Some((name, value)) = text.split_once(':').filter(|(name, _)| !name.trim().is_empty()) else {
        /// Enough to find the place in the command line, too little to be a secret.
        const SHOWN: usize = 12;
        let shown: String = text.chars().take(SHOWN).collect();
        let rest = if text.chars().nth(SHOWN).is_some() { "…" } else { "" };
        return Err(Failure::usage(format!("Invalid header: {shown}{rest}"))
            .hint("headers are NAME:VALUE, quoted where they hold blanks: -H 'Authorization: Bearer …'"));
    };
    let (name, value) = (name.trim(), value.trim());
    if !name.bytes().all(is_name_byte) {
        return Err(
            Failure::usage(format!("Invalid header: {name:?} is not a name that HTTP allows"))
                .hint("names are letters, digits and hyphens"),
        );
    }
    if value.chars().any(|c| c.is_control() && c != '\t') {
        return Err(Failure::usage(format!(
            "Invalid header: the value of {name} holds a line break or another control character"
        )));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// A `tchar` of RFC 9110.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value_of(text: &str) -> Option<String> {
        let variable = variable(text).ok()?;
        Some(format!("{}={}", variable.name, variable.value.get()))
    }

    #[test]
    fn values_are_json_or_else_text() {
        for (text, expected) in [
            ("id:7", "id=7"),
            ("id:007", "id=\"007\""),
            ("flag:true", "flag=true"),
            ("flag:True", "flag=\"True\""),
            ("none:null", "none=null"),
            ("big:12345678901234567890123", "big=12345678901234567890123"),
            ("float:1e3", "float=1e3"),
            ("nan:NaN", "nan=\"NaN\""),
            ("message:Hello world!", "message=\"Hello world!\""),
            ("quoted:\"text\"", "quoted=\"text\""),
            ("url:https://example.com:8080/a", "url=\"https://example.com:8080/a\""),
            ("empty:", "empty=\"\""),
            ("escaped:a\\nb", "escaped=\"a\\nb\""),
            ("broken:a\nb", "broken=\"a\\nb\""),
            ("input:{\"b\": 1, \"a\": [1.0]}", "input={\"b\": 1, \"a\": [1.0]}"),
            ("list:[1, 2]", "list=[1, 2]"),
            ("é:ü", "é=\"ü\""),
        ] {
            assert_eq!(value_of(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_missing_colon_a_missing_name_and_a_stray_quote_are_named() {
        for text in ["id", "", ":7", "a:x\"y", "a:{\"b\":", "a:\\x"] {
            let failure = variable(text).unwrap_err();
            assert_eq!(failure.message, format!("Invalid variable: {text}"));
        }
    }

    #[test]
    fn headers_are_split_at_the_first_colon_and_trimmed() {
        let (name, value) = header("Authorization: Bearer a:b ").unwrap();
        assert_eq!((name.as_str(), value.as_str()), ("Authorization", "Bearer a:b"));
    }

    #[test]
    fn a_header_without_a_name_is_not_repeated_in_full() {
        let failure = header("0123456789-this-may-be-a-secret").unwrap_err();
        assert_eq!(failure.message, "Invalid header: 0123456789-t…");
        assert!(header(": x").is_err());
    }

    #[test]
    fn a_header_that_http_does_not_allow_is_refused_without_its_value() {
        for text in ["bad name:hush", "naïve:hush", "x:hush\nhush", "x:hush\u{7f}h"] {
            let failure = header(text).unwrap_err();
            assert!(failure.message.starts_with("Invalid header: "), "{text:?}");
            assert!(!failure.message.contains("hush"), "{}", failure.message);
        }
    }

    #[test]
    fn a_stray_quote_is_shown_as_json() {
        let failure = variable("m:a\"b").unwrap_err();
        let hint = failure.hint.unwrap();
        assert!(
            hint.contains(r#"-V 'm:"a\"b"'"#) && hint.contains("need a \\ before"),
            "{hint}"
        );
    }

    proptest! {
        #[test]
        fn any_variable_is_read_or_refused_without_a_panic(text in any::<String>()) {
            let _ = variable(&text);
            let _ = header(&text);
        }

        #[test]
        fn a_value_that_is_json_stays_as_it_is(number in any::<f64>()) {
            let text = format!("n:{}", serde_json::to_string(&number).unwrap());
            prop_assert_eq!(value_of(&text), Some(text.replacen(':', "=", 1)));
        }
    }
}
