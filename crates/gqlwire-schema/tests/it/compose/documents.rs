use gqlwire_schema::compose::{document, field, fragment, mutation, query, variable};
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
