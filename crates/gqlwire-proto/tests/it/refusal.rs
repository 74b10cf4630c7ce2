use gqlwire_proto::appsync::{Refusal, RefusalKind};
use proptest::prelude::*;

#[test]
fn errors_are_found_wherever_they_stand() {
    for (text, shown) in [
        (r#"{"errors":[{"message":"no"}]}"#, "no"),
        (r#"{"errors":{"message":"no"}}"#, "no"),
        (r#"{"errors":"no"}"#, "no"),
        (r#"{"errors":null,"message":"no"}"#, "no"),
        (r#"{"errors":[],"message":"no"}"#, "no"),
        (r#"{"message":"no"}"#, "no"),
        (r#"{"message":"no","errorType":"a#B"}"#, "no (B)"),
        (
            r#"{"errorType":"MaxSubscriptionsReachedException"}"#,
            "MaxSubscriptionsReachedException",
        ),
        (r#"[{"message":"no"},{"message":"more"}]"#, "no (and 1 more)"),
        (r#""no""#, "no"),
        // Whole messages.
        (
            r#"{"type":"error","id":"1","payload":{"errors":[{"message":"no"}]}}"#,
            "no",
        ),
        (
            r#"{"type":"error","id":"1","payload":{"errors":{"message":"no"}}}"#,
            "no",
        ),
        (r#"{"type":"error","payload":{"message":"no"}}"#, "no"),
        (r#"{"type":"error","payload":[{"message":"no"}]}"#, "no"),
        (r#"{"type":"error","payload":"no"}"#, "no"),
        (r#"{"type":"error","id":"1","errors":[{"message":"no"}]}"#, "no"),
        (r#"{"type":"error","payload":{},"errors":[{"message":"no"}]}"#, "no"),
        (r#"{"type":"error","payload":{"errors":[]},"message":"no"}"#, "no"),
        (r#"{"type":"error","id":"1","message":"no"}"#, "no"),
    ] {
        assert_eq!(Refusal::from_json(text).to_string(), shown, "{text}");
    }
}

#[test]
fn what_says_nothing_has_no_errors() {
    for text in [
        "null",
        "{}",
        "[]",
        r#"{"errors":[]}"#,
        r#"{"errors":null}"#,
        r#"{"type":"error","id":"1"}"#,
        r#"{"type":"error","payload":null}"#,
        r#"{"type":"error","payload":{"errors":[]}}"#,
    ] {
        let refusal = Refusal::from_json(text);
        assert_eq!(refusal.errors(), [], "{text}");
        assert_eq!(refusal.to_string(), "the server gave no reason");
        assert_eq!(refusal.kind(), RefusalKind::Other);
    }
}

#[test]
fn what_cannot_be_read_is_quoted() {
    for text in [
        "garbage",
        r#"{"errors":[{"message":"\ud800"}]}"#,
        r#"{"message":1e999}"#,
    ] {
        assert_eq!(Refusal::from_json(text).to_string(), text);
    }
    assert_eq!(Refusal::from_json("").to_string(), "(empty)");
    assert!(Refusal::from_json(&"[".repeat(100_000)).to_string().len() < 210);
}

#[test]
fn every_known_refusal_is_recognised() {
    use RefusalKind::{
        BadRequest, Duplicated, LimitExceeded, MaxSubscriptions, Other, TokenExpired, Unauthorized,
        UnsupportedOperation,
    };
    for (error, kind) in [
        (
            r#"{"errorType":"com.amazonaws.deepdish.graphql.auth#UnauthorizedException","message":"You are not authorized to make this call.","errorCode":400}"#,
            Unauthorized,
        ),
        (r#"{"errorType":"UnauthorizedException","errorCode":401}"#, Unauthorized),
        (r#"{"errorType":"Unauthorized","errorCode":401}"#, Unauthorized),
        (r#"{"errorType":"BadRequest","errorCode":400}"#, BadRequest),
        (r#"{"message":"NoProtocolError","errorCode":400}"#, BadRequest),
        (
            r#"{"message":"Required headers are missing.","errorCode":400}"#,
            BadRequest,
        ),
        (r#"{"message":"Required headers are missing."}"#, BadRequest),
        (
            r#"{"errorType":"UnauthorizedException","message":"Permission denied"}"#,
            Unauthorized,
        ),
        (
            r#"{"errorType":"UnauthorizedException","message":"Valid authorization header not provided."}"#,
            Unauthorized,
        ),
        (
            r#"{"errorType":"UnauthorizedException","message":"Token has expired."}"#,
            TokenExpired,
        ),
        (
            r#"{"errorType":"Unauthorized","message":"Not Authorized to access f on type T"}"#,
            Unauthorized,
        ),
        (
            r#"{"errorType":"BadRequestException","message":"The request signature we calculated does not match"}"#,
            BadRequest,
        ),
        (
            r#"{"errorType":"DuplicatedOperationError","message":"Duplicated operation with id 1"}"#,
            Duplicated,
        ),
        (
            r#"{"errorType":"MaxSubscriptionsReachedError","message":"Max number of 100 subscriptions reached"}"#,
            MaxSubscriptions,
        ),
        (r#"{"errorType":"MaxSubscriptionsReachedException"}"#, MaxSubscriptions),
        (
            r#"{"errorType":"LimitExceededError","message":"Rate limit exceeded"}"#,
            LimitExceeded,
        ),
        (
            r#"{"errorType":"UnsupportedOperation","message":"query not supported through the realtime channel"}"#,
            UnsupportedOperation,
        ),
        (r#"{"message":"Validation error of type FieldUndefined: no"}"#, Other),
        (r#"{"errorCode":403}"#, Unauthorized),
        (r#"{"errorType":"Custom","errorCode":500}"#, Other),
    ] {
        let refusal = Refusal::from_json(&format!(r#"{{"errors":[{error}]}}"#));
        assert_eq!(refusal.kind(), kind, "{error}");
        // An error that says nothing of itself does not hide one that does.
        let second = Refusal::from_json(&format!(r#"{{"errors":[{{"message":"first"}},{error}]}}"#));
        assert_eq!(second.kind(), kind, "{error}");
        assert_eq!(Refusal::new(refusal.errors().to_vec()).into_errors(), refusal.errors());
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in prop_oneof![
        ".{0,60}",
        r#"\{"(errors|payload|message)":[0-9a-zé"{}\[\],:\\]{0,40}\}?"#,
    ]) {
        let refusal = Refusal::from_json(&text);
        let _ = (refusal.kind(), refusal.to_string());
    }
}

#[test]
fn a_session_token_that_the_server_echoes_is_not_repeated() {
    let text = r#"{"errors":[{"errorType":"BadRequestException","message":"The Canonical String should have been\n'POST\n/graphql\n\nhost:h\nx-amz-date:20250102T030405Z\nx-amz-security-token:IQoJb3JpZ2luX2VjE//==\n\nhost;x-amz-date\n'"}]}"#;
    let refusal = Refusal::from_json(text);
    let shown = format!("{refusal} {refusal:?}");
    assert!(!shown.contains("IQoJb3JpZ2luX2VjE"), "{shown}");
    assert!(
        shown.contains("x-amz-security-token:[redacted]") && shown.contains("host;x-amz-date"),
        "{shown}"
    );
}
