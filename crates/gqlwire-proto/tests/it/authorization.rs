use gqlwire_proto::appsync::{
    GRAPHQL_WS, HeaderCarrier, HeaderObject, HeaderObjectError, MAX_HEADER_OBJECT_BYTES, offered_subprotocols,
};
use http::HeaderMap;
use http::header::SEC_WEBSOCKET_PROTOCOL;
use proptest::prelude::*;
use url::Url;

const API_HOST: &str = "abcdefghijklmnopqrstuvwxyz.appsync-api.us-east-1.amazonaws.com";
const API_KEY: &str = "da2-abcdefghijklmnopqrstuvwxyz";
const ENCODED: &str = "eyJob3N0IjoiYWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXouYXBwc3luYy1hcGkudXMtZWFzdC0xLmFtYXpvbmF3cy5jb20i\
    LCJ4LWFwaS1rZXkiOiJkYTItYWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoifQ";

fn key() -> HeaderObject {
    HeaderObject::api_key(API_HOST, API_KEY)
}

fn realtime() -> Url {
    Url::parse("wss://abcdefghijklmnopqrstuvwxyz.appsync-realtime-api.us-east-1.amazonaws.com/graphql").expect("a URL")
}

#[test]
fn an_api_key_is_encoded_as_the_documentation_shows() {
    assert_eq!(key().to_subprotocol(), format!("header-{ENCODED}"));
    assert_eq!(key().to_query(None), format!("header={ENCODED}%3D%3D&payload=e30%3D"));
}

#[test]
fn the_object_is_compact_json_in_the_order_of_insertion() {
    let object = HeaderObject::token("api.example.com", "eyJ.x.y").with("x-amz-user-agent", "gqlwire");
    let json = r#"{"host":"api.example.com","Authorization":"eyJ.x.y","x-amz-user-agent":"gqlwire"}"#;
    assert_eq!(object.to_json(), json);
    assert_eq!(HeaderObject::from_json(json.as_bytes()).unwrap(), object);
    assert_eq!(serde_json::from_str::<HeaderObject>(json).unwrap(), object);
}

#[test]
fn names_are_compared_without_regard_to_case_and_with_replaces() {
    let object = key().with("X-API-Key", "other").with("HOST", "elsewhere");
    assert_eq!(object.get("x-api-key"), Some("other"));
    assert_eq!(object.host(), Some("elsewhere"));
    assert_eq!(object.iter().count(), 2);
}

#[test]
fn the_subprotocol_is_offered_after_graphql_ws() {
    let handshake = HeaderCarrier::Subprotocol
        .handshake(&realtime(), GRAPHQL_WS, &key())
        .unwrap();
    assert_eq!(handshake.url, realtime());
    assert_eq!(
        handshake.headers[SEC_WEBSOCKET_PROTOCOL],
        format!("graphql-ws, header-{ENCODED}")
    );
    assert_eq!(handshake.headers.len(), 1);
}

#[test]
fn the_query_keeps_what_is_there_and_replaces_a_stale_object() {
    let url: Url = "wss://h.example/graphql?stage=a%20b&header=b2xk&payload=e30=&x"
        .parse()
        .unwrap();
    let handshake = HeaderCarrier::Query.handshake(&url, GRAPHQL_WS, &key()).unwrap();
    let expected = format!("wss://h.example/graphql?stage=a%20b&x&header={ENCODED}%3D%3D&payload=e30%3D");
    assert_eq!(handshake.url.as_str(), expected);
    assert_eq!(handshake.headers[SEC_WEBSOCKET_PROTOCOL], "graphql-ws");
}

#[test]
fn plain_headers_hold_every_member_and_the_host_of_the_api() {
    let handshake = HeaderCarrier::Headers
        .handshake(&realtime(), GRAPHQL_WS, &key())
        .unwrap();
    assert_eq!(handshake.url, realtime());
    assert_eq!(handshake.headers["host"], API_HOST);
    assert_eq!(handshake.headers["x-api-key"], API_KEY);
    assert!(handshake.headers["x-api-key"].is_sensitive());
}

#[test]
fn each_way_of_carrying_is_read_back() {
    for carrier in [HeaderCarrier::Headers, HeaderCarrier::Query, HeaderCarrier::Subprotocol] {
        let sent = carrier.handshake(&realtime(), GRAPHQL_WS, &key()).unwrap();
        let read = HeaderCarrier::read_handshake(sent.url.query(), &sent.headers).unwrap();
        assert_eq!(read, Some((carrier, key())));
    }
    let mut bare = HeaderMap::new();
    bare.insert(SEC_WEBSOCKET_PROTOCOL, GRAPHQL_WS.parse().unwrap());
    assert_eq!(HeaderCarrier::read_handshake(Some("a=b"), &bare), Ok(None));
}

#[test]
fn subprotocols_are_read_from_one_header_or_several() {
    let mut headers = HeaderMap::new();
    headers.append(SEC_WEBSOCKET_PROTOCOL, " graphql-ws ,, other".parse().unwrap());
    headers.append(SEC_WEBSOCKET_PROTOCOL, key().to_subprotocol().parse().unwrap());
    let offers: Vec<_> = offered_subprotocols(&headers).collect();
    assert_eq!(offers, ["graphql-ws", "other", key().to_subprotocol().as_str()]);
    assert_eq!(HeaderObject::from_subprotocols(offers).unwrap(), Some(key()));
}

#[test]
fn the_query_is_read_in_every_spelling_that_clients_use() {
    // Chosen so that the Base64 has all three awkward characters: `+`, `/` and `=`.
    let object = HeaderObject::token("h", "??>>~~~a");
    let standard = "eyJob3N0IjoiaCIsIkF1dGhvcml6YXRpb24iOiI/Pz4+fn5+YSJ9";
    assert_eq!(
        object.to_query(None),
        format!("header={}&payload=e30%3D", escape(standard))
    );
    let padded = HeaderObject::token("hh", "??>>~~~a");
    for (object, base64) in [
        (object, standard.to_owned()),
        (
            padded,
            "eyJob3N0IjoiaGgiLCJBdXRob3JpemF0aW9uIjoiPz8+Pn5+fmEifQ==".to_owned(),
        ),
    ] {
        let url_safe = base64.replace('+', "-").replace('/', "_");
        for spelling in [
            base64.clone(),
            escape(&base64),
            base64.trim_end_matches('=').to_owned(),
            url_safe.clone(),
            url_safe.trim_end_matches('=').to_owned(),
        ] {
            let query = format!("a=1&header={spelling}&payload=e30=");
            assert_eq!(
                HeaderObject::from_query(&query).unwrap().as_ref(),
                Some(&object),
                "{spelling}"
            );
        }
    }
}

fn escape(base64: &str) -> String {
    base64.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

#[test]
fn a_member_that_is_not_a_string_is_named_and_its_value_kept_silent() {
    for value in ["1", "-1", "1.5", "true", "null", r#"["s3cret"]"#, r#"{"a":["s3cret"]}"#] {
        let json = format!(r#"{{"host":"h","x-api-key":{value}}}"#);
        let message = HeaderObject::from_json(json.as_bytes()).unwrap_err().to_string();
        assert!(
            message.contains(r#"the member "x-api-key" is not a string"#),
            "{message}"
        );
        assert!(!message.contains("s3cret"), "{message}");
    }
}

#[test]
fn what_is_not_an_object_of_distinct_strings_is_refused_without_repeating_it() {
    for json in [
        r#""s3cret""#,
        r#"["s3cret"]"#,
        r#"{"host":"s3cret"#,
        "",
        "{}x",
        r#"{"a":"s3cret","A":"s3cret"}"#,
    ] {
        let message = HeaderObject::from_json(json.as_bytes()).unwrap_err().to_string();
        assert!(!message.contains("s3cret"), "{message}");
    }
    assert_eq!(HeaderObject::from_base64("%%%"), Err(HeaderObjectError::NotBase64));
    assert_eq!(
        HeaderObject::from_subprotocols(["header-e30", "header-e30"]),
        Err(HeaderObjectError::Repeated)
    );
    assert_eq!(
        HeaderObject::from_query("header=e30&header=e30"),
        Err(HeaderObjectError::Repeated)
    );
}

#[test]
fn what_is_read_is_bounded() {
    let long = "x".repeat(MAX_HEADER_OBJECT_BYTES * 2);
    let object = HeaderObject::token("h", long.clone());
    assert_eq!(
        HeaderObject::from_json(object.to_json().as_bytes()),
        Err(HeaderObjectError::TooLong)
    );
    assert_eq!(
        HeaderObject::from_subprotocols([&*object.to_subprotocol()]),
        Err(HeaderObjectError::TooLong)
    );
    assert_eq!(
        HeaderObject::from_query(&object.to_query(None)),
        Err(HeaderObjectError::TooLong)
    );
    assert_eq!(
        HeaderObject::from_header_map(&object.to_header_map().unwrap()),
        Err(HeaderObjectError::TooLong)
    );
    assert!(serde_json::from_str::<HeaderObject>(&object.to_json()).is_err());

    let many = HeaderObject::from_pairs((0..65).map(|n| (format!("m{n}"), "v")));
    assert!(
        HeaderObject::from_json(many.to_json().as_bytes())
            .unwrap_err()
            .to_string()
            .contains("64 members")
    );
    assert!(HeaderObject::from_json(format!(r#"{{"a":{}"#, "[".repeat(60_000)).as_bytes()).is_err());
}

#[test]
fn a_token_with_a_line_break_is_refused_as_a_header() {
    let object = HeaderObject::token("h", "s3cret\r\nx: y");
    let error = HeaderCarrier::Headers
        .handshake(&realtime(), GRAPHQL_WS, &object)
        .unwrap_err();
    assert_eq!(
        error,
        HeaderObjectError::UnfitForHttp {
            name: "Authorization".to_owned()
        }
    );
    assert!(!error.to_string().contains("s3cret"));
    // As JSON it is only text.
    assert!(
        HeaderCarrier::Subprotocol
            .handshake(&realtime(), GRAPHQL_WS, &object)
            .is_ok()
    );
}

#[test]
fn debug_shows_no_secret() {
    let object = HeaderObject::api_key("h", "s3cret")
        .with("Authorization", "s3cret")
        .with("X-Amz-Security-Token", "s3cret")
        .with("x-custom", "s3cret")
        .with("accept", "application/json")
        .with("Content-Type", "text/plain")
        .with("X-Amz-Date", "20250102T030405Z");
    let shown = format!("{object:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
    for visible in ["x-custom", "application/json", "text/plain", "20250102T030405Z"] {
        assert!(shown.contains(visible), "{shown}");
    }
    for carrier in [HeaderCarrier::Headers, HeaderCarrier::Query, HeaderCarrier::Subprotocol] {
        let shown = format!("{:?}", carrier.handshake(&realtime(), GRAPHQL_WS, &object).unwrap());
        for secret in ["s3cret", "eyJ", "czNjcmV0"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

proptest! {
    #[test]
    fn any_object_survives_any_encoding(pairs in proptest::collection::vec(("[A-Za-z-]{1,8}", ".{0,20}"), 0..8)) {
        let object = HeaderObject::from_pairs(pairs);
        prop_assert_eq!(HeaderObject::from_json(object.to_json().as_bytes()).unwrap(), object.clone());
        prop_assert_eq!(HeaderObject::from_subprotocols([&*object.to_subprotocol()]).unwrap(), Some(object.clone()));
        prop_assert_eq!(HeaderObject::from_query(&object.to_query(Some("a=b"))).unwrap(), Some(object));
    }

    #[test]
    fn no_input_panics(text in ".{0,200}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = HeaderObject::from_json(&bytes);
        let _ = HeaderObject::from_json(text.as_bytes());
        let _ = HeaderObject::from_base64(&text);
        let _ = HeaderObject::from_query(&format!("header={text}"));
        let _ = HeaderObject::from_subprotocols([&*format!("header-{text}")]);
    }
}
