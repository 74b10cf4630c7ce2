//! What fires, what passes, and what an event holds.

use appsync_local::{Api, Limits, Server};
use serde_json::{Value, json};

use crate::support::{CREATE, Connect, KEY, Request, Socket, server, start};

const CHAT: &str = r#"
    type Note { id: ID! room: String text: String! author: Author stars: Int }
    type Author { name: String born: AWSDate }
    input AuthorInput { name: String born: AWSDate }
    input NoteInput { room: String text: String author: AuthorInput stars: Int }
    type Query { getNote(id: ID!): Note }
    type Mutation {
        createNote(input: NoteInput!): Note
        deleteNote(id: ID!): Note
        say(room: String, text: String): Note
    }
    type Subscription {
        onCreateNote(room: String, stars: Int, id: ID): Note @aws_subscribe(mutations: ["createNote"])
        onAny: Note @aws_subscribe(mutations: ["createNote", "deleteNote", "say"])
        onDefault(room: String = "a"): Note @aws_subscribe(mutations: ["createNote"])
        onNothing: Note
    }
"#;

async fn chat() -> Server {
    start(Server::builder().api(Api::from_sdl(CHAT).unwrap()).api_key(KEY)).await
}

async fn connected(server: &Server) -> Socket {
    let mut socket = Connect::api_key(server).open().await;
    socket.init().await;
    socket
}

async fn mutate(server: &Server, document: &str) -> Value {
    let answer = Request::graphql(document).send(server).await.json();
    assert!(answer.get("errors").is_none(), "{answer}");
    answer["data"].clone()
}

#[tokio::test]
async fn every_mutation_of_the_messages_api_fires_its_own_subscription() {
    let server = server().await;
    let mut socket = connected(&server).await;
    for (id, field) in [
        ("c", "onCreateMessage"),
        ("u", "onUpdateMessage"),
        ("d", "onDeleteMessage"),
    ] {
        socket
            .subscribe(id, &format!("subscription {{ {field} {{ id message }} }}"))
            .await;
    }
    let created = mutate(&server, CREATE).await;
    let id = created["createMessage"]["id"].as_str().unwrap();
    let event = socket.data("c").await;
    assert_eq!(event, json!({"data": {"onCreateMessage": {"id": id, "message": "hi"}}}));
    mutate(
        &server,
        &format!(r#"mutation {{ updateMessage(input: {{id: "{id}", message: "ho"}}) {{ id message }} }}"#),
    )
    .await;
    let event = socket.data("u").await;
    assert_eq!(event, json!({"data": {"onUpdateMessage": {"id": id, "message": "ho"}}}));
    mutate(
        &server,
        &format!(r#"mutation {{ deleteMessage(input: {{id: "{id}"}}) {{ id message }} }}"#),
    )
    .await;
    let event = socket.data("d").await;
    assert_eq!(event, json!({"data": {"onDeleteMessage": {"id": id, "message": "ho"}}}));
    socket.assert_silent().await;
}

#[tokio::test]
async fn arguments_filter_by_equality_with_what_the_mutation_selected() {
    let server = chat().await;
    let mut socket = connected(&server).await;
    let field = |arguments: &str| format!("subscription {{ onCreateNote{arguments} {{ text }} }}");
    socket.subscribe("all", &field("")).await;
    socket.subscribe("a", &field(r#"(room: "a")"#)).await;
    socket.subscribe("a5", &field(r#"(room: "a", stars: 5)"#)).await;
    socket.subscribe("null", &field("(room: null)")).await;
    let variable = "subscription($room: String) { onCreateNote(room: $room) { text } }";
    socket.subscribe_with("variable", variable, json!({"room": "a"})).await;
    socket.subscribe_with("unset", variable, json!({})).await;
    socket
        .subscribe_with("null variable", variable, json!({"room": null}))
        .await;
    socket.subscribe("default", "subscription { onDefault { text } }").await;

    let make = |input: &str, selected: &str| {
        format!("mutation {{ createNote(input: {{text: \"x\", {input}}}) {{ text {selected} }} }}")
    };
    let mut deliveries = Vec::new();
    for (input, selected) in [
        (r#"room: "a", stars: 5"#, "room stars"),
        (r#"room: "a", stars: 4"#, "room stars"),
        (r#"room: "b""#, "room"),
        ("stars: 5", "room"),
        // The room is right, but nobody is told.
        (r#"room: "a""#, "stars"),
    ] {
        mutate(&server, &make(input, selected)).await;
        socket.send(json!({"type": "stop", "id": "marker"})).await;
        let mut ids = Vec::new();
        loop {
            let frame = socket.next().await;
            match frame["type"].as_str().unwrap() {
                "data" => ids.push(frame["id"].as_str().unwrap().to_owned()),
                _ => break,
            }
        }
        ids.sort();
        deliveries.push(ids.join(" "));
    }
    assert_eq!(
        deliveries,
        [
            "a a5 all default unset variable",
            "a all default unset variable",
            "all unset",
            "all null null variable unset",
            "all null null variable unset",
        ]
    );
}

#[tokio::test]
async fn an_event_holds_only_what_the_mutation_selected() {
    let server = chat().await;
    let mut socket = connected(&server).await;
    socket
        .subscribe(
            "1",
            "subscription { onAny { room stars author { name born } kind: __typename } }",
        )
        .await;
    let make = r#"mutation { createNote(input: {room: "a", text: "x", stars: 1, author: {name: "n", born: "2000-01-01"}})
                  { place: room author { called: name } } }"#;
    mutate(&server, make).await;
    assert_eq!(
        socket.data("1").await,
        json!({"data": {"onAny": {"room": "a", "stars": null, "author": {"name": "n", "born": null}, "kind": "Note"}}})
    );
}

#[tokio::test]
async fn a_non_null_field_that_the_mutation_did_not_select_nulls_the_event_and_says_so() {
    let server = chat().await;
    let mut socket = connected(&server).await;
    socket.subscribe("1", "subscription { onAny { room text } }").await;
    mutate(&server, r#"mutation { say(room: "a", text: "x") { room } }"#).await;
    let event = socket.data("1").await;
    assert_eq!(event["data"], json!({"onAny": null}));
    assert_eq!(
        event["errors"][0]["message"],
        "Cannot return null for non-nullable type: 'String' within parent 'Note' (/onAny/text)"
    );
}

#[tokio::test]
async fn a_mutation_within_the_process_reaches_subscribers_as_any_other() {
    let server = chat().await;
    let mut socket = connected(&server).await;
    socket
        .subscribe("1", r#"subscription { onCreateNote(room: "a") { text } }"#)
        .await;
    let make = "mutation($room: String) { createNote(input: {room: $room, text: \"x\"}) { room text } }";
    for room in ["b", "a"] {
        let variables = json!({"room": room}).as_object().unwrap().clone();
        let answer: Value = serde_json::from_str(&server.execute(make, variables).await).unwrap();
        assert_eq!(answer["data"]["createNote"]["room"], room);
    }
    assert_eq!(socket.data("1").await, json!({"data": {"onCreateNote": {"text": "x"}}}));
    socket.assert_silent().await;
    for wrong in ["subscription { onAny { id } }", "{ nothing }", "{"] {
        let answer: Value = serde_json::from_str(&server.execute(wrong, Default::default()).await).unwrap();
        assert!(answer["errors"][0]["message"].is_string(), "{answer}");
    }
}

#[tokio::test]
async fn aliases_of_either_side_do_not_matter() {
    let server = chat().await;
    let mut socket = connected(&server).await;
    socket
        .subscribe("1", "subscription { news: onAny { words: text } }")
        .await;
    mutate(
        &server,
        r#"mutation { one: say(text: "x") { a: text } two: say(text: "y") { text } }"#,
    )
    .await;
    assert_eq!(socket.data("1").await, json!({"data": {"news": {"words": "x"}}}));
    assert_eq!(socket.data("1").await, json!({"data": {"news": {"words": "y"}}}));
    socket.assert_silent().await;
}

#[tokio::test]
async fn a_mutation_that_fails_or_answers_null_fires_nothing() {
    let server = chat().await;
    let mut socket = connected(&server).await;
    socket.subscribe("1", "subscription { onAny { id } }").await;
    let answer = Request::graphql(r#"mutation { deleteNote(id: "none") { id } }"#)
        .send(&server)
        .await
        .json();
    assert!(answer["errors"].is_array());
    socket.assert_silent().await;
}

#[tokio::test]
async fn a_field_without_aws_subscribe_is_warned_about_and_never_fires() {
    let server = chat().await;
    assert_eq!(server.warnings().len(), 1);
    assert!(server.warnings()[0].contains("onNothing"), "{:?}", server.warnings());
    let mut socket = connected(&server).await;
    socket.subscribe("1", "subscription { onNothing { id } }").await;
    mutate(&server, r#"mutation { createNote(input: {text: "x"}) { id } }"#).await;
    socket.assert_silent().await;
}

#[tokio::test]
async fn a_mutation_between_start_ack_and_the_next_frame_is_delivered() {
    let server = server().await;
    let mut socket = connected(&server).await;
    for round in 0..50 {
        let id = round.to_string();
        socket
            .subscribe(&id, "subscription { onCreateMessage { message } }")
            .await;
        Request::graphql(CREATE).send(&server).await;
        socket.data(&id).await;
        socket.send(json!({"type": "stop", "id": id})).await;
        assert_eq!(socket.next().await["type"], "complete");
    }
    assert_eq!(server.stats().subscriptions, 0);
}

#[tokio::test]
async fn a_payload_over_the_quota_is_dropped_and_counted() {
    let mut limits = Limits::default();
    limits.payload_bytes = 1000;
    let server = start(Server::builder().api_key(KEY).limits(limits)).await;
    let mut socket = connected(&server).await;
    socket
        .subscribe("1", "subscription { onCreateMessage { message } }")
        .await;
    let long = "x".repeat(1000);
    mutate(
        &server,
        &format!(r#"mutation {{ createMessage(input: {{message: "{long}"}}) {{ message }} }}"#),
    )
    .await;
    mutate(&server, CREATE).await;
    assert_eq!(socket.data("1").await["data"]["onCreateMessage"]["message"], "hi");
    assert_eq!(server.stats().oversized_events, 1);
    assert_eq!(server.stats().events, 1);
}
