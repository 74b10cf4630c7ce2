use gqlwire_schema::Schema;
use gqlwire_schema::compose::{all, field, fragment, on, query, typename};

use super::{STARS, built, refused};

fn select_all(sdl: &str, depth: usize) -> String {
    let schema: Schema = sdl.parse().unwrap_or_else(|errors| panic!("{errors}"));
    let document = query()
        .select_all(depth)
        .build(&schema)
        .unwrap_or_else(|errors| panic!("{errors}"));
    document.minified()
}

#[test]
fn everything_stops_at_its_depth_even_in_a_cycle() {
    let sdl = "type Query { me: User n: Int } type User { id: ID friend: User }";
    assert_eq!(select_all(sdl, 1), "{n}");
    assert_eq!(select_all(sdl, 2), "{me{id}n}");
    assert_eq!(select_all(sdl, 3), "{me{id friend{id}}n}");
}

#[test]
fn fields_with_required_arguments_are_left_out() {
    let sdl = "type Query { a(x: Int!): Int b(x: Int): Int c(x: Int! = 1): Int d: Int }";
    assert_eq!(select_all(sdl, 1), "{b c d}");
}

#[test]
fn a_type_with_nothing_to_select_gets_its_name() {
    let sdl = "type Query { a: A } type A { b: B } type B { c(x: Int!): Int }";
    assert_eq!(select_all(sdl, 1), "{__typename}");
    assert_eq!(select_all(sdl, 2), "{a{__typename}}");
    assert_eq!(select_all(sdl, 3), "{a{b{__typename}}}");
}

#[test]
fn interfaces_and_unions_are_spelt_out_by_their_types() {
    let sdl = "type Query { node: Node any: Any } interface Node { id: ID }
        type A implements Node { id: ID a: Int } type B implements Node { id: ID } type C { c: Int next: Any }
        union Any = A | B | C";
    assert_eq!(
        select_all(sdl, 2),
        "{node{__typename id...on A{a}}any{__typename...on A{id a}...on B{id}...on C{c}}}"
    );
}

#[test]
fn fields_of_one_name_and_different_types_get_aliases() {
    let sdl = "type Query { any: [Any!]! }
        type A { same: Int value: Int x: X list: [Int] }
        type B { same: Int value: String x: Y list: [Int!] value_B: Boolean }
        type C { same: Int value: Int! x: X value_C: Int }
        type X { v: Int } type Y { v: String }
        union Any = A | B | C";
    assert_eq!(
        select_all(sdl, 3),
        "{any{__typename...on A{same value x{v}list}\
         ...on B{same value_B:value x_B:x{v}list_B:list value_B_B:value_B}\
         ...on C{same value_C:value x{v}value_C_C:value_C}}}"
    );
}

#[test]
fn everything_can_be_part_of_a_selection() {
    let hero = field("hero").select((typename(), all(1), on("Human").select_all(1)));
    assert_eq!(
        built(query().select(hero)),
        "{hero{__typename __typename id name appearsIn...on Human{homePlanet height}...on Droid{primaryFunction height_Droid:height}\
         ...on Human{id name appearsIn homePlanet height}}}"
    );
}

#[test]
fn everything_of_everything_is_refused() {
    let doubling: Schema = "type Query { a: Query b: Query c: Int }".parse().unwrap();
    let errors = query().select_all(60).build(&doubling).unwrap_err();
    assert!(
        errors
            .to_string()
            .contains("more than 20000 selections; choose a smaller depth"),
        "{errors}"
    );
    assert!(refused(query().select_all(usize::MAX)).contains("100 is the most"));
    assert_eq!(
        refused(query().select_all(0)),
        "RootQuery: everything to a depth of 0 is nothing"
    );
}

#[test]
fn everything_of_a_fragment_is_built() {
    let whole = fragment("Whole", "SearchResult").select_all(2);
    let search = field("search").argument("text", "x").select(&whole);
    let document = query().select(search).build(&STARS).unwrap();
    assert!(
        document.fragments[0].to_string().contains("... on Starship"),
        "{document}"
    );
}
