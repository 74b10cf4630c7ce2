use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sigv4::http_request::{SignableBody, SignableRequest as AwsRequest, SigningSettings};
use aws_sigv4::sign::v4;
use gqlwire_proto::appsync::{Endpoint, HeaderCarrier, HeaderObject, SERVICE, Signer};
use gqlwire_proto::sigv4::{
    Credentials, SignError, SignableRequest, Signed, SigningScope, Verified, Verifier, VerifyError, sign,
};
use proptest::prelude::*;
use url::Url;

const ACCESS_KEY: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const API: &str = "https://abcdefghijklmnopqrstuvwxyz.appsync-api.us-east-1.amazonaws.com";
const SCOPE: SigningScope<'static> = SigningScope {
    region: "us-east-1",
    service: "appsync",
};

/// 2025-01-02T03:04:05Z.
fn time() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_735_787_045)
}

fn credentials() -> Credentials {
    Credentials::new(ACCESS_KEY, SECRET)
}

fn url(path: &str) -> Url {
    Url::parse(&format!("{API}{path}")).expect("a URL")
}

fn signer(credentials: &Credentials) -> Signer<'_> {
    Signer {
        credentials,
        region: "us-east-1",
        time: time(),
    }
}

#[test]
fn the_seven_known_signatures_are_reproduced() {
    let (plain, temporary) = (credentials(), credentials().with_session_token("TESTSESSIONTOKEN"));
    let custom = Url::parse("https://api.example.com/graphql/connect").unwrap();
    let start = |path, data| signer(&plain).sign_start(&url(path), data).unwrap();
    for (vector, signed, expected) in [
        (
            "A",
            signer(&plain).sign_connect(&url("/graphql/connect")).unwrap(),
            "b9e0ac9685779c49400582078b4bd068f5ea7a31e9f019202d45b6b4d2ba4422",
        ),
        (
            "B",
            signer(&temporary).sign_connect(&url("/graphql/connect")).unwrap(),
            "39f83d40db5eb601c039b38a237ebbcb0b4f3c8db400d0aec2a0a9509bcbf26c",
        ),
        (
            "C",
            start(
                "/graphql",
                r#"{"query":"subscription S { onCreateMessage { id message } }","variables":{}}"#,
            ),
            "56344a16ca3709fd5588de8df38343c121741e4bcdc007cfd4d81e05b032f34f",
        ),
        (
            "D",
            start("/event", "{}"),
            "d7e77de8e451817ed67214020871f2f416aba234aa50680c8e7266627a688560",
        ),
        (
            "E",
            start("/event", r#"{"channel":"/default/test"}"#),
            "d5cb0c76af9710ae70a4e79038d983671284e2ea42d8d62bfb1d8b672d224cde",
        ),
        (
            "F",
            start("/event", r#"{"channel":"/default/test","events":["{\"a\":1}"]}"#),
            "92e3eacbedb99bdce2bd5e4e89eb3585fa2db8c752503cc1e3b4d24d98e6fe3d",
        ),
        (
            "G",
            signer(&plain).sign_connect(&custom).unwrap(),
            "6dc5da29dd59ad1e78a7fea49be9acaa42b141418176e342662f89d75742a3bd",
        ),
    ] {
        assert_eq!(
            signed.signature(),
            expected,
            "vector {vector}\n{}",
            signed.canonical_request()
        );
    }
}

#[test]
fn the_string_to_sign_holds_the_known_hash_of_the_canonical_request() {
    let signed = signer(&credentials()).sign_connect(&url("/graphql/connect")).unwrap();
    assert_eq!(
        signed.string_to_sign(),
        "AWS4-HMAC-SHA256\n20250102T030405Z\n20250102/us-east-1/appsync/aws4_request\n\
         a4aad94b8fcc819792e50255b422fb205320d2edb29b40f0716fe17f0202ef12"
    );
    assert!(
        signed
            .canonical_request()
            .ends_with("\n44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a")
    );
}

#[test]
fn the_realtime_object_holds_all_signed_headers_and_the_authorization() {
    let temporary = credentials().with_session_token("TESTSESSIONTOKEN");
    let signed = signer(&temporary).sign_connect(&url("/graphql/connect")).unwrap();
    let signature = signed.signature().to_owned();
    let object = HeaderObject::from(signed);
    let names: Vec<_> = object.iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "accept",
            "content-encoding",
            "content-type",
            "host",
            "x-amz-date",
            "x-amz-security-token",
            "Authorization"
        ]
    );
    assert_eq!(
        object.host(),
        Some("abcdefghijklmnopqrstuvwxyz.appsync-api.us-east-1.amazonaws.com")
    );
    assert_eq!(
        object.get("authorization").unwrap(),
        format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20250102/us-east-1/appsync/aws4_request, SignedHeaders=accept;\
             content-encoding;content-type;host;x-amz-date;x-amz-security-token, Signature={signature}"
        )
    );
}

#[test]
fn http_signs_content_type_host_and_date_and_keeps_a_port() {
    let local = Url::parse("http://localhost:20002/graphql").unwrap();
    let signed = signer(&credentials())
        .sign_http(&local, "application/json", b"{}")
        .unwrap();
    let names: Vec<_> = signed.headers().iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["content-type", "host", "x-amz-date", "Authorization"]);
    assert_eq!(signed.headers()[1].1, "localhost:20002");
    let default_port = Url::parse("https://api.example.com:443/graphql").unwrap();
    let signed = signer(&credentials())
        .sign_http(&default_port, "application/json", b"{}")
        .unwrap();
    assert_eq!(signed.headers()[1].1, "api.example.com");
}

#[test]
fn what_cannot_be_sent_is_not_signed() {
    let request = |headers| SignableRequest {
        method: "POST",
        path: "/",
        query: "",
        headers,
        body: b"",
    };
    let good = &[("Host", "h")][..];
    assert_eq!(
        sign(&request(&[]), &credentials(), SCOPE, time()).unwrap_err(),
        SignError::MissingHost
    );
    for headers in [&[("Host", "h"), ("a b", "c")], &[("Host", "h"), ("a", "s3cret\nx:y")]] {
        let error = sign(&request(headers), &credentials(), SCOPE, time()).unwrap_err();
        assert!(matches!(error, SignError::UnfitHeader { .. }));
        assert!(!error.to_string().contains("s3cret"));
    }
    for region in ["", "us east", "a/b"] {
        let scope = SigningScope {
            region,
            service: "appsync",
        };
        let error = sign(&request(good), &credentials(), scope, time()).unwrap_err();
        assert_eq!(
            error,
            SignError::UnfitScope {
                part: "region",
                value: region.to_owned()
            }
        );
    }
    for bad in [
        Credentials::new("AKID\n", SECRET),
        credentials().with_session_token("s3cret\n"),
    ] {
        let error = sign(&request(good), &bad, SCOPE, time()).unwrap_err();
        assert!(matches!(error, SignError::UnfitCredentials { .. }));
        assert!(!error.to_string().contains("s3cret"));
    }
}

#[test]
fn a_request_can_be_signed_again() {
    let temporary = credentials().with_session_token("token");
    let once = signer(&credentials())
        .sign_http(&url("/graphql"), "application/json", b"{}")
        .unwrap();
    let headers: Vec<_> = once
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let request = SignableRequest {
        method: "POST",
        path: "/graphql",
        query: "",
        headers: &headers,
        body: b"{}",
    };
    let again = sign(&request, &credentials(), SCOPE, time()).unwrap();
    assert_eq!(again.headers(), once.headers());
    let third = sign(&request, &temporary, SCOPE, time() + Duration::from_secs(60)).unwrap();
    assert!(verify(&request, &third, Some(temporary), time()).is_ok());
}

#[test]
fn no_secret_is_shown() {
    let temporary = credentials().with_session_token("TESTSESSIONTOKEN");
    let signed = signer(&temporary).sign_connect(&url("/graphql/connect")).unwrap();
    let object = HeaderObject::from(signed.clone());
    for shown in [
        format!("{temporary:?}"),
        format!("{signed:?}"),
        format!("{object:?}"),
        {
            let other = Credentials::new(ACCESS_KEY, "other").with_session_token("TESTSESSIONTOKEN");
            let request = SignableRequest {
                method: "POST",
                path: "/graphql/connect",
                query: "",
                headers: &[],
                body: b"{}",
            };
            format!("{:?}", verify(&request, &signed, Some(other), time()).unwrap_err())
        },
    ] {
        assert!(
            !shown.contains("TESTSESSIONTOKEN") && !shown.contains(SECRET),
            "{shown}"
        );
        assert!(!shown.contains(signed.signature()), "{shown}");
    }
}

/// Verifies `request` as it arrives with the headers of `signed` instead of its own.
fn verify(
    request: &SignableRequest<'_>,
    signed: &Signed,
    known: Option<Credentials>,
    now: SystemTime,
) -> Result<Verified, VerifyError> {
    let headers: Vec<_> = signed
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    verify_headers(request, &headers, known, now)
}

fn verify_headers(
    request: &SignableRequest<'_>,
    headers: &[(&str, &str)],
    known: Option<Credentials>,
    now: SystemTime,
) -> Result<Verified, VerifyError> {
    let lookup = |id: &str| known.filter(|credentials| credentials.access_key_id == id);
    Verifier::new()
        .service(SERVICE)
        .verify(&SignableRequest { headers, ..*request }, lookup, now)
}

const CONNECT: SignableRequest<'static> = SignableRequest {
    method: "POST",
    path: "/graphql/connect",
    query: "",
    headers: &[],
    body: b"{}",
};

fn connect(credentials: &Credentials) -> Vec<(String, String)> {
    signer(credentials)
        .sign_connect(&url("/graphql/connect"))
        .expect("a signature")
        .into_headers()
}

/// The connect's headers after a change, verified.
fn verify_changed(change: impl FnOnce(&mut Vec<(String, String)>)) -> Result<Verified, VerifyError> {
    let mut headers = connect(&credentials());
    change(&mut headers);
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    verify_headers(&CONNECT, &headers, Some(credentials()), time())
}

fn set(headers: &mut [(String, String)], name: &str, change: impl FnOnce(&str) -> String) {
    let member = headers
        .iter_mut()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .expect("the header");
    member.1 = change(&member.1);
}

#[test]
fn a_good_signature_names_its_caller() {
    let verified = verify_changed(|_| {}).unwrap();
    assert_eq!(verified.access_key_id, ACCESS_KEY);
    assert_eq!(
        (verified.region.as_str(), verified.service.as_str()),
        ("us-east-1", "appsync")
    );
    assert_eq!(verified.signed_at, time());
    assert_eq!(
        verified.signed_headers,
        ["accept", "content-encoding", "content-type", "host", "x-amz-date"]
    );
}

#[test]
fn a_signed_connect_verifies_at_the_other_end_in_each_way_of_carrying() {
    let temporary = credentials().with_session_token("TEST/SESSION+TOKEN==");
    for carrier in [HeaderCarrier::Headers, HeaderCarrier::Query, HeaderCarrier::Subprotocol] {
        let endpoint = Endpoint::builder("http://localhost:20002/graphql")
            .carrier(carrier)
            .build()
            .unwrap();
        let signed = signer(&temporary)
            .sign_connect(&endpoint.signing_url_connect())
            .unwrap();
        let handshake = endpoint.handshake(&signed.into()).unwrap();

        let read = HeaderCarrier::read_handshake(handshake.url.query(), &handshake.headers).unwrap();
        let (_, object) = read.unwrap();
        let headers: Vec<_> = object.iter().collect();
        verify_headers(&CONNECT, &headers, Some(temporary.clone()), time()).unwrap();
    }
}

#[test]
fn names_in_any_case_more_blanks_and_unsigned_headers_are_accepted() {
    verify_changed(|headers| {
        headers
            .iter_mut()
            .for_each(|(name, _)| *name = name.to_ascii_uppercase());
        set(headers, "accept", |value| format!("  {}\t", value.replace(' ', "   ")));
        set(headers, "authorization", |value| value.replace(", ", ","));
        headers.push(("x-amz-user-agent".to_owned(), "gqlwire".to_owned()));
        headers.reverse();
    })
    .unwrap();
}

#[test]
fn headers_of_one_name_are_joined_by_commas() {
    let headers = [("host", "h"), ("X-A", "1"), ("x-a", " 2  3 ")];
    let request = SignableRequest {
        headers: &headers,
        ..CONNECT
    };
    let signed = sign(&request, &credentials(), SCOPE, time()).unwrap();
    assert!(
        signed.canonical_request().contains("\nx-a:1,2 3\n"),
        "{}",
        signed.canonical_request()
    );
    assert!(verify(&CONNECT, &signed, Some(credentials()), time()).is_ok());
}

#[test]
fn each_way_of_being_wrong_has_its_own_error() {
    let missing = |name: &'static str| {
        verify_changed(|headers| headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name))).unwrap_err()
    };
    for name in ["Authorization", "x-amz-date", "host"] {
        assert_eq!(missing(name), VerifyError::MissingHeader { name });
    }
    // Signed but gone: the server's canonical request shows it as empty.
    match missing("accept") {
        VerifyError::Mismatch(mismatch) => assert!(mismatch.canonical_request().contains("\naccept:\n")),
        other => panic!("{other:?}"),
    }
    for name in ["host", "x-amz-date"] {
        let error = verify_changed(|headers| {
            set(headers, "authorization", |value| value.replace(&format!(";{name}"), ""));
        });
        assert_eq!(error.unwrap_err(), VerifyError::HeaderNotSigned { name });
    }
    for name in ["host", "x-amz-date", "authorization"] {
        let error = verify_changed(|headers| {
            let again = headers
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
                .cloned();
            headers.extend(again);
        });
        assert!(matches!(error.unwrap_err(), VerifyError::MalformedHeader { .. }));
    }
    let error = verify_changed(|headers| set(headers, "accept", |_| "a\nb:c".to_owned())).unwrap_err();
    assert_eq!(
        error,
        VerifyError::MalformedHeader {
            name: "accept".to_owned()
        }
    );
    for date in [
        "",
        "20250102",
        "20250102T030405",
        "20250132T030405Z",
        "20250102T030460Z",
        "2025-102T030405Z",
        "é",
    ] {
        let error = verify_changed(|headers| set(headers, "x-amz-date", |_| date.to_owned())).unwrap_err();
        assert_eq!(error, VerifyError::MalformedDate, "{date}");
    }
    for (part, from, to) in [("date", "/20250102/", "/20250103/"), ("service", "/appsync/", "/s3/")] {
        let error = verify_changed(|headers| set(headers, "authorization", |value| value.replace(from, to)));
        assert!(matches!(error.unwrap_err(), VerifyError::WrongScope { part: found, .. } if found == part));
    }
    let error = verify_changed(|headers| set(headers, "authorization", |value| value.replace(ACCESS_KEY, "other")));
    assert_eq!(
        error.unwrap_err(),
        VerifyError::UnknownAccessKey {
            access_key_id: "other".to_owned()
        }
    );
}

#[test]
fn the_region_is_checked_when_one_is_expected() {
    let headers = connect(&credentials());
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let request = SignableRequest {
        headers: &headers,
        ..CONNECT
    };
    let verify = |region| {
        Verifier::new()
            .region(region)
            .verify(&request, |_| Some(credentials()), time())
    };
    assert!(verify("us-east-1").is_ok());
    let expected = VerifyError::WrongScope {
        part: "region",
        found: "us-east-1".into(),
        expected: "eu-west-1".into(),
    };
    assert_eq!(verify("eu-west-1").unwrap_err(), expected);
}

#[test]
fn a_mismatch_carries_what_the_server_computed() {
    let signed = signer(&credentials()).sign_connect(&url("/graphql/connect")).unwrap();
    let other = SignableRequest {
        body: b"{ }",
        ..CONNECT
    };
    let VerifyError::Mismatch(mismatch) = verify(&other, &signed, Some(credentials()), time()).unwrap_err() else {
        panic!("another error");
    };
    assert!(
        mismatch
            .canonical_request()
            .starts_with("POST\n/graphql/connect\n\naccept:application/json, text/java")
    );
    assert!(
        mismatch
            .string_to_sign()
            .starts_with("AWS4-HMAC-SHA256\n20250102T030405Z\n20250102/us-east-1/appsync/")
    );
    // Only the hash of the body differs, so a caller who compares the two sees what is wrong.
    let (ours, theirs) = (signed.canonical_request(), mismatch.canonical_request());
    assert_eq!(ours.rsplit_once('\n').unwrap().0, theirs.rsplit_once('\n').unwrap().0);
    assert_ne!(ours, theirs);
}

#[test]
fn the_skew_window_is_closed_on_both_sides() {
    let signed = signer(&credentials()).sign_connect(&url("/graphql/connect")).unwrap();
    let at = |now| verify(&CONNECT, &signed, Some(credentials()), now);
    let (skew, instant) = (Verifier::MAX_SKEW, Duration::from_nanos(1));
    assert!(at(time() + skew).is_ok());
    assert!(at(time() - skew).is_ok());
    assert!(matches!(
        at(time() + skew + instant).unwrap_err(),
        VerifyError::Expired { .. }
    ));
    let early = at(time() - skew - instant).unwrap_err();
    assert!(matches!(early, VerifyError::NotYetCurrent { .. }));
    assert_eq!(
        early.to_string(),
        "signature not yet current: 20250102T030405Z is more than 300 s after 20250102T025904Z"
    );
}

#[test]
fn temporary_credentials_need_their_token_and_their_time() {
    let temporary = credentials()
        .with_session_token("token")
        .with_expiry(time() + Duration::from_secs(1));
    let with = signer(&temporary).sign_connect(&url("/graphql/connect")).unwrap();
    let without = signer(&credentials()).sign_connect(&url("/graphql/connect")).unwrap();
    let wrong_token = credentials().with_session_token("tokem");
    let at = |signed, known: &Credentials, now| verify(&CONNECT, signed, Some(known.clone()), now);
    assert!(at(&with, &temporary, time()).is_ok());
    assert_eq!(
        at(&without, &temporary, time()).unwrap_err(),
        VerifyError::SessionTokenMissing
    );
    assert_eq!(
        at(&with, &wrong_token, time()).unwrap_err(),
        VerifyError::SessionTokenInvalid
    );
    assert_eq!(
        at(&with, &credentials(), time()).unwrap_err(),
        VerifyError::SessionTokenInvalid
    );
    let later = time() + Duration::from_secs(1);
    assert_eq!(
        at(&with, &temporary, later).unwrap_err(),
        VerifyError::CredentialsExpired
    );
}

#[test]
fn a_malformed_authorization_says_what_is_wrong() {
    let signature = "0".repeat(64);
    let credential = "Credential=A/20250102/us-east-1/appsync/aws4_request";
    let good = format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host;x-amz-date, Signature={signature}");
    let verify = |value: &str| verify_changed(|headers| set(headers, "authorization", |_| value.to_owned()));
    assert!(matches!(verify(&good), Err(VerifyError::UnknownAccessKey { .. })));
    for bad in [
        String::new(),
        "Bearer x".to_owned(),
        "AWS4-HMAC-SHA256".to_owned(),
        "AWS4-HMAC-SHA256 ".to_owned(),
        good.replace("AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256"),
        good.replace("SHA256", "SHA512"),
        good.replace("Credential", "Other"),
        good.replace("/aws4_request", ""),
        good.replace("/aws4_request", "/aws4_request/x"),
        good.replace("aws4_request", "aws3_request"),
        good.replace("Signature=00", "Signature=0"),
        good.replace("Signature=00", "Signature=0A"),
        good.replace("Signature=00", "Signature=é"),
        good.replace(", Signature", ", Signature=,Signature"),
        format!("{good},"),
        format!("{good}, {credential}"),
    ] {
        assert!(
            matches!(verify(&bad), Err(VerifyError::MalformedAuthorization { .. })),
            "{bad}"
        );
    }
}

#[test]
fn the_path_is_normalised_and_encoded_twice_and_the_query_sorted_after_encoding() {
    let canonical = |path, query| {
        let request = SignableRequest {
            path,
            query,
            headers: &[("host", "h")],
            ..CONNECT
        };
        let signed = sign(&request, &credentials(), SCOPE, time()).unwrap();
        let lines: Vec<_> = signed.canonical_request().lines().map(str::to_owned).collect();
        (lines[1].clone(), lines[2].clone())
    };
    for (path, expected) in [
        ("", "/"),
        ("/", "/"),
        ("/graphql/", "/graphql/"),
        ("/a%20b/c:d", "/a%2520b/c%3Ad"),
        ("/a/./b/../c", "/a/c"),
        ("//a//b//", "/a/b/"),
        ("/a/..", "/"),
        ("/a/b/.", "/a/b/"),
        ("/../..", "/"),
    ] {
        assert_eq!(canonical(path, "").0, expected, "{path}");
    }
    for (query, expected) in [
        ("b=2&a=1", "a=1&b=2"),
        ("a", "a="),
        ("a=b=c", "a=b%3Dc"),
        ("x=a+b&x=a%20a", "x=a%20a&x=a%20b"),
        ("%7e=~&%41=%ff", "A=%FF&~=~"),
        ("&&", ""),
        ("%zz=1", "%25zz=1"),
    ] {
        assert_eq!(canonical("/", query).1, expected, "{query}");
    }
}

/// The signature of the AWS SDK over the same request.
fn aws_signature(method: &str, uri: &str, headers: &[(String, String)], body: &[u8], keys: &Credentials) -> String {
    use secrecy::ExposeSecret as _;
    let token = keys
        .session_token
        .as_ref()
        .map(|token| token.expose_secret().to_owned());
    let identity = aws_credential_types::Credentials::new(ACCESS_KEY, SECRET, token, None, "test").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(SCOPE.region)
        .name(SCOPE.service)
        .time(time())
        // The defaults: encoded twice, path normalised, session token signed, no checksum header.
        .settings(SigningSettings::default())
        .build()
        .expect("all is set")
        .into();
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let request = AwsRequest::new(method, uri, headers, SignableBody::Bytes(body)).expect("a request");
    aws_sigv4::http_request::sign(request, &params)
        .expect("a signature")
        .signature()
        .to_owned()
}

fn arbitrary_headers() -> impl Strategy<Value = Vec<(String, String)>> {
    // `z-…`, so that no name is one of those that the SDK leaves out or that signing replaces.
    let header = ("[zZ]-[a-zA-Z0-9-]{0,6}", "[ -~]{0,20}");
    proptest::collection::vec(header, 0..6).prop_map(|mut headers| {
        headers.push(("Host".to_owned(), "api.example.com".to_owned()));
        headers
    })
}

fn borrowed(headers: &[(String, String)]) -> Vec<(&str, &str)> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

fn maybe_temporary(token: Option<String>) -> Credentials {
    match token {
        Some(token) => credentials().with_session_token(token),
        None => credentials(),
    }
}

proptest! {
    #[test]
    fn signatures_equal_those_of_the_aws_sdk(
        method in "GET|POST|PUT",
        path in "(/([a-zA-Z0-9._~:@!$&'()*,;=-]|%[0-9A-Fa-f]{2}){0,6}){1,5}",
        query in proptest::option::of("([a-zA-Z0-9._~/?:@!$'()*,;=+&-]|%[2-6][0-9A-Fa-f]|%C3%A9){0,30}"),
        headers in arbitrary_headers(),
        body in proptest::collection::vec(any::<u8>(), 0..64),
        token in proptest::option::of("[!-~]{1,40}"),
    ) {
        let credentials = maybe_temporary(token);
        let uri = match &query {
            Some(query) => format!("https://api.example.com{path}?{query}"),
            None => format!("https://api.example.com{path}"),
        };
        let query = query.unwrap_or_default();
        let headers_ref = borrowed(&headers);
        let request =
            SignableRequest { method: &method, path: &path, query: &query, headers: &headers_ref, body: &body };
        let signed = sign(&request, &credentials, SCOPE, time()).unwrap();
        let theirs = aws_signature(&method, &uri, &headers, &body, &credentials);
        prop_assert_eq!(signed.signature(), theirs, "{}", signed.canonical_request());
    }

    #[test]
    fn what_is_signed_verifies_and_any_change_is_found(
        headers in arbitrary_headers(),
        body in proptest::collection::vec(any::<u8>(), 1..64),
        path in "/[a-z]{1,20}",
        token in proptest::option::of("[!-~]{1,40}"),
        at in any::<proptest::sample::Index>(),
        bit in 0u8..8,
    ) {
        let credentials = maybe_temporary(token);
        let headers = borrowed(&headers);
        let request = SignableRequest { method: "POST", path: &path, query: "", headers: &headers, body: &body };
        let signed = sign(&request, &credentials, SCOPE, time()).unwrap();
        let good = verify(&request, &signed, Some(credentials.clone()), time());
        prop_assert!(good.is_ok(), "{:?}", good);

        let mut changed = body.clone();
        changed[at.index(body.len())] ^= 1 << bit;
        let other = SignableRequest { body: &changed, ..request };
        prop_assert!(matches!(verify(&other, &signed, Some(credentials.clone()), time()), Err(VerifyError::Mismatch(_))));

        let mut other_path = path.clone().into_bytes();
        let place = 1 + at.index(path.len() - 1);
        other_path[place] = if other_path[place] == b'z' { b'a' } else { other_path[place] + 1 };
        let other_path = String::from_utf8(other_path).unwrap();
        let other = SignableRequest { path: &other_path, ..request };
        prop_assert!(matches!(verify(&other, &signed, Some(credentials.clone()), time()), Err(VerifyError::Mismatch(_))));

        let mut secret = SECRET.to_owned().into_bytes();
        secret[at.index(SECRET.len())] ^= 1;
        let mut other = credentials.clone();
        other.secret_access_key = String::from_utf8(secret).unwrap().into();
        prop_assert!(matches!(verify(&request, &signed, Some(other), time()), Err(VerifyError::Mismatch(_))));

        // One visible character of one signed header, the signature itself included.
        let mut arrived = signed.headers().to_vec();
        let place = at.index(arrived.len());
        let value = &mut arrived[place].1;
        if let Some(visible) = value.bytes().position(|byte| byte.is_ascii_graphic()) {
            let replacement = if value.as_bytes()[visible] == b'#' { "%" } else { "#" };
            value.replace_range(visible..=visible, replacement);
            prop_assert!(verify_headers(&request, &borrowed(&arrived), Some(credentials), time()).is_err());
        }
    }

    #[test]
    fn no_authorization_header_and_no_date_panics(
        authorization in "(AWS4-HMAC-SHA256 )?((Credential|SignedHeaders|Signature)?=?[ -~é/;,]{0,30},? ?){0,5}",
        date in "\\PC{0,20}",
    ) {
        let _ = verify_changed(|headers| set(headers, "authorization", |_| authorization));
        let _ = verify_changed(|headers| set(headers, "x-amz-date", |_| date));
    }
}
