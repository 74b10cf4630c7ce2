//! What a websocket begins with: `--init-payload` and `--init`.

use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use crate::args::SocketArgs;
use crate::failure::Failure;

/// The payload that the options describe, if any does. No error repeats it: it is often a token.
pub(crate) fn payload(args: &SocketArgs) -> Result<Option<Value>, Failure> {
    let whole = match &args.init_payload {
        None => None,
        Some(secret) => {
            let text = secret.read_text("--init-payload")?;
            let read: Result<Value, _> = serde_json::from_str(text.expose_secret());
            Some(read.map_err(|error| {
                Failure::usage(format!(
                    "--init-payload is not JSON (line {}, column {})",
                    error.line(),
                    error.column()
                ))
                .hint("give a value of JSON, such as '{\"token\": \"…\"}', or @FILE")
            })?)
        }
    };
    if args.init.is_empty() {
        return Ok(whole);
    }
    let mut members = match whole {
        None => Map::new(),
        Some(Value::Object(members)) => members,
        Some(_) => {
            return Err(Failure::usage(
                "--init adds a member to an object, and --init-payload gives something else",
            ));
        }
    };
    for member in &args.init {
        let text = member.read_text("--init")?;
        let (name, value) = text
            .expose_secret()
            .split_once(':')
            .filter(|(name, _)| !name.trim().is_empty())
            .ok_or_else(|| Failure::usage("--init wants NAME:VALUE").hint("as in --init 'Authorization: Bearer …'"))?;
        members.insert(name.trim().to_owned(), value.trim().into());
    }
    Ok(Some(Value::Object(members)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(init: &[&str], whole: Option<&str>) -> Result<Option<Value>, Failure> {
        payload(&SocketArgs {
            init: init.iter().map(|text| text.parse().unwrap()).collect(),
            init_payload: whole.map(|text| text.parse().unwrap()),
            channel: None,
        })
    }

    #[test]
    fn members_go_over_the_whole() {
        use serde_json::json;

        assert_eq!(of(&[], None).unwrap(), None);
        assert_eq!(of(&[], Some("[1]")).unwrap(), Some(json!([1])));
        assert_eq!(of(&["a: b:c "], None).unwrap(), Some(json!({"a": "b:c"})));
        assert_eq!(
            of(&["a:7"], Some(r#"{"a": 1, "b": {"c": 2}}"#)).unwrap(),
            Some(json!({"a": "7", "b": {"c": 2}}))
        );
    }

    #[test]
    fn what_cannot_be_read_is_not_repeated() {
        for (init, whole) in [
            (&["hush"][..], None),
            (&[":hush"], None),
            (&["a:b"], Some("[\"hush\"]")),
            (&[], Some("hush")),
        ] {
            let failure = of(init, whole).unwrap_err();
            assert!(!failure.message.contains("hush"), "{}", failure.message);
        }
    }
}
