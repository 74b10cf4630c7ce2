use gqlwire_proto::incremental::{Change, IncrementalError, Merger, Payload};
use gqlwire_proto::{GraphQLError, PathSegment};
use proptest::prelude::*;
use serde_json::{Value, json};

fn merge(payloads: &[&str]) -> Result<(String, Vec<Payload>), IncrementalError> {
    let mut merger = Merger::new(1 << 20);
    let read = payloads.iter().map(|payload| merger.push(payload));
    let read = read.collect::<Result<Vec<_>, _>>()?;
    Ok((merger.to_json(), read))
}

fn merged(payloads: &[&str]) -> String {
    merge(payloads).unwrap().0
}

fn refused(payloads: &[&str]) -> String {
    merge(payloads).unwrap_err().to_string()
}

#[test]
fn an_answer_that_is_not_in_pieces_is_itself() {
    let whole = r#"{"data":{"z":1,"a":12345678901234567890123.50},"errors":[{"message":"m"}],"extensions":{"x":1}}"#;
    assert_eq!(merged(&[whole]), whole);
    assert_eq!(
        merged(&[r#"{"errors":[{"message":"m"}]}"#]),
        r#"{"errors":[{"message":"m"}]}"#
    );
    assert_eq!(refused(&[whole, whole]), "the answer goes on after its last payload");
}

#[test]
fn the_current_dialect_adds_up() {
    let (answer, read) = merge(&[
        r#"{"data":{"hero":{"name":"R2","friends":[{"n":1}]}},"hasNext":true,
            "pending":[{"id":"0","path":["hero"],"label":"slow"},{"id":"1","path":["hero","friends"]}]}"#,
        r#"{"incremental":[{"id":"1","items":[{"n":2},{"n":3}]}],"hasNext":true}"#,
        r#"{"incremental":[{"id":"0","data":{"home":{"x":1}}},{"id":"0","subPath":["home"],"data":{"y":2.50}},
            {"id":"1","items":[{"n":4}],"errors":[{"message":"late"}],"extensions":{"cost":3}}],
            "completed":[{"id":"0"},{"id":"1"}],"hasNext":true}"#,
        r#"{"hasNext":false}"#,
    ])
    .unwrap();
    assert_eq!(
        answer,
        r#"{"data":{"hero":{"name":"R2","friends":[{"n":1},{"n":2},{"n":3},{"n":4}],"home":{"x":1,"y":2.50}}},"errors":[{"message":"late"}],"extensions":{"cost":3}}"#
    );
    assert_eq!(read[0].pending[0].label.as_deref(), Some("slow"));
    assert!(read[0].patches.is_empty() && read[0].has_next);
    let items = &read[1].patches[0];
    let field = |name: &str| PathSegment::Field(name.to_owned());
    assert_eq!(items.path, [field("hero"), field("friends"), PathSegment::Index(1)]);
    assert!(matches!(&items.change, Change::Items(items) if items.len() == 2));
    assert_eq!(read[2].patches[1].path, [field("hero"), field("home")]);
    assert_eq!(read[2].patches[2].errors, [GraphQLError::new("late")]);
    assert_eq!(read[2].completed.len(), 2);
    assert!(!read[3].has_next);
}

#[test]
fn a_fragment_that_fails_is_told_and_its_errors_are_kept() {
    let (answer, read) = merge(&[
        r#"{"data":{"me":{}},"pending":[{"id":0,"path":["me"]}],"hasNext":true}"#,
        r#"{"completed":[{"id":0,"errors":[{"message":"no"}]}],"hasNext":false}"#,
    ])
    .unwrap();
    assert_eq!(answer, r#"{"data":{"me":{}},"errors":[{"message":"no"}]}"#);
    assert_eq!(read[1].completed[0].errors, [GraphQLError::new("no")]);
}

#[test]
fn a_stream_inside_of_what_was_deferred_goes_on_behind_what_that_brought() {
    let answer = merged(&[
        r#"{"data":{"me":{}},"pending":[{"id":"0","path":["me"]}],"hasNext":true}"#,
        r#"{"pending":[{"id":"1","path":["me","list"]}],"incremental":[{"id":"0","data":{"list":[1]}}],
            "completed":[{"id":"0"}],"hasNext":true}"#,
        r#"{"incremental":[{"id":"1","items":[2,3]}],"completed":[{"id":"1"}],"hasNext":false}"#,
    ]);
    assert_eq!(answer, r#"{"data":{"me":{"list":[1,2,3]}}}"#);
}

#[test]
fn the_dialect_of_2022_adds_up_and_may_repeat_what_was_there() {
    let (answer, read) = merge(&[
        r#"{"data":{"me":{"id":1,"friends":[{"id":2,"tags":["a"]}]}},"hasNext":true}"#,
        r#"{"incremental":[{"path":["me"],"label":"l","data":{"id":1,"friends":[{"name":"x","tags":["a","b"]}]}}],
            "hasNext":true}"#,
        r#"{"incremental":[{"path":["me","friends",1],"items":[{"id":3},{"id":4}]}],"hasNext":true}"#,
        r#"{"incremental":[{"path":["me","friends",0],"data":null,"errors":[{"message":"no"}]},
            {"path":["me","friends",3],"items":null}],"hasNext":false}"#,
    ])
    .unwrap();
    let value: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(
        value,
        json!({"data": {"me": {"id": 1, "friends": [{"id": 2, "name": "x", "tags": ["a", "b"]}, {"id": 3}, {"id": 4}]}},
               "errors": [{"message": "no"}]})
    );
    assert_eq!(read[1].patches[0].label.as_deref(), Some("l"));
    assert!(matches!(read[3].patches[0].change, Change::Nothing));
    assert!(matches!(read[3].patches[1].change, Change::Nothing));
}

#[test]
fn the_first_dialect_adds_up() {
    let answer = merged(&[
        r#"{"data":{"me":{"list":["a"]}},"hasNext":true}"#,
        r#"{"path":["me"],"label":"l","data":{"name":"x"},"hasNext":true}"#,
        r#"{"path":["me","list",1],"data":"b","hasNext":true}"#,
        r#"{"path":["me","list",2],"data":null,"errors":[{"message":"no"}],"hasNext":true}"#,
        r#"{"hasNext":false}"#,
    ]);
    assert_eq!(
        answer,
        r#"{"data":{"me":{"list":["a","b",null],"name":"x"}},"errors":[{"message":"no"}]}"#
    );
}

#[test]
fn a_place_that_is_not_there_is_named() {
    let first = r#"{"data":{"me":{"list":[1],"name":"x","no":null}},"hasNext":true}"#;
    let at = |path: &str, data: &str| {
        let patch = format!(r#"{{"incremental":[{{"path":{path},{data}}}],"hasNext":true}}"#);
        refused(&[first, &patch])
    };
    let data = r#""data":{"a":1}"#;
    assert_eq!(
        at(r#"["you"]"#, data),
        "a piece of the answer is for you, and there is no such field"
    );
    assert_eq!(
        at(r#"["me","list",7]"#, data),
        "a piece of the answer is for me.list[7], and there is no such item"
    );
    assert_eq!(
        at(r#"["me","name"]"#, data),
        "a piece of the answer is for me.name, and there is a scalar"
    );
    assert_eq!(
        at(r#"["me","no","x"]"#, data),
        "a piece of the answer is for me.no.x, and there is null"
    );
    assert_eq!(
        at(r#"["me","list"]"#, data),
        "a piece of the answer is for me.list, and there is a list"
    );
    assert_eq!(
        at(r#"["me",0]"#, data),
        "a piece of the answer is for me[0], and there is an object"
    );
    let items = r#""items":[1]"#;
    assert_eq!(
        at(r#"["me"]"#, items),
        "a piece of the answer is for me, and there is an object"
    );
    assert_eq!(
        at(r#"["me","list",9]"#, items),
        "a piece of the answer is for me.list[9], and there is no item before it"
    );
}

#[test]
fn a_piece_that_was_not_announced_or_comes_before_any_data_is_refused() {
    let first = r#"{"data":{},"hasNext":true}"#;
    assert_eq!(
        refused(&[first, r#"{"incremental":[{"id":"7","data":{}}],"hasNext":true}"#]),
        "a piece of the answer is for the id \"7\", which the server has not announced"
    );
    assert!(refused(&[first, r#"{"completed":[{"id":"7"}],"hasNext":true}"#]).contains("\"7\""));
    assert_eq!(
        refused(&[r#"{"incremental":[{"path":["a"],"data":{}}],"hasNext":true}"#]),
        "a piece of the answer is for a, and there is no data yet"
    );
    assert!(refused(&[first, r#"{"incremental":[{"data":{}}],"hasNext":true}"#]).contains("neither an id nor a path"));
    for odd in ["[]", "1", "{", "{\"incremental\":1}", "{\"data\":{},\"path\":[{}]}"] {
        assert!(
            refused(&[odd]).starts_with("a payload of the answer is malformed"),
            "{odd}"
        );
    }
}

#[test]
fn an_answer_is_bounded_in_length_and_in_depth() {
    let mut merger = Merger::new(100);
    merger.push(r#"{"data":{"list":[]},"hasNext":true}"#).unwrap();
    let piece = r#"{"incremental":[{"path":["list",0],"items":[0,0,0,0,0,0]}],"hasNext":true}"#;
    assert_eq!(
        merger.push(piece).unwrap_err(),
        IncrementalError::TooLong { limit: 100 }
    );

    let deep = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    let first = format!(r#"{{"data":{},"hasNext":true}}"#, deep(20_000));
    let piece = format!(
        r#"{{"incremental":[{{"path":[],"data":{}}}],"hasNext":false}}"#,
        deep(20_000)
    );
    let mut merger = Merger::new(10 << 20);
    merger.push(&first).unwrap();
    assert_eq!(merger.push(&piece).unwrap_err(), IncrementalError::TooDeep);
}

#[test]
fn merging_into_many_members_takes_no_longer_than_reading_them() {
    let members = (0..20_000)
        .map(|n| format!("\"m{n}\":{{\"x\":{n}}}"))
        .collect::<Vec<_>>()
        .join(",");
    let first = format!(r#"{{"data":{{{members}}},"hasNext":true}}"#);
    let piece = format!(r#"{{"incremental":[{{"path":[],"data":{{{members}}}}}],"hasNext":false}}"#);
    let mut merger = Merger::new(64 << 20);
    merger.push(&first).unwrap();
    merger.push(&piece).unwrap();
    assert_eq!(merger.to_json().len() + r#","hasNext":true"#.len(), first.len());
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i32>().prop_map(Value::from),
        "[a-c]{0,3}".prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-c]", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// What merging comes to, written the plain way.
fn deep_merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                match into.get_mut(&name) {
                    Some(known) => deep_merge(known, value),
                    None => drop(into.insert(name, value)),
                }
            }
        }
        (Value::Array(into), Value::Array(from)) => {
            for (index, value) in from.into_iter().enumerate() {
                match into.get_mut(index) {
                    Some(known) => deep_merge(known, value),
                    None => into.push(value),
                }
            }
        }
        (into, from) => *into = from,
    }
}

proptest! {
    #[test]
    fn merging_is_what_it_is_for_values(first in json_value(), pieces in proptest::collection::vec(json_value(), 0..4)) {
        let mut merger = Merger::new(1 << 20);
        let mut expected = json!({"root": first});
        merger.push(&json!({"data": expected, "hasNext": true}).to_string()).unwrap();
        for piece in pieces {
            let piece = json!({"root": piece});
            merger.push(&json!({"incremental": [{"path": [], "data": piece}], "hasNext": true}).to_string()).unwrap();
            deep_merge(&mut expected, piece);
        }
        let answer: Value = serde_json::from_str(&merger.to_json()).unwrap();
        prop_assert_eq!(&answer["data"], &expected);
    }

    #[test]
    fn no_payloads_make_it_panic(payloads in proptest::collection::vec(
        (json_value(), proptest::collection::vec(prop_oneof![Just(json!("a")), Just(json!("root")), Just(json!(0)), Just(json!(1))], 0..3),
         any::<bool>(), any::<bool>()),
        0..6,
    )) {
        let mut merger = Merger::new(1 << 16);
        let _ = merger.push(r#"{"data":{"root":{"a":[1]}},"pending":[{"id":"a","path":["root","a"]}],"hasNext":true}"#);
        for (value, path, by_id, items) in payloads {
            let mut piece = json!({"subPath": path, "path": path, "data": value});
            if by_id { piece["id"] = json!("a"); }
            if items { piece["items"] = value; }
            let _ = merger.push(&json!({"incremental": [piece], "hasNext": true}).to_string());
            let answer: Result<Value, _> = serde_json::from_str(&merger.to_json());
            prop_assert!(answer.is_ok());
        }
    }
}
