use gqlwire_schema::compose::{field, mutation, on, query, subscription, typename};
use gqlwire_schema::tree;

use super::{built, refused};

#[test]
fn fields_are_selected_by_name_and_nested() {
    let hero = query().select(field("hero").select(("id", "name", field("friends").select(["name"]))));
    assert_eq!(built(hero), "{hero{id name friends{name}}}");
}

#[test]
fn selecting_adds_up_and_takes_many_forms() {
    let optional = Some("name");
    let absent: Option<&str> = None;
    let hero = field("hero")
        .select("id")
        .select(optional)
        .select(absent)
        .select(vec![field("appearsIn")])
        .select((String::from("name"), ("id", [typename()])));
    assert_eq!(
        built(query().select(hero)),
        "{hero{id name appearsIn name id __typename}}"
    );
}

#[test]
fn each_kind_of_operation_starts_at_its_root_whatever_it_is_called() {
    assert_eq!(built(query().select("version")), "{version}");
    let review = field("createReview").argument("review", serde_json::json!({"stars": 5}));
    assert_eq!(
        built(mutation().select(review.select("stars"))),
        "mutation{createReview(review:{stars:5}){stars}}"
    );
    let added = subscription()
        .name("Added")
        .select(field("reviewAdded").select("stars"));
    assert_eq!(built(added), "subscription Added{reviewAdded{stars}}");
    assert_eq!(
        refused(mutation().select("version")),
        "RootMutation.version: there is no such field"
    );
}

#[test]
fn an_operation_that_the_schema_lacks_is_refused() {
    let schema = "type Query { a: Int }".parse().unwrap();
    let errors = mutation().select("a").build(&schema).unwrap_err();
    assert_eq!(errors.to_string(), "the schema has no mutations (in the mutation)");
}

#[test]
fn snake_case_names_find_camel_case_fields_arguments_and_input_fields() {
    let human = field("human")
        .argument("id", "1")
        .select(("home_planet", field("appears_in")));
    assert_eq!(built(query().select(human)), "{human(id:\"1\"){homePlanet appearsIn}}");
    let schema = "type Query { a(firstName: String, of: In): Int a_b: Int } input In { lastName: Int }"
        .parse()
        .unwrap();
    let a = field("a")
        .argument("first_name", "x")
        .argument("of", serde_json::json!({"last_name": 1}));
    let document = query().select((a, "a_b")).build(&schema).unwrap();
    assert_eq!(document.minified(), "{a(firstName:\"x\"of:{lastName:1})a_b}");
}

#[test]
fn an_alias_changes_the_piece_it_returns_and_no_other() {
    let human = field("human").argument("id", "1").select("name");
    let luke = human.clone().alias("luke");
    assert_eq!(
        built(query().select((luke, human))),
        "{luke:human(id:\"1\"){name}human(id:\"1\"){name}}"
    );
    assert_eq!(
        refused(query().select(field("version").alias("a b"))),
        "'a b' cannot be the name of a field: letters, digits and _ make a name"
    );
}

#[test]
fn a_misspelt_field_is_named_with_its_coordinate_and_a_suggestion() {
    let hero = query().select(field("hreo").select("name"));
    assert_eq!(
        refused(hero),
        "RootQuery.hreo: there is no such field; did you mean \"hero\"?"
    );
    let hero = query().select(field("hero").select("nmae"));
    assert_eq!(
        refused(hero),
        "Character.nmae: there is no such field; did you mean \"name\"?"
    );
    let hero = query().select(field("hero").select("primaryFunction"));
    assert_eq!(
        refused(hero),
        "Character.primaryFunction: there is no such field; Droid has it: select it in on(\"Droid\")"
    );
    assert_eq!(
        refused(query().select("version name")),
        "RootQuery.version name: this is not the name of a field; did you mean \"version\"?"
    );
}

#[test]
fn all_errors_are_told_at_once_with_the_operation_they_lie_in() {
    let errors = query()
        .name("Hero")
        .select((
            field("hero").argument("episode", "JEDDI").select("nme"),
            "vresion",
            field("hero"),
        ))
        .build(&super::STARS)
        .unwrap_err();
    assert_eq!(
        errors.to_string(),
        "RootQuery.hero(episode:): 'JEDDI' is not a value of Episode; did you mean \"JEDI\"? (in query Hero)\n\
         Character.nme: there is no such field; did you mean \"name\"? (in query Hero)\n\
         RootQuery.vresion: there is no such field; did you mean \"version\"? (in query Hero)\n\
         RootQuery.hero: something must be selected of a Character; see select and select_all (in query Hero)"
    );
    assert_eq!(errors.iter().next().unwrap().within(), "query Hero");
}

#[test]
fn objects_need_a_selection_and_scalars_take_none() {
    assert_eq!(
        refused(query().select(field("version").select("length"))),
        "RootQuery.version: nothing can be selected of a String!"
    );
    assert_eq!(refused(query()), "nothing is selected");
    assert_eq!(
        refused(query().select(field("hero").select(on("Droid")))),
        "Droid: nothing is selected in an inline fragment"
    );
}

#[test]
fn unions_take_fragments_and_typename_only() {
    let search = || field("search").argument("text", "x");
    let good = search().select((typename(), on("Human").select("name"), on("Starship").select("id")));
    assert_eq!(
        built(query().select(good)),
        "{search(text:\"x\"){__typename...on Human{name}...on Starship{id}}}"
    );
    assert_eq!(
        refused(query().select(search().select("name"))),
        "SearchResult.name: there is no such field; Human has it: select it in on(\"Human\")"
    );
}

#[test]
fn meta_fields_stand_where_they_are_legal() {
    let types = field("__schema").select(field("types").select("name"));
    let one = field("__type")
        .argument("name", "Human")
        .select(("kind", field("fields").select("name")));
    assert_eq!(
        built(query().select((typename(), types.clone(), one))),
        "{__typename __schema{types{name}}__type(name:\"Human\"){kind fields{name}}}"
    );
    assert_eq!(
        refused(mutation().select(types.clone())),
        "RootMutation.__schema: there is no such field"
    );
    assert_eq!(
        refused(query().select(field("hero").select(types))),
        "Character.__schema: there is no such field"
    );
    assert_eq!(
        refused(subscription().select(typename())),
        "RootSubscription.__typename: a subscription has no __typename at its root"
    );
}

#[test]
fn fields_that_conflict_are_found_by_validation() {
    let twice = (
        field("human").argument("id", 1).select("id"),
        field("human").argument("id", 2).select("id"),
    );
    assert!(refused(query().select(twice)).contains("human"), "conflict");
    let two = (
        field("reviewAdded").select("stars"),
        field("reviewAdded").alias("b").select("stars"),
    );
    assert!(!refused(subscription().select(two)).is_empty());
}

#[test]
fn a_field_prints_as_it_was_composed() {
    let hero = field("hero")
        .alias("h")
        .argument("episode", "JEDI")
        .select(("id", on("Droid").select("name")));
    assert_eq!(
        hero.to_string(),
        "h: hero(episode: \"JEDI\") {\n  id\n  ... on Droid {\n    name\n  }\n}"
    );
}

#[test]
fn parsed_selections_can_be_composed_with() {
    let parsed = tree::Selection::parse("id friends { name }").unwrap();
    let hero = field("hero").argument("episode", "JEDI").select((parsed, "name"));
    assert_eq!(
        built(query().select(hero)),
        "{hero(episode:JEDI){id friends{name}name}}"
    );
}

#[test]
fn selections_nested_without_end_are_refused() {
    let mut friends = field("friends").select("id");
    for _ in 0..20_000 {
        friends = field("friends").select(friends);
    }
    let errors = query()
        .select(field("hero").select(friends))
        .build(&super::STARS)
        .unwrap_err();
    assert!(errors.to_string().contains("deeper than 100 levels"), "{errors}");
}
