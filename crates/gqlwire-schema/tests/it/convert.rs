// A helper may unwrap as the tests may; clippy knows only functions marked `#[test]`.
#![allow(clippy::unwrap_used)]

use gqlwire_schema::{Conversions, Schema};
use serde_json::{Value, json};

use crate::support::object;

const SDL: &str = "
    scalar Money
    scalar Date
    enum Color { RED GREEN BLUE }
    type Query { shop: Shop, shops: [[Shop!]!], find(at: Date, paint: Paint, paints: [Paint!]): Node, free: AWSJSON }
    input Paint { color: Color!, price: Money, more: [Paint!], extra: AWSJSON }
    interface Node { id: ID }
    type Shop implements Node { id: ID, price: Money, prices: [Money], opened: Date, color: Color, next: Shop }
    type Other implements Node { id: ID, closed: Date }
";

fn conversions() -> (Schema, Conversions) {
    let schema = Schema::from_sdl(SDL).unwrap();
    let conversions = Conversions::new(&schema)
        .scalar(
            "Money",
            |value| {
                value
                    .as_str()
                    .and_then(|text| text.strip_prefix("€"))
                    .map(Value::from)
                    .ok_or("no amount")
            },
            |value| value.as_str().map(|text| json!(format!("€{text}"))).ok_or("no amount"),
        )
        .unwrap()
        .enumeration(
            "Color",
            [("RED", json!(1)), ("GREEN", json!(2)), ("BLUE", json!({"b": true}))],
        )
        .unwrap();
    (schema, conversions)
}

fn parsed(document: &str, data: Value) -> Result<Value, String> {
    let (schema, conversions) = conversions();
    let document = schema.parse(document).unwrap();
    let operation = document.operation(None).unwrap();
    conversions
        .parse_result(&operation, data)
        .map_err(|error| error.to_string())
}

fn serialized(variables: Value) -> Result<Value, String> {
    let (schema, conversions) = conversions();
    let document =
        "query($at: Date, $paint: Paint, $paints: [Paint!]) { find(at: $at, paint: $paint, paints: $paints) { id } }";
    let document = schema.parse(document).unwrap();
    let operation = document.operation(None).unwrap();
    let converted = conversions.serialize_variables(&operation, &object(variables));
    converted.map(Value::Object).map_err(|errors| errors.to_string())
}

#[test]
fn results_are_converted_under_aliases_through_fragments_and_in_lists_of_lists() {
    let document = "{
        shop { ...Prices c: color next { price } }
        shops { price opened }
        find { id ... on Shop { price } ... on Other { closed } }
    }
    fragment Prices on Shop { price p: price prices }";
    let data = json!({
        "shop": {"price": "1", "p": "2", "prices": ["3", null], "c": "BLUE", "next": {"price": null}},
        "shops": [[{"price": "4", "opened": "today"}], []],
        "find": {"id": "1", "price": "5"},
    });
    let expected = json!({
        "shop": {"price": "€1", "p": "€2", "prices": ["€3", null], "c": {"b": true}, "next": {"price": null}},
        "shops": [[{"price": "€4", "opened": "today"}], []],
        "find": {"id": "1", "price": "€5"},
    });
    assert_eq!(parsed(document, data), Ok(expected));
}

#[test]
fn what_is_null_missing_or_unheard_of_stays_as_it_is() {
    for data in [
        json!(null),
        json!({}),
        json!({"shop": null}),
        json!({"shop": {"color": "PINK", "extra": 1}}),
    ] {
        assert_eq!(parsed("{ shop { color price } }", data.clone()), Ok(data));
    }
}

#[test]
fn a_result_of_another_shape_is_an_error_with_its_place() {
    for (data, said) in [
        (
            json!([{"shop": 5}]),
            "[0].shop: an object or a list was to be here, and something else is",
        ),
        (json!({"shop": {"price": 5}}), "shop.price: no amount"),
        (
            json!({"shop": {"prices": "5"}}),
            "shop.prices: a list was to be here, and something else is",
        ),
        (json!({"shop": {"prices": ["5", 6]}}), "shop.prices[1]: no amount"),
    ] {
        assert_eq!(parsed("{ shop { price prices } }", data), Err(said.to_owned()));
    }
}

#[test]
fn json_in_a_string_is_what_it_holds() {
    assert_eq!(parsed("{ free }", json!({"free": "[1]"})), Ok(json!({"free": [1]})));
    let refused = parsed("{ free }", json!({"free": "{"})).unwrap_err();
    assert!(refused.starts_with("free: its text is not JSON"), "{refused}");
}

#[test]
fn variables_are_converted_at_any_depth_and_checked() {
    let given = json!({
        "at": "any",
        "paint": {"color": 1, "price": "€5", "more": [{"color": {"b": true}, "extra": {"a": [1]}}]},
        "paints": {"color": "GREEN"},
    });
    let expected = json!({
        "at": "any",
        "paint": {"color": "RED", "price": "5", "more": [{"color": "BLUE", "extra": "{\"a\":[1]}"}]},
        "paints": {"color": "GREEN"},
    });
    assert_eq!(serialized(given), Ok(expected));
    for (given, said) in [
        (json!({"paint": {"color": 1, "price": 5}}), "$paint.price: no amount"),
        (
            json!({"paint": {"color": 9}}),
            "$paint.color: expected Color, found a number",
        ),
        (
            json!({"pain": {}}),
            "$pain: the operation declares no such variable; did you mean \"paint\"?",
        ),
    ] {
        assert_eq!(serialized(given), Err(said.to_owned()));
    }
    assert_eq!(serialized(json!({"paint": null})), Ok(json!({"paint": null})));
}

#[test]
fn a_conversion_of_a_type_that_is_none_is_refused() {
    let schema = Schema::from_sdl(SDL).unwrap();
    let copy = |value: &Value| Ok::<_, String>(value.clone());
    for (name, said) in [
        ("Monei", "Monei: the schema has no such type"),
        ("Color", "Color: it is not a scalar in this schema"),
    ] {
        let refused = Conversions::new(&schema).scalar(name, copy, copy).unwrap_err();
        assert_eq!(refused.to_string(), said);
    }
    for (values, said) in [
        (vec![("RED", json!(1))], "Color: there is nothing for its value GREEN"),
        (
            vec![
                ("RED", json!(1)),
                ("GREEN", json!(2)),
                ("BLUE", json!(3)),
                ("PINK", json!(4)),
            ],
            "Color: it has no value PINK",
        ),
    ] {
        let refused = Conversions::new(&schema).enumeration("Color", values).unwrap_err();
        assert_eq!(refused.to_string(), said);
    }
}
