use std::future::IntoFuture;

use futures_util::StreamExt;
use futures_util::future::join_all;
use gqlwire::{Client, ErrorKind, Protocol};
use serde_json::json;

use super::{BOTH, TICKS, data, next, request, speaking};
use crate::support::{GraphqlServer, presentable};

#[tokio::test]
async fn events_come_in_order_and_completion_ends_the_stream() {
    for protocol in BOTH {
        let server = GraphqlServer::start().await;
        let client = speaking(&server, protocol).build().unwrap();
        let mut counted = client
            .subscribe(request("subscription { count(to: 1000) }"))
            .await
            .unwrap();
        for n in 1..=1000 {
            assert_eq!(next(&mut counted).await, json!({"count": n}));
        }
        assert!(counted.next().await.is_none());
    }
}

#[tokio::test]
async fn a_subscription_is_ready_when_it_is_written_and_a_refusal_ends_its_stream() {
    for protocol in BOTH {
        let server = GraphqlServer::start().await;
        let client = speaking(&server, protocol).build().unwrap();
        for (document, why) in [
            ("subscription { refused }", "not for you"),
            ("subscription { nonsense }", "nonsense"),
        ] {
            let mut refused = client.subscribe(request(document)).await.unwrap();
            // async-graphql tells the refusal in a `next`, others in an `error`.
            let said = match super::event(&mut refused).await {
                Ok(gqlwire::Event::Next(response)) => response.errors[0].message.clone(),
                Ok(other) => panic!("{other:?}"),
                Err(error) => error.errors()[0].message.clone(),
            };
            assert!(said.contains(why), "{said}");
            assert!(refused.next().await.is_none());
        }
        assert!(data(&client, "{ hello }").await.is_ok(), "the connection goes on");
    }
}

#[tokio::test]
async fn a_subscription_that_is_dropped_is_stopped_at_the_server() {
    for protocol in BOTH {
        let server = GraphqlServer::start().await;
        let client = speaking(&server, protocol).build().unwrap();
        let one = client.subscribe(request(TICKS)).await.unwrap();
        let mut other = client.subscribe(request(TICKS)).await.unwrap();
        server.subscribers(2).await;
        drop(one);
        server.subscribers(1).await;
        server.publish(7);
        assert_eq!(next(&mut other).await, json!({"ticks": 7}));
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_thousand_subscriptions_share_one_connection_and_each_gets_every_event() {
    for protocol in BOTH {
        let server = GraphqlServer::start().await;
        let client = speaking(&server, protocol).build().unwrap();
        let starting = (0..1000).map(|_| client.subscribe(request(TICKS)).into_future());
        let mut subscriptions: Vec<_> = join_all(starting).await.into_iter().map(Result::unwrap).collect();
        server.subscribers(1000).await;
        for tick in 0..3 {
            server.publish(tick);
        }
        for subscription in &mut subscriptions {
            for tick in 0..3 {
                assert_eq!(next(subscription).await, json!({"ticks": tick}));
            }
        }
        assert_eq!(server.requests().len(), 1);
        drop(subscriptions);
        server.subscribers(0).await;
    }
}

#[tokio::test]
async fn close_ends_the_streams_and_the_sockets_and_a_later_call_opens_another() {
    for protocol in BOTH {
        let server = GraphqlServer::start().await;
        let client = speaking(&server, protocol).build().unwrap();
        let mut ticks = client.subscribe(request(TICKS)).await.unwrap();
        server.subscribers(1).await;
        client.close().await;
        assert!(ticks.next().await.is_none());
        server.sockets(0).await;
        assert!(data(&client, "{ hello }").await.is_ok());
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn one_connection_takes_no_more_subscriptions_than_it_may() {
    let server = GraphqlServer::start().await;
    let client = speaking(&server, Protocol::TransportWs)
        .subscriptions_per_connection(10)
        .build()
        .unwrap();
    let starting = (0..25).map(|_| client.subscribe(request(TICKS)).into_future());
    let subscriptions = join_all(starting).await;
    server.subscribers(25).await;
    assert_eq!(server.requests().len(), 3);
    drop(subscriptions);
}

#[tokio::test]
async fn a_query_is_no_subscription_and_is_refused_before_anything_is_sent() {
    let server = GraphqlServer::start().await;
    let client = Client::new(&server.ws_url()).unwrap();
    let error = client.subscribe(request("{ hello }")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert!(presentable(&error).contains("use `execute`"), "{error}");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_slow_consumer_lags_alone_and_is_told_so() {
    let server = GraphqlServer::start().await;
    let client = Client::new(&server.ws_url()).unwrap();
    let slow = request("subscription { count(to: 100) }");
    let mut slow = client.subscribe(slow).queue_messages(5).await.unwrap();
    let mut quick = client
        .subscribe(request("subscription { count(to: 100) }"))
        .await
        .unwrap();
    for n in 1..=100 {
        assert_eq!(next(&mut quick).await, json!({"count": n}));
    }
    let mut last = 0;
    loop {
        match slow.next().await.unwrap() {
            Ok(gqlwire::Event::Next(_)) => last += 1,
            Ok(other) => panic!("{other:?}"),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Lagged);
                break;
            }
        }
    }
    assert!((5..100).contains(&last), "{last}");
}
