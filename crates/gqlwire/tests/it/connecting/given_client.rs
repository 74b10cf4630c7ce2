use gqlwire::{Client, ErrorKind, appsync};

use super::server;
use crate::support::{KEY, MUTATION, SUBSCRIPTION, Server, presentable, response};

/// As a user builds one. Only without reqwest's own TLS, as in these tests, it has to be given one.
fn given() -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder().no_proxy();
    #[cfg(any(feature = "ring", feature = "rustls"))]
    let builder = {
        let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider);
        let config = config.with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(rustls::RootCertStore::empty());
        builder.tls_backend_preconfigured(config.with_no_client_auth())
    };
    builder
}

#[tokio::test]
async fn requests_go_through_the_client_that_was_given_and_websockets_do_not() {
    let server = server().await;
    let given = given().user_agent("given/1").build().unwrap();
    let client = Client::builder(&server.url("/graphql"))
        .appsync()
        .auth(appsync::ApiKey::new(KEY))
        .reqwest_client(given)
        .build()
        .unwrap();
    client.execute(MUTATION).await.unwrap();
    drop(client.subscribe(SUBSCRIPTION).await.unwrap());
    let requests = server.requests();
    assert_eq!(requests[0].header("user-agent"), Some("given/1"));
    assert!(requests[1].header("user-agent").unwrap().starts_with("gqlwire/"));
    client.close().await;
}

#[tokio::test]
async fn an_answer_from_where_a_redirect_led_is_refused() {
    let elsewhere = Server::answering(response("200 OK", &[], r#"{"data":{}}"#)).await;
    let target = elsewhere.url("/new?token=s3cret");
    let server = Server::answering(response("307 Temporary Redirect", &[("location", &target)], "")).await;
    let given = given().build().unwrap();
    let client = Client::builder(&server.url("/graphql?stage=1"))
        .reqwest_client(given)
        .build()
        .unwrap();
    let error = client.execute(MUTATION).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error:?}");
    assert!(error.may_have_been_executed() && !error.is_retryable());
    let message = presentable(&error);
    assert!(
        message.contains(&elsewhere.url("/new")) && !message.contains("s3cret"),
        "{message}"
    );
    assert!(message.contains("Policy::none()"), "{message}");

    let strict = self::given()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let client = Client::builder(&server.url("/graphql"))
        .reqwest_client(strict)
        .build()
        .unwrap();
    let error = client.execute(MUTATION).await.unwrap_err();
    assert_eq!(error.status().unwrap(), 307);
}

#[tokio::test]
async fn nobody_there_reads_the_same_through_the_client_that_was_given() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let given = given().build().unwrap();
    let client = Client::builder(&format!("http://{gone}/"))
        .reqwest_client(given)
        .build()
        .unwrap();
    let error = client.execute(MUTATION).await.unwrap_err();
    assert!(error.is_connect() && error.is_retryable(), "{error:?}");
    assert!(presentable(&error).contains("is the server running?"), "{error}");
}
