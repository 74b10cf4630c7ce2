//! What a schema says of its elements, and finding them.

use gqlwire_schema::{Schema, SearchHit};

use crate::support::messages;

const SHOP: &str = r#"
"Where it starts."
type Query {
  "Finds a product."
  product(
    "Its key."
    id: ID!
    locale: String = "en"
  ): Product @aws_iam
  productByName(name: String!): Product @deprecated(reason: "Use product.")
}
"Something for sale."
type Product implements Node { id: ID! price: Int! reviews(first: Int): [Review!]! }
type Review implements Node { id: ID! product: Product text: String @deprecated }
interface Node { id: ID! }
union Found = Product | Review
"How it is paid." enum Payment { CARD CASH @deprecated(reason: "no more") }
input OrderInput { product: ID!, payment: Payment = CARD }
"#;

fn shop() -> Schema {
    Schema::from_sdl(SHOP).expect("a valid schema")
}

#[test]
fn a_field_is_described_with_its_arguments_and_directives() {
    let text = shop().describe(&"Query.product".parse().unwrap()).unwrap().to_string();
    assert_eq!(
        text,
        "Query.product (field): Product\n\n  Finds a product.\n\n  directives: @aws_iam\n\narguments\n  id: ID!\n      \
         Its key.\n  locale: String = \"en\""
    );
}

#[test]
fn a_type_is_described_with_where_it_is_used() {
    let description = shop().describe(&"Product".parse().unwrap()).unwrap();
    assert_eq!(
        serde_json::to_value(&description).unwrap(),
        serde_json::json!({
            "coordinate": "Product",
            "kind": "object",
            "description": "Something for sale.",
            "members": [
                { "coordinate": "Product.id", "signature": "id: ID!" },
                { "coordinate": "Product.price", "signature": "price: Int!" },
                { "coordinate": "Product.reviews", "signature": "reviews(first: Int): [Review!]!" },
            ],
            "interfaces": ["Node"],
            "unions": ["Found"],
            "returnedBy": ["Query.product", "Query.productByName", "Review.product"],
        })
    );
    let payment = shop().describe(&"Payment".parse().unwrap()).unwrap();
    assert_eq!(payment.taken_by[0].to_string(), "OrderInput.payment");
    assert_eq!(payment.members[1].deprecated.as_deref(), Some("no more"));
    let node = shop().describe(&"Node".parse().unwrap()).unwrap();
    assert_eq!(node.possible_types, ["Product", "Review"]);
}

#[test]
fn other_elements_are_described() {
    let schema = shop();
    let text = |coordinate: &str| schema.describe(&coordinate.parse().unwrap()).unwrap().to_string();
    assert_eq!(
        text("Query.productByName"),
        "Query.productByName (field): Product\n  deprecated: Use product.\n\narguments\n  name: String!"
    );
    assert_eq!(
        text("OrderInput.payment"),
        "OrderInput.payment (input field): Payment = CARD"
    );
    assert_eq!(
        text("Query.product(id:)"),
        "Query.product(id:) (argument): ID!\n\n  Its key."
    );
    assert!(text("@aws_iam").contains("applied to\n  Query.product"));
    assert!(schema.describe(&"Prodct".parse().unwrap()).is_err());
}

fn found(hits: &[SearchHit]) -> Vec<String> {
    hits.iter().map(|hit| hit.coordinate.to_string()).collect()
}

#[test]
fn search_ranks_names_before_descriptions() {
    let schema = shop();
    assert_eq!(
        found(&schema.search("product", 4)),
        ["Product", "Query.product", "Review.product", "OrderInput.product"]
    );
    assert_eq!(
        found(&schema.search("by name", 9)),
        ["Query.productByName", "Query.productByName(name:)"]
    );
    assert_eq!(found(&schema.search("sale", 9)), ["Product"]);
    assert_eq!(found(&schema.search("paid", 9)), ["Payment"]);
    assert_eq!(found(&schema.search("Query.product(id:)", 1)), ["Query.product(id:)"]);
    assert_eq!(found(&schema.search("review first", 9)), ["Product.reviews(first:)"]);
    assert_eq!(found(&schema.search("", 9)), [""; 0]);
    assert_eq!(found(&schema.search("zebra", 9)), [""; 0]);
    assert_eq!(found(&schema.search("Paymnet", 1)), ["Payment"]);
    assert!(!found(&messages().search("aws_subscribe", 9)).contains(&"@aws_subscribe".to_owned()));
}
