use gqlwire::{Client, ErrorKind, RetryPolicy};

use super::{HOST, client_of, server};
use crate::support::{MUTATION, Manner, ProxyDouble, SUBSCRIPTION, presentable};

const CREDENTIALS: &str = "http://user:p%40ss@";
/// `user:p@ss`
const SHOWN: &str = "Basic dXNlcjpwQHNz";

fn forwarding() -> Manner {
    Manner {
        forwards: true,
        ..Manner::default()
    }
}

#[tokio::test]
async fn requests_are_forwarded_and_websockets_get_a_tunnel_though_neither_has_tls() {
    let server = server().await;
    let place = format!("{HOST}:80");
    let proxy = ProxyDouble::http(forwarding(), &[(HOST, server.address()), (&place, server.address())]).await;
    let client = client_of("http", HOST).proxy(proxy.address()).build().unwrap();
    client.execute(MUTATION).await.unwrap();
    drop(client.subscribe(SUBSCRIPTION).await.unwrap());
    let asked = proxy.asked();
    assert_eq!(asked[0], format!("POST http://{HOST}/graphql HTTP/1.1"));
    assert_eq!(asked[1], format!("CONNECT {HOST}:80 HTTP/1.1"));
    // In the tunnel the handshake is what it would be without one.
    let handshake = &server.requests()[1];
    assert!(
        handshake.target.starts_with("/graphql/realtime"),
        "{}",
        handshake.target
    );
    assert_eq!(handshake.header("host"), Some(HOST));
    assert!(handshake.header("user-agent").unwrap().starts_with("gqlwire/"));
    assert_eq!(handshake.header("proxy-authorization"), None);
    client.close().await;
}

#[tokio::test]
async fn a_proxy_that_was_set_is_for_this_machine_too() {
    let server = server().await;
    let place = server.address();
    let proxy = ProxyDouble::http(forwarding(), &[(place, place)]).await;
    let client = client_of("http", place)
        .proxy(format!("http://{}", proxy.address()))
        .build()
        .unwrap();
    client.execute(MUTATION).await.unwrap();
    drop(client.subscribe(SUBSCRIPTION).await.unwrap());
    assert_eq!(proxy.asked().len(), 2);
    client.close().await;
    let client = client_of("http", place)
        .proxy(proxy.address())
        .no_proxy()
        .build()
        .unwrap();
    client.execute(MUTATION).await.unwrap();
    assert_eq!(proxy.asked().len(), 2, "the last word counts");
}

#[tokio::test]
async fn credentials_are_shown_to_the_proxy_alone() {
    let server = server().await;
    let place = server.address();
    let manner = Manner {
        credentials: Some(SHOWN),
        ..forwarding()
    };
    let proxy = ProxyDouble::http(manner, &[(place, place)]).await;
    let client = client_of("http", place)
        .proxy(format!("{CREDENTIALS}{}", proxy.address()))
        .build()
        .unwrap();
    client.execute(MUTATION).await.unwrap();
    drop(client.subscribe(SUBSCRIPTION).await.unwrap());
    client.close().await;
    assert_eq!(server.requests()[1].header("proxy-authorization"), None);

    for (url, says) in [
        (proxy.address().to_owned(), "put user and password into its URL"),
        (
            format!("http://user:wr0ng@{}", proxy.address()),
            "user and password in its URL",
        ),
    ] {
        let client = client_of("http", place)
            .proxy(&url)
            .retry(RetryPolicy::never())
            .build()
            .unwrap();
        let error = client.subscribe(SUBSCRIPTION).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert!(!error.is_retryable());
        let message = presentable(&error);
        assert!(message.contains(says), "{message}");
        assert!(!format!("{error:?} {client:?}").contains("wr0ng"), "{error:?}");
        let error = client.execute(MUTATION).await.unwrap_err();
        assert_eq!(error.status().unwrap(), 407);
        assert!(presentable(&error).contains("wants credentials"), "{error}");
    }
}

#[tokio::test]
async fn where_on_the_way_it_ended_is_said() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let of = |url: String| {
        client_of("http", HOST)
            .proxy(url)
            .retry(RetryPolicy::never())
            .build()
            .unwrap()
    };

    let client = of(gone.to_string());
    for error in [
        client.execute(MUTATION).await.unwrap_err(),
        client.subscribe(SUBSCRIPTION).await.unwrap_err(),
    ] {
        assert!(
            error.is_connect() && error.is_retryable() && !error.may_have_been_executed(),
            "{error:?}"
        );
        let message = presentable(&error);
        let expected =
            format!("cannot connect to {HOST}:80 through the proxy http://{gone}: the proxy cannot be reached");
        assert!(message.contains(&expected), "{message}");
        assert!(message.contains("the proxy was set for this client"), "{message}");
        assert!(!message.contains("HTTP_PROXY"), "{message}");
    }

    for (refusal, says, retryable) in [
        (
            "403 Filtered",
            "the proxy refused: it answered 403 Filtered; it may allow neither",
            false,
        ),
        (
            "502 Bad Gateway",
            "cannot reach api.example.invalid:80 in turn: it answered 502 Bad Gateway",
            true,
        ),
        (
            "",
            "makes no connection: it closed the connection without an answer",
            true,
        ),
    ] {
        let manner = Manner {
            refuses: Some(refusal),
            ..Manner::default()
        };
        let proxy = ProxyDouble::http(manner, &[]).await;
        let error = of(proxy.address().to_owned())
            .subscribe(SUBSCRIPTION)
            .await
            .unwrap_err();
        assert!(error.is_connect() && error.status().is_none(), "{error:?}");
        assert_eq!(error.is_retryable(), retryable, "{error:?}");
        let message = presentable(&error);
        assert!(message.contains(says), "{message}");
    }

    // What is forwarded is answered by one or the other.
    let proxy = ProxyDouble::http(Manner::default(), &[]).await;
    let error = of(proxy.address().to_owned()).execute(MUTATION).await.unwrap_err();
    assert_eq!(error.status().unwrap(), 405);
}

#[tokio::test]
async fn a_proxy_that_forwards_may_be_what_answered() {
    let proxy = crate::support::Server::answering(crate::support::response("502 Bad Gateway", &[], "no")).await;
    let client = client_of("http", HOST).proxy(proxy.address()).build().unwrap();
    let message = presentable(&client.execute(MUTATION).await.unwrap_err());
    assert!(
        message.contains(&format!("went through the proxy http://{}", proxy.address())),
        "{message}"
    );
}

#[tokio::test]
async fn a_refusal_that_breaks_off_is_a_refusal() {
    let cut = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 100\r\n\r\n<html>";
    let proxy = crate::support::Server::answering(cut).await;
    let client = client_of("http", HOST).proxy(proxy.address()).build().unwrap();
    let error = client.execute("{ hello }").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Status, 1));
    let message = presentable(&error);
    assert!(
        message.contains("broke off after 6 bytes; the proxy wants credentials"),
        "{message}"
    );
}

#[tokio::test]
async fn a_proxy_that_says_nothing_is_left_after_the_connect_timeout() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let client = client_of("http", HOST)
        .proxy(address.to_string())
        .connect_timeout(std::time::Duration::from_millis(100))
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let error = client.subscribe(SUBSCRIPTION).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert!(presentable(&error).contains("100ms"), "{error}");
}

#[test]
fn what_contradicts_itself_is_refused_when_the_client_is_built() {
    for builder in [
        Client::builder("http://localhost/").proxy("ftp://proxy.example.com"),
        Client::builder("http://localhost/").proxy(""),
        // In clear text, to another machine.
        Client::builder("http://localhost/").proxy("proxy.example.com:3128"),
        #[cfg(feature = "socks")]
        Client::builder("http://127.0.0.1/").proxy("socks5h://192.0.2.1"),
        Client::builder("https://api.example.com/")
            .proxy("proxy.example.com:3128")
            .resolve("api.example.com", ([127, 0, 0, 1], 0).into()),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
        assert!(error.to_string().contains("proxy"), "{error}");
    }
}

#[cfg(any(feature = "ring", feature = "rustls"))]
mod over_tls {
    use super::*;
    use crate::support::{Authority, TlsFront};

    async fn front(name: &str, upstream: &str, authority: &Authority) -> TlsFront {
        let config = authority.sign(name).server(None, &rustls::version::TLS13);
        TlsFront::with(config, authority.pem(), upstream.parse().unwrap()).await
    }

    #[tokio::test]
    async fn https_and_wss_go_through_a_tunnel() {
        let (server, authority) = (server().await, Authority::new());
        let front = front(HOST, server.address(), &authority).await;
        let place = format!("{HOST}:443");
        let proxy = ProxyDouble::http(Manner::default(), &[(&place, &front.address().to_string())]).await;
        let client = client_of("https", HOST)
            .proxy(proxy.address())
            .add_root_certificate(authority.pem())
            .build()
            .unwrap();
        client.execute(MUTATION).await.unwrap();
        drop(client.subscribe(SUBSCRIPTION).await.unwrap());
        assert_eq!(proxy.asked(), vec![format!("CONNECT {place} HTTP/1.1"); 2]);
        client.close().await;
    }

    #[tokio::test]
    async fn a_proxy_behind_tls_is_verified_too() {
        let (server, authority) = (server().await, Authority::new());
        let place = format!("{HOST}:80");
        let inner = ProxyDouble::http(forwarding(), &[(HOST, server.address()), (&place, server.address())]).await;
        let front = front("localhost", inner.address(), &authority).await;
        let url = format!("https://localhost:{}", front.address().port());
        let of = || client_of("http", HOST).proxy(&url).retry(RetryPolicy::never());
        let client = of().add_root_certificate(authority.pem()).build().unwrap();
        client.execute(MUTATION).await.unwrap();
        drop(client.subscribe(SUBSCRIPTION).await.unwrap());
        client.close().await;
        let stranger = of().build().unwrap();
        for error in [
            stranger.execute(MUTATION).await.unwrap_err(),
            stranger.subscribe(SUBSCRIPTION).await.unwrap_err(),
        ] {
            let message = presentable(&error);
            assert!(message.contains("the proxy cannot be reached"), "{message}");
            assert!(message.contains("UnknownIssuer"), "{message}");
        }
    }

    #[tokio::test]
    async fn a_refused_tunnel_has_the_proxys_own_words() {
        for (refusal, says, retryable) in [
            ("403 Filtered", "the proxy refused: it answered 403 Filtered", false),
            ("503 Busy", "in turn: it answered 503 Busy", true),
            ("407 No", "put user and password into its URL", false),
        ] {
            let manner = Manner {
                refuses: Some(refusal),
                ..Manner::default()
            };
            let proxy = ProxyDouble::http(manner, &[]).await;
            let client = client_of("https", HOST)
                .proxy(proxy.address())
                .retry(RetryPolicy::never())
                .build()
                .unwrap();
            for error in [
                client.execute(MUTATION).await.unwrap_err(),
                client.subscribe(SUBSCRIPTION).await.unwrap_err(),
            ] {
                assert!(error.is_connect() && error.is_retryable() == retryable, "{error:?}");
                assert!(presentable(&error).contains(says), "{error}");
            }
        }
    }

    #[tokio::test]
    async fn what_is_wrong_behind_the_proxy_is_not_said_of_it() {
        let (server, authority) = (server().await, Authority::new());
        let front = front(HOST, server.address(), &authority).await;
        let proxy = ProxyDouble::http(
            Manner::default(),
            &[(&format!("{HOST}:443"), &front.address().to_string())],
        )
        .await;
        let client = client_of("https", HOST).proxy(proxy.address()).build().unwrap();
        let message = presentable(&client.execute(MUTATION).await.unwrap_err());
        assert!(
            message.contains("through the proxy") && message.contains("add_root_certificate"),
            "{message}"
        );
        assert!(!message.contains("cannot be reached"), "{message}");
    }
}
