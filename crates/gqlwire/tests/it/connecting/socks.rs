use gqlwire::RetryPolicy;

use super::{HOST, client_of, server};
use crate::support::{MUTATION, ProxyDouble, SUBSCRIPTION, presentable};

#[tokio::test]
async fn requests_and_websockets_go_through_socks_with_the_name_or_with_the_address() {
    let server = server().await;
    let by_name = format!("{HOST}:80");
    let proxy = ProxyDouble::socks(
        Some(("user", "p@ss")),
        &[(&by_name, server.address()), ("192.0.2.7:80", server.address())],
    )
    .await;
    for (scheme, destination) in [("socks5h", by_name.as_str()), ("socks5", "192.0.2.7:80")] {
        let mut builder = client_of("http", HOST).proxy(format!("{scheme}://user:p%40ss@{}", proxy.address()));
        if scheme == "socks5" {
            builder = builder.resolve(HOST, ([192, 0, 2, 7], 0).into());
        }
        let client = builder.build().unwrap();
        client.execute(MUTATION).await.unwrap();
        drop(client.subscribe(SUBSCRIPTION).await.unwrap());
        client.close().await;
        let asked = proxy.asked();
        assert_eq!(asked[asked.len() - 2..], [destination, destination]);
    }
}

#[tokio::test]
async fn where_on_the_way_it_ended_is_said() {
    let proxy = ProxyDouble::socks(Some(("user", "p@ss")), &[]).await;
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    for (url, says, retryable) in [
        (format!("socks5h://{gone}"), "the proxy cannot be reached", true),
        (
            format!("socks5h://user:wr0ng@{}", proxy.address()),
            "does not take the user and password",
            false,
        ),
        (
            format!("socks5h://{}", proxy.address()),
            "wants credentials of its own: put user and password into its URL",
            false,
        ),
        (
            format!("socks5h://user:p%40ss@{}", proxy.address()),
            "cannot reach api.example.invalid:80 in turn: it says \"host unreachable\"",
            true,
        ),
    ] {
        let client = client_of("http", HOST)
            .proxy(&url)
            .retry(RetryPolicy::never())
            .build()
            .unwrap();
        for error in [
            client.execute(MUTATION).await.unwrap_err(),
            client.subscribe(SUBSCRIPTION).await.unwrap_err(),
        ] {
            assert!(error.is_connect() && error.is_retryable() == retryable, "{error:?}");
            let message = presentable(&error);
            assert!(message.contains(says), "{message}");
            assert!(!format!("{error:?}").contains("wr0ng"), "{error:?}");
        }
    }
}
