use gqlwire::{Client, ClientBuilder, Error, ErrorKind, RetryPolicy};
use rustls::version::{TLS12, TLS13};

use super::{client_of, server};
use crate::support::{Authority, MUTATION, SUBSCRIPTION, Server, TlsFront, presentable};

/// Both endpoints behind this certificate.
async fn front(server: &Server, config: rustls::ServerConfig) -> TlsFront {
    TlsFront::with(config, String::new(), server.address().parse().unwrap()).await
}

fn to(front: &TlsFront) -> ClientBuilder {
    client_of("https", &format!("localhost:{}", front.address().port())).retry(RetryPolicy::never())
}

/// Both a request and a websocket fail, and with these words.
async fn refused(client: &Client, says: &str) -> Error {
    let request = client.execute(MUTATION).await.unwrap_err();
    let socket = client.subscribe(SUBSCRIPTION).await.unwrap_err();
    for error in [&request, &socket] {
        assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
        assert!(!error.is_retryable() && !error.may_have_been_executed(), "{error:?}");
        let message = presentable(error);
        assert!(message.contains(says), "{message}");
    }
    request
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_said_with_what_to_do() {
    let (server, authority) = (server().await, Authority::new());
    let localhost = "localhost";
    for (certified, known, says) in [
        (
            authority.sign_expired(localhost),
            true,
            "its certificate expired on Fri, 31 Dec 1999 00:00:00 GMT: the server has to renew it",
        ),
        (
            authority.sign_early(localhost),
            true,
            "valid only from Fri, 01 Jan 2100 00:00:00 GMT on: is the clock of this machine right?",
        ),
        (
            authority.sign("elsewhere.example.com"),
            true,
            "one for another host: is the host in the URL",
        ),
        (authority.sign(localhost), false, "add_root_certificate"),
    ] {
        let front = front(&server, certified.server(None, &TLS13)).await;
        let mut builder = to(&front);
        if known {
            builder = builder.add_root_certificate(authority.pem());
        }
        refused(&builder.build().unwrap(), says).await;
        // And with all of that off it is let through, as is what is said on it.
        let client = to(&front).danger_accept_invalid_certificates().build().unwrap();
        client.execute(MUTATION).await.unwrap();
        drop(client.subscribe(SUBSCRIPTION).await.unwrap());
        client.close().await;
    }
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_it_is_asked_for_and_missed_where_it_is_not_given() {
    let (server, authority, clients) = (server().await, Authority::new(), Authority::new());
    let localhost = authority.sign("localhost");
    let mine = clients.sign("me");
    let key = mine.key.serialize_pem();
    for version in [&TLS12, &TLS13] {
        let front = front(&server, localhost.server(Some(&clients), version)).await;
        let of = || to(&front).add_root_certificate(authority.pem());
        let client = of().client_certificate(&mine.pem, &key).build().unwrap();
        client.execute(MUTATION).await.unwrap();
        drop(client.subscribe(SUBSCRIPTION).await.unwrap());
        client.close().await;

        // One text for both will do.
        let both = format!("{key}{}", mine.pem);
        let client = of().client_certificate(&both, &both).build().unwrap();
        client.execute(MUTATION).await.unwrap();

        let error = refused(&of().build().unwrap(), "`client_certificate`").await;
        assert!(error.to_string().contains("ask"), "{error}");

        let stranger = Authority::new().sign("me");
        let client = of()
            .client_certificate(&stranger.pem, stranger.key.serialize_pem())
            .build()
            .unwrap();
        let error = refused(&client, "does not take this client's certificate").await;
        assert!(!format!("{error:?} {client:?}").contains("PRIVATE"), "{error:?}");
    }
}

#[test]
fn what_is_no_certificate_of_a_client_is_refused_when_the_client_is_built() {
    let authority = Authority::new();
    let (mine, other) = (authority.sign("me"), authority.sign("other"));
    let key = mine.key.serialize_pem();
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let older = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMIIB\n-----END RSA PRIVATE KEY-----\n";
    let unknown = "-----BEGIN PRIVATE KEY-----\nMEcCAQAwBQYDK2VxBDsEOQ==\n-----END PRIVATE KEY-----\n";
    for (certificate, key, says) in [
        (mine.pem.as_str(), encrypted, "is encrypted"),
        (&mine.pem, older, "is encrypted"),
        (&mine.pem, unknown, "is of no kind that TLS is spoken with"),
        (&mine.pem, "nonsense", "there is no private key"),
        (
            &mine.pem,
            "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
            "OpenSSH",
        ),
        (&other.pem, &key, "does not belong to the client certificate"),
        ("nonsense", &key, "BEGIN CERTIFICATE"),
        ("", "", "BEGIN CERTIFICATE"),
    ] {
        let builder = Client::builder("https://localhost/").client_certificate(certificate, key);
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let message = presentable(&error);
        assert!(message.contains(says), "{message}");
    }
}

#[tokio::test]
async fn a_server_that_answers_the_connection_and_no_handshake_is_left_after_the_connect_timeout() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let client = client_of("https", &format!("localhost:{port}"))
        .connect_timeout(std::time::Duration::from_millis(100))
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    for error in [
        client.execute(MUTATION).await.unwrap_err(),
        client.subscribe(SUBSCRIPTION).await.unwrap_err(),
    ] {
        assert!(error.is_timeout() && !error.may_have_been_executed(), "{error:?}");
        assert!(presentable(&error).contains("100ms"), "{error}");
    }
}
