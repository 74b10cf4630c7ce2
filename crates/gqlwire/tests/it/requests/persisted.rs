use std::collections::HashMap;
use std::sync::Mutex;

use gqlwire::{Client, ErrorKind, IdPlace, OperationKind, PersistedQueries};
use serde_json::{Value, json};

use super::{OK, client, data, server};
use crate::support::{Request, Server, presentable};

const QUERY: &str = "{ n }";

fn errors(message: &str, code: &str) -> String {
    json!({"errors": [{"message": message, "extensions": {"code": code}}]}).to_string()
}

/// Keeps documents by hash, as Apollo's server does.
async fn apollo(not_found: fn() -> (&'static str, String)) -> Server {
    let known = Mutex::new(HashMap::<String, String>::new());
    server(move |_, request| {
        let sent = sent(request);
        let hash = sent["extensions"]["persistedQuery"]["sha256Hash"].as_str().unwrap();
        let mut known = known.lock().unwrap();
        if let Some(query) = sent["query"].as_str() {
            known.insert(hash.to_owned(), query.to_owned());
        }
        match known.contains_key(hash) {
            true => (OK, data(1)),
            false => not_found(),
        }
    })
    .await
}

/// The request, whether it came in the body or in the URL.
fn sent(request: &Request) -> Value {
    if request.method == "POST" {
        return serde_json::from_str(&request.body).unwrap();
    }
    let url = url::Url::parse(&format!("http://localhost{}", request.target)).unwrap();
    let pairs = url.query_pairs().map(|(name, value)| match &*name {
        "variables" | "extensions" => (name.into_owned(), serde_json::from_str(&value).unwrap()),
        _ => (name.into_owned(), Value::String(value.into_owned())),
    });
    pairs.collect::<serde_json::Map<_, _>>().into()
}

fn automatic(server: &Server) -> Client {
    let persisted = PersistedQueries::automatic();
    client(server).persisted_queries(persisted).build().unwrap()
}

#[tokio::test]
async fn a_document_is_sent_once_and_named_by_its_hash_before_and_after() {
    let hash = gqlwire_proto::document_hash(QUERY);
    for not_found in [
        || (OK, errors("PersistedQueryNotFound", "x")),
        || ("404 Not Found", errors("never seen", "PERSISTED_QUERY_NOT_FOUND")),
        || ("500 Internal Server Error", errors("PersistedQueryNotFound", "x")),
    ] {
        let server = apollo(not_found).await;
        let client = automatic(&server);
        for _ in 0..2 {
            let n = client.execute(QUERY).await.unwrap().into_data().unwrap();
            assert_eq!(n, json!({"n": 1}));
        }
        let extensions = format!(r#""extensions":{{"persistedQuery":{{"sha256Hash":"{hash}","version":1}}}}"#);
        let bodies: Vec<String> = server.requests().into_iter().map(|request| request.body).collect();
        let (hashed, full) = (
            format!("{{{extensions}}}"),
            format!(r#"{{"query":"{{ n }}",{extensions}}}"#),
        );
        assert_eq!(bodies, [hashed.clone(), full, hashed]);
    }
}

#[tokio::test]
async fn a_mutation_whose_hash_is_not_known_was_not_executed_and_goes_again() {
    let server = apollo(|| (OK, errors("PersistedQueryNotFound", "x"))).await;
    let client = automatic(&server);
    client.execute(QUERY).await.unwrap();
    client.execute("mutation { n }").await.unwrap();
    assert_eq!(server.requests().len(), 4);
    assert!(server.requests().iter().all(|request| request.method == "POST"));
}

#[tokio::test]
async fn a_mutation_goes_in_full_until_the_server_has_shown_that_it_takes_hashes() {
    let server = apollo(|| (OK, errors("PersistedQueryNotFound", "x"))).await;
    let client = automatic(&server);
    client.execute("mutation { n }").await.unwrap();
    assert_eq!(server.requests().len(), 1);
    let sent = sent(&server.requests()[0]);
    assert!(sent["query"].is_string() && sent["extensions"]["persistedQuery"].is_object());
    let plain = json!({"query": "mutation { n }"}).to_string();
    let unsupported = super::server(move |_, request| match request.body == plain {
        true => (OK, data(1)),
        false => (OK, errors("PersistedQueryNotSupported", "x")),
    })
    .await;
    automatic(&unsupported)
        .execute("mutation { n }")
        .await
        .unwrap()
        .into_data()
        .unwrap();
    assert_eq!(unsupported.requests().len(), 2);
}

#[tokio::test]
async fn a_mutation_that_was_executed_is_never_sent_again_whatever_its_errors_are_called() {
    for error in [
        json!({"data": null, "errors": [{"message": "PersistedQueryNotFound", "path": ["n"]}]}),
        json!({"data": null, "errors": [{"message": "no", "path": ["n"]}]}),
    ] {
        let server = server(move |_, request| match sent(request)["query"].as_str() {
            Some(query) if query.starts_with('{') => (OK, data(1)),
            None if request.body.contains(&gqlwire_proto::document_hash(QUERY)) => {
                (OK, errors("PersistedQueryNotFound", "x"))
            }
            _ => ("400 Bad Request", error.to_string()),
        })
        .await;
        let client = automatic(&server);
        client.execute(QUERY).await.unwrap();
        client.execute("mutation { n }").await.unwrap();
        assert_eq!(server.requests().len(), 3);
    }
}

#[tokio::test]
async fn hashes_go_by_get_and_documents_by_post_where_that_is_asked_for() {
    let server = apollo(|| (OK, errors("PersistedQueryNotFound", "x"))).await;
    let persisted = PersistedQueries::automatic().by_get();
    let client = client(&server).persisted_queries(persisted).build().unwrap();
    for document in [QUERY, QUERY, "mutation { n }"] {
        client.execute(document).await.unwrap();
    }
    let methods: Vec<_> = server.requests().into_iter().map(|request| request.method).collect();
    assert_eq!(methods, ["GET", "POST", "GET", "POST", "POST"]);
}

#[tokio::test]
async fn a_server_that_supports_none_of_it_is_remembered() {
    let unsupported = |request: &Request, status| match sent(request)["extensions"].is_object() {
        true => (
            status,
            errors("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED"),
        ),
        false => (OK, data(1)),
    };
    // One that has never heard of it misses the document.
    let ignorant = |request: &Request, status| match sent(request)["query"].is_string() {
        true => (OK, data(1)),
        false => (status, errors("Must provide query string.", "BAD_REQUEST")),
    };
    type Answer = fn(&Request, &'static str) -> (&'static str, String);
    for (answer, status) in [
        (unsupported as Answer, OK),
        (unsupported, "400 Bad Request"),
        (ignorant, "400 Bad Request"),
    ] {
        let server = server(move |_, request| answer(request, status)).await;
        let client = automatic(&server);
        for _ in 0..3 {
            client.execute(QUERY).await.unwrap().into_data().unwrap();
        }
        let bodies: Vec<String> = server.requests().into_iter().map(|request| request.body).collect();
        assert_eq!(bodies.len(), 4);
        assert!(
            bodies[1..].iter().all(|body| body == r#"{"query":"{ n }"}"#),
            "{bodies:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_only_speaks_of_persisted_queries_is_an_answer() {
    let server = server(|_, _| (OK, r#"{"data":{"n":"PersistedQueryNotFound"}}"#.to_owned())).await;
    automatic(&server).execute(QUERY).await.unwrap().into_data().unwrap();
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_trusted_document_is_sent_as_its_id_in_the_place_where_the_server_looks() {
    let server = server(|_, _| (OK, data(1))).await;
    for (place, id) in [
        (IdPlace::DocumentId, r#"{"documentId":"sha256:7","variables":{"a":1}}"#),
        (IdPlace::Id, r#"{"id":"sha256:7","variables":{"a":1}}"#),
        (
            IdPlace::PersistedQuery,
            r#"{"variables":{"a":1},"extensions":{"persistedQuery":{"sha256Hash":"sha256:7","version":1}}}"#,
        ),
    ] {
        let trusted = PersistedQueries::trusted([(QUERY, "sha256:7")]).place(place);
        let client = client(&server).persisted_queries(trusted).build().unwrap();
        let request = gqlwire::Request::<Value>::new(QUERY).variable("a", 1);
        client.execute(request).await.unwrap();
        assert_eq!(server.requests().last().unwrap().body, id);
        let by_id = gqlwire::Request::<Value>::by_id(OperationKind::Query, "sha256:7").variable("a", 1);
        client.execute(by_id).await.unwrap();
        assert_eq!(server.requests().last().unwrap().body, id);
    }
}

#[tokio::test]
async fn a_document_that_is_not_trusted_is_refused_before_anything_is_sent() {
    let server = server(|_, _| (OK, data(1))).await;
    let trusted = PersistedQueries::trusted_by(|_| None);
    let client = client(&server).persisted_queries(trusted).build().unwrap();
    let error = client.execute("query Q { n }").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert!(
        presentable(&error).contains("the query Q is none of the trusted documents"),
        "{error}"
    );
    let error = client.incremental("query Q { n }").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    let error = client.subscribe("subscription Q { n }").await.unwrap_err();
    assert!(presentable(&error).contains("none of the trusted documents"), "{error}");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn answers_in_pieces_and_subscriptions_over_http_name_trusted_documents_too() {
    const SUBSCRIPTION: &str = "subscription { n }";
    let server = server(|_, _| (OK, data(1))).await;
    let trusted = || PersistedQueries::trusted([(QUERY, "q"), (SUBSCRIPTION, "s")]);
    let client = client(&server).persisted_queries(trusted()).build().unwrap();
    client.incremental(QUERY).await.unwrap().last().await.unwrap();
    assert_eq!(server.requests().last().unwrap().body, r#"{"documentId":"q"}"#);
    let _events = client.subscribe(SUBSCRIPTION).await.unwrap();
    assert_eq!(server.requests().last().unwrap().body, r#"{"documentId":"s"}"#);
}

#[tokio::test]
async fn where_everything_goes_over_a_socket_no_document_can_be_named_and_the_builder_says_so() {
    let builder = || gqlwire::Client::builder("ws://127.0.0.1:1/graphql");
    let options = [
        builder().persisted_queries(PersistedQueries::automatic()),
        builder().queries_by_get(),
        builder().batching(gqlwire::Batching::new()),
    ];
    for options in options {
        let error = options.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("over a websocket"), "{error}");
    }
}

#[tokio::test]
async fn a_request_by_id_needs_no_option_and_can_be_repeated_as_its_kind_allows() {
    let server = server(|_, _| ("503 Service Unavailable", String::new())).await;
    let client = client(&server).build().unwrap();
    let by_id = |kind| gqlwire::Request::<Value>::by_id(kind, "7").id_place(IdPlace::Id);
    assert_eq!(
        client
            .execute(by_id(OperationKind::Query))
            .await
            .unwrap_err()
            .attempts(),
        3
    );
    assert_eq!(
        client
            .execute(by_id(OperationKind::Mutation))
            .await
            .unwrap_err()
            .attempts(),
        1
    );
    assert_eq!(server.requests()[0].body, r#"{"id":"7"}"#);
    let error = client.execute(by_id(OperationKind::Mutation)).get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
}

#[test]
fn appsync_has_no_persisted_queries() {
    let builder = Client::builder("https://example1234567890000.appsync-api.us-east-1.amazonaws.com/graphql");
    let error = builder
        .persisted_queries(PersistedQueries::automatic())
        .build()
        .unwrap_err();
    assert!(
        presentable(&error).contains("AppSync takes no persisted queries"),
        "{error}"
    );
}

#[test]
fn the_hash_is_sha_256_in_hexadecimal() {
    // The example of the protocol's documentation.
    let hash = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";
    assert_eq!(gqlwire_proto::document_hash("{__typename}"), hash);
}
