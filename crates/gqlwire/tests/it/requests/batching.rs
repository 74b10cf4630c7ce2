use std::future::IntoFuture;
use std::time::Duration;

use futures_util::future::{join_all, join3};
use gqlwire::{Batching, Client};
use serde_json::Value;

use super::{OK, client, data, server};
use crate::support::{Request, Server, response};

/// So long that only a full batch goes.
const LONG: Duration = Duration::from_secs(3600);

/// Answers every operation with the digits of its own document.
async fn echo() -> Server {
    server(|_, request| (OK, echoed(request))).await
}

fn echoed(request: &Request) -> String {
    let one = |request: &Value| {
        let digits = request["query"].as_str().unwrap().chars().filter(char::is_ascii_digit);
        data(digits.collect::<String>())
    };
    match serde_json::from_str(&request.body).unwrap() {
        Value::Array(requests) => format!("[{}]", requests.iter().map(one).collect::<Vec<_>>().join(",")),
        request => one(&request),
    }
}

fn batching(server: &Server, batching: Batching) -> Client {
    client(server).batching(batching).build().unwrap()
}

async fn ask(client: &Client, n: u32) -> u64 {
    let data = client
        .execute(format!("{{ n{n} }}"))
        .await
        .unwrap()
        .into_data()
        .unwrap();
    data["n"].as_u64().unwrap()
}

#[tokio::test]
async fn calls_at_the_same_time_are_one_request_and_each_has_its_own_answer() {
    let server = echo().await;
    let client = batching(&server, Batching::new().interval(LONG).most(3));
    let answers = join_all((1..=3).map(|n| ask(&client, n))).await;
    assert_eq!(answers, [1, 2, 3]);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn calls_of_other_tasks_go_along() {
    let server = echo().await;
    let client = batching(&server, Batching::new().interval(LONG).most(3));
    let tasks = (1..=3).map(|n| {
        let client = client.clone();
        tokio::spawn(async move { ask(&client, n).await })
    });
    assert_eq!(join_all(tasks).await.into_iter().map(Result::unwrap).sum::<u64>(), 6);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_query_that_finds_no_company_goes_alone_after_the_interval() {
    let server = echo().await;
    let client = batching(&server, Batching::new().interval(Duration::from_millis(1)));
    assert_eq!(ask(&client, 7).await, 7);
    assert_eq!(server.requests()[0].body, r#"{"query":"{ n7 }"}"#);
}

#[tokio::test]
async fn mutations_do_not_wait_unless_they_are_to_be_batched_too() {
    let server = echo().await;
    let client = batching(&server, Batching::new().interval(LONG));
    client.execute("mutation { n1 }").await.unwrap();
    assert_eq!(server.requests().len(), 1);
    let client = batching(&server, Batching::new().interval(LONG).most(2).mutations());
    let mutations = [client.execute("mutation { n1 }"), client.execute("mutation { n2 }")];
    join_all(mutations.map(IntoFuture::into_future)).await;
    assert_eq!(server.requests().len(), 2);
    assert!(server.requests()[1].body.starts_with('['));
}

#[tokio::test]
async fn only_calls_with_equal_headers_and_credentials_go_together() {
    let server = echo().await;
    let client = batching(&server, Batching::new().interval(LONG).most(2));
    let with = |n: u32, tenant| client.execute(format!("{{ n{n} }}")).header("x-tenant", tenant);
    let calls = [with(1, "a"), with(2, "b"), with(3, "a"), with(4, "b")];
    let answers = join_all(calls.map(IntoFuture::into_future)).await;
    let answers: Vec<_> = answers
        .into_iter()
        .map(|answer| answer.unwrap().data.unwrap()["n"].clone())
        .collect();
    assert_eq!(answers, [1, 2, 3, 4]);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        let expected = match request.header("x-tenant").unwrap() {
            "a" => r#"[{"query":"{ n1 }"},{"query":"{ n3 }"}]"#,
            _ => r#"[{"query":"{ n2 }"},{"query":"{ n4 }"}]"#,
        };
        assert_eq!(request.body, expected);
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_takes_only_itself_out() {
    let server = echo().await;
    let client = batching(&server, Batching::new().interval(LONG).most(3));
    // It opens the batch, and is dropped while that is open.
    let first = client.execute("{ n1 }").timeout(Duration::from_millis(20));
    let (first, second, third) = join3(first.into_future(), ask(&client, 2), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        ask(&client, 3).await
    })
    .await;
    assert!(first.unwrap_err().is_timeout());
    assert_eq!((second, third), (2, 3));
    let [request] = &server.requests()[..] else {
        panic!("not one")
    };
    assert_eq!(request.body, r#"[{"query":"{ n2 }"},{"query":"{ n3 }"}]"#);
}

#[tokio::test]
async fn a_batch_whose_calls_were_all_dropped_is_never_sent_and_takes_nobody() {
    let server = echo().await;
    let client = batching(&server, Batching::new().interval(LONG).most(2));
    let gone = client.execute("{ n1 }").timeout(Duration::from_millis(20)).await;
    assert!(gone.unwrap_err().is_timeout());
    let answers = join_all([ask(&client, 2), ask(&client, 3)]).await;
    assert_eq!(answers, [2, 3]);
    assert_eq!(server.requests()[0].body, r#"[{"query":"{ n2 }"},{"query":"{ n3 }"}]"#);
}

#[tokio::test]
async fn a_timeout_in_flight_is_that_calls_own() {
    let server = Server::start(|request, stream| async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        stream.send(response(OK, &[], &echoed(&request))).await;
    })
    .await;
    let client = batching(&server, Batching::new().interval(LONG).most(2));
    let hasty = client
        .execute("{ n1 }")
        .timeout(Duration::from_millis(100))
        .into_future();
    let (hasty, patient) = futures_util::future::join(hasty, ask(&client, 2)).await;
    let error = hasty.unwrap_err();
    assert!(error.is_timeout() && error.may_have_been_executed(), "{error}");
    assert_eq!(patient, 2);
}

#[tokio::test]
async fn a_batch_that_fails_is_the_error_of_each() {
    let server = server(|_, _| ("500 Internal Server Error", "broken".to_owned())).await;
    let client = batching(&server, Batching::new().interval(LONG).most(2));
    let calls = [client.execute("{ n1 }"), client.execute("{ n2 }")];
    for answer in join_all(calls.map(IntoFuture::into_future)).await {
        assert_eq!(answer.unwrap_err().status().unwrap(), 500);
    }
    assert_eq!(server.requests().len(), 1);
}
