use gqlwire_proto::{MaybeKnown, MaybeUndefined, Request};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
struct Update {
    #[serde(default, skip_serializing_if = "MaybeUndefined::is_undefined")]
    name: MaybeUndefined<String>,
}

#[test]
fn absent_null_and_a_value_are_three_things_in_both_directions() {
    for (json, name) in [
        ("{}", MaybeUndefined::Undefined),
        (r#"{"name":null}"#, MaybeUndefined::Null),
        (r#"{"name":"a"}"#, MaybeUndefined::Value("a".to_owned())),
    ] {
        let update = Update { name };
        assert_eq!(serde_json::from_str::<Update>(json).unwrap(), update);
        assert_eq!(serde_json::to_string(&update).unwrap(), json);
    }
    assert_eq!(MaybeUndefined::<i32>::from(None), MaybeUndefined::Null);
    assert_eq!(MaybeUndefined::from(5).map(|five| five + 1).into_value(), Some(6));
}

#[test]
fn an_undefined_value_is_never_sent_as_null_by_accident() {
    let request = Request::<Value>::new("query($a: Int) { f(a: $a) }");
    let bare = request.clone().variable("a", MaybeUndefined::<i32>::Undefined);
    let error = bare.to_json().unwrap_err().to_string();
    assert!(error.contains("skip_serializing_if"), "{error}");
    let left_out = request.clone().optional_variable("a", MaybeUndefined::<i32>::Undefined);
    assert_eq!(left_out.to_json().unwrap(), request.to_json().unwrap());
    let null = request.clone().optional_variable("a", MaybeUndefined::<i32>::Null);
    assert!(null.to_json().unwrap().ends_with(r#""variables":{"a":null}}"#));
    let given = request.optional_variable("a", 5.into());
    assert!(given.to_json().unwrap().ends_with(r#""variables":{"a":5}}"#));
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Color {
    DarkRed,
    Green,
}

#[test]
fn an_enum_value_that_is_new_keeps_its_name_and_goes_back_as_it_came() {
    let json = json!(["DARK_RED", "BLUE", "GREEN"]);
    let colors: Vec<MaybeKnown<Color>> = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(
        colors,
        [
            Color::DarkRed.into(),
            MaybeKnown::Unknown("BLUE".to_owned()),
            Color::Green.into()
        ]
    );
    assert_eq!(serde_json::to_value(&colors).unwrap(), json);
    assert_eq!(colors[1].clone().into_known(), Err("BLUE".to_owned()));
    assert!(serde_json::from_value::<MaybeKnown<Color>>(json!(5)).is_err());
}
