//! Random documents over a random schema.

use gqlwire_schema::compose::{Field, Operation, Selection, all, field, fragment, on, query, variable};
use gqlwire_schema::tree::Document;
use gqlwire_schema::{Schema, TypeKind};
use proptest::prelude::*;

/// An endless row of choices.
struct Choices {
    bytes: Vec<u8>,
    at: usize,
}

impl Choices {
    fn next(&mut self, below: usize) -> usize {
        let byte = self.bytes.get(self.at % self.bytes.len().max(1)).copied().unwrap_or(0);
        self.at += 1;
        // The round is mixed in, so that the row does not repeat itself.
        (usize::from(byte) + self.at * 7 / self.bytes.len().max(1)) % below
    }
}

/// Objects `T0` to `T4`, an interface over two of them and a union of three.
fn schema(choices: &mut Choices) -> Schema {
    let leaves = ["Int", "String!", "ID", "[Float!]", "Color", "Boolean"];
    let types = ["T0", "T1", "T2", "T3", "T4", "Shared", "Some"];
    let arguments = [
        "",
        "(a: Int)",
        "(a: Int!)",
        "(a: [Color!], b: In)",
        "(b: In!)",
        "(a: String! = \"x\")",
    ];
    let mut sdl = "enum Color { RED GREEN } input In { c: Color d: [Int!]! = [1] e: In } union Some = T0 | T1 | T2
        interface Shared { common: Int }\n"
        .to_owned();
    for name in ["Query", "T0", "T1", "T2", "T3", "T4"] {
        let implements = if matches!(name, "T0" | "T3") {
            "implements Shared"
        } else {
            ""
        };
        sdl.push_str(&format!("type {name} {implements} {{ common: Int\n"));
        for index in 0..1 + choices.next(4) {
            let argument = arguments[choices.next(arguments.len())];
            let leaf = leaves[choices.next(leaves.len())];
            sdl.push_str(&format!("leaf{index}{argument}: {leaf}\n"));
        }
        for index in 0..choices.next(4) {
            let argument = arguments[choices.next(arguments.len())];
            let ty = types[choices.next(types.len())];
            let list = if choices.next(2) == 0 {
                format!("[{ty}]")
            } else {
                ty.to_owned()
            };
            sdl.push_str(&format!("node{index}{argument}: {list}\n"));
        }
        sdl.push_str("}\n");
    }
    sdl.parse().unwrap_or_else(|errors| panic!("{sdl}\n{errors}"))
}

struct Writer<'a> {
    schema: &'a Schema,
    choices: Choices,
    /// Every field has an alias of its own, so that none conflict.
    count: usize,
}

impl Writer<'_> {
    fn operation(&mut self, name: &str) -> Operation {
        query().name(name).select(self.selections("Query", 3))
    }

    fn selections(&mut self, ty: &str, depth: usize) -> Vec<Selection> {
        let found = self.schema.type_named(ty).expect("a type of the schema");
        let mut selections = Vec::new();
        for definition in found.fields() {
            if self.choices.next(3) == 0 {
                continue;
            }
            let inner = definition.ty().name();
            let kind = self.schema.type_named(inner).expect("a type of the schema").kind();
            let is_leaf = matches!(kind, TypeKind::Enum | TypeKind::Scalar);
            if !is_leaf && depth == 0 {
                continue;
            }
            self.count += 1;
            let mut made = field(definition.name()).alias(format!("f{}", self.count));
            for argument in definition.arguments() {
                made = self.argument(made, argument.name(), &argument.ty().to_string());
            }
            if !is_leaf {
                made = made.select(self.selections(inner, depth - 1));
            }
            if self.choices.next(5) == 0 {
                made = made.skip_if(variable("skip").default(false));
            }
            selections.push(made.into());
        }
        if depth > 0 {
            for possible in found.possible_types() {
                let inner = self.selections(possible, depth - 1);
                match self.choices.next(4) {
                    0 => selections.push(on(possible).select(inner).into()),
                    1 => {
                        self.count += 1;
                        let made = fragment(format!("F{}", self.count), possible).select(inner);
                        selections.extend([Selection::from(&made), on(possible).select(&made).into()]);
                    }
                    _ => {}
                }
            }
        }
        match self.choices.next(3) {
            // Alone, because the fields of `all` have no aliases and may conflict with those of another.
            0 if selections.is_empty() && ty != "Query" => vec![all(2)],
            _ => {
                selections.push("__typename".into());
                selections
            }
        }
    }

    fn argument(&mut self, field: Field, name: &str, ty: &str) -> Field {
        // A variable for each type, which is then used in many places.
        let shared = ty.replace(['[', ']', '!'], "");
        let literal = match ty {
            "Int" | "Int!" => serde_json::json!(self.choices.next(100)),
            "[Color!]" => serde_json::json!(["RED", "GREEN"]),
            "String!" => serde_json::json!("\"\\\n"),
            _ => serde_json::json!({"c": "RED", "e": {"d": 5}}),
        };
        match self.choices.next(3) {
            0 => field.argument(name, variable(format!("v{shared}"))),
            1 => field.argument(name, literal),
            _ if ty.ends_with('!') => field.argument(
                name,
                variable(format!("d{shared}")).default(match ty {
                    "Int!" => serde_json::json!(1),
                    "String!" => serde_json::json!("x"),
                    _ => serde_json::json!({"c": null}),
                }),
            ),
            _ => field,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn random_documents_build_parse_and_validate(bytes in prop::collection::vec(any::<u8>(), 8..64)) {
        let mut choices = Choices { bytes, at: 0 };
        let schema = schema(&mut choices);
        let mut writer = Writer { schema: &schema, choices, count: 0 };
        let composed = gqlwire_schema::compose::document()
            .operation(writer.operation("A"))
            .operation(writer.operation("B"));
        let built = composed.build(&schema);
        prop_assert!(built.is_ok(), "{}\n{}", schema.to_sdl(), built.unwrap_err());
        let built = built.unwrap();
        let canonical = built.validate(&schema).unwrap().to_string();
        for text in [built.to_string(), built.minified(), built.normalized()] {
            let parsed = schema.parse(&text);
            prop_assert!(parsed.is_ok(), "{}\n{}", text, parsed.unwrap_err());
            if text != built.normalized() {
                // The compiler reads the same in it, and prints it in its own way.
                prop_assert_eq!(parsed.unwrap().to_string(), canonical.as_str());
            }
            prop_assert_eq!(Document::parse(&text).unwrap().normalized(), built.normalized());
        }
        // Back into pieces and built again, it is the same.
        let again = gqlwire_schema::compose::Document::from(built.clone()).build(&schema).unwrap();
        prop_assert_eq!(again.normalized(), built.normalized());
    }

    #[test]
    fn everything_of_a_random_schema_is_valid(bytes in prop::collection::vec(any::<u8>(), 8..64), depth in 1..5_usize) {
        let schema = schema(&mut Choices { bytes, at: 0 });
        if let Err(errors) = query().select_all(depth).build(&schema) {
            prop_assert!(errors.to_string().contains("choose a smaller depth"), "{}\n{}", schema.to_sdl(), errors);
        }
    }
}
