use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use gqlwire::{AuthProvider, Authorization, Client, Error, ErrorKind, Target, TargetKind};
use serde_json::Value;

use super::{OK, client, data, server};
use crate::support::{Server, appsync_client, presentable};

const QUERY: &str = "query Q($n: Int) { n(n: $n) }";

fn request() -> gqlwire::Request<Value> {
    gqlwire::Request::new(QUERY)
        .variable("n", "a+b & ä")
        .operation_name("Q")
        .extension("x", 1)
}

#[tokio::test]
async fn a_query_by_get_stands_in_the_url_behind_what_was_there() {
    let server = server(|_, _| (OK, data(1))).await;
    let client = Client::new(&server.url("/graphql?tenant=7")).unwrap();
    client.execute(request()).get().await.unwrap();
    let [request] = &server.requests()[..] else {
        panic!("not one")
    };
    assert_eq!(request.method, "GET");
    assert_eq!(
        request.target,
        "/graphql?tenant=7&query=query%20Q%28%24n%3A%20Int%29%20%7B%20n%28n%3A%20%24n%29%20%7D&operationName=Q\
         &variables=%7B%22n%22%3A%22a%2Bb%20%26%20%C3%A4%22%7D&extensions=%7B%22x%22%3A1%7D"
    );
    assert_eq!((request.body.as_str(), request.header("content-type")), ("", None));
    assert_eq!(request.header("content-length"), None);
    // Apollo's servers take no bare GET.
    assert_eq!(request.header("apollo-require-preflight"), Some("true"));
}

#[tokio::test]
async fn a_mutation_never_goes_by_get() {
    let server = server(|_, _| (OK, data(1))).await;
    let client = client(&server).queries_by_get().build().unwrap();
    let error = client.execute("mutation { n }").get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert!(presentable(&error).contains("a mutation cannot go by GET"), "{error}");
    assert!(server.requests().is_empty());
    client.execute("mutation { n }").await.unwrap();
    client.execute("{ n }").await.unwrap();
    let methods: Vec<_> = server.requests().into_iter().map(|request| request.method).collect();
    assert_eq!(methods, ["POST", "GET"]);
}

#[tokio::test]
async fn a_url_that_would_be_too_long_goes_by_post() {
    let server = server(|_, _| (OK, data(1))).await;
    let long = gqlwire::Request::<Value>::new(QUERY).variable("n", "x".repeat(9000));
    let builder = client(&server).queries_by_get();
    let builder = builder.get_url_limit(8192);
    builder.clone().build().unwrap().execute(long.clone()).await.unwrap();
    builder
        .get_url_limit(20_000)
        .build()
        .unwrap()
        .execute(long)
        .await
        .unwrap();
    let requests = server.requests();
    assert_eq!(
        (requests[0].method.as_str(), requests[1].method.as_str()),
        ("POST", "GET")
    );
    assert_eq!(requests[0].header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn appsync_takes_no_get_and_says_so_before_anything_is_sent() {
    let server = Server::answering("").await;
    let error = appsync_client(&server).queries_by_get().build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        presentable(&error).contains("AppSync takes no queries by GET"),
        "{error}"
    );
    let client = appsync_client(&server).build().unwrap();
    let error = client.execute("{ n }").get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert!(server.requests().is_empty());
}

/// Remembers what it was asked to authorise.
#[derive(Debug, Default)]
struct Asked(Mutex<Vec<(TargetKind, String, String, String)>>);

impl AuthProvider for Asked {
    fn authorize<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, Result<Authorization, Error>> {
        let seen = (
            target.kind(),
            target.method().to_string(),
            target.signing_url().to_string(),
            target.body().to_owned(),
        );
        self.0.lock().unwrap().push(seen);
        Box::pin(async { Ok(Authorization::default()) })
    }
}

#[tokio::test]
async fn a_provider_is_told_the_method_the_whole_url_and_that_there_is_no_body() {
    let server = server(|_, _| (OK, data(1))).await;
    let asked = Arc::new(Asked::default());
    let client = client(&server).auth(Arc::clone(&asked)).build().unwrap();
    client.execute("{ n }").get().await.unwrap();
    let expected = (
        TargetKind::Get,
        "GET".to_owned(),
        server.url("/graphql?query=%7B%20n%20%7D"),
        String::new(),
    );
    assert_eq!(*asked.0.lock().unwrap(), [expected]);
}

#[tokio::test]
async fn no_error_shows_what_stands_in_the_url() {
    let server = server(|_, _| ("500 Internal Server Error", String::new())).await;
    let client = client(&server).build().unwrap();
    let error = client.execute(request()).get().await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("variables"), "{error:?}");
}
