//! Rules of good taste, and AppSync's traps.

use gqlwire_schema::{IntrospectionOptions, LintOptions, LintRule, Schema};

use crate::support::messages;

/// Coordinates that a rule finds fault with.
fn found(sdl: &str, rule: LintRule) -> Vec<String> {
    let schema = Schema::from_sdl(sdl).unwrap_or_else(|errors| panic!("{errors}"));
    let found = schema.lint(&LintOptions::default());
    let of_rule = found.iter().filter(|finding| finding.rule() == rule.as_str());
    of_rule
        .map(|finding| finding.coordinate().expect("a coordinate").to_string())
        .collect()
}

#[test]
fn each_rule_finds_its_faults() {
    let feed = |subscription: &str| {
        format!(
            "type Query {{ a: T }} type Mutation {{ post: T other: U }} type T {{ id: ID! room: String }}
             type U {{ id: ID }} type Subscription {{ {subscription} }}"
        )
    };
    let table: Vec<(LintRule, String, &[&str])> = vec![
        (LintRule::TypeNameCase, "type Query { a: foo_bar } type foo_bar { a: Int }".into(), &["foo_bar"]),
        (LintRule::FieldNameCase, "type Query { Abc: Int a_b: Int _id: Int aBc: Int }".into(), &["Query.Abc", "Query.a_b"]),
        (
            LintRule::ArgumentNameCase,
            "type Query { a(B: I): Int } input I { c_d: Int }".into(),
            &["Query.a(B:)", "I.c_d"],
        ),
        (LintRule::EnumValueCase, "type Query { a: E } enum E { A_B ab }".into(), &["E.ab"]),
        (
            LintRule::InputName,
            "type Query { a(b: Thing, c: ThingInput, d: ModelThingFilterInput): Int }
             input Thing { a: Int } input ThingInput { a: Int } input ModelThingFilterInput { a: Int }".into(),
            &["Thing"],
        ),
        (
            LintRule::DescriptionMissing,
            "type Query { a: T \"b\" b: Int } type T { a: Int }".into(),
            &["Query.a", "T"],
        ),
        (
            LintRule::DeprecatedWithoutReason,
            "type Query { a: Int @deprecated b: Int @deprecated(reason: \"x\") c: E } enum E { A @deprecated(reason: \" \") }".into(),
            &["Query.a", "E.A"],
        ),
        (
            LintRule::RequiredDeprecated,
            "type Query { a(b: Int! @deprecated, c: Int! = 1 @deprecated): Int }".into(),
            &["Query.a(b:)"],
        ),
        (
            LintRule::UnusedType,
            "type Query { a: I } interface I { a: Int } type T implements I { a: Int } type Lost { b: Alone }
             enum Alone { A } directive @d(a: Used) on FIELD enum Used { A }".into(),
            &["Lost", "Alone"],
        ),
        (
            LintRule::SubscribeUnknownMutation,
            feed("a: T @aws_subscribe(mutations: [\"post\", \"pots\"])"),
            &["Subscription.a"],
        ),
        (
            LintRule::SubscribeOtherType,
            feed("a: T @aws_subscribe(mutations: [\"other\"]) b: [T] @aws_subscribe(mutations: [\"post\"])"),
            &["Subscription.a", "Subscription.b"],
        ),
        (
            LintRule::SubscriptionArgument,
            feed("a(id: ID, room: ID, rom: String, filter: String): T @aws_subscribe(mutations: [\"post\"])"),
            &["Subscription.a(room:)", "Subscription.a(rom:)"],
        ),
        (
            LintRule::SubscriptionNonNullPayload,
            feed("a: T! @aws_subscribe(mutations: [\"post\"]) b: T @aws_subscribe(mutations: [\"post\"])"),
            &["Subscription.a"],
        ),
        (
            LintRule::SubscriptionNonNullField,
            feed("a: T @aws_subscribe(mutations: [\"post\"]) b: U @aws_subscribe(mutations: [\"other\"])"),
            &["Subscription.a"],
        ),
        (
            LintRule::SubscriptionWithoutSource,
            feed("a: T @aws_subscribe(mutations: [\"post\"]) b: T"),
            &["Subscription.b"],
        ),
        (LintRule::SubscriptionWithoutSource, feed("b: T"), &[]),
        (LintRule::AwsAuthIgnored, "type Query { a: Int @aws_auth @aws_iam b: Int @aws_auth }".into(), &["Query.a"]),
        (
            LintRule::AuthModeMissingOnType,
            "type Query { a: Closed @aws_iam @aws_api_key b: Open @aws_iam @aws_api_key c: Closed @aws_iam d: Half @aws_iam }
             type Closed { a: Int } type Open @aws_iam @aws_api_key { a: Int } type Half @aws_api_key { a: Int }".into(),
            &["Query.a", "Query.d"],
        ),
    ];
    for (rule, sdl, expected) in &table {
        assert_eq!(found(sdl, *rule), *expected, "{}", rule.as_str());
    }
    for rule in LintRule::ALL {
        assert!(table.iter().any(|(tested, _, _)| tested == rule), "{}", rule.as_str());
        assert_eq!(LintRule::from_name(rule.as_str()), Some(*rule));
    }
}

#[test]
fn findings_have_places_when_the_file_is_known() {
    let mut options = LintOptions::default();
    assert!(
        messages()
            .lint(&options)
            .iter()
            .all(|found| found.line() == 0 && found.file().is_none())
    );
    options.file = Some("schema.graphql".to_owned());
    options.off = vec![LintRule::DescriptionMissing];
    let schema = Schema::from_sdl("type Query {\n  a: Int\n  bad_name: Int\n}").unwrap();
    let found = schema.lint(&options);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].file(), found[0].line(), found[0].column()),
        (Some("schema.graphql"), 3, 3)
    );
    assert_eq!(
        found[0].message(),
        "The field Query.bad_name should be written badName."
    );
}

#[test]
fn types_that_appsync_declares_itself_are_nobody_s_fault() {
    let schema = Schema::from_sdl("\"The API.\" type Query { \"Now.\" now: AWSDateTime }").unwrap();
    let told = schema.to_introspection(&IntrospectionOptions::all());
    let schema = Schema::from_introspection(&told).unwrap();
    assert_eq!(schema.lint(&LintOptions::default()), []);
}
