use std::future::IntoFuture;

use gqlwire::{Client, DataStream, Error, Event, Execute, Request, Subscribe, Subscription};
use serde_json::Value;

fn is_send_and_sync<T: Send + Sync>() {}
fn is_send<T: Send>() {}
fn is_clone<T: Clone>() {}
fn is_spawnable<F: Future + Send + 'static>(_: F) {}

#[test]
fn what_is_shared_between_tasks_can_be() {
    is_send_and_sync::<Client>();
    is_clone::<Client>();
    is_send_and_sync::<Error>();
    is_clone::<Error>();
    is_send::<Execute<Value>>();
    is_send::<Subscribe<Value>>();
    is_send::<Subscription<Value>>();
    is_send::<DataStream<Value>>();
    is_clone::<Event<Value>>();
}

#[test]
fn calls_can_be_spawned_and_borrow_nothing() {
    let client = Client::new("http://127.0.0.1:1/graphql").unwrap();
    let query = String::from("{ a }");
    is_spawnable(client.execute(query.as_str()).into_future());
    is_spawnable(
        client
            .execute(Request::<Value>::new("{ a }").variable("v", &query))
            .into_future(),
    );
    is_spawnable(client.subscribe("subscription { a }").into_future());
}

#[tokio::test]
async fn what_cannot_be_right_is_refused_before_anything_is_sent() {
    let client = Client::builder("http://127.0.0.1:1/graphql").appsync().build().unwrap();
    for (error, word) in [
        (client.execute("subscription { a }").await.unwrap_err(), "`subscribe`"),
        (client.execute("{ a").await.unwrap_err(), "syntax error at 1:4"),
        (client.subscribe("{ a }").await.unwrap_err(), "`execute`"),
        (client.subscribe("mutation { a }").await.unwrap_err(), "`execute`"),
        (
            client.subscribe("subscription { a b }").await.unwrap_err(),
            "root field",
        ),
        (
            client.execute("{ a }").header("bad name", "x").await.unwrap_err(),
            "bad name",
        ),
    ] {
        assert_eq!(error.kind(), gqlwire::ErrorKind::Request, "{error}");
        assert!(error.to_string().contains(word), "{error}");
        assert!(!error.may_have_been_executed());
    }
}

#[test]
fn outside_a_runtime_there_is_an_error_and_no_panic() {
    use futures_util::FutureExt;

    let client = Client::builder("http://127.0.0.1:1/graphql").appsync().build().unwrap();
    let error = client
        .execute("{ a }")
        .into_future()
        .now_or_never()
        .unwrap()
        .unwrap_err();
    assert!(error.to_string().contains("tokio runtime"), "{error}");
    client.close().now_or_never().unwrap();
}

#[test]
fn credentials_do_not_go_unencrypted_to_another_machine() {
    let plain = "http://api.example.com/graphql";
    let key = || gqlwire::appsync::ApiKey::new("da2-k");
    for builder in [
        Client::builder(plain).auth(key()),
        Client::builder(plain).appsync(),
        Client::builder(plain).header("Authorization", "x"),
        Client::builder("https://api.example.com/graphql").realtime_url("ws://api.example.com/graphql/realtime"),
    ] {
        let error = builder.clone().build().unwrap_err();
        assert!(error.to_string().contains("unencrypted"), "{error}");
        assert!(builder.danger_allow_plaintext_credentials().build().is_ok());
    }
    assert!(Client::new(plain).is_ok());
    assert!(Client::builder(plain).header("traceparent", "00-1").build().is_ok());
    assert!(Client::builder("http://localhost:4000/").auth(key()).build().is_ok());
}

#[tokio::test]
async fn credentials_of_one_call_do_not_go_unencrypted_to_another_machine_either() {
    let client = Client::new("http://api.example.com/graphql").unwrap();
    let by_key = client
        .execute("{ a }")
        .auth(gqlwire::appsync::ApiKey::new("da2-k"))
        .await;
    let by_header = client.execute("{ a }").header("X-Auth-Token", "t").await;
    for error in [by_key.unwrap_err(), by_header.unwrap_err()] {
        assert_eq!(error.kind(), gqlwire::ErrorKind::Config);
        assert!(error.to_string().contains("unencrypted"), "{error}");
    }
}
