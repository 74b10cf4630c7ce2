use gqlwire_schema::compose::{document, field, fragment, mutation, query, variable};
use gqlwire_schema::tree;
use serde_json::json;

use super::{STARS, plain};

#[test]
fn a_document_holds_several_operations_and_shares_their_fragments() {
    let names = fragment("Names", "Character").select("name");
    let review = field("createReview")
        .argument("review", variable("review"))
        .select("stars");
    let document = document()
        .operation(query().name("Hero").select(field("hero").select(&names)))
        .operation(
            query()
                .name("Human")
                .select(field("human").argument("id", 1).select(&names)),
        )
        .operation(mutation().name("Review").select(review))
        .build(&STARS)
        .unwrap();
    assert_eq!(
        document.minified(),
        "query Hero{hero{...Names}}query Human{human(id:1){...Names}}\
         mutation Review($review:ReviewInput!){createReview(review:$review){stars}}\
         fragment Names on Character{name}"
    );
    let request = document
        .request::<serde_json::Value>()
        .operation_name("Review")
        .variable("review", json!({"stars": 5}));
    assert!(
        request
            .to_json()
            .unwrap()
            .ends_with(r#""variables":{"review":{"stars":5}},"operationName":"Review"}"#)
    );
}

#[test]
fn operations_need_names_of_their_own() {
    let version = || query().select("version");
    for wrong in [
        document().operation(version()).operation(version().name("B")),
        document().operation(version().name("A")).operation(version().name("A")),
    ] {
        assert!(wrong.build(&STARS).is_err());
    }
    assert_eq!(
        plain(&document().build(&STARS).unwrap_err()),
        "the document has no operation"
    );
    assert_eq!(
        plain(&version().name("a-b").build(&STARS).unwrap_err()),
        "'a-b' cannot be the name of an operation: letters, digits and _ make a name"
    );
}

#[test]
fn a_built_document_is_a_tree_to_print_and_change() {
    let mut built = query().name("V").select("version").build(&STARS).unwrap();
    assert_eq!(built.to_string(), "query V {\n  version\n}\n");
    assert_eq!(built.request::<serde_json::Value>().named_operation(), Some("V"));
    built.operations[0].name = None;
    assert_eq!(built.to_string(), "{\n  version\n}\n");
}

#[test]
fn a_thousand_mistakes_are_told_by_a_hundred() {
    let names: Vec<String> = (0..1000).map(|index| format!("wrong{index}")).collect();
    assert_eq!(query().select(names).build(&STARS).unwrap_err().iter().count(), 100);
}

/// Valid documents as people write them, which come out of every text of a tree as the compiler reads them.
#[test]
fn what_is_valid_stays_valid_and_the_same_through_a_tree() {
    for text in [
        "{ version }",
        "query { version, version }",
        "query Q($e: Episode = JEDI @tag) @tag(label: \"x\") { hero(episode: $e) { id @skip(if: false) } }",
        "# before\n{ hero # after\n { ...F } } fragment F on Character { friends { ...G } } fragment G on Human { height(unit: FOOT) }",
        "{ search(text: \"\"\"\n   block \\\"\"\"\n     text\n  \"\"\") { ... on Human { name } ... on Droid { name } __typename } }",
        "{ search(text: \"\", limit: -0, first: 3) { ... @include(if: true) { ... on Starship { length(unit: METER) } } } }",
        "mutation M($r: ReviewInput!) { createReview(review: $r, episode: null) { stars commentary } }",
        "subscription { reviewAdded(episode: EMPIRE) { ... on Review { stars } } }",
        "{ near(point: {x: 1e3, y: -1.5E-2, next: {x: 0, y: 0, extra: {a: [{}, []], b: null}}}) { id } }",
        "query A($x: Float!) { near(point: {x: $x, y: 1}) { id } } query B { __type(name: \"Human\") { kind } }",
        "{ many(ids: [1, \"2\"], points: [[{x: 1, y: 1}], []]) a: many(ids: 1) store(long: 99999999999999999999) }",
    ] {
        let valid = STARS.parse(text).unwrap_or_else(|errors| panic!("{text}\n{errors}"));
        let parsed = tree::Document::parse(text).unwrap();
        assert_eq!(tree::Document::from(&valid).normalized(), parsed.normalized(), "{text}");
        for printed in [parsed.to_string(), parsed.minified()] {
            let again = STARS
                .parse(&printed)
                .unwrap_or_else(|errors| panic!("{printed}\n{errors}"));
            assert_eq!(again.to_string(), valid.to_string(), "{printed}");
        }
        let normalized = parsed.normalized();
        assert!(STARS.parse(&normalized).is_ok(), "{normalized}");
        assert_eq!(tree::Document::parse(&normalized).unwrap().normalized(), normalized);
        // Taken apart and composed again, it is as it was.
        let composed = gqlwire_schema::compose::Document::from(parsed.clone());
        let composed = composed
            .build(&STARS)
            .unwrap_or_else(|errors| panic!("{text}\n{errors}"));
        assert_eq!(composed.normalized(), normalized);
    }
}

#[test]
fn a_document_that_multiplies_or_is_all_wrong_is_refused_quickly() {
    use std::fmt::Write as _;

    let mut multiplies = String::from("fragment F on RootQuery { many(ids: [");
    let mut all_wrong = String::from("{");
    for index in 0..3_000 {
        let _ = write!(multiplies, "$v{index} ");
        let _ = write!(all_wrong, "hero{index}(episode: NOPE{index}) {{ ...F{index} }} ");
    }
    multiplies.push_str("]) }");
    for index in 0..3_000 {
        let _ = write!(multiplies, " query Q{index} {{ ...F }}");
    }
    all_wrong.push('}');
    let start = std::time::Instant::now();
    for (text, expected) in [
        (multiplies, "too many operations"),
        (all_wrong, "there is no such field"),
    ] {
        let parsed = tree::Document::parse(&text).unwrap();
        let errors = gqlwire_schema::compose::Document::from(parsed)
            .build(&STARS)
            .unwrap_err();
        assert!(errors.to_string().contains(expected), "{errors}");
    }
    // Far above what it takes, far below what a bomb would.
    assert!(
        start.elapsed() < std::time::Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
}
