use gqlwire_schema::compose::{directive, document, field, fragment, inline, on, query, spread};
use gqlwire_schema::tree;

use super::{STARS, built, plain, refused};

#[test]
fn a_fragment_comes_with_its_spread_once() {
    let names = fragment("Names", "Character").select(("id", "name"));
    let hero = field("hero").select((&names, field("friends").select(&names)));
    assert_eq!(
        built(query().select(hero)),
        "{hero{...Names friends{...Names}}}fragment Names on Character{id name}"
    );
}

#[test]
fn fragments_bring_the_fragments_they_spread_in_order() {
    let inner = fragment("Inner", "Character").select("id");
    let outer = fragment("Outer", "Character").select((&inner, field("friends").select(&inner)));
    let other = fragment("Other", "Character").select("name");
    let hero = field("hero").select((&outer, &other, &inner));
    assert_eq!(
        built(query().select(hero)),
        "{hero{...Outer...Other...Inner}}fragment Outer on Character{...Inner friends{...Inner}}\
         fragment Other on Character{name}fragment Inner on Character{id}"
    );
}

#[test]
fn a_renamed_fragment_is_another_one() {
    let names = fragment("Names", "Character").select("name");
    let renamed = names.clone().name("Renamed");
    let hero = field("hero").select((&names, &renamed));
    assert_eq!(
        built(query().select(hero)),
        "{hero{...Names...Renamed}}fragment Names on Character{name}fragment Renamed on Character{name}"
    );
}

#[test]
fn two_different_fragments_of_one_name_are_refused_and_two_equal_ones_are_not() {
    let of = |name: &str| fragment("Same", "Character").select(name);
    let hero = |other| query().select(field("hero").select((&of("id"), field("friends").select(&of(other)))));
    assert_eq!(
        built(hero("id")),
        "{hero{...Same friends{...Same}}}fragment Same on Character{id}"
    );
    assert_eq!(
        refused(hero("name")),
        "there are two different fragments of this name; rename one of them"
    );
}

#[test]
fn a_spread_has_directives_of_its_own() {
    let names = fragment("Names", "Character")
        .select("name")
        .directive(directive("tag").argument("label", "d"));
    let hero = field("hero").select((
        names.spread().skip_if(true),
        names.spread().directive(directive("@tag")),
    ));
    assert_eq!(
        built(query().select(hero)),
        "{hero{...Names@skip(if:true)...Names@tag}}fragment Names on Character@tag(label:\"d\"){name}"
    );
}

#[test]
fn inline_fragments_have_a_type_or_none() {
    let hero = field("hero").select((
        on("Droid").select("primaryFunction"),
        inline().include_if(false).select(("id", "name")),
        on("Human")
            .directive(directive("tag"))
            .select(field("starships").select("id")),
    ));
    assert_eq!(
        built(query().select(hero)),
        "{hero{...on Droid{primaryFunction}...@include(if:false){id name}...on Human@tag{starships{id}}}}"
    );
}

#[test]
fn a_type_condition_must_exist_and_can_match() {
    let hero = |ty: &str| query().select(field("hero").select(on(ty).select("id")));
    assert_eq!(
        refused(hero("Humon")),
        "Humon: there is no such type; did you mean \"Human\"?"
    );
    assert_eq!(
        refused(hero("Episode")),
        "Episode: nothing can be selected of this type"
    );
    // A starship is no character: validation of the whole finds it.
    assert!(refused(hero("Starship")).contains("Starship"));
    let wrong = fragment("F", "Nothing").select("id");
    let errors = query().select(field("hero").select(&wrong)).build(&STARS).unwrap_err();
    assert_eq!(errors.to_string(), "Nothing: there is no such type (in fragment F)");
}

#[test]
fn names_and_bodies_of_fragments_are_checked() {
    let hero = |fragment| query().select(field("hero").select(&fragment));
    assert_eq!(
        refused(hero(fragment("on", "Human").select("id"))),
        "a fragment cannot be named 'on'"
    );
    assert!(refused(hero(fragment("a b", "Human").select("id"))).starts_with("'a b' cannot be the name"));
    assert_eq!(refused(hero(fragment("F", "Human"))), "nothing is selected");
}

#[test]
fn a_spread_by_name_finds_its_fragment_in_the_document() {
    let document = document()
        .operation(query().select(field("hero").select(spread("Names"))))
        .fragment(fragment("Unused", "Human").select("id"))
        .fragment(fragment("Names", "Character").select("name"));
    assert_eq!(
        document.build(&STARS).unwrap().minified(),
        "{hero{...Names}}fragment Names on Character{name}"
    );
    let missing = document
        .clone()
        .operation(query().name("B").select(field("hero").select(spread("Naems"))));
    assert_eq!(
        plain(&missing.build(&STARS).unwrap_err()),
        "there is no fragment 'Naems'; did you mean \"Names\"?"
    );
}

#[test]
fn a_cycle_of_names_is_refused() {
    let document = document()
        .operation(query().select(field("hero").select(spread("A"))))
        .fragment(fragment("A", "Character").select(field("friends").select(spread("B"))))
        .fragment(fragment("B", "Character").select(field("friends").select(spread("A"))));
    assert!(document.build(&STARS).is_err());
    // Without a schema nobody looks, and nothing hangs.
    assert!(document.build_unchecked().is_ok());
}

#[test]
fn a_chain_of_fragments_without_end_is_refused() {
    let mut chain = fragment("F0", "Character").select("id");
    for index in 1..5_000 {
        chain = fragment(format!("F{index}"), "Character").select(&chain);
    }
    let errors = query().select(field("hero").select(&chain)).build(&STARS).unwrap_err();
    assert!(errors.to_string().contains("deeper than 100 levels"), "{errors}");
    let mut by_name = document().operation(query().select(field("hero").select(spread("F0"))));
    for index in 0..5_000 {
        let next = spread(format!("F{}", index + 1));
        by_name = by_name.fragment(fragment(format!("F{index}"), "Character").select(next));
    }
    by_name = by_name.fragment(fragment("F5000", "Character").select("id"));
    assert!(by_name.build(&STARS).is_err());
}

#[test]
fn a_parsed_document_can_be_composed_further() {
    let parsed = tree::Document::parse(
        "query Hero($ep: Episode = JEDI) { hero(episode: $ep) { ...Names } } fragment Names on Character { name }",
    )
    .unwrap();
    let composed = gqlwire_schema::compose::Document::from(parsed.clone());
    assert_eq!(composed.build(&STARS).unwrap(), parsed);
    let more = composed.operation(
        query()
            .name("More")
            .select(field("hero").select((spread("Names"), "id"))),
    );
    let built = more.build(&STARS).unwrap();
    assert_eq!(
        built.operations[1].to_string(),
        "query More {\n  hero {\n    ...Names\n    id\n  }\n}"
    );
    let wrong = tree::Document::parse("{ hero(episode: JEDII) { nam } }").unwrap();
    assert_eq!(
        plain(
            &gqlwire_schema::compose::Document::from(wrong)
                .build(&STARS)
                .unwrap_err()
        ),
        "RootQuery.hero(episode:): 'JEDII' is not a value of Episode; did you mean \"JEDI\"?\n\
         Character.nam: there is no such field; did you mean \"name\"?"
    );
}
