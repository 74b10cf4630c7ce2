use gqlwire_schema::compose::{Value, enum_value, field, mutation, null, object, query, variable};
use proptest::prelude::*;
use serde_json::json;

use super::{built, refused};

/// The argument as it is written in the document.
fn written(of: &str, argument: &str, value: impl Into<Value>) -> String {
    let text = built(query().select(field(of).argument(argument, value)));
    let start = format!("{{{of}({argument}:");
    text.trim_start_matches(&start).trim_end_matches(")}").to_owned()
}

fn wrong(of: &str, argument: &str, value: impl Into<Value>) -> String {
    let refused = refused(query().select(field(of).argument(argument, value)));
    let at = format!("RootQuery.{of}({argument}:): ");
    refused.strip_prefix(&at).map(str::to_owned).unwrap_or(refused)
}

#[test]
fn enum_values_are_names_and_are_checked() {
    for value in [Value::from("EMPIRE"), enum_value("EMPIRE"), json!("EMPIRE").into()] {
        let hero = field("hero").argument("episode", value).select("id");
        assert_eq!(built(query().select(hero)), "{hero(episode:EMPIRE){id}}");
    }
    let hero = |value: Value| refused(query().select(field("hero").argument("episode", value).select("id")));
    assert_eq!(
        hero("EMPRIE".into()),
        "RootQuery.hero(episode:): 'EMPRIE' is not a value of Episode; did you mean \"EMPIRE\"?"
    );
    assert_eq!(
        hero(5.into()),
        "RootQuery.hero(episode:): Episode is expected, and an integer was given"
    );
}

#[test]
fn an_id_is_a_string_or_an_integer_and_stays_what_it_was() {
    let human = |id: Value| built(query().select(field("human").argument("id", id).select("id")));
    assert_eq!(human("1000".into()), "{human(id:\"1000\"){id}}");
    assert_eq!(human(1000.into()), "{human(id:1000){id}}");
    let error = refused(query().select(field("human").argument("id", 1.5).select("id")));
    assert_eq!(
        error,
        "RootQuery.human(id:): ID is expected, and a number with a fraction was given"
    );
}

#[test]
fn numbers_are_written_exactly_or_refused() {
    let near = |radius: Value| {
        let point = json!({"x": 0, "y": -1.25});
        let near = field("near").argument("radius", radius).argument("point", point);
        query().select(near.select("id"))
    };
    let radius = |value: Value| {
        built(near(value))
            .replace("point:{x:0 y:-1.25}){id}}", "")
            .replace("{near(radius:", "")
    };
    for (value, expected) in [
        (Value::from(3), "3 "),
        (3.0.into(), "3.0 "),
        (0.1_f32.into(), "0.1 "),
        (1e300.into(), "1e+300 "),
        (u64::MAX.into(), "18446744073709551615 "),
        (json!(2.5).into(), "2.5 "),
    ] {
        assert_eq!(radius(value), expected);
    }
    assert_eq!(
        refused(near(f64::NAN.into())),
        "RootQuery.near(radius:): NaN is no number that GraphQL can write"
    );
    let search = |limit: Value| {
        let search = field("search").argument("text", "").argument("limit", limit);
        query().select(search.select("__typename"))
    };
    assert_eq!(built(search(2.0.into())), "{search(text:\"\"limit:2){__typename}}");
    for (value, expected) in [
        (
            Value::from(3_000_000_000_i64),
            "3000000000 does not fit into the 32 bits of an Int",
        ),
        (2.5.into(), "Int is expected, and a number with a fraction was given"),
        ("2".into(), "Int is expected, and a string was given"),
        (true.into(), "Int is expected, and a boolean was given"),
    ] {
        assert_eq!(refused(search(value)), format!("RootQuery.search(limit:): {expected}"));
    }
}

#[test]
fn strings_and_booleans_are_not_mixed_up() {
    let many = |flag: Value| query().select(field("many").argument("ids", ["a"]).argument("flag", flag));
    assert_eq!(built(many(false.into())), "{many(ids:[\"a\"]flag:false)}");
    assert_eq!(
        refused(many("true".into())),
        "RootQuery.many(flag:): Boolean is expected, and a string was given"
    );
    let text = |value: Value| refused(query().select(field("search").argument("text", value).select("__typename")));
    assert_eq!(
        text(1.into()),
        "RootQuery.search(text:): String is expected, and an integer was given"
    );
    assert_eq!(
        text(enum_value("A")),
        "RootQuery.search(text:): String is expected, and an enum value was given"
    );
}

#[test]
fn null_is_written_and_what_is_absent_is_not() {
    let hero = || field("hero").select("id");
    assert_eq!(
        built(query().select(hero().argument("episode", null()))),
        "{hero(episode:null){id}}"
    );
    assert_eq!(
        built(query().select(hero().argument("episode", None::<&str>))),
        "{hero(episode:null){id}}"
    );
    assert_eq!(
        built(query().select(hero().optional_argument("episode", None::<&str>))),
        "{hero{id}}"
    );
    assert_eq!(
        built(query().select(hero().optional_argument("episode", Some("JEDI")))),
        "{hero(episode:JEDI){id}}"
    );
    assert_eq!(
        refused(query().select(field("human").argument("id", null()).select("id"))),
        "RootQuery.human(id:): null cannot be given where ID! is expected"
    );
    assert_eq!(
        wrong("many", "ids", vec![null()]),
        "null cannot be given where ID! is expected"
    );
}

#[test]
fn a_list_takes_lists_and_one_item_alone() {
    assert_eq!(
        written("many", "ids", ["a", "b"]),
        "[\"a\"\"b\"]".replace("\"\"", "\" \"")
    );
    assert_eq!(written("many", "ids", "a"), "\"a\"");
    assert_eq!(written("many", "ids", (1, "b")), "[1\"b\"]");
    let hero = field("hero").argument("after", ["JEDI", "EMPIRE"]).select("id");
    assert_eq!(built(query().select(hero)), "{hero(after:[JEDI EMPIRE]){id}}");
    let points = field("many")
        .argument("ids", Vec::<&str>::new())
        .argument("points", json!([[{"x": 1, "y": 2}], []]));
    assert_eq!(built(query().select(points)), "{many(ids:[]points:[[{x:1 y:2}][]])}");
}

#[test]
fn input_objects_are_typed_all_the_way_down() {
    let near = |point: Value| query().select(field("near").argument("point", point).select("id"));
    let point = object().set("x", 1).set("y", 2.5).set("unit", "FOOT").set(
        "next",
        object()
            .set("x", 0)
            .set("y", 0)
            .set("label", "o")
            .set("label", "origin")
            .set("extra", json!({"a": ["FOOT"]})),
    );
    assert_eq!(
        built(near(point.into())),
        "{near(point:{x:1 y:2.5 unit:FOOT next:{x:0 y:0 label:\"origin\"extra:{a:[\"FOOT\"]}}}){id}}"
    );
    // What gql drops or overlooks without a word.
    assert_eq!(
        refused(near(json!({"x": 1, "y": 2, "lable": "a"}).into())),
        "Point.lable: there is no such input field; did you mean \"label\"?"
    );
    assert_eq!(
        refused(near(json!({"x": 1, "next": {"y": null, "x": "0"}}).into())),
        "Point.x: Float is expected, and a string was given\n\
         Point.y: null cannot be given where Float! is expected\n\
         Point.y: this input field must be given in RootQuery.near(point:); its type is Float!"
    );
    assert_eq!(
        refused(near("here".into())),
        "RootQuery.near(point:): Point is expected, and a string was given"
    );
}

#[test]
fn what_is_given_twice_in_two_spellings_is_refused() {
    let schema = "type Query { a(firstName: Int, in: In): Int } input In { lastName: Int }"
        .parse()
        .unwrap();
    let a = field("a").argument("firstName", 1).argument("first_name", 2);
    let a = a.argument("in", object().set("last_name", 1).set("lastName", 2));
    let errors = query().select(a).build(&schema).unwrap_err();
    assert_eq!(
        super::plain(&errors),
        "Query.a(first_name:): this argument is given twice, in two spellings\n\
         In.lastName: this input field is given twice, in two spellings"
    );
}

#[test]
fn a_one_of_input_takes_exactly_one() {
    let pick = |by: serde_json::Value| query().select(field("pick").argument("by", by).select("id"));
    assert_eq!(built(pick(json!({"id": 1}))), "{pick(by:{id:1}){id}}");
    // The specification wants a variable there that cannot be null.
    let by = field("pick")
        .argument("by", object().set("name", variable("n")))
        .select("id");
    assert_eq!(built(query().select(by)), "query($n:String!){pick(by:{name:$n}){id}}");
    for wrong in [json!({}), json!({"id": null}), json!({"id": 1, "name": "a"})] {
        assert_eq!(
            refused(pick(wrong)),
            "RootQuery.pick(by:): exactly one field of Key must be given, and not null"
        );
    }
}

#[test]
fn missing_and_unknown_arguments_are_refused() {
    let human = query().select(field("human").argument("identifier", 1).select("id"));
    assert_eq!(
        refused(human),
        "RootQuery.human(identifier:): there is no such argument\n\
         RootQuery.human(id:): this argument must be given; its type is ID!"
    );
    // Non-null with a default need not be given; a second value replaces the first.
    let search = field("search")
        .argument("text", "a")
        .argument("text", "b")
        .select("__typename");
    assert_eq!(built(query().select(search)), "{search(text:\"b\"){__typename}}");
}

#[test]
fn a_scalar_of_your_own_takes_anything_that_can_be_written() {
    assert_eq!(
        written("store", "json", json!({"a": [1, 2.5, null, {"b": true}], "c": "d"})),
        "{a:[1 2.5 null{b:true}]c:\"d\"}"
    );
    assert_eq!(written("store", "json", json!([])), "[]");
    assert_eq!(written("store", "json", enum_value("A")), "A");
    assert_eq!(written("store", "long", i128::MAX), i128::MAX.to_string());
    assert_eq!(
        wrong("store", "json", json!({"not a name": 1})),
        "'not a name' cannot be written as a name; give the object in a variable"
    );
}

#[test]
fn awsjson_is_a_string_and_made_one() {
    assert_eq!(written("store", "text", r#"{"a":1}"#), r#""{\"a\":1}""#);
    assert_eq!(
        written("store", "text", json!({"a b": [1, "x"]})),
        r#""{\"a b\":[1,\"x\"]}""#
    );
    assert_eq!(written("store", "text", 5), "\"5\"");
    assert!(wrong("store", "text", "{a}").contains("valid JSON"));
    assert_eq!(
        wrong("store", "text", object().set("a", variable("x"))),
        "$x cannot stand inside of JSON text; make the whole value a variable"
    );
    assert_eq!(
        built(query().select(field("store").argument("text", variable("x")))),
        "query($x:AWSJSON){store(text:$x)}"
    );
}

#[test]
fn appsyncs_scalars_are_checked() {
    assert_eq!(
        written("store", "at", "2026-11-24T07:56:59Z"),
        "\"2026-11-24T07:56:59Z\""
    );
    assert_eq!(written("store", "stamp", 1), "1");
    assert!(wrong("store", "at", "yesterday").contains("valid"));
    assert_eq!(
        wrong("store", "at", json!({})),
        "AWSDateTime is expected, and an object was given"
    );
}

#[test]
fn a_value_nested_without_end_is_refused() {
    let mut value = Value::from(1);
    for _ in 0..20_000 {
        value = vec![value].into();
    }
    assert!(wrong("store", "json", value).contains("nested deeper than 100 levels"));
}

#[test]
fn an_argument_of_a_mutation_is_checked_like_any_other() {
    let review = field("createReview")
        .argument("review", json!({"stars": 5, "tags": ["a", 1]}))
        .select("stars");
    assert_eq!(
        refused(mutation().select(review)),
        "ReviewInput.tags: String is expected, and an integer was given"
    );
}

proptest! {
    #[test]
    fn any_string_arrives_as_it_was(text in any::<String>()) {
        let document = query().select(field("search").argument("text", text.as_str()).select("__typename"));
        let document = document.build(&super::STARS).unwrap();
        for printed in [document.to_string(), document.minified(), document.normalized()] {
            prop_assert!(super::STARS.parse(&printed).is_ok());
            let again = gqlwire_schema::tree::Document::parse(&printed).unwrap();
            prop_assert_eq!(&again, &document);
        }
    }

    #[test]
    fn any_float_is_written_without_loss(number in any::<f64>()) {
        let document = query().select(field("store").argument("json", number));
        match document.build(&super::STARS) {
            Ok(document) => {
                let text = document.minified();
                let text = text.trim_start_matches("{store(json:").trim_end_matches(")}");
                prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), number.to_bits());
            }
            Err(_) => prop_assert!(!number.is_finite()),
        }
    }
}
