use gqlwire_proto::{IdPlace, Request, RequestParts, VariablePath};
use proptest::prelude::*;
use serde_json::{Value, json};

fn request(document: &str, name: &str, value: &Value) -> String {
    Request::<Value>::new(document.to_owned())
        .variable("a", value)
        .operation_name(name.to_owned())
        .extension("b", value)
        .to_json()
        .unwrap()
}

proptest! {
    #[test]
    fn a_url_says_what_the_body_says(document in "\\PC{0,40}", name in "\\PC{0,8}", text in "\\PC{0,20}") {
        let body = request(&document, &name, &json!({"x": [text, 1.5]}));
        let query = RequestParts::read(&body).unwrap().to_url_query().unwrap();
        prop_assert!(query.is_ascii() && !query.contains(['+', ' ', '#']));
        let url = url::Url::parse(&format!("http://localhost/?{query}")).unwrap();
        let said: serde_json::Map<String, Value> = url.query_pairs().map(|(name, value)| {
            let value = match &*name {
                "variables" | "extensions" => serde_json::from_str(&value).unwrap(),
                _ => Value::String(value.into_owned()),
            };
            (name.into_owned(), value)
        }).collect();
        prop_assert_eq!(Value::Object(said), serde_json::from_str::<Value>(&body).unwrap());
    }

    #[test]
    fn taken_apart_and_put_together_it_is_the_same(document in "\\PC{0,40}", text in "\\PC{0,20}") {
        let body = request(&document, "N", &json!(text));
        prop_assert_eq!(RequestParts::read(&body).unwrap().to_json().unwrap(), body);
    }

    #[test]
    fn a_file_stands_where_its_path_leads_and_nothing_else_changes(
        steps in proptest::collection::vec(prop_oneof!["[a-z]{1,3}", Just("0".to_owned())], 1..6), number in "[1-9][0-9]{20}",
    ) {
        let body = format!(r#"{{"query":"q","variables":{{"big":{number}}},"operationName":"N"}}"#);
        let path: VariablePath = steps.join(".").parse().unwrap();
        let set = path.set_null(&body).unwrap();
        prop_assert!(set.contains(&number) && set.contains(r#""operationName":"N""#));
        let value: Value = serde_json::from_str(&set).unwrap();
        let mut there = &value["variables"];
        for (depth, step) in steps.iter().enumerate() {
            there = match there {
                Value::Array(items) => { prop_assert!(depth > 0 && items.len() == 1); &items[0] }
                other => other.get(step).unwrap(),
            };
        }
        prop_assert!(there.is_null());
        // It stands there already, and may be set again.
        prop_assert_eq!(path.set_null(&set).unwrap(), set);
    }

    #[test]
    fn no_path_and_no_body_makes_it_panic(path in "[a-c0-2.]{0,12}|\\PC{0,12}", body in "\\PC{0,40}|[\\[\\]{}\":,a01]{0,30}") {
        if let Ok(path) = path.parse::<VariablePath>() {
            let _ = path.set_null(&body);
            let _ = path.set_null(&format!(r#"{{"variables":{body}}}"#));
        }
        let _ = RequestParts::read(&body);
    }
}

#[test]
fn lists_grow_by_one_and_what_is_missing_is_made() {
    let set = |path: &str, variables: &str| {
        let path: VariablePath = path.parse().unwrap();
        let body = format!(r#"{{"variables":{variables}}}"#);
        path.set_null(&body).map_err(|error| error.to_string())
    };
    for (path, variables, expected) in [
        ("file", "{}", r#"{"file":null}"#),
        ("variables.file", r#"{"a":1}"#, r#"{"a":1,"file":null}"#),
        ("variables.variables", "{}", r#"{"variables":null}"#),
        ("files.0", "{}", r#"{"files":[null]}"#),
        ("files.1", r#"{"files":[null]}"#, r#"{"files":[null,null]}"#),
        ("i.photos.0.file", "{}", r#"{"i":{"photos":[{"file":null}]}}"#),
        ("0", "{}", r#"{"0":null}"#),
        ("file", "null", r#"{"file":null}"#),
    ] {
        assert_eq!(
            set(path, variables),
            Ok(format!(r#"{{"variables":{expected}}}"#)),
            "{path}"
        );
    }
    for (path, variables, why) in [
        ("file", r#"{"file":"x"}"#, "variables.file has a value already"),
        (
            "files.2",
            r#"{"files":[null]}"#,
            "variables.files is a list of 1, and has no place for \"2\"",
        ),
        ("files.x", r#"{"files":[null]}"#, "has no place for \"x\""),
        ("a.b", r#"{"a":null}"#, "variables.a is neither an object nor a list"),
        ("a.b", r#"{"a":7}"#, "variables.a is neither an object nor a list"),
    ] {
        let error = set(path, variables).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
    for path in ["", "variables.", "a..b", ".a", "a."] {
        assert!(path.parse::<VariablePath>().is_err(), "{path}");
    }
    assert!(["a"; 65].join(".").parse::<VariablePath>().is_err());
}

#[test]
fn an_id_stands_in_place_of_the_document_and_a_hash_beside_it() {
    let body = Request::<Value>::new("{ a }").extension("x", 1).to_json().unwrap();
    let mut parts = RequestParts::read(&body).unwrap();
    parts.set_hash("h");
    let hashed = r#"{"query":"{ a }","extensions":{"x":1,"persistedQuery":{"sha256Hash":"h","version":1}}}"#;
    assert_eq!(parts.to_json().unwrap(), hashed);
    parts.set_id("7", IdPlace::DocumentId);
    assert!(
        parts
            .to_json()
            .unwrap()
            .starts_with(r#"{"documentId":"7","extensions""#)
    );
    parts.set_id("8", IdPlace::Id);
    assert!(parts.to_json().unwrap().starts_with(r#"{"id":"8","extensions""#));
}
