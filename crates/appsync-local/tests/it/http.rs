use serde_json::{Value, json};

use crate::support::{CREATE, Request, server};

#[tokio::test]
async fn ping_is_healthy_without_authentication() {
    let server = server().await;
    let answer = Request::new("GET", "/ping").send(&server).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "healthy"));
}

#[tokio::test]
async fn a_message_can_be_created_updated_got_listed_and_deleted() {
    let server = server().await;
    let created = Request::graphql(CREATE).send(&server).await;
    assert_eq!(created.status, 200);
    assert!(created.header("content-type").unwrap().starts_with("application/json"));
    assert!(created.header("x-amzn-requestid").is_some());
    let message = &created.json()["data"]["createMessage"];
    let id = message["id"].as_str().unwrap();
    assert!(message["createdAt"].as_str().unwrap().ends_with('Z'));

    let update = format!(r#"mutation {{ updateMessage(input: {{id: "{id}", message: "ho"}}) {{ message }} }}"#);
    let updated = Request::graphql(&update).send(&server).await.json();
    assert_eq!(updated, json!({"data": {"updateMessage": {"message": "ho"}}}));
    let get = format!(r#"{{ getMessage(id: "{id}") {{ message }} }}"#);
    let got = Request::graphql(&get).send(&server).await.json();
    assert_eq!(got, json!({"data": {"getMessage": {"message": "ho"}}}));
    let listed = Request::graphql("{ listMessages { items { id } nextToken } }")
        .send(&server)
        .await
        .json();
    assert_eq!(
        listed,
        json!({"data": {"listMessages": {"items": [{"id": id}], "nextToken": null}}})
    );
    let delete = format!(r#"mutation {{ deleteMessage(input: {{id: "{id}"}}) {{ id }} }}"#);
    let deleted = Request::graphql(&delete).send(&server).await.json();
    assert_eq!(deleted, json!({"data": {"deleteMessage": {"id": id}}}));
    let again = Request::graphql(&delete).send(&server).await.json();
    assert_eq!(again["data"], json!({"deleteMessage": null}));
    assert_eq!(
        again["errors"][0]["errorType"],
        "DynamoDB:ConditionalCheckFailedException"
    );
    assert_eq!(again["errors"][0]["path"], json!(["deleteMessage"]));
}

#[tokio::test]
async fn variables_and_operation_names_are_honoured() {
    let server = server().await;
    let body = json!({
        "query": "query A { listMessages { nextToken } } mutation B($m: String!) { createMessage(input: {message: $m}) { message } }",
        "operationName": "B",
        "variables": {"m": "x"},
    });
    let answer = Request::post(body.to_string()).key().send(&server).await.json();
    assert_eq!(answer, json!({"data": {"createMessage": {"message": "x"}}}));
}

#[tokio::test]
async fn get_takes_queries_only() {
    let server = server().await;
    let query = "/graphql?query=%7BlistMessages%7BnextToken%7D%7D&variables=%7B%7D";
    let answer = Request::new("GET", query).key().send(&server).await;
    assert_eq!(answer.json(), json!({"data": {"listMessages": {"nextToken": null}}}));
    let mutation = "/graphql?query=mutation%7BcreateMessage(input%3A%7Bmessage%3A%22x%22%7D)%7Bid%7D%7D";
    assert_eq!(Request::new("GET", mutation).key().send(&server).await.status, 405);
    let listed = Request::graphql("{ listMessages { items { id } } }")
        .send(&server)
        .await
        .json();
    assert_eq!(listed["data"]["listMessages"]["items"], json!([]));
    assert_eq!(Request::new("GET", "/graphql").key().send(&server).await.status, 400);
}

#[tokio::test]
async fn what_is_no_request_is_malformed() {
    let server = server().await;
    for body in ["", "  \n"] {
        let answer = Request::post(body).key().send(&server).await;
        answer.assert_refused(400, "MalformedHttpRequestException", "Request body is empty.");
    }
    for body in [
        "meow",
        "{}",
        "[]",
        "null",
        r#"{"query":1}"#,
        r#"[{"query":"{a}"}]"#,
        "\u{0}",
        "{\"query\":\"{a}\"",
    ] {
        let answer = Request::post(body).key().send(&server).await;
        answer.assert_refused(400, "MalformedHttpRequestException", "Unable to parse GraphQL query.");
    }
    let answer = Request::post([0xff, 0xfe, b'{'].as_slice()).key().send(&server).await;
    answer.assert_refused(400, "MalformedHttpRequestException", "Unable to parse GraphQL query.");
}

#[tokio::test]
async fn an_invalid_document_is_an_answer_with_errors() {
    let server = server().await;
    for document in [
        "{",
        "{ nothing }",
        "query($x: Int!) { __typename }",
        "{ getMessage { id } }",
        "query A { __typename } query B { __typename }",
    ] {
        let answer = Request::graphql(document).send(&server).await;
        assert_eq!(answer.status, 200, "{document}");
        assert_eq!(answer.json()["data"], Value::Null, "{document}");
        assert!(answer.json()["errors"][0]["message"].is_string(), "{document}");
    }
    let answer = Request::graphql("{ nothing }").send(&server).await.json();
    assert_eq!(
        answer["errors"][0]["message"],
        "Validation error of type FieldUndefined: Field 'nothing' in type 'Query' is undefined @ 'nothing'"
    );
}

#[tokio::test]
async fn a_subscription_is_sent_to_the_realtime_endpoint() {
    let server = server().await;
    let answer = Request::graphql("subscription { onCreateMessage { id } }")
        .send(&server)
        .await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("/graphql/realtime"));
}

#[tokio::test]
async fn introspection_answers() {
    let server = server().await;
    let answer = Request::graphql("{ __schema { queryType { name } } }")
        .send(&server)
        .await
        .json();
    assert_eq!(answer["data"]["__schema"]["queryType"]["name"], "Query");
}

#[tokio::test]
async fn other_paths_and_methods_are_named() {
    let server = server().await;
    for (method, path, status) in [
        ("GET", "/", 404),
        ("POST", "/graphql/", 404),
        ("DELETE", "/graphql", 405),
        ("POST", "/ping", 405),
        ("GET", "/graphql/realtime", 426),
    ] {
        let answer = Request::new(method, path).key().send(&server).await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(answer.json()["errors"][0]["message"].is_string());
    }
}
