use gqlwire_schema::compose::{
    directive, field, fragment, inline, mutation, on, query, subscription, typename, variable,
};
use serde_json::json;

use super::{built, refused};

#[test]
fn directives_stand_in_every_executable_place() {
    let tag = |label: &str| directive("tag").argument("label", label);
    let names = fragment("Names", "Character").directive(tag("definition")).select("id");
    let query = query().directive(tag("query")).select(
        field("hero")
            .directive(tag("field"))
            .argument("episode", variable("ep").directive(tag("variable")))
            .select((
                typename().directive(tag("meta")),
                names.spread().directive(tag("spread")),
                on("Droid").directive(tag("inline")).select("id"),
            )),
    );
    assert_eq!(
        built(query),
        "query($ep:Episode@tag(label:\"variable\"))@tag(label:\"query\")\
         {hero(episode:$ep)@tag(label:\"field\"){__typename@tag(label:\"meta\")...Names@tag(label:\"spread\")\
         ...on Droid@tag(label:\"inline\"){id}}}\
         fragment Names on Character@tag(label:\"definition\"){id}"
    );
    let review = field("createReview")
        .argument("review", json!({"stars": 1}))
        .select("stars");
    let mutation = mutation().directive(directive("tag")).select(review);
    assert_eq!(built(mutation), "mutation@tag{createReview(review:{stars:1}){stars}}");
    let subscription = subscription()
        .directive(directive("tag"))
        .select(field("reviewAdded").select("stars"));
    assert_eq!(built(subscription), "subscription@tag{reviewAdded{stars}}");
}

#[test]
fn a_directive_in_the_wrong_place_is_refused_with_the_right_ones() {
    let only = || directive("fieldOnly").argument("why", "x");
    let names = fragment("Names", "Character").directive(only()).select("id");
    let wrong = query().directive(only()).select(
        field("hero")
            .directive(only())
            .argument("episode", variable("ep").directive(only()))
            .select((
                names.spread().directive(only()),
                inline().directive(only()).select("id"),
            )),
    );
    let at = |place: &str| format!("@fieldOnly: it cannot stand at {place}, only at FIELD");
    let places = [
        "QUERY",
        "FRAGMENT_SPREAD",
        "INLINE_FRAGMENT",
        "FRAGMENT_DEFINITION",
        "VARIABLE_DEFINITION",
    ];
    assert_eq!(refused(wrong), places.map(at).join("\n"));
    assert_eq!(
        refused(
            query()
                .directive(directive("skip").argument("if", true))
                .select("version")
        ),
        "@skip: it cannot stand at QUERY, only at FIELD, FRAGMENT_SPREAD, INLINE_FRAGMENT"
    );
    assert_eq!(
        refused(query().select(field("version").directive(directive("ofSchemas")))),
        "@ofSchemas: it cannot stand at FIELD, only at OBJECT"
    );
}

#[test]
fn an_unknown_directive_is_refused_with_those_that_there_are() {
    let error = refused(query().select(field("version").directive(directive("skp").argument("if", true))));
    assert!(
        error.starts_with("@skp: there is no such directive; did you mean \"skip\"?; documents can use: @"),
        "{error}"
    );
    assert!(
        error.contains("@skip") && error.contains("@tag") && error.contains("@fieldOnly"),
        "{error}"
    );
    assert!(!error.contains("@ofSchemas") && !error.contains("@aws_iam"), "{error}");
}

#[test]
fn arguments_of_directives_are_checked() {
    let with = |directive| refused(query().select(field("version").directive(directive)));
    assert_eq!(
        with(directive("tag").argument("lable", "x")),
        "@tag(lable:): there is no such argument; did you mean \"label\"?"
    );
    assert_eq!(
        with(directive("tag").argument("weight", null())),
        "@tag(weight:): null cannot be given where Int! is expected"
    );
    assert_eq!(
        with(directive("skip")),
        "@skip(if:): this argument must be given; its type is Boolean!"
    );
    assert_eq!(
        with(directive("skip").argument("if", "yes")),
        "@skip(if:): Boolean is expected, and a string was given"
    );
}

fn null() -> gqlwire_schema::compose::Value {
    gqlwire_schema::compose::null()
}

#[test]
fn a_directive_that_is_repeated_must_be_repeatable() {
    let twice = |name: &str| {
        let one = directive(name).argument(
            if name == "skip" { "if" } else { "weight" },
            if name == "skip" { json!(true) } else { json!(1) },
        );
        query().select(field("version").directive(one.clone()).directive(one))
    };
    assert_eq!(built(twice("tag")), "{version@tag(weight:1)@tag(weight:1)}");
    assert!(refused(twice("skip")).contains("skip"));
}

#[test]
fn a_variable_cannot_stand_in_a_variables_own_directive() {
    let tagged = variable("ep").directive(directive("tag").argument("label", variable("x")));
    let hero = field("hero").argument("episode", tagged).select("id");
    assert_eq!(
        refused(query().select(hero)),
        "@tag(label:): a variable, $x, cannot stand here"
    );
}
