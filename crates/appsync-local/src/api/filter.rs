use serde_json::{Map, Value};

/// Whether an event passes the arguments of a subscription.
///
/// Each argument is compared with the field of the same name among those that the mutation selected. An argument that
/// was not given filters nothing; one that was given as null passes only what is null, and a field that the mutation
/// did not select counts as null.
pub(super) fn passes(arguments: &Map<String, Value>, event: &Value) -> bool {
    arguments.iter().all(|(name, wanted)| {
        let found = event.get(name).unwrap_or(&Value::Null);
        same(wanted, found)
    })
}

fn same(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        // 1 and 1.0 are the same Float.
        (Value::Number(wanted), Value::Number(found)) => wanted == found || wanted.as_f64() == found.as_f64(),
        _ => wanted == found,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(arguments: Value, event: Value) -> bool {
        passes(arguments.as_object().unwrap(), &event)
    }

    #[test]
    fn omitted_arguments_filter_nothing() {
        assert!(check(json!({}), json!({"room": "a"})));
    }

    #[test]
    fn every_argument_must_equal_the_field_of_its_name() {
        assert!(check(
            json!({"room": "a", "n": 1}),
            json!({"room": "a", "n": 1.0, "x": 0})
        ));
        assert!(!check(json!({"room": "a", "n": 1}), json!({"room": "a", "n": 2})));
        assert!(!check(json!({"room": "a"}), json!({"room": "A"})));
    }

    #[test]
    fn null_passes_only_null() {
        assert!(check(json!({"room": null}), json!({"room": null})));
        assert!(!check(json!({"room": null}), json!({"room": "a"})));
    }

    #[test]
    fn a_field_that_was_not_selected_counts_as_null() {
        assert!(!check(json!({"room": "a"}), json!({"text": "x"})));
        assert!(check(json!({"room": null}), json!({"text": "x"})));
    }
}
