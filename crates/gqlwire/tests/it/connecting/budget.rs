use std::time::Duration;

use gqlwire::{Client, RetryBudget, RetryPolicy};

use crate::support::{Server, presentable, response};

const QUERY: &str = "{ hello }";

async fn struggling() -> Server {
    Server::answering(response("503 Service Unavailable", &[("x-trace", "t1")], "not now")).await
}

fn of(server: &Server) -> gqlwire::ClientBuilder {
    let hasty = RetryPolicy::default().delays(Duration::from_millis(1), Duration::from_millis(1));
    Client::builder(&server.url("/graphql")).retry(hasty)
}

#[tokio::test]
async fn a_struggling_server_gets_a_fifth_more_and_a_few_and_not_three_times_as_much() {
    let server = struggling().await;
    // Without what time gives, which a slow machine has more of.
    let client = of(&server).retry_budget(RetryBudget::new(0.2, 0.0)).build().unwrap();
    let mut stopped = 0;
    for _ in 0..100 {
        let error = client.execute(QUERY).await.unwrap_err();
        assert_eq!(error.headers()["x-trace"], "t1");
        let message = presentable(&error);
        stopped += usize::from(message.contains("retry budget of this client is used up: 20 % of its calls"));
    }
    let requests = server.requests().len();
    assert!((119..=120).contains(&requests), "{requests}");
    assert!(stopped >= 80, "{stopped}");
}

#[tokio::test]
async fn few_calls_are_repeated_as_their_policy_says_with_the_default_budget() {
    let server = struggling().await;
    let client = of(&server).build().unwrap();
    for calls in 1..=3 {
        let error = client.execute(QUERY).await.unwrap_err();
        assert_eq!(error.attempts(), 3);
        assert_eq!(server.requests().len(), 3 * calls);
    }
}

#[tokio::test]
async fn without_a_budget_each_call_has_all_its_attempts() {
    let server = struggling().await;
    let client = of(&server).retry_budget(RetryBudget::unlimited()).build().unwrap();
    for _ in 0..20 {
        client.execute(QUERY).await.unwrap_err();
    }
    assert_eq!(server.requests().len(), 60);
}
