use gqlwire_proto::{GraphQLError, Location, PathSegment, Response, ResponseError};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

#[derive(Clone, Debug, Deserialize, PartialEq)]
struct Message {
    id: String,
    likes: u64,
}

const GOOD: &str = r#"{"data":{"id":"a","likes":9007199254740993}}"#;

fn read(text: &str) -> Response<Message> {
    Response::from_json(text).unwrap()
}

fn refused(text: &str) -> ResponseError {
    Response::<Message>::from_json(text).unwrap_err()
}

#[test]
fn clean_data_in_every_spelling_of_no_errors() {
    for rest in [
        "",
        r#","errors":null"#,
        r#","errors":[]"#,
        r#","extensions":null"#,
        r#","extensions":{}"#,
        r#","errors":null,"extensions":null,"more":[1]"#,
        r#","message":"\ud800""#,
        // Not what the specification allows, but no reason to withhold the data.
        r#","extensions":[]"#,
        r#","extensions":"odd""#,
    ] {
        let text = GOOD.replace("}}", &format!("}}{rest}}}"));
        let response = read(&text);
        assert!(response.errors.is_empty() && response.extensions.is_empty(), "{text}");
        assert!(response.raw_data().is_none() && response.headers().is_empty());
        assert_eq!(response.into_data().unwrap().likes, 9_007_199_254_740_993, "{text}");
    }
}

#[test]
fn extensions_are_kept_with_and_without_errors() {
    let extended = r#""extensions":{"apiCacheEntriesDeleted":1}}"#;
    for text in [
        format!(r#"{{"data":{{"id":"a","likes":1}},{extended}"#),
        format!(r#"{{"data":null,"errors":[{{"message":"no"}}],{extended}"#),
    ] {
        assert_eq!(read(&text).extensions["apiCacheEntriesDeleted"], 1, "{text}");
    }
}

#[test]
fn errors_in_every_shape() {
    for (errors, shown) in [
        (r#"[{"message":"no"}]"#, "no"),
        (r#"{"message":"no"}"#, "no"),
        (r#""no""#, "no"),
        (r#"["no"]"#, "no"),
        ("7", "7"),
        ("[null]", "null"),
        ("true", "true"),
        ("{}", "the server gave an error without a message"),
        (r#"[{"errorType":"BadRequestException"}]"#, "BadRequestException"),
        (r#"[{"message":null,"errorType":"a.b#C"}]"#, "C"),
        (r#"[{"message":{"why":1}}]"#, r#"{"why":1}"#),
        (
            r#"[{"message":"no","errorType":"Unauthorized","path":["a",2,"b"]}]"#,
            "no (Unauthorized) at a[2].b",
        ),
        // Valid JSON that a `Value` cannot hold must not pass for no errors.
        (r#"[{"message":"\ud800"}]"#, r#"{"message":"\ud800"}"#),
        (
            r#"{"message":"no","errorInfo":1e999}"#,
            r#"{"message":"no","errorInfo":1e999}"#,
        ),
    ] {
        for data in ["", r#""data":null,"#, r#""data":{"id":"a","likes":1},"#] {
            let text = format!(r#"{{{data}"errors":{errors}}}"#);
            let response = read(&text);
            assert_eq!(response.data.is_some(), data.contains("likes"), "{text}");
            let partial = response.into_data().unwrap_err();
            assert_eq!(partial.errors.len(), 1, "{text}");
            assert_eq!(partial.to_string(), shown, "{text}");
        }
    }
}

#[test]
fn one_unreadable_error_does_not_spoil_the_others() {
    let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
    let text = format!(r#"{{"data":null,"errors":[{{"message":"first"}},{{"data":{deep}}},{{"message":"last"}}]}}"#);
    let errors = read(&text).errors;
    assert_eq!(errors.len(), 3);
    assert_eq!(
        (errors[0].message.as_str(), errors[2].message.as_str()),
        ("first", "last")
    );
    assert!(errors[1].message.starts_with(r#"{"data":[[["#) && errors[1].message.len() < 210);
}

#[test]
fn several_errors_are_counted() {
    let partial = read(r#"{"errors":[{"message":"a"},{"message":"b"},{"message":"c"}]}"#)
        .into_data()
        .unwrap_err();
    assert_eq!(partial.to_string(), "a (and 2 more)");
    assert_eq!(partial.without_data().errors.len(), 3);
}

#[test]
fn an_appsync_error_keeps_every_member() {
    let text = r#"{"data":{"id":"a","likes":1},"errors":[{"path":["m","list",3],"data":{"id":null},"errorType":"DynamoDB:ConditionalCheckFailedException","errorInfo":{"b":1,"a":2},"locations":[{"line":1,"column":2,"sourceName":null},{"line":"x"}],"message":"the conditional request failed","errorCode":400,"extensions":{"code":"X"},"later":[1]}]}"#;
    let response = read(text);
    let error = &response.errors[0];
    assert_eq!(error.message, "the conditional request failed");
    assert_eq!(error.error_type(), Some("DynamoDB:ConditionalCheckFailedException"));
    assert_eq!(error.error_info(), Some(&json!({"b": 1, "a": 2})));
    assert_eq!(error.data(), Some(&json!({"id": null})));
    assert_eq!(error.error_code(), Some(400));
    assert_eq!(error.locations, [Location { line: 1, column: 2 }]);
    assert_eq!(error.extensions["code"], "X");
    assert_eq!(error.other["later"], json!([1]));
    let path = error.path.as_deref().unwrap();
    assert_eq!(path[0], PathSegment::Field("m".to_owned()));
    assert_eq!(path[2], PathSegment::Index(3));
    // And gives them back.
    let again: GraphQLError = serde_json::from_str(&serde_json::to_string(error).unwrap()).unwrap();
    assert_eq!(again, *error);
}

#[test]
fn members_of_an_error_that_are_null_are_no_members() {
    let text = r#"{"errors":[{"message":"m","path":null,"locations":null,"extensions":null,"errorType":null,"errorInfo":null,"data":null}]}"#;
    let response = read(text);
    let error = &response.errors[0];
    assert_eq!(error.error_type(), None);
    assert_eq!(
        (error.error_info(), error.data(), error.error_code()),
        (None, None, None)
    );
    assert!(error.path.is_none() && error.locations.is_empty() && error.extensions.is_empty());
    assert_eq!(error.to_string(), "m");
}

#[test]
fn the_error_type_is_found_where_servers_put_it() {
    for (error, expected) in [
        (r#"{"errorType":"A","extensions":{"code":"B"}}"#, Some("A")),
        (r#"{"errorType":"x.y#A"}"#, Some("A")),
        (r#"{"errorType":"A#"}"#, Some("A")),
        (r##"{"errorType":"#","extensions":{"code":"B"}}"##, Some("B")),
        (r#"{"errorType":"","extensions":{"code":"B"}}"#, Some("B")),
        (r#"{"errorType":7,"extensions":{"code":7,"errorType":"C"}}"#, Some("C")),
        (r#"{"extensions":{"classification":"D"}}"#, Some("D")),
        (r#"{"extensions":"E"}"#, None),
        ("{}", None),
    ] {
        let error: GraphQLError = serde_json::from_str(error).unwrap();
        assert_eq!(error.error_type(), expected, "{error:?}");
    }
}

#[test]
fn null_data_without_errors_is_an_answer_without_data() {
    for text in [
        r#"{"data":null}"#,
        r#"{"data":null,"errors":[]}"#,
        r#"{"data":null,"errors":null}"#,
    ] {
        let partial = read(text).into_data().unwrap_err();
        assert!(partial.data.is_none() && partial.errors.is_empty());
        assert_eq!(
            partial.to_string(),
            "the server answered without data and without errors"
        );
    }
}

#[test]
fn data_that_does_not_fit_is_a_mismatch_only_without_errors() {
    let text = r#"{"data":{"id":"a","likes":null}}"#;
    let ResponseError::Mismatch { why, excerpt } = refused(text) else {
        panic!("not a mismatch")
    };
    assert!(why.contains("null"), "{why}");
    assert_eq!(excerpt, r#"{"id":"a","likes":null}"#);

    let with_errors = r#"{"data":{"id":"a","likes":null},"errors":[{"message":"no","path":["likes"]}]}"#;
    let response = read(with_errors);
    assert_eq!(response.raw_data().unwrap().get(), r#"{"id":"a","likes":null}"#);
    let partial = response.into_data().unwrap_err();
    assert!(partial.data.is_none());
    assert_eq!(partial.raw.unwrap().get(), r#"{"id":"a","likes":null}"#);
    assert_eq!(partial.errors[0].message, "no");
}

#[test]
fn every_type_of_data() {
    let value = Response::<Value>::from_json(GOOD).unwrap().into_data().unwrap();
    assert_eq!(value["id"], "a");
    let odd = r#"{"errors":[],"data": {"z":1e400,"a":123456789012345678901234567890,"b":0.10} }"#;
    let raw = Response::<Box<RawValue>>::from_json(odd).unwrap().into_data().unwrap();
    assert_eq!(raw.get(), r#"{"z":1e400,"a":123456789012345678901234567890,"b":0.10}"#);
    let raw = Response::<Box<RawValue>>::from_json(r#"{"data":null}"#).unwrap();
    assert!(raw.data.is_none());
    let raw = Response::<Box<RawValue>>::from_json(r#"{"data":{"a":1e400},"errors":["no"]}"#).unwrap();
    assert_eq!(raw.data.unwrap().get(), r#"{"a":1e400}"#);
    let nothing = Response::<()>::from_json(r#"{"data":null}"#).unwrap();
    assert!(nothing.data.is_none() && nothing.errors.is_empty());
    assert!(Response::<()>::from_json(r#"{"data":{}}"#).is_err());
    let ignored = Response::<serde::de::IgnoredAny>::from_json(GOOD).unwrap();
    assert!(ignored.into_data().is_ok());
    let optional = Response::<Option<Message>>::from_json(GOOD).unwrap();
    assert_eq!(optional.into_data().unwrap().unwrap().id, "a");
}

#[test]
fn what_is_no_graphql_response_says_what_it_is_instead() {
    for (text, says) in [
        (r#"{"message":"Forbidden"}"#, "Forbidden"),
        (r#"{"Message":"Forbidden"}"#, "Forbidden"),
        (
            r#"{"errorMessage":"subscriptions need a socket"}"#,
            "subscriptions need a socket",
        ),
        (r#"{"__type":"ThrottlingException"}"#, "ThrottlingException"),
        (
            r#"{"__type":"com.amazon#Throttling","message":"Rate exceeded"}"#,
            "Rate exceeded (com.amazon#Throttling)",
        ),
        (r#"{"errors":[],"message":"Forbidden"}"#, "Forbidden"),
        (r#"{"errors":null}"#, r#"{"errors":null}"#),
        (r#"{"message":7}"#, r#"{"message":7}"#),
        (r#"{"message":"\ud800"}"#, r#"{"message":"\ud800"}"#),
        ("{}", "{}"),
        ("[]", "[]"),
        ("null", "null"),
        ("7", "7"),
        (r#""data""#, r#""data""#),
        // What serde would take for the members of a struct in order.
        (
            r#"[{"id":"a","likes":1},null,null]"#,
            r#"[{"id":"a","likes":1},null,null]"#,
        ),
        (r#"[{"data":null}]"#, r#"[{"data":null}]"#),
        (r#"{"data":1,"data":2}"#, r#"{"data":1,"data":2}"#),
        (
            r#"{"data":{},"errors":[],"errors":["no"]}"#,
            r#"{"data":{},"errors":[],"errors":["no"]}"#,
        ),
    ] {
        let error = refused(text);
        assert!(matches!(error, ResponseError::NotGraphQL { .. }), "{text}: {error:?}");
        assert_eq!(
            error.to_string(),
            format!("the answer is not a GraphQL response: {says}")
        );
    }
}

#[test]
fn what_is_not_json_is_quoted() {
    for (text, quoted) in [
        ("", "(empty)"),
        (" \r\n", "(empty)"),
        ("\u{feff}", "(empty)"),
        ("<html>\n<b>504</b>\u{1b}[2J", "<html> <b>504</b> [2J"),
        (r#"{"data":{"id":"a""#, r#"{"data":{"id":"a""#),
        (r#"{"data":{}}}"#, r#"{"data":{}}}"#),
        (r#"{"data":{}}{"data":{}}"#, r#"{"data":{}}{"data":{}}"#),
        ("{'data':1}", "{'data':1}"),
    ] {
        let error = refused(text);
        let ResponseError::NotJson { excerpt, .. } = &error else {
            panic!("{text}: {error:?}")
        };
        assert_eq!(excerpt, quoted);
    }
}

#[test]
fn a_byte_order_mark_is_skipped() {
    assert_eq!(read(&format!("\u{feff}{GOOD}")).data.unwrap().id, "a");
}

#[test]
fn errors_quote_a_bounded_part_on_a_character_boundary() {
    let long = "ü€𝄞".repeat(10_000);
    for text in [
        long.clone(),
        format!(r#""{long}""#),
        format!(r#"{{"message":"{long}"}}"#),
        format!(r#"{{"data":{{"id":"a","likes":"{long}"}}}}"#),
        format!(r#"{{"data":{{"id":"a","likes":1,"{long}"}}}}"#),
    ] {
        for shift in 0..9 {
            let error = refused(&format!("{}{text}", " ".repeat(shift)));
            assert!(error.to_string().len() < 600, "{error}");
        }
    }
    let ResponseError::Mismatch { why, .. } = refused(&format!(r#"{{"data":{{"id":"a","likes":"{long}"}}}}"#)) else {
        panic!("not a mismatch")
    };
    assert!(
        why.starts_with("invalid type: string") && why.contains("expected u64"),
        "{why}"
    );
}

#[test]
fn headers_and_a_mapping_leave_the_rest_alone() {
    let mut headers = http::HeaderMap::new();
    headers.insert("x-amzn-requestid", http::HeaderValue::from_static("r"));
    let response = read(r#"{"data":{"id":"a","likes":1},"errors":["no"],"extensions":{"a":1}}"#)
        .with_headers(headers)
        .map(|message| message.likes);
    assert_eq!(response.data, Some(1));
    assert_eq!(response.headers()["x-amzn-requestid"], "r");
    assert_eq!((response.errors.len(), response.extensions.len()), (1, 1));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in prop_oneof![
        ".{0,60}",
        r#"\{"(data|errors|extensions|message)":[0-9a-zé"{}\[\],:\\]{0,40}\}?"#,
        r#"\{"data":[0-9a-z"{}\[\],:]{0,10},"errors":[0-9a-z"{}\[\],:]{0,20}\}"#,
    ]) {
        let _ = Response::<Message>::from_json(&text);
        let _ = Response::<Value>::from_json(&text);
        let _ = Response::<Box<RawValue>>::from_json(&text);
        if let Err(error) = Response::<()>::from_json(&text) {
            prop_assert!(error.to_string().len() < 1_000);
        }
    }

    #[test]
    fn a_cut_answer_is_never_taken_for_a_whole_one(end in 0..GOOD.len()) {
        let cut = &GOOD[..end];
        prop_assert!(matches!(refused(cut), ResponseError::NotJson { .. }), "{}", cut);
    }
}
