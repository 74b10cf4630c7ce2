//! "List, then follow", against the local server behind a wire that can be cut.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use appsync_local::{Api, Server};
use futures_util::StreamExt;
use gqlwire::{Client, Event, Request, Subscription, appsync};
use serde::Deserialize;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::KEY;

/// A wire to another address; while it is down, nothing comes through and every connection ends.
struct Wire {
    address: SocketAddr,
    up: watch::Sender<bool>,
    _tasks: JoinSet<()>,
}

impl Wire {
    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (up, state) = watch::channel(true);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (mut from, _) = listener.accept().await.unwrap();
                let mut state = state.clone();
                connections.spawn(async move {
                    let through = async {
                        let mut to = TcpStream::connect(server).await.unwrap();
                        let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
                    };
                    tokio::select! {
                        () = through => {}
                        _ = state.wait_for(|up| !up) => {}
                    }
                });
            }
        });
        Self {
            address,
            up,
            _tasks: tasks,
        }
    }
}

#[derive(Debug, Deserialize)]
struct Message {
    id: String,
    message: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    on_create_message: Message,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    list_messages: Items,
}

#[derive(Debug, Deserialize)]
struct Items {
    items: Vec<Message>,
}

/// What a user makes of it.
struct Board {
    events: Subscription<Created, Listed>,
    messages: BTreeMap<String, String>,
    gaps: usize,
    snapshots: usize,
}

impl Board {
    /// Follows until the board shows these.
    async fn shows(&mut self, wanted: &[&str]) {
        while self.messages.values().ne(wanted) {
            let event = timeout(Duration::from_secs(20), self.events.next()).await;
            let event = event.unwrap_or_else(|_| panic!("the board shows {:?}", self.messages));
            match event.unwrap().unwrap() {
                Event::Snapshot(answer) => {
                    self.snapshots += 1;
                    let items = answer.into_data().unwrap().list_messages.items;
                    self.messages = items
                        .into_iter()
                        .map(|message| (message.message.clone(), message.message))
                        .collect();
                }
                Event::Next(response) => {
                    let created = response.into_data().unwrap().on_create_message;
                    assert!(!created.id.is_empty());
                    self.messages.insert(created.message.clone(), created.message);
                }
                Event::Gap(_) => self.gaps += 1,
                other => panic!("{other:?}"),
            }
        }
    }
}

async fn create(client: &Client, message: &str) {
    let create = Request::<Value>::new("mutation($m: String!) { createMessage(input: {message: $m}) { id message } }");
    let created = client.execute(create.variable("m", message)).await.unwrap();
    created.into_data().unwrap();
}

#[tokio::test]
async fn a_list_that_is_followed_has_no_hole_where_the_connection_was_cut() {
    let server = Server::builder().api(Api::messages()).api_key(KEY);
    let server = server.bind("127.0.0.1:0").await.unwrap();
    let wire = Wire::to(server.address()).await;
    let client = Client::builder(&server.http_url())
        .appsync()
        .realtime_url(format!("ws://{}/graphql/realtime", wire.address))
        .auth(appsync::ApiKey::new(KEY))
        // The local server acknowledges when it delivers.
        .settle_time(Duration::ZERO)
        .build()
        .unwrap();
    create(&client, "1, from before").await;
    let follow = Request::<Created>::new("subscription { onCreateMessage { id message } }");
    let list = Request::<Listed>::new("{ listMessages { items { id message } } }");
    let mut board = Board {
        events: client.subscribe(follow).catch_up(list).await.unwrap(),
        messages: BTreeMap::new(),
        gaps: 0,
        snapshots: 0,
    };
    board.shows(&["1, from before"]).await;
    create(&client, "2, while it follows").await;
    board.shows(&["1, from before", "2, while it follows"]).await;
    assert_eq!((board.gaps, board.snapshots), (0, 1));

    wire.up.send_replace(false);
    create(&client, "3, while it is cut off").await;
    wire.up.send_replace(true);
    board
        .shows(&["1, from before", "2, while it follows", "3, while it is cut off"])
        .await;
    assert_eq!((board.gaps, board.snapshots), (1, 2));
    create(&client, "4, from after").await;
    let all = [
        "1, from before",
        "2, while it follows",
        "3, while it is cut off",
        "4, from after",
    ];
    board.shows(&all).await;
    client.close().await;
    assert!(board.events.next().await.is_none());
    server.shutdown().await;
}
