use std::time::Duration;

use gqlwire::{Client, Error, ErrorKind};

use crate::support::{MUTATION, Server, appsync_client, presentable, response};

/// Sends a mutation to a server that answers like this; it must have gone out exactly once.
async fn mutate(answer: impl Into<Vec<u8>>) -> Error {
    let server = Server::answering(answer).await;
    let client = appsync_client(&server)
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap();
    let error = client.execute(MUTATION).await.unwrap_err();
    assert_eq!(server.requests().len(), 1, "{error}");
    presentable(&error);
    error
}

#[tokio::test]
async fn a_page_instead_of_an_answer_keeps_status_and_beginning_of_the_body() {
    let page = format!("<html>\n<h1>Bad Gateway</h1>{}</html>", "x".repeat(10_000));
    let error = mutate(response("502 Bad Gateway", &[("content-type", "text/html")], &page)).await;
    assert_eq!(error.kind(), ErrorKind::Status);
    assert_eq!(error.status().unwrap(), 502);
    assert!(error.body().unwrap().starts_with("<html>"));
    assert_eq!(error.body().unwrap().len(), 4096);
    assert!(error.to_string().contains("502 Bad Gateway"), "{error}");
    assert!(error.may_have_been_executed());
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn a_message_with_status_200_is_a_breach_of_protocol_that_is_quoted() {
    let error = mutate(response("200 OK", &[], r#"{"message":"Forbidden by the gateway"}"#)).await;
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert_eq!(error.status().unwrap(), 200);
    assert!(error.to_string().contains("Forbidden by the gateway"), "{error}");
    assert!(error.may_have_been_executed());
}

#[tokio::test]
async fn refused_credentials_are_an_auth_error_that_names_them() {
    let body =
        r#"{"errors":[{"errorType":"UnauthorizedException","message":"You are not authorized to make this call."}]}"#;
    let headers = [("x-amzn-ErrorType", "UnauthorizedException")];
    let error = mutate(response("401 Unauthorized", &headers, body)).await;
    assert!(error.is_auth());
    assert_eq!(error.errors()[0].error_type(), Some("UnauthorizedException"));
    let message = error.to_string();
    assert!(
        message.contains("You are not authorized to make this call."),
        "{message}"
    );
    assert!(message.contains("API key"), "{message}");
    assert!(!error.may_have_been_executed());
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn a_firewall_without_a_message_is_named_by_its_type() {
    for (body, headers) in [
        (r#"{"errors":[{"errorType":"WAFForbiddenException"}]}"#, vec![]),
        ("", vec![("x-amzn-errortype", "WAFForbiddenException")]),
    ] {
        let error = mutate(response("403 Forbidden", &headers, body)).await;
        assert!(error.is_auth());
        assert_eq!(error.status().unwrap(), 403);
        assert!(error.to_string().contains("WAFForbiddenException"), "{error}");
    }
}

#[tokio::test]
async fn throttling_is_retryable_and_keeps_when_to_come_back() {
    let error = mutate(response("429 Too Many Requests", &[("retry-after", "7")], "slow down")).await;
    assert_eq!(error.kind(), ErrorKind::Status);
    assert!(error.is_retryable());
    assert_eq!(error.headers()["retry-after"], "7");
    assert!(error.to_string().contains("slow down"), "{error}");
}

#[tokio::test]
async fn graphql_errors_with_status_400_are_an_answer() {
    let body =
        r#"{"errors":[{"message":"Unable to parse GraphQL query.","errorType":"MalformedHttpRequestException"}]}"#;
    let server = Server::answering(response("400 Bad Request", &[("x-amzn-requestid", "r1")], body)).await;
    let response = appsync_client(&server)
        .build()
        .unwrap()
        .execute(MUTATION)
        .await
        .unwrap();
    assert_eq!(response.errors[0].error_type(), Some("MalformedHttpRequestException"));
    assert_eq!(response.headers()["x-amzn-requestid"], "r1");
    let error = Error::from(response.into_data().unwrap_err());
    assert!(error.is_graphql());
    assert!(error.to_string().contains("Unable to parse"), "{error}");
}

#[tokio::test]
async fn an_empty_body_is_said_to_be_empty() {
    let error = mutate(response("200 OK", &[], "")).await;
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("empty"), "{error}");
    let error = mutate(response("500 Internal Server Error", &[], "")).await;
    assert_eq!(error.kind(), ErrorKind::Status);
    assert!(error.to_string().contains("the body is empty"), "{error}");
}

#[tokio::test]
async fn redirects_are_errors_that_name_where_they_point_and_send_nothing_there() {
    for status in [
        "301 Moved",
        "302 Found",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let elsewhere = Server::answering(response("200 OK", &[], "{}")).await;
        let target = elsewhere.url("/new");
        let error = mutate(response(status, &[("location", &target)], "")).await;
        assert_eq!(error.kind(), ErrorKind::Status);
        assert!(error.status().unwrap().is_redirection());
        assert!(error.to_string().contains(&target), "{error}");
        assert!(elsewhere.requests().is_empty());
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_a_lost_connection() {
    for cut in [
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"data\":",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\n{\"data\":\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n",
    ] {
        let error = mutate(cut).await;
        assert_eq!(error.kind(), ErrorKind::Disconnected, "{error}");
        assert!(error.to_string().contains("broke off after"), "{error}");
        assert_eq!(error.status().unwrap(), 200);
        assert!(error.may_have_been_executed());
        assert!(!error.is_retryable());
    }
}

#[tokio::test]
async fn a_content_length_that_is_too_short_gives_what_is_left_of_the_json() {
    let error = mutate("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 8\r\n\r\n{\"data\":{}}").await;
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("not JSON"), "{error}");
}

#[tokio::test]
async fn what_is_no_http_is_said_to_be_none() {
    let error = mutate("SSH-2.0-OpenSSH_9.6\r\n\r\n").await;
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    assert!(error.may_have_been_executed());
    let huge = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(1024 * 1024));
    let error = mutate(huge).await;
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
}

#[tokio::test]
async fn a_connection_that_closes_without_a_word_may_have_executed_it() {
    let error = mutate("").await;
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error}");
    assert!(error.may_have_been_executed());
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn a_body_without_end_is_cut_at_the_limit_whether_announced_or_not() {
    for head in [
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n",
    ] {
        let server = Server::start(move |_, stream| stream.send_without_end(head, &[b' '; 4096])).await;
        let client = appsync_client(&server).max_response_size(100_000).build().unwrap();
        let error = client.execute(MUTATION).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(presentable(&error).contains("longer than 100000 bytes"), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_or_stops_half_way_is_left_after_the_timeout() {
    for sent in [
        "",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{",
    ] {
        let server = Server::start(move |_, stream| stream.send_and_hang(sent)).await;
        let client = appsync_client(&server).build().unwrap();
        let error = client
            .execute(MUTATION)
            .timeout(Duration::from_millis(200))
            .await
            .unwrap_err();
        assert!(error.is_timeout());
        assert!(
            presentable(&error).contains("the mutation to http://127.0.0.1"),
            "{error}"
        );
        assert!(error.may_have_been_executed());
        assert!(!error.is_retryable());
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn nobody_there_is_a_connect_error_that_asks_whether_the_server_runs() {
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let client = Client::new(&format!("http://{address}/graphql")).unwrap();
    let error = client.execute(MUTATION).await.unwrap_err();
    assert!(error.is_connect());
    assert!(error.is_retryable());
    assert!(!error.may_have_been_executed());
    assert!(presentable(&error).contains("is the server running?"), "{error}");
}

#[tokio::test]
async fn data_that_does_not_fit_is_a_decode_error_unless_the_server_reports_errors() {
    #[derive(Debug, serde::Deserialize)]
    struct Data {
        _n: u64,
    }
    let run = |body: &'static str| async move {
        let server = Server::answering(response("200 OK", &[], body)).await;
        let client = appsync_client(&server).build().unwrap();
        client.execute(gqlwire::Request::<Data>::new("{ n }")).await
    };
    let error = run(r#"{"data":{"_n":"seven"}}"#).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(error.status().unwrap(), 200);
    assert!(error.may_have_been_executed());
    let partial = run(r#"{"data":{"_n":null},"errors":[{"message":"no"}]}"#)
        .await
        .unwrap();
    let error = Error::from(partial.into_data().unwrap_err());
    assert!(error.is_graphql());
    assert_eq!(error.raw_data().unwrap().get(), r#"{"_n":null}"#);
    assert!(error.may_have_been_executed() && !error.is_retryable());
}
