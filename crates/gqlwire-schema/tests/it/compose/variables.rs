use gqlwire_schema::compose::{directive, document, enum_value, field, fragment, null, object, query, variable};
use serde_json::json;

use super::{STARS, built, plain, refused};

#[test]
fn a_variable_is_declared_by_being_used() {
    let hero = field("hero").argument("episode", variable("ep")).select("id");
    assert_eq!(
        built(query().name("Q").select(hero)),
        "query Q($ep:Episode){hero(episode:$ep){id}}"
    );
    let human = field("human").argument("id", variable("$id")).select("id");
    assert_eq!(built(query().select(human)), "query($id:ID!){human(id:$id){id}}");
}

#[test]
fn variables_stand_in_lists_objects_and_directives() {
    let near = field("near")
        .argument(
            "point",
            object()
                .set("x", variable("x"))
                .set("y", 1)
                .set("label", variable("label")),
        )
        .select(field("id").include_if(variable("ids")));
    let many = field("many").argument("ids", (variable("a"), "b", variable("c")));
    assert_eq!(
        built(query().select((near, many))),
        "query($x:Float!$label:String$ids:Boolean!$a:ID!$c:ID!)\
         {near(point:{x:$x y:1 label:$label}){id@include(if:$ids)}many(ids:[$a\"b\"$c])}"
    );
}

#[test]
fn defaults_are_literals_of_the_variables_type() {
    let hero = field("hero")
        .argument("episode", variable("ep").default("JEDI"))
        .select("id");
    assert_eq!(
        built(query().select(hero)),
        "query($ep:Episode=JEDI){hero(episode:$ep){id}}"
    );
    let near = field("near").argument("point", variable("p").default(json!({"x": 1, "y": 2, "unit": "FOOT"})));
    assert_eq!(
        built(query().select(near.select("id"))),
        "query($p:Point!={unit:FOOT x:1 y:2}){near(point:$p){id}}"
    );
    let hero = |value| query().select(field("hero").argument("episode", value).select("id"));
    assert_eq!(
        built(hero(variable("ep").default(null()))),
        "query($ep:Episode=null){hero(episode:$ep){id}}"
    );
    assert_eq!(
        refused(hero(variable("ep").default("JED"))),
        "$ep: 'JED' is not a value of Episode; did you mean \"JEDI\"?"
    );
    assert_eq!(
        refused(hero(variable("ep").default(vec![variable("other")]))),
        "$ep: Episode is expected, and a list was given"
    );
    let after = |value| query().select(field("hero").argument("after", value).select("id"));
    assert_eq!(
        refused(after(variable("ep").default(vec![variable("other")]))),
        "$ep: a variable, $other, cannot stand here"
    );
}

#[test]
fn used_twice_it_has_the_stricter_type() {
    let id = variable("id");
    let droid = field("droid").argument("id", &id).select("name");
    let human = field("human").argument("id", &id).select("name");
    let expected = "query($id:ID!){droid(id:$id){name}human(id:$id){name}}";
    assert_eq!(built(query().select((droid.clone(), human.clone()))), expected);
    assert_eq!(
        built(query().select((human, droid))),
        "query($id:ID!){human(id:$id){name}droid(id:$id){name}}"
    );
    let schema = "type Query { a(x: [Int!]): Int b(x: [Int]!): Int }".parse().unwrap();
    let both = ["a", "b"].map(|name| field(name).argument("x", variable("x")));
    assert_eq!(
        query().select(both).build(&schema).unwrap().minified(),
        "query($x:[Int!]!){a(x:$x)b(x:$x)}"
    );
}

#[test]
fn places_of_different_types_are_a_conflict() {
    let hero = field("hero").argument("episode", variable("x")).select("id");
    let human = field("human").argument("id", variable("x")).select("id");
    assert_eq!(
        refused(query().select((hero, human))),
        "$x: it is used as Episode in RootQuery.hero(episode:), and as ID! in RootQuery.human(id:)"
    );
    // A variable is not coerced into a list.
    let many = field("many").argument("ids", variable("x"));
    let human = field("human").argument("id", variable("x")).select("id");
    assert!(refused(query().select((many, human))).starts_with("$x: it is used as [ID!]! in"));
}

#[test]
fn a_declared_type_must_exist_and_fit() {
    let human = |ty: &str| query().select(field("human").argument("id", variable("x").ty(ty)).select("id"));
    assert_eq!(built(human("ID!")), "query($x:ID!){human(id:$x){id}}");
    assert_eq!(
        refused(human("ID")),
        "$x: its type ID does not fit where it is used, RootQuery.human(id:), of type ID!"
    );
    assert_eq!(refused(human("Human")), "$x: a variable cannot be a Human");
    assert_eq!(
        refused(human("Epsiode")),
        "$x: there is no type Epsiode; did you mean \"Episode\"?"
    );
    assert_eq!(
        refused(human("[ID")),
        "$x: `[ID` is not a type; write it as in a schema, such as `[ID!]!`"
    );
    // Nullable fits into a non-null place with a default of either.
    let hero = field("human")
        .argument("id", variable("x").ty("ID").default("1"))
        .select("id");
    assert_eq!(built(query().select(hero)), "query($x:ID=\"1\"){human(id:$x){id}}");
    let search = field("search")
        .argument("text", "")
        .argument("first", variable("n").ty("Int"));
    assert_eq!(
        built(query().select(search.select("__typename"))),
        "query($n:Int){search(text:\"\"first:$n){__typename}}"
    );
}

#[test]
fn inside_of_a_custom_scalar_the_type_must_be_declared() {
    let store = |x| query().select(field("store").argument("json", object().set("a", x)));
    assert_eq!(
        refused(store(variable("x"))),
        "$x: nothing tells its type where it is used, RootQuery.store(json:); give it with ty"
    );
    assert_eq!(
        built(store(variable("x").ty("String"))),
        "query($x:String){store(json:{a:$x})}"
    );
}

#[test]
fn what_is_said_of_a_variable_may_be_said_anywhere_but_not_twice_differently() {
    let id = variable("id");
    let twice = (
        field("human").argument("id", &id).select("id"),
        field("droid").argument("id", id.clone().default("1")).select("id"),
    );
    assert_eq!(
        built(query().select(twice.clone())),
        "query($id:ID!=\"1\"){human(id:$id){id}droid(id:$id){id}}"
    );
    assert_eq!(
        built(
            query()
                .variable(id.clone().directive(directive("tag")))
                .select(twice.clone())
        ),
        "query($id:ID!=\"1\"@tag){human(id:$id){id}droid(id:$id){id}}"
    );
    assert_eq!(
        refused(query().variable(id.default("2")).select(twice)),
        "$id: it is given two different defaults"
    );
}

#[test]
fn a_variable_that_is_used_nowhere_is_left_out() {
    assert_eq!(
        built(query().variable(variable("x").ty("Int")).select("version")),
        "{version}"
    );
}

#[test]
fn each_operation_declares_what_it_reaches_through_fragments() {
    let heights = fragment("Heights", "Human").select(field("height").argument("unit", variable("unit")));
    let human = || field("human").argument("id", variable("id")).select(&heights);
    let built = document()
        .operation(query().name("A").select(human()))
        .operation(
            query()
                .name("B")
                .select((field("version").skip_if(variable("quick")), human())),
        )
        .operation(query().name("C").select("version"))
        .build(&STARS)
        .unwrap();
    let declared = built.operations.iter().map(|operation| {
        let names = operation.variables.iter().map(ToString::to_string);
        names.collect::<Vec<_>>().join(" ")
    });
    assert_eq!(
        declared.collect::<Vec<_>>(),
        [
            "$id: ID! $unit: LengthUnit",
            "$quick: Boolean! $id: ID! $unit: LengthUnit",
            ""
        ]
    );
}

#[test]
fn a_name_that_is_none_is_refused() {
    let hero = field("hero").argument("episode", variable("a b")).select("id");
    assert!(refused(query().select(hero)).starts_with("$a b: this cannot be the name of a variable"));
}

#[test]
fn without_a_schema_types_are_declared_and_the_rest_is_taken_as_it_is() {
    let hero = field("hero")
        .argument("episode", enum_value("JEDI"))
        .argument("first", variable("n").ty("Int!").default(3))
        .select("any_thing");
    let unchecked = query().name("Q").select(hero).build_unchecked().unwrap();
    assert_eq!(
        unchecked.minified(),
        "query Q($n:Int!=3){hero(episode:JEDI first:$n){any_thing}}"
    );
    let wrong = query()
        .select(field("a b").argument("c", variable("x")).select_all(1))
        .build_unchecked()
        .unwrap_err();
    assert_eq!(
        plain(&wrong),
        "'a b' cannot be the name of a field: letters, digits and _ make a name\n\
         selecting everything needs a schema\n\
         $x: nothing tells its type where it is used, a b(c:); give it with ty"
    );
}
