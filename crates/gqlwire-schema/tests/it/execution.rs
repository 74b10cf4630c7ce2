//! What the executor makes of resolvers' values.

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use gqlwire_schema::{FieldError, PropertyResolver, Resolution, Schema, execute};
use serde_json::{Value, json};

use crate::support::{block_on, messages, object, run, with};

fn message() -> Value {
    json!({
        "__typename": "Message", "id": 7, "message": "hi", "createdAt": "2026-11-24T08:00:00Z", "count": 3,
        "tags": ["a", "b"], "author": {"id": "u", "name": "Ann", "status": "ACTIVE"},
    })
}

fn data(document: &str, variables: Value, root: Value) -> String {
    let execution = run(&messages(), document, variables, &root, &PropertyResolver);
    assert_eq!(execution.errors, [], "{document}");
    execution.data.expect("the operation ran").to_json()
}

#[test]
fn keys_come_in_the_order_of_the_document_under_their_aliases() {
    let root = json!({"getMessage": message(), "status": "ACTIVE"});
    assert_eq!(
        data(
            "{ z: status m: getMessage(id: 1) { text: message id author { status name } id } a: status }",
            json!({}),
            root
        ),
        r#"{"z":"ACTIVE","m":{"text":"hi","id":"7","author":{"status":"ACTIVE","name":"Ann"}},"a":"ACTIVE"}"#
    );
}

#[test]
fn fragments_are_merged_and_conditions_applied() {
    let root = json!({"getMessage": message()});
    let document = "
        query($no: Boolean!, $yes: Boolean = true) {
          getMessage(id: 1) { ...A author { id } ... @include(if: $no) { count } ... on Node { id } }
          status @skip(if: $yes)
        }
        fragment A on Message { author { name } ...B tags @skip(if: $no) }
        fragment B on Message { message }";
    assert_eq!(
        data(document, json!({"no": false}), root),
        r#"{"getMessage":{"author":{"name":"Ann","id":"u"},"message":"hi","tags":["a","b"],"id":"7"}}"#
    );
}

#[test]
fn abstract_types_follow_the_typename() {
    let root = json!({"search": [
        {"__typename": "Author", "id": 1, "name": "Ann"},
        {"__typename": "Message", "id": 2, "message": "hi"},
        null,
    ]});
    let document =
        "{ search(text: \"\") { __typename ... on Author { name } ... on Message { message } ... on Node { id } } }";
    assert_eq!(
        data(document, json!({}), root),
        r#"{"search":[{"__typename":"Author","name":"Ann","id":"1"},{"__typename":"Message","message":"hi","id":"2"},null]}"#
    );
}

#[test]
fn an_abstract_type_without_a_usable_typename_is_an_error() {
    for found in [
        json!({"id": 1}),
        json!({"__typename": "Query"}),
        json!({"__typename": "Nope"}),
        json!({"__typename": 1}),
    ] {
        let root = json!({"node": found});
        let execution = run(
            &messages(),
            "{ node(id: 1) { id } }",
            json!({}),
            &root,
            &PropertyResolver,
        );
        assert_eq!(execution.data.unwrap().to_json(), r#"{"node":null}"#);
        assert!(
            execution.errors[0]
                .message
                .contains("Could not determine the exact type of 'Node'")
        );
    }
}

#[test]
fn siblings_run_side_by_side() {
    // Each field waits until the other has started: one after the other, this would never end.
    let shared = Arc::new((AtomicUsize::new(0), Mutex::new(Vec::<Waker>::new())));
    let resolver = with(move |field| {
        if field.parent_type != "Query" {
            return Resolution::Property;
        }
        let shared = Arc::clone(&shared);
        Resolution::pending(async move {
            let (started, wakers) = &*shared;
            started.fetch_add(1, Ordering::SeqCst);
            wakers.lock().unwrap().drain(..).for_each(Waker::wake);
            poll_fn(|context| match started.load(Ordering::SeqCst) {
                3 => Poll::Ready(()),
                _ => {
                    wakers.lock().unwrap().push(context.waker().clone());
                    Poll::Pending
                }
            })
            .await;
            Ok(json!("ACTIVE"))
        })
    });
    let execution = run(
        &messages(),
        "{ a: status b: status c: status }",
        json!({}),
        &Value::Null,
        &resolver,
    );
    assert_eq!(
        execution.to_json(),
        r#"{"data":{"a":"ACTIVE","b":"ACTIVE","c":"ACTIVE"}}"#
    );
}

#[test]
fn mutations_run_one_after_the_other_with_all_below_them() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let shared = Arc::clone(&log);
    let resolver = with(move |field| match field.field_name {
        "deleteMessage" | "author" => {
            let name = format!("{} {}", field.field_name, field.path);
            let log = Arc::clone(&shared);
            Resolution::pending(async move {
                log.lock().unwrap().push(format!("begin {name}"));
                yield_once().await;
                log.lock().unwrap().push(format!("end {name}"));
                Ok(json!({"id": 1, "message": "x"}))
            })
        }
        _ => Resolution::Property,
    });
    let document = "mutation { a: deleteMessage(id: 1) { author { id } } b: deleteMessage(id: 2) { id } }";
    let execution = run(&messages(), document, json!({}), &Value::Null, &resolver);
    assert_eq!(execution.errors, []);
    assert_eq!(
        *log.lock().unwrap(),
        [
            "begin deleteMessage /a",
            "end deleteMessage /a",
            "begin author /a/author",
            "end author /a/author",
            "begin deleteMessage /b",
            "end deleteMessage /b",
        ]
    );
}

async fn yield_once() {
    let mut yielded = false;
    poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[test]
fn a_resolver_gets_everything_it_may_need() {
    let seen = Mutex::new(Vec::new());
    let seen = &seen;
    let resolver = with(move |field| {
        if field.field_name != "createMessage" {
            return Resolution::Property;
        }
        seen.lock().unwrap().push(json!({
            "parent": field.parent_type, "key": field.response_key, "source": field.source,
            "arguments": field.arguments, "variables": field.variables, "path": field.path.to_string(),
            "selection": field.selection_list(),
            "directives": field.definition().unwrap().directives().iter().map(|found| found.name().to_owned()).collect::<Vec<_>>(),
        }));
        Resolution::from(message())
    });
    let document = "mutation($m: String!, $t: [String!], $n: Int = 3) {
        new: createMessage(input: {message: $m, tags: $t, id: 9}) { id a: author { name ...F } children(first: $n) { id } }
    } fragment F on Author { id }";
    let root = json!({"root": true});
    let execution = run(&messages(), document, json!({"m": "hi"}), &root, &resolver);
    assert_eq!(execution.errors, []);
    assert_eq!(
        seen.lock().unwrap()[0],
        json!({
            "parent": "Mutation", "key": "new", "source": {"root": true},
            "arguments": {"input": {"message": "hi", "id": "9", "status": "ACTIVE"}},
            "variables": {"m": "hi", "n": 3}, "path": "/new",
            "selection": ["id", "a", "a/name", "a/id", "children", "children/id"],
            "directives": ["aws_api_key", "aws_iam"],
        })
    );
}

#[test]
fn arguments_keep_absent_and_null_apart() {
    let schema =
        Schema::from_sdl("type Query { f(a: Int, b: Int = 2, c: In): String } input In { x: Int y: Int = 5 z: [Int] }")
            .unwrap();
    let resolver = with(|field| Resolution::from(Value::String(Value::Object(field.arguments.clone()).to_string())));
    for (document, variables, expected) in [
        ("{ f }", json!({}), r#"{"b":2}"#),
        ("{ f(a: null, b: null) }", json!({}), r#"{"a":null,"b":null}"#),
        ("query($a: Int, $b: Int) { f(a: $a, b: $b) }", json!({}), r#"{"b":2}"#),
        (
            "query($a: Int, $b: Int) { f(a: $a, b: $b) }",
            json!({"a": null, "b": null}),
            r#"{"a":null,"b":null}"#,
        ),
        ("query($a: Int = 7) { f(a: $a) }", json!({}), r#"{"a":7,"b":2}"#),
        (
            "query($a: Int = 7) { f(a: $a) }",
            json!({"a": null}),
            r#"{"a":null,"b":2}"#,
        ),
        (
            "query($x: Int) { f(c: {x: $x, z: 1}) }",
            json!({}),
            r#"{"b":2,"c":{"y":5,"z":[1]}}"#,
        ),
        (
            "query($x: Int) { f(c: {x: $x, z: [1, $x]}) }",
            json!({"x": null}),
            r#"{"b":2,"c":{"x":null,"y":5,"z":[1,null]}}"#,
        ),
        (
            "query($c: In) { f(c: $c) }",
            json!({"c": {"z": 4}}),
            r#"{"b":2,"c":{"y":5,"z":[4]}}"#,
        ),
    ] {
        let execution = run(&schema, document, variables, &Value::Null, &resolver);
        assert_eq!(
            execution.data.unwrap().get("f").unwrap().to_value(),
            json!(expected),
            "{document}"
        );
    }
}

#[test]
fn variables_that_do_not_fit_refuse_the_request() {
    for (document, variables, expected) in [
        (
            "query($id: ID!) { getMessage(id: $id) { id } }",
            json!({}),
            "Variable 'id' has coerced Null value for NonNull type 'ID!'",
        ),
        (
            "query($id: ID!) { getMessage(id: $id) { id } }",
            json!({"id": null}),
            "Variable 'id' has coerced Null value for NonNull type 'ID!'",
        ),
        (
            "query($l: Int) { listMessages(limit: $l) { id } }",
            json!({"l": "x"}),
            "Variable 'l' has an invalid value : Expected type 'Int' but was 'String'.",
        ),
        (
            "query($l: Int) { listMessages(limit: $l) { id } }",
            json!({"l": 3_000_000_000_i64}),
            "Variable 'l' has an invalid value : Expected value to be in the Integer range but it was '3000000000'",
        ),
        (
            "mutation($i: CreateMessageInput!) { createMessage(input: $i) { id } }",
            json!({"i": {}}),
            "Field 'message' of variable 'i' has coerced Null value for NonNull type 'String!'",
        ),
        (
            "mutation($i: CreateMessageInput!) { createMessage(input: $i) { id } }",
            json!({"i": {"message": "a", "nope": 1}}),
            "The variables input contains a field name 'nope' that is not defined for input object type 'CreateMessageInput' ",
        ),
        (
            "mutation($i: CreateMessageInput!) { createMessage(input: $i) { id } }",
            json!({"i": {"message": "a", "status": "NO"}}),
            "Variable 'i' has an invalid value : Invalid input for Enum 'Status'. No value found for name 'NO'",
        ),
        (
            "query($at: AWSDateTime) { now(at: $at) }",
            json!({"at": "today"}),
            "Variable 'at' has an invalid value : Unable to parse `today` as a valid DateTime Object.",
        ),
    ] {
        let execution = run(&messages(), document, variables, &Value::Null, &PropertyResolver);
        assert_eq!(execution.data, None);
        assert_eq!(execution.errors[0].message, expected);
        assert!(execution.errors[0].locations[0].column > 1);
    }
}

#[test]
fn several_operations_need_a_name() {
    let schema = messages();
    let document = schema.parse("query A { status } query B { __typename }").unwrap();
    let root = json!({"status": "ACTIVE"});
    let run = |name| {
        block_on(execute(
            &schema,
            &document,
            name,
            &object(json!({})),
            &root,
            &PropertyResolver,
        ))
        .to_json()
    };
    assert_eq!(run(Some("B")), r#"{"data":{"__typename":"Query"}}"#);
    assert_eq!(
        run(None),
        r#"{"data":null,"errors":[{"message":"Must provide operation name if query contains multiple operations."}]}"#
    );
    assert_eq!(run(Some("")), run(None));
    assert_eq!(
        run(Some("C")),
        r#"{"data":null,"errors":[{"message":"Unknown operation named 'C'."}]}"#
    );
}

#[test]
fn nulls_rise_to_the_next_nullable_parent_in_appsync_wording() {
    for (document, root, expected) in [
        (
            "{ getMessage(id: 1) { id message } }",
            json!({"getMessage": {"id": 1}}),
            r#"{"data":{"getMessage":null},"errors":[{"message":"Cannot return null for non-nullable type: 'String' within parent 'Message' (/getMessage/message)","path":["getMessage","message"]}]}"#,
        ),
        (
            "{ listMessages { id message } status }",
            json!({"listMessages": [{"id": 1, "message": "a"}, {"id": 2}], "status": "ACTIVE"}),
            r#"{"data":null,"errors":[{"message":"Cannot return null for non-nullable type: 'String' within parent 'Message' (/listMessages[1]/message)","path":["listMessages",1,"message"]}]}"#,
        ),
        (
            "{ listMessages { id } }",
            json!({"listMessages": null}),
            r#"{"data":null,"errors":[{"message":"Cannot return null for non-nullable type: '[Message!]' within parent 'Query' (/listMessages)","path":["listMessages"]}]}"#,
        ),
        (
            "{ getMessage(id: 1) { tags } }",
            json!({"getMessage": {"tags": ["a", null]}}),
            r#"{"data":{"getMessage":{"tags":null}},"errors":[{"message":"Cannot return null for non-nullable type: 'String' within parent 'Message' (/getMessage/tags[1])","path":["getMessage","tags",1]}]}"#,
        ),
        (
            "{ getMessage(id: 1) { id children { message } } }",
            json!({"getMessage": {"id": 1, "children": [{"message": "a"}, {}]}}),
            r#"{"data":{"getMessage":{"id":"1","children":[{"message":"a"},null]}},"errors":[{"message":"Cannot return null for non-nullable type: 'String' within parent 'Message' (/getMessage/children[1]/message)","path":["getMessage","children",1,"message"]}]}"#,
        ),
    ] {
        let execution = run(&messages(), document, json!({}), &root, &PropertyResolver);
        assert_eq!(execution.to_json(), expected);
    }
}

#[test]
fn a_failed_field_has_appsyncs_members_and_one_error_only() {
    let resolver = with(|field| match field.field_name {
        "getMessage" => Resolution::from(json!({"id": 1})),
        "message" => {
            let data = json!({"id": 1});
            Resolution::from(
                FieldError::new("no")
                    .with_type("Custom")
                    .with_info(json!({"why": 1}))
                    .with_data(data),
            )
        }
        "status" => Resolution::from(FieldError::unauthorized(field.parent_type, field.field_name)),
        _ => Resolution::Property,
    });
    let execution = run(
        &messages(),
        "{\n  getMessage(id: 1) { m: message }\n  status\n}",
        json!({}),
        &Value::Null,
        &resolver,
    );
    assert_eq!(
        serde_json::to_value(&execution).unwrap(),
        json!({
            "data": {"getMessage": null, "status": null},
            "errors": [
                {
                    "message": "no", "path": ["getMessage", "m"], "locations": [{"line": 2, "column": 23}],
                    "errorType": "Custom", "errorInfo": {"why": 1}, "data": {"id": 1},
                },
                {
                    "message": "Not Authorized to access status on type Query", "path": ["status"],
                    "locations": [{"line": 3, "column": 3}], "errorType": "Unauthorized", "errorInfo": null, "data": null,
                },
            ],
        })
    );
}

#[test]
fn the_data_of_an_error_is_cut_to_the_selection() {
    let resolver = with(|_| {
        let data = json!({"id": 1, "message": "secret", "author": {"name": "Ann", "id": 2}});
        Resolution::from(FieldError::new("no").with_data(data))
    });
    let execution = run(
        &messages(),
        "{ getMessage(id: 1) { key: id author { name } } }",
        json!({}),
        &Value::Null,
        &resolver,
    );
    assert_eq!(
        execution.errors[0].data(),
        Some(&json!({"key": 1, "author": {"name": "Ann"}}))
    );
}

#[test]
fn a_resolver_can_add_an_error_and_still_give_a_value() {
    let resolver = with(|field| match field.field_name {
        "status" => {
            field.append_error(FieldError::new("careful").with_type("Warning"));
            Resolution::from(json!("ACTIVE"))
        }
        _ => Resolution::Property,
    });
    let execution = run(&messages(), "{ status }", json!({}), &Value::Null, &resolver);
    assert_eq!(execution.data.unwrap().to_json(), r#"{"status":"ACTIVE"}"#);
    assert_eq!(execution.errors[0].to_string(), "careful (Warning) at status");
}

#[test]
fn values_that_do_not_fit_their_type_are_errors() {
    for (document, root, message) in [
        (
            "{ getMessage(id: 1) { count } }",
            json!({"getMessage": {"count": 2_147_483_648_i64}}),
            "Can't serialize value (/getMessage/count) : Expected value to be in the Integer range but it was '2147483648'.",
        ),
        (
            "{ now }",
            json!({"now": "yesterday"}),
            "Can't serialize value (/now) : Unable to serialize `yesterday` as a valid DateTime Object.",
        ),
        (
            "{ status }",
            json!({"status": "NO"}),
            "Can't serialize value (/status) : Invalid input for Enum 'Status'. Unknown value \"NO\"",
        ),
        (
            "{ search(text: \"\") { __typename } }",
            json!({"search": {"a": 1}}),
            "Can't resolve value (/search) : type mismatch error, expected type LIST got Map",
        ),
        (
            "{ getMessage(id: 1) { id } }",
            json!({"getMessage": "text"}),
            "Can't resolve value (/getMessage) : type mismatch error, expected type OBJECT got String",
        ),
    ] {
        let execution = run(&messages(), document, json!({}), &root, &PropertyResolver);
        assert_eq!(execution.errors[0].message, message);
        assert_eq!(execution.errors.len(), 1);
    }
}

#[test]
fn awsjson_is_parsed_for_resolvers_and_text_for_clients() {
    let resolver = with(|field| Resolution::from(field.arguments["value"].clone()));
    let run = |variables| {
        run(
            &messages(),
            "query($v: AWSJSON) { json(value: $v) }",
            variables,
            &Value::Null,
            &resolver,
        )
    };
    assert_eq!(
        run(json!({"v": "{\"a\": [1]}"})).to_json(),
        r#"{"data":{"json":"{\"a\":[1]}"}}"#
    );
    assert_eq!(
        run(json!({"v": "{a: 1}"})).errors[0].message,
        "Variable 'v' has an invalid value : Unable to parse `{a: 1}` as valid JSON."
    );
}

#[test]
fn a_custom_scalar_passes_as_it_is() {
    let schema = Schema::from_sdl("scalar Any type Query { f(v: Any): Any }").unwrap();
    let resolver = with(|field| Resolution::from(field.arguments["v"].clone()));
    let value = json!({"b": [1, {"": null, "not a name": "x"}], "a": 1.5});
    let execution = run(
        &schema,
        "query($v: Any) { f(v: $v) }",
        json!({"v": value}),
        &Value::Null,
        &resolver,
    );
    assert_eq!(execution.data.unwrap().to_value()["f"], value);
    let execution = run(
        &schema,
        "query($x: Any) { f(v: {a: [$x, E], b: 1}) }",
        json!({"x": 5}),
        &Value::Null,
        &resolver,
    );
    assert_eq!(execution.to_json(), r#"{"data":{"f":{"a":[5,"E"],"b":1}}}"#);
}

#[test]
fn introspection_is_answered() {
    let document = r#"{ __type(name: "Message") { kind name fields { name type { kind name ofType { name } } } } __schema { queryType { name } } }"#;
    let execution = run(&messages(), document, json!({}), &Value::Null, &PropertyResolver);
    let data = execution.data.unwrap().to_value();
    assert_eq!(data["__type"]["kind"], "OBJECT");
    assert_eq!(
        data["__type"]["fields"][0],
        json!({"name": "id", "type": {"kind": "NON_NULL", "name": null, "ofType": {"name": "ID"}}})
    );
    assert_eq!(data["__schema"]["queryType"]["name"], "Query");
    let unknown = run(
        &messages(),
        r#"{ __type(name: "No") { name } }"#,
        json!({}),
        &Value::Null,
        &PropertyResolver,
    );
    assert_eq!(unknown.to_json(), r#"{"data":{"__type":null}}"#);
}

#[test]
fn a_dropped_execution_drops_its_resolvers() {
    let schema = messages();
    let document = schema.parse("{ status }").unwrap();
    let resolver = with(|_| Resolution::pending(std::future::pending()));
    let (variables, root) = (object(json!({})), Value::Null);
    let mut execution = Box::pin(execute(&schema, &document, None, &variables, &root, &resolver));
    let mut context = std::task::Context::from_waker(Waker::noop());
    assert!(execution.as_mut().poll(&mut context).is_pending());
    drop(execution);
}
