use gqlwire::{Client, ErrorKind};

use super::{HOST, client_of, server};
use crate::support::{MUTATION, SUBSCRIPTION, presentable};

#[tokio::test]
async fn a_host_whose_address_is_given_is_not_looked_up() {
    let server = server().await;
    let address: std::net::SocketAddr = server.address().parse().unwrap();
    let named = format!("{HOST}:{}", address.port());
    for (authority, pin) in [
        // The URL's own port counts, otherwise the address's.
        (named.as_str(), ([127, 0, 0, 1], 0).into()),
        (HOST, address),
    ] {
        let client = client_of("http", authority).resolve(HOST, pin).build().unwrap();
        client.execute(MUTATION).await.unwrap();
        drop(client.subscribe(SUBSCRIPTION).await.unwrap());
        client.close().await;
        for request in server.requests().iter().rev().take(2) {
            assert_eq!(request.header("host"), Some(authority));
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_carries_requests_and_websockets_and_credentials() {
    use tokio::io::copy_bidirectional;
    use tokio::net::{TcpStream, UnixListener};

    let server = server().await;
    let folder = std::env::temp_dir().join(format!("gqlwire-unix-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("api.sock");
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    let upstream = server.address().to_owned();
    let relay = tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let upstream = upstream.clone();
            tokio::spawn(async move {
                let mut server = TcpStream::connect(upstream).await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    // Without `danger_allow_plaintext_credentials`.
    let of = |path: &std::path::Path| {
        Client::builder(&format!("http://{HOST}/graphql"))
            .appsync()
            .auth(gqlwire::appsync::ApiKey::new(crate::support::KEY))
            .unix_socket(path)
    };
    let client = of(&path).build().unwrap();
    client.execute(MUTATION).await.unwrap();
    drop(client.subscribe(SUBSCRIPTION).await.unwrap());
    client.close().await;
    assert_eq!(server.requests().len(), 2);
    let error = of(&path).proxy("localhost:3128").build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    relay.abort();
    let missing = of(&folder.join("missing.sock")).build().unwrap();
    let error = missing.execute(MUTATION).await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    let message = presentable(&error);
    assert!(message.contains("missing.sock"), "{message}");
    let _ = std::fs::remove_dir_all(folder);
}
