//! Requests checked against a schema before anything is sent.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use gqlwire::schema::{IntrospectionOptions, Schema};
use gqlwire::{Client, Error, ErrorKind, EventSource, RawRequest, RawResponse, Request, Transport};
use serde_json::{Value, json};

use crate::secrets::Log;
use crate::support::{Server, appsync_client, response};

const SDL: &str = "
    type Query { messages(limit: Int, filter: Filter): [Message] }
    type Subscription { onMessage: Message }
    type Message { id: ID!, text: String }
    input Filter { text: String! }
";

/// Remembers what it is asked to send, and answers with nothing in it.
#[derive(Clone, Debug, Default)]
struct Recorded(Arc<Mutex<Vec<String>>>);

impl Transport for Recorded {
    fn execute<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<RawResponse, Error>> {
        self.0.lock().unwrap().push(request.body().to_owned());
        Box::pin(async { Ok(RawResponse::new(r#"{"data":{}}"#)) })
    }

    fn subscribe(&self, request: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>> {
        self.0.lock().unwrap().push(request.body().to_owned());
        Box::pin(async { Err(Error::new(ErrorKind::Connect, "this double has no events")) })
    }

    fn catches_up(&self) -> bool {
        true
    }
}

fn client() -> (Client, Recorded) {
    let sent = Recorded::default();
    let schema = Schema::from_sdl(SDL).unwrap();
    (Client::with_transport(sent.clone()).with_schema(schema), sent)
}

impl Recorded {
    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

#[tokio::test]
async fn what_validates_is_sent_as_it_is_written() {
    let (client, sent) = client();
    let request = Request::<Value>::new("query($l: Int) { messages(limit: $l) { id } }");
    client.execute(request.clone()).await.unwrap();
    client.execute(request.variable("l", 5)).await.unwrap();
    assert_eq!(
        sent.0.lock().unwrap().last().unwrap(),
        r#"{"query":"query($l: Int) { messages(limit: $l) { id } }","variables":{"l":5}}"#
    );
}

#[tokio::test]
async fn a_document_that_does_not_validate_is_refused_with_every_place_and_not_sent() {
    let (client, sent) = client();
    let error = client
        .execute("{\n  mesages { id }\n  messages { txt }\n}")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert!(!error.may_have_been_executed() && !error.is_retryable());
    let diagnostics = error.diagnostics().unwrap();
    let places: Vec<_> = diagnostics.iter().map(|found| (found.line(), found.column())).collect();
    assert_eq!(places, [(2, 3), (3, 14)]);
    let shown = error.to_string();
    assert!(
        shown.starts_with("the schema refuses this document, for 2 reasons:\n"),
        "{shown}"
    );
    assert!(
        shown.contains("2 |   mesages { id }\n  |   ^^^^^^^\n  = help: did you mean \"messages\"?"),
        "{shown}"
    );
    assert_eq!(sent.count(), 0);
}

#[tokio::test]
async fn the_use_of_what_is_deprecated_is_sent_and_logged_once() {
    let sdl = SDL.replace(
        "text: String }\n    input",
        "text: String @deprecated(reason: \"say `body`\") }\n    input",
    );
    let (log, _guard) = Log::capture();
    let client = Client::with_transport(Recorded::default()).with_schema(Schema::from_sdl(&sdl).unwrap());
    for _ in 0..2 {
        client.execute("{ messages { text } }").await.unwrap();
    }
    assert_eq!(log.text().matches("say `body`").count(), 1, "{}", log.text());
}

#[tokio::test]
async fn variables_that_do_not_fit_are_refused_without_their_values() {
    let (client, sent) = client();
    let document = "query($l: Int, $f: Filter!) { messages(limit: $l, filter: $f) { id } }";
    let request = Request::<Value>::new(document)
        .variable("l", "a secret")
        .variable("f", json!({"txt": "a secret"}))
        .variable("more", 1);
    let error = client.execute(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    let paths: Vec<_> = error
        .variable_errors()
        .unwrap()
        .iter()
        .map(|found| found.path())
        .collect();
    assert_eq!(paths, ["$l", "$f.text", "$f.txt", "$more"]);
    assert!(!format!("{error} {error:?}").contains("a secret"), "{error:?}");
    assert_eq!(sent.count(), 0);
}

#[tokio::test]
async fn what_is_left_out_and_what_is_null_differ() {
    let (client, _) = client();
    let document = "query($l: Int! = 5) { messages(limit: $l) { id } }";
    client.execute(Request::<Value>::new(document)).await.unwrap();
    let null = Request::<Value>::new(document).variable("l", None::<i32>);
    let error = client.execute(null).await.unwrap_err();
    assert!(error.to_string().contains("$l: must not be null (Int!)"), "{error}");
}

#[tokio::test]
async fn one_call_can_go_unchecked() {
    let (client, sent) = client();
    client.execute("{ newer }").validate(false).await.unwrap();
    let follow = client.subscribe("subscription { newer }").validate(false);
    assert_eq!(follow.await.unwrap_err().kind(), ErrorKind::Connect);
    assert_eq!(sent.count(), 2);
}

#[tokio::test]
async fn a_subscription_and_its_catch_up_are_checked_too() {
    let (client, sent) = client();
    let error = client.subscribe("subscription { onMesage { id } }").await.unwrap_err();
    assert!(error.diagnostics().is_some());
    let follow = client.subscribe("subscription { onMessage { id } }");
    let error = follow.catch_up("{ messages { txt } }").await.unwrap_err();
    assert!(error.diagnostics().is_some() && error.to_string().ends_with("(in the query to catch up with)"));
    assert_eq!(sent.count(), 0);

    let follow = client.subscribe("subscription { onMessage { id } }");
    let unchecked = follow.catch_up("{ newer }").validate(false).await;
    assert_eq!(unchecked.unwrap_err().kind(), ErrorKind::Connect);
}

#[tokio::test]
async fn the_builder_takes_the_schema_that_the_server_told() {
    let server = Server::start(|request, stream| async move {
        let named = |name: &str| json!({"kind": "SCALAR", "name": name, "ofType": null});
        let hello = json!({"name": "hello", "args": [], "type": named("String"), "isDeprecated": false});
        let types = json!([{"kind": "OBJECT", "name": "Query", "fields": [hello], "interfaces": []}, named("String")]);
        let schema = json!({"__schema": {"queryType": {"name": "Query"}, "types": types, "directives": []}});
        let answer = match request.body.contains("__schema") {
            true => json!({"data": schema}),
            false => json!({"data": {"hello": "you"}}),
        };
        stream.send(response("200 OK", &[], &answer.to_string())).await;
    })
    .await;
    let options = IntrospectionOptions::all();
    let schema = appsync_client(&server)
        .build()
        .unwrap()
        .fetch_schema(&options)
        .await
        .unwrap();
    assert!(schema.has_field("Query", "hello"));

    let client = appsync_client(&server).schema(schema).build().unwrap();
    assert!(client.execute("{ hello }").await.is_ok());
    let error = client.execute("{ helo }").await.unwrap_err();
    assert_eq!(error.diagnostics().unwrap().len(), 1);
    // What an introspection query asks for may be newer than what the schema knows of introspection.
    assert!(client.introspect(&options).await.is_ok());
    assert_eq!(server.requests().len(), 3);
}
