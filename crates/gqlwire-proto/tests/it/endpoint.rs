use gqlwire_proto::appsync::{ApiKind, Endpoint, EndpointError, HeaderCarrier, HeaderObject, is_appsync_host};
use proptest::prelude::*;
use url::Url;

const ID: &str = "abcdefghijklmnopqrstuvwxyz";
const VPCE: &str = "vpce-0a1b2c-d3e4f5.appsync-api.us-east-1.vpce.amazonaws.com";

fn endpoint(url: &str) -> Endpoint {
    Endpoint::new(url).unwrap_or_else(|error| panic!("{url}: {error}"))
}

/// One row: the given URL, the two URLs that follow, the host for signatures, the region, how headers are carried.
struct Row {
    given: &'static str,
    http: &'static str,
    realtime: &'static str,
    host: &'static str,
    region: Option<&'static str>,
    carrier: HeaderCarrier,
}

const fn row(
    given: &'static str,
    http: &'static str,
    realtime: &'static str,
    host: &'static str,
    region: Option<&'static str>,
    carrier: HeaderCarrier,
) -> Row {
    Row {
        given,
        http,
        realtime,
        host,
        region,
        carrier,
    }
}

use HeaderCarrier::{Query, Subprotocol};

#[rustfmt::skip]
const ROWS: &[Row] = &[
    // Standard.
    row("https://abc.appsync-api.us-east-1.amazonaws.com/graphql", "https://abc.appsync-api.us-east-1.amazonaws.com/graphql",
        "wss://abc.appsync-realtime-api.us-east-1.amazonaws.com/graphql", "abc.appsync-api.us-east-1.amazonaws.com", Some("us-east-1"), Subprotocol),
    // Upper case, default port, trailing slash, query, fragment, blanks around.
    row(" HTTPS://ABC.AppSync-API.US-East-1.AmazonAWS.com:443/graphql/?a=1#f ", "https://abc.appsync-api.us-east-1.amazonaws.com/graphql?a=1",
        "wss://abc.appsync-realtime-api.us-east-1.amazonaws.com/graphql?a=1", "abc.appsync-api.us-east-1.amazonaws.com", Some("us-east-1"), Subprotocol),
    // The host alone.
    row("https://abc.appsync-api.us-east-1.amazonaws.com", "https://abc.appsync-api.us-east-1.amazonaws.com/graphql",
        "wss://abc.appsync-realtime-api.us-east-1.amazonaws.com/graphql", "abc.appsync-api.us-east-1.amazonaws.com", Some("us-east-1"), Subprotocol),
    // A name with a port, a name with a trailing dot.
    row("https://abc.appsync-api.us-east-1.amazonaws.com:8443/graphql", "https://abc.appsync-api.us-east-1.amazonaws.com:8443/graphql",
        "wss://abc.appsync-realtime-api.us-east-1.amazonaws.com:8443/graphql", "abc.appsync-api.us-east-1.amazonaws.com:8443", Some("us-east-1"), Subprotocol),
    row("https://abc.appsync-api.us-east-1.amazonaws.com./graphql", "https://abc.appsync-api.us-east-1.amazonaws.com./graphql",
        "wss://abc.appsync-realtime-api.us-east-1.amazonaws.com./graphql", "abc.appsync-api.us-east-1.amazonaws.com.", Some("us-east-1"), Subprotocol),
    // China.
    row("https://abc.appsync-api.cn-north-1.amazonaws.com.cn/graphql", "https://abc.appsync-api.cn-north-1.amazonaws.com.cn/graphql",
        "wss://abc.appsync-realtime-api.cn-north-1.amazonaws.com.cn/graphql", "abc.appsync-api.cn-north-1.amazonaws.com.cn", Some("cn-north-1"), Subprotocol),
    // The realtime URL of an API, as it stands and with the scheme of HTTP.
    row("wss://abc.appsync-realtime-api.us-east-1.amazonaws.com/graphql", "https://abc.appsync-api.us-east-1.amazonaws.com/graphql",
        "wss://abc.appsync-realtime-api.us-east-1.amazonaws.com/graphql", "abc.appsync-api.us-east-1.amazonaws.com", Some("us-east-1"), Subprotocol),
    row("https://abc.appsync-realtime-api.us-east-1.amazonaws.com/graphql", "https://abc.appsync-api.us-east-1.amazonaws.com/graphql",
        "wss://abc.appsync-realtime-api.us-east-1.amazonaws.com/graphql", "abc.appsync-api.us-east-1.amazonaws.com", Some("us-east-1"), Subprotocol),
    row("wss://abc.appsync-realtime-api.us-east-1.amazonaws.com/graphql?header=eyJ9&payload=e30=&a=1", "https://abc.appsync-api.us-east-1.amazonaws.com/graphql?a=1",
        "wss://abc.appsync-realtime-api.us-east-1.amazonaws.com/graphql?header=eyJ9&payload=e30=&a=1", "abc.appsync-api.us-east-1.amazonaws.com", Some("us-east-1"), Subprotocol),
    row("https://abc.appsync-api.us-east-1.amazonaws.com/graphql/realtime", "https://abc.appsync-api.us-east-1.amazonaws.com/graphql",
        "wss://abc.appsync-realtime-api.us-east-1.amazonaws.com/graphql", "abc.appsync-api.us-east-1.amazonaws.com", Some("us-east-1"), Subprotocol),
    // Custom domain, from either side.
    row("https://api.example.com/graphql", "https://api.example.com/graphql",
        "wss://api.example.com/graphql/realtime", "api.example.com", None, Subprotocol),
    row("https://api.example.com/graphql/?stage=a%20b", "https://api.example.com/graphql/?stage=a%20b",
        "wss://api.example.com/graphql/realtime?stage=a%20b", "api.example.com", None, Subprotocol),
    row("https://api.example.com", "https://api.example.com/",
        "wss://api.example.com/realtime", "api.example.com", None, Subprotocol),
    row("wss://api.example.com/graphql/realtime", "https://api.example.com/graphql",
        "wss://api.example.com/graphql/realtime", "api.example.com", None, Subprotocol),
    row("wss://api.example.com/graphql", "https://api.example.com/graphql",
        "wss://api.example.com/graphql", "api.example.com", None, Subprotocol),
    row("wss://api.example.com/realtime", "https://api.example.com/",
        "wss://api.example.com/realtime", "api.example.com", None, Subprotocol),
    // Names that only look like AppSync's.
    row("https://abc.appsync-api.us-east-1.amazonaws.com.example.org/graphql", "https://abc.appsync-api.us-east-1.amazonaws.com.example.org/graphql",
        "wss://abc.appsync-api.us-east-1.amazonaws.com.example.org/graphql/realtime", "abc.appsync-api.us-east-1.amazonaws.com.example.org", None, Subprotocol),
    row("https://api.example.com/appsync-api.us-east-1.amazonaws.com", "https://api.example.com/appsync-api.us-east-1.amazonaws.com",
        "wss://api.example.com/appsync-api.us-east-1.amazonaws.com/realtime", "api.example.com", None, Subprotocol),
    // Amplify mock and other servers on this machine.
    row("http://localhost:20002/graphql", "http://localhost:20002/graphql",
        "ws://localhost:20002/graphql/realtime", "localhost:20002", None, Subprotocol),
    row("ws://127.0.0.1:20002/graphql/realtime", "http://127.0.0.1:20002/graphql",
        "ws://127.0.0.1:20002/graphql/realtime", "127.0.0.1:20002", None, Subprotocol),
    row("http://[::1]:20002/graphql", "http://[::1]:20002/graphql",
        "ws://[::1]:20002/graphql/realtime", "[::1]:20002", None, Subprotocol),
    row("https://[2001:DB8::1]:8443/graphql", "https://[2001:db8::1]:8443/graphql",
        "wss://[2001:db8::1]:8443/graphql/realtime", "[2001:db8::1]:8443", None, Subprotocol),
    // LocalStack.
    row("http://abc.appsync-api.localhost.localstack.cloud:4566/graphql", "http://abc.appsync-api.localhost.localstack.cloud:4566/graphql",
        "ws://abc.appsync-realtime-api.localhost.localstack.cloud:4566/graphql", "abc.appsync-api.localhost.localstack.cloud:4566", None, Subprotocol),
    row("ws://localhost:4510/graphql/abc", "http://localhost:4510/graphql/abc",
        "ws://localhost:4510/graphql/abc", "localhost:4510", None, Subprotocol),
    // floci.
    row("http://localhost:4566/v1/apis/abc/graphql", "http://localhost:4566/v1/apis/abc/graphql",
        "ws://localhost:4566/v1/apis/abc/graphql/realtime", "localhost:4566", None, Subprotocol),
    // Events: standard, from either side, custom, MiniStack.
    row("https://abc.appsync-api.us-east-1.amazonaws.com/event", "https://abc.appsync-api.us-east-1.amazonaws.com/event",
        "wss://abc.appsync-realtime-api.us-east-1.amazonaws.com/event/realtime", "abc.appsync-api.us-east-1.amazonaws.com", Some("us-east-1"), Subprotocol),
    row("wss://abc.appsync-realtime-api.us-east-1.amazonaws.com/event/realtime", "https://abc.appsync-api.us-east-1.amazonaws.com/event",
        "wss://abc.appsync-realtime-api.us-east-1.amazonaws.com/event/realtime", "abc.appsync-api.us-east-1.amazonaws.com", Some("us-east-1"), Subprotocol),
    row("https://api.example.com/event", "https://api.example.com/event",
        "wss://api.example.com/event/realtime", "api.example.com", None, Subprotocol),
    row("http://abc.appsync-api.eu-west-1.localhost:4566/event", "http://abc.appsync-api.eu-west-1.localhost:4566/event",
        "ws://abc.appsync-realtime-api.eu-west-1.localhost:4566/event/realtime", "abc.appsync-api.eu-west-1.localhost:4566", Some("eu-west-1"), Subprotocol),
];

#[test]
fn every_kind_of_url_yields_its_counterpart() {
    for row in ROWS {
        let endpoint = endpoint(row.given);
        assert_eq!(endpoint.http_url().as_str(), row.http, "HTTP of {}", row.given);
        assert_eq!(
            endpoint.realtime_url().as_str(),
            row.realtime,
            "realtime of {}",
            row.given
        );
        assert_eq!(endpoint.host(), row.host, "host of {}", row.given);
        assert_eq!(endpoint.region(), row.region, "region of {}", row.given);
        assert_eq!(endpoint.carrier(), row.carrier, "carrier of {}", row.given);
        let kind = if row.http.ends_with("/event") {
            ApiKind::Events
        } else {
            ApiKind::GraphQL
        };
        assert_eq!(endpoint.kind(), kind, "kind of {}", row.given);
        assert_eq!(
            (endpoint.host_header(), endpoint.realtime_host_header()),
            (None, None),
            "{}",
            row.given
        );
    }
}

#[test]
fn a_vpc_endpoint_keeps_host_and_path_and_names_the_api_apart() {
    let api = format!("{ID}.appsync-api.us-east-1.amazonaws.com");
    let realtime = format!("{ID}.appsync-realtime-api.us-east-1.amazonaws.com");
    for (given, api_host) in [("https", &api), ("wss", &api), ("https", &realtime)] {
        let given = format!("{given}://{VPCE}/graphql");
        let endpoint = Endpoint::builder(given).api_host(api_host.as_str()).build().unwrap();
        assert_eq!(endpoint.http_url().as_str(), format!("https://{VPCE}/graphql"));
        assert_eq!(endpoint.realtime_url().as_str(), format!("wss://{VPCE}/graphql"));
        assert_eq!(endpoint.host(), api);
        assert_eq!(endpoint.host_header(), Some(api.as_str()));
        assert_eq!(endpoint.realtime_host_header().as_ref(), Some(&realtime));
        assert_eq!(endpoint.region(), Some("us-east-1"));
        assert_eq!(endpoint.carrier(), HeaderCarrier::Query);
        assert_eq!(
            endpoint.signing_url_connect().as_str(),
            format!("https://{api}/graphql/connect")
        );

        let handshake = endpoint
            .handshake(&HeaderObject::api_key(endpoint.host(), "da2-x"))
            .unwrap();
        assert_eq!(handshake.headers["host"], realtime);
        assert!(
            handshake
                .url
                .as_str()
                .starts_with(&format!("wss://{VPCE}/graphql?header="))
        );
    }
    let events = Endpoint::builder(format!("https://{VPCE}/event"))
        .api_host(&api)
        .build()
        .unwrap();
    assert_eq!(events.realtime_url().as_str(), format!("wss://{VPCE}/event/realtime"));
    assert_eq!(events.carrier(), HeaderCarrier::Subprotocol);
}

#[test]
fn a_vpc_endpoint_without_the_host_of_the_api_is_refused() {
    let error = Endpoint::new(&format!("https://{VPCE}/graphql")).unwrap_err();
    assert_eq!(error, EndpointError::MissingApiHost { host: VPCE.to_owned() });
    assert!(
        error.to_string().contains("ID.appsync-api.REGION.amazonaws.com"),
        "{error}"
    );
    for value in ["", "https://h", "h/graphql", "u@h", "a b", "h:x", "h?"] {
        let error = Endpoint::builder(format!("https://{VPCE}/graphql"))
            .api_host(value)
            .build()
            .unwrap_err();
        assert!(
            matches!(error, EndpointError::InvalidApiHost { .. }),
            "{value}: {error}"
        );
    }
}

#[test]
fn what_is_given_explicitly_wins() {
    let endpoint = Endpoint::builder("https://api.example.com/graphql")
        .realtime_url("ws://localhost:4510/graphql/abc")
        .region("eu-central-1")
        .carrier(HeaderCarrier::Headers)
        .kind(ApiKind::Events)
        .build()
        .unwrap();
    assert_eq!(endpoint.http_url().as_str(), "https://api.example.com/graphql");
    assert_eq!(endpoint.realtime_url().as_str(), "ws://localhost:4510/graphql/abc");
    assert_eq!(endpoint.region(), Some("eu-central-1"));
    assert_eq!(endpoint.carrier(), HeaderCarrier::Headers);
    assert_eq!(endpoint.kind(), ApiKind::Events);

    let endpoint = Endpoint::builder("wss://socket.example.com/graphql")
        .http_url("https://abc.appsync-api.eu-west-1.amazonaws.com/graphql")
        .build()
        .unwrap();
    assert_eq!(endpoint.realtime_url().as_str(), "wss://socket.example.com/graphql");
    assert_eq!(endpoint.host(), "abc.appsync-api.eu-west-1.amazonaws.com");
    assert_eq!(endpoint.region(), Some("eu-west-1"));

    let tunnel = Endpoint::builder("http://localhost:8443/graphql")
        .api_host("abc.appsync-api.eu-west-1.amazonaws.com:8443")
        .build()
        .unwrap();
    assert_eq!(
        tunnel.host_header(),
        Some("abc.appsync-api.eu-west-1.amazonaws.com:8443")
    );
    assert_eq!(
        tunnel.realtime_host_header().as_deref(),
        Some("abc.appsync-realtime-api.eu-west-1.amazonaws.com:8443")
    );
    assert_eq!(tunnel.region(), Some("eu-west-1"));
}

#[test]
fn signatures_are_made_for_the_http_path_and_connect_after_it() {
    for (given, http, start, connect) in [
        (
            "wss://abc.appsync-realtime-api.us-east-1.amazonaws.com/graphql",
            "https://abc.appsync-api.us-east-1.amazonaws.com/graphql",
            "https://abc.appsync-api.us-east-1.amazonaws.com/graphql",
            "https://abc.appsync-api.us-east-1.amazonaws.com/graphql/connect",
        ),
        (
            "https://api.example.com/graphql/?a=1",
            "https://api.example.com/graphql/?a=1",
            "https://api.example.com/graphql/",
            "https://api.example.com/graphql/connect",
        ),
        (
            "http://localhost:4566/v1/apis/abc/graphql",
            "http://localhost:4566/v1/apis/abc/graphql",
            "http://localhost:4566/v1/apis/abc/graphql",
            "http://localhost:4566/v1/apis/abc/graphql/connect",
        ),
        (
            "https://api.example.com/event",
            "https://api.example.com/event",
            "https://api.example.com/event",
            "https://api.example.com/event",
        ),
    ] {
        let endpoint = endpoint(given);
        assert_eq!(endpoint.signing_url_http().as_str(), http);
        assert_eq!(endpoint.signing_url_start().as_str(), start);
        assert_eq!(endpoint.signing_url_connect().as_str(), connect);
    }
}

#[test]
fn what_is_no_endpoint_is_refused_without_repeating_secrets() {
    let invalid = |url: &str| Endpoint::new(url).unwrap_err();
    assert!(matches!(invalid(""), EndpointError::InvalidUrl { .. }));
    assert!(matches!(
        invalid("api.example.com/graphql?key=s3cret"),
        EndpointError::InvalidUrl { .. }
    ));
    assert!(matches!(invalid("https://"), EndpointError::InvalidUrl { .. }));
    assert!(matches!(
        invalid("https://u:s3cret@h:port/"),
        EndpointError::InvalidUrl { .. }
    ));
    let message = invalid("localhost:4000/graphql").to_string();
    let expected = r#""localhost:4000/graphql" has the scheme "localhost", but an endpoint here begins with http://"#;
    assert!(message.starts_with(expected), "{message}");
    for url in ["ftp://h/graphql", "file:///etc/passwd", "data:,x", "javascript:x"] {
        assert!(matches!(invalid(url), EndpointError::UnsupportedScheme { .. }), "{url}");
    }
    for url in [
        "https://user:s3cret@api.example.com/graphql",
        "wss://s3cret@api.example.com",
        "http://:s3cret@h",
    ] {
        assert!(matches!(invalid(url), EndpointError::UserInfo { .. }), "{url}");
    }
    for url in [
        "https://u:s3cret@h:port/",
        "https://user:s3cret@h/graphql",
        "api.example.com/graphql?key=s3cret",
        "ftp://u:s3cret@h/?k=s3cret#s3cret",
    ] {
        let error = invalid(url);
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }
    let wrong_side = Endpoint::builder("https://h/graphql")
        .realtime_url("https://h/graphql")
        .build()
        .unwrap_err();
    assert!(matches!(
        wrong_side,
        EndpointError::UnsupportedScheme {
            expected: ["ws", "wss"],
            ..
        }
    ));
}

#[test]
fn debug_shows_no_query() {
    let builder = Endpoint::builder("https://h/graphql?k=s3cret");
    assert!(!format!("{builder:?} {:?}", builder.clone().build()).contains("s3cret"));
}

#[test]
fn appsync_is_recognised_by_its_host() {
    for (url, expected) in [
        ("https://abc.appsync-api.us-east-1.amazonaws.com/graphql", true),
        ("wss://ABC.appsync-realtime-api.us-east-1.amazonaws.com/graphql", true),
        ("https://abc.appsync-api.cn-northwest-1.amazonaws.com.cn/graphql", true),
        ("https://vpce-1.appsync-api.us-east-1.vpce.amazonaws.com/graphql", true),
        ("http://abc.appsync-api.localhost.localstack.cloud:4566/graphql", true),
        ("https://api.example.com/graphql", false),
        ("https://appsync-api.us-east-1.amazonaws.com/graphql", false),
        (
            "https://abc.appsync-api.us-east-1.amazonaws.com.evil.example/graphql",
            false,
        ),
        ("https://abc.appsync-api..amazonaws.com/graphql", false),
        ("http://127.0.0.1/graphql", false),
    ] {
        assert_eq!(is_appsync_host(&url.parse().unwrap()), expected, "{url}");
    }
}

#[test]
fn plain_text_is_secure_only_on_this_machine() {
    for (url, loopback, secure) in [
        ("https://api.example.com/graphql", false, true),
        ("http://api.example.com/graphql", false, false),
        ("ws://api.example.com/graphql", false, false),
        ("http://localhost:1/graphql", true, true),
        ("http://api.localhost.:1/graphql", true, true),
        ("http://127.9.9.9/graphql", true, true),
        ("ws://[::1]/graphql", true, true),
        ("http://[::ffff:127.0.0.1]/graphql", true, true),
        ("http://0.0.0.0/graphql", false, false),
        ("http://notlocalhost/graphql", false, false),
        ("http://localhost.example.com/graphql", false, false),
        (
            "http://abc.appsync-api.localhost.localstack.cloud:4566/graphql",
            false,
            false,
        ),
    ] {
        let endpoint = endpoint(url);
        assert_eq!(
            (endpoint.is_loopback(), endpoint.is_secure()),
            (loopback, secure),
            "{url}"
        );
    }
    let mixed = Endpoint::builder("https://h/graphql")
        .realtime_url("ws://h/graphql")
        .build()
        .unwrap();
    assert!(!mixed.is_secure());
}

#[test]
fn the_handshake_takes_the_default_way_of_the_endpoint() {
    let endpoint = endpoint("https://abc.appsync-api.us-east-1.amazonaws.com/graphql");
    let object = HeaderObject::api_key(endpoint.host(), "da2-x");
    let handshake = endpoint.handshake(&object).unwrap();
    assert_eq!(handshake.url, *endpoint.realtime_url());
    assert_eq!(
        handshake.headers["sec-websocket-protocol"],
        format!("graphql-ws, {}", object.to_subprotocol())
    );
    assert!(!handshake.headers.contains_key("host"));
}

fn hosts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9]{1,26}\\.appsync-(realtime-)?api\\.[a-z]{2}-[a-z]{4}-[1-9]\\.amazonaws\\.com(\\.cn)?\\.?",
        "[a-z0-9]{1,8}\\.appsync-(realtime-)?api\\.(eu-west-1\\.localhost|localhost\\.localstack\\.cloud)",
        "[a-z0-9]{1,8}(\\.[a-z]{2,8}){0,3}",
        "\\[(::1|2001:db8::[1-9])\\]",
        "127\\.0\\.0\\.[1-9]",
    ]
}

proptest! {
    #[test]
    fn derivation_is_stable(
        scheme in "http|https|ws|wss",
        host in hosts(),
        port in proptest::option::of(1u16..),
        path in "(/[a-z%20.]{1,8}){0,3}(/graphql|/event)?(/realtime)?/{0,2}",
        query in proptest::option::of("[a-z]{1,3}(=[a-z0-9%25]{0,4})?(&[a-z]{1,3})?"),
    ) {
        let port = port.map_or(String::new(), |port| format!(":{port}"));
        let query = query.map_or(String::new(), |query| format!("?{query}"));
        let url = format!("{scheme}://{host}{port}{path}{query}");
        let Ok(endpoint) = Endpoint::new(&url) else { return Ok(()) };
        // From the HTTP URL the same HTTP URL follows, and from the realtime URL the same realtime URL.
        let from_http = Endpoint::new(endpoint.http_url().as_str()).unwrap();
        prop_assert_eq!(from_http.http_url(), endpoint.http_url());
        let from_realtime = Endpoint::new(endpoint.realtime_url().as_str()).unwrap();
        prop_assert_eq!(from_realtime.realtime_url(), endpoint.realtime_url());
        prop_assert_eq!(from_realtime.region(), endpoint.region());
        prop_assert_eq!(from_realtime.host(), endpoint.host());
        if scheme.starts_with("http") {
            prop_assert_eq!(from_http, endpoint.clone());
            // A slash at the end of the path does not survive `/realtime`.
            let slashless = |url: &Url| {
                let mut url = url.clone();
                let path = url.path().trim_end_matches('/').to_owned();
                url.set_path(&path);
                url
            };
            prop_assert_eq!(slashless(from_realtime.http_url()), slashless(endpoint.http_url()));
        }
    }

    #[test]
    fn no_input_panics(url in "((https?|wss?)://)?\\PC{0,60}", api_host in proptest::option::of("\\PC{0,30}")) {
        let _ = Endpoint::new(&url);
        let mut builder = Endpoint::builder(url);
        if let Some(host) = api_host {
            builder = builder.api_host(host);
        }
        if let Ok(endpoint) = builder.build() {
            let _ = (endpoint.signing_url_connect(), endpoint.realtime_host_header(), format!("{endpoint:?}"));
        }
    }
}
