//! Documents composed in code.

mod directives;
mod documents;
mod everything;
mod fragments;
mod random;
mod selections;
mod values;
mod variables;

use std::sync::LazyLock;

use gqlwire_schema::Schema;
use gqlwire_schema::compose::{BuildErrors, Operation};

/// Root types of other than the usual names, and something of everything that arguments can be.
pub(crate) static STARS: LazyLock<Schema> = LazyLock::new(|| {
    let sdl = r#"
        schema { query: RootQuery mutation: RootMutation subscription: RootSubscription }

        directive @tag(label: String, weight: Int! = 1) repeatable on
            | QUERY | MUTATION | SUBSCRIPTION | FIELD | FRAGMENT_DEFINITION | FRAGMENT_SPREAD | INLINE_FRAGMENT
            | VARIABLE_DEFINITION
        directive @fieldOnly(why: String!) on FIELD
        directive @ofSchemas on OBJECT

        scalar Json
        scalar Long
        enum Episode { NEWHOPE EMPIRE JEDI }
        enum LengthUnit { METER FOOT }
        interface Character { id: ID! name: String! friends: [Character] appearsIn: [Episode]! }
        type Human implements Character {
            id: ID! name: String! friends: [Character] appearsIn: [Episode]!
            homePlanet: String height(unit: LengthUnit = METER): Float starships: [Starship!]
        }
        type Droid implements Character {
            id: ID! name: String! friends: [Character] appearsIn: [Episode]! primaryFunction: String height: Int
        }
        type Starship { id: ID! name: String length(unit: LengthUnit! = METER): Float owner(of: ID!): Human }
        union SearchResult = Human | Droid | Starship

        type RootQuery {
            hero(episode: Episode = JEDI, after: [Episode!]): Character
            human(id: ID!): Human
            droid(id: ID): Droid
            search(text: String!, limit: Int, first: Int! = 10): [SearchResult!]
            near(point: Point!, radius: Float = 1.5): [Starship]
            many(points: [[Point!]!], ids: [ID!]!, flag: Boolean): Int
            store(json: Json, long: Long, text: AWSJSON, at: AWSDateTime, stamp: AWSTimestamp): String
            pick(by: Key!): Character
            version: String!
        }
        input Point { x: Float! y: Float! label: String unit: LengthUnit = METER next: Point extra: Json }
        input Key @oneOf { id: ID name: String }
        type RootMutation { createReview(episode: Episode, review: ReviewInput!): Review }
        input ReviewInput { stars: Int! commentary: String tags: [String!] }
        type Review { stars: Int! commentary: String episode: Episode }
        type RootSubscription { reviewAdded(episode: Episode): Review }
    "#;
    sdl.parse().unwrap_or_else(|errors| panic!("{errors}"))
});

/// The document's shortest text, which has been parsed and validated.
pub(crate) fn built(operation: Operation) -> String {
    let document = operation.build(&STARS).unwrap_or_else(|errors| panic!("{errors}"));
    let minified = document.minified();
    if let Err(errors) = STARS.parse(&minified) {
        panic!("{minified}\n{errors}");
    }
    minified
}

/// Each error on a line, without the operation that it lies in.
pub(crate) fn refused(operation: Operation) -> String {
    match operation.build(&STARS) {
        Ok(document) => panic!("it was built: {}", document.minified().get(..200).unwrap_or("(short)")),
        Err(errors) => plain(&errors),
    }
}

pub(crate) fn plain(errors: &BuildErrors) -> String {
    let errors = errors.iter().map(|error| match error.coordinate() {
        "" => error.message().to_owned(),
        at => format!("{at}: {}", error.message()),
    });
    errors.collect::<Vec<_>>().join("\n")
}
