//! Documents composed in code: one function for each thing that can be said.
//!
//! `cargo run -p gqlwire-schema --example compose` prints them all.

use gqlwire_schema::Schema;
use gqlwire_schema::compose::{
    BuildErrors, all, directive, document, field, fragment, inline, mutation, object, on, query, spread, subscription,
    typename, variable,
};
use gqlwire_schema::tree::{Document, Selection};
use serde_json::json;

const SDL: &str = r#"
    directive @cached(seconds: Int! = 60) on QUERY | FIELD

    type Query { hero(episode: Episode): Character human(id: ID!): Human search(text: String!): [Found!] }
    type Mutation { createReview(episode: Episode!, review: ReviewInput!): Review }
    type Subscription { reviewAdded(episode: Episode): Review }
    enum Episode { NEWHOPE EMPIRE JEDI }
    interface Character { id: ID! name: String! friends: [Character] }
    type Human implements Character { id: ID! name: String! friends: [Character] homePlanet: String height: Float }
    type Droid implements Character { id: ID! name: String! friends: [Character] primaryFunction: String height: Int }
    type Review { stars: Int! commentary: String }
    input ReviewInput { stars: Int! commentary: String }
    union Found = Human | Droid | Review
"#;

type Built = Result<Document, BuildErrors>;
type Example = fn(&Schema) -> Built;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let schema: Schema = SDL.parse()?;
    let examples: [(&str, Example); 11] = [
        ("fields", fields),
        ("arguments", arguments),
        ("aliases", aliases),
        ("variables", variables),
        ("input objects", input_objects),
        ("fragments", fragments),
        ("inline fragments", inline_fragments),
        ("directives", directives),
        ("meta fields", meta_fields),
        ("several operations", several_operations),
        ("everything", everything),
    ];
    for (name, example) in examples {
        println!("# {name}\n{}", example(&schema)?);
    }

    println!("# mistakes");
    let wrong = query().select(field("hero").argument("episod", "JEDI").select(("id", "nmae")));
    if let Err(errors) = wrong.build(&schema) {
        println!("{errors}\n");
    }

    println!("# edited");
    println!("{}", edited()?);
    Ok(())
}

fn fields(schema: &Schema) -> Built {
    query()
        .select(field("hero").select(("id", "name", field("friends").select("name"))))
        .build(schema)
}

fn arguments(schema: &Schema) -> Built {
    // The schema makes an enum value of the string.
    query()
        .select(field("hero").argument("episode", "EMPIRE").select("name"))
        .build(schema)
}

fn aliases(schema: &Schema) -> Built {
    let human = |id: &str| field("human").argument("id", id).select(field("name").alias("called"));
    query()
        .select((human("1000").alias("luke"), human("1003").alias("leia")))
        .build(schema)
}

fn variables(schema: &Schema) -> Built {
    query()
        .name("Hero")
        .select((
            field("hero")
                .argument("episode", variable("episode").default("JEDI"))
                .select("name"),
            field("human").argument("id", variable("id")).select("home_planet"),
        ))
        .build(schema)
}

fn input_objects(schema: &Schema) -> Built {
    let review = object().set("stars", variable("stars")).set("commentary", "a classic");
    mutation()
        .name("Review")
        .select((
            field("createReview")
                .argument("episode", "JEDI")
                .argument("review", review)
                .select("stars"),
            field("createReview")
                .alias("other")
                .argument("episode", "EMPIRE")
                .argument("review", json!({"stars": 5}))
                .select("stars"),
        ))
        .build(schema)
}

fn fragments(schema: &Schema) -> Built {
    let names = fragment("Names", "Character").select(("id", "name"));
    let circle = fragment("Circle", "Character").select((&names, field("friends").select(&names)));
    query().select(field("hero").select(&circle)).build(schema)
}

fn inline_fragments(schema: &Schema) -> Built {
    let hero = field("hero").select((
        "name",
        on("Droid").select("primaryFunction"),
        on("Human").select("homePlanet"),
    ));
    query().select(hero).build(schema)
}

fn directives(schema: &Schema) -> Built {
    let details = inline()
        .include_if(variable("details"))
        .select(("id", field("friends").select("id")));
    query()
        .directive(directive("cached").argument("seconds", 5))
        .select(field("hero").directive(directive("cached")).select(("name", details)))
        .build(schema)
}

fn meta_fields(schema: &Schema) -> Built {
    let types = field("__schema").select(field("types").select("name"));
    query()
        .select((types, field("hero").select((typename(), "name"))))
        .build(schema)
}

fn several_operations(schema: &Schema) -> Built {
    document()
        .operation(query().name("Hero").select(field("hero").select(spread("Names"))))
        .operation(
            query()
                .name("Luke")
                .select(field("human").argument("id", "1000").select(spread("Names"))),
        )
        .operation(subscription().name("Added").select(field("reviewAdded").select_all(1)))
        .fragment(fragment("Names", "Character").select("name"))
        .build(schema)
}

fn everything(schema: &Schema) -> Built {
    query()
        .select(field("search").argument("text", "an").select(all(2)))
        .build(schema)
}

/// A text, changed as a tree.
fn edited() -> Result<String, Box<dyn std::error::Error>> {
    let mut document = Document::parse("query Old { hero { name # the name\n } }")?;
    document.operations[0].name = Some("New".to_owned());
    if let Selection::Field(hero) = &mut document.operations[0].selections[0] {
        hero.selections.extend(Selection::parse("id friends { name }")?);
    }
    Ok(document.minified())
}
