use super::{client_of, stop};
use crate::support::{MUTATION, Manner, Peer, ProxyDouble, SUBSCRIPTION, Server, response};

/// Sets a cookie with each answer to a request, and takes subscriptions.
async fn server() -> Server {
    Server::start(|request, stream| async move {
        if request.method == "POST" {
            let headers = [
                ("set-cookie", "session=s3cret; Path=/; HttpOnly"),
                ("set-cookie", "lang=de; Path=/"),
            ];
            return stream.send(response("200 OK", &headers, r#"{"data":{}}"#)).await;
        }
        let mut peer = Peer::accept(&request, stream, Some("graphql-ws")).await;
        peer.ack().await;
        peer.start_and_ack().await;
        stop(peer).await;
    })
    .await
}

fn sent(server: &Server) -> Vec<Option<String>> {
    let requests = server.requests().into_iter();
    let cookies = requests.map(|request| {
        let mut pairs: Vec<_> = request.header("cookie")?.split("; ").map(str::to_owned).collect();
        pairs.sort();
        Some(pairs.join("; "))
    });
    cookies.collect()
}

#[tokio::test]
async fn cookies_go_with_requests_and_handshakes_when_asked_for_and_not_otherwise() {
    let kept = Some("lang=de; session=s3cret".to_owned());
    let server = server().await;
    let forwards = Manner {
        forwards: true,
        ..Manner::default()
    };
    let proxy = ProxyDouble::http(forwards, &[(server.address(), server.address())]).await;
    for (cookies, tunnel) in [(true, false), (false, false), (true, true)] {
        let before = server.requests().len();
        let mut builder = client_of("http", server.address());
        if cookies {
            builder = builder.cookies();
        }
        if tunnel {
            builder = builder.proxy(proxy.address());
        }
        let other = builder.clone().build().unwrap();
        let client = builder.build().unwrap();
        client.execute(MUTATION).await.unwrap();
        client.execute(MUTATION).await.unwrap();
        drop(client.subscribe(SUBSCRIPTION).await.unwrap());
        // Clients of one builder do not share them.
        other.execute(MUTATION).await.unwrap();
        let expected = kept.clone().filter(|_| cookies);
        assert_eq!(sent(&server)[before..], [None, expected.clone(), expected, None]);
        client.close().await;
    }
    assert_eq!(proxy.asked().len(), 4);
}
