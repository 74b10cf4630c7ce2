//! Proxies are named in the environment, which other tests share: each case runs as a process of its own.

use std::env;
use std::process::Command;

use gqlwire::{Client, appsync};

use crate::support::{KEY, MUTATION, Peer, SUBSCRIPTION, Server, response};

/// The URL that the child process is to call.
const URL: &str = "GQLWIRE_TEST_PROXY_URL";

/// Runs [`child`] in a process with this proxy; what it prints.
async fn call(url: &str, proxy: &str) -> String {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "proxy::child", "--nocapture"])
        .env(URL, url)
        .env_remove("REQUEST_METHOD");
    for name in ["NO_PROXY", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env_remove(name);
    }
    for name in ["http_proxy", "https_proxy", "all_proxy"] {
        command.env(name, proxy);
    }
    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Not a test by itself: what the other tests run in a process of its own.
#[tokio::test]
async fn child() {
    let Ok(url) = env::var(URL) else { return };
    let client = Client::builder(&url)
        .appsync()
        .auth(appsync::ApiKey::new(KEY))
        .danger_allow_plaintext_credentials()
        .build()
        .unwrap();
    match client.execute(MUTATION).await {
        Ok(_) => println!("mutation: done"),
        Err(error) => println!("mutation: {error}"),
    }
    match client.subscribe(SUBSCRIPTION).await {
        Ok(_) => println!("subscription: done"),
        Err(error) => println!("subscription: {error}"),
    }
}

#[tokio::test]
async fn what_is_for_this_machine_passes_every_proxy_by() {
    let proxy = Server::answering(response("502 Bad Gateway", &[], "the proxy")).await;
    let server = Server::start(|request, stream| async move {
        if request.method == "POST" {
            return stream.send(response("200 OK", &[], "{\"data\":{}}")).await;
        }
        let mut peer = Peer::accept(&request, stream, Some("graphql-ws")).await;
        peer.ack().await;
        peer.start_and_ack().await;
        peer.drain().await;
    })
    .await;
    let port = server.address().rsplit(':').next().unwrap().to_owned();
    // Not every system resolves the names under localhost; the proxy must not be asked to.
    call(&format!("http://api.localhost:{port}/graphql"), &proxy.url("")).await;
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let said = call(&format!("http://{host}:{port}/graphql"), &proxy.url("")).await;
        assert!(
            said.contains("mutation: done") && said.contains("subscription: done"),
            "{host}: {said}"
        );
    }
    assert!(proxy.requests().is_empty(), "{:?}", proxy.requests());
}

#[tokio::test]
async fn what_is_for_elsewhere_goes_through_the_proxy() {
    let proxy = Server::answering(response("502 Bad Gateway", &[], "the proxy")).await;
    let said = call("http://api.example.com/graphql", &proxy.url("")).await;
    assert!(
        said.contains("mutation: http://api.example.com/graphql answered 502"),
        "{said}"
    );
    assert_eq!(proxy.requests().len(), 2);
}

#[tokio::test]
async fn a_proxy_that_does_not_let_through_is_named_without_its_credentials() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let said = call("https://api.example.com/graphql", &format!("http://user:s3cret@{gone}")).await;
    let expected = format!("cannot connect to api.example.com:443 through the proxy http://{gone}: ");
    assert_eq!(said.matches(&expected).count(), 2, "{said}");
    assert!(said.contains("HTTPS_PROXY") && !said.contains("s3cret"), "{said}");

    let strict = Server::answering(response("407 Proxy Authentication Required", &[], "")).await;
    for scheme in ["http", "https"] {
        let said = call(&format!("{scheme}://api.example.com/graphql"), &strict.url("")).await;
        assert_eq!(said.matches("wants credentials of its own").count(), 2, "{said}");
    }
}
